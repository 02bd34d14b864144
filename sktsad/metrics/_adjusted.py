"""Scores and alarms adjusted by event: if an event is found in time, or found at all, all its rows count as found."""

from __future__ import annotations

from datetime import timedelta
from numbers import Real
from typing import Any

import numpy as np

from .._core import Interval, Label, Labels, Scores, validate_params
from ._labelled_rows import (
    COMMON,
    DELAY,
    LabelledRows,
    count_between,
    is_in_time,
    read_predictions,
    read_scores,
    with_time,
)
from ._precision_recall_f import BETA, PrecisionRecallF, precision_recall_f, ratio

_DELAY = {
    **COMMON,
    **BETA,
    "y_score": ["array-like"],
    "y_pred": ["array-like"],
    "max_delay": DELAY,
}


@validate_params(_DELAY, prefer_skip_nested_validation=True)
def delay_adjust(
    y_true: Labels, y_score: Scores, *, max_delay: int | str | timedelta = 7, pos_label: Label = 1
) -> np.ndarray:
    """Adjust scores so that an event is found by an alarm soon after its onset, or not at all.

    With adjusted scores, any metric of rows or threshold rule takes delays into account, as in the AIOps challenge [1]_
    [2]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_score`, has a (series, time) MultiIndex, events end
        with their series. Otherwise all rows are one series.
    y_score : array-like of shape (n_samples,)
        Scores, larger is more anomalous, such as those of ``decision_function``.
    max_delay : int, str or timedelta, default=7
        An alarm counts if it is in the first ``max_delay + 1`` rows of an event; or at most this time after the onset,
        such as ``"7min"``, if the index of `y_true` or `y_score` has dates. The challenge used 7 for one row per
        minute; the paper also used 3 for hourly rows and 0 for daily ones.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    adjusted : ndarray of shape (n_samples,)
        In the order of the arguments: all rows of an event have the largest score of its first ``max_delay + 1`` rows;
        normal rows keep their scores.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous or no normal row or more than two labels, `y_score` is not finite, their
        lengths or their (series, time) indexes differ, time is out of order, or ``max_delay`` is a length of time and
        no index has dates.

    See Also
    --------
    delay_f_score : The same rule for alarms.
    point_precision_recall_f : Precision, recall and F of scores.

    Notes
    -----
    The adjusted scores use the labels: they are for evaluation, and for choosing thresholds on labelled rows that are
    not used in the evaluation, never for prediction. All rows of a long event that is found in time count as found, so
    that even a random score gains: at its best threshold, a uniform random score gets an F1 of 0.25 on the KPIs of
    `load_aiops_kpi`, and 0.04 without the adjustment. With a `max_delay` beyond the longest event this is plain point
    adjustment, see `point_adjusted_f_score`.

    References
    ----------
    .. [1] AIOps challenge, "KPI anomaly detection", 2018.
    .. [2] H. Ren et al., "Time-series anomaly detection service at Microsoft", KDD 2019.

    Examples
    --------
    The first event is found two rows late, which is in time; the second three rows late:

    >>> from sktsad.metrics import delay_adjust
    >>> y = [0, 1, 1, 1, 1, 0, 1, 1, 1, 1]
    >>> delay_adjust(y, [2, 0, 0, 9, 0, 3, 1, 0, 0, 9], max_delay=2)
    array([2., 9., 9., 9., 9., 3., 1., 1., 1., 1.])

    With a threshold learnt from other labelled rows, by F1 with delay:

    >>> import numpy as np
    >>> from sktsad.metrics import point_f_score
    >>> from sktsad.thresholds import BestFBeta
    >>> y, scores = np.array(y), np.array([2, 0, 0, 9, 0, 3, 1, 0, 0, 9])
    >>> threshold = BestFBeta().fit(delay_adjust(y, scores, max_delay=2), y).threshold_
    >>> round(point_f_score(y, delay_adjust(y, scores, max_delay=2), threshold=threshold), 3)
    0.889
    """
    rows = read_scores(with_time(y_true, y_score, max_delay), y_score, pos_label)
    starts, heads, stops = _heads(rows, max_delay)
    # reduceat also computes the maxima between heads, which are dropped; the appended value allows a head to end at the
    # last row.
    edges = np.column_stack([starts, heads]).ravel()
    largest = np.maximum.reduceat(np.append(rows.values, 0.0), edges)[::2]
    adjusted = np.empty_like(rows.values)
    adjusted[rows.series.order] = rows.values
    adjusted[rows.series.order[rows.positive]] = np.repeat(largest, stops - starts)
    return adjusted


@validate_params(_DELAY, prefer_skip_nested_validation=True)
def delay_precision_recall_f(
    y_true: Labels,
    y_pred: Labels,
    *,
    max_delay: int | str | timedelta = 7,
    beta: float = 1.0,
    pos_label: Label = 1,
) -> PrecisionRecallF:
    """Compute precision, recall and F if events must be found soon after their onset: the AIOps rule.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_pred`, has a (series, time) MultiIndex, events end
        with their series, and the rows of all series are pooled. Otherwise all rows are one series.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    max_delay : int, str or timedelta, default=7
        An alarm finds an event if it is in its first ``max_delay + 1`` rows, or comes at most this time after its
        onset, such as ``"7min"``, if the index of `y_true` or `y_pred` has dates.
    beta : float, default=1.0
        Recall counts `beta` times as much as precision.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    result : PrecisionRecallF
        The named tuple ``(precision, recall, f)``. All are 0 if no alarm counts as true or false.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous row, there are more than two labels, lengths or (series, time) indexes differ,
        time is out of order, or ``max_delay`` is a length of time and no index has dates.

    See Also
    --------
    delay_adjust : The same rule for scores, with the references.

    Notes
    -----
    All rows of an event with an alarm in its first ``max_delay + 1`` rows count as alarms. In all other events no row
    counts as an alarm: later alarms within them are neither true nor false. Then rows are counted as usual.

    Examples
    --------
    >>> from sktsad.metrics import delay_precision_recall_f
    >>> y_true = [0, 1, 1, 1, 1, 0, 1, 1, 1, 1]
    >>> y_pred = [1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    >>> # four rows of eight, and a false alarm
    >>> delay_precision_recall_f(y_true, y_pred, max_delay=2)
    PrecisionRecallF(precision=0.8, recall=0.5, f=0.615...)
    """
    rows = read_predictions(with_time(y_true, y_pred, max_delay), y_pred, pos_label)
    starts, heads, stops = _heads(rows, max_delay)
    found = count_between(rows.values, starts, heads) > 0
    return _of_rows(rows, (stops - starts)[found].sum(), beta)


@validate_params(_DELAY, prefer_skip_nested_validation=True)
def delay_f_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    max_delay: int | str | timedelta = 7,
    beta: float = 1.0,
    pos_label: Label = 1,
) -> float:
    """Compute the F of the AIOps rule: events count as found by an alarm soon after their onset.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order; series as in `delay_precision_recall_f`.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    max_delay : int, str or timedelta, default=7
        An alarm finds an event if it is in its first ``max_delay + 1`` rows, or comes at most this time after its
        onset, such as ``"7min"``, if the index of `y_true` or `y_pred` has dates.
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
        As `delay_precision_recall_f`.

    See Also
    --------
    delay_precision_recall_f : Also gives precision and recall, with the definition.

    Examples
    --------
    >>> from sktsad.metrics import delay_f_score
    >>> y_true, late = [0, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 0]
    >>> delay_f_score(y_true, late, max_delay=3), delay_f_score(y_true, late, max_delay=2)
    (1.0, 0.0)
    """
    return delay_precision_recall_f(y_true, y_pred, max_delay=max_delay, beta=beta, pos_label=pos_label).f


@validate_params(
    {**COMMON, **BETA, "y_pred": ["array-like"], "k": [Interval(Real, 0, 100, closed="both")]},
    prefer_skip_nested_validation=True,
)
def point_adjusted_f_score(
    y_true: Labels, y_pred: Labels, *, k: float = 0.0, beta: float = 1.0, pos_label: Label = 1
) -> float:
    """Compute the F of point adjustment, only for comparison with published figures.

    One alarm anywhere in an event counts as an alarm on all its rows [1]_, so long events are found by chance. At its
    best threshold, a *uniform random score* gets an F1 of 0.78 on the KPIs of `load_aiops_kpi` and 0.92 on the series
    of `load_nab`, all rows pooled. A detector below that is worse than noise, and one above it is not necessarily good.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_pred`, has a (series, time) MultiIndex, events end
        with their series, and the rows of all series are pooled. Otherwise all rows are one series.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    k : float, default=0.0
        All rows of an event count as alarms if *more* than `k` percent of them are alarms; otherwise, they are not
        changed [2]_. 0 is plain point adjustment, 100 is no adjustment.
    beta : float, default=1.0
        Recall counts `beta` times as much as precision.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    f : float
        From 0 to 1, larger is better; far from 0 for noise.

    Raises
    ------
    ValueError
        As `delay_precision_recall_f`.

    See Also
    --------
    delay_f_score : Events must be found soon.
    event_f_score : One alarm finds an event, but its other rows do not count as alarms.

    References
    ----------
    .. [1] H. Xu et al., "Unsupervised anomaly detection via variational auto-encoder for seasonal KPIs in web
       applications", WWW 2018.
    .. [2] S. Kim et al., "Towards a rigorous evaluation of time-series anomaly detection", AAAI 2022.

    Examples
    --------
    Noise gets a high F if events are about as long as the time between alarms:

    >>> import numpy as np
    >>> from sktsad.metrics import point_adjusted_f_score
    >>> y = np.zeros(10_000, dtype=int)
    >>> y[4000:5000] = 1
    >>> noise = np.random.default_rng(0).random(10_000) > 0.99
    >>> (
    ...     round(point_adjusted_f_score(y, noise), 2),
    ...     round(point_adjusted_f_score(y, noise, k=100), 2),
    ... )
    (0.95, 0.02)
    """
    rows = read_predictions(y_true, y_pred, pos_label)
    starts, stops = rows.runs(rows.positive)
    hits, lengths = count_between(rows.values, starts, stops), stops - starts
    return _of_rows(rows, np.where(100 * hits > k * lengths, lengths, hits).sum(), beta).f


def _heads(rows: LabelledRows, max_delay: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where events start, the end of the rows in which they must be found, and where they stop."""
    starts, stops = rows.runs(rows.positive)
    sizes = stops - starts
    in_time = is_in_time(rows, np.repeat(starts, sizes), np.flatnonzero(rows.positive), max_delay)
    return starts, starts + np.add.reduceat(in_time, np.cumsum(sizes) - sizes), stops


def _of_rows(rows: LabelledRows, hits: int, beta: float) -> PrecisionRecallF:
    """Return precision, recall and F for a number of adjusted hits; false alarms are not adjusted."""
    n_false = (rows.values & ~rows.positive).sum()
    return precision_recall_f(ratio(hits, hits + n_false), ratio(hits, rows.positive.sum()), beta)
