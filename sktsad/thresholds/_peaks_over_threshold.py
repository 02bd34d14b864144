"""A threshold above the scores seen, from a model of their tail."""

from __future__ import annotations

import warnings
from numbers import Real

import numpy as np
from scipy.stats import genpareto, poisson

from .._core import Interval, as_written, level_of_user
from ._distribution import Distribution
from ._quantile_rank import quantile_rank
from ._threshold_rule import EmpiricalRule

#: Smallest number of peaks from which the shape of a tail can be estimated.
_MIN_PEAKS = 30
#: Range of tail shapes for which maximum likelihood is regular and the mean exists.
_SHAPES = (-0.5, 1.0)
#: Probability that the number of scores above a correct threshold lies outside the accepted range.
_RARE = 1e-3


class PeaksOverThreshold(EmpiricalRule):
    """Put the threshold at a very high quantile, which few or no scores reach, estimated from the tail of the scores.

    For many distributions, the amounts by which scores exceed a high level nearly follow a generalised Pareto
    distribution [1]_. Fitted to these excesses, the peaks, it gives quantiles above the largest score. SPOT [2]_ starts
    in the same way.

    Parameters
    ----------
    q : float, default=0.9999
        Share of normal rows that stay below the threshold; above ``level`` and below 1.
    level : float, default=0.98
        Share of the scores that are not peaks; above 0.

    Attributes
    ----------
    threshold_ : float
        The threshold.
    shape_, scale_ : float
        Shape and scale of the generalised Pareto tail; NaN where the empirical quantile is used instead.
    thresholds_ : ndarray
        The distinct scores seen, ascending.
    alarm_rate_ : ndarray
        Share of the scores above each of ``thresholds_``.

    Raises
    ------
    ValueError
        If ``q`` is not above ``level``.

    Warns
    -----
    UserWarning
        If there are fewer than 30 peaks, the shape of the tail cannot be trusted (at most -0.5, as for bounded scores,
        or at least 1, where there is no mean), or more or fewer of the scores seen exceed the threshold than chance
        allows. `Quantile` with the same ``q`` is then used instead; with too few scores, it is the largest score.

    Notes
    -----
    Peaks of neighbouring rows are not independent: they come in clusters. The share of rows above the threshold is
    still right, but its estimate is less certain than the number of peaks suggests. A cluster is one alarm: see
    `AlarmsPerDay`.

    References
    ----------
    .. [1] S. Coles, "An Introduction to Statistical Modeling of Extreme Values", chapter 4, Springer, 2001.
    .. [2] A. Siffer, P.-A. Fouque, A. Termier, C. Largouet, "Anomaly detection in streams with extreme value theory",
       KDD 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.thresholds import PeaksOverThreshold
    >>> scores = np.random.default_rng(0).exponential(size=5000)
    >>> # the quantile of the distribution is 9.2
    >>> PeaksOverThreshold(0.9999).fit(scores).threshold_.round(1)
    np.float64(9.3)
    """

    _parameter_constraints = {
        "q": [Interval(Real, 0, 1, closed="neither")],
        "level": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(self, q: float = 0.9999, *, level: float = 0.98) -> None:
        self.q = q
        self.level = level

    def _choose(self, scores: Distribution) -> float:
        if self.q <= self.level:
            raise ValueError(
                f"q={self.q} must be above level={self.level}. Raise q, or use Quantile({self.q})."
            )
        self.shape_, self.scale_ = np.nan, np.nan
        start = scores.quantile(self.level)
        peaks = scores.above(start) - start
        if len(peaks) < _MIN_PEAKS:
            return self._stand_in(
                scores, f"{len(peaks)} scores exceed level={self.level}, fewer than {_MIN_PEAKS}"
            )
        size = peaks.mean()  # unit of the fit, so that the result does not depend on the scale of the scores
        shape, _, scale = genpareto.fit(peaks / size, floc=0)
        if not _SHAPES[0] < shape < _SHAPES[1]:
            return self._stand_in(scores, f"the shape of the tail is {shape:.2g}")
        beyond = len(scores) / scores.count_above(start) * (1 - as_written(self.q))
        threshold = start + size * genpareto.isf(min(beyond, 1.0), shape, scale=scale)
        expected, n_above = len(scores) * (1 - as_written(self.q)), scores.count_above(threshold)
        if not poisson.ppf(_RARE, expected) <= n_above <= poisson.isf(_RARE, expected):
            return self._stand_in(
                scores,
                f"{n_above} scores exceed the threshold of the tail, where {expected:.3g} are expected",
            )
        self.shape_, self.scale_ = float(shape), float(scale * size)
        return threshold

    def _stand_in(self, scores: Distribution, reason: str) -> float:
        warnings.warn(
            f"The tail of {len(scores)} scores cannot be fitted: {reason}. The quantile q={self.q} of the scores is "
            "used as the threshold, at most the largest score. Use more rows, another level, or AlarmsPerDay.",
            UserWarning,
            stacklevel=level_of_user(),
        )
        return scores.at_rank(min(quantile_rank(len(scores), self.q), len(scores)))
