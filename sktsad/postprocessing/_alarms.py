"""From scores to alarms: a table with one row per alarm."""

from __future__ import annotations

from datetime import timedelta
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length

from .._core import (
    DURATION,
    LEAST_DURATION,
    MAX_GAP,
    AlarmRule,
    AlarmRuns,
    Interval,
    Rows,
    Scores,
    column_of_scores,
    has_time,
    is_panel,
    places,
    read_series,
    row_index,
    validate_params,
)
from ._feature_scores import sum_by_sensor


@validate_params(
    {
        "decision": ["array-like"],
        "threshold": [Interval(Real, None, None, closed="neither")],
        "merge_gap": [*DURATION, None],
        "min_rows": LEAST_DURATION,
        "cool_down": DURATION,
        "max_gap": MAX_GAP,
    },
    prefer_skip_nested_validation=True,
)
def alarms(
    decision: Scores,
    X: Rows = None,
    *,
    feature_scores: Any = None,
    threshold: float = 0.0,
    merge_gap: int | str | timedelta | None = None,
    min_rows: int | str | timedelta = 1,
    cool_down: int | str | timedelta = 0,
    max_gap: float | str | timedelta = 3,
) -> pd.DataFrame:
    """List the alarms, one per row: their start and end, their highest score, and the sensor with the highest scores.

    Parameters
    ----------
    decision : array-like of shape (n_samples,)
        The output of ``decision_function``: above 0 for anomalies. Or the output of ``predict``, if it is 0 and 1 or
        booleans; or scores, with their ``threshold``. NaN and infinite values are alarms.
    X : array-like of shape (n_samples, n_features), default=None
        The rows that were scored. Only their index is read: series and time, if ``decision`` has none. Without any
        index, all rows are one series without a gap.
    feature_scores : DataFrame or array-like of shape (n_samples, n_values), default=None
        Scores of the sensors for these rows, larger is more anomalous, such as those of `feature_scores`. Columns that
        are steps of a window, such as ``x0_t-3``, are summed by sensor.
    threshold : float, default=0.0
        Rows with a larger value are alarms.
    merge_gap : int, timedelta or str, default=None
        A row above the threshold continues the alarm before it if at most this number of quiet rows, or quiet rows for
        at most this length of time, lie between them, so that an event with short interruptions is one alarm. None
        means half an hour if the index has dates, else 0 rows.
    min_rows : int, timedelta or str, default=1
        Number of rows above the threshold that make an alarm, or how long these must last. The alarm opens at the last
        of these; shorter runs are left out.
    cool_down : int, timedelta or str, default=0
        No other alarm opens for this number of rows, or this length of time, after the last row of an alarm. Rows above
        the threshold are ignored in that time; a run that lasts longer is an alarm that starts after it.
    max_gap : float, str or timedelta, default=3
        Holes in time of more than this number of steps, or more than this length of time, count as the number of rows
        that are missing; shorter holes do not count.

    Returns
    -------
    alarms : DataFrame
        One alarm per row, series by series in time order, with the columns

        - ``series``: the key of the series, only with a (series, time) MultiIndex;
        - ``start``, ``end``: time of its first and last row above the threshold, or their positions without an index;
        - ``opened``: when it became an alarm, at the ``min_rows``-th of these rows;
        - ``rows``: number of its rows above the threshold;
        - ``peak_time``, ``peak_score``: time and value of its highest score;
        - ``sensor``: the column with the largest sum of feature scores over its rows; only with ``feature_scores``.

    Raises
    ------
    ValueError
        If lengths or time indexes differ, time is out of order, or a duration is a length of time and the index has no
        dates.

    See Also
    --------
    feature_scores : Scores of the sensors, also of a detector in a pipeline.
    sktsad.thresholds.AlarmsPerDay : A threshold with a given number of these alarms per day.
    sktsad.metrics.to_events : Labelled events as a table.
    sktsad.plotting.AlarmDisplay : Draws the table over the series.

    Notes
    -----
    The rule only looks back. Whether a row opens an alarm, continues one or is ignored is known when the row comes, so
    that a live system that works row by row finds the same alarms. That an alarm is over is only known later, after
    more than ``merge_gap`` quiet rows.

    ``merge_gap`` takes precedence over ``cool_down``, which only has an effect if it is longer. No alarm continues into
    another series.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad.postprocessing import alarms
    >>> minutes = pd.date_range("2024-01-01", periods=120, freq="min")
    >>> decision = pd.Series(-1.0, index=minutes)
    >>> decision.iloc[[5, 6, 9, 100]] = [2.0, 1.0, 4.0, 1.0]
    >>> alarms(decision)[["start", "end", "rows", "peak_score"]]
                    start                 end  rows  peak_score
    0 2024-01-01 00:05:00 2024-01-01 00:09:00     3         4.0
    1 2024-01-01 01:40:00 2024-01-01 01:40:00     1         1.0
    >>> (
    ...     len(alarms(decision, merge_gap=0)),
    ...     len(alarms(decision, min_rows=2)),
    ...     len(alarms(decision, cool_down="2h")),
    ... )
    (3, 1, 1)
    """
    index = _index_of(decision=decision, X=X, feature_scores=feature_scores)
    scores = column_of_scores(decision, "decision", takes_missing=True)
    table = pd.Series(scores, index)
    rows = read_series(table)
    steps = rows.steps()
    rule = AlarmRule.read(rows, steps if rows.has_dates else None, merge_gap, min_rows, cool_down)
    # A score that is NaN must never count as normal.
    badness = np.where(np.isfinite(scores), scores, np.inf)[rows.order]
    found = rule.find(badness > threshold, places(rows, max_gap, steps))
    peak = rows.order[_peaks(badness, found)]
    times = index.get_level_values(1) if is_panel(table) else index
    columns: dict[str, Any] = {}
    if is_panel(table):
        columns["series"] = index.get_level_values(0)[peak]
    columns |= {
        "start": times[rows.order[found.first]],
        "opened": times[rows.order[found.opened]],
        "end": times[rows.order[found.last]],
        "rows": found.stops - found.starts,
        "peak_time": times[peak],
        "peak_score": scores[peak],
    }
    if feature_scores is not None:
        columns["sensor"] = _sensors(feature_scores, rows.order, found)
    return pd.DataFrame(columns)


def _index_of(**tables: Any) -> pd.Index:
    """Return the index of the rows: the first with time, else the first index, else their positions."""
    given = {name: table for name, table in tables.items() if table is not None}
    check_consistent_length(*given.values())
    timed = [name for name, table in given.items() if has_time(table)]
    for name in timed[1:]:
        if not given[timed[0]].index.equals(given[name].index):
            raise ValueError(
                f"{timed[0]} and {name} have different time indexes, but rows are matched by position. Use the same "
                f"order: {name}.loc[{timed[0]}.index]."
            )
    indexed = timed or [name for name, table in given.items() if row_index(table) is not None]
    return given[indexed[0]].index if indexed else pd.RangeIndex(len(given["decision"]))


def _peaks(badness: np.ndarray, found: AlarmRuns) -> np.ndarray:
    """Return the first row of the highest score of each alarm."""
    rows, number = found.members()
    if not len(found):
        return rows
    highest = np.maximum.reduceat(badness[rows], np.searchsorted(number, np.arange(len(found))))
    at = np.flatnonzero(badness[rows] == highest[number])
    return rows[at[np.searchsorted(number[at], np.arange(len(found)))]]


def _sensors(scores: Scores, order: np.ndarray, found: AlarmRuns) -> pd.Index:
    """Return the column with the largest sum of feature scores for each alarm."""
    if not isinstance(scores, pd.DataFrame):
        values = np.asarray(scores, dtype=np.float64)
        scores = pd.DataFrame(values, columns=[f"x{number}" for number in range(values.shape[1])])
    rows, number = found.members()
    sums = sum_by_sensor(scores.iloc[order[rows]])
    if not len(found):
        return sums.columns[[]]
    values = np.nan_to_num(sums.to_numpy(dtype=np.float64), nan=np.inf, posinf=np.inf, neginf=-np.inf)
    totals = np.add.reduceat(values, np.searchsorted(number, np.arange(len(found))), axis=0)
    return sums.columns[totals.argmax(axis=1)]
