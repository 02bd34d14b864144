"""Autoencoders: from windows to a code and back."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence, Set
from numbers import Integral
from typing import Any

import torch
from torch import nn

from ._dense import dense_layers
from ._dropout import DROPOUTS
from ._recurrent_layers import RecurrentLayer, UnrolledDecoder

#: Largest number of units of a layer, beyond any useful size: a typo must not fill the memory.
_MOST_UNITS = 2**16


class Autoencoder(nn.Module):
    """Base of the autoencoders: noise on the input while training, then encode and decode.

    A subclass sets ``code_size``, the number of values of a code.

    Parameters
    ----------
    noise : float
        Standard deviation of the Gaussian noise that is added to the input while training.
    """

    code_size: int

    def __init__(self, noise: float = 0.0) -> None:
        super().__init__()
        self.noise = noise

    def corrupt(self, x: torch.Tensor) -> torch.Tensor:
        """Add noise to windows while training."""
        return x + self.noise * torch.randn_like(x) if self.training and self.noise else x

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Map windows to codes of shape (batch, code)."""
        raise NotImplementedError

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Map codes to windows."""
        raise NotImplementedError

    def forward(self, X: torch.Tensor) -> Any:
        """Reconstruct windows of shape (batch, length, channels)."""
        return self.decode(self.encode(self.corrupt(X)))


class CodeEncoder(nn.Module):
    """The encoder of an autoencoder, without its decoder.

    Parameters
    ----------
    autoencoder : Autoencoder
        A trained autoencoder; it is copied.
    window_shape : (int, int)
        Length and channels of its windows.
    n_outputs : int
        Size of the code.
    """

    def __init__(self, autoencoder: Autoencoder, window_shape: tuple[int, int], n_outputs: int) -> None:
        super().__init__()
        self.autoencoder = copy.deepcopy(autoencoder)
        for module in self.autoencoder.modules():
            if isinstance(getattr(module, "decoder", None), nn.Module):
                module.decoder = nn.Identity()
        self.window_shape = window_shape
        self.n_outputs = n_outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, n_outputs)."""
        return self.autoencoder.encode(self.autoencoder.corrupt(x))


class DenseAutoencoder(Autoencoder):
    """Dense layers down to the code, and mirrored layers back.

    Parameters
    ----------
    length, n_channels : int
        Shape of a window.
    hidden_sizes : sequence of int
        Number of units in each layer of the encoder; the last is the code.
    noise : float
        Noise on the input while training.
    activation : {"relu", "selu", "tanh"}
        Activation between layers.
    dropout : float
        Share of hidden units dropped.
    dropout_type : {"standard", "gaussian", "alpha"}
        Kind of dropout.
    widen : int
        Width of the encoder's last layer, in units of the code size: 2 leaves room for a mean and a variance.
    """

    def __init__(
        self,
        length: int,
        n_channels: int,
        hidden_sizes: Sequence[int],
        noise: float = 0.0,
        activation: str = "relu",
        dropout: float = 0.0,
        dropout_type: str = "standard",
        widen: int = 1,
    ) -> None:
        super().__init__(noise)
        self.window_shape = (length, n_channels)
        self.code_size = hidden_sizes[-1]
        sizes = [length * n_channels, *hidden_sizes]
        wide = [*sizes[:-1], widen * sizes[-1]]
        self.encoder = dense_layers(wide, activation, dropout, dropout_type)
        self.decoder = dense_layers(sizes[::-1], activation, dropout, dropout_type)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, code)."""
        return self.encoder(x.flatten(1))

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Map (batch, code) to (batch, length, channels)."""
        return self.decoder(code).unflatten(1, self.window_shape)


class RecurrentAutoencoder(Autoencoder):
    """Recurrent layers down to the code, which is the last state of the encoder, and recurrent layers back.

    Parameters
    ----------
    length, n_channels : int
        Shape of a window.
    hidden_sizes : sequence of int
        Number of units in each layer of the encoder; the last is the code.
    cell : {"lstm", "gru", "rnn"}
        Recurrent cell.
    noise : float
        Noise on the input while training.
    dropout : float
        Share of units dropped between layers and before the output.
    dropout_type : {"standard", "gaussian", "alpha"}
        Kind of dropout.
    recurrent_dropout : float
        Share of the units of the state dropped between steps.
    conv_channels : int or None
        Channels of a convolution before the encoder's recurrent layers; None leaves it out.
    kernel_size : int
        Number of steps that the convolution covers.
    decoder : {"repeat", "unroll"}
        Whether the input of the mirrored layers is the code at each step, or they decode row by row, starting from the
        code.
    widen : int
        As in `DenseAutoencoder`.
    """

    def __init__(
        self,
        length: int,
        n_channels: int,
        hidden_sizes: Sequence[int],
        cell: str = "lstm",
        noise: float = 0.0,
        dropout: float = 0.0,
        dropout_type: str = "standard",
        recurrent_dropout: float = 0.0,
        conv_channels: int | None = None,
        kernel_size: int = 5,
        decoder: str = "repeat",
        widen: int = 1,
    ) -> None:
        super().__init__(noise)
        self.length = length
        self.code_size = hidden_sizes[-1]
        self.convolution = None
        if conv_channels is not None:
            convolution = nn.Conv1d(n_channels, conv_channels, kernel_size, padding="same")
            self.convolution = nn.Sequential(convolution, nn.ReLU())

        drop = DROPOUTS[dropout_type](dropout) if dropout else nn.Identity()

        def layers(sizes: list[int]) -> list[nn.Module]:
            chain: list[nn.Module] = []
            for n_inputs, n_outputs in itertools.pairwise(sizes):
                chain += [RecurrentLayer(cell, n_inputs, n_outputs, recurrent_dropout), drop]
            return chain

        # The code is not dropped.
        wide = [conv_channels or n_channels, *hidden_sizes[:-1], widen * hidden_sizes[-1]]
        self.encoder = nn.Sequential(*layers(wide)[:-1])
        mirrored = [hidden_sizes[-1], *hidden_sizes[::-1]]
        self.decoder: nn.Module
        if decoder == "unroll":
            self.decoder = UnrolledDecoder(cell, length, n_channels, mirrored, drop, recurrent_dropout)
        else:
            self.decoder = nn.Sequential(*layers(mirrored), nn.Linear(hidden_sizes[0], n_channels))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, channels) to (batch, code)."""
        if self.convolution is not None:
            x = self.convolution(x.mT).mT
        return self.encoder(x)[:, -1]

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Map (batch, code) to (batch, length, channels)."""
        if isinstance(self.decoder, UnrolledDecoder):
            return self.decoder(code)
        return self.decoder(code[:, None].expand(-1, self.length, -1))


def make_autoencoder(
    network: str,
    hidden_sizes: Sequence[int],
    activation: str = "relu",
    decoder: str = "repeat",
    conv_channels: int | None = None,
    recurrent_dropout: float = 0.0,
    **arguments: Any,
) -> Autoencoder:
    """Create a `DenseAutoencoder`, or a `RecurrentAutoencoder` with this cell; each ignores the other's parameters.

    Raises
    ------
    ValueError
        If ``hidden_sizes`` does not contain numbers of units, or there is no layer for dropout.
    """
    is_row = getattr(hidden_sizes, "ndim", 1) == 1 and not isinstance(
        hidden_sizes, Mapping | Set | bytes | bytearray
    )
    sizes = list(hidden_sizes) if is_row else []
    if not sizes or not all(_is_size(size) for size in sizes):
        raise ValueError(
            f"hidden_sizes must be one or more numbers of units, e.g. (32, 8), each at most {_MOST_UNITS:,}, got "
            f"{hidden_sizes!r}."
        )
    sizes = [int(size) for size in sizes]
    if network == "dense":
        if arguments.get("dropout") and len(sizes) == 1:
            raise ValueError(
                f"dropout={arguments['dropout']} has no layer between input and code to act on: add one to "
                f"hidden_sizes={tuple(sizes)}, or use noise."
            )
        return DenseAutoencoder(hidden_sizes=sizes, activation=activation, **arguments)
    return RecurrentAutoencoder(
        hidden_sizes=sizes,
        cell=network,
        decoder=decoder,
        conv_channels=conv_channels,
        recurrent_dropout=recurrent_dropout,
        **arguments,
    )


def _is_size(size: Any) -> bool:
    """Return whether a value is a number of units."""
    return isinstance(size, Integral) and not isinstance(size, bool) and 0 < int(size) <= _MOST_UNITS
