"""Weights and other parameters of ``fit`` that have a value per row."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._sklearn import check_sample_weight, num_samples, safe_indexing
from ._types import Rows, Weights
from ._validation import check_same_index


def check_weights(sample_weight: Weights, X: Rows) -> np.ndarray:
    """Return the weights of rows as numbers, one per row.

    Raises
    ------
    ValueError
        If a weight is not a number, negative, NaN or infinite, none is above 0, or their index differs from that of the
        rows.
    """
    weights = np.asarray(sample_weight)
    try:
        is_number = weights.dtype.kind in "biuf" or (weights.dtype.kind == "O" and weights.astype(float).ndim)
    except (TypeError, ValueError):
        is_number = False
    if not is_number:
        what = weights.dtype if weights.ndim else type(sample_weight).__name__
        raise ValueError(
            f"sample_weight must be numbers, one per row, got {what}. Give an array of shape (n_samples,)."
        )
    if isinstance(sample_weight, np.ma.MaskedArray) and np.ma.getmaskarray(sample_weight).any():
        raise ValueError(
            "sample_weight is a masked array with masked weights. Fill them: 0 leaves a row out."
        )
    if not np.any(weights):
        raise ValueError(
            "sample_weight is 0 for every row: there is nothing to learn from. Give non-zero weights."
        )
    check_same_index(X, sample_weight, y_name="sample_weight")
    weight: np.ndarray = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    return weight


def check_params_of_rows(params: dict[str, Any], X: Rows) -> dict[str, Any]:
    """Return the parameters passed to fit that are not None.

    Raises
    ------
    ValueError
        If one does not have the index of X, or ``sample_weight`` does not contain weights.
    """
    given = {name: value for name, value in params.items() if value is not None}
    for name, value in given.items():
        if name == "sample_weight":
            check_weights(value, X)
        else:
            check_same_index(X, value, y_name=name)
    return given


def params_of_rows(params: dict[str, Any], X: Rows, rows: np.ndarray) -> dict[str, Any]:
    """Return the parameters of a fit on some rows of X: those with a value per row are indexed, others unchanged."""
    n_rows = num_samples(X)

    def has_value_per_row(value: Any) -> bool:
        return hasattr(value, "__len__") and not isinstance(value, (str, dict)) and len(value) == n_rows

    return {
        name: safe_indexing(value, rows) if has_value_per_row(value) else value
        for name, value in params.items()
    }
