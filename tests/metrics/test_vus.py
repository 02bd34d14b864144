import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, make_scorer, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sktsad import SlidingWindow, ZScoreDetector
from sktsad.metrics import vus_pr, vus_roc
from sktsad.model_selection import EventSplit

BOTH = pytest.mark.parametrize("metric", [vus_pr, vus_roc])

#: Many ties, or few.
SCORES = st.one_of(st.integers(0, 3).map(float), st.floats(-1e300, 1e300))


@st.composite
def labelled_series(draw, max_rows):
    """Labels of runs, so that there are ranges, with scores."""
    runs = draw(st.lists(st.tuples(st.booleans(), st.integers(1, 6)), min_size=1, max_size=8))
    y = [int(label) for label, length in runs for _ in range(length)][:max_rows]
    return y, draw(st.lists(SCORES, min_size=len(y), max_size=len(y)))


@st.composite
def panels(draw):
    """Labels and scores of one to three series, with the key of each row; both classes are there."""
    parts = draw(st.lists(labelled_series(max_rows=20), min_size=1, max_size=3))
    y = [label for labels, _ in parts for label in labels]
    scores = [score for _, part in parts for score in part]
    series = [key for key, (labels, _) in enumerate(parts) for _ in labels]
    if len(set(y)) == 1:
        y, scores, series = [*y, 1 - y[0]], [*scores, draw(SCORES)], [*series, len(parts)]
    return y, scores, series


def some_rows(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    y = np.zeros(n, dtype=int)
    for start in (0, n // 3, n - 60):
        y[start : start + 60] = 1
    return y, y + rng.normal(size=n)


# The definition


@given(panels(), st.integers(0, 12), st.integers(2, 15))
@example(([0, 1, 0, 1, 0], [2.0, 3.0, 1.0, 3.0, 2.0], ["a"] * 5), 10, 5)  # rows near two ranges on one side
def test_as_the_definition_says(panel, max_buffer, n_thresholds):
    y, scores, series = panel
    arguments = {"max_buffer": max_buffer, "n_thresholds": n_thresholds}
    index = pd.MultiIndex.from_arrays([series, range(len(y))])
    labels = pd.Series(y, index=index)
    pr, roc = naive.vus(y, scores, max_buffer, n_thresholds, series)
    assert vus_pr(labels, scores, **arguments) == pytest.approx(pr, abs=1e-12)
    assert vus_roc(labels, scores, **arguments) == pytest.approx(roc, abs=1e-12)
    pr, roc = naive.vus(y, scores, max_buffer, n_thresholds)
    assert vus_pr(y, scores, **arguments) == pytest.approx(pr, abs=1e-12)
    assert vus_roc(y, scores, **arguments) == pytest.approx(roc, abs=1e-12)


def test_worked_by_hand():
    # Thresholds 4, 3, 2, 1 find row 2, then row 1, then row 0, then row 3.
    y, scores = [0, 1, 0, 0], [2, 3, 4, 1]
    # Windows 0 and 1, no buffer: recall 0, 1, 1, 1 and precision 0, 1/2, 1/3, 1/4; false alarms 1/3, 1/3, 2/3, 1.
    pr, roc = 1 / 2, 2 / 3
    assert vus_pr(y, scores, max_buffer=1) == pytest.approx(pr)
    assert vus_roc(y, scores, max_buffer=1) == pytest.approx(roc)
    # Window 2, soft labels s, 1, s, 0. The first alarm is in a buffer: TP = s, P = 1 + s/2. The second: TP = 1 + s > P.
    s = np.sqrt(1 / 2)
    recall = s / (1 + s / 2)
    pr_2 = recall * s + (1 - recall) * (1 + s) / 2
    x1, x2 = (1 - s) / (3 - s / 2), (2 - (1 + s)) / (3 - s / 2)
    roc_2 = x1 * recall / 2 + (x2 - x1) * (recall + 1) / 2 + (1 - x2)
    assert vus_pr(y, scores, max_buffer=2) == pytest.approx((2 * pr + pr_2) / 3)
    assert vus_roc(y, scores, max_buffer=2) == pytest.approx((2 * roc + roc_2) / 3)


def test_a_range_that_nothing_finds_costs_recall():
    y = np.array([1, 0, 0, 1])
    # Row 0 first, then all: recall 1/2 times the reward for existence, 1/4; then the rest at precision 1/2.
    assert vus_pr(y, [2, 1, 1, 1], max_buffer=0, n_thresholds=4) == pytest.approx(1 / 4 + 3 / 4 / 2)
    assert average_precision_score(y, [2, 1, 1, 1]) == pytest.approx(1 / 2 + 1 / 2 / 2)


def test_without_buffers_one_range_is_scikit_learns_area():
    y, scores = some_rows()
    y[:1500] = y[2000:] = 0
    y[1500:1600] = 1
    arguments = {"max_buffer": 0, "n_thresholds": len(y)}
    assert vus_pr(y, scores, **arguments) == pytest.approx(average_precision_score(y, scores))
    assert vus_roc(y, scores, **arguments) == pytest.approx(roc_auc_score(y, scores))


@BOTH
def test_a_perfect_score_is_one_and_the_worst_is_below_random(metric):
    y, _ = some_rows()
    random = metric(y, np.random.default_rng(0).random(len(y)))
    assert metric(y, y) == 1
    assert metric(y, -y) < random


def test_a_random_score_gets_about_the_share_of_anomalous_rows():
    y, _ = some_rows(20_000)
    random = [np.random.default_rng(seed).random(len(y)) for seed in range(5)]
    assert y.mean() < np.mean([vus_pr(y, scores) for scores in random]) < 2.5 * y.mean()
    assert 0.4 < np.mean([vus_roc(y, scores, max_buffer=0) for scores in random]) < 0.6


@BOTH
def test_near_misses_count_for_less_the_farther_they_are(metric):
    y = np.zeros(400, dtype=int)
    y[200:220] = 1
    late = [metric(y, np.roll(y, lag), max_buffer=60) for lag in (0, 5, 15, 40, 100)]
    early = [metric(y, np.roll(y, -lag), max_buffer=60) for lag in (0, 5, 15, 40, 100)]
    assert late == sorted(late, reverse=True) and len(set(late)) == 5
    assert early == pytest.approx(late)


@given(panels(), st.sampled_from([np.tanh, lambda s: 2 * s - 7, lambda s: s**3]))
def test_only_the_order_of_the_scores_counts(panel, transform):
    y, scores, _ = panel
    rank = np.unique(scores, return_inverse=True)[1] / len(scores)
    for metric in (vus_pr, vus_roc):
        assert metric(y, transform(rank), max_buffer=5) == metric(y, scores, max_buffer=5)


# Series and labels


@BOTH
def test_series_are_apart_wherever_the_index_is_and_however_they_lie(metric):
    y, scores = some_rows(300)
    index = pd.MultiIndex.from_arrays([np.repeat(["b", "a", "c"], 100), np.tile(np.arange(100), 3)])
    labels, ranking = pd.Series(y, index=index), pd.Series(scores, index=index)
    expected = metric(labels, scores)
    assert expected != pytest.approx(metric(y, scores))
    assert metric(y, ranking) == metric(labels, ranking) == metric(labels.to_frame(), ranking) == expected
    turned = np.argsort(np.tile(np.arange(100), 3), kind="stable")  # rows of the series interleave
    assert metric(labels.iloc[turned], scores[turned]) == pytest.approx(expected)


@BOTH
def test_labels_of_any_kind(metric):
    y, scores = some_rows(300)
    expected = metric(y, scores)
    assert metric(y.astype(bool), scores) == metric(y * 2 - 1, scores.tolist()) == expected
    assert metric(np.where(y, "bad", "good"), scores, pos_label="bad") == expected
    assert metric(1 - y, scores, pos_label=0) == expected


def test_as_a_scorer_of_a_pipeline():
    y, values = some_rows()
    index = pd.MultiIndex.from_arrays([np.repeat(["a", "b"], 1500), np.tile(np.arange(1500), 2)])
    X, y = pd.DataFrame({"value": values}, index=index), pd.Series(y, index=index)
    model = make_pipeline(SlidingWindow(5), ZScoreDetector())
    scoring = make_scorer(vus_pr, response_method="decision_function", max_buffer=20)
    scores = cross_val_score(model, X, y, scoring=scoring, cv=EventSplit(2), error_score="raise")
    for score, (train, test) in zip(scores, EventSplit(2).split(X, y), strict=True):
        fitted = model.fit(X.iloc[train], y.iloc[train])
        decision = fitted.decision_function(X.iloc[test])
        assert score == vus_pr(y.iloc[test], decision, max_buffer=20)


# Bad input


@BOTH
@pytest.mark.parametrize(
    ("y", "scores", "message"),
    [
        ([0, 0, 0], [1, 2, 3], r"y_true has no anomalous row among its 3 .*EventSplit"),
        ([1, 1, 1], [1, 2, 3], r"y_true has no normal row"),
        (["a", "b", "a"], [1, 2, 3], r"y_true must contain two labels, one of them pos_label=1"),
        ([0, 1, 2], [1, 2, 3], r"y_true must contain two labels, .* got \[0, 1, 2\]"),
        ([0, 1, np.nan], [1, 2, 3], r"y_true contains NaN"),
        ([0, 1, 0], [1, 2, np.nan], r"y_score contains NaN"),
        ([0, 1, 0], [1, 2, np.inf], r"y_score contains infinity"),
        ([0, 1, 0], [1, 2], r"inconsistent numbers of samples"),
        ([0, 1, 0], np.ones((3, 2)), r"1d array"),
        ([], [], r"0 sample"),
        (pd.Series([0, 1, 0], index=[2, 1, 3]), [1, 2, 3], r"out of order"),
    ],
)
def test_bad_input_is_refused(metric, y, scores, message):
    with pytest.raises(ValueError, match=message):
        metric(y, scores)


@BOTH
def test_scores_in_another_order_than_the_labels_are_refused(metric):
    index = pd.MultiIndex.from_arrays([["a", "a", "b"], [0, 1, 0]])
    y = pd.Series([0, 1, 0], index=index)
    with pytest.raises(ValueError, match=r"matched by position.*y_score.loc"):
        metric(y, pd.Series([1, 2, 3], index=index[::-1]))


@BOTH
@pytest.mark.parametrize("bad", [{"max_buffer": -1}, {"n_thresholds": 1}, {"pos_label": None}])
def test_bad_parameters_are_refused(metric, bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of {metric.__name__}"):
        metric([0, 1], [0, 1], **bad)
