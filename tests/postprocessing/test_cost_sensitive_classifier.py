"""Decisions by the costs of mistakes."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from sktsad import CostSensitiveClassifier, SeriesSplit, SlidingWindow, ThresholdClassifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
Y = (X[:, 0] + RNG.normal(size=200) > 1.5).astype(int)
THREE = np.digitize(X[:, 0] + 0.5 * RNG.normal(size=200), [-0.5, 0.5])
COSTS = [[0, 1], [10, 0]]
METHODS = ["expected_cost", "threshold_moving"]
each_method = pytest.mark.parametrize("method", METHODS)


class Saying(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose probabilities are its input."""

    def __init__(self, n_classes=2):
        self.n_classes = n_classes
        self.classes_ = np.arange(n_classes)

    def fit(self, X, y):
        raise AssertionError("it is frozen")

    def predict_proba(self, X):
        return np.asarray(X)

    def __sklearn_is_fitted__(self):
        return True


def saying(n_classes, costs, method):
    model = CostSensitiveClassifier(FrozenEstimator(Saying(n_classes)), costs, method=method)
    return model.fit(np.eye(n_classes), np.arange(n_classes))


@st.composite
def decisions(draw, n_classes=None):
    """Probabilities of a row, and what each decision costs: whole numbers, so that sums are exact."""
    n_classes = draw(st.integers(2, 4)) if n_classes is None else n_classes
    shares = draw(st.lists(st.integers(0, 8), min_size=n_classes, max_size=n_classes).filter(any))
    costs = []
    for label in range(n_classes):
        of_right = draw(st.integers(-5, 5))
        mistakes = draw(
            st.lists(st.integers(0, 9), min_size=n_classes - 1, max_size=n_classes - 1).filter(any)
        )
        row = [of_right + extra for extra in mistakes]
        costs.append([*row[:label], of_right, *row[label:]])
    return np.array(shares) / sum(shares), shares, costs


def naive_costs(shares, costs):
    """Expected cost of each decision, times the sum of the shares."""
    n_classes = len(shares)
    return [
        sum(shares[truth] * costs[truth][chosen] for truth in range(n_classes)) for chosen in range(n_classes)
    ]


def naive_moved(shares, costs):
    """Share of each class times how much more its mistakes cost than the correct class."""
    return [
        share * sum(cost - row[label] for cost in row)
        for label, (share, row) in enumerate(zip(shares, costs, strict=True))
    ]


@given(decisions())
def test_the_class_of_the_least_expected_cost_is_predicted(decision):
    probability, shares, costs = decision
    model = saying(len(shares), costs, "expected_cost")
    chosen = model.predict(probability[np.newaxis])[0]
    expected = naive_costs(shares, costs)
    assert expected[chosen] == pytest.approx(min(expected))
    np.testing.assert_array_equal(model.predict_proba(probability[np.newaxis])[0], probability)


@given(decisions())
def test_moving_multiplies_each_probability_by_what_missing_its_class_costs(decision):
    probability, shares, costs = decision
    model = saying(len(shares), costs, "threshold_moving")
    moved = naive_moved(shares, costs)
    assert moved[model.predict(probability[np.newaxis])[0]] == max(moved)
    np.testing.assert_allclose(
        model.predict_proba(probability[np.newaxis])[0], np.array(moved) / sum(moved), rtol=1e-12
    )


@given(decisions(2))
def test_for_two_classes_both_methods_predict_the_same(decision):
    probability, shares, costs = decision
    normal, anomaly = naive_moved(shares, costs)
    if normal != anomaly:  # a tie is a matter of rounding
        for method in METHODS:
            assert saying(2, costs, method).predict(probability[np.newaxis])[0] == (anomaly > normal)


def test_rows_of_the_matrix_are_the_truth_and_columns_the_prediction():
    # A miss costs ten false alarms: an alarm is worth it from a probability of 1 / 11.
    probability = np.column_stack([np.linspace(1, 0, 101), np.linspace(0, 1, 101)])
    for method in METHODS:
        n_alarms = saying(2, COSTS, method).predict(probability).sum()
        assert n_alarms == (probability[:, 1] > 1 / 11).sum() == 91
        assert saying(2, np.transpose(COSTS), method).predict(probability).sum() == 10


@each_method
def test_without_a_matrix_every_mistake_costs_1_and_the_likeliest_class_is_predicted(method):
    plain = LogisticRegression().fit(X, THREE)
    model = CostSensitiveClassifier(LogisticRegression(), method=method).fit(X, THREE)
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(model.cost_matrix_, 1 - np.eye(3))


@each_method
def test_the_decision_of_two_classes_is_above_0_for_alarms_and_orders_rows_as_their_probability(method):
    model = CostSensitiveClassifier(LogisticRegression(), COSTS, method=method).fit(X, Y)
    decision, probability = model.decision_function(X), model.estimator_.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(model.predict(X), decision > 0)
    np.testing.assert_array_equal(np.argsort(decision), np.argsort(probability))
    if method == "expected_cost":  # what an alarm is expected to save
        np.testing.assert_allclose(decision, 10 * probability - (1 - probability))


@each_method
def test_the_decision_of_more_classes_is_largest_for_the_one_predicted(method):
    costs = [[0, 1, 1], [5, 0, 2], [9, 1, 0]]
    model = CostSensitiveClassifier(LogisticRegression(), costs, method=method).fit(X, THREE)
    decision = model.decision_function(X)
    assert decision.shape == (200, 3)
    np.testing.assert_array_equal(model.predict(X), decision.argmax(axis=1))
    if method == "expected_cost":
        np.testing.assert_allclose(decision, -model.estimator_.predict_proba(X) @ np.array(costs))


def mean_cost(y, predicted):
    return np.mean(np.array(COSTS)[y, predicted])


@each_method
def test_costs_on_new_rows_are_lower_than_those_of_the_likeliest_class(method):
    model = CostSensitiveClassifier(LogisticRegression(), COSTS, method=method)
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2000, 3))
    y = (rows[:, 0] + rng.normal(size=2000) > 1.5).astype(int)
    plain, wise = (m.fit(rows[:1000], y[:1000]).predict(rows[1000:]) for m in (LogisticRegression(), model))
    assert mean_cost(y[1000:], wise) < 0.7 * mean_cost(y[1000:], plain)


# As scikit-learn's estimators


def test_scorers_of_scikit_learn_read_its_scores():
    model = CostSensitiveClassifier(LogisticRegression(), COSTS)
    for scoring in ("roc_auc", "average_precision"):
        ours, plain = (cross_val_score(m, X, Y, scoring=scoring, cv=3) for m in (model, LogisticRegression()))
        np.testing.assert_allclose(ours, plain)
    fitted = model.fit(X, Y)
    assert roc_auc_score(Y, fitted.decision_function(X)) == roc_auc_score(Y, fitted.predict_proba(X)[:, 1])


@pytest.mark.slow
@pytest.mark.parametrize("outer", [TunedThresholdClassifierCV, ThresholdClassifier])
def test_thresholds_can_be_tuned_on_top(outer):
    params = {"scoring": "f1"} if outer is TunedThresholdClassifierCV else {"min_events": 1}
    model = outer(CostSensitiveClassifier(LogisticRegression(), COSTS), **params).fit(X, Y)
    assert set(model.predict(X)) == {0, 1}


def test_a_grid_over_costs_and_method():
    grid = {"cost_matrix": [None, COSTS, [[0, 10], [1, 0]]], "method": METHODS, "estimator__C": [0.1, 1]}
    scoring = make_scorer(mean_cost, greater_is_better=False)
    search = GridSearchCV(
        CostSensitiveClassifier(LogisticRegression()), grid, scoring=scoring, cv=SeriesSplit(3)
    )
    search.fit(X, Y)
    assert search.best_params_["cost_matrix"] == COSTS


@each_method
def test_in_and_around_pipelines_and_with_windows_of_a_panel(method):
    index = pd.MultiIndex.from_product([["a", "b"], range(100)])
    frame, y = pd.DataFrame(X, index, list("uvw")), pd.Series(Y, index)
    pipe = make_pipeline(SlidingWindow(2, series="index"), StandardScaler(), LogisticRegression())
    around = CostSensitiveClassifier(pipe, COSTS, method=method).fit(frame, y)
    assert around.feature_names_in_.tolist() == list("uvw")
    assert around.n_features_in_ == 3
    wise = CostSensitiveClassifier(LogisticRegression(), COSTS, method=method)
    inside = make_pipeline(SlidingWindow(2, series="index"), StandardScaler(), wise).fit(frame, y)
    np.testing.assert_array_equal(around.predict(frame), inside.predict(frame))


def test_a_frozen_classifier_stays_as_it_is():
    fitted = LogisticRegression().fit(X[:100], Y[:100])
    before = fitted.coef_.copy()
    model = CostSensitiveClassifier(FrozenEstimator(fitted), COSTS).fit(X[100:], Y[100:])
    np.testing.assert_array_equal(fitted.coef_, before)
    np.testing.assert_array_equal(model.predict_proba(X), fitted.predict_proba(X))


@each_method
def test_labels_may_be_text(method):
    named = CostSensitiveClassifier(LogisticRegression(), COSTS, method=method).fit(
        X, np.array(["a", "b"])[Y]
    )
    numbered = CostSensitiveClassifier(LogisticRegression(), COSTS, method=method).fit(X, Y)
    np.testing.assert_array_equal(named.predict(X) == "b", numbered.predict(X) == 1)


def test_what_fit_is_given_besides_goes_to_the_classifier():
    weight = np.where(Y, 5.0, 1.0)
    model = CostSensitiveClassifier(LogisticRegression()).fit(X, Y, sample_weight=weight)
    plain = LogisticRegression().fit(X, Y, sample_weight=weight)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


@each_method
def test_clones_and_copies_from_a_pickle(method):
    model = CostSensitiveClassifier(LogisticRegression(), COSTS, method=method).fit(X, Y)
    copied, anew = pickle.loads(pickle.dumps(model)), clone(model).fit(X, Y)
    for other in (copied, anew):
        np.testing.assert_array_equal(other.decision_function(X), model.decision_function(X))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)


# Errors


@pytest.mark.parametrize(
    "costs, message",
    [
        (np.ones((3, 3)), r"shape \(3, 3\); y holds 2 classes, \[0, 1\]: give one row \(the true class\)"),
        ([[0, 1]], r"shape \(1, 2\); y holds 2 classes"),
        ([1, 2], "Expected 2D array, got 1D array"),
        ([[0, np.nan], [1, 0]], "cost_matrix contains NaN"),
        ([[0, -1], [1, 0]], "in each row, no mistake may cost less than the correct class"),
        ([[2, 1], [1, 0]], "in each row, no mistake may cost less than the correct class"),
        ([[0, 1], [0, 0]], "and one mistake must cost more"),
        ([[0, 1], [3, 3]], "and one mistake must cost more"),
    ],
)
def test_costs_that_will_not_do_are_refused(costs, message):
    model = CostSensitiveClassifier(LogisticRegression(), COSTS).fit(X, Y)
    before = vars(model).copy()
    with pytest.raises(ValueError, match=message):
        model.set_params(cost_matrix=costs).fit(X, Y)
    assert {**vars(model), "cost_matrix": COSTS} == before


def test_a_classifier_without_probabilities_and_a_method_that_is_none_are_refused():
    with pytest.raises(ValueError, match=r"'estimator' parameter .*'predict_proba'"):
        CostSensitiveClassifier(StandardScaler(), COSTS).fit(X, Y)
    with pytest.raises(ValueError, match="'method' parameter"):
        CostSensitiveClassifier(LogisticRegression(), COSTS, method="luck").fit(X, Y)


def test_it_is_a_classifier_also_around_what_is_none():
    assert get_tags(CostSensitiveClassifier(StandardScaler())).estimator_type == "classifier"
