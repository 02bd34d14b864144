import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tables

from sktsad import SlidingWindow
from sktsad._core import mark_label
from sktsad.plotting._drawn_series import (
    common_index,
    read_drawn,
    read_one,
    read_scores,
    read_values,
)

DATES = pd.date_range("2024-01-01", periods=4, freq="h")


# Time axes


@pytest.mark.parametrize(
    ("index", "label"),
    [
        (pd.RangeIndex(4), "row"),
        (pd.RangeIndex(2, 10, 2), "row"),
        (pd.RangeIndex(4, name="cycle"), "cycle"),
        (pd.Index([0, 1, 2, 5]), "time"),
        (pd.Index(list("dcba"), name="id"), "row"),
        (DATES, "time"),
        (DATES.rename("clock"), "clock"),
        (DATES.tz_localize("Europe/Berlin"), "time (Europe/Berlin)"),
        (DATES - DATES[0], "time (h)"),
        ((DATES - DATES[0]) * 100, "time (d)"),
        ((DATES - DATES[0]) / 10_000, "time (s)"),
        (pd.MultiIndex.from_product([["a"], DATES], names=["machine", "clock"]), "clock"),
        pytest.param(
            pd.MultiIndex.from_product([["a"], pd.RangeIndex(4)]),
            "row",
            marks=pytest.mark.skipif(pd.__version__ < "3", reason="a level of numbers is no RangeIndex"),
        ),
    ],
    ids=str,
)
def test_the_time_axis_is_named(index, label):
    assert read_one(index, 3, "x")[1].label == label


def test_dates_are_placed_as_dates_and_time_deltas_in_their_unit():
    series, axis = read_one(DATES, 3, "x")
    assert (axis.place(series.times) == DATES.to_numpy()).all()
    series, axis = read_one(DATES - DATES[0], 3, "x")
    assert axis.place(series.times).tolist() == [0, 1, 2, 3]
    series, axis = read_one(pd.Index([0.5, 1.5, 7.0]), 3, "x")
    assert axis.place(series.times).tolist() == [0.5, 1.5, 7.0]


def test_months_are_placed_where_they_start():
    months = pd.period_range("2024-01", periods=3, freq="M")
    for index in (months, pd.MultiIndex.from_product([["a"], months])):
        series, axis = read_one(index, 3, "x")
        assert (axis.place(series.times) == months.to_timestamp().to_numpy()).all()


# Series


def slow_intervals(times, marked, step, max_gap):
    """Intervals of marked rows, row by row."""
    found = []
    for row, time in enumerate(times):
        if not marked[row]:
            continue
        joins = row > 0 and marked[row - 1] and not time - times[row - 1] > (max_gap + 1e-3) * step
        if joins:
            found[-1][1] = time + step / 2
        else:
            found.append([time - step / 2, time + step / 2])
    return found


@given(tables(), st.data())
def test_each_series_has_its_rows_in_time_order_and_intervals_cross_no_gap(X, data):
    marked = np.array(data.draw(st.lists(st.booleans(), min_size=len(X), max_size=len(X))))
    drawn, _ = read_drawn(X.index, 3)
    is_panel = isinstance(X.index, pd.MultiIndex)
    keys = X.index.get_level_values(0) if is_panel else np.full(len(X), None)
    assert sorted(np.concatenate([series.rows for series in drawn])) == list(range(len(X)))
    for series in drawn:
        mine = [key == series.key or not is_panel for key in keys]
        assert series.rows.tolist() == np.flatnonzero(mine).tolist()
        expected = slow_intervals(series.times.tolist(), marked[series.rows], series.step, 3)
        assert series.intervals(marked).tolist() == expected


def test_rows_without_time_are_a_step_apart():
    series, _ = read_one(pd.Index(list("dcba")), 3, "x")
    assert series.times.tolist() == [0, 1, 2, 3] and series.step == 1
    assert series.intervals(np.array([False, True, True, False])).tolist() == [[0.5, 2.5]]


def test_a_single_row_has_no_step():
    series, _ = read_one(pd.Index([7.0]), 3, "x")
    assert series.intervals(np.array([True])).tolist() == [[7, 7]]


def test_one_series_is_asked_for(panel):
    with pytest.raises(ValueError, match=r"XDisplay shows one series, but X has 2. .* X.loc\[\['left'\]\]"):
        read_one(panel[0].index, 3, "XDisplay")


# Index


def test_the_first_table_with_times_gives_the_index(panel):
    X, y = panel
    plain = X.reset_index(drop=True)
    assert common_index(X=X.to_numpy(), y=y) is y.index
    assert common_index(X=plain, y=y) is y.index
    assert common_index(X=plain, y=y.to_numpy(), z=None) is plain.index
    assert common_index(X=X.to_numpy().tolist()).equals(pd.RangeIndex(80))
    assert common_index(X=SlidingWindow(3).fit_transform(X)).equals(X.index)


def test_tables_that_do_not_belong_together_are_refused(panel):
    X, y = panel
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        common_index(X=X, y=y[:-1])
    with pytest.raises(ValueError, match=r"X and y have different indexes.*y.loc\[X.index\]"):
        common_index(X=X, y=y[::-1])
    with pytest.raises(ValueError, match="X and y have 0 rows"):
        common_index(X=[], y=[])


# Values


def test_values_are_a_frame_of_floats_with_the_index_given():
    index = pd.Index([5, 6])
    given = pd.DataFrame({"a": [1, 2], "b": [True, False]})
    expected = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 0.0]}, index=index)
    pd.testing.assert_frame_equal(read_values(given, index), expected)
    pd.testing.assert_frame_equal(read_values(given, index, "b"), expected[["b"]])
    pd.testing.assert_frame_equal(read_values(given, index, ["b", "a"]), expected[["b", "a"]])


@pytest.mark.parametrize(
    ("X", "columns"),
    [
        ([1, 2], ["value"]),
        (np.ones((2, 1)), ["value"]),
        (np.ones((2, 3)), ["x0", "x1", "x2"]),
        (pd.Series([1, 2]), ["value"]),
        (pd.Series([1, 2], name="load"), ["load"]),
        (pd.DataFrame(np.ones((2, 1)), columns=["load"]), ["load"]),
    ],
)
def test_columns_without_names_get_some(X, columns):
    assert list(read_values(X, pd.RangeIndex(2)).columns) == columns


def test_of_windows_the_rows_that_they_end_with(machine):
    X = machine[0]
    windows = SlidingWindow(4).fit_transform(X)
    pd.testing.assert_frame_equal(read_values(windows, X.index), X, check_freq=False)


def test_missing_values_stay_missing():
    X = pd.DataFrame({"a": [1.0, np.nan, 2.0], "b": pd.array([1, pd.NA, 3], dtype="Int64")})
    assert read_values(X, X.index).isna().to_numpy().tolist() == [
        [False, False],
        [True, True],
        [False, False],
    ]


def test_columns_that_cannot_be_drawn_are_named():
    X = pd.DataFrame({"name": ["x", "y"], "load": [1.0, np.inf]})
    with pytest.raises(ValueError, match=r"not numbers: \['name'\]. Choose other columns with columns="):
        read_values(X, X.index)
    with pytest.raises(ValueError, match=r"infinite values in its columns \['load'\]"):
        read_values(X, X.index, ["load"])
    with pytest.raises(ValueError, match=r"columns=\['size'\] has no \['size'\]: .* \['name', 'load'\]"):
        read_values(X, X.index, "size")


# Scores and labels


def test_scores_are_finite():
    assert read_scores([1, 2]).dtype == np.float64
    with pytest.raises(ValueError, match="y_score contains NaN"):
        read_scores([1, np.nan])


def test_anomalies_are_the_rows_of_the_label():
    first, second, third = mark_label("bad", a=["ok", "bad"], b=None, c=["bad", "bad"])
    assert first.tolist() == [False, True] and second is None and third.tolist() == [True, True]
    assert mark_label(1, y=[0, 0])[0].tolist() == [False, False]


def test_labels_that_tell_no_anomaly_are_refused():
    with pytest.raises(
        ValueError, match=r"y_true and y_pred must contain two labels.*got \[-1, 0, 1\].*y_pred == -1"
    ):
        mark_label(1, y_true=[0, 1], y_pred=[1, -1])
    with pytest.raises(ValueError, match=r"pos_label=1, got \['bad', 'ok'\]"):
        mark_label(1, y=["ok", "bad"])
    with pytest.raises(ValueError, match="y contains NaN"):
        mark_label(1, y=[0, np.nan])
