"""Which rows are one series, in time order, without a gap: the only reader of the index."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import _num_samples

#: Share of a time step that is taken for rounding, or jitter of the clock.
_ROUNDING = 1e-3

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
            steps_of_rows = np.repeat(steps, np.diff(self.bounds))[1:]
            starts[1:] |= is_gap(np.diff(self.times), max_gap, steps_of_rows)
        return np.flatnonzero(starts)


def modal_step(differences: np.ndarray) -> float:
    """Return the most frequent time step; the median where none makes up a third of all."""
    values, counts = np.unique(differences, return_counts=True)
    most = int(np.argmax(counts))
    return float(values[most] if 3 * counts[most] >= len(differences) else np.median(differences))


def is_gap(hole: Any, max_gap: float, step: Any) -> Any:
    """Tell whether a hole in time is more than ``max_gap`` steps; it never is if the step is NaN."""
    return hole > (max_gap + _ROUNDING) * step


def row_index(X: Any) -> pd.Index | None:
    """Return the pandas index of the rows of ``X``, if it has one (the ``index`` of a list is a method)."""
    index = getattr(X, "index", None)
    return index if isinstance(index, pd.Index) else None


def is_panel(X: Any) -> bool:
    """Tell whether ``X`` carries a (series, time) MultiIndex."""
    return isinstance(row_index(X), pd.MultiIndex)


def has_time(X: Any) -> bool:
    """Tell whether the index of ``X`` is that of a panel, or dates or periods."""
    return is_panel(X) or has_dates(X) or isinstance(row_index(X), pd.PeriodIndex)


def has_dates(X: Any) -> bool:
    """Tell whether time, in the index of ``X``, is dates or time deltas, read in nanoseconds; periods are counted."""
    index = row_index(X)
    time = index.levels[-1] if isinstance(index, pd.MultiIndex) else index
    return isinstance(time, (pd.DatetimeIndex, pd.TimedeltaIndex))


def check_panel(X: Any, was_panel: bool) -> None:
    """Raise if only one of the rows of fit and those of now carries a (series, time) MultiIndex."""
    if is_panel(X) != was_panel:
        with_index, without = ("fit", "transform") if was_panel else ("transform", "fit")
        raise ValueError(
            f"The rows of {with_index} have a (series, time) index, those of {without} have not. "
            + LOST_INDEX_MEND
        )


def read_series(X: Any, series: str = "auto") -> SeriesRows:
    """Read which rows of ``X`` are one series, in time order.

    Parameters
    ----------
    X : array-like, or anything with a pandas ``index``
        A MultiIndex is (series, time). A plain index of numbers, dates, periods or time deltas is the time
        of one series.
        Any other index, or none, says nothing: one series, rows in time order, no gap.
    series : {"auto", "index"}, default="auto"
        "index" insists on the MultiIndex.

    Raises
    ------
    ValueError
        If the index is missing although it is insisted on, has not two levels, or if time is missing, text,
        out of order or duplicated within a series.
    """
    if series == "index" and not is_panel(X):
        raise ValueError(
            f"series='index' needs rows with a (series, time) MultiIndex, got {type(X).__name__} without "
            f"one. {LOST_INDEX_MEND}"
        )
    rows = _read_rows(X)
    index = row_index(X)
    if rows.times is None and index is not None and _reads_as_date(index):
        raise ValueError(
            f"The index is text that reads as dates, such as {index[0]!r}: its gaps and its order would not be seen. "
            "Convert it with X.index = pandas.to_datetime(X.index)."
        )
    _check_time_order(rows, index)
    return rows


def _read_rows(X: Any) -> SeriesRows:
    """Read the series of ``X``, whose rows need not be in time order."""
    index = row_index(X)
    if isinstance(index, pd.MultiIndex):
        return _read_panel(index)
    n_rows = _num_samples(X)
    times = None if index is None else _as_numbers(index)
    return SeriesRows([None], np.array([0, n_rows]), np.arange(n_rows), times)


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
    return SeriesRows(keys, bounds, order, stamps[index.codes[1]][order])


def _as_numbers(index: Any) -> np.ndarray | None:
    """Return time as numbers, or None where the index is no time."""
    has_unit = isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex))
    is_number = pd.api.types.is_numeric_dtype(index.dtype) and not pd.api.types.is_bool_dtype(index.dtype)
    if not (has_unit or is_number or isinstance(index, pd.PeriodIndex)):
        return None
    if index.hasnans or (is_number and np.isinf(index.to_numpy()).any()):
        raise ValueError("The time index has missing or infinite values. Drop these rows.")
    if not is_number:  # in one unit, so that times of fit and transform compare
        return (index.as_unit("ns") if has_unit else index).asi8
    # Small and unsigned integers would overflow in a difference.
    return index.to_numpy("int64" if pd.api.types.is_integer_dtype(index.dtype) else "float64")


def _reads_as_date(index: pd.Index) -> bool:
    """Tell whether row labels are dates that were left as text, judging by the first."""
    if not len(index) or not isinstance(index[0], str) or not set("-/:") & set(index[0]):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a format that is guessed
        return not pd.isna(pd.to_datetime(index[0], errors="coerce"))


def _check_time_order(rows: SeriesRows, index: pd.Index | None) -> None:
    if rows.times is None or index is None:
        return
    back = np.diff(rows.times) <= 0
    back[rows.bounds[1:-1] - 1] = False  # from one series to the next, time may jump back
    if back.any():
        at = int(np.argmax(back))
        where = index[[rows.order[at + 1]]].tolist()[0]
        what = "duplicated" if rows.times[at] == rows.times[at + 1] else "out of order"
        raise ValueError(
            f"Time is {what} at {where}: the rows of a series must be in time order, each stamp once. Sort "
            "with X.sort_index(), drop duplicates with X[~X.index.duplicated()] (y alike), put samplers after "
            "the window, and split without shuffling."
        )


def check_target_index(X: Any, y: Any, max_gap: float) -> str | None:
    """Find by y's index what X has lost; return a warning where X may do without.

    Raises
    ------
    ValueError
        If y has a (series, time) index and X has none, or if y's index shows rows out of time order.
    """
    if is_panel(y) and not is_panel(X):
        raise ValueError(
            "y has a (series, time) index, X has lost it: windows would run across series. " + LOST_INDEX_MEND
        )
    if row_index(X) is not None or row_index(y) is None:
        return None
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
        Rows without a time index are one series, in the order given; others may come in any order, as
        behind a sampler.
    fraction : float
        Share of each series' rows, rounded down.

    Returns
    -------
    mask : ndarray of bool, shape (n_rows,)
    """
    rows = _read_rows(X)
    mask = np.zeros(rows.n_rows, dtype=bool)
    for _, part in rows.parts():
        at = rows.order[part]
        if rows.times is not None:
            at = at[np.argsort(rows.times[part], kind="stable")]
        mask[at[len(at) - int(len(at) * fraction + 1e-9) :]] = True  # 0.29 * 100 is 28.999999999999996
    return mask
