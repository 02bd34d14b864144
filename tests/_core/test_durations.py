from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from sktsad._core import (
    MAX_GAP,
    check_max_gap,
    gap_in_words,
    in_rows,
    is_gap,
    is_length_of_time,
    nanoseconds,
    read_series,
    require_dates,
    short_name,
    steps_of_gap,
)
from sktsad._core._durations import whole_rows

MINUTE = 60 * 10**9


def test_a_length_of_time_is_text_or_a_timedelta():
    assert is_length_of_time("5min")
    assert is_length_of_time(timedelta(minutes=5))
    assert not is_length_of_time(5)
    assert nanoseconds("gap", "5min") == nanoseconds("gap", timedelta(minutes=5)) == 5 * MINUTE
    assert nanoseconds("gap", pd.Timedelta("5min").as_unit("s")) == 5 * MINUTE


def test_rows_are_the_nearest_number_the_next_or_those_that_fit():
    steps = np.array([1, 2, 7, 60, np.nan]) * MINUTE
    assert in_rows(30 * MINUTE, steps).tolist() == [30, 15, 4, 1, 0]
    assert in_rows(30 * MINUTE, steps, up=True).tolist() == [30, 15, 5, 1, 0]
    assert whole_rows(30 * MINUTE, steps, 20).tolist() == [20, 15, 4, 0, 0]
    jittered = MINUTE * (1 + 1e-9)
    assert (in_rows(30 * MINUTE, jittered, up=True), whole_rows(30 * MINUTE, jittered, 99)) == (30, 30)


@pytest.mark.parametrize("value", ["soon", "-5min", pd.NaT, ""])
def test_what_is_no_length_of_time_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"gap=.* (is not|must be) a length of time.*, such as '30min'"):
        nanoseconds("gap", value)


@pytest.mark.parametrize(
    ("index", "has"),
    [
        (pd.Index(list("abc")), "it has no time"),
        (pd.RangeIndex(3), "it holds numbers"),
        (pd.period_range("2026", periods=3, freq="M"), r"it holds periods \(M\)"),
    ],
)
def test_rows_without_dates_are_refused_with_the_fix(index, has):
    rows = read_series(pd.DataFrame({"x": np.zeros(3)}, index))
    with pytest.raises(
        ValueError, match=f"gap='1D' is a length of time, .* of y; {has}. Set them: y.index = "
    ):
        require_dates("gap", "1D", rows, "y")


def test_time_deltas_are_dates_enough():
    require_dates("gap", "1D", read_series(pd.DataFrame({"x": [0.0]}, pd.to_timedelta(["1h"]))))


def test_names_are_short():
    assert [short_name(value) for value in (15, "15min", timedelta(minutes=90))] == ["15", "15min", "90min"]


@pytest.mark.parametrize("text", ["30", " 2.5 ", "1"])
def test_a_length_of_time_without_a_unit_is_refused(text):
    with pytest.raises(ValueError, match=rf"limit={text!r} has no unit.*'{text.strip()}min'"):
        nanoseconds("limit", text)


def test_a_gap_is_longer_than_a_length_of_time_and_than_a_step():
    holes = np.array([5, 10, 10.004, 11, 60, 61]) * MINUTE
    assert is_gap(holes, "10min", 5 * MINUTE).tolist() == [False, False, False, True, True, True]
    assert is_gap(holes, timedelta(minutes=10), 60 * MINUTE).tolist() == [False] * 5 + [True]
    assert not is_gap(holes, "10min", np.nan).any()
    steps = np.array([1, 4, 60, np.nan]) * MINUTE
    assert steps_of_gap("10min", steps).astype(int).tolist() == [10, 2, 1, 1]
    assert steps_of_gap(3, steps).tolist() == [3] * 4
    assert [gap_in_words(max_gap) for max_gap in (3, "10min")] == ["max_gap=3 time steps", "max_gap='10min'"]


@pytest.mark.parametrize(
    ("index", "max_gap", "error"),
    [
        (
            pd.RangeIndex(3),
            "10min",
            "max_gap='10min' is a length of time, which needs dates in the index of X",
        ),
        (pd.date_range("2026", periods=3), "soon", "max_gap='soon' is not a length of time"),
        (pd.date_range("2026", periods=3), "3", "max_gap='3' has no unit"),
    ],
)
def test_a_gap_in_time_needs_dates_and_a_unit(index, max_gap, error):
    rows = read_series(pd.DataFrame({"x": np.zeros(3)}, index))
    check_max_gap(3, rows)
    with pytest.raises(ValueError, match=error):
        rows.segment_starts(max_gap, rows.steps())


def test_a_gap_may_be_any_hole_of_more_than_a_step():
    assert [1 in MAX_GAP[0], 0.99 in MAX_GAP[0]] == [True, False]


def test_a_thousandth_of_a_step_is_no_gap():
    assert is_gap(np.array([10_001.0, 10_002.0]), "10us", 1000.0).tolist() == [False, True]
    assert is_gap(np.array([2000.5, 2001.5]), 2, 1000.0).tolist() == [False, True]
