"""Recurrent classifier."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
from numbers import Integral, Real
from typing import Any

import torch
from sklearn.base import clone
from sklearn.utils import check_random_state
from skorch.callbacks import Freezer, Unfreezer

from .._core import HasMethods, Interval, Seed, StrOptions, Windows
from ..networks import RecurrentNetwork
from ._input_checks import check_encoder
from ._net_classifier import NetClassifier
from ._recurrent_parameters import RECURRENT, recurrent_arguments
from ._training import Network


class RNNClassifier(NetClassifier):
    """Classify windows with a recurrent network: simple RNN, LSTM or GRU.

    The recurrent layers read the window; a dense layer maps their last state to one logit, or to one logit per class.
    Use it after `SlidingWindow` in a Pipeline, or on existing windows.

    `StatefulRNNClassifier` reads a series once, row after row, which is many times faster, and looks further back.
    Windows are the better choice if each is a whole event, such as a heart beat; if samplers change the rows; or if
    only the last few rows matter.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell [1]_ [2]_. On a CPU the LSTM is the fastest: training a GRU takes about 1.6 times as long.
    hidden_size : int, default=128
        Number of units in a recurrent layer.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float, default=0.0
        Share of units dropped between recurrent layers and before the logits, below 1.
    bidirectional : bool, default=False
        Whether to also read the window backwards.
    dense_size : int or None, default=64
        Number of units in the dense layer; None leaves it out.
    pooling : {"last", "last_max"}, default="last"
        Output of the recurrent layers: the last state, or the last state and the maximum of each unit over time.
    patch_size : int, default=1
        Number of consecutive rows that the network reads per step. If this does not divide the length of the window,
        its first row is repeated at the start.
    loss : str or torch loss, default="cross_entropy"
        "cross_entropy", "squared_error", "focal", "mean_false_error", "mean_squared_false_error" or "logit_adjusted",
        whose parameters are given as ``net_params={"criterion__<name>": ...}``, or an instance from `sktsad.networks`
        such as ``FocalLoss(gamma=1, alpha=0.75)``. Or any ``torch.nn.Module``, or its class, called with (logits, class
        numbers) as for torch's own losses: for two classes logits of shape (batch,) and floats, else logits of shape
        (batch, n_classes) and integers. It must return one value per row, or their mean if there are no weights.
    encoder : pretrainer, default=None
        Source of pre-trained recurrent layers: a `ForecastPretrainer`, a `MaskedReconstructionPretrainer`, a
        `PretrainedEncoder`, or an `AutoencoderDetector`. It is cloned and fitted on the windows of `fit`, without
        labels, with a seed drawn from ``random_state`` if it has none; if wrapped in ``FrozenEstimator`` it is not
        fitted again. A copy of its encoder replaces the recurrent layers, so that ``cell``, ``hidden_size``,
        ``num_layers``, ``bidirectional``, ``pooling`` and ``patch_size`` are not used. None starts from random weights,
        and ``freeze_epochs`` and ``encoder_lr`` then have no effect.
    freeze_epochs : int or "all", default=0
        Number of epochs in which the weights of a pre-trained encoder are not changed; "all" never trains them. Early
        stopping may end the training before these epochs are over.
    encoder_lr : float, default=None
        Learning rate of a pre-trained encoder, in every fit of a warm start; None means ``lr``.
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
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    TorchClassifier : Wraps any torch module.
    SlidingWindow : Makes the windows.
    StatefulRNNClassifier : Runs along the series, for a past longer than a window, or for many rows.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.
    .. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
       translation", EMNLP 2014.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sktsad import RNNClassifier, SlidingWindow
    >>> from sktsad.datasets import make_kpi
    >>> X, y = make_kpi(500, random_state=0)
    >>> model = make_pipeline(
    ...     StandardScaler().set_output(transform="pandas"),
    ...     SlidingWindow(10),
    ...     RNNClassifier("gru", hidden_size=8, max_epochs=2, random_state=0),
    ... )
    >>> model.fit(X, y).predict(X).shape
    (500,)
    """

    _parameter_constraints: dict = {
        **NetClassifier._parameter_constraints,
        **RECURRENT,
        "encoder": [HasMethods(["fit", "transform"]), None],
        "freeze_epochs": [StrOptions({"all"}), Interval(Integral, 0, None, closed="left")],
        "encoder_lr": [Interval(Real, 0, 1000, closed="right"), None],
    }

    def __init__(
        self,
        cell: str = "lstm",
        *,
        hidden_size: int = 128,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dense_size: int | None = 64,
        pooling: str = "last",
        patch_size: int = 1,
        loss: Any = "cross_entropy",
        encoder: Any = None,
        freeze_epochs: int | str = 0,
        encoder_lr: float | None = None,
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
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.dense_size = dense_size
        self.pooling = pooling
        self.patch_size = patch_size
        self.loss = loss
        self.encoder = encoder
        self.freeze_epochs = freeze_epochs
        self.encoder_lr = encoder_lr
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

    def _network(self, windows: Windows, n_outputs: int) -> Network:
        module = partial(
            RecurrentNetwork, n_channels=windows.n_channels, n_outputs=n_outputs, **recurrent_arguments(self)
        )
        if self.encoder is None:
            return Network(module)
        module = partial(module, encoder=self._fit_encoder(windows))
        callbacks: list[Any] = []
        if self.freeze_epochs:
            callbacks.append(("freeze", Freezer("encoder.*")))
            if self.freeze_epochs != "all":
                callbacks.append(("thaw", Unfreezer("encoder.*", at=int(self.freeze_epochs) + 1)))
        groups: tuple[Any, ...] = ()
        if self.encoder_lr is not None:
            if "optimizer__param_groups" in (self.net_params or {}):
                raise ValueError(
                    f"encoder_lr={self.encoder_lr} and net__optimizer__param_groups exclude each other: name the "
                    'encoder there, as ("encoder.*", {"lr": ...}).'
                )
            groups = (("encoder.*", {"lr": self.encoder_lr}),)
        return Network(module, callbacks=tuple(callbacks), param_groups=groups)

    def _fit_encoder(self, windows: Windows) -> Any:
        """Return a copy of the encoder that the pretrainer has learnt, ready to be trained."""
        pretrainer = clone(self.encoder)
        if pretrainer.get_params(deep=False).get("random_state", 0) is None:
            pretrainer.set_params(random_state=check_random_state(self.random_state).randint(2**31))
        encoder: Any = getattr(pretrainer.fit(windows, None), "encoder_", None)
        if not hasattr(encoder, "window_shape"):
            raise TypeError(
                f"encoder={self.encoder} provides no encoder: use one that does, such as ForecastPretrainer()."
            )
        check_encoder(encoder, windows)
        with torch.inference_mode(False):  # so that a copy of weights read in inference mode can be trained
            return copy.deepcopy(encoder).requires_grad_(True)
