"""Labels for early warning."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np
from pandas.api.types import is_bool_dtype

from .._core import (
    LENGTH_OF_TIME,
    Interval,
    Labels,
    Rows,
    check_labels,
    check_target_index,
    find_events,
    is_length_of_time,
    is_polars,
    nanoseconds,
    read_series,
    require_dates,
    safe_indexing,
    validate_params,
)


@validate_params(
    {"shift_by": [Interval(Integral, 0, None, closed="left"), *LENGTH_OF_TIME]},
    prefer_skip_nested_validation=True,
)
def curve_shift(X: Rows, y: Labels, shift_by: int | str | timedelta = 2) -> tuple[Any, Any]:
    """Label the rows before each event instead of the event, to train a model that warns early.

    The ``shift_by`` rows before an event become anomalous and the rows of the event are dropped, series by series, as
    in the published treatment of the paper mill data [1]_. Do this before any split, evaluate with the shifted labels,
    and keep the index for `SlidingWindow`: dropped rows leave a hole in time.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Rows in time order; a panel is a frame with a (series, time) MultiIndex.
    y : array-like of shape (n_samples,)
        1 for the rows of events, else 0. Consecutive rows of events are one event.
    shift_by : int, str or timedelta, default=2
        Rows before an event to label, or the time before it, such as ``"4min"``, where the index of X has dates. 0
        changes nothing: events keep their rows and labels.

    Returns
    -------
    X_shifted : same type as X, of shape (n_rows_left, n_features)
        The rows without those of events, index kept.
    y_shifted : same type as y, of shape (n_rows_left,)
        1 for the rows before events, else 0.

    Raises
    ------
    ValueError
        If y has labels other than 0 and 1, ``shift_by`` is a length of time and X has no dates in its index, time is
        out of order or duplicated, X has lost a panel's index that y still has, or the indexes of X and y hold
        different series or times.

    Notes
    -----
    Fewer rows are labelled before an event near the start of a series, and none before one at the very start. If two
    events are closer than ``shift_by``, the rows between them are labelled, and the rows of the first event are
    dropped. Rows are counted regardless of the time between them, unless ``shift_by`` is a length of time.

    References
    ----------
    .. [1] C. Ranjan, M. Reddy, M. Mustonen, K. Paynabar, K. Pourak, "Dataset: rare event classification in
       multivariate time series", arXiv:1809.10717, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.preprocessing import curve_shift
    >>> X = np.arange(6).reshape(-1, 1)
    >>> X_shifted, y_shifted = curve_shift(X, np.array([0, 0, 0, 1, 1, 0]))
    >>> X_shifted.ravel(), y_shifted
    (array([0, 1, 2, 5]), array([0, 1, 1, 0]))
    """
    labels = check_labels(X, y)
    if not np.isin(labels, [0, 1]).all():
        raise ValueError(
            f"y must hold 0 and 1 only, got {np.unique(labels).tolist()}. Encode anomalies as 1."
        )
    check_target_index(X, y, np.inf)
    event = labels.astype(bool)
    rows = read_series(X)
    places, reach = np.arange(rows.n_rows), shift_by
    if is_length_of_time(shift_by):
        require_dates("shift_by", shift_by, rows)
        places, reach = rows.times, nanoseconds("shift_by", shift_by)  # type: ignore[assignment]
    warning = np.zeros(len(event), dtype=bool)
    for _, part in rows.parts():
        order, own = rows.order[part], places[part]
        onsets, _ = find_events(event[order])
        change = np.zeros(len(own) + 1, dtype=int)
        np.add.at(change, np.searchsorted(own, own[onsets] - reach), 1)
        np.add.at(change, onsets, -1)
        warning[order] = np.cumsum(change[:-1]) > 0
    keep = ~event if reach else np.ones(len(event), dtype=bool)
    shifted = (warning if reach else event).astype(labels.dtype)
    return safe_indexing(X, keep), safe_indexing(_like(y, shifted), keep)


def _like(y: Labels, labels: np.ndarray) -> Any:
    """Return labels with the type and shape of y."""
    if isinstance(y, list):
        return labels.tolist()
    if is_polars(y):
        return type(y)(y.name, labels)
    labels = labels.reshape(np.shape(y))
    if not hasattr(y, "loc"):
        return labels
    like_y = y.copy()
    like_y[:] = labels.astype(bool) if is_bool_dtype(y) else labels
    return like_y
