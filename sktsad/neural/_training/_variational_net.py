"""A net for variational autoencoders."""

from __future__ import annotations

from typing import Any

import torch

from ..._core import Labels, Rows
from ._net import LeanNet


class VariationalNet(LeanNet):
    """A `LeanNet` that passes the epoch to its criterion, and records the parts of the loss in the history.

    The history contains ``train_reconstruction_loss`` and ``train_kl_loss``, and the same for validation rows.
    """

    def get_loss(
        self, y_pred: Labels, y_true: Labels, X: Rows = None, training: bool = False
    ) -> torch.Tensor:
        """Average the loss and record its parts."""
        loss = super().get_loss(y_pred, y_true, X, training)
        self._parts.append((len(y_true), self.criterion_.parts))
        return loss

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        """Run one epoch and record the means of the parts."""
        self._parts: list[tuple[int, dict[str, torch.Tensor]]] = []
        self.criterion_.epoch = len(self.history)
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        n_rows = sum(size for size, _ in self._parts)
        for name in self._parts[0][1] if self._parts else ():
            mean = sum(size * parts[name] for size, parts in self._parts) / n_rows
            self.history.record(f"{prefix}_{name}", float(mean))
        self._parts, self.criterion_.parts = [], {}
