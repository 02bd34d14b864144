"""How windows are made row by row."""

from __future__ import annotations

import numpy as np

from .._core import LiveRows, Past, PastStep, RecentRows


class LiveWindow(PastStep):
    """Keeps the last rows of each series; the next row makes a window with them.

    Parameters
    ----------
    past : Past
        What fit kept.
    max_gap, padding, length
        As in `SlidingWindow`.
    n_channels : int
        Columns.
    """

    def __init__(self, past: Past, max_gap: float, padding: str, length: int, n_channels: int) -> None:
        super().__init__(past, max_gap)
        self.length, self.padding = length, padding
        self.recent = self.keep_part("recent", RecentRows(length, n_channels))

    def take_kept(self, slot: int, times: np.ndarray, values: np.ndarray, n_rows: int) -> None:
        """Lay out the rows that fit kept, after padding."""
        rows = values[len(values) - n_rows :]
        self._pad(np.array([slot]), rows[:1])
        self.recent.put(slot, rows)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the window of each row, shape (n_rows, length * n_channels)."""
        new = self.is_new(rows)
        if new.any():
            self._pad(rows.slots[new], values[new])
        self.recent.push(rows.slots, values)
        return self.recent.last(rows.slots, self.length).reshape(len(values), -1)

    def _pad(self, slots: np.ndarray, values: np.ndarray) -> None:
        self.recent.fill(slots, np.zeros_like(values) if self.padding == "zero" else values)
