"""Scores of a partition of whole series; a series that fails is named, and the others are still scored."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .._core import AnyEstimator, decision_scores

SCORED = "scored"
#: Largest number of series that a message names.
_MOST_NAMED = 5


@dataclass
class Outcome:
    """The outcome for the rows of a partition.

    Attributes
    ----------
    scores : ndarray of shape (n_rows,)
        Score of each row; NaN in series that failed.
    codes : ndarray of int, shape (n_rows,)
        State of each row, as a position in ``states``.
    states : list of str
        "scored", then the error of each series that failed.
    failed : dict
        Error messages by the name of the series.
    """

    scores: np.ndarray
    codes: np.ndarray
    states: list[str] = field(default_factory=lambda: [SCORED])
    failed: dict[Hashable, str] = field(default_factory=dict)

    @classmethod
    def of_rows(cls, n_rows: int) -> Outcome:
        """Return the outcome of rows without a score yet."""
        return cls(np.full(n_rows, np.nan), np.zeros(n_rows, dtype=np.int32))

    def fail(self, key: Hashable, rows: Any, error: Exception) -> None:
        """Record that a series failed, for all its rows."""
        state = f"failed: {type(error).__name__}: {error}"
        self.failed[key] = state
        self.codes[rows] = len(self.states)
        self.states.append(state)

    def put(self, rows: Any, part: Outcome) -> None:
        """Add the outcome of some rows."""
        self.scores[rows] = part.scores
        self.codes[rows] = np.where(part.codes, part.codes + (len(self.states) - 1), 0)
        self.states += part.states[1:]
        self.failed |= part.failed

    def status(self) -> Any:
        """Return the state of each row, as a Categorical."""
        states = list(dict.fromkeys(self.states))  # several series may have the same error
        number = np.array([states.index(state) for state in self.states])
        return pd.Categorical.from_codes(number[self.codes], pd.Index(states))


@dataclass(frozen=True)
class SeriesOfFrame:
    """The rows of each series in a frame, even if their times are invalid.

    Attributes
    ----------
    keys : list
        Names of the series, in order of appearance.
    order : ndarray of int, shape (n_rows,)
        Rows, series by series.
    bounds : ndarray of int, shape (n_series + 1,)
        Series ``i`` is ``order[bounds[i]:bounds[i + 1]]``.
    """

    keys: list[Hashable]
    order: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, index: pd.MultiIndex) -> SeriesOfFrame:
        """Read the series from the first level of an index."""
        labels, level = index.codes[0], index.levels[0]
        starts = np.flatnonzero(np.append(len(labels) > 0, labels[1:] != labels[:-1]))
        codes, found = pd.factorize(labels[starts])
        names = iter(level.take(found[found >= 0]).tolist())
        keys = [
            None if label < 0 else next(names) for label in found.tolist()
        ]  # None for rows whose series has no name
        sizes = np.diff(np.append(starts, len(labels)))
        order = np.arange(len(labels))
        if len(starts) > len(keys):  # the rows of a series are not all in one place
            order = np.argsort(np.repeat(codes, sizes), kind="stable")
        bounds = np.append(0, np.cumsum(np.bincount(codes, sizes).astype(np.intp)))
        return cls(keys, order, bounds)

    def rows(self, first: int, stop: int) -> Any:
        """Return the rows of some neighbouring series, as a slice where this avoids a copy."""
        at = self.order[self.bounds[first] : self.bounds[stop]]
        is_run = len(at) and at[-1] - at[0] == len(at) - 1 and (np.diff(at) == 1).all()
        return slice(int(at[0]), int(at[-1]) + 1) if is_run else at

    def partitions(self, n_partitions: int) -> Iterator[tuple[int, int]]:
        """Divide the series into partitions of similar size; yield the first series and the stop of each."""
        ends = np.linspace(0, len(self.order), n_partitions + 1)[1:]
        stops = np.unique(np.searchsorted(self.bounds[1:], ends - 0.5) + 1)
        yield from zip([0, *stops[:-1].tolist()], stops.tolist(), strict=True)


def score_series(model: AnyEstimator, X: pd.DataFrame) -> Outcome:
    """Score rows with a (series, time) index in one call or, if that fails, without the series that fail."""
    outcome = Outcome.of_rows(len(X))
    if not len(X):
        return outcome
    try:
        outcome.scores[:] = decision_scores(model, X)
    except Exception as error:
        _score_halves(model, X, outcome, error)
    return outcome


def _score_halves(model: AnyEstimator, X: pd.DataFrame, outcome: Outcome, error: Exception) -> None:
    """Score the series of rows that fail together, by splitting the failing rows into halves repeatedly."""
    series = SeriesOfFrame.of(X.index)  # type: ignore[arg-type]
    todo = [(0, len(series.keys), error)]
    while todo:
        first, stop, error = todo.pop()
        if stop - first == 1:
            outcome.fail(series.keys[first], series.rows(first, stop), error)
            continue
        middle = (first + stop) // 2
        for half in ((middle, stop), (first, middle)):
            rows = series.rows(*half)
            try:
                outcome.scores[rows] = decision_scores(model, X.iloc[rows])
            except Exception as of_half:
                todo.append((*half, of_half))


def describe_failures(failed: dict[Hashable, str], n_series: int) -> str:
    """Return a message that names the series that failed, and why the first of them did."""
    names = ", ".join(repr(key) for key in list(failed)[:_MOST_NAMED])
    more = ", ..." if len(failed) > _MOST_NAMED else ""
    first = next(iter(failed.values()))
    return f"{len(failed)} of {n_series} series could not be scored: {names}{more}. The first {first}"
