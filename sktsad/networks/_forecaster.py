"""Forecast of the last rows of a window from the rows before."""

from __future__ import annotations

from typing import Any

import torch

from ._recurrent import RecurrentNetwork


class Forecaster(RecurrentNetwork):
    """A `RecurrentNetwork` that predicts the last ``horizon`` rows of a window from the other rows.

    Parameters
    ----------
    n_channels : int
        Channels of the window.
    horizon : int
        Rows to predict.
    **network : dict
        Parameters of `RecurrentNetwork`.
    """

    def __init__(self, n_channels: int, horizon: int = 1, **network: Any) -> None:
        super().__init__(n_channels, horizon * n_channels, **network)
        self.forecast_shape = (horizon, n_channels)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, horizon, channels)."""
        return super().forward(X[:, : -self.forecast_shape[0]]).unflatten(1, self.forecast_shape)
