"""Validation of rows of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data


def validate_rows(estimator: Any, X: Any, **kwargs: Any) -> np.ndarray:
    """Run scikit-learn's ``validate_data`` for float rows, and name columns that are not numbers."""
    try:
        return validate_data(estimator, X, dtype=(np.float64, np.float32), **kwargs)
    except ValueError as error:
        if not isinstance(X, pd.DataFrame):
            raise
        values = (X.iloc[:, i] for i in range(X.shape[1]))
        names = [v.name for v in values if (pd.to_numeric(v, errors="coerce").isna() & v.notna()).any()]
        if not names:
            raise
        raise ValueError(
            f"X has columns that are not numbers: {names}. Drop them, or encode them, e.g. with OneHotEncoder."
        ) from error
