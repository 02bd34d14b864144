"""Rolling features computed row by row."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .._core import (
    LiveRows,
    MaxGap,
    Past,
    PastStep,
    RecentRows,
)
from ._calendar import Calendar
from ._feature_set import NEVER, FeatureSet
from ._live_lookup import LiveLookup
from ._period import Period
from ._rolling import median_and_deviation, past_ewm

#: Number of values processed at once, so that they stay in the cache.
_BLOCK = 2**17
#: Largest number of time steps for which the converted numbers of rows are kept.
_MOST_STEPS = 4096


class LiveFeatures(PastStep):
    """Keep the rows that the features of each column of each series use; NaN where the column has no value.

    Parameters
    ----------
    past : Past
        The past kept by fit.
    max_gap, fill
        As in `RollingFeatures`.
    features : FeatureSet
        The features to compute.
    period : Period or None
        The period, if any feature needs one.
    least : dict of ndarray of shape (n_columns,)
        Smallest divisor of z-scores of each column, by the name of the series.
    pooled : ndarray of shape (n_columns,)
        The same for series not seen during fit.
    calendar : Calendar
        Calendar features to append.
    """

    takes_missing = fills_missing = True
    position: np.ndarray

    def __init__(
        self,
        past: Past,
        max_gap: MaxGap,
        fill: float,
        features: FeatureSet,
        period: Period | None,
        least: dict[Hashable, np.ndarray],
        pooled: np.ndarray,
        calendar: Calendar,
    ) -> None:
        super().__init__(past, max_gap)
        self.fill, self.pooled_least, self.known_least = fill, pooled, least
        self.n_columns, self.calendar = len(pooled), calendar
        self.keep("position", (), np.int64)
        #: Not kept by `keep_part`, as it has an entry for each column of each series.
        self.columns = LiveColumns(past, max_gap, features, period)

    def grow(self, n_series: int) -> None:
        """Allocate space for this number of series."""
        super().grow(n_series)
        self.columns.grow(n_series * self.n_columns)

    def clear(self, slot: int) -> None:
        """Forget a series."""
        super().clear(slot)
        for column in range(self.n_columns):
            self.columns.clear(slot * self.n_columns + column)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by name."""
        inner = {f"columns.{name}": array for name, array in self.columns.arrays().items()}
        return {**super().arrays(), **inner}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Restore arrays as returned by `arrays`."""
        super().restore(arrays)
        prefix = "columns."
        self.columns.restore(
            {name[len(prefix) :]: each for name, each in arrays.items() if name.startswith(prefix)}
        )

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Start with what fit kept of a series."""
        known = self.known(key)
        least = self.known_least.get(key, self.pooled_least)
        for column in range(self.n_columns):
            inner = slot * self.n_columns + column
            self.columns.least[inner] = least[column]
            if known is None or time is None:
                continue
            self.columns.time_step[inner] = known.step
            there = ~np.isnan(known.values[:, column])
            kept = replace(known, times=known.times[there], values=known.values[there, column : column + 1])
            self.columns.go_on(inner, kept, time)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the features of each row, shape (n_rows, n_features_out)."""
        slots, times, steps = rows.slots, rows.times, rows.steps
        if times is None and self.calendar.names:
            raise ValueError("RollingFeatures with a calendar needs the dates of the rows, as for fit.")
        if times is None:  # without times, a missing row cannot be noticed
            steps = np.array([self._step_of(slot) for slot in slots.tolist()])
            times = self.position[slots] * steps
            self.position[slots] += 1
            if self.columns.lookup is not None:
                self.columns.lookup.zone = None
        n = self.n_columns
        if n == 1:
            inner = LiveRows(slots, times, steps, rows.kind)
        else:
            of_columns = (slots[:, None] * n + np.arange(n)).ravel()
            inner = LiveRows(of_columns, np.repeat(times, n), np.repeat(steps, n), rows.kind)
        flat = values.reshape(-1, 1)
        there = ~np.isnan(flat[:, 0])
        if there.all():
            out = self.columns.step(inner, flat)
        else:
            out = np.full((len(flat), self.columns.n_features), np.nan)
            if there.any():
                out[there] = self.columns.step(inner.some(there), flat[there])
        out = out.reshape(len(values), -1)
        if self.calendar.names:
            out = np.hstack([out, self.calendar.columns(times, self.past.zone)])
        odd = ~np.isfinite(out)
        if odd.any():
            out[odd] = np.nan_to_num(out[odd], nan=self.fill)
        return out

    def _step_of(self, slot: int) -> float:
        """Return the time step of a series whose rows have no time."""
        step = self.columns.time_step[slot * self.n_columns]
        return 1.0 if np.isnan(step) else float(step)


class LiveColumns(PastStep):
    """Keep the values that features look at, and exponentially weighted means of all earlier ones, by column.

    Parameters
    ----------
    past, max_gap, features, period
        As in `LiveFeatures`.
    """

    least: np.ndarray
    means: np.ndarray

    def __init__(self, past: Past, max_gap: MaxGap, features: FeatureSet, period: Period | None) -> None:
        super().__init__(past, max_gap)
        self.features, self.n_features = features, len(features.names(""))
        self._has_times = bool(features.lengths_of_time)
        self._sizes: dict[float, _Sizes] = {}
        known = [self._at(step) for step in np.unique(past.steps).tolist()]
        self.recent = self.keep_part("recent", RecentRows(max(each.n_recent for each in known), 1))
        self.keep("least")
        self.keep("means", (len(features.ewm_spans), 1))
        self.lookup = None
        if period is not None and features.lookups:
            dtype = self.last_time.dtype
            self.lookup = LiveLookup(past.zone, sorted(features.lookups), period, 1, dtype)
            self.keep_part("lookup", self.lookup)
        self.differences = None
        if features.n_periods:
            longest = max(each.n_same for each in known)
            self.differences = self.keep_part("differences", RecentRows(longest, 1))

    def _at(self, step: float) -> _Sizes:
        """Return the features with sizes in rows of this time step."""
        key = -1.0 if step != step else float(step)
        found = self._sizes.get(key)
        if found is None:
            if len(self._sizes) > _MOST_STEPS:
                self._sizes.clear()
            found = self._sizes[key] = _Sizes(self.features.at(step))
        return found

    def take_kept(self, slot: int, times: np.ndarray, values: np.ndarray, n_rows: int) -> None:
        """Start with the rows that fit kept."""
        values = values.astype(np.float64)
        run = values[len(values) - n_rows :]
        self.recent.put(slot, run)
        ended = np.vstack([run, run[-1:]])  # the mean before a row that comes after them
        step = float(self.time_step[slot])
        for number, span in enumerate(self._at(step).features.ewm_spans):
            self.means[slot, number] = past_ewm(ended.T, span)[0, -1]
        if self.lookup is None:
            return
        self.lookup.put(slot, times, values, step)
        if self.differences is not None:
            found = self.lookup.spans(times, step)
            _, periods = self.features.same_lags[0]
            usual = self.features.same_time(values[:, 0], found, periods)[0]
            difference = np.nan_to_num(values - usual[:, None])
            self.differences.put(slot, difference[len(values) - n_rows :])

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the features of each value, shape (n_rows, n_features)."""
        new = self.is_new(rows)
        step = self.time_step[rows.slots]
        step = np.where(step != step, rows.steps, step)
        if not self._has_times:
            return self._step(self._at(np.nan), rows, values, step, new)
        out = np.empty((len(values), self.n_features))
        for each in np.unique(step).tolist():  # NaN once
            some = np.isnan(step) if each != each else step == each
            sizes = self._at(each)
            if sizes.n_recent > self.recent.length:  # for series not seen during fit, no more rows are kept
                new_slots = rows.slots[some]
                self.n_rows[new_slots] = np.minimum(self.n_rows[new_slots], self.recent.length + 1)
                self.recent.lengthen(sizes.n_recent, sizes.n_recent)
            if self.differences is not None and sizes.n_same > self.differences.length:
                self.differences.lengthen(sizes.n_same, sizes.n_same)
            new_ones = new if some.all() else new[some]
            out[some] = self._step(sizes, rows.some(some), values[some], step[some], new_ones)
        return out

    def _step(
        self, sizes: _Sizes, rows: LiveRows, values: np.ndarray, step: np.ndarray, new: np.ndarray
    ) -> np.ndarray:
        """Return the features of series that share one time step, or whose features do not depend on it."""
        slots, features = rows.slots, sizes.features
        times: Any = rows.times  # never None: `LiveFeatures.step` makes times where there are none
        depth = self.n_rows[slots] - 1  # number of rows before this one without a gap
        parts = [values] if features.keep_values else []
        with np.errstate(over="ignore", invalid="ignore"):
            found = None if self.lookup is None else self.lookup.find(slots, times, step)
            parts += self._of_recent(sizes, slots, values, depth, new)
            if self.lookup is not None and found is not None:
                least = self.least[slots][:, None]
                for which, periods in features.same_lags:
                    neighbours = np.concatenate([found[lag, features.n_neighbors] for lag in periods], axis=1)
                    median, deviation = (each[:, None] for each in median_and_deviation(neighbours[..., 0]))
                    off = values - median
                    parts += [off, off / np.maximum(deviation, least), deviation]
                    if self.differences is not None and which.startswith("same"):
                        difference = off if np.isfinite(off).all() else np.nan_to_num(off)
                        for window in features.same_windows:
                            mean, std = _moments(self.differences, slots, window, depth)
                            parts += [mean, (difference - mean) / np.maximum(std, least)]
                        self.differences.push(slots, difference)
                parts += [values - found[lag, 0][:, 0] for lag in features.period_lags]
                self.lookup.push(slots, times, values, step)
        return np.concatenate([values[:, :0], *parts], axis=1)

    def _of_recent(
        self, sizes: _Sizes, slots: np.ndarray, values: np.ndarray, depth: np.ndarray, new: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Yield the features that need no period, and store the rows."""
        features, least = sizes.features, self.least[slots][:, None]
        moments = {
            window: _moments(self.recent, slots, window, depth)
            for window in dict.fromkeys([*features.z_windows, *features.std_windows])
        }
        for window in features.z_windows:
            mean, std = moments[window]
            yield (values - mean) / np.maximum(std, least)
        for window in features.std_windows:
            yield moments[window][1]
        self.recent.push(slots, values)
        for window in features.slope_windows:
            full = depth + 1 >= window
            if full.all():
                yield self._slope(slots, values, sizes.lines[window])
                continue
            slope = np.full(values.shape, np.nan)
            if full.any():
                slope[full] = self._slope(slots[full], values[full], sizes.lines[window])
            yield slope
        if len(features.ewm_spans):
            means = self.means[slots]
            yield from np.where(new[:, None, None], np.nan, values[:, None] - means).transpose(1, 0, 2)
            now = means * sizes.decay + values[:, None] * (1 - sizes.decay)
            self.means[slots] = np.where(new[:, None, None], values[:, None], now)

    def _slope(self, slots: np.ndarray, values: np.ndarray, line: np.ndarray) -> np.ndarray:
        last = self.recent.last(slots, len(line))
        return np.einsum("ijk,j->ik", last - values[:, None], line)


class _Sizes:
    """Features with sizes in rows of one time step, and array sizes derived from them."""

    def __init__(self, features: FeatureSet) -> None:
        self.features = features
        windows = [*features.z_windows, *features.std_windows, *features.slope_windows]
        self.n_recent = max([2, *(window for window in windows if window < NEVER)])
        self.n_same = max([1, *(window for window in features.same_windows if window < NEVER)])
        self.lines = {window: _line(window) for window in features.slope_windows if window < NEVER}
        self.decay = 1 - 2 / (np.array(features.ewm_spans, dtype=float)[:, None] + 1)


def _line(window: int) -> np.ndarray:
    """Return weights such that the weighted sum of the rows is the slope of the line through them."""
    steps = np.arange(window) - (window - 1) / 2
    return steps / (steps @ steps)


def _moments(
    recent: RecentRows, slots: np.ndarray, window: int, depth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the rows before the next row; NaN if less than half of them are present."""
    if len(slots) == 1 and depth[0] >= window:
        return _moments_of(recent.last(slots, window))
    mean, std = np.empty((len(slots), recent.width)), np.empty((len(slots), recent.width))
    size = max(1, _BLOCK // (window * recent.width))
    for start in range(0, len(slots), size):
        block = slice(start, start + size)
        n_there = np.minimum(depth[block], window)
        if (n_there == window).all():
            mean[block], std[block] = _moments_of(recent.last(slots[block], window))
            continue
        for n_rows in np.unique(n_there).tolist():
            which = start + np.flatnonzero(n_there == n_rows)
            if n_rows < -(-window // 2):
                mean[which] = std[which] = np.nan
                continue
            mean[which], std[which] = _moments_of(recent.last(slots[which], n_rows))
    return mean, std


def _moments_of(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the rows of each series, of shape (n_series, n_rows, n_columns)."""
    mean = np.add.reduce(rows, axis=1) / rows.shape[1]
    off = rows - mean[:, None]
    return mean, np.sqrt(np.einsum("ijk,ijk->ik", off, off) / rows.shape[1])
