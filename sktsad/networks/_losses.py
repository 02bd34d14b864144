"""Losses: one number for each row, so that weights can be applied to them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class CrossEntropy(nn.Module):
    """Cross entropy of logits, a value a row.

    Logits of shape (batch,) are of class 1 of two, and targets are then floats; logits of shape (batch, n_classes)
    are of each class, and targets are then integers.
    """

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row, shape (batch,)."""
        if logits.ndim == 1:
            return functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return functional.cross_entropy(logits, target, reduction="none")


class ReconstructionError(nn.Module):
    """Squared ("mse") or absolute ("mae") error of a reconstruction, a value an element.

    Parameters
    ----------
    error : {"mse", "mae"}
        Which error.
    """

    def __init__(self, error: str = "mse") -> None:
        super().__init__()
        self.error = error

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the error of each element, in the shape of ``output``."""
        difference = output - target
        return difference.square() if self.error == "mse" else difference.abs()
