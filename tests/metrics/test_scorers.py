import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sktsad import SlidingWindow, ZScoreDetector
from sktsad.metrics import (
    SCORERS,
    affiliation_f_score,
    delay_f_score,
    event_f_score,
    point_f_score,
    range_f_score,
    vus_pr,
    vus_roc,
)
from sktsad.model_selection import EventSplit, SeriesSplit

OF_SCORES = {"best_f1": point_f_score, "vus_pr": vus_pr, "vus_roc": vus_roc}
OF_PREDICTIONS = {
    "delay_f1": delay_f_score,
    "event_f1": event_f_score,
    "range_f1": range_f_score,
    "affiliation_f1": affiliation_f_score,
}
EACH = pytest.mark.parametrize("name", sorted(SCORERS))


def some_rows(n_series):
    rng = np.random.default_rng(0)
    n = 600
    y = np.zeros(n_series * n, dtype=int)
    for start in range(50, len(y), 150):
        y[start : start + 12] = 1
    values = 2 * y + rng.normal(size=len(y))
    if n_series == 1:
        return values.reshape(-1, 1), y
    index = pd.MultiIndex.from_product([[f"s{i}" for i in range(n_series)], range(n)])
    return pd.DataFrame({"value": values}, index=index), pd.Series(y, index=index)


def rows_at(X, at):
    return X.iloc[at] if hasattr(X, "iloc") else X[at]


def test_every_scorer_is_of_a_metric():
    assert set(SCORERS) == set(OF_SCORES) | set(OF_PREDICTIONS)


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("n_series", [1, 3])
@pytest.mark.parametrize("cv", [SeriesSplit(2), EventSplit(2)])
def test_in_cross_validation_of_a_pipeline(name, n_series, cv):
    X, y = some_rows(n_series)
    model = make_pipeline(SlidingWindow(5), ZScoreDetector(threshold=3.0))
    scores = cross_val_score(model, X, y, scoring=SCORERS[name], cv=cv, error_score="raise")
    assert len(scores) == 2 and scores.max() > 0
    for score, (train, test) in zip(scores, cv.split(X, y), strict=True):
        fitted = model.fit(rows_at(X, train), rows_at(y, train))
        rows, labels = rows_at(X, test), rows_at(y, test)
        if name in OF_SCORES:
            assert score == OF_SCORES[name](labels, fitted.decision_function(rows))
        else:
            assert score == OF_PREDICTIONS[name](labels, fitted.predict(rows))


@EACH
def test_in_a_grid_search_on_a_panel(name):
    X, y = some_rows(2)
    model = make_pipeline(SlidingWindow(5), ZScoreDetector(threshold=3.0))
    search = GridSearchCV(
        model, {"slidingwindow__length": [1, 5]}, scoring=SCORERS[name], cv=EventSplit(2), error_score="raise"
    ).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 2  # the lengths are told apart
    assert search.score(X, y) == SCORERS[name](search.best_estimator_, X, y)


@pytest.mark.slow
def test_all_at_once():
    X, y = some_rows(2)
    search = GridSearchCV(
        make_pipeline(SlidingWindow(5), ZScoreDetector(threshold=3.0)),
        {"slidingwindow__length": [1, 5]},
        scoring=SCORERS,
        refit="vus_pr",
        cv=SeriesSplit(2),
        error_score="raise",
    ).fit(X, y)
    assert {f"mean_test_{name}" for name in SCORERS} <= set(search.cv_results_)


@pytest.mark.parametrize("name", sorted(OF_SCORES))
def test_scores_are_decisions_or_else_probabilities(name):
    X, y = some_rows(1)
    of_decisions, of_probabilities = LinearSVC().fit(X, y), GaussianNB().fit(X, y)
    expected = OF_SCORES[name](y, of_decisions.decision_function(X))
    assert SCORERS[name](of_decisions, X, y) == pytest.approx(expected)
    expected = OF_SCORES[name](y, of_probabilities.predict_proba(X)[:, 1])
    assert SCORERS[name](of_probabilities, X, y) == pytest.approx(expected)
