"""The value of a metric that a random score gets."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state, column_or_1d

from .._core import RANDOM_STATE, Interval, Labels, Seed, validate_params
from ._labelled_rows import read_scores


@validate_params(
    {
        "y_true": ["array-like"],
        "metric": [callable],
        "n_draws": [Interval(Integral, 2, None, closed="left")],
        "random_state": RANDOM_STATE,
    },
    prefer_skip_nested_validation=True,
)
def random_baseline(
    y_true: Labels,
    metric: Callable[..., float],
    *,
    n_draws: int = 10,
    random_state: Seed = None,
    **options: Any,
) -> float:
    """Compute the value of a metric for a random score, to report with every other result.

    For some metrics, a random score gets nearly 0, for others a lot: with point adjustment it gets more than published
    models [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Two labels, rows in time order. Passed to the metric unchanged, with its index.
    metric : callable
        A function of scikit-learn or of `sktsad.metrics`, ``metric(y_true, y_score)`` or ``metric(y_true, y_pred)``,
        whose larger values are better. The name of its second parameter says which of the two it needs.
    n_draws : int, default=10
        Number of random scores, at least 2.
    random_state : int, RandomState instance or None, default=None
        Controls the random scores.
    **options : dict
        Further arguments of the metric, such as ``pos_label``. ``functools.partial`` works as well.

    Returns
    -------
    score : float
        If the metric needs scores, its mean over random scores. If it needs predictions, they are those of a random
        score at the best threshold.

    Raises
    ------
    TypeError
        If the second parameter of `metric` is neither ``y_score`` nor ``y_pred``.
    ValueError
        If `y_true` has no anomalous or no normal row or more than two labels, or time is out of order.

    See Also
    --------
    detection_report : Many metrics, with those of a random score.

    Notes
    -----
    A random score is drawn for each row independently, uniform from 0 to 1. Predictions come from the thresholds that
    give 1, 2, 4, 8, ... alarms, as many alarms as anomalies, and an alarm on every row. The result is the mean over
    draws at the best of these thresholds: the one whose mean minus two standard errors is largest. The largest mean
    alone may be chance, and is four times too large if there is a single anomaly. For F1 at prevalence ``p``, an alarm
    on every row is best, which gives ``2 p / (1 + p)``. Metrics that depend on few events need more draws. A draw takes
    about ``log2(n_samples)`` calls of the metric.

    The anomaly is the ``pos_label`` of the metric, or the larger label if it has none.

    References
    ----------
    .. [1] S. Kim et al., "Towards a rigorous evaluation of time-series anomaly detection", AAAI 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.metrics import average_precision_score, f1_score
    >>> from sktsad.metrics import random_baseline
    >>> y = np.zeros(2000, dtype=int)
    >>> y[500:600] = 1
    >>> round(random_baseline(y, f1_score, random_state=0), 3)  # 2 * 0.05 / 1.05
    0.095
    >>> round(random_baseline(y, average_precision_score, random_state=0), 3)
    0.052
    """
    metric = partial(metric, **options)
    parameters = inspect.signature(metric).parameters
    wanted = list(parameters)[1] if len(parameters) > 1 else None
    if wanted not in ("y_score", "y_pred"):
        raise TypeError(
            "The second parameter of metric must be named y_score or y_pred, to say whether it takes scores or "
            f"labels, got {wanted!r}. Wrap it: lambda y_true, y_score: metric(y_true, y_score)."
        )
    labels = np.unique(column_or_1d(y_true))
    pos_label = parameters["pos_label"].default if "pos_label" in parameters else max(labels, default=1)
    rows = read_scores(y_true, np.zeros(len(y_true)), pos_label)
    random = check_random_state(random_state)
    n_rows, n_positive = len(rows.positive), int(rows.positive.sum())
    if wanted == "y_score":
        return float(np.mean([metric(y_true, random.random_sample(n_rows)) for _ in range(n_draws)]))

    label_of = labels if labels[1] == pos_label else labels[::-1]
    n_alarms = np.union1d(2 ** np.arange(n_rows.bit_length()), [n_positive, n_rows])
    scores = []
    for _ in range(n_draws):
        rank = random.permutation(n_rows)
        scores.append([metric(y_true, label_of[(rank < n).astype(np.int64)]) for n in n_alarms])
    table = np.array(scores)
    mean, error = table.mean(axis=0), table.std(axis=0, ddof=1) / np.sqrt(n_draws)
    return float(mean[np.argmax(mean - 2 * error)])
