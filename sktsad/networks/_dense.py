"""Dense networks."""

from __future__ import annotations

import itertools

import torch
from torch import nn


def dense_layers(sizes: list[int]) -> nn.Sequential:
    """Chain linear layers of the given sizes, input first, with ReLU between them."""
    layers: list[nn.Module] = []
    for n_inputs, n_outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(n_inputs, n_outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class DenseClassifier(nn.Module):
    """A dense layer and logits: what `TorchClassifier` uses when it is given no module.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Values of a row; number of logits.
    hidden_size : int
        Units of the hidden layer.
    """

    def __init__(self, n_inputs: int, n_outputs: int = 1, hidden_size: int = 64) -> None:
        super().__init__()
        self.layers = dense_layers([n_inputs, hidden_size, n_outputs])

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Map (batch, ...) to (batch, n_outputs)."""
        return self.layers(X.flatten(1))
