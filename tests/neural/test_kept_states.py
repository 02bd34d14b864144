"""Which states are kept, and which rows continue from them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sktsad._core import Windows
from sktsad.neural import _kept_states
from sktsad.neural._kept_states import first_states, past_of
from sktsad.neural._row_layout import lay_out


def rows_of(*times):
    """Return series whose rows hold their time."""
    keys = np.repeat(list("abcdef")[: len(times)], [len(some) for some in times])
    stamps = np.concatenate(times)
    index = pd.MultiIndex.from_arrays([keys, stamps])
    return Windows.from_dense(stamps[:, None].astype(float), 1, index, ["x0"])


def keep(windows, history="index"):
    """Keep the time of the last row as the state."""
    rows = lay_out(windows, "auto", 3, "float64")
    past, ends = past_of(windows, rows, history)
    # The step is 1, whatever is the most frequent one of so few rows.
    past = replace(past, steps=np.ones(len(past.keys)))
    return past.with_values(rows.values[ends])


def kept(*times):
    return keep(rows_of(*times))


def states(past, key):
    return past.series(past.numbers()[key]).values[:, 0].tolist()


def starts(past, *times):
    found = first_states(lay_out(rows_of(*times), "auto", 3, "float64", past), 3)
    return None if found is None else found[:, 0].tolist()


def test_the_state_at_the_end_of_every_run_is_kept():
    past = kept([0, 1, 2, 4, 5, 20, 21], [3, 4])
    assert states(past, "a") == [2, 5, 21]
    assert states(past, "b") == [4]


def test_rows_go_on_from_the_run_directly_before_them():
    past = kept([0, 1, 2, 10, 11, 12])
    assert starts(past, [3, 4, 5]) == [2]
    assert starts(past, [5, 6]) == [2]  # within max_gap
    assert starts(past, [13]) == [12]
    assert starts(past, [3, 4, 13, 14]) == [2, 12]
    np.testing.assert_array_equal(starts(past, [3], [3]), [2, np.nan])  # a series that is not known


@pytest.mark.parametrize("first", [-5, 0, 10])
def test_rows_that_start_where_runs_start_or_before_them_all_start_from_rest_silently(first):
    assert starts(kept([0, 1, 2, 10, 11, 12]), [first, first + 1]) is None


@pytest.mark.parametrize("first", [1, 2, 6, 11, 16])
def test_rows_whose_past_is_lost_start_from_rest_with_a_warning(first):
    with pytest.warns(UserWarning, match="1 of 1 series do not directly follow"):
        assert starts(kept([0, 1, 2, 10, 11, 12]), [first]) is None


def test_only_the_first_rows_of_a_series_are_warned_of():
    assert starts(kept([0, 1, 2]), [3, 4, 30, 31])[0] == 2


def test_of_very_many_runs_those_before_the_longest_holes_are_kept(monkeypatch):
    monkeypatch.setattr(_kept_states, "MOST_STATES", 3)
    past = kept([0, 2, 4, 7, 9, 12, 14])
    assert states(past, "a") == [4, 9, 14]
    assert starts(past, [5, 6]) == [4]
    with pytest.warns(UserWarning, match="do not directly follow"):
        assert starts(past, [1]) is None


def test_the_state_after_a_short_hole_of_many_is_lost(monkeypatch):
    monkeypatch.setattr(_kept_states, "MOST_STATES", 2)
    past = kept([0, 2, 4, 9, 11, 14, 16])
    assert states(past, "a") == [4, 16]
    with pytest.warns(UserWarning, match="do not directly follow"):
        assert starts(past, [13]) is None


def test_without_time_or_history_nothing_is_kept():
    without_time = keep(Windows.from_dense(np.zeros((4, 1)), 1))
    assert without_time.values.shape == (0, 1)
    rows = Windows.from_dense(np.zeros((4, 1)), 1)
    assert first_states(lay_out(rows, "auto", 3, "float64", without_time), 3) is None
    past = keep(rows_of([0, 1, 5]), history="none")
    assert past.steps.tolist() == [1]
    assert states(past, "a") == []
    assert starts(past, [9]) is None  # silently


def test_series_that_go_on_take_the_place_of_those_before():
    past = kept([0, 1], [0, 1, 2]).then(kept([2, 3]))
    assert states(past, "a") == [3]
    assert states(past, "b") == [2]
