"""The metrics of a score in one table, with intervals and the values of a random score."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, column_or_1d

from .._core import (
    DURATION,
    LEAST_DURATION,
    RANDOM_STATE,
    AlarmRule,
    Interval,
    Label,
    Labels,
    Scores,
    Seed,
    check_same_index,
    is_panel,
    places,
    row_index,
    validate_params,
)
from ._block_metrics import BlockMetrics
from ._blocks import cut_blocks
from ._labelled_rows import COMMON, DELAY, LabelledRows, read_scores, with_time

_NANOSECONDS_PER_DAY = 86_400 * 10**9
#: A hole longer than this number of time steps counts as missing rows; this is also the default of `SlidingWindow`.
_MAX_GAP = 3
_THRESHOLD = [Interval(Real, None, None, closed="both")]
_CONSTRAINTS = {
    **COMMON,
    "max_delay": DELAY,
    "block_length": [*LEAST_DURATION, None],
    "n_bootstrap": [Interval(Integral, 0, None, closed="left")],
    "confidence": [Interval(Real, 0, 1, closed="neither")],
    "merge_gap": [*DURATION, None],
    "random_state": RANDOM_STATE,
}


@validate_params(
    {**_CONSTRAINTS, "y_score": ["array-like"], "threshold": _THRESHOLD}, prefer_skip_nested_validation=True
)
def detection_report(
    y_true: Labels,
    y_score: Scores,
    threshold: float = 0.0,
    *,
    max_delay: int | str | timedelta = 7,
    block_length: int | str | timedelta | None = None,
    n_bootstrap: int = 500,
    confidence: float = 0.95,
    merge_gap: int | str | timedelta | None = None,
    random_state: Seed = 0,
    pos_label: Label = 1,
) -> pd.DataFrame:
    """Compute the metrics of a score, with their intervals and the values of a random score.

    The intervals come from a bootstrap of blocks: the rows of one event stay together, since they are found or missed
    together. A bootstrap of rows would treat an event of a thousand rows as a thousand independent ones, and its
    intervals would be far too narrow.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes, in time order. If it, or otherwise `y_score`, has a (series, time) MultiIndex, each
        series has its own events and blocks, and the rows of all series are pooled. Otherwise all rows are one series.
        False alarms are counted per day if the index has dates.
    y_score : array-like of shape (n_samples,)
        Scores, larger is more anomalous, such as those of ``decision_function``.
    threshold : float, default=0.0
        Rows with a larger score are alarms. Choose it on other rows.
    max_delay : int, str or timedelta, default=7
        For F1 within delay: the number of rows after its first row in which an event must be found, or a length of
        time, such as ``"7min"``, if the index has dates.
    block_length : int, str or timedelta, default=None
        Approximate number of rows in a block of normal rows, or how long it lasts, if the index has dates. Several
        times the number of rows that one score depends on, such as the length of the window, is enough. None means the
        square root of the number of rows.
    n_bootstrap : int, default=500
        Number of bootstrap draws. With 0 there are no intervals.
    confidence : float, default=0.95
        How often the interval should contain the true value; above 0 and below 1.
    merge_gap : int, timedelta or str, default=None
        False alarms with at most this number of quiet rows, or this length of time, between them count as one, as in
        `sktsad.postprocessing.alarms`. None means half an hour if the index has dates, else 0 rows.
    random_state : int, RandomState instance or None, default=0
        Controls which blocks are drawn.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    report : DataFrame
        One row per metric, see the notes, with the columns

        - ``value``: the value of the metric.
        - ``low``, ``high``: its interval. NaN for rows that describe the labels, and everywhere if there is only one
          event or one normal block, which says nothing about others.
        - ``random``: the expected value for a random score; NaN if there is none.

    Raises
    ------
    ValueError
        If `y_true` has no anomalous or no normal row or more than two labels, `y_score` is not finite, their
        lengths or their (series, time) indexes differ, or time is out of order.

    See Also
    --------
    compare : Compares two scores on the same rows.
    random_baseline : The value of any metric for a random score.
    delay_f_score, event_precision_recall_f : F1 within delay, and event recall, of predictions.
    vus_pr : Precision and recall with soft borders. It is not in the report, since its buffers reach across blocks, so
        that it cannot be computed from weights of blocks.

    Notes
    -----
    The metrics:

    - rows, events, prevalence: number of rows; number of events, that is runs of anomalous rows; share of the rows
      that are anomalous.
    - threshold: as given.
    - share alarmed: share of the rows that are alarms.
    - precision, recall, F1: of rows, at the threshold. Without any alarm, precision is 0.
    - best F1: at the best threshold for these same rows. It is an upper bound of F1, not an estimate.
    - average precision, ROC AUC: as scikit-learn defines them.
    - F1 within delay: F1 if all rows of an event count as found with an alarm in its first ``max_delay + 1`` rows, and
      as missed otherwise, even with later alarms. This is the rule of the AIOps challenge [1]_.
    - events found, event recall: number and share of the events with an alarm in any of their rows.
    - false alarms per day: runs of alarms on normal rows, with runs within ``merge_gap`` as one, divided by the days
      that the normal rows of all series cover together (their number times the most frequent step of their series). An
      alarm that continues after its event counts as well, for its rows after the event; `event_precision_recall_f` with
      ``precision="events"`` does not count it. If the index has no dates, it is false alarms per 1,000 normal rows.

    A bootstrap draw [2]_ draws events with replacement from all events of all series, as many as there are, and blocks
    of normal rows in the same way. The interval lies between two quantiles of the draws. It shows how much a metric
    depends on which events and normal rows happened to occur, for the given model and threshold; it does not show how
    much another training run would change the metric. It is wide if there are few events, and with fewer than about
    twenty still too narrow: in simulations, intervals of a nominal 90 % contained the true value in 70 to 83 % of cases
    with five events, in 85 to 90 % with forty. Draws contain only what has occurred: if all events are found, the
    interval of event recall is from 1 to 1, however few events there are.

    The column ``random`` is the expected value for a score with the same number of alarms, independent for each row;
    for ratios, the expected numerator divided by the expected denominator. For best F1 it is the value of an alarm on
    every row, ``2 p / (1 + p)`` at prevalence ``p``, which is the best of all random alarms; for average precision it
    is ``p``.

    References
    ----------
    .. [1] H. Ren et al., "Time-series anomaly detection service at Microsoft", KDD 2019.
    .. [2] H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics
       17(3), 1989.

    Examples
    --------
    Eight events, a week apart, most of them found, some late:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from sktsad.metrics import detection_report
    >>> hours = pd.date_range("2024-01-01", periods=1344, freq="h")
    >>> y = pd.Series(0, index=hours)
    >>> score = np.random.default_rng(0).normal(-3, 1, size=len(y))
    >>> for start, delay in zip(range(100, 1344, 168), [0, 0, 1, 1, 2, 3, 9, 12]):
    ...     y.iloc[start : start + 12] = 1
    ...     score[start + delay : start + 12] += 4
    >>> detection_report(y, score).round(2)
                            value   low  high  random
    rows                  1344.00   NaN   NaN     NaN
    events                   8.00   NaN   NaN     NaN
    prevalence               0.07   NaN   NaN     NaN
    threshold                0.00   NaN   NaN     NaN
    share alarmed            0.04  0.03  0.06    0.04
    precision                0.98  0.94  1.00    0.07
    recall                   0.57  0.37  0.75    0.04
    F1                       0.72  0.54  0.86    0.05
    best F1                  0.79  0.59  0.92    0.13
    average precision        0.74  0.52  0.92    0.07
    ROC AUC                  0.85  0.73  0.95    0.50
    F1 within delay          0.85  0.65  1.00    0.32
    events found             7.00  5.00  8.00    3.20
    event recall             0.88  0.62  1.00    0.40
    false alarms per day     0.02  0.00  0.06    0.96
    """
    y_true = with_time(_with_series(y_true, y_score), y_score, max_delay, block_length)
    rows = read_scores(y_true, y_score, pos_label)
    blocks = cut_blocks(rows, block_length)
    metrics = BlockMetrics(rows, blocks, threshold, max_delay, _days(rows), *_calls(rows, merge_gap))
    value = metrics.at(blocks.once())
    draws = [metrics.at(weights) for weights in blocks.draws(n_bootstrap, random_state)]
    facts = {
        "rows": blocks.n_rows,
        "events": metrics.n_events,
        "prevalence": metrics.prevalence,
        "threshold": threshold,
    }
    low, high = _interval(pd.DataFrame(draws), confidence)
    columns = {"value": {**facts, **value}, "low": low, "high": high, "random": metrics.random()}
    return pd.DataFrame(columns, index=[*facts, *value])


@validate_params(
    {
        **_CONSTRAINTS,
        "score_a": ["array-like"],
        "score_b": ["array-like"],
        "threshold_a": _THRESHOLD,
        "threshold_b": _THRESHOLD,
    },
    prefer_skip_nested_validation=True,
)
def compare(
    y_true: Labels,
    score_a: Scores,
    score_b: Scores,
    threshold_a: float = 0.0,
    threshold_b: float = 0.0,
    *,
    max_delay: int | str | timedelta = 7,
    block_length: int | str | timedelta | None = None,
    n_bootstrap: int = 500,
    confidence: float = 0.95,
    merge_gap: int | str | timedelta | None = None,
    random_state: Seed = 0,
    pos_label: Label = 1,
) -> pd.DataFrame:
    """Compare two scores on the same rows: the differences of their metrics, with intervals.

    Both are evaluated on the same bootstrap draws. Events that are hard for both cancel out, so that a difference can
    be clear even if the intervals of the two scores overlap.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order; series as in `detection_report`.
    score_a, score_b : array-like of shape (n_samples,)
        Scores, larger is more anomalous. They need not have the same scale.
    threshold_a, threshold_b : float, default=0.0
        Rows with a larger score are alarms.
    max_delay : int, str or timedelta, default=7
        For F1 within delay: the number of rows after its first row in which an event must be found, or a length of
        time, such as ``"7min"``, if the index has dates.
    block_length : int, str or timedelta, default=None
        Approximate number of rows in a block of normal rows, or how long it lasts, if the index has dates. None means
        the square root of the number of rows.
    n_bootstrap : int, default=500
        Number of bootstrap draws. With 0 there are no intervals.
    confidence : float, default=0.95
        How often the interval should contain the true value; above 0 and below 1.
    merge_gap : int, timedelta or str, default=None
        False alarms with at most this number of quiet rows, or this length of time, between them count as one, as in
        `sktsad.postprocessing.alarms`. None means half an hour if the index has dates, else 0 rows.
    random_state : int, RandomState instance or None, default=0
        Controls which blocks are drawn.
    pos_label : int, float, bool or str, default=1
        The label of anomalies.

    Returns
    -------
    comparison : DataFrame
        One row per metric of `detection_report`, with the columns ``a``, ``b``, ``difference``, which is b minus a, and
        ``low`` and ``high``, the interval of the difference. If the interval does not contain 0, the difference does
        not depend on which events happened to occur; among many metrics, one interval may miss 0 by chance.

    Raises
    ------
    ValueError
        As `detection_report`.

    See Also
    --------
    detection_report : Reports on one score, with the definitions.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.metrics import compare
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile(np.repeat([0, 1], [190, 10]), 25)
    >>> visible = np.repeat(rng.uniform(0, 4, size=25), 200)
    >>> clear = y * visible + rng.normal(-2, 1, size=len(y))
    >>> noisy = clear + rng.normal(0, 1, size=len(y))
    >>> compare(y, noisy, clear).round(2)
                                     a      b  difference    low   high
    share alarmed                 0.10   0.05       -0.05  -0.06  -0.05
    precision                     0.26   0.57        0.31   0.25   0.36
    recall                        0.52   0.53        0.01  -0.04   0.06
    F1                            0.34   0.55        0.20   0.15   0.25
    best F1                       0.40   0.58        0.18   0.13   0.22
    average precision             0.40   0.58        0.19   0.14   0.23
    ROC AUC                       0.80   0.85        0.04   0.02   0.06
    F1 within delay               0.50   0.70        0.20   0.11   0.26
    events found                 21.00  20.00       -1.00  -5.00   2.00
    event recall                  0.84   0.80       -0.04  -0.20   0.08
    false alarms per 1,000 rows  74.11  20.84      -53.26 -59.43 -47.11
    """
    y_true = _with_series(y_true, score_a, score_b)
    for score in (score_a, score_b):
        y_true = with_time(y_true, score, max_delay, block_length)
    rows_a, rows_b = (
        read_scores(y_true, scores, pos_label, name)
        for name, scores in (("score_a", score_a), ("score_b", score_b))
    )
    blocks, days = cut_blocks(rows_a, block_length), _days(rows_a)
    place, rule = _calls(rows_a, merge_gap)
    a = BlockMetrics(rows_a, blocks, threshold_a, max_delay, days, place, rule)
    b = BlockMetrics(rows_b, blocks, threshold_b, max_delay, days, place, rule)
    once = blocks.once()
    table = pd.DataFrame({"a": a.at(once), "b": b.at(once)})
    table["difference"] = table["b"] - table["a"]
    draws = [(a.at(weights), b.at(weights)) for weights in blocks.draws(n_bootstrap, random_state)]
    of_a, of_b = (pd.DataFrame([pair[i] for pair in draws]) for i in (0, 1))
    table["low"], table["high"] = _interval(of_b - of_a, confidence)
    return table


def _interval(draws: pd.DataFrame, confidence: float) -> tuple[pd.Series, pd.Series]:
    """Return the lower and upper quantile of each column of the draws; NaN without draws."""
    outside = (1 - confidence) / 2
    return draws.quantile(outside), draws.quantile(1 - outside)


def _with_series(y_true: Labels, *scores: Scores) -> Any:
    """Return the labels, with the (series, time) index of the scores if only these have one."""
    index = next((row_index(score) for score in scores if is_panel(score)), None)
    if index is None or is_panel(y_true):
        return y_true
    check_consistent_length(y_true, *scores)
    for score in scores:
        check_same_index(y_true, score, "y_true", "the scores")
    return pd.Series(column_or_1d(y_true), index=index)


def _days(rows: LabelledRows) -> np.ndarray | None:
    """Return how many days each row lasts; None if no normal row has dates that show this."""
    if not rows.series.has_dates:
        return None
    # A series of one row has no time step, so its row adds nothing.
    steps = np.nan_to_num(rows.series.steps()) / _NANOSECONDS_PER_DAY
    days = np.repeat(steps, np.diff(rows.series.bounds))
    return days if days[~rows.positive].any() else None


def _calls(rows: LabelledRows, merge_gap: Any) -> tuple[np.ndarray, AlarmRule]:
    """Return the position of each row in time, and the rule that says which false alarms count as one."""
    steps = rows.series.steps()
    rule = AlarmRule.read(rows.series, steps if rows.series.has_dates else None, merge_gap)
    return places(rows.series, _MAX_GAP, steps), rule
