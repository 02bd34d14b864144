"""Lookup of the rows at the same time in earlier periods, row by row."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from .._core import RecentRows, SeriesState
from ._period import Period

#: Initial capacity, in rows.
_ROOM = 64


class LiveLookup(SeriesState):
    """Keep the rows of each series as far back as earlier periods are looked up.

    Parameters
    ----------
    zone : str, tzinfo or None
        Time zone whose clocks define a day.
    lookups : list of (int, int)
        How many periods back rows are looked up, each with the number of neighbours on either side.
    period : Period
        The period.
    n_columns : int
        Number of values in a row.
    dtype : dtype
        Type of the times.
    """

    n_rows: np.ndarray

    def __init__(
        self, zone: Any, lookups: list[tuple[int, int]], period: Period, n_columns: int, dtype: Any
    ) -> None:
        super().__init__()
        self.zone, self.lookups, self.period = zone, lookups, period
        self.rows = self.keep_part("rows", RecentRows(_ROOM, n_columns, spare=_ROOM // 4))
        self.times = self.keep_part("times", RecentRows(_ROOM, 1, dtype, spare=_ROOM // 4))
        self.keep("n_rows", (), np.int64)
        self._lags = np.array([lag for lag, _ in lookups], dtype=float)
        self._wide = np.array([n + 0.5 for _, n in lookups])
        #: For all rows that the lookups may find, in one array: the number of the lookup, and the position within it.
        self._owner = np.repeat(np.arange(len(lookups)), [2 * n + 1 for _, n in lookups])
        self._shift = np.concatenate([np.arange(2 * n + 1) for _, n in lookups])
        stops = np.cumsum([0, *(2 * n + 1 for _, n in lookups)]).tolist()
        self._place = {each: slice(*bounds) for each, bounds in zip(lookups, pairwise(stops), strict=True)}

    def spans(self, times: np.ndarray, step: float) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
        """Return for each lookup where the rows that it finds start and stop, for given rows of one series."""
        steps, bounds = np.full(len(times), step), np.array([0, len(times)])
        return {each: self.period.look_back(*each, times, steps, self.zone, bounds) for each in self.lookups}

    def put(self, slot: int, times: np.ndarray, values: np.ndarray, step: float) -> None:
        """Store given rows as the last rows of a series."""
        self._make_room(len(times))
        self.rows.put(slot, values)
        self.times.put(slot, times[:, None])
        self.n_rows[slot] = len(times)

    def push(self, slots: np.ndarray, times: np.ndarray, values: np.ndarray, step: np.ndarray) -> None:
        """Store the next row of some series, with the time step of each."""
        size = self.times.buffer.shape[1]
        full = self.times.stop[slots] == size
        if full.any():  # rows may be dropped only if no lookup reaches them
            some = slots[full]
            dropped = self.times.buffer[some, size - self.times.length - 1, 0]
            reach = self._reach(step[full])
            # A short series has entries that are not filled yet.
            is_row = self.n_rows[some] > self.times.length
            if (is_row & (times[full] - dropped <= reach)).any():
                self._make_room(2 * self.times.length)
        self.rows.push(slots, values)
        self.times.push(slots, times[:, None])
        self.n_rows[slots] += 1

    def find(
        self, slots: np.ndarray, times: np.ndarray, step: np.ndarray
    ) -> dict[tuple[int, int], np.ndarray]:
        """Return the rows found by each lookup, shape (n_slots, n_found, n_columns); NaN if there is none."""
        back = self._lags * self.period.in_time_of(step)[:, None]
        if self.zone is not None and self.period.by_clock:
            back += self.period.clock_change(times[:, None], back, self.zone)
        wide = self._wide * step[:, None]
        first = self._first(slots, times, back + wide, step)
        # For each row that may be found, its number of rows before the next row.
        behind = first[:, self._owner] - self._shift
        is_there = behind >= 1
        behind = np.maximum(behind, 1)
        ago = times[:, None] - self.times.at(slots, behind)[..., 0]
        is_there &= ago >= (back - wide)[:, self._owner]
        found = np.where(is_there[..., None], self.rows.at(slots, behind), np.nan)
        return {each: found[:, place] for each, place in self._place.items()}

    def _first(self, slots: np.ndarray, times: np.ndarray, ago: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Return how many rows back the first row is that is at most ``ago`` older; 0 if there is none."""
        n_there = np.minimum(self.n_rows[slots], self.times.stop[slots])[:, None]
        known = np.fmax(ago, -1.0)  # of a number and NaN, the number
        with np.errstate(invalid="ignore"):  # correct if there are no holes in time
            guess = np.minimum(np.fmax(known / step[:, None], 0), n_there).astype(np.intp)

        def is_within(back: np.ndarray, known: np.ndarray) -> np.ndarray:
            then = self.times.at(slots, np.maximum(back, 1))[..., 0]
            return (times[:, None] - then <= known) & (back <= n_there)

        both = is_within(np.concatenate([guess, guess + 1], axis=1), np.concatenate([known, known], axis=1))
        here, next_ = both[:, : guess.shape[1]], both[:, guess.shape[1] :]
        if (((guess == 0) | here) & ~next_).all():
            return guess
        low, high = np.zeros_like(guess), np.broadcast_to(n_there, guess.shape).copy()
        while (open_ := low < high).any():  # bisection for the last row within
            middle = (low + high + 1) // 2
            within = is_within(middle, known)
            low = np.where(open_ & within, middle, low)
            high = np.where(open_ & ~within, middle - 1, high)
        return low

    def _reach(self, step: np.ndarray) -> np.ndarray:
        """Return how far back in time rows are looked up."""
        longest = np.nan_to_num(self.period.in_time_of(step) * self._lags.max())
        # Clocks may be changed in between.
        spare = 0.1 * longest if self.period.by_clock else 0
        return longest + spare + (self._wide.max() + 1) * np.nan_to_num(step)

    def _make_room(self, n_rows: int) -> None:
        if n_rows > self.times.length:
            for each in (self.rows, self.times):
                each.lengthen(n_rows, n_rows // 4)
