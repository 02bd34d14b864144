"""Fitted steps that work row by row: the state that they keep of each series, and their output for the next row."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._durations import is_gap
from ._series_past import Past, SeriesPast
from ._series_state import SeriesState
from ._types import MaxGap

_YES, _NO = np.array([True]), np.array([False])


@dataclass(slots=True)
class LiveRows:
    """The next rows of some series, one row per series.

    Attributes
    ----------
    slots : ndarray of int, shape (n_rows,)
        Number of the series of each row.
    times : ndarray of shape (n_rows,) or None
        Time of each row as a number: dates and time deltas in nanoseconds; None if rows have no time.
    steps : ndarray of shape (n_rows,)
        Time step of series not seen during fit, from their rows so far; NaN for others, and if there is none yet.
    kind : str or None
        Kind of the times, such as "dates" or "numbers".
    """

    slots: np.ndarray
    times: np.ndarray | None
    steps: np.ndarray
    kind: str | None = None

    def some(self, chosen: np.ndarray) -> LiveRows:
        """Return some of the rows."""
        return LiveRows(
            self.slots[chosen],
            None if self.times is None else self.times[chosen],
            self.steps[chosen],
            self.kind,
        )


class LiveStep(SeriesState):
    """Base of steps that work row by row and keep a state for each series.

    A subclass declares its state with ``keep`` in its constructor, and defines the method `step`. The state consists of
    arrays with one entry per series, which `sktsad.live.LiveScorer` extends, clears and saves.
    """

    #: Whether the input may have NaN, and whether the output never has NaN.
    takes_missing = False
    fills_missing = False

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Prepare a series for its first row, from what fit kept of it if the row follows the training rows.

        Parameters
        ----------
        slot : int
            Number of the series.
        key : hashable
            Its name; None for a single one.
        time : int, float or None
            Time of its first row.
        """

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the output of the step for the next row of some series.

        Parameters
        ----------
        rows : LiveRows
            The series of the rows, and their times.
        values : ndarray of shape (n_rows, n_features)
            The rows.

        Returns
        -------
        values : ndarray of shape (n_rows, n_features_out), or of shape (n_rows,) for scores
        """
        raise NotImplementedError

    def advance(self, rows: LiveRows, values: np.ndarray) -> None:
        """Process the next row of some series without computing the output; a step without state has nothing to do.

        Parameters
        ----------
        rows, values
            As for `step`.
        """
        self.step(rows, values)


class GappedStep(LiveStep):
    """A `LiveStep` that starts again after a gap in time.

    Parameters
    ----------
    past : Past
        What fit kept of the series.
    max_gap : float, str or timedelta
        Longest step in time that is not a gap, as a multiple of the time step of a series, or a length of time.
    """

    last_time: np.ndarray
    time_step: np.ndarray
    n_rows: np.ndarray

    def __init__(self, past: Past, max_gap: MaxGap) -> None:
        super().__init__()
        self.past, self.max_gap = past, max_gap
        self._numbers = past.numbers()
        # Integers if times are too large for floats, such as nanoseconds.
        is_large = len(past.run_stops) and past.run_stops.max() > 2**53
        self.keep("last_time", (), np.int64 if is_large else np.float64)
        self.keep("time_step", (), np.float64, np.nan)
        self.keep("n_rows", (), np.int64)

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Continue from what fit kept of a series."""
        known = self.known(key)
        if known is not None and time is not None:
            self.time_step[slot] = known.step
            self.go_on(slot, known, time)

    def forget(self) -> None:
        """Forget what fit kept, as the times of the training rows and of the next rows cannot be compared."""
        self.past, self._numbers = self.past.forgotten(), {}

    def known(self, key: Hashable) -> SeriesPast | None:
        """Return what fit kept of a series; None if it was not seen during fit."""
        number = self._numbers.get(key)
        return None if number is None else self.past.series(number)

    def go_on(self, slot: int, known: SeriesPast, time: Any) -> None:
        """Start from what fit kept of a series whose first row has this time."""

    def is_new(self, rows: LiveRows) -> np.ndarray:
        """Return which rows come after a gap or are the first of their series, and count them in ``n_rows``."""
        slots = rows.slots
        if len(slots) == 1:
            return self._is_new_one(slots[0], rows)
        n_rows = self.n_rows[slots]
        new = n_rows == 0
        if rows.times is not None:
            step = self.time_step[slots]
            if (unknown := np.isnan(step)).any():
                step = np.where(unknown, rows.steps, step)
            new |= is_gap(rows.times - self.last_time[slots], self.max_gap, step)
            self.last_time[slots] = rows.times
        n_rows[new] = 0
        self.n_rows[slots] = n_rows + 1
        return new

    def _is_new_one(self, slot: Any, rows: LiveRows) -> np.ndarray:
        """Do the same for a single row, with scalars, which are faster than short arrays."""
        n_rows = self.n_rows[slot]
        new = n_rows == 0
        if rows.times is not None:
            time, step = rows.times[0], self.time_step[slot]
            if step != step:
                step = rows.steps[0]
            new = new or is_gap(time - self.last_time[slot], self.max_gap, step)
            self.last_time[slot] = time
        self.n_rows[slot] = 1 if new else n_rows + 1
        return _YES if new else _NO


class PastStep(GappedStep):
    """A `GappedStep` that keeps rows, and continues from the last ones that fit kept."""

    def go_on(self, slot: int, known: SeriesPast, time: Any) -> None:
        """Start from the rows up to this time that fit kept, if there are any."""
        n_kept = int(np.searchsorted(known.times, time))
        if not n_kept:
            return
        times = known.times[:n_kept]
        gaps = np.flatnonzero(is_gap(np.diff(times), self.max_gap, known.step))
        self.last_time[slot] = times[-1]
        self.n_rows[slot] = n_kept - (gaps[-1] + 1 if len(gaps) else 0)
        self.take_kept(slot, times, known.values[:n_kept], int(self.n_rows[slot]))

    def take_kept(self, slot: int, times: np.ndarray, values: np.ndarray, n_rows: int) -> None:
        """Start from the rows of a series that fit kept; there is no gap within the last ``n_rows``."""
