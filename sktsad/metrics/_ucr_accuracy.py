"""Whether the largest score falls on the anomaly: the metric of the UCR anomaly archive."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from .._core import Interval, Label, Labels, Scores, find_events, validate_params
from ._labelled_rows import COMMON, read_scores


@validate_params(
    {**COMMON, "y_score": ["array-like"], "tolerance": [Interval(Integral, 0, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def ucr_accuracy(y_true: Labels, y_score: Scores, *, tolerance: int = 100, pos_label: Label = 1) -> float:
    """Compute the share of series whose largest score lies on an anomaly.

    It only evaluates where the anomaly of a series is found, and so needs no threshold [1]_. It is meant for series
    with one anomaly each, such as those of `sktsad.datasets.load_ucr_anomaly`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_score`, has a (series, time) MultiIndex, each
        series counts once. Otherwise all rows are one series, and the result is 0 or 1.
    y_score : array-like of shape (n_samples,)
        Scores, larger is more anomalous, such as those of ``decision_function``.
    tolerance : int, default=100
        Number of rows before and after an anomaly that count as part of it; or the number of rows of the anomaly, if
        that is larger.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    score : float
        From 0 to 1, larger is better. If several rows have the largest score, the share of them on an anomaly counts: a
        constant score gets the average result of a random score, the share of rows on an anomaly.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous or no normal row or more than two labels, one of its series has no anomaly,
        `y_score` is not finite, their lengths or their (series, time) indexes differ, or time is out of order.

    See Also
    --------
    vus_pr : Evaluates all anomalies, at all thresholds.

    References
    ----------
    .. [1] R. Wu, E. Keogh, "Current time series anomaly detection benchmarks are flawed and are creating the illusion
       of progress", IEEE TKDE 35(3), 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.metrics import ucr_accuracy
    >>> y = np.zeros(1000, dtype=int)
    >>> y[500:520] = 1
    >>> late, lost = np.zeros(1000), np.zeros(1000)
    >>> late[600] = lost[700] = 1
    >>> ucr_accuracy(y, late), ucr_accuracy(y, lost)
    (1.0, 0.0)
    """
    rows = read_scores(y_true, y_score, pos_label)
    hits = []
    for key, part in rows.series.parts():
        starts, stops = find_events(rows.positive[part])
        if not len(starts):
            raise ValueError(
                f"The series {key!r} has no anomaly (pos_label={pos_label!r}), so its largest score cannot be on one. "
                "Leave the series out."
            )
        scores = rows.values[part]
        top = np.flatnonzero(scores == scores.max())
        reach = np.maximum(stops - starts, tolerance)
        near = (top[:, None] >= starts - reach) & (top[:, None] < stops + reach)
        hits.append(near.any(axis=1).mean())
    return float(np.mean(hits))
