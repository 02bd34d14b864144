"""Later rows that come without the rows before them: a warning that says how many they are, and what to do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import numpy as np

from ._ragged import ranges, search_parts
from ._series import SeriesRows, is_gap

if TYPE_CHECKING:
    from ._series_past import Past

#: Share of the rows of a call above which there is a warning.
_WORTH_SAYING = 0.1
#: Where test rows begin after a gap that a splitter left on purpose, by series and time; of the last splits only.
_PURGED: dict[tuple[Hashable, float], None] = {}
_MOST_PURGED = 65_536

#: Takes of each row of a run how many come before it in the run, its time, that of the first of the run, that of the
#: last row of the run of fit before, and the time step; marks those that lack their past.
Lacking = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def remember_purged(rows: SeriesRows, test: np.ndarray) -> None:
    """Note where the test rows of a fold begin: what a splitter leaves out before them is left out on purpose.

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
    past: Past, rows: SeriesRows, max_gap: float, lacking: Lacking, n_rows: int, stacklevel: int
) -> None:
    """Warn if many rows of series that fit knows come without the rows before them.

    Parameters
    ----------
    past : Past
        The past kept by fit.
    rows : SeriesRows
        The rows as they were given.
    max_gap : float
        Longest step in time that is not a gap, in units of the time step.
    lacking : callable
        Marks the rows of the first runs of series that lack their past.
    n_rows : int
        Number of rows that each row looks back.
    stacklevel : int
        Stack level of the warning.
    """
    if rows.times is None or not len(past.run_starts):
        return
    some = np.flatnonzero(np.diff(past.run_bounds))
    begins = rows.times[rows.bounds[some]]
    first, stop = past.run_bounds[some], past.run_bounds[some + 1]
    run = search_parts(past.run_starts, first, stop, begins)
    is_start = (run < stop) & (past.run_starts.take(run, mode="clip") == begins)
    # What is known to have been before is missing, unless it was kept, or a splitter left it out.
    lacks = (run > first) & ~is_start & ~_follows_kept(past, some, begins, max_gap)
    lacks[lacks] = [
        not is_purged(rows.keys[number], time)
        for number, time in zip(some[lacks].tolist(), begins[lacks].tolist(), strict=True)
    ]
    some, begins, run = some[lacks], begins[lacks], run[lacks] - 1
    n_lacking = 0
    if len(some):
        segments = np.append(rows.segment_starts(max_gap, past.steps), rows.n_rows)
        starts = rows.bounds[some]
        sizes = segments[np.searchsorted(segments, starts) + 1] - starts
        steps = past.steps[some]
        at = ranges(starts, starts + sizes)
        depth = at - np.repeat(starts, sizes)
        of_each = (np.repeat(each, sizes) for each in (begins, past.run_stops[run], steps))
        n_lacking = int(lacking(depth, rows.times[at], *of_each).sum())
    say_if_many(n_lacking, rows, len(some), n_rows, stacklevel + 1)


def _follows_kept(past: Past, some: np.ndarray, begins: np.ndarray, max_gap: float) -> np.ndarray:
    """Tell whether the rows of some series, by where they begin, come directly after a row that fit kept."""
    follows = np.zeros(len(some), dtype=bool)
    first = past.bounds[some]
    kept = search_parts(past.times, first, past.bounds[some + 1], begins) - 1
    there = kept >= first
    holes = begins[there] - past.times[kept[there]]
    follows[there] = ~is_gap(holes, max_gap, past.steps[some[there]])
    return follows


def say_if_many(n_lacking: int, rows: SeriesRows, n_series: int, n_rows: int, stacklevel: int) -> None:
    """Warn if more than a tenth of the rows lack their past."""
    if n_lacking > _WORTH_SAYING * rows.n_rows:
        warnings.warn(
            f"{n_lacking} of {rows.n_rows} rows lack their past, which is padded instead: {n_series} of "
            f"{len(rows.keys)} series do not directly follow rows of fit. Give the rows before them as well, "
            f"{n_rows} or more of each series, and leave out their results; or score rows as they come with "
            "sktsad.live.LiveScorer, which keeps the past. history='none' says that this is intended.",
            UserWarning,
            stacklevel=stacklevel,
        )
