"""A skorch net with little overhead per epoch."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.metrics import f1_score
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochScoring

from ..._core import Labels, Rows

_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class LeanNet(NeuralNet):
    """A skorch ``NeuralNet`` with sample weights, losses by row, and a lean epoch.

    The lean epoch does the same arithmetic as skorch's epoch, in the same order, and leaves out whatever is not used:
    batch events without a callback, closures for optimizers that need none, records of batches that are not read. If a
    callback has batch events, or the optimizer needs a closure, skorch's epoch runs.
    """

    # Parts of the state that skorch unpickles on an available device. skorch adds the trained modules itself; losses
    # passed as instances, and the contents of callbacks, may also be on the GPU.
    cuda_dependent_attributes_ = ["module", "criterion", "callbacks"]

    def infer(self, x: Any, **fit_params: Any) -> torch.Tensor:
        """Run the module on the input, without the weights that are part of it."""
        output = super().infer(x["X"] if isinstance(x, dict) else x, **fit_params)
        # A single logit of shape (batch, 1) would broadcast against targets of shape (batch,).
        is_column = isinstance(output, torch.Tensor) and output.ndim == 2 and output.shape[1] == 1
        return output.squeeze(1) if is_column else output

    def get_loss(
        self, y_pred: Labels, y_true: Labels, X: Rows = None, training: bool = False
    ) -> torch.Tensor:
        """Average the loss over the rows, weighted."""
        loss = super().get_loss(y_pred, y_true, X, training)
        weight = X["sample_weight"] if isinstance(X, dict) else None
        if loss.ndim == 0 and weight is not None:
            raise ValueError(
                "loss averages over the batch by itself, so class_weight and sample_weight cannot be applied. "
                "Pass a loss that returns one value per row, such as 'cross_entropy', or torch's with reduction='none'."
            )
        if weight is None:
            return loss.mean()
        loss = loss.flatten(1).mean(dim=1) if loss.ndim > 1 else loss
        # Scaled by a power of 2, which is exact: only ratios matter, and small weights would be rounded to 0 in
        # float32.
        weight = (weight / 2.0 ** (torch.frexp(weight.max()).exponent.double() - 1)).to(loss)
        return (weight * loss).sum() / weight.sum()

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        """Run one epoch in a short loop, or in that of skorch if the optimizer or a callback needs it."""
        if iterator is None or not self._can_be_lean():
            super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
            return
        losses, sizes = [], []
        self._set_training(training)
        with torch.set_grad_enabled(training):
            for batch in iterator:
                if training:
                    self.optimizer_.zero_grad()
                for inputs, target in self._pieces(batch):
                    loss = self.get_loss(self.infer(inputs), target, X=inputs, training=training)
                    if training:
                        loss.backward()
                    losses.append(loss.detach())
                    sizes.append(len(target))
                if training:
                    self.optimizer_.step()
        # Read at the end, as reading a loss on an accelerator waits for it.
        for value, size in zip(torch.stack(losses).tolist(), sizes, strict=True):
            self.history.new_batch()
            self.history.record_batch(prefix + "_loss", value)
            self.history.record_batch(prefix + "_batch_size", size)
        self.history.record(prefix + "_batch_count", len(losses))

    def _pieces(self, batch: Any) -> Iterable[tuple[Any, torch.Tensor]]:
        """Return the parts of a batch, whose gradients add up to one update: the batch itself."""
        return [batch]

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Notify the callbacks; after a lean epoch, drop the records of its batches, except for the last.

        Callbacks that save a net also read the last one after training.
        """
        try:
            super().notify(method_name, **cb_kwargs)
        finally:  # EarlyStopping ends training with an exception
            if method_name == "on_epoch_end" and self._can_be_lean():
                del self.history[-1]["batches"][:-1]

    def _can_be_lean(self) -> bool:
        _, *arguments = inspect.signature(type(self.optimizer_).step).parameters.values()
        needs_closure = any(argument.default is argument.empty for argument in arguments)
        return not needs_closure and all(
            getattr(getattr(callback, event), "__func__", None) is getattr(Callback, event)
            for _, callback in self.callbacks_
            for event in _BATCH_EVENTS
        )


def class_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Turn logits of shape (batch,) or (batch, n_classes) into probabilities, one column per class."""
    if logits.ndim == 1:
        return torch.stack([torch.sigmoid(-logits), torch.sigmoid(logits)], dim=1)
    return torch.softmax(logits, dim=1)


class LeanClassifierNet(ClassifierMixin, LeanNet):
    """A `LeanNet` that is a classifier to scikit-learn's scorers, so that skorch's scoring callbacks work.

    Its classes are numbers from 0; the estimator sets ``classes_``.
    """

    classes_: np.ndarray

    def __init__(self, *args: Any, predict_nonlinearity: Any = class_probabilities, **kwargs: Any) -> None:
        super().__init__(*args, predict_nonlinearity=predict_nonlinearity, **kwargs)

    def get_loss(
        self, y_pred: Labels, y_true: Labels, X: Rows = None, training: bool = False
    ) -> torch.Tensor:
        """Average the loss; with a single logit, class numbers are floats, as required by torch's binary losses."""
        if y_pred.ndim == 1:
            y_true = y_true.to(y_pred.dtype)
        return super().get_loss(y_pred, y_true, X, training)

    def predict(self, X: Rows) -> np.ndarray:
        """Predict class numbers."""
        return self.predict_proba(X).argmax(axis=1)


def f1_callback(of_validation: bool, n_classes: int) -> tuple[str, Callback]:
    """Return a callback that records the F1 of each epoch for the printed line, on the held-out or the training rows.

    It uses the outputs that the epoch computes anyway; on training rows these are computed with dropout, and with
    weights that change from batch to batch.
    """
    name = "valid_f1" if of_validation else "train_f1"
    scoring = partial(_f1, n_classes=n_classes)
    return name, EpochScoring(scoring, lower_is_better=False, on_train=not of_validation, name=name)


def _f1(net: LeanClassifierNet, X: Rows, y: np.ndarray, n_classes: int) -> float:
    average = "binary" if n_classes == 2 else "macro"
    return float(f1_score(y, net.predict(X), labels=range(n_classes), average=average, zero_division=0))
