"""Later rows that come without the rows before them: a warning that says how many they are, and what to do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import numpy as np

from ._series import SeriesRows, is_gap

if TYPE_CHECKING:
    from ._series_past import Past

#: Share of the rows of a call above which there is a warning.
_WORTH_SAYING = 0.1
#: Where test rows begin after a gap that a splitter left on purpose, by series and time; of the last splits only.
_PURGED: dict[tuple[Hashable, float], None] = {}
_MOST_PURGED = 2**16

#: Takes the times of rows, that of the last row known before them, and the time step; marks those that lack their past.
Lacking = Callable[[np.ndarray, float, float], np.ndarray]


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
        Marks the rows of the first run of a series that lack their past.
    n_rows : int
        Number of rows that each row looks back.
    stacklevel : int
        Stack level of the warning.
    """
    if rows.times is None or past.kind is None:
        return
    pasts, n_lacking, n_series = past.by_key(), 0, 0
    for key, part in rows.parts():
        known, times = pasts.get(key), rows.times[part]
        if known is None or not len(known.run_starts) or not times[0] > known.run_starts[0]:
            continue  # nothing is known to have been before
        if times[0] in known.run_starts or is_purged(key, times[0]):
            continue
        at = int(np.searchsorted(known.times, times[0])) - 1
        if at >= 0 and not is_gap(times[0] - known.times[at], max_gap, known.step):
            continue
        run = int(np.searchsorted(known.run_starts, times[0])) - 1
        before = min(float(known.run_stops[run]), float(times[0]) - known.step)
        gaps = np.flatnonzero(is_gap(np.diff(times), max_gap, known.step))
        first = times[: gaps[0] + 1] if len(gaps) else times
        n_lacking += int(lacking(first, before, known.step).sum())
        n_series += 1
    say_if_many(n_lacking, rows, n_series, n_rows, stacklevel + 1)


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
