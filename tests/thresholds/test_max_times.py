import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.thresholds import MaxTimes

SCORES = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=30)


@given(SCORES, st.sampled_from([0.25, 1.0, 1.5, 4.0]), st.sampled_from([0.5, 2.0, 8.0]), st.integers(-99, 99))
def test_it_moves_with_scores_that_are_shifted_and_scaled(scores, k, scale, shift):
    threshold = MaxTimes(k).fit(scores).threshold_
    moved = MaxTimes(k).fit(np.array(scores) * scale + shift).threshold_
    assert moved == pytest.approx(threshold * scale + shift)


@given(SCORES, st.sampled_from([1.0, 1.5, 4.0]))
def test_no_score_seen_is_above_it_and_more_room_is_higher(scores, k):
    threshold = MaxTimes(k).fit(scores).threshold_
    assert threshold >= max(scores)
    assert (threshold == max(scores)) == (k == 1 or max(scores) == np.median(scores))
    assert MaxTimes(2 * k).fit(scores).threshold_ >= threshold


def test_of_errors_around_0_it_is_so_many_times_the_largest():
    assert MaxTimes(3).fit([0.0, 0.0, 0.0, 1.0, 2.0]).threshold_ == 6


def test_a_quantile_in_place_of_the_largest_forgives_wild_scores():
    scores = np.append(np.arange(99.0), 1e9)
    assert MaxTimes(2, q=0.99).fit(scores).threshold_ == 49.5 + 2 * (98 - 49.5)
    assert MaxTimes(2).fit(scores).threshold_ > 1e9


@pytest.mark.parametrize("change", [{"k": 0}, {"k": np.inf}, {"q": 0}, {"q": 1.1}])
def test_parameters_are_checked(change):
    with pytest.raises(ValueError, match=rf"'{next(iter(change))}' .* Got"):
        MaxTimes(**change).fit([1.0])


def test_where_the_quantile_is_the_median_itself_the_largest_counts():
    assert MaxTimes(2, q=0.95).fit([1.0] * 98 + [2.0, 5.0]).threshold_ == 9
    assert MaxTimes(2, q=0.95).fit([1.0] * 9).threshold_ == 1
