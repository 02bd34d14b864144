"""Scalers of columns, recognised by their output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_TOLERANCE = 1e-6


def affine_columns(scaler: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find how a fitted transformer shifts and scales each column, from its output for a few rows.

    Parameters
    ----------
    scaler : transformer
        A fitted transformer.

    Returns
    -------
    center, slope, offset : ndarray of shape (n_features,)
        The transformer returns ``(X - center) * slope + offset``.

    Raises
    ------
    ValueError
        If it does something else with a column, such as clipping it, or mixes columns or rows.
    """
    n_columns = scaler.n_features_in_

    def scaled(rows: np.ndarray) -> np.ndarray:
        names = getattr(scaler, "feature_names_in_", None)
        return np.asarray(
            scaler.transform(rows if names is None else pd.DataFrame(rows, columns=names)), float
        )

    refused = ValueError(
        f"{scaler} does not shift and scale each column separately, so it cannot be exported. Use a scaler that "
        "does, such as StandardScaler, RobustScaler or MinMaxScaler."
    )
    points = np.array([np.zeros(n_columns), np.ones(n_columns)])
    try:
        # In the second iteration, scaled values are about 0 and 1000, so that a large mean costs no digits.
        for _ in range(2):
            low, high = scaled(points)
            slope = (high - low) / (points[1] - points[0])
            center = points[0]
            unit = 1 / np.where(slope == 0, 1, slope)
            points = np.array([center - low * unit, center + (1000 - low) * unit])
        # Rows far from and near the centre, in mixed order.
        spread = np.tile([[1.0], [100.0]], (8, 1))
        rows = center + unit * spread * np.random.default_rng(0).uniform(-5, 5, (16, n_columns))
        is_affine = np.allclose(scaled(rows), (rows - center) * slope + low, rtol=_TOLERANCE, atol=_TOLERANCE)
    except (TypeError, ValueError) as error:
        raise refused from error
    if not is_affine:
        raise refused
    return center, slope, low
