"""Base of the detectors that hold a net and score by its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import StrOptions

from .._core import Windows
from ..detectors._base_detector import MIN_HELD_OUT, BaseDetector
from ..thresholds import MeanStd
from ._net_estimator import NetEstimator


class NetDetector(BaseDetector, NetEstimator):
    """A detector whose score is the mean error of its network; a subclass says which network."""

    _parameter_constraints: dict = {
        **NetEstimator._parameter_constraints,
        **BaseDetector._parameter_constraints,
        "error": [StrOptions({"mse", "mae"})],
    }

    def __init__(
        self,
        *,
        error: str = "mae",
        threshold: Any = None,
        max_epochs: int = 50,
        batch_size: int = 64,
        predict_batch_size: int = 1024,
        **net_params: Any,
    ) -> None:
        super().__init__(
            max_epochs=max_epochs,
            batch_size=batch_size,
            predict_batch_size=predict_batch_size,
            **net_params,
        )
        self.error = error
        self.threshold = threshold

    def feature_scores(self, X: Any) -> pd.DataFrame:
        """Return the error of each value that the network reproduces: which channel is off, at which step.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_values)
            Columns are named like ``x0_t-3``: column x0, three rows before the last.
        """
        windows = self._read(X)
        errors = self._forward(windows, lambda module, x: self._errors(module, x).flatten(1))
        return self._frame(errors, windows, X)

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

    def _score(self, windows: Windows) -> np.ndarray:
        return self._forward(windows, self._window_scores).astype(np.float64)

    def _window_scores(self, module: Any, x: Any) -> Any:
        """Return one score a window."""
        return self._errors(module, x).flatten(1).mean(dim=1)

    def _errors(self, module: Any, x: Any) -> Any:
        """Return the error of each value, shape (batch, rows, channels)."""
        return self.net_.criterion_(module(x), x)

    def _forward(self, windows: Windows, function: Any) -> np.ndarray:
        from ._training import forward

        return forward(self.net_, self._dataset(windows), self.predict_batch_size, function)
