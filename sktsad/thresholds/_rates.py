"""Thresholds that let through so many false alarms."""

from __future__ import annotations

import math
import warnings
from numbers import Real

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval

from .._core import SeriesRows, read_series
from ._cuts import count_above, cut_between
from ._threshold_rule import ThresholdRule

#: A hole of more steps of time ends an alarm, as it ends a window of `SlidingWindow` by default.
_MAX_GAP = 3
_NANOSECONDS_PER_DAY = 86_400 * 10**9


class Quantile(ThresholdRule):
    """Put the threshold at a quantile of the scores of normal rows, in its finite-sample form.

    The threshold is the ``ceil((n + 1) * q)``-th smallest of ``n`` scores. Where new normal scores are
    exchangeable with these, the chance of a false alarm is at most ``1 - q``: the argument of split conformal
    prediction [1]_. Neighbouring rows of a time series are not quite exchangeable.

    Parameters
    ----------
    q : float, default=0.99
        Share of normal rows to stay below the threshold, above 0 and below 1. With anomalies as rare as the
        false alarms that it lets through, precision is a half at best.

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
        If there are fewer than ``q / (1 - q)`` scores: the largest is the threshold, without the guarantee.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer, 2005.

    Examples
    --------
    >>> from sktsad.thresholds import Quantile
    >>> Quantile(0.8).fit(range(1, 10)).threshold_
    np.float64(8.0)
    """

    _parameter_constraints = {"q": [Interval(Real, 0, 1, closed="neither")]}

    def __init__(self, q: float = 0.99) -> None:
        self.q = q

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        self._keep_alarm_rate(scores)
        n = len(scores)
        # Rounded: 100 * 0.55 is to be 55, not 55.00000000000001.
        rank = math.ceil(round((n + 1) * self.q, 9))
        if rank > n:
            warnings.warn(
                f"q={self.q} of {n} scores lies beyond the largest of them, which becomes the threshold: more "
                "than the wanted share of normal rows may exceed it. Use more rows or a smaller q.",
                UserWarning,
                stacklevel=4,
            )
        self.threshold_ = np.sort(scores)[min(max(rank, 1), n) - 1]


class TargetFalsePositiveRate(ThresholdRule):
    """Choose the lowest threshold that at most a given share of the normal rows seen exceeds.

    It lies halfway between two scores. It counts the rows seen and promises nothing about new ones; `Quantile`
    does, and for that lets through up to one fewer of the rows seen.

    Parameters
    ----------
    rate : float, default=0.01
        Largest share of the normal rows to be above the threshold, at least 0 and below 1.

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
    >>> TargetFalsePositiveRate(0.2).fit([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]).threshold_
    np.float64(8.5)
    """

    _parameter_constraints = {"rate": [Interval(Real, 0, 1, closed="left")]}

    def __init__(self, rate: float = 0.01) -> None:
        self.rate = rate

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        self.thresholds_, level_of_row = cut_between(scores)
        alarms = count_above(level_of_row, len(self.thresholds_))
        self.alarm_rate_ = alarms / len(scores)
        # Rounded: 0.29 * 100 is to be 29, not 28.999999999999996.
        self.threshold_ = self.thresholds_[np.argmax(alarms <= round(self.rate * len(scores), 9))]


class AlarmsPerDay(ThresholdRule):
    """Choose the lowest threshold with at most so many alarms a day and series, there and at every higher one.

    An alarm is a run of neighbouring rows above the threshold: an operator is called once. Runs end with their
    series, and at holes in time of more than three steps.

    Parameters
    ----------
    n : float, default=1
        Most alarms a day of one series, over normal rows; above 0. A half is one in two days.
    rows_per_day : float, default=None
        Rows of one series in a day. None takes them from the dates in the index of the scores, by the most frequent
        step in time of each series.

    Attributes
    ----------
    threshold_ : float
        The threshold, halfway between two scores.
    thresholds_ : ndarray
        The thresholds tried, ascending; the last is the largest score, above which there is no row.
    alarms_per_day_ : ndarray
        Alarms a day with each of them. A lower threshold may have fewer, since runs grow together; it is not taken.

    Raises
    ------
    ValueError
        If ``rows_per_day`` is None and the index has no dates to tell how long a row lasts.

    Warns
    -----
    UserWarning
        If the rows last less than ``1 / n`` days, so that they may not hold a single alarm: the largest score is the
        threshold.

    Notes
    -----
    ``fit`` takes series and time from the index of the scores, or else of ``y``: the times of one series, or a
    (series, time) MultiIndex. Rows without an index are one series without a gap. Labelled anomalies are taken out:
    that leaves a hole in time, and the hole is not counted as time.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad.thresholds import AlarmsPerDay
    >>> hours = pd.date_range("2024-01-01", periods=48, freq="h")
    >>> scores = pd.Series([1.0] * 48, index=hours)
    >>> scores.iloc[[5, 6, 20, 40]] = [7.0, 8.0, 4.0, 5.0]
    >>> AlarmsPerDay(1).fit(scores).threshold_  # two alarms in two days, the first of two rows
    np.float64(4.5)
    """

    _parameter_constraints = {
        "n": [Interval(Real, 0, None, closed="neither")],
        "rows_per_day": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(self, n: float = 1, rows_per_day: float | None = None) -> None:
        self.n = n
        self.rows_per_day = rows_per_day

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        rows = read_series(pd.Series(scores, index=index))
        days = self._days(rows, index)
        self.thresholds_, level_of_row = cut_between(scores[rows.order])
        # There are as many runs as rows above a threshold, less the neighbours that are both above it.
        goes_on = np.ones(len(scores), dtype=bool)
        goes_on[rows.segment_starts(_MAX_GAP, rows.steps())] = False
        lower_of_both = np.minimum(level_of_row[1:], level_of_row[:-1])[goes_on[1:]]
        n_thresholds = len(self.thresholds_)
        alarms = count_above(level_of_row, n_thresholds) - count_above(lower_of_both, n_thresholds)
        self.alarms_per_day_ = alarms / days
        most = round(self.n * days, 9)  # 0.29 * 100 is to be 29, not 28.999999999999996
        if most < 1:
            warnings.warn(
                f"n={self.n} alarm(s) a day make less than one in {days:.3g} day(s) of normal rows: their largest "
                "score becomes the threshold. Use more rows or a larger n.",
                UserWarning,
                stacklevel=4,
            )
        too_many = np.flatnonzero(alarms > most)
        self.threshold_ = self.thresholds_[too_many[-1] + 1 if len(too_many) else 0]

    def _days(self, rows: SeriesRows, index: pd.Index) -> float:
        """Return how many days all series together last."""
        if self.rows_per_day is not None:
            return rows.n_rows / self.rows_per_day
        times = index.levels[1] if isinstance(index, pd.MultiIndex) else index
        days = 0.0
        if isinstance(times, (pd.DatetimeIndex, pd.TimedeltaIndex)):
            # A series of a single row has no step, and so adds nothing.
            days = np.nansum(np.diff(rows.bounds) * rows.steps()) / _NANOSECONDS_PER_DAY
        if not days:
            raise ValueError(
                f"rows_per_day={self.rows_per_day} needs two rows of a series with dates in the index of the scores, "
                f"got {rows.n_rows} row(s) with {type(times).__name__}. Give rows_per_day (24 for hourly rows, 1440 "
                "for rows each minute), or scores as a pandas Series with an index of dates."
            )
        return days
