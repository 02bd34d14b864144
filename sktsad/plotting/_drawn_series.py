"""The rows to draw, series by series, and their positions on the time axis."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d

from .._core import (
    MaxGap,
    Rows,
    Scores,
    Windows,
    check_max_gap,
    check_same_index,
    find_events,
    has_time,
    num_samples,
    read_series,
    row_index,
    time_labels,
)

#: Time deltas are drawn in the largest of these units that is not longer than the span of the rows.
_UNITS = [("d", 86_400 * 10**9), ("h", 3_600 * 10**9), ("min", 60 * 10**9), ("s", 10**9)]


@dataclass(frozen=True)
class TimeAxis:
    """How times, given as numbers, are drawn.

    Attributes
    ----------
    label : str
        Label of the axis.
    unit : float or None
        Nanoseconds of a unit of time deltas; None for all other kinds of time.
    is_date : bool
        Whether the numbers are dates, in nanoseconds.
    zone : tzinfo or None
        The time zone in which dates are written.
    """

    label: str
    unit: float | None = None
    is_date: bool = False
    zone: Any = None

    def place(self, times: np.ndarray) -> np.ndarray:
        """Return times in the units of the axis in matplotlib."""
        if self.is_date:
            return times.astype(np.int64).view("datetime64[ns]")
        return times if self.unit is None else times / self.unit


@dataclass(frozen=True)
class DrawnSeries:
    """The rows of one series in time order.

    Attributes
    ----------
    key : hashable
        Name of the series; None for a single one.
    rows : ndarray of int, shape (n_rows,)
        Positions of its rows in the table.
    times : ndarray of shape (n_rows,)
        Their times as numbers; row numbers if rows have no time.
    step : float
        Its time step; 0 if there is none.
    starts : ndarray of int
        Where each piece without a gap starts; the first is 0.
    """

    key: Hashable
    rows: np.ndarray
    times: np.ndarray
    step: float
    starts: np.ndarray

    def intervals(self, mask: np.ndarray) -> np.ndarray:
        """Return the time intervals of marked rows, of shape (n_events, 2).

        A row lasts from half a step before its time to half a step after it. An interval ends at a gap, as nothing is
        known about the time in it.
        """
        first, stop = find_events(mask[self.rows], self.starts)
        return np.column_stack([self.times[first] - self.step / 2, self.times[stop - 1] + self.step / 2])


def read_drawn(index: pd.Index, max_gap: MaxGap) -> tuple[list[DrawnSeries], TimeAxis]:
    """Read series and their time axis from the index of rows."""
    rows = read_series(pd.DataFrame(index=index))
    check_max_gap(max_gap, rows)
    labels = time_labels(pd.DataFrame(index=index))
    if isinstance(labels, pd.PeriodIndex):  # drawn at their starts, as months are not equally long
        labels = labels.to_timestamp()
        rows = replace(rows, times=labels.as_unit("ns").asi8[rows.order])
    steps = rows.steps()
    starts = rows.segment_starts(max_gap, steps)
    drawn = []
    for (key, part), step in zip(rows.parts(), steps, strict=True):
        if rows.times is None:
            times, step = np.arange(part.stop), 1.0
        else:
            times, step = rows.times[part], float(np.nan_to_num(step))
        own = starts[slice(*np.searchsorted(starts, [part.start, part.stop]))] - part.start
        drawn.append(DrawnSeries(key, rows.order[part], times, step, own))
    return drawn, _time_axis(labels, str(index.names[-1] or "time"), rows.times)


def read_one(index: pd.Index, max_gap: MaxGap, caller: str) -> tuple[DrawnSeries, TimeAxis]:
    """Read the only series; raise if there are several."""
    drawn, axis = read_drawn(index, max_gap)
    if len(drawn) != 1:
        raise ValueError(
            f"{caller} shows one series, but X has {len(drawn)}. Choose one: X.loc[[{drawn[0].key!r}]]."
        )
    return drawn[0], axis


def _time_axis(time: pd.Index | None, name: str, times: np.ndarray | None) -> TimeAxis:
    if time is None or times is None or (isinstance(time, pd.RangeIndex) and time.name is None):
        return TimeAxis("row")
    if isinstance(time, pd.DatetimeIndex):
        return TimeAxis(f"{name} ({time.tz})" if time.tz else name, is_date=True, zone=time.tz)
    if isinstance(time, pd.TimedeltaIndex):
        unit, length = next((each for each in _UNITS if np.ptp(times) >= each[1]), _UNITS[-1])
        return TimeAxis(f"{name} ({unit})", unit=length)
    return TimeAxis(name)


def common_index(**tables: Any) -> pd.Index:
    """Return the common index of several tables of the same rows, some of which may be None.

    It is the index of the first table with times, else of the first with an index, else row numbers.
    """
    given = {name: table for name, table in tables.items() if table is not None}
    check_consistent_length(*given.values())
    n_rows = num_samples(next(iter(given.values())))
    if not n_rows:
        raise ValueError(
            f"{' and '.join(given)} have 0 rows, so there is nothing to draw. Pass at least one row."
        )
    timed = [name for name, table in given.items() if has_time(table)]
    for name in timed[1:]:
        check_same_index(given[timed[0]], given[name], timed[0], name)
    indexed = timed or [name for name, table in given.items() if row_index(table) is not None]
    if indexed:
        return given[indexed[0]].index
    return pd.RangeIndex(n_rows)


def read_values(X: Rows, index: pd.Index, columns: Any = None) -> pd.DataFrame:
    """Return all or some columns of rows as a frame of float64; for windows, their last rows."""
    if isinstance(X, Windows):
        X = pd.DataFrame(X.last(), columns=X.channel_names)
    elif isinstance(X, pd.Series):
        X = X.to_frame("value" if X.name is None else X.name)
    elif not isinstance(X, pd.DataFrame):
        X = pd.DataFrame(np.asarray(X))
    if X.columns.equals(pd.RangeIndex(X.shape[1])):
        X = X.set_axis(["value"] if X.shape[1] == 1 else [f"x{i}" for i in range(X.shape[1])], axis=1)
    if columns is not None:
        columns = [columns] if isinstance(columns, (str, int)) else list(columns)
        if unknown := [column for column in columns if column not in X.columns]:
            raise ValueError(f"columns={columns} has no {unknown}: the columns of X are {list(X.columns)}.")
        X = X[columns]
    numbers = X.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    if (is_text := (numbers.isna() & X.notna()).any()).any():
        raise ValueError(
            f"X has columns that are not numbers: {X.columns[is_text].tolist()}. Choose other columns with columns=."
        )
    if (is_infinite := np.isinf(numbers).any()).any():
        raise ValueError(
            f"X has infinite values in its columns {X.columns[is_infinite].tolist()}, which cannot be drawn. Replace "
            "them by NaN, which leaves a hole in the line."
        )
    return numbers.set_axis(index, axis=0)


def read_scores(y_score: Scores, name: str = "y_score") -> np.ndarray:
    """Return finite scores as float64."""
    scores = column_or_1d(y_score, dtype=np.float64)
    assert_all_finite(scores, input_name=name)
    return scores
