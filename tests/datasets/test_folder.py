import gzip

import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import load_folder

TABLE = pd.DataFrame({"at": ["2026-01-01", "2026-01-02", "2026-01-03"], "load": [1, 2, 9], "odd": [0, 0, 2]})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "line").mkdir()
    TABLE.to_csv(tmp_path / "a.csv", index=False)
    TABLE.assign(at=[5, 6, 7]).to_csv(tmp_path / "line" / "b.v2.csv.gz", index=False)
    return tmp_path


def test_one_series_has_its_times_as_index(folder):
    data = load_folder(folder, "a", label="odd", time="at")
    assert data.data.index.equals(pd.DatetimeIndex(TABLE["at"]).rename("time"))
    assert data.data.to_dict("list") == {"load": [1.0, 2.0, 9.0]}
    assert data.target.tolist() == [0, 0, 1]
    assert str(folder) in data.DESCR
    X, y = load_folder(folder, "line/b", time=0, return_X_y=True)
    assert X.index.tolist() == y.index.tolist() == [5, 6, 7]


def test_all_series_are_a_panel_and_columns_may_be_given_by_number(folder):
    X, y = load_folder(folder, pattern="a.csv", time=0, return_X_y=True)
    assert X.index.names == y.index.names == ["series", "time"]
    assert X.index.unique("series").tolist() == ["a"]
    X, y = load_folder(folder, ["line/b", "a"], pattern="**/*.csv*", label=None, time=0, return_X_y=True)
    assert list(X) == ["load", "odd"]
    assert y.sum() == 0
    assert X.index.unique("series").tolist() == ["line/b", "a"]


def test_arrays_of_numpy_are_read_too(tmp_path):
    np.savez(tmp_path / "one.npz", value=[1.0, 2.0], label=[0, 1])
    np.savez(tmp_path / "wide.npz", value=np.ones((4, 2)), other=np.zeros(4), y=[0, 0, 0, 1])
    X, y = load_folder(tmp_path, "one", pattern="*.npz", return_X_y=True)
    assert X["value"].tolist() == [1, 2] and y.tolist() == [0, 1]
    X, y = load_folder(tmp_path, "wide", pattern="*.npz", label="y", return_X_y=True)
    assert list(X) == ["x1", "x2", "x3"] and y.sum() == 1
    assert list(load_folder(tmp_path, "one", pattern="*.npz", label=None).data) == ["value", "label"]
    with pytest.raises(ValueError, match=r"label='y' is not among the arrays \['value', 'label'\]"):
        load_folder(tmp_path, "one", pattern="*.npz", label="y")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"label": "y"}, r"label='y' is not among the columns \['at', 'load', 'odd'\] of .*a.csv"),
        ({"time": 3}, r"time=3 is not among the columns"),
        ({}, "has values that are not numbers"),
        ({"name": "c"}, r"There is no series \['c'\]. Available are \['a', 'line/b'\]"),
    ],
)
def test_what_is_not_there_is_named(folder, options, message):
    with pytest.raises(ValueError, match=message):
        load_folder(folder, **{"name": "a", **options})


def test_files_that_do_not_go_together_are_refused(folder):
    TABLE.rename(columns={"load": "heat"}).to_csv(folder / "c.csv", index=False)
    with pytest.raises(ValueError, match=r"'c' has the columns \['heat'\], but 'a' has \['load'\]"):
        load_folder(folder, ["a", "c"], time="at")
    TABLE.assign(odd=[0, None, 1]).to_csv(folder / "d.csv", index=False)
    with pytest.raises(ValueError, match=r"1 labels of .*d.csv are missing"):
        load_folder(folder, "d", time="at")
    with pytest.raises(FileNotFoundError, match=r"No file in .* matches pattern='\*.txt'"):
        load_folder(folder, pattern="*.txt")


ROWS = "time,load,label\n2026-01-05,1.0,0\n2026-01-06,2.0,1\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            ROWS.replace("load", "l\xf6ad").encode("latin-1"),
            "my.csv cannot be read: .*codec.*encoded as UTF-8",
        ),
        (b"", "my.csv cannot be read: No columns to parse"),
        (b"time,load,label\n", "my.csv has no rows"),
        (ROWS.replace(",1\n", ",bad\n").encode(), r"label='label' of .*my.csv contains \['0', 'bad'\]"),
        (ROWS.replace(",0\n", ",-1\n").encode(), r"contains \[-1, 1\], but must contain 0 for normal rows"),
        (ROWS.replace("2026-01-06", "?").encode(), "time='time' of .*my.csv cannot be read as time"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path, content, message):
    (tmp_path / "my.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_folder(tmp_path, time="time")


def test_files_that_are_cut_off_are_named_and_row_numbers_are_no_values(tmp_path):
    (tmp_path / "my.csv.gz").write_bytes(gzip.compress(ROWS.encode())[:-9])
    with pytest.raises(ValueError, match=r"my.csv.gz cannot be read: Compressed file ended"):
        load_folder(tmp_path)
    (tmp_path / "my.csv.gz").unlink()
    pd.DataFrame({"load": [1.0, 2.0], "label": [0, 1]}).to_csv(tmp_path / "my.csv")
    assert list(load_folder(tmp_path).data) == ["load"]
