"""Variational autoencoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from ._autoencoders import Autoencoder, make_autoencoder
from ._losses import ReconstructionError


class VariationalAutoencoder(Autoencoder):
    """An autoencoder with a normal distribution as code, from which a code is drawn in training.

    Parameters
    ----------
    length, n_channels : int
        Shape of a window.
    hidden_sizes : sequence of int
        Number of units in each layer of the encoder; the last is the code.
    network : {"dense", "lstm", "gru", "rnn"}
        Kind of the underlying autoencoder.
    noise : float
        Noise on the input while training.
    n_draws : int
        Number of codes that `reconstructions` draws for each window; 0 means the mean code.
    **autoencoder : dict
        Further parameters of that autoencoder.
    """

    draws: torch.Tensor

    def __init__(
        self,
        length: int,
        n_channels: int,
        hidden_sizes: Sequence[int],
        network: str = "dense",
        noise: float = 0.0,
        n_draws: int = 0,
        **autoencoder: Any,
    ) -> None:
        super().__init__(noise)
        # If this layer were only as wide as the code, each variance would depend on the mean.
        self.autoencoder = make_autoencoder(
            network, length=length, n_channels=n_channels, hidden_sizes=hidden_sizes, widen=2, **autoencoder
        )
        n_code = self.code_size = int(list(hidden_sizes)[-1])
        self.mean = nn.Linear(2 * n_code, n_code)
        self.log_variance = nn.Linear(2 * n_code, n_code)
        # The same for every window, so that a score does not depend on the batch.
        self.register_buffer("draws", torch.randn(n_draws, n_code))

    def distribution(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log variance of the codes of windows."""
        hidden = self.autoencoder.encode(x)
        return self.mean(hidden), self.log_variance(hidden)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Map windows to their mean code."""
        return self.distribution(x)[0]

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Map codes to windows."""
        return self.autoencoder.decode(code)

    def forward(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the reconstruction from a drawn code (after training, from the mean code), means and log variances."""
        mean, log_variance = self.distribution(self.corrupt(X))
        code = mean
        if self.training:
            code = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decode(code), mean, log_variance

    def reconstructions(self, mean: torch.Tensor, log_variance: torch.Tensor) -> Iterator[torch.Tensor]:
        """Decode the mean code, or each of the ``n_draws`` codes in turn."""
        if not len(self.draws):
            yield self.decode(mean)
        for draw in self.draws:
            yield self.decode(mean + torch.exp(log_variance / 2) * draw)


def kl_divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return the Kullback-Leibler divergence of each code's distribution from the standard normal."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2


class VariationalLoss(nn.Module):
    """Reconstruction error plus the weighted KL divergence, both per value of a window; one number per row.

    The net sets ``epoch``, the number of the current epoch from 1, and reads ``parts``, the means of both terms.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error"}, default="squared_error"
        Reconstruction error.
    kl_weight : float
        Weight of the divergence.
    kl_warmup : int
        Number of training epochs over which the weight rises to ``kl_weight``; validation uses the full weight.
    """

    def __init__(self, loss: str = "squared_error", kl_weight: float = 1.0, kl_warmup: int = 0) -> None:
        super().__init__()
        self.reconstruction_error = ReconstructionError(loss)
        self.kl_weight = kl_weight
        self.kl_warmup = kl_warmup
        self.epoch = 0
        self.parts: dict[str, torch.Tensor] = {}

    def forward(self, output: tuple[torch.Tensor, ...], target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row, shape (batch,)."""
        reconstruction, mean, log_variance = output
        error = self.reconstruction_error(reconstruction, target).flatten(1).mean(dim=1)
        divergence = kl_divergence(mean, log_variance) / target[0].numel()
        self.parts = {"reconstruction_loss": error.detach().mean(), "kl_loss": divergence.detach().mean()}
        weight = self.kl_weight
        if self.training and self.epoch < self.kl_warmup:
            weight *= self.epoch / self.kl_warmup
        return error + weight * divergence
