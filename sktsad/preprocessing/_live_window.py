"""Windows built row by row."""

from __future__ import annotations

import numpy as np

from .._core import (
    LiveRows,
    MaxGap,
    Past,
    PastStep,
    RecentRows,
    in_rows,
)


class LiveWindow(PastStep):
    """Keep the last rows of each series, which form a window with the next row.

    Parameters
    ----------
    past : Past
        The past kept by fit.
    max_gap, padding, length
        As in `SlidingWindow`.
    n_channels : int
        Number of columns.
    spacing : float or None
        Time from one row of a window to the next; None takes every row.
    """

    def __init__(
        self,
        past: Past,
        max_gap: MaxGap,
        padding: str,
        length: int,
        n_channels: int,
        spacing: float | None = None,
    ) -> None:
        super().__init__(past, max_gap)
        self.length, self.padding, self.spacing = length, padding, spacing
        known = max([1, *self._every(past.steps).tolist()])
        self.recent = self.keep_part("recent", RecentRows(1 + (length - 1) * known, n_channels))
        self._back = np.arange(length, 0, -1)

    def take_kept(self, slot: int, times: np.ndarray, values: np.ndarray, n_rows: int) -> None:
        """Store the rows that fit kept, after padding."""
        rows = values[len(values) - n_rows :]
        self._pad(np.array([slot]), rows[:1])
        self.recent.put(slot, rows)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the window of each row, shape (n_rows, length * n_channels)."""
        new = self.is_new(rows)
        every = self._strides(rows)  # this may lengthen windows and their padding
        if new.any():
            self._pad(rows.slots[new], values[new])
        self.recent.push(rows.slots, values)
        if every is None:
            return self.recent.last(rows.slots, self.length).reshape(len(values), -1)
        return self.recent.at(rows.slots, 1 + (self._back - 1) * every[:, None]).reshape(len(values), -1)

    def _strides(self, rows: LiveRows) -> np.ndarray | None:
        """Return for each row the k such that its window takes every k-th row; None if all windows take every row."""
        if self.spacing is None:
            return None
        steps = self.time_step[rows.slots]
        every = self._every(np.where(np.isnan(steps), rows.steps, steps))
        if (every == 1).all():
            return None
        longest = 1 + (self.length - 1) * int(every.max())
        if longest > self.recent.length:  # a series not seen during fit, now that its step is known
            self.recent.lengthen(longest, longest, repeat=True)
        return every

    def _every(self, steps: np.ndarray) -> np.ndarray:
        if self.spacing is None:
            return np.ones(len(steps), dtype=np.int64)
        return np.maximum(in_rows(self.spacing, steps), 1)

    def _pad(self, slots: np.ndarray, values: np.ndarray) -> None:
        self.recent.fill(slots, np.zeros_like(values) if self.padding == "zero" else values)
