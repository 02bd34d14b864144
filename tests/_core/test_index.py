import datetime
from decimal import Decimal
from importlib.util import find_spec
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from sktsad import RollingFeatures, SeriesScaler, SeriesSplit, SlidingWindow, forecast_target
from sktsad._core._index import (
    check_panel,
    format_of_digits,
    has_time,
    is_numbered,
    read_stamps,
    reads_as_time,
    row_index,
    time_labels,
)
from sktsad._core._series import read_rows, read_series
from sktsad.metrics import to_events

DAYS = pd.date_range("2026-03-27", periods=5)
ZONED = pd.date_range("2026-03-27", periods=5, tz="Europe/Berlin")


def frame(index):
    return pd.DataFrame({"value": np.arange(float(len(index)))}, index=index)


def panel(times=(0, 1, 2, 3), keys=("a", "b")):
    return frame(pd.MultiIndex.from_product([keys, times], names=["series", "time"]))


def objects(values):
    return pd.Index(list(values), dtype=object, tupleize_cols=False)


# Time in any dress: what is given, and the plain index that it is

DRESSES = {
    "datetime.date": (objects(day.date() for day in DAYS), DAYS),
    "datetime.datetime": (objects(day.to_pydatetime() for day in DAYS), DAYS),
    "dates and datetimes": (objects([DAYS[0].date(), *DAYS[1:].to_pydatetime()]), DAYS),
    "Timestamp": (objects(DAYS), DAYS),
    "numpy.datetime64": (objects(day.to_datetime64() for day in DAYS), DAYS),
    "datetimes of a zone": (objects(day.to_pydatetime() for day in ZONED), ZONED),
    "zoneinfo": (
        objects(datetime.datetime(2026, 3, 27 + n, tzinfo=ZoneInfo("Europe/Berlin")) for n in range(5)),
        ZONED,
    ),
    "datetime.timedelta": (objects(datetime.timedelta(n) for n in range(5)), DAYS - DAYS[0]),
    "numpy.timedelta64": (objects(np.timedelta64(n, "D") for n in range(5)), DAYS - DAYS[0]),
    "periods": (objects(DAYS.to_period("D")), DAYS.to_period("D")),
    "whole numbers": (objects([3, 4, 5, 6, 9]), pd.Index([3, 4, 5, 6, 9])),
    "numbers": (objects([3, 4.5, 5, 6, 9]), pd.Index([3, 4.5, 5, 6, 9])),
    "whole Decimal": (objects(Decimal(10**17 + n) for n in range(5)), pd.Index(10**17 + np.arange(5))),
    "Decimal": (objects(map(Decimal, ["0.5", "1", "1.5", "2", "2.5"])), pd.Index([0.5, 1, 1.5, 2, 2.5])),
    "categories of dates": (pd.CategoricalIndex(DAYS, categories=DAYS[::-1]), DAYS),
    "categories of date objects": (pd.CategoricalIndex([day.date() for day in DAYS]), DAYS),
    "categories of numbers": (pd.CategoricalIndex([3, 4, 5]), pd.Index([3, 4, 5])),
    "seconds": (DAYS.as_unit("s"), DAYS),
}
if find_spec("pyarrow"):  # pragma: no cover
    DRESSES |= {
        "Arrow timestamps": (DAYS.astype("timestamp[us][pyarrow]"), DAYS),
        "Arrow timestamps of a zone": (ZONED.astype("timestamp[ns, Europe/Berlin][pyarrow]"), ZONED),
        "Arrow dates": (pd.Index([day.date() for day in DAYS], dtype="date32[pyarrow]"), DAYS),
        "Arrow durations": ((DAYS - DAYS[0]).astype("duration[ns][pyarrow]"), DAYS - DAYS[0]),
        "Arrow numbers": (pd.Index([1, 2, 3], dtype="int64[pyarrow]"), pd.Index([1, 2, 3])),
    }
each_dress = pytest.mark.parametrize(("index", "plain"), DRESSES.values(), ids=DRESSES)


@each_dress
@pytest.mark.parametrize("of_panel", [False, True], ids=["one series", "panel"])
def test_time_in_any_dress_is_the_time_that_it_is(index, plain, of_panel):
    X, expected = (panel(each, ["a", "b"]) if of_panel else frame(each) for each in (index, plain))
    rows, wanted = read_series(X), read_series(expected)
    assert rows.times.tolist() == wanted.times.tolist()
    assert (rows.kind, str(rows.zone)) == (wanted.kind, str(wanted.zone))
    assert time_labels(X).equals(time_labels(expected)) or (time_labels(X) == time_labels(expected)).all()
    assert (rows.has_dates, has_time(X)) == (wanted.has_dates, has_time(expected))
    assert "pyarrow" not in str(time_labels(X).dtype)
    with pytest.raises(ValueError, match="out of order"):
        read_series(X[::-1])
    with pytest.raises(ValueError, match="duplicated"):
        read_series(X.iloc[[0, 0]])


@each_dress
def test_every_reader_of_an_index_takes_any_dress_for_what_it_is(index, plain):
    X, expected = frame(index), frame(plain)
    for step in (SlidingWindow(2), SeriesScaler(), RollingFeatures([2], period=2)):
        assert np.array_equal(step.fit_transform(X), step.fit_transform(expected))
        assert np.array_equal(step.fit(expected).transform(X), step.transform(expected))
    folds = [
        [part.tolist() for fold in SeriesSplit(1, by="time").split(each) for part in fold]
        for each in (X, expected)
    ]
    assert folds[0] == folds[1]
    assert len(forecast_target(X)[0]) == len(forecast_target(expected)[0])
    y = (X["value"] > 1).astype(int)
    assert to_events(y)["first"].tolist() == to_events(y.set_axis(plain))["first"].tolist()


def test_stamps_that_are_missing_are_refused_in_any_dress():
    for values in (
        [DAYS[0].date(), None],
        [None, None],
        [1, None],
        [np.nan, Decimal(1)],
        [Decimal(1), pd.NA],
    ):
        with pytest.raises(ValueError, match="missing or infinite"):
            read_stamps(objects(values))
    with pytest.raises(ValueError, match="missing or infinite"):
        read_stamps(pd.CategoricalIndex([DAYS[0], None]))
    with pytest.raises(ValueError, match="missing or infinite"):
        read_stamps(pd.Index([0.0, np.inf]))


@pytest.mark.parametrize(
    ("values", "fix"),
    [
        (["2026-03-27 00:00:00", "2026-03-28 00:00:00"], "to_datetime"),
        (["27.03.2026", "28.03.2026"], "to_datetime"),
        (["20260327", "20260328"], "to_datetime"),
        (["2026", "2027"], "to_datetime"),
        (["2026_03_27", "2026_03_28"], "to_datetime"),
        (["2026/03/27 12.30", "2026/03/27 12.45"], "to_datetime"),
        (["27-Mar-2026", "28-Mar-2026"], "to_datetime"),
        (["March 27, 2026", "March 28, 2026"], "to_datetime"),
        (["2026-03-27T00:00:00Z", "2026-03-28T00:00:00Z"], "utc=True"),
        (["2026-03-27 00:00+01:00", "2026-03-29 04:00+02:00"], "utc=True"),
        (["2026-W05", "2026-W06"], "to_datetime"),
        (["2026Q1", "2026Q2"], "to_datetime"),
        (["2026-W09-7 00:10", "2026-W09-7T00:20:00Z"], "to_datetime"),
        (["run of 2026-03-27, 12:10", "run of 2026-03-27, 12:20"], "to_datetime"),
        (["img_2026.3.7.png", "img_2026.3.8.png"], r"reset_index\(drop=True\)"),
        (["0 days 01:00:00", "0 days 02:00:00"], "to_datetime"),
        ([b"2026-03-27", b"2026-03-28"], "to_datetime"),
        (["1", "2"], "to_numeric"),
        (["0.5", "1.5"], "to_numeric"),
        (["2026-03-27", "n/a"], r"reset_index\(drop=True\)"),
        ([DAYS[0], "total"], "times among other labels"),
        ([DAYS[0].date(), 5], "times among other labels"),
        ([1, "total"], "times among other labels"),
        ([datetime.time(1), datetime.time(2)], "objects that cannot be read as time"),
        ([DAYS[0], ZONED[0]], r"utc=True\).*tz_convert"),
        ([ZONED[0].to_pydatetime(), DAYS[1].tz_localize("UTC").to_pydatetime()], r"utc=True\).*tz_convert"),
        ([pd.Period("2026-01", "M"), pd.Period("2026-01-01", "D")], "times among other labels"),
        ([("a", 1), ("a", 2)], "MultiIndex.from_tuples"),
    ],
    ids=str,
)
@pytest.mark.parametrize("of_panel", [False, True], ids=["one series", "panel"])
def test_what_cannot_be_converted_without_a_guess_is_refused_with_the_fix(values, fix, of_panel):
    index = objects(values)
    if of_panel:
        index = pd.MultiIndex([["a"], index], [[0] * len(values), range(len(values))])
        fix = fix if not isinstance(values[0], tuple) else "tuples|MultiIndex|levels"
    with pytest.raises(ValueError, match=fix):
        read_series(frame(index))


@pytest.mark.parametrize(
    ("index", "fix"),
    [
        (pd.interval_range(0, 2), r"X\.index\.left"),
        (pd.Index([1 + 2j, 2]), "complex"),
        (pd.DatetimeIndex(np.array(["2026-01-01", "9999-12-31"], "M8[s]")), "1677 to 2262"),
    ],
)
def test_other_indexes_of_no_use_are_refused_with_the_fix(index, fix):
    with pytest.raises(ValueError, match=fix):
        read_series(frame(index))


@pytest.mark.parametrize(
    "values",
    [
        ["row 1", "row 2"],
        ["A-1", "B-2"],
        ["may 3", "x1"],
        ["1st", "m3"],
        [("a", "b"), "c"],
        [True, "x"],
        [None, "x"],
    ],
    ids=str,
)
def test_words_say_nothing_about_time(values):
    assert read_stamps(objects(values)) is None
    assert time_labels(frame(objects(values))) is None
    with pytest.raises(ValueError, match="must be numbers or dates"):
        read_series(frame(pd.MultiIndex.from_arrays([["a", "a"], pd.Index(["x", "y"])])))


def test_labels_of_a_level_that_no_row_has_any_more_do_not_count():
    index = pd.MultiIndex.from_product([["a"], objects([*(day.date() for day in DAYS), "total"])])
    rows = read_series(frame(index).iloc[:5])
    assert rows.times.tolist() == DAYS.as_unit("ns").asi8.tolist()
    assert read_series(frame(index).iloc[2:5]).times.tolist() == DAYS[2:].as_unit("ns").asi8.tolist()
    for infinite in (np.inf, -np.inf):
        assert read_series(panel([0.0, infinite, 2.0]).iloc[[0, 2, 3]]).times.tolist() == [0, 2, 0]
    assert read_rows(panel().iloc[:0]).keys == []


@pytest.mark.parametrize("form", ["%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S"])
@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_numbers_whose_digits_are_dates_are_refused_with_the_format(form, dtype):
    numbers = pd.Index(pd.date_range("2026-01-20", periods=20).strftime(form).astype("int64")).astype(dtype)
    panel = pd.MultiIndex.from_product([range(3), numbers])
    for index in (numbers, panel):
        with pytest.raises(
            ValueError, match=f"digits are dates, such as 20260120.*to_datetime.*format='{form}'"
        ):
            read_series(frame(index))
    with pytest.raises(ValueError, match=r"\(time, series\), .*swaplevel"):
        read_series(frame(panel.swaplevel().sortlevel()[0]))


def test_months_are_refused_as_numbers_and_other_numbers_are_not():
    months = pd.Index(pd.date_range("2025-06-01", periods=10, freq="MS").strftime("%Y%m").astype(int))
    with pytest.raises(ValueError, match="format='%Y%m'"):
        read_series(frame(months))
    others = [
        months[:9],
        months + 0.5,
        months + 6,
        np.arange(20) + 20260120,
        np.arange(20) + 210101,
        np.arange(10) + 200101,  # some rows of a long table
        np.arange(31) + 20260101,
        DAYS[0].value // 10**9,
    ]
    for numbers in others:
        index = pd.Index(np.atleast_1d(numbers) + (np.arange(20) * 3600 if np.ndim(numbers) == 0 else 0))
        assert read_series(frame(index)).kind == "numbers"


@pytest.mark.parametrize(
    ("first", "n_days", "is_date"),
    [
        ("1899-12-31", 40, False),
        ("1900-01-01", 40, True),
        ("2100-11-25", 37, True),
        ("2100-11-25", 38, False),
    ],
)
def test_digits_are_dates_of_some_two_hundred_years(first, n_days, is_date):
    days = pd.date_range(first, periods=n_days).strftime("%Y%m%d").astype("int64")
    assert format_of_digits(days) == ("%Y%m%d" if is_date else None)
    assert format_of_digits(days.astype(float).insert(3, days[3] - 0.5)) is None
    assert format_of_digits(days.insert(3, days[3] + 60)) is None


def test_text_is_judged_by_fifty_labels_at_most_from_the_first_to_the_last():
    labels = np.full(1000, "word", dtype=object)
    labels[np.linspace(0, 999, 50).astype(int)] = "2026-01-05"
    assert reads_as_time(pd.Index(labels))
    assert not reads_as_time(pd.Index(np.roll(labels, 1)))
    assert reads_as_time(objects(["word", "2026-01-05"]))
    assert not reads_as_time(objects(["2026-01-05", "word", "word"]))
    assert reads_as_time(objects(["Jan 2026"]))
    assert not reads_as_time(objects(["at 10:30:00"]))  # of no day
    assert not reads_as_time(objects([b"\xe9t\xe9"]))


# The order of the levels


@pytest.mark.parametrize(
    "times",
    [
        DAYS,
        ZONED,
        DAYS - DAYS[0],
        DAYS.to_period("D"),
        objects(day.date() for day in DAYS),
        pd.CategoricalIndex(DAYS),
    ],
    ids=["dates", "of a zone", "time deltas", "periods", "objects", "categories"],
)
@pytest.mark.parametrize(
    "names", [range(3), [0.5, 1.5], pd.CategoricalIndex([7, 8]), ["a", "b"], ["1", "2"]], ids=str
)
def test_time_before_series_is_refused_with_the_fix(times, names):
    X = frame(pd.MultiIndex.from_product([times, names], names=["time", "machine"]))
    for read in (read_series, read_rows):
        with pytest.raises(ValueError, match=r"\(time, series\), .*X\.swaplevel\(\)\.sort_index\(\)"):
            read(X)
    if isinstance(names, range):
        assert read_series(X.swaplevel().sort_index()).keys == [0, 1, 2]


def test_text_of_dates_and_numbers_named_time_before_series_are_refused_too():
    texts = DAYS.strftime("%Y-%m-%d %H:%M")
    with pytest.raises(ValueError, match="swaplevel"):
        read_series(frame(pd.MultiIndex.from_product([texts, range(3)])))
    numbers = pd.MultiIndex.from_product([range(5), range(3)], names=["timestamp", "machine"])
    with pytest.raises(ValueError, match="swaplevel"):
        read_series(frame(numbers))


@pytest.mark.parametrize(
    "keys",
    [[3, 1], ["2026-01-01", "2026-01-02"], ["b", "a"], [2.5, "x"], [("a", 1), ("b", 2)], [DAYS[0], DAYS[1]]],
    ids=str,
)
def test_series_may_be_called_anything(keys):
    first = objects(key for key in keys for _ in range(20))
    index = pd.MultiIndex.from_arrays([first, [*pd.date_range("2026-01-01", periods=20)] * 2])
    assert read_series(frame(index)).keys == keys


def test_numbers_may_name_series_of_numbered_rows_but_not_of_words():
    assert read_series(frame(pd.MultiIndex.from_product([range(3), range(5)]))).keys == [0, 1, 2]
    with pytest.raises(ValueError, match="swaplevel"):
        read_series(frame(pd.MultiIndex.from_product([range(5), ["a", "b"]])))


def test_numbers_before_text_that_reads_as_time_name_series():
    index = pd.MultiIndex.from_product([range(3), DAYS.strftime("%Y-%m-%d")])
    with pytest.raises(ValueError, match=r"second level of the index is text that looks like dates"):
        read_series(frame(index))


def test_days_may_name_series_of_many_rows():
    index = pd.MultiIndex.from_product([["2026-01-01", "2026-01-02"], range(9)])
    assert read_series(frame(index)).keys == ["2026-01-01", "2026-01-02"]


# Rows that are just numbered


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(3), True),
        (pd.Index([0, 1, 2], dtype="uint8"), True),
        (pd.RangeIndex(1, 4), False),
        (pd.Index([0.0, 1, 2]), False),
        (DAYS, False),
        (pd.MultiIndex.from_product([[0], [0, 1]]), False),
    ],
)
def test_rows_that_are_just_numbered_are_told_from_others(index, expected):
    assert is_numbered(index) is expected


# Told apart


def test_the_index_method_of_a_list_is_no_index():
    assert row_index([[0.0]]) is None
    assert row_index(frame([4])).tolist() == [4]


@pytest.mark.parametrize(
    "X, expected",
    [
        (panel(), True),
        (frame(pd.date_range("2026-01-01", periods=3)), True),
        (frame(pd.period_range("2026-01", periods=3, freq="M")), True),
        (frame(pd.timedelta_range("0s", periods=3)), True),
        (frame(range(3)), False),
        (frame(list("abc")), False),
        (np.zeros((3, 1)), False),
        ([[0.0]], False),
    ],
    ids=["panel", "dates", "periods", "time deltas", "numbers", "text", "array", "list"],
)
def test_rows_with_dates_or_of_a_panel_have_time(X, expected):
    assert has_time(X) is expected


@pytest.mark.parametrize("of_panel", [False, True], ids=["one series", "panel"])
@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.date_range("2026", periods=3), True),
        (pd.date_range("2026", periods=3, tz="Europe/Vienna").as_unit("s"), True),
        (pd.timedelta_range("0s", periods=3), True),
        (pd.period_range("2026-01", periods=3, freq="M"), False),
        (pd.RangeIndex(3), False),
        (pd.Index([0.5, 1, 1.5]), False),
    ],
    ids=["dates", "of a zone", "time deltas", "periods", "rows", "numbers"],
)
def test_time_in_nanoseconds_is_told_from_time_that_is_counted(index, expected, of_panel):
    assert read_series(panel(index) if of_panel else frame(index)).has_dates is expected


@pytest.mark.parametrize("X", [np.zeros((3, 1)), [[0.0]], frame(list("abc"))], ids=["array", "list", "text"])
def test_rows_without_time_have_no_dates(X):
    assert not read_series(X).has_dates


@pytest.mark.parametrize("X", [np.zeros((8, 1)), frame(range(8))], ids=["array", "frame"])
def test_a_panel_at_fit_or_at_transform_alone_is_refused_with_the_fix(X):
    with pytest.raises(
        ValueError, match=r"rows passed to fit have .* those passed to transform do not\. Keep the index"
    ):
        check_panel(X, True)
    with pytest.raises(
        ValueError, match=r"rows passed to transform have .* those passed to fit do not\. Keep the index"
    ):
        check_panel(panel(), False)
    check_panel(X, False)
    check_panel(panel(), True)
