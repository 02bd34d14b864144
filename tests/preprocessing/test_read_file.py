"""Files that cannot be read are refused by name, with the option that reads them."""

import gzip

import pytest

from sktsad import read_panel


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,Höhe\n2026-01-05,1\n".encode("latin-1"), "encoding='latin-1'"),
        ("time,v\n2026-01-05,1\n".encode("utf-16"), "encoding='utf-16'"),
        (b"", "is empty. Get the file again"),
        (b"time,v\n1,2\n1,2,3\n", "cannot be read as a table.*Expected 2 fields.*skiprows=2"),
        (b"time;v\n2026-01-05;1,5\n", "first column .*Pass sep=';'"),
        (b"time\tv\n2026-01-05\t1\n", r"Pass sep='\\t'"),
        (b"time|v\n2026-01-05|1\n", r"Pass sep='\|'"),
        (b"time v\n2026-01-05 1\n", r"Pass sep='\\\\s\+'"),
        (b"2026-01-05 00:00,1\n2026-01-05 00:01,2\n", "has no header: its first row is .*header=None"),
        (b"05.01.2026 00:00,1\n05.01.2026 00:01,2\n", "has no header"),
        (
            b"time,v\n2026-01-05,1,5\n2026-01-06,2,5\n",
            "has 1 more fields in a row than names .*decimal comma",
        ),
        (
            b'time,v\n2026-01-05,"1,5"\n',
            "Column 'v' holds numbers with a comma, such as '1,5'. Pass decimal=','",
        ),
    ],
    ids=[
        "latin",
        "utf-16",
        "empty",
        "ragged",
        "semicolons",
        "tabs",
        "bars",
        "blanks",
        "headless",
        "headless, not ISO",
        "fields",
        "commas",
    ],
)
def test_files_that_pandas_cannot_read_name_the_option(tmp_path, text, message):
    path = tmp_path / "my.csv"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=message):
        read_panel(path)


def test_files_that_are_cut_off_are_named(tmp_path):
    content = gzip.compress(b"time,x\n2026-01-05,1\n")
    (tmp_path / "my.csv.gz").write_bytes(content[:-9])
    with pytest.raises(ValueError, match=r"source='.*my.csv.gz' is truncated or damaged"):
        read_panel(tmp_path / "my.csv.gz")
    pytest.importorskip("pyarrow")
    (tmp_path / "my.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"source='.*my.parquet' cannot be read as a table: "):
        read_panel(tmp_path / "my.parquet")


def test_names_with_other_marks_are_names(tmp_path):
    (tmp_path / "my.csv").write_text("time of day,flow (l/min)|raw,0\n2026-01-05,1,2\n")
    assert read_panel(tmp_path / "my.csv")[0].columns.tolist() == ["flow (l/min)|raw", "0"]
    (tmp_path / "my.csv").write_text("time|UTC offset;v\n2026-01-05;1\n")
    assert read_panel(tmp_path / "my.csv", sep=";")[0].columns.tolist() == ["v"]
