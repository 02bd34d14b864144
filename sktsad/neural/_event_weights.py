"""Weights of rows by the length of their event, so that long events do not dominate."""

from __future__ import annotations

import numpy as np

from ._row_layout import RowLayout


def event_weights(layout: RowLayout, target: np.ndarray, power: float) -> np.ndarray:
    """Return for each row of an event the length of the event to the given power; 1 for other rows.

    An event is a run of rows of one class other than class 0, in one segment; rows are in the order of the layout.
    """
    edges = np.union1d(layout.starts, np.flatnonzero(np.diff(target)) + 1)
    length = np.diff(np.append(edges, len(target)))
    return np.where(target > 0, np.repeat(length, length).astype(float) ** power, 1.0)
