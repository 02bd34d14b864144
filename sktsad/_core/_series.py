"""Which rows are one series, in time order, without a gap."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._index import LOST_INDEX_FIX, is_panel, read_levels, read_stamps, row_index
from ._sklearn import num_samples
from ._types import Rows
from ._validate_rows import refuse_other_containers

#: Share of a time step that is taken for rounding, or jitter of the clock.
_ROUNDING = 1e-3
#: In nanoseconds.
_HOUR = 3_600 * 10**9


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
    kind : str or None
        What these numbers stand for, as in `Stamps`.
    zone : tzinfo or None
        The time zone of dates.
    """

    keys: list[Hashable]
    bounds: np.ndarray
    order: np.ndarray
    times: np.ndarray | None
    kind: str | None = None
    zone: Any = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.order)

    @property
    def has_dates(self) -> bool:
        """Whether time is dates or time deltas, in nanoseconds; periods and numbers are counted."""
        return self.kind in ("dates", "dates of a time zone", "time deltas")

    def parts(self) -> list[tuple[Hashable, slice]]:
        """Return the key of each series with its slice of ``order`` and ``times``."""
        ends = self.bounds.tolist()
        return [(key, slice(ends[i], ends[i + 1])) for i, key in enumerate(self.keys)]

    def steps(self) -> np.ndarray:
        """Return the time step of each series: its most frequent one.

        A clock that jitters has no useful modal step: the median takes its place. NaN means that
        there is none (a single row, or rows without time).
        """
        out = np.full(len(self.keys), np.nan)
        sizes = np.diff(self.bounds)
        several = np.flatnonzero(sizes > 1)
        if self.times is None or not len(several):
            return out
        holes = np.delete(np.diff(self.times), self.bounds[1:-1] - 1)  # those within series
        stops = np.cumsum(sizes[several] - 1)
        starts = stops - (sizes[several] - 1)
        first = holes[starts]
        # Most series have one step throughout: those are seen all at once.
        is_same = np.logical_and.reduceat(holes == np.repeat(first, stops - starts), starts)
        out[several] = first
        for i in np.flatnonzero(~is_same).tolist():
            out[several[i]] = modal_step(holes[starts[i] : stops[i]])
        return out

    def steps_so_far(self, known: dict[Hashable, float]) -> np.ndarray:
        """Return the time step by which each row is judged, in the order of ``times``.

        It is the step of its series in ``known``, else that of the earlier rows of its series: no row is judged by
        later ones. NaN where there is none yet.
        """
        steps = np.array([known.get(key, np.nan) for key in self.keys])
        out = np.repeat(steps, np.diff(self.bounds))
        if self.times is not None:
            for i in np.flatnonzero(np.isnan(steps)).tolist():
                part = slice(self.bounds[i], self.bounds[i + 1])
                out[part] = _steps_before(self.times[part])
        return out

    def segment_starts(self, max_gap: float, steps: np.ndarray) -> np.ndarray:
        """Return where segments start in ``order``: at each new series, and after each gap.

        A gap is a hole of more than ``max_gap`` time steps, which are given for each series or for each row.
        """
        starts = np.zeros(self.n_rows, dtype=bool)
        starts[self.bounds[:-1]] = True
        if self.times is not None:
            if len(steps) != self.n_rows:
                steps = np.repeat(steps, np.diff(self.bounds))
            starts[1:] |= is_gap(np.diff(self.times), max_gap, steps[1:])
        return np.flatnonzero(starts)


def modal_step(differences: np.ndarray) -> float:
    """Return the most frequent time step; the median where none makes up a third of all."""
    values, counts = np.unique(differences, return_counts=True)
    most = int(np.argmax(counts))
    return float(values[most] if 3 * counts[most] >= len(differences) else np.median(differences))


def _steps_before(times: np.ndarray) -> np.ndarray:
    """Return for each row the modal step of rows before it: of the first 1, 2, 4, 8, ... holes, as far as they go."""
    out = np.full(len(times), np.nan)
    holes = np.diff(times)
    if (holes == holes[:1]).all():
        out[2:] = holes[:1]
        return out
    size = 1
    while size < len(holes):
        out[size + 1 : 2 * size + 1] = modal_step(holes[:size])
        size *= 2
    return out


def is_gap(hole: Any, max_gap: float, step: Any) -> Any:
    """Return whether a hole in time is more than ``max_gap`` steps; it never is if the step is NaN."""
    return hole > (max_gap + _ROUNDING) * step


def read_series(X: Rows, series: str = "auto") -> SeriesRows:
    """Read which rows of ``X`` are one series, in time order.

    Parameters
    ----------
    X : array-like, or anything with a pandas ``index``
        A MultiIndex is (series, time). A plain index of numbers, dates, periods or time deltas, also as objects,
        categories or of Arrow, is the time of one series.
        Without an index, or with one of words, the rows are one series in time order without a gap.
    series : {"auto", "index"}, default="auto"
        "index" requires the MultiIndex.

    Raises
    ------
    ValueError
        If the index is missing although it is required, does not have two levels or has them in the wrong order, or
        if time is missing, text, out of order or duplicated within a series.
    """
    if series == "index" and not is_panel(X):
        raise ValueError(
            f"series='index' needs rows with a (series, time) MultiIndex, got {type(X).__name__} without "
            f"one. {LOST_INDEX_FIX}"
        )
    rows = read_rows(X)
    _check_time_order(rows, row_index(X))
    return rows


def read_rows(X: Rows) -> SeriesRows:
    """Read the series of ``X``, whose rows need not be in time order."""
    index = row_index(X)
    if isinstance(index, pd.MultiIndex):
        return _read_panel(index)
    try:
        n_rows = num_samples(X)
    except TypeError:  # of what has no length, in words that name no fix
        refuse_other_containers(X)
        raise
    stamps = None if index is None else read_stamps(index)
    bounds, order = np.array([0, n_rows]), np.arange(n_rows)
    if stamps is None:
        return SeriesRows([None], bounds, order, None)
    return SeriesRows([None], bounds, order, stamps.numbers, stamps.kind, stamps.zone)


def _read_panel(index: pd.MultiIndex) -> SeriesRows:
    keys, codes, stamps = read_levels(index)
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
    else:
        order = np.arange(len(codes))
    bounds = np.searchsorted(codes, np.arange(len(keys) + 1))
    return SeriesRows(keys, bounds, order, stamps.numbers[index.codes[1]][order], stamps.kind, stamps.zone)


def _check_time_order(rows: SeriesRows, index: pd.Index | None) -> None:
    if rows.times is None or index is None:
        return
    back = np.diff(rows.times) <= 0
    back[rows.bounds[1:-1] - 1] = False  # from one series to the next, time may jump back
    if back.any():
        at = int(np.argmax(back))
        where = index[[rows.order[at + 1]]].tolist()[0]
        what = "duplicated" if rows.times[at] == rows.times[at + 1] else "out of order"
        clock = ""
        if (
            rows.kind == "dates"
            and rows.times[at] - rows.times[at + 1] < _HOUR
            and _may_be_autumn(rows.times[at])
        ):
            clock = (
                " If clocks were set back an hour there, name their time zone first: X.index = "
                "X.index.tz_localize('Europe/Berlin', ambiguous='infer'), or whichever zone it is."
            )
        raise ValueError(
            f"Time is {what} at {where}: the rows of a series must be in time order, each stamp once. Sort "
            "with X.sort_index(), drop duplicates with X[~X.index.duplicated()] (and those of y), put samplers after "
            f"the window, and split without shuffling.{clock}"
        )


def _may_be_autumn(time: float) -> bool:
    """Return whether local clocks may be set back at this time: on an autumn night, in either hemisphere."""
    stamp = pd.Timestamp(time)
    return stamp.hour < 4 and stamp.month in (3, 4, 5, 9, 10, 11)


def tail_mask(X: Rows, fraction: float) -> np.ndarray:
    """Mark the last ``fraction`` of the rows of every series in time.

    Parameters
    ----------
    X : array-like, or anything with a pandas ``index``
        Rows without a time index are one series, in the order given; others may come in any order, as
        after a sampler.
    fraction : float
        Share of each series' rows, rounded down.

    Returns
    -------
    mask : ndarray of bool, shape (n_rows,)
    """
    rows = read_rows(X)
    mask = np.zeros(rows.n_rows, dtype=bool)
    for _, part in rows.parts():
        at = rows.order[part]
        if rows.times is not None:
            at = at[np.argsort(rows.times[part], kind="stable")]
        mask[at[len(at) - int(len(at) * fraction + 1e-9) :]] = True  # 0.29 * 100 is 28.999999999999996
    return mask


def rows_after(X: Rows) -> np.ndarray:
    """Return how many rows of its series come after each row in time; rows are read as in `tail_mask`."""
    rows = read_rows(X)
    n_after = np.zeros(rows.n_rows, dtype=np.int64)
    for _, part in rows.parts():
        at = rows.order[part]
        if rows.times is not None:
            at = at[np.argsort(rows.times[part], kind="stable")]
        n_after[at] = np.arange(len(at))[::-1]
    return n_after


def time_order(X: Rows) -> np.ndarray | None:
    """Return the positions that bring the rows of each series into time order; None where they are so."""
    rows = read_rows(X)
    if rows.times is None:
        return None
    number = np.repeat(np.arange(len(rows.keys)), np.diff(rows.bounds))
    back = np.diff(rows.times) < 0
    back[rows.bounds[1:-1] - 1] = False
    return rows.order[np.lexsort([rows.times, number])] if back.any() else None
