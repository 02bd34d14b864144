"""Which rows are one series, in time order, without a gap: the only reader of the index."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import _num_samples

LOST_INDEX_MEND = (
    "Keep the index: call .set_output(transform='pandas') on each step before this one "
    "(e.g. StandardScaler().set_output(transform='pandas')), or use SeriesScaler, which keeps it."
)


@dataclass(frozen=True)
class SeriesRows:
    """The rows of a table, read as one or several series in time order.

    Attributes
    ----------
    keys : list
        The name of each series; ``[None]`` for a single one.
    bounds : ndarray of shape (n_series + 1,)
        Series ``i`` is ``order[bounds[i]:bounds[i + 1]]``.
    order : ndarray of shape (n_rows,)
        Row positions, series by series, in time order.
    times : ndarray of shape (n_rows,) or None
        Time of the rows in that order, as numbers; None where rows carry no time.
    """

    keys: list[Hashable]
    bounds: np.ndarray
    order: np.ndarray
    times: np.ndarray | None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.order)

    def parts(self) -> list[tuple[Hashable, slice]]:
        """Return the key of each series with its slice of ``order`` and ``times``."""
        ends = self.bounds.tolist()
        return [(key, slice(ends[i], ends[i + 1])) for i, key in enumerate(self.keys)]

    def steps(self, known: dict[Hashable, float] | None = None) -> np.ndarray:
        """Return the time step of each series: the one in ``known``, else its own modal step.

        A clock that jitters has no modal step worth the name, its median stands in. NaN means that
        there is none (a single row, or rows without time).
        """
        known = known or {}
        out = np.full(len(self.keys), np.nan)
        for i, (key, part) in enumerate(self.parts()):
            if not np.isnan(known.get(key, np.nan)):
                out[i] = known[key]
            elif self.times is not None and part.stop - part.start > 1:
                out[i] = modal_step(np.diff(self.times[part]))
        return out

    def segment_starts(self, max_gap: float, steps: np.ndarray) -> np.ndarray:
        """Return where segments start in ``order``: at each new series, and behind each gap.

        A gap is a hole of more than ``max_gap`` time steps.
        """
        starts = np.zeros(self.n_rows, dtype=bool)
        starts[self.bounds[:-1]] = True
        if self.times is not None:
            limits = np.repeat(max_gap * steps, np.diff(self.bounds))[1:]
            starts[1:] |= np.diff(self.times) > limits
        return np.flatnonzero(starts)


def modal_step(differences: np.ndarray) -> float:
    """Return the most frequent time step; the median where none makes up a third of all."""
    values, counts = np.unique(differences, return_counts=True)
    most = int(np.argmax(counts))
    return float(values[most] if 3 * counts[most] >= len(differences) else np.median(differences))


def is_panel(X: Any) -> bool:
    """Tell whether ``X`` carries a (series, time) MultiIndex."""
    return isinstance(getattr(X, "index", None), pd.MultiIndex)


def read_series(X: Any, series: str = "auto") -> SeriesRows:
    """Read which rows of ``X`` are one series, in time order.

    Parameters
    ----------
    X : array-like, or anything with a pandas ``index``
        A MultiIndex is (series, time). A plain index of numbers or dates is the time of one series.
        Any other index, or none, says nothing: one series, rows in time order, no gap.
    series : {"auto", "index"}, default="auto"
        "index" insists on the MultiIndex.

    Raises
    ------
    ValueError
        If the index is missing although it is insisted on, has not two levels, or if time is missing,
        out of order or duplicated within a series.
    """
    index = getattr(X, "index", None)
    if is_panel(X):
        return _read_panel(index)
    if series == "index":
        raise ValueError(
            f"series='index' needs rows with a (series, time) MultiIndex, got {type(X).__name__} without "
            f"one. {LOST_INDEX_MEND}"
        )
    n_rows = _num_samples(X)
    times = _as_numbers(index) if isinstance(index, pd.Index) else None
    rows = SeriesRows([None], np.array([0, n_rows]), np.arange(n_rows), times)
    _check_time_order(rows, index)
    return rows


def _read_panel(index: Any) -> SeriesRows:
    if index.nlevels != 2:
        raise ValueError(
            f"A panel has a MultiIndex of two levels, (series, time); got {index.nlevels} levels: "
            f"{list(index.names)}. Join the levels that name the series into one."
        )
    if (index.codes[0] < 0).any() or (index.codes[1] < 0).any():
        raise ValueError("The (series, time) index has missing values. Drop or name these rows.")
    stamps = _as_numbers(index.levels[1])
    if stamps is None:
        raise ValueError(
            f"Time, the second level of the index, must be numbers or dates, got {index.levels[1].dtype}. "
            "Convert it with pandas.to_datetime."
        )
    codes, found = pd.factorize(index.codes[0])
    keys = index.levels[0][found].tolist()
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
    else:
        order = np.arange(len(codes))
    bounds = np.searchsorted(codes, np.arange(len(keys) + 1))
    rows = SeriesRows(keys, bounds, order, stamps[index.codes[1]][order])
    _check_time_order(rows, index)
    return rows


def _as_numbers(index: pd.Index) -> np.ndarray | None:
    """Return time as numbers, or None where the index is no time."""
    if isinstance(index, pd.DatetimeIndex):
        if index.hasnans:
            raise ValueError("The time index has missing values (NaT). Drop these rows.")
        return np.asarray(index.astype("int64"))
    if pd.api.types.is_bool_dtype(index.dtype) or not pd.api.types.is_numeric_dtype(index.dtype):
        return None
    times = np.asarray(index)
    if times.dtype.kind == "f" and not np.isfinite(times).all():
        raise ValueError("The time index has missing or infinite values. Drop these rows.")
    return times


def _check_time_order(rows: SeriesRows, index: pd.Index | None) -> None:
    if rows.times is None or index is None:
        return
    back = np.diff(rows.times) <= 0
    back[rows.bounds[1:-1] - 1] = False  # from one series to the next, time may jump back
    if back.any():
        at = int(np.argmax(back))
        where = index[rows.order[at + 1]]
        what = "duplicated" if rows.times[at] == rows.times[at + 1] else "out of order"
        raise ValueError(
            f"Time is {what} at {where!r}: the rows of a series must be in time order, each stamp once. Sort "
            "with X.sort_index(), drop duplicates with X[~X.index.duplicated()] (y alike), put samplers after "
            "the window, and split without shuffling."
        )


def check_target_index(X: Any, y: Any, max_gap: float) -> str | None:
    """Find by y's index what X, an array, has lost; return a warning where X may do without.

    Raises
    ------
    ValueError
        If y has a (series, time) index and X has none, or if y's index shows rows out of time order.
    """
    if isinstance(getattr(X, "index", None), pd.Index) or not isinstance(getattr(y, "index", None), pd.Index):
        return None
    if is_panel(y):
        raise ValueError(
            "y has a (series, time) index, X has lost it: windows would run across series. " + LOST_INDEX_MEND
        )
    rows = read_series(y)
    holes = len(rows.segment_starts(max_gap, rows.steps())) - 1
    if not holes:
        return None
    return (
        f"y's index shows {holes} gap(s) in time that X, an array, has lost: windows run across them. "
        + LOST_INDEX_MEND
    )


def tail_mask(X: Any, fraction: float) -> np.ndarray:
    """Mark the last ``fraction`` of the rows of every series in time.

    Parameters
    ----------
    X : array-like, or anything with a pandas ``index``
        Without a panel's index the rows are one series, in the order given.
    fraction : float
        Share of each series' rows, rounded down.

    Returns
    -------
    mask : ndarray of bool, shape (n_rows,)
    """
    if is_panel(X):
        rows = _read_panel(X.index)
    else:
        n_rows = _num_samples(X)
        rows = SeriesRows([None], np.array([0, n_rows]), np.arange(n_rows), None)
    mask = np.zeros(rows.n_rows, dtype=bool)
    for _, part in rows.parts():
        size = part.stop - part.start
        mask[rows.order[part.stop - int(size * fraction) : part.stop]] = True
    return mask
