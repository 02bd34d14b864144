"""The features of a column: their names, their values, and how far back they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd

from .._core import (
    AnyEstimator,
    SeriesRows,
    fitted_part,
    in_rows,
    is_length_of_time,
    map_parts,
    nanoseconds,
    require_dates,
    short_name,
)
from ._rolling import median_and_deviation, past_ewm, past_moments, slope

#: Rows further back than this number of spans together have exp(-16), a ten-millionth, of all exponential weights.
_SPANS = 8
#: Smallest value in each parameter.
_LEAST = {
    "z_windows": 2,
    "std_windows": 2,
    "slope_windows": 2,
    "ewm_spans": 1,
    "same_windows": 2,
    "period_lags": 1,
}
#: Days of a week.
_WEEK = 7
#: Number of rows used for a length of time if no time step is known: more than any series has.
NEVER = 2**30
#: Number of rows processed at once, so that memory does not grow with the series.
_BLOCK = 32768
#: For each row, where the rows that it is compared with start and stop.
_Spans = tuple[np.ndarray, np.ndarray]


@fitted_part
@dataclass(frozen=True)
class FeatureSet:
    """The features of a column, as `RollingFeatures` names them; without a period, those that need one are left out."""

    z_windows: Sequence[Any]
    std_windows: Sequence[Any]
    slope_windows: Sequence[Any]
    ewm_spans: Sequence[Any]
    n_periods: int
    n_weeks: int
    n_neighbors: int
    same_windows: Sequence[Any]
    period_lags: Sequence[int]
    keep_values: bool

    @classmethod
    def of(cls, estimator: AnyEstimator) -> Self:
        """Read and check the parameters of an estimator."""
        for name, least in _LEAST.items():
            sizes = getattr(estimator, name)
            times = name != "period_lags"
            is_row = np.ndim(sizes) == 1 and not isinstance(sizes, (bytes, bytearray))
            if not is_row or not all(
                (times and is_length_of_time(size)) or (isinstance(size, (int, np.integer)) and size >= least)
                for size in sizes
            ):
                or_times = " Lengths of time are text, such as '15min'." if times else ""
                raise ValueError(
                    f"{name} must contain whole numbers of at least {least}, got {sizes!r}.{or_times}"
                )
            for size in sizes:
                if is_length_of_time(size):
                    nanoseconds(name, size)
        return cls(**{field.name: getattr(estimator, field.name) for field in fields(cls)})

    @property
    def lengths_of_time(self) -> list[tuple[str, Any]]:
        """The lengths of time among the parameters, each with the name of its parameter."""
        return [(name, size) for name in _LEAST for size in getattr(self, name) if is_length_of_time(size)]

    def at(self, step: float) -> Self:
        """Return the same features with sizes in rows, for a series with this time step in nanoseconds."""
        return self.at_each(np.array([step]))[0][0]

    def at_each(self, steps: np.ndarray) -> tuple[list[Self], np.ndarray]:
        """Return the features with sizes in rows for some time steps: the distinct ones, and which of them each has."""
        if not self.lengths_of_time:
            return [self], np.zeros(len(steps), dtype=np.intp)
        starts = np.flatnonzero(np.append(True, steps[1:] != steps[:-1]))  # most steps equal the one before
        n_rows = [_rows(name, size, steps[starts]) for name, size in self.lengths_of_time]
        found, of = np.unique(np.column_stack(n_rows), axis=0, return_inverse=True)
        which = np.repeat(of.reshape(-1), np.diff(np.append(starts, len(steps))))
        return [self._with_rows(each) for each in found.tolist()], which

    def _with_rows(self, n_rows: list[int]) -> Self:
        """Return the same features with these numbers of rows instead of the lengths of time."""
        left = iter(n_rows)
        sizes = {
            name: [next(left) if is_length_of_time(size) else int(size) for size in getattr(self, name)]
            for name in dict.fromkeys(name for name, _ in self.lengths_of_time)
        }
        return replace(self, **sizes)  # type: ignore[arg-type]

    def check_steps(self, rows: SeriesRows) -> None:
        """Raise if lengths of time cannot be converted to rows, or are too few rows in some series."""
        steps = rows.steps()
        for name, size in self.lengths_of_time:
            require_dates(name, size, rows)
            n_rows = in_rows(nanoseconds(name, size), steps)
            few = np.flatnonzero((n_rows < _LEAST[name]) & ~np.isnan(steps))
            if len(few):
                key = rows.keys[few[0]]
                where = "" if key is None else f" of series {key!r}"
                raise ValueError(
                    f"{name} contains {size!r}, which is fewer than {_LEAST[name]} row(s){where}: there is one row "
                    f"every {pd.Timedelta(steps[few[0]])}. Give a longer time."
                )

    @property
    def same_lags(self) -> list[tuple[str, list[int]]]:
        """Comparisons with the same time of day: their names, and the number of periods each looks back."""
        found = [(f"same{self.n_periods}", list(range(1, self.n_periods + 1)))] if self.n_periods else []
        if self.n_weeks:
            found.append((f"week{self.n_weeks}", [_WEEK * week for week in range(1, self.n_weeks + 1)]))
        return found

    @property
    def lookups(self) -> set[tuple[int, int]]:
        """How many periods back rows are looked up, each with the number of neighbours on either side."""
        same = {(lag, self.n_neighbors) for _, lags in self.same_lags for lag in lags}
        return same | {(lag, 0) for lag in self.period_lags}

    @property
    def longest_window(self) -> int:
        """Largest number of rows before a row that features without a period use."""
        return max(
            [0, *self.z_windows, *self.std_windows, *self.ewm_spans, *(n - 1 for n in self.slope_windows)]
        )

    def reach_in_rows(self) -> tuple[int, int]:
        """Return how many rows later rows look back, and of how many of the last rows they need the differences."""
        windows = [*self.z_windows, *self.std_windows, *self.slope_windows]
        n_rows = max([2, *windows, *(_SPANS * span for span in self.ewm_spans)])
        return n_rows, max([1, *self.same_windows]) if self.n_periods else 1

    def reach_in_time(self, period: Any, step: Any) -> Any:
        """Return how far rows look back by time, which they also do across gaps, instead of by number of rows."""
        reach = [lag * period + (1 + n_neighbors) * step for lag, n_neighbors in self.lookups]
        return np.maximum.reduce(reach) if reach else np.zeros_like(step)

    def names(self, column: Any) -> list[str]:
        """Name the features of a column."""
        names = [column] if self.keep_values else []
        names += [f"{column}_z{short_name(window)}" for window in self.z_windows]
        names += [f"{column}_std{short_name(window)}" for window in self.std_windows]
        names += [f"{column}_slope{short_name(window)}" for window in self.slope_windows]
        names += [f"{column}_ewm{short_name(span)}" for span in self.ewm_spans]
        for which, _ in self.same_lags:
            same = f"{column}_{which}"
            names += [same, f"{same}_z", f"{same}_mad"]
            if which.startswith("same"):
                windows = [short_name(window) for window in self.same_windows]
                names += [f"{same}_{what}{window}" for window in windows for what in ("mean", "z")]
        return names + [f"{column}_lag{lag}" for lag in self.period_lags]

    def of_column(
        self,
        x: np.ndarray,
        parts: list[tuple[np.ndarray, Any]],
        found: dict[tuple[int, int], _Spans],
        least: np.ndarray,
        spans: Sequence[np.ndarray] | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield the features of rows, in the order of their names; NaN where the past is missing.

        Parameters
        ----------
        x : ndarray of shape (n_rows,)
            The column.
        parts : list
            Rows of a series without a gap, from `equal_parts`.
        found : dict of tuples of two ndarrays of shape (n_rows,)
            For each of `lookups`, where the rows found start and stop.
        least : ndarray of shape (n_rows,)
            Smallest divisor of z-scores.
        spans : sequence of ndarray of shape (n_rows,), default=None
            Each of the spans for each row, if the time step changes.
        """
        if self.keep_values:
            yield x
        moments = {
            window: _past_moments(x, parts, window, least) for window in {*self.z_windows, *self.std_windows}
        }
        for window in self.z_windows:
            mean, std = moments[window]
            yield _z(x, mean, std, least)
        for window in self.std_windows:
            yield moments[window][1]
        for window in self.slope_windows:
            yield map_parts(partial(slope, window=window), parts, x)
        if spans is None:
            for span in self.ewm_spans:
                yield x - map_parts(partial(past_ewm, span=span), parts, x)
        else:
            for each in spans:
                yield x - map_parts(_past_ewm, parts, x, each)
        for which, periods in self.same_lags:
            median, deviation = self.same_time(x, found, periods)
            yield from (x - median, _z(x, median, deviation, least), deviation)
            if not which.startswith("same"):
                continue
            difference = np.nan_to_num(x - median)  # rows without an earlier period count as normal
            for window in self.same_windows:
                mean, std = _past_moments(difference, parts, window, least)
                yield from (mean, _z(difference, mean, std, least))
        for lag in self.period_lags:
            yield x - _at(x, *found[lag, 0])

    def same_time(
        self, x: np.ndarray, found: dict[tuple[int, int], _Spans], lags: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return median and deviation of the rows at the same time some periods ago, and of their neighbours."""
        median, deviation = np.empty_like(x), np.empty_like(x)
        for start in range(0, len(x), _BLOCK):
            block = slice(start, start + _BLOCK)
            same = []
            for lag in lags:
                first, stop = found[lag, self.n_neighbors]
                same += [
                    _at(x, first[block] + shift, stop[block]) for shift in range(2 * self.n_neighbors + 1)
                ]
            median[block], deviation[block] = median_and_deviation(np.column_stack(same))
        return median, deviation


def _rows(name: str, size: Any, steps: np.ndarray) -> np.ndarray:
    """Return the number of rows of a length of time in series with these time steps."""
    least = np.where(np.isnan(steps), 1 if name == "ewm_spans" else NEVER, _LEAST[name])
    return np.maximum(in_rows(nanoseconds(name, size), steps), least).astype(np.int64)


def _past_ewm(x: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return `past_ewm` of series whose spans differ."""
    out = np.empty_like(x)
    each, of = np.unique(spans, axis=0, return_inverse=True)
    for number, span in enumerate(each):
        some = of.reshape(-1) == number
        out[some] = past_ewm(x[some], span)
    return out


def _past_moments(
    x: np.ndarray, parts: list[tuple[np.ndarray, Any]], window: int, least: np.ndarray
) -> np.ndarray:
    return map_parts(lambda x, least: past_moments(x, window, least[:, 0]), parts, x, least)


def _z(x: np.ndarray, center: np.ndarray, spread: np.ndarray, least: np.ndarray) -> np.ndarray:
    z = x - center
    for start in range(0, len(z), _BLOCK):  # the divisor stays in the cache
        block = slice(start, start + _BLOCK)
        z[block] /= np.maximum(spread[block], least[block])
    return z


def _at(x: np.ndarray, rows: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Return x at these rows, NaN for rows at or after the stop."""
    return np.where(rows < stop, x.take(rows, mode="clip"), np.nan)
