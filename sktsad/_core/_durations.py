"""Lengths of time in place of numbers of rows: reading them, and converting them to rows by the time step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from ._series import SeriesRows

#: Types of a length of time: a timedelta, or text such as "30min" that pandas reads as one.
LENGTH_OF_TIME: list[Any] = [timedelta, str]
#: Text without a unit, which pandas would read as nanoseconds.
_NUMBER = re.compile(r"\s*[\d.]+\s*")
#: Relative tolerance: 30 minutes are 30 rows of one minute, in spite of rounding errors.
_ROUNDING = 1e-6


def is_length_of_time(value: Any) -> bool:
    """Return whether a value is a length of time, not a number of rows."""
    return isinstance(value, (str, timedelta))


def nanoseconds(name: str, value: Any) -> int:
    """Return a length of time in nanoseconds.

    Raises
    ------
    ValueError
        If it is not a length of time, or is negative.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        raise ValueError(
            f"{name}={value!r} has no unit. Give a number of rows, or a length of time, such as '{value.strip()}min'."
        )
    try:
        time = pd.Timedelta(value)
    except ValueError as error:
        raise ValueError(
            f"{name}={value!r} is not a length of time, such as '30min', '2h' or '1D'."
        ) from error
    if pd.isna(time) or time < pd.Timedelta(0):
        raise ValueError(f"{name}={value!r} must be a length of time of at least 0, such as '30min' or '1D'.")
    return int(time.as_unit("ns").value)


def require_dates(name: str, value: Any, rows: SeriesRows, what: str = "X", is_length: bool = True) -> None:
    """Raise if rows have no dates, which are needed to convert a length of time to rows."""
    if not rows.has_dates:
        needs, instead = (
            ("is a length of time, which needs", "; or give a number of rows") if is_length else ("needs", "")
        )
        has = "has no time" if rows.times is None else f"holds {rows.kind}"
        raise ValueError(
            f"{name}={value!r} {needs} dates in the index of {what}; it {has}. Set them: "
            f"{what}.index = pandas.to_datetime(times), or .to_timestamp() of periods{instead}."
        )


def require_steps(name: str, value: Any, rows: SeriesRows) -> np.ndarray:
    """Return the time step of each series, NaN where it has none; raise if rows have no dates or no step at all."""
    require_dates(name, value, rows)
    steps = rows.steps()
    if np.isnan(steps).all():
        raise ValueError(
            f"{name}={value!r} is a length of time, and no series has two rows (n_samples={rows.n_rows}), so that "
            "there is no time step. Give more rows, or pass a number of rows."
        )
    return steps


def in_rows(time: Any, steps: Any, up: bool = False) -> Any:
    """Return a length of time as a number of rows, rounded to the nearest; 0 where a time step is NaN.

    Parameters
    ----------
    time : float
        In nanoseconds.
    steps : float or ndarray of shape (n_series,)
        Time steps in nanoseconds.
    up : bool, default=False
        Whether to round up.
    """
    n_rows = time / np.asarray(steps)
    n_rows = np.ceil(n_rows - _ROUNDING) if up else np.floor(n_rows + 0.5 + _ROUNDING)
    return np.nan_to_num(n_rows).astype(np.int64)


def whole_rows(time: Any, steps: Any, most: int) -> Any:
    """Return how many whole rows fit into a length of time, at most ``most``; 0 where a time step is NaN."""
    n_rows = np.floor(time / np.asarray(steps) + _ROUNDING)
    return np.clip(np.nan_to_num(n_rows), 0, most).astype(np.int64)


def short_name(value: Any) -> str:
    """Return a number of rows, or a length of time, as text for the name of a column, such as 15 or 15min."""
    return pd.tseries.frequencies.to_offset(value).freqstr if isinstance(value, timedelta) else str(value)
