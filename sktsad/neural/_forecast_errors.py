"""Errors of the forecasts that a network makes at every row, and the resulting scores of rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._row_layout import RowLayout

#: Approximate largest and smallest number of rows whose errors are used to learn the usual errors, and the largest
#: number of values of their forecasts (64 MiB of float32), for which fewer rows are used.
_SAMPLE, _SMALL_SAMPLE, _MAX_VALUES = 2**16, 2**10, 2**24
#: Larger values count as this one: squares stay finite, and the state recovers.
_LARGEST = 1e18


def hold_values(values: np.ndarray) -> np.ndarray:
    """Return values of rows without those that are infinite or whose squares would be."""
    if values.min() >= -_LARGEST and values.max() <= _LARGEST:
        return values
    return np.clip(values, -_LARGEST, _LARGEST)


class ForecastErrors:
    """Compare forecasts from `run_along`, row after row, with the rows that they predict.

    Parameters
    ----------
    layout : RowLayout
        The rows.
    horizon : int
        Number of rows that each forecast predicts.
    loss : {"absolute_error", "squared_error"}
        The error to compute.
    """

    def __init__(self, layout: RowLayout, horizon: int, loss: str) -> None:
        self.layout = layout
        self.horizon = horizon
        self.loss = loss
        self.stop = np.repeat(layout.stops, layout.stops - layout.starts)

    def each(self, rows: np.ndarray, forecasts: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield for each horizon its number, the rows it predicts, and their errors, shape (n, n_channels)."""
        for number in range(self.horizon):
            target = rows + number + 1
            is_inside = target < self.stop[rows]
            target = target[is_inside]
            yield number, target, self.error(forecasts[is_inside, number], target)

    def error(self, forecast: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Return the errors of forecasts of some rows."""
        difference = np.abs(forecast - self.layout.values[target])
        return np.square(difference) if self.loss == "squared_error" else difference


class UsualErrors(ForecastErrors):
    """Learn the usual error of each horizon and channel, and keep forecasts of rows after given ends.

    Parameters
    ----------
    layout, horizon, loss
        As in `ForecastErrors`.
    learnt : ndarray of bool, shape (n_rows,)
        Rows from which the usual errors are learnt.
    ends : ndarray of int, shape (n_ends,)
        Rows after which forecasts of later rows are kept.
    """

    def __init__(
        self, layout: RowLayout, horizon: int, loss: str, learnt: np.ndarray, ends: np.ndarray
    ) -> None:
        super().__init__(layout, horizon, loss)
        n_values = horizon * layout.values.shape[1]
        n_sampled = min(_SAMPLE, max(_SMALL_SAMPLE, _MAX_VALUES // n_values))
        share = n_sampled / max(1, learnt.sum())
        self.looked_at = learnt & (np.random.RandomState(0).uniform(size=len(learnt)) < share)
        self.errors: list[list[np.ndarray]] = [[] for _ in range(horizon)]
        self.sources = ends[:, None] - np.arange(horizon)
        self.segment = np.searchsorted(layout.starts, ends, side="right") - 1
        self.n_before = layout.starts[self.segment][:, None] - self.sources  # above 0: before the segment
        self.has_source = self.n_before <= 0
        n_channels = layout.values.shape[1]
        self.beyond = np.full((*self.sources.shape, horizon, n_channels), np.nan, layout.values.dtype)
        self._wanted = np.unique(self.sources[self.has_source])
        self._found = np.zeros((len(self._wanted), horizon, n_channels), layout.values.dtype)

    def __call__(self, rows: np.ndarray, forecasts: np.ndarray) -> None:
        """Process the forecasts made at some rows."""
        for number, target, error in self.each(rows, forecasts):
            self.errors[number].append(error[self.looked_at[target]])
        if len(self._wanted):
            at = np.minimum(np.searchsorted(self._wanted, rows), len(self._wanted) - 1)
            is_wanted = self._wanted[at] == rows
            self._found[at[is_wanted]] = forecasts[is_wanted]

    def usual(self) -> np.ndarray:
        """Return the median error, shape (horizon, n_channels); the mean if most errors are 0, or 1 if all are 0."""
        usual = []
        for parts in self.errors:
            errors = np.concatenate(parts) if parts else np.zeros((0, self.layout.values.shape[1]))
            if not len(errors):
                usual.append(np.ones(errors.shape[1]))
                continue
            middle, mean = np.median(errors, axis=0), errors.mean(axis=0)
            usual.append(np.where(middle > 0, middle, np.where(mean > 0, mean, 1)))
        return np.array(usual, dtype=np.float64)

    def kept(self, before: np.ndarray | None = None) -> np.ndarray:
        """Return the forecasts made at each end and the rows before it, shape (n_ends, horizon, horizon, n_channels).

        Forecasts made ``i`` rows before the end have number ``i``; they are NaN if the segment has no such row. If a
        segment continues from rows of an earlier call, ``before`` holds what was kept there, for each segment.
        """
        found = np.searchsorted(self._wanted, self.sources[self.has_source])
        self.beyond[self.has_source] = self._found[found]
        if before is not None:
            end, number = np.nonzero(~self.has_source)
            self.beyond[end, number] = before[self.segment[end], self.n_before[end, number] - 1]
        return self.beyond


class RowErrors(ForecastErrors):
    """Average the errors of all forecasts of each row, each divided by the usual error for its horizon.

    Parameters
    ----------
    layout, loss
        As in `ForecastErrors`.
    usual : ndarray of shape (horizon, n_channels)
        Usual errors.
    by_channel : bool
        Whether to return a score for each channel.
    """

    def __init__(self, layout: RowLayout, loss: str, usual: np.ndarray, by_channel: bool) -> None:
        super().__init__(layout, len(usual), loss)
        self.usual = usual
        self.total = np.zeros((len(layout.values), usual.shape[1] if by_channel else 1))
        self.count = np.zeros(len(layout.values))

    def __call__(self, rows: np.ndarray, forecasts: np.ndarray) -> None:
        """Process the forecasts made at some rows."""
        for number, target, error in self.each(rows, forecasts):
            self._add(number, target, error)

    def go_on(self, kept: np.ndarray) -> None:
        """Process the forecasts made before each segment, in the form of `UsualErrors.kept`; NaN for none."""
        for before, number in np.ndindex(kept.shape[1:3]):
            target = self.layout.starts + number - before
            is_one = (number >= before) & (target < self.layout.stops)
            is_one &= ~np.isnan(kept[:, before, number]).any(axis=1)
            target = target[is_one]
            self._add(number, target, self.error(kept[is_one, before, number], target))

    def _add(self, number: int, target: np.ndarray, error: np.ndarray) -> None:
        error = error / self.usual[number]
        self.total[target] += error if self.total.shape[1] > 1 else error.mean(axis=1, keepdims=True)
        self.count[target] += 1

    def scores(self) -> np.ndarray:
        """Return the mean error of each row, in the order of the table; without a forecast 1, the usual error."""
        is_known = self.count > 0
        mean = np.ones_like(self.total)
        mean[is_known] = self.total[is_known] / self.count[is_known, None]
        return self.layout.unsort(mean)
