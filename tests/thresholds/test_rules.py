import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import fbeta_score, precision_score, recall_score

from sktsad.thresholds import BestFBeta, MeanStd, Quantile
from sktsad.thresholds._rules import ThresholdRule

RULES = [MeanStd(), Quantile(0.5), BestFBeta()]

#: Any scores, ties, and neighbours that floats hold nothing between.
SCORES = st.one_of(
    st.floats(-1e300, 1e300),
    st.integers(-3, 3).map(float),
    st.sampled_from([1.0, np.nextafter(1.0, 2), np.nextafter(1.0, 0), 5e-324, 0.0, -5e-324]),
)


@st.composite
def labelled_scores(draw):
    """Scores with labels of both classes."""
    scores = draw(st.lists(SCORES, min_size=2, max_size=12))
    y = draw(st.lists(st.integers(0, 1), min_size=len(scores), max_size=len(scores)))
    y[0], y[-1] = 0, 1
    order = draw(st.permutations(range(len(y))))
    return [scores[i] for i in order], [y[i] for i in order]


# MeanStd


def test_mean_and_standard_deviation_of_the_normal_scores():
    scores, y = np.array([1.0, 2.0, 6.0, 100.0]), np.array([0, 0, 0, 1])
    assert MeanStd(2).fit(scores[:3]).threshold_ == pytest.approx(3 + 2 * np.sqrt(14 / 3))
    assert MeanStd(2).fit(scores, y).threshold_ == MeanStd(2).fit(scores[:3]).threshold_
    assert MeanStd(-1).fit(scores[:3]).threshold_ < 3


def test_equal_scores_give_that_score():
    assert MeanStd(3).fit([2.0] * 5).threshold_ == 2


# Quantile


@settings(deadline=None, max_examples=150)
@given(
    st.lists(SCORES, min_size=1, max_size=40),
    st.sampled_from([1e-12, 0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99]),
)
@pytest.mark.filterwarnings("ignore:q=")
def test_the_quantile_is_the_smallest_score_that_keeps_the_promise(scores, q):
    assert Quantile(q).fit(scores).threshold_ == naive.quantile(scores, q)


@pytest.mark.parametrize(("n", "q"), [(9, 0.8), (19, 0.9), (99, 0.9), (50, 0.7)])
def test_of_new_normal_scores_no_more_than_the_share_wanted_is_above(n, q):
    rng = np.random.RandomState(0)
    n_trials = 20_000
    scores = rng.standard_normal((n_trials, n + 1))
    thresholds = [Quantile(q).fit(row[:-1]).threshold_ for row in scores[:4000]]
    false_alarms = scores[:4000, -1] > thresholds
    error = 3 * np.sqrt(q * (1 - q) / 4000)
    assert false_alarms.mean() <= 1 - q + error
    assert false_alarms.mean() >= 1 - q - 1 / (n + 1) - error


def test_too_few_scores_for_the_quantile_warn_at_the_callers_line(recwarn):
    assert Quantile(0.99).fit(np.arange(99)).threshold_ == 98
    assert not recwarn.list
    with pytest.warns(UserWarning, match="q=0.99 of 98 scores lies beyond the largest") as record:
        assert Quantile(0.99).fit(np.arange(98)).threshold_ == 97
    assert record[0].filename == __file__


@pytest.mark.parametrize("q", [0, 1, -0.1, 1.5, np.nan])
def test_a_quantile_lies_between_0_and_1(q):
    with pytest.raises(ValueError, match=r"'q' .* Got"):
        Quantile(q).fit(np.arange(10))


def test_rounding_of_the_rank_costs_no_score():
    assert Quantile(0.55).fit(np.arange(1, 100)).threshold_ == 55


# MeanStd and Quantile


@pytest.mark.parametrize("rule", [MeanStd(0), Quantile(0.5)])
@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=20))
@pytest.mark.filterwarnings("ignore:q=")
def test_the_share_of_scores_above_each_is_kept(rule, scores):
    rule = clone(rule).fit(scores)
    assert rule.thresholds_.tolist() == sorted(set(scores))
    above = [np.mean([score > threshold for score in scores]) for threshold in rule.thresholds_]
    assert np.allclose(rule.alarm_rate_, above)


@pytest.mark.parametrize("rule", [MeanStd(), Quantile(0.5)])
def test_without_a_normal_row_there_is_nothing_to_learn(rule):
    with pytest.raises(ValueError, match=r"learns from normal rows, and there are none"):
        clone(rule).fit([1.0, 2.0], [1, 1])


# BestFBeta


@settings(deadline=None, max_examples=300)
@given(labelled_scores(), st.sampled_from([0.5, 1, 2]))
def test_no_threshold_has_a_higher_f_beta_and_none_as_high_fewer_alarms(scores_y, beta):
    scores, y = scores_y
    threshold = BestFBeta(beta).fit(scores, y).threshold_
    best, n_alarms = naive.best_f_beta(scores, y, beta)
    assert naive.f_beta(scores, y, threshold, beta) == best
    assert sum(score > threshold for score in scores) == n_alarms


@settings(deadline=None, max_examples=50)
@given(labelled_scores(), st.sampled_from([0.5, 1, 2]))
def test_the_curve_is_that_of_every_cut_between_two_scores(scores_y, beta):
    scores, y = scores_y
    rule = BestFBeta(beta).fit(scores, y)
    assert len(rule.thresholds_) == len(set(scores))
    assert (np.diff(rule.thresholds_) > 0).all()
    for number, threshold in enumerate(rule.thresholds_):
        alarms = np.array(scores) > threshold
        assert alarms.sum() == sum(score >= sorted(set(scores))[number] for score in scores)
        assert rule.precision_[number] == pytest.approx(precision_score(y, alarms))
        assert rule.recall_[number] == pytest.approx(recall_score(y, alarms))
        assert rule.f_beta_[number] == pytest.approx(fbeta_score(y, alarms, beta=beta))


def test_the_threshold_lies_halfway_between_two_scores():
    assert BestFBeta().fit([1.0, 2.0, 4.0], [0, 0, 1]).threshold_ == 3
    lower = np.nextafter(1.0, 0)
    assert BestFBeta().fit([lower, 1.0], [0, 1]).threshold_ == lower


def test_equal_scores_are_all_anomalies():
    rule = BestFBeta().fit([5.0] * 4, [0, 0, 0, 1])
    assert rule.threshold_ < 5
    assert rule.f_beta_.tolist() == [0.4]


@pytest.mark.parametrize("y", [None, [0, 0, 0], [1, 1, 1]], ids=["no labels", "normal", "anomalies"])
def test_without_both_classes_there_is_nothing_to_choose(y):
    n_anomalies = sum(y or [])
    with pytest.raises(
        ValueError, match=rf"BestFBeta\(\) needs .*, got {n_anomalies} anomalous row\(s\) of 3"
    ):
        BestFBeta().fit([1.0, 2.0, 3.0], y)


@pytest.mark.parametrize("beta", [0, -1, np.inf, "1"])
def test_beta_is_a_positive_number(beta):
    with pytest.raises(ValueError, match=r"'beta' .* Got"):
        BestFBeta(beta).fit([1.0, 2.0], [0, 1])


# All rules


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("scores", "y", "message"),
    [
        ([1.0, np.nan], [0, 1], "scores contains NaN"),
        ([1.0, np.inf], [0, 1], "scores contains infinity"),
        ([], [], "0 sample"),
        (["low", "high"], [0, 1], "could not convert string"),
        ([[1.0, 2.0], [3.0, 4.0]], [0, 1], "1d array"),
        ([1.0, 2.0], [0, 1, 1], "inconsistent numbers of samples"),
        ([1.0, 2.0, 3.0], [1, 2, 2], r"y must hold 0 \(normal\) and 1 \(anomaly\), got the labels \[1, 2\]"),
        ([1.0, 2.0], [-1, 1], "y must hold"),
        ([1.0, 2.0], ["0", "1"], "y must hold"),
        ([1.0, 2.0], [0, np.nan], "y must hold"),
    ],
)
def test_bad_scores_and_labels_are_refused_and_leave_the_rule_as_it_was(rule, scores, y, message):
    rule = clone(rule).fit([1.0, 2.0, 3.0], [0, 0, 1])
    before = vars(rule).copy()
    with pytest.raises(ValueError, match=message):
        rule.fit(scores, y)
    assert vars(rule) == before


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("y", [[0, 0, 1], [False, False, True], np.array([[0], [0], [1]], dtype=float)])
def test_labels_may_be_numbers_or_booleans(rule, y):
    assert (
        clone(rule).fit([1.0, 2.0, 9.0], y).threshold_
        == clone(rule).fit([1.0, 2.0, 9.0], [0, 0, 1]).threshold_
    )


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_an_estimator_and_does_not_change_the_scores(rule):
    scores = np.array([3.0, 1.0, 2.0])
    assert clone(rule).fit(scores, [1, 0, 0]).get_params() == rule.get_params()
    assert scores.tolist() == [3, 1, 2]
    assert isinstance(rule, ThresholdRule)


def test_a_rule_of_ones_own_says_how_it_learns():
    with pytest.raises(NotImplementedError):
        ThresholdRule().fit([1.0])
