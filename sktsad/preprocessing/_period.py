"""The period of a series: how many rows until it repeats itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.fft import irfft, next_fast_len, rfft

from .._core import SeriesRows
from ._rolling import look_back

#: A day in nanoseconds, the unit of dates.
_DAY = 86_400e9
#: How much longer a day may be in which clocks are set back.
_CHANGE = 2 * 3_600e9
#: Least autocorrelation at the period. Noise stays far below from some hundred rows on.
_LEAST = 0.3
_MIN_PERIOD = 4


@dataclass(frozen=True)
class Period:
    """A number of rows, the same in every series; or a day, where ``rows`` is None."""

    rows: int | None

    def in_rows(self, step: float) -> int | None:
        """Return the rows of a period in a series with this time step; None where a day has fewer than four."""
        if self.rows is not None:
            return self.rows
        rows = _DAY / step
        return round(rows) if rows >= _MIN_PERIOD else None  # a single row has no time step: NaN

    def in_time(self, step: float) -> float:
        """Return the longest time that it takes: clocks are set back up to two hours at a change."""
        return _DAY + _CHANGE if self.rows is None else self.rows * step

    def look_back(
        self, lag: int, n_neighbors: int, times: np.ndarray | None, steps: np.ndarray, zone: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return for each row where the rows ``lag`` periods earlier start and stop: one and its neighbours.

        Each row goes by its own of the time steps. A day is one of the clocks of the time zone, if there is one.
        """
        if times is None:  # one step for all, if any
            n_period = self.in_rows(steps[0])
            if n_period is None:
                return np.zeros(len(steps), int), np.zeros(len(steps), int)
            return look_back(np.arange(len(steps)), lag * n_period, n_neighbors + 0.5)
        back = lag * (np.full(len(steps), _DAY) if self.rows is None else self.rows * steps)
        if self.rows is None and zone is not None:
            back += _offsets(times - back.astype(np.int64), zone) - _offsets(times, zone)
        has_step = ~np.isnan(steps) if self.rows is not None else _DAY / steps >= _MIN_PERIOD
        first, stop = look_back(times, np.nan_to_num(back), (n_neighbors + 0.5) * np.nan_to_num(steps))
        return np.where(has_step, first, 0), np.where(has_step, stop, 0)


def _offsets(times: np.ndarray, zone: Any) -> np.ndarray:
    """Return how far the clocks of a time zone are ahead, all in nanoseconds."""
    instants = pd.DatetimeIndex(times.view("datetime64[ns]")).tz_localize("UTC")
    return instants.tz_convert(zone).tz_localize(None).asi8 - times


def choose_period(
    period: int | str | None, values: np.ndarray, rows: SeriesRows, has_dates: bool
) -> Period | None:
    """Return a given period; else a day, if some series' dates span two; else that of the longest series, if any."""
    if not isinstance(period, str):
        return None if period is None else Period(period)
    if has_dates and rows.times is not None:
        for (_, part), step in zip(rows.parts(), rows.steps(), strict=True):
            if np.ptp(rows.times[part]) >= 2 * _DAY and Period(None).in_rows(step):
                return Period(None)
    longest = max((part for _, part in rows.parts()), key=lambda part: part.stop - part.start)
    n_rows = find_period(values[rows.order[longest]])
    return None if n_rows is None else Period(n_rows)


def find_period(values: np.ndarray) -> int | None:
    """Return the lag at which the columns of a series are most like themselves, on the mean; None if none is.

    It is the highest peak of the autocorrelation behind its first dip below zero, up to a third of the rows, once
    each column has lost its linear trend.
    """
    n = len(values)
    if n < 3 * _MIN_PERIOD:
        return None
    rounding = 100 * np.finfo(values.dtype).eps
    values = values / np.maximum(np.abs(values).max(axis=0), np.finfo(values.dtype).tiny)
    values = values - values.mean(axis=0)
    centered = np.arange(n) - (n - 1) / 2
    values = values - np.outer(centered, centered @ values / (centered @ centered))
    spread = values.std(axis=0)
    moving = spread > rounding
    if not moving.any():
        return None
    values = values[:, moving] / spread[moving]
    size = next_fast_len(2 * n, real=True)
    power = np.abs(rfft(values, size, axis=0)) ** 2
    lags = irfft(power, size, axis=0)[: n // 3 + 2].mean(axis=1)
    correlation = lags / (n - np.arange(len(lags)))  # per pair of rows, so that long periods are not put down
    below = np.flatnonzero(correlation < 0)
    first = max(_MIN_PERIOD, below[0] if len(below) else len(lags))
    inner = correlation[1:-1]
    is_peak = (inner >= correlation[:-2]) & (inner >= correlation[2:]) & (inner >= _LEAST)
    peaks = np.flatnonzero(is_peak) + 1
    peaks = peaks[peaks >= first]
    if not len(peaks):
        return None
    # Multiples of the period are as high but for noise: the first that comes near the highest is it.
    return int(peaks[np.argmax(correlation[peaks] >= 0.9 * correlation[peaks].max())])
