"""Autoencoders as detectors: what they cannot reconstruct is unusual."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._net_estimator import NetEstimator
from .._windows import Windows
from ..thresholds import MeanStd
from ._base import MIN_HELD_OUT, BaseDetector

if TYPE_CHECKING:
    from ..training import LeanNet


class AutoencoderDetector(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseDetector, NetEstimator):
    """Score a window by how badly an autoencoder, trained on normal windows, reconstructs it.

    A network squeezes windows through a narrow code and is trained to put them together again [1]_. It learns
    to do so for what it has seen: normal windows. It is trained on normal rows only; labelled anomalies are left
    out.

    Parameters
    ----------
    network : {"dense", "lstm", "gru", "rnn"}, default="dense"
        Dense layers over the flat window; or recurrent layers, with the code repeated for the decoder [2]_.
    hidden_sizes : sequence of int, default=(32, 8)
        Units of the encoder's layers; the last is the code, and the decoder mirrors them.
    error : {"mae", "mse"}, default="mae"
        Absolute or squared error, in training and in the score.
    score_on : {"window", "last"}, default="window"
        Whether the score is the mean error over the window, or over its last row.
    noise : float, default=0.0
        Standard deviation of Gaussian noise on the input while training (a denoising autoencoder).
    threshold : threshold rule, float or None, default=None
        None means ``MeanStd(3)``.
    max_epochs : int, default=50
        Passes over the normal rows.
    batch_size : int, default=64
        Rows in a training batch.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that the threshold rule learns from and early stopping
        watches; the network is not trained on them, if there is a rule or early stopping. 0, or fewer than 30
        normal rows there: the rule learns from the training rows, whose errors are too small.
    predict_batch_size : int, default=1024
        Rows in a batch when scoring.
    **net_params : dict
        ``lr``, ``optimizer``, ``early_stopping``, ``n_channels``, ``device``, ``dtype``, ``random_state``,
        ``verbose``, ``warm_start``, ``callbacks`` and ``net__<name>``, all as in `RNNClassifier`.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows that score above it are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is not a number.
    net_ : skorch.NeuralNet
        The trained net.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    ZScoreDetector : The baseline.

    References
    ----------
    .. [1] M. Sakurada, T. Yairi, "Anomaly detection using autoencoders with nonlinear dimensionality reduction",
       MLSDA 2014.
    .. [2] P. Malhotra et al., "LSTM-based encoder-decoder for multi-sensor anomaly detection", ICML Anomaly
       Detection Workshop 2016.

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
        **NetEstimator._parameter_constraints,
        **BaseDetector._parameter_constraints,
        "network": [StrOptions({"dense", "lstm", "gru", "rnn"})],
        "hidden_sizes": ["array-like"],
        "error": [StrOptions({"mse", "mae"})],
        "score_on": [StrOptions({"window", "last"})],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        network: str = "dense",
        *,
        hidden_sizes: Sequence[int] = (32, 8),
        error: str = "mae",
        score_on: str = "window",
        noise: float = 0.0,
        threshold: Any = None,
        max_epochs: int = 50,
        batch_size: int = 64,
        predict_batch_size: int = 1024,
        **net_params: Any,
    ) -> None:
        NetEstimator.__init__(
            self,
            max_epochs=max_epochs,
            batch_size=batch_size,
            predict_batch_size=predict_batch_size,
            **net_params,
        )
        self.network = network
        self.hidden_sizes = hidden_sizes
        self.error = error
        self.score_on = score_on
        self.noise = noise
        self.threshold = threshold

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are in the precision of the network
        return tags

    def reconstruct(self, X: Any) -> np.ndarray:
        """Return what the network makes of the windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        reconstruction : ndarray of shape (n_samples, n_features)
        """
        return self._forward(self._check_windows(X), lambda module, x: module(x).flatten(1))

    def feature_scores(self, X: Any) -> np.ndarray:
        """Return the error of each value of the window: which channel, at which step.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_features)
            Time-major, as the columns of the window.
        """
        return self._forward(self._check_windows(X), lambda module, x: self._errors(module, x).flatten(1))

    def transform(self, X: Any) -> np.ndarray:
        """Return the code of each window.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        code : ndarray of shape (n_samples, hidden_sizes[-1])
        """
        return self._forward(self._check_windows(X), lambda module, x: module.encode(x))

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the windows that the network makes of codes.

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
            raise ValueError(f"X has {code.shape[1]} columns, a code has {self._n_features_out}.")
        from ..training import apply

        return apply(self.net_, code, lambda module, x: module.decode(x).flatten(1))

    @property
    def _n_features_out(self) -> int:
        return int(self.net_.module__hidden_sizes[-1])

    def _default_threshold(self) -> Any:
        return MeanStd(3)

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        valid = None
        if self.early_stopping:
            if held_out is None:
                raise ValueError(
                    f"early_stopping={self.early_stopping} needs {MIN_HELD_OUT} held-out normal rows, and "
                    f"validation_fraction={self.validation_fraction} gives fewer. Give more rows, or "
                    "early_stopping=False."
                )
            valid = self._dataset(held_out)
        dataset = self._dataset(windows)
        self._train(windows, dataset, valid, warm=self._is_warm(), n_epochs=self.max_epochs)

    def _new_net(self, windows: Windows) -> LeanNet:
        from ..networks import DenseAutoencoder, ReconstructionError, RecurrentAutoencoder

        sizes = list(self.hidden_sizes)
        if not sizes or not all(isinstance(size, Integral) and size > 0 for size in sizes):
            raise ValueError(f"hidden_sizes must be one or more numbers of units, e.g. (32, 8), got {sizes}.")
        arguments: dict[str, Any] = {
            "length": windows.length,
            "n_channels": windows.n_channels,
            "hidden_sizes": [int(size) for size in sizes],
            "noise": self.noise,
        }
        if self.network != "dense":
            arguments["cell"] = self.network
        module = DenseAutoencoder if self.network == "dense" else RecurrentAutoencoder
        return self._make_net(module, arguments, ReconstructionError, criterion__error=self.error)

    def _score(self, windows: Windows) -> np.ndarray:
        def window_error(module: Any, x: Any) -> Any:
            errors = self._errors(module, x)
            return (errors if self.score_on == "window" else errors[:, -1:]).flatten(1).mean(dim=1)

        return self._forward(windows, window_error).astype(np.float64)

    def _errors(self, module: Any, x: Any) -> Any:
        return self.net_.criterion_(module(x), x)

    def _forward(self, windows: Windows, function: Any) -> np.ndarray:
        from ..training import forward

        return forward(self.net_, self._dataset(windows), self.predict_batch_size, function)
