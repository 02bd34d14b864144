"""Reconstruction of hidden spans of a window."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from ._dense import dense_layers
from ._losses import ReconstructionError
from ._recurrent import RecurrentEncoder


class MaskedReconstructor(nn.Module):
    """Hide spans of a window, encode it, and reconstruct the whole window from the code.

    Hidden rows are 0, which is the mean of standardised values.

    Parameters
    ----------
    length, n_channels : int
        Shape of a window.
    mask_fraction : float
        Share of the rows to hide on average, as closely as whole spans allow.
    span : int
        Rows of a span; at most half of the window is used. Spans may overlap.
    dense_size : int or None
        Number of units in the dense layer of the decoder; None leaves it out.
    dropout : float
        Share of units dropped between recurrent layers.
    **encoder : dict
        Parameters of `RecurrentEncoder`.
    """

    def __init__(
        self,
        length: int,
        n_channels: int,
        mask_fraction: float = 0.3,
        span: int = 5,
        dense_size: int | None = 64,
        dropout: float = 0.0,
        **encoder: Any,
    ) -> None:
        super().__init__()
        self.encoder = RecurrentEncoder(n_channels, dropout=dropout, **encoder)
        self.window_shape = (length, n_channels)
        self.span = min(span, max(1, length // 2))
        # The share of rows that one span leaves visible; for a window of one row it is 1, not 0.
        left = 1 - self.span / max(length, 2)
        self.n_spans = max(1, round(math.log(1 - mask_fraction) / math.log(left)))
        hidden = [] if dense_size is None else [dense_size]
        self.head = dense_layers([self.encoder.n_outputs, *hidden, length * n_channels])

    def draw_mask(self, n_windows: int, device: torch.device) -> torch.Tensor:
        """Draw which rows to hide, shape (n_windows, length)."""
        length = self.window_shape[0]
        starts = torch.randint(length - self.span + 1, (n_windows, self.n_spans, 1), device=device)
        rows = torch.arange(length, device=device)
        return ((rows >= starts) & (rows < starts + self.span)).any(dim=1)

    def forward(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the reconstructed windows, and which rows were hidden."""
        hidden = self.draw_mask(len(X), X.device)
        code = self.encoder(X.masked_fill(hidden[:, :, None], 0.0))
        return self.head(code).unflatten(1, self.window_shape), hidden


class MaskedError(ReconstructionError):
    """Mean error over the hidden rows of each window."""

    def forward(self, output: Any, target: torch.Tensor) -> torch.Tensor:
        """Return one number per row, shape (batch,)."""
        restored, hidden = output
        errors = super().forward(restored, target).mean(dim=2)
        return (errors * hidden).sum(dim=1) / hidden.sum(dim=1)
