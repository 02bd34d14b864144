"""Which rows are one series, in time order, without a gap."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ._durations import check_max_gap, is_gap
from ._index import LOST_INDEX_FIX, is_panel, read_levels, read_stamps, row_index
from ._ragged import as_slice, equal_parts, ranges
from ._sklearn import num_samples
from ._types import MaxGap, Rows
from ._validate_rows import refuse_other_containers
from ._written import as_written

#: Rows processed at once, so that temporary arrays stay in the cache.
_BLOCK = 2**16
#: One hour in nanoseconds.
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
        Positions of rows, series by series in time order.
    times : ndarray of shape (n_rows,) or None
        Time of the rows in that order, as numbers; None if rows have no time.
    kind : str or None
        Kind of the times, as in `Stamps`.
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
        """Whether time is dates or time deltas, in nanoseconds; not so for periods and numbers."""
        return self.kind in ("dates", "dates of a time zone", "time deltas")

    def parts(self) -> list[tuple[Hashable, slice]]:
        """Return the name of each series with its slice of ``order`` and ``times``."""
        ends = self.bounds.tolist()
        return [(key, slice(ends[i], ends[i + 1])) for i, key in enumerate(self.keys)]

    def rows_of(self, numbers: np.ndarray) -> Any:
        """Return where the rows of some series are in ``order`` and ``times``."""
        return as_slice(ranges(self.bounds[numbers], self.bounds[numbers + 1]))

    def some(self, numbers: np.ndarray) -> SeriesRows:
        """Return some of the series."""
        rows = self.rows_of(numbers)
        return replace(
            self,
            keys=[self.keys[number] for number in numbers.tolist()],
            bounds=np.append(0, np.cumsum(np.diff(self.bounds)[numbers])),
            order=self.order[rows],
            times=None if self.times is None else self.times[rows],
        )

    def steps(self) -> np.ndarray:
        """Return the time step of each series: its most frequent one.

        If times are inexact, there is no useful modal step, and the median is used instead. NaN means that there is no
        step (a single row, or rows without time).
        """
        return self._steps.copy()

    @cached_property
    def _steps(self) -> np.ndarray:
        holes, bounds = self._holes
        out, is_steady = self._first_holes
        odd = np.flatnonzero(~is_steady)
        if len(odd):
            own = ranges(bounds[odd], bounds[odd + 1])
            out = out.copy()
            out[odd] = modal_steps(holes[own], np.append(0, np.cumsum(np.diff(bounds)[odd])))
        return out

    @cached_property
    def _holes(self) -> tuple[np.ndarray, np.ndarray]:
        """The time from each row of a series to the next, and where each series starts and stops among these."""
        if self.times is None:
            return np.empty(0), np.zeros_like(self.bounds)
        holes = np.diff(self.times)
        if len(self.keys) > 1:
            holes = np.delete(holes, self.bounds[1:-1] - 1)  # without the holes between series
        return holes, self.bounds - np.arange(len(self.bounds))

    @cached_property
    def _first_holes(self) -> tuple[np.ndarray, np.ndarray]:
        """The first hole of each series, NaN if it has none, and whether all its holes are equal, as in most series."""
        holes, bounds = self._holes
        first, is_steady = np.full(len(self.keys), np.nan), np.ones(len(self.keys), dtype=bool)
        sizes = np.diff(bounds)
        several = np.flatnonzero(sizes > 0)  # a table without rows has -1
        if len(several):
            first[several] = of_each = holes[bounds[several]]
            is_same = holes == np.repeat(of_each, sizes[several])
            is_steady[several] = np.logical_and.reduceat(is_same, bounds[several])
        return first, is_steady

    def steps_so_far(self, known: np.ndarray) -> np.ndarray:
        """Return the time step to use for each row, in the order of ``times``.

        It is the step of its series in ``known``, one for each series; if that is NaN, it is the modal step of the
        first 1, 2, 4, 8, ... holes of the series, as many as come before the row, so that it never depends on later
        rows. It is NaN if there is no hole yet.
        """
        sizes = np.diff(self.bounds)
        out = np.repeat(known, sizes)
        if self.times is None or not np.isnan(known).any():
            return out
        first, is_steady = self._first_holes
        steady = np.flatnonzero(np.isnan(known) & is_steady)
        n_later = np.maximum(sizes[steady] - 2, 0)
        out[ranges(self.bounds[steady] + 2, self.bounds[steady + 1])] = np.repeat(first[steady], n_later)
        holes, bounds = self._holes
        odd, size = np.flatnonzero(np.isnan(known) & ~is_steady), 1
        while len(odd := odd[sizes[odd] - 1 > size]):
            earlier = holes[ranges(bounds[odd], bounds[odd] + size)]
            steps = modal_steps(earlier, size * np.arange(len(odd) + 1))
            start = self.bounds[odd] + size + 1
            stop = np.minimum(start + size, self.bounds[odd + 1])
            out[ranges(start, stop)] = np.repeat(steps, stop - start)
            size *= 2
        return out

    def segment_starts(self, max_gap: MaxGap, steps: np.ndarray) -> np.ndarray:
        """Return where segments start in ``order``: at each new series, and after each gap.

        Time steps are given for each series or for each row; see `is_gap`.
        """
        starts = np.zeros(self.n_rows, dtype=bool)
        starts[self.bounds[:-1]] = True
        if self.times is not None:
            check_max_gap(max_gap, self)
            for first in range(1, self.n_rows, _BLOCK):
                rows = slice(first, min(first + _BLOCK, self.n_rows))
                if len(steps) == self.n_rows:
                    step = steps[rows]
                else:
                    step = np.repeat(steps, np.diff(self.bounds.clip(rows.start, rows.stop)))
                starts[rows] |= is_gap(np.diff(self.times[first - 1 : rows.stop]), max_gap, step)
        return np.flatnonzero(starts)


def modal_step(differences: np.ndarray) -> float:
    """Return the most frequent time step; the median if none makes up a third of all."""
    return float(modal_steps(differences, np.array([0, len(differences)]))[0])


def modal_steps(differences: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return the modal step of each part of an array; parts must not be empty."""
    out = np.empty(len(bounds) - 1)
    for which, where in equal_parts(bounds):
        ordered = np.sort(differences[where].reshape(len(which), -1))
        size = ordered.shape[1]
        is_new = np.ones(ordered.shape, dtype=bool)
        np.not_equal(ordered[:, 1:], ordered[:, :-1], out=is_new[:, 1:])
        starts = np.flatnonzero(is_new)
        counts, owner = np.diff(np.append(starts, ordered.size)), starts // size
        most = np.maximum.reduceat(counts, np.flatnonzero(starts % size == 0))
        is_most = counts == most[owner]
        _, first = np.unique(owner[is_most], return_index=True)
        median = (ordered[:, (size - 1) // 2] + ordered[:, size // 2]) / 2
        out[which] = np.where(3 * most >= size, ordered.ravel()[starts[is_most][first]], median)
    return out


def read_series(X: Rows, series: str = "auto") -> SeriesRows:
    """Read which rows of ``X`` are one series, in time order.

    Parameters
    ----------
    X : array-like, or anything with a pandas ``index``
        A MultiIndex is (series, time). A plain index of numbers, dates, periods or time deltas, also as objects,
        categories or Arrow types, is the time of one series. Without an index, or with one of words, the rows are one
        series in time order without a gap.
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
    except TypeError:  # X has no length; scikit-learn's message does not say how to fix this
        refuse_other_containers(X)
        raise
    stamps = None if index is None else read_stamps(index)
    bounds, order = np.array([0, n_rows]), np.arange(n_rows)
    if stamps is None:
        return SeriesRows([None], bounds, order, None)
    return SeriesRows([None], bounds, order, stamps.numbers, stamps.kind, stamps.zone)


def _read_panel(index: pd.MultiIndex) -> SeriesRows:
    keys, starts, codes, stamps = read_levels(index)
    n_rows, times = len(index), stamps.numbers[index.codes[1]]
    order = np.arange(n_rows)
    sizes = np.diff(np.append(starts, n_rows))
    if len(starts) > len(keys):  # the rows of a series are not all in one place
        order = np.argsort(np.repeat(codes, sizes), kind="stable")
        times = times[order]
    bounds = np.append(0, np.cumsum(np.bincount(codes, sizes).astype(np.intp)))
    return SeriesRows(keys, bounds, order, times, stamps.kind, stamps.zone)


def _check_time_order(rows: SeriesRows, index: pd.Index | None) -> None:
    if rows.times is None or index is None:
        return
    back = np.diff(rows.times) <= 0
    back[rows.bounds[1:-1] - 1] = False  # time may go back from one series to the next
    if back.any():
        at = int(np.argmax(back))
        where = index[[rows.order[at + 1]]].tolist()[0]
        what = "duplicated" if rows.times[at] == rows.times[at + 1] else "out of order"
        clock = ""
        if (
            rows.kind == "dates"
            and rows.times[at] - rows.times[at + 1] < _HOUR
            and may_be_autumn(rows.times[at])
        ):
            clock = (
                " If clocks were set back an hour then, set the time zone of the rows first, such as X.index = "
                "X.index.tz_localize('Europe/Berlin', ambiguous='infer')."
            )
        raise ValueError(
            f"Time is {what} at {where}: the rows of a series must be in time order, without repeated times. Sort "
            "with X.sort_index(), drop duplicates with X[~X.index.duplicated()] (and those of y), put samplers after "
            f"the window, and split without shuffling.{clock}"
        )


def may_be_autumn(time: float) -> bool:
    """Return whether local clocks may be set back at this time: on an autumn night, in either hemisphere."""
    stamp = pd.Timestamp(time)
    return stamp.hour < 4 and stamp.month in (3, 4, 5, 9, 10, 11)


def tail_mask(X: Rows, fraction: float) -> np.ndarray:
    """Mark the last ``fraction`` of the rows of every series in time.

    Parameters
    ----------
    X : array-like, or anything with a pandas ``index``
        Rows without a time index are one series, in the order given; others may be in any order, as after a sampler.
    fraction : float
        Share of the rows of each series, rounded down.

    Returns
    -------
    mask : ndarray of bool, shape (n_rows,)
    """
    rows = read_rows(X)
    fraction = as_written(fraction)
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
    """Return the positions that sort the rows of each series by time; None if they already are sorted."""
    rows = read_rows(X)
    if rows.times is None:
        return None
    number = np.repeat(np.arange(len(rows.keys)), np.diff(rows.bounds))
    back = np.diff(rows.times) < 0
    back[rows.bounds[1:-1] - 1] = False
    return rows.order[np.lexsort([rows.times, number])] if back.any() else None
