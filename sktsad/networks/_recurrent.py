"""Recurrent networks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

CELLS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def to_patches(x: torch.Tensor, patch_size: int) -> torch.Tensor:
    """Join ``patch_size`` consecutive samples into one network step, repeating the first sample if necessary.

    Parameters
    ----------
    x : tensor of shape (batch, length, channels)
        Windows.
    patch_size : int
        Samples per network step.

    Returns
    -------
    patches : tensor of shape (batch, ceil(length / patch_size), patch_size * channels)
    """
    if patch_size == 1:
        return x
    missing = -x.shape[1] % patch_size
    if missing:
        x = torch.cat([x[:, :1].expand(-1, missing, -1), x], dim=1)
    return x.reshape(x.shape[0], -1, patch_size * x.shape[2])


class RecurrentEncoder(nn.Module):
    """Encode a window into one vector.

    Parameters
    ----------
    n_channels : int
        Channels of the window.
    cell : {"lstm", "gru", "rnn"}
        Recurrent cell.
    hidden_size, num_layers : int
        Number of units in a layer, and number of layers.
    dropout : float
        Share of units dropped between layers.
    bidirectional : bool
        Whether to also read the window backwards.
    pooling : {"last", "last_max"}
        The last hidden state; or the last hidden state and the maximum of each unit over time.
    patch_size : int
        Samples per network step.
    """

    def __init__(
        self,
        n_channels: int,
        cell: str = "lstm",
        hidden_size: int = 128,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        pooling: str = "last",
        patch_size: int = 1,
    ) -> None:
        super().__init__()
        #: The arguments to create another encoder of the same kind.
        self.arguments = {
            "n_channels": n_channels,
            "cell": cell,
            "hidden_size": hidden_size,
            "num_layers": num_layers,
            "dropout": dropout,
            "bidirectional": bidirectional,
            "pooling": pooling,
            "patch_size": patch_size,
        }
        self.window_shape = (None, n_channels)  # of any length
        self.patch_size = patch_size
        self.pooling = pooling
        self.rnn = CELLS[cell](
            patch_size * n_channels,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
        )
        directions = 2 if bidirectional else 1
        self.n_outputs = hidden_size * directions * (2 if pooling == "last_max" else 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, n_outputs)."""
        outputs, hidden = self.rnn(to_patches(x, self.patch_size))
        if isinstance(hidden, tuple):  # LSTM: hidden and cell state
            hidden = hidden[0]
        directions = 2 if self.rnn.bidirectional else 1
        last = torch.cat(tuple(hidden[-directions:]), dim=1) if directions == 2 else hidden[-1]
        if self.pooling == "last":
            return last
        return torch.cat([last, outputs.amax(dim=1)], dim=1)


class RecurrentNetwork(nn.Module):
    """A recurrent encoder, a dense layer, and outputs: logits or values.

    Parameters
    ----------
    n_channels, n_outputs : int
        Channels of the window; number of outputs.
    dense_size : int or None
        Number of units in the dense layer before the outputs; None leaves it out.
    dropout : float
        Share of units dropped between recurrent layers and before the outputs.
    encoder : module, default=None
        A trained encoder to use instead of a new one, with an attribute ``n_outputs``, the size of its output.
    **new_encoder : dict
        Parameters of a new `RecurrentEncoder`.
    """

    def __init__(
        self,
        n_channels: int,
        n_outputs: int = 1,
        dense_size: int | None = 64,
        dropout: float = 0.0,
        encoder: Any = None,
        **new_encoder: Any,
    ) -> None:
        super().__init__()
        self.encoder = encoder or RecurrentEncoder(n_channels, dropout=dropout, **new_encoder)
        n_inputs = self.encoder.n_outputs
        layers: list[nn.Module] = []
        if dense_size is not None:
            layers += [nn.Linear(n_inputs, dense_size), nn.ReLU()]
            n_inputs = dense_size
        if dropout:
            layers.append(nn.Dropout(dropout))
        self.head = nn.Sequential(*layers, nn.Linear(n_inputs, n_outputs))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, n_outputs)."""
        return self.head(self.encoder(X))
