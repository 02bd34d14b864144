import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import SCORES

from sktsad.thresholds._cuts import count_above, cut_between


@given(st.lists(SCORES, min_size=1, max_size=12))
def test_the_thresholds_tell_every_two_scores_apart(scores):
    thresholds, level_of_row = cut_between(np.array(scores))
    levels = sorted(set(scores))
    assert (np.diff(thresholds) > 0).all()
    assert thresholds[-1] == levels[-1]
    for number, threshold in enumerate(thresholds):
        above = [score > threshold for score in scores]
        assert above == [score in levels[number:] for score in scores]
        assert above == (level_of_row >= number).tolist()
        assert count_above(level_of_row, len(thresholds))[number] == sum(above)


def test_a_threshold_lies_halfway_between_two_scores_or_at_the_lower_of_neighbouring_floats():
    assert cut_between(np.array([4.0, 1.0, 2.0, 1.0]))[0].tolist() == [0, 1.5, 3, 4]
    lower = np.nextafter(1.0, 0)
    assert cut_between(np.array([lower, 1.0]))[0][1:].tolist() == [lower, 1]
    assert cut_between(np.array([8e307, 1.6e308]))[0][1] == 1.2e308  # their sum is infinite


def test_of_no_rows_none_is_above():
    assert count_above(np.array([], dtype=int), 3).tolist() == [0, 0, 0]
