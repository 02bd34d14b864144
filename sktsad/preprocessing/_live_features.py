"""How rolling features are made row by row."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from .._core import LiveRows, Past, PastStep, RecentRows
from ._feature_set import FeatureSet
from ._live_lookup import LiveLookup
from ._period import Period
from ._rolling import median_and_deviation, past_ewm

#: Values that are worked on at once: they stay in the cache.
_BLOCK = 2**17


class LiveFeatures(PastStep):
    """Keeps the rows that features look at, and what exponential weights make of all before.

    Parameters
    ----------
    past : Past
        What fit kept.
    max_gap, fill : float
        As in `RollingFeatures`.
    features : FeatureSet
        Which features.
    period : Period or None
        The period, if any feature needs one.
    least : dict of ndarray of shape (n_columns,)
        By the name of a series, what its z-scores divide by at least.
    pooled : ndarray of shape (n_columns,)
        The same of a series that fit has not seen.
    """

    least: np.ndarray
    means: np.ndarray

    def __init__(
        self,
        past: Past,
        max_gap: float,
        fill: float,
        features: FeatureSet,
        period: Period | None,
        least: dict[Hashable, np.ndarray],
        pooled: np.ndarray,
    ) -> None:
        super().__init__(past, max_gap)
        self.fill, self.features, self.pooled_least, self.known_least = fill, features, pooled, least
        self.n_columns = len(pooled)
        windows = [*features.z_windows, *features.std_windows, *features.slope_windows]
        self.recent = self.keep_part("recent", RecentRows(max([2, *windows]), self.n_columns))
        self.keep("least", (self.n_columns,))
        self.keep("means", (len(features.ewm_spans), self.n_columns))
        self._slopes = {window: _line(window) for window in features.slope_windows}
        self._decay = 1 - 2 / (np.array(features.ewm_spans, dtype=float)[:, None] + 1)
        self.lookup = None
        if period is not None and features.lookups:
            dtype = self.last_time.dtype
            self.lookup = LiveLookup(past.zone, sorted(features.lookups), period, self.n_columns, dtype)
            self.keep_part("lookup", self.lookup)
        self.n_same = max([1, *features.same_windows]) if features.n_periods else 0
        if self.n_same:
            self.differences = self.keep_part("differences", RecentRows(self.n_same, self.n_columns))

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Take what fit kept of a series."""
        self.least[slot] = self.known_least.get(key, self.pooled_least)
        super().begin(slot, key, time)

    def take_kept(self, slot: int, times: np.ndarray, values: np.ndarray, n_rows: int) -> None:
        """Take the rows that fit kept."""
        values = values.astype(np.float64)
        run = values[len(values) - n_rows :]
        self.recent.put(slot, run)
        ended = np.vstack([run, run[-1:]])  # the mean before a row that comes after them
        for number, span in enumerate(self.features.ewm_spans):
            self.means[slot, number] = [past_ewm(column, span)[-1] for column in ended.T]
        if self.lookup is None:
            return
        step = float(self.time_step[slot])
        self.lookup.put(slot, times, values, step)
        if self.n_same:
            found = self.lookup.spans(times, step)
            usual = [self.features.same_time(column, found)[0] for column in values.T]
            difference = np.nan_to_num(values - np.column_stack(usual))
            self.differences.put(slot, difference[len(values) - n_rows :])

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the features of each row, shape (n_rows, n_features_out)."""
        slots, new = rows.slots, self.is_new(rows)
        depth = self.n_rows[slots] - 1  # rows before it without a gap
        same: list[list[np.ndarray]] = []
        lags: list[np.ndarray] = []
        difference = None
        with np.errstate(over="ignore", invalid="ignore"):
            if self.lookup is not None:
                step = self.time_step[slots]
                step = np.where(step != step, rows.steps, step)
                found = self.lookup.find(slots, rows.times, step)
                lags = [values - found[lag, 0][:, 0] for lag in self.features.period_lags]
                if self.n_same:
                    n = self.features.n_neighbors
                    periods = range(1, self.features.n_periods + 1)
                    median, deviation = self._same_time(
                        np.concatenate([found[lag, n] for lag in periods], axis=1)
                    )
                    off = values - median
                    same = [[off, off / np.maximum(deviation, self.least[slots]), deviation]]
                    difference = np.nan_to_num(off)
                self.lookup.push(slots, rows.times, values, step)
            parts = [values] if self.features.keep_values else []
            parts += self._of_recent(slots, values, depth, new)
            for each in same:
                parts += each
            if difference is not None:
                for window in self.features.same_windows:
                    mean, std = _moments(self.differences, slots, window, depth)
                    parts += [mean, (difference - mean) / np.maximum(std, self.least[slots])]
                self.differences.push(slots, difference)
            parts += lags
        out = np.stack(parts, axis=2).reshape(len(values), -1)
        odd = ~np.isfinite(out)
        if odd.any():
            out[odd] = np.nan_to_num(out[odd], nan=self.fill)
        return out

    def _of_recent(
        self, slots: np.ndarray, values: np.ndarray, depth: np.ndarray, new: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Yield the features without a period, and take the rows."""
        features, least = self.features, self.least[slots]
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
            last = self.recent.last(slots, window)
            slope = np.einsum("ijk,j->ik", last - values[:, None], self._slopes[window])
            yield np.where(depth[:, None] + 1 >= window, slope, np.nan)
        if len(features.ewm_spans):
            means = self.means[slots]
            yield from np.where(new[:, None, None], np.nan, values[:, None] - means).transpose(1, 0, 2)
            now = means * self._decay + values[:, None] * (1 - self._decay)
            self.means[slots] = np.where(new[:, None, None], values[:, None], now)

    def _same_time(self, neighbours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return median and deviation of rows (n_rows, n_found, n_columns) at the same time of earlier periods."""
        flat = neighbours.transpose(0, 2, 1).reshape(-1, neighbours.shape[1])
        median, deviation = median_and_deviation(flat)
        return median.reshape(-1, self.n_columns), deviation.reshape(-1, self.n_columns)


def _line(window: int) -> np.ndarray:
    """Return what rows are multiplied with to get the slope of the line through them."""
    steps = np.arange(window) - (window - 1) / 2
    return steps / (steps @ steps)


def _moments(
    recent: RecentRows, slots: np.ndarray, window: int, depth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the rows before the next; NaN with fewer than half of them."""
    mean, std = np.empty((len(slots), recent.width)), np.empty((len(slots), recent.width))
    size = max(1, _BLOCK // (window * recent.width))
    for start in range(0, len(slots), size):
        block = slice(start, start + size)
        n_there = np.minimum(depth[block], window)
        if (n_there == window).all():
            last = recent.last(slots[block], window)
            mean[block] = center = last.mean(axis=1)
            off = last - center[:, None]
            std[block] = np.sqrt(np.einsum("ijk,ijk->ik", off, off) / window)
            continue
        for n_rows in np.unique(n_there).tolist():
            which = start + np.flatnonzero(n_there == n_rows)
            if n_rows < -(-window // 2):
                mean[which] = std[which] = np.nan
                continue
            last = recent.last(slots[which], n_rows)
            mean[which] = last.mean(axis=1)
            std[which] = last.std(axis=1)
    return mean, std
