"""Scores smoothed along time, without looking ahead."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import timedelta
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from .._core import (
    LENGTH_OF_TIME,
    MAX_GAP,
    AnyEstimator,
    HasMethods,
    Interval,
    Labels,
    Past,
    Rows,
    SeriesRows,
    StrOptions,
    Windows,
    atomic_fit,
    check_foreign_rows,
    check_labels,
    check_max_gap,
    check_target_index,
    decision_scores,
    in_rows,
    is_length_of_time,
    level_of_user,
    nanoseconds,
    num_samples,
    own_threshold,
    read_series,
    refuse_outlier_detector,
    require_steps,
    warn_if_cut,
    warn_if_past_is_missing,
)
from ._classifier_wrapper import ClassifierWrapper

MOST_ROWS = 1_000_000
#: Last sentence of the warning about rows that lack the rows before them.
_LOOKS_BACK = "If the estimator looks back as well, add the rows that it needs."
STATISTICS: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "median": np.median, "max": np.max}


class SmoothedClassifier(ClassifierWrapper):
    """Smooth the scores of a classifier or detector over the last rows of each series.

    Smoothing makes long events stand out, but delays alarms: do not use it if an alarm must come within a few rows.
    Wrap it around a whole pipeline, since it needs rows in time order. Smoothed scores need their own threshold:
    ``ThresholdClassifier(SmoothedClassifier(pipeline))`` learns it.

    Parameters
    ----------
    estimator : classifier
        A binary classifier, detector or pipeline with ``decision_function`` or ``predict_proba``. It is cloned; if
        wrapped in ``FrozenEstimator`` it is not fitted again.
    length : int, str or timedelta, default=10
        Number of rows to smooth over, including the row itself; at most a million. A length of time, such as
        ``"10min"``, is converted by the time step of each series, to at least one row; it needs dates in the index. At
        the start of a series, and after a gap, the first row is repeated.
    statistic : {"mean", "median", "max"}, default="mean"
        Statistic of the scores of these rows.
    max_gap : float, str or timedelta, default=3
        As in `SlidingWindow`.
    series : {"auto", "index"}, default="auto"
        As in `SlidingWindow`.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    estimator_ : classifier
        The fitted estimator.
    n_features_in_ : int
        Number of columns, if the estimator has this attribute.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sktsad import SmoothedClassifier, ZScoreDetector
    >>> from sktsad.datasets import make_kpi
    >>> X, y = make_kpi(1000, random_state=0)
    >>> model = SmoothedClassifier(make_pipeline(StandardScaler(), ZScoreDetector()), length=5)
    >>> model.fit(X, y).decision_function(X).shape
    (1000,)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"]), HasMethods(["fit", "decision_function"])],
        "length": [Interval(Integral, 1, MOST_ROWS, closed="both"), *LENGTH_OF_TIME],
        "statistic": [StrOptions(set(STATISTICS))],
        "max_gap": MAX_GAP,
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(
        self,
        estimator: AnyEstimator,
        length: int | str | timedelta = 10,
        *,
        statistic: str = "mean",
        max_gap: float | str | timedelta = 3,
        series: str = "auto",
    ) -> None:
        self.estimator = estimator
        self.length = length
        self.statistic = statistic
        self.max_gap = max_gap
        self.series = series

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        tags.classifier_tags.multi_class = False
        is_poor = inner.classifier_tags is None or inner.classifier_tags.poor_score
        tags.classifier_tags.poor_score = is_poor or self.length != 1  # on rows without an order
        return tags

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None, **fit_params: Any) -> Self:
        """Fit the estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Two labels, of which the last in sorted order is the anomaly; detectors do not need them.
        **fit_params : dict
            Parameters for the fit of the estimator, such as ``sample_weight``.

        Returns
        -------
        self : SmoothedClassifier

        Raises
        ------
        ValueError
            If ``length`` or ``max_gap`` is a length of time and X has no dates in its index, or ``length`` is one and X
            has no series with two rows, or time steps so short that ``length`` is more than a million rows.
        """
        refuse_outlier_detector(self.estimator)
        check_foreign_rows(self.estimator, X)
        if y is not None:
            check_labels(X, y)
        rows = read_series(X, self.series)
        self._read_length(rows)
        check_max_gap(self.max_gap, rows)
        if lost := check_target_index(X, y, self.max_gap):
            warnings.warn(lost, UserWarning, stacklevel=level_of_user())
        self.estimator_ = clone(self.estimator).fit(X, y, **self._route(X, fit_params))
        # The ends of runs are kept without scores: scores of training rows are unlike those of new rows.
        nothing = np.empty((num_samples(X), 0))
        self._past = Past.of(X, rows, nothing, lambda stops, _: stops - 1, self.max_gap)
        self.classes_ = self.estimator_.classes_
        if len(self.classes_) != 2:
            raise ValueError(
                f"Only binary classification is supported: y holds the classes {self.classes_.tolist()}."
            )
        self._look_like_the_estimator()
        return self

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return the smoothed scores, above 0 for anomalies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in time order.

        Returns
        -------
        decision : ndarray of shape (n_samples,)

        Warns
        -----
        UserWarning
            If more than a tenth of the rows of known series come without the rows before them, such as a new day alone;
            rows that directly follow the training rows do not count. If the rows fill short holes between the training
            rows, as after a shuffled split, or have a different time step.
        """
        check_is_fitted(self)
        self._refuse_changed_thresholds(self.estimator_)
        rows = read_series(X, self.series)
        past = self._past.compare(X, rows)
        scores = decision_scores(self.estimator_, X) - own_threshold(self.estimator_)
        steps = rows.steps_so_far(past.steps)
        lengths = self._lengths(steps)
        longest = int(lengths.max())
        if not warn_if_cut(past, rows, longest, self.max_gap):
            warn_if_past_is_missing(past, rows, self.max_gap, self._first_rows, longest - 1, more=_LOOKS_BACK)
        segments = rows.segment_starts(self.max_gap, steps)
        scores, smoothed = scores[rows.order], np.empty_like(scores)
        for length in np.unique(lengths).tolist():
            some = lengths == length
            smoothed[rows.order[some]] = self._smooth(scores, segments, length)[some]
        return smoothed

    def _read_length(self, rows: SeriesRows) -> None:
        """Set the length in time, None if it is a number of rows, and the time step for series that have none."""
        self._time: int | None = None
        if is_length_of_time(self.length):
            self._time = nanoseconds("length", self.length)
            self._usual_step = float(np.nanmedian(require_steps("length", self.length, rows)))
            self._lengths(rows.steps())  # raises if one is too long

    def _lengths(self, steps: np.ndarray) -> np.ndarray:
        """Return the number of rows to smooth over at each of some time steps."""
        if self._time is None:
            return np.full(len(steps), self.length)
        lengths = np.maximum(in_rows(self._time, np.where(np.isnan(steps), self._usual_step, steps)), 1)
        if (longest := int(lengths.max())) > MOST_ROWS:
            raise ValueError(
                f"length={self.length!r} is {longest} rows of a series, more than {MOST_ROWS}. Use a shorter length."
            )
        return lengths

    def _first_rows(
        self, depth: np.ndarray, times: np.ndarray, is_lost: Any, steps: np.ndarray
    ) -> np.ndarray:
        """Mark the first rows of a run, which are smoothed with rows before the run."""
        return depth < self._lengths(steps) - 1

    def _smooth(self, scores: np.ndarray, segments: np.ndarray, length: int) -> np.ndarray:
        """Return the statistic of each score and those before it in its segment, padded with the first score."""
        pad = length - 1
        lengths = np.diff(np.append(segments, len(scores)))
        padded = np.insert(scores, np.repeat(segments, pad), np.repeat(scores[segments], pad))
        starts = np.arange(len(scores)) + pad * np.repeat(np.arange(len(segments)), lengths)
        windows = Windows(padded[:, None], starts, length)
        statistic = STATISTICS[self.statistic]
        return np.concatenate([statistic(windows.flat(chunk), axis=1) for chunk in windows.chunks()])
