import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.estimator_checks import (
    check_global_output_transform_pandas,
    check_set_output_transform_pandas,
)
from strategies import tables

from sktsad import SeriesScaler, SlidingWindow, WindowScaler

SCALERS = [None, MinMaxScaler((1, 2)), RobustScaler()]
PANEL = pd.DataFrame(
    {"u": np.arange(60.0) ** 2, "v": np.sin(np.arange(60.0))},
    index=pd.MultiIndex.from_product([["a", "b", "c"], range(20)], names=["series", "time"]),
)
ROWS = PANEL.droplevel(0).iloc[:20]


def state(estimator):
    return pickle.dumps(vars(estimator))


def scale_series_by_series(X, scaler, fitted_on=None):
    """Every series by a scaler of its own, in a loop over its name."""
    scaled = X.copy()
    for key in set(X.index.get_level_values(0)):
        rows = X.index.get_level_values(0) == key
        fit_rows = X if fitted_on is None else fitted_on
        fit_rows = fit_rows[fit_rows.index.get_level_values(0) == key]
        own = clone(scaler) if scaler is not None else StandardScaler()
        scaled.loc[rows] = own.fit(fit_rows.to_numpy()).transform(X[rows].to_numpy())
    return scaled


@pytest.mark.parametrize("scaler", SCALERS, ids=["default", "min-max", "robust"])
@given(tables(max_rows=8).filter(lambda X: X.index.nlevels == 2))
def test_each_series_is_scaled_by_itself_and_back(scaler, X):
    series_scaler = SeriesScaler(scaler)
    scaled = series_scaler.fit_transform(X)
    pd.testing.assert_frame_equal(scaled, scale_series_by_series(X, scaler))
    pd.testing.assert_frame_equal(series_scaler.inverse_transform(scaled), X)


@pytest.mark.parametrize("scaler", SCALERS, ids=["default", "min-max", "robust"])
@pytest.mark.parametrize("X", [ROWS.to_numpy(), ROWS], ids=["array", "frame"])
def test_rows_without_a_panel_index_are_one_series(scaler, X):
    series_scaler = SeriesScaler(scaler).fit(X)
    own = StandardScaler() if scaler is None else clone(scaler)
    assert list(series_scaler.scalers_) == [None]
    assert np.allclose(series_scaler.transform(X), own.fit_transform(ROWS.to_numpy()))
    assert np.allclose(series_scaler.inverse_transform(series_scaler.transform(X)), X)
    assert not hasattr(series_scaler, "pooled_scaler_")


def test_later_rows_are_scaled_by_what_fit_saw():
    head, tail = PANEL.groupby(level=0).head(12), PANEL.groupby(level=0).tail(8)
    scaled = SeriesScaler().fit(head).transform(tail)
    pd.testing.assert_frame_equal(scaled, scale_series_by_series(tail, None, fitted_on=head))


@pytest.mark.parametrize("X", [PANEL, ROWS], ids=["panel", "one series"])
@pytest.mark.parametrize("output", ["default", "pandas"])
def test_a_frame_comes_out_as_a_frame_with_its_index_and_columns(X, output):
    scaler = SeriesScaler().set_output(transform=output)
    for scaled in (scaler.fit_transform(X), scaler.inverse_transform(X)):
        assert scaled.index.equals(X.index)
        assert scaled.columns.tolist() == ["u", "v"]


def test_an_array_comes_out_as_an_array():
    assert isinstance(SeriesScaler().fit_transform(ROWS.to_numpy()), np.ndarray)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_type(dtype):
    assert set(SeriesScaler().fit_transform(PANEL.astype(dtype)).dtypes) == {np.dtype(dtype)}
    windows = SlidingWindow(3).fit_transform(PANEL.astype(dtype))
    assert WindowScaler().fit_transform(windows).dtype == dtype


def test_the_window_behind_it_finds_the_series():
    windows = make_pipeline(SeriesScaler(), SlidingWindow(4, series="index")).fit_transform(PANEL)
    expected = SlidingWindow(4).fit_transform(scale_series_by_series(PANEL, None))
    assert np.allclose(windows, expected)


def test_a_pipeline_with_a_window_is_undone_by_its_inverse_transform():
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(4)).fit(PANEL)
    pd.testing.assert_frame_equal(pipe.inverse_transform(pipe.transform(PANEL)), PANEL)


def test_a_grid_reaches_the_scaler_inside():
    pipe = make_pipeline(SeriesScaler(MinMaxScaler()), LogisticRegression())
    grid = {
        "seriesscaler__scaler__feature_range": [(0, 1), (0, 2)],
        "seriesscaler__unseen": ["pooled", "self"],
    }
    search = GridSearchCV(pipe, grid, cv=KFold(3), error_score="raise")
    search.fit(PANEL, np.arange(60) % 2)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


class ScalerThatRemembers(StandardScaler):
    """Knows how the rows were checked where it was fitted."""

    def fit(self, X, y=None):
        self.config_ = get_config()
        return super().fit(X)


@pytest.mark.parametrize("X", [PANEL, ROWS], ids=["panel", "one series"])
def test_rows_are_checked_once_and_not_again_for_each_series(X):
    before = get_config()
    scaler = SeriesScaler(ScalerThatRemembers()).fit(X)
    is_panel = X is PANEL
    assert [own.config_["assume_finite"] for own in scaler.scalers_.values()] == (
        [True] * 3 if is_panel else [False]
    )
    scaler.transform(X)
    assert get_config() == before


def test_a_scaler_that_fails_within_a_series_leaves_the_checks_as_they_were():
    class Failing(StandardScaler):
        def transform(self, X):
            raise RuntimeError("no rows for me")

    before = get_config()
    with pytest.raises(RuntimeError, match="no rows for me"):
        SeriesScaler(Failing()).fit(PANEL).transform(PANEL)
    assert get_config() == before


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("unseen", ["self", "pooled"])
def test_values_that_are_not_finite_are_refused_at_transform(bad, unseen):
    scaler = SeriesScaler(unseen=unseen).fit(PANEL.loc[["a", "b"]])
    for apply in (scaler.transform, scaler.inverse_transform):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            apply(PANEL.replace(0.0, bad))


def test_output_set_for_all_of_scikit_learn_changes_no_value():
    expected = SeriesScaler().fit_transform(PANEL)
    with config_context(transform_output="pandas"):
        pd.testing.assert_frame_equal(SeriesScaler().fit_transform(PANEL), expected)


# Series that fit did not see


FITTED_ON, UNSEEN = PANEL.loc[["a", "b"]], PANEL.loc[["c"]]


def test_an_unseen_series_is_scaled_by_all_rows_of_fit_together():
    scaler = SeriesScaler().fit(FITTED_ON)
    expected = StandardScaler().fit(FITTED_ON).transform(UNSEEN)
    assert np.array_equal(scaler.transform(UNSEEN), expected)
    assert np.allclose(scaler.inverse_transform(scaler.transform(UNSEEN)), UNSEEN)


@pytest.mark.parametrize("unseen", ["self", "pooled"])
def test_a_series_by_another_name_is_announced_even_beside_others(unseen):
    numbers = PANEL.rename({"a": 1, "b": 2, "c": 3}, level=0)
    scaler = SeriesScaler(unseen=unseen).fit(numbers)
    texts = numbers.rename({1: "001"}, level=0)
    with pytest.warns(UserWarning, match=r"1 of the 3 series .*'001' seems to be 1: .*set_levels") as record:
        scaler.transform(texts)
    assert record[0].filename == __file__


def test_an_unseen_series_is_scaled_by_itself():
    scaler = SeriesScaler(unseen="self").fit(FITTED_ON)
    assert np.allclose(scaler.transform(UNSEEN), StandardScaler().fit_transform(UNSEEN))
    assert list(scaler.scalers_) == ["a", "b"]
    assert not hasattr(scaler, "pooled_scaler_")
    with pytest.raises(ValueError, match=r"Series 'c' was not seen .* unseen='self'"):
        scaler.inverse_transform(UNSEEN)


def test_an_unseen_series_is_an_error():
    scaler = SeriesScaler(unseen="error").fit(FITTED_ON)
    assert scaler.transform(FITTED_ON).shape == (40, 2)
    with pytest.raises(ValueError, match=r"Series 'c' was not seen .* Use unseen='pooled'"):
        scaler.transform(UNSEEN)


def test_a_second_fit_forgets_the_first():
    scaler = SeriesScaler().fit(PANEL)
    scaler.fit(ROWS)
    assert list(scaler.scalers_) == [None]
    assert not hasattr(scaler, "pooled_scaler_")


# Bad input of SeriesScaler


@pytest.mark.parametrize(("fitted_on", "X"), [(PANEL, ROWS), (ROWS, PANEL), (PANEL, PANEL.to_numpy())])
def test_a_panel_at_fit_or_at_transform_alone_is_refused(fitted_on, X):
    scaler = SeriesScaler().fit(fitted_on)
    for apply in (scaler.transform, scaler.inverse_transform):
        with pytest.raises(
            ValueError, match=r"The rows passed to (fit|transform) have .*set_output\(transform='pandas'\)"
        ):
            apply(X)


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        ({}, PANEL.replace(0.0, np.nan), "NaN"),
        ({}, PANEL.replace(0.0, np.inf), "infinity"),
        ({}, PANEL.assign(v="high"), "not numbers"),
        ({}, PANEL[::-1], "out of order"),
        ({}, PANEL.rename(str, level=1), "text that looks like .* numbers"),
        ({"series": "index"}, ROWS, "series='index' needs"),
        ({"series": "column"}, PANEL, "'series' .* Got 'column'"),
        ({"unseen": "ignore"}, PANEL, "'unseen' .* Got 'ignore'"),
        ({"scaler": "standard"}, PANEL, "'scaler' .* Got 'standard'"),
        ({"scaler": MinMaxScaler((1, 0))}, PANEL, "Minimum of desired feature range"),
    ],
)
@pytest.mark.parametrize("is_fitted", [False, True], ids=["new", "fitted"])
def test_bad_input_is_refused_and_leaves_the_scaler_as_it_was(params, X, message, is_fitted):
    scaler = SeriesScaler()
    if is_fitted:
        scaler.fit(FITTED_ON)
    scaler.set_params(**params)
    before = state(scaler)
    with pytest.raises(ValueError, match=message):
        scaler.fit(X)
    assert state(scaler) == before


def test_a_missing_column_is_refused_at_transform():
    with pytest.raises(ValueError, match=r"(?s)feature names should match.*missing.*v"):
        SeriesScaler().fit(PANEL).transform(PANEL[["u"]])


def test_parts_of_series_add_up_to_one_fit():
    whole = SeriesScaler().fit(PANEL)
    scaler = SeriesScaler()
    for part in (PANEL.loc[["a"]], PANEL.loc[["b", "c"]][:30], PANEL.loc[["c"]][10:]):
        scaler.partial_fit(part)
    assert list(scaler.scalers_) == ["a", "b", "c"]
    np.testing.assert_allclose(scaler.transform(PANEL), whole.transform(PANEL))
    np.testing.assert_allclose(scaler.pooled_scaler_.mean_, whole.pooled_scaler_.mean_)
    rows = SeriesScaler(MinMaxScaler()).partial_fit(ROWS[:5]).partial_fit(ROWS[5:])
    np.testing.assert_allclose(rows.transform(ROWS), MinMaxScaler().fit_transform(ROWS))
    assert not hasattr(SeriesScaler(unseen="error").partial_fit(PANEL), "pooled_scaler_")


def test_a_part_that_cannot_be_learnt_changes_nothing():
    scaler = SeriesScaler().partial_fit(PANEL)
    before = state(scaler)
    with pytest.raises(ValueError, match="NaN"):
        scaler.partial_fit(PANEL.replace(0.0, np.nan))
    with pytest.raises(ValueError, match=r"have a \(series, time\) index"):
        scaler.partial_fit(ROWS)
    assert state(scaler) == before
    with pytest.raises(TypeError, match=r"scaler=RobustScaler\(\) has no partial_fit"):
        SeriesScaler(RobustScaler()).partial_fit(PANEL)


@pytest.mark.filterwarnings("ignore:X .*feature names")
@pytest.mark.parametrize(
    "check",
    [check_set_output_transform_pandas, check_global_output_transform_pandas],
    ids=["own", "global"],
)
def test_output_as_a_frame_is_as_scikit_learn_wants_it(check):
    check("SeriesScaler", SeriesScaler())
