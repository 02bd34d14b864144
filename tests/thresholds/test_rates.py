import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from strategies import SCORES

from sktsad.thresholds import Quantile, TargetFalsePositiveRate

# Quantile


@given(
    st.lists(SCORES, min_size=1, max_size=40),
    st.sampled_from([1e-12, 0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99]),
)
@pytest.mark.filterwarnings("ignore:q=")
def test_the_quantile_is_the_smallest_score_that_keeps_the_promise(scores, q):
    assert Quantile(q).fit(scores).threshold_ == naive.quantile(scores, q)


@pytest.mark.parametrize(("n", "q"), [(12, 0.8), (50, 0.7), (70, 0.95), (199, 0.99)])
def test_new_normal_scores_exceed_the_quantile_no_more_often_than_promised(n, q):
    n_trials = 1000
    # One distribution stands for all: the quantile is the same rank of any scores (the property test above).
    scores = np.random.RandomState(0).standard_cauchy((n_trials, 2 * n))
    thresholds = np.array([Quantile(q).fit(row[:n]).threshold_ for row in scores])
    false_alarms = (scores[:, n:] > thresholds[:, None]).mean(axis=1)
    error = 3 * false_alarms.std() / np.sqrt(n_trials)
    assert false_alarms.mean() <= 1 - q + error
    assert false_alarms.mean() >= 1 - q - 1 / (n + 1) - error
    # In single draws more may exceed it: the promise is one of the mean over draws.
    assert (false_alarms > 1 - q).any()


@pytest.mark.slow
def test_with_confidence_the_promise_holds_for_most_draws_and_not_only_on_average():
    scores = np.random.RandomState(0).standard_normal((1000, 200))
    for confidence in (0.5, 0.9):
        thresholds = [Quantile(0.9, confidence=confidence).fit(row).threshold_ for row in scores]
        is_kept = norm.sf(thresholds) <= 0.1
        assert confidence - 0.03 <= is_kept.mean() <= confidence + 0.08  # ranks are whole


def test_confidence_takes_more_scores():
    assert Quantile(0.95, confidence=0.95).fit(np.arange(59)).threshold_ == 58
    with pytest.warns(UserWarning, match="q=0.95 of 58 scores lies beyond the largest"):
        assert Quantile(0.95, confidence=0.95).fit(np.arange(58)).threshold_ == 57
    with pytest.raises(ValueError, match=r"'confidence' .* Got"):
        Quantile(confidence=1).fit(np.arange(9))


def test_ties_make_fewer_false_alarms_not_more():
    scores = np.random.RandomState(0).poisson(1, size=(1000, 100))
    thresholds = np.array([Quantile(0.9).fit(row[:50]).threshold_ for row in scores])
    assert (scores[:, 50:] > thresholds[:, None]).mean() < 0.09


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


# TargetFalsePositiveRate


@given(st.lists(SCORES, min_size=1, max_size=30), st.sampled_from([0, 0.01, 0.1, 0.29, 0.3, 0.5, 0.7, 0.99]))
def test_as_many_rows_are_above_as_the_rate_allows_and_no_more(scores, rate):
    rule = TargetFalsePositiveRate(rate).fit(scores)
    n_above = sum(score > rule.threshold_ for score in scores)
    assert n_above == naive.most_alarms(scores, rate)
    for threshold, alarm_rate in zip(rule.thresholds_, rule.alarm_rate_, strict=True):
        assert alarm_rate == sum(score > threshold for score in scores) / len(scores)


def test_the_threshold_of_a_rate_lies_halfway_between_two_normal_scores():
    scores = [1.0, 2.0, 4.0, 4.0, 8.0]
    assert TargetFalsePositiveRate(0.2).fit(scores).threshold_ == 6
    assert TargetFalsePositiveRate(0.59).fit(scores).threshold_ == 6  # a tie is not split
    assert TargetFalsePositiveRate(0.6).fit(scores).threshold_ == 3
    assert TargetFalsePositiveRate(0).fit(scores).threshold_ == 8
    assert TargetFalsePositiveRate(0.2).fit([*scores, 7.0], [0, 0, 0, 0, 0, 1]).threshold_ == 6


def test_rounding_of_the_rate_costs_no_alarm():
    assert 0.29 * 100 < 29
    assert TargetFalsePositiveRate(0.29).fit(np.arange(100)).threshold_ == 70.5


@given(st.lists(SCORES, min_size=10, max_size=30, unique=True), st.sampled_from([0.1, 0.3, 0.5]))
def test_the_quantile_with_its_promise_lets_through_one_row_fewer_at_most(scores, rate):
    by_rate, by_quantile = TargetFalsePositiveRate(rate).fit(scores), Quantile(1 - rate).fit(scores)
    n_fewer = (np.array(scores) > by_rate.threshold_).sum() - (
        np.array(scores) > by_quantile.threshold_
    ).sum()
    assert n_fewer in (0, 1)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, np.nan, "1"])
def test_a_rate_is_a_share_below_1(rate):
    with pytest.raises(ValueError, match=r"'rate' .* Got"):
        TargetFalsePositiveRate(rate).fit(np.arange(10))


def test_shares_are_rounded_to_nine_digits():
    scores = np.arange(10.0)
    assert TargetFalsePositiveRate(0.3 - 1e-11).fit(scores).threshold_ == 6.5
    assert Quantile(0.5 + 3e-11).fit(np.arange(1.0, 10)).threshold_ == 5
