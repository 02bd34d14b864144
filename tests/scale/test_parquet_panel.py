"""Panels on disk: all rows, in order, whatever files they lie in."""

import pickle

import numpy as np
import pandas as pd
import pytest

from sktsad.scale import ParquetPanel

NAMES = {"series": "series", "time": "time"}


def write(table, folder, by, row_group_size=40):
    """Write a table to several files, with small row groups."""
    folder.mkdir()
    for number, (_, part) in enumerate(table.groupby(by, sort=False)):
        part.to_parquet(folder / f"{number}.parquet", row_group_size=row_group_size)
    return folder


@pytest.fixture
def by_series(table, tmp_path):
    return write(table.sort_values(["series", "time"]), tmp_path / "by_series", "series")


@pytest.fixture
def by_time(table, tmp_path):
    """Files of half an hour each, with all series."""
    table = table.sort_values(["time", "series"]).astype({"series": "category"})
    return write(table, tmp_path / "by_time", table["time"].dt.floor("40min"))


def whole(parts):
    X = pd.concat(parts)
    assert not X.index.duplicated().any()
    return X


@pytest.mark.parametrize("layout", ["by_series", "by_time"])
def test_parts_and_lanes_hold_every_row_once(layout, panel, request):
    files = ParquetPanel(request.getfixturevalue(layout), columns=["value"], **NAMES)
    assert files.n_rows.to_dict() == panel.groupby(level=0).size().to_dict()
    parts = list(files.parts(120))
    assert len(parts) > 1
    pd.testing.assert_frame_equal(whole(parts).loc[panel.index], panel, check_freq=False)
    assert sum(part.index.get_level_values(0).nunique() for part in parts) == 5, "whole series"
    lanes = list(files.lanes(2, 25))
    pd.testing.assert_frame_equal(whole(lanes).loc[panel.index], panel, check_freq=False)
    for X in lanes:
        sizes = X.groupby(level=0).size()
        assert len(sizes) <= 2 and sizes.max() <= 25
    for _, rows in whole(lanes).groupby(level=0, sort=False):
        assert rows.index.get_level_values(1).is_monotonic_increasing, "in time order from call to call"


def test_a_part_is_in_time_order_and_a_long_series_is_one_of_its_own(by_time):
    files = ParquetPanel(by_time, columns=["value"], **NAMES)
    for X in files.parts(1):
        assert X.index.get_level_values(0).nunique() == 1
        assert X.index.is_monotonic_increasing
    assert files.partitions(10**6) == [files.series]


def test_labels_come_with_the_rows(by_series, table):
    files = ParquetPanel(by_series, target="label", **NAMES)
    assert files.columns == ["value"]
    for X, y in (*files.parts(100), *files.lanes(3, 20), files.read(["s3", "s0"])):
        assert X.index.equals(y.index)
        np.testing.assert_array_equal(y, X["value"] > 5)
    assert files.read(["s3", "s0"])[0].index.get_level_values(0).unique().tolist() == ["s3", "s0"]


def test_a_copy_in_another_process_reads_the_same(by_series):
    files = ParquetPanel(by_series, columns=["value"], **NAMES)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(files)).read(["s1"]), files.read(["s1"]))


def test_numbers_are_names_and_times_too(tmp_path):
    table = pd.DataFrame({"unit": [7, 7, 9], "at": [2, 1, 1], "load": [1.0, 2.0, 3.0]}, index=[5, 6, 7])
    table.to_parquet(tmp_path / "one.parquet")
    files = ParquetPanel(tmp_path / "one.parquet", series="unit", time="at")
    assert files.columns == ["load"], "not the index that pandas wrote"
    assert files.read([7])["load"].tolist() == [2.0, 1.0]


def test_what_cannot_be_read_is_refused_with_the_fix(table, tmp_path, by_series):
    with pytest.raises(ValueError, match="'host' is not a column of"):
        ParquetPanel(by_series, series="host", time="time")
    with pytest.raises(ValueError, match="must be different columns"):
        ParquetPanel(by_series, series="series", time="series")
    with pytest.raises(KeyError, match="has no series 'x'"):
        ParquetPanel(by_series, **NAMES).read(["x"])
    text = write(table.assign(time=table["time"].astype(str)), tmp_path / "text", "series")
    with pytest.raises(ValueError, match=r"time='time' is of type .*string, which is not time.*to_datetime"):
        ParquetPanel(text, **NAMES)
    table.loc[table.index[3], "series"] = None
    table.to_parquet(tmp_path / "holes.parquet")
    with pytest.raises(ValueError, match=r"1 rows of .*holes.parquet have no 'series'"):
        ParquetPanel(tmp_path / "holes.parquet", **NAMES)
    table[:0].to_parquet(tmp_path / "empty.parquet")
    with pytest.raises(ValueError, match="contains no rows"):
        ParquetPanel(tmp_path / "empty.parquet", **NAMES)


def test_lanes_need_rows_in_time_order(table, tmp_path):
    files = ParquetPanel(write(table, tmp_path / "shuffled", "series"), columns=["value"], **NAMES)
    with pytest.raises(ValueError, match=r"Row groups of series '.*' overlap in time"):
        list(files.lanes())
    assert files.read(["s0"]).index.is_monotonic_increasing


def test_without_pyarrow_the_error_says_what_to_install(by_series, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match="pip install 'sktsad\\[parquet\\]'"):
        ParquetPanel(by_series, **NAMES)
