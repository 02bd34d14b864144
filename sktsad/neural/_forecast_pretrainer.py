"""Pre-training by forecasting."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral
from typing import Any

from .._core import Interval, Seed, Windows, refuse_long_horizon
from ..networks import Forecaster, ForecastError
from ._pretrainer import Pretrainer
from ._recurrent_parameters import recurrent_arguments
from ._training import Network


class ForecastPretrainer(Pretrainer):
    """Learn an encoder of windows by predicting their last rows from the rows before.

    No labels are needed, and the rows may come from other series. `transform` returns the codes of whole windows, for
    any classifier; ``RNNClassifier(encoder=...)`` trains the encoder further.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell. On a CPU the LSTM is the fastest: training a GRU takes about 1.6 times as long.
    horizon : int, default=1
        Number of rows at the end of a window to predict.
    loss : {"squared_error", "absolute_error"}, default="squared_error"
        Error of each value.
    hidden_size : int, default=128
        Number of units in a recurrent layer.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float, default=0.0
        Share of units dropped between recurrent layers and before the outputs, below 1.
    bidirectional : bool, default=False
        Whether to also read the window backwards.
    dense_size : int or None, default=64
        Number of units in the dense layer of the head, which is discarded; None leaves it out.
    pooling : {"last", "last_max"}, default="last"
        Output of the recurrent layers: the last state, or the last state and the maximum of each unit over time.
    patch_size : int, default=1
        Number of consecutive rows that the network reads per step. If this does not divide the length of the window,
        its first row is repeated at the start.
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
    encoder_ : torch.nn.Module
        The encoder of the net.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    MaskedReconstructionPretrainer : Reconstructs hidden rows instead.

    References
    ----------
    N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised learning of video representations using LSTMs", ICML
    2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sktsad import ForecastPretrainer, SlidingWindow
    >>> wave = np.sin(np.arange(300) / 5).reshape(-1, 1)
    >>> rising = (np.cos(np.arange(300) / 5) > 0).astype(int)
    >>> pretrainer = ForecastPretrainer("gru", hidden_size=8, max_epochs=3, random_state=0)
    >>> model = make_pipeline(SlidingWindow(10), pretrainer, LogisticRegression(C=100)).fit(
    ...     wave, rising
    ... )
    >>> model.score(wave, rising) > 0.9
    True
    """

    _parameter_constraints: dict = {
        **Pretrainer._parameter_constraints,
        "horizon": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        cell: str = "lstm",
        *,
        horizon: int = 1,
        loss: str = "squared_error",
        hidden_size: int = 128,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dense_size: int | None = 64,
        pooling: str = "last",
        patch_size: int = 1,
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
        self.horizon = horizon
        self.loss = loss
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.dense_size = dense_size
        self.pooling = pooling
        self.patch_size = patch_size
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

    def _network(self, windows: Windows) -> Network:
        refuse_long_horizon(windows, self.horizon)
        module = partial(
            Forecaster, n_channels=windows.n_channels, horizon=self.horizon, **recurrent_arguments(self)
        )
        return Network(module, partial(ForecastError, loss=self.loss))
