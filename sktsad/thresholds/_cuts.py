"""All thresholds that separate distinct scores, and the number of scores above each."""

from __future__ import annotations

import numpy as np


def cut_between(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the thresholds that separate distinct scores, and for each score how many it exceeds, minus 1.

    Returns
    -------
    thresholds : ndarray of shape (n_levels + 1,)
        One threshold below each distinct score, halfway to the previous score, ascending; then the largest score, which
        no score exceeds.
    level_of_row : ndarray of int, shape (n_rows,)
        A row is above ``thresholds[i]`` if its level is at least ``i``.
    """
    levels, level_of_row = np.unique(scores, return_inverse=True)
    below, above = levels[:-1], levels[1:]
    halfway = below / 2 + above / 2
    halfway = np.where(
        halfway < above, halfway, below
    )  # there is no float halfway between neighbouring floats
    lowest = levels[0] - max(1.0, abs(levels[0]))
    return np.concatenate([[lowest], halfway, levels[-1:]]), level_of_row


def count_above(level_of_row: np.ndarray, n_thresholds: int) -> np.ndarray:
    """Return the number of rows above each threshold of `cut_between`."""
    return np.bincount(level_of_row, minlength=n_thresholds)[::-1].cumsum()[::-1]
