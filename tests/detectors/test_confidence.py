"""The confidence of a fitted classifier as a detector."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sktsad import ConfidenceDetector, SeriesSplit, SlidingWindow
from sktsad.thresholds import Quantile

RNG = np.random.default_rng(0)
KIND = np.arange(300) % 3
X = RNG.normal(size=(300, 2)) + 6 * np.array([[0, 0], [1, 0], [0, 1]])[KIND]
CLASSIFIER = LogisticRegression().fit(X, KIND)
OTHERS = RNG.normal(size=(40, 2)) * 0.3 + [2.0, 2.0]  # between the three kinds


class Says(ClassifierMixin, BaseEstimator):
    """Takes its probability of the first class from the first column."""

    classes_ = np.array(["a", "b"])

    def fit(self, X, y):
        raise AssertionError("it is frozen")

    def predict_proba(self, X):
        first = np.asarray(X)[:, 0]
        return np.column_stack([first, 1 - first])

    def __sklearn_is_fitted__(self):
        return True


@pytest.mark.parametrize("most", [0.5, 0.55, 0.6, 0.7, 0.75, 0.9, 0.99, 1.0])
def test_a_row_is_an_anomaly_if_one_minus_the_largest_probability_is_above_the_threshold(most):
    confidence = np.array([np.nextafter(most, 0), most, np.nextafter(most, 2), 0.5, 1.0])
    confidence = confidence[(confidence >= 0.5) & (confidence <= 1)]
    detector = ConfidenceDetector(FrozenEstimator(Says()), threshold=1 - most).fit([[0.5]])
    np.testing.assert_array_equal(detector.predict(confidence[:, None]), 1 - confidence > 1 - most)
    np.testing.assert_allclose(detector.anomaly_score(confidence[:, None]), 1 - confidence)


def test_of_many_classes_the_largest_counts():
    detector = ConfidenceDetector(FrozenEstimator(CLASSIFIER), threshold=0.3).fit(X)
    largest = CLASSIFIER.predict_proba(OTHERS).max(axis=1)
    np.testing.assert_array_equal(detector.predict(OTHERS), largest < 0.7)
    np.testing.assert_array_equal(detector.anomaly_score(OTHERS), 1 - largest)
    assert detector.classes_.tolist() == [0, 1]
    rows, y = np.vstack([X, OTHERS]), np.repeat([0, 1], [300, 40])
    assert roc_auc_score(y, detector.decision_function(rows)) > 0.9


def test_it_sees_no_row_that_lies_deep_in_a_class_however_far_off():
    detector = ConfidenceDetector(FrozenEstimator(CLASSIFIER)).fit(X)
    assert detector.predict([[100.0, 0.0]]).tolist() == [0]


@pytest.mark.parametrize(
    "labels, classes",
    [(None, [0, 1]), (KIND == 1, [False, True]), (np.where(KIND == 1, "b", "a"), ["a", "b"])],
    ids=["none", "bool", "str"],
)
@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")
def test_a_rule_learns_from_normal_rows(labels, classes):
    detector = ConfidenceDetector(FrozenEstimator(CLASSIFIER), threshold=Quantile(0.9)).fit(X, labels)
    normal = np.ones(300, dtype=bool) if labels is None else KIND != 1
    scores = 1 - CLASSIFIER.predict_proba(X[normal]).max(axis=1)
    assert detector.threshold_ == Quantile(0.9).fit(scores).threshold_
    assert detector.classes_.tolist() == classes
    assert set(detector.predict(X)) == set(classes)


def test_with_a_validation_fraction_a_rule_learns_from_the_last_rows():
    detector = ConfidenceDetector(
        FrozenEstimator(CLASSIFIER), threshold=Quantile(0.9), validation_fraction=0.25
    )
    scores = 1 - CLASSIFIER.predict_proba(X[225:]).max(axis=1)
    assert detector.fit(X).threshold_ == Quantile(0.9).fit(scores).threshold_


def test_a_whole_pipeline_makes_its_windows_of_all_rows_before_some_are_picked():
    index = pd.MultiIndex.from_product([["p", "q"], range(150)])
    frame = pd.DataFrame(X, index=index, columns=["a", "b"])
    pipe = make_pipeline(StandardScaler().set_output(transform="pandas"), SlidingWindow(3), GaussianNB())
    pipe.fit(frame, KIND)
    rule = Quantile(0.8)
    detector = ConfidenceDetector(FrozenEstimator(pipe), threshold=rule, validation_fraction=0.2).fit(frame)
    scores = 1 - pipe.predict_proba(frame).max(axis=1)
    assert detector.threshold_ == Quantile(0.8).fit(scores[np.arange(300) % 150 >= 120]).threshold_
    np.testing.assert_array_equal(detector.anomaly_score(frame), scores)
    assert detector.feature_names_in_.tolist() == ["a", "b"]


def test_the_limit_is_tuned_on_f1():
    rows, y = np.vstack([X, OTHERS]), np.repeat([0, 1], [300, 40])
    order = RNG.permutation(340)
    search = GridSearchCV(
        ConfidenceDetector(FrozenEstimator(CLASSIFIER)),
        {"threshold": [0.6, 0.1]},
        scoring="f1",
        cv=SeriesSplit(3),
    )
    assert search.fit(rows[order], y[order]).best_params_ == {"threshold": 0.1}
    assert search.best_score_ > 0.7


@pytest.mark.parametrize("classifier", [CLASSIFIER, LogisticRegression()], ids=["fitted", "not fitted"])
def test_a_classifier_that_would_be_fitted_to_the_wrong_labels_is_refused(classifier):
    with pytest.raises(
        TypeError, match=r"wrapped in FrozenEstimator.*FrozenEstimator\(classifier.fit\(X, y\)\)"
    ):
        ConfidenceDetector(classifier).fit(X)


def test_a_frozen_classifier_that_was_not_fitted_is_refused():
    with pytest.raises(NotFittedError):
        ConfidenceDetector(FrozenEstimator(LogisticRegression())).fit(X)


@pytest.mark.parametrize("threshold", [None, 0.5, Quantile(0.9)], ids=str)
def test_rows_that_the_classifier_refuses_are_refused_at_fit(threshold):
    with pytest.raises(ValueError, match="3 features, but LogisticRegression is expecting 2"):
        ConfidenceDetector(FrozenEstimator(CLASSIFIER), threshold=threshold).fit(np.zeros((9, 3)))


def test_a_classifier_without_probabilities_is_refused():
    with pytest.raises(ValueError, match="The 'classifier' parameter"):
        ConfidenceDetector(FrozenEstimator(LinearSVC().fit(X, KIND))).fit(X)


@pytest.mark.parametrize("name, value", [("validation_fraction", 1.0), ("threshold", "low")])
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of ConfidenceDetector must be"):
        ConfidenceDetector(FrozenEstimator(CLASSIFIER), **{name: value}).fit(X)


def test_before_fit_it_says_so():
    with pytest.raises(NotFittedError):
        ConfidenceDetector(FrozenEstimator(CLASSIFIER)).predict(X)


@pytest.mark.parametrize(
    "rows, message", [(X[:, 0], "Reshape your data"), (X[:0], "Found 0 rows")], ids=["1-D", "empty"]
)
def test_what_is_no_table_of_rows_is_refused(rows, message):
    detector = ConfidenceDetector(FrozenEstimator(CLASSIFIER))
    with pytest.raises(ValueError, match=message):
        detector.fit(rows)
    with pytest.raises(ValueError, match=message):
        detector.fit(X).predict(rows)
