"""Base of the pretrainers: fit without labels, transform to codes."""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._core import ArrayTransformer, Labels, Rows, StrOptions, Windows, atomic_fit, check_windows, time_order
from ._input_checks import codes_have_own_dtype, warn_if_badly_scaled
from ._net_estimator import NetEstimator
from ._recurrent_parameters import RECURRENT
from ._training import (
    Network,
    TrainingOptions,
    WindowDataset,
    forward,
    make_net,
    resume_net,
    split_dataset,
    train,
    watched_rows,
)


class Pretrainer(ClassNamePrefixFeaturesOutMixin, ArrayTransformer, NetEstimator):
    """An encoder of windows that is trained without labels, on a task that a subclass defines."""

    _parameter_constraints: dict = {
        **NetEstimator._parameter_constraints,
        **RECURRENT,
        "loss": [StrOptions({"squared_error", "absolute_error"})],
    }

    loss: str

    def _network(self, windows: Windows) -> Network:
        """Return which network to train; its module has an ``encoder``."""
        raise NotImplementedError

    def __sklearn_tags__(self) -> Tags:
        return codes_have_own_dtype(super().__sklearn_tags__())

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Train the encoder.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : None
            Not used.

        Returns
        -------
        self : estimator
        """
        warm = self.warm_start and hasattr(self, "net_")
        windows = check_windows(self, X, n_channels=self.n_channels, reset=not warm)
        order = time_order(windows)
        if order is not None:  # the result does not depend on the order of the rows
            windows = windows[order]
        warn_if_badly_scaled(windows)
        options = TrainingOptions.of(self)
        dataset, valid = split_dataset(windows, watched_rows(windows, options), options)
        net = resume_net(self.net_, options) if warm else make_net(self._network(windows), options)
        self.net_ = train(net, dataset, valid, self.max_epochs)
        return self

    def transform(self, X: Rows) -> np.ndarray:
        """Return the code of each window.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows as in `fit`.

        Returns
        -------
        code : ndarray of shape (n_samples, n_codes)
            The output of the recurrent layers: ``hidden_size`` values, times 2 if bidirectional, times 2 with
            ``pooling="last_max"``.
        """
        check_is_fitted(self)
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        dataset = WindowDataset(windows, dtype=self.dtype)
        return forward(self.net_, dataset, self.predict_batch_size, lambda module, x: module.encoder(x))

    @property
    def encoder_(self) -> torch.nn.Module:
        """The trained encoder, a torch module."""
        return self.net_.module_.encoder

    @property
    def _n_features_out(self) -> int:
        return int(self.encoder_.n_outputs)  # type: ignore[arg-type]
