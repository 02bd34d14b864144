"""Missing values filled row by row."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .._core import LiveRows, Past, PastStep, SeriesPast
from ._filling import N_KEPT, Filling


class LiveImputer(PastStep):
    """Keep the last value of each column of each series, and its age.

    Parameters
    ----------
    past : Past
        The past kept by fit: the state after the last row of each run.
    filling : Filling
        How columns are filled, and which columns are appended.
    medians : dict of ndarray of shape (n_columns,)
        The values to fill with if there are no others, by the name of the series.
    pooled : ndarray of shape (n_columns,)
        The same for series not seen during fit.
    bounds : callable
        Function of time steps that returns the limit and the largest age, in rows.
    """

    takes_missing = fills_missing = True
    kept: np.ndarray
    median: np.ndarray

    def __init__(
        self,
        past: Past,
        filling: Filling,
        medians: dict[Hashable, np.ndarray],
        pooled: np.ndarray,
        bounds: Callable[[Any], tuple[Any, Any]],
    ) -> None:
        super().__init__(past, np.inf)
        self.filling, self.medians, self.pooled, self.bounds = filling, medians, pooled, bounds
        self.keep("kept", (len(pooled), N_KEPT))
        self.keep("median", (len(pooled),))

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Start with the state that fit kept of a series."""
        self.kept[slot] = Filling.start()
        self.median[slot] = self.medians.get(key, self.pooled)
        super().begin(slot, key, time)

    def go_on(self, slot: int, known: SeriesPast, time: Any) -> None:
        """Continue from the last row up to this time that fit kept."""
        n_kept = int(np.searchsorted(known.times, time))
        if n_kept:
            self.kept[slot] = known.values[n_kept - 1].reshape(-1, N_KEPT)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the filled rows with the appended columns, shape (n_rows, n_features_out)."""
        step = self.time_step[rows.slots]
        limit, oldest = self.bounds(np.where(np.isnan(step), rows.steps, step)[:, None])
        last, age, unchanged, sums, counts = np.moveaxis(self.kept[rows.slots], 2, 0)
        there = ~np.isnan(values)
        is_other = there & (values != last)
        age, unchanged = np.where(there, 0, age + 1), np.where(is_other, 0, unchanged + 1)
        last = np.where(there, values, last)
        sums, counts = sums + np.where(there, values, 0), counts + there
        self.kept[rows.slots] = np.stack([last, age, unchanged, sums, counts], axis=2)
        median = self.median[rows.slots]
        return np.hstack(
            self.filling.result(values, last, age, unchanged, sums, counts, median, limit, oldest)
        )
