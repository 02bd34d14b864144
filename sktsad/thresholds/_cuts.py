"""Every way to cut scores in two, and what lies above each cut."""

from __future__ import annotations

import numpy as np


def cut_between(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the thresholds that tell scores apart, and how many of them each score exceeds, minus one.

    Returns
    -------
    thresholds : ndarray of shape (n_levels + 1,)
        One below each distinct score, halfway to the one before, ascending; then the largest score, which none
        exceeds.
    level_of_row : ndarray of int, shape (n_rows,)
        A row is above ``thresholds[i]`` if its level is at least ``i``.
    """
    levels, level_of_row = np.unique(scores, return_inverse=True)
    below, above = levels[:-1], levels[1:]
    halfway = below / 2 + above / 2
    halfway = np.where(halfway < above, halfway, below)  # between neighbouring floats there is no half way
    lowest = levels[0] - max(1.0, abs(levels[0]))
    return np.concatenate([[lowest], halfway, levels[-1:]]), level_of_row


def count_above(level_of_row: np.ndarray, n_thresholds: int) -> np.ndarray:
    """Return how many rows are above each of the thresholds of `cut_between`."""
    return np.bincount(level_of_row, minlength=n_thresholds)[::-1].cumsum()[::-1]
