"""Base of the rules that turn scores into one threshold."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted

from .._core import (
    Estimator,
    Labels,
    Scores,
    atomic_fit,
    check_same_index,
    column_of_labels,
    column_of_scores,
    row_index,
)
from ._distribution import Distribution


class ThresholdRule(Estimator):
    """Base of the rules that turn scores, and labels where needed, into one number.

    A row is an anomaly if its score is *above* ``threshold_``. A subclass defines ``_learn``.
    """

    #: Whether the rule needs labels; other rules get only the scores of normal rows.
    needs_labels: ClassVar[bool] = False
    _parameter_constraints: dict = {}
    threshold_: float

    @atomic_fit
    def fit(self, scores: Scores, y: Labels = None) -> Self:
        """Learn the threshold.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Anomaly scores, larger is more anomalous. `AlarmsPerDay` reads series and time from their pandas index, or
            from that of ``y`` if they have none.
        y : array-like of shape (n_samples,), default=None
            1 for anomalies, 0 for normal rows. Rules that need no labels learn from the normal rows, or from all rows
            if ``y`` is None.

        Returns
        -------
        self : ThresholdRule

        Raises
        ------
        ValueError
            If there is no row to learn from, scores are not finite, the rule needs labels and y is missing, or scores
            and y both have series or time in their index and these differ.
        """
        self._learn(*self._read(scores, y))
        return self

    def _read(self, scores: Scores, y: Labels) -> tuple[np.ndarray, np.ndarray | None, pd.Index]:
        """Check scores and labels; return the arguments of `_learn`."""
        index = row_index(scores)
        if index is None:
            index = row_index(y)
        given = scores
        scores = column_of_scores(scores, "scores")
        anomalous = None
        if y is not None:
            given_y, y = y, column_of_labels(column_or_1d(y) if getattr(y, "ndim", 1) == 2 else y)
            check_consistent_length(scores, y)
            check_same_index(given, given_y, "scores")
            if not set(labels := np.unique(y).tolist()) <= {0, 1}:
                raise ValueError(f"y must hold 0 (normal) and 1 (anomaly), got the labels {labels[:5]}.")
            anomalous = y.astype(bool)
        if index is None:
            index = pd.RangeIndex(len(scores))
        if self.needs_labels:
            if anomalous is None or not anomalous.any() or anomalous.all():
                raise ValueError(
                    f"{self} needs normal and anomalous rows to choose between thresholds, got "
                    f"{0 if anomalous is None else int(anomalous.sum())} anomalous row(s) of {len(scores)}. Give it "
                    "labelled rows, or use a rule without labels such as Quantile(0.99)."
                )
        elif anomalous is not None:
            scores, index = scores[~anomalous], index[~anomalous]
            if not len(scores):
                raise ValueError(
                    f"{self} learns from normal rows, and there are none. Include rows labelled 0."
                )
        return scores, anomalous, index

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        """Set ``threshold_`` and the attributes that show how it was chosen.

        Rules that need labels get all rows and ``anomalous``, the others the normal rows. ``index`` is the index of
        these rows, or their positions if there is none: rows that are left out leave a hole.
        """
        raise NotImplementedError


class EmpiricalRule(ThresholdRule):
    """Base of rules that use the scores of normal rows regardless of order, and can continue learning from more."""

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        self._learn_from(Distribution.of(scores))

    def _learn_from(self, scores: Distribution) -> None:
        self.threshold_ = self._choose(scores)
        kept = scores.thinned()
        self.thresholds_, self._counts = kept.levels, kept.counts
        self.alarm_rate_ = 1 - kept.up_to / len(kept)

    def _choose(self, scores: Distribution) -> float:
        """Return the threshold for the scores of normal rows."""
        raise NotImplementedError

    @atomic_fit
    def update(self, scores: Scores, y: Labels = None) -> Self:
        """Continue learning: the threshold becomes that of a `fit` on all scores so far, including these.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Further anomaly scores.
        y : array-like of shape (n_samples,), default=None
            1 for anomalies, which are left out, 0 for normal rows. None treats all rows as normal: leave out known
            anomalies, as they would raise the threshold.

        Returns
        -------
        self : ThresholdRule

        Notes
        -----
        If there are more than 65,536 distinct scores, the largest 32,768 are kept as they are, and neighbours among the
        others are merged, so that memory is bounded and the threshold stays nearly the same.
        """
        check_is_fitted(self, "threshold_")
        more, _, _ = self._read(scores, y)
        counts = np.append(self._counts, np.ones(len(more), dtype=np.int64))
        self._learn_from(Distribution.of(np.append(self.thresholds_, more), counts))
        return self
