"""The points of a line: only some points of a long series, with breaks at gaps."""

from __future__ import annotations

import numpy as np

from ._drawn_series import DrawnSeries
from ._require import require


def thin(times: np.ndarray, values: np.ndarray, max_points: int) -> np.ndarray:
    """Choose points for which the picture looks the same: the extremes of each of many equal spans of time.

    Parameters
    ----------
    times, values : ndarray of shape (n_points,)
        Points in time order, finite.
    max_points : int
        Up to this number, all points are kept; otherwise the smallest and the largest value of each of
        ``max_points // 2 - 1`` spans, the first point and the last.

    Returns
    -------
    chosen : ndarray of int
        Ascending positions.
    """
    if len(times) <= max_points:
        return np.arange(len(times))
    downsampler = require("tsdownsample", "A series of more than max_points rows").MinMaxDownsampler()
    since = (times - times[0]).astype(np.float64)
    extremes = downsampler.downsample(since, np.ascontiguousarray(values), n_out=2 * _n_spans(max_points))
    return np.union1d(extremes.astype(np.intp), [0, len(times) - 1])


def _n_spans(max_points: int) -> int:
    return max_points // 2 - 1


def broken_line(
    series: DrawnSeries, values: np.ndarray, max_points: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points of a line that breaks at gaps in time and at missing values.

    In a thinned series, holes shorter than the spans of `thin` cannot be seen and are bridged.

    Parameters
    ----------
    series : DrawnSeries
        The rows.
    values : ndarray of shape (n_rows,) or (n_rows, n_lines)
        Values of its rows, in time order; NaN where they are missing. If there are several lines, all have the same
        points: the extremes of each.
    max_points : int
        As in `thin`.

    Returns
    -------
    times : ndarray of shape (n_points,)
        Time of the points, as numbers.
    values : ndarray of shape (n_points,) or (n_points, n_lines)
        Their values, and NaN where the lines break.
    lone : ndarray of int
        Positions of points without a neighbour, which a line does not show.
    """
    is_missing = np.isnan(values).reshape(len(values), -1).any(axis=1)
    known = np.flatnonzero(~is_missing)
    if not len(known):
        return series.times[:0], values[:0], known
    starts_piece = is_missing.copy()
    starts_piece[series.starts] = True
    piece = np.cumsum(starts_piece)[known]
    times, values = series.times[known], values[known]
    lines = values.reshape(len(values), -1).T
    chosen = np.unique(np.concatenate([thin(times, line, max_points) for line in lines]))
    shortest = 0.0 if len(chosen) == len(times) else float(times[-1] - times[0]) / _n_spans(max_points)
    holes = np.flatnonzero((np.diff(piece) != 0) & (np.diff(times) > shortest))
    chosen = np.union1d(chosen, np.append(holes, holes + 1))
    breaks = np.searchsorted(chosen, holes) + 1
    times = np.insert(times[chosen], breaks, times[holes])
    values = np.insert(values[chosen], breaks, np.nan, axis=0)
    is_hole = np.ones(len(times) + 2, dtype=bool)
    is_hole[1:-1] = np.isnan(values).reshape(len(values), -1).any(axis=1)
    return times, values, np.flatnonzero(is_hole[:-2] & ~is_hole[1:-1] & is_hole[2:])
