"""The order in which rows are stored, so that each window is one slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LaidRows:
    """Rows run by run: a window reaches back to the start of its run, and is padded before that.

    Attributes
    ----------
    order : ndarray of int
        Rows, run by run. A row may occur twice.
    starts : ndarray of int, shape (n_runs,)
        Where the runs start in ``order``.
    first, last : ndarray of int, shape (n_runs,)
        The rows that pad each run: the first and the last of its segment.
    given : ndarray of int, shape (n_given,)
        Positions in ``order`` of the rows whose windows are needed.
    """

    order: np.ndarray
    starts: np.ndarray
    first: np.ndarray
    last: np.ndarray
    given: np.ndarray


def lay_out(
    order: np.ndarray,
    segments: np.ndarray,
    given: np.ndarray,
    every: np.ndarray | None = None,
    n_before: int = 0,
    n_after: int = 0,
) -> LaidRows:
    """Return rows in runs.

    Parameters
    ----------
    order : ndarray of int, shape (n_rows,)
        Rows, series by series, in time order.
    segments : ndarray of int
        Where segments start in ``order``, the first at the first row.
    given : ndarray of int
        Positions in ``order`` of the rows whose windows are needed. Segments without one are dropped.
    every : ndarray of int, shape (n_rows,) or None
        For each row a number k: its window takes every k-th row, counted back from the row. None takes all rows.
    n_before, n_after : int
        Number of rows of a window before and after its own row.
    """
    is_given = np.zeros(len(order), dtype=bool)
    is_given[given] = True
    stops = np.append(segments[1:], len(order))
    has_given = np.add.reduceat(is_given, segments) > 0
    if every is not None and (every != 1).any():
        return _strided(order, segments[has_given], stops[has_given], is_given, every, n_before, n_after)
    first, last = order[segments[has_given]], order[stops[has_given] - 1]
    if has_given.all():
        return LaidRows(order, segments, first, last, given)
    lengths = stops - segments
    is_left = np.repeat(has_given, lengths)
    lengths = lengths[has_given]
    return LaidRows(
        order[is_left], np.cumsum(lengths) - lengths, first, last, np.flatnonzero(is_given[is_left])
    )


def _strided(
    order: np.ndarray,
    segments: np.ndarray,
    stops: np.ndarray,
    is_given: np.ndarray,
    every: np.ndarray,
    n_before: int,
    n_after: int,
) -> LaidRows:
    """Lay out runs of every k-th row: k runs for each segment, or more where k differs within a segment."""
    runs, wanted, first, last = [], [], [], []
    for start, stop in zip(segments.tolist(), stops.tolist(), strict=True):
        for k in np.unique(every[start:stop][is_given[start:stop]]).tolist():
            own = start + np.flatnonzero((every[start:stop] == k) & is_given[start:stop])
            begin = max(start, int(own[0]) - n_before * k)
            end = min(stop, int(own[-1]) + 1 + n_after * k)
            is_own = np.zeros(end - begin, dtype=bool)
            is_own[own - begin] = True
            for phase in range(min(k, end - begin)):
                runs.append(order[begin + phase : end : k])
                wanted.append(is_own[phase::k])
                first.append(order[start])
                last.append(order[stop - 1])
    lengths = np.array([len(run) for run in runs])
    return LaidRows(
        np.concatenate(runs),
        np.cumsum(lengths) - lengths,
        np.array(first),
        np.array(last),
        np.flatnonzero(np.concatenate(wanted)),
    )
