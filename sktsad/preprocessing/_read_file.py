"""A CSV or Parquet file as a table; what cannot be read names the option that reads it."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

import pandas as pd
from pandas.errors import EmptyDataError, ParserError

_FILES = {".csv", ".parquet"}
#: Marks between columns, in the order in which they are looked for.
_SEPARATORS = (";", "\t")
#: Marks that names may contain, too: only a table of a single column shows that they are separators.
_OTHERS = {"|": r"\|", r"\s+": r"\S\s+\S"}
#: A time, which is no name of a column: such a file has no header.
_TIME = re.compile(r"\s*\d.*\d:\d\d|\s*\d{4}-\d\d-\d\d")


def _suffix(path: Path) -> str:
    return next((suffix for suffix in path.suffixes if suffix in _FILES), "")


def is_table(path: Path) -> bool:
    """Return whether a file is one to read, by its name."""
    return bool(_suffix(path))


def read_file(path: Path, sep: str, decimal: str) -> pd.DataFrame:
    """Return the table in a file, with its columns in the order of the file."""
    suffix = _suffix(path)
    if not suffix or not path.is_file():
        raise ValueError(
            f"source={str(path)!r} must be an existing CSV or Parquet file, such as 'my.csv', or a folder of such "
            "files. Read others with pandas, and pass the frame."
        )
    try:
        table = pd.read_csv(path, sep=sep, decimal=decimal) if suffix == ".csv" else pd.read_parquet(path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"source={str(path)!r} is truncated or damaged: {error}. Get the file again, or unpack the part that can "
            "be read."
        ) from error
    except EmptyDataError as error:
        raise ValueError(f"source={str(path)!r} is empty. Get the file again.") from error
    except ValueError as error:  # raised by pandas, pyarrow or an encoding
        said = f" with sep={sep!r}" if suffix == ".csv" else ""
        raise ValueError(
            f"source={str(path)!r} cannot be read as a table{said}: {str(error).strip()}. Read it with pandas, which "
            f"has more options{_option(error)}, and pass the frame."
        ) from error
    if suffix == ".csv":
        _check_columns(table, path, sep)
    return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()


def _option(error: ValueError) -> str:
    """Return an example of the call of pandas that reads a file."""
    if isinstance(error, UnicodeDecodeError):
        # the mark that UTF-16 begins with, which no text in other encodings does
        encoding = "utf-16" if error.object[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
        return f", e.g. pandas.read_csv(source, encoding={encoding!r})"
    if isinstance(error, ParserError):
        return ", e.g. pandas.read_csv(source, skiprows=2) if two lines come before the header"
    return ""


def _check_columns(table: pd.DataFrame, path: Path, sep: str) -> None:
    """Refuse a CSV file whose header says that it was read with the wrong separator, or that there is none."""
    first = str(table.columns[0])
    marks = [mark for mark in _SEPARATORS if mark in first]
    if table.shape[1] == 1:
        marks += [mark for mark, pattern in _OTHERS.items() if re.search(pattern, first)]
    if marks:
        raise ValueError(
            f"The first column of source={str(path)!r} is {first!r}, so sep={sep!r} is not the separator of the "
            f"columns. Pass sep={marks[0]!r}."
        )
    if not isinstance(table.index, pd.RangeIndex):  # pandas moved the names to the right
        raise ValueError(
            f"source={str(path)!r} has {table.index.nlevels} more fields in a row than names in its header "
            f"{list(table.columns)}: a name is missing, each row ends with a separator, or numbers have a decimal "
            "comma without quotes. Fix the header, or read the file with pandas.read_csv(source, index_col=False, "
            "names=...), and pass the frame."
        )
    if _TIME.match(first):
        raise ValueError(
            f"source={str(path)!r} has no header: its first row is {list(table.columns)}. Read it with "
            "pandas.read_csv(source, header=None, names=[...]), and pass the frame."
        )
