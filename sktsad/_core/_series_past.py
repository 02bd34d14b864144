"""The part of each series that fit keeps for later rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from ._estimator import fitted_part
from ._index import LOST_INDEX_FIX, check_panel, is_numbered, is_panel, row_index
from ._later_rows import warn_if_unknown
from ._level_of_user import level_of_user
from ._ragged import ranges, search_parts
from ._series import SeriesRows
from ._types import MaxGap, Rows

#: Number of runs of training rows per series whose last rows are kept: the last run, and those before the longest
#: holes. Folds leave longer holes than missing rows and shuffled splits do.
MOST_RUNS = 32


@dataclass(frozen=True)
class SeriesPast:
    """What fit keeps of one series.

    Attributes
    ----------
    step : float
        Its time step; NaN if there is none.
    run_starts, run_stops : ndarray of shape (n_runs,)
        Time of the first and last row of each run of neighbouring rows.
    times : ndarray of shape (n_kept,)
        Time of the rows at the ends of runs, in order.
    values : ndarray of shape (n_kept, n_columns)
        These rows.
    """

    step: float
    run_starts: np.ndarray
    run_stops: np.ndarray
    times: np.ndarray
    values: np.ndarray


@fitted_part
@dataclass(frozen=True)
class Past:
    """What fit keeps of all its series, as concatenated arrays.

    Attributes
    ----------
    kind : str or None
        Kind of their time, as in `Stamps`; None for rows without time.
    zone : str, tzinfo or None
        The time zone in which days are counted, by its name if it has one.
    was_panel, was_numbered : bool
        Whether the rows had a (series, time) index, and whether they were just numbered 0, 1, 2, ...
    keys : list
        The name of each series; a list, as a single series has the name None.
    n_rows : ndarray of int, shape (n_series,)
        Number of rows of each series during fit.
    steps : ndarray of shape (n_series,)
        The time step of each series; NaN if there is none.
    run_bounds : ndarray of int, shape (n_series + 1,)
        The runs of series ``i`` are ``run_bounds[i]`` up to ``run_bounds[i + 1]``.
    run_starts, run_stops : ndarray of shape (n_runs,)
        Time of the first and last row of each run of neighbouring rows.
    bounds : ndarray of int, shape (n_series + 1,)
        The kept rows of series ``i`` are ``bounds[i]`` up to ``bounds[i + 1]``.
    times : ndarray of shape (n_kept,)
        Time of the rows at the ends of runs, in order.
    values : ndarray of shape (n_kept, n_columns)
        These rows.
    """

    kind: str | None
    zone: Any
    was_panel: bool
    was_numbered: bool
    keys: list[Hashable]
    n_rows: np.ndarray = field(repr=False)
    steps: np.ndarray = field(repr=False)
    run_bounds: np.ndarray = field(repr=False)
    run_starts: np.ndarray = field(repr=False)
    run_stops: np.ndarray = field(repr=False)
    bounds: np.ndarray = field(repr=False)
    times: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)

    @classmethod
    def of(
        cls,
        X: Rows,
        rows: SeriesRows,
        values: np.ndarray,
        first_needed: Callable[[np.ndarray, np.ndarray], np.ndarray],
        max_gap: MaxGap,
        most_runs: int = MOST_RUNS,
    ) -> Self:
        """Keep the step and the runs of each series, and the rows at the end of each run that later rows need.

        Parameters
        ----------
        X : array-like
            The training rows; only their index is read.
        rows : SeriesRows
            The series of ``X``.
        values : ndarray of shape (n_rows, n_columns)
            The rows as numbers.
        first_needed : callable
            Called with the stops of runs in ``rows.order``, and the number of the series of each; returns the first row
            that a row after each run needs. It may lie before the first row of the series.
        max_gap : float, str or timedelta
            A hole of more steps, or longer than this time, ends a run whose last rows are kept.
        most_runs : int
            Largest number of runs of a series whose last rows are kept.
        """
        index = row_index(X)
        n_series, steps, times = len(rows.keys), rows.steps(), rows.times
        kept = np.empty(0, dtype=np.intp)
        runs, run_stops = kept, kept
        if times is None:
            times = np.empty(0)
        else:
            runs = rows.segment_starts(1, steps)
            run_stops = np.append(runs[1:], rows.n_rows) - 1
            stops = np.append(rows.segment_starts(max_gap, steps)[1:], rows.n_rows)
            owner = np.searchsorted(rows.bounds, stops) - 1
            if len(stops) > n_series:
                chosen = _chosen_runs(np.diff(times), stops, owner, most_runs)
                stops, owner = stops[chosen], owner[chosen]
            first = np.maximum(first_needed(stops, owner), rows.bounds[owner])
            kept = ranges(np.maximum(first, np.append(0, stops[:-1])), stops)
        return cls(
            rows.kind,
            _zone_name(rows.zone),
            is_panel(X),
            index is not None and is_numbered(index),
            rows.keys,
            np.diff(rows.bounds),
            steps,
            np.searchsorted(runs, rows.bounds),
            times[runs],
            times[run_stops],
            np.searchsorted(kept, rows.bounds),
            times[kept],
            values[rows.order[kept]],
        )

    def with_values(self, values: np.ndarray) -> Past:
        """Return the same past with other values for the kept rows."""
        return replace(self, values=values)

    def then(self, later: Past) -> Past:
        """Return the past after a fit that continues this one: for each series, the part that was kept last."""
        names = ("n_rows", "steps", "run_starts", "run_stops", "times", "values")
        both: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(later, name)]) for name in names
        }
        for name in ("run_bounds", "bounds"):
            before, after = getattr(self, name), getattr(later, name)
            both[name] = np.append(before, before[-1] + after[1:])
        number_of = {key: number for number, key in enumerate(self.keys + later.keys)}
        return replace(later, **both)._some(list(number_of), np.array(list(number_of.values())))

    def forgotten(self) -> Past:
        """Return a past of no series."""
        return self._of_series([])

    def series(self, number: int) -> SeriesPast:
        """Return the past of a series."""
        runs = slice(*self.run_bounds[number : number + 2].tolist())
        rows = slice(*self.bounds[number : number + 2].tolist())
        return SeriesPast(
            float(self.steps[number]),
            self.run_starts[runs],
            self.run_stops[runs],
            self.times[rows],
            self.values[rows],
        )

    def numbers(self) -> dict[Hashable, int]:
        """Return the number of each series by its name."""
        return {key: number for number, key in enumerate(self.keys)}

    def numbers_of(self, keys: list[Hashable]) -> np.ndarray:
        """Return the numbers of the series with these names; -1 if not seen during fit."""
        numbers = self.numbers()
        return np.array([numbers.get(key, -1) for key in keys], dtype=np.intp)

    def _of_series(self, keys: list[Hashable]) -> Past:
        """Return the past of the series with these names; it is empty if not seen during fit."""
        return self if keys == self.keys else self._some(keys, self.numbers_of(keys))

    def _some(self, keys: list[Hashable], numbers: np.ndarray) -> Past:
        """Return the past of some series, by their numbers; -1 is a series with an empty past."""
        runs, rows = (
            (np.append(bounds[:-1], 0)[numbers], np.append(bounds[1:], 0)[numbers])
            for bounds in (self.run_bounds, self.bounds)
        )
        some_runs, some_rows = ranges(*runs), ranges(*rows)
        return replace(
            self,
            keys=keys,
            n_rows=np.append(self.n_rows, 0)[numbers],
            steps=np.append(self.steps, np.nan)[numbers],
            run_bounds=np.append(0, np.cumsum(runs[1] - runs[0])),
            run_starts=self.run_starts[some_runs],
            run_stops=self.run_stops[some_runs],
            bounds=np.append(0, np.cumsum(rows[1] - rows[0])),
            times=self.times[some_rows],
            values=self.values[some_rows],
        )

    def compare(self, X: Rows, rows: SeriesRows) -> Past:
        """Compare later rows with the training rows; return the past of their series.

        A series not seen during fit has an empty past.

        Raises
        ------
        ValueError
            If only one of the two has a (series, time) index, or their times cannot be compared.

        Warns
        -----
        UserWarning
            If one of the two has a default index, these rows have no time, or series seem to have different names from
            those seen during fit.
        """
        check_panel(X, self.was_panel)
        known = self._of_series(rows.keys)
        if self.kind is None or (rows.kind is None and self.was_numbered):
            return known
        if rows.kind is None:
            warnings.warn(
                f"The index of the training rows has {self.kind}, but these rows have no time: they are treated as not "
                "following the training rows, so that the first of them have no past. " + LOST_INDEX_FIX,
                UserWarning,
                stacklevel=level_of_user(),
            )
            return known  # for the time step; rows without time are not joined with kept rows
        if self.kind != rows.kind:
            index = row_index(X)
            numbered = index is not None and is_numbered(index)
            message = (
                f"The index of the training rows has {self.kind}, but that of these rows has {rows.kind}, so it is "
                "unknown whether they follow the training rows. Use the same kind of index for both: "
                "pandas.to_datetime(X.index) "
                "returns dates, .to_timestamp() converts periods to dates, .tz_localize('Europe/Berlin') sets a time "
                "zone."
            )
            if not (numbered or self.was_numbered):
                raise ValueError(message)
            warnings.warn(message, UserWarning, stacklevel=level_of_user())
            return self.forgotten()._of_series(rows.keys)
        if not known.n_rows.all():
            warn_if_unknown(self.keys, rows.keys)
        return known

    def join(self, rows: SeriesRows, values: np.ndarray) -> tuple[SeriesRows, np.ndarray, np.ndarray]:
        """Insert the rows that fit kept into later rows of the same series, each series in time order.

        Kept rows that are also among the later rows, or come after all of them, are left out.

        Returns
        -------
        joined : SeriesRows
            The same series with more rows.
        values : ndarray of shape (n_joined, n_columns)
            ``values``, then the inserted rows.
        given : ndarray of int, shape (n_rows,)
            Where the later rows are in ``joined.order``.
        """
        if rows.times is None or not len(self.times):
            return rows, values, np.arange(rows.n_rows)
        owner = np.repeat(np.arange(len(rows.keys)), np.diff(self.bounds))
        stops = rows.bounds[1:][owner]
        place = search_parts(rows.times, rows.bounds[:-1][owner], stops, self.times)
        is_new = (place < stops) & (rows.times.take(place, mode="clip") != self.times)
        place = place[is_new]
        if not len(place):
            return rows, values, np.arange(rows.n_rows)
        n_new = np.bincount(owner[is_new], minlength=len(rows.keys))
        put = place + np.arange(len(place))
        n_joined = rows.n_rows + len(put)
        given = np.delete(np.arange(n_joined), put)
        order, times = np.empty(n_joined, dtype=np.intp), np.empty(n_joined, rows.times.dtype)
        order[given], times[given] = rows.order, rows.times
        order[put], times[put] = len(values) + np.arange(len(put)), self.times[is_new]
        bounds = rows.bounds + np.append(0, np.cumsum(n_new))
        joined = replace(rows, bounds=bounds, order=order, times=times)
        return joined, np.concatenate([values, self.values[is_new]], dtype=values.dtype), given


def _chosen_runs(holes: np.ndarray, stops: np.ndarray, owner: np.ndarray, most_runs: int) -> np.ndarray:
    """Return the runs whose last rows are kept, ascending: the last run of each series, and those before long holes."""
    is_last = np.append(owner[1:] != owner[:-1], True)
    length = holes.take(stops - 1, mode="clip")  # the hole after the last run does not count
    order = np.lexsort([-length, ~is_last, owner])
    rank = np.arange(len(order)) - np.searchsorted(owner, owner)  # in the order of series, like `order`
    return np.sort(order[rank < most_runs])


def _zone_name(zone: Any) -> Any:
    """Return the name of a time zone, which can be stored in any format; the zone itself if it has no name."""
    return getattr(zone, "key", None) or getattr(zone, "zone", None) or zone
