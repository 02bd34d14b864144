"""Which rows are one run, one event, one alarm; defined only here."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from ._durations import LENGTH_OF_TIME, check_max_gap, in_rows, is_gap, nanoseconds, whole_rows
from ._series import SeriesRows, read_rows
from ._sklearn import Interval
from ._types import MaxGap, Rows

#: Allowed values of ``merge_gap`` and ``cool_down``: a number of rows, or a length of time.
DURATION: list[Any] = [Interval(Integral, 0, None, closed="left"), *LENGTH_OF_TIME]
#: Allowed values of ``min_rows``: the same, but not 0.
LEAST_DURATION: list[Any] = [Interval(Integral, 1, None, closed="left"), *LENGTH_OF_TIME]
#: Meaning of ``merge_gap=None`` if rows have dates: a person who was called is busy for half an hour.
_HALF_AN_HOUR = 1800 * 10**9
#: Distance between two series, in rows; and the longest gap, cool-down or hole, which is shorter.
_FAR, _LONGEST = 2**40, 2**39
_NO_BORDERS = np.array([], dtype=np.intp)


def find_events(positive: np.ndarray, borders: np.ndarray = _NO_BORDERS) -> tuple[np.ndarray, np.ndarray]:
    """Return where runs of True start and stop.

    Parameters
    ----------
    positive : ndarray of bool, shape (n_rows,)
        Rows, series by series in time order.
    borders : ndarray of int
        Rows at which a run cannot continue: the first of a series, or the first after a gap. 0 may be left out.
    """
    starts, stops = positive.copy(), positive.copy()
    borders = borders[borders < len(positive)]  # a table without rows still has one series
    starts[1:] &= ~positive[:-1]
    stops[:-1] &= ~positive[1:]
    starts[borders] = positive[borders]
    before = borders[borders > 0] - 1
    stops[before] = positive[before]
    return np.flatnonzero(starts), np.flatnonzero(stops) + 1


def count_events(X: Rows, positive: np.ndarray) -> int:
    """Count the events of all series: runs of consecutive anomalous rows, in the order given."""
    rows = read_rows(X)  # independent rows, such as heart beats, may have been shuffled with their index
    return len(find_events(positive[rows.order], rows.bounds[:-1])[0])


def places(rows: SeriesRows, max_gap: MaxGap, steps: np.ndarray) -> np.ndarray:
    """Return the position of each row in time, counted in rows: a gap counts as the number of missing rows.

    Shorter holes are not counted, as for windows: inexact times, or a missing row, do not end a run. Two series are too
    far apart for any run to cross.
    """
    ahead = np.ones(rows.n_rows, dtype=np.int64)
    firsts = rows.bounds[:-1]
    check_max_gap(max_gap, rows)
    if rows.times is not None and rows.n_rows > 1:
        holes = np.diff(rows.times)
        of_row = steps[0] if len(steps) == 1 else np.repeat(steps, np.diff(rows.bounds))[1:]
        gaps = np.flatnonzero(is_gap(holes, max_gap, of_row))
        sizes = holes[gaps] / (of_row if len(steps) == 1 else of_row[gaps])
        ahead[gaps + 1] = np.clip(np.rint(sizes), 1, _LONGEST)
    ahead[firsts[firsts < rows.n_rows]] = _FAR
    return np.cumsum(ahead)


@dataclass(frozen=True)
class AlarmRule:
    """Which rows above a threshold are one alarm. The rule needs no later rows, so that it works live.

    A row above the threshold that comes after at most ``merge_gap`` quiet rows continues the run before it. A run
    is an alarm from its ``min_rows``-th row above the threshold on. In the ``cool_down`` rows after the last row of
    an alarm, rows above the threshold that do not continue it are ignored: a run that lasts longer starts after them.

    Attributes
    ----------
    merge_gap, cool_down : int, or ndarray of int, shape (n_rows,)
        Number of rows; an array has, for each row, the value of its series.
    min_rows : int, or ndarray of int, shape (n_rows,)
        Number of rows above the threshold that make an alarm.
    """

    merge_gap: Any = 0
    min_rows: Any = 1
    cool_down: Any = 0

    @classmethod
    def read(
        cls,
        rows: SeriesRows,
        step_times: np.ndarray | None,
        merge_gap: Any = None,
        min_rows: Any = 1,
        cool_down: Any = 0,
    ) -> AlarmRule:
        """Create a rule from parameters that users pass as numbers of rows or as lengths of time.

        Parameters
        ----------
        rows : SeriesRows
            The rows to which the rule applies.
        step_times : ndarray of shape (n_series,) or None
            How long a row of each series lasts, in nanoseconds, NaN if unknown; None without dates.
        merge_gap, cool_down : int, timedelta, str or None
            Number of rows, or a length of time; None means half an hour if rows have dates, else 0.
        min_rows : int, timedelta or str
            Number of rows above the threshold that make an alarm, or how long these must last.
        """
        sizes = np.diff(rows.bounds)
        return cls(
            duration_in_rows("merge_gap", merge_gap, step_times, sizes),
            duration_in_rows("min_rows", min_rows, step_times, sizes, least=1),
            duration_in_rows("cool_down", cool_down, step_times, sizes),
        )

    def find(self, hot: np.ndarray, place: np.ndarray) -> AlarmRuns:
        """Find the alarms.

        Parameters
        ----------
        hot : ndarray of bool, shape (n_rows,)
            Which rows are above the threshold, series by series in time order.
        place : ndarray of int, shape (n_rows,)
            Positions of the rows in time, see `places`.
        """
        rows = np.flatnonzero(hot)
        at = place[rows]
        gap = _at(self.merge_gap, rows[1:])
        starts = np.flatnonzero(np.append(np.ones(min(len(rows), 1), dtype=bool), np.diff(at) > gap + 1))
        stops = np.append(starts[1:], len(rows))[: len(starts)]
        is_long = stops - starts >= _at(self.min_rows, rows[stops - 1])
        if np.any(self.cool_down > self.merge_gap):
            starts, stops = self._pass_over(rows, at, starts, stops, is_long)
        else:
            starts, stops = starts[is_long], stops[is_long]
        return AlarmRuns(rows, starts, stops, _at(self.min_rows, rows[stops - 1]))

    def _pass_over(
        self, rows: np.ndarray, at: np.ndarray, starts: np.ndarray, stops: np.ndarray, is_long: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the runs that are alarms, each after the cool-down of the previous alarm."""
        n_runs = len(starts)
        cool = _at(self.cool_down, rows[stops - 1])
        long = np.append(np.where(is_long, np.arange(n_runs), n_runs), n_runs)
        next_long = np.minimum.accumulate(long[::-1])[::-1]  # from each run on
        # The first row after the cool-down of each run, the run that it is in or follows, and the remaining rows of
        # that run.
        row = np.searchsorted(at, at[stops - 1] + cool, side="right")
        run = np.searchsorted(stops, row)
        is_rest = stops[run] - row >= _at(self.min_rows, rows[stops[run] - 1])
        following = np.where(is_rest, run, next_long[run + 1])
        begin = np.where(is_rest, row, starts.take(following, mode="clip"))
        chain, successor, number = [], following.tolist(), int(next_long[0])
        while number < n_runs:
            chain.append(number)
            number = successor[number]
        chosen = np.array(chain, dtype=np.intp)
        return np.append(starts[chosen[:1]], begin[chosen[:-1]]), stops[chosen]


@dataclass(frozen=True)
class AlarmRuns:
    """Alarms, one after the other.

    Attributes
    ----------
    rows : ndarray of int
        The rows above the threshold.
    starts, stops : ndarray of int, shape (n_alarms,)
        Alarm ``i`` has ``rows[starts[i]:stops[i]]``.
    min_rows : int, or ndarray of int, shape (n_alarms,)
        Each alarm opens with its ``min_rows``-th row.
    """

    rows: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    min_rows: Any

    def __len__(self) -> int:
        return len(self.starts)

    def members(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that are in an alarm, and the number of the alarm of each."""
        number = np.repeat(np.arange(len(self)), self.stops - self.starts)
        before = np.cumsum(np.append(0, self.stops[:-1] - self.starts[:-1]))[: len(self)]
        return self.rows[np.arange(len(number)) + (self.starts - before)[number]], number

    @property
    def first(self) -> np.ndarray:
        """The first row of each alarm."""
        return self.rows[self.starts]

    @property
    def opened(self) -> np.ndarray:
        """The row with which each alarm opens."""
        return self.rows[self.starts + self.min_rows - 1]

    @property
    def last(self) -> np.ndarray:
        """The last row of each alarm."""
        return self.rows[self.stops - 1]


class AlarmState:
    """State of each series for an `AlarmRule` that works row by row; finds the same alarms as ``AlarmRule.find``.

    Parameters
    ----------
    rule : AlarmRule
        The rule, with durations that are numbers or arrays of shape (n_series,).
    n_series : int
        Number of series.

    Attributes
    ----------
    first, last : ndarray of int, shape (n_series,)
        Positions of the first and the last row above the threshold of the current run.
    n_rows : ndarray of int, shape (n_series,)
        Number of such rows of the run; 0 if there is no run.
    ready : ndarray of int, shape (n_series,)
        Position of the last row of the cool-down.
    """

    def __init__(self, rule: AlarmRule, n_series: int) -> None:
        self.merge_gap = np.broadcast_to(rule.merge_gap, n_series)
        self.min_rows = np.broadcast_to(rule.min_rows, n_series)
        self.cool_down = np.broadcast_to(rule.cool_down, n_series)
        self.first, self.last, self.ready = np.full((3, n_series), -_FAR)
        self.n_rows = np.zeros(n_series, dtype=np.int64)

    def step(self, series: np.ndarray, place: np.ndarray, hot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Process the next row of some of the series.

        Parameters
        ----------
        series : ndarray of int, shape (n,)
            The numbers of these series, each once.
        place : ndarray of int, shape (n,)
            Positions of the rows in time, see `places`.
        hot : ndarray of bool, shape (n,)
            Which rows are above the threshold.

        Returns
        -------
        opened, closed : ndarray of bool, shape (n,)
            Where an alarm opens with this row; and where one has ended, at the previous ``last``.
        """
        behind, min_rows = place - self.last[series] - self.merge_gap[series], self.min_rows[series]
        over = (behind > 1) | ((behind == 1) & ~hot)
        closed = over & (self.n_rows[series] >= min_rows)
        ended = series[closed]
        self.ready[ended] = self.last[ended] + self.cool_down[ended]
        self.n_rows[series[over]] = 0
        counts = hot & (place > self.ready[series])
        begins = counts & (self.n_rows[series] == 0)
        self.first[series[begins]] = place[begins]
        self.last[series[counts]] = place[counts]
        self.n_rows[series[counts]] += 1
        return counts & (self.n_rows[series] == min_rows), closed


def _at(values: Any, rows: np.ndarray) -> Any:
    """Return the values at some rows, or the only value."""
    return values if np.ndim(values) == 0 else values[rows]


def duration_in_rows(
    name: str, value: Any, step_times: np.ndarray | None, sizes: np.ndarray, least: int = 0
) -> Any:
    """Return a duration in rows: one number, or one for each row if the steps of the series differ.

    A length of time becomes as many whole rows as fit into it or, with ``least``, the fewest that last as long, but at
    least ``least``.
    """
    if isinstance(value, Integral):
        return min(int(value), _LONGEST)
    if value is None and step_times is None:
        return 0
    if step_times is None:
        raise ValueError(
            f"{name}={value!r} must be a number of rows or a length of time, at least 0. A length of time needs rows "
            "with dates in their index."
        )
    time = _HALF_AN_HOUR if value is None else nanoseconds(name, value)
    numbers = whole_rows(time, step_times, _LONGEST)
    if least:
        numbers = np.clip(in_rows(time, step_times, up=True), least, _LONGEST)
    return int(numbers[0]) if (numbers == numbers[:1]).all() and len(numbers) else np.repeat(numbers, sizes)
