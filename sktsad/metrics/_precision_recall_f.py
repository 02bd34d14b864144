"""Precision, recall, and F, their weighted harmonic mean."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

from .._core import Interval

#: Constraint of beta, which all F scores share.
BETA = {"beta": [Interval(Real, 0, None, closed="neither")]}


class PrecisionRecallF(NamedTuple):
    """Precision, recall and their F-beta, as the metric defines them.

    Undefined values are 0: the precision without any alarm, and the F-beta if precision and recall are 0.

    Attributes
    ----------
    precision, recall, f : float
        From 0 to 1, larger is better.
    """

    precision: float
    recall: float
    f: float


def precision_recall_f(precision: Any, recall: Any, beta: float) -> PrecisionRecallF:
    """Return precision, recall and their F-beta, as plain floats."""
    precision, recall = float(precision), float(recall)
    return PrecisionRecallF(precision, recall, f_score(precision, recall, beta))


def f_score(precision: float, recall: float, beta: float = 1.0) -> float:
    """Compute the F-beta of a precision and a recall: their weighted harmonic mean.

    Parameters
    ----------
    precision, recall : float
        From 0 to 1.
    beta : float, default=1.0
        Recall counts `beta` times as much as precision.

    Returns
    -------
    f : float
        ``(1 + beta**2) * precision * recall / (beta**2 * precision + recall)``, and 0 if both are 0.

    Examples
    --------
    >>> from sktsad.metrics import f_score
    >>> round(f_score(0.5, 1.0), 3), round(f_score(0.5, 1.0, beta=2), 3), f_score(0.0, 0.0)
    (0.667, 0.833, 0.0)
    """
    weight = beta**2
    below = weight * precision + recall
    return float((1 + weight) * precision * recall / below) if below else 0.0


def ratio(part: Any, whole: Any) -> float:
    """Return a part divided by the whole; 0 if the whole is 0, as for a precision without alarms."""
    return float(part / whole) if whole else 0.0
