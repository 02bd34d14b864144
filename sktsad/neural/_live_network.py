"""Networks that run along a series, row by row."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch

from .._core import (
    GappedStep,
    LiveRows,
    MaxGap,
    Past,
    SeriesPast,
)
from ._forecast_errors import hold_values
from ._kept_states import state_before
from ._training import check_dtype


class LiveNetwork(GappedStep):
    """Keep the state of a network after the last row of each series; the next row is one step of the network.

    Parameters
    ----------
    past : Past
        What fit kept of the series.
    max_gap : float, str or timedelta
        As in `StatefulRNNClassifier`.
    net : LeanNet
        The trained net.
    numbers : mapping
        The numbers of the series known to the network.
    dtype : str
        Precision of the network.
    """

    state: np.ndarray
    series: np.ndarray

    def __init__(
        self,
        past: Past,
        max_gap: MaxGap,
        net: Any,
        numbers: Mapping[Hashable, int],
        dtype: str,
    ) -> None:
        super().__init__(past, max_gap)
        check_dtype(net, dtype)
        self.module, self.device = net.module_.eval(), net.device
        self.numbers, self.dtype = numbers, np.dtype(dtype)
        self.keep("state", self.module.state_shape, self.dtype)
        self.keep("series", (), np.int64, -1)

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Look up the number of a series, and start from the state that fit kept."""
        self.series[slot] = self.numbers.get(key, -1)
        super().begin(slot, key, time)

    def go_on(self, slot: int, known: SeriesPast, time: Any) -> None:
        """Start from the state of a series if its first row directly follows."""
        found = state_before(known, time, self.max_gap)
        if found is not None:
            self.take_state(slot, found)
            self.last_time[slot] = time
            self.n_rows[slot] = 1

    def take_state(self, slot: int, found: np.ndarray) -> None:
        """Start with the state that fit kept of a series."""
        self.state[slot] = found.reshape(self.state.shape[1:])

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the logits of each row, shape (n_rows,) or (n_rows, n_classes)."""
        self.state[rows.slots[self.is_new(rows)]] = 0
        return self._advance(rows.slots, self._as_inputs(values))

    def _as_inputs(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(values, dtype=self.dtype)

    def _advance(self, slots: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Run the network for one more row; a state that would become infinite or NaN is not updated."""
        given = [inputs, self.state[slots]]
        if self.module.embedding is not None:
            given.append(self.series[slots])
        with torch.inference_mode():
            outputs, state = self.module.step(*(torch.from_numpy(each).to(self.device) for each in given))
        after = state.cpu().numpy()
        if not np.isfinite(after.sum()):
            is_fine = np.isfinite(after.reshape(len(slots), -1)).all(axis=1)
            slots, after = slots[is_fine], after[is_fine]
        self.state[slots] = after
        return outputs.cpu().numpy()


class LiveForecast(LiveNetwork):
    """Also keep the forecasts of later rows, which are needed to score the next row.

    Parameters
    ----------
    past, max_gap, net, numbers, dtype
        As in `LiveNetwork`.
    usual : ndarray of shape (horizon, n_channels)
        Usual errors.
    is_squared : bool
        Whether errors are squares.
    """

    forecasts: np.ndarray

    def __init__(
        self,
        past: Past,
        max_gap: MaxGap,
        net: Any,
        numbers: Mapping[Hashable, int],
        dtype: str,
        usual: np.ndarray,
        is_squared: bool,
    ) -> None:
        super().__init__(past, max_gap, net, numbers, dtype)
        self.usual, self.is_squared = usual, is_squared
        self.keep("forecasts", (len(usual), *usual.shape), self.dtype, np.nan)

    def take_state(self, slot: int, found: np.ndarray) -> None:
        """Start from the state and the forecasts after the training rows."""
        size = self.forecasts[slot].size
        self.state[slot] = found[:-size].reshape(self.state.shape[1:])
        self.forecasts[slot] = found[-size:].reshape(self.forecasts.shape[1:])

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the anomaly score of each row."""
        slots, new = rows.slots, self.is_new(rows)
        self.state[slots[new]] = 0
        self.forecasts[slots[new]] = np.nan
        inputs = hold_values(self._as_inputs(values))
        made = self.forecasts[slots]
        each = np.arange(len(self.usual))
        off = np.abs(
            made[:, each, each] - inputs[:, None]
        )  # forecasts made i rows before are for i + 1 rows ahead
        error = (np.square(off) if self.is_squared else off) / self.usual
        mean = error.mean(axis=2)
        is_made = ~np.isnan(mean)
        n_made = is_made.sum(axis=1)
        total = np.where(is_made, mean, 0).sum(axis=1)
        scores = np.where(n_made > 0, total / np.maximum(n_made, 1), 1.0)
        self.forecasts[slots, 1:] = made[:, :-1]
        self.forecasts[slots, 0] = self._advance(slots, inputs)
        return scores
