"""Variational autoencoders as detectors."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._core import Windows
from ._autoencoder_detector import AutoencoderDetector

if TYPE_CHECKING:
    from ._training import LeanNet


class VAEDetector(AutoencoderDetector):
    """Score a window by how badly a variational autoencoder, trained on normal windows, explains it.

    The code of a window is a normal distribution with a mean and a variance of its own; training draws from it and
    keeps it close to the standard normal [1]_. The score is the reconstruction error, or the negative evidence lower
    bound [2]_. After training, codes from the standard normal decode to new normal windows: `sample`.

    Parameters
    ----------
    network : {"dense", "lstm", "gru", "rnn"}, default="dense"
        As in `AutoencoderDetector`.
    kl_weight : float, default=0.01
        Weight of the Kullback-Leibler divergence of the codes from the standard normal, against the reconstruction
        error; both are per value of the window. Where the error is "mse", 2 is the evidence lower bound of values
        with variance 1; far smaller weights reconstruct better.
    kl_warmup : int, default=0
        Epochs over which the weight rises to that while training, so that codes do not collapse early.
    score_by : {"reconstruction", "elbo"}, default="reconstruction"
        Whether the score is the reconstruction error, or that plus the weighted divergence, which is the negative
        evidence lower bound.
    n_draws : int, default=0
        Codes drawn for a window whose reconstruction errors the score averages; 0 reconstructs from the mean code.
        The draws are made once, at fit, the same for every window.
    **autoencoder_params : dict
        All other parameters of `AutoencoderDetector`: ``hidden_sizes``, ``error``, ``score_on``, ``decoder``,
        ``conv_channels``, ``activation``, ``dropout``, ``dropout_type``, ``recurrent_dropout``, ``noise``,
        ``threshold``, ``max_epochs`` and so on, with the same defaults.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows that score above it are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is not a number.
    net_ : skorch.NeuralNet
        The trained net. Its ``history`` has ``train_reconstruction_loss`` and ``train_kl_loss`` apart, unweighted.
    encoder_ : torch.nn.Module
        A copy of its encoder, to the mean code, which ``RNNClassifier(encoder=...)`` takes.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    AutoencoderDetector : Without the distribution.

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
        "kl_weight": [Interval(Real, 0, None, closed="left")],
        "kl_warmup": [Interval(Integral, 0, None, closed="left")],
        "score_by": [StrOptions({"reconstruction", "elbo"})],
        "n_draws": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        network: str = "dense",
        *,
        kl_weight: float = 0.01,
        kl_warmup: int = 0,
        score_by: str = "reconstruction",
        n_draws: int = 0,
        **autoencoder_params: Any,
    ) -> None:
        super().__init__(network, **autoencoder_params)
        self.kl_weight = kl_weight
        self.kl_warmup = kl_warmup
        self.score_by = score_by
        self.n_draws = n_draws

    def sample(self, n_samples: int = 1, *, random_state: Any = None) -> np.ndarray:
        """Draw codes from the standard normal and decode them: new windows that should look normal.

        They do where the codes of normal windows fill the standard normal, so train with a ``kl_weight`` of 0.1 or
        more, and on scaled values.

        Parameters
        ----------
        n_samples : int, default=1
            Number of windows.
        random_state : int, RandomState or None, default=None
            Draws the codes.

        Returns
        -------
        windows : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        codes = check_random_state(random_state).standard_normal((n_samples, self._n_features_out))
        return self.inverse_transform(codes)

    def _new_net(self, windows: Windows) -> LeanNet:
        from ..networks import VariationalAutoencoder, VariationalLoss
        from ._training import VariationalNet

        return self._make_net(
            VariationalAutoencoder,
            {**self._network_arguments(windows), "n_draws": self.n_draws},
            VariationalLoss,
            net_class=VariationalNet,
            criterion__error=self.error,
            criterion__kl_weight=self.kl_weight,
            criterion__kl_warmup=self.kl_warmup,
        )

    def _reconstruct(self, module: Any, x: Any) -> Any:
        return module(x)[0]

    def _errors(self, module: Any, x: Any) -> Any:
        error = self.net_.criterion_.error
        total = sum(error(part, x) for part in module.reconstructions(*module.distribution(x)))
        return total / max(1, len(module.draws))

    def _window_scores(self, module: Any, x: Any) -> Any:
        scores = super()._window_scores(module, x)
        if self.score_by == "reconstruction":
            return scores
        from ..networks import kl_divergence

        divergence = kl_divergence(*module.distribution(x)) / x[0].numel()
        return scores + self.net_.criterion_.kl_weight * divergence
