"""Drift of scores since the threshold was learnt."""

from __future__ import annotations

import warnings
from numbers import Real

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp, kstwo, rankdata

from .._core import AnyEstimator, Interval, Rows, level_of_user, read_series, validate_params
from ._inner_detector import inner_detector

#: Smallest number of independent rows, held out and recent, for a test.
_FEWEST = 10


@validate_params(
    {
        "X": "no_validation",
        "min_distance": [Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, 1, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def drift_report(
    model: AnyEstimator, X: Rows, *, min_distance: float = 0.1, alpha: float = 0.01
) -> pd.Series:
    """Compare the scores of recent normal rows with those of the rows held out at fit, to tell when to refit.

    Parameters
    ----------
    model : estimator
        A fitted detector whose threshold is a rule, or a model that contains one: a Pipeline that ends in it,
        `ThresholdClassifier`, ``FrozenEstimator``, a search of scikit-learn, or these nested.
    X : array-like of shape (n_samples, n_features)
        Recent rows, in the form that the model needs. Leave out rows that are known to be anomalous.
    min_distance : float, default=0.1
        Largest distance between the two distributions that is negligible; at least 0 and below 1. With many rows, even
        differences too small to matter are significant.
    alpha : float, default=0.01
        Significance level: the largest probability that rows like the training rows are reported as drifted; above 0
        and below 1.

    Returns
    -------
    report : Series

        - ``drifted``: whether ``distance`` is above ``min_distance`` and ``p_value`` at most ``alpha``: refit, or let
          the detector continue learning;
        - ``distance``: largest distance between the two distribution functions, the Kolmogorov-Smirnov statistic, from
          0 to 1;
        - ``p_value``: approximate probability that rows like the training rows have at least this distance;
        - ``median_rank``: share of the held-out scores below the median of the recent ones; about 0.5 without drift,
          more if scores have risen;
        - ``alarm_rate_then``, ``alarm_rate``: share of the held-out and of the recent rows above the threshold;
        - ``n_held_out``, ``n_rows``: how many rows were compared;
        - ``n_independent``: effective number of independent rows among the recent ones.

    Raises
    ------
    TypeError
        If the model contains no detector that held rows out at fit.

    Warns
    -----
    UserWarning
        If the effective number of held-out or recent rows is below 10: ``p_value`` is NaN, and ``drifted`` is False.

    See Also
    --------
    GaussianDetector.partial_fit : Continues learning, with less weight of old rows if ``half_life`` is set.

    Notes
    -----
    Neighbouring rows have similar scores: a thousand minutes may be worth thirty independent rows. Their effective
    number is ``n / (1 + 2 * (r_1 + r_2 + ...))``, with the autocorrelations of the ranks up to the first below 0 [1]_.
    The p-value is that of a test with this number of rows, and is approximate. The rows should cover all usual
    conditions: a single night differs from a week even without drift.

    References
    ----------
    .. [1] C. J. Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7(4), 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import GaussianDetector
    >>> from sktsad.postprocessing import drift_report
    >>> rng = np.random.default_rng(0)
    >>> detector = GaussianDetector().fit(rng.normal(size=(1000, 2)))
    >>> drift_report(detector, rng.normal(size=(300, 2)))["drifted"]
    False
    >>> drift_report(detector, rng.normal(scale=1.5, size=(300, 2)))["drifted"]
    True
    """
    advice = "Fit a detector with a rule for threshold, validation_fraction above 0 and enough normal rows."
    detector, rows = inner_detector(model, X, "held_out_scores_", advice)
    then, now = detector.held_out_scores_, detector.anomaly_score(rows)
    in_order = now[read_series(rows).order]
    n_then, n_now = _n_independent(then), _n_independent(in_order)
    distance = float(ks_2samp(then, now, method="asymp").statistic)
    if min(n_then, n_now) < _FEWEST:
        warnings.warn(
            f"{len(now)} rows of X count as about {n_now:.0f} independent ones, and {len(then)} held-out rows as "
            f"{n_then:.0f}: with fewer than {_FEWEST}, drift cannot be tested. Give more rows, over a longer time.",
            UserWarning,
            stacklevel=level_of_user(),
        )
        p_value = np.nan
    else:
        p_value = float(kstwo.sf(distance, max(1, round(n_then * n_now / (n_then + n_now)))))
    return pd.Series(
        {
            "drifted": bool(distance > min_distance and p_value <= alpha),
            "distance": distance,
            "p_value": p_value,
            "median_rank": float(np.mean(then < np.median(now))),
            "alarm_rate_then": float(np.mean(then > detector.threshold_)),
            "alarm_rate": float(np.mean(now > detector.threshold_)),
            "n_held_out": len(then),
            "n_rows": len(now),
            "n_independent": round(n_now),
        },
        dtype=object,
    )


def _n_independent(scores: np.ndarray) -> float:
    """Return the effective number of independent scores among scores in time order."""
    ranks = rankdata(scores)
    ranks -= ranks.mean()
    if not ranks.any():
        return 1.0
    spectrum = np.abs(np.fft.rfft(ranks, 2 * len(ranks))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(ranks)]
    correlation = correlation[1:] / correlation[0]
    first_below = np.argmax(np.append(correlation, -1.0) <= 0)
    return len(ranks) / (1 + 2 * float(correlation[:first_below].sum()))
