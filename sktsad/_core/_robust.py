"""Centre and spread of numbers, robust to a few outliers."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Factors that scale the median, or mean, absolute deviation of normal data to the standard deviation.
_MEDIAN_TO_STD, _MEAN_TO_STD = 1.4826, 1.2533


def robust_moments(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and the scaled median absolute deviation; the mean deviation if most values are equal."""
    center = np.median(values, axis=axis)
    deviation = np.abs(values - np.expand_dims(center, axis))
    median, mean = np.median(deviation, axis=axis), deviation.mean(axis=axis)
    return center, robust_spread(median, mean, center)


def nan_median(values: np.ndarray) -> np.ndarray:
    """Return the median of each column, ignoring NaN; NaN for a column of only NaN."""
    columns = (column[~np.isnan(column)] for column in values.T)
    return np.array([np.median(column) if len(column) else np.nan for column in columns])


def robust_spread(median: Any, mean: Any, center: Any) -> np.ndarray:
    """Return the scaled median of absolute deviations; the mean if most values are equal to their centre."""
    return np.where(is_spread(median, center), _MEDIAN_TO_STD * median, _MEAN_TO_STD * mean)


def is_spread(scale: Any, center: Any) -> np.ndarray:
    """Return whether a spread is more than the rounding errors of a constant."""
    return scale > 1e-12 * np.abs(center)
