"""A warning names the line of the user, however many calls are in between."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from sktsad import (
    GaussianDetector,
    RollingFeatures,
    SeriesScaler,
    SlidingWindow,
    StatefulForecastDetector,
    StatefulRNNClassifier,
)

SMALL = {"hidden_size": 3, "max_epochs": 1, "min_updates": 1, "random_state": 0}
X = pd.DataFrame(
    np.random.default_rng(0).normal(size=(120, 2)),
    pd.MultiIndex.from_product([["a", "b"], pd.date_range("2026-01-01", periods=60, freq="min")]),
)
Y = (np.arange(120) % 10 == 0).astype(int)


def moved(days):
    """The same rows, later."""
    return X.set_axis(X.index.set_levels(X.index.levels[1] + pd.Timedelta(days=days), level=1))


#: Rows that lack their past, have another time step, and series under another name.
ODD = [moved(3), X[1::2], X.rename(index={"a": 1, "b": 2}, level=0)]


def files_of_warnings(call, *args):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*args)
    return [warning.filename for warning in caught]


@pytest.mark.parametrize("rows", ODD, ids=["past", "step", "name"])
@pytest.mark.parametrize("is_pipeline", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        StatefulRNNClassifier(**SMALL),
        StatefulForecastDetector(**SMALL),
        make_pipeline(SlidingWindow(20), GaussianDetector()),
        make_pipeline(
            RollingFeatures([3], std_windows=[], slope_windows=[], period=None), GaussianDetector()
        ),
    ],
    ids=["classifier", "forecast", "window", "features"],
)
def test_warnings_of_later_rows_point_here(model, is_pipeline, rows):
    model = make_pipeline(SeriesScaler(), model) if is_pipeline else model
    model.fit(X, Y)
    for method in ("predict", "decision_function"):
        found = files_of_warnings(getattr(model, method), rows)
        assert found and set(found) == {__file__}, method


@pytest.mark.parametrize("model", [StatefulRNNClassifier(**SMALL), StatefulForecastDetector(**SMALL)])
def test_warnings_of_training_point_here(model):
    found = files_of_warnings(model.fit, 1e9 + X, Y)
    found += files_of_warnings(model.fit, X, np.where(Y == 1, "z", "a"))
    found += files_of_warnings(model.set_params(warm_start=True).fit, X[::2], np.where(Y == 1, "z", "a")[::2])
    assert len(found) >= 3 and set(found) == {__file__}


def test_it_goes_through_the_functions_of_scikit_learn():
    found = files_of_warnings(cross_val_predict, GaussianDetector(), X.to_numpy(), np.where(Y == 1, "z", "a"))
    assert len(found) == 5 and set(found) == {__file__}
