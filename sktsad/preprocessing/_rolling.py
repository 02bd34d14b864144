"""Causal statistics of one column of one series: each row is compared with rows before it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

#: Rows worked on at once: they stay in the cache, and rounding errors of running sums start anew.
_BLOCK = 16384


def trailing_mean(x: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last ``window`` rows, this one included; of fewer at the start."""
    # The filter's window is centred; shifted, it ends with the row.
    out = uniform_filter1d(x, window, origin=(window - 1) // 2, mode="constant")
    n_first = min(window - 1, len(x))
    out[:n_first] = np.cumsum(x[:n_first]) / np.arange(1, n_first + 1)
    return out


def past_moments(x: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the ``window`` rows before each row; NaN with fewer than half of them."""
    mean, std = np.full(len(x), np.nan), np.full(len(x), np.nan)
    block = max(_BLOCK, window)
    for start in range(0, len(x) - 1, block):
        # Rows start .. start + block - 1 are the last of the pasts of the rows one further on.
        first = max(start - window + 1, 0)
        part = x[first : min(start + block, len(x) - 1)]
        center = part.mean()
        part = part - center
        means = trailing_mean(part, window)
        squares = trailing_mean(np.square(part, out=part), window)
        squares -= means * means
        np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
        rows = slice(start + 1, start + 1 + len(part) - (start - first))
        mean[rows] = means[start - first :]
        mean[rows] += center
        std[rows] = squares[start - first :]
    mean[: -(-window // 2)] = std[: -(-window // 2)] = np.nan
    return mean, std


def slope(x: np.ndarray, window: int) -> np.ndarray:
    """Return the slope of the least-squares line through the last ``window`` rows, a row; NaN at the start."""
    out = np.full(len(x), np.nan)
    if len(x) >= window:
        steps = np.arange(window) - (window - 1) / 2
        out[window - 1 :] = np.convolve(x, steps[::-1] / (steps @ steps), mode="valid")
    return out


def past_ewm(x: np.ndarray, span: int) -> np.ndarray:
    """Return the exponentially weighted mean of all rows before each row; NaN for the first."""
    out = np.full(len(x), np.nan)
    decay = 1 - 2 / (span + 1)
    if len(x) > 1:
        out[1:], _ = lfilter([1 - decay], [1, -decay], x[:-1], zi=[decay * x[0]])
    return out


def look_back(times: np.ndarray, lag: float, tolerance: float) -> np.ndarray:
    """Return for each row where the row ``lag`` earlier is, give or take the tolerance; -1 where there is none."""
    rows = np.searchsorted(times, times - (lag + tolerance))
    rows[np.abs(times - lag - times[rows]) > tolerance] = -1
    return rows


def median_and_deviation(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return median and scaled median absolute deviation of each row of a matrix, without its NaN."""
    center = _median(values)
    return center, 1.4826 * _median(np.abs(values - center[:, None]))


def _median(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values, axis=1)  # NaN come last
    counts = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    return (ordered[rows, np.maximum(counts - 1, 0) // 2] + ordered[rows, counts // 2]) / 2
