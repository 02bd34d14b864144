import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.thresholds import MeanStd, MedianMAD

NORMAL, WITH_ANOMALY, Y = [1.0, 2.0, 6.0], [1.0, 2.0, 6.0, 100.0], [0, 0, 0, 1]


def test_mean_and_standard_deviation_of_the_normal_scores():
    assert MeanStd(2).fit(NORMAL).threshold_ == pytest.approx(3 + 2 * np.sqrt(14 / 3))
    assert MeanStd(2).fit(WITH_ANOMALY, Y).threshold_ == MeanStd(2).fit(NORMAL).threshold_
    assert MeanStd(-1).fit(NORMAL).threshold_ < 3


@given(st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=15), st.sampled_from([-1, 0, 0.5, 3]))
def test_median_and_deviation_from_it_are_those_of_a_slow_count(scores, k):
    center, scale = naive.robust_moments(scores)
    assert MedianMAD(k).fit(scores).threshold_ == pytest.approx(center + k * scale)


def test_median_and_deviation_of_the_normal_scores():
    assert MedianMAD(2).fit(NORMAL).threshold_ == pytest.approx(2 + 2 * 1.4826)
    assert MedianMAD(2).fit(WITH_ANOMALY, Y).threshold_ == MedianMAD(2).fit(NORMAL).threshold_


def test_where_most_scores_are_equal_the_mean_deviation_stands_in():
    assert MedianMAD(1).fit([0.0] * 8 + [1.0, 3.0]).threshold_ == pytest.approx(1.2533 * 0.4)


def test_unlabelled_anomalies_move_the_mean_and_hardly_the_median():
    scores = np.random.RandomState(0).standard_normal(200)
    spoilt = np.append(scores, [50.0] * 10)
    assert MeanStd().fit(spoilt).threshold_ > 30
    assert MedianMAD().fit(spoilt).threshold_ == pytest.approx(MedianMAD().fit(scores).threshold_, abs=0.5)


@pytest.mark.parametrize("rule", [MeanStd(3), MedianMAD(3)])
def test_equal_scores_give_that_score(rule):
    assert rule.fit([2.0] * 5).threshold_ == 2


@pytest.mark.parametrize("rule", [MeanStd, MedianMAD])
@pytest.mark.parametrize("k", [np.nan, np.inf, "3", None])
def test_k_is_a_finite_number(rule, k):
    with pytest.raises(ValueError, match=r"'k' .* Got"):
        rule(k).fit(NORMAL)
