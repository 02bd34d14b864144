import naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sktsad._core import AlarmRule
from sktsad.thresholds._alarm_counts import count_alarms, most_alarms

DURATIONS = st.integers(0, 6)
#: How far each row is from the one before, and its level.
ROWS = st.lists(
    st.tuples(st.sampled_from([1, 1, 1, 2, 4, 9, 10**9]), st.integers(0, 9)), min_size=1, max_size=50
)


def read(rows):
    steps, levels = zip(*rows, strict=True)
    return np.cumsum(steps), np.unique(levels, return_inverse=True)[1]


def slow(place, levels, merge_gap, min_rows, cool_down):
    return [
        len(naive.alarms(levels >= level, place, merge_gap, min_rows, cool_down))
        for level in range(levels.max() + 2)
    ]


@given(ROWS, DURATIONS, st.integers(1, 3), DURATIONS)
@example([(1, 0), (1, 0), (5, 0), (1, 0)], 0, 2, 5)  # the cool-down ends within a run
def test_alarms_above_every_level_are_those_of_a_walk(rows, merge_gap, min_rows, cool_down):
    place, levels = read(rows)
    counts = count_alarms(levels, place, AlarmRule(merge_gap, min_rows, cool_down), most=10**6)
    assert counts.tolist() == slow(place, levels, merge_gap, min_rows, cool_down)


RULE = st.tuples(DURATIONS, st.integers(1, 3), DURATIONS)


@given(ROWS, ROWS, RULE, RULE)
def test_each_series_has_a_rule_of_its_own(first, second, one, other):
    rules = one, other
    place, levels = read([*first, (10**10, 0), *second])
    sizes = len(first), len(second) + 1
    rule = AlarmRule(*(np.repeat(both, sizes) for both in zip(*rules, strict=True)))
    cut = len(first)
    apart = [
        [len(naive.alarms(levels[part] >= level, place[part], *own)) for level in range(levels.max() + 2)]
        for part, own in zip((slice(cut), slice(cut, None)), rules, strict=True)
    ]
    assert count_alarms(levels, place, rule, most=10**6).tolist() == np.sum(apart, axis=0).tolist()


@given(ROWS, DURATIONS, st.integers(1, 3), DURATIONS, st.integers(0, 5))
def test_counting_ends_only_below_a_level_with_too_many(rows, merge_gap, min_rows, cool_down, most):
    place, levels = read(rows)
    counts = count_alarms(levels, place, AlarmRule(merge_gap, min_rows, cool_down), most).tolist()
    expected = slow(place, levels, merge_gap, min_rows, cool_down)
    assert counts == expected[-len(counts) :]
    assert len(counts) == len(expected) or counts[0] > most


@given(ROWS, DURATIONS, DURATIONS)
def test_there_is_room_for_the_alarms_that_there_are(rows, merge_gap, cool_down):
    place, levels = read(rows)
    rule = AlarmRule(merge_gap, 1, cool_down)
    room = most_alarms(np.array([0, len(place)]), place, rule)
    assert room >= max(slow(place, levels, merge_gap, 1, cool_down))


@pytest.mark.parametrize(("merge_gap", "cool_down", "room"), [(0, 0, 5), (1, 0, 3), (0, 2, 3), (3, 9, 1)])
def test_the_room_is_that_of_alarms_as_near_as_can_be(merge_gap, cool_down, room):
    place = np.concatenate([np.arange(9), 10**6 + np.arange(9)])
    rule = AlarmRule(merge_gap, 1, cool_down)
    assert most_alarms(np.array([0, 9, 18]), place, rule) == 2 * room
    packed = np.zeros(9, dtype=bool)
    packed[:: max(merge_gap + 1, cool_down) + 1] = True
    assert len(rule.find(packed, np.arange(9))) == room


def test_durations_may_be_those_of_each_row():
    place = np.array([1, 3, 5, 10**6, 10**6 + 2, 10**6 + 4])
    levels = np.zeros(6, dtype=int)
    gaps = np.array([1, 1, 1, 0, 0, 0])
    assert count_alarms(levels, place, AlarmRule(gaps), 99).tolist() == [1 + 3, 0]
    assert count_alarms(levels, place, AlarmRule(gaps, 1, 2 * gaps), 99).tolist() == [1 + 3, 0]
    assert count_alarms(levels, place, AlarmRule(0, 1, 2 * gaps), 99).tolist() == [2 + 3, 0]
