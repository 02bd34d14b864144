"""From long tables to frames with an index of series and time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from .._core import is_polars, read_series, refuse_other_containers, time_labels


def to_panel(X: Any, *, time: str, series: str | None = None, target: str | None = None) -> Any:
    """Return a table as a frame with series and time in its index, the form that sktsad expects.

    Polars frames and other tables without an index keep series and time in columns. This function moves them into the
    index, sorts the rows by them, and keeps the other columns.

    Parameters
    ----------
    X : DataFrame of pandas or polars, or pyarrow Table
        One row for each time step of a series, in any order.
    time : str
        Name of the column with the time: dates, numbers, periods, or text in ISO 8601 format.
    series : str or None, default=None
        Name of the column with the name of each row's series; None takes all rows as one series.
    target : str or None, default=None
        Name of the column with the labels.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
        The other columns, with a (series, time) MultiIndex, or an index of time where ``series`` is None.
    y : Series of shape (n_samples,)
        Labels with the same index; only if ``target`` is given.

    Raises
    ------
    ValueError
        If a column does not exist, names or times are missing, times cannot be read, or a series has the same time
        twice.

    See Also
    --------
    SeriesScaler : Scale each series of a panel.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad import to_panel
    >>> days = ["2026-01-05", "2026-01-06", "2026-01-05"]
    >>> table = pd.DataFrame({"host": ["b", "a", "a"], "day": days, "load": [1.0, 3.0, 2.0]})
    >>> to_panel(table, time="day", series="host")
                     load
    host day
    a    2026-01-05   2.0
         2026-01-06   3.0
    b    2026-01-05   1.0
    """
    refuse_other_containers(X)
    names = [str(name) for name in getattr(X, "column_names", getattr(X, "columns", []))]
    wanted = {"time": time, "series": series, "target": target}
    for parameter, name in wanted.items():
        if name is not None and name not in names:
            raise ValueError(
                f"{parameter}={name!r} is not a column of X, which has {names}. Name one of them."
            )
    given = [name for name in wanted.values() if name is not None]
    if len(set(given)) < len(given):
        raise ValueError(f"time, series and target must be different columns, got {given}.")
    columns = {name: column_of(X, name) for name in names}
    levels = [_times(columns[time], time)]
    if series is not None:
        keys = pd.Index(columns[series], name=series)
        if keys.hasnans:
            raise ValueError(
                f"series={series!r} has {int(keys.isna().sum())} missing names. Name these rows, or drop them."
            )
        levels.insert(0, keys)
    index = levels[0] if series is None else pd.MultiIndex.from_arrays(levels)
    order = np.lexsort([pd.factorize(level, sort=True)[0] for level in levels[::-1]])
    values = {name: column for name, column in columns.items() if name not in given}
    frame = pd.DataFrame(values, index=index).iloc[order]
    read_series(frame)  # refuses repeated times
    if target is None:
        return frame
    return frame, pd.Series(columns[target], index, name=target).iloc[order]


def column_of(X: Any, name: str) -> Any:
    """Return a column as a pandas object without an index."""
    column = X[name]
    if not is_polars(X):
        return column.array if hasattr(column, "array") else column.to_pandas().array
    dtype = column.dtype
    if str(dtype).startswith(("Categorical", "Enum")):
        return pd.Categorical(column.to_list())
    zone = getattr(dtype, "time_zone", None)
    if str(dtype).startswith("Decimal"):
        column = column.cast(float)
    values = column.to_numpy()
    if zone is not None:  # polars returns instants in UTC
        return pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(zone).array
    return pd.array(column.to_list(), dtype="string") if str(dtype) == "String" else values


def _times(column: Any, name: str) -> pd.Index:
    """Return a column of time as an index of dates, time deltas, periods or numbers."""
    labels = pd.Index(column, name=name)
    if infer_dtype(labels, skipna=True) == "string":
        try:
            labels = pd.DatetimeIndex(pd.to_datetime(labels, format="ISO8601"), name=name)
        except ValueError as error:
            raise ValueError(
                f"time={name!r} is text, such as {labels[0]!r}, and not in ISO 8601 format with one offset or none. "
                "Convert it first, with pandas.to_datetime and its format= and utc=, or use read_panel, which accepts "
                f"several offsets ({error})."
            ) from error
    found = time_labels(pd.DataFrame(index=labels))
    if found is None:
        raise ValueError(f"time={name!r} holds {labels.dtype}, such as {labels[0]!r}, which is not time.")
    return found
