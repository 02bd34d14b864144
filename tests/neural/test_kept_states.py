"""Which states are kept, and which rows go on from them."""

import numpy as np
import pandas as pd
import pytest

from sktsad._core import Windows
from sktsad.neural import _kept_states
from sktsad.neural._kept_states import first_states, keep_states, run_ends
from sktsad.neural._row_layout import lay_out


def layout(*times, max_gap=3):
    """Lay out series whose rows hold their time."""
    keys = np.repeat(list("abcdef")[: len(times)], [len(some) for some in times])
    stamps = np.concatenate(times)
    index = pd.MultiIndex.from_arrays([keys, stamps])
    windows = Windows.from_dense(stamps[:, None].astype(float), 1, index, ["x0"])
    return lay_out(windows, "auto", max_gap, "float64", {"a": 1.0, "b": 1.0})


def kept(*times):
    """Keep the time of the last row as the state."""
    rows = layout(*times)
    ends = run_ends(rows, "index")
    return keep_states(rows, ends, rows.values[ends])


def starts(past, *times):
    found = first_states(layout(*times), past, 3, stacklevel=1)
    return None if found is None else found[:, 0].tolist()


def test_the_state_at_the_end_of_every_run_is_kept():
    past = kept([0, 1, 2, 4, 5, 20, 21], [3, 4])
    assert past["a"].states[:, 0].tolist() == [2, 5, 21]
    assert past["b"].states[:, 0].tolist() == [4]


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
    monkeypatch.setattr(_kept_states, "MAX_STATES", 3)
    past = kept([0, 2, 4, 7, 9, 12, 14])
    assert past["a"].states[:, 0].tolist() == [4, 9, 14]
    assert starts(past, [5, 6]) == [4]
    with pytest.warns(UserWarning, match="do not directly follow"):
        assert starts(past, [1]) is None


def test_without_time_or_history_nothing_is_kept():
    rows = lay_out(Windows.from_dense(np.zeros((4, 1)), 1), "auto", 3, "float64")
    ends = run_ends(rows, "index")
    assert len(ends) == 0
    assert keep_states(rows, ends, np.zeros(0)) == {}
    assert first_states(rows, kept([0, 1]), 3, stacklevel=1) is None
    rows = layout([0, 1, 5])
    ends = run_ends(rows, "none")
    past = keep_states(rows, ends, np.zeros(0))
    assert past["a"].step == 1
    assert len(past["a"].states) == 0


def test_of_very_many_runs_the_states_before_the_longest_holes_are_kept(monkeypatch):
    monkeypatch.setattr(_kept_states, "MAX_STATES", 2)
    past = kept([0, 1, 2, 10, 11, 12, 30, 31, 32])  # three runs
    assert past["a"].states[:, 0].tolist() == [12, 32]  # before the longest hole, and at the end
    assert starts(past, [13]) == [12]
    with pytest.warns(UserWarning, match="1 of 1 series do not directly follow"):
        assert starts(past, [3]) is None  # the state at 2 is not kept
