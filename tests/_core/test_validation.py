"""Validation of rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from sktsad import AutoencoderDetector, RNNClassifier, SeriesScaler, SlidingWindow, ZScoreDetector
from sktsad._core._validation import validate_rows

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "machine": ["x", "7", "y"], "n": ["1", "2", "3"]})


@pytest.mark.parametrize(
    "estimator",
    [SlidingWindow(2), SeriesScaler(), ZScoreDetector(), AutoencoderDetector(), RNNClassifier()],
    ids=lambda estimator: type(estimator).__name__,
)
def test_columns_of_text_are_named(estimator):
    with pytest.raises(ValueError, match=r"columns that are not numbers: \['machine'\]"):
        estimator.fit(FRAME, [0, 1, 0])


def test_numbers_as_text_are_read_and_repeated_column_names_told_apart():
    assert validate_rows(BaseEstimator(), FRAME[["a", "n"]]).tolist() == [[1, 1], [2, 2], [3, 3]]
    twice = FRAME.set_axis(["a", "b", "b"], axis=1)
    with pytest.raises(ValueError, match=r"not numbers: \['b'\]"):
        validate_rows(BaseEstimator(), twice)


@pytest.mark.parametrize(("hole", "dtype"), [(np.nan, "float64"), (np.inf, "float32"), (pd.NA, "Float64")])
def test_columns_with_holes_are_named_with_the_mend(hole, dtype):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": pd.array([1.0, hole, 3.0], dtype=dtype)})
    with pytest.raises(
        ValueError, match=r"NaN or infinity, in so many rows of its columns: \{'b': 1\}.*ffill"
    ):
        SlidingWindow(2).fit(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (FRAME.to_numpy(), "could not convert"),
        (np.array([[np.nan]]), "contains NaN"),
        (FRAME[["a"]].iloc[:0], "0 sample"),
        (FRAME[[]], "X has no columns: 0 feature"),
    ],
)
def test_other_errors_are_those_of_scikit_learn(X, message):
    with pytest.raises(ValueError, match=message):
        validate_rows(BaseEstimator(), X)
