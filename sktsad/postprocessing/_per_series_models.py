"""One model for each series, as one estimator."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from typing import Any, Self

import joblib
import numpy as np
import pandas as pd
from joblib.parallel import effective_n_jobs
from sklearn.base import clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from .._core import (
    N_JOBS,
    AnyEstimator,
    HasMethods,
    Labels,
    Rows,
    StrOptions,
    atomic_fit,
    check_foreign_rows,
    check_labels,
    check_panel,
    check_same_index,
    decision_scores,
    is_panel,
    level_of_user,
    mark_anomalies,
    own_threshold,
    params_of_rows,
    read_series,
    refuse_outlier_detector,
    row_index,
    safe_indexing,
    warn_if_anomaly_is_a_guess,
    warn_if_unknown,
)
from ._classifier_wrapper import ClassifierWrapper

#: Largest number of series that a warning names.
_MOST_NAMED = 5


class PerSeries(ClassifierWrapper):
    """Fit a separate model to each series of a panel: a classifier or detector, with its own threshold.

    One model for all series sees more rows, so try it first. Separate models are better if series are of different
    kinds and each has enough rows.

    Parameters
    ----------
    estimator : classifier
        A binary classifier, detector or pipeline with ``decision_function`` or ``predict_proba``. It is cloned for each
        series.
    unseen : {"pooled", "error"}, default="pooled"
        What to do with a series not seen during fit: use a model fitted to all rows together, which takes one more fit,
        or raise an error.
    failed : {"error", "pooled"}, default="error"
        What to do if the model of a series cannot be fitted, such as a classifier to rows without an anomaly: raise an
        error that names the series, or warn and use the model fitted to all rows together.
    n_jobs : int, default=None
        Number of fits at a time, as in scikit-learn; None means 1 unless in a ``joblib.parallel_config`` context.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly. The models themselves are fitted to 0 and 1.
    estimators_ : dict
        The fitted model of each series by its name; ``{None: model}`` without a MultiIndex.
    pooled_estimator_ : classifier
        The model fitted to all rows; only with a MultiIndex, and if ``unseen`` or ``failed`` needs it.
    n_features_in_ : int
        Number of columns, if the models have this attribute.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    sktsad.SeriesScaler : One model for all series, each scaled separately.
    sktsad.SeriesFeatures : One model for all series, with features of the series as columns.
    sktsad.StatefulForecastDetector : One network for thousands of series, each with its own embedding
        (series_embedding).
    sktsad.scale.score_panel : Scores in several processes.

    Notes
    -----
    The decision of a row is that of the model of its series: above 0 is an alarm. Each model has its own units, so a
    metric that ranks the rows of all series together, such as average precision, may compare scores that are not
    comparable; the F1 of ``predict`` does not depend on this. A `ThresholdClassifier` around this estimator learns one
    threshold for all series; inside, each model learns its own. `sktsad.live.LiveScorer` takes the model of one series,
    ``LiveScorer(model.estimators_["a"])``, not all models together.

    Examples
    --------
    >>> from sktsad import PerSeries, ZScoreDetector
    >>> from sktsad.datasets import make_kpi
    >>> X, y = make_kpi(500, n_series=3, random_state=0)
    >>> model = PerSeries(ZScoreDetector()).fit(X, y)
    >>> list(model.estimators_)
    ['kpi_0', 'kpi_1', 'kpi_2']
    >>> model.predict(X).shape
    (1500,)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"]), HasMethods(["fit", "decision_function"])],
        "unseen": [StrOptions({"pooled", "error"})],
        "failed": [StrOptions({"error", "pooled"})],
        "n_jobs": N_JOBS,
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(
        self,
        estimator: AnyEstimator,
        *,
        unseen: str = "pooled",
        failed: str = "error",
        n_jobs: int | None = None,
        series: str = "auto",
    ) -> None:
        self.estimator = estimator
        self.unseen = unseen
        self.failed = failed
        self.n_jobs = n_jobs
        self.series = series

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = inner.classifier_tags is None or inner.classifier_tags.poor_score
        return tags

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None, **fit_params: Any) -> Self:
        """Fit a clone of the estimator to each series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in time order; a panel is a frame with a (series, time) MultiIndex. Other rows are one series.
        y : array-like of shape (n_samples,), default=None
            Two labels, of which the last in sorted order is the anomaly, or 0 for all rows; detectors do not need
            them.
        **fit_params : dict
            Parameters for the fits, such as ``sample_weight``; those with a value per row are split by series.

        Returns
        -------
        self : PerSeries

        Raises
        ------
        ValueError
            If y has more than two classes, or the model of a series cannot be fitted and ``failed="error"``.

        Warns
        -----
        UserWarning
            If models cannot be fitted, with ``failed="pooled"``; the series are named. Or if y has two labels other
            than 0 and 1: the last in sorted order is taken as the anomaly.
        """
        refuse_outlier_detector(self.estimator)
        check_foreign_rows(self.estimator, X)
        check_same_index(X, y)
        y = self._encode(X, y)
        rows = read_series(X, self.series)
        self._is_panel = is_panel(X)
        params = self._route(X, fit_params)
        for name in ("pooled_estimator_", "n_features_in_", "feature_names_in_"):  # of an earlier fit
            self.__dict__.pop(name, None)
        if not self._is_panel:
            pooled = clone(self.estimator).fit(X, y, **params)
            self.estimators_: dict[Hashable, Any] = {None: pooled}
            self._failed: list[Hashable] = []
        else:
            fitted = joblib.Parallel(self.n_jobs)(
                joblib.delayed(_fit)(clone(self.estimator), *self._of_series(X, y, params, rows.order[part]))
                for _, part in rows.parts()
            )
            found = dict(zip(rows.keys, fitted, strict=True))
            failures = {key: error for key, error in found.items() if isinstance(error, Exception)}
            self.estimators_ = {key: model for key, model in found.items() if key not in failures}
            self._failed = list(failures)
            if failures:
                self._warn_of_failures(failures, len(found))
            if self.unseen == "pooled" or failures:
                self.pooled_estimator_ = clone(self.estimator).fit(X, y, **params)
            pooled = next(iter(self.estimators_.values()), None) or self.pooled_estimator_
        self.estimator_ = pooled
        self._look_like_the_estimator()
        del self.estimator_
        return self

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return the decision of the model of each row's series, above 0 for anomalies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,)

        Raises
        ------
        ValueError
            If a series is new and ``unseen="error"``, or only one of `fit` and this call gets the index of a panel.

        Warns
        -----
        UserWarning
            If series seem to have different names from those seen during fit, such as ``"1"`` instead of ``1``.
        """
        check_is_fitted(self)
        self._refuse_changed_thresholds(next(iter(self.estimators_.values()), None) or self.pooled_estimator_)
        check_panel(X, self._is_panel)
        rows = read_series(X, self.series)
        if not self._is_panel:
            return _decide(self.estimators_[None], X)
        warn_if_unknown([*self.estimators_, *self._failed], rows.keys)
        decision = np.empty(rows.n_rows)
        for key, part in rows.parts():
            at = rows.order[part]
            decision[at] = _decide(self._model_of(key), X.iloc[at])
        return decision

    def _model_of(self, key: Hashable) -> Any:
        if key in self.estimators_:
            return self.estimators_[key]
        if self.unseen == "error" and key not in self._failed:
            raise ValueError(
                f"Series {key!r} was not seen during fit, and there is no model for it with unseen='error'. Use "
                "unseen='pooled', and fit again."
            )
        return self.pooled_estimator_

    def _encode(self, X: Rows, y: Labels) -> Any:
        """Set ``classes_`` and return labels as 0 and 1, as a series may have only one of the classes."""
        self.classes_ = np.array([0, 1])
        if y is None:
            return None
        checked = check_labels(X, y)
        classes, anomalous = mark_anomalies(checked)
        warn_if_anomaly_is_a_guess(classes)
        if len(classes) == 1 and classes[0] != 0:
            raise ValueError(
                f"y contains only one class, {classes.tolist()[0]!r}: there is no normal row to fit to. Mark normal "
                "rows with 0, or pass no y if all rows are normal."
            )
        if len(classes) > 2:
            raise ValueError(
                f"Only binary classification is supported: y holds the classes {classes.tolist()}. Mark normal rows "
                "with 0 and anomalies with 1."
            )
        if len(classes) == 2:
            self.classes_ = classes
        index = row_index(X)
        encoded = anomalous.astype(int)
        return encoded if index is None else pd.Series(encoded, index)

    def _of_series(self, X: Any, y: Any, params: dict[str, Any], at: np.ndarray) -> tuple[Any, Any, dict]:
        """Return the arguments of the fit of a series."""
        own = X.iloc[at]
        if effective_n_jobs(self.n_jobs) > 1:  # the index of a part keeps the names of all series
            own = own.set_axis(own.index.remove_unused_levels())
        labels = None if y is None else safe_indexing(y, at).set_axis(own.index)
        return own, labels, params_of_rows(params, X, at)

    def _warn_of_failures(self, failures: dict[Hashable, Exception], n_series: int) -> None:
        """Raise, or warn, about series whose models cannot be fitted."""
        names = ", ".join(repr(key) for key in list(failures)[:_MOST_NAMED])
        names += ", ..." if len(failures) > _MOST_NAMED else ""
        first = next(iter(failures.values()))
        message = f"The models of {len(failures)} of {n_series} series ({names}) could not be fitted: {first}"
        if self.failed == "error":
            raise ValueError(
                f"{message} Use failed='pooled' to replace them by a model fitted to all rows together."
            ) from first
        warnings.warn(
            f"{message} They are replaced by a model fitted to all rows together.",
            UserWarning,
            stacklevel=level_of_user(),
        )


def _fit(estimator: Any, X: Any, y: Any, params: dict[str, Any]) -> Any:
    """Return the fitted model of a series, or the error of its fit."""
    try:
        return estimator.fit(X, y, **params)
    except ValueError as error:
        return error


def _decide(model: Any, X: Rows) -> np.ndarray:
    return decision_scores(model, X) - own_threshold(model)
