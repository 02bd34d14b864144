"""The period of a series: how many rows until it repeats itself."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from .._series import SeriesRows

#: Nanoseconds, the unit of dates.
_DAY = 86_400e9
#: Least autocorrelation at the period. Noise stays far below from some hundred rows on.
_LEAST = 0.3
_MIN_PERIOD = 4


def day_in_rows(step: float) -> int | None:
    """Return the rows of a day, None if fewer than four or no whole number, as good as."""
    rows = _DAY / step
    if not rows >= _MIN_PERIOD:  # a single row has no time step
        return None
    whole = round(rows)
    return whole if abs(rows - whole) < 1e-3 * rows else None


def spans_days(rows: SeriesRows, n_days: int) -> bool:
    """Tell whether some series is as long as so many days."""
    assert rows.times is not None
    return any(rows.times[part][-1] - rows.times[part][0] >= n_days * _DAY for _, part in rows.parts())


def find_period(values: np.ndarray) -> int | None:
    """Return the lag at which the columns of a series are most like themselves, on the mean; None if none is.

    It is the highest peak of the autocorrelation behind its first dip below zero, up to a third of the rows, once
    each column has lost its linear trend.
    """
    n = len(values)
    centered = np.arange(n) - (n - 1) / 2
    values = values - values.mean(axis=0)
    if n > 1:
        values = values - np.outer(centered, centered @ values / (centered @ centered))
    spread = values.std(axis=0)
    moving = spread > 1e-9 * max(spread.max(initial=0), np.finfo(float).tiny)
    if n < 3 * _MIN_PERIOD or not moving.any():
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
