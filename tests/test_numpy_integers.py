"""Integers in NumPy's types stand for the same Python integers, also where arithmetic in their type would overflow."""

import numpy as np
import pytest

from sktsad import (
    KMeansDetector,
    NearestWindowsDetector,
    SlidingWindow,
    StatefulForecastDetector,
    StatefulRNNClassifier,
    WindowReducer,
)

X = np.random.default_rng(0).normal(size=(300, 2))
Y = (np.arange(300) % 37 == 0).astype(int)
QUICK = {"hidden_size": 4, "max_epochs": 1, "min_updates": 1, "random_state": 0}


def decisions(model, on_windows):
    """Return the decisions of a fitted model."""
    rows = SlidingWindow(10).fit_transform(X) if on_windows else X
    return model.fit(rows, Y).decision_function(rows)


@pytest.mark.parametrize(
    ("new", "value", "on_windows"),
    [
        (lambda value: KMeansDetector(max_windows=value, random_state=0), np.uint64(2**63), True),
        (lambda value: NearestWindowsDetector(max_windows=value), np.uint64(2**63), True),
        (lambda value: StatefulRNNClassifier(batch_size=value, **QUICK), np.uint64(2**63), False),
        (lambda value: StatefulForecastDetector(batch_size=value, **QUICK), np.uint64(2**63), False),
        (lambda value: StatefulForecastDetector(horizon=value, **QUICK), np.int8(3), False),
    ],
)
def test_an_integer_of_numpy_is_that_integer(new, value, on_windows):
    np.testing.assert_array_equal(decisions(new(value), on_windows), decisions(new(int(value)), on_windows))


def test_few_values_as_a_small_integer():
    windows = SlidingWindow(130).fit_transform(X[:, :1])
    reduced, wanted = (WindowReducer(max_values=size).fit_transform(windows) for size in (np.uint8(65), 65))
    np.testing.assert_array_equal(np.asarray(reduced), np.asarray(wanted))
