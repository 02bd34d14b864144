"""Events as a table, one per row, with the lead time of the first alarm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from .._core import (
    DURATION,
    LEAST_DURATION,
    AlarmRule,
    Label,
    Labels,
    duration_in_rows,
    is_length_of_time,
    is_panel,
    nanoseconds,
    places,
    require_dates,
    row_index,
    time_labels,
    validate_params,
)
from ._labelled_rows import COMMON, DELAY, LabelledRows, read_labels, read_predictions, with_time


@validate_params(
    {
        "y": ["array-like"],
        "min_length": LEAST_DURATION,
        "merge_gap": DURATION,
        "pos_label": COMMON["pos_label"],
    },
    prefer_skip_nested_validation=True,
)
def to_events(
    y: Labels,
    *,
    min_length: int | str | timedelta = 1,
    merge_gap: int | str | timedelta = 0,
    pos_label: Label = 1,
) -> pd.DataFrame:
    """List the events, labelled or predicted, one per row: runs of consecutive anomalous rows.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Two labels, rows in time order. If it has a (series, time) MultiIndex, events end with their series. Otherwise
        all rows are one series.
    min_length : int, str or timedelta, default=1
        Smallest number of rows of an event, after merging, or how long these last, if the index of `y` has dates.
        Shorter events are dropped.
    merge_gap : int, str or timedelta, default=0
        Events of a series with at most this number of normal rows between them are merged; or with normal rows for at
        most this length of time, such as ``"10min"``, if the index of `y` has dates.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    events : DataFrame
        One event per row, series by series in time order, with the columns

        - ``series``: the key of the series, only if `y` has a (series, time) MultiIndex;
        - ``start``, ``stop``: the position of its first row, and the position after its last row;
        - ``first``, ``last``: the time of its first and last row, only if the index of `y` is a time: dates, periods,
          time deltas or numbers;
        - ``n_rows``: the number of its rows, ``stop - start``, including normal rows between merged events.

    Raises
    ------
    ValueError
        If `y` has more than two labels, missing labels or two labels of which none is `pos_label`, or time is out of
        order.

    See Also
    --------
    sktsad.postprocessing.alarms : Alarms as a table, by time rather than by position.

    Notes
    -----
    Positions count the rows series by series, the series in the order in which they first appear. They are
    positions in `y`, for ``y.iloc[start:stop]``, if the rows of each series are contiguous. If not, sort first,
    ``y.sort_index()``, or select by ``series``, ``first`` and ``last``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad.metrics import to_events
    >>> minutes = pd.date_range("2024-01-01", periods=8, freq="min")
    >>> y = pd.Series([0, 1, 1, 0, 1, 0, 0, 1], index=minutes)
    >>> to_events(y)[["start", "stop", "n_rows"]]
       start  stop  n_rows
    0      1     3       2
    1      4     5       1
    2      7     8       1
    >>> to_events(y, merge_gap=1, min_length=2)
       start  stop               first                last  n_rows
    0      1     5 2024-01-01 00:01:00 2024-01-01 00:04:00       4
    """
    rows = read_labels(y, pos_label)
    steps = rows.series.steps()
    step_times = steps if rows.series.has_dates else None
    rule = AlarmRule.read(rows.series, step_times, merge_gap)
    found = rule.find(rows.positive, places(rows.series, np.inf, steps))
    starts, stops = found.first, found.last + 1
    least = duration_in_rows("min_length", min_length, step_times, np.diff(rows.series.bounds), least=1)
    long = stops - starts >= np.broadcast_to(least, len(rows.positive))[starts]
    return _table(y, rows, starts[long], stops[long])


@validate_params(
    {**COMMON, "y_pred": ["array-like"], "max_lead": DELAY},
    prefer_skip_nested_validation=True,
)
def lead_times(
    y_true: Labels, y_pred: Labels, *, max_lead: int | str | timedelta, pos_label: Label = 1
) -> pd.DataFrame:
    """Return how long before the onset of each event its first alarm came, to evaluate early warning.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order. If it has a (series, time) MultiIndex, alarms only announce events of their own
        series. Otherwise all rows are one series.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    max_lead : int, str or timedelta
        An alarm up to this number of rows before the onset announces an event, if it comes after the previous event.
        Earlier alarms are false alarms. Or a length of time, such as ``"2h"``, if the index of `y_true` or `y_pred` has
        dates.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    events : DataFrame
        The table of `to_events`, with these columns added:

        - ``lead``: number of rows from the first alarm to the onset; positive if the alarm is early, 0 if it is on the
          first row of the event, negative if it is late, within the event; NaN if the event is missed;
        - ``lead_time``: the same as time, a Timedelta or a number, only if the index is a time; NaT or NaN if missed.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous row, there are more than two labels, lengths or (series, time) indexes differ,
        or time is out of order.

    See Also
    --------
    to_events : The events alone.
    delay_precision_recall_f : Gives credit to alarms soon after the onset.

    Notes
    -----
    False alarms are not penalised: an alarm on every row has the longest lead. Consider leads together with the number
    of alarms.

    Examples
    --------
    >>> from sktsad.metrics import lead_times
    >>> y_true = [0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1]
    >>> y_pred = [1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    >>> lead_times(y_true, y_pred, max_lead=2)
       start  stop  n_rows  lead
    0      3     5       2   2.0
    1      7     9       2  -1.0
    2     10    11       1   NaN
    """
    y_true = with_time(y_true, y_pred, max_lead)
    rows = read_predictions(y_true, y_pred, pos_label)
    starts, stops = rows.runs(rows.positive)
    source = y_pred if is_panel(y_pred) and not is_panel(y_true) else y_true
    events = _table(source, rows, starts, stops)
    earliest = np.maximum(_before(rows, starts, max_lead), rows.series.bounds[_series_of(rows, starts)])
    earliest[1:] = np.maximum(earliest[1:], stops[:-1])
    alarms = np.append(np.flatnonzero(rows.values), len(rows.values))
    first = alarms[np.searchsorted(alarms, earliest)]
    found = first < stops
    first = np.where(found, first, starts)
    events["lead"] = np.where(found, starts - first, np.nan)
    if (times := _times(source, rows)) is not None:
        if pd.api.types.is_numeric_dtype(times.dtype):
            times = np.asarray(rows.series.times)  # differences of small and unsigned integers would overflow
        elif isinstance(times, pd.PeriodIndex):
            times = times.to_timestamp()
        events["lead_time"] = pd.Series(times[starts] - times[first]).where(found)
    return events


def _before(rows: LabelledRows, starts: np.ndarray, max_lead: Any) -> np.ndarray:
    """Return the first row that comes at most ``max_lead`` rows, or this length of time, before each start."""
    if not is_length_of_time(max_lead):
        return starts - max_lead
    time = nanoseconds("max_lead", max_lead)
    require_dates("max_lead", max_lead, rows.series, "y_true")
    first, times = np.empty_like(starts), rows.series.times
    for number, (_, part) in enumerate(rows.series.parts()):
        own = _series_of(rows, starts) == number
        first[own] = part.start + np.searchsorted(times[part], times[starts[own]] - time)  # type: ignore[index]
    return first


def _series_of(rows: LabelledRows, at: np.ndarray) -> np.ndarray:
    return np.searchsorted(rows.series.bounds, at, side="right") - 1


def _times(y: Labels, rows: LabelledRows) -> Any:
    """Return the times from the index, series by series; None if rows have no time."""
    if rows.series.times is None:
        return None
    return time_labels(y)[rows.series.order]  # type: ignore[index]


def _table(y: Labels, rows: LabelledRows, starts: np.ndarray, stops: np.ndarray) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    if is_panel(y):
        columns["series"] = row_index(y).get_level_values(0)[rows.series.order[starts]]  # type: ignore[union-attr]
    columns |= {"start": starts, "stop": stops}
    if (times := _times(y, rows)) is not None:
        columns |= {"first": times[starts], "last": times[stops - 1]}
    return pd.DataFrame(columns | {"n_rows": stops - starts})
