"""Recurrent layers step by step: with dropout between steps, or with their own outputs as inputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ._recurrent import CELLS


def _gru_step(
    x: torch.Tensor, hidden: torch.Tensor, seen: torch.Tensor, weights: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """Compute a step of a GRU; unlike in ``torch.gru_cell``, the input of the gates may differ from the state."""
    input_weight, hidden_weight, input_bias, hidden_bias = weights
    reset_x, update_x, new_x = functional.linear(x, input_weight, input_bias).chunk(3, dim=1)
    reset_h, update_h, new_h = functional.linear(seen, hidden_weight, hidden_bias).chunk(3, dim=1)
    new = torch.tanh(new_x + torch.sigmoid(reset_x + reset_h) * new_h)
    return new + torch.sigmoid(update_x + update_h) * (hidden - new)


#: One step of a cell: maps input, state, masked output (the input of the gates) and weights to the next state. The
#: first part of a state is the output.
STEPS: dict[str, Callable[..., Any]] = {
    "rnn": lambda x, state, seen, weights: (torch.rnn_tanh_cell(x, seen, *weights),),
    "gru": lambda x, state, seen, weights: (_gru_step(x, state[0], seen, weights),),
    "lstm": lambda x, state, seen, weights: torch.lstm_cell(x, (seen, *state[1:]), *weights),
}


class RecurrentLayer(nn.Module):
    """A recurrent layer with dropout on the state between steps.

    All steps of a window have the same mask [1]_. It is applied only to the input of the gates, not to the state of the
    next step, as the scaling of the mask would multiply from step to step. In training the layer runs step by step,
    since torch's fused layers have no such dropout; otherwise, and without dropout, it is torch's layer.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}
        Recurrent cell.
    n_inputs, n_outputs : int
        Sizes of input and state.
    recurrent_dropout : float
        Share of the units of the state dropped while training.

    References
    ----------
    .. [1] Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks",
       NeurIPS 2016.
    """

    def __init__(self, cell: str, n_inputs: int, n_outputs: int, recurrent_dropout: float = 0.0) -> None:
        super().__init__()
        self.cell = cell
        self.recurrent_dropout = recurrent_dropout
        self.rnn = CELLS[cell](n_inputs, n_outputs, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, n_inputs) to (batch, length, n_outputs)."""
        if not (self.training and self.recurrent_dropout):
            return self.rnn(x)[0]
        state = self.first_state(x.new_zeros(len(x), self.rnn.hidden_size))
        mask = self.mask(state[0])
        outputs = []
        for row in x.unbind(dim=1):
            state = self.step(row, state, mask)
            outputs.append(state[0])
        return torch.stack(outputs, dim=1)

    def first_state(self, hidden: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the state with this output; the cell state of an LSTM is zero."""
        return (hidden, torch.zeros_like(hidden)) if self.cell == "lstm" else (hidden,)

    def mask(self, hidden: torch.Tensor) -> torch.Tensor:
        """Draw the mask of the input of the gates, scaled up for dropped units; outside training nothing is dropped."""
        return functional.dropout(torch.ones_like(hidden), self.recurrent_dropout, self.training)

    def step(
        self, x: torch.Tensor, state: tuple[torch.Tensor, ...], mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Return the next state."""
        rnn = self.rnn
        weights = (rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0)
        return STEPS[self.cell](x, state, state[0] * mask, weights)


class UnrolledDecoder(nn.Module):
    """Decode a code row by row, from the last row to the first, each from the row decoded before.

    The code determines the first state of every layer [1]_. Decoded rows are the next inputs, during and after
    training.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}
        Recurrent cell.
    length, n_channels : int
        Shape of a window.
    sizes : list of int
        Size of the code, and of each layer.
    dropout : torch.nn.Module
        Module that drops units between layers and before the output.
    recurrent_dropout : float
        Share of the units of the state dropped between steps.

    References
    ----------
    .. [1] N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised learning of video representations using
       LSTMs", ICML 2015.
    """

    def __init__(
        self,
        cell: str,
        length: int,
        n_channels: int,
        sizes: list[int],
        dropout: nn.Module,
        recurrent_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.length = length
        self.dropout = dropout
        self.starts = nn.ModuleList(nn.Linear(sizes[0], size) for size in sizes[1:])
        self.layers = nn.ModuleList(
            RecurrentLayer(cell, n_inputs, n_outputs, recurrent_dropout)
            for n_inputs, n_outputs in itertools.pairwise([n_channels, *sizes[1:]])
        )
        self.output = nn.Linear(sizes[-1], n_channels)

    def forward(self, code: torch.Tensor) -> torch.Tensor:
        """Map (batch, code) to (batch, length, n_channels)."""
        states, masks = [], []
        for layer, start in zip(self.layers, self.starts, strict=True):
            states.append(layer.first_state(torch.tanh(start(code))))  # type: ignore[operator]
            masks.append(layer.mask(states[-1][0]))  # type: ignore[operator]
        row = code.new_zeros(len(code), self.output.out_features)
        rows = []
        for _ in range(self.length):
            x = row
            for i, layer in enumerate(self.layers):
                states[i] = layer.step(x, states[i], masks[i])  # type: ignore[operator]
                x = self.dropout(states[i][0])
            row = self.output(x)
            rows.append(row)
        return torch.stack(rows[::-1], dim=1)
