"""Ctrl-C while a net is trained."""

from __future__ import annotations

import copy
import traceback
import warnings
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback


class InterruptGuard(Callback):
    """Keep the weights of the last finished epoch, and restore them where an interrupt cuts the next one short.

    skorch ends a training at a ``KeyboardInterrupt`` without a warning. Callbacks such as ``EarlyStopping`` raise it,
    too, but between two epochs, where there is nothing to undo. The guard comes before other callbacks, so that they
    see no half epoch at the end of the training.
    """

    def __init__(self) -> None:
        self.weights: dict[str, torch.Tensor] | None = None
        self.epoch: int | None = None

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the weights."""
        self.weights = copy.deepcopy(net.module_.state_dict())

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Undo an epoch that has not ended, or raise the interrupt for the caller of `fit` as well.

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
        """Warn which epoch's network is kept, if one was cut short."""
        if self.epoch is None:
            return
        stop = dict(net.callbacks_).get("early_stopping")
        kept = f"epoch {net.history[-1, 'epoch']}, the last that ended"
        if stop is not None and stop.load_best:
            kept = f"epoch {stop.best_epoch_}, the best by {stop.monitor}"
        warnings.warn(
            f"Training was interrupted in epoch {self.epoch}: the network is that of {kept}.",
            UserWarning,
            stacklevel=7,
        )


def _is_one_of_many() -> bool:
    """Return whether joblib runs this fit, as in a search or a cross-validation: an interrupt is for all of them."""
    # Not all of joblib: a Pipeline calls its steps through joblib.memory.
    return any(
        frame.f_globals.get("__name__") == "joblib.parallel" for frame, _ in traceback.walk_stack(None)
    )
