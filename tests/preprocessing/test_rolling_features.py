import pickle
import tracemalloc
import warnings

import naive
import naive_rolling
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_global_output_transform_pandas,
    check_set_output_transform_pandas,
)
from strategies import tables

from sktsad import GaussianDetector, RNNClassifier, RollingFeatures, SeriesScaler, SeriesSplit, SlidingWindow
from sktsad._core._robust import robust_moments
from sktsad.live import LiveScorer
from sktsad.model_selection import check_causal
from sktsad.preprocessing import _feature_set

SMALL = {
    "z_windows": [2, 5],
    "std_windows": [3],
    "slope_windows": [2, 4],
    "ewm_spans": [1, 4],
    "n_periods": 3,
    "n_neighbors": 1,
    "same_windows": [2, 5],
    "period_lags": [1, 2],
}
NONE = {
    "z_windows": [],
    "std_windows": [],
    "slope_windows": [],
    "ewm_spans": [],
    "n_periods": 0,
    "n_neighbors": 0,
    "same_windows": [],
    "period_lags": [],
}


def noise(index, n_columns=2, seed=0):
    values = np.random.default_rng(seed).normal(size=(len(index), n_columns))
    return pd.DataFrame(values, index, [f"x{column}" for column in range(n_columns)])


FRAME = noise(pd.RangeIndex(80))
DATES = noise(pd.date_range("2026", periods=80, freq="min"))
PANEL = noise(pd.MultiIndex.from_product([["a", "b", "c", "d"], range(20)], names=["series", "time"]))
MIXED = PANEL.sort_index(level=1, sort_remaining=False)
TARGET = pd.Series(np.arange(80) % 7 == 0, index=PANEL.index).astype(int)
each_kind = pytest.mark.parametrize(
    "X", [FRAME, DATES, PANEL, MIXED, FRAME.to_numpy()], ids=["rows", "dates", "panel", "mixed", "array"]
)


def state(estimator):
    return pickle.dumps(vars(estimator))


def spreads(fitted_on, min_spread, X=None):
    """What z-scores divide by at least, by series."""
    rows, found = naive.rows_of(fitted_on), {}
    for key in {key for key, _, _ in rows}:
        spread = robust_moments(np.array([row for k, _, row in rows if k == key]), axis=0)[1]
        found[key] = np.where(spread > 0, spread, 1)
    pooled = np.median(list(found.values()), axis=0)
    keys = {key for key, _, _ in naive.rows_of(fitted_on if X is None else X)}
    return {key: min_spread * found.get(key, pooled) for key in keys}


def only(**params):
    """One kind of feature alone."""
    return RollingFeatures(**{**NONE, "keep_values": False, **params})


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


# The features


@given(
    tables(),
    st.sampled_from([None, 2, 4]),
    st.sampled_from([0, 1, 2, 5]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([1e-3, 1]),
    st.integers(0, 9),
)
def test_features_are_those_of_walking_back_row_by_row(X, period, n_neighbors, max_gap, min_spread, seed):
    X = noise(X.index, seed=seed)
    params = {**SMALL, "n_neighbors": n_neighbors}
    features = RollingFeatures(**params, period=period, max_gap=max_gap, min_spread=min_spread).fit(X)
    expected = naive_rolling.features(X, spreads(X, min_spread), params, period, max_gap)
    assert features.get_feature_names_out().shape == (expected.shape[1],)
    out = features.transform(X)
    close(out, expected)
    assert out.index is X.index


@given(tables(), st.sampled_from([None, 2, 3, 4]), st.sampled_from([0, 2, 5]), st.integers(0, 9), st.data())
def test_the_future_changes_no_bit_of_earlier_rows(X, period, n_neighbors, seed, data):
    X = noise(X.index, seed=seed)
    features = RollingFeatures(**{**SMALL, "n_neighbors": n_neighbors}, period=period).fit(X)
    before = features.transform(X).to_numpy()
    now = data.draw(st.sampled_from([time for _, time, _ in naive.rows_of(X)]))
    is_past = np.array([time <= now for _, time, _ in naive.rows_of(X)])
    changed = X.copy()
    changed.loc[~is_past] = 1e12
    assert np.array_equal(features.transform(changed)[is_past], before[is_past])
    assert np.array_equal(features.transform(X[is_past]), before[is_past])


def test_the_future_changes_no_bit_over_many_blocks():
    X = noise(pd.RangeIndex(70_000), 1).to_numpy()
    features = RollingFeatures(period=100).fit(X)
    before = features.transform(X)
    changed = X.copy()
    changed[40_000:] += 1e12
    assert np.array_equal(features.transform(changed)[:40_000], before[:40_000])
    assert np.array_equal(features.transform(X[:40_000]), before[:40_000])


@pytest.mark.parametrize("n_rows", [1, 7, 64])
def test_rows_looked_at_at_once_change_no_bit(n_rows, monkeypatch):
    features = RollingFeatures(period=5, same_windows=[9]).fit(PANEL)
    before = features.transform(PANEL)
    monkeypatch.setattr(_feature_set, "_BLOCK", n_rows)
    assert np.array_equal(features.transform(PANEL), before)


def test_earlier_periods_of_all_rows_are_never_in_memory_at_once():
    X = FRAME.to_numpy()[np.arange(300_000) % 80, :1]
    features = only(n_periods=2, n_neighbors=8, period=9).fit(X)
    tracemalloc.start()
    try:
        features.transform(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 34 * X.nbytes  # of 34 neighbours


@given(tables(), st.integers(0, 9), st.data())
def test_a_series_has_the_features_that_it_has_alone(X, seed, data):
    X = noise(X.index, seed=seed)
    assume(isinstance(X.index, pd.MultiIndex))
    features = RollingFeatures(**SMALL, period=2).fit(X)
    is_one = X.index.get_level_values(0) == data.draw(st.sampled_from(sorted(X.index.unique(0), key=str)))
    together = features.transform(X)[is_one]
    assert np.array_equal(together, features.transform(X[is_one]))
    changed = X.copy()
    changed[~is_one] = 1e9
    assert np.array_equal(together, features.transform(changed)[is_one])


@pytest.mark.filterwarnings("ignore:.*lack their past:UserWarning")
@pytest.mark.filterwarnings("ignore:.*These rows have a time step")
@given(
    tables(max_series=2, max_rows=24),
    st.sampled_from([None, 2, 4]),
    st.sampled_from([0, 2]),
    st.sampled_from([1, 3]),
    st.sampled_from(["index", "none"]),
    st.integers(0, 9),
    st.data(),
)
def test_rows_behind_those_of_fit_get_their_true_past(X, period, n_neighbors, max_gap, history, seed, data):
    X = noise(X.index, seed=seed)
    rows = naive.rows_of(X)
    now = data.draw(st.sampled_from([time for _, time, _ in rows]))
    is_past = np.array([time <= now for _, time, _ in rows])
    past, future = X[is_past], X[~is_past]
    assume(len(future))
    small = {**SMALL, "n_neighbors": n_neighbors}
    params = {"period": period, "max_gap": max_gap, "min_spread": 1e-3, "history": history}
    features = RollingFeatures(**small, **params).fit(past)
    out = features.transform(future).to_numpy()
    least = spreads(past, 1e-3, future)
    expected = naive_rolling.features(future, least, small, period, max_gap, past, history)
    close(out, expected)
    if history == "index":
        close(out, features.transform(X).to_numpy()[~is_past])


@pytest.mark.filterwarnings("ignore:.*lack their past:UserWarning")
@pytest.mark.parametrize(
    "feature",
    [
        {"z_windows": [7, 120]},
        {"std_windows": [90]},
        {"slope_windows": [80]},
        {"ewm_spans": [4, 30]},
        {"n_periods": 4},
        {"n_periods": 4, "n_neighbors": 9},
        {"n_periods": 2, "n_neighbors": 250, "period_lags": [3]},
        {"n_periods": 2, "n_neighbors": 2, "same_windows": [7, 150]},
        {"period_lags": [1, 5]},
        {"z_windows": [120], "period_lags": [1]},
    ],
    ids=str,
)
def test_history_is_long_enough_for_every_feature(feature):
    rows = noise(pd.RangeIndex(2500), 1)
    fewer = rows[np.random.default_rng(1).random(2500) > 0.1]
    # All rows there or some missing, a short past or a long one, later rows at once or after a hole.
    for X, cut, hole in [(rows, 600, 0), (rows, 1500, 5), (fewer, 600, 1), (fewer, 1500, 700)]:
        past, future = X.loc[: cut - 1], X.loc[cut + hole :]
        features = only(**feature, period=100, min_spread=1e-9).fit(past)
        whole = features.transform(pd.concat([past, future]))[len(past) :]
        # An exponential mean leaves out a ten-millionth of the weights.
        np.testing.assert_allclose(features.transform(future), whole, rtol=1e-6, atol=2e-6)


def test_history_of_days_reaches_across_gaps_by_time():
    X = noise(pd.date_range("2026", periods=1500, freq="7min"), 1)
    X = X.drop(X.index[300:900])
    features = RollingFeatures(n_periods=3, period_lags=[1, 4], same_windows=[300]).fit(X[:500])
    assert features.periods_ == {None: 206}
    close(features.transform(X[500:]), features.transform(X)[500:])


def test_what_fit_keeps_is_small():
    X = pd.DataFrame({"x": np.arange(1e5)})
    assert len(pickle.dumps(RollingFeatures(period=None).fit(X))) < 15_000
    assert len(pickle.dumps(RollingFeatures(period=None, history="none").fit(X))) < 3_000


def test_a_single_row_of_fit_is_a_past_too():
    out = only(ewm_spans=[4]).fit(FRAME[:1]).transform(FRAME[1:])
    close(out, only(ewm_spans=[4]).fit_transform(FRAME)[1:])


@pytest.mark.parametrize("rows", [FRAME[:40], FRAME[:20], FRAME[40:].set_axis(np.arange(-40, 0))])
def test_rows_that_do_not_follow_get_no_history(rows):
    out = only(ewm_spans=[4]).fit(FRAME[:40]).transform(rows)
    assert (out.iloc[0] == 0).all()
    close(out, only(ewm_spans=[4]).fit_transform(rows))


@pytest.mark.parametrize("X", [FRAME, DATES], ids=["rows", "dates"])
def test_rows_that_begin_with_the_last_one_of_fit_get_their_past_once(X):
    features = only(z_windows=[5], std_windows=[4], ewm_spans=[4]).fit(X[:40])
    close(features.transform(X[39:]), features.transform(X)[39:])


# Worked by hand


def test_a_z_score_compares_with_the_rows_before():
    X = np.array([[1.0], [3], [1], [3], [8]])
    assert only(z_windows=[4]).fit(X).transform(X)[:, 0].tolist() == [0, 0, -1, pytest.approx(1.4142135), 6]


def test_features_come_in_the_order_of_their_names():
    X = np.array([[0.0], [1], [0], [3], [0], [9]])
    features = RollingFeatures(
        [2],
        std_windows=[2],
        slope_windows=[2],
        ewm_spans=[3],
        n_periods=2,
        n_neighbors=0,
        same_windows=[2],
        period=2,
    ).fit(X)
    names = ["x0", "x0_z2", "x0_std2", "x0_slope2", "x0_ewm3"]
    names += ["x0_same2", "x0_same2_z", "x0_same2_mad", "x0_same2_mean2", "x0_same2_z2"]
    assert features.get_feature_names_out().tolist() == [*names, "x0_lag1", "x0_lag7"]
    expected = [9, (9 - 1.5) / 1.5, 1.5, 9, 9 - 0.8125]
    # The median of 3 and 1 is 2, their deviation 1; the two rows before differ by 2 and 0 from theirs.
    expected += [7, 7 / 1.4826, 1.4826, 1, 6]
    assert features.transform(X)[-1].tolist() == pytest.approx([*expected, 6, 0])


def same_time(X, n_neighbors, period):
    """Difference to the median at the same time of one period before, and their deviation."""
    features = only(n_periods=1, n_neighbors=n_neighbors, period=period, fill=np.nan).fit_transform(X)
    return np.asarray(features)[:, [0, 2]]


def test_rows_beside_the_same_time_count_like_it():
    X = np.array([[1.0], [2], [4], [8], [16], [32]])
    nan, scale = np.nan, 1.4826
    expected = [[nan] * 2] * 3 + [[8 - 1, 0], [16 - 1.5, 0.5 * scale], [32 - 2, scale]]
    np.testing.assert_allclose(same_time(X, 1, 4), expected)
    # A row that is missing leaves its neighbours.
    missing = pd.DataFrame(X).drop(1)
    np.testing.assert_allclose(same_time(missing, 1, 4)[-1], [32 - 2.5, 1.5 * scale])


def test_rows_beside_the_same_time_are_so_in_time_and_not_behind_a_gap():
    X = pd.DataFrame({"x": [9.0, 1, 2, 3, 50, 60, 70]}, index=[-20, 0, 1, 2, 99, 100, 103])
    # The step is 1: rows of the times -2 to 0, -1 to 1 and 2 to 4, then of one more on either side.
    np.testing.assert_allclose(same_time(X, 1, 100)[4:, 0], [50 - 1, 60 - 1.5, 70 - 3])
    np.testing.assert_allclose(same_time(X, 2, 100)[4:, 0], [50 - 1.5, 60 - 2, 70 - 2.5])


def test_of_rows_closer_than_the_step_the_first_count():
    X = pd.DataFrame({"x": [1.0, 7, 3, 20, 30, 0, 0, 0]}, index=[0, 10, 12, 14, 20, 30, 40, 50])
    assert same_time(X, 0, 4)[7, 0] == -7
    assert same_time(X, 1, 4)[7].tolist() == pytest.approx([-3, 1.4826 * 2])  # of 1, 7 and 3


def test_in_short_periods_neither_the_row_itself_nor_later_ones_are_its_neighbours():
    X = np.array([[0.0], [1], [2], [3], [90], [1000], [1000]])
    assert same_time(X, 2, 2)[4].tolist() == pytest.approx([90 - 1.5, 1.4826])
    assert same_time(X, 5, 2)[4].tolist() == pytest.approx([90 - 1.5, 1.4826])


def test_rows_without_an_earlier_period_do_not_differ_from_it():
    X = np.array([[5.0], [7], [5], [8], [9], [0]])
    features = only(n_periods=1, period=2, same_windows=[4], min_spread=1e-9, fill=np.nan)
    mean, z = features.fit_transform(X)[:, -2:].T
    differences = np.array([0, 0, 0, 1, 4, -8])
    np.testing.assert_allclose(mean, [np.nan, np.nan, 0, 0, 1 / 4, 5 / 4])
    np.testing.assert_allclose(z[5], (-8 - 5 / 4) / differences[1:5].std())


def test_what_lasts_at_the_same_time_is_told_from_what_passes():
    wave = np.tile([0.0, 3, 1, 5, 2, 2], 50)
    X = noise(pd.RangeIndex(300), 1) * 0.1 + wave[:, None]
    X.iloc[240:] += 2
    mean = only(n_periods=7, same_windows=[12], period=6).fit_transform(X)["x0_same7_mean12"]
    assert np.abs(mean[60:240]).max() < 0.2
    assert (mean[252:260] > 1.5).all()


def test_without_periods_to_compare_with_the_rows_of_long_ago_remain():
    features = RollingFeatures(n_periods=0, n_neighbors=3, same_windows=[3], period_lags=[2], period=4)
    out = features.fit_transform(FRAME)
    assert not any("same" in name for name in out)
    close(out["x0_lag2"][8:], FRAME["x0"][8:] - FRAME["x0"].shift(8)[8:])


def test_a_gap_is_not_bridged_but_by_what_looks_back_whole_periods():
    X = FRAME[:40].drop(range(20, 25))
    features = RollingFeatures(
        [4], std_windows=[4], slope_windows=[2], ewm_spans=[4], period=8, period_lags=[1], fill=-9
    )
    first = features.fit_transform(X)[["x0_z4", "x0_std4", "x0_slope2", "x0_ewm4", "x0_lag1"]].loc[25]
    assert first[:-1].tolist() == [-9] * 4
    assert first.iloc[-1] == FRAME.loc[25, "x0"] - FRAME.loc[17, "x0"]
    bridged = RollingFeatures([4], period=8, max_gap=6, fill=-9).fit_transform(X)
    assert bridged.loc[25, "x0_z4"] != -9


def test_a_row_that_is_missing_a_period_ago_is_missing():
    X = FRAME.drop(17)
    out = only(period_lags=[1], n_periods=2, n_neighbors=0, period=8, fill=np.nan).fit_transform(X)
    assert np.isnan(out.loc[25, "x0_lag1"])
    assert out.loc[25, "x0_same2"] == X.loc[25, "x0"] - X.loc[9, "x0"]
    assert out.loc[26, "x0_lag1"] == X.loc[26, "x0"] - X.loc[18, "x0"]


def test_z_scores_divide_by_no_less_than_a_share_of_the_spread_in_fit():
    X = np.r_[np.tile([-1.0, 1], 50), np.zeros(20), 1][:, None]
    z = only(z_windows=[10], min_spread=0.5).fit_transform(X)[-1, 0]
    assert z == 1 / (0.5 * 1.4826)


def test_a_series_not_seen_takes_the_median_spread_and_its_own_step():
    X = PANEL.mul(np.repeat([1, 10, 100, 0], 20), axis=0)
    features = only(z_windows=[4], min_spread=1e6, period=None).fit(X)
    new = X.loc[["a"]].rename({"a": "new"})
    new.index = new.index.set_levels(new.index.levels[1] * 60, level=1)
    out = features.transform(new).to_numpy()
    median = np.median(list(spreads(X, 1).values()), axis=0)
    own = features.transform(X.loc[["a"]]).to_numpy()
    close(out * median, own * spreads(X, 1)["a"])
    assert np.abs(own).max() > 0


def test_a_constant_is_as_usual_until_it_changes():
    X = np.full((200, 1), 1e9 + 0.1)
    features = RollingFeatures(period=10).fit(X)
    assert np.abs(features.transform(X)[:, 1:]).max() < 1e-6
    X[150] += 1
    assert features.transform(X)[150, 1:3].tolist() == [20, 20]  # its spread was 0: 0.05 of 1


def test_windows_may_be_longer_than_the_series():
    features = RollingFeatures(
        [1000], std_windows=[90, 10**9], slope_windows=[81], ewm_spans=[1000], period=500
    )
    out = features.fit_transform(FRAME)
    assert (out.filter(regex="z1000|std1000000000|slope|lag|same") == 0).all(axis=None)
    assert (out[["x0_std90", "x0_ewm1000"]].iloc[45:] != 0).all(axis=None)


# Numbers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_type(dtype):
    features = RollingFeatures(period=4).fit(DATES[:40].astype(dtype))
    out = features.transform(DATES[40:].astype(dtype))
    assert (out.dtypes == dtype).all()
    assert features.transform(DATES[40:].astype(np.float32)).dtypes.eq(np.float32).all()
    np.testing.assert_allclose(out, features.transform(DATES)[40:], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("dtype", "large"), [(np.float32, 3e38), (np.float64, 1e308)])
def test_what_is_too_large_becomes_the_largest_number_and_no_fill(dtype, large):
    X = FRAME.to_numpy(dtype, copy=True)
    features = RollingFeatures(period=4, fill=0).fit(X)
    X[60] = [large, -large]
    out = pd.DataFrame(features.transform(X), columns=features.get_feature_names_out())
    assert np.isfinite(out.to_numpy()).all()
    assert (out.loc[60, ["x0_same7_z"]] > large / 2).all()
    assert (out.loc[60, ["x1_same7_z"]] < -large / 2).all()


def test_a_difference_beyond_all_numbers_is_forgotten_with_its_window():
    X = FRAME.to_numpy(copy=True)[:, :1]
    features = only(n_periods=1, same_windows=[5], period=10, n_neighbors=0).fit(X)
    usual = features.transform(X)
    X[50], X[60] = -1.5e308, 1.5e308
    mean = features.transform(X)[:, 3]
    np.testing.assert_allclose(mean[61:66], np.finfo(float).max / 5)
    np.testing.assert_allclose(mean[76:], usual[76:, 3], rtol=1e-9)


def test_only_what_is_missing_is_filled():
    out = RollingFeatures(period=4, fill=-7).fit_transform(FRAME * 0)
    assert set(np.unique(out)) == {-7, 0}
    assert (out["x0"] == 0).all()
    assert (RollingFeatures(period=4, fill=np.nan).fit_transform(FRAME).isna() == (out == -7)).all(axis=None)


def test_an_input_is_not_aliased():
    for dtype in (np.float32, np.float64):
        X = FRAME.to_numpy(dtype, copy=True)
        features = RollingFeatures(period=4).fit(X)
        before = X.copy()
        features.transform(X)[:] = 5
        assert np.array_equal(X, before)


# The period


def test_dates_make_it_a_day_in_the_step_of_each_series():
    parts = [
        noise(pd.MultiIndex.from_product([[key], pd.date_range("2026", periods=n, freq=freq)]), 1)
        for key, n, freq in [("hours", 72, "h"), ("minutes", 30, "min"), ("weeks", 9, "7D"), ("row", 1, "h")]
    ]
    features = only(period_lags=[1], fill=np.nan).fit(pd.concat(parts))
    assert features.periods_ == {"hours": 24, "minutes": 1440, "weeks": None, "row": None}
    out = features.transform(pd.concat(parts))["x0_lag1"]
    assert out["hours"].isna().sum() == 24
    assert out[["minutes", "weeks", "row"]].isna().all()
    close(out["hours"][24:], parts[0]["x0"].to_numpy()[24:] - parts[0]["x0"].to_numpy()[:-24])


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2026", periods=96, freq="h", tz="Europe/Vienna"),
        pd.date_range("2026", periods=96, freq="h").as_unit("s"),
        pd.timedelta_range(0, periods=96, freq="h"),
    ],
    ids=["time zone", "seconds", "time deltas"],
)
def test_every_kind_of_date_has_days(index):
    assert RollingFeatures().fit(noise(index)).periods_ == {None: 24}


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(96),
        pd.Index(60 * np.arange(96)),
        pd.period_range("2020", periods=96, freq="M"),
        pd.period_range("2020", periods=96, freq="h"),
        pd.date_range("2020", periods=96, freq="D"),
        pd.date_range("2020", periods=96, freq="s"),
        [f"row {number}" for number in range(96)],
    ],
    ids=["rows", "integers", "months", "hours", "days", "seconds", "text"],
)
def test_elsewhere_the_period_is_found_in_the_values_or_there_is_none(index):
    wave = pd.DataFrame(
        {"x": np.arange(96) % 8 + 0.1 * FRAME["x0"].reindex(range(96), fill_value=0).to_numpy()}, index
    )
    features = RollingFeatures(n_neighbors=0).fit(wave)
    assert features.periods_ == {None: 8}
    assert np.abs(features.transform(wave)["x_same7"]).mean() < 0.5
    features = RollingFeatures().fit(noise(index))
    assert features.periods_ == {None: None}
    assert not any("lag" in name or "same" in name for name in features.get_feature_names_out())


def test_a_period_that_no_feature_needs_is_not_looked_for(monkeypatch):
    monkeypatch.delattr("sktsad.preprocessing._rolling_features.choose_period")
    for period in ("auto", 4, None):
        features = RollingFeatures(period=period, n_periods=0, period_lags=()).fit(DATES)
        assert features.periods_ == {None: None}


def test_fitted_on_dates_an_array_is_rows_of_the_same_step():
    X = noise(pd.date_range("2026", periods=96, freq="h"))
    features = only(period_lags=[1]).fit(X)
    with (
        pytest.warns(UserWarning, match="X does not have valid feature names"),
        pytest.warns(UserWarning, match="these rows have no time"),
    ):
        out = features.transform(X.to_numpy())
    close(out, features.transform(X))


# Names and frames


@each_kind
def test_as_a_frame_features_keep_index_and_values(X):
    plain = RollingFeatures(period=4).fit_transform(X)
    framed = RollingFeatures(period=4).set_output(transform="pandas").fit_transform(X)
    assert framed.columns.tolist() == RollingFeatures(period=4).fit(X).get_feature_names_out().tolist()
    assert framed.index.equals(getattr(X, "index", pd.RangeIndex(80)))
    assert np.array_equal(framed, plain)
    assert isinstance(plain, type(X))
    default = RollingFeatures(period=4).set_output(transform="default").fit_transform(X)
    assert isinstance(default, type(X))


@pytest.mark.filterwarnings("ignore:X .*feature names")
@pytest.mark.parametrize("check", [check_set_output_transform_pandas, check_global_output_transform_pandas])
def test_output_as_a_frame_is_as_scikit_learn_wants_it(check):
    check("RollingFeatures", RollingFeatures(period=4))


def test_names_are_those_of_the_columns():
    features = only(z_windows=np.array([3]), period_lags=(2,), period=4, keep_values=True).fit(FRAME)
    names = ["x0", "x0_z3", "x0_lag2", "x1", "x1_z3", "x1_lag2"]
    assert features.get_feature_names_out().tolist() == names
    assert features.transform(FRAME).columns.tolist() == names
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        features.get_feature_names_out(["a", "b"])


def test_columns_without_names_are_numbered_and_mixed_ones_refused():
    features = only(z_windows=[3]).fit(FRAME.set_axis([7, 9], axis=1))
    assert features.transform(FRAME.set_axis([7, 9], axis=1)).columns.tolist() == ["x0_z3", "x1_z3"]
    with pytest.raises(TypeError, match="string"):
        only(z_windows=[3]).fit(FRAME.set_axis(["a", 9], axis=1))


@each_kind
def test_a_copy_gives_the_same(X):
    features = RollingFeatures(period=4).fit(X)
    copied = pickle.loads(pickle.dumps(features))
    assert np.array_equal(copied.transform(X), features.transform(X))
    assert np.array_equal(clone(features).fit_transform(X), features.transform(X))
    assert not hasattr(clone(features), "periods_")


def test_parameters_set_after_fit_that_choose_features_wait_for_the_next():
    features = RollingFeatures(period=4).fit(FRAME)
    before = features.transform(FRAME)
    features.set_params(z_windows=[3], period=None)
    pd.testing.assert_frame_equal(features.transform(FRAME), before)
    assert "x0_z3" in features.fit(FRAME).get_feature_names_out()


# Lost and odd indexes


def test_a_panel_that_lost_its_index_is_told():
    with pytest.raises(ValueError, match=r"X has lost it.*\.set_output\(transform='pandas'\)"):
        RollingFeatures().fit(PANEL.to_numpy(), TARGET)
    with pytest.raises(ValueError, match=r"rows passed to fit have a \(series, time\) index"):
        RollingFeatures().fit(PANEL).transform(PANEL.reset_index(drop=True))
    with pytest.raises(ValueError, match=r"rows passed to transform have a \(series, time\) index"):
        RollingFeatures().fit(FRAME).transform(PANEL)
    with pytest.raises(ValueError, match="series='index' needs"):
        RollingFeatures(series="index").fit(FRAME)


def test_an_array_whose_target_has_gaps_warns_at_the_callers_line():
    y = TARGET.set_axis(np.arange(80) + 9 * (np.arange(80) > 30))
    with pytest.warns(UserWarning, match="1 gap.* windows cross them") as record:
        RollingFeatures().fit(FRAME.to_numpy(), y)
    assert record[0].filename == __file__


# Bad input


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"z_windows": 5}, r"'z_windows' .* Got 5"),
        ({"z_windows": "15"}, r"'z_windows' .* Got '15'"),
        ({"z_windows": None}, r"'z_windows' .* Got None"),
        ({"z_windows": np.array(5)}, r"z_windows must contain whole numbers of at least 2, got array\(5\)"),
        ({"z_windows": {5}}, r"z_windows must contain whole numbers of at least 2, got \{5\}"),
        ({"z_windows": [[5]]}, "z_windows must contain whole numbers of at least 2"),
        ({"z_windows": [5, 15.0]}, r"z_windows must contain whole numbers of at least 2, got \[5, 15.0\]"),
        ({"z_windows": [1]}, "z_windows must contain whole numbers of at least 2"),
        ({"z_windows": [True]}, "z_windows must contain whole numbers of at least 2"),
        ({"std_windows": [0]}, "std_windows must contain whole numbers of at least 2"),
        ({"slope_windows": [1]}, "slope_windows must contain whole numbers of at least 2"),
        ({"ewm_spans": [-3]}, "ewm_spans must contain whole numbers of at least 1"),
        ({"same_windows": [60, 1]}, r"same_windows must contain whole numbers of at least 2, got \[60, 1\]"),
        ({"same_windows": 60}, r"'same_windows' .* Got 60"),
        ({"n_neighbors": -1}, r"'n_neighbors' .* Got -1"),
        ({"n_neighbors": 1.0}, r"'n_neighbors' .* Got 1.0"),
        ({"period_lags": ["1"]}, "period_lags must contain whole numbers of at least 1"),
        ({"n_periods": -1}, r"'n_periods' .* Got -1"),
        ({"period": 1}, r"'period' .* Got 1"),
        ({"period": "day"}, "period='day' is not a length of time, such as"),
        ({"z_windows": ["soon"]}, "z_windows='soon' is not a length of time"),
        ({"n_weeks": -1}, r"'n_weeks' .* Got -1"),
        ({"min_spread": 0}, r"'min_spread' .* Got 0"),
        ({"max_gap": 0.5}, r"'max_gap' .* Got 0.5"),
        ({"fill": None}, r"'fill' .* Got None"),
        ({"keep_values": "yes"}, r"'keep_values' .* Got 'yes'"),
        ({"history": "always"}, r"'history' .* Got 'always'"),
        ({"series": "column"}, r"'series' .* Got 'column'"),
        ({**NONE, "keep_values": False}, "No feature is left. Set a window"),
        ({**NONE, "n_periods": 3, "period": None, "keep_values": False}, "No feature is left"),
    ],
)
@pytest.mark.parametrize("is_fitted", [False, True], ids=["new", "fitted"])
def test_a_bad_parameter_is_refused_and_leaves_the_estimator_as_it_was(params, message, is_fitted):
    features = RollingFeatures()
    if is_fitted:
        features.fit(DATES[:30])
    features.set_params(**params)
    before = state(features)
    with pytest.raises(ValueError, match=message):
        features.fit(FRAME)
    assert state(features) == before


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (FRAME.assign(x1=np.inf), "infinity"),
        (FRAME.assign(x1="high"), "not numbers"),
        (FRAME[:0], "0 sample"),
        (FRAME[::-1], "out of order"),
        (PANEL.iloc[[0, 1, 1, 2]], "duplicated"),
    ],
)
def test_bad_rows_are_refused_and_leave_the_estimator_as_it_was(X, message):
    fitted_on = PANEL if isinstance(X.index, pd.MultiIndex) else FRAME
    features = RollingFeatures().fit(fitted_on)
    before = state(features)
    for method in (features.fit, features.transform):
        with pytest.raises(ValueError, match=message):
            method(X)
        assert state(features) == before


# Lengths of time


def clocks(n_hours=96, seed=0):
    """A panel whose series have different time steps."""
    hours = pd.date_range("2026", periods=12 * n_hours, freq="5min")
    parts = {
        "a": noise(hours, seed=seed),
        "b": noise(hours[::3], seed=seed + 1),
        "new": noise(hours[: 2 * n_hours : 2]),
    }
    return pd.concat(parts, names=["series", "time"])


TIMES = {
    "z_windows": ["1h", 6],
    "std_windows": [pd.Timedelta("2h")],
    "slope_windows": ["1h"],
    "ewm_spans": ["1h", 5],
    "same_windows": ["3h"],
    "n_periods": 2,
    "n_neighbors": 1,
    "period_lags": [1],
}


def test_lengths_of_time_are_rows_by_the_clock_of_each_series():
    X = clocks()
    known = X.drop("new")
    features = RollingFeatures(**TIMES).fit(known)
    assert features.get_feature_names_out()[1:7].tolist() == [
        f"x0_{name}" for name in ("z1h", "z6", "std2h", "slope1h", "ewm1h", "ewm5")
    ]
    for key, per_hour in (("a", 12), ("b", 4)):
        in_rows = {
            "z_windows": [per_hour, 6],
            "std_windows": [2 * per_hour],
            "slope_windows": [per_hour],
            "ewm_spans": [per_hour, 5],
            "same_windows": [3 * per_hour],
        }
        alone = RollingFeatures(**{**TIMES, **in_rows}).fit(X.loc[[key]])
        assert np.array_equal(features.transform(X.loc[[key]]), alone.transform(X.loc[[key]]))
    new = features.transform(X.loc[["new"]])
    unsteady = X.loc[["new"]].copy()
    unsteady.iloc[100:] = 0
    assert np.array_equal(features.transform(unsteady)[:100], new[:100])
    with pytest.raises(
        ValueError, match=r"z_windows='1h' is a length of time, which needs dates in the index of X"
    ):
        RollingFeatures(["1h"]).fit(FRAME)


def test_lengths_of_time_of_too_few_rows_are_refused():
    with pytest.raises(
        ValueError, match=r"z_windows contains '5min', which is fewer than 2 row\(s\) of series 'a'"
    ):
        RollingFeatures(["5min"]).fit(clocks())
    with pytest.raises(
        ValueError, match=r"fewer than 2 row\(s\): there is one row every 0 days 00:01:00. Give a longer"
    ):
        RollingFeatures(["1min"]).fit(DATES)
    with pytest.raises(ValueError, match="period='3min' has fewer than 4 rows in every series"):
        RollingFeatures(period="3min").fit(DATES)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.3], ids=["complete", "missing"])
def test_live_features_of_all_clocks_are_those_of_one_call(share):
    X = clocks()
    X = X.mask(np.random.default_rng(1).random(X.shape) < share)
    is_past = (X.index.get_level_values(1) < "2026-01-04") & (X.index.get_level_values(0) != "new")
    model = make_pipeline(RollingFeatures(**TIMES), GaussianDetector(threshold=3.0)).fit(X[is_past])
    later = X[~is_past]
    expected = pd.Series(model.decision_function(later), later.index)
    scorer = LiveScorer(model)
    turns = later.sort_index(level=1, kind="stable")
    found = pd.concat([scorer.update(turns[:300]), scorer.update(turns[300:])])
    assert set(found["status"]) == {"scored"}
    np.testing.assert_allclose(found["decision"], expected[turns.index], rtol=1e-9, atol=1e-9)


# Weeks


def test_weeks_compare_with_the_same_weekday():
    hours = pd.date_range("2026", periods=24 * 7 * 5, freq="h")
    X = noise(hours, 1)
    out = only(n_weeks=2, n_neighbors=1).fit_transform(X)
    assert out.columns.tolist() == ["x0_week2", "x0_week2_z", "x0_week2_mad"]
    row = 24 * 7 * 4 + 5
    same = np.concatenate([X["x0"].to_numpy()[row - 168 * week + np.arange(-1, 2)] for week in (1, 2)])
    assert out["x0_week2"].iloc[row] == pytest.approx(X["x0"].iloc[row] - np.median(same))
    deviation = 1.4826 * np.median(np.abs(same - np.median(same)))
    assert out["x0_week2_mad"].iloc[row] == pytest.approx(deviation)
    seven_days = only(n_periods=2, n_neighbors=1, period="7D").fit_transform(X)
    np.testing.assert_array_equal(seven_days, out)
    assert "x0_week2" not in RollingFeatures(n_weeks=2, period=24).fit(X).get_feature_names_out()


# The calendar


def test_the_calendar_is_that_of_the_clocks_of_fit():
    index = pd.date_range(
        "2026-03-28 20:00", periods=60, freq="h", tz="Europe/Berlin"
    )  # clocks change within
    X = noise(index, 1)
    calendar = ["time_of_day", "day_of_week", "weekend", "holiday"]
    features = only(calendar=calendar, holidays=["2026-03-30"]).fit(X)
    out = features.transform(X)
    as_array = only(calendar=np.array(calendar), holidays=np.array(["2026-03-30", "2027-01-01"])).fit(X)
    assert np.array_equal(as_array.transform(X), out)
    assert out.columns.tolist() == ["time_of_day_sin", "time_of_day_cos", *calendar[1:]]
    assert out["day_of_week"].tolist() == index.day_of_week.tolist()
    assert out["weekend"].tolist() == (index.day_of_week >= 5).astype(float).tolist()
    assert out["holiday"].tolist() == (index.strftime("%m-%d") == "03-30").astype(float).tolist()
    hour = (np.arctan2(out["time_of_day_sin"], out["time_of_day_cos"]) / (2 * np.pi) * 24) % 24
    np.testing.assert_allclose(hour.round(6) % 24, index.hour)
    assert np.array_equal(features.transform(X.tz_convert("UTC")), out)
    panel = pd.concat({"a": X, "b": X[5:]}, names=["series", "time"]).sort_index(level=1)
    both = features.fit(panel).transform(panel)
    assert np.array_equal(both.loc["b"], out[5:])
    model = make_pipeline(features, GaussianDetector(threshold=3.0)).fit(panel[:60])
    found = LiveScorer(model).update(panel[60:])["decision"]
    np.testing.assert_allclose(found, model.decision_function(panel[60:]), rtol=1e-9)


@pytest.mark.parametrize(
    ("X", "params", "message"),
    [
        (FRAME, {"calendar": ["weekend"]}, r"calendar=\['weekend'\] needs dates .* it holds numbers"),
        (
            FRAME.set_axis(pd.to_timedelta(FRAME.index, "h")),
            {"calendar": ["weekend"]},
            "which contains time deltas",
        ),
        (DATES, {"calendar": ["moon"]}, r"must contain only .* but contains \['moon'\]"),
        (DATES, {"calendar": np.array(0.5)}, r"must contain only .* but contains \[0.5\]"),
        (DATES, {"calendar": [["weekend"]]}, r"must contain only .* but contains \[\['weekend'\]\]"),
        (DATES, {"calendar": ["holiday"]}, r"holidays=None: the feature 'holiday' and the"),
        (
            DATES,
            {"holidays": ["2026-01-01"]},
            "the parameter holidays must be used together. Give both or neither",
        ),
        (DATES, {"calendar": ["holiday"], "holidays": ["soon"]}, r"holidays=\['soon'\] must hold dates"),
        (DATES, {"calendar": ["holiday"], "holidays": ["06.04.2026"]}, "text such as '2026-12-25'"),
        (
            DATES,
            {"calendar": ["holiday"], "holidays": [20260406]},
            "numbers and missing values are not dates",
        ),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(X, params, message):
    with pytest.raises(ValueError, match=message):
        RollingFeatures(**params).fit(X)


def test_a_calendar_is_not_without_dates():
    model = make_pipeline(RollingFeatures(calendar=["weekend"]), GaussianDetector(threshold=3.0)).fit(DATES)
    with (
        pytest.raises(ValueError, match="calendar needs dates"),
        pytest.warns(UserWarning, match="have no time"),
    ):
        model.predict(DATES.set_axis([f"row no. {'i' * number}" for number in range(80)]))
    with pytest.raises(ValueError, match="needs the dates of the rows"):
        LiveScorer(model).update(DATES.to_numpy())


# Missing values


@given(st.integers(0, 99), st.sampled_from([None, 4]), st.sampled_from([1, 3]))
def test_nan_is_a_row_that_its_column_misses(seed, period, max_gap):
    rng = np.random.default_rng(seed)
    X = noise(DATES.index, seed=seed)
    X = X.mask(rng.random(X.shape) < 0.3)
    features = RollingFeatures(**SMALL, period=period, max_gap=max_gap, fill=np.nan).fit(X)
    out = features.transform(X)
    n_each = out.shape[1] // 2
    for number, column in enumerate(X):
        there = X[[column]].dropna()
        alone = RollingFeatures(**SMALL, period=period, max_gap=max_gap, fill=np.nan).fit(there)
        assert alone._past.steps.tolist() == [60e9]
        own = out.iloc[:, number * n_each : (number + 1) * n_each]
        np.testing.assert_array_equal(own[X[column].notna()], alone.transform(there))
        assert own[X[column].isna()].isna().all(axis=None)


@given(st.integers(0, 79), st.integers(0, 99))
def test_a_nan_changes_no_earlier_row(at, seed):
    X = noise(DATES.index, seed=seed)
    features = RollingFeatures(**SMALL, period=5).fit(X)
    holed = X.copy()
    holed.iloc[at, seed % 2] = np.nan
    assert np.array_equal(features.transform(holed)[:at], features.transform(X)[:at])


def test_rows_without_time_miss_values_too():
    X = FRAME.mask(np.random.default_rng(0).random(FRAME.shape) < 0.2)
    X.iloc[:, 1] = np.nan
    features = RollingFeatures(**SMALL, period=6)
    as_array, as_frame = features.fit_transform(X.to_numpy()), features.fit_transform(X)
    assert np.array_equal(as_array, as_frame)
    assert (as_frame.iloc[:, as_frame.shape[1] // 2 :] == 0).all(axis=None)
    model = make_pipeline(RollingFeatures(**SMALL, period=6), GaussianDetector(threshold=3.0)).fit(
        X.to_numpy()[:60]
    )
    found = LiveScorer(model).update(X.to_numpy()[60:])["decision"]
    np.testing.assert_allclose(found, model.decision_function(X.to_numpy()[60:]), rtol=1e-9)
    assert get_tags(features).input_tags.allow_nan


def test_later_rows_go_on_from_a_past_with_holes():
    X = DATES.mask(np.random.default_rng(0).random(DATES.shape) < 0.3)
    features = RollingFeatures(**SMALL, period=7).fit(X[:50])
    np.testing.assert_array_equal(features.transform(X[50:]), features.transform(X)[50:])


# In pipelines


def labelled_panel(n_rows=160):
    """A daily wave of 12 rows in every series, on another level each, with jumps of three rows."""
    index = pd.MultiIndex.from_product([["a", "b", "c"], pd.date_range("2026", periods=n_rows, freq="2h")])
    y = pd.Series((np.arange(len(index)) % 20 < 3).astype(int), index)
    row, series = np.arange(len(index)) % n_rows, index.codes[0]
    values = 100 * series + (1 + series) * (
        np.sin(row * np.pi / 6) + 3 * y + 0.1 * noise(index, 1)["x0"].to_numpy()
    )
    return pd.DataFrame({"value": values}, index), y


TINY = {"hidden_size": 4, "dense_size": None, "max_epochs": 15, "lr": 0.03, "random_state": 0}
SQUASHED = FunctionTransformer(np.arcsinh, feature_names_out="one-to-one")


@pytest.mark.slow
def test_before_windows_and_a_network_it_sees_no_future_and_finds_the_jumps():
    X, y = labelled_panel()
    features = RollingFeatures(
        [5], std_windows=[], slope_windows=[], ewm_spans=[], n_periods=2, period_lags=[1]
    )
    pipe = make_pipeline(SeriesScaler(), features, SQUASHED, SlidingWindow(5), RNNClassifier(**TINY))
    scores = cross_val_score(pipe, X, y, cv=SeriesSplit(2), scoring="average_precision", error_score="raise")
    assert scores.min() > 0.8
    report = check_causal(pipe, X, y, SeriesSplit(2))
    assert report.ok, str(report)


@pytest.mark.slow
@pytest.mark.parametrize("period", ["auto", 7, None])
def test_no_fault_is_found_in_a_linear_model_behind_it(period):
    X, y = labelled_panel()
    model = LogisticRegression(max_iter=1000)
    pipe = make_pipeline(SeriesScaler(), RollingFeatures(period=period), SQUASHED, model)
    check_causal(pipe, X, y, SeriesSplit(3), raise_on_fault=True)
    mixed = X.sort_index(level=1, sort_remaining=False)
    check_causal(pipe, mixed, y.loc[mixed.index], SeriesSplit(3), raise_on_fault=True)


def test_its_windows_are_searched_and_trees_take_missing_pasts():
    X, y = labelled_panel()
    trees = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    search = GridSearchCV(
        make_pipeline(RollingFeatures(n_periods=2, same_windows=[12], period_lags=[1], fill=np.nan), trees),
        {"rollingfeatures__z_windows": [[5], (5, 30)], "rollingfeatures__period": ["auto", None]},
        scoring="f1",
        cv=SeriesSplit(2),
        error_score="raise",
    ).fit(X, y)
    assert search.best_score_ > 0.7
    assert search.best_estimator_[0].transform(X).isna().any(axis=None)


def test_a_sampler_behind_it_leaves_predict_all_rows():
    X, y = labelled_panel()
    model = LogisticRegression(max_iter=1000)
    pipe = make_imblearn_pipeline(
        SeriesScaler(), RollingFeatures(), SlidingWindow(3), RandomUnderSampler(random_state=0), model
    )
    assert len(pipe.fit(X, y).predict(X)) == len(X)
    before = make_imblearn_pipeline(
        RandomUnderSampler(random_state=0), RollingFeatures(), LogisticRegression()
    )
    with pytest.raises(ValueError, match="out of order"):
        before.fit(X, y)


def test_past_rows_behind_a_hole_near_the_same_time_are_found_as_in_one_pass():
    rows = np.r_[:150, 248:600]
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=len(rows))}, index=pd.Index(rows))
    nothing_else = {
        "z_windows": [],
        "std_windows": [],
        "slope_windows": [],
        "ewm_spans": [],
        "period_lags": [],
    }
    same = {"n_periods": 3, "n_neighbors": 5, "same_windows": [4], "min_spread": 1e-9}
    features = RollingFeatures(period=50, **same, **nothing_else)
    known = X.index < 400
    in_one_pass = clone(features).fit(X).transform(X)[~known]
    pd.testing.assert_frame_equal(features.fit(X[known]).transform(X[~known]), in_one_pass)


# Days of a time zone


def load_of_people(index):
    """A load that follows the clocks."""
    hour = np.asarray(index.hour + index.minute / 60)
    return np.round(50 + 20 * np.cos(2 * np.pi * hour / 24), 6)


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/New_York", "2026-03-08"),
        ("Australia/Lord_Howe", "2026-04-05"),
    ],
)
@pytest.mark.parametrize("of_panel", [False, True], ids=["one series", "panel"])
def test_the_same_time_of_a_day_is_that_of_local_clocks_after_they_were_changed(zone, change, of_panel):
    change = pd.Timestamp(change, tz=zone)
    index = pd.date_range(change - pd.Timedelta("20D"), change + pd.Timedelta("12D"), freq="30min", tz=zone)
    X = pd.DataFrame({"load": load_of_people(index)}, index)
    if of_panel:
        X = pd.concat({"a": X, "b": 2 * X}, names=["series", "time"])
    time = X.index.get_level_values(-1)
    features = only(n_periods=3, n_neighbors=0, period_lags=[1, 7]).fit(X[time < change])
    later = X[time >= change]
    # Where clocks leave an hour out, or show it twice, there is no one same time.
    local = later.index.get_level_values(-1)
    is_plain = (local.hour >= 4) | (local.hour < 1)
    out = features.transform(later)
    assert (np.abs(out["load_lag1"][is_plain]) < 1e-9).all()
    assert (np.abs(out["load_lag7"][is_plain]) < 1e-9).all()
    assert (np.abs(out["load_same3"][is_plain]) < 1e-9).all()
    utc = later.tz_convert("UTC") if not of_panel else later.tz_convert("UTC", level=1)
    assert np.array_equal(features.transform(utc), out)  # days are those of fit


@pytest.mark.parametrize(
    ("zone", "change", "step", "n_off"),
    [
        ("Australia/Lord_Howe", "2026-04-05", "1h", 24),
        ("Australia/Lord_Howe", "2026-10-04", "20min", 72),
        ("Europe/Berlin", "2026-03-29", "2h", 12),
        ("Australia/Lord_Howe", "2026-04-05", "30min", 0),
        ("Australia/Lord_Howe", "2026-04-05", "6min", 0),
        ("Europe/Berlin", "2026-10-25", "1h", 0),
        ("Europe/Berlin", "2026-10-25", "10h", 0),  # there is no period: fewer than four rows a day
        ("UTC", "2026-10-25", "2h", 0),
    ],
)
@pytest.mark.parametrize("of_panel", [False, True], ids=["one series", "panel"])
def test_clocks_that_change_by_a_part_of_the_time_step_are_announced(zone, change, step, n_off, of_panel):
    start = pd.Timestamp(change, tz="UTC") - pd.Timedelta("5D")
    X = pd.DataFrame(
        {"load": 0.0}, pd.date_range(start, periods=pd.Timedelta("9D") // pd.Timedelta(step), freq=step)
    )
    X = X.tz_convert(zone)
    if of_panel:  # the second ends before the change
        X = pd.concat({"a": X, "b": X[: len(X) // 3]}, names=["series", "time"])
    features = only(n_periods=2, z_windows=[2]).fit(X)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        features.transform(X)
    assert [str(each.message).split("row(s)")[0].split("for ")[-1] for each in caught] == (
        [f"{n_off} "] if n_off else []
    )
    if n_off:
        (warning,) = caught
        assert warning.filename == __file__
        assert f"clocks of {zone} were changed by 0 days 0{1 if zone[0] == 'E' else 0}:" in str(
            warning.message
        )


def test_rows_at_whole_hours_of_local_clocks_are_compared_with_themselves():
    days = pd.date_range("2026-03-25", "2026-04-05").repeat(4)
    local = days + pd.to_timedelta(np.tile([0, 6, 12, 18], 12), "h")
    X = pd.DataFrame({"load": 0.0}, local.tz_localize("Europe/Berlin"))
    only(n_periods=2).fit_transform(X)  # a step of six hours, and clocks that change by one


def test_rows_at_odd_times_say_nothing_of_clocks_that_change_by_whole_steps():
    time = pd.date_range("2026-10-20", "2026-10-30", freq="30min", tz="Europe/Berlin")
    late = np.random.default_rng(0).integers(0, 25 * 60, len(time))
    X = pd.DataFrame({"load": 0.0}, time + pd.to_timedelta(late, "s"))
    only(n_periods=2).fit_transform(X)


def test_an_offset_alone_and_local_time_without_a_zone_have_days_of_24_hours():
    index = pd.date_range("2026-03-20", "2026-04-05", freq="h", tz="UTC")
    X = pd.DataFrame({"load": load_of_people(index)}, index)
    for each in (X, X.tz_convert("+01:00"), X.tz_localize(None)):
        out = only(period_lags=[1], fill=np.nan).fit_transform(each)
        assert np.isnan(out[:24]).all(axis=None)
        assert (out[24:] == 0).all(axis=None)


# Many series at once


@pytest.mark.parametrize("params", [{**SMALL, "period": 4}, TIMES], ids=["rows", "times"])
@pytest.mark.parametrize("share", [0, 0.2], ids=["complete", "missing"])
def test_features_of_many_series_at_once_are_those_of_each_alone_to_the_bit(params, share):
    rng = np.random.default_rng(0)
    series = []
    for number in range(12):
        n_rows, freq = [(1, "30min"), (60, "30min"), (60, "15min"), (75, "30min")][number % 4]
        time = pd.date_range("2026-03-25", periods=n_rows, freq=freq, tz="Europe/Berlin")
        if number in (2, 3):
            time = time.delete(slice(20, 26))
        values = rng.normal(size=(len(time), 2))
        if number in (4, 5):
            values[len(time) // 3, 0] = 1e9  # sums that it is in start again after it
        index = pd.MultiIndex.from_product([[f"series {number}"], time])
        series.append(pd.DataFrame(values, index).mask(rng.random(values.shape) < share))
    known = [rows for number, rows in enumerate(series) if number not in (6, 7)]
    features = RollingFeatures(**{**params, "max_gap": 3}).fit(pd.concat([rows[:50] for rows in known]))
    together = features.transform(pd.concat(series))
    for rows in series:
        np.testing.assert_array_equal(together.loc[rows.index], features.transform(rows))
