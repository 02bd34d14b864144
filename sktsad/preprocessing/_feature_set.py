"""Which features a column gets: their names, their values, and how far back they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from ._rolling import median_and_deviation, past_ewm, past_moments, slope

#: Exponential weights of rows further back than so many spans make up exp(-16) of all, a ten-millionth.
_SPANS = 8
#: What the parameters hold is no less than this.
_LEAST = {"z_windows": 2, "std_windows": 2, "slope_windows": 2, "ewm_spans": 1, "period_lags": 1}


@dataclass(frozen=True)
class FeatureSet:
    """The features of a column, by parameters of `RollingFeatures`; without a period, those that need one are out."""

    z_windows: Sequence[int]
    std_windows: Sequence[int]
    slope_windows: Sequence[int]
    ewm_spans: Sequence[int]
    n_periods: int
    period_lags: Sequence[int]
    keep_values: bool

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """Read and check the parameters of an estimator."""
        for name, least in _LEAST.items():
            sizes = getattr(estimator, name)
            if np.ndim(sizes) != 1 or not all(
                isinstance(size, (int, np.integer)) and size >= least for size in sizes
            ):
                raise ValueError(f"{name} must hold whole numbers from {least} on, got {sizes!r}.")
        return cls(**{field.name: getattr(estimator, field.name) for field in fields(cls)})

    @property
    def lags(self) -> list[int]:
        """How many periods back rows are looked up."""
        return sorted({*range(1, self.n_periods + 1), *self.period_lags})

    @property
    def n_rows_back(self) -> int:
        """How many rows before a row its features look at, those a period ago aside."""
        return max(
            [
                2,
                *self.z_windows,
                *self.std_windows,
                *self.slope_windows,
                *(_SPANS * s for s in self.ewm_spans),
            ]
        )

    def names(self, column: Any) -> list[str]:
        """Name the features of a column."""
        names = [column] if self.keep_values else []
        names += [f"{column}_z{window}" for window in self.z_windows]
        names += [f"{column}_std{window}" for window in self.std_windows]
        names += [f"{column}_slope{window}" for window in self.slope_windows]
        names += [f"{column}_ewm{span}" for span in self.ewm_spans]
        if self.n_periods:
            names += [f"{column}_same{self.n_periods}", f"{column}_same{self.n_periods}_z"]
        return names + [f"{column}_lag{lag}" for lag in self.period_lags]

    def of_column(
        self, x: np.ndarray, segments: list[slice], lagged: dict[int, np.ndarray], least: float
    ) -> Iterator[np.ndarray]:
        """Yield the features of the rows of a series, in the order of their names; NaN where the past is missing.

        Parameters
        ----------
        x : ndarray of shape (n_rows,)
            The column.
        segments : list of slice
            Rows without a gap.
        lagged : dict of ndarray of shape (n_rows,)
            For each lag, in periods, where the row so long ago is; -1 where there is none.
        least : float
            z-scores divide by no less.
        """
        if self.keep_values:
            yield x
        moments = {}
        for window in {*self.z_windows, *self.std_windows}:
            parts = [past_moments(x[rows], window, least) for rows in segments]
            moments[window] = [_join(part) for part in zip(*parts, strict=True)]
        for window in self.z_windows:
            mean, std = moments[window]
            z = x - mean
            z /= np.maximum(std, least)
            yield z
        for window in self.std_windows:
            yield moments[window][1]
        for window in self.slope_windows:
            yield _join([slope(x[rows], window) for rows in segments])
        for span in self.ewm_spans:
            yield x - _join([past_ewm(x[rows], span) for rows in segments])
        before = {lag: np.where(rows >= 0, x[rows], np.nan) for lag, rows in lagged.items()}
        if self.n_periods:
            same = np.column_stack([before[lag] for lag in range(1, self.n_periods + 1)])
            median, deviation = median_and_deviation(same)
            yield x - median
            yield (x - median) / np.maximum(deviation, least)
        for lag in self.period_lags:
            yield x - before[lag]


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
