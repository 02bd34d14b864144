"""Causal statistics of a column: each row is compared with rows of its series before it.

Series of equal length are processed together: here a column of X is a matrix with one series per row.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

#: Number of rows processed at once, so that they stay in the cache and rounding errors of running sums do not add up.
_BLOCK = 32768
#: Largest ratio of a square to the variance for which a running sum of squares is exact to a millionth: a large square
#: leaves rounding errors (about 32) in the sum.
_LARGEST = 1e-6 / (32 * np.finfo(float).eps)
#: Longest window for which a convolution is the fastest way to compute slopes.
_LARGEST_KERNEL = 240


def trailing_mean(x: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last ``window`` rows, this one included; of fewer at the start."""
    n_rows = x.shape[1]
    size = min(window, n_rows)
    # The filter's window is centred; shifted, it ends with the row.
    out = uniform_filter1d(x, size, origin=(size - 1) // 2, mode="constant")
    n_first = min(window - 1, n_rows)
    out[:, :n_first] = np.cumsum(x[:, :n_first], axis=1) / np.arange(1, n_first + 1)
    return out


def past_moments(x: np.ndarray, window: int, least: Any = 0.0) -> np.ndarray:
    """Return mean and standard deviation of the ``window`` rows before each row; NaN if less than half are present.

    Variances have a relative error of at most a millionth, or a millionth of ``least ** 2``, one for each series, if
    that is more.

    Returns
    -------
    moments : ndarray of shape (2, n_series, n_rows)
    """
    out = np.empty((2, *x.shape))
    mean, std = out
    half = -(-window // 2)
    out[:, :, :half] = np.nan
    least = np.broadcast_to(least, len(x))
    is_spoilt = np.zeros(len(x), dtype=bool)
    start, stop = half - 1, x.shape[1] - 1
    size = block = max(_BLOCK, window)
    while start < stop:
        # Each of these rows is the last row of the past of the row after it.
        first = max(start - window + 1, 0)
        part = x[:, first : min(start + size, stop)]
        # The centre comes from rows before all of these: later rows must not have any effect, not even through rounding
        # errors.
        center = np.partition(part[:, :half], half // 2, axis=1)[:, half // 2, None]
        part = part - center
        begin, end = start - first, part.shape[1]
        means = trailing_mean(part, window)[:, begin:]
        squares = np.square(part, out=part)
        variances = trailing_mean(squares, window)[:, begin:]
        variances -= means * means
        is_exact = squares.max(axis=1) <= _LARGEST * (variances.min(axis=1) + least**2)
        if len(x) > 1:
            is_spoilt |= ~is_exact
        elif not is_exact:
            # Use the sums up to the first row where an extreme value that has left the window spoils them; start again
            # there.
            is_fine = np.maximum.accumulate(squares[0])[begin:] <= _LARGEST * (variances[0] + least**2)
            is_fine[0] = True
            end = end if is_fine.all() else begin + int(np.argmin(is_fine))
        rows = slice(start + 1, first + end + 1)
        np.add(means[:, : end - begin], center, out=mean[:, rows])
        np.sqrt(np.maximum(variances[:, : end - begin], 0), out=std[:, rows])
        size = window if end < part.shape[1] else min(2 * size, block)
        start = first + end
    for each in np.flatnonzero(is_spoilt).tolist():  # each series starts again at its own rows
        out[:, each] = past_moments(x[each : each + 1], window, least[each])[:, 0]
    return out


def slope(x: np.ndarray, window: int) -> np.ndarray:
    """Return the slope of the least-squares line through the last ``window`` rows, per row; NaN at the start."""
    out = np.full(x.shape, np.nan)
    n_rows = x.shape[1]
    if n_rows < window:
        return out
    if window <= _LARGEST_KERNEL:
        steps = np.arange(window) - (window - 1) / 2
        found = np.empty(x.size)
        # All series as one: windows that reach into the previous series belong to first rows, which are left out.
        rows = (x - x[:, :1]).reshape(-1)
        found[window - 1 :] = np.convolve(rows, steps[::-1] / (steps @ steps), mode="valid")
        out[:, window - 1 :] = found.reshape(x.shape)[:, window - 1 :]
        return out
    size = max(1, _BLOCK // window) * window
    for of_each, rows in zip(out, x, strict=True):
        for start in range(0, n_rows - window + 1, size):
            end = start + window - 1
            of_each[end : end + size] = _slopes(rows[start : end + size], window)
    return out


def _slopes(x: np.ndarray, window: int) -> np.ndarray:
    """Return the slope of each full window, by running sums from the borders between blocks of ``window`` rows.

    A window is the end of one block and the beginning of the next. Both sums contain only rows of the window: an
    extreme value that has left it has no effect, unlike in one running sum over all rows.
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
    out, last = np.full(x.shape, np.nan), x.shape[1] - 1
    spans = np.broadcast_to(span, last + 1)[:last]
    starts = np.flatnonzero(np.append(True, np.diff(spans) != 0)) if np.ndim(span) else np.zeros(1, int)
    mean = x[:, :1]
    for start, stop in pairwise([*starts[:last].tolist(), last]):
        decay = 1 - 2 / (spans[start] + 1)
        part, _ = lfilter([1 - decay], [1, -decay], x[:, start:stop], zi=decay * mean)
        out[:, start + 1 : stop + 1], mean = part, part[:, -1:]
    return out


def look_back(
    times: np.ndarray, lag: Any, tolerance: Any, bounds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row where the rows ``lag`` earlier, plus or minus the tolerance, start and stop.

    They stop before the row itself. Lag and tolerance are numbers, or arrays with one for each row. Only rows of the
    same series are returned; ``bounds`` says where series start and stop.
    """
    sizes = np.diff(bounds)
    times = times - np.repeat(times[bounds[:-1]], sizes)  # floats cannot represent nanoseconds since 1970
    # Complex numbers are ordered by their real parts, here the series, and then by their imaginary parts.
    stamps, then = np.empty((2, len(times)), dtype=complex)
    stamps.real = then.real = np.repeat(np.arange(len(sizes)), sizes)
    stamps.imag, then.imag = times, times - (lag + tolerance)
    first = np.searchsorted(stamps, then)
    then.imag = times - (lag - tolerance)
    stop = np.searchsorted(stamps, then, side="right")
    return first, np.minimum(stop, np.arange(len(times)))


def median_and_deviation(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return median and scaled median absolute deviation of each row of a matrix, ignoring NaN."""
    center = _median(values)
    return center, 1.4826 * _median(np.abs(values - center[:, None]))


def _median(values: np.ndarray) -> np.ndarray:
    ordered, n = np.sort(values, axis=1), values.shape[1]  # NaN come last
    if not np.isnan(ordered[:, -1]).any():
        return (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2
    counts = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    return (ordered[rows, np.maximum(counts - 1, 0) // 2] + ordered[rows, counts // 2]) / 2
