"""Statistics of many short series at once, as scikit-learn's scalers learn them from one series after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from .._core import SeriesRows
from ._kept_scalers import KeptScalers
from ._scale_at_once import series_blocks, what_it_does

_EPS = np.finfo(float).eps


def fit_at_once(scaler: Any, values: np.ndarray, rows: SeriesRows) -> KeptScalers | None:
    """Return a fitted copy of a scaler for each series; None if it is not one of scikit-learn's four linear ones.

    Parameters
    ----------
    scaler : transformer
        An unfitted scaler; it is fitted to the first row, to check its parameters.
    values : ndarray of shape (n_rows, n_columns)
        Rows of the table.
    rows : SeriesRows
        Which rows are a series.
    """
    learn = _LEARN.get(type(scaler))
    uses_all = all(
        getattr(scaler, name, True) for name in ("with_mean", "with_std", "with_centering", "with_scaling")
    )
    if learn is None or not uses_all:
        return None
    scaler.fit(values[:1])  # raises what scikit-learn raises on bad parameters
    if what_it_does(scaler) is None:
        return None
    found = []
    for first, stop, block in series_blocks(values, rows):
        starts = rows.bounds[first:stop] - rows.bounds[first]
        found.append(learn(scaler, block, starts, np.diff(rows.bounds[first : stop + 1])))
    learnt = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    return KeptScalers(scaler, rows.keys, learnt)


def _standard(scaler: Any, block: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> dict[str, np.ndarray]:
    """Return what ``StandardScaler`` learns."""
    block = block.astype(np.float64, copy=False)
    n = sizes[:, None]
    mean = np.add.reduceat(block, starts) / n
    block = block - np.repeat(mean, sizes, axis=0)
    # Rounding of the mean, as scikit-learn takes it out of the variance.
    rest = np.add.reduceat(block, starts)
    np.square(block, out=block)
    variance = (np.add.reduceat(block, starts) - rest**2 / n) / n
    is_constant = variance <= n * _EPS * variance + (n * mean * _EPS) ** 2
    scale = np.where(is_constant, 1.0, np.sqrt(variance))
    return {"n_samples_seen_": sizes.astype(np.float64), "mean_": mean, "var_": variance, "scale_": scale}


def _min_max(scaler: Any, block: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> dict[str, np.ndarray]:
    """Return what ``MinMaxScaler`` learns, with the same bits."""
    low, high = np.asarray(scaler.feature_range, dtype=block.dtype)
    smallest, largest = np.minimum.reduceat(block, starts), np.maximum.reduceat(block, starts)
    spread = largest - smallest
    scale = (high - low) / _usable(spread)
    return {
        "n_samples_seen_": sizes,
        "scale_": scale,
        "min_": low - smallest * scale,
        "data_min_": smallest,
        "data_max_": largest,
        "data_range_": spread,
    }


def _max_abs(scaler: Any, block: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> dict[str, np.ndarray]:
    """Return what ``MaxAbsScaler`` learns, with the same bits."""
    largest = np.maximum.reduceat(np.abs(block), starts)
    return {"n_samples_seen_": sizes, "max_abs_": largest, "scale_": _usable(largest)}


def _robust(scaler: Any, block: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> dict[str, np.ndarray]:
    """Return what ``RobustScaler`` learns, with the same bits: series of the same length are sorted together."""
    center = np.empty((len(starts), block.shape[1]), dtype=block.dtype)
    spread = np.empty(center.shape)  # percentiles are float64, whatever the rows are
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        some = block[starts[same][:, None] + np.arange(size)]
        center[same] = np.median(some, axis=1)
        low, high = np.percentile(some, scaler.quantile_range, axis=1)
        spread[same] = high - low
    scale = _usable(spread)
    if scaler.unit_variance:
        low, high = scaler.quantile_range
        scale = scale / (stats.norm.ppf(high / 100.0) - stats.norm.ppf(low / 100.0))
    return {"center_": center, "scale_": scale}


def _usable(spread: np.ndarray) -> np.ndarray:
    """Return spreads with 1 for those of constant columns, which scikit-learn does not divide by."""
    return np.where(spread < 10 * np.finfo(spread.dtype).eps, spread.dtype.type(1), spread)


_LEARN: dict[type, Callable[..., dict[str, np.ndarray]]] = {
    StandardScaler: _standard,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    RobustScaler: _robust,
}
