"""A threshold chosen on rows that the classifier has not seen."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, _safe_indexing, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from .._core import (
    VersionedEstimator,
    atomic_fit,
    check_labels,
    count_events,
    decision_scores,
    own_threshold,
    warn_if_anomaly_is_a_guess,
    with_index,
)
from ..model_selection import SeriesSplit
from ..thresholds import BestFBeta, ThresholdRule


def _estimator_has(method: str) -> Any:
    def check(self: ThresholdClassifier) -> bool:
        getattr(self.estimator_ if hasattr(self, "estimator_") else self.estimator, method)
        return True

    return check


class ThresholdClassifier(ClassifierMixin, MetaEstimatorMixin, VersionedEstimator):
    """Classify by a threshold that a rule learns from scores of unseen rows, in time order.

    What ``TunedThresholdClassifierCV`` of scikit-learn does on a grid of thresholds and averaged over folds, this
    does exactly, over the pooled scores of all folds, with any rule of `sktsad.thresholds`. Put it around a whole
    pipeline: what a sampler does at fit then leaves the rows of the threshold alone.

    Parameters
    ----------
    estimator : classifier
        A binary classifier or pipeline with ``decision_function`` or ``predict_proba``. It is cloned for each fold and,
        for use, fitted on all rows. In ``FrozenEstimator`` it stays as it is, and all rows of ``fit`` are for the
        threshold: give it rows that the classifier has not seen.
    threshold : threshold rule, float or None, default=None
        Rule, or number in units of the score, for which there are no folds. None means ``BestFBeta()``.
    cv : splitter, default=None
        Folds whose test rows the rule learns from. None means ``SeriesSplit(5)``: training before test, for every
        series.
    min_events : int, default=3
        Events, runs of anomalous rows, that these rows must hold for a rule that needs labels. With fewer, the
        estimator's own threshold stays, with a warning: a threshold fitted to one event is luck.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    estimator_ : classifier
        The fitted estimator.
    threshold_ : float
        Rows that score above it are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule with its curve; only if a rule was used.
    n_events_ : int
        Events among the rows that the threshold was learnt from; only if a rule was used.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sktsad import ThresholdClassifier
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.model_selection import SeriesSplit
    >>> X, y = make_kpi(1000, contamination=0.05, random_state=0)
    >>> model = ThresholdClassifier(LogisticRegression(), cv=SeriesSplit(3)).fit(X, y)
    >>> model.predict(X).shape
    (1000,)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"]), HasMethods(["fit", "decision_function"])],
        "threshold": [ThresholdRule, Interval(Real, None, None, closed="neither"), None],
        "cv": [HasMethods(["split"]), None],
        "min_events": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, estimator: Any, threshold: Any = None, *, cv: Any = None, min_events: int = 3) -> None:
        self.estimator = estimator
        self.threshold = threshold
        self.cv = cv
        self.min_events = min_events

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = inner.classifier_tags.poor_score if inner.classifier_tags else True
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.sparse = inner.input_tags.sparse
        return tags

    @atomic_fit
    def fit(self, X: Any, y: Any) -> Self:
        """Learn the threshold on the test rows of the folds, then fit the estimator on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,)
            Two labels, the last in sorted order is the anomaly.

        Returns
        -------
        self : ThresholdClassifier
        """
        X, y = indexable(X, y)
        labels = check_labels(X, y)
        self.classes_ = np.unique(labels)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(labels)}."
            )
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds one class, {self.classes_.tolist()}: there is no threshold between classes to learn."
            )
        warn_if_anomaly_is_a_guess(self.classes_)
        anomalous = labels == self.classes_[1]
        is_frozen = isinstance(self.estimator, FrozenEstimator)
        self.estimator_ = self.estimator if is_frozen else clone(self.estimator).fit(X, y)
        if not np.array_equal(getattr(self.estimator_, "classes_", self.classes_), self.classes_):
            raise ValueError(
                f"y holds the classes {self.classes_.tolist()}, the frozen estimator was fitted on "
                f"{self.estimator_.classes_.tolist()}. Encode y as it was there."
            )
        for name in ("threshold_rule_", "n_events_"):  # of an earlier fit
            self.__dict__.pop(name, None)
        rule = BestFBeta() if self.threshold is None else self.threshold
        if isinstance(rule, Real):
            self.threshold_ = float(rule)
        else:
            if is_frozen:
                rows, scores = np.arange(len(labels)), decision_scores(self.estimator_, X)
            else:
                rows, scores = self._unseen_scores(X, y, labels)
            self.n_events_ = count_events(X, anomalous & np.isin(np.arange(len(labels)), rows))
            if rule.needs_labels and self.n_events_ < self.min_events:
                self.threshold_ = own_threshold(self.estimator_)
                warnings.warn(
                    f"The rows to choose a threshold on hold {self.n_events_} event(s), fewer than min_events="
                    f"{self.min_events}: the estimator's own threshold, {self.threshold_}, stays. Use more rows, "
                    "fewer or longer folds, or a rule without labels.",
                    UserWarning,
                    stacklevel=3,
                )
            else:
                self.threshold_rule_ = clone(rule).fit(with_index(scores, X, rows), anomalous[rows])
                self.threshold_ = float(self.threshold_rule_.threshold_)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _unseen_scores(self, X: Any, y: Any, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the test rows of all folds, and their scores by a model that has not seen them."""
        splitter = SeriesSplit(5) if self.cv is None else self.cv
        all_rows, all_scores = [], []
        for number, (train, test) in enumerate(splitter.split(X, y)):
            if len(np.unique(labels[train])) < 2:
                warnings.warn(
                    f"Fold {number} is left out: its training rows hold one class.", UserWarning, stacklevel=4
                )
                continue
            model = clone(self.estimator).fit(_safe_indexing(X, train), _safe_indexing(y, train))
            all_rows.append(test)
            all_scores.append(decision_scores(model, _safe_indexing(X, test)))
        if not all_rows:
            raise ValueError(
                f"No fold of cv={splitter} trains on both classes, so there is no score to choose a threshold on. Use "
                "fewer folds, or give the fitted estimator in FrozenEstimator and other rows to fit."
            )
        rows, scores = np.concatenate(all_rows), np.concatenate(all_scores)
        in_time = np.argsort(rows, kind="stable")  # some rules count alarms along time
        return rows[in_time], scores[in_time]

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the score less the threshold: above 0 for anomalies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return decision_scores(self.estimator_, X) - self.threshold_

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the estimator's probabilities, which the threshold does not change.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        probability : ndarray of shape (n_samples, 2)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row, ``classes_[1]`` for anomalies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        label : ndarray of shape (n_samples,)
        """
        is_anomaly = self.decision_function(X) > 0
        return self.classes_[is_anomaly.astype(int)]
