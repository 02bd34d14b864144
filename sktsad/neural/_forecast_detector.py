"""Forecasts as detectors: what could not be foreseen is unusual."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils._param_validation import Interval

from .._core import Windows
from ._net_detector import NetDetector
from ._recurrent_estimator import RecurrentEstimator

if TYPE_CHECKING:
    from ._training import LeanNet


class ForecastDetector(RecurrentEstimator, NetDetector):
    """Score a row by how badly a recurrent network, trained on normal windows, predicted it from the rows before.

    The last ``horizon`` rows of a window are the target, the rows before them the input [1]_. Stands behind
    `SlidingWindow` with a length above ``horizon``.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell.
    horizon : int, default=1
        Rows at the end of the window to predict; the score is the mean error over them.
    hidden_size : int, default=128
        Units of a recurrent layer.
    num_layers, dropout, bidirectional, dense_size, pooling, step
        As in `RNNClassifier`.
    error : {"mae", "mse"}, default="mae"
        Absolute or squared error, in training and in the score.
    threshold : threshold rule, float or None, default=None
        None means ``MeanStd(3)``.
    max_epochs : int, default=50
        Passes over the normal rows.
    batch_size : int, default=64
        Rows in a training batch.
    validation_fraction : float, default=0.2
        As in `AutoencoderDetector`.
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
    RNNRegressor : Forecasts as such.
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
    >>> detector = ForecastDetector("gru", hidden_size=16, max_epochs=10, random_state=0).fit(windows[:400])
    >>> int(detector.anomaly_score(windows).argmax())
    500
    """

    _parameter_constraints: dict = {
        **RecurrentEstimator._parameter_constraints,
        **NetDetector._parameter_constraints,
        "horizon": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, cell: str = "lstm", *, horizon: int = 1, **params: Any) -> None:
        super().__init__(cell, **params)
        self.horizon = horizon

    def forecast(self, X: Any) -> np.ndarray:
        """Return what the network predicts the last rows of the windows to be.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        forecast : ndarray of shape (n_samples, horizon * n_channels)
        """
        return self._forward(self._read(X), lambda module, x: module(x).flatten(1))

    def _new_net(self, windows: Windows) -> LeanNet:
        from ..networks import Forecaster, ForecastError

        if windows.length <= self.horizon:
            raise ValueError(
                f"horizon={self.horizon} leaves nothing to predict from: X with {windows.shape[1]} feature(s) holds "
                f"windows of {windows.length} row(s) of {windows.n_channels} channel(s). Use longer windows, or a "
                "lower horizon."
            )
        arguments = {**self._recurrent_arguments(), "n_channels": windows.n_channels, "horizon": self.horizon}
        return self._make_net(Forecaster, arguments, ForecastError, criterion__error=self.error)
