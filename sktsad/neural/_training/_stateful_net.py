"""Nets that carry the state of a recurrent network from chunk to chunk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from ..._core import Labels, Rows
from ._net import LeanClassifierNet, LeanNet
from ._strands import Chunk


class StatefulNet(LeanNet):
    """A `LeanNet` over the chunks of a `StrandLoader`: each chunk starts from the state after the previous one.

    No gradient goes back beyond the chunk [1]_.

    References
    ----------
    .. [1] R. J. Williams, J. Peng, "An efficient gradient-based algorithm for on-line training of recurrent network
       trajectories", Neural Computation 2(4), 1990.
    """

    _chunk: Chunk | None = None
    #: The states before a chunk, and those after it, of each of its parts.
    _before: torch.Tensor | None = None
    _after: tuple[torch.Tensor, ...] = ()

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        """Run one epoch, then release the last chunk and its states."""
        # skorch's own epoch makes one update per item of the iterator.
        if iterator is not None:
            iterator.in_parts = self._can_be_lean()
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        self._chunk = self._before = None
        self._after = ()

    def _pieces(self, batch: Any) -> Iterable[tuple[Chunk, torch.Tensor]]:
        """Return the parts of a chunk, as the loader yields them."""
        return batch

    def infer(self, x: Chunk, **fit_params: Any) -> torch.Tensor:
        """Return the outputs that count in the loss."""
        if x is not self._chunk and not x.first_lane:  # optimizers with a closure run a chunk more than once
            self._before = torch.cat(self._after) if self._after else None
        self._chunk = x
        chunk = x.to(self.device)
        before = chunk.state
        if chunk.goes_on and self._before is not None:
            before = self._before[chunk.first_lane : chunk.first_lane + len(chunk.X)]
        outputs, after = self.module_(chunk.X, before, chunk.series)
        self._after = (*(self._after if chunk.first_lane else ()), after.detach())
        outputs = outputs.flatten(0, chunk.n_axes - 1)
        return outputs if chunk.chosen is None else outputs[chunk.chosen]

    def get_loss(
        self, y_pred: Labels, y_true: Labels, X: Rows = None, training: bool = False
    ) -> torch.Tensor:
        """Average the loss over the outputs that count, weighted; 0 if there are none.

        The gradient is that of the average times the weight of the chunk: a chunk with few rows, or inside a long
        event, must not count as much as a full one.
        """
        if not len(y_true):
            return y_pred.sum() * 0
        weight = None if X.sample_weight is None else {"sample_weight": X.sample_weight}
        loss = super().get_loss(y_pred, y_true, weight, training)
        return loss + (X.share - 1) * (loss - loss.detach()) if training else loss


class StatefulClassifierNet(StatefulNet, LeanClassifierNet):
    """A `StatefulNet` whose predictions are class numbers."""
