"""The period of a series: the number of rows after which it repeats."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy.fft import irfft, next_fast_len, rfft

from .._core import (
    SeriesRows,
    fitted_part,
    level_of_user,
    nan_median,
    nanoseconds,
    require_dates,
    robust_moments,
    search_parts,
)
from ._rolling import look_back

#: A day in nanoseconds, the unit of dates.
_DAY = 86_400e9
#: How much longer a day may be if clocks are set back.
_CHANGE = 2 * 3_600e9
#: Largest distance, in time steps, at which a row counts as one of the same time of day.
_AT_THAT_TIME = 0.25
#: Smallest autocorrelation at the period. Noise has far less with a few hundred rows or more.
_LEAST = 0.3
#: The autocorrelation of noise reaches this, divided by the square root of the number of rows.
_LEAST_OF_FEW = 4.0
#: Values further from the median than this number of robust standard deviations are spikes.
_SPIKE = 4.0
_MIN_PERIOD = 4
#: Degree of the polynomial that models the trend.
_TREND = 3
#: Half-width of the moving average over the autocorrelation, as a share of the lag.
_SMOOTHING = 0.025
#: Apart from noise, peaks at multiples of the period are equally high: peaks above this share of the highest are used.
_NEAR = 0.9
#: Lags up to this many times longer belong to the same peak.
_SAME_HILL = 1.2
#: Number of multiples from which the period is estimated.
_MULTIPLES = 12


@fitted_part
@dataclass(frozen=True)
class Period:
    """A number of rows, the same in every series; or, if ``rows`` is None, a length of time, by default a day."""

    rows: int | None
    time: float = _DAY

    @property
    def is_day(self) -> bool:
        """Whether it is one day."""
        return self.rows is None and self.time == _DAY

    @property
    def by_clock(self) -> bool:
        """Whether it is a whole number of days, which follow local time."""
        return self.rows is None and self.time % _DAY == 0

    def in_rows(self, steps: np.ndarray) -> np.ndarray:
        """Return the number of rows of a period in series with these time steps; NaN if it is fewer than four."""
        if self.rows is not None:
            return np.full(len(steps), float(self.rows))
        rows = self.time / steps
        return np.where(rows >= _MIN_PERIOD, np.rint(rows), np.nan)  # a single row has no time step: NaN

    def in_time(self, step: Any) -> Any:
        """Return the longest duration of the period, as clocks are set back by up to two hours."""
        if self.rows is not None:
            return self.rows * step
        return self.time + _CHANGE if self.by_clock else self.time

    def in_time_of(self, steps: np.ndarray) -> np.ndarray:
        """Return the time of a period for each time step; NaN if there is no step, or too few rows."""
        if self.rows is not None:
            return self.rows * steps
        return np.where(self.time / steps >= _MIN_PERIOD, self.time, np.nan)

    @staticmethod
    def clock_change(times: np.ndarray, back: np.ndarray, zone: Any) -> np.ndarray:
        """Return how much must be added to ``back`` because clocks were changed in between."""
        then = times - np.nan_to_num(back).astype(np.int64)
        now = _offsets(np.ascontiguousarray(times).ravel(), zone).reshape(times.shape)
        return _offsets(then.ravel(), zone).reshape(then.shape) - now

    def look_back(
        self,
        lag: int,
        n_neighbors: int,
        times: np.ndarray | None,
        steps: np.ndarray,
        zone: Any,
        bounds: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return for each row where the rows ``lag`` periods earlier start and stop: one row and its neighbours.

        They are rows of the same series; ``bounds`` says where series start and stop. Each row has its own time step.
        If there is a time zone, days follow its local time.
        """
        if times is None:  # one series, with one step for all rows, if any
            (n_period,) = self.in_rows(steps[:1])
            if np.isnan(n_period):
                return np.zeros(len(steps), int), np.zeros(len(steps), int)
            return look_back(np.arange(len(steps)), lag * n_period, n_neighbors + 0.5, bounds)
        back = lag * (np.full(len(steps), self.time) if self.rows is None else self.rows * steps)
        if self.by_clock and zone is not None:
            back += _offsets(times - back.astype(np.int64), zone) - _offsets(times, zone)
        has_step = ~np.isnan(steps) if self.rows is not None else self.time / steps >= _MIN_PERIOD
        first, stop = look_back(
            times, np.nan_to_num(back), (n_neighbors + 0.5) * np.nan_to_num(steps), bounds
        )
        return np.where(has_step, first, 0), np.where(has_step, stop, 0)

    def warn_if_between(self, rows: SeriesRows, steps: np.ndarray, zone: Any) -> None:
        """Warn of rows for which clocks were changed by a part of the time step: a day before, no row is at their time.

        Parameters
        ----------
        rows : SeriesRows
            The rows.
        steps : ndarray of shape (n_rows,)
            The time step used for each row.
        zone : str, tzinfo or None
            Time zone of the clocks.
        """
        if rows.times is None or zone is None or not self.by_clock:
            return
        change = _offsets(rows.times - int(self.time), zone) - _offsets(rows.times, zone)
        moved = np.flatnonzero(change)
        change, steps = change[moved], steps[moved]
        then = rows.times[moved] - int(self.time) - change
        owner = np.searchsorted(rows.bounds, moved, side="right") - 1
        first, stop = rows.bounds[owner], rows.bounds[owner + 1] - 1
        after = search_parts(rows.times, first, stop, then)
        away = [np.abs(rows.times[near] - then) for near in (after, np.maximum(after - 1, first))]
        # In rows at odd times, a distance alone means nothing.
        parts = np.minimum(*away) / steps, np.abs(change) / steps % 1
        is_off = [(part > _AT_THAT_TIME) & (part < 1 - _AT_THAT_TIME) for part in parts]
        between = np.flatnonzero(np.all(is_off, axis=0))
        if len(between):
            one = between[0]
            warnings.warn(
                f"The clocks of {zone} were changed by {pd.Timedelta(abs(change[one]))}, which is not a multiple of "
                f"the time step, {pd.Timedelta(steps[one])}: for {len(between)} row(s) there is no row at the same "
                "time of the day before, so a row up to half a step off is used. Resample to a step that divides "
                "the change, or convert the times to UTC, whose days do not follow clocks.",
                UserWarning,
                stacklevel=level_of_user(),
            )


def _offsets(times: np.ndarray, zone: Any) -> np.ndarray:
    """Return the offsets of a time zone from UTC, in nanoseconds."""
    instants = pd.DatetimeIndex(times.view("datetime64[ns]")).tz_localize("UTC")
    return instants.tz_convert(zone).tz_localize(None).asi8 - times


def choose_period(
    period: int | str | timedelta | None, values: np.ndarray, rows: SeriesRows, has_dates: bool
) -> Period | None:
    """Return the given period; else a day, if a series spans two; else the period of the longest series, if any."""
    if period is None:
        return None
    if isinstance(period, Integral):
        return Period(int(period))
    if period != "auto":
        return _of_time(period, rows)  # type: ignore[arg-type]
    if has_dates and rows.times is not None:
        spans = rows.times[rows.bounds[1:] - 1] - rows.times[rows.bounds[:-1]]
        if ((spans >= 2 * _DAY) & ~np.isnan(Period(None).in_rows(rows.steps()))).any():
            return Period(None)
    longest = int(np.argmax(np.diff(rows.bounds)))
    n_rows = find_period(values[rows.order[slice(*rows.bounds[longest : longest + 2])]])
    return None if n_rows is None else Period(n_rows)


def _of_time(period: str | timedelta, rows: SeriesRows) -> Period:
    """Return a length of time as a period."""
    time = nanoseconds("period", period)
    require_dates("period", period, rows)
    found = Period(None, float(time))
    if np.isnan(found.in_rows(rows.steps())).all():
        raise ValueError(
            f"period={period!r} has fewer than {_MIN_PERIOD} rows in every series. Give a longer one, or None."
        )
    return found


def find_period(values: np.ndarray, least: float = _LEAST) -> int | None:
    """Return the lag at which the columns of a series repeat best, on average; None if there is none.

    A cubic trend is removed from each column. In the autocorrelation, smoothed over a width proportional to the lag,
    the peaks nearly as high as the highest are the period and its multiples. The first of them is the period; it is
    refined at its multiples, where it is most precise. A period is at most a third of the rows. If none is found,
    spikes are clipped and the search is repeated.
    """
    n = len(values)
    if n < 3 * _MIN_PERIOD:
        return None
    if (missing := np.isnan(values)).any():
        values = np.where(missing, np.nan_to_num(nan_median(values)), values)
    least = max(least, _LEAST_OF_FEW / np.sqrt(n))
    period = _find(values, least)
    return _find(_clip(values), least) if period is None else period


def _clip(values: np.ndarray) -> np.ndarray:
    """Return values without spikes, which hide a period in the autocorrelation."""
    center, spread = robust_moments(values.astype(np.float64), axis=0)
    reach = np.where(spread > 0, _SPIKE * spread, np.inf)
    return np.clip(values, center - reach, center + reach).astype(values.dtype)


def _find(values: np.ndarray, least: float) -> int | None:
    correlation = _autocorrelation(values)
    if correlation is None:
        return None
    longest = len(values) // 3
    smooth = _smooth(correlation)[: longest + 1]
    lowest = np.minimum.accumulate(smooth)
    # It must have fallen before: the slope of a slow series is not a peak.
    candidate = (smooth >= least) & (smooth - lowest >= least)
    candidate[:_MIN_PERIOD] = False
    if not candidate.any():
        return None
    high = np.flatnonzero(candidate & (smooth >= _NEAR * smooth[candidate].max()))
    ends = np.flatnonzero(high[1:] > _SAME_HILL * high[:-1])
    hill = high[: ends[0] + 1] if len(ends) else high
    period = int(hill[np.argmax(smooth[hill])])
    if period == longest:  # still rising
        return None
    return _refine(correlation[: longest + 1], period)


def _autocorrelation(values: np.ndarray) -> np.ndarray | None:
    """Return the mean autocorrelation of the columns that vary, by lag; None if none does."""
    n = len(values)
    rounding = 100 * np.finfo(values.dtype).eps
    values = values / np.maximum(np.abs(values).max(axis=0), np.finfo(values.dtype).tiny)
    values = values - values.mean(axis=0)
    trend = np.linalg.qr(np.linspace(-1, 1, n)[:, None] ** np.arange(_TREND + 1))[0]
    values = values - trend @ (trend.T @ values)
    spread = values.std(axis=0)
    moving = spread > rounding
    if not moving.any():
        return None
    values = values[:, moving] / spread[moving]
    size = next_fast_len(2 * n, real=True)
    sums = np.zeros(size)
    for column in values.T:  # one at a time: the spectra of many columns are large
        sums += irfft(np.abs(rfft(column, size)) ** 2, size)
    n_lags = min(n - 1, round(n / 3 * (1 + _SMOOTHING)) + 2)
    return (
        sums[:n_lags] / values.shape[1] / (n - np.arange(n_lags))
    )  # per pair of rows, so that long periods are not at a disadvantage


def _smooth(correlation: np.ndarray) -> np.ndarray:
    """Return the moving mean over lags, with a width that is a share of the lag."""
    lags = np.arange(len(correlation))
    half = np.minimum(np.round(lags * _SMOOTHING).astype(int), len(correlation) - 1 - lags)
    sums = np.append(0, np.cumsum(correlation))
    return (sums[lags + half + 1] - sums[lags - half]) / (2 * half + 1)


def _refine(correlation: np.ndarray, period: int) -> int:
    """Refine a rough period by the peaks of the autocorrelation near its multiples: the last is the most precise.

    Around a multiple the autocorrelation is symmetric for any shape of the period, so that the peak of a fitted
    parabola is used.
    """
    exact, half = float(period), max(1, period // 8)
    least = 0.8 * correlation[period]
    for multiple in range(1, _MULTIPLES + 1):
        center = round(multiple * exact)
        around = np.arange(center - half, center + half + 1)
        if around[-1] >= len(correlation) and multiple > 1:
            break
        around = around[around < len(correlation)]
        near = correlation[around]
        if multiple > 1 and near.max() < least:
            break
        parabola = np.polyval(np.polyfit(around - center, near, 2), around - center)
        exact = around[np.argmax(parabola)] / multiple
    return round(exact)
