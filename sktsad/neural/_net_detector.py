"""Base of the detectors that contain a net and score by its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from .._core import Rows, StrOptions, Windows
from ..detectors import MIN_HELD_OUT, WindowDetector
from ..thresholds import MeanStd
from ._input_checks import warn_if_badly_scaled
from ._net_estimator import NetEstimator
from ._training import (
    Network,
    TrainingOptions,
    WindowDataset,
    forward,
    make_net,
    resume_net,
    train,
)


class NetDetector(WindowDetector, NetEstimator):
    """Base of the detectors that train a network on normal windows, which a subclass defines.

    A subclass lists all parameters in its ``__init__``: those of `NetEstimator`, and ``loss`` and ``threshold``. Its
    method ``_network(self, windows)`` returns the network with its loss, and as ``score`` the class of the module that
    computes anomaly scores, such as `sktsad.networks.WindowErrors`.

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
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    """

    _parameter_constraints: dict = {
        **NetEstimator._parameter_constraints,
        **WindowDetector._parameter_constraints,
        "loss": [StrOptions({"squared_error", "absolute_error"})],
    }

    _default_threshold = MeanStd(3)
    _reads_layout = True

    loss: str
    early_stopping: bool | int
    _make_score: Callable[[nn.Module, nn.Module], nn.Module]

    def _network(self, windows: Windows) -> Network:
        """Return which network to train, and how it scores."""
        raise NotImplementedError

    @property
    def score_module_(self) -> Any:
        """The module that maps windows to anomaly scores; it shares the weights of ``net_``."""
        if not hasattr(self, "_make_score"):
            raise AttributeError(f"{type(self).__name__} has no score_module_ before fit.")
        return self._make_score(self.net_.module_, self.net_.criterion_)

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return the error of each reconstructed or predicted value, to show which channel stands out at which step.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_values)
            Columns have names such as ``x0_t-3``: column x0, three rows before the last.
        """
        windows = self._read(X)
        score = self.score_module_
        errors = self._forward(windows, lambda module, x: score.errors(x).flatten(1))
        return self._frame(errors, windows, X)

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        valid = None
        if self.early_stopping:
            if held_out is None:
                raise ValueError(
                    f"early_stopping={self.early_stopping} needs {MIN_HELD_OUT} held-out normal rows, but "
                    f"validation_fraction={self.validation_fraction} gives fewer. Give more rows, or "
                    "early_stopping=False."
                )
            valid = WindowDataset(held_out, dtype=self.dtype)
        warn_if_badly_scaled(windows)
        options, network = TrainingOptions.of(self), self._network(windows)
        is_warm = self.warm_start and hasattr(self, "net_")
        net = resume_net(self.net_, options) if is_warm else make_net(network, options)
        self.net_ = train(net, WindowDataset(windows, dtype=self.dtype), valid, self.max_epochs)
        self._make_score = network.score  # type: ignore[assignment]

    def _score(self, windows: Windows) -> np.ndarray:
        score = self.score_module_
        return self._forward(windows, lambda module, x: score(x))

    def _forward(self, windows: Windows, function: Any) -> np.ndarray:
        """Run a function of (module, inputs) over windows, batch by batch."""
        dataset = WindowDataset(windows, dtype=self.dtype)
        return forward(self.net_, dataset, self.predict_batch_size, function)
