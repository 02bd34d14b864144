"""Scaling row by row, many series at once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from .._core import LiveRows, LiveStep
from ._scale_at_once import NEUTRAL, what_it_does


class LiveScaler(LiveStep):
    """Scale the row of each series with the scaler of that series.

    Parameters
    ----------
    scalers : mapping
        Fitted scalers by the name of the series.
    pooled : scaler or None
        Scaler for series not seen during fit; None refuses such series.
    n_columns : int
        Number of values in a row.
    unseen : str
        Value of the parameter ``unseen``, for the error message.
    """

    def __init__(self, scalers: Mapping[Hashable, Any], pooled: Any, n_columns: int, unseen: str) -> None:
        super().__init__()
        self.scalers, self.pooled, self.unseen = scalers, pooled, unseen
        self._of_slot: dict[int, Any] = {}
        self._numbers = what_it_does(next(iter(scalers.values())))
        for name, do in self._numbers or ():
            self.keep(name, (n_columns,), np.float64, NEUTRAL[do])

    def begin(self, slot: int, key: Hashable, time: Any) -> None:
        """Look up the scaler of a series.

        Raises
        ------
        KeyError
            If there is no scaler for this series.
        """
        scaler = self.scalers.get(key, self.pooled)
        if scaler is None:
            raise KeyError(
                f"it was not seen during fit, and there is no scaler for it with unseen={self.unseen!r}"
            )
        self._of_slot[slot] = scaler
        for name, do in self._numbers or ():
            value = getattr(scaler, name, None)
            getattr(self, name)[slot] = NEUTRAL[do] if value is None else value

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Scale the row of each series."""
        if self._numbers is None:
            return self._one_by_one(rows, values)
        for name, do in self._numbers:
            values = do(values, getattr(self, name)[rows.slots])
        return values

    def _one_by_one(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        scaled = [
            self._of_slot[slot].transform(value[None])[0]
            for slot, value in zip(rows.slots.tolist(), values, strict=True)
        ]
        return np.array(scaled)
