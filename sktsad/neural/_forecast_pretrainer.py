"""Pre-training by forecasting."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from sklearn.utils._param_validation import Interval

from .._core import Windows
from ._pretrainer import BasePretrainer

if TYPE_CHECKING:
    from ._training import LeanNet


class ForecastPretrainer(BasePretrainer):
    """Learn an encoder of windows by predicting their last rows from those before.

    No labels are needed: any rows will do, of these series or others. `transform` gives the codes of whole windows,
    for any classifier; ``RNNClassifier(encoder=...)`` trains the encoder further.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell.
    horizon : int, default=1
        Rows at the end of a window to predict.
    error : {"mse", "mae"}, default="mse"
        Squared or absolute error.
    hidden_size, num_layers, dropout, bidirectional, dense_size, pooling, step
        As in `RNNClassifier`; ``dense_size`` is of the head that is thrown away.
    **net_params : dict
        ``max_epochs``, ``batch_size``, ``predict_batch_size``, ``lr``, ``optimizer``, ``early_stopping``,
        ``validation_fraction``, ``n_channels``, ``device``, ``dtype``, ``random_state``, ``verbose``,
        ``warm_start``, ``callbacks`` and ``net__<name>``, all as in `RNNClassifier`.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net.
    encoder_ : torch.nn.Module
        Its encoder.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    MaskedReconstructionPretrainer : Restores hidden spans instead.

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
    >>> model = make_pipeline(SlidingWindow(10), pretrainer, LogisticRegression(C=100)).fit(wave, rising)
    >>> model.score(wave, rising) > 0.9
    True
    """

    _parameter_constraints: dict = {
        **BasePretrainer._parameter_constraints,
        "horizon": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, cell: str = "lstm", *, horizon: int = 1, **params: Any) -> None:
        super().__init__(cell, **params)
        self.horizon = horizon

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
