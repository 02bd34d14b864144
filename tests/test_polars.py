"""Frames of polars, which have no index, in and out."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.pipeline import make_pipeline

from sktsad import (
    GaussianDetector,
    RollingFeatures,
    SafeSampler,
    SeriesScaler,
    SlidingWindow,
    WindowScaler,
    curve_shift,
    forecast_target,
)

polars = pytest.importorskip("polars")
VALUES = np.random.default_rng(0).normal(size=(60, 2))
X = polars.DataFrame(VALUES, schema=["load", "heat"])
DATED = pd.DataFrame(VALUES, pd.date_range("2026-01-05", periods=60, freq="min"), ["load", "heat"])
STEPS = [SlidingWindow(3), SeriesScaler(), RollingFeatures(), WindowScaler()]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_steps_give_frames_of_polars_or_say_that_the_index_would_be_lost(step):
    right = np.asarray(step.fit_transform(VALUES))
    step = sklearn.clone(step).set_output(transform="polars")
    frame = step.fit_transform(X)
    assert isinstance(frame, polars.DataFrame)
    assert frame.columns == list(step.get_feature_names_out())
    assert np.allclose(frame.to_numpy(), right, rtol=1e-12)  # sums of another order in memory
    if not isinstance(step, WindowScaler):
        with pytest.raises(ValueError, match=r"would lose the index.*set_output\(transform='pandas'\)"):
            step.fit(DATED).transform(DATED)


def test_pipelines_score_alike_whatever_is_asked_for():
    model = make_pipeline(SeriesScaler(), SlidingWindow(5), WindowScaler(), GaussianDetector())
    right = model.fit(VALUES).decision_function(VALUES)
    assert np.allclose(model.fit(X).decision_function(X), right, rtol=1e-12)
    with sklearn.config_context(transform_output="polars"):
        assert np.allclose(model.fit(X).decision_function(X), right, rtol=1e-12)


def test_windows_become_a_frame_of_scaled_ones():
    windows = SlidingWindow(3).fit_transform(X)
    step = WindowScaler().set_output(transform="polars").fit(windows)
    assert step.transform(windows).columns == list(step.get_feature_names_out())


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (polars.Series("at", DATED.index.to_numpy()), r"columns of time: \['at'\].*to_panel\(X, time='at'\)"),
        (polars.Series("at", ["a", "b"] * 30), r"not numbers: \['at'\].*to_panel\(X, time=...\)"),
    ],
)
def test_columns_of_time_and_text_name_the_way_into_the_index(column, message):
    for step in (SlidingWindow(3), GaussianDetector()):
        with pytest.raises(ValueError, match=message):
            step.fit(X.with_columns(column))


def test_lazy_frames_are_to_be_collected():
    with pytest.raises(TypeError, match=r"LazyFrame.*X\.collect\(\)"):
        GaussianDetector().fit(X.lazy())


def test_booleans_are_numbers():
    flags = X.with_columns(polars.col("heat") > 0)
    assert np.array_equal(SlidingWindow(1).fit_transform(flags)[:, 1], VALUES[:, 1] > 0)


def test_functions_take_and_give_polars():
    y = polars.Series("odd", (np.arange(60) % 20 == 5).astype(int))
    kept, future = forecast_target(X)
    right = forecast_target(VALUES)
    assert isinstance(kept, polars.DataFrame) and np.array_equal(kept.to_numpy(), right[0])
    assert np.array_equal(np.asarray(future), right[1])
    X_early, y_early = curve_shift(X, y)
    assert isinstance(y_early, polars.Series) and y_early.name == "odd"
    assert np.array_equal(y_early.to_numpy(), curve_shift(VALUES, y.to_numpy())[1])
    assert len(X_early) == len(y_early)
    _, sampled = SafeSampler(random_state=0).fit_resample(X, y)
    assert isinstance(sampled, polars.Series)
    assert np.array_equal(
        sampled.to_numpy(), SafeSampler(random_state=0).fit_resample(VALUES, y.to_numpy())[1]
    )


@pytest.mark.parametrize("estimator", [SlidingWindow(2), GaussianDetector()], ids=str)
def test_a_frame_that_holds_no_rows_yet_is_refused(estimator):
    with pytest.raises(TypeError, match=r"X is a LazyFrame of polars.*X\.collect\(\)"):
        estimator.fit(X.lazy())
