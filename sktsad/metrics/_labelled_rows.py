"""Labels with scores or predictions, read series by series: the input of every metric."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, column_or_1d

from .._core import (
    LENGTH_OF_TIME,
    Interval,
    Label,
    Labels,
    Scores,
    SeriesRows,
    check_same_index,
    column_of_scores,
    find_events,
    has_time,
    is_length_of_time,
    is_panel,
    mark_label,
    nanoseconds,
    read_series,
    require_dates,
)

#: Constraints of the parameters that all metrics share.
COMMON = {"y_true": ["array-like"], "pos_label": [Real, str, "boolean"]}

#: Allowed values of ``max_delay``.
DELAY = [Interval(Integral, 0, None, closed="left"), *LENGTH_OF_TIME]


@dataclass(frozen=True)
class LabelledRows:
    """Rows of one or several series, series by series in time order.

    Attributes
    ----------
    positive : ndarray of bool, shape (n_rows,)
        Which rows are anomalous.
    values : ndarray of shape (n_rows,)
        Scores as float64, or which rows are predicted to be anomalous, as bool.
    series : SeriesRows
        Where these rows are in the arguments, and where series start and stop.
    """

    positive: np.ndarray
    values: np.ndarray
    series: SeriesRows

    def runs(self, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where runs of True start and stop; a run ends where its series ends."""
        return find_events(mask, self.series.bounds[:-1])


def is_in_time(rows: LabelledRows, first: np.ndarray, now: np.ndarray, max_delay: Any) -> np.ndarray:
    """Return whether rows come at most ``max_delay`` rows, or this length of time, after others.

    Parameters
    ----------
    rows : LabelledRows
        All rows.
    first, now : ndarray of int
        Positions of pairs of rows of one series.
    max_delay : int, str or timedelta
        A number of rows, or a length of time.
    """
    if not is_length_of_time(max_delay):
        return now - first <= max_delay
    time = nanoseconds("max_delay", max_delay)
    require_dates("max_delay", max_delay, rows.series, "y_true")
    times: Any = rows.series.times
    return times[now] - times[first] <= time


def count_between(mask: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return how many rows of the mask are True between each start and stop."""
    counts = np.append(0, np.cumsum(mask))
    return counts[stops] - counts[starts]


def with_time(y_true: Labels, other: Any, *durations: Any) -> Labels:
    """Return labels, with the index of scores or predictions if a length of time needs it and there is one."""
    if not any(map(is_length_of_time, durations)) or has_time(y_true) or not has_time(other):
        return y_true
    check_consistent_length(y_true, other)
    return pd.Series(column_or_1d(y_true), index=other.index)


def read_scores(y_true: Labels, y_score: Scores, pos_label: Label = 1, name: str = "y_score") -> LabelledRows:
    """Read labels, of which both kinds must occur, and scores, which errors call by the given name."""
    series = _read_series(y_true, y_score, name)
    scores = column_of_scores(y_score, name)
    (positive,) = mark_label(pos_label, y_true=y_true)
    if positive.all() or not positive.any():
        missing = "normal" if positive.all() else "anomalous"
        raise ValueError(
            f"y_true has no {missing} row among its {len(positive)} (pos_label={pos_label!r}), so there is nothing to "
            "rank. Score rows of both kinds, e.g. whole series or the folds of EventSplit, and set pos_label to the "
            "label of the anomalies."
        )
    return LabelledRows(positive[series.order], scores[series.order], series)


def read_labels(y: Labels, pos_label: Label = 1) -> LabelledRows:
    """Read labels alone, which need not contain anomalies: ``values`` are the labels."""
    series, (positive,) = read_series(y), mark_label(pos_label, y=y)
    return LabelledRows(positive[series.order], positive[series.order], series)


def read_predictions(y_true: Labels, y_pred: Labels, pos_label: Label = 1) -> LabelledRows:
    """Read labels, of which some must be anomalous, and predicted labels."""
    series = _read_series(y_true, y_pred, "y_pred")
    positive, predicted = mark_label(pos_label, y_true=y_true, y_pred=y_pred)
    if not positive.any():
        raise ValueError(
            f"y_true has no anomalous row among its {len(positive)} (pos_label={pos_label!r}), so there is nothing to "
            "find. Evaluate whole series or the folds of EventSplit, and set pos_label to the label of the anomalies."
        )
    return LabelledRows(positive[series.order], predicted[series.order], series)


def _read_series(y_true: Labels, other: Any, name: str) -> SeriesRows:
    check_consistent_length(y_true, other)
    check_same_index(y_true, other, "y_true", name)
    return read_series(other if is_panel(other) and not is_panel(y_true) else y_true)
