"""What fit keeps of the series that it saw, for the rows that come later."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from numbers import Number
from typing import Any, Self

import numpy as np

from ._index import check_panel, is_numbered, is_panel, row_index
from ._series import SeriesRows, modal_step

#: Runs of training rows whose last rows are kept, of each series: the last, and those before the longest holes. Folds
#: cut longer holes than lost rows and shuffled splits do.
_MOST_RUNS = 32
#: Steps of fewer rows are not compared.
_MIN_HOLES = 10


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


@dataclass(frozen=True)
class Past:
    """What fit keeps of all series that it saw.

    Attributes
    ----------
    kind : str or None
        What their time is, as in `Stamps`; None for rows without time.
    zone : str, tzinfo or None
        The time zone in which days are told, by its name where it has one.
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
        X: Any,
        rows: SeriesRows,
        values: np.ndarray,
        first_needed: Callable[[np.ndarray, float], int],
        max_gap: float,
    ) -> Self:
        """Keep of each series its step, its runs, and the rows at the end of each run that later rows look at.

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
        """
        index = row_index(X)
        kept = []
        for (_, part), step in zip(rows.parts(), rows.steps(), strict=True):
            times = np.empty(0) if rows.times is None else rows.times[part]
            at, runs = _ends(times, step, max_gap, first_needed)
            series = SeriesPast(
                part.stop - part.start,
                float(step),
                times[runs],
                times[np.append(runs[1:], len(times)) - 1] if len(runs) else times,
                times[at],
                values[rows.order[part][at]],
            )
            kept.append(series)
        return cls(
            rows.kind,
            _zone_name(rows.zone),
            is_panel(X),
            index is not None and is_numbered(index),
            rows.keys,
            kept,
        )

    def by_key(self) -> dict[Hashable, SeriesPast]:
        """Return what was kept of each series by its name."""
        return dict(zip(self.keys, self.series, strict=True))

    def steps(self) -> dict[Hashable, float]:
        """Return the time step of each series by its name."""
        return {key: past.step for key, past in zip(self.keys, self.series, strict=True)}

    def compare(self, X: Any, rows: SeriesRows, stacklevel: int = 4) -> Past:
        """Compare later rows with those of fit; return what of the past counts for them.

        Raises
        ------
        ValueError
            If only one of both has a (series, time) index, or their times do not compare.

        Warns
        -----
        UserWarning
            If one of both is just numbered, or series seem to go by other names than in fit.
        """
        check_panel(X, self.was_panel)
        if None in (self.kind, rows.kind):
            return self
        if self.kind != rows.kind:
            index = row_index(X)
            numbered = index is not None and is_numbered(index)
            message = (
                f"The index of fit holds {self.kind}, that of these rows {rows.kind}: whether they follow those of fit "
                "cannot be told. Give both the same kind of index: pandas.to_datetime(X.index) makes dates, "
                ".to_timestamp() dates of periods, .tz_localize('Europe/Berlin') names a time zone."
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

        Rows that come again, or after all of these, are left out.

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
        if rows.times is None or not self.series:
            return rows, values, everything
        pasts = self.by_key()
        orders, times, bounds, more, given = [], [], [0], [], []
        n_values = len(values)
        for key, part in rows.parts():
            own, order = rows.times[part], rows.order[part]
            past = pasts.get(key)
            if past is not None and len(past.times):
                place = np.searchsorted(own, past.times)
                is_new = place < len(own)
                is_new[is_new] = own[place[is_new]] != past.times[is_new]
                place, n_new = place[is_new], int(is_new.sum())
                order = np.insert(order, place, n_values + np.arange(n_new))
                at = np.arange(len(own)) + np.searchsorted(place, np.arange(len(own)), side="right")
                own = np.insert(own, place, past.times[is_new])
                more.append(past.values[is_new])
                n_values += n_new
            else:
                at = np.arange(len(own))
            given.append(bounds[-1] + at)
            orders.append(order)
            times.append(own)
            bounds.append(bounds[-1] + len(own))
        if n_values == len(values):
            return rows, values, everything
        joined = replace(
            rows, bounds=np.array(bounds), order=np.concatenate(orders), times=np.concatenate(times)
        )
        return joined, np.concatenate([values, *more]).astype(values.dtype, copy=False), np.concatenate(given)

    def warn_if_other_step(self, rows: SeriesRows, stacklevel: int = 4) -> None:
        """Warn if most series that fit knows come at least twice as densely, or half as densely, as then."""
        pasts = self.by_key()
        found = []
        for key, part in rows.parts():
            past = pasts.get(key)
            if rows.times is None or past is None or min(past.n_rows, part.stop - part.start) <= _MIN_HOLES:
                continue
            step = modal_step(np.diff(rows.times[part]))
            found.append((max(step / past.step, past.step / step) >= 2, past.step, step))
        other = [(then, now) for is_other, then, now in found if is_other]
        if 2 * len(other) > len(found):
            then, now = (_in_words(each, self.kind) for each in other[0])
            warnings.warn(
                f"These rows come one in {now}, those of fit one in {then}: as many rows are another span of time than "
                "in fit. Resample them to the step of fit, or fit on rows as these.",
                UserWarning,
                stacklevel=stacklevel,
            )


def warn_if_unknown(then: list[Hashable], now: list[Hashable], stacklevel: int = 4) -> None:
    """Warn if some series seem to be series of fit by another name, such as '1' for 1.

    Series that are just new, such as those of a fold that is made by series, are no matter: their names are of the
    types of those of fit.
    """
    known = set(then)
    new = [key for key in now if key not in known]
    if not new or not then:
        return
    names = {_plain(key): key for key in then}
    alike = [(key, names[_plain(key)]) for key in new if _plain(key) in names]
    is_other_type = len(new) == len(now) and not set(map(_type, new)) & set(map(_type, then))
    if not alike and not is_other_type:
        return
    message = (
        f"{len(new)} of the {len(now)} series of these rows ({_first(new)}) were not among those of fit "
        f"({_first(then)}): they count as new, without a past or a scale of their own."
    )
    if alike:
        message += (
            f" {alike[0][0]!r} seems to be {alike[0][1]!r}: give the first level of both indexes one type, e.g. by "
            "X.index.set_levels(X.index.levels[0].astype(str), level=0)."
        )
    warnings.warn(message, UserWarning, stacklevel=stacklevel)


def _type(key: Hashable) -> type:
    return Number if isinstance(key, Number) else type(key)


def _first(keys: list[Hashable]) -> str:
    return ", ".join(repr(key) for key in keys[:3]) + (", ..." if len(keys) > 3 else "")


def _plain(key: Hashable) -> str:
    """Return a name as text without the case, spaces, and zeros that differ from one table to another."""
    text = str(key).strip().casefold()
    try:
        return repr(float(text))
    except ValueError:
        return text


def _ends(
    times: np.ndarray, step: float, max_gap: float, first_needed: Callable[[np.ndarray, float], int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows of a series to keep, ascending, and where its runs of neighbouring rows start."""
    if not len(times):
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    alone = SeriesRows([None], np.array([0, len(times)]), np.arange(len(times)), times)
    runs = alone.segment_starts(1, np.array([step]))
    stops = np.append(alone.segment_starts(max_gap, np.array([step]))[1:], len(times))
    if len(stops) > _MOST_RUNS:
        holes = times[stops[:-1]] - times[stops[:-1] - 1]
        longest = np.sort(np.argsort(-holes, kind="stable")[: _MOST_RUNS - 1])
        stops = stops[[*longest, -1]]
    is_kept = np.zeros(len(times), dtype=bool)
    for stop in stops:
        is_kept[max(0, first_needed(times[:stop], step)) : stop] = True
    return np.flatnonzero(is_kept), runs


def _zone_name(zone: Any) -> Any:
    """Return the name of a time zone, which any store can hold; the zone itself where it has none."""
    return getattr(zone, "key", None) or getattr(zone, "zone", None) or zone


def _in_words(step: float, kind: str | None) -> str:
    if kind is None or kind.startswith(("numbers", "periods")):
        return f"{step:g}"
    return f"{step / 1e9:g} s"
