"""A window length chosen from the data: the period of the series."""

from __future__ import annotations

import numpy as np

from .._core import SeriesRows
from ._period import find_period

#: Values that a length may have instead of a number, and their number of periods.
AUTO_LENGTHS = {"auto/2": 0.5, "auto": 1.0, "2*auto": 2.0}
#: Length if no series has a period.
_WITHOUT = 30
#: Largest number of values in a window, over all columns: the time to fit a covariance grows with its cube.
_MOST_VALUES = 2000
#: Largest number of series used: a median does not need them all.
_MOST_SERIES = 200
#: Smallest autocorrelation at the period: a length may be a rough guess, so less is required than for seasonal
#: features.
_LEAST = 0.1


def auto_length(values: np.ndarray, rows: SeriesRows, length: str = "auto") -> int:
    """Return one window length for all series: the median of their periods, or 30 if there are none, times the factor.

    It is at most a third of the shortest usable series; a series is usable if it has at least 90 rows, three times the
    default length. If there is none, the longest series is used. A window has no more than 2,000 values, all columns
    together.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Rows of all series, in the order given.
    rows : SeriesRows
        Which rows are one series, in time order.
    length : {"auto/2", "auto", "2*auto"}, default="auto"
        Half a period, one, or two.

    Returns
    -------
    length : int
        Number of rows, at least 1.
    """
    sizes = np.diff(rows.bounds)
    usable = np.flatnonzero(sizes >= 3 * _WITHOUT)
    if not len(usable):
        usable = np.flatnonzero(sizes == sizes.max())[:1]
    longest = max(1, min(int(sizes[usable].min()) // 3, _MOST_VALUES // values.shape[1]))
    parts = list(rows.parts())
    found = []
    for series in usable[:: -(-len(usable) // _MOST_SERIES)]:
        part = values[rows.order[parts[series][1]]]
        least = max(_LEAST, 5 / np.sqrt(len(part)))  # the autocorrelation of noise stays below this
        found.append(find_period(part, least))
    periods = [period for period in found if period]
    period = float(np.median(periods)) if periods else _WITHOUT
    return int(np.clip(round(period * AUTO_LENGTHS[length]), 1, longest))
