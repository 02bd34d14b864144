"""Volume under the surface: areas under curves with soft borders, averaged over the widths of the borders."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from .._core import Interval, Label, Labels, Scores, find_events, validate_params
from ._labelled_rows import COMMON, read_scores

_CONSTRAINTS = {
    **COMMON,
    "y_score": ["array-like"],
    "max_buffer": [Interval(Integral, 0, None, closed="left")],
    "n_thresholds": [Interval(Integral, 2, None, closed="left")],
}


@dataclass(frozen=True)
class _Surface:
    """Recall, false alarm rate and precision, each of shape (n_windows, n_thresholds), with decreasing thresholds."""

    recall: np.ndarray
    false_alarm_rate: np.ndarray
    precision: np.ndarray


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def vus_pr(
    y_true: Labels, y_score: Scores, *, max_buffer: int = 100, n_thresholds: int = 250, pos_label: Label = 1
) -> float:
    """Compute the volume under the precision-recall surface: average precision that tolerates a small lag.

    An alarm shortly before or after an anomalous range counts in part. A window sets how near the alarm must be, and
    the area under the precision-recall curve is averaged over all windows up to ``max_buffer`` [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_score`, has a (series, time) MultiIndex, each
        series has its own ranges and buffers, and the rows of all series are pooled. Otherwise all rows are one series.
    y_score : array-like of shape (n_samples,)
        Scores, larger is more anomalous, such as those of ``decision_function``.
    max_buffer : int, default=100
        The largest window, in rows: half a window before and after each range is its buffer. The period of the series
        is a usual choice. With 0 there are no buffers.
    n_thresholds : int, default=250
        Number of thresholds, at least 2: scores of evenly spaced ranks, from the largest to the smallest.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    score : float
        From 0 to 1, larger is better. A random detector gets about the mean soft label: the share of anomalous rows,
        plus a little for the buffers.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous or no normal row or more than two labels, `y_score` is not finite, their
        lengths or their (series, time) indexes differ, or time is out of order.

    See Also
    --------
    vus_roc : The same for the ROC curve.
    sklearn.metrics.average_precision_score : Without buffers, ranges and windows.

    Notes
    -----
    The definition is that of the benchmark TSB-AD [2]_ and of the faster implementation by the authors of [1]_. For
    each window ``w`` of 0 to ``max_buffer``:

    - Every anomalous range is extended by its buffers: ``w // 2`` rows before its first and after its last row,
      cut off at the ends of the series. Extended ranges that share a row are merged.
    - Anomalous rows have the soft label 1. A row of a buffer that is ``d`` rows away from the range has
      ``sqrt(1 - d / w)``. A row in the buffers of several ranges has the sum of these, but at most 1. Other rows have
      0.
    - A threshold finds the rows whose score is at least the threshold, so rows with equal scores are found together.
      The thresholds are the scores of rank ``floor(k (n - 1) / (n_thresholds - 1))`` in decreasing order, for
      ``k = 0, 1, ...`` and ``n`` rows. TP is the sum of the soft labels of the rows found.
    - P is the number of anomalous rows plus *half* the sum of the soft labels of the buffer rows that are found: alarms
      there raise the result, but missing alarms do not lower it.
    - Recall is ``min(TP / P, 1)`` times the share of merged ranges in which at least one row is found (the reward
      for existence). Precision is TP over the number of rows found. The false alarm rate is the number of rows
      found minus TP, over ``n - P``.
    - The area for precision and recall is a sum of rectangles, as in scikit-learn's average precision: the increases of
      recall, from 0, each times the precision at its end. The area for ROC is a sum of trapezoids from (0, 0) to (1,
      1).

    The result is the mean of the areas over all windows. It depends only on the order of the scores. Buffers count
    rows: gaps in time do not matter. With fewer thresholds than rows, even a perfect ranking can get a little less than
    1: some threshold finds the last anomalous and the first normal rows together.

    The authors' first implementation differs: its buffer after a range starts on the last row of the range, and so ends
    a row earlier.

    References
    ----------
    .. [1] J. Paparrizos et al., "Volume under the surface: a new accuracy evaluation measure for time-series anomaly
       detection", PVLDB 15(11), 2022.
    .. [2] Q. Liu, J. Paparrizos, "The elephant in the room: towards a reliable time-series anomaly detection
       benchmark", NeurIPS 2024.

    Examples
    --------
    The alarm comes two rows late. Average precision gives it no credit:

    >>> import numpy as np
    >>> from sklearn.metrics import average_precision_score
    >>> from sktsad.metrics import vus_pr
    >>> y = np.zeros(100, dtype=int)
    >>> y[50:55] = 1
    >>> late = np.zeros(100)
    >>> late[56] = 1
    >>> float(average_precision_score(y, late)), round(vus_pr(y, late, max_buffer=20), 3)
    (0.05, 0.228)

    To use it in a grid search, with ``y`` in time order:

    >>> from sklearn.metrics import make_scorer
    >>> scoring = make_scorer(vus_pr, response_method="decision_function", max_buffer=20)
    """
    surface = _surface(y_true, y_score, max_buffer, n_thresholds, pos_label)
    steps = np.diff(surface.recall, prepend=0.0)
    return float((steps * surface.precision).sum(axis=1).mean())


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def vus_roc(
    y_true: Labels, y_score: Scores, *, max_buffer: int = 100, n_thresholds: int = 250, pos_label: Label = 1
) -> float:
    """Compute the volume under the ROC surface: area under the ROC curve that tolerates a small lag.

    It is too optimistic if anomalies are rare, like the area under the ROC curve: prefer `vus_pr`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order; series as in `vus_pr`.
    y_score : array-like of shape (n_samples,)
        Scores, larger is more anomalous, such as those of ``decision_function``.
    max_buffer : int, default=100
        The largest window, in rows: half a window before and after each range is its buffer.
    n_thresholds : int, default=250
        Number of thresholds, at least 2.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    score : float
        From 0 to 1, larger is better. A random detector gets about 0.5, plus a little for the buffers.

    Raises
    ------
    ValueError
        As `vus_pr`.

    See Also
    --------
    vus_pr : The same for precision and recall, with the definition and references.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.metrics import vus_roc
    >>> y = np.zeros(100, dtype=int)
    >>> y[50:55] = 1
    >>> late = np.convolve(y, [0, 0, 1], mode="same")
    >>> round(vus_roc(y, late, max_buffer=0), 3), round(vus_roc(y, late, max_buffer=20), 3)
    (0.895, 0.947)
    """
    surface = _surface(y_true, y_score, max_buffer, n_thresholds, pos_label)
    recall, rate = (
        np.pad(values, ((0, 0), (1, 1)), constant_values=(0, 1))
        for values in (surface.recall, surface.false_alarm_rate)
    )
    return float(np.trapezoid(recall, rate).mean())


def _surface(
    y_true: Labels, y_score: Scores, max_buffer: int, n_thresholds: int, pos_label: Label
) -> _Surface:
    rows = read_scores(y_true, y_score, pos_label)
    positive, scores, sizes = rows.positive, rows.values, np.diff(rows.series.bounds)
    n = len(scores)
    # The first threshold that finds each row; everything below is computed from cumulative counts by threshold.
    ranks = np.arange(n_thresholds) * (n - 1) // (n_thresholds - 1)
    found_at = np.searchsorted(np.sort(-scores)[ranks], -scores)
    n_found = _count(found_at, n_thresholds).cumsum()
    n_hits = _count(found_at[positive], n_thresholds).cumsum()
    # Padding around each series, rows that no threshold finds, separates the series and keeps the buffers within
    # bounds.
    margin = max_buffer + 1
    place = np.arange(n) + margin * np.repeat(np.arange(1, len(sizes) + 1), sizes)
    padded_at = np.full(n + margin * (len(sizes) + 1), n_thresholds)
    padded_at[place] = found_at
    events = np.zeros(len(padded_at), dtype=bool)
    events[place] = positive
    starts, stops = find_events(events)
    existence = _existence(padded_at, starts, stops, max_buffer // 2, n_thresholds)
    in_buffers = _in_buffers(padded_at, events, starts, stops, max_buffer, n_thresholds)

    true_positives = n_hits + in_buffers
    p = positive.sum() + in_buffers / 2
    windows = np.arange(max_buffer + 1)
    return _Surface(
        recall=np.minimum(true_positives / p, 1) * existence[windows // 2],
        false_alarm_rate=(n_found - true_positives) / (n - p),
        precision=true_positives / n_found,
    )


def _count(found_at: np.ndarray, n_thresholds: int) -> np.ndarray:
    """Return how many of the rows each threshold is the first to find, without the padding."""
    return np.bincount(found_at, minlength=n_thresholds + 1)[:n_thresholds]


def _existence(
    found_at: np.ndarray, starts: np.ndarray, stops: np.ndarray, max_half: int, n_thresholds: int
) -> np.ndarray:
    """Return the share of merged ranges that are found, of shape (1 + max_half, n_thresholds)."""
    existence = np.empty((max_half + 1, n_thresholds))
    gaps = starts[1:] - stops[:-1]
    first = np.minimum.reduceat(found_at, np.column_stack([starts, stops]).ravel())[::2]
    for half in range(max_half + 1):
        if half:
            first = np.minimum(first, np.minimum(found_at[starts - half], found_at[stops - 1 + half]))
        merged = np.minimum.reduceat(first, np.flatnonzero(np.append(True, gaps >= 2 * half)))
        existence[half] = _count(merged, n_thresholds).cumsum() / len(merged)
    return existence


def _in_buffers(
    found_at: np.ndarray,
    events: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    max_buffer: int,
    n_thresholds: int,
) -> np.ndarray:
    """Return the sums of soft labels found outside the ranges, of shape (1 + max_buffer, n_thresholds).

    Two soft labels of one row add up to more than 1, as each is at least sqrt(1/2). So only the two ranges nearest to a
    row matter: the row counts in part if the buffer of one of them reaches it, and fully if both do.
    """
    max_half = max_buffer // 2
    far = len(events) + max_half
    rows = np.flatnonzero(~events & (found_at < n_thresholds))
    after = np.searchsorted(starts, rows)  # number of the next range
    last_rows = np.append([-far, -far], stops - 1)
    first_rows = np.append(starts, [far + far, far + far])
    back, ahead = rows - last_rows[after + 1], first_rows[after] - rows
    nearest = np.minimum(back, ahead)
    near = nearest <= max_half
    rows, after, nearest = rows[near], after[near], nearest[near]
    second = np.minimum(np.maximum(back, ahead)[near], rows - last_rows[after])
    second = np.minimum(second, first_rows[after + 1] - rows)

    cells = nearest * n_thresholds + found_at[rows]
    in_part = np.bincount(cells, minlength=(max_half + 1) * n_thresholds).astype(np.float64)
    in_full = np.zeros(n_thresholds)
    by_second = np.argsort(second)
    bounds = np.searchsorted(second[by_second], np.arange(max_half + 2))
    sums = np.empty((max_buffer + 1, n_thresholds))
    for window in range(max_buffer + 1):
        half = window // 2
        if window % 2 == 0:
            turned = by_second[bounds[half] : bounds[half + 1]]
            in_part -= np.bincount(cells[turned], minlength=len(in_part))
            in_full += _count(found_at[rows[turned]], n_thresholds)
        soft = np.sqrt(1 - np.arange(1, half + 1) / window) if half else np.empty(0)
        sums[window] = in_full + soft @ in_part.reshape(-1, n_thresholds)[1 : half + 1]
    return sums.cumsum(axis=1)
