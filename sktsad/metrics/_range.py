"""Range-based precision and recall: how much of a range is found, which part, and in how many pieces."""

from __future__ import annotations

from numbers import Real
from typing import Literal

import numpy as np

from .._core import Interval, Label, Labels, StrOptions, validate_params
from ._labelled_rows import COMMON, LabelledRows, read_predictions
from ._precision_recall_f import BETA, PrecisionRecallF, precision_recall_f

Bias = Literal["flat", "front", "middle", "back"]
Cardinality = Literal["one", "reciprocal"]

_BIAS = StrOptions({"flat", "front", "middle", "back"})
_CONSTRAINTS = {
    **COMMON,
    **BETA,
    "y_pred": ["array-like"],
    "alpha": [Interval(Real, 0, 1, closed="both")],
    "bias": [_BIAS],
    "precision_bias": [_BIAS],
    "cardinality": [StrOptions({"one", "reciprocal"})],
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def range_precision_recall_f(
    y_true: Labels,
    y_pred: Labels,
    *,
    alpha: float = 0.0,
    bias: Bias = "flat",
    precision_bias: Bias = "flat",
    cardinality: Cardinality = "one",
    beta: float = 1.0,
    pos_label: Label = 1,
) -> PrecisionRecallF:
    """Compute range-based precision, recall and F: all ranges have the same weight, and count by their overlap.

    In metrics of rows, one long event outweighs many short ones; here it does not [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_pred`, has a (series, time) MultiIndex, no range
        continues into another series, and the ranges of all series are pooled. Otherwise all rows are one series.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    alpha : float, default=0.0
        Share of recall that an event gets for being found at all, from 0 to 1. The rest depends on its overlap.
        Precision has no such share.
    bias : {"flat", "front", "middle", "back"}, default="flat"
        Which rows of an event have the largest weight in recall; "front" rewards early alarms.
    precision_bias : {"flat", "front", "middle", "back"}, default="flat"
        Which rows of a predicted range have the largest weight in precision.
    cardinality : {"one", "reciprocal"}, default="one"
        With "reciprocal" the overlap of a range is divided by the number of ranges of the other kind that it touches,
        so that an event found in pieces, or a predicted range over several events, counts for less.
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
    event_precision_recall_f : Only counts whether an event is found.

    Notes
    -----
    A range is a run of consecutive anomalous rows, or alarms, of a series. The overlap of a range of ``n`` rows is the
    weight of its rows that are in a range of the other kind, divided by the weight of all its rows. Row
    ``i = 1, ..., n`` has weight 1 ("flat"), ``n - i + 1`` ("front"), ``i`` ("back") or the smaller of these two
    ("middle"). The overlap is multiplied by the factor of `cardinality`. Recall is the mean over all events of ``alpha
    * found + (1 - alpha) * overlap``, where ``found`` is 1 if any row is an alarm and else 0; precision is the mean
    overlap of the predicted ranges.

    All predicted ranges have the same weight, too: with many short true alarms, a long false one hardly lowers
    precision. In a single series, an alarm on every row has, by default, a recall of 1, and a precision equal to the
    share of rows that are anomalous.

    References
    ----------
    .. [1] N. Tatbul et al., "Precision and recall for time series", NeurIPS 2018.

    Examples
    --------
    Half of an event is found, in one piece and late:

    >>> from sktsad.metrics import range_precision_recall_f
    >>> y_true, y_pred = [0, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0]
    >>> range_precision_recall_f(y_true, y_pred).recall
    0.5
    >>> # (2 + 1) / (4 + 3 + 2 + 1)
    >>> range_precision_recall_f(y_true, y_pred, bias="front").recall
    0.3
    >>> range_precision_recall_f(y_true, y_pred, alpha=0.5).recall
    0.75
    >>> # in two pieces
    >>> range_precision_recall_f(y_true, [0, 1, 0, 1, 0, 0], cardinality="reciprocal").recall
    0.25
    """
    rows = read_predictions(y_true, y_pred, pos_label)
    events, alarms = rows.runs(rows.positive), rows.runs(rows.values)
    overlap = _overlap(events, alarms, rows.positive, rows, bias, cardinality)
    recall = alpha * (overlap > 0).mean() + (1 - alpha) * overlap.mean()
    precision = 0.0
    if len(alarms[0]):
        precision = _overlap(alarms, events, rows.values, rows, precision_bias, cardinality).mean()
    return precision_recall_f(precision, recall, beta)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def range_f_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    alpha: float = 0.0,
    bias: Bias = "flat",
    precision_bias: Bias = "flat",
    cardinality: Cardinality = "one",
    beta: float = 1.0,
    pos_label: Label = 1,
) -> float:
    """Compute the F of range-based precision and recall.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order; series as in `range_precision_recall_f`.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    alpha : float, default=0.0
        Share of recall that an event gets for being found at all, from 0 to 1.
    bias : {"flat", "front", "middle", "back"}, default="flat"
        Which rows of an event have the largest weight in recall.
    precision_bias : {"flat", "front", "middle", "back"}, default="flat"
        Which rows of a predicted range have the largest weight in precision.
    cardinality : {"one", "reciprocal"}, default="one"
        Whether an overlap in several pieces counts for less.
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
        As `range_precision_recall_f`.

    See Also
    --------
    range_precision_recall_f : Also gives precision and recall, with the definition and the reference.

    Examples
    --------
    >>> from sktsad.metrics import range_f_score
    >>> # precision 1, recall 1/2
    >>> round(range_f_score([0, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0]), 3)
    0.667
    """
    return range_precision_recall_f(
        y_true,
        y_pred,
        alpha=alpha,
        bias=bias,
        precision_bias=precision_bias,
        cardinality=cardinality,
        beta=beta,
        pos_label=pos_label,
    ).f


def _overlap(
    ranges: tuple[np.ndarray, np.ndarray],
    others: tuple[np.ndarray, np.ndarray],
    in_ranges: np.ndarray,
    rows: LabelledRows,
    bias: Bias,
    cardinality: Cardinality,
) -> np.ndarray:
    """Return the weighted share of each range that is in other ranges, times the factor for the number of these."""
    starts, stops = ranges
    lengths = stops - starts
    first = lengths.cumsum() - lengths  # of each range, among the rows of all ranges
    hits = (rows.positive & rows.values)[in_ranges]
    weights = _weights(lengths, first, bias)
    share = np.add.reduceat(weights * hits, first) / np.add.reduceat(weights, first)
    if cardinality == "reciprocal":
        n_others = np.searchsorted(others[0], stops) - np.searchsorted(others[1], starts, side="right")
        share /= np.maximum(n_others, 1)
    return share


def _weights(lengths: np.ndarray, first: np.ndarray, bias: Bias) -> np.ndarray:
    """Return the weight of each row of the ranges, range after range."""
    from_front = np.arange(1, lengths.sum() + 1) - np.repeat(first, lengths)
    if bias == "back":
        return from_front
    from_back = np.repeat(lengths + 1, lengths) - from_front
    if bias == "front":
        return from_back
    return np.minimum(from_front, from_back) if bias == "middle" else np.ones_like(from_front)
