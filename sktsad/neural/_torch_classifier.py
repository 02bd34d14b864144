"""Classifier around any torch module."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

from .._core import Windows, flatten_3d
from ._net_classifier import BaseNetClassifier


class TorchClassifier(BaseNetClassifier):
    """Classify with a torch module of your own, as a true scikit-learn classifier.

    Parameters
    ----------
    module : torch module class, callable or instance, default=None
        Maps a batch to logits of shape (batch,), (batch, 1) for two classes or (batch, n_classes). A class or
        callable is called with those of ``n_inputs`` (values of a row), ``n_channels``, ``length`` and
        ``n_outputs`` (1 for two classes, else their number) that its signature names, and with
        ``net__module__*``. An instance is copied. None is a network with one hidden layer of 64 units.

        It sees rows in the shape in which they came: (batch, n_features) for a 2-D array, (batch, length,
        n_channels) for `Windows`, 3-D arrays or with ``n_channels``.
    loss : str or torch loss, default="cross_entropy"
        As in `RNNClassifier`.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn. Not for the mean false errors, which weigh by themselves.
    stratify : bool or "auto", default="auto"
        Whether every training batch holds rows of every class, repeated where they are fewer than the batches; "auto"
        does so for the losses that need it, the mean false errors, whose batches that early stopping watches are then
        dealt out alike.
    **net_params : dict
        ``max_epochs``, ``batch_size``, ``predict_batch_size``, ``lr``, ``optimizer``, ``early_stopping``,
        ``validation_fraction``, ``n_channels``, ``device``, ``dtype``, ``random_state``, ``verbose``,
        ``warm_start``, ``callbacks`` and ``net__<name>``, all as in `RNNClassifier`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels. Of two, the last is the anomaly.
    net_ : skorch.NeuralNet
        The trained net.
    n_features_in_ : int
        Number of values in a row.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    RNNClassifier : Recurrent networks ready-made.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from sktsad import TorchClassifier
    >>> def network(n_inputs, n_outputs):
    ...     return nn.Sequential(nn.Linear(n_inputs, 8), nn.Tanh(), nn.Linear(8, n_outputs))
    >>> X = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> y = (X[:, 0] > 0).astype(int)
    >>> model = TorchClassifier(network, lr=0.05, max_epochs=50, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints: dict = {
        **BaseNetClassifier._parameter_constraints,
        "module": [callable, None],
    }

    def __init__(self, module: Any = None, **params: Any) -> None:
        super().__init__(**params)
        self.module = module

    def _input_shape(self, X: Any, windows: Windows) -> tuple[int, ...]:
        is_flat = not isinstance(X, Windows) and flatten_3d(X)[1] is None
        if is_flat and windows.n_channels == 1 and self.n_channels is None:
            return (windows.length,)
        return super()._input_shape(X, windows)

    def _network(self, windows: Windows, n_outputs: int) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch

        from ..networks import DenseClassifier

        if isinstance(self.module, torch.nn.Module):
            return copy.deepcopy(self.module), {}
        module = DenseClassifier if self.module is None else self.module
        known = {
            "n_inputs": windows.shape[1],
            "n_channels": windows.n_channels,
            "length": windows.length,
            "n_outputs": n_outputs,
        }
        wanted = inspect.signature(module).parameters
        return module, {name: value for name, value in known.items() if name in wanted}
