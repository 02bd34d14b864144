"""Which of the sorted scores keeps a promise on new ones."""

from __future__ import annotations

import math

from scipy.stats import binom


def quantile_rank(n: int, q: float, confidence: float | None = None) -> int:
    """Return the rank, from 1, of the smallest of ``n`` scores that new ones exceed with a chance of ``1 - q`` at most.

    On average over the draws of the scores; with ``confidence``, in that share of the draws. It may be more than ``n``:
    then none will do.
    """
    if confidence is None:
        # Rounded: 100 * 0.55 is 55.00000000000001.
        return max(math.ceil(round((n + 1) * q, 9)), 1)
    # The share of new scores below the k-th smallest is less than q as often as k or more of n are below q.
    return int(binom.ppf(confidence, n, q)) + 1
