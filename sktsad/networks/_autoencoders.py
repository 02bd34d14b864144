"""Autoencoders: windows to a code and back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from ._dense import dense_layers
from ._recurrent import CELLS


class Autoencoder(nn.Module):
    """Base of the autoencoders: noise on the input while training, then encode and decode.

    Parameters
    ----------
    noise : float
        Standard deviation of the Gaussian noise that is added to the input while training.
    """

    def __init__(self, noise: float = 0.0) -> None:
        super().__init__()
        self.noise = noise

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Map windows to codes of shape (batch, code)."""
        raise NotImplementedError

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Map codes to windows."""
        raise NotImplementedError

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Reconstruct windows of shape (batch, length, channels)."""
        if self.training and self.noise:
            X = X + self.noise * torch.randn_like(X)
        return self.decode(self.encode(X))


class DenseAutoencoder(Autoencoder):
    """Dense layers down to the code, and the same mirrored.

    Parameters
    ----------
    length, n_channels : int
        Shape of a window.
    hidden_sizes : sequence of int
        Units of the encoder's layers; the last is the code.
    noise : float
        Noise on the input while training.
    """

    def __init__(self, length: int, n_channels: int, hidden_sizes: Sequence[int], noise: float = 0.0) -> None:
        super().__init__(noise)
        self.window_shape = (length, n_channels)
        sizes = [length * n_channels, *hidden_sizes]
        self.encoder = dense_layers(sizes)
        self.decoder = dense_layers(sizes[::-1])

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, code)."""
        return self.encoder(x.flatten(1))

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Map (batch, code) to (batch, length, channels)."""
        return self.decoder(code).unflatten(1, self.window_shape)


class RecurrentAutoencoder(Autoencoder):
    """Recurrent layers down to the code, the code repeated at each step, and the same mirrored.

    The last hidden state of the encoder is the code; a linear layer maps the decoder's states to the channels.

    Parameters
    ----------
    length, n_channels : int
        Shape of a window.
    hidden_sizes : sequence of int
        Units of the encoder's layers; the last is the code.
    cell : {"rnn", "lstm", "gru"}
        Recurrent cell.
    noise : float
        Noise on the input while training.
    """

    def __init__(
        self,
        length: int,
        n_channels: int,
        hidden_sizes: Sequence[int],
        cell: str = "lstm",
        noise: float = 0.0,
    ) -> None:
        super().__init__(noise)
        self.length = length
        sizes = [n_channels, *hidden_sizes]
        mirrored = [hidden_sizes[-1], *hidden_sizes[::-1]]
        self.encoder = self._layers(cell, sizes)
        self.decoder = self._layers(cell, mirrored)
        self.output = nn.Linear(hidden_sizes[0], n_channels)

    @staticmethod
    def _layers(cell: str, sizes: list[int]) -> nn.ModuleList:
        pairs = itertools.pairwise(sizes)
        return nn.ModuleList(CELLS[cell](n_in, n_out, batch_first=True) for n_in, n_out in pairs)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, code)."""
        for layer in self.encoder:
            x, _ = layer(x)
        return x[:, -1]

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Map (batch, code) to (batch, length, channels)."""
        x = code[:, None].expand(-1, self.length, -1)
        for layer in self.decoder:
            x, _ = layer(x)
        return self.output(x)
