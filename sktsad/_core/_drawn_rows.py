"""Detection of arrays whose rows look randomly drawn, as by an ensemble that samples rows before windows are made."""

from __future__ import annotations

import numpy as np
from scipy.special import lambertw
from scipy.stats import chi2, poisson

#: With fewer rows, this cannot be decided.
_MIN_ROWS = 100

#: Number of rows at the start that are checked first: if none of them is repeated, as in most series, the rest is
#: skipped.
_FIRST = 5_000

DRAWN_ROWS = (
    "X is an array with repeated rows in random order, as if drawn with replacement: windows would contain rows that "
    "are not neighbours. An ensemble such as BaggingClassifier draws the rows of a Pipeline before its windows are "
    "made, and drops the index. Put the window before the ensemble, make_pipeline(SlidingWindow(), "
    "BaggingClassifier(...)), or fit without the ensemble."
)


def look_drawn(values: np.ndarray) -> bool:
    """Return whether rows look drawn with replacement: they are repeated at random, and neighbours are unrelated.

    When n rows are drawn from m, the number of times that a row is drawn follows a Poisson distribution with mean n /
    m. Rounded values also repeat, so there are two conditions: the numbers of rows that occur once, twice, three times
    and more follow such a distribution, and no column is smoother than the same rows in random order.
    """
    if values.ndim != 2 or not values.shape[1] or values.dtype.kind not in "fiub":
        return False
    if len(values) < _MIN_ROWS:
        return False
    if _times_seen(values[:_FIRST]).max() == 1:
        return False
    if not np.isfinite(values).all():
        return False
    with np.errstate(over="ignore", invalid="ignore"):  # numbers too large to be squared
        is_smooth = _is_smooth(values)
    return not is_smooth and _repeats_by_chance(_times_seen(values))


def _times_seen(values: np.ndarray) -> np.ndarray:
    """Return how many times each distinct row occurs."""
    rows = np.ascontiguousarray(values)
    return np.unique(rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))), return_counts=True)[
        1
    ]


def _is_smooth(values: np.ndarray) -> bool:
    """Return whether a column changes less from row to row than in random order, using its von Neumann ratio."""
    values = values - values.mean(axis=0, dtype=float)
    spread = (values**2).sum(axis=0)
    ratios = (np.diff(values, axis=0) ** 2).sum(axis=0)[spread > 0] / spread[spread > 0]
    return bool(np.any(ratios < 2 - 5 * 2 / np.sqrt(len(values))))


def _repeats_by_chance(times_seen: np.ndarray) -> bool:
    """Compare the numbers of rows seen once, twice, ... with a zero-truncated Poisson distribution."""
    mean = times_seen.mean()
    # An ensemble draws at most as many rows as X has, so that a drawn row occurs about 1.6 times.
    if not 1.1 <= mean <= 2:
        return False
    # n / m, from mean = rate / (1 - exp(-rate))
    rate = mean + lambertw(-mean * np.exp(-mean)).real
    most = int(poisson.ppf(0.99, rate)) + 1
    share = poisson.pmf(np.arange(1, most), rate) / -np.expm1(-rate)
    expected = np.append(share, 1 - share.sum()) * len(times_seen)
    found = np.bincount(np.minimum(times_seen, most), minlength=most + 1)[1:]
    misfit = ((found - expected) ** 2 / expected).sum()
    return bool(chi2.sf(misfit, most - 2) > 1e-6)
