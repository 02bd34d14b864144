"""Variational autoencoders as detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._core import Interval, Seed, StrOptions, Windows
from ..networks import VariationalAutoencoder, VariationalLoss, VariationalWindowErrors
from ._autoencoder_detector import AUTOENCODER, AutoencoderDetector
from ._training import Network, VariationalNet


class VAEDetector(AutoencoderDetector):
    """Score a window by how badly a variational autoencoder, trained on normal windows, reconstructs it.

    The code of a window is a normal distribution with its own mean and variance; training draws from it and keeps it
    close to the standard normal [1]_. The score is the reconstruction error, or the negative evidence lower bound [2]_.
    After training, `sample` decodes codes drawn from the standard normal to new normal windows.

    Parameters
    ----------
    network : {"dense", "lstm", "gru", "rnn"}, default="dense"
        Dense layers over the flat window; or recurrent layers, with the code repeated for the decoder.
    hidden_sizes : sequence of int, default=(32, 8)
        Number of units in each layer of the encoder; the last is the code, and the decoder mirrors them.
    kl_weight : float, default=0.01
        Weight of the Kullback-Leibler divergence of the codes from the standard normal, relative to the reconstruction
        error; both are per value of the window. With ``loss="squared_error"``, 2 gives the evidence lower bound for
        values with variance 1; far smaller weights reconstruct better.
    kl_warmup : int, default=0
        Number of epochs over which the weight rises to ``kl_weight``, so that codes do not collapse early.
    score_by : {"reconstruction", "elbo"}, default="reconstruction"
        Whether the score is the reconstruction error, or the reconstruction error plus the weighted divergence, which
        is the negative evidence lower bound.
    n_draws : int, default=0
        Number of codes drawn for a window; the score averages their reconstruction errors. 0 reconstructs from the mean
        code. The random numbers are drawn once, at fit, and are the same for every window.
    loss : {"absolute_error", "squared_error"}, default="absolute_error"
        Error of each value, in training and in the score.
    score_on : {"window", "last", "overlap"}, default="window"
        Whether the score is the mean error over the window, or over its last row. "overlap" gives a row the mean of the
        scores of all windows that contain it: this **looks ahead** by a window and is for analysing past data.
    decoder : {"repeat", "unroll"}, default="repeat"
        Recurrent networks only: whether the input of the decoder is the code at every step, or the code only at the
        first step, and then the previously decoded row, from the last row to the first. Unrolling works step by step:
        training takes about 1.4 times as long with an LSTM on a CPU, 1.2 times with a GRU.
    conv_channels : int or None, default=None
        Recurrent networks only: number of channels of a convolution over 5 steps before the encoder; None leaves
        it out. ``net_params={"module__kernel_size": ...}`` changes the 5.
    activation : {"relu", "selu", "tanh"}, default="relu"
        Activation between layers, dense networks only. "selu" keeps the outputs of layers normalised.
    dropout : float, default=0.0
        Share of hidden units dropped during training, below 1; the code is never dropped.
    dropout_type : {"standard", "gaussian", "alpha"}, default="standard"
        Kind of dropout: units are set to 0; or multiplied by Gaussian noise of the same variance; or "alpha", for
        ``activation="selu"``.
    recurrent_dropout : float, default=0.0
        Recurrent networks only: share of the units of the state that are dropped in the gates during training, the same
        units at each step of a window. Torch's fused layers do not support this: training works step by step and takes
        about 1.9 times as long with an LSTM on a CPU, 1.2 times with a GRU. Scoring takes no longer.
    noise : float, default=0.0
        Standard deviation of Gaussian noise on the input while training (a denoising autoencoder).
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
        The trained net. Its ``history`` has ``train_reconstruction_loss`` and ``train_kl_loss`` separately,
        unweighted.
    score_module_ : torch.nn.Module
        Maps windows of shape (batch, length, channels) to anomaly scores.
    encoder_ : torch.nn.Module
        A copy of the encoder, which returns the mean code, for ``RNNClassifier(encoder=...)``.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    AutoencoderDetector : Its codes have no distribution.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
    .. [2] J. An, S. Cho, "Variational autoencoder based anomaly detection using reconstruction probability", SNU
       Data Mining Center, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import SlidingWindow, VAEDetector
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> windows = SlidingWindow(30).fit_transform(wave)
    >>> detector = VAEDetector(hidden_sizes=(16, 2), max_epochs=5, random_state=0).fit(windows)
    >>> detector.sample(3, random_state=0).shape
    (3, 30)
    """

    _parameter_constraints: dict = {
        **AutoencoderDetector._parameter_constraints,
        "kl_weight": [Interval(Real, 0, 1e6, closed="both")],
        "kl_warmup": [Interval(Integral, 0, None, closed="left")],
        "score_by": [StrOptions({"reconstruction", "elbo"})],
        "n_draws": [Interval(Integral, 0, 10_000, closed="both")],
    }
    _of_score = ("score_on",)

    def __init__(
        self,
        network: str = "dense",
        *,
        hidden_sizes: Sequence[int] = (32, 8),
        kl_weight: float = 0.01,
        kl_warmup: int = 0,
        score_by: str = "reconstruction",
        n_draws: int = 0,
        loss: str = "absolute_error",
        score_on: str = "window",
        decoder: str = "repeat",
        conv_channels: int | None = None,
        activation: str = "relu",
        dropout: float = 0.0,
        dropout_type: str = "standard",
        recurrent_dropout: float = 0.0,
        noise: float = 0.0,
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
        self.network = network
        self.hidden_sizes = hidden_sizes
        self.kl_weight = kl_weight
        self.kl_warmup = kl_warmup
        self.score_by = score_by
        self.n_draws = n_draws
        self.loss = loss
        self.score_on = score_on
        self.decoder = decoder
        self.conv_channels = conv_channels
        self.activation = activation
        self.dropout = dropout
        self.dropout_type = dropout_type
        self.recurrent_dropout = recurrent_dropout
        self.noise = noise
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

    def sample(self, n_samples: int = 1, *, random_state: Seed = None) -> np.ndarray:
        """Draw codes from the standard normal and decode them: new windows that should look normal.

        They do if the codes of normal windows are close to the standard normal, so train with a ``kl_weight`` of 0.1 or
        more, and on scaled values.

        Parameters
        ----------
        n_samples : int, default=1
            Number of windows.
        random_state : int, RandomState or None, default=None
            Controls which codes are drawn.

        Returns
        -------
        windows : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        codes = check_random_state(random_state).standard_normal((n_samples, self._n_features_out))
        return self.inverse_transform(codes)

    def _network(self, windows: Windows) -> Network:
        return Network(
            partial(
                VariationalAutoencoder,
                length=windows.length,
                n_channels=windows.n_channels,
                n_draws=self.n_draws,
                **{name: getattr(self, name) for name in AUTOENCODER},
            ),
            partial(VariationalLoss, loss=self.loss, kl_weight=self.kl_weight, kl_warmup=self.kl_warmup),
            net_class=VariationalNet,
            score=partial(
                VariationalWindowErrors, last_only=self.score_on == "last", with_kl=self.score_by == "elbo"
            ),
        )
