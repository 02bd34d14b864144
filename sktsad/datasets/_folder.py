"""Reader of folders with your own files: values and labels, one file per series."""

from __future__ import annotations

import gzip
import os
import zipfile
import zlib
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._core import validate_params
from ._dataset import ANOMALY, as_dataset, select_series


@validate_params(
    {
        "folder": [str, os.PathLike],
        "name": [str, "array-like", None],
        "pattern": [str],
        "label": [str, Integral, None],
        "time": [str, Integral, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_folder(
    folder: str | os.PathLike[str],
    name: str | Sequence[str] | None = None,
    *,
    pattern: str = "**/*.csv*",
    label: str | int | None = -1,
    time: str | int | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    r"""Load a folder of files with values and labels, one file per series.

    Most collections of labelled series have this form, with their own names of files and columns.

    Parameters
    ----------
    folder : str or path-like
        The folder. A leading ``~`` is expanded to the user's home folder.
    name : str, list of str or None, default=None
        A str loads one series; a list loads its series in the given order; None loads all, sorted by name. The name of
        a series is the path of its file within the folder, up to the first dot of the file name.
    pattern : str, optional
        Files to load, as in :meth:`pathlib.Path.glob`: tables that pandas reads, compressed or not, or, with
        ``"*.npz"``, NumPy arrays. The default is ``"**/*.csv*"``, tables in any folder.
    label : str, int or None, default=-1
        The column with the labels, by name or by number, where -1 is the last: 0 for normal rows, numbers above 0 for
        anomalies. In ``npz`` files the array of that name, or "label" if a number is given. None if there are no
        labels: then all rows are 0.
    time : str, int or None, default=None
        The column with the time, by name or by number, which becomes the index: numbers are kept, text is converted to
        dates. With None, rows are numbered. ``npz`` files have no such column.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, n_columns)
            All other columns, in float64. The index is "time" for a single series, else a MultiIndex with the levels
            "series" and "time".
        target : Series of shape (n_samples,)
            1 for an anomalous row, 0 for a normal row, with the index of `data`.
        DESCR : str
            Source of the data.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If there is no series of that name, a file lacks a column or has missing labels, values are not
        numbers, or files that are loaded together have different columns.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sktsad.datasets import load_folder
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "pump.csv").write_text(
    ...     "at,load,broken\n2026-01-01,1.5,0\n2026-01-02,9.5,1\n"
    ... )
    >>> X, y = load_folder(folder, "pump", label="broken", time="at", return_X_y=True)
    >>> y.tolist(), list(X)
    ([0, 1], ['load'])
    """
    home = Path(folder).expanduser()
    files = {_name_of(path, home): path for path in sorted(home.glob(pattern)) if path.is_file()}
    if not files:
        raise FileNotFoundError(
            f"No file in {home} matches pattern={pattern!r}. Pass the folder of the files, or another pattern."
        )
    wanted = name if name is None or isinstance(name, str) else list(name)
    columns: dict[str, list] = {}

    def read(name: str) -> pd.DataFrame:
        table = _read(files[name], label, time)
        columns[name] = list(table)
        first = next(iter(columns))
        if columns[name] != columns[first]:
            raise ValueError(
                f"{name!r} has the columns {columns[name][:-1]}, but {first!r} has {columns[first][:-1]}. Load only "
                "series with the same columns together, by name."
            )
        return table

    table = select_series(wanted, files, read)
    return as_dataset(table, ANOMALY, f"Files {pattern} of the folder {home}.", return_X_y)


def _name_of(path: Path, home: Path) -> str:
    return path.relative_to(home).with_name(path.name.split(".")[0]).as_posix()


def _read(path: Path, label: str | int | None, time: str | int | None) -> pd.DataFrame:
    """Return the values of a file, its labels as the last column, and its time as the index."""
    try:
        table: Any = _read_arrays(path) if path.suffix == ".npz" else pd.read_csv(path)
    except (ValueError, EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} cannot be read: {error}. A table has commas between its columns and is encoded as UTF-8; if the "
            "file is truncated or damaged, get it again. Read files of another form with read_panel, or with pandas "
            "and to_panel."
        ) from error
    if path.suffix == ".npz":
        key = label if isinstance(label, str) else "label"
        if label is not None and key not in table:
            raise ValueError(f"label={label!r} is not among the arrays {list(table)} of {path}.")
        labels = None if label is None else pd.Series(table.pop(key), name=key)
        values = np.column_stack([part.reshape(len(part), -1) for part in table.values()])
        is_plain = values.shape[1] == len(table)
        names = list(table) if is_plain else [f"x{i + 1}" for i in range(values.shape[1])]
        table = pd.DataFrame(values, columns=names)
        index: pd.Index = pd.RangeIndex(len(values))
    else:
        chosen = {
            what: _column(table, column, what, path) for what, column in (("label", label), ("time", time))
        }
        labels = None if chosen["label"] is None else table[chosen["label"]]
        index = pd.RangeIndex(len(table)) if chosen["time"] is None else _times(table[chosen["time"]], path)
        table = table.drop(columns=[column for column in chosen.values() if column is not None])
        if "Unnamed: 0" in table and (table["Unnamed: 0"] == np.arange(len(table))).all():
            table = table.drop(columns="Unnamed: 0")  # row numbers, as written by pandas
    if not len(table):
        raise ValueError(f"{path} has no rows. Get it again, or leave it out with name= or pattern=.")
    anomalous = 0 if labels is None else _labels(labels, path)
    try:
        table = table.astype(np.float64).set_axis(index.rename("time"))
    except ValueError as error:
        raise ValueError(
            f"{path} has values that are not numbers: {error}. Drop or encode that column."
        ) from error
    return table.assign(**{ANOMALY: anomalous})


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _labels(column: pd.Series, path: Path) -> np.ndarray:
    """Return 1 for anomalies, marked by numbers above 0, and 0 otherwise."""
    if column.isna().any():
        raise ValueError(
            f"{int(column.isna().sum())} labels of {path} are missing: fill them, or drop their rows."
        )
    if not pd.api.types.is_numeric_dtype(column) or (column < 0).any():
        raise ValueError(
            f"label={column.name!r} of {path} contains {sorted(column.unique().tolist(), key=str)[:5]}, but must "
            "contain 0 for normal rows and 1 for anomalies. Encode it, or read the file with read_panel."
        )
    return (column != 0).to_numpy(np.int64)


def _column(table: pd.DataFrame, column: str | int | None, what: str, path: Path) -> str | None:
    """Return the name of a column that is given by name or number."""
    if column is None:
        return None
    if isinstance(column, str):
        found = column in table
    else:
        found = -table.shape[1] <= column < table.shape[1]
    if not found:
        raise ValueError(f"{what}={column!r} is not among the columns {list(table)} of {path}.")
    return column if isinstance(column, str) else str(table.columns[column])


def _times(column: pd.Series, path: Path) -> pd.Index:
    if pd.api.types.is_numeric_dtype(column):
        return pd.Index(column)
    try:
        return pd.DatetimeIndex(pd.to_datetime(column))
    except ValueError as error:
        raise ValueError(
            f"time={column.name!r} of {path} cannot be read as time: {str(error).partition('.')[0]}. Fix or drop these "
            "rows, or read the file with read_panel."
        ) from error
