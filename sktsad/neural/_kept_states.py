"""The states of a network at the ends of the training rows, from which directly following rows continue."""

from __future__ import annotations

import numpy as np

from .._core import (
    MaxGap,
    Past,
    SeriesPast,
    Windows,
    is_gap,
    is_purged,
    warn_of_lacking_past,
)
from ._row_layout import RowLayout

#: Largest number of runs of a series for which the state at the end is kept: those before the longest holes.
MOST_STATES = 1000
#: Number of rows after a start from rest that count as rows without a past; later rows have part of their past.
_COLD = 64


def past_of(windows: Windows, layout: RowLayout, history: str) -> tuple[Past, np.ndarray]:
    """Return what fit keeps of its series, without states yet, and the rows after which states are needed.

    The flattened states are then passed to `Past.with_values`. They are needed after the last row of every run of
    neighbouring rows, or after none if ``history`` is "none"; rows are numbered as in the layout, in ascending order.
    """
    numbers = layout.unsort(np.arange(len(layout.values)))[:, None]
    n_kept = int(history == "index")
    past = Past.of(windows, layout.rows, numbers, lambda stops, _: stops - n_kept, 1, MOST_STATES)
    return past, past.values[:, 0]


def first_states(layout: RowLayout, max_gap: MaxGap) -> np.ndarray | None:
    """Return the flattened state that each segment continues from; NaN for rest, None if all segments start from rest.

    Warns
    -----
    UserWarning
        If more than a tenth of the rows lack their past: the first rows of series known from fit that come after the
        training rows but do not directly follow them.
    """
    rows, past = layout.rows, layout.past
    if rows.times is None or past is None or not len(past.times):
        return None
    states, n_cut, n_lacking = None, 0, 0
    for number, (start, owner) in enumerate(zip(layout.starts, layout.owner, strict=True)):
        found, is_cut = _follows(past.series(owner), rows.times[start], max_gap)
        if found is not None:
            if states is None:
                states = np.full((len(layout.starts), len(found)), np.nan, found.dtype)
            states[number] = found
        if is_cut and start == rows.bounds[owner] and not is_purged(rows.keys[owner], rows.times[start]):
            n_cut += 1
            n_lacking += int(min(_COLD, layout.stops[number] - start))
    warn_of_lacking_past(n_lacking, rows, n_cut, _COLD)
    return states


def state_before(series: SeriesPast, time: float, max_gap: MaxGap) -> np.ndarray | None:
    """Return the flattened state before a row at this time; None if it does not directly follow training rows."""
    return _follows(series, time, max_gap)[0] if len(series.times) else None


def _follows(series: SeriesPast, time: float, max_gap: MaxGap) -> tuple[np.ndarray | None, bool]:
    """Return the state before a row at this time, if any, and whether training rows before it are missing."""
    run = int(np.searchsorted(series.run_starts, time)) - 1  # the last that starts before
    if run < 0:
        return None, False
    stop = series.run_stops[run]
    hole = time - stop
    if hole > 0 and not is_gap(hole, max_gap, series.step):
        at = np.searchsorted(series.times, stop)
        if at < len(series.times) and series.times[at] == stop:
            return series.values[at], False
        return None, True
    return None, time not in series.run_starts[run + 1 : run + 2]
