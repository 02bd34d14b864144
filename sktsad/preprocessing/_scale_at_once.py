"""Scaling of many short series at once, as scikit-learn's scalers do one series after the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from .._core import SeriesRows, as_slice
from ._kept_scalers import KeptScalers

#: Operations of each scaler on a column, in order, with the attribute for the operand. Only the same operations give
#: bit-identical results.
_DO: dict[type, tuple[tuple[str, Any], ...]] = {
    StandardScaler: (("mean_", np.subtract), ("scale_", np.divide)),
    RobustScaler: (("center_", np.subtract), ("scale_", np.divide)),
    MaxAbsScaler: (("scale_", np.divide),),
    MinMaxScaler: (("scale_", np.multiply), ("min_", np.add)),
}
#: Neutral operands where a scaler has none, such as with ``with_mean=False``.
NEUTRAL = {np.subtract: 0.0, np.add: 0.0, np.divide: 1.0, np.multiply: 1.0}
_INVERSE: dict[Any, Any] = {
    np.subtract: np.add,
    np.add: np.subtract,
    np.divide: np.multiply,
    np.multiply: np.divide,
}
#: Mean number of rows per series below which calling a scaler takes longer than the arithmetic.
_SHORT = 10_000
#: Approximate number of rows processed at once.
_BLOCK = 2**18


def what_it_does(scaler: Any) -> tuple[tuple[str, Any], ...] | None:
    """Return the fitted attributes of a scaler with the operation of each; None if it does more than these."""
    found = _DO.get(type(scaler))
    if found is None or getattr(scaler, "clip", False) or not hasattr(scaler, found[-1][0]):
        return None
    if not getattr(scaler, "with_mean", True):  # ``mean_`` is set, but not used
        return None
    return found


def are_many(rows: SeriesRows) -> bool:
    """Return whether the series are so short that a loop over them takes longer than the arithmetic."""
    return len(rows.keys) > 1 and rows.n_rows < _SHORT * len(rows.keys)


def scale_at_once(
    scalers: Mapping[Hashable, Any], values: np.ndarray, rows: SeriesRows, method: str
) -> np.ndarray | None:
    """Return rows scaled, or scaled back, each series by its scaler; None if the scalers must be called themselves."""
    if values.dtype != np.float64:
        return None
    if isinstance(scalers, KeptScalers):
        learnt = scalers.some(rows.keys).learnt
        todo = [(do, learnt[name]) for name, do in _DO[type(scalers.like)]]
    else:
        own = [scalers[key] for key in rows.keys]
        steps = what_it_does(own[0])
        if steps is None or any(what_it_does(scaler) is not steps for scaler in own):
            return None
        todo = [(do, _numbers(own, name, NEUTRAL[do], values.shape[1])) for name, do in steps]
    if method == "inverse_transform":
        todo = [(_INVERSE[do], number) for do, number in reversed(todo)]
    out = np.empty_like(values)
    for first, stop, block in series_blocks(values, rows):
        block = np.array(block)
        sizes = np.diff(rows.bounds[first : stop + 1])
        for do, number in todo:
            do(block, np.repeat(number[first:stop], sizes, axis=0), out=block)
        out[as_slice(rows.order[rows.bounds[first] : rows.bounds[stop]])] = block
    return out


def _numbers(scalers: list[Any], name: str, neutral: float, n_columns: int) -> np.ndarray:
    """Return an attribute of each scaler, of shape (n_series, n_columns); the neutral number for None."""
    found = [getattr(scaler, name) for scaler in scalers]
    return np.array([np.full(n_columns, neutral) if number is None else number for number in found])


def series_blocks(values: np.ndarray, rows: SeriesRows) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield blocks of consecutive series: the first, the stop, and their rows."""
    first = 0
    while first < len(rows.keys):
        stop = int(np.searchsorted(rows.bounds, rows.bounds[first] + _BLOCK, side="right")) - 1
        stop = max(stop, first + 1)
        yield first, stop, values[as_slice(rows.order[rows.bounds[first] : rows.bounds[stop]])]
        first = stop
