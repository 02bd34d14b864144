"""Affiliation: how near alarms are to events, and events to alarms, compared with a random position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._core import Label, Labels, validate_params
from ._labelled_rows import COMMON, LabelledRows, read_predictions
from ._precision_recall_f import BETA, PrecisionRecallF, precision_recall_f

_CONSTRAINTS = {**COMMON, **BETA, "y_pred": ["array-like"]}

#: The middles of the quarters of a row. All integrands are linear within a quarter: events start and stop at whole
#: rows, zones at half rows, and the nearest of these points changes halfway between two of them, at quarter rows. So
#: the value in the middle of a quarter is exactly its mean.
_MIDDLES = (1 / 8, 3 / 8, 5 / 8, 7 / 8)


@dataclass(frozen=True)
class _Zones:
    """One zone per event: the times [low, high) that are nearer to [start, stop) than to another event."""

    low: np.ndarray
    high: np.ndarray
    start: np.ndarray
    stop: np.ndarray


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def affiliation_precision_recall_f(
    y_true: Labels, y_pred: Labels, *, beta: float = 1.0, pos_label: Label = 1
) -> PrecisionRecallF:
    """Compute affiliation precision, recall and F, in which near misses count, compared with chance.

    There is no tolerance to choose: the distance of an alarm from the event is compared with that of a random position
    in the zone around the event [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_pred`, has a (series, time) MultiIndex, no zone
        continues into another series, and the zones of all series are pooled. Otherwise all rows are one series.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    beta : float, default=1.0
        Recall counts `beta` times as much as precision.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    result : PrecisionRecallF
        The named tuple ``(precision, recall, f)``. All are 0 if no series with an event has an alarm.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous row, there are more than two labels, lengths or (series, time) indexes differ,
        or time is out of order.

    See Also
    --------
    vus_pr : Gives credit to near misses of scores.
    event_precision_recall_f : Counts whether an event is found.

    Notes
    -----
    Row ``t`` of a series is the time from ``t`` to ``t + 1``; gaps in time do not matter. The zone of an event consists
    of the times of its series that are nearer to it than to any other event. With X uniform in a zone:

    - its precision is the mean, over the times x of its alarms, of the probability that X is at least as far from the
      event as x. It is 1 for alarms within the event;
    - its recall is the mean, over the times y of the event, of the probability that X is at least as far from y as the
      nearest alarm of the zone. It is 0 without an alarm in the zone.

    Precision is the mean over the zones that have alarms, recall that over all zones. The integrals are exact.

    **Random alarms get high values**: an alarm that never ends has in each zone the precision ``(1 + m**2) / 2``, where
    ``m`` is the event's share of the zone, and a recall of 1, so that its F1 is two thirds or more; an alarm at a
    random position has this precision on average. Compare results with these values. Alarms in a series without an
    event are not counted, and all zones have the same weight, regardless of their number of alarms.

    References
    ----------
    .. [1] A. Huet, J. M. Navarro, D. Rossi, "Local evaluation of time series anomaly detection algorithms", KDD 2022.

    Examples
    --------
    One alarm is a row late, the other within the event:

    >>> from sktsad.metrics import affiliation_precision_recall_f
    >>> y_true = [0, 0, 0, 1, 0, 0, 0, 1, 1, 1]
    >>> result = affiliation_precision_recall_f(y_true, [0, 0, 0, 0, 1, 0, 0, 0, 1, 0])
    >>> round(result.precision, 2), round(result.recall, 2)
    (0.82, 0.84)

    An alarm on every row:

    >>> result = affiliation_precision_recall_f(y_true, [1] * 10)
    >>> round(result.precision, 2), round(result.recall, 2), round(result.f, 2)
    (0.62, 1.0, 0.76)
    """
    rows = read_predictions(y_true, y_pred, pos_label)
    zones = _zones(rows)
    return precision_recall_f(_precision(rows, zones), _recall(rows, zones), beta)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def affiliation_f_score(y_true: Labels, y_pred: Labels, *, beta: float = 1.0, pos_label: Label = 1) -> float:
    """Compute the F of affiliation precision and recall; an alarm on every row gets two thirds or more.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order; series as in `affiliation_precision_recall_f`.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    beta : float, default=1.0
        Recall counts `beta` times as much as precision.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    f : float
        From 0 to 1, larger is better.

    Raises
    ------
    ValueError
        As `affiliation_precision_recall_f`.

    See Also
    --------
    affiliation_precision_recall_f : Also gives precision and recall, with the definition and the reference.

    Examples
    --------
    >>> from sktsad.metrics import affiliation_f_score
    >>> y_true = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    >>> round(affiliation_f_score(y_true, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]), 3)  # a row late
    0.847
    """
    return affiliation_precision_recall_f(y_true, y_pred, beta=beta, pos_label=pos_label).f


def _zones(rows: LabelledRows) -> _Zones:
    start, stop = rows.runs(rows.positive)
    bounds = rows.series.bounds
    series = np.searchsorted(bounds, start, side="right") - 1
    low, high = bounds[series].astype(np.float64), bounds[series + 1].astype(np.float64)
    halfway = (stop[:-1] + start[1:]) / 2
    same_series = series[1:] == series[:-1]
    low[1:] = np.where(same_series, halfway, low[1:])
    high[:-1] = np.where(same_series, halfway, high[:-1])
    return _Zones(low, high, start, stop)


def _precision(rows: LabelledRows, zones: _Zones) -> float:
    n_zones = len(zones.start)
    chances, n_times = np.zeros(n_zones), np.zeros(n_zones)
    alarms = np.flatnonzero(rows.values)
    for middle in _MIDDLES:
        x = alarms + middle
        zone = np.searchsorted(zones.low, x) - 1  # the middle of a quarter is never on a border
        inside = (zone >= 0) & (x < zones.high[zone])  # a series without an event has no zone
        x, zone = x[inside], zone[inside]
        low, high, start, stop = zones.low[zone], zones.high[zone], zones.start[zone], zones.stop[zone]
        distance = np.maximum(start - x, x - stop)
        as_far = np.maximum(start - distance - low, 0) + np.maximum(high - stop - distance, 0)
        chance = np.where(distance > 0, as_far / (high - low), 1.0)
        chances += np.bincount(zone, chance, minlength=n_zones)
        n_times += np.bincount(zone, minlength=n_zones)
    has_alarms = n_times > 0
    return (chances[has_alarms] / n_times[has_alarms]).mean() if has_alarms.any() else 0.0


def _recall(rows: LabelledRows, zones: _Zones) -> float:
    lengths = zones.stop - zones.start
    zone = np.repeat(np.arange(len(lengths)), lengths)
    low, high = zones.low[zone], zones.high[zone]
    in_events, alarms = np.flatnonzero(rows.positive), np.flatnonzero(rows.values)
    # For each row of an event: where the last alarm before it ends and the next one starts, in its zone.
    after = np.searchsorted(alarms, in_events)
    ends, starts = np.append(-np.inf, alarms + 1.0)[after], np.append(alarms, np.inf)[after]
    ends, starts = np.where(ends > low, ends, -np.inf), np.where(starts < high, starts, np.inf)
    chances = np.zeros(len(lengths))
    for middle in _MIDDLES:
        y = in_events + middle
        distance = np.maximum(np.minimum(y - ends, starts - y), 0)  # 0 where the row itself is an alarm
        as_far = np.maximum(y - distance - low, 0) + np.maximum(high - y - distance, 0)
        chances += np.bincount(zone, as_far / (high - low))
    return (chances / (len(_MIDDLES) * lengths)).mean()
