"""Counts of alarms for many thresholds at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.indexers import BaseIndexer

from .._core import AlarmRule


def count_alarms(level_of_row: np.ndarray, place: np.ndarray, rule: AlarmRule, most: float) -> np.ndarray:
    """Return the number of alarms above each of the highest levels.

    Parameters
    ----------
    level_of_row : ndarray of int, shape (n_rows,)
        Level of each row, series by series in time order: a row is above threshold ``k`` if its level is at least
        ``k``.
    place : ndarray of int, shape (n_rows,)
        Positions of the rows in time.
    rule : AlarmRule
        Rule that says which rows are one alarm.
    most : float
        Largest number of alarms of interest: counting stops at the highest threshold that makes more.

    Returns
    -------
    counts : ndarray of int
        Number of alarms at each of the highest thresholds; it is 0 at the last, which no row exceeds.
    """
    if np.all(rule.min_rows == 1) and not np.any(rule.cool_down > rule.merge_gap):
        return _count_merged(level_of_row, place, rule.merge_gap)
    return np.array(_Line(place, rule).counts_from_above(level_of_row, most))


def most_alarms(bounds: np.ndarray, place: np.ndarray, rule: AlarmRule) -> int:
    """Return how many alarms fit into the series, given by their bounds."""
    firsts, lasts = bounds[:-1], bounds[1:] - 1
    apart = np.broadcast_to(np.maximum(rule.merge_gap + 1, rule.cool_down) + 1, place.shape)[firsts]
    return int(((place[lasts] - place[firsts]) // apart + 1).sum())


class _Before(BaseIndexer):
    """For each row, the range of earlier rows whose run it could continue."""

    def get_window_bounds(
        self,
        num_values: int = 0,
        min_periods: int | None = None,
        center: bool | None = None,
        closed: str | None = None,
        step: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        return self.first, np.arange(len(self.first))  # type: ignore[attr-defined]


def _count_merged(level_of_row: np.ndarray, place: np.ndarray, merge_gap: Any) -> np.ndarray:
    """Count runs: at each level, a row that reaches it starts a run unless a row at most a gap earlier does, too."""
    first = np.searchsorted(place, place - merge_gap - 1)
    levels = pd.Series(level_of_row)
    before = levels.rolling(_Before(first=first), min_periods=1).max().fillna(-1).to_numpy().astype(np.int64)
    starts = level_of_row > before
    n_levels = int(level_of_row.max()) + 1
    added = np.bincount(before[starts] + 1, minlength=n_levels + 1)
    gone = np.bincount(level_of_row[starts] + 1)  # the first row of the highest level is among them
    return np.cumsum(added - gone)


class _Line:
    """Rows of all series, one series after the other; as the threshold falls, more and more of them are above it.

    Which alarms follow an alarm depends only on where it ends. So an added row changes the alarms from its own run on,
    up to the first alarm that ends where an alarm ended before.
    """

    def __init__(self, place: np.ndarray, rule: AlarmRule) -> None:
        self.place = place.tolist()
        self.merge_gap = np.broadcast_to(rule.merge_gap, place.shape).tolist()
        self.min_rows = np.broadcast_to(rule.min_rows, place.shape).tolist()
        self.cool_down = np.broadcast_to(rule.cool_down, place.shape).tolist()
        #: For each run its start and end, the number of rows that it needs, and the positions of its rows; then the end
        #: of each alarm.
        self.starts: list[int] = []
        self.lasts: list[int] = []
        self.needs: list[int] = []
        self.runs: list[list[int]] = []
        self.ends: list[int] = []

    def counts_from_above(self, level_of_row: np.ndarray, most: float) -> list[int]:
        """Return the number of alarms above each level, ascending, until there are too many."""
        order = np.argsort(-level_of_row)
        levels = level_of_row[order].tolist()
        counts = [0]
        for number, row in enumerate(order.tolist()):
            run = self._add(self.place[row], self.merge_gap[row], self.min_rows[row])
            self._update(run, self.cool_down[row])
            if number + 1 == len(levels) or levels[number + 1] != levels[number]:
                counts.append(len(self.ends))
                if len(self.ends) > most:
                    break
        return counts[::-1]

    def _add(self, at: int, gap: int, need: int) -> int:
        """Add a row above the threshold; return the number of its run."""
        number = bisect_right(self.starts, at) - 1
        if number >= 0 and at - self.lasts[number] <= gap + 1:
            insort(self.runs[number], at)
        else:
            number += 1
            self.starts.insert(number, at)
            self.lasts.insert(number, at)
            self.needs.insert(number, need)
            self.runs.insert(number, [at])
        run = self.runs[number]
        if number + 1 < len(self.runs) and self.starts[number + 1] - run[-1] <= gap + 1:
            run += self.runs.pop(number + 1)
            del self.starts[number + 1], self.lasts[number], self.needs[number]
        self.lasts[number] = run[-1]
        return number

    def _update(self, number: int, cool: int) -> None:
        """Recompute the alarms, starting with this run."""
        first = after = bisect_left(self.ends, self.starts[number])
        ready = self.ends[first - 1] + cool if first else -1
        ends = []
        while (number := bisect_right(self.lasts, ready, lo=number)) < len(self.runs):
            run = self.runs[number]
            n_rows = len(run) if run[0] > ready else len(run) - bisect_right(run, ready)
            is_long = n_rows >= self.needs[number]
            number += 1
            if not is_long:
                continue
            while after < len(self.ends) and self.ends[after] < run[-1]:
                after += 1
            if after < len(self.ends) and self.ends[after] == run[-1]:
                break
            ends.append(run[-1])
            ready = run[-1] + cool
        else:
            after = len(self.ends)
        self.ends[first:after] = ends
