"""Reader of new rows: their series, times and values."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from .._core import Rows, SeriesRows, read_rows


@dataclass
class Batch:
    """Rows series by series, in time order.

    Attributes
    ----------
    keys : list
        Names of the series.
    number : ndarray of int, shape (n_rows,)
        Number of the series of each row, in ``keys``.
    at : ndarray of int, shape (n_rows,)
        Position of each row in the input.
    times : ndarray of shape (n_rows,) or None
        Times as numbers.
    values : ndarray of shape (n_rows, n_features)
        The rows.
    kind : str or None
        Kind of time in the index.
    index : Index or None
        Index of the input.
    """

    keys: list[Hashable]
    number: np.ndarray
    at: np.ndarray
    times: np.ndarray | None
    values: np.ndarray
    kind: str | None
    index: pd.Index | None


def read_batch(X: Rows, names: Any, n_features: int) -> Batch:
    """Read rows.

    Raises
    ------
    ValueError
        If columns are not those seen during fit, or values are not numbers.
    """
    if isinstance(X, (pd.Series, dict)):
        raise ValueError(
            f"Expected rows with columns, got a {type(X).__name__}. Pass a frame: pandas.DataFrame([X], index=[time]) "
            "for one row, X.to_frame() for a single column over time."
        )
    if names is not None and hasattr(X, "columns") and list(X.columns) != list(names):
        raise ValueError(
            f"The columns {list(X.columns)} are not those seen during fit, {list(names)}. Pass these columns, in this "
            f"order: X[{list(names)}]."
        )
    is_frame = isinstance(X, pd.DataFrame)
    values = X.to_numpy(np.float64) if is_frame else np.asarray(X, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != n_features:
        raise ValueError(
            f"Expected rows of {n_features} column(s), as for fit, got an array of shape {values.shape}."
        )
    index = X.index if is_frame else None
    if not len(values):
        return Batch([], np.zeros(0, int), np.zeros(0, int), None, values, None, index)
    rows: SeriesRows = read_rows(X)
    number = np.repeat(np.arange(len(rows.keys)), np.diff(rows.bounds))
    at, times = rows.order, rows.times
    if times is not None:
        back = np.diff(times) < 0
        if (back & (np.diff(number) == 0)).any():  # rows of one call may be in any order
            in_time = np.lexsort((times, number))
            at, times = at[in_time], times[in_time]
    return Batch(rows.keys, number, at, times, values[at], rows.kind, index)


def read_row(values: Any, names: Any, n_features: int) -> np.ndarray:
    """Return the values of one row as an array with one row, ordered by their names if there are any."""
    if isinstance(values, dict) or (
        isinstance(values, pd.Series) and not isinstance(values.index, pd.RangeIndex)
    ):
        if names is None:
            raise ValueError(
                "values has names, but the training rows had none. Pass an array, in the order of their columns."
            )
        if len(values) != len(names) or set(values.keys()) != set(names):
            raise ValueError(
                f"values has the names {list(values.keys())}, not those seen during fit. Pass {list(names)}, in any "
                "order."
            )
        values = [values[name] for name in names]
    row = np.array(values, dtype=np.float64).reshape(1, -1)
    if row.shape[1] != n_features:
        raise ValueError(f"Expected {n_features} value(s), as for fit, got {row.shape[1]}.")
    return row


def read_time(time: Any) -> tuple[Any, str | None]:
    """Return a time as a number, and its kind."""
    if time is None:
        return None, None
    if isinstance(time, pd.Timestamp):
        return time.as_unit("ns").value, "dates" if time.tzinfo is None else "dates of a time zone"
    if isinstance(time, Real) and not isinstance(time, np.timedelta64):
        return time, "numbers"
    if isinstance(time, pd.Timedelta):
        return time.as_unit("ns").value, "time deltas"
    if isinstance(time, pd.Period):
        return time.ordinal, f"periods ({time.freqstr})"
    if isinstance(time, (datetime, np.datetime64)):
        return read_time(pd.Timestamp(time))
    if isinstance(time, (timedelta, np.timedelta64)):
        return read_time(pd.Timedelta(time))
    raise TypeError(f"time={time!r} must be a date, a time delta, a period, a number or None.")
