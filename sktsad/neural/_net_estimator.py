"""Base of the estimators that hold a skorch net."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import nn

from .._core import (
    AnyEstimator,
    Estimator,
    Interval,
    Rows,
    StrOptions,
    Weights,
    Windows,
    check_sample_weight,
    check_windows,
)
from ._training import LeanNet, WindowDataset, forward, scale_weights

_PREFIX = "net__"
#: Standard deviation of a channel below which, or above whose inverse, a network learns badly.
_LEAST_SPREAD = 1e-4

#: Constraints of the parameters of recurrent layers, and of the dense one after them.
RECURRENT: dict = {
    "cell": [StrOptions({"lstm", "gru", "rnn"})],
    "hidden_size": [Interval(Integral, 1, None, closed="left")],
    "num_layers": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "bidirectional": ["boolean"],
    "dense_size": [Interval(Integral, 1, None, closed="left"), None],
    "pooling": [StrOptions({"last", "last_max"})],
    "patch_size": [Interval(Integral, 1, None, closed="left")],
}


class NetEstimator(Estimator):
    """Base of the estimators that train a network on windows.

    `NetClassifier` and `NetDetector` are more often what an estimator of your own derives from. A subclass lists its
    parameters in its ``__init__``, among them those of this class, and says by ``_network`` which network it trains.

    Parameters
    ----------
    max_epochs : int
        Passes over the rows.
    batch_size : int
        Rows in a training batch.
    predict_batch_size : int
        Rows in a batch at predict.
    lr : float
        Learning rate.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or torch optimizer class
        Optimizer.
    early_stopping : bool or int
        Whether to stop when the loss on the last rows has not become better for 5 epochs, or for that many.
    validation_fraction : float
        Share of rows, the last of each series in time, that early stopping watches.
    n_channels : int or None
        Channels of a plain 2-D row.
    device : str
        Torch device.
    dtype : {"float32", "float64"}
        Precision of weights and inputs.
    random_state : int, RandomState or None
        Seeds weights, order of rows and dropout.
    verbose : int
        1 prints a line for each epoch, 0 prints nothing.
    warm_start : bool
        Whether a further ``fit`` goes on from the weights of the last.
    callbacks : list of skorch callbacks or None
        Copied before use.
    net_params : dict or None
        More parameters of skorch's ``NeuralNet``, such as ``{"optimizer__weight_decay": 0.01}``. `get_params`,
        `set_params` and grids know each as ``net__<name>``.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net.
    window_shape_ : tuple of (int, int)
        Length and channels of the windows of fit.
    """

    _parameter_constraints: dict = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "predict_batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "optimizer": [StrOptions({"adam", "adamw", "sgd", "rmsprop"}), callable],
        "early_stopping": ["boolean", Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
        "device": [str],
        "dtype": [StrOptions({"float32", "float64"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "net_params": [Mapping, None],
    }

    _packages = (*Estimator._packages, "skorch", "torch")

    max_epochs: int
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
            Whether to go into parameters that are estimators, and to name each of ``net_params`` as ``net__<name>``.

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
        """Run the fitted network over rows that are to be predicted."""
        check_is_fitted(self)
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        dataset = WindowDataset(windows, input_shape=input_shape, dtype=self.dtype)
        with np.errstate(over="ignore"):  # of numbers that the network's precision cannot hold
            outputs = forward(self.net_, dataset, self.predict_batch_size)
        refuse_not_finite(outputs, windows, self.dtype)
        return outputs


def refuse_not_finite(outputs: np.ndarray, windows: Windows, dtype: str) -> None:
    """Refuse outputs that are NaN or infinite, and name a row and a column that are the cause.

    So are values beyond the network's precision: a recurrent network has an answer to them, as its gates saturate.
    """
    is_odd = ~np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1)
    largest = np.finfo(dtype).max
    if np.abs(windows.buffer).max() > largest:
        parts = [(np.abs(windows.flat(rows)) > largest).any(axis=1) for rows in windows.chunks()]
        is_odd |= np.concatenate(parts)
    if not is_odd.any():
        return
    row = int(np.argmax(is_odd))
    values = np.abs(windows.gather([row], np.float64)[0])
    step, channel = np.unravel_index(np.argmax(values), values.shape)
    name = windows.channel_names[channel] if windows.channel_names else f"x{channel}"
    raise ValueError(
        f"The network gives no finite number for {int(is_odd.sum())} of {len(is_odd)} rows, the first is row {row}: "
        f"its window holds {values[step, channel]:.3g} in column {name!r}, too large for {dtype} arithmetic. Clip or "
        "drop such values before, or scale them."
    )


def warn_if_badly_scaled(windows: Windows) -> None:
    """Warn of channels that a network can hardly learn from: tiny, huge, or far from 0 for how little they vary."""
    buffer = windows.buffer
    center, spread = buffer.mean(axis=0, dtype=np.float64), buffer.std(axis=0, dtype=np.float64)
    varies = spread > 1e-12 * np.abs(center)
    is_far = np.abs(center) * _LEAST_SPREAD > spread
    is_bad = varies & (is_far | (spread < _LEAST_SPREAD) | (spread > 1 / _LEAST_SPREAD))
    if is_bad.any():
        channel = int(np.argmax(is_bad))
        name = windows.channel_names[channel] if windows.channel_names else f"x{channel}"
        warnings.warn(
            f"Column {name!r} has mean {center[channel]:.3g} and standard deviation {spread[channel]:.3g}, which a "
            "network can hardly learn from. Scale the rows before the window, by SeriesScaler() or "
            "StandardScaler().set_output(transform='pandas').",
            UserWarning,
            stacklevel=5,
        )


def recurrent_arguments(estimator: AnyEstimator) -> dict[str, Any]:
    """Return the parameters of the recurrent layers and of the dense one, as the torch modules take them."""
    return {name: getattr(estimator, name) for name in RECURRENT}


def check_weights(sample_weight: Weights, windows: Windows) -> np.ndarray:
    """Return the weights of rows, the largest scaled to about 1: only their ratios matter.

    Raises
    ------
    ValueError
        If a weight is negative, NaN or infinite, or none is above 0.
    """
    if not np.any(np.asarray(sample_weight)):
        raise ValueError(
            "sample_weight is 0 for every row: there is nothing to learn from. Give non-zero weights."
        )
    weight = check_sample_weight(sample_weight, windows, dtype=np.float64, ensure_non_negative=True)
    return scale_weights(weight)


def drop_weightless(
    windows: Windows, target: np.ndarray, weight: np.ndarray
) -> tuple[Windows, np.ndarray, np.ndarray]:
    """Leave out the rows of weight 0: they count as absent, also where batches are counted."""
    used = weight > 0
    return windows[used], target[used], weight[used]


def check_encoder(encoder: Any, windows: Windows) -> None:
    """Refuse windows that an encoder was not made for; recurrent ones take any length."""
    length, n_channels = encoder.window_shape
    if n_channels != windows.n_channels or length not in (None, windows.length):
        steps = "any number of" if length is None else length
        raise ValueError(
            f"The encoder was trained on windows of {steps} rows of {n_channels} channel(s), got windows of "
            f"{windows.length} row(s) of {windows.n_channels}. Use the columns and the window of its training, or pass "
            "n_channels= where the layout was lost."
        )


def copy_loss(loss: Any, example: str) -> Any:
    """Copy a torch loss, or its class; refuse what is neither and name an example."""
    if not (isinstance(loss, nn.Module) or (inspect.isclass(loss) and issubclass(loss, nn.Module))):
        raise TypeError(f"loss={loss!r} must be a torch.nn.Module or its class, e.g. torch.nn.{example}.")
    return copy.deepcopy(loss)


def codes_have_own_dtype(tags: Tags) -> Tags:
    """Say that codes are in the precision of the network, not of X."""
    tags.transformer_tags.preserves_dtype = []
    return tags
