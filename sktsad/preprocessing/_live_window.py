"""How windows are made row by row."""

from __future__ import annotations

import numpy as np

from .._core import LiveRows, Past, PastStep, RecentRows, in_rows


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
    spacing : float or None
        Time from one row of a window to the next; None takes each row.
    """

    def __init__(
        self,
        past: Past,
        max_gap: float,
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
        """Lay out the rows that fit kept, after padding."""
        rows = values[len(values) - n_rows :]
        self._pad(np.array([slot]), rows[:1])
        self.recent.put(slot, rows)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the window of each row, shape (n_rows, length * n_channels)."""
        new = self.is_new(rows)
        every = self._strides(rows)  # it may make windows longer, and with them the padding
        if new.any():
            self._pad(rows.slots[new], values[new])
        self.recent.push(rows.slots, values)
        if every is None:
            return self.recent.last(rows.slots, self.length).reshape(len(values), -1)
        return self.recent.at(rows.slots, 1 + (self._back - 1) * every[:, None]).reshape(len(values), -1)

    def _strides(self, rows: LiveRows) -> np.ndarray | None:
        """Return which rows the window of each row takes: every k-th; None where all take each."""
        if self.spacing is None:
            return None
        steps = self.time_step[rows.slots]
        every = self._every(np.where(np.isnan(steps), rows.steps, steps))
        if (every == 1).all():
            return None
        longest = 1 + (self.length - 1) * int(every.max())
        if longest > self.recent.length:  # a series that fit has not seen, now that its step is known
            self._lengthen(longest, rows.slots)
        return every

    def _lengthen(self, length: int, now: np.ndarray) -> None:
        """Make room for longer windows; series that fit has not seen get longer padding."""
        n_held = self.recent.length
        self.recent.lengthen(length, length)
        n_before = self.n_rows.copy()
        n_before[now] -= 1
        for slot in np.flatnonzero(np.isnan(self.time_step) & (n_before > 0)).tolist():
            before = self.recent.last(np.array([slot]), min(int(n_before[slot]), n_held))[0].copy()
            self._pad(np.array([slot]), before[:1])
            self.recent.put(slot, before)

    def _every(self, steps: np.ndarray) -> np.ndarray:
        if self.spacing is None:
            return np.ones(len(steps), dtype=np.int64)
        return np.maximum(in_rows(self.spacing, steps), 1)

    def _pad(self, slots: np.ndarray, values: np.ndarray) -> None:
        self.recent.fill(slots, np.zeros_like(values) if self.padding == "zero" else values)
