"""Autoencoders as detectors: windows that they cannot reconstruct are unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._core import Interval, Rows, Seed, StrOptions, Windows
from ..detectors import DetectorTransformerMixin
from ..networks import CodeEncoder, ReconstructionError, WindowErrors, make_autoencoder
from ._net_detector import NetDetector
from ._training import Network, apply

#: Constraints of the parameters that make the autoencoder.
AUTOENCODER: dict = {
    "network": [StrOptions({"dense", "lstm", "gru", "rnn"})],
    "hidden_sizes": ["array-like"],
    "decoder": [StrOptions({"repeat", "unroll"})],
    "conv_channels": [Interval(Integral, 1, 2**13, closed="both"), None],
    "activation": [StrOptions({"relu", "selu", "tanh"})],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "dropout_type": [StrOptions({"standard", "gaussian", "alpha"})],
    "recurrent_dropout": [Interval(Real, 0, 1, closed="left")],
    "noise": [Interval(Real, 0, 1000, closed="both")],
}


class AutoencoderDetector(DetectorTransformerMixin, NetDetector):
    """Score a window by how badly an autoencoder, trained on normal windows, reconstructs it.

    A network compresses windows to a short code and is trained to reconstruct them from the code [1]_. It is trained
    only on normal rows, so that it learns to reconstruct normal windows and no others; labelled anomalies are left out.

    Parameters
    ----------
    network : {"dense", "lstm", "gru", "rnn"}, default="dense"
        Dense layers over the flat window; or recurrent layers, with the code repeated for the decoder [2]_.
    hidden_sizes : sequence of int, default=(32, 8)
        Number of units in each layer of the encoder; the last is the code, and the decoder mirrors them.
    loss : {"absolute_error", "squared_error"}, default="absolute_error"
        Error of each value, in training and in the score.
    score_on : {"window", "last", "overlap"}, default="window"
        Whether the score is the mean error over the window, or over its last row. "overlap" gives a row the mean of the
        scores of all windows that contain it: this **looks ahead** by a window and is for analysing past data.
    decoder : {"repeat", "unroll"}, default="repeat"
        Recurrent networks only: whether the input of the decoder is the code at every step [2]_, or the code only at
        the first step, and then the previously decoded row, from the last row to the first [3]_. Unrolling works step
        by step: training takes about 1.4 times as long with an LSTM on a CPU, 1.2 times with a GRU.
    conv_channels : int or None, default=None
        Recurrent networks only: number of channels of a convolution over 5 steps before the encoder; None leaves
        it out. ``net_params={"module__kernel_size": ...}`` changes the 5.
    activation : {"relu", "selu", "tanh"}, default="relu"
        Activation between layers, dense networks only. "selu" keeps the outputs of layers normalised [4]_.
    dropout : float, default=0.0
        Share of hidden units dropped during training, below 1; the code is never dropped.
    dropout_type : {"standard", "gaussian", "alpha"}, default="standard"
        Kind of dropout: units are set to 0; or multiplied by Gaussian noise of the same variance; or "alpha", for
        ``activation="selu"`` [4]_.
    recurrent_dropout : float, default=0.0
        Recurrent networks only: share of the units of the state that are dropped in the gates during training, the same
        units at each step of a window [5]_. Torch's fused layers do not support this: training works step by step and
        takes about 1.9 times as long with an LSTM on a CPU, 1.2 times with a GRU. Scoring takes no longer.
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
        The trained net.
    score_module_ : torch.nn.Module
        Maps windows of shape (batch, length, channels) to anomaly scores.
    encoder_ : torch.nn.Module
        A copy of the encoder, for ``RNNClassifier(encoder=...)``.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    ZScoreDetector : The baseline.
    VAEDetector : Its codes have a distribution, so that new windows can be drawn.
    ForecastDetector : Predicts the last rows instead.

    References
    ----------
    .. [1] M. Sakurada, T. Yairi, "Anomaly detection using autoencoders with nonlinear dimensionality reduction",
       MLSDA 2014.
    .. [2] P. Malhotra et al., "LSTM-based encoder-decoder for multi-sensor anomaly detection", ICML Anomaly
       Detection Workshop 2016.
    .. [3] N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised learning of video representations using
       LSTMs", ICML 2015.
    .. [4] G. Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
    .. [5] Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks",
       NeurIPS 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import AutoencoderDetector, SlidingWindow
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[550:555] = 2.0
    >>> windows = SlidingWindow(20).fit_transform(wave)
    >>> detector = AutoencoderDetector(random_state=0).fit(windows[:500])
    >>> bool(detector.anomaly_score(windows)[550:570].min() > detector.threshold_)
    True
    """

    _parameter_constraints: dict = {
        **NetDetector._parameter_constraints,
        **AUTOENCODER,
        "score_on": [StrOptions({"window", "last", "overlap"})],
    }
    _of_score = ("score_on",)

    def __init__(
        self,
        network: str = "dense",
        *,
        hidden_sizes: Sequence[int] = (32, 8),
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

    def reconstruct(self, X: Rows) -> np.ndarray:
        """Return the reconstruction of the windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        reconstruction : ndarray of shape (n_samples, n_features)
        """
        windows = self._read(X)
        score = self.score_module_
        return self._forward(windows, lambda module, x: score.reconstruct(x).flatten(1))

    def transform(self, X: Rows) -> np.ndarray:
        """Return the code of each window.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        code : ndarray of shape (n_samples, hidden_sizes[-1])
        """
        return self._forward(self._read(X), lambda module, x: module.encode(x))

    def inverse_transform(self, X: Rows) -> np.ndarray:
        """Return the windows decoded from codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, hidden_sizes[-1])
            Codes.

        Returns
        -------
        windows : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        code = check_array(X, dtype=self.dtype)
        if code.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {code.shape[1]} columns, but a code has {self._n_features_out}: pass codes as returned by "
                "transform them."
            )
        return apply(self.net_, code, lambda module, x: module.decode(x).flatten(1))

    @property
    def encoder_(self) -> torch.nn.Module:
        """A copy of the trained encoder, without the decoder."""
        return CodeEncoder(self.net_.module_, self.window_shape_, self._n_features_out)

    @property
    def _reads_layout(self) -> bool:  # type: ignore[override]
        return self.network != "dense" or self.score_on == "last"

    @property
    def _n_features_out(self) -> int:
        return int(self.net_.module_.code_size)

    def _network(self, windows: Windows) -> Network:
        arguments = {name: getattr(self, name) for name in AUTOENCODER}
        return Network(
            partial(make_autoencoder, length=windows.length, n_channels=windows.n_channels, **arguments),
            partial(ReconstructionError, loss=self.loss),
            score=partial(WindowErrors, last_only=self.score_on == "last"),
        )
