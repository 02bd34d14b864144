"""Validation of rows of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data


def validate_rows(estimator: Any, X: Any, **kwargs: Any) -> np.ndarray:
    """Run scikit-learn's ``validate_data`` for float rows, and name the columns of a frame that it refuses."""
    try:
        return validate_data(estimator, X, dtype=(np.float64, np.float32), **kwargs)
    except ValueError as error:
        if not isinstance(X, pd.DataFrame):
            raise
        numbers = X.apply(pd.to_numeric, errors="coerce").astype(float)
        is_text = (numbers.isna() & X.notna()).any().to_numpy()
        if is_text.any():
            raise ValueError(
                f"X has columns that are not numbers: {X.columns[is_text].tolist()}. Drop them, or encode them, e.g. "
                "with OneHotEncoder."
            ) from error
        n_holes = (~np.isfinite(numbers)).sum()
        if n_holes.any():
            raise ValueError(
                f"X contains NaN or infinity, in so many rows of its columns: {n_holes[n_holes > 0].to_dict()}. Fill "
                "them without looking ahead, e.g. by X.ffill() series by series, or drop these rows."
            ) from error
        raise
