"""Steps that keep nothing or only the last rows, and steps for wrappers of other estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .._core import (
    GappedStep,
    LiveRows,
    LiveStep,
    MaxGap,
    Past,
    RecentRows,
)

Function = Callable[[Any], np.ndarray]


class RowWise(LiveStep):
    """A step that uses each row alone, regardless of other rows.

    If it fails on a row, the result of this row is NaN, and other rows are not affected.

    Parameters
    ----------
    function : callable
        Function that takes rows, shape (n_rows, n_features), and returns one result per row.

    Attributes
    ----------
    failures : list of Exception
        Errors since the list was last read.
    """

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function
        self.failures: list[Exception] = []
        self._shape: tuple[int, ...] | None = None

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the output of the step for each row."""
        try:
            out = self.function(values)
        except Exception as error:
            return self._one_by_one(values, error)
        self._shape = out.shape[1:]
        return out

    def advance(self, rows: LiveRows, values: np.ndarray) -> None:
        """Do nothing: no later row depends on this one."""

    def _one_by_one(self, values: np.ndarray, error: Exception) -> np.ndarray:
        found: list[Any] = []
        for row in range(len(values)):
            try:
                if len(values) == 1:
                    raise error
                found.append(self.function(values[row : row + 1])[0])
                self._shape = np.shape(found[-1])
            except Exception as failure:
                self.failures.append(failure)
                found.append(None)
        if self._shape is None:  # no row ever worked, so the step is at fault
            raise error
        nothing = np.full(self._shape, np.nan)
        return np.array([nothing if each is None else each for each in found])


class LookBack(LiveStep):
    """A step that needs a given number of earlier rows, and gets them with each new row, in a frame with their times.

    Parameters
    ----------
    function : callable
        Function that takes rows of one series in a frame, and returns one result per row.
    n_rows : int
        Number of earlier rows that it needs for a row.
    n_columns : int
        Number of values in a row.
    names : array-like of str or None
        Names of the columns.
    """

    def __init__(self, function: Function, n_rows: int, n_columns: int, names: Any) -> None:
        super().__init__()
        self.function, self.n_back, self.names = function, n_rows, names
        self.recent = self.keep_part("recent", RecentRows(n_rows + 1, n_columns))
        self.times = self.keep_part("times", RecentRows(n_rows + 1, 1, np.int64))
        self.fractions = self.keep_part("fractions", RecentRows(n_rows + 1, 1))
        self.n_rows: np.ndarray
        self.keep("n_rows", (), np.int64)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the output of the step for each row, computed with the rows before it."""
        slots = rows.slots
        self.recent.push(slots, values)
        self.n_rows[slots] += 1
        store = None
        if rows.times is not None:
            store = self.times if rows.times.dtype.kind == "i" else self.fractions
            store.push(slots, rows.times[:, None])
        out = []
        for slot in slots:
            n_there = min(int(self.n_rows[slot]), self.n_back + 1)
            block = self.recent.last(np.array([slot]), n_there)[0]
            index = None
            if store is not None:
                index = _as_index(store.last(np.array([slot]), n_there)[0, :, 0], rows.kind)
            out.append(np.asarray(self.function(pd.DataFrame(block, index, self.names)))[-1])
        return np.array(out)


def _as_index(times: np.ndarray, kind: str | None) -> pd.Index:
    if kind == "time deltas":
        return pd.TimedeltaIndex(times.astype("m8[ns]"))
    if kind is not None and kind.startswith("dates"):
        dates = pd.DatetimeIndex(times.astype("M8[ns]"))
        return dates.tz_localize("UTC") if "zone" in kind else dates
    return pd.Index(times)


class Smoothed(GappedStep):
    """Smooth the scores of each series.

    Parameters
    ----------
    past : Past
        The past kept by fit, for the time steps of the series.
    max_gap : float, str or timedelta
        Longest step in time that is not a gap.
    lengths : callable
        Function of time steps of series that returns the number of scores for each.
    statistic : callable
        Statistic of these scores, such as ``numpy.mean``.
    chain : LiveStep
        The step that returns the scores.
    """

    def __init__(
        self,
        past: Past,
        max_gap: MaxGap,
        lengths: Callable[[np.ndarray], np.ndarray],
        statistic: Callable[..., np.ndarray],
        chain: LiveStep,
    ) -> None:
        super().__init__(past, max_gap)
        self.lengths, self.statistic = lengths, statistic
        self.chain = self.keep_part("chain", chain)
        longest = int(lengths(np.append(past.steps, np.nan)).max())
        self.recent = self.keep_part("recent", RecentRows(longest, 1))

    def begin(self, slot: int, key: Any, time: Any) -> None:
        """Prepare a series."""
        super().begin(slot, key, time)
        self.chain.begin(slot, key, time)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the smoothed score of each row."""
        scores = self.chain.step(rows, values)
        new = self.is_new(rows)
        steps = self.time_step[rows.slots]
        lengths = self.lengths(np.where(np.isnan(steps), rows.steps, steps))
        if (longest := int(lengths.max())) > self.recent.length:  # a series not seen during fit
            self.recent.lengthen(longest, longest, repeat=True)
        if new.any():
            self.recent.fill(rows.slots[new], scores[new, None])
        self.recent.push(rows.slots, scores[:, None])
        for length in np.unique(lengths).tolist():
            some = lengths == length
            scores[some] = self.statistic(self.recent.last(rows.slots[some], length)[..., 0], axis=1)
        return scores


class Wrapper(LiveStep):
    """A wrapper of estimators that work row by row, which decides from their outputs.

    Parameters
    ----------
    chains : list of LiveStep
        The inner estimators.
    decide : callable
        Function that takes a list of their outputs for each row, and returns the scores.
    """

    def __init__(self, chains: list[Any], decide: Callable[[list[np.ndarray]], np.ndarray]) -> None:
        super().__init__()
        self.chains = [self.keep_part(f"member{number}", chain) for number, chain in enumerate(chains)]
        self.decide = decide

    def begin(self, slot: int, key: Any, time: Any) -> None:
        """Prepare a series."""
        for chain in self.chains:
            chain.begin(slot, key, time)

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the score of each row."""
        return self.decide([chain.step(rows, values) for chain in self.chains])

    def advance(self, rows: LiveRows, values: np.ndarray) -> None:
        """Process rows whose scores are not needed."""
        for chain in self.chains:
            chain.advance(rows, values)


class Given:
    """Stand-in for an estimator whose output is known.

    Parameters
    ----------
    method : {"decision_function", "predict_proba"}
        The method that is called.

    Attributes
    ----------
    answer : ndarray
        The output that the method returns.
    """

    def __init__(self, method: str) -> None:
        self.answer = np.empty(0)
        setattr(self, method, self._answer)

    def _answer(self, X: Any) -> np.ndarray:
        return self.answer
