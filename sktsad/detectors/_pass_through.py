"""Base of the detectors that hand their rows on to other estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _num_samples, check_is_fitted, validate_data

from ._base_detector import BaseDetector


class PassThroughDetector(BaseDetector):
    """A detector whose estimators get the rows as they came: with index, names, and whole.

    Where pipelines make windows themselves, rows cannot be taken out before: all rows are scored, then those that
    are wanted are picked. Values are checked by the estimators that get the rows.
    """

    def _read(self, X: Any, reset: bool = False) -> Any:
        if not reset:
            check_is_fitted(self)
        if getattr(X, "ndim", 2) < 2:
            raise ValueError(
                f"Expected rows of columns, got {X.ndim}D data. Reshape your data with X.reshape(-1, 1)."
            )
        if not _num_samples(X):
            raise ValueError("Found 0 rows while at least 1 is required.")
        return validate_data(self, X, reset=reset, skip_check_array=True)

    def _score_rows(self, rows: Any, chosen: np.ndarray) -> np.ndarray:
        return self._score(rows)[chosen]
