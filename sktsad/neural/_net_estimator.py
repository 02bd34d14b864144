"""Base of the estimators that contain a skorch net."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._core import (
    RANDOM_STATE,
    VERBOSE,
    Estimator,
    Interval,
    Rows,
    StrOptions,
    check_windows,
)
from ._input_checks import refuse_not_finite
from ._training import LeanNet, WindowDataset, forward

_PREFIX = "net__"


class NetEstimator(Estimator):
    """Base of the estimators that train a network on windows.

    Your own estimators usually derive from `NetClassifier` or `NetDetector`. A subclass lists its parameters in its
    ``__init__``, among them those of this class, and defines ``_network``, which returns the network to train.

    Parameters
    ----------
    max_epochs : int or "auto"
        Number of passes over the rows; "auto" means ``250 / sqrt(n_batches)``, rounded up.
    batch_size : int
        Number of rows in a training batch.
    predict_batch_size : int
        Number of rows in a batch at predict.
    lr : float
        Learning rate.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or torch optimizer class
        Optimizer.
    early_stopping : bool or int
        Whether to stop when the loss on the last rows has not improved for 5 epochs, or for this number of epochs.
    validation_fraction : float
        Share of rows, the last of each series in time, that early stopping monitors.
    n_channels : int or None
        Number of channels in a plain 2-D row.
    device : str
        Torch device.
    dtype : {"float32", "float64"}
        Precision of weights and inputs.
    random_state : int, RandomState or None
        Controls the initial weights, the order of rows and dropout.
    verbose : int
        1 prints a line for each epoch, 0 prints nothing.
    warm_start : bool
        Whether another ``fit`` continues from the weights of the last one.
    callbacks : list of skorch callbacks or None
        Copied before use.
    net_params : dict or None
        Further parameters of skorch's ``NeuralNet``, such as ``{"optimizer__weight_decay": 0.01}``. In `get_params`,
        `set_params` and grids, their names are ``net__<name>``.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    """

    _parameter_constraints: dict = {
        "max_epochs": [Interval(Integral, 1, 10**6, closed="both"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "predict_batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, 1000, closed="right")],
        "optimizer": [StrOptions({"adam", "adamw", "sgd", "rmsprop"}), callable],
        "early_stopping": ["boolean", Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
        "device": [str],
        "dtype": [StrOptions({"float32", "float64"})],
        "random_state": RANDOM_STATE,
        "verbose": VERBOSE,
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "net_params": [Mapping, None],
    }

    _packages = (*Estimator._packages, "skorch", "torch")

    max_epochs: int | str
    predict_batch_size: int
    n_channels: int | None
    dtype: str
    warm_start: bool
    net_params: Mapping[str, Any] | None
    net_: LeanNet
    window_shape_: tuple[int, int]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parameters of nested estimators, and those in ``net_params`` as ``net__<name>``.

        Returns
        -------
        params : dict
        """
        params = super().get_params(deep=deep)
        if deep and isinstance(self.net_params, Mapping):
            params |= {_PREFIX + name: value for name, value in self.net_params.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters.

        Parameters
        ----------
        **params : dict
            Parameters by name; ``net__<name>`` sets one of ``net_params``, which is copied.

        Returns
        -------
        self : estimator
        """
        named = {name: params.pop(name) for name in list(params) if name.startswith(_PREFIX)}
        super().set_params(**params)
        if named:
            known = self.net_params or {}
            self.net_params = {
                **known,
                **{name.removeprefix(_PREFIX): value for name, value in named.items()},
            }
        return self

    def _outputs(self, X: Rows, input_shape: tuple[int, ...] | None = None) -> np.ndarray:
        """Run the fitted network over rows to predict."""
        check_is_fitted(self)
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        dataset = WindowDataset(windows, input_shape=input_shape, dtype=self.dtype)
        with np.errstate(over="ignore"):  # for numbers too large for the network's precision
            outputs = forward(self.net_, dataset, self.predict_batch_size)
        refuse_not_finite(outputs, windows, self.dtype)
        return outputs
