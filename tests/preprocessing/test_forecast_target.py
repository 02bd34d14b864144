from fractions import Fraction
from itertools import pairwise

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tables

from sktsad import SlidingWindow, forecast_target
from sktsad.preprocessing import Windows

INDEX = pd.MultiIndex.from_product([["a", "b"], range(4)], names=["series", "time"])
PANEL = pd.DataFrame({"value": np.arange(8.0), "load": 10 * np.arange(8.0)}, index=INDEX)


def later_row_by_row(X, horizon, max_gap):
    """(row, later row) of each row that has a future: looks at every other row of its series."""
    rows = naive.rows_of(X)
    pairs = []
    for row, (key, now, _) in enumerate(rows):
        own = [other for other in range(len(rows)) if rows[other][0] == key]
        times = [Fraction(rows[other][1]) for other in own]
        step = naive.modal_step(times)
        if step is None:
            continue
        wanted = now + horizon * Fraction(step)
        near = min(range(len(own)), key=lambda at: (abs(times[at] - wanted), times[at]))
        walk = times[own.index(row) : near + 1]
        is_whole = all(after - before <= max_gap * step for before, after in pairwise(walk))
        if abs(times[near] - wanted) < Fraction(step) / 2 and is_whole:
            pairs.append((row, own[near]))
    return pairs


def assert_pairs(X, horizon, max_gap):
    pairs = later_row_by_row(X, horizon, max_gap)
    if not pairs:
        with pytest.raises(ValueError, match=f"horizon={horizon}: none of the {len(X)} rows"):
            forecast_target(X, horizon, max_gap=max_gap)
        return
    now, later = map(list, zip(*pairs, strict=True))
    X_kept, y = forecast_target(X, horizon, max_gap=max_gap)
    pd.testing.assert_frame_equal(X_kept, X.iloc[now])
    pd.testing.assert_frame_equal(y, X.iloc[later].set_axis(X.index[now]))


@given(tables(), st.integers(1, 5), st.sampled_from([1, 1.5, 3, 10]))
def test_a_target_is_the_row_that_many_steps_later_in_its_series(X, horizon, max_gap):
    assert_pairs(X, horizon, max_gap)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=15), st.integers(1, 4), st.sampled_from([1, 3]))
def test_where_the_clock_jitters_it_is_the_nearest_within_half_a_step(holes, horizon, max_gap):
    times = np.cumsum(holes)
    assert_pairs(pd.DataFrame({"a": times * 2.0, "b": times * 3.0}, index=times), horizon, max_gap)


@given(st.integers(1, 30), st.integers(1, 6), st.booleans())
def test_without_time_it_is_the_next_row_but_so_many(n_rows, horizon, as_frame):
    values = np.arange(2.0 * n_rows).reshape(-1, 2)
    X = pd.DataFrame(values, index=[f"row {row}" for row in range(n_rows)]) if as_frame else values
    if n_rows <= horizon:
        with pytest.raises(ValueError, match="Give longer series"):
            forecast_target(X, horizon)
        return
    X_kept, y = forecast_target(X, horizon)
    np.testing.assert_array_equal(X_kept, values[:-horizon])
    np.testing.assert_array_equal(y, values[horizon:])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 5), st.randoms())
def test_every_series_without_a_hole_loses_as_many_rows_as_the_horizon_is_long(lengths, horizon, random):
    stamps = [(key, time) for key, n_rows in enumerate(lengths) for time in range(n_rows)]
    turns = random.sample([key for key, _ in stamps], len(stamps))  # series one after the other, or mixed
    stamps = [(key, turns[:row].count(key)) for row, key in enumerate(turns)]
    X = pd.DataFrame({"key": turns, "time": [time for _, time in stamps]})
    X.index = pd.MultiIndex.from_tuples(stamps)
    n_kept = sum(max(n_rows - horizon, 0) for n_rows in lengths)
    if not n_kept:
        with pytest.raises(ValueError, match="Give longer series"):
            forecast_target(X, horizon, max_gap=99)
        return
    X_kept, y = forecast_target(X, horizon, max_gap=99)
    assert len(X_kept) == n_kept
    assert y["key"].tolist() == X_kept["key"].tolist()
    assert y["time"].tolist() == (X_kept["time"] + horizon).tolist()


@pytest.mark.parametrize(
    ("times", "horizon", "max_gap", "expected"),
    [
        ([0, 1, 2, 3], 1, 3, {0: 1, 1: 2, 2: 3}),
        ([0, 1, 2, 3], 3, 3, {0: 3}),
        ([0, 1, 3, 4], 1, 3, {0: 1, 3: 4}),  # 2 is missing: 1 has no next
        ([0, 1, 3, 4], 2, 3, {1: 3}),
        ([0, 1, 2, 5, 6, 7], 3, 3, {2: 5}),  # a hole of 3 is bridged
        ([0, 1, 2, 6, 7, 8], 4, 3, {}),  # a hole of 4 is a gap
        ([0, 1, 2, 6, 7, 8], 4, 4, {2: 6}),
        ([0, 10, 19, 31, 40], 1, 3, {0: 10, 10: 19, 19: 31, 31: 40}),  # a clock that jitters
        ([0, 10, 20, 35, 45], 1, 3, {0: 10, 10: 20, 35: 45}),  # half a step off is too far
        (
            [0, 10, 20, 26, 30, 40],
            1,
            3,
            {0: 10, 10: 20, 20: 30, 26: 40, 30: 40},
        ),  # the nearest counts, not the first
        ([7], 1, 3, {}),
    ],
)
def test_times_and_the_times_of_their_targets(times, horizon, max_gap, expected):
    X = pd.DataFrame({"time": times}, index=times)
    if not expected:
        with pytest.raises(ValueError, match=f"max_gap={max_gap} time steps"):
            forecast_target(X, horizon, max_gap=max_gap)
        return
    _, y = forecast_target(X, horizon, max_gap=max_gap)
    assert y.to_dict() == expected


def test_nanoseconds_of_today_are_told_apart():
    stamps = pd.DatetimeIndex(17 * 10**17 + np.array([0, 3, 6, 12, 15])).as_unit("ns")
    _, y = forecast_target(pd.DataFrame({"value": range(5)}, index=stamps))
    assert y.tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (None, ["value", "load"]),
        (["load", "value"], ["load", "value"]),
        ([1, 0], ["load", "value"]),
        ("load", "load"),
        (["load"], "load"),
        (1, "load"),
        (-2, "value"),
        (np.array([0]), "value"),
    ],
)
def test_columns_are_picked_by_name_or_position(columns, names):
    X_kept, y = forecast_target(PANEL, columns=columns)
    expected = PANEL[names].iloc[[1, 2, 3, 5, 6, 7]].set_axis(INDEX[[0, 1, 2, 4, 5, 6]])
    (pd.testing.assert_series_equal if isinstance(names, str) else pd.testing.assert_frame_equal)(y, expected)
    assert X_kept.columns.tolist() == ["value", "load"]
    if not isinstance(names, str):
        return
    _, from_array = forecast_target(PANEL.to_numpy()[:4], columns=1 if names == "load" else 0)
    np.testing.assert_array_equal(from_array, y[:3])


@pytest.mark.parametrize("form", [np.array, list])
def test_arrays_and_lists_give_arrays(form):
    X_kept, y = forecast_target(form([[1.0], [2.0], [3.0]]), 2)
    assert (type(X_kept), type(y)) == (np.ndarray, np.ndarray)
    assert (X_kept.tolist(), y.tolist()) == ([[1.0]], [3.0])


def test_columns_that_are_not_numbers_go_along_and_keep_their_type():
    X = pd.DataFrame({"value": [1, 2, 3], "host": list("xyz")})
    X_kept, y = forecast_target(X, columns="value")
    assert y.tolist() == [2, 3]
    pd.testing.assert_frame_equal(X_kept, X[:2])
    assert forecast_target(X)[1]["host"].tolist() == ["y", "z"]


def test_windows_stay_windows_and_keep_what_is_missing_elsewhere():
    X = pd.DataFrame({"value": [0.0, 1.0, 3.0, 4.0, 5.0]}, index=[0, 1, 3, 4, 5])
    windows, y = forecast_target(SlidingWindow(2).fit_transform(X), columns=-1)
    assert isinstance(windows, Windows)
    assert np.asarray(windows).tolist() == [[0, 0], [1, 3], [3, 4]]
    assert y.tolist() == [1, 4, 5]
    thinned, _ = forecast_target(X)
    assert np.asarray(SlidingWindow(2).fit_transform(thinned)).tolist() == [[0, 0], [0, 3], [3, 4]]


def test_rows_that_come_in_are_left_alone():
    X = PANEL.copy()
    X_kept, y = forecast_target(X)
    X_kept.iloc[:] = -1.0
    y.iloc[:] = -1.0
    pd.testing.assert_frame_equal(X, PANEL)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (PANEL, {"horizon": 0}, "'horizon' .* Got 0"),
        (PANEL, {"horizon": 1.5}, r"'horizon' .* Got 1\.5"),
        (PANEL, {"max_gap": 0.5}, "'max_gap' .* Got 0.5"),
        (PANEL, {"series": "column"}, "'series' .* Got 'column'"),
        (PANEL, {"horizon": 4}, "horizon=4: none of the 8 rows .* or lower the horizon"),
        (PANEL[:0], {}, "none of the 0 rows"),
        (PANEL, {"columns": "lod"}, r"columns='lod' .*; X has \['value', 'load'\]"),
        (PANEL, {"columns": ["value", "lod"]}, r"columns=\['value', 'lod'\] .*X has \['value', 'load'\]"),
        (
            PANEL,
            {"columns": 2},
            r"columns=2 must be columns of X, by name or position; X has \['value', 'load'\]",
        ),
        (PANEL.to_numpy(), {"columns": 2}, "columns=2 .*X has 2, without names"),
        (PANEL.to_numpy(), {"columns": "value"}, "columns='value' .*X has 2, without names"),
        (PANEL, {"columns": []}, r"columns=\[\] must be columns of X"),
        (PANEL["value"], {}, r"got shape \(8,\)\. Use X\.to_frame\(\)"),
        ([1.0, 2.0], {}, r"got shape \(2,\)"),
        (PANEL[::-1], {}, "out of order"),
        (PANEL.reset_index(drop=True), {"series": "index"}, r"series='index' needs .*set_output"),
    ],
)
def test_bad_input_is_refused(X, options, message):
    with pytest.raises(ValueError, match=message):
        forecast_target(X, **options)


def test_a_horizon_in_time_is_that_of_each_clock():
    minutes = pd.date_range("2026", periods=12, freq="min")
    tables = {
        "a": pd.DataFrame({"x": np.arange(12.0)}, minutes),
        "b": pd.DataFrame({"x": np.arange(4.0)}, minutes[::3]),
    }
    X = pd.concat(tables, names=["series", "time"])
    kept, y = forecast_target(X, "6min")
    assert (y - kept["x"]).groupby(level=0).unique().map(list).to_dict() == {"a": [6.0], "b": [2.0]}
    assert len(forecast_target(X, pd.Timedelta("1min"))[1]) == 11  # of b there is no row a minute later
    with pytest.raises(ValueError, match="horizon='6min' is a length of time, which needs dates"):
        forecast_target(X.to_numpy(), "6min")
