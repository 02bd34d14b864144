"""The states that a network has at the end of the rows of fit: rows that directly follow go on from them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from .._core import is_gap, is_purged, say_if_many
from ._row_layout import RowLayout

#: Runs of neighbouring rows of a series at whose end the state is kept, at most: those before the longest holes.
MAX_STATES = 1000
#: Rows after a start from rest that lack their past; those after them have some of it.
_COLD = 64


@dataclass(frozen=True)
class KeptStates:
    """What is kept of one series.

    Attributes
    ----------
    step : float
        Its time step.
    run_starts, run_stops : ndarray of shape (n_runs,)
        Times of the first and last row of each run of neighbouring rows.
    kept : ndarray of int, shape (n_kept,)
        The runs whose states are kept, in rising order.
    states : ndarray of shape (n_kept, ...)
        State after the last row of each of them.
    """

    step: float
    run_starts: np.ndarray
    run_stops: np.ndarray
    kept: np.ndarray
    states: np.ndarray


def run_ends(layout: RowLayout, history: str) -> np.ndarray:
    """Return the rows of the layout, in rising order, after which the state must be kept."""
    rows = layout.rows
    if rows.times is None or history == "none":
        return np.zeros(0, dtype=np.intp)
    last = np.append(rows.segment_starts(1, layout.steps)[1:], rows.n_rows) - 1
    ends = []
    for _, part in rows.parts():
        own = last[slice(*np.searchsorted(last, [part.start, part.stop]))]
        if len(own) > MAX_STATES:
            holes = rows.times[own[:-1] + 1] - rows.times[own[:-1]]
            longest = np.argsort(-holes, kind="stable")[: MAX_STATES - 1]
            own = own[np.append(np.sort(longest), len(own) - 1)]
        ends.append(own)
    return np.concatenate(ends)


def keep_states(layout: RowLayout, ends: np.ndarray, states: np.ndarray) -> dict[Hashable, KeptStates]:
    """Return what is kept of each series: the states after the rows that `run_ends` names."""
    rows = layout.rows
    if rows.times is None:
        return {}
    runs = rows.segment_starts(1, layout.steps)
    last = np.append(runs[1:], rows.n_rows) - 1
    kept = {}
    for (key, part), step in zip(rows.parts(), layout.steps, strict=True):
        own = slice(*np.searchsorted(runs, [part.start, part.stop]))
        chosen = slice(*np.searchsorted(ends, [part.start, part.stop]))
        kept[key] = KeptStates(
            float(step),
            rows.times[runs[own]],
            rows.times[last[own]],
            np.searchsorted(last[own], ends[chosen]),
            states[chosen],
        )
    return kept


def first_states(
    layout: RowLayout, past: dict[Hashable, KeptStates], max_gap: float, stacklevel: int
) -> np.ndarray | None:
    """Return the state that each segment goes on from, NaN for rest; None if all start from rest.

    Warns
    -----
    UserWarning
        If more than a tenth of the rows are the first of series that neither directly follow rows of fit nor are, or
        come before, the first of them.
    """
    rows = layout.rows
    if not past or rows.times is None:
        return None
    states, n_cut, n_lacking = None, 0, 0
    for number, (start, owner) in enumerate(zip(layout.starts, layout.owner, strict=True)):
        series = past.get(rows.keys[owner])
        if series is None:
            continue
        found, is_cut = _follows(series, rows.times[start], max_gap)
        if found is not None:
            if states is None:
                states = np.full((len(layout.starts), *found.shape), np.nan, found.dtype)
            states[number] = found
        if is_cut and start == rows.bounds[owner] and not is_purged(rows.keys[owner], rows.times[start]):
            n_cut += 1
            n_lacking += int(min(_COLD, layout.stops[number] - start))
    say_if_many(n_lacking, rows, n_cut, _COLD, stacklevel + 1)
    return states


def state_before(series: KeptStates, time: float, max_gap: float) -> np.ndarray | None:
    """Return the state before a row at this time; None if it does not directly follow rows of fit."""
    return _follows(series, time, max_gap)[0]


def _follows(series: KeptStates, time: float, max_gap: float) -> tuple[np.ndarray | None, bool]:
    """Return the state before a row at this time, if there is one, and whether rows of fit before it are lost."""
    run = int(np.searchsorted(series.run_starts, time)) - 1  # the last that starts before
    if run < 0:
        return None, False
    hole = time - series.run_stops[run]
    if hole > 0 and not is_gap(hole, max_gap, series.step):
        at = np.searchsorted(series.kept, run)
        if at < len(series.kept) and series.kept[at] == run:
            return series.states[at], False
        return None, True
    return None, time not in series.run_starts[run + 1 : run + 2]
