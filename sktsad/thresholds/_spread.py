"""Thresholds at a number of spreads above the centre of the scores."""

from __future__ import annotations

from numbers import Real

import numpy as np

from .._core import Interval, robust_spread
from ._distribution import Distribution
from ._threshold_rule import EmpiricalRule


class MeanStd(EmpiricalRule):
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

    def _choose(self, scores: Distribution) -> float:
        return scores.mean() + self.k * scores.std()


class MedianMAD(EmpiricalRule):
    """Put the threshold ``k`` scaled median absolute deviations above the median of the scores of normal rows.

    A few very large scores, such as those of unlabelled anomalies, hardly change the threshold [1]_.

    Parameters
    ----------
    k : float, default=3
        Number of median absolute deviations, scaled by 1.4826 to equal the standard deviation of normally distributed
        data. If more than half of the scores are equal, the mean absolute deviation, scaled by 1.2533, is used instead.

    Attributes
    ----------
    threshold_ : float
        The threshold.
    thresholds_ : ndarray
        The distinct scores seen, ascending.
    alarm_rate_ : ndarray
        Share of the scores above each of ``thresholds_``.

    References
    ----------
    .. [1] C. Leys, C. Ley, O. Klein, P. Bernard, L. Licata, "Detecting outliers: Do not use standard deviation
       around the mean, use absolute deviation around the median", Journal of Experimental Social Psychology 49,
       2013.

    Examples
    --------
    >>> from sktsad.thresholds import MedianMAD
    >>> MedianMAD(2).fit([1.0, 2.0, 3.0, 4.0, 1000.0]).threshold_.round(3)
    np.float64(5.965)
    """

    _parameter_constraints = {"k": [Interval(Real, None, None, closed="neither")]}

    def __init__(self, k: float = 3) -> None:
        self.k = k

    def _choose(self, scores: Distribution) -> float:
        center = scores.median()
        distances = scores.distances(center)
        return np.float64(center + self.k * robust_spread(distances.median(), distances.mean(), center))
