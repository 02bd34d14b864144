"""Dense networks."""

from __future__ import annotations

import itertools

import torch
from torch import nn

from ._dropout import DROPOUTS

ACTIVATIONS = {"relu": nn.ReLU, "selu": nn.SELU, "tanh": nn.Tanh}


def dense_layers(
    sizes: list[int], activation: str = "relu", dropout: float = 0.0, dropout_type: str = "standard"
) -> nn.Sequential:
    """Chain linear layers of the given sizes, input first, with activations and dropout between them."""
    layers: list[nn.Module] = []
    for n_inputs, n_outputs in itertools.pairwise(sizes):
        linear = nn.Linear(n_inputs, n_outputs)
        if activation == "selu":  # self-normalising only with these weights
            nn.init.kaiming_normal_(linear.weight, nonlinearity="linear")
            nn.init.zeros_(linear.bias)
        hidden = [ACTIVATIONS[activation](), *([DROPOUTS[dropout_type](dropout)] if dropout else [])]
        layers += [linear, *hidden]
    return nn.Sequential(*layers[: -len(hidden)])


class DenseClassifier(nn.Module):
    """A dense layer and logits, the default module of `TorchClassifier`.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Values of a row; number of logits.
    hidden_size : int
        Number of units in the hidden layer.
    """

    def __init__(self, n_inputs: int, n_outputs: int = 1, hidden_size: int = 64) -> None:
        super().__init__()
        self.layers = dense_layers([n_inputs, hidden_size, n_outputs])

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Map (batch, ...) to (batch, n_outputs)."""
        return self.layers(X.flatten(1))
