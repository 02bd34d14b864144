import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tables

from sktsad._core._index import is_panel
from sktsad._core._series import (
    is_gap,
    modal_step,
    read_series,
    rows_after,
    tail_mask,
    time_order,
)
from sktsad._core._windows import Windows


def panel(times=(0, 1, 2, 3), keys=("a", "b")):
    index = pd.MultiIndex.from_product([keys, times], names=["series", "time"])
    return pd.DataFrame({"value": np.arange(float(len(index)))}, index=index)


def frame(index):
    return pd.DataFrame({"value": np.arange(float(len(index)))}, index=index)


# Reading


@given(tables())
def test_every_series_holds_its_own_rows_and_their_times(X):
    rows = read_series(X)
    expected = naive.rows_of(X)
    assert rows.n_rows == len(X)
    assert rows.keys == list(dict.fromkeys(key for key, _, _ in expected))
    for key, part in rows.parts():
        of_key = [number for number, row in enumerate(expected) if row[0] == key]
        assert rows.order[part].tolist() == of_key
        assert rows.times[part].tolist() == [expected[number][1] for number in of_key]


@given(tables(), st.sampled_from([1, 1.5, 3]))
def test_segments_start_at_each_series_and_behind_each_gap(X, max_gap):
    rows = read_series(X)
    segments = rows.segment_starts(max_gap, rows.steps())
    expected = []
    for key, part in rows.parts():
        times = naive.times_by_series(naive.rows_of(X))[key]
        step = naive.modal_step(times)
        expected.append(part.start)
        expected += [
            part.start + number
            for number in range(1, len(times))
            if times[number] - times[number - 1] > max_gap * step
        ]
    assert segments.tolist() == expected


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 1)),
        [[0.0], [0.0], [0.0]],
        frame(["a", "b", "c"]),
        frame([True, False, True]),
        frame(pd.Categorical(["c", "a", "b"])),
        Windows(np.zeros((3, 1)), np.arange(3), 1),
    ],
    ids=["array", "list", "names", "booleans", "categories", "windows"],
)
def test_rows_without_a_time_index_are_one_series_without_a_gap(X):
    rows = read_series(X)
    assert (rows.keys, rows.times, rows.order.tolist()) == ([None], None, [0, 1, 2])
    assert rows.segment_starts(1, rows.steps()).tolist() == [0]
    assert not is_panel(X)


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024", periods=4, freq="h"),
        pd.date_range("2024", periods=4, freq="h", tz="Europe/Vienna"),
        pd.timedelta_range(0, periods=4, freq="h"),
        pd.period_range("2024", periods=4, freq="M"),
        pd.Index([0, 1, 2, 3], dtype="uint8"),
        pd.Index([-128, -43, 42, 127], dtype="int8"),
        pd.Index([0, 1, 2, 3], dtype="Int64"),
        pd.Index([0.0, 0.5, 1.0, 1.5]),
    ],
    ids=lambda index: str(index.dtype),
)
@pytest.mark.parametrize("of_panel", [False, True], ids=["one series", "panel"])
def test_every_kind_of_time_is_told_apart_and_in_order(index, of_panel):
    X = panel(index, ["a"]) if of_panel else frame(index)
    rows = read_series(X)
    assert (np.diff(rows.times) == np.diff(rows.times)[0]).all()
    with pytest.raises(ValueError, match="out of order"):
        read_series(X[::-1])


def test_times_of_dates_do_not_depend_on_the_resolution_of_the_index():
    dates = pd.date_range("2024", periods=3, freq="min")
    times = [read_series(frame(dates.as_unit(unit))).times.tolist() for unit in ("s", "ms", "us", "ns")]
    assert times == [times[0]] * 4


def test_unused_levels_of_the_index_are_no_series():
    assert read_series(panel(keys=["a", "b", "c"]).loc[["c", "a"]]).keys == ["c", "a"]


# Steps


@given(st.lists(st.integers(1, 4), min_size=1, max_size=30))
def test_the_step_is_the_most_frequent_one_or_the_median_of_a_clock_that_jitters(differences):
    assert modal_step(np.array(differences)) == naive.modal_step(np.cumsum([0, *differences]).tolist())


def test_a_step_that_is_known_goes_before_the_own_one():
    rows = read_series(panel())
    assert rows.steps_so_far(np.array([5.0, 2.0])).tolist() == [5] * 4 + [2] * 4
    assert rows.steps().tolist() == [1, 1]


def test_a_single_row_has_no_step_and_no_gap():
    rows = read_series(panel(times=[7]))
    assert np.isnan(rows.steps()).all()
    assert rows.segment_starts(1, rows.steps()).tolist() == [0, 1]


def test_rounding_of_float_times_makes_no_gap():
    rows = read_series(frame(1.7e9 + 0.1 * np.arange(1000)))
    assert rows.segment_starts(1, rows.steps()).tolist() == [0]
    assert not is_gap((3 + 1e-3) * 10.0, 3, 10.0) and is_gap(30.02, 3, 10.0)


# Errors


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (frame([0, 2, 1]), "out of order at 1: .*X.sort_index"),
        (frame([0, 1, 1]), "duplicated at 1: .*X.index.duplicated"),
        (frame(pd.Index([2, 1, 0], dtype="uint64")), "out of order"),
        (panel(times=[0, 2, 1]), r"out of order at \('a', 1\)"),
        (panel(times=[0, 0, 1]), r"duplicated at \('a', 0\)"),
        (panel().iloc[[0, 1, 2, 5, 4]], r"out of order at \('b', 0\)"),
        (frame(pd.DatetimeIndex(["2024-01-01", None])), "missing or infinite"),
        (frame([0.0, np.nan]), "missing or infinite"),
        (frame([0.0, np.inf]), "missing or infinite"),
        (frame(pd.Index([0, None], dtype="Int64")), "missing or infinite"),
        (panel(times=[0.0, np.nan]), "index has missing values"),
        (panel(times=pd.DatetimeIndex(["2024-01-01", None])), "index has missing values"),
        (panel(keys=["a", None]), "index has missing values"),
        (panel(times=["mon", "tue"]), "must be numbers or dates, got .*pandas.to_datetime"),
        (panel().set_index(np.arange(8), append=True), r"two levels, .* got 3 levels: \['series', 'time'"),
    ],
)
def test_time_that_is_no_time_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        read_series(X)


@pytest.mark.parametrize("X", [np.zeros((3, 1)), frame([0, 1, 2])], ids=["array", "frame"])
def test_series_index_insists_on_the_panel_index_and_names_the_fix(X):
    with pytest.raises(ValueError, match=r"series='index' needs .*set_output\(transform='pandas'\)"):
        read_series(X, "index")
    assert read_series(panel(), "index").keys == ["a", "b"]


# Tail


@given(tables(), st.sampled_from([0, 0.1, 0.29, 0.5, 0.9, 1]), st.randoms(use_true_random=False))
def test_the_tail_is_the_last_share_of_each_series_in_time_in_whatever_order_rows_come(X, fraction, random):
    order = random.sample(range(len(X)), len(X))
    mask = tail_mask(X.iloc[order], fraction)
    assert mask.tolist() == naive.tail_mask(X.iloc[order], fraction)
    assert mask[np.argsort(order)].tolist() == tail_mask(X, fraction).tolist()


def test_the_tail_of_rows_without_time_is_the_last_of_them():
    assert tail_mask(np.zeros((5, 1)), 0.5).tolist() == [False] * 3 + [True] * 2


def test_the_tail_is_rounded_down_without_losing_a_row_to_rounding():
    assert tail_mask(np.zeros((100, 1)), 0.29).sum() == 29
    assert tail_mask(np.zeros((99, 1)), 0.29).sum() == 28


def test_the_tail_of_rows_drawn_twice_is_as_large():
    X = panel().iloc[[0, 0, 1, 1, 4, 4, 7, 7]]
    assert tail_mask(X, 0.5).tolist() == [False, False, True, True, False, False, True, True]


@pytest.mark.parametrize("label", ["2026-01-01 00:00:00", "5/1/99 0:02", "2026/01/01"])
def test_dates_left_as_text_are_refused_with_the_fix(label):
    with pytest.raises(ValueError, match=r"text that looks like dates.*to_datetime"):
        read_series(pd.DataFrame({"v": [1.0, 2.0]}, index=[label, "later"]))


@pytest.mark.parametrize("labels", [["a", "b"], ["row-1", "row-2"], ["may 3", "x1"], []])
def test_other_labels_say_nothing_about_time(labels):
    rows = read_series(pd.DataFrame({"v": np.zeros(len(labels))}, index=pd.Index(labels, dtype=object)))
    assert rows.times is None
    assert rows.keys == [None]


# Steps as they become known


@given(tables(), st.booleans())
def test_a_row_of_a_series_not_known_goes_by_the_rows_before_it(X, knows_one):
    rows = read_series(X)
    known = {rows.keys[0]: 3.5} if knows_one else {}
    steps = rows.steps_so_far(np.array([known.get(key, np.nan) for key in rows.keys]))
    for key, part in rows.parts():
        times = rows.times[part].tolist()
        expected = [known.get(key) or naive.step_before(times, time) or np.nan for time in times]
        np.testing.assert_array_equal(steps[part], expected)


def test_rows_without_time_have_no_step():
    assert np.isnan(read_series(np.zeros((3, 1))).steps_so_far(np.full(1, np.nan))).all()


# Clocks that are set back


def test_the_hour_that_local_clocks_show_twice_is_told_by_its_zone():
    local = pd.date_range("2026-10-24", "2026-10-27", freq="15min", tz="Europe/Berlin").tz_localize(None)
    for index in (local, local.sort_values()):
        with pytest.raises(
            ValueError, match=r"at 2026-10-25 02:.*tz_localize\('Europe/Berlin', ambiguous='infer'\)"
        ):
            read_series(frame(index))
    read_series(frame(local.tz_localize("Europe/Berlin", ambiguous="infer")))


@pytest.mark.parametrize(
    "stamps",
    [
        ["2026-10-25 02:30", "2026-10-24 23:00"],
        ["2026-07-25 02:30", "2026-07-25 02:15"],
        ["2026-10-25 12:30", "2026-10-25 12:30"],
        ["2026-10-25 03:30", "2026-10-25 02:30"],
        ["2026-10-25 02:15", "2026-10-25 02:30", "2026-10-24 23:00"],
    ],
    ids=["longer", "in summer", "at noon", "a whole hour", "longer, after others"],
)
def test_of_other_times_that_go_back_no_clock_is_blamed(stamps):
    with pytest.raises(ValueError) as error:
        read_series(frame(pd.to_datetime(stamps)))
    assert "clocks" not in str(error.value)


def test_clocks_are_set_back_in_the_nights_of_autumn_of_either_half_of_the_earth():
    named = set()
    for month in range(1, 13):
        for hour in (0, 3, 4, 12):
            time = pd.Timestamp(2026, month, 8, hour, 30)
            with pytest.raises(ValueError, match="out of order") as error:
                read_series(pd.Series(0.0, index=[time, time - pd.Timedelta("59min")]))
            if "set back" in str(error.value):
                named.add((month, hour))
    assert named == {(month, hour) for month in (3, 4, 5, 9, 10, 11) for hour in (0, 3)}


def test_the_order_of_rows_in_time():
    times = pd.date_range("2026-01-05", periods=4, freq="h")
    assert time_order(np.zeros((4, 1))) is None
    assert time_order(pd.DataFrame({"a": [0] * 4}, times)) is None
    assert time_order(pd.DataFrame({"a": [0] * 4}, times[[2, 0, 3, 1]])).tolist() == [1, 3, 0, 2]
    panel = pd.MultiIndex.from_arrays([list("bbaa"), times[[1, 0, 3, 2]]])
    assert time_order(pd.DataFrame({"a": [0] * 4}, panel)).tolist() == [1, 0, 3, 2]
    assert time_order(pd.DataFrame({"a": [0] * 4}, times[[0, 1, 1, 2]])) is None
    sorted_panel = pd.MultiIndex.from_arrays([list("bbaa"), times[[2, 3, 0, 1]]])
    assert time_order(pd.DataFrame({"a": [0] * 4}, sorted_panel)) is None


@given(
    st.lists(st.lists(st.sampled_from([1, 1, 1, 2, 5]), max_size=9), min_size=1, max_size=6), st.booleans()
)
def test_steps_of_many_series_at_once_are_those_of_each_alone(holes, is_same):
    holes = [[each[0]] * len(each) if is_same and each else each for each in holes]
    times = [np.cumsum([7 * number, *each]) for number, each in enumerate(holes)]
    names = np.repeat(np.arange(len(times)), [len(each) for each in times])
    rows = read_series(pd.DataFrame(index=pd.MultiIndex.from_arrays([names, np.concatenate(times)])))
    alone = [modal_step(np.array(each)) if each else np.nan for each in holes]
    np.testing.assert_array_equal(rows.steps(), alone)
    known = {0: 3.0}
    found = rows.steps_so_far(np.array([known.get(key, np.nan) for key in rows.keys]))
    for number, (key, part) in enumerate(rows.parts()):
        for row in range(part.start, part.stop):
            n_holes = row - part.start - 1  # whole powers of two of the holes before it
            size = 0 if n_holes < 1 else 2 ** int(np.log2(n_holes))
            wanted = known.get(key, modal_step(np.array(holes[number][:size])) if size else np.nan)
            np.testing.assert_equal(found[row], wanted)


def test_what_has_no_rows_at_all_is_refused():
    with pytest.raises(TypeError, match="array-like"):
        read_series(3.0)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=70))
def test_the_step_so_far_is_that_of_half_of_the_holes_before_at_least(holes):
    """Of the first 1, 2, 4, 8, ... holes, as far as these go before the row."""
    rows = read_series(frame(pd.Index(np.append(0, np.cumsum(holes)))))
    found = rows.steps_so_far(np.array([np.nan]))
    assert np.isnan(found[:2]).all()
    for row in range(2, len(holes) + 1):
        size = 1
        while 2 * size < row:
            size *= 2
        assert found[row] == modal_step(np.array(holes[:size])), row
    assert rows.steps_so_far(np.array([7.0])).tolist() == [7] * (len(holes) + 1)


def test_what_lies_between_two_series_is_no_hole():
    index = pd.MultiIndex.from_tuples([("a", 100), ("a", 105), ("b", 0), ("b", 5), ("c", 1)])
    steps = read_series(frame(index)).steps()
    assert steps[:2].tolist() == [5, 5] and np.isnan(steps[2])


# In time, wherever rows are


def test_the_rows_after_each_are_counted_in_time():
    assert rows_after(np.zeros((3, 1))).tolist() == [2, 1, 0]
    shuffled = panel().iloc[[6, 0, 3, 5, 1, 4, 2, 7]]
    assert rows_after(shuffled).tolist() == [1, 3, 0, 2, 2, 3, 1, 0]
    assert rows_after(shuffled).dtype.kind == "i"
    assert rows_after(frame(pd.Index([3, 1, 2]))).tolist() == [0, 2, 1]


def test_rows_of_one_time_stay_in_their_order():
    times = np.random.default_rng(0).integers(0, 4, 400)
    in_order = sorted(range(400), key=lambda row: times[row])
    X = frame(pd.Index(times))
    assert rows_after(X)[in_order].tolist() == list(range(400))[::-1]
    assert np.flatnonzero(tail_mask(X, 0.1)).tolist() == sorted(in_order[360:])


def test_some_of_the_series_are_as_they_were():
    rows = read_series(panel(times=[3, 5, 9], keys=["a", "b", "c", "d"]).iloc[[0, 1, 3, 4, 5, 6, 9, 10, 11]])
    some = rows.some(np.array([3, 0]))
    assert (some.keys, some.bounds.tolist()) == (["d", "a"], [0, 3, 5])
    assert (some.order.tolist(), some.times.tolist()) == ([6, 7, 8, 0, 1], [3, 5, 9, 3, 5])
    assert rows.rows_of(np.array([1, 2])) == slice(2, 6)
    timeless = read_series(np.zeros((3, 1)))
    assert timeless.some(np.array([0])).times is None
