"""The times of rows: the newest of each series, and the time step of series not seen during fit."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .._core import SeriesState, modal_step

#: Largest number of different times between rows of a series that are counted; a series with more has no useful time
#: step.
_MOST_HOLES = 4096
#: Number of successive rows with half or twice the time step after which a warning says that it differs.
_OTHER_CLOCK = 10
_NO, _NONE = np.array([False]), np.array([np.nan])


class StepSoFar:
    """The time step of a series so far, from the first 1, 2, 4, 8, ... times between its rows, as in one call.

    Attributes
    ----------
    step : float
        The time step; NaN until there is one.
    """

    def __init__(self, counts: list[tuple[float, int]] | None = None, step: float = np.nan) -> None:
        self.counts = Counter(dict(counts or []))
        self.n_holes = sum(self.counts.values())
        self.step = step

    def push(self, hole: float) -> bool:
        """Add the time from one row to the next; return whether the time step has changed."""
        if len(self.counts) > _MOST_HOLES:
            return False
        self.counts[hole] += 1
        self.n_holes += 1
        if self.n_holes & (self.n_holes - 1):
            return False
        before = self.step
        values, counts = zip(*self.counts.items(), strict=True)
        self.step = modal_step(np.repeat(values, counts))
        return self.step != before


class Clock(SeriesState):
    """Keep the time of the newest row of each series.

    Attributes
    ----------
    last_time : ndarray of shape (n_series,)
        Time of the newest row.
    n_rows : ndarray of int, shape (n_series,)
        Number of rows so far, including the training rows.
    time_step : ndarray of shape (n_series,)
        Time step during fit; NaN for series not seen during fit.
    """

    last_time: np.ndarray
    n_rows: np.ndarray
    time_step: np.ndarray
    n_odd: np.ndarray

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.keep("last_time", (), dtype)
        self.keep("n_rows", (), np.int64)
        self.keep("time_step", (), np.float64, np.nan)
        self.keep("n_odd", (), np.int64)
        self.so_far: dict[int, StepSoFar] = {}
        #: Series whose time step has changed in this call.
        self.new_steps: list[tuple[int, float]] = []

    def begin(self, slot: int, step: float) -> None:
        """Prepare a series; the time step is NaN if it was not seen during fit."""
        self.time_step[slot] = step
        if np.isnan(step):
            self.so_far[slot] = StepSoFar()

    def clear(self, slot: int) -> None:
        """Forget a series."""
        super().clear(slot)
        self.so_far.pop(slot, None)

    def steps(self, slots: np.ndarray) -> np.ndarray:
        """Return the time steps so far of series not seen during fit; NaN for others."""
        if not self.so_far and len(slots) == 1:
            return _NONE
        out = np.full(len(slots), np.nan)
        if self.so_far:
            for at, slot in enumerate(slots.tolist()):
                found = self.so_far.get(slot)
                if found is not None:
                    out[at] = found.step
        return out

    def advance(self, slots: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Store the times of the next row of some series; return the times since the row before, NaN for first rows."""
        if len(slots) == 1 and not self.so_far:
            slot = slots[0]
            n_rows, hole = self.n_rows[slot], float(times[0] - self.last_time[slot])
            self.last_time[slot] = times[0]
            self.n_rows[slot] = n_rows + 1
            return np.array([hole if n_rows else np.nan])
        is_first = self.n_rows[slots] == 0
        holes = np.where(is_first, np.nan, (times - self.last_time[slots]).astype(np.float64))
        if self.so_far:
            for slot, hole in zip(slots.tolist(), holes.tolist(), strict=True):
                found = self.so_far.get(slot)
                if found is not None and hole == hole and found.push(hole):
                    self.new_steps.append((slot, found.step))
        self.last_time[slots] = times
        self.n_rows[slots] += 1
        return holes

    def has_other_step(self, slots: np.ndarray, holes: np.ndarray) -> np.ndarray:
        """Mark series whose time step differs from that during fit, now for the first time."""
        if len(slots) == 1:
            slot, hole = slots[0], holes[0]
            one = self.time_step[slot]
            if not self.n_odd[slot] and not (hole >= 2 * one or 2 * hole <= one):
                return _NO
        step = self.time_step[slots]
        is_odd = (holes >= 2 * step) | (2 * holes <= step)
        if not is_odd.any() and not self.n_odd[slots].any():
            return is_odd
        n_odd = np.where(
            is_odd, self.n_odd[slots] + 1, np.where(self.n_odd[slots] > _OTHER_CLOCK, _OTHER_CLOCK + 1, 0)
        )
        self.n_odd[slots] = np.minimum(n_odd, _OTHER_CLOCK + 1)
        return n_odd == _OTHER_CLOCK
