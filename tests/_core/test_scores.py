"""One score per row from any binary classifier."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import SlidingWindow
from sktsad._core._scores import (
    column_of_scores,
    decision_scores,
    estimator_type,
    infinite_unless_finite,
    own_threshold,
    subtract_threshold,
    to_classes,
    with_index,
)

X = np.random.default_rng(0).normal(size=(40, 2))
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("estimator", [LogisticRegression(), GaussianNB()], ids=["decision", "probability"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_scores_above_the_own_threshold_where_it_is_predicted(estimator, dtype):
    estimator.fit(X.astype(dtype), Y)
    scores = decision_scores(estimator, X.astype(dtype))
    assert scores.dtype == np.float64 and scores.shape == (40,)
    np.testing.assert_array_equal(scores > own_threshold(estimator), estimator.predict(X.astype(dtype)))


@pytest.mark.parametrize(
    "detector",
    [
        IsolationForest(n_estimators=2),
        FrozenEstimator(IsolationForest(n_estimators=2).fit(X)),
        make_pipeline(StandardScaler(), IsolationForest(n_estimators=2)),
    ],
    ids=["plain", "frozen", "pipeline"],
)
def test_scores_that_are_upside_down_are_refused(detector):
    with pytest.raises(TypeError, match=r"is an outlier detector.*OutlierClassifier\("):
        decision_scores(detector.fit(X, None), X)


@pytest.mark.parametrize("estimator", [LogisticRegression(), GaussianNB()], ids=["decision", "probability"])
def test_scores_of_three_classes_are_refused(estimator):
    estimator.fit(X, np.arange(40) % 3)
    with pytest.raises(ValueError, match=r"is not a binary classifier: its scores have shape \(40, 3\)"):
        decision_scores(estimator, X)


def test_probabilities_of_one_class_are_refused():
    with pytest.raises(ValueError, match=r"shape \(40, 1\). Fit it to rows of exactly two classes"):
        decision_scores(GaussianNB().fit(X, Y**0), X)


def test_estimators_say_what_they_are_and_others_say_nothing():
    class Foreign:
        pass

    assert estimator_type(KMeans()) == "clusterer"
    assert estimator_type(BaseEstimator()) is None
    assert estimator_type(Foreign()) is None


class Float32:
    def __init__(self, method, scores):
        setattr(self, method, lambda X: np.array(scores, dtype=np.float32))


@pytest.mark.parametrize("method", ["decision_function", "predict_proba"])
def test_scores_are_in_double_precision_and_what_is_not_finite_is_infinite(method):
    scores = [1.0, np.nan, -np.inf, np.inf]
    given = scores if method == "decision_function" else np.column_stack([np.zeros(4), scores])
    found = decision_scores(Float32(method, given), X[:4])
    assert found.tolist() == [1, np.inf, np.inf, np.inf]
    assert found.dtype == np.float64
    assert infinite_unless_finite(np.array([1, 2])).dtype == np.float64


def test_an_infinite_score_is_above_every_threshold():
    scores = np.array([1.0, np.inf])
    assert subtract_threshold(scores, np.inf).tolist() == [-np.inf, np.inf]
    assert subtract_threshold(scores, 3.0).tolist() == [-2, np.inf]


def test_scores_get_the_index_of_their_rows():
    index = pd.MultiIndex.from_product([["a", "b"], range(3)])
    frame = pd.DataFrame(np.zeros((6, 1)), index=index)
    for rows in (np.array([0, 4]), np.arange(6) % 4 == 0):
        for X in (frame, SlidingWindow(2).fit_transform(frame)):
            scores = with_index(np.array([1.0, 2.0]), X, rows)
            assert scores.tolist() == [1, 2]
            assert scores.index.tolist() == [("a", 0), ("b", 1)]
    for X in (frame.to_numpy(), frame.to_numpy().tolist(), SlidingWindow(2).fit_transform(frame.to_numpy())):
        assert with_index(np.array([1.0, 2.0]), X, np.array([0, 4])).index.tolist() == [0, 4]


def test_the_class_is_that_of_the_largest_decision_or_of_one_above_0():
    classes = np.array(["normal", "odd", "worse"])
    assert to_classes(np.array([-1, 0, 1e-9, 2]), classes).tolist() == ["normal", "normal", "odd", "odd"]
    assert to_classes(np.array([[3, 1, 2], [1, 2, 3], [0, 2, 1]]), classes).tolist() == [
        "normal",
        "worse",
        "odd",
    ]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (pd.date_range("2026", periods=3), r"s has dtype datetime64\[.*\], not numbers"),
        (np.array([1, 2, 3], dtype="m8[s]"), r"s has dtype timedelta64\[s\], not numbers"),
        (np.ma.masked_equal([1.0, 2.0, 3.0], 2.0), "s is a masked array with 1 masked scores"),
        (["low", "high", "low"], "s must be numbers: could not convert .*decision_function"),
        (np.ones((3, 2)), r"s has shape \(3, 2\), but must be a 1d array.*predict_proba\(X\)\[:, 1\]"),
        ([1.0, np.nan, np.inf], "s contains NaN"),
        (np.array([1j, 2.0]), "Complex data not supported"),
        ([1j, 2.0, 3.0], "s must be numbers: .*complex"),
    ],
    ids=["dates", "time deltas", "masked", "words", "2d", "NaN", "complex", "complex list"],
)
def test_scores_that_are_no_column_of_numbers_are_refused_by_name(scores, message):
    with pytest.raises(ValueError, match=message):
        column_of_scores(scores, "s")


def test_scores_come_in_any_column_and_may_be_missing_where_that_means_something():
    for scores in (
        [[1.0], [2.0]],
        pd.Series([1, 2], dtype="Int64"),
        np.array([1, 2], dtype=object),
        ["1", "2"],
    ):
        assert column_of_scores(scores, "s").tolist() == [1, 2]
    assert np.isnan(column_of_scores([np.nan, np.inf], "s", takes_missing=True)).tolist() == [True, False]
    assert not len(column_of_scores([], "s", takes_missing=True))
