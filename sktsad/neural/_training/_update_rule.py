"""Changes just before each step of the optimizer: gradients are clipped, the learning rate is set."""

from __future__ import annotations

import math
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from ..._core import Labels, Rows


class UpdateRule(Callback):
    """Clip the gradient, and raise and lower the learning rate once over the training.

    It is attached to the optimizer, not to skorch's batch events, so that the lean epoch can be used.

    Parameters
    ----------
    max_grad_norm : float or None
        Largest norm of the gradient over all weights, to which a larger one is scaled; None means no limit.
    one_cycle : bool, default=False
        Whether the learning rate rises from 1/25 of its value to its full value in the first 3/10 of the updates, and
        falls to almost 0 in the rest, both along a cosine [1]_.

    References
    ----------
    .. [1] L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large learning rates",
       2018.
    """

    def __init__(self, max_grad_norm: float | None, one_cycle: bool = False) -> None:
        self.max_grad_norm = max_grad_norm
        self.one_cycle = one_cycle

    def on_train_begin(self, net: NeuralNet, X: Rows = None, y: Labels = None, **kwargs: Any) -> None:
        """Attach to the optimizer."""
        self._epoch, self._update, self._n_updates, self._n_epochs = -1, 0, 1, net.max_epochs
        self._rates = [group["lr"] for group in net.optimizer_.param_groups]
        self._handle = net.optimizer_.register_step_pre_hook(self._before_step)

    def on_epoch_begin(self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any) -> None:
        """Count updates from 0 again."""
        self._epoch += 1
        self._update = 0
        self._n_updates = len(net.get_iterator(dataset_train, training=True)) if self.one_cycle else 1

    def on_train_end(self, net: NeuralNet, X: Rows = None, y: Labels = None, **kwargs: Any) -> None:
        """Detach from the optimizer, and restore its own learning rates."""
        self._handle.remove()
        del self._handle
        if self.one_cycle:
            self._set_rates(net.optimizer_, 1.0)

    def _before_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> Any:
        """Set the learning rate and clip; gradients of a closure are clipped after it has run."""
        if self.one_cycle:
            progress = (self._epoch + min(1.0, self._update / self._n_updates)) / self._n_epochs
            self._set_rates(optimizer, one_cycle(progress))
        self._update += 1
        if self.max_grad_norm is None:
            return None
        if len(args) == 1:
            self._clip(optimizer)
            return None
        closure = args[1]  # from skorch's own epoch

        def clipped() -> Any:
            loss = closure()
            self._clip(optimizer)
            return loss

        return (optimizer, clipped), kwargs

    def _clip(self, optimizer: torch.optim.Optimizer) -> None:
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        torch.nn.utils.clip_grad_norm_(weights, self.max_grad_norm)  # type: ignore[arg-type]

    def _set_rates(self, optimizer: torch.optim.Optimizer, factor: float) -> None:
        for group, rate in zip(optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor


def one_cycle(progress: float, rise: float = 0.3, first: float = 1 / 25, last: float = 1e-4) -> float:
    """Return the share of the largest learning rate to use after a given share of all updates."""
    if progress < rise:
        return 1 - (1 - first) * (1 + math.cos(math.pi * progress / rise)) / 2
    return last + (1 - last) * (1 + math.cos(math.pi * (progress - rise) / (1 - rise))) / 2
