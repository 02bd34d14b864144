"""Base of the detectors: fit on normal rows, score, compare with a threshold."""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_samples, check_is_fitted

from .._core import (
    VersionedEstimator,
    Windows,
    atomic_fit,
    check_labels,
    check_layout,
    check_windows,
    row_index,
    tail_mask,
    warn_if_anomaly_is_a_guess,
    window_names,
    with_index,
)
from ..thresholds import ThresholdRule

#: Held-out normal rows below which a threshold is learnt from the training rows instead.
MIN_HELD_OUT = 30


class BaseDetector(ClassifierMixin, VersionedEstimator):
    """A detector as a binary classifier; a subclass fits a model and scores rows with it.

    A subclass has the parameters ``threshold``, ``validation_fraction`` and ``n_channels``.
    """

    _parameter_constraints: dict = {
        "threshold": [ThresholdRule, Interval(Real, None, None, closed="neither"), None]
    }

    threshold: Any
    validation_fraction: float
    n_channels: int | None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # its accuracy on blobs says nothing
        return tags

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        """Fit to windows of normal rows; ``held_out`` are others to watch, if there are enough."""
        raise NotImplementedError

    def _score(self, windows: Windows) -> np.ndarray:
        """Return the anomaly score of each window."""
        raise NotImplementedError

    def _default_threshold(self) -> Any:
        """Return the rule or number that ``threshold=None`` stands for."""
        raise NotImplementedError

    @atomic_fit
    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit to the normal rows and learn the threshold.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows, or windows behind `SlidingWindow`.
        y : array-like of shape (n_samples,), default=None
            Two labels, the last in sorted order is the anomaly; or 0 for all rows. The model is fitted on the
            normal rows. None takes all rows as normal.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y has no normal row or more than two classes, X is not finite, or a threshold rule needs labelled
            anomalies and the rows it learns from have none.
        """
        rows = self._read(X, reset=True)
        anomalous = self._check_target(rows, y)
        rule = self._default_threshold() if self.threshold is None else self.threshold
        is_used = not isinstance(rule, Real) or getattr(self, "early_stopping", False)
        tail = tail_mask(rows, self.validation_fraction if is_used else 0)
        if not (~tail & ~anomalous).any() or (tail & ~anomalous).sum() < MIN_HELD_OUT:
            tail[:] = False
        self._fit_rows(rows, y, anomalous, tail)
        self.__dict__.pop("threshold_rule_", None)
        if isinstance(rule, Real):
            self.threshold_ = float(rule)
            return self
        chosen = tail if tail.any() else np.ones(len(tail), dtype=bool)
        if not rule.needs_labels:
            chosen = chosen & ~anomalous
        scores = with_index(self._score_rows(rows, chosen), rows, chosen)
        try:
            fitted = clone(rule).fit(scores, anomalous[chosen] if rule.needs_labels else None)
        except ValueError as error:
            where = (
                f"the last {self.validation_fraction:.0%} of the rows" if tail.any() else "the training rows"
            )
            raise ValueError(
                f"threshold={rule} could not be learnt on {where} (validation_fraction="
                f"{self.validation_fraction}): {error}"
            ) from error
        self.threshold_rule_ = fitted
        self.threshold_ = float(fitted.threshold_)
        return self

    def anomaly_score(self, X: Any) -> np.ndarray:
        """Return the raw score of each row, larger is worse.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        score : ndarray of shape (n_samples,)
        """
        return self._score(self._read(X))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the score less the threshold: above 0 for anomalies.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
        """
        return self.anomaly_score(X) - self.threshold_

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row, ``classes_[1]`` for anomalies.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        label : ndarray of shape (n_samples,)
        """
        is_anomaly = self.decision_function(X) > 0
        return self.classes_[is_anomaly.astype(int)]

    def _read(self, X: Any, reset: bool = False) -> Any:
        """Check rows: by themselves with ``reset``, else against those of fit."""
        if reset:
            return check_windows(self, X, n_channels=self.n_channels, reset=True)
        check_is_fitted(self)
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        check_layout(self._layout, windows)
        return windows

    def _fit_rows(self, rows: Any, y: Any, anomalous: np.ndarray, tail: np.ndarray) -> None:
        """Fit to the normal rows before the tail."""
        held_out = rows[tail & ~anomalous] if tail.any() else None
        self._fit_model(rows[~tail & ~anomalous], held_out)
        self._layout = (rows.length, rows.n_channels)

    def _score_rows(self, rows: Any, chosen: np.ndarray) -> np.ndarray:
        """Return the scores of some of the rows."""
        return self._score(rows[chosen])

    def _frame(self, values: np.ndarray, windows: Windows, X: Any) -> pd.DataFrame:
        """Name values of windows, all or those of the last rows, and give them the index of X."""
        if hasattr(self, "feature_names_in_"):
            names = list(self.feature_names_in_)
        elif windows.channel_names:
            names = list(window_names(windows.channel_names, windows.length))
        else:
            names = [f"x{column}" for column in range(windows.shape[1])]
        return pd.DataFrame(values, row_index(X), names[-values.shape[1] :])

    def _check_target(self, rows: Any, y: Any) -> np.ndarray:
        """Mark the anomalies and set ``classes_``."""
        if y is None:
            self.classes_ = np.array([0, 1])
            return np.zeros(_num_samples(rows), dtype=bool)
        y = check_labels(rows, y)
        classes = np.unique(y)
        if len(classes) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(y)}: "
                "mark normal rows with 0 and anomalies with 1."
            )
        if len(classes) == 2:
            self.classes_ = classes
            warn_if_anomaly_is_a_guess(classes)
            return y == classes[1]
        if classes[0] != 0:
            raise ValueError(
                f"y holds the one class {classes.tolist()[0]!r}: no normal row to fit on. Mark normal rows with 0, or "
                "leave y out if all rows are normal."
            )
        self.classes_ = np.array([False, True]) if y.dtype == bool else np.array([0, 1], dtype=y.dtype)
        return np.zeros(len(y), dtype=bool)
