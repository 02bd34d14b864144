"""Targets for forecasting: the values some steps later in the same series."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np

from .._core import (
    LENGTH_OF_TIME,
    MAX_GAP,
    Interval,
    MaxGap,
    Rows,
    SeriesRows,
    StrOptions,
    check_max_gap,
    gap_in_words,
    is_length_of_time,
    nanoseconds,
    read_series,
    require_dates,
    safe_indexing,
    validate_params,
)


@validate_params(
    {
        "horizon": [Interval(Integral, 1, None, closed="left"), *LENGTH_OF_TIME],
        "columns": [str, Integral, "array-like", None],
        "max_gap": MAX_GAP,
        "series": [StrOptions({"auto", "index"})],
    },
    prefer_skip_nested_validation=True,
)
def forecast_target(
    X: Rows,
    horizon: int | str | timedelta = 1,
    *,
    columns: Any = None,
    max_gap: float | str | timedelta = 3,
    series: str = "auto",
) -> tuple[Any, Any]:
    """Pair every row with the values ``horizon`` steps later in its series, to train a forecaster.

    Rows without such a later row are dropped: the last rows of each series, rows before a gap, and rows whose later row
    is missing. The remaining rows go through `SlidingWindow` into a regressor such as `RNNRegressor`.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Rows in time order; a panel is a frame with a (series, time) MultiIndex.
    horizon : int, str or timedelta, default=1
        How many steps ahead, or how much time, such as ``"1h"``, where the index has dates. With a time index, a step
        is the most frequent step of the series, and the later row is the one at that time, or, as times may be inexact,
        the nearest one less than half a step from it. Without a time index, a step leads to the next row.
    columns : str, int, list of these or None, default=None
        Columns to forecast, by name or, if numbers, by position; None takes all.
    max_gap : float, str or timedelta, default=3
        Longest step in time that is allowed between a row and its later row, as in `SlidingWindow`.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.

    Returns
    -------
    X_kept : same type as X, of shape (n_kept, n_features)
        The rows that have a later row, index kept.
    y : same type as X, of shape (n_kept,) for one column, else (n_kept, n_columns)
        The values of the columns ``horizon`` steps later, with the index of ``X_kept``, the rows from which they are
        forecast.

    Raises
    ------
    ValueError
        If no row has a later row, X has no such columns, ``horizon`` or ``max_gap`` is a length of time and X has no
        dates in its index, or time is out of order or duplicated.

    See Also
    --------
    RNNRegressor : Regressor for such targets.

    Notes
    -----
    In a series with missing rows, the rows ``horizon`` steps before a missing one are dropped, too, and windows over
    the remaining rows bridge the hole. For windows over all rows, make them first:
    ``forecast_target(windows, columns=-1)``, where -1 is the last channel of a window's last row.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad.preprocessing import forecast_target
    >>> # 3 is missing
    >>> X = pd.DataFrame({"value": [1.0, 2.0, 4.0, 5.0]}, index=[1, 2, 4, 5])
    >>> X_kept, y = forecast_target(X)
    >>> y
    1    2.0
    4    5.0
    Name: value, dtype: float64
    """
    table = X if hasattr(X, "shape") else np.asarray(X)
    if len(table.shape) != 2:
        raise ValueError(
            f"X must have a row for each time step and a column for each channel, got shape {table.shape}. Use "
            "X.to_frame() or X.reshape(-1, 1)."
        )
    try:
        values = safe_indexing(table, columns, axis=1)
        if len(values.shape) == 2 and values.shape[1] < 2:
            values = safe_indexing(values, 0, axis=1)
    except (ValueError, IndexError, KeyError) as error:
        has = list(table.columns) if hasattr(table, "columns") else f"{table.shape[1]}, without names"
        raise ValueError(
            f"columns={columns!r} must be columns of X, by name or position; X has {has}."
        ) from error
    rows = read_series(table, series)
    check_max_gap(max_gap, rows)
    now, later = _pairs(rows, horizon, max_gap)
    if not len(now):
        raise ValueError(
            f"horizon={horizon!r}: none of the {rows.n_rows} rows has a row this much later in its series without a "
            f"gap of more than {gap_in_words(max_gap)} between them. Give longer series, or lower the horizon."
        )
    X_kept, y = safe_indexing(table, now), safe_indexing(values, later)
    return X_kept, y.set_axis(X_kept.index) if hasattr(y, "set_axis") else y


def _pairs(rows: SeriesRows, horizon: Any, max_gap: MaxGap) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of rows that have a later row, ascending, and the positions of the later rows."""
    if in_time := is_length_of_time(horizon):
        require_dates("horizon", horizon, rows)
        horizon = nanoseconds("horizon", horizon)
    times = np.arange(rows.n_rows) if rows.times is None else rows.times
    rows = replace(rows, times=times)
    steps = rows.steps()
    starts = rows.segment_starts(max_gap, steps)
    segment = np.searchsorted(starts, np.arange(rows.n_rows), side="right")
    future = np.full(rows.n_rows, -1)
    for (_, part), step in zip(rows.parts(), steps, strict=True):
        elapsed = times[part] - times[part][:1]  # small numbers: nanoseconds stay exact as floats
        ahead = horizon if in_time else horizon * step
        wanted = elapsed + ahead
        after = np.searchsorted(elapsed, wanted).clip(max=len(elapsed) - 1)
        before = (after - 1).clip(min=0)
        nearest = np.where(wanted - elapsed[before] <= elapsed[after] - wanted, before, after)
        found = np.abs(elapsed[nearest] - wanted) < min(step, ahead) / 2  # a step of NaN finds nothing
        found &= segment[part][nearest] == segment[part]
        future[rows.order[part][found]] = rows.order[part][nearest[found]]
    now = np.flatnonzero(future >= 0)
    return now, future[now]
