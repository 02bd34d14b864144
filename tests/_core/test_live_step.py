"""The base of steps that work row by row."""

import numpy as np
import pandas as pd
import pytest

from sktsad._core import GappedStep, LiveRows, LiveStep, Past, PastStep, read_series


def past_of(times, values=None):
    """Return what fit keeps of a series "a": all rows of each run."""
    index = pd.MultiIndex.from_product([["a"], times])
    X = pd.DataFrame({"x": np.arange(float(len(index))) if values is None else values}, index)
    return Past.of(X, read_series(X), X.to_numpy(), lambda stops, _: 0 * stops, max_gap=3)


def test_a_step_says_itself_what_it_does():
    with pytest.raises(NotImplementedError):
        LiveStep().step(LiveRows(np.zeros(1, int), None, np.full(1, np.nan)), np.zeros((1, 1)))


@pytest.mark.parametrize("n_series", [1, 3])
def test_without_time_only_the_first_row_of_a_series_is_new(n_series):
    X = np.zeros((3, 1))
    step = GappedStep(Past.of(X, read_series(X), X, lambda stops, _: stops, 3), 3)
    step.grow(3)
    rows = LiveRows(np.arange(n_series), None, np.full(n_series, np.nan))
    assert step.is_new(rows).all()
    assert not step.is_new(rows).any()


def test_some_rows_are_a_part_of_all():
    rows = LiveRows(np.array([4, 5, 6]), np.array([1.0, 2.0, 3.0]), np.array([7.0, 8.0, 9.0]), "numbers")
    some = rows.some(np.array([False, True, True]))
    assert [each.tolist() for each in (some.slots, some.times, some.steps)] == [[5, 6], [2, 3], [8, 9]]
    assert some.kind == "numbers"
    assert LiveRows(rows.slots, None, rows.steps).some(np.array([0])).times is None


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("known", [2.0, None])
def test_a_row_is_new_after_a_gap_by_the_step_of_its_series(at_once, known):
    """A step of fit goes before that of the rows so far; where there is neither, nothing is a gap."""
    step = GappedStep(past_of([0, 2, 4]), 3)
    step.grow(2)
    if known is None:
        step.forget()
    step.begin(0, "a", 10.0)
    step.begin(1, "b", 10.0)
    so_far = {"a": [np.nan, np.nan, 1, 1, 1, 1], "b": [np.nan, np.nan, np.nan, 3, 3, 3]}
    times = {"a": [10, 12, 18, 25, 25.5, 40], "b": [10, 12, 30, 39, 49, 50]}
    new = {
        "a": [True, False, False, True, False, True] if known else [True, False, True, True, False, True],
        "b": [True, False, False, False, True, False],
    }
    found = {"a": [], "b": []}
    for number in range(6):
        values = [(slot, times[key][number], so_far[key][number]) for slot, key in enumerate("ab")]
        for part in [values] if at_once else [values[:1], values[1:]]:
            slots, now, steps = map(np.array, zip(*part, strict=True))
            marks = step.is_new(LiveRows(slots, now, steps)).tolist()
            for slot, mark in zip(slots, marks, strict=True):
                found["ab"[slot]].append(mark)
    assert found == new
    since = {key: 6 - max(number for number in range(6) if new[key][number]) for key in "ab"}
    assert step.n_rows.tolist() == list(since.values())
    assert step.last_time.tolist() == [40, 50]


def test_a_series_without_time_begins_without_its_past():
    step = GappedStep(past_of([0, 2, 4]), 3)
    step.grow(1)
    step.begin(0, "a", None)
    assert np.isnan(step.time_step[0])


class Taken(PastStep):
    def take_kept(self, slot, times, values, n_rows):
        self.taken = times.tolist(), values[:, 0].tolist(), n_rows


@pytest.mark.parametrize(
    ("time", "n_kept", "n_rows"),
    [
        (31, 7, 1),
        (30, 6, 2),
        (14, 6, 2),
        (12.5, 5, 1),
        (12, 4, 4),
        (4.5, 4, 4),
        (2, 2, 2),
        (0.5, 1, 1),
        (0, 0, 0),
    ],
)
def test_a_series_goes_on_from_the_rows_before_it_since_the_last_gap(time, n_kept, n_rows):
    times = [0, 1, 2, 3, 12, 13, 30]
    step = Taken(past_of(times), 3)
    step.grow(2)
    step.begin(1, "a", time)
    assert step.n_rows.tolist() == [0, n_rows]
    if n_kept:
        assert step.taken == (times[:n_kept], [float(number) for number in range(n_kept)], n_rows)
        assert step.last_time[1] == times[n_kept - 1]
    else:
        assert not hasattr(step, "taken")


@pytest.mark.parametrize(("last", "kind"), [(2**53 + 2, "i"), (2**53, "f"), (200, "f"), (2**60, "i")])
def test_times_that_floats_cannot_hold_are_integers(last, kind):
    assert GappedStep(past_of([0, 1, last]), 3).last_time.dtype.kind == kind
    with_zero = Past.of(
        np.zeros((3, 1)), read_series(np.zeros((3, 1))), np.zeros((3, 1)), lambda stops, _: stops, 3
    )
    assert GappedStep(with_zero, 3).last_time.dtype.kind == "f"
