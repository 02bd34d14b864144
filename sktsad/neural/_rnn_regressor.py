"""Recurrent regressor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, check_array, check_consistent_length
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight

from .._core import Windows, atomic_fit, check_windows
from ._net_estimator import copy_loss, drop_weightless
from ._recurrent_estimator import RecurrentEstimator

if TYPE_CHECKING:
    from ._training import LeanNet


class RNNRegressor(RegressorMixin, RecurrentEstimator):
    """Forecast values from windows with a recurrent network: simple RNN, LSTM or GRU.

    The window runs through the recurrent layers; their last state goes through a dense layer to one output for
    each target: the next value, several channels, or several steps ahead. Stands behind `SlidingWindow` in a
    Pipeline; `forecast_target` makes the targets.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell [1]_ [2]_. On a CPU the LSTM is the fast one: a GRU trains about 1.6 times slower.
    hidden_size : int, default=128
        Units of a recurrent layer.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float, default=0.0
        Share of units dropped between recurrent layers and before the outputs, below 1.
    bidirectional : bool, default=False
        Whether to read the window backwards, too.
    dense_size : int or None, default=64
        Units of the dense layer; None leaves it out.
    pooling : {"last", "last_max"}, default="last"
        What the recurrent layers pass on: the last state, or that and each unit's largest value over time.
    step : int, default=1
        Consecutive samples that the network reads at a step. A window that they do not divide gets its first
        row repeated in front.
    loss : {"squared_error", "absolute_error", "huber"} or torch loss, default="squared_error"
        Squared errors lead to the mean of what may follow, absolute ones to the median; Huber's loss is squared up
        to an error of 1 (``net__criterion__delta``), absolute beyond. Or a ``torch.nn.Module``, or its class, called
        with (outputs, targets), both of shape (batch,) for one target, else (batch, n_targets). It returns one value
        a row or element, or their mean, which leaves no room for weights.
    max_epochs : int, default=20
        Passes over the rows.
    batch_size : int, default=128
        Rows in a training batch.
    predict_batch_size : int, default=256
        Rows in a batch at predict.
    lr : float, default=0.001
        Learning rate.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or torch optimizer class, default="adam"
        Optimizer.
    early_stopping : bool or int, default=False
        Whether to stop when the loss on the last rows has not become better for 5 epochs, or for that many; the
        best weights are kept.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that early stopping watches; they are not trained on.
    n_channels : int, default=None
        Channels of a plain 2-D row; None takes them from `Windows`, 3-D arrays or names such as ``x0_t-3``,
        and takes other rows as univariate.
    device : str, default="cpu"
        Torch device.
    dtype : {"float32", "float64"}, default="float32"
        Precision of weights, inputs and targets.
    random_state : int, RandomState or None, default=None
        Seeds weights, order of rows and dropout. The same number gives the same bits.
    verbose : int, default=0
        1 prints a line for each epoch, 0 prints nothing.
    warm_start : bool, default=False
        Whether a further ``fit`` goes on from the weights of the last, with the present ``lr``, ``batch_size`` and
        ``max_epochs``; other parameters of the network stay as they were.
    callbacks : list of skorch callbacks, default=None
        Copied before use. One that listens to batches makes epochs a little slower.
    **net_params : dict
        More parameters of skorch's ``NeuralNet`` as ``net__<name>``, e.g. ``net__optimizer__weight_decay``.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    forecast_target : Makes the targets: what comes some steps later.
    RNNClassifier : The same for labels.

    Notes
    -----
    Targets are used as they are, and a new network puts out values near 0. Targets in another range than about -3
    to 3 want ``TransformedTargetRegressor(RNNRegressor(), transformer=StandardScaler())``.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.
    .. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
       translation", EMNLP 2014.

    Examples
    --------
    A grid over the lookback, the number of rows that the forecast is made from:

    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sktsad import RNNRegressor, SlidingWindow, forecast_target
    >>> from sktsad.datasets import make_kpi
    >>> series, _ = make_kpi(400, period=48, contamination=0, random_state=0)
    >>> X, y = forecast_target(series)
    >>> pipe = make_pipeline(
    ...     StandardScaler().set_output(transform="pandas"),
    ...     SlidingWindow(12),
    ...     RNNRegressor("gru", hidden_size=8, lr=0.01, max_epochs=3, random_state=0),
    ... )
    >>> grid = {"slidingwindow__length": [6, 24]}
    >>> search = GridSearchCV(pipe, grid, scoring="neg_mean_absolute_error", cv=TimeSeriesSplit(3))
    >>> search.fit(X, y).predict(series).shape
    (400,)
    """

    _parameter_constraints: dict = {
        **RecurrentEstimator._parameter_constraints,
        "loss": [StrOptions({"squared_error", "absolute_error", "huber"}), callable],
    }

    _target_shape: tuple[int, ...]

    def __init__(self, cell: str = "lstm", *, loss: Any = "squared_error", **params: Any) -> None:
        super().__init__(cell, **params)
        self.loss = loss

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @atomic_fit
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            What to forecast from each window.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y or X is not finite, or ``n_channels`` does not fit X.
        """
        return self._fit(X, y, sample_weight, warm=self._is_warm(), n_epochs=self.max_epochs)

    @atomic_fit
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network for one more epoch, from where it is.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            What to forecast from each window.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator
        """
        return self._fit(X, y, sample_weight, warm=hasattr(self, "net_"), n_epochs=1)

    def predict(self, X: Any) -> np.ndarray:
        """Forecast.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.

        Returns
        -------
        forecast : ndarray of float64, shape (n_samples,) or (n_samples, n_targets)
            In the shape of the ``y`` of fit.
        """
        # In float64, so that what scales it back to large values does not round it.
        outputs = self._outputs(X).astype(np.float64)
        return outputs.reshape(len(outputs), *self._target_shape)

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, warm: bool, n_epochs: int) -> Self:
        windows = check_windows(self, X, n_channels=self.n_channels, reset=not warm)
        target = self._check_target(windows, y, warm)
        weight = None
        if sample_weight is not None:
            if not np.any(np.asarray(sample_weight)):
                raise ValueError(
                    "sample_weight is 0 for every row: there is nothing to learn from. Give non-zero weights."
                )
            weight = _check_sample_weight(sample_weight, windows, dtype=np.float64, ensure_non_negative=True)
            windows, target, weight = drop_weightless(windows, target, weight)
        if not warm:
            self._layout = (windows.length, windows.n_channels)
        dataset, valid = self._split(windows, target, weight, self._tail(windows))
        self._train(windows, dataset, valid, warm=warm, n_epochs=n_epochs)
        return self

    def _check_target(self, windows: Windows, y: Any, warm: bool) -> np.ndarray:
        """Return the targets as the network puts them out; note the shape of a row's, unless training goes on."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        try:
            target = check_array(y, dtype=self.dtype, copy=True, ensure_2d=False, ensure_all_finite=False)
        except ValueError as error:
            raise ValueError(
                f"y must hold numbers, one a row, or a column for each target: {error}"
            ) from error
        n_holes = int((~np.isfinite(target)).reshape(len(target), -1).any(axis=1).sum())
        if n_holes:
            raise ValueError(
                f"y contains NaN or infinity in {n_holes} of {len(target)} rows. Drop these rows, together with those "
                "of X; forecast_target leaves out those without a future."
            )
        check_consistent_length(windows, target)
        shape = target.shape[1:]
        if not warm:
            self._target_shape = shape
        elif shape != self._target_shape:
            raise ValueError(
                f"y has shape {target.shape}, where {(len(target), *self._target_shape)} would go on with the first "
                "fit: a network that is trained further keeps its outputs. Fit anew with warm_start=False."
            )
        return target.reshape(len(target)) if shape == (1,) else target  # as nets put out a single column

    def _new_net(self, windows: Windows) -> LeanNet:
        from torch import nn

        from ..networks import RecurrentNetwork

        arguments = {
            "n_channels": windows.n_channels,
            "n_outputs": math.prod(self._target_shape),
            **self._recurrent_arguments(),
        }
        if not isinstance(self.loss, str):
            return self._make_net(RecurrentNetwork, arguments, copy_loss(self.loss, "MSELoss"))
        losses = {"squared_error": nn.MSELoss, "absolute_error": nn.L1Loss, "huber": nn.HuberLoss}
        return self._make_net(RecurrentNetwork, arguments, losses[self.loss], criterion__reduction="none")
