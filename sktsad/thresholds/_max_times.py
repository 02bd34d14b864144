"""A threshold well above all scores seen."""

from __future__ import annotations

from numbers import Real

from .._core import Interval, is_spread
from ._distribution import Distribution
from ._threshold_rule import EmpiricalRule


class MaxTimes(EmpiricalRule):
    """Put the threshold ``k`` times as far above the median of the scores of normal rows as their maximum.

    The threshold leaves room for scores that drift after fit, which would soon exceed a quantile of the scores seen.
    The rule needs few rows, and guarantees nothing.

    Parameters
    ----------
    k : float, default=1.5
        Factor by which the distance between the median and the largest score is multiplied; above 0. With 1 the largest
        score is the threshold.
    q : float, default=1.0
        Quantile of the scores that is used in place of the largest score: the smallest score such that a share of at
        least ``q`` of the scores does not exceed it; above 0, at most 1. With a value below 1, such as 0.95, a few very
        large scores of unlabelled anomalies do not change the threshold. If the quantile equals the median, as for a
        signal that is mostly constant, the largest score is used instead.

    Attributes
    ----------
    threshold_ : float
        The threshold.
    thresholds_ : ndarray
        The distinct scores seen, ascending.
    alarm_rate_ : ndarray
        Share of the scores above each of ``thresholds_``.

    Notes
    -----
    The threshold is ``median + k * (largest - median)``. If the median is near 0, as for errors, this is about ``k``
    times the largest score. If the scores are shifted or scaled, so is the threshold. Therefore the rule also works for
    scores that may be negative, such as those of ``decision_function``; ``k`` times a negative score would lie below
    that score.

    Examples
    --------
    >>> from sktsad.thresholds import MaxTimes
    >>> MaxTimes(2).fit([1.0, 2.0, 3.0, 4.0, 5.0]).threshold_
    np.float64(7.0)
    >>> MaxTimes(2).fit([-9.0, -8.0, -7.0, -6.0, -5.0]).threshold_
    np.float64(-3.0)
    """

    _parameter_constraints = {
        "k": [Interval(Real, 0, None, closed="neither")],
        "q": [Interval(Real, 0, 1, closed="right")],
    }

    def __init__(self, k: float = 1.5, *, q: float = 1.0) -> None:
        self.k = k
        self.q = q

    def _choose(self, scores: Distribution) -> float:
        median, largest = scores.median(), scores.quantile(self.q)
        if not is_spread(largest - median, median):
            largest = scores.at_rank(len(scores))
        return median + self.k * (largest - median)
