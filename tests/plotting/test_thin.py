import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.plotting._drawn_series import read_one
from sktsad.plotting._thin import broken_line, thin


def slow_extremes(times, values, n_spans):
    """Smallest and largest value of each of equal spans of time, by a loop."""
    ends = np.linspace(times[0], times[-1], n_spans + 1)
    extremes = []
    for start, stop, is_last in zip(ends[:-1], ends[1:], np.arange(n_spans) == n_spans - 1, strict=True):
        inside = values[(times >= start) & ((times < stop) | is_last)]
        if len(inside):
            extremes += [inside.min(), inside.max()]
    return extremes


def random_series(seed, n=3000, irregular=True):
    rng = np.random.RandomState(seed)
    times = np.cumsum(rng.randint(1, 9, n)) if irregular else np.arange(n)
    return times, rng.normal(size=n)


@pytest.mark.parametrize("irregular", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_extremes_of_every_span_are_kept(irregular, dtype):
    times, values = random_series(0, irregular=irregular)
    values = values.astype(dtype)
    chosen = thin(times, values, 202)
    assert len(chosen) <= 202
    assert (np.diff(chosen) > 0).all()
    assert {0, len(times) - 1} <= set(chosen)
    kept = set(values[chosen].tolist())
    missed = [value for value in slow_extremes(times, values, 100) if value not in kept]
    # At the border of two spans rounding may put a row on either side.
    assert len(missed) <= (2 if irregular else 0)


@given(st.integers(0, 2**31), st.integers(10, 99), st.integers(0, 999), st.sampled_from([-1, 1]))
def test_a_spike_of_one_row_is_never_lost(seed, max_points, at, sign):
    times, values = random_series(seed, n=1000)
    values[at] = 100 * sign
    for clock in (times, times * 10**9 + 1_700_000_000 * 10**9, times / 7):
        assert at in thin(clock, values, max_points)


def test_short_series_are_kept_as_they_are():
    times, values = random_series(0, n=20)
    assert thin(times, values, 20).tolist() == list(range(20))
    assert thin(times[:0], values[:0], 20).tolist() == []


def slow_line(times, values, max_gap, step):
    """Points with a NaN at each hole, row by row."""
    line, before = [], None
    for row in range(len(times)):
        if np.isnan(values[row]):
            continue
        if before is not None:
            rows = range(before + 1, row + 1)
            is_hole = row > before + 1 or any(times[i] - times[i - 1] > (max_gap + 1e-3) * step for i in rows)
            if is_hole:
                line.append((times[before], np.nan))
        line.append((times[row], values[row]))
        before = row
    return line


@given(st.lists(st.tuples(st.sampled_from([1, 1, 1, 2, 9]), st.sampled_from([1.0, 2.0, np.nan])), min_size=1))
def test_a_line_breaks_at_gaps_and_missing_values(rows):
    times = np.cumsum([hole for hole, _ in rows])
    values = np.array([value for _, value in rows])
    series, _ = read_one(pd.Index(times), 3, "x")
    got_times, got, lone = broken_line(series, values, 1000)
    expected = slow_line(times, values, 3, series.step)
    np.testing.assert_array_equal(np.column_stack([got_times, got]), np.array(expected).reshape(-1, 2))
    padded = [np.nan, *got, np.nan]
    assert lone.tolist() == [
        i
        for i in range(len(got))
        if np.isnan([padded[i], padded[i + 1], padded[i + 2]]).tolist() == [1, 0, 1]
    ]


def test_lines_that_belong_together_share_points_and_holes():
    values = np.column_stack([np.arange(500.0), np.zeros(500)])
    values[100, 0], values[200, 1], values[300, 1] = np.nan, np.nan, 9
    series, _ = read_one(pd.RangeIndex(500), 3, "x")
    times, lines, _ = broken_line(series, values, 1000)
    assert lines.shape == (500, 2)  # two rows out, two breaks in
    assert times[np.isnan(lines).all(axis=1)].tolist() == [99, 199]
    times, lines, _ = broken_line(series, values, 50)
    assert lines[times == 300].tolist() == [[300, 9]]


def test_of_a_long_series_only_holes_that_can_be_seen_break_the_line():
    times = np.delete(np.arange(20_000), np.r_[500:504, 10_000:13_000])
    values = np.zeros(len(times))
    values[4000] = np.nan
    series, _ = read_one(pd.Index(times), 3, "x")
    got_times, got, _ = broken_line(series, values, 200)
    (at,) = np.flatnonzero(np.isnan(got))
    assert got_times[[at - 1, at, at + 1]].tolist() == [9999, 9999, 13_000]  # the pieces reach up to the hole


def test_a_lone_spike_between_wide_holes_is_a_dot():
    times = np.concatenate([np.arange(1000), [2000], np.arange(3000, 4000)])
    values = np.zeros(len(times))
    values[1000] = 5
    series, _ = read_one(pd.Index(times), 3, "x")
    got_times, got, lone = broken_line(series, values, 100)
    assert [(got_times[i], got[i]) for i in lone] == [(2000, 5)]


def test_nothing_known_is_nothing_drawn():
    series, _ = read_one(pd.RangeIndex(3), 3, "x")
    times, values, lone = broken_line(series, np.full(3, np.nan), 10)
    assert len(times) == len(values) == len(lone) == 0
