"""Recurrent regressor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, check_array, check_consistent_length
from torch import nn

from .._core import (
    Labels,
    Rows,
    Seed,
    StrOptions,
    Weights,
    Windows,
    atomic_fit,
    check_same_index,
    check_weights,
    check_windows,
)
from ..networks import RecurrentNetwork
from ._input_checks import copy_loss, drop_weightless, warn_if_badly_scaled
from ._net_estimator import NetEstimator
from ._recurrent_parameters import RECURRENT, recurrent_arguments
from ._training import (
    Network,
    TrainingOptions,
    make_net,
    resume_net,
    scale_weights,
    split_dataset,
    train,
    watched_rows,
)

#: The losses of values by name.
LOSSES: dict[str, Any] = {"squared_error": nn.MSELoss, "absolute_error": nn.L1Loss, "huber": nn.HuberLoss}


class RNNRegressor(RegressorMixin, NetEstimator):
    """Forecast values from windows with a recurrent network: simple RNN, LSTM or GRU.

    The recurrent layers read the window; a dense layer maps their last state to one output for each target: the next
    value, several channels, or several steps ahead. Use it after `SlidingWindow` in a Pipeline; `forecast_target` makes
    the targets.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell [1]_ [2]_. On a CPU the LSTM is the fastest: training a GRU takes about 1.6 times as long.
    hidden_size : int, default=128
        Number of units in a recurrent layer.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float, default=0.0
        Share of units dropped between recurrent layers and before the outputs, below 1.
    bidirectional : bool, default=False
        Whether to also read the window backwards.
    dense_size : int or None, default=64
        Number of units in the dense layer; None leaves it out.
    pooling : {"last", "last_max"}, default="last"
        Output of the recurrent layers: the last state, or the last state and the maximum of each unit over time.
    patch_size : int, default=1
        Number of consecutive rows that the network reads per step. If this does not divide the length of the window,
        its first row is repeated at the start.
    loss : {"squared_error", "absolute_error", "huber"} or torch loss, default="squared_error"
        Squared errors give forecasts of the mean, absolute errors of the median; Huber's loss is squared up to an error
        of 1 (``net_params={"criterion__delta": ...}``) and absolute beyond. Or a ``torch.nn.Module``, or its class,
        called with (outputs, targets), both of shape (batch,) for one target, else (batch, n_targets). It must return
        one value per row or element, or their mean if there are no weights.
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
        Precision of weights, inputs and targets.
    random_state : int, RandomState or None, default=None
        Controls the initial weights, the order of rows and dropout. The same int gives bit-identical results.
    verbose : int, default=0
        1 prints a line for each epoch, 0 prints nothing.
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
    forecast_target : Makes the targets, values some steps later.
    RNNClassifier : Predicts labels instead.

    Notes
    -----
    Targets are not scaled, and a new network outputs values near 0. For targets far outside the range of about -3 to 3,
    use ``TransformedTargetRegressor(RNNRegressor(), transformer=StandardScaler())``.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.
    .. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
       translation", EMNLP 2014.

    Examples
    --------
    A grid over the number of rows that the forecast is made from:

    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sktsad import RNNRegressor, SlidingWindow, forecast_target
    >>> from sktsad.datasets import make_kpi
    >>> series, _ = make_kpi(400, period=48, contamination=0, random_state=0)
    >>> X, y = forecast_target(series)
    >>> pipe = make_pipeline(
    ...     StandardScaler().set_output(transform="pandas"),
    ...     SlidingWindow(12),
    ...     RNNRegressor("gru", hidden_size=8, lr=0.01, max_epochs=3, random_state=0),
    ... )
    >>> grid = {"slidingwindow__length": [6, 24]}
    >>> search = GridSearchCV(
    ...     pipe, grid, scoring="neg_mean_absolute_error", cv=TimeSeriesSplit(3)
    ... )
    >>> search.fit(X, y).predict(series).shape
    (400,)
    """

    _parameter_constraints: dict = {
        **NetEstimator._parameter_constraints,
        **RECURRENT,
        "loss": [StrOptions(set(LOSSES)), callable],
    }

    _target_shape: tuple[int, ...]

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
        loss: Any = "squared_error",
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

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @atomic_fit
    def fit(self, X: Rows, y: Labels, sample_weight: Weights = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Values to forecast from each window.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y or X is not finite, or ``n_channels`` does not fit X.
        """
        return self._fit(
            X, y, sample_weight, warm=self.warm_start and hasattr(self, "net_"), n_epochs=self.max_epochs
        )

    @atomic_fit
    def partial_fit(self, X: Rows, y: Labels, sample_weight: Weights = None) -> Self:
        """Train the network for one more epoch, from its current weights.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Values to forecast from each window.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator
        """
        return self._fit(X, y, sample_weight, warm=hasattr(self, "net_"), n_epochs=1)

    def predict(self, X: Rows) -> np.ndarray:
        """Return the forecasts.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.

        Returns
        -------
        forecast : ndarray of float64, shape (n_samples,) or (n_samples, n_targets)
            With the shape of the ``y`` passed to `fit`.
        """
        # In float64, so that scaling back to large values does not round the forecasts.
        outputs = self._outputs(X).astype(np.float64)
        return outputs.reshape(len(outputs), *self._target_shape)

    def _fit(self, X: Rows, y: Labels, sample_weight: Weights, *, warm: bool, n_epochs: int | str) -> Self:
        windows = check_windows(self, X, n_channels=self.n_channels, reset=not warm)
        warn_if_badly_scaled(windows)
        target = self._check_target(windows, y, warm)
        weight = None
        if sample_weight is not None:
            weight = scale_weights(check_weights(sample_weight, windows))
            windows, target, weight = drop_weightless(windows, target, weight)
        options = TrainingOptions.of(self)
        dataset, valid = split_dataset(windows, watched_rows(windows, options), options, target, weight)
        net = resume_net(self.net_, options) if warm else make_net(self._network(windows), options)
        self.net_ = train(net, dataset, valid, n_epochs)
        return self

    def _check_target(self, windows: Windows, y: Labels, warm: bool) -> np.ndarray:
        """Return the targets in the shape of the outputs; store the shape of one target, unless training continues."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        if getattr(getattr(y, "dtype", None), "kind", None) in ("m", "M", "V"):
            raise ValueError(
                f"y must contain numbers, one per row, or a column for each target, got {y.dtype}."
            )
        try:
            target = check_array(y, dtype=self.dtype, copy=True, ensure_2d=False, ensure_all_finite=False)
        except (ValueError, TypeError) as error:
            raise type(error)(
                f"y must contain numbers, one per row, or a column for each target: {error}"
            ) from error
        n_holes = int((~np.isfinite(target)).reshape(len(target), -1).any(axis=1).sum())
        if n_holes:
            raise ValueError(
                f"y contains NaN or infinity in {n_holes} of {len(target)} rows. Drop these rows of y and X; "
                "forecast_target leaves out rows without a later row."
            )
        check_consistent_length(windows, target)
        check_same_index(windows, y)
        shape = target.shape[1:]
        if not warm:
            self._target_shape = shape
        elif shape != self._target_shape:
            raise ValueError(
                f"y has shape {target.shape}, but must have {(len(target), *self._target_shape)} as in the first fit: "
                "a network that is trained further keeps its outputs. Fit again with warm_start=False."
            )
        return (
            target.reshape(len(target)) if shape == (1,) else target
        )  # the shape of nets with a single output

    def _network(self, windows: Windows) -> Network:
        """Return which network to train."""
        module = partial(
            RecurrentNetwork,
            n_channels=windows.n_channels,
            n_outputs=math.prod(self._target_shape),
            **recurrent_arguments(self),
        )
        if isinstance(self.loss, str):
            return Network(module, partial(LOSSES[self.loss], reduction="none"))
        return Network(module, copy_loss(self.loss, "MSELoss"))
