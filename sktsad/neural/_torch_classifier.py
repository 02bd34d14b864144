"""Classifier around any torch module."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from .._core import Rows, Seed, Windows, flatten_3d
from ..networks import DenseClassifier
from ._net_classifier import NetClassifier
from ._training import Network


class TorchClassifier(NetClassifier):
    """Classify with your own torch module, as a full scikit-learn classifier.

    Parameters
    ----------
    module : torch module class, callable or instance, default=None
        Maps a batch to logits of shape (batch,), (batch, 1) for two classes or (batch, n_classes). A class or callable
        is called with the arguments of its signature that are among ``n_inputs`` (values of a row), ``n_channels``,
        ``length`` and ``n_outputs`` (1 for two classes, else their number), and with
        ``net_params={"module__<name>": ...}``. An instance is copied. None is a network with one hidden layer of 64
        units.

        The module gets rows in the shape of X: (batch, n_features) for a 2-D array, (batch, length, n_channels) for
        `Windows`, 3-D arrays or with ``n_channels``.
    loss : str or torch loss, default="cross_entropy"
        As in `RNNClassifier`.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn. Not for the mean false errors, which already weight the classes
        equally.
    stratify : bool or "auto", default="auto"
        Whether every training batch contains rows of every class; if a class has fewer rows than there are batches, its
        rows are repeated. "auto" does this for the losses that need it, the mean false errors; the batches of early
        stopping are then stratified as well.
    max_epochs : int or "auto", default="auto"
        Number of passes over the rows. "auto" means ``250 / sqrt(n_batches)``, rounded up: few batches need many
        epochs, while three are enough for a million rows.
    batch_size : int, default=128
        Number of rows in a training batch.
    predict_batch_size : int, default=256
        Number of rows in a batch at predict.
    lr : float, default=0.001
        Learning rate.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or torch optimizer class, default="adam"
        Optimizer.
    early_stopping : bool or int, default=False
        Whether to stop when the loss on the last rows has not improved for 5 epochs, or for this number of epochs; the
        best weights are kept.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that early stopping monitors; the network is not trained on
        them.
    n_channels : int, default=None
        Number of channels in a plain 2-D row; None infers it from `Windows`, 3-D arrays or names such as ``x0_t-3``,
        and treats other rows as univariate.
    device : str, default="cpu"
        Torch device.
    dtype : {"float32", "float64"}, default="float32"
        Precision of weights and inputs.
    random_state : int, RandomState or None, default=None
        Controls the initial weights, the order of rows and dropout. The same int gives bit-identical results.
    verbose : int, default=0
        1 prints a line for each epoch, with the loss and the F1: of the held-out rows with early stopping, otherwise of
        the training rows. 0 prints nothing.
    warm_start : bool, default=False
        Whether another ``fit`` continues from the weights of the last one, with the current ``lr``, ``batch_size`` and
        ``max_epochs``; other parameters of the network keep their previous values.
    callbacks : list of skorch callbacks, default=None
        Copied before use. A callback with batch events makes epochs a little slower. An ``EarlyStopping`` callback
        replaces that of ``early_stopping``.
    net_params : dict, default=None
        Further parameters of skorch's ``NeuralNet``, such as ``{"optimizer__weight_decay": 0.01}``. In `set_params` and
        grids, their names are ``net__<name>``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels. With two, the last is the anomaly.
    net_ : skorch.NeuralNet
        The trained net.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a row.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    RNNClassifier : Ready-made recurrent networks.

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
        **NetClassifier._parameter_constraints,
        "module": [callable, None],
    }

    def __init__(
        self,
        module: Any = None,
        *,
        loss: Any = "cross_entropy",
        class_weight: Any = None,
        stratify: bool | str = "auto",
        max_epochs: int | str = "auto",
        batch_size: int = 128,
        predict_batch_size: int = 256,
        lr: float = 1e-3,
        optimizer: Any = "adam",
        early_stopping: bool | int = False,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
        device: str = "cpu",
        dtype: str = "float32",
        random_state: Seed = None,
        verbose: int = 0,
        warm_start: bool = False,
        callbacks: Any = None,
        net_params: Mapping[str, Any] | None = None,
    ) -> None:
        self.module = module
        self.loss = loss
        self.class_weight = class_weight
        self.stratify = stratify
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.predict_batch_size = predict_batch_size
        self.lr = lr
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.net_params = net_params

    @property
    def _reads_layout(self) -> bool:
        return self.module is not None

    def _input_shape(self, X: Rows, windows: Windows) -> tuple[int, ...]:
        is_flat = not isinstance(X, Windows) and flatten_3d(X)[1] is None
        if is_flat and windows.n_channels == 1 and self.n_channels is None:
            return (windows.length,)
        return super()._input_shape(X, windows)

    def _network(self, windows: Windows, n_outputs: int) -> Network:
        if isinstance(self.module, torch.nn.Module):
            return Network(copy.deepcopy(self.module))
        module = DenseClassifier if self.module is None else self.module
        known = {
            "n_inputs": windows.shape[1],
            "n_channels": windows.n_channels,
            "length": windows.length,
            "n_outputs": n_outputs,
        }
        wanted = inspect.signature(module).parameters
        return Network(partial(module, **{name: value for name, value in known.items() if name in wanted}))
