"""The rank of the score to use as threshold, so that the rate of false alarms on new rows is bounded."""

from __future__ import annotations

import math

from scipy.stats import binom

from .._core import as_written


def quantile_rank(n: int, q: float, confidence: float | None = None) -> int:
    """Return the rank, from 1, of the smallest score that a new one exceeds with probability at most ``1 - q``.

    The bound holds on average over draws of the scores; with ``confidence``, in that share of the draws. A rank above
    ``n`` means that none of the scores is large enough.
    """
    q = as_written(q)
    if confidence is None:
        # Rounded: 100 * 0.55 is 55.00000000000001.
        return max(math.ceil(round((n + 1) * q, 9)), 1)
    # The share of new scores below the k-th smallest is less than q with the probability that at least k of n uniform
    # numbers are below q.
    return int(binom.ppf(as_written(confidence), n, q)) + 1
