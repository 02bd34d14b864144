"""The warning about later rows that come without the rows before them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import numpy as np

from ._durations import is_gap
from ._level_of_user import level_of_user
from ._ragged import ranges, search_parts
from ._series import SeriesRows
from ._types import MaxGap

if TYPE_CHECKING:
    from ._series_past import Past

#: Largest share of the rows of a call that may lack their past without a warning.
_WORTH_SAYING = 0.1
#: Last sentence of the warning, for estimators with this parameter.
_INTENDED = "history='none' says that this is intended."
#: Where test rows start after a gap that a splitter left on purpose, by series and time; only for the last splits.
_PURGED: dict[tuple[Hashable, float], None] = {}
_MOST_PURGED = 65_536

#: Function that marks times of rows that were seen but not kept.
IsLost = Callable[[np.ndarray], np.ndarray]
#: Function that marks the rows of a run that lack their past. Its arguments are the number of rows before each row,
#: their times, a function as above, and the time steps.
Lacking = Callable[[np.ndarray, np.ndarray, IsLost, np.ndarray], np.ndarray]


def remember_purged(rows: SeriesRows, test: np.ndarray) -> None:
    """Record where the test rows of a fold start: rows before them are left out on purpose.

    Parameters
    ----------
    rows : SeriesRows
        All rows that are split.
    test : ndarray of int
        Positions of the test rows.
    """
    if rows.times is None:
        return
    is_test = np.zeros(rows.n_rows, dtype=bool)
    is_test[test] = True
    is_test = is_test[rows.order]
    for key, part in rows.parts():
        if is_test[part].any():
            _PURGED[key, float(rows.times[part][np.argmax(is_test[part])])] = None
    while len(_PURGED) > _MOST_PURGED:
        del _PURGED[next(iter(_PURGED))]


def is_purged(key: Hashable, time: float) -> bool:
    """Return whether a splitter left out the rows before this one."""
    return (key, float(time)) in _PURGED


def warn_if_past_is_missing(
    past: Past,
    rows: SeriesRows,
    max_gap: MaxGap,
    lacking: Lacking,
    n_rows: int,
    more: str = _INTENDED,
) -> None:
    """Warn if many rows of series known from fit come without the rows before them.

    Parameters
    ----------
    past : Past
        The past kept by fit.
    rows : SeriesRows
        The rows passed by the user.
    max_gap : float, str or timedelta
        Longest step in time that is not a gap, as a multiple of the time step, or a length of time.
    lacking : callable
        Marks the rows of the first runs of series that lack their past; see `Lacking`.
    n_rows : int
        Number of earlier rows that each row needs.
    more : str
        Last sentence of the warning.
    """
    if rows.times is None or not len(past.run_starts):
        return
    some = np.flatnonzero(np.diff(past.run_bounds))
    begins = rows.times[rows.bounds[some]]
    first, stop = past.run_bounds[some], past.run_bounds[some + 1]
    run = search_parts(past.run_starts, first, stop, begins)
    is_start = (run < stop) & (past.run_starts.take(run, mode="clip") == begins)
    # Earlier rows seen by fit are missing, unless fit kept them, or a splitter left them out.
    n_before, is_all = _kept_before(past, some, begins, past.run_starts[np.maximum(run - 1, first)], max_gap)
    lacks = (run > first) & ~is_start & ~is_all
    lacks[lacks] = [
        not is_purged(rows.keys[number], time)
        for number, time in zip(some[lacks].tolist(), begins[lacks].tolist(), strict=True)
    ]
    some, begins, run, n_before = some[lacks], begins[lacks], run[lacks] - 1, n_before[lacks]
    n_lacking = 0
    if len(some):
        segments = np.append(rows.segment_starts(max_gap, past.steps), rows.n_rows)
        starts = rows.bounds[some]
        sizes = segments[np.searchsorted(segments, starts) + 1] - starts
        steps = past.steps[some]
        at = ranges(starts, starts + sizes)
        depth = at - np.repeat(starts - n_before, sizes)
        owner, begins, before, steps = (
            np.repeat(each, sizes) for each in (some, begins, past.run_stops[run], steps)
        )

        def is_lost(then: np.ndarray) -> np.ndarray:
            half = steps / 2
            is_hole = then > before + half
            return (then < begins - half) & (is_hole | _not_kept(past, owner, then, half))

        n_lacking = int(lacking(depth, rows.times[at], is_lost, steps).sum())
    warn_of_lacking_past(n_lacking, rows, len(some), n_rows, more)


def _kept_before(
    past: Past, some: np.ndarray, begins: np.ndarray, run_starts: np.ndarray, max_gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many kept rows come directly before the rows of some series, and whether that is all there were.

    They are not if the rows start among the rows that fit kept, which come after others that it did not keep.
    """
    n_before, is_all = np.zeros(len(some), dtype=np.intp), np.zeros(len(some), dtype=bool)
    first, stop = past.bounds[some], past.bounds[some + 1]
    kept = search_parts(past.times, first, stop, begins) - 1
    there = np.flatnonzero(kept >= first)
    there = there[~is_gap(begins[there] - past.times[kept[there]], max_gap, past.steps[some[there]])]
    is_last = kept[there] + 1 == stop[there]
    is_all[there[is_last]] = True  # these continue where fit ended, as most do
    times = past.times
    for at in there[~is_last].tolist():
        last = kept[at]
        gaps = is_gap(np.diff(times[first[at] : last + 1]), max_gap, past.steps[some[at]])
        start = first[at] + (1 + np.flatnonzero(gaps)[-1] if gaps.any() else 0)
        n_before[at] = last - start + 1
        goes_on = not is_gap(times[last + 1] - times[last], max_gap, past.steps[some[at]])
        is_all[at] = not goes_on or times[start] <= run_starts[at]
    return n_before, is_all


def _not_kept(past: Past, owner: np.ndarray, then: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Mark times at which fit had a row of a series but did not keep it."""
    run = search_parts(
        past.run_starts, past.run_bounds[owner], past.run_bounds[owner + 1], then + half, side="right"
    )
    had = run > past.run_bounds[owner]
    had[had] = then[had] <= (past.run_stops[run[had] - 1] + half[had])
    stop = past.bounds[owner + 1]
    kept = search_parts(past.times, past.bounds[owner], stop, then - half)
    has = kept < stop
    has[has] = past.times[kept[has]] <= (then + half)[has]
    return had & ~has


def warn_of_lacking_past(
    n_lacking: int, rows: SeriesRows, n_series: int, n_rows: int, more: str = _INTENDED
) -> None:
    """Warn if more than a tenth of the rows lack their past."""
    if n_lacking > _WORTH_SAYING * rows.n_rows:
        # Only the caller knows which results are needed: these rows may have been passed only as the past of the
        # others.
        others = (
            "If you gave them only as the past of other rows, leave out their results; the others are right. If you "
            "need their results, give"
            if n_lacking < rows.n_rows
            else "Give"
        )
        warnings.warn(
            f"{n_lacking} of {rows.n_rows} rows lack their past, which is padded instead: {n_series} of "
            f"{len(rows.keys)} series do not directly follow training rows. {others} the rows before them as well, "
            f"{n_rows} or more of each series, and leave out the results of those; or score rows as they come with "
            f"sktsad.live.LiveScorer, which keeps the past. {more}",
            UserWarning,
            stacklevel=level_of_user(),
        )
