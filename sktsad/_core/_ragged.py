"""Ragged arrays: parts of different lengths, such as one per series, joined into one array with bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def ranges(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return the integers from each start up to its stop, one range after the other."""
    sizes = np.maximum(stops - starts, 0)
    ends = np.cumsum(sizes)
    return np.arange(sizes.sum()) + np.repeat(starts - (ends - sizes), sizes)


def equal_parts(bounds: np.ndarray) -> list[tuple[np.ndarray, Any]]:
    """Group parts of the same length: return the numbers of the parts, and the positions of their entries.

    ``x[where].reshape(len(which), -1)`` has one of these parts in each row; it is a view if all parts have the same
    length. Empty parts are left out. Parts with n rows in total have at most ``sqrt(2 * n)`` different lengths.
    """
    sizes = np.diff(bounds)
    if len(sizes) and sizes[0] and (sizes == sizes[0]).all():
        return [(np.arange(len(sizes)), slice(bounds[0], bounds[-1]))]
    order = np.argsort(sizes, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(sizes[order])) + 1)
    return [
        (which, ranges(bounds[which], bounds[which + 1]))
        for which in groups
        if len(which) and sizes[which[0]]
    ]


def map_parts(
    function: Callable[..., np.ndarray], parts: list[tuple[np.ndarray, Any]], *arrays: np.ndarray
) -> np.ndarray:
    """Apply a function to all parts, and return its results at the positions of the parts.

    Parameters
    ----------
    function : callable
        Function of matrices with a part in each row that returns an array of shape (..., n_parts, n_numbers).
    parts : list
        From `equal_parts`.
    *arrays : ndarray
        Arrays that are divided into these parts.
    """
    out = np.empty(0)
    for which, where in parts:
        found = function(*(x[where].reshape(len(which), -1) for x in arrays))
        found = found.reshape(*found.shape[:-2], -1)
        if len(parts) == 1:
            return found
        if not len(out):
            out = np.empty((*found.shape[:-1], len(arrays[0])))
        out[..., where] = found
    return out


def as_slice(rows: np.ndarray) -> Any:
    """Return consecutive positions as a slice, which avoids a copy; others unchanged."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (rows[1:] > rows[:-1]).all():
        return slice(rows[0], rows[-1] + 1)
    return rows


def search_parts(
    x: np.ndarray, starts: np.ndarray, stops: np.ndarray, wanted: np.ndarray, side: str = "left"
) -> np.ndarray:
    """Return the insertion point of each number in its ascending part of an array, like ``numpy.searchsorted``."""
    low, high = starts, stops
    while (is_open := low < high).any():
        middle = (low + high) >> 1
        there = x.take(middle, mode="clip")
        is_before = is_open & (there < wanted if side == "left" else there <= wanted)
        low, high = np.where(is_before, middle + 1, low), np.where(is_before, high, middle)
    return low
