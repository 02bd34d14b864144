"""Tables with faults become rows in time order, and the report says what was done."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sktsad import read_panel, to_panel

polars = pytest.importorskip("polars")
TABLE = pd.DataFrame(
    {
        "host": ["b", "a", "a", "b", "a", "a"],
        "when": [
            "2026-01-05 00:02",
            "2026-01-05 00:01",
            "2026-01-05",
            "2026-01-05 00:01",
            "n/a",
            "2026-01-05 00:01",
        ],
        "load": [1.0, 2.0, np.nan, np.inf, 5.0, 6.0],
        "text": list("uvwxyz"),
        "rate": ["1", "2", "3", "4", "5", "broken"],
        "label": [0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
    }
)
MINUTES = pd.to_datetime(["2026-01-05 00:00", "2026-01-05 00:01", "2026-01-05 00:01", "2026-01-05 00:02"])


def write_csv(path, table):
    table.to_csv(path, index=False)
    return path


def write_parquet(path, table):
    table.to_parquet(path, index=False)
    return path


SOURCES = {
    "frame": lambda folder: TABLE,
    "frame with an index": lambda folder: TABLE.set_index(["host", "when"]),
    "polars": lambda folder: polars.from_pandas(TABLE),
    "csv": lambda folder: write_csv(folder / "my.csv.gz", TABLE),
    "parquet": lambda folder: str(write_parquet(folder / "my.parquet", TABLE)),
}


@pytest.mark.parametrize("source", SOURCES)
def test_rows_are_sorted_unique_numbers_and_each_change_is_told(source, tmp_path):
    X, y, report = read_panel(SOURCES[source](tmp_path), time="when", series="host", target="label")
    assert X.index.get_level_values(0).tolist() == ["a", "a", "b", "b"]
    assert X.index.get_level_values(1).tolist() == MINUTES.tolist()
    assert X.index.names == ["host", "when"]
    expected = [[np.nan, 3.0], [6.0, np.nan], [np.nan, 4.0], [1.0, 1.0]]
    np.testing.assert_array_equal(X[["load", "rate"]], expected)
    assert y.tolist() == [0, 1, 0, 0]
    assert y.dtype == np.int64
    assert y.index.equals(X.index)
    assert report.to_dict() == {
        "rows read": 6,
        "rows without a readable time": 1,
        "column 'text' left out, as it holds no numbers": 6,
        "values of 'load' that are infinite, now missing": 1,
        "values of 'load' that are missing": 1,
        "values of 'rate' that are not numbers, now missing": 1,
        "rows out of time order": 2,
        "rows with a repeated time": 1,
        "rows kept": 4,
    }


def test_without_faults_it_is_to_panel_and_says_nothing():
    table = TABLE[["host", "when", "load"]].iloc[[0, 1, 2, 3]].assign(load=[1.0, 2, 3, 4])
    X, y, report = read_panel(table, time=1, series=0)
    pd.testing.assert_frame_equal(X, to_panel(table, time="when", series="host"))
    assert y is None
    assert report.to_dict() == {"rows read": 4, "rows out of time order": 2, "rows kept": 4}
    first, _, _ = read_panel(TABLE, time="when", series="host", duplicates="first", columns=["load"])
    assert first["load"].tolist()[1] == 2.0


def test_a_folder_has_a_file_for_each_series(tmp_path):
    for name in ("u", "v"):
        write_csv(tmp_path / f"{name}.csv", pd.DataFrame({"time": [1, 2], "x": [0.5, 1.5]}))
    (tmp_path / "readme.txt").write_text("no table")
    X, _, _ = read_panel(tmp_path)
    assert X.index.tolist() == [("u", 1), ("u", 2), ("v", 1), ("v", 2)]
    assert X.columns.tolist() == ["x"]
    write_csv(tmp_path / "w.csv", pd.DataFrame({"time": [1, 2], "y": [0.5, 1.5]}))
    with pytest.raises(ValueError, match=r"The file of series 'w' has the columns \['time', 'y'\]"):
        read_panel(tmp_path)
    with pytest.raises(ValueError, match="is a folder without CSV or Parquet files"):
        (tmp_path / "empty").mkdir()
        read_panel(tmp_path / "empty")
    for name in ("a", "b"):
        write_csv(
            tmp_path / "empty" / f"{name}.csv", pd.DataFrame({"t": [ord(name)], "s": ["one"], "x": [1.0]})
        )
    assert read_panel(tmp_path / "empty", series="s")[0].index.tolist() == [("one", 97), ("one", 98)]


def test_zones_are_those_of_clocks_and_of_instants():
    times = pd.date_range("2026-03-28", periods=72, freq="h", tz="Europe/Berlin")
    x = np.arange(72.0)
    local = pd.DataFrame({"time": times.tz_localize(None), "x": x})
    as_utc = pd.DataFrame({"time": [stamp.isoformat() for stamp in times.tz_convert("UTC")], "x": x})
    offsets = pd.DataFrame({"time": [stamp.isoformat() for stamp in times], "x": x})
    epochs = pd.DataFrame({"time": times.as_unit("s").asi8, "x": x})
    for table, unit in ((local, None), (as_utc, None), (offsets, None), (epochs, "s")):
        X, _, report = read_panel(table, zone="Europe/Berlin", unit=unit)
        assert (X.index == times).all()
        assert report.to_dict() == {"rows read": 72, "rows kept": 72}
    with pytest.warns(UserWarning, match=r"several offsets, \+0100, \+0200.*zone='Europe/Berlin'") as record:
        assert str(read_panel(offsets)[0].index.tz) == "UTC"
    assert record[0].filename == __file__
    for bare in ("2026-03-28 03:00", "2026-03-29"):  # the end of a date is not an offset
        offsets.loc[3, "time"] = bare
        message = rf"times with an offset, such as '2026-03-28T00.*and times without, such as '{bare}'"
        with pytest.raises(ValueError, match=message):
            read_panel(offsets, zone="Europe/Berlin")
    with pytest.raises(ValueError, match="zone='Berlin' is not a time zone"):
        read_panel(local, zone="Berlin")
    other, _, _ = read_panel(epochs.astype({"time": float}), unit="s")
    assert (other.index == times).all()


@pytest.mark.parametrize(
    ("text", "as_utc"),
    [
        ("%Y%m%dT%H%M%S%z", False),
        ("%Y%m%dT%H%M%z", False),
        ("%Y-%m-%dT%H%z", False),
        ("%d.%m.%Y %H:%M %z", False),
        ("%Y%m%dT%H%MZ", True),
        ("%Y-%m-%dT%H:%M:%Sz", True),
    ],
)
def test_offsets_are_found_in_any_form_of_time(text, as_utc):
    times = pd.date_range("2026-10-24 12:00", periods=36, freq="h", tz="Europe/Berlin")
    written = (times.tz_convert("UTC") if as_utc else times).strftime(text)
    table = pd.DataFrame({"time": written, "x": np.arange(36.0)})
    X, _, _ = read_panel(table, zone="Europe/Berlin")
    assert (X.index == times).all()
    if text.endswith(("M%z", "S%z", "MZ")):  # of ISO 8601; others are rows without a readable time
        table.loc[3, "time"] = written[3].rstrip("Z") if as_utc else written[3][:-5]
        with pytest.raises(ValueError, match=r"holds times with an offset, .* and times without"):
            read_panel(table, zone="Europe/Berlin")


def test_an_hour_that_clocks_show_twice_is_told_by_the_order_of_rows():
    times = pd.date_range("2026-10-25", periods=8, freq="h", tz="Europe/Berlin")
    table = pd.DataFrame({"host": "a", "time": times.tz_localize(None), "x": np.arange(8.0)})
    few = table.iloc[[0, 3, 5]].assign(host="b")  # one of the two hours: nobody knows which
    never = pd.DataFrame(
        {"host": "c", "time": pd.to_datetime(["2026-03-29 02:30", "2026-03-29 04:00"]), "x": 0.0}
    )
    X, _, report = read_panel(
        pd.concat([table, few, never]), time="time", series="host", zone="Europe/Berlin"
    )
    assert (X.loc["a"].index == times).all()
    assert X.index.get_level_values(0).value_counts().to_dict() == {"a": 8, "b": 2, "c": 1}
    assert report["rows in an hour that clocks skip or repeat"] == 2


def test_an_hour_that_is_repeated_in_autumn_is_told():
    times = pd.date_range("2026-10-24", periods=48, freq="h", tz="Europe/Berlin").tz_localize(None)
    with pytest.warns(UserWarning, match="1 row.* from 2026-10-25 02:00:00.*zone='Europe/Berlin'") as record:
        assert len(read_panel(pd.DataFrame({"time": times, "x": 1.0}))[0]) == 47
    assert record[0].filename == __file__
    doubled = pd.DataFrame({"time": times[:20].repeat(2), "x": 1.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_panel(doubled)[0]) == 20


def test_times_in_another_form_are_read_by_it():
    table = pd.DataFrame({"time": ["01.02.2026 00:00", "02.02.2026 00:00"], "x": [1.0, 2.0]})
    X, _, _ = read_panel(table, time_format="%d.%m.%Y %H:%M")
    assert X.index.tolist() == [pd.Timestamp("2026-02-01"), pd.Timestamp("2026-02-02")]
    guessed, _, report = read_panel(table.assign(time=["01/02/2026 00:00", "01/13/2026 00:00"]))
    assert guessed.index.tolist() == [pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-13")]
    assert report["times not in ISO 8601 format, read as pandas guesses"] == 2
    deltas, _, _ = read_panel(table.assign(time=pd.to_timedelta([2, 1], "h")), zone="UTC")
    assert deltas.index.tolist() == [pd.Timedelta("1h"), pd.Timedelta("2h")]
    with pytest.warns(UserWarning, match="looks like time since 1970. If it is, pass unit='ms'") as record:
        read_panel(table.assign(time=[1_767_571_200_000, 1_767_571_260_000]))
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_panel(table.assign(time=[3, 1], y=["yes", "no"]), target="y")[1].tolist() == ["no", "yes"]


def test_the_day_comes_first_where_more_times_are_read_so():
    table = pd.DataFrame({"time": ["05/01/2026", "06/01/2026", "13/01/2026"], "x": [1.0, 2.0, 3.0]})
    days = [pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-06"), pd.Timestamp("2026-01-13")]
    assert read_panel(table)[0].index.tolist() == days
    with pytest.warns(
        UserWarning, match="day or the month first: '05/01/2026' is read as 2026-05-01"
    ) as record:
        read_panel(table[:2])
    assert record[0].filename == __file__
    assert read_panel(table[:2], time_format="%d/%m/%Y")[0].index.tolist() == days[:2]


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_numbers_whose_digits_are_dates_are_read_by_their_format(dtype):
    days = pd.date_range("2026-01-25", periods=12)
    table = pd.DataFrame({"day": days.strftime("%Y%m%d").astype(int), "x": np.arange(12.0)}).astype(
        {"day": dtype}
    )
    with pytest.raises(ValueError, match=r"time='day' holds numbers.*time_format='%Y%m%d'"):
        read_panel(table, time="day")
    table = table.astype({"day": dtype.replace("int64", "float64")}).reindex(range(13)).fillna({"x": 1.0})
    assert (read_panel(table, time="day", time_format="%Y%m%d")[0].index == days).all()


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ([[1]], {}, "source must be a path or a frame, got list"),
        ("nowhere.csv", {}, "source='nowhere.csv' must be an existing CSV or Parquet file"),
        ("my.xlsx", {}, "must be an existing CSV or Parquet file"),
        (TABLE, {"time": "hour"}, "time='hour' is not a column of the table"),
        (TABLE, {"time": 9}, "time=9 is not a column of the table"),
        (TABLE, {"time": "text"}, "time='text' holds .* which cannot be read as time. Give its format"),
        (TABLE, {"time": "text", "time_format": "%d"}, "by time_format='%d'. Give its true format"),
        (
            TABLE,
            {"time": "when", "unit": "s"},
            "unit='s' is for times that are numbers, but 'when' has dtype",
        ),
        (TABLE, {"time": "label", "zone": "UTC"}, "zone='UTC' is for dates, but 'label' has dtype float64"),
        (TABLE, {"time": "when", "columns": ["text"]}, "columns: 'text' holds .* not numbers"),
        (
            TABLE,
            {"time": "when", "columns": ["when"]},
            r"columns=\['when'\] must be columns of the table other than",
        ),
        (TABLE, {"time": "when", "target": "load"}, "target='load' has 1 missing labels"),
        (TABLE.assign(host=None), {"time": "when", "series": "host"}, "series='host' has 6 missing names"),
        (TABLE[["when", "text"]], {"time": "when"}, r"no column of numbers besides \['when'\]"),
        (TABLE[:0], {"time": "when"}, r"has the columns \['host'.* and no rows"),
        (TABLE.assign(when=np.nan), {"time": "when"}, "No row of 6 is left"),
        (TABLE.assign(load=np.nan, rate=np.nan, label=np.nan), {"time": "when"}, "No value of the columns"),
    ],
)
def test_what_cannot_be_read_is_refused(source, options, message):
    with pytest.raises(ValueError, match=message):
        read_panel(source, **options)


def test_decimal_commas_are_read_and_never_lost(tmp_path):
    path = tmp_path / "my.csv"
    path.write_text(
        "t;a;b;c;text\n01.02.2026 00:00;1,5;2;0,5;u\n01.02.2026 00:01;-2,5;n/v;1.234;v,w\n01.02.2026 00:02;;3,5;7;x\n"
    )
    options = {"time_format": "%d.%m.%Y %H:%M", "decimal": ","}
    from_file, _, report = read_panel(path, sep=";", **options)
    expected = [
        [1.5, 2.0, 0.5],
        [-2.5, np.nan, np.nan],
        [np.nan, 3.5, 7.0],
    ]  # 1.234 may be a thousand, or one
    np.testing.assert_array_equal(from_file, expected)
    assert report["values of 'c' that are not numbers, now missing"] == 1
    table = pd.read_csv(path, sep=";")
    pd.testing.assert_frame_equal(read_panel(table, **options)[0], from_file)
    with pytest.raises(ValueError, match="Column 'a' holds numbers with a comma, such as '1,5'"):
        read_panel(table, time_format=options["time_format"])
    few = pd.DataFrame({"t": range(4), "x": ["1", "2", "3", "4,5"], "mode": ["off", "on", "1,2", "off"]})
    with pytest.raises(ValueError, match="Column 'x' holds numbers with a comma"):  # not NaN
        read_panel(few)
    assert read_panel(few, decimal=",")[0]["x"].tolist() == [1.0, 2.0, 3.0, 4.5]
    assert read_panel(few.assign(x=1.0))[0].columns.tolist() == [
        "x"
    ]  # words with a comma among them are words


@pytest.mark.parametrize(
    "as_dates", [MINUTES, MINUTES - MINUTES[0], MINUTES.to_period("D")], ids=lambda it: str(it.dtype)
)
def test_other_dates_are_no_values(as_dates):
    table = pd.DataFrame({"time": range(4), "x": [1.0, 2.0, 3.0, 4.0], "serviced": as_dates})
    X, _, report = read_panel(table)
    assert X.columns.tolist() == ["x"]
    assert report["column 'serviced' left out, as it holds no numbers"] == 4
    with pytest.raises(ValueError, match=r"columns: 'serviced' holds .*, not numbers"):
        read_panel(table, columns=["x", "serviced"])


@pytest.mark.parametrize(
    "stamps",
    [
        MINUTES,
        MINUTES.strftime("%d.%m.%Y %H:%M"),
        MINUTES.strftime("%Y-%m-%d %H:%M"),
        [*MINUTES[:3].astype(str), "n/a"],
    ],
)
def test_numbers_are_not_taken_for_time_beside_a_column_of_dates(stamps):
    table = pd.DataFrame({"x": [3.0, 1.0, 2.0, 4.0], "z": [1.0, 2.0, 3.0, 4.0], "when": stamps})
    with pytest.raises(
        ValueError, match=r"Time was taken from column 'x', by its position.*Pass time='when'; or time='x'"
    ):
        read_panel(table)
    assert read_panel(table, time="x")[0].index.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert read_panel(table.rename(columns={"x": "run time"}))[0].columns.tolist() == ["z"]
    assert read_panel(table, unit="s")[0].columns.tolist() == ["z"]
    serviced = table.assign(
        when=["2026-01-05", "2026-01-05", "2026-01-06", "2026-01-05"]
    )  # not one for each row
    assert read_panel(serviced.iloc[[1, 2, 0, 3]])[0].columns.tolist() == ["z"]
    version = table.assign(when=["1.2.3", "1.2.4", "10.0.0.1", "A-2026-01"])
    assert read_panel(version)[0].columns.tolist() == ["z"]


def test_numbers_that_rise_and_fall_are_hardly_time():
    table = pd.DataFrame({"x": [3.0, 1.0, 2.0, 2.5], "z": [1.0, 2.0, 3.0, 4.0]})
    with pytest.warns(UserWarning, match="3 of its 4 numbers are below an earlier one") as record:
        read_panel(table)
    assert record[0].filename == __file__
    assert read_panel(table, time="x")[0].index.tolist() == [1.0, 2.0, 2.5, 3.0]


@pytest.mark.parametrize("series", [None, "host"])
def test_most_rows_with_a_repeated_time_are_announced(series):
    times = pd.date_range("2026-01-05", periods=4, freq="h").repeat(3)
    table = pd.DataFrame({"time": times, "host": "a", "x": np.arange(12.0)})
    with pytest.warns(UserWarning, match="8 of 12 rows have the same time='time'.*: series=...;") as record:
        X, _, _ = read_panel(table, time="time", series=series)
    assert record[0].filename == __file__
    assert X["x"].tolist() == [2.0, 5.0, 8.0, 11.0]
