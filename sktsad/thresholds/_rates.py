"""Thresholds that at most a given share of the normal rows exceeds."""

from __future__ import annotations

import warnings
from numbers import Real

import numpy as np
import pandas as pd

from .._core import Interval, as_written, level_of_user
from ._cuts import count_above, cut_between
from ._distribution import Distribution
from ._quantile_rank import quantile_rank
from ._threshold_rule import EmpiricalRule, ThresholdRule


class Quantile(EmpiricalRule):
    """Put the threshold at a quantile of the scores of normal rows, in its finite-sample form.

    The threshold is the ``ceil((n + 1) * q)``-th smallest of ``n`` scores. If new normal scores are exchangeable with
    these, the probability of a false alarm is at most ``1 - q``: this is the argument of split conformal prediction
    [1]_ and of thresholds on conformal p-values [2]_. Neighbouring rows of a time series are not quite exchangeable.

    Parameters
    ----------
    q : float, default=0.99
        Share of normal rows that stay below the threshold; above 0 and below 1. If anomalies are as rare as the false
        alarms that ``q`` allows, precision is at most one half.
    confidence : float, default=None
        With None, the bound on the probability of a false alarm holds on average over all possible sets of held-out
        rows; if those at hand have low scores by chance, there are more false alarms. A number, such as 0.95, is the
        probability that the bound holds for the rows that were held out: the threshold is then a tolerance limit [3]_,
        which is higher and needs more scores.

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
        If there are fewer than ``q / (1 - q)`` scores, or with ``confidence`` fewer than
        ``log(1 - confidence) / log(q)``: the threshold is the largest score, without the guarantee.

    See Also
    --------
    conformal_p_values : The same comparison for each score, as a p-value.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer, 2005.
    .. [2] R. Laxhammar, G. Falkman, "Conformal prediction for distribution-independent anomaly detection in streaming
       vessel data", StreamKDD 2010.
    .. [3] S. S. Wilks, "Determination of sample sizes for setting tolerance limits", Annals of Mathematical Statistics
       12(1), 1941. As the conditional validity of conformal predictors: V. Vovk, "Conditional validity of inductive
       conformal predictors", ACML 2012.

    Examples
    --------
    >>> from sktsad.thresholds import Quantile
    >>> Quantile(0.8).fit(range(1, 10)).threshold_
    np.float64(8.0)
    """

    _parameter_constraints = {
        "q": [Interval(Real, 0, 1, closed="neither")],
        "confidence": [Interval(Real, 0, 1, closed="neither"), None],
    }

    def __init__(self, q: float = 0.99, *, confidence: float | None = None) -> None:
        self.q = q
        self.confidence = confidence

    def _choose(self, scores: Distribution) -> float:
        n, rank = len(scores), quantile_rank(len(scores), self.q, self.confidence)
        if rank > n:
            warnings.warn(
                f"q={self.q} of {n} scores lies beyond the largest of them, which becomes the threshold: more "
                "than the intended share of normal rows may exceed it. Use more rows or a smaller q.",
                UserWarning,
                stacklevel=level_of_user(),
            )
        return scores.at_rank(min(rank, n))


class TargetFalsePositiveRate(ThresholdRule):
    """Choose the lowest threshold that is exceeded by at most a given share of the normal rows seen.

    The threshold lies halfway between two scores. The rule counts the rows seen and guarantees nothing about new ones.
    `Quantile` gives a guarantee for new rows; in return, it may allow one alarm fewer on the rows seen.

    Parameters
    ----------
    rate : float, default=0.01
        Largest share of the normal rows above the threshold; at least 0 and below 1.

    Attributes
    ----------
    threshold_ : float
        The threshold.
    thresholds_ : ndarray
        The thresholds tried, ascending; the last is the largest score, above which there is no row.
    alarm_rate_ : ndarray
        Share of the normal rows above each of them.

    Examples
    --------
    >>> from sktsad.thresholds import TargetFalsePositiveRate
    >>> TargetFalsePositiveRate(0.2).fit(
    ...     [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    ... ).threshold_
    np.float64(8.5)
    """

    _parameter_constraints = {"rate": [Interval(Real, 0, 1, closed="left")]}

    def __init__(self, rate: float = 0.01) -> None:
        self.rate = rate

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        self.thresholds_, level_of_row = cut_between(scores)
        alarms = count_above(level_of_row, len(self.thresholds_))
        self.alarm_rate_ = alarms / len(scores)
        # Rounded: 0.29 * 100 must be 29, not 28.999999999999996.
        self.threshold_ = self.thresholds_[
            np.argmax(alarms <= round(float(as_written(self.rate)) * len(scores), 9))
        ]
