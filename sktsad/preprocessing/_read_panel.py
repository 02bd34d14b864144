"""From a table in a file, or a folder of files, to rows and labels in the form that sktsad expects."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from .._core import (
    StrOptions,
    is_polars,
    level_of_user,
    read_series,
    refuse_other_containers,
    validate_params,
)
from ._read_file import is_table, read_file
from ._to_panel import column_of
from ._zoned_times import read_times, warn_if_set_back

#: Columns with a smaller share of numbers are treated as text.
_NUMBERS = 0.5
#: Repeated times are usually a few rows that were sent twice.
_REPEATED = 0.5
#: A number with one comma, which may be a decimal comma.
_COMMA = r"\s*[+-]?\d+,\d+(?:[eE][+-]?\d+)?\s*"

#: A day, and a time of day unless the year comes first: no version, address or number of a part.
_DATE = re.compile(r"^\s*(?:\d{4}-\d\d-\d\d|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*\d:\d\d)")
#: A column with such a name is one of time.
_CALLED_TIME = re.compile(r"time|date|stamp", re.IGNORECASE)
#: Number of texts that are looked at.
_FEW = 100


@validate_params(
    {
        "source": "no_validation",
        "time": [str, Integral],
        "series": [str, Integral, None],
        "target": [str, Integral, None],
        "columns": ["array-like", None],
        "zone": [str, None],
        "time_format": [str, None],
        "unit": [StrOptions({"s", "ms", "us", "ns"}), None],
        "duplicates": [StrOptions({"first", "last"})],
        "sep": [str],
        "decimal": [StrOptions({".", ","})],
    },
    prefer_skip_nested_validation=True,
)
def read_panel(
    source: Any,
    *,
    time: str | int = 0,
    series: str | int | None = None,
    target: str | int | None = None,
    columns: Sequence[str] | None = None,
    zone: str | None = None,
    time_format: str | None = None,
    unit: str | None = None,
    duplicates: str = "last",
    sep: str = ",",
    decimal: str = ".",
) -> tuple[pd.DataFrame, pd.Series | None, pd.Series]:
    """Read time series from a file, a folder or a frame: return rows in time order, labels, and a report of changes.

    Rows without a readable time are dropped, and so are all but one of the rows of a series with the same time; rows
    are sorted by series and time. Values that are not numbers become NaN, which `SeriesImputer` fills.

    Parameters
    ----------
    source : path or DataFrame
        A CSV or Parquet file, such as ``"my.csv"``, ``"my.csv.gz"`` or ``"my.parquet"``; a folder of such files, one
        for each series, named after it; or a table of pandas, polars or Arrow.
    time : str or int, default=0
        Column with the time, by name or position: dates, numbers, or text in ISO 8601 format. Text in another format is
        parsed by the guess of pandas, with the day or the month first, whichever can parse more values, and the report
        says so.
    series : str, int or None, default=None
        Column with the name of each row's series; None takes all rows as one series, and each file of a folder as one.
    target : str, int or None, default=None
        Column with the labels.
    columns : sequence of str or None, default=None
        Columns with the values; None takes all other columns that hold numbers.
    zone : str or None, default=None
        Time zone, such as ``"Europe/Berlin"``: dates without an offset are local times in this zone, others are
        converted to it. None leaves dates without an offset as they are and converts others to UTC.
    time_format : str or None, default=None
        Format of times as text in another format, such as ``"%d.%m.%Y %H:%M"``, or of numbers whose digits are dates,
        such as ``"%Y%m%d"``.
    unit : {"s", "ms", "us", "ns"} or None, default=None
        Unit of times that are counted from 1970 in UTC. None takes numbers as they are.
    duplicates : {"first", "last"}, default="last"
        Which one of several rows of a series with the same time is kept.
    sep : str, default=","
        Separator of the columns of a CSV file.
    decimal : {".", ","}, default="."
        Decimal mark of numbers that are text, as in a CSV file.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
        The values, with a (series, time) MultiIndex, or an index of time for one series.
    y : Series of shape (n_samples,) or None
        The labels, with the same index; None without ``target``.
    report : Series
        Number of rows or values affected by each change, and the numbers of rows read and kept.

    Raises
    ------
    ValueError
        If there is no such file, column or time zone, a file has another separator or no header, the column of time is
        given by its position and contains numbers while another one contains dates, no time can be read, some times
        have an offset and others none, names of series or labels are missing, a requested column contains text, a
        column contains numbers with a decimal comma and ``decimal`` is not ``","``, all values are missing, or no row
        is left.

    Warns
    -----
    UserWarning
        If time is a column of numbers, given by its position, that are mostly out of order; if more than half of the
        rows are dropped because another row has the same time; if times are numbers that
        look like time since 1970 and ``unit`` is None, or text that may have the day or the month first; if they have
        several offsets, or repeat an hour as when clocks are set back, and ``zone`` is None.

    See Also
    --------
    to_panel : The same for a frame without errors.
    sktsad.datasets.load_folder : Load folders of labelled series for benchmarks.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad import read_panel
    >>> table = pd.DataFrame(
    ...     {
    ...         "time": ["2026-01-05 00:01", "2026-01-05 00:00", "2026-01-05 00:01", "n/a"],
    ...         "load": [1.0, 2.0, 3.0, 4.0],
    ...         "label": [0, 1, 0, 0],
    ...     }
    ... )
    >>> X, y, report = read_panel(table, target="label", zone="Europe/Berlin")
    >>> X
                               load
    time
    2026-01-05 00:00:00+01:00   2.0
    2026-01-05 00:01:00+01:00   3.0
    >>> report
    rows read                        4
    rows without a readable time     1
    rows out of time order           1
    rows with a repeated time        1
    rows kept                        2
    dtype: int64
    """
    table, file_series = _load(source, sep, decimal, [time, series, target])
    if not len(table):
        raise ValueError(
            f"The table has the columns {list(table.columns)} and no rows. Check what wrote, or selected, its rows."
        )
    by_position = isinstance(time, Integral)
    time, series, target = (
        _name_of(table, each, name) for each, name in ((time, "time"), (series, "series"), (target, "target"))
    )
    series = file_series if series is None else series
    report = {"rows read": len(table)}
    if by_position and unit is None and time_format is None:
        _check_time(table, time, [series, target])
    keys = None if series is None else _keys(table[series], series)
    times: Any
    times, unsaid = read_times(table[time], keys, zone, time_format, unit, report)
    report["rows without a readable time"] = int(times.isna().sum() - unsaid)
    report["rows in an hour that clocks skip or repeat"] = unsaid
    values = _values(
        table, [name for name in (time, series, target) if name is not None], columns, decimal, report
    )
    levels = [times] if keys is None else [keys, times]
    index = times if keys is None else pd.MultiIndex.from_arrays(levels)
    values.index = index
    there = ~times.isna()
    codes = [pd.factorize(level[there], sort=True)[0] for level in levels]
    report["rows out of time order"] = _out_of_order(codes)
    if by_position and is_numeric_dtype(times.dtype):
        _warn_if_no_time(report, time)
    order = np.flatnonzero(there)[np.lexsort(codes[::-1])]
    X = values.iloc[order]
    is_twice = X.index.duplicated(keep=duplicates)  # type: ignore[arg-type]
    report["rows with a repeated time"] = int(is_twice.sum())
    warn_if_set_back(X.index.get_level_values(-1)[is_twice])
    if is_twice.sum() > _REPEATED * len(X):
        _warn_if_repeated(report, time, series)
    X, order = X[~is_twice], order[~is_twice]
    report["rows kept"] = len(X)
    if not len(X):
        raise ValueError(
            f"No row of {len(table)} is left: {report}. Check that time={time!r} is the column of time."
        )
    read_series(X)
    y = None if target is None else _labels(table[target], order, X.index, target)
    always = ("rows read", "rows kept")
    return X, y, pd.Series({what: n for what, n in report.items() if n or what in always}, dtype="int64")


def _load(source: Any, sep: str, decimal: str, names: list[Any]) -> tuple[pd.DataFrame, str | None]:
    """Return a table, and the column with the names of the series if each series is a file."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.is_dir():
            return read_file(path, sep, decimal), None
        files = sorted(file for file in path.iterdir() if is_table(file))
        if not files:
            raise ValueError(f"source={str(source)!r} is a folder without CSV or Parquet files.")
        tables = {file.name.partition(".")[0]: read_file(file, sep, decimal) for file in files}
        first = next(iter(tables.values()))
        for name, table in tables.items():
            if list(table.columns) != list(first.columns):
                raise ValueError(
                    f"The file of series {name!r} has the columns {list(table.columns)}, others have "
                    f"{list(first.columns)}. Read them one by one, and join the shared columns with pandas.concat."
                )
        joined = pd.concat(tables, names=["series", None]).reset_index(level=0)
        joined = joined[[*first.columns, "series"]].reset_index(drop=True)
        return joined, None if names[1] is not None else "series"
    if is_polars(source) or hasattr(source, "column_names"):
        refuse_other_containers(source)
        names = list(getattr(source, "column_names", getattr(source, "columns", [])))
        return pd.DataFrame({name: column_of(source, name) for name in names}), None
    if not isinstance(source, pd.DataFrame):
        raise ValueError(f"source must be a path or a frame, got {type(source).__name__}.")
    wanted = [name for name in names if name is not None and name not in source.columns]
    in_index = [name for name in source.index.names if name in wanted]
    table = source.reset_index(in_index) if in_index else source
    return table.reset_index(drop=True), None


def _name_of(table: pd.DataFrame, column: str | int | None, parameter: str) -> Any:
    if column is None or column in table.columns:
        return column
    if isinstance(column, Integral) and -table.shape[1] <= column < table.shape[1]:
        return table.columns[column]
    raise ValueError(
        f"{parameter}={column!r} is not a column of the table, which has {list(table.columns)}. Name one of them."
    )


def _check_time(table: pd.DataFrame, time: Any, others: list[Any]) -> None:
    """Refuse numbers as time, unless they are named, where another column holds the dates of the rows."""
    if not is_numeric_dtype(table[time].dtype) or _CALLED_TIME.search(str(time)):
        return
    dated = [name for name in table.columns if name not in (time, *others) and _dates_rows(table[name])]
    if dated:
        raise ValueError(
            f"Time was taken from column {time!r}, by its position, but it holds numbers, while {dated[0]!r} holds "
            f"dates. Pass time={dated[0]!r}; or time={time!r}, if these numbers are the time."
        )


def _warn_if_no_time(report: dict[str, int], time: Any) -> None:
    """Warn about numbers that rise and fall."""
    n_late = report["rows out of time order"]
    if n_late > _NUMBERS * report["rows read"]:
        warnings.warn(
            f"Time was taken from column {time!r}, by its position, but {n_late} of its {report['rows read']} numbers "
            "are below an earlier one, unlike time. Name the column of time: time=...",
            UserWarning,
            stacklevel=level_of_user(),
        )


def _warn_if_repeated(report: dict[str, int], time: Any, series: Any) -> None:
    """Warn about times that hardly any row has to itself."""
    of_series = "" if series is None else f" of its series={series!r}"
    warnings.warn(
        f"{report['rows with a repeated time']} of {report['rows read']} rows have the same time={time!r} as another "
        f"row{of_series} and are dropped. If there are many series, name their column: series=...; if date and time of "
        "day are in two columns, join them with pandas, and pass the frame.",
        UserWarning,
        stacklevel=4,
    )


def _dates_rows(column: pd.Series) -> bool:
    """Return whether a column holds dates, a different one in most rows."""
    if column.dtype.kind == "M":
        is_date = True
    elif is_numeric_dtype(column.dtype):
        is_date = False
    else:
        is_date = column.dropna().head(_FEW).astype(str).str.contains(_DATE).mean() > _NUMBERS
    return bool(is_date and column.nunique() > _NUMBERS * len(column))


def _keys(column: pd.Series, name: Any) -> pd.Index:
    if column.isna().any():
        raise ValueError(
            f"series={name!r} has {int(column.isna().sum())} missing names. Name these rows, or drop them."
        )
    return pd.Index(column.array, name=name)


def _out_of_order(codes: list[np.ndarray]) -> int:
    """Return how many rows come after a later one of their series."""
    times = pd.Series(codes[-1])
    newest = times.cummax() if len(codes) == 1 else times.groupby(codes[0]).cummax()
    return int((times < newest).sum())


def _values(
    table: pd.DataFrame,
    taken: list[Any],
    columns: Sequence[str] | None,
    decimal: str,
    report: dict[str, int],
) -> pd.DataFrame:
    """Return the columns of values as numbers; report which values become NaN, and which columns are left out."""
    for name in columns if columns is not None else ():
        if name in taken or name not in table.columns:
            raise ValueError(
                f"columns={list(columns or ())} must be columns of the table other than {taken}; it has "
                f"{list(table.columns)}."
            )
    found = {}
    for name in [each for each in table.columns if each not in taken] if columns is None else columns:
        column = table[name]
        numbers = _numbers(column, decimal)
        is_text = int((numbers.isna() & column.notna()).sum())
        if not is_numeric_dtype(numbers.dtype) or is_text > _NUMBERS * max(1, int(column.notna().sum())):
            if columns is not None:
                raise ValueError(
                    f"columns: {name!r} holds {column.dtype}, not numbers. Encode it, or leave it out."
                )
            report[f"column {name!r} left out, as it holds no numbers"] = len(table)
            continue
        if is_text:
            report[f"values of {name!r} that are not numbers, now missing"] = is_text
        found[name] = numbers.to_numpy(np.float64, na_value=np.nan)
        if infinite := int(np.isinf(found[name]).sum()):
            report[f"values of {name!r} that are infinite, now missing"] = infinite
            found[name] = np.where(np.isinf(found[name]), np.nan, found[name])
        if missing := int(column.isna().sum()):
            report[f"values of {name!r} that are missing"] = missing
    if not found:
        raise ValueError(f"The table has no column of numbers besides {taken}; it has {list(table.columns)}.")
    values = pd.DataFrame(found)
    if values.isna().all(axis=None):
        raise ValueError(
            f"No value of the columns {list(found)} is there: {report}. Check the file, and what its missing values "
            "are called."
        )
    return values


def _numbers(column: pd.Series, decimal: str) -> pd.Series:
    """Return a column as numbers, NaN for text without one; refuse decimal commas unless ``decimal`` is a comma."""
    if is_numeric_dtype(column.dtype):
        return column
    if column.dtype.kind in "mM" or isinstance(
        column.dtype, pd.PeriodDtype
    ):  # no sensor measures nanoseconds
        return pd.Series(np.nan, column.index)
    if decimal == ".":
        numbers = pd.to_numeric(column, errors="coerce")
        text = column[numbers.isna() & column.notna()].astype(str)
        commas = text[text.str.fullmatch(_COMMA)]
        if len(commas) > _NUMBERS * len(text):
            raise ValueError(
                f"Column {column.name!r} holds numbers with a comma, such as {commas.iloc[0]!r}. Pass decimal=',' if "
                "it is a decimal comma; else read the file with pandas.read_csv(source, thousands=','), and pass the "
                "frame."
            )
        return numbers
    text = column.astype(str)
    # With decimal commas, a point may separate thousands: 1.234 is ambiguous.
    plain = text.where(~text.str.contains(".", regex=False)).str.replace(decimal, ".", regex=False)
    return pd.to_numeric(plain, errors="coerce")


def _labels(column: pd.Series, order: np.ndarray, index: pd.Index, name: Any) -> pd.Series:
    labels = column.iloc[order]
    if labels.isna().any():
        raise ValueError(
            f"target={name!r} has {int(labels.isna().sum())} missing labels. Drop these rows, or fill in their "
            "labels, e.g. with fillna(0)."
        )
    is_number = is_numeric_dtype(labels.dtype) and not is_bool_dtype(labels.dtype)
    if is_bool_dtype(labels.dtype) or (is_number and (labels == labels.astype("int64")).all()):
        labels = labels.astype("int64")
    return pd.Series(labels.array, index, name=name)
