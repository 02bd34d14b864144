from datetime import timedelta
from itertools import groupby

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tables

from sktsad._core._runs import (
    DURATION,
    LEAST_DURATION,
    AlarmRule,
    AlarmState,
    count_events,
    find_events,
    places,
)
from sktsad._core._series import read_series

DURATIONS = st.integers(0, 6)
RULES = st.builds(AlarmRule, DURATIONS, st.integers(1, 4), DURATIONS)
#: How far each row is from the one before, in rows, and whether it is above the threshold.
LINES = st.lists(
    st.tuples(st.sampled_from([1, 1, 1, 1, 2, 5, 50]), st.sampled_from([True, True, False])), max_size=60
)


def line(rows):
    """Places and marks of a line of rows."""
    steps, hot = zip(*rows, strict=True) if rows else ((), ())
    return np.cumsum(np.array(steps, dtype=int)), np.array(hot, dtype=bool)


def listed(runs):
    """The rows above the threshold of each alarm."""
    return [runs.rows[start:stop].tolist() for start, stop in zip(runs.starts, runs.stops, strict=True)]


# Runs and events


@pytest.mark.parametrize(
    ("labels", "borders", "events"),
    [
        ("", [], []),
        ("", [0], []),
        ("000", [0, 1], []),
        ("111", [], [(0, 3)]),
        ("111", [0], [(0, 3)]),
        ("111", [0, 2], [(0, 2), (2, 3)]),
        ("1111", [1, 2], [(0, 1), (1, 2), (2, 4)]),
        ("100", [1], [(0, 1)]),
        ("001", [2], [(2, 3)]),
        ("0110100", [3, 5], [(1, 3), (4, 5)]),
    ],
)
def test_an_event_is_a_run_of_rows_up_to_a_border(labels, borders, events):
    positive = np.array(list(labels)) == "1"
    starts, stops = find_events(positive, np.array(borders, dtype=int))
    assert list(zip(starts.tolist(), stops.tolist(), strict=True)) == events
    assert "".join("01"[int(mark)] for mark in positive) == labels


def test_no_border_need_be_named():
    starts, stops = find_events(np.array([True, False, True, True]))
    assert (starts.tolist(), stops.tolist()) == ([0, 2], [1, 4])


@given(tables(), st.randoms(use_true_random=False))
def test_the_events_of_all_series_are_counted_and_none_goes_on_in_the_next(X, random):
    positive = np.array([random.random() < 0.6 for _ in range(len(X))])
    labels = {}
    for (key, _, _), is_positive in zip(naive.rows_of(X), positive, strict=True):
        labels.setdefault(key, []).append(is_positive)
    n_events = sum(run for of_key in labels.values() for run, _ in groupby(of_key))
    assert count_events(X, positive) == n_events


def test_rows_without_an_index_are_one_series_of_events():
    two = pd.DataFrame({"value": np.zeros(8)}, pd.MultiIndex.from_product([["a", "b"], range(4)]))
    assert count_events(np.zeros((8, 1)), np.arange(8) > 2) == 1
    assert count_events(two, np.arange(8) > 2) == 2


# Places


@given(tables(n_columns=1), st.sampled_from([1, 3, 5]))
def test_a_gap_counts_as_the_rows_that_are_missing_and_series_are_far_apart(X, max_gap):
    rows = read_series(X)
    place = places(rows, max_gap, rows.steps())
    of_row = naive.rows_of(X)
    steps = {key: naive.modal_step(times) for key, times in naive.times_by_series(of_row).items()}
    for at in range(1, len(X)):
        (key, time, _), (before, earlier, _) = of_row[rows.order[at]], of_row[rows.order[at - 1]]
        ahead = place[at] - place[at - 1]
        if key != before:
            assert ahead > 10**9
        elif time - earlier > max_gap * steps[key]:
            assert ahead == round((time - earlier) / steps[key])
        else:
            assert ahead == 1


def test_rows_without_time_follow_one_another():
    rows = read_series(np.zeros((4, 1)))
    assert np.diff(places(rows, 3, rows.steps())).tolist() == [1, 1, 1]


def test_no_row_has_no_place():
    rows = read_series(np.zeros((0, 1)))
    assert places(rows, 3, rows.steps()).tolist() == []


def test_a_hole_of_ages_is_no_overflow():
    rows = read_series(pd.Series(0.0, index=[0.0, 1e-3, 2e-3, 1e300]))
    assert np.diff(places(rows, 3, rows.steps()))[:2].tolist() == [1, 1]
    assert np.diff(places(rows, 3, rows.steps()))[2] > 10**9


@pytest.mark.parametrize(
    ("times", "max_gap", "ahead"),
    [
        ([0, 10], 1, 1),  # the step of two rows is what lies between them
        ([0, 1, 2, 3.4], 1, 1),
        ([0, 1, 2, 3.6], 1, 2),
        ([0, 1, 2, 2 + 2**50], 3, 2**39),
    ],
)
def test_holes_are_rounded_to_rows_of_which_there_is_one_at_least(times, max_gap, ahead):
    rows = read_series(pd.Series(0.0, index=np.array(times, dtype=float)))
    place = places(rows, max_gap, rows.steps())
    assert place.dtype.kind == "i"
    assert place[-1] - place[-2] == ahead


def test_two_rows_of_which_the_step_is_known_may_have_a_gap():
    rows = read_series(pd.Series(0.0, index=[0, 10]))
    assert np.diff(places(rows, 3, np.array([2.0]))).tolist() == [5]


# Alarms


@given(LINES, RULES)
def test_alarms_are_those_of_a_walk_along_the_rows(rows, rule):
    place, hot = line(rows)
    expected = naive.alarms(hot, place, rule.merge_gap, rule.min_rows, rule.cool_down)
    found = rule.find(hot, place)
    assert listed(found) == expected
    assert found.first.tolist() == [alarm[0] for alarm in expected]
    assert found.opened.tolist() == [alarm[rule.min_rows - 1] for alarm in expected]
    assert found.last.tolist() == [alarm[-1] for alarm in expected]
    assert len(found) == len(expected)
    members = [(row, number) for number, alarm in enumerate(expected) for row in alarm]
    assert list(zip(*(of.tolist() for of in found.members()), strict=True)) == members


@given(LINES, RULES)
def test_a_state_that_goes_row_by_row_opens_and_closes_the_same_alarms(rows, rule):
    place, hot = line(rows)
    state, opened, first, last = AlarmState(rule, 1), [], [], []
    for row in range(len(place)):
        ended = state.last.copy()
        is_opened, is_closed = state.step(np.array([0]), place[[row]], hot[[row]])
        opened += [row] if is_opened[0] else []
        last += ended[is_closed].tolist()
        if is_opened[0]:
            first += state.first.tolist()
    if state.n_rows[0] >= rule.min_rows:  # still open
        last += state.last.tolist()
    found = rule.find(hot, place)
    assert first == place[found.first].tolist()
    assert opened == found.opened.tolist()
    assert last == place[found.last].tolist()


@pytest.mark.parametrize(
    ("hot", "closed"),
    [
        (
            [True, False, False, False, False],
            [False, False, False, True, False],
        ),  # two quiet rows may be merged
        ([True, False, False, True, False], [False] * 5),
        ([True, True, False, False, False], [False] * 4 + [True]),
    ],
)
def test_an_alarm_is_closed_by_the_first_row_that_cannot_continue_it(hot, closed):
    state = AlarmState(AlarmRule(2, 1, 0), 1)
    found = [
        state.step(np.array([0]), np.array([row]), np.array([is_hot]))[1] for row, is_hot in enumerate(hot)
    ]
    assert np.concatenate(found).tolist() == closed
    late = AlarmState(AlarmRule(2, 1, 0), 1)
    late.step(np.array([0]), np.array([0]), np.array([True]))
    assert late.step(np.array([0]), np.array([4]), np.array([True]))[1].tolist() == [True]


@pytest.mark.parametrize("seed", range(3))
def test_alarms_of_many_lines_are_those_of_a_walk_and_of_a_state(seed):
    """Dense lines, of which property tests draw few."""
    rng = np.random.default_rng(seed)
    for _ in range(150):
        place = np.cumsum(rng.choice([1, 1, 1, 2, 5], size=30)) - 1
        hot = rng.random(30) < 0.6
        rule = AlarmRule(int(rng.integers(0, 4)), int(rng.integers(1, 4)), int(rng.integers(0, 9)))
        expected = naive.alarms(hot, place, rule.merge_gap, rule.min_rows, rule.cool_down)
        assert listed(rule.find(hot, place)) == expected
        state, opened, first = AlarmState(rule, 1), [], []
        for row in range(30):
            is_opened, _ = state.step(np.array([0]), place[[row]], hot[[row]])
            opened += [row] if is_opened[0] else []
            first += state.first.tolist() if is_opened[0] else []
        assert opened == [alarm[rule.min_rows - 1] for alarm in expected]
        assert first == [place[alarm[0]] for alarm in expected]


@given(st.lists(LINES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_series_in_any_order_do_not_touch_one_another(lines, random):
    """Rows of several series come mixed, some of them at a time, each with durations of its own."""
    n_series = len(lines)
    many = AlarmRule(
        np.array([random.randint(0, 4) for _ in lines]),
        np.array([random.randint(1, 3) for _ in lines]),
        np.array([random.randint(0, 6) for _ in lines]),
    )
    placed = [line(rows) for rows in lines]
    todo = {number: 0 for number in range(n_series) if len(lines[number])}
    state, opened = AlarmState(many, n_series), [[] for _ in lines]
    while todo:
        some = sorted(random.sample(sorted(todo), random.randint(1, len(todo))))
        rows = [todo[number] for number in some]
        place = np.array([placed[number][0][row] for number, row in zip(some, rows, strict=True)])
        hot = np.array([placed[number][1][row] for number, row in zip(some, rows, strict=True)])
        is_opened, _ = state.step(np.array(some), place, hot)
        for number, row, yes in zip(some, rows, is_opened, strict=True):
            opened[number] += [row] if yes else []
            todo[number] += 1
            if todo[number] == len(lines[number]):
                del todo[number]
    for number, (place, hot) in enumerate(placed):
        alone = AlarmRule(
            int(many.merge_gap[number]), int(many.min_rows[number]), int(many.cool_down[number])
        )
        assert opened[number] == alone.find(hot, place).opened.tolist()
    # The same in one table.
    sizes = [len(rows) for rows in lines]
    place = np.concatenate([10**6 * number + at for number, (at, _) in enumerate(placed)])
    hot = np.concatenate([marks for _, marks in placed])
    table = AlarmRule(*(np.repeat(each, sizes) for each in (many.merge_gap, many.min_rows, many.cool_down)))
    starts = np.cumsum([0, *sizes[:-1]])
    assert table.find(hot, place).opened.tolist() == [
        row + start for start, rows in zip(starts, opened, strict=True) for row in rows
    ]


@given(LINES, RULES, st.integers(0, 60))
def test_what_comes_later_changes_no_alarm_that_has_opened(rows, rule, n_seen):
    place, hot = line(rows)
    before = rule.find(hot[:n_seen], place[:n_seen]).opened.tolist()
    assert before == [row for row in rule.find(hot, place).opened.tolist() if row < n_seen]


@pytest.mark.parametrize(
    ("rule", "hot", "alarms"),
    [
        (AlarmRule(), "110100", ["11", "1"]),
        (AlarmRule(merge_gap=1), "11010010", ["1101", "1"]),
        (AlarmRule(merge_gap=2), "11010010", ["1101001"]),
        (AlarmRule(min_rows=2), "1011", ["11"]),
        (AlarmRule(1, 2), "1010001", ["101"]),
        (AlarmRule(cool_down=2), "100100", ["1", "1"]),
        (AlarmRule(cool_down=3), "100100", ["1"]),
        (AlarmRule(cool_down=3), "1001111", ["1", "111"]),  # it lasts beyond the cool-down
        (AlarmRule(cool_down=3, min_rows=2), "11001110", ["11", "11"]),
        (AlarmRule(cool_down=3, min_rows=3), "111001100", ["111"]),  # too little is left of it
        (AlarmRule(2, 1, 1), "1001", ["1001"]),  # merging goes before
        (AlarmRule(0, 2, 5), "101101", ["11"]),  # a run too short to be an alarm has no cool-down
    ],
)
def test_worked_by_hand(rule, hot, alarms):
    marks = np.array(list(hot)) == "1"
    found = rule.find(marks, np.arange(len(hot)))
    assert [hot[first : last + 1] for first, last in zip(found.first, found.last, strict=True)] == alarms


# Durations


def test_a_number_of_rows_may_be_0_and_a_least_length_1():
    assert [0 in DURATION[0], -1 in DURATION[0]] == [True, False]
    assert [1 in LEAST_DURATION[0], 0 in LEAST_DURATION[0]] == [True, False]


def read(value, X, **more):
    rows = read_series(X)
    is_date = isinstance(X.index.levels[-1] if X.index.nlevels > 1 else X.index, pd.DatetimeIndex)
    return AlarmRule.read(rows, rows.steps() if is_date else None, merge_gap=value, **more)


MINUTES = pd.Series(0.0, index=pd.date_range("2024-01-01", periods=6, freq="min"))
HOURS = pd.Series(0.0, index=pd.date_range("2024-01-01", periods=4, freq="h"))
NUMBERS = pd.Series(0.0, index=range(6))


@pytest.mark.parametrize(
    ("X", "value", "n_rows"),
    [
        (MINUTES, 7, 7),
        (MINUTES, None, 30),
        (HOURS, None, 0),
        (NUMBERS, None, 0),
        (NUMBERS, 4, 4),
        (MINUTES, "90s", 1),
        (MINUTES, timedelta(hours=1), 60),
        (HOURS, pd.Timedelta("1D"), 24),
        (pd.Series(0.0, index=pd.date_range("2024-01-01", periods=6, freq="s")), None, 1800),
        (MINUTES[:1], None, 0),  # nobody knows how long its row lasts
    ],
)
def test_a_time_becomes_rows_by_the_step(X, value, n_rows):
    assert read(value, X).merge_gap == n_rows
    assert read(0, X, cool_down=0 if value is None else value).cool_down == (0 if value is None else n_rows)


@pytest.mark.parametrize(("value", "n_rows"), [("150s", 3), ("140s", 3), ("30s", 1), ("0s", 1), ("1min", 1)])
def test_an_alarm_lasts_as_long_at_least_and_one_row(value, n_rows):
    assert read(0, MINUTES, min_rows=value).min_rows == n_rows


def test_each_series_has_rows_of_its_own_length():
    rule = read("1h", pd.concat({"m": MINUTES, "h": HOURS}))
    assert rule.merge_gap.tolist() == [60] * 6 + [1] * 4
    assert read("1h", pd.concat({"a": HOURS, "b": HOURS})).merge_gap == 1


@pytest.mark.parametrize(("X", "value"), [(NUMBERS, "1h"), (MINUTES, "-1h"), (MINUTES, pd.NaT)])
def test_a_time_needs_dates_and_is_not_negative(X, value):
    with pytest.raises(ValueError, match=r"merge_gap=.* must be a (number of rows|length of time)"):
        read(value, X)


def test_durations_become_whole_rows_and_none_may_be_nothing():
    rows = read_series(np.zeros((2, 1)))
    rule = AlarmRule.read(rows, np.array([60e9]), "0min", 1, 10**15)
    assert (rule.merge_gap, rule.cool_down) == (0, 2**39)
    assert isinstance(rule.cool_down, int)
    with pytest.raises(ValueError, match="merge_gap='-1min' must be"):
        AlarmRule.read(rows, np.array([60e9]), "-1min")


def test_a_run_too_short_after_the_cool_down_does_not_hide_the_next():
    hot = np.isin(np.arange(9), [0, 1, 4, 5, 7, 8])
    assert listed(AlarmRule(0, 2, 3).find(hot, np.arange(9))) == [[0, 1], [7, 8]]


def test_a_cool_down_and_the_length_after_it_are_those_of_the_own_series():
    hot, place = np.ones(4, dtype=bool), np.array([0, 1000, 1002, 2000])
    cool_down = np.array([0, 5, 5, 5])
    assert listed(AlarmRule(0, 1, cool_down).find(hot, place)) == [[0], [1], [3]]
    place = np.array(
        [0, 1, 1000, 1002]
    )  # two rows make an alarm of the first series, one makes one of the second
    rule = AlarmRule(0, np.array([2, 2, 1, 1]), np.array([1, 1, 1, 1]))
    assert listed(rule.find(hot, place)) == [[0, 1], [2], [3]]


def test_members_are_numbered_without_the_rows_that_are_in_no_alarm():
    hot = np.isin(np.arange(12), [0, 2, 3, 6, 8, 9, 10])
    rows, number = AlarmRule(0, 2).find(hot, np.arange(12)).members()
    assert rows.tolist() == [2, 3, 8, 9, 10]
    assert number.tolist() == [0, 0, 1, 1, 1]
