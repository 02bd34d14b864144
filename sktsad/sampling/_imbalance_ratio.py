"""Ratio of the largest class to the smallest."""

from __future__ import annotations

import numpy as np
from sklearn.utils import column_or_1d

from .._core import Labels


def imbalance_ratio(y: Labels) -> float:
    """Return the number of rows of the largest class divided by that of the smallest.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels, of two classes or more.

    Returns
    -------
    ratio : float
        1 for balanced classes.

    Raises
    ------
    ValueError
        If y has only one class.

    Examples
    --------
    >>> from sktsad.sampling import imbalance_ratio
    >>> imbalance_ratio([0] * 98 + [1] * 2)
    49.0
    """
    classes, counts = np.unique(column_or_1d(y), return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"y holds {len(classes)} class(es): a ratio needs two classes or more.")
    return float(counts.max() / counts.min())
