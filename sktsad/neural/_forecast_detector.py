"""Forecasts as detectors: rows that cannot be predicted are unusual."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np

from .._core import Interval, Rows, Seed, Windows, refuse_long_horizon
from ..networks import Forecaster, ForecastError, WindowErrors
from ._net_detector import NetDetector
from ._recurrent_parameters import RECURRENT, recurrent_arguments
from ._training import Network


class ForecastDetector(NetDetector):
    """Score a row by how badly a recurrent network, trained on normal windows, predicts it from the rows before.

    The last ``horizon`` rows of a window are the target, the rows before them the input [1]_. Use it after a
    `SlidingWindow` with a length above ``horizon``.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell. On a CPU the LSTM is the fastest: training a GRU takes about 1.6 times as long.
    horizon : int, default=1
        Number of rows at the end of the window to predict; the score is the mean error over them.
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
    loss : {"absolute_error", "squared_error"}, default="absolute_error"
        Error of each value, in training and in the score.
    threshold : threshold rule, float or None, default=None
        None means ``MeanStd(3)``.
    max_epochs : int or "auto", default="auto"
        Number of passes over the normal rows. "auto" means ``250 / sqrt(n_batches)``, rounded up: few batches need many
        epochs, while two are enough for a million rows.
    batch_size : int, default=64
        Number of rows in a training batch.
    predict_batch_size : int, default=1024
        Number of rows in a batch when scoring.
    lr : float, default=0.001
        Learning rate.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or torch optimizer class, default="adam"
        Optimizer.
    early_stopping : bool or int, default=False
        Whether to stop when the loss on the last rows has not improved for 5 epochs, or for this number of epochs; the
        best weights are kept.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that the threshold rule learns from and early stopping monitors;
        the network is not trained on them if there is a rule or early stopping. If that is fewer than 30 rows, up to
        half of the rows are held out to reach 30. With 0, or if fewer than 30 normal rows remain, the rule learns from
        the training rows, whose errors are too small.
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
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows with a larger score are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is not a number.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the normal rows that were held out, in the order of X; only if there are any.
    net_ : skorch.NeuralNet
        The trained net.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    score_module_ : torch.nn.Module
        Maps windows of shape (batch, length, channels) to anomaly scores.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    RNNRegressor : Returns the forecasts themselves.
    AutoencoderDetector : Reconstructs the window instead.

    References
    ----------
    .. [1] P. Malhotra, L. Vig, G. Shroff, P. Agarwal, "Long short term memory networks for anomaly detection in time
       series", ESANN 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import ForecastDetector, SlidingWindow
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[500] += 2  # a spike
    >>> windows = SlidingWindow(20).fit_transform(wave)
    >>> detector = ForecastDetector("gru", hidden_size=16, max_epochs=10, random_state=0).fit(
    ...     windows[:400]
    ... )
    >>> int(detector.anomaly_score(windows).argmax())
    500
    """

    _parameter_constraints: dict = {
        **NetDetector._parameter_constraints,
        **RECURRENT,
        "horizon": [Interval(Integral, 1, None, closed="left")],
    }
    _of_score = ("horizon",)

    def __init__(
        self,
        cell: str = "lstm",
        *,
        horizon: int = 1,
        hidden_size: int = 128,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dense_size: int | None = 64,
        pooling: str = "last",
        patch_size: int = 1,
        loss: str = "absolute_error",
        threshold: Any = None,
        max_epochs: int | str = "auto",
        batch_size: int = 64,
        predict_batch_size: int = 1024,
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
        self.horizon = horizon
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.dense_size = dense_size
        self.pooling = pooling
        self.patch_size = patch_size
        self.loss = loss
        self.threshold = threshold
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

    def forecast(self, X: Rows) -> np.ndarray:
        """Return the forecasts of the last rows of the windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        forecast : ndarray of shape (n_samples, horizon * n_channels)
        """
        return self._forward(self._read(X), lambda module, x: module(x).flatten(1))

    def _network(self, windows: Windows) -> Network:
        refuse_long_horizon(windows, self.horizon)
        module = partial(
            Forecaster, n_channels=windows.n_channels, horizon=self.horizon, **recurrent_arguments(self)
        )
        return Network(module, partial(ForecastError, loss=self.loss), score=WindowErrors)
