"""Features of a series appended row by row."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from .._core import LiveRows, LiveStep


class LiveSeries(LiveStep):
    """Append to each row the features of its series.

    Parameters
    ----------
    numbers : dict
        Number of each series by its name.
    table : ndarray of shape (n_series + 1, n_appended)
        The values appended to the rows of each series; the last row is for series not seen during fit.
    keep_values : bool
        Whether the values of the row come first.
    """

    series: np.ndarray

    def __init__(self, numbers: dict[Hashable, int], table: np.ndarray, keep_values: bool) -> None:
        super().__init__()
        self.numbers, self.table, self.keep_values = numbers, table, keep_values
        self.keep("series", (), np.int64, -1)

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Look up the number of a series."""
        self.series[slot] = self.numbers.get(key, -1)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the row of each series with the appended values."""
        appended = self.table[self.series[rows.slots]].astype(values.dtype, copy=False)
        return np.hstack([values, appended]) if self.keep_values else appended
