"""Kinds of dropout."""

from __future__ import annotations

import math

import torch
from torch import nn


class GaussianDropout(nn.Module):
    """Multiply by Gaussian noise of mean 1 while training, with the variance that dropout of ``p`` would have.

    Parameters
    ----------
    p : float
        Share of units that standard dropout with the same variance would drop.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.std = math.sqrt(p / (1 - p))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return noisy values while training, the same values otherwise."""
        return x * (1 + self.std * torch.randn_like(x)) if self.training else x


#: "alpha" keeps the mean and variance of SELU units.
DROPOUTS = {"standard": nn.Dropout, "gaussian": GaussianDropout, "alpha": nn.AlphaDropout}
