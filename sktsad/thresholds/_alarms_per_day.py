"""A threshold for a budget of alarms per day."""

from __future__ import annotations

import warnings
from datetime import timedelta
from numbers import Real

import numpy as np
import pandas as pd

from .._core import (
    DURATION,
    LEAST_DURATION,
    AlarmRule,
    Interval,
    SeriesRows,
    as_written,
    level_of_user,
    places,
    read_series,
)
from ._alarm_counts import count_alarms, most_alarms
from ._cuts import cut_between
from ._threshold_rule import ThresholdRule

#: A hole longer than this number of time steps counts as missing rows; this is also the default of `SlidingWindow`.
_MAX_GAP = 3
_NANOSECONDS_PER_DAY = 86_400 * 10**9


class AlarmsPerDay(ThresholdRule):
    """Choose the lowest threshold such that it and all higher ones make at most ``n`` alarms per day and series.

    Alarms are counted by the rule of `sktsad.postprocessing.alarms`: an operator is called once for an event, even if
    it lasts long or the score repeatedly falls below the threshold for up to half an hour.

    Parameters
    ----------
    n : float, default=1
        Largest number of alarms per day in one series of normal rows; above 0. For example, 0.5 is one alarm in two
        days.
    rows_per_day : float, default=None
        Number of rows of one series in a day. None infers it from the most frequent time step of each series, which
        needs dates in the index of the scores.
    merge_gap : int, timedelta or str, default=None
        A row above the threshold continues the alarm before it if at most this number of quiet rows, or quiet rows of
        this length of time, lie between them. None is half an hour: 30 rows at one-minute steps, no row at one-hour
        steps.
    min_rows : int, timedelta or str, default=1
        Number of rows above the threshold that make an alarm, or how long these must last.
    cool_down : int, timedelta or str, default=0
        Number of rows, or time, after the last row of an alarm in which no other alarm opens.

    Attributes
    ----------
    threshold_ : float
        The threshold, halfway between two scores.
    thresholds_ : ndarray
        The thresholds tried, ascending; the last is the largest score, above which there is no row. With ``min_rows``,
        or a ``cool_down`` longer than ``merge_gap``, the first is the highest one that makes too many alarms.
    alarms_per_day_ : ndarray
        Alarms per day for each of ``thresholds_``. A lower threshold may have fewer alarms, since runs merge; it is not
        chosen.

    Raises
    ------
    ValueError
        If ``rows_per_day`` is None and the index has no dates to tell how long a row lasts.

    Warns
    -----
    UserWarning
        If the rows cover less than ``1 / n`` days, so that not even one alarm is allowed: the threshold is the largest
        score. Or if no threshold makes too many alarms, because ``n`` is large, scores hardly differ, or ``merge_gap``
        and ``cool_down`` are so long that no more alarms are possible: the threshold is below all scores.

    See Also
    --------
    sktsad.postprocessing.alarms : The alarms as a table, by the same rule.

    Notes
    -----
    ``fit`` takes series and time from the index of the scores, or otherwise of ``y``: the times of one series, or a
    (series, time) MultiIndex. Rows without an index are one series without a gap. Labelled anomalies are left out, and
    their time is not counted.

    No alarm continues into another series. Holes in time of more than three steps count as missing rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad.thresholds import AlarmsPerDay
    >>> hours = pd.date_range("2024-01-01", periods=48, freq="h")
    >>> scores = pd.Series([1.0] * 48, index=hours)
    >>> scores.iloc[[5, 6, 20, 40]] = [7.0, 8.0, 4.0, 5.0]
    >>> # two alarms in two days, the first of two rows
    >>> AlarmsPerDay(1).fit(scores).threshold_
    np.float64(4.5)
    """

    _parameter_constraints = {
        "n": [Interval(Real, 0, None, closed="neither")],
        "rows_per_day": [Interval(Real, 0, None, closed="neither"), None],
        "merge_gap": [*DURATION, None],
        "min_rows": LEAST_DURATION,
        "cool_down": DURATION,
    }

    def __init__(
        self,
        n: float = 1,
        rows_per_day: float | None = None,
        *,
        merge_gap: int | str | timedelta | None = None,
        min_rows: int | str | timedelta = 1,
        cool_down: int | str | timedelta = 0,
    ) -> None:
        self.n = n
        self.rows_per_day = rows_per_day
        self.merge_gap = merge_gap
        self.min_rows = min_rows
        self.cool_down = cool_down

    def _learn(self, scores: np.ndarray, anomalous: np.ndarray | None, index: pd.Index) -> None:
        table = pd.Series(scores, index=index)
        rows = read_series(table)
        steps = rows.steps()
        if self.rows_per_day is not None:
            step_times = np.full(len(steps), _NANOSECONDS_PER_DAY / self.rows_per_day)
        else:
            step_times = steps if rows.has_dates else np.full(len(steps), np.nan)
        days = self._days(rows, step_times, index)
        rule = AlarmRule.read(rows, step_times, self.merge_gap, self.min_rows, self.cool_down)
        most = round(float(as_written(self.n)) * days, 9)  # 0.29 * 100 must be 29, not 28.999999999999996
        if most < 1:
            warnings.warn(
                f"n={self.n} alarm(s) per day allow less than one alarm in {days:.3g} day(s) of normal rows, so the "
                "largest score becomes the threshold. Use more rows or a larger n.",
                UserWarning,
                stacklevel=level_of_user(),
            )
        place = places(rows, _MAX_GAP, steps)
        thresholds, level_of_row = cut_between(scores[rows.order])
        possible, without = (most_alarms(rows.bounds, place, each) for each in (rule, AlarmRule()))
        if possible <= most < without:
            warnings.warn(
                f"n={self.n} alarm(s) per day can never be exceeded with merge_gap={self.merge_gap!r} and "
                f"cool_down={self.cool_down!r}: at most {possible} are possible in {days:.3g} day(s). The threshold "
                "is below all scores. Use a shorter merge_gap or cool_down, more rows or a smaller n.",
                UserWarning,
                stacklevel=level_of_user(),
            )
            thresholds = thresholds[[0, -1]]
            alarms = np.array([len(rule.find(level_of_row >= 0, place)), 0])
        else:
            alarms = count_alarms(level_of_row, place, rule, most)
        self.thresholds_ = thresholds[-len(alarms) :]
        self.alarms_per_day_ = alarms / days
        too_many = np.flatnonzero(alarms > most)
        if not (len(too_many) or possible <= most < without):
            warnings.warn(
                f"n={self.n} alarm(s) per day can never be exceeded by these scores, which make at most "
                f"{self.alarms_per_day_.max():.3g} with any threshold. The threshold is below all scores, so that "
                "every row is an alarm. Use a smaller n, or a rule such as Quantile(0.99).",
                UserWarning,
                stacklevel=level_of_user(),
            )
        self.threshold_ = self.thresholds_[too_many[-1] + 1 if len(too_many) else 0]

    def _days(self, rows: SeriesRows, step_times: np.ndarray, index: pd.Index) -> float:
        """Return the number of days of all series together."""
        # A series with a single row has no time step, and adds nothing.
        days = float(np.nansum(np.diff(rows.bounds) * step_times)) / _NANOSECONDS_PER_DAY
        if not days:
            times = index.levels[1] if isinstance(index, pd.MultiIndex) else index
            raise ValueError(
                f"rows_per_day={self.rows_per_day} needs two rows of a series with dates in the index of the scores, "
                f"got {rows.n_rows} row(s) with {type(times).__name__}. Give rows_per_day (24 for hourly rows, 1440 "
                "for rows each minute), or scores as a pandas Series with an index of dates."
            )
        return days
