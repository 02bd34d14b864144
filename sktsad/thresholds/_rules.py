"""Rules that turn scores into one threshold."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils._param_validation import Interval

from .._atomic import atomic_fit


class ThresholdRule(BaseEstimator):
    """Base of the rules: scores, larger is worse, and perhaps labels, to one number.

    A row is an anomaly if its score is *above* ``threshold_``.
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
            Anomaly scores, larger is worse.
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
        scores = check_array(scores, ensure_2d=False, dtype=np.float64, input_name="scores")
        scores = column_or_1d(scores)
        anomalous = None
        if y is not None:
            y = column_or_1d(y)
            check_consistent_length(scores, y)
            if not set(labels := np.unique(y).tolist()) <= {0, 1}:
                raise ValueError(f"y must hold 0 (normal) and 1 (anomaly), got the labels {labels[:5]}.")
            anomalous = y.astype(bool)
        if self.needs_labels:
            if anomalous is None or not anomalous.any() or anomalous.all():
                raise ValueError(
                    f"{self} needs normal and anomalous rows to choose between thresholds, got "
                    f"{0 if anomalous is None else int(anomalous.sum())} anomalous row(s) of {len(scores)}. Give it "
                    "labelled rows, or use a rule without labels such as Quantile(0.99)."
                )
        elif anomalous is not None:
            scores = scores[~anomalous]
            if not len(scores):
                raise ValueError(f"{self} learns from normal rows, and there are none.")
        self._learn(scores, anomalous)
        return self

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None) -> None:
        raise NotImplementedError

    def _keep_alarm_rate(self, scores: np.ndarray) -> None:
        """Keep the share of the scores above each of them."""
        self.thresholds_, counts = np.unique(scores, return_counts=True)
        self.alarm_rate_ = 1 - np.cumsum(counts) / len(scores)


class MeanStd(ThresholdRule):
    """Put the threshold ``k`` standard deviations above the mean of the scores of normal rows.

    Parameters
    ----------
    k : float, default=3
        Number of standard deviations.

    Attributes
    ----------
    threshold_ : float
        The threshold.
    thresholds_ : ndarray
        The distinct scores seen, ascending.
    alarm_rate_ : ndarray
        Share of the scores above each of ``thresholds_``.

    Examples
    --------
    >>> from sktsad.thresholds import MeanStd
    >>> MeanStd(2).fit([1.0, 2.0, 3.0, 2.0]).threshold_.round(3)
    np.float64(3.414)
    """

    _parameter_constraints = {"k": [Interval(Real, None, None, closed="neither")]}

    def __init__(self, k: float = 3) -> None:
        self.k = k

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None) -> None:
        self._keep_alarm_rate(scores)
        self.threshold_ = scores.mean() + self.k * scores.std()


class Quantile(ThresholdRule):
    """Put the threshold at a quantile of the scores of normal rows, in its finite-sample form.

    The threshold is the ``ceil((n + 1) * q)``-th smallest of ``n`` scores. Where new normal scores are
    exchangeable with these, the chance of a false alarm is at most ``1 - q``: the argument of split conformal
    prediction [1]_. Neighbouring rows of a time series are not quite exchangeable.

    Parameters
    ----------
    q : float, default=0.99
        Share of normal rows to stay below the threshold, above 0 and below 1. With anomalies as rare as the
        false alarms that it lets through, precision is a half at best.

    Attributes
    ----------
    threshold_ : float
        The threshold.
    thresholds_ : ndarray
        The distinct scores seen, ascending.
    alarm_rate_ : ndarray
        Share of the scores above each of ``thresholds_``.

    Warns
    -----
    UserWarning
        If there are fewer than ``q / (1 - q)`` scores: the largest is the threshold, without the guarantee.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer, 2005.

    Examples
    --------
    >>> from sktsad.thresholds import Quantile
    >>> Quantile(0.8).fit(range(1, 10)).threshold_
    np.float64(8.0)
    """

    _parameter_constraints = {"q": [Interval(Real, 0, 1, closed="neither")]}

    def __init__(self, q: float = 0.99) -> None:
        self.q = q

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None) -> None:
        self._keep_alarm_rate(scores)
        n = len(scores)
        # Rounded: 100 * 0.55 is to be 55, not 55.00000000000001.
        rank = int(np.ceil(round((n + 1) * self.q, 9)))
        if rank > n:
            warnings.warn(
                f"q={self.q} of {n} scores lies beyond the largest of them, which becomes the threshold: more "
                "than the wanted share of normal rows may exceed it. Use more rows or a smaller q.",
                UserWarning,
                stacklevel=4,
            )
        self.threshold_ = np.sort(scores)[min(max(rank, 1), n) - 1]


class BestFBeta(ThresholdRule):
    """Choose the threshold of the highest F-beta over labelled rows, exactly.

    Every cut between two distinct scores is tried; the threshold lies halfway between them. Choose it on rows
    that the model was not fitted on, and judge it on others again.

    Parameters
    ----------
    beta : float, default=1
        Weight of recall against precision, above 0: recall counts ``beta`` times as much.

    Attributes
    ----------
    threshold_ : float
        The threshold.
    thresholds_ : ndarray
        The thresholds tried, ascending.
    precision_, recall_, f_beta_ : ndarray
        What each of them gives.

    Examples
    --------
    >>> from sktsad.thresholds import BestFBeta
    >>> BestFBeta().fit([0.1, 0.2, 0.6, 0.7], [0, 0, 1, 1]).threshold_
    np.float64(0.4)
    """

    needs_labels = True
    _parameter_constraints = {"beta": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, beta: float = 1) -> None:
        self.beta = beta

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None) -> None:
        levels, level_of_row, counts = np.unique(scores, return_inverse=True, return_counts=True)
        # From a threshold below each level on: rows above it, and how many of them are anomalies.
        alarms = counts[::-1].cumsum()[::-1]
        hits = np.bincount(level_of_row, anomalous)[::-1].cumsum()[::-1]
        below = np.append(-np.inf, levels[:-1])
        lowest = levels[0] - max(1.0, abs(levels[0]))  # everything is an anomaly
        halfway = below / 2 + levels / 2
        halfway = np.where(
            halfway < levels, halfway, below
        )  # between neighbouring floats there is no half way
        self.thresholds_ = np.where(np.isinf(below), lowest, halfway)
        weight = self.beta**2
        self.precision_, self.recall_ = hits / alarms, hits / hits[0]
        self.f_beta_ = (1 + weight) * hits / (weight * hits[0] + alarms)
        # Of equal ones the highest: fewer alarms.
        best = len(self.f_beta_) - 1 - int(np.argmax(self.f_beta_[::-1]))
        self.threshold_ = self.thresholds_[best]
