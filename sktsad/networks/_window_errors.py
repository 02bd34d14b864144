"""The errors of a trained network on windows, which are anomaly scores."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ._variational import kl_divergence


class WindowErrors(nn.Module):
    """Mean error of a network over each window.

    Parameters
    ----------
    module : torch.nn.Module
        A trained module that maps windows of shape (batch, length, channels) to outputs, which ``criterion`` compares
        with the windows.
    criterion : torch.nn.Module
        Called with (output, windows); returns errors of shape (batch, rows, channels).
    last_only : bool, default=False
        Whether the score is the mean over only the last row.
    """

    def __init__(self, module: Any, criterion: Any, *, last_only: bool = False) -> None:
        super().__init__()
        self.module = module
        self.criterion = criterion
        self.last_only = last_only

    def reconstruct(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output of the network for windows."""
        return self.module(x)

    def errors(self, x: torch.Tensor) -> torch.Tensor:
        """Return the error of each value, shape (batch, rows, channels)."""
        return self.criterion(self.module(x), x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return one score per window."""
        errors = self.errors(x)
        return (errors[:, -1:] if self.last_only else errors).flatten(1).mean(dim=1)


class VariationalWindowErrors(WindowErrors):
    """Mean error of a `VariationalAutoencoder` over each window, or its negative evidence lower bound.

    Parameters
    ----------
    module, criterion : torch.nn.Module
        A trained `VariationalAutoencoder` and its `VariationalLoss`.
    last_only : bool, default=False
        As in `WindowErrors`.
    with_kl : bool, default=False
        Whether to add the weighted Kullback-Leibler divergence: the negative evidence lower bound.
    """

    def __init__(
        self, module: Any, criterion: Any, *, last_only: bool = False, with_kl: bool = False
    ) -> None:
        super().__init__(module, criterion, last_only=last_only)
        self.with_kl = with_kl

    def reconstruct(self, x: torch.Tensor) -> torch.Tensor:
        """Return the reconstruction of the mean code."""
        return self.module(x)[0]

    def errors(self, x: torch.Tensor) -> torch.Tensor:
        """Return the error of each value, mean over the draws, shape (batch, rows, channels)."""
        error = self.criterion.reconstruction_error
        total = sum(error(part, x) for part in self.module.reconstructions(*self.module.distribution(x)))
        return total / max(1, len(self.module.draws))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return one score per window."""
        scores = super().forward(x)
        if not self.with_kl:
            return scores
        divergence = kl_divergence(*self.module.distribution(x)) / x[0].numel()
        return scores + self.criterion.kl_weight * divergence
