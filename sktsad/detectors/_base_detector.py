"""Base of all detectors: fit on normal rows, score, compare with a threshold."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, clone
from sklearn.utils import Tags
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from .._core import (
    ArrayTransformer,
    Interval,
    Labels,
    Rows,
    atomic_fit,
    check_labels,
    infinite_unless_finite,
    mark_anomalies,
    num_samples,
    refuse_other_containers,
    safe_indexing,
    subtract_threshold,
    tail_mask,
    time_order,
    to_classes,
    warn_if_anomaly_is_a_guess,
    with_index,
)
from ..thresholds import MedianMAD, ThresholdRule, conformal_p_values

#: The rule used for ``threshold=None`` unless a detector has its own; chosen in ``benchmarks/rules.py``.
DEFAULT_RULE = MedianMAD(6)
#: With fewer held-out normal rows than this, the threshold is learnt from the training rows.
MIN_HELD_OUT = 30
#: To reach that number in a short series, more rows than requested are held out, up to this share.
_LARGEST_SHARE = 0.5


class BaseDetector(ClassifierMixin):
    """Turn a class that scores rows into a binary classifier of anomalies.

    Put this mixin before ``sklearn.base.BaseEstimator`` among the bases of a detector that takes X as the user passes
    it, with index and column names, and all rows at once. Most detectors take checked numbers or windows; for these,
    use `WindowDetector`.

    A subclass has the parameters ``threshold`` and ``validation_fraction``, the class attribute ``_default_threshold``,
    which is the threshold rule or number used for ``threshold=None``, and these methods:

    - ``_fit_rows(self, rows, y, anomalous, held_out)`` fits the model. ``anomalous`` marks the anomalies, ``held_out``
      the last rows of each series, from which the threshold is learnt; the model must not learn from either.
    - ``_score(self, rows)`` returns the score of each row, larger is more anomalous. A score that is NaN or infinite
      is an alarm.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows with a larger score are anomalies. If ``threshold`` is set to a number after fit, this takes effect at
        once; a rule must be learnt by `fit` first.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is not a number.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the normal rows that were held out, in the order of X; only if there are any.
    """

    _parameter_constraints: dict = {
        "threshold": [ThresholdRule, Interval(Real, None, None, closed="neither"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    }

    #: The rule or number used for ``threshold=None``.
    _default_threshold: ClassVar[Any]
    #: Parameters that scores depend on after fit as well: they must stay as they were when the threshold was learnt.
    _of_score: ClassVar[tuple[str, ...]] = ()
    threshold: Any
    validation_fraction: float

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # its accuracy on scikit-learn's blobs is meaningless
        return tags

    def _fit_rows(self, rows: Rows, y: Labels, anomalous: np.ndarray, held_out: np.ndarray) -> None:
        """Fit to the rows that are neither anomalous nor held out."""
        raise NotImplementedError

    def _score(self, rows: Rows) -> np.ndarray:
        """Return the anomaly score of each row."""
        raise NotImplementedError

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Fit to the normal rows and learn the threshold.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows, or windows after `SlidingWindow`.
        y : array-like of shape (n_samples,), default=None
            Two labels, of which the last in sorted order is the anomaly; or 0 for all rows. The model is fitted on the
            normal rows. None treats all rows as normal.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y has no normal row or more than two classes, X is not finite, or a threshold rule needs labelled
            anomalies and there are none among the rows that it learns from.
        """
        return self._fit(X, y, self._fit_rows)

    def _fit(self, X: Rows, y: Labels, fit_rows: Callable[..., None]) -> Self:
        """Fit with a function like ``_fit_rows``, and learn the threshold."""
        goes_on = getattr(self, "warm_start", False) and hasattr(self, "classes_")
        rows = self._read(X, reset=not goes_on)
        anomalous = self._check_target(rows, y)
        if (order := time_order(rows)) is not None:  # the result does not depend on the order of the rows
            rows, anomalous = safe_indexing(rows, order), anomalous[order]
            y = None if y is None else safe_indexing(y, order)
        rule, held_out = self._wanted_threshold(), self._held_out(rows, anomalous)
        fit_rows(rows, y, anomalous, held_out)
        self._scored_with = {name: getattr(self, name) for name in self._of_score}
        self._forget_threshold()
        if not isinstance(rule, Real):
            self.threshold_rule_ = self._learn_threshold(rule, rows, anomalous, held_out)
        return self

    @property
    def threshold_(self) -> float:
        """The score above which rows are anomalies."""
        if not hasattr(self, "classes_"):
            raise AttributeError(f"{type(self).__name__} has no threshold_ before fit.")
        rule = self._wanted_threshold()
        if isinstance(rule, Real):
            return float(rule)
        learnt = getattr(self, "threshold_rule_", None)
        if learnt is None or repr(learnt) != repr(rule):
            raise ValueError(
                f"threshold={rule} was set after fit, but a rule must be learnt first: call fit again, or set a number."
            )
        return float(learnt.threshold_)

    def anomaly_score(self, X: Rows) -> np.ndarray:
        """Return the raw score of each row, larger is more anomalous.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Infinite where the model cannot compute a finite number.
        """
        rows = self._read(X)
        with np.errstate(over="ignore", invalid="ignore"):  # numbers too large to be squared
            return infinite_unless_finite(self._score_rows(rows))

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return the score minus the threshold: above 0 for anomalies.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
        """
        return subtract_threshold(self.anomaly_score(X), self.threshold_)

    def predict(self, X: Rows) -> np.ndarray:
        """Return the class of each row, ``classes_[1]`` for anomalies.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        label : ndarray of shape (n_samples,)
        """
        return to_classes(self.decision_function(X), self.classes_)

    def p_values(self, X: Rows) -> np.ndarray:
        """Return how unusual each row is among the held-out normal rows: the share that scores at least as high.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        p_values : ndarray of shape (n_samples,)
            Small for anomalies, at least ``1 / (n_held_out + 1)``; uniform on new normal rows, and so not a
            probability of being normal. See `sktsad.thresholds.conformal_p_values`.

        Raises
        ------
        ValueError
            If no rows were held out: the threshold is a number, ``validation_fraction`` is 0, or there were too few.
        """
        scores = self.anomaly_score(X)
        if not hasattr(self, "held_out_scores_"):
            raise ValueError(
                f"{type(self).__name__} held out no rows to compare scores with (threshold="
                f"{self.threshold}, validation_fraction={self.validation_fraction}). Fit it with a rule as threshold, "
                f"such as Quantile(0.99), and validation_fraction=0.2, to at least {2 * MIN_HELD_OUT} normal rows."
            )
        return conformal_p_values(scores, self.held_out_scores_)

    def _read(self, X: Rows, reset: bool = False) -> Any:
        """Check rows, with ``reset=False`` also against those seen during fit; their values are not changed."""
        if not reset:
            self._check_fitted()
        refuse_other_containers(X)
        if getattr(X, "ndim", 2) < 2:
            raise ValueError(
                f"Expected rows with columns, got {X.ndim}D data. Reshape your data with X.reshape(-1, 1)."
            )
        if not num_samples(X):
            raise ValueError("Found 0 rows while at least 1 is required.")
        return validate_data(self, X, reset=reset, skip_check_array=True)

    def _check_fitted(self) -> None:
        """Raise if there was no fit, or a parameter that scores depend on has been set since."""
        check_is_fitted(self)
        for name, value in getattr(self, "_scored_with", {}).items():
            if repr(getattr(self, name)) != repr(value):
                anew = " with warm_start=False" if getattr(self, "warm_start", False) else ""
                raise ValueError(
                    f"{name}={getattr(self, name)!r} was set after fit, where it was {value!r}: scores would not be "
                    f"those that the threshold was learnt from. Call fit again{anew}, or set it back."
                )

    def _share_held_out(self, n_rows: int) -> float:
        """Return the share of each series to hold out: ``validation_fraction``, or up to half if there are few rows."""
        if not self.validation_fraction:
            return 0.0
        return max(self.validation_fraction, min(MIN_HELD_OUT / n_rows, _LARGEST_SHARE))

    def _held_out(self, rows: Rows, anomalous: np.ndarray) -> np.ndarray:
        """Mark the rows that the threshold is learnt from; none if they would be too few, or nothing needs them."""
        held_out = tail_mask(rows, self._share_held_out(num_samples(rows)) if self._needs_held_out() else 0)
        if not (~held_out & ~anomalous).any() or (held_out & ~anomalous).sum() < MIN_HELD_OUT:
            held_out[:] = False
        return held_out

    def _needs_held_out(self) -> bool:
        return not isinstance(self._wanted_threshold(), Real) or getattr(self, "early_stopping", False)

    def _forget_threshold(self) -> None:
        """Delete what an earlier fit learnt of the threshold."""
        for name in ("threshold_rule_", "held_out_scores_"):
            self.__dict__.pop(name, None)

    def _scores_of(self, rows: Rows, chosen: np.ndarray) -> np.ndarray:
        """Return the scores of the chosen rows; all rows are scored, as a pipeline may make windows of them."""
        return self._score_rows(rows)[chosen]

    def _score_rows(self, rows: Rows) -> np.ndarray:
        """Return the score of each row."""
        return self._score(rows)

    def _wanted_threshold(self) -> Any:
        return self._default_threshold if self.threshold is None else self.threshold

    def _learn_threshold(
        self,
        rule: Any,
        rows: Rows,
        anomalous: np.ndarray,
        held_out: np.ndarray,
        known_scores: np.ndarray | None = None,
    ) -> Any:
        """Return the rule, fitted to held-out scores: those of normal rows, unless it needs labels."""
        chosen = held_out if held_out.any() else np.ones(len(held_out), dtype=bool)
        if not rule.needs_labels:
            chosen = chosen & ~anomalous
        found = self._scores_of(rows, chosen) if known_scores is None else known_scores[chosen]
        scores = with_index(found, rows, chosen)
        if held_out.any():
            self.held_out_scores_ = scores.to_numpy()[~anomalous[chosen]]
        try:
            return clone(rule).fit(scores, anomalous[chosen] if rule.needs_labels else None)
        except ValueError as error:
            is_held_out = held_out.any()
            where = (
                f"the last {self.validation_fraction:.0%} of the rows" if is_held_out else "the training rows"
            )
            n_odd = int((~np.isfinite(scores)).sum())
            why = str(error)
            if n_odd:
                why = (
                    f"the scores of {n_odd} of these rows are not finite. Scale the input (SeriesScaler), or lower the "
                    "lr of a network."
                )
            raise ValueError(
                f"threshold={rule} could not be learnt on {where} (validation_fraction="
                f"{self.validation_fraction}): {why}"
            ) from error

    def _check_target(self, rows: Rows, y: Labels) -> np.ndarray:
        """Mark the anomalies and set ``classes_``."""
        if y is None:
            self.classes_ = np.array([0, 1])
            return np.zeros(num_samples(rows), dtype=bool)
        y = check_labels(rows, y)
        classes, anomalous = mark_anomalies(y)
        if len(classes) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(y)}: "
                "mark normal rows with 0 and anomalies with 1."
            )
        if len(classes) == 2:
            self.classes_ = classes
            warn_if_anomaly_is_a_guess(classes)
            return anomalous
        if classes[0] != 0:
            raise ValueError(
                f"y contains only one class, {classes.tolist()[0]!r}: there is no normal row to fit to. Mark normal "
                "rows with 0, or pass no y if all rows are normal."
            )
        self.classes_ = np.array([False, True]) if y.dtype == bool else np.array([0, 1], dtype=y.dtype)
        return anomalous


class DetectorTransformerMixin(ClassNamePrefixFeaturesOutMixin, ArrayTransformer):
    """Make a detector with ``transform`` and ``_n_features_out`` a transformer; put this mixin before other bases."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes and z-scores have their own precision
        return tags
