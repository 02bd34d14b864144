"""Scores of any classifier or detector of scikit-learn, larger for anomalies; decisions and classes from scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_array, column_or_1d, get_tags

from ._series import row_index
from ._sklearn import num_samples
from ._types import AnyEstimator, Rows, Scores
from ._validate_rows import refuse_other_rows


def estimator_type(estimator: AnyEstimator) -> str | None:
    """Return the type of an estimator, such as "classifier"; None if it has no tags of scikit-learn."""
    has_tags = hasattr(estimator, "__sklearn_tags__") and not isinstance(estimator, type)
    return get_tags(estimator).estimator_type if has_tags else None


def refuse_outlier_detector(estimator: AnyEstimator) -> None:
    """Refuse outlier detectors: they do not use labels, and those of scikit-learn score normal rows higher."""
    if estimator_type(estimator) == "outlier_detector":
        raise TypeError(
            f"{estimator} is an outlier detector. Convert it to a classifier: OutlierClassifier({estimator})."
        )


def check_foreign_rows(estimator: AnyEstimator, X: Rows) -> None:
    """Refuse dates in rows that an estimator reads directly: scikit-learn's estimators convert them to numbers.

    An estimator that passes rows to others, such as a pipeline, is not checked: the others may accept dates.
    """
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    if not (hasattr(estimator, "steps") or isinstance(estimator, MetaEstimatorMixin)):
        refuse_other_rows(X)


def decision_scores(estimator: AnyEstimator, X: Rows) -> np.ndarray:
    """Return scores in float64: two float32 scores may have no number halfway between them.

    A score that is not finite becomes infinite, the most anomalous, as there is no evidence that its row is normal.
    """
    refuse_outlier_detector(estimator)
    check_foreign_rows(estimator, X)
    if hasattr(estimator, "decision_function"):
        scores = np.asarray(estimator.decision_function(X))
        is_binary = scores.ndim == 1
    else:
        scores = np.asarray(estimator.predict_proba(X))
        is_binary = scores.shape[1] == 2
    if not is_binary:
        raise ValueError(
            f"{estimator} is not a binary classifier: its scores have shape {scores.shape}. Fit it to rows of exactly "
            "two classes."
        )
    return infinite_unless_finite(scores if scores.ndim == 1 else scores[:, 1])


def column_of_scores(scores: Scores, name: str, *, takes_missing: bool = False) -> np.ndarray:
    """Return scores as an array of float64.

    Raises
    ------
    ValueError
        If scores are not numbers, one per row, some are masked, or some are not finite, unless ``takes_missing``.
    """
    dtype = getattr(scores, "dtype", None)
    if getattr(dtype, "kind", "") in ("m", "M"):
        raise ValueError(
            f"{name} has dtype {dtype}, not numbers. Pass scores, such as those of decision_function."
        )
    if isinstance(scores, np.ma.MaskedArray) and np.ma.getmaskarray(scores).any():
        raise ValueError(
            f"{name} is a masked array with {int(np.ma.getmaskarray(scores).sum())} masked scores, which would be read "
            "as if they were not masked. Fill them, or drop these rows."
        )
    if np.ndim(scores) == 2 and np.shape(scores)[1] != 1:
        raise ValueError(
            f"{name} has shape {np.shape(scores)}, but must be a 1d array: one score per row, such as from "
            "decision_function, or predict_proba(X)[:, 1]."
        )
    try:
        values = check_array(
            scores,
            ensure_2d=False,
            dtype=np.float64,
            input_name=name,
            ensure_all_finite=not takes_missing,
            ensure_min_samples=int(not takes_missing),
        )
    except (ValueError, TypeError) as error:
        if isinstance(error, ValueError) and "could not convert" not in str(error):
            raise
        raise ValueError(
            f"{name} must be numbers: {error}. Pass scores, such as those of decision_function."
        ) from error
    return column_or_1d(values)


def own_threshold(estimator: AnyEstimator) -> float:
    """Return the score above which an estimator itself predicts the anomaly."""
    return 0.0 if hasattr(estimator, "decision_function") else 0.5


def infinite_unless_finite(scores: Scores) -> np.ndarray:
    """Return anomaly scores in float64; NaN and infinities of both signs become infinite, which is an alarm."""
    scores = np.asarray(scores, dtype=np.float64)
    is_finite = np.isfinite(scores)
    return scores if is_finite.all() else np.where(is_finite, scores, np.inf)


def subtract_threshold(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return scores minus the threshold; infinite scores stay infinite, even if the threshold is infinite."""
    with np.errstate(invalid="ignore"):
        decision = scores - threshold
    decision[scores == np.inf] = np.inf
    return decision


def to_classes(decision: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the class of each row: that with the largest decision or, for a single decision, given by its sign."""
    return classes[decision.argmax(axis=1) if decision.ndim == 2 else (decision > 0).astype(int)]


def with_index(scores: np.ndarray, X: Rows, rows: Rows) -> pd.Series:
    """Return scores with the index of X, or row numbers if it has none, for threshold rules that use time."""
    index = row_index(X)
    if index is None:
        index = pd.RangeIndex(num_samples(X))
    return pd.Series(scores, index[rows])
