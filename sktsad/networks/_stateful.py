"""A recurrent network that runs along a series: an output at every row, and its state."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from ._gru_scoring import run_gru
from ._recurrent import CELLS

#: The cells for one row: a layer over a sequence of length one takes twice as long.
ONE_ROW: dict[type, Any] = {nn.GRU: torch.gru_cell, nn.LSTM: torch.lstm_cell, nn.RNN: torch.rnn_tanh_cell}


class StatefulNetwork(nn.Module):
    """Recurrent layers with an output at every row, which continue from a state and return the state at the end.

    A state is one tensor of shape (batch, parts, num_layers, hidden_size): the hidden state and, of an LSTM, the cell
    state. None is the initial state, all zeros.

    Parameters
    ----------
    n_channels : int
        Number of values in a row.
    output_shape : tuple of int, default=()
        Shape of the output at a row; () is one number.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell.
    hidden_size, num_layers : int
        Number of units in a layer, and number of layers.
    dropout : float, default=0.0
        Share of units dropped between layers and before the outputs.
    dense_size : int or None, default=None
        Number of units in a dense layer before the outputs; None leaves it out.
    n_series, series_embedding : int or None, default=None
        Number of known series, and size of the vector that is learnt for each and appended to its rows. Number -1 is an
        unknown series: its vector is the mean of all vectors.
    adds_row : bool, default=False
        Whether the values of the row are added to each output, so that the layers learn how later rows differ from it.
        The last number in ``output_shape`` must then be ``n_channels``.
    """

    def __init__(
        self,
        n_channels: int,
        output_shape: tuple[int, ...] = (),
        cell: str = "lstm",
        hidden_size: int = 64,
        num_layers: int = 1,
        dropout: float = 0.0,
        dense_size: int | None = None,
        n_series: int | None = None,
        series_embedding: int | None = None,
        adds_row: bool = False,
    ) -> None:
        super().__init__()
        self.output_shape = output_shape
        self.adds_row = adds_row
        #: Shape of the state of one series.
        self.state_shape = (2 if cell == "lstm" else 1, num_layers, hidden_size)
        self.embedding = nn.Embedding(n_series, series_embedding) if n_series and series_embedding else None
        n_inputs = n_channels + (series_embedding or 0 if self.embedding else 0)
        # Single layers, as torch does not fuse an LSTM with its own dropout between layers.
        self.layers = nn.ModuleList(
            CELLS[cell](n_inputs if layer == 0 else hidden_size, hidden_size) for layer in range(num_layers)
        )
        self.dropout = nn.Dropout(dropout)
        head: list[nn.Module] = []
        if dense_size is not None:
            head += [nn.Linear(hidden_size, dense_size), nn.ReLU(), nn.Dropout(dropout)]
        self.head = nn.Sequential(*head, nn.Linear(dense_size or hidden_size, math.prod(output_shape)))

    def start_at(self, outputs: Any) -> None:
        """Set the biases of the outputs, one number per output."""
        bias: Any = self.head[-1].bias
        with torch.no_grad():
            bias.copy_(torch.as_tensor(outputs, device=bias.device))

    def forward(
        self, X: torch.Tensor, state: torch.Tensor | None = None, series: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map rows (batch, length, channels) to outputs (batch, length, *output_shape) and the state at the end."""
        # Layers work row after row: with the rows first, they copy less.
        x, state = self._inputs(X, series).transpose(0, 1), self._state(X, state)
        ends = []
        for number, layer in enumerate(self.layers):
            x, end = self._run(layer, x, self._of_layer(state, number))
            ends.append(self._join(end))
            x = self.dropout(x)
        return self._outputs(x, X.transpose(0, 1)).transpose(0, 1), torch.stack(ends, dim=2)

    def step(
        self, X: torch.Tensor, state: torch.Tensor, series: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map one row per series (batch, channels) to outputs (batch, *output_shape) and the states after it.

        Dropout is left out: this is not for training.
        """
        x = X if self.embedding is None else self._inputs(X[:, None], series)[:, 0]
        ends = []
        layer: Any
        for number, layer in enumerate(self.layers):
            parts = state[:, :, number].unbind(dim=1)
            cell = ONE_ROW[type(layer)]
            if len(parts) == 2:
                x, memory = cell(x, parts, *layer.all_weights[0])
                ends.append(torch.stack([x, memory], dim=1))
            else:
                x = cell(x, *parts, *layer.all_weights[0])
                ends.append(x[:, None])
        return self._outputs(x, X), torch.stack(ends, dim=2)

    def end_state(
        self,
        X: torch.Tensor,
        lengths: torch.Tensor,
        state: torch.Tensor | None = None,
        series: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the state after the first ``lengths[i]`` rows of each ``X[i]``."""
        state = self._state(X, state)
        x: Any = pack_padded_sequence(
            self._inputs(X, series), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        ends = []
        for number, layer in enumerate(self.layers):
            x, end = layer(x, self._of_layer(state, number))
            ends.append(self._join(end))
        return torch.stack(ends, dim=2)

    @staticmethod
    def _run(layer: Any, x: torch.Tensor, state: Any) -> Any:
        """Return the outputs of a layer and its state at the end; rows come first."""
        if isinstance(layer, nn.GRU) and x.device.type == "cpu" and not torch.is_grad_enabled():
            return run_gru(layer, x, state)
        return layer(x, state)

    def _outputs(self, x: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
        """Return the outputs at rows X, where the last layer has the state x."""
        outputs = self.head(x).reshape(*X.shape[:-1], *self.output_shape)
        return outputs + X.unsqueeze(-2) if self.adds_row else outputs

    def _inputs(self, X: torch.Tensor, series: torch.Tensor | None) -> torch.Tensor:
        """Append the vector of its series to each row."""
        if self.embedding is None:
            return X
        table = self.embedding.weight
        if series is None:
            series = torch.full((len(X),), -1, device=X.device)
        vector = torch.where((series < 0)[:, None], table.mean(dim=0), table[series.clamp(min=0)])
        return torch.cat([X, vector[:, None].expand(-1, X.shape[1], -1)], dim=2)

    def _state(self, X: torch.Tensor, state: torch.Tensor | None) -> torch.Tensor:
        if state is not None:
            return state
        return X.new_zeros(len(X), *self.state_shape)

    def _of_layer(self, state: torch.Tensor, number: int) -> Any:
        """Return the state of a layer in the form of torch's layers."""
        parts = [part[None].contiguous() for part in state[:, :, number].unbind(dim=1)]
        return tuple(parts) if len(parts) == 2 else parts[0]

    def _join(self, end: Any) -> torch.Tensor:
        """Return the state of a layer at its end, shape (batch, parts, hidden_size)."""
        return torch.stack([part[0] for part in (end if isinstance(end, tuple) else (end,))], dim=1)
