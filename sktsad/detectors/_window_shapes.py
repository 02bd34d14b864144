"""Windows as detectors compare them: their values, values minus the level, or only their shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from .._core import Rows, StrOptions, Windows

#: Allowed values of ``normalize``.
NORMALIZE: list = ["boolean", StrOptions({"level"})]

#: Smallest spread of a window, as a share of the channel's standard deviation: if a series is nearly constant, its
#: noise is not a shape.
_LEAST_SPREAD = 0.1


def learn_least_spread(windows: Windows, normalize: bool | str) -> np.ndarray | None:
    """Return the smallest divisor of the values of a window, for each channel.

    None means that values are left unchanged, infinity that the level is subtracted without a division.
    """
    if not normalize:
        return None
    if normalize == "level":
        return np.full(windows.n_channels, np.inf)
    moments = StandardScaler()
    for chunk in windows.chunks():
        moments.partial_fit(windows.gather(chunk).reshape(-1, windows.n_channels))
    return _LEAST_SPREAD * moments.scale_  # 1 for a constant channel


def shapes(
    windows: Windows, rows: Rows, least_spread: np.ndarray | None, n_steps: int | None = None
) -> np.ndarray:
    """Return windows as flat float64 rows; with ``least_spread``, channels minus their mean, divided by their spread.

    Mean and spread are those of the first ``n_steps`` steps of the window, by default of all steps.
    """
    if least_spread is None:
        return np.ascontiguousarray(windows.flat(rows), dtype=np.float64)
    values = windows.gather(rows, np.float64)
    known = values[:, :n_steps]
    spread = np.maximum(known.std(axis=1, keepdims=True), least_spread)
    spread[np.isinf(spread)] = 1
    return ((values - known.mean(axis=1, keepdims=True)) / spread).reshape(len(values), -1)


def learn_origin(windows: Windows, least_spread: np.ndarray | None) -> Any:
    """Return what to subtract from windows before sums and products, whose rounding errors grow with an offset.

    The median of each channel, which is exact where the channel is constant, for each value of a window; 0 for windows
    that are normalised, which have no offset.
    """
    return np.tile(np.median(windows.buffer, axis=0), windows.length) if least_spread is None else 0.0


def every_nth(n_windows: int, at_most: int) -> slice:
    """Return a slice that takes every n-th window, with the smallest n that leaves at most ``at_most``."""
    return slice(0, n_windows, -(-n_windows // int(at_most)))  # small NumPy integers may overflow
