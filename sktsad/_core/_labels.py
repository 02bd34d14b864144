"""Labels: which of two classes is the anomaly."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets


def check_labels(X: Any, y: Any) -> np.ndarray:
    """Return y as an array of class labels, one for each row of X."""
    y = column_or_1d(y, warn=True)
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    check_consistent_length(X, y)
    return y


def warn_if_anomaly_is_a_guess(classes: np.ndarray) -> None:
    """Say which of two labels is taken as the anomaly, unless they are 0/1 or booleans."""
    if len(classes) == 2 and classes.dtype != bool and list(classes) != [0, 1]:
        normal, anomaly = classes.tolist()
        warnings.warn(
            f"The labels are {normal!r} and {anomaly!r}: {anomaly!r}, the last in sorted order, is taken as the "
            "anomaly. Encode y as 0 (normal) and 1 (anomaly) to choose.",
            UserWarning,
            stacklevel=4,
        )
