"""Pre-training by restoring what is hidden."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from sklearn.utils._param_validation import Interval

from .._core import Windows
from ._pretrainer import BasePretrainer

if TYPE_CHECKING:
    from ._training import LeanNet


class MaskedReconstructionPretrainer(BasePretrainer):
    """Learn an encoder of windows by restoring random spans that are hidden from it.

    The error is taken over the hidden rows only [1]_. Hidden rows are set to 0: scale before. `transform` gives the
    codes of windows with nothing hidden.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell.
    mask_fraction : float, default=0.3
        Share of the rows of a window to hide, above 0 and below 1: on average, and as near as whole spans come to it.
    span : int, default=5
        Rows of a span; no more than half of the window. There is one at least, and spans may overlap.
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
    ForecastPretrainer : Predicts the last rows instead.

    References
    ----------
    .. [1] G. Zerveas et al., "A transformer-based framework for multivariate time series representation learning",
       KDD 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import MaskedReconstructionPretrainer, SlidingWindow
    >>> wave = np.sin(np.arange(300) / 5).reshape(-1, 1)
    >>> windows = SlidingWindow(20).fit_transform(wave)
    >>> pretrainer = MaskedReconstructionPretrainer("gru", hidden_size=8, max_epochs=2, random_state=0)
    >>> pretrainer.fit_transform(windows).shape
    (300, 8)
    """

    _parameter_constraints: dict = {
        **BasePretrainer._parameter_constraints,
        "mask_fraction": [Interval(Real, 0, 1, closed="neither")],
        "span": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self, cell: str = "lstm", *, mask_fraction: float = 0.3, span: int = 5, **params: Any
    ) -> None:
        super().__init__(cell, **params)
        self.mask_fraction = mask_fraction
        self.span = span

    def _new_net(self, windows: Windows) -> LeanNet:
        from ..networks import MaskedError, MaskedReconstructor

        arguments = {
            **self._recurrent_arguments(),
            "length": windows.length,
            "n_channels": windows.n_channels,
            "mask_fraction": self.mask_fraction,
            "span": self.span,
        }
        return self._make_net(MaskedReconstructor, arguments, MaskedError, criterion__error=self.error)
