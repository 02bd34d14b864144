"""Alarms that open and close as rows come."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core import (
    AlarmRule,
    AlarmState,
    MaxGap,
    SeriesRows,
    SeriesState,
    check_max_gap,
    is_gap,
)

_NO = np.array([False])
_FIELDS = ("first", "last", "n_rows", "ready")


class LiveAlarms(SeriesState):
    """Keep the alarm of each series.

    Parameters
    ----------
    merge_gap, min_rows, cool_down : int, timedelta, str or None
        As in `sktsad.postprocessing.alarms`.
    max_gap : float, str or timedelta
        Holes of more than this number of time steps, or length of time, count as missing rows.
    """

    place: np.ndarray
    n_rows: np.ndarray
    gap: np.ndarray
    cool: np.ndarray
    need: np.ndarray

    def __init__(self, merge_gap: Any, min_rows: Any, cool_down: Any, max_gap: MaxGap) -> None:
        super().__init__()
        self.merge_gap, self.min_rows, self.cool_down, self.max_gap = merge_gap, min_rows, cool_down, max_gap
        self._has_dates = False
        self.keep("place", (), np.int64)
        self._state = AlarmState(AlarmRule(), 0)
        for name in _FIELDS:
            self.keep(name, (), np.int64, int(AlarmState(AlarmRule(), 1).__dict__[name][0]))
        self.keep("gap", (), np.int64)
        self.keep("cool", (), np.int64)
        self.keep("need", (), np.int64, 1)
        self._bind()

    def start(self, rows: SeriesRows) -> None:
        """Prepare for rows with the same kind of time."""
        check_max_gap(self.max_gap, rows)
        self._has_dates = rows.has_dates

    def begin(self, slot: int, step: float) -> None:
        """Prepare a series with a time step; NaN means that there is none."""
        times = np.array([step]) if self._has_dates else None
        one = SeriesRows([None], np.array([0, 1]), np.array([0]), None)
        rule = AlarmRule.read(one, times, self.merge_gap, self.min_rows, self.cool_down)
        self.gap[slot], self.cool[slot], self.need[slot] = rule.merge_gap, rule.cool_down, rule.min_rows

    def grow(self, n_series: int) -> None:
        """Allocate space for this number of series."""
        super().grow(n_series)
        self._bind()

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Restore arrays as returned by `arrays`."""
        super().restore(arrays)
        self._bind()

    def _bind(self) -> None:
        """Make the rule use the arrays of this object."""
        for name in _FIELDS:
            setattr(self._state, name, getattr(self, name))
        self._state.merge_gap, self._state.cool_down, self._state.min_rows = self.gap, self.cool, self.need

    def step(
        self, slots: np.ndarray, holes: np.ndarray | None, steps: np.ndarray, hot: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Process the next row of some series; return where an alarm opens, and where one is over.

        Parameters
        ----------
        slots : ndarray of int
            The series.
        holes : ndarray or None
            Times since the previous rows; NaN for first rows, None without time.
        steps : ndarray
            Time steps.
        hot : ndarray of bool
            Which rows are above the threshold.
        """
        ahead: Any = 1
        if len(slots) == 1:
            slot = slots[0]
            if holes is not None and is_gap(holes[0], self.max_gap, steps[0]):
                ahead = int(max(np.rint(holes[0] / steps[0]), 1))
            self.place[slot] += ahead
            if not hot[0] and not self.n_rows[slot]:
                return _NO, _NO
            return self._state.step(slots, self.place[slots], hot)
        if holes is not None:
            gap = is_gap(holes, self.max_gap, steps)
            if gap.any():
                ahead = np.where(gap, np.maximum(np.rint(holes / steps), 1), 1).astype(np.int64)
        self.place[slots] += ahead
        if not hot.any() and not self.n_rows[slots].any():
            quiet = np.zeros(len(slots), dtype=bool)
            return quiet, quiet
        return self._state.step(slots, self.place[slots], hot)

    def is_open(self, slots: np.ndarray) -> np.ndarray:
        """Mark series that have an open alarm."""
        return self.n_rows[slots] >= self.need[slots]
