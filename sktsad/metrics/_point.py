"""Precision, recall and F of single rows, at a threshold of the scores."""

from __future__ import annotations

from numbers import Real
from typing import Literal, NamedTuple

from .._core import Interval, Label, Labels, Scores, StrOptions, validate_params
from ..thresholds import BestFBeta, TargetFalsePositiveRate
from ._labelled_rows import COMMON, LabelledRows, read_scores
from ._precision_recall_f import BETA, precision_recall_f, ratio

_CONSTRAINTS = {
    **COMMON,
    **BETA,
    "y_score": ["array-like"],
    "threshold": [StrOptions({"best", "exact"}), Interval(Real, None, None, closed="neither")],
}


class PointPrecisionRecallF(NamedTuple):
    """Precision, recall and F-beta of single rows, and the threshold that gave them.

    Attributes
    ----------
    precision, recall, f : float
        From 0 to 1, larger is better; precision without an alarm is 0.
    threshold : float
        Rows with a larger score are alarms.
    """

    precision: float
    recall: float
    f: float
    threshold: float


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def point_precision_recall_f(
    y_true: Labels,
    y_score: Scores,
    *,
    threshold: Literal["best", "exact"] | float = "best",
    beta: float = 1.0,
    pos_label: Label = 1,
) -> PointPrecisionRecallF:
    """Compute precision, recall and F of single rows, without regard to events.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels. With a (series, time) MultiIndex, the rows of all series are pooled.
    y_score : array-like of shape (n_samples,)
        Scores, larger is more anomalous, such as those of ``decision_function``.
    threshold : {"best", "exact"} or float, default="best"
        Rows with a *larger* score are alarms. "best" and "exact" use the labels of the evaluation itself:

        - "best" is the threshold with the largest F. This F is an upper bound, which no threshold chosen beforehand
          exceeds: say so when you report it.
        - "exact" raises as many alarms as there are anomalous rows, as if their number were known. If scores are tied
          at the threshold, the tied rows are not alarms, so there may be fewer alarms, but never more.
        - A number is a threshold chosen on other rows, such as 0 for ``decision_function``: the only choice without
          optimistic bias.
    beta : float, default=1.0
        Recall counts `beta` times as much as precision.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    result : PointPrecisionRecallF
        The named tuple ``(precision, recall, f, threshold)``.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous or no normal row or more than two labels, `y_score` is not finite, their
        lengths or their (series, time) indexes differ, or time is out of order.

    See Also
    --------
    sktsad.thresholds : Rules that choose a threshold beforehand.
    delay_adjust : Scores that give credit to early alarms only, for this function.

    Notes
    -----
    "best" is the threshold of `sktsad.thresholds.BestFBeta`: all thresholds between two distinct scores are tried, and
    an alarm on every row; if several are equally good, the highest is taken.

    With "exact" and without ties, precision, recall and F are equal.

    Examples
    --------
    >>> from sktsad.metrics import point_precision_recall_f
    >>> y, scores = [0, 0, 0, 1, 1], [0.1, 0.6, 0.2, 0.5, 0.8]
    >>> point_precision_recall_f(y, scores).threshold  # one false alarm, no miss
    0.35
    >>> point_precision_recall_f(y, scores, threshold="exact")
    PointPrecisionRecallF(precision=0.5, recall=0.5, f=0.5, threshold=0.55)
    >>> point_precision_recall_f(y, scores, threshold=0.7)
    PointPrecisionRecallF(precision=1.0, recall=0.5, f=0.66..., threshold=0.7)
    """
    rows = read_scores(y_true, y_score, pos_label)
    at = _threshold(rows, threshold, beta)
    alarms = rows.values > at
    hits = (alarms & rows.positive).sum()
    result = precision_recall_f(ratio(hits, alarms.sum()), ratio(hits, rows.positive.sum()), beta)
    return PointPrecisionRecallF(*result, threshold=at)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def point_f_score(
    y_true: Labels,
    y_score: Scores,
    *,
    threshold: Literal["best", "exact"] | float = "best",
    beta: float = 1.0,
    pos_label: Label = 1,
) -> float:
    """Compute the F of single rows at a threshold of the scores, by default the best one.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels; series as in `point_precision_recall_f`.
    y_score : array-like of shape (n_samples,)
        Scores, larger is more anomalous, such as those of ``decision_function``.
    threshold : {"best", "exact"} or float, default="best"
        As in `point_precision_recall_f`. "best" uses the labels of the evaluation itself: its F is an upper bound.
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
        As `point_precision_recall_f`.

    See Also
    --------
    point_precision_recall_f : Also gives precision, recall and the threshold, with the definition.

    Examples
    --------
    >>> from sktsad.metrics import point_f_score
    >>> point_f_score([0, 0, 0, 1, 1], [0.1, 0.6, 0.2, 0.5, 0.8])
    0.8
    """
    return point_precision_recall_f(y_true, y_score, threshold=threshold, beta=beta, pos_label=pos_label).f


def _threshold(rows: LabelledRows, threshold: Literal["best", "exact"] | float, beta: float) -> float:
    if threshold == "best":
        return float(BestFBeta(beta).fit(rows.values, rows.positive).threshold_)
    if threshold == "exact":
        return float(TargetFalsePositiveRate(rows.positive.mean()).fit(rows.values).threshold_)
    return float(threshold)
