"""Which features a column gets: their names, their values, and how far back they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from .._core import AnyEstimator, fitted_part
from ._rolling import median_and_deviation, past_ewm, past_moments, slope

#: Exponential weights of rows further back than this number of spans make up exp(-16) of all, a ten-millionth.
_SPANS = 8
#: What the parameters hold is at least this.
_LEAST = {
    "z_windows": 2,
    "std_windows": 2,
    "slope_windows": 2,
    "ewm_spans": 1,
    "same_windows": 2,
    "period_lags": 1,
}
#: Rows that are worked on at once: the memory it takes does not grow with the series.
_BLOCK = 32768
#: Where rows start and stop, for each row.
_Spans = tuple[np.ndarray, np.ndarray]


@fitted_part
@dataclass(frozen=True)
class FeatureSet:
    """The features of a column, by parameters of `RollingFeatures`; without a period, those that need one are out."""

    z_windows: Sequence[int]
    std_windows: Sequence[int]
    slope_windows: Sequence[int]
    ewm_spans: Sequence[int]
    n_periods: int
    n_neighbors: int
    same_windows: Sequence[int]
    period_lags: Sequence[int]
    keep_values: bool

    @classmethod
    def of(cls, estimator: AnyEstimator) -> Self:
        """Read and check the parameters of an estimator."""
        for name, least in _LEAST.items():
            sizes = getattr(estimator, name)
            if np.ndim(sizes) != 1 or not all(
                isinstance(size, (int, np.integer)) and size >= least for size in sizes
            ):
                raise ValueError(f"{name} must hold whole numbers from {least} on, got {sizes!r}.")
        return cls(**{field.name: getattr(estimator, field.name) for field in fields(cls)})

    @property
    def lookups(self) -> set[tuple[int, int]]:
        """How many periods back rows are looked up, and with how many neighbours on either side."""
        same = {(lag, self.n_neighbors) for lag in range(1, self.n_periods + 1)}
        return same | {(lag, 0) for lag in self.period_lags}

    @property
    def longest_window(self) -> int:
        """Rows before a row that windows without a period look at."""
        return max(
            [0, *self.z_windows, *self.std_windows, *self.ewm_spans, *(n - 1 for n in self.slope_windows)]
        )

    def first_of_past(self, times: np.ndarray, period: float, step: float) -> int:
        """Return the first of these rows that later ones look at; ``period`` is a time, as is ``step``."""
        windows = [*self.z_windows, *self.std_windows, *self.slope_windows]
        first = len(times) - max([2, *windows, *(_SPANS * span for span in self.ewm_spans)])
        if self.lookups:
            # By time, not by number of rows: what looks back whole periods crosses gaps.
            reach = max(lag * period + (1 + n_neighbors) * step for lag, n_neighbors in self.lookups)
            # Later rows ask for the differences of this number of rows.
            n_same = max([1, *self.same_windows]) if self.n_periods else 1
            first = min(first, int(np.searchsorted(times, times[-min(len(times), n_same)] - reach)))
        return max(0, first)

    def names(self, column: Any) -> list[str]:
        """Name the features of a column."""
        names = [column] if self.keep_values else []
        names += [f"{column}_z{window}" for window in self.z_windows]
        names += [f"{column}_std{window}" for window in self.std_windows]
        names += [f"{column}_slope{window}" for window in self.slope_windows]
        names += [f"{column}_ewm{span}" for span in self.ewm_spans]
        if self.n_periods:
            same = f"{column}_same{self.n_periods}"
            names += [same, f"{same}_z", f"{same}_mad"]
            names += [f"{same}_{what}{window}" for window in self.same_windows for what in ("mean", "z")]
        return names + [f"{column}_lag{lag}" for lag in self.period_lags]

    def of_column(
        self, x: np.ndarray, segments: list[slice], found: dict[tuple[int, int], _Spans], least: float
    ) -> Iterator[np.ndarray]:
        """Yield the features of the rows of a series, in the order of their names; NaN where the past is missing.

        Parameters
        ----------
        x : ndarray of shape (n_rows,)
            The column.
        segments : list of slice
            Rows without a gap.
        found : dict of tuples of two ndarrays of shape (n_rows,)
            For each of `lookups`, where the rows found start and stop.
        least : float
            z-scores divide by no less.
        """
        if self.keep_values:
            yield x
        moments = {
            window: _past_moments(x, segments, window, least)
            for window in {*self.z_windows, *self.std_windows}
        }
        for window in self.z_windows:
            mean, std = moments[window]
            yield _z(x, mean, std, least)
        for window in self.std_windows:
            yield moments[window][1]
        for window in self.slope_windows:
            yield _join([slope(x[rows], window) for rows in segments])
        for span in self.ewm_spans:
            yield x - _join([past_ewm(x[rows], span) for rows in segments])
        if self.n_periods:
            median, deviation = self.same_time(x, found)
            yield from (x - median, _z(x, median, deviation, least), deviation)
            difference = np.nan_to_num(x - median)  # rows without an earlier period count as usual
            for window in self.same_windows:
                mean, std = _past_moments(difference, segments, window, least)
                yield from (mean, _z(difference, mean, std, least))
        for lag in self.period_lags:
            yield x - _at(x, *found[lag, 0])

    def same_time(self, x: np.ndarray, found: dict[tuple[int, int], _Spans]) -> tuple[np.ndarray, np.ndarray]:
        """Return median and deviation of the rows at the same time of earlier periods, and of their neighbours."""
        median, deviation = np.empty_like(x), np.empty_like(x)
        for start in range(0, len(x), _BLOCK):
            block = slice(start, start + _BLOCK)
            same = []
            for lag in range(1, self.n_periods + 1):
                first, stop = found[lag, self.n_neighbors]
                same += [
                    _at(x, first[block] + shift, stop[block]) for shift in range(2 * self.n_neighbors + 1)
                ]
            median[block], deviation[block] = median_and_deviation(np.column_stack(same))
        return median, deviation


def _past_moments(x: np.ndarray, segments: list[slice], window: int, least: float) -> list[np.ndarray]:
    parts = [past_moments(x[rows], window, least) for rows in segments]
    return [_join(part) for part in zip(*parts, strict=True)]


def _z(x: np.ndarray, center: np.ndarray, spread: np.ndarray, least: float) -> np.ndarray:
    z = x - center
    for start in range(0, len(z), _BLOCK):  # what is divided by stays in the cache
        block = slice(start, start + _BLOCK)
        z[block] /= np.maximum(spread[block], least)
    return z


def _at(x: np.ndarray, rows: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Return x at rows, NaN from where they stop."""
    return np.where(rows < stop, x.take(rows, mode="clip"), np.nan)


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
