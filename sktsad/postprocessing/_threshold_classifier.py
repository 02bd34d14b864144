"""A threshold chosen on rows that the classifier has not seen."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from .._core import (
    AnyEstimator,
    HasMethods,
    Interval,
    Labels,
    Rows,
    atomic_fit,
    check_foreign_rows,
    check_labels,
    count_events,
    decision_scores,
    last_step,
    level_of_user,
    num_samples,
    own_threshold,
    params_of_rows,
    safe_indexing,
    subtract_threshold,
    warn_if_anomaly_is_a_guess,
    with_index,
)
from ..model_selection import SeriesSplit
from ..thresholds import BestFBeta, ThresholdRule
from ._classifier_wrapper import ClassifierWrapper


def _estimator_has(method: str) -> Any:
    def check(self: ThresholdClassifier) -> bool:
        getattr(self.estimator_ if hasattr(self, "estimator_") else self.estimator, method)
        return True

    return check


def _needs_labels(estimator: AnyEstimator) -> bool:
    """Return whether an estimator learns from labels; for a Pipeline, the tag is that of its last step."""
    if isinstance(estimator, FrozenEstimator):
        return False
    return bool(get_tags(last_step(estimator)).target_tags.required)


def _fitted(estimator: AnyEstimator, X: Rows, y: Labels, params: dict[str, Any]) -> Any:
    """Return a clone, fitted with labels if there are any."""
    return clone(estimator).fit(X, **params) if y is None else clone(estimator).fit(X, y, **params)


class ThresholdClassifier(ClassifierWrapper):
    """Classify by a threshold that a rule learns from scores of unseen rows, in time order.

    ``TunedThresholdClassifierCV`` of scikit-learn tries a grid of thresholds, and averages over folds. This classifier
    learns from the pooled scores of all folds, without a grid, by any rule of `sktsad.thresholds`. Wrap it around a
    whole pipeline, so that a sampler inside does not resample the rows that the threshold is learnt from.

    Detectors, and fitted models in ``FrozenEstimator``, need no labels if the rule needs none. So a fitted model can be
    given a budget of alarms: ``ThresholdClassifier(FrozenEstimator(model), AlarmsPerDay(2)).fit(X)``.

    Parameters
    ----------
    estimator : classifier
        A binary classifier or pipeline with ``decision_function`` or ``predict_proba``. It is cloned and fitted for
        each fold, and then on all rows. If wrapped in ``FrozenEstimator`` it is not fitted again, and the threshold is
        learnt from all rows of ``fit``: pass rows that the classifier has not seen.
    threshold : threshold rule, float or None, default=None
        Rule, or a number that scores are compared with; a number needs no folds. None means ``BestFBeta()``.
    cv : splitter, default=None
        Folds whose test rows the rule learns from. None means ``SeriesSplit(5)``: training before test, for every
        series.
    min_events : int, default=3
        Smallest number of events (runs of anomalous rows) in the test rows, for a rule that needs labels. With fewer,
        the estimator's own threshold is kept, with a warning: a threshold fitted to one event is a matter of chance.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels; the last is the anomaly.
    estimator_ : classifier
        The fitted estimator.
    threshold_ : float
        Rows with a larger score are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule with its curve; only if a rule was used.
    n_events_ : int
        Number of events among the rows that the threshold was learnt from; only if a rule was used and there were
        labels.

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

    def __init__(
        self, estimator: AnyEstimator, threshold: Any = None, *, cv: Any = None, min_events: int = 3
    ) -> None:
        self.estimator = estimator
        self.threshold = threshold
        self.cv = cv
        self.min_events = min_events

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags.required = self._rule_needs_labels() or _needs_labels(self.estimator)
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = inner.classifier_tags.poor_score if inner.classifier_tags else True
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.sparse = inner.input_tags.sparse
        return tags

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None, **fit_params: Any) -> Self:
        """Learn the threshold on the test rows of the folds, then fit the estimator on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Two labels, of which the last in sorted order is the anomaly. If neither rule nor estimator needs labels, y
            may be None, or one label for all rows, which are then normal.
        **fit_params : dict
            Parameters for the fits of the estimator, such as ``sample_weight``; the rule does not see them.

        Returns
        -------
        self : ThresholdClassifier

        Raises
        ------
        ValueError
            If the rule or the estimator needs labels of both classes and y does not have both.

        Warns
        -----
        UserWarning
            If the test rows of the folds contain fewer than ``min_events`` events, a fold trains on one class, or the
            threshold is above all scores of the final estimator on its training rows.
        """
        if isinstance(self.cv, (str, bytes, bytearray)):  # strings have a method split, too
            raise ValueError(f"cv={self.cv!r} must be a splitter, such as SeriesSplit(5), or None.")
        rule = BestFBeta() if self.threshold is None else self.threshold
        self._refuse_without_labels(rule, y)
        X, y = indexable(X, y)
        check_foreign_rows(self.estimator, X)
        labels = None if y is None else check_labels(X, y)
        found = None if labels is None else np.unique(labels)
        self._check_classes(rule, labels, found)
        if found is not None:
            warn_if_anomaly_is_a_guess(found)
        is_frozen = isinstance(self.estimator, FrozenEstimator)
        params = self._route(X, fit_params)
        self.estimator_ = self.estimator if is_frozen else _fitted(self.estimator, X, y, params)
        anomalous = self._mark(labels, found)
        for name in ("threshold_rule_", "n_events_", "_learnt"):  # of an earlier fit
            self.__dict__.pop(name, None)
        if not isinstance(rule, Real):
            if is_frozen:
                rows, scores = np.arange(num_samples(X)), decision_scores(self.estimator_, X)
            else:
                rows, scores = self._unseen_scores(X, y, anomalous, params)
            if anomalous is not None:
                self.n_events_ = count_events(X, anomalous & np.isin(np.arange(len(anomalous)), rows))
            if rule.needs_labels and self.n_events_ < self.min_events:
                self._learnt = clone(rule), own_threshold(self.estimator_)
                warnings.warn(
                    f"The rows to choose a threshold on contain {self.n_events_} event(s), fewer than min_events="
                    f"{self.min_events}: the estimator's own threshold, {self.threshold_}, is kept. Use more rows, "
                    "fewer or longer folds, or a rule without labels.",
                    UserWarning,
                    stacklevel=level_of_user(),
                )
            else:
                of_rows = None if anomalous is None else anomalous[rows]
                self.threshold_rule_ = clone(rule).fit(with_index(scores, X, rows), of_rows)
                self._learnt = clone(rule), float(self.threshold_rule_.threshold_)
                if not is_frozen and rule.needs_labels and scores.max() > self.threshold_:
                    self._warn_if_out_of_reach(X)
        self._look_like_the_estimator()
        return self

    @property
    def threshold_(self) -> float:
        """The score above which rows are anomalies."""
        if not hasattr(self, "classes_"):
            raise AttributeError(f"{type(self).__name__} has no threshold_ before fit.")
        rule = BestFBeta() if self.threshold is None else self.threshold
        if isinstance(rule, Real):
            return float(rule)
        wanted, learnt = getattr(self, "_learnt", (None, 0.0))
        if repr(wanted) != repr(rule):
            raise ValueError(
                f"threshold={rule} was set after fit, but a rule must be learnt first: call fit again, or set a number."
            )
        return learnt

    def _rule_needs_labels(self) -> bool:
        return self.threshold is None or getattr(self.threshold, "needs_labels", False)

    def _refuse_without_labels(self, rule: Any, y: Labels) -> None:
        """Raise if labels are missing, and name what needs them."""
        if y is not None:
            return
        needing = f"threshold={rule}" if self._rule_needs_labels() else f"estimator={self.estimator}"
        if self._rule_needs_labels() or _needs_labels(self.estimator):
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None: {needing} learns from "
                "labels. Pass y, or use a rule without labels, such as AlarmsPerDay(2), around a detector or a fitted "
                "model in FrozenEstimator."
            )

    def _check_classes(self, rule: Any, labels: np.ndarray | None, found: np.ndarray | None) -> None:
        """Refuse more than two labels, and a single one where both are needed."""
        if found is None:
            return
        if len(found) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(labels)}."
            )
        if not len(found):
            raise ValueError("X and y have no rows. Check what selects or drops rows before this step.")
        needing = [f"threshold={rule}"] if self._rule_needs_labels() else []
        needing += (
            [f"estimator={' '.join(str(self.estimator).split())}"] if _needs_labels(self.estimator) else []
        )
        if len(found) < 2 and needing:
            raise ValueError(
                f"y holds one class, {found.tolist()}: there is no threshold between classes to learn, but "
                f"{' and '.join(needing)} needs labels of both. Pass rows with both, such as a longer part of "
                "the series; if no row is anomalous, use a detector, such as GaussianDetector, and a rule such as "
                "AlarmsPerDay(1), which need no labels."
            )

    def _mark(self, labels: np.ndarray | None, found: np.ndarray | None) -> np.ndarray | None:
        """Set ``classes_`` and mark the anomalies; without labels these are the classes of the estimator."""
        own = getattr(self.estimator_, "classes_", None)
        self.classes_ = np.array([0, 1]) if own is None else own
        if labels is None or found is None:
            return None
        if len(found) == 2:
            self.classes_ = found
        if own is not None and not (np.isin(found, own).all() and len(self.classes_) == len(own)):
            raise ValueError(
                f"y has the classes {found.tolist()}, but the frozen estimator was fitted on {own.tolist()}. Encode y "
                "in the same way."
            )
        return labels == self.classes_[-1]

    def _unseen_scores(
        self, X: Rows, y: Labels, anomalous: np.ndarray | None, params: dict[str, Any]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the test rows of all folds, and their scores from a model that has not seen them."""
        splitter = SeriesSplit(5) if self.cv is None else self.cv
        needs_both = _needs_labels(self.estimator)
        all_rows, all_scores = [], []
        for number, (train, test) in enumerate(splitter.split(X, y)):
            kinds = {False} if anomalous is None else set(anomalous[train].tolist())
            if kinds == {True} or (needs_both and kinds == {False}):
                warnings.warn(
                    f"Fold {number} is left out: its training rows have only one class.",
                    UserWarning,
                    stacklevel=level_of_user(),
                )
                continue
            y_train = None if kinds == {False} else safe_indexing(y, train)
            own_params = params_of_rows(params, X, train)
            model = _fitted(self.estimator, safe_indexing(X, train), y_train, own_params)
            all_rows.append(test)
            all_scores.append(decision_scores(model, safe_indexing(X, test)))
        if not all_rows:
            raise ValueError(
                f"No fold of cv={splitter} trains on both classes, so there is no score to choose a threshold on. Use "
                "fewer folds, or pass the fitted estimator in FrozenEstimator, and other rows to fit."
            )
        rows, scores = np.concatenate(all_rows), np.concatenate(all_scores)
        in_time = np.argsort(rows, kind="stable")  # some rules count alarms along time
        return rows[in_time], scores[in_time]

    def _warn_if_out_of_reach(self, X: Rows) -> None:
        """Warn if the threshold that scores of the folds exceed is above all scores of the final estimator."""
        highest = float(decision_scores(self.estimator_, X).max())
        if highest <= self.threshold_:
            warnings.warn(
                f"The threshold learnt from the folds, {self.threshold_:.6g}, is not below the highest score of the "
                f"final estimator on its own training rows, {highest:.6g}: hardly any row will be an alarm. The scores "
                "of the folds have another scale, as those of boosted trees with few events may. Regularise the "
                "estimator, e.g. with l2_regularization=1; use another one, such as ExtraTreesClassifier; or wrap it, "
                "fitted, in FrozenEstimator, and pass later rows.",
                UserWarning,
                stacklevel=level_of_user(),
            )

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return the score minus the threshold: above 0 for anomalies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        self._refuse_changed_thresholds(self.estimator_)
        return subtract_threshold(decision_scores(self.estimator_, X), self.threshold_)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Rows) -> np.ndarray:
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
