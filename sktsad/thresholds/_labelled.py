"""Thresholds with the highest F-beta or the lowest cost over labelled rows."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from .._core import Interval
from ._cuts import count_above, cut_between
from ._threshold_rule import ThresholdRule


class BestFBeta(ThresholdRule):
    """Choose the threshold with the highest F-beta over labelled rows, exactly.

    Every cut between two distinct scores is tried; the threshold lies halfway between them. Choose it on rows
    that the model was not fitted on, and evaluate it on yet other rows.

    Parameters
    ----------
    beta : float, default=1
        Weight of recall relative to precision, above 0: recall counts ``beta`` times as much.

    Attributes
    ----------
    threshold_ : float
        The threshold; the highest if several are equally good.
    thresholds_ : ndarray
        The thresholds tried, ascending.
    precision_, recall_, f_beta_ : ndarray
        Precision, recall and F-beta at each of them.

    Examples
    --------
    >>> from sktsad.thresholds import BestFBeta
    >>> BestFBeta().fit([0.1, 0.2, 0.6, 0.7], [0, 0, 1, 1]).threshold_
    np.float64(0.4)
    """

    needs_labels = True
    _parameter_constraints = {"beta": [Interval(Real, 0, 1e100, closed="right")]}

    def __init__(self, beta: float = 1) -> None:
        self.beta = beta

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        thresholds, alarms, hits = _count(scores, anomalous)
        # The threshold without alarms is left out: it has no precision, and an F-beta of 0.
        self.thresholds_, alarms, hits = thresholds[:-1], alarms[:-1], hits[:-1]
        weight = float(self.beta) ** 2
        self.precision_, self.recall_ = hits / alarms, hits / hits[0]
        self.f_beta_ = (1 + weight) * hits / (weight * hits[0] + alarms)
        self.threshold_ = self.thresholds_[np.flatnonzero(self.f_beta_ == self.f_beta_.max())[-1]]


class Cost(ThresholdRule):
    """Choose the threshold with the lowest cost over labelled rows, exactly.

    Every cut between two distinct scores is tried, and so are thresholds that make every row or no row an alarm; the
    threshold lies halfway between two scores. Choose it on rows that the model was not fitted on, and evaluate it on
    yet other rows.

    Parameters
    ----------
    matrix : array-like of shape (2, 2), default=((0, 1), (10, 0))
        ``matrix[i][j]`` is the cost of predicting ``j`` for a row that is ``i``, where 0 is normal and 1 an anomaly:
        rows are the true classes and columns the predictions, as in scikit-learn's ``confusion_matrix``. By default a
        miss costs as much as ten false alarms. A wrong prediction must cost more than a correct one.

    Attributes
    ----------
    threshold_ : float
        The threshold; the highest if several are equally good.
    thresholds_ : ndarray
        The thresholds tried, ascending; the last is the largest score, above which there is no row.
    cost_ : ndarray
        Mean cost per row at each of them.

    References
    ----------
    .. [1] C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    Examples
    --------
    >>> from sktsad.thresholds import Cost
    >>> scores, y = [0.1, 0.2, 0.6, 0.7], [0, 1, 0, 1]
    >>> Cost().fit(scores, y).threshold_.round(3)  # no miss, one false alarm
    np.float64(0.15)
    >>> # one miss, no false alarm
    >>> Cost([[0, 3], [2, 0]]).fit(scores, y).threshold_.round(3)
    np.float64(0.65)
    """

    needs_labels = True
    _parameter_constraints = {"matrix": ["array-like"]}

    def __init__(self, matrix: Any = ((0, 1), (10, 0))) -> None:
        self.matrix = matrix

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        (quiet, false_alarm), (miss, hit) = self._check_matrix()
        self.thresholds_, alarms, hits = _count(scores, anomalous)
        n_rows, n_anomalies = alarms[0], hits[0]
        # The extra cost of mistakes; the cost of correct predictions is the same for all thresholds.
        added = (alarms - hits) * (false_alarm - quiet) + (n_anomalies - hits) * (miss - hit)
        self.cost_ = ((n_rows - n_anomalies) * quiet + n_anomalies * hit + added) / n_rows
        is_best = added <= added.min() * (1 + 1e-15)  # equal up to rounding: 3 * 0.7 is below 2.1
        self.threshold_ = self.thresholds_[np.flatnonzero(is_best)[-1]]

    def _check_matrix(self) -> np.ndarray:
        try:
            costs = np.array(self.matrix, dtype=np.float64)
        except (TypeError, ValueError):  # text, or rows of unequal length
            costs = np.empty(0)
        if costs.shape != (2, 2) or not np.isfinite(costs).all():
            raise ValueError(
                f"matrix must be 2 x 2 finite costs, got {self.matrix!r}. Use rows for the true class and columns for "
                "the prediction, such as [[0, 1], [10, 0]]: a false alarm costs 1, a miss 10."
            )
        if costs[0, 1] <= costs[0, 0] or costs[1, 0] <= costs[1, 1]:
            raise ValueError(
                f"matrix={self.matrix!r} makes a wrong prediction cost no more than a correct one. Set matrix[0][1], a "
                "false alarm, above matrix[0][0], and matrix[1][0], a miss, above matrix[1][1]."
            )
        return costs


def _count(scores: np.ndarray, anomalous: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the thresholds that separate distinct scores, and the number of rows and anomalies above each."""
    thresholds, level_of_row = cut_between(scores)
    alarms = count_above(level_of_row, len(thresholds))
    hits = count_above(level_of_row[anomalous], len(thresholds))
    return thresholds, alarms, hits
