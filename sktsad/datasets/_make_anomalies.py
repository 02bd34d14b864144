"""Labelled anomalies of known kinds, inserted into your own series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array, check_random_state

from .._core import (
    LEAST_DURATION,
    RANDOM_STATE,
    Interval,
    Rows,
    duration_in_rows,
    read_series,
    row_index,
    validate_params,
)
from ._dataset import ANOMALY

#: For each kind, a function that returns new values for some rows of a column; its arguments are the column, the start
#: and stop of these rows, the size of the change in units of the column, and a random number generator.
_KINDS: dict[str, Any] = {
    "spike": lambda values, start, stop, size, rng: values[start:stop] + rng.choice([-1, 1]) * size,
    "level_shift": lambda values, start, stop, size, rng: values[start:stop] + rng.choice([-1, 1]) * size,
    "drift": lambda values, start, stop, size, rng: (
        values[start:stop] + rng.choice([-1, 1]) * size * np.arange(1, stop - start + 1) / (stop - start)
    ),
    "noise": lambda values, start, stop, size, rng: values[start:stop] + rng.normal(0, size, stop - start),
    "flat": lambda values, start, stop, size, rng: np.full(stop - start, values[start]),
    "amplitude": lambda values, start, stop, size, rng: _stretched(
        values[start:stop], rng.choice([0.3, 2.0])
    ),
    "reverse": lambda values, start, stop, size, rng: values[start:stop][::-1],
    "speed": lambda values, start, stop, size, rng: _replayed(values, start, stop, rng.choice([0.5, 2.0])),
}


@validate_params(
    {
        "X": ["array-like"],
        "kinds": [list, tuple],
        "n_events": [Interval(Integral, 1, None, closed="left")],
        "length": LEAST_DURATION,
        "size": [Interval(Real, 0, None, closed="neither")],
        "n_columns": [Interval(Integral, 1, None, closed="left"), None],
        "return_kinds": ["boolean"],
        "random_state": RANDOM_STATE,
    },
    prefer_skip_nested_validation=True,
)
def make_anomalies(
    X: Rows,
    kinds: Sequence[str] = tuple(_KINDS),
    *,
    n_events: int = 5,
    length: int | str | timedelta = 20,
    size: float = 1.5,
    n_columns: int | None = 1,
    return_kinds: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[Any, ...]:
    """Insert labelled anomalies of known kinds into your own series, to see which of them a detector finds.

    Without labels, you cannot measure how good a detector is. Inserted anomalies show which kinds it finds in *these*
    series, with their seasons and noise, but not whether real anomalies will be of these kinds.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Rows in time order, without known anomalies; a panel is a frame with a (series, time) MultiIndex.
    kinds : list or tuple of str, default=all
        Kinds of events, used in turn in random order:

        - "spike": one row, ``size`` up or down;
        - "level_shift": all rows of the event, ``size`` up or down;
        - "drift": the distance grows with each row, up to ``size``;
        - "noise": normal noise with a standard deviation of ``size``;
        - "flat": all rows have the value of the first;
        - "amplitude": distances from the mean of the event are multiplied by 0.3 or 2;
        - "reverse": the rows in reverse order;
        - "speed": the rows at half or twice their speed.
    n_events : int, default=5
        Number of events in each series.
    length : int, str or timedelta, default=20
        Number of rows of an event, or how long it lasts, if the index has dates; a spike has one row.
    size : float, default=1.5
        Size of spikes, shifts, drifts and noise, in standard deviations of the column in its series.
    n_columns : int or None, default=1
        Number of columns that an event changes, drawn at random for each event; None means all.
    return_kinds : bool, default=False
        Whether to return the kind of each row as well.
    random_state : int, RandomState instance or None, default=None
        Controls the random numbers. Pass an int for the same events in each call.

    Returns
    -------
    X : DataFrame or ndarray of shape (n_samples, n_features)
        A copy of the rows with the events, in float64, with the same index and columns.
    y : Series or ndarray of shape (n_samples,)
        1 for the rows of events, 0 for others. An event that changes nothing, such as a flat one in a constant part of
        the series, is left out.
    kind : Series or ndarray of shape (n_samples,)
        Name of the kind, "" for rows outside events; only with ``return_kinds=True``.

    Raises
    ------
    ValueError
        If ``kinds`` names an unknown kind or none, ``length`` is a length of time and X has no dates, values are
        missing or infinite, or the events do not fit: each needs a separate part of the series, of at least three times
        its length.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.datasets import make_anomalies
    >>> X = np.sin(np.arange(1000) / 5).reshape(-1, 1) + np.random.default_rng(0).normal(
    ...     0, 0.05, (1000, 1)
    ... )
    >>> X_test, y, kind = make_anomalies(
    ...     X, ["flat", "speed"], return_kinds=True, random_state=0
    ... )
    >>> int(y.sum())
    100
    >>> sorted(set(kind[y == 1].tolist()))
    ['flat', 'speed']
    """
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown or not kinds:
        raise ValueError(f"kinds={kinds!r} must contain at least one of {list(_KINDS)}, and nothing else.")
    rng = check_random_state(random_state)
    series = read_series(X)
    values = check_array(X, dtype=np.float64, copy=True, input_name="X")
    kind = np.full(len(values), "", dtype=object)
    steps = series.steps() if series.has_dates else None
    of_row = np.broadcast_to(
        duration_in_rows("length", length, steps, np.diff(series.bounds), least=1), len(values)
    )
    for key, part in series.parts():
        rows, n_rows = series.order[part], int(of_row[part][0])
        if len(rows) < 3 * n_rows * n_events:
            which = "X" if key is None else f"series {key!r}"
            raise ValueError(
                f"n_events={n_events} of length={length!r} do not fit into {which} with {len(rows)} rows: each event "
                f"needs {3 * n_rows} rows. Lower n_events or length, or pass more rows."
            )
        turns = [kinds[number % len(kinds)] for number in range(n_events)]
        rng.shuffle(turns)
        values[rows], kind[rows] = _with_events(values[rows], turns, n_rows, size, n_columns, rng)
    y: Any = (kind != "").astype(np.int64)
    index = row_index(X)
    if index is None:
        return (values, y, kind.astype(str)) if return_kinds else (values, y)
    frame = pd.DataFrame(values, index, getattr(X, "columns", None))
    y = pd.Series(y, index, name=ANOMALY)
    return (frame, y, pd.Series(kind, index, name="kind")) if return_kinds else (frame, y)


def _with_events(
    values: np.ndarray, turns: list[str], length: int, size: float, n_columns: int | None, rng: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return one series, divided into equal parts with one event in each, and the kind of each row."""
    changed, kind = values.copy(), np.full(len(values), "", dtype=object)
    unit = values.std(axis=0)
    unit[unit == 0] = 1
    bounds = np.linspace(0, len(values), len(turns) + 1).astype(int)
    for name, low, high in zip(turns, bounds[:-1], bounds[1:], strict=True):
        n_rows = 1 if name == "spike" else length
        # An event may read the rows that come after it, so leave some before the next one.
        start = rng.randint(low, high - 2 * length + 1)
        stop = start + n_rows
        chosen = rng.permutation(values.shape[1])[:n_columns]
        for column in chosen:
            changed[start:stop, column] = _KINDS[name](
                values[:, column], start, stop, size * unit[column], rng
            )
        if (changed[start:stop] != values[start:stop]).any():
            kind[start:stop] = name
    return changed, kind


def _stretched(values: np.ndarray, factor: float) -> np.ndarray:
    return values.mean() + factor * (values - values.mean())


def _replayed(values: np.ndarray, start: int, stop: int, speed: float) -> np.ndarray:
    return np.interp(start + speed * np.arange(stop - start), np.arange(len(values)), values)
