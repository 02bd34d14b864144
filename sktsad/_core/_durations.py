"""Lengths of time instead of numbers of rows: reading them, and converting them to rows with the time step."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache, partial
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._sklearn import Interval
from ._types import MaxGap

if TYPE_CHECKING:
    from ._series import SeriesRows

#: Types of a length of time: a timedelta, or text such as "30min" that pandas reads as one.
LENGTH_OF_TIME: list[Any] = [timedelta, str]
#: Allowed values of ``max_gap``: a number of time steps, or a length of time.
MAX_GAP: list[Any] = [Interval(Real, 1, None, closed="left"), *LENGTH_OF_TIME]
#: Text without a unit, which pandas would read as nanoseconds.
_NUMBER = re.compile(r"\s*[\d.]+\s*")
#: Relative tolerance: 30 minutes are 30 rows of one minute, despite rounding errors.
_ROUNDING = 1e-6
#: Share of a time step that counts as rounding error or jitter of the clock.
_JITTER = 1e-3


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


#: The same for ``max_gap``, which is needed for every row in steps that work row by row.
_longest_hole = lru_cache(maxsize=64)(partial(nanoseconds, "max_gap"))


def is_gap(hole: Any, max_gap: MaxGap, step: Any) -> Any:
    """Return whether a hole in time is a gap; it never is if the time step is NaN.

    A gap is a hole of more than ``max_gap`` time steps; or, if ``max_gap`` is a length of time, a hole longer than both
    ``max_gap`` and one time step, so that there is no gap between the rows of a slow series.
    """
    if is_length_of_time(max_gap):
        return hole > np.maximum(_longest_hole(max_gap), step) + _JITTER * step
    return hole > (max_gap + _JITTER) * step


def check_max_gap(max_gap: MaxGap, rows: SeriesRows) -> None:
    """Raise if ``max_gap`` is a length of time that cannot be read, or rows have no dates."""
    if is_length_of_time(max_gap):
        require_dates("max_gap", max_gap, rows)
        _longest_hole(max_gap)


def steps_of_gap(max_gap: MaxGap, steps: np.ndarray) -> np.ndarray:
    """Return the largest number of time steps that is not a gap, for time steps in nanoseconds; 1 if a step is NaN."""
    if not is_length_of_time(max_gap):
        return np.full(np.shape(steps), float(max_gap))
    return np.fmax(_longest_hole(max_gap) / steps + _JITTER, 1.0)


def gap_in_words(max_gap: MaxGap) -> str:
    """Return ``max_gap`` with its value and unit."""
    return f"max_gap={max_gap!r}" + ("" if is_length_of_time(max_gap) else " time steps")


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
    """Return the time step of each series, NaN if it has none; raise if rows have no dates or no step at all."""
    require_dates(name, value, rows)
    steps = rows.steps()
    if np.isnan(steps).all():
        raise ValueError(
            f"{name}={value!r} is a length of time, but no series has two rows (n_samples={rows.n_rows}), so that "
            "there is no time step. Give more rows, or pass a number of rows."
        )
    return steps


def in_rows(time: Any, steps: Any, up: bool = False) -> Any:
    """Return a length of time as a number of rows, rounded to the nearest; 0 if a time step is NaN.

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
    """Return how many whole rows fit into a length of time, at most ``most``; 0 if a time step is NaN."""
    n_rows = np.floor(time / np.asarray(steps) + _ROUNDING)
    return np.clip(np.nan_to_num(n_rows), 0, most).astype(np.int64)


def short_name(value: Any) -> str:
    """Return a number of rows, or a length of time, as text for the name of a column, such as 15 or 15min."""
    return pd.tseries.frequencies.to_offset(value).freqstr if isinstance(value, timedelta) else str(value)
