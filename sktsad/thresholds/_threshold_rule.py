"""Base of the rules that turn scores into one threshold."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from .._core import VersionedEstimator, atomic_fit, row_index


class ThresholdRule(VersionedEstimator):
    """Base of the rules: scores, larger is worse, and perhaps labels, to one number.

    A row is an anomaly if its score is *above* ``threshold_``. A subclass has ``_learn``.
    """

    #: Whether the rule needs labels; the others are given the scores of normal rows.
    needs_labels: ClassVar[bool] = False
    _parameter_constraints: dict = {}

    @atomic_fit
    def fit(self, scores: Any, y: Any = None) -> Self:
        """Learn the threshold.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Anomaly scores, larger is worse. `AlarmsPerDay` reads series and time from their pandas index, or else
            from that of ``y``.
        y : array-like of shape (n_samples,), default=None
            1 for anomalies, 0 for normal rows. Rules without labels learn from the normal rows, or from
            all rows if there are no labels.

        Returns
        -------
        self : ThresholdRule

        Raises
        ------
        ValueError
            If there is no row to learn from, scores are not finite, or labels are missing that the rule
            needs.
        """
        index = row_index(scores)
        if index is None:
            index = row_index(y)
        scores = check_array(scores, ensure_2d=False, dtype=np.float64, input_name="scores")
        scores = column_or_1d(scores)
        anomalous = None
        if y is not None:
            y = column_or_1d(y)
            check_consistent_length(scores, y)
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
                raise ValueError(f"{self} learns from normal rows, and there are none.")
        self._learn(scores, anomalous, index)
        return self

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        """Set ``threshold_`` and the curve.

        Rules that need labels get all rows and ``anomalous``, the others the normal rows. ``index`` is that of the
        rows, or their numbers where they had none: rows that were taken out leave a hole.
        """
        raise NotImplementedError

    def _keep_alarm_rate(self, scores: np.ndarray) -> None:
        """Keep the share of the scores above each of them."""
        self.thresholds_, counts = np.unique(scores, return_counts=True)
        self.alarm_rate_ = 1 - np.cumsum(counts) / len(scores)
