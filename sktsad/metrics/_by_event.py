"""Precision and recall of events: whether an alarm was raised, not for how long."""

from __future__ import annotations

from typing import Literal

import numpy as np

from .._core import Label, Labels, StrOptions, validate_params
from ._labelled_rows import COMMON, count_between, read_predictions
from ._precision_recall_f import BETA, PrecisionRecallF, precision_recall_f, ratio

_CONSTRAINTS = {
    **COMMON,
    **BETA,
    "y_pred": ["array-like"],
    "precision": [StrOptions({"rows", "events"})],
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def event_precision_recall_f(
    y_true: Labels,
    y_pred: Labels,
    *,
    precision: Literal["rows", "events"] = "rows",
    beta: float = 1.0,
    pos_label: Label = 1,
) -> PrecisionRecallF:
    """Compute precision, recall and F of events: an event is found if any of its rows is an alarm.

    Use it if the first alarm calls a person, so that it does not matter how many rows of an event are alarms.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_pred`, has a (series, time) MultiIndex, no event
        and no alarm continues from one series to the next, and the events of all series are pooled. Otherwise all rows
        are one series.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    precision : {"rows", "events"}, default="rows"
        What precision counts:

        - "rows": the share of rows with an alarm that are anomalous. With the recall of events, F is then the composite
          F of [2]_.
        - "events": the share of found events among found events and false alarms; a false alarm is a run of alarms that
          touches no event [1]_. **An alarm that never ends gets a precision and a recall of 1**, since it is one run
          and touches an event. Use "events" only together with "rows", or if alarms are known to be short.
    beta : float, default=1.0
        Recall counts `beta` times as much as precision.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    result : PrecisionRecallF
        The named tuple ``(precision, recall, f)``. All are 0 if there is no alarm.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous row, there are more than two labels, lengths or (series, time) indexes differ,
        or time is out of order.

    See Also
    --------
    delay_precision_recall_f : An event is found only by an alarm soon after its onset, and its rows are counted.
    to_events : The events, one per row.

    Notes
    -----
    An event is a run of consecutive anomalous rows of a series. Recall is the share of events of which at least one row
    is an alarm. With ``precision="events"`` a run of alarms that touches several events finds each of them; a run that
    continues after an event is not a false alarm, however long it is.

    References
    ----------
    .. [1] K. Hundman et al., "Detecting spacecraft anomalies using LSTMs and nonparametric dynamic thresholding",
       KDD 2018.
    .. [2] A. Garg et al., "An evaluation of anomaly detection and diagnosis in multivariate time series", IEEE
       Transactions on Neural Networks and Learning Systems 33(6), 2022.

    Examples
    --------
    >>> from sktsad.metrics import event_precision_recall_f
    >>> y_true = [0, 1, 1, 1, 0, 0, 0, 0, 1, 0]
    >>> y_pred = [0, 0, 0, 1, 1, 0, 1, 0, 0, 0]
    >>> event_precision_recall_f(y_true, y_pred).recall  # one event of two
    0.5
    >>> event_precision_recall_f(y_true, y_pred, precision="events")  # and one false alarm
    PrecisionRecallF(precision=0.5, recall=0.5, f=0.5)

    An alarm on every row is perfect by the count of false alarms, but not by the share of rows:

    >>> event_precision_recall_f(y_true, [1] * 10, precision="events")
    PrecisionRecallF(precision=1.0, recall=1.0, f=1.0)
    >>> event_precision_recall_f(y_true, [1] * 10).precision
    0.4
    """
    rows = read_predictions(y_true, y_pred, pos_label)
    events, alarms = rows.runs(rows.positive), rows.runs(rows.values)
    n_found = np.count_nonzero(count_between(rows.values, *events))
    if precision == "rows":
        share = ratio((rows.values & rows.positive).sum(), rows.values.sum())
    else:
        n_false = np.count_nonzero(count_between(rows.positive, *alarms) == 0)
        share = ratio(n_found, n_found + n_false)
    return precision_recall_f(share, ratio(n_found, len(events[0])), beta)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def event_f_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    precision: Literal["rows", "events"] = "rows",
    beta: float = 1.0,
    pos_label: Label = 1,
) -> float:
    """Compute the F of events: by default the composite F, of the recall of events and the precision of rows.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order; series as in `event_precision_recall_f`.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    precision : {"rows", "events"}, default="rows"
        As in `event_precision_recall_f`. With "events" an alarm that never ends gets 1.
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
        As `event_precision_recall_f`.

    See Also
    --------
    event_precision_recall_f : Also gives precision and recall, with the definition and references.

    Examples
    --------
    >>> from sktsad.metrics import event_f_score
    >>> # precision 1, recall 1/2
    >>> round(event_f_score([0, 1, 1, 1, 0, 1], [0, 0, 1, 0, 0, 0]), 3)
    0.667
    """
    return event_precision_recall_f(y_true, y_pred, precision=precision, beta=beta, pos_label=pos_label).f
