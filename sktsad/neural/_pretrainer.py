"""Base of the pretrainers: fit without labels, transform to the encoder's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from .._core import atomic_fit, check_layout, check_windows
from ._recurrent_estimator import RecurrentEstimator

if TYPE_CHECKING:
    import torch


class BasePretrainer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, RecurrentEstimator):
    """An encoder of windows that is trained without labels; a subclass says on which task."""

    _parameter_constraints: dict = {
        **RecurrentEstimator._parameter_constraints,
        "error": [StrOptions({"mse", "mae"})],
    }

    def __init__(self, cell: str = "lstm", *, error: str = "mse", **params: Any) -> None:
        super().__init__(cell, **params)
        self.error = error

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are in the precision of the network
        return tags

    @atomic_fit
    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the encoder.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.
        y : None
            Not used.

        Returns
        -------
        self : estimator
        """
        warm = self._is_warm()
        windows = check_windows(self, X, n_channels=self.n_channels, reset=not warm)
        tail = self._tail(windows)
        dataset = self._dataset(windows[~tail])
        valid = self._dataset(windows[tail]) if tail.any() else None
        self._train(windows, dataset, valid, warm=warm, n_epochs=self.max_epochs)
        self._layout = (windows.length, windows.n_channels)
        return self

    def transform(self, X: Any) -> np.ndarray:
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
        check_layout(self._layout, windows)
        from ._training import forward

        return forward(
            self.net_, self._dataset(windows), self.predict_batch_size, lambda module, x: module.encoder(x)
        )

    @property
    def encoder_(self) -> torch.nn.Module:
        """The trained encoder, a torch module."""
        return self.net_.module_.encoder

    @property
    def _n_features_out(self) -> int:
        return int(self.encoder_.n_outputs)  # type: ignore[arg-type]
