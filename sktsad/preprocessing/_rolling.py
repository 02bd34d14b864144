"""Causal statistics of one column of one series: each row is compared with rows before it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

#: Rows processed at once: they stay in the cache, and rounding errors of running sums start afresh.
_BLOCK = 32768
#: Largest ratio of a square to the variance for which a running sum of squares is exact to a millionth: a sum never
#: quite forgets a large square (some 32 rounding errors).
_LARGEST = 1e-6 / (32 * np.finfo(float).eps)
#: Longest window for which a convolution is the fastest way to compute slopes.
_LARGEST_KERNEL = 240


def trailing_mean(x: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last ``window`` rows, including the current one; of fewer at the start."""
    size = min(window, len(x))
    # The filter's window is centred; shifted, it ends with the row.
    out = uniform_filter1d(x, size, origin=(size - 1) // 2, mode="constant")
    n_first = min(window - 1, len(x))
    out[:n_first] = np.cumsum(x[:n_first]) / np.arange(1, n_first + 1)
    return out


def past_moments(x: np.ndarray, window: int, least: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the ``window`` rows before each row; NaN with fewer than half of them.

    The relative error of variances is below a millionth, or their error below a millionth of ``least`` squared.
    """
    mean, std = np.empty(len(x)), np.empty(len(x))
    half = -(-window // 2)
    mean[:half] = std[:half] = np.nan
    start, stop = half - 1, len(x) - 1
    size = block = max(_BLOCK, window)
    while start < stop:
        # The past of the row after each of these ends with it.
        first = max(start - window + 1, 0)
        part = x[first : min(start + size, stop)]
        # Centre of rows that all of these have in their past: not even rounding errors may depend on later rows.
        center = np.partition(part[:half], half // 2)[half // 2]
        part = part - center
        begin, end = start - first, len(part)
        means = trailing_mean(part, window)[begin:]
        squares = np.square(part, out=part)
        variances = trailing_mean(squares, window)[begin:]
        variances -= means * means
        if not squares.max() <= _LARGEST * (variances.min() + least**2):
            # Keep rows up to the first whose sums are spoilt by an extreme value that has left the window; restart
            # there.
            is_exact = np.maximum.accumulate(squares)[begin:] <= _LARGEST * (variances + least**2)
            is_exact[0] = True
            end = end if is_exact.all() else begin + int(np.argmin(is_exact))
        rows = slice(start + 1, first + end + 1)
        np.add(means[: end - begin], center, out=mean[rows])
        np.sqrt(np.maximum(variances[: end - begin], 0), out=std[rows])
        size = window if end < len(part) else min(2 * size, block)
        start = first + end
    return mean, std


def slope(x: np.ndarray, window: int) -> np.ndarray:
    """Return the slope, per row, of the least-squares line through the last ``window`` rows; NaN at the start."""
    out = np.full(len(x), np.nan)
    if len(x) < window:
        return out
    if window <= _LARGEST_KERNEL:
        steps = np.arange(window) - (window - 1) / 2
        out[window - 1 :] = np.convolve(x - x[0], steps[::-1] / (steps @ steps), mode="valid")
        return out
    size = max(1, _BLOCK // window) * window
    for start in range(0, len(x) - window + 1, size):
        end = start + window - 1
        out[end : end + size] = _slopes(x[start : end + size], window)
    return out


def _slopes(x: np.ndarray, window: int) -> np.ndarray:
    """Return the slope of each full window, by sums that run from borders between blocks of ``window`` rows.

    A window is the end of one block and the beginning of the next. Both sums hold its own rows only: an extreme value
    that has left the window leaves no trace, as it would in one running sum over all rows.
    """
    n_slopes = len(x) - window + 1
    blocks = np.zeros((-(-n_slopes // window) + 1, window))
    blocks.reshape(-1)[: len(x)] = x
    center = blocks[:-1, -1:]  # the last row before the border is in all windows that meet there
    before, after = blocks[:-1] - center, blocks[1:, :-1] - center
    total = _sums_at_border(before, after)
    place = np.arange(window) + 0.5  # distance from the border
    before *= place - window
    after *= place[:-1]
    middle = np.arange(window) - window / 2
    moment = _sums_at_border(before, after) - middle * total
    return moment.reshape(-1)[:n_slopes] * (12 / (window * (window**2 - 1.0)))


def _sums_at_border(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the sums over all of ``before``, then without its first row and with the first of ``after``, and so on."""
    sums = np.cumsum(before[:, ::-1], axis=1)[:, ::-1]
    sums[:, 1:] += np.cumsum(after, axis=1)
    return sums


def past_ewm(x: np.ndarray, span: Any) -> np.ndarray:
    """Return the exponentially weighted mean of all rows before each row; NaN for the first.

    The span is a number, or an array with a span for each row, which sets the weight of that row.
    """
    out = np.full(len(x), np.nan)
    spans = np.broadcast_to(span, len(x))[:-1]
    starts = np.flatnonzero(np.append(True, np.diff(spans) != 0)) if np.ndim(span) else np.zeros(1, int)
    mean = x[0] if len(x) else np.nan
    for start, stop in pairwise([*starts[: len(x) - 1].tolist(), len(x) - 1]):
        decay = 1 - 2 / (spans[start] + 1)
        part, _ = lfilter([1 - decay], [1, -decay], x[start:stop], zi=[decay * mean])
        out[start + 1 : stop + 1], mean = part, part[-1]
    return out


def look_back(times: np.ndarray, lag: Any, tolerance: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row where the rows ``lag`` earlier, give or take the tolerance, start and stop.

    They stop before the row itself. Lag and tolerance are numbers, or arrays with one number for each row.
    """
    times = times - times[0]  # small numbers, as floats cannot hold nanoseconds since 1970 exactly
    first = np.searchsorted(times, times - (lag + tolerance))
    stop = np.searchsorted(times, times - (lag - tolerance), side="right")
    return first, np.minimum(stop, np.arange(len(times)))


def median_and_deviation(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return median and scaled median absolute deviation of each row of a matrix, without its NaN."""
    center = _median(values)
    return center, 1.4826 * _median(np.abs(values - center[:, None]))


def _median(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values, axis=1)  # NaN come last
    counts = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    return (ordered[rows, np.maximum(counts - 1, 0) // 2] + ordered[rows, counts // 2]) / 2
