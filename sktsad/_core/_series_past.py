"""What fit keeps of the series that it saw, for the rows that come later."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from ._estimator import fitted_part
from ._index import LOST_INDEX_FIX, check_panel, is_numbered, is_panel, row_index
from ._later_rows import warn_if_unknown
from ._series import SeriesRows
from ._types import Rows

#: Number of runs of training rows per series whose last rows are kept: the last run, and those before the longest
#: holes. Folds leave longer holes than lost rows and shuffled splits do.
MOST_RUNS = 32


@fitted_part
@dataclass(frozen=True)
class SeriesPast:
    """What fit keeps of one series.

    Attributes
    ----------
    n_rows : int
        Rows that fit saw.
    step : float
        Its time step; NaN where there is none.
    run_starts, run_stops : ndarray of shape (n_runs,)
        Time of the first and last row of each run of neighbouring rows.
    times : ndarray of shape (n_kept,)
        Time of the rows at the ends of runs, in order.
    values : ndarray of shape (n_kept, n_columns)
        These rows.
    """

    n_rows: int
    step: float
    run_starts: np.ndarray
    run_stops: np.ndarray
    times: np.ndarray
    values: np.ndarray


@fitted_part
@dataclass(frozen=True)
class Past:
    """What fit keeps of all series that it saw.

    Attributes
    ----------
    kind : str or None
        What their time is, as in `Stamps`; None for rows without time.
    zone : str, tzinfo or None
        The time zone in which days are counted, by its name where it has one.
    was_panel, was_numbered : bool
        Whether the rows had a (series, time) index, and whether they were just numbered 0, 1, 2, ...
    keys : list
        The name of each series.
    series : list of SeriesPast
        What was kept of each; no dict, as a single series has the name None.
    """

    kind: str | None
    zone: Any
    was_panel: bool
    was_numbered: bool
    keys: list[Hashable]
    series: list[SeriesPast] = field(repr=False)

    @classmethod
    def of(
        cls,
        X: Rows,
        rows: SeriesRows,
        values: np.ndarray,
        first_needed: Callable[[np.ndarray, float], int],
        max_gap: float,
        most_runs: int = MOST_RUNS,
    ) -> Self:
        """Keep the step and the runs of each series, and the rows at the end of each run that later rows look at.

        Parameters
        ----------
        X : array-like
            The rows of fit, for their index.
        rows : SeriesRows
            The series of ``X``.
        values : ndarray of shape (n_rows, n_columns)
            The rows as numbers.
        first_needed : callable
            Takes the times of a series up to the end of a run, and its step; returns where the rows start that a row
            after them looks at.
        max_gap : float
            A hole of more steps ends a run whose last rows are kept.
        most_runs : int
            Largest number of runs of a series whose last rows are kept.
        """
        index = row_index(X)
        kept, steps = [], rows.steps()
        runs, segments = (rows.segment_starts(gap, steps) for gap in (1, max_gap))
        # Where those of each series are among them: asked once, and not again for each of many series.
        run_bounds, segment_bounds = (
            np.searchsorted(each, rows.bounds).tolist() for each in (runs, segments)
        )
        ends = rows.bounds[1:]
        run_stops = np.append(runs[1:], ends[-1:]) - 1
        for number, ((_, part), step) in enumerate(zip(rows.parts(), steps.tolist(), strict=True)):
            if rows.times is None:
                nothing = np.empty(0)
                kept.append(SeriesPast(part.stop, step, nothing, nothing, nothing, values[:0]))
                continue
            times = rows.times[part]
            own = slice(run_bounds[number], run_bounds[number + 1])
            cuts = segments[segment_bounds[number] + 1 : segment_bounds[number + 1]] - part.start
            at = _ends(times, step, [*cuts.tolist(), len(times)], first_needed, most_runs)
            starts, stops = rows.times[runs[own]], rows.times[run_stops[own]]
            kept.append(SeriesPast(len(times), step, starts, stops, times[at], values[rows.order[part][at]]))
        return cls(
            rows.kind,
            _zone_name(rows.zone),
            is_panel(X),
            index is not None and is_numbered(index),
            rows.keys,
            kept,
        )

    def with_values(self, values: np.ndarray) -> Past:
        """Return the same with other values at the rows that are kept, which are numbered series by series."""
        stops = np.cumsum([len(past.times) for past in self.series])
        parts = zip(self.series, np.split(values, stops[:-1]), strict=True)
        return replace(self, series=[replace(past, values=part) for past, part in parts])

    def then(self, later: Past) -> Past:
        """Return what is kept after another fit that goes on from this one: of each series what it kept last."""
        kept = {**self.by_key(), **later.by_key()}
        return replace(later, keys=list(kept), series=list(kept.values()))

    def by_key(self) -> dict[Hashable, SeriesPast]:
        """Return what was kept of each series by its name."""
        return dict(zip(self.keys, self.series, strict=True))

    def steps(self) -> dict[Hashable, float]:
        """Return the time step of each series by its name."""
        return {key: past.step for key, past in zip(self.keys, self.series, strict=True)}

    def compare(self, X: Rows, rows: SeriesRows, stacklevel: int = 4) -> Past:
        """Compare later rows with those of fit; return what of the past counts for them.

        Raises
        ------
        ValueError
            If only one of the two has a (series, time) index, or their times cannot be compared.

        Warns
        -----
        UserWarning
            If one of the two is merely numbered, these rows carry no time, or series seem to have other names than in
            fit.
        """
        check_panel(X, self.was_panel)
        if self.kind is None or (rows.kind is None and self.was_numbered):
            return self
        if rows.kind is None:
            warnings.warn(
                f"The index of fit holds {self.kind}, these rows carry no time: they count as rows that do not follow "
                "those of fit, so that the first of them have no past. " + LOST_INDEX_FIX,
                UserWarning,
                stacklevel=stacklevel,
            )
            return self  # for the time step; rows without time are joined with none
        if self.kind != rows.kind:
            index = row_index(X)
            numbered = index is not None and is_numbered(index)
            message = (
                f"The index of fit holds {self.kind}, that of these rows {rows.kind}: whether they follow those of fit "
                "cannot be told. Give both the same kind of index: pandas.to_datetime(X.index) makes dates, "
                ".to_timestamp() turns periods into dates, .tz_localize('Europe/Berlin') sets a time zone."
            )
            if not (numbered or self.was_numbered):
                raise ValueError(message)
            warnings.warn(message, UserWarning, stacklevel=stacklevel)
            return replace(self, keys=[], series=[])
        if self.was_panel:
            warn_if_unknown(self.keys, rows.keys, stacklevel + 1)
        return self

    def join(self, rows: SeriesRows, values: np.ndarray) -> tuple[SeriesRows, np.ndarray, np.ndarray]:
        """Put the rows that fit kept among later ones, each series in time order.

        Kept rows that come again, or come after all of the later rows, are left out.

        Returns
        -------
        joined : SeriesRows
            The same series with more rows.
        values : ndarray of shape (n_joined, n_columns)
            ``values``, then the rows that were put in.
        given : ndarray of int, shape (n_rows,)
            Where the later rows are in ``joined.order``.
        """
        everything = np.arange(rows.n_rows)
        pasts = {} if rows.times is None else self.by_key()
        places, times, more = [], [], []
        n_new = np.zeros(len(rows.keys), dtype=int)
        for number, (key, part) in enumerate(rows.parts()):
            past = pasts.get(key)
            if past is None or rows.times is None or not len(past.times):
                continue
            own = rows.times[part]
            if past.times[-1] < own[0]:
                place, is_new = np.zeros(len(past.times), dtype=int), slice(None)
            else:
                place = np.searchsorted(own, past.times)
                is_new = (place < len(own)) & (own[np.minimum(place, len(own) - 1)] != past.times)
            n_new[number] = len(place[is_new])
            if n_new[number]:
                places.append(part.start + place[is_new])
                times.append(past.times[is_new])
                more.append(past.values[is_new])
        if not places or rows.times is None:
            return rows, values, everything
        place = np.concatenate(places)
        joined = replace(
            rows,
            bounds=rows.bounds + np.append(0, np.cumsum(n_new)),
            order=np.insert(rows.order, place, len(values) + np.arange(len(place))),
            times=np.insert(rows.times, place, np.concatenate(times)),
        )
        given = everything + np.searchsorted(place, everything, side="right")
        return joined, np.concatenate([values, *more]).astype(values.dtype, copy=False), given


def _ends(
    times: np.ndarray,
    step: float,
    stops: list[int],
    first_needed: Callable[[np.ndarray, float], int],
    most_runs: int,
) -> np.ndarray:
    """Return which rows of a series to keep, ascending: those that rows after each stop look at."""
    if len(stops) > most_runs:
        inner = np.array(stops[:-1])
        holes = times[inner] - times[inner - 1]
        longest = np.sort(np.argsort(-holes, kind="stable")[: most_runs - 1])
        stops = [*inner[longest].tolist(), stops[-1]]
    rows = [np.arange(max(0, first_needed(times[:stop], step)), stop) for stop in stops]
    return rows[0] if len(rows) == 1 else np.unique(np.concatenate(rows))


def _zone_name(zone: Any) -> Any:
    """Return the name of a time zone, which any store can hold; the zone itself where it has none."""
    return getattr(zone, "key", None) or getattr(zone, "zone", None) or zone
