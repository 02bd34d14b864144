"""Ctrl-C while a net is trained."""

from __future__ import annotations

import copy
import traceback
import warnings
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from ..._core import level_of_user


class InterruptGuard(Callback):
    """Keep the weights of the last complete epoch, and restore them if an interrupt stops the next one.

    skorch ends training at a ``KeyboardInterrupt`` without a warning. Callbacks such as ``EarlyStopping`` also raise
    it, but between two epochs, when there is nothing to undo. The guard runs before other callbacks, so that they do
    not see an incomplete epoch at the end of training.
    """

    def __init__(self) -> None:
        self.weights: dict[str, torch.Tensor] | None = None
        self.epoch: int | None = None

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the weights."""
        self.weights = copy.deepcopy(net.module_.state_dict())

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Undo an incomplete epoch, or raise the interrupt again for the caller of `fit`.

        Raises
        ------
        KeyboardInterrupt
            If no epoch has ended, or this is one of many fits.
        """
        is_cut = bool(net.history) and "train_loss" not in net.history[-1]
        if self.weights is not None and not is_cut:
            return
        if self.weights is None or _is_one_of_many():
            raise KeyboardInterrupt
        self.epoch = net.history.pop()["epoch"]
        net.module_.load_state_dict(self.weights)

    def warn(self, net: NeuralNet) -> None:
        """Warn which epoch's network is kept, if an epoch was interrupted."""
        if self.epoch is None:
            return
        stop = dict(net.callbacks_).get("early_stopping")
        kept = f"epoch {net.history[-1, 'epoch']}, the last that ended"
        if stop is not None and stop.load_best:
            kept = f"epoch {stop.best_epoch_}, the best by {stop.monitor}"
        warnings.warn(
            f"Training was interrupted in epoch {self.epoch}: the network is that of {kept}.",
            UserWarning,
            stacklevel=level_of_user(),
        )


def _is_one_of_many() -> bool:
    """Return whether joblib runs this fit among others, as in a search: an interrupt should stop all of them."""
    # Not every module of joblib, as a Pipeline calls its steps through joblib.memory.
    return any(
        frame.f_globals.get("__name__") == "joblib.parallel" for frame, _ in traceback.walk_stack(None)
    )
