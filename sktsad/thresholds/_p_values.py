"""P-values: how unusual scores are compared with those of held-out normal rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core import Scores, column_of_scores, validate_params


@validate_params({"scores": ["array-like"], "held_out": ["array-like"]}, prefer_skip_nested_validation=True)
def conformal_p_values(scores: Scores, held_out: Any) -> np.ndarray:
    """Return the share of normal rows that score at least as high: small for anomalies.

    Parameters
    ----------
    scores : array-like of shape (n_samples,)
        Anomaly scores, larger is more anomalous. NaN and infinite scores count as the most unusual.
    held_out : array-like of shape (n_held_out,)
        Scores of normal rows that the model was not fitted on.

    Returns
    -------
    p_values : ndarray of shape (n_samples,)
        From ``1 / (n_held_out + 1)`` to 1.

    Raises
    ------
    ValueError
        If there are no held-out scores, or some are not finite.

    See Also
    --------
    Quantile : The threshold above which p-values are at most ``1 - q``.

    Notes
    -----
    The p-value is ``(1 + number of held-out scores that are at least as large) / (n_held_out + 1)``. If the score of a
    new normal row is exchangeable with the held-out scores, its p-value is at most ``p`` with a probability of at most
    ``p`` [1]_. So p-values are uniform on normal rows, and 1 minus a p-value is not the probability of an anomaly.

    P-values of many rows from one set of held-out scores are dependent. Under this kind of dependence, the procedure of
    Benjamini and Hochberg still bounds the false discovery rate, the expected share of normal rows among those called
    anomalies [2]_: ``scipy.stats.false_discovery_control(p_values) <= 0.1``. This holds for independent rows, such as
    the last row of each of many series; neighbouring rows of one series are not independent.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer, 2005.
    .. [2] S. Bates, E. Candes, L. Lei, Y. Romano, M. Sesia, "Testing for outliers with conformal p-values", Annals of
       Statistics 51(1), 2023.

    Examples
    --------
    >>> from sktsad.thresholds import conformal_p_values
    >>> conformal_p_values([0.5, 3.5, 99.0], held_out=[1.0, 2.0, 3.0, 4.0])
    array([1. , 0.4, 0.2])
    """
    values = column_of_scores(scores, "scores", takes_missing=True)
    known = column_of_scores(held_out, "held_out")
    values = np.where(np.isfinite(values), values, np.inf)
    n_as_large = len(known) - np.searchsorted(np.sort(known), values)
    return (1 + n_as_large) / (len(known) + 1)
