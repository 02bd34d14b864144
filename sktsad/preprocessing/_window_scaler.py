"""Scaling of windows."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self, overload

import numpy as np
import pandas as pd
from sklearn.base import OneToOneFeatureMixin, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from .._core import (
    Estimator,
    HasMethods,
    Interval,
    Labels,
    Rows,
    Windows,
    WindowTransformer,
    atomic_fit,
    check_windows,
    flatten_3d,
    refuse_polars_output,
)


class WindowScaler(OneToOneFeatureMixin, WindowTransformer, Estimator):
    """Scale windows, each channel in the same way at all time steps.

    Scaling the rows before `SlidingWindow` is cheaper and just as good. This scaler is for data that already consist of
    windows, one per row. A frame is returned as a frame, even if ``set_output`` was not called, since its columns tell
    later steps the layout of the windows.

    Parameters
    ----------
    scaler : transformer, default=None
        Any scikit-learn scaler that works column by column; None means ``StandardScaler()``. It is fitted to one column
        per channel, with one row for every time step of every window. If it has ``partial_fit``, it is fitted in
        bounded memory, otherwise on all windows at once.
    n_channels : int, default=None
        Number of channels in the rows of a plain 2-D array. None infers it from `Windows`, 3-D arrays or names such as
        ``x0_t-3``, and treats other rows as univariate.

    Attributes
    ----------
    scaler_ : transformer
        The fitted scaler.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import WindowScaler
    >>> WindowScaler().fit_transform(np.array([[0.0, 2.0], [4.0, 2.0]])).round(2)
    array([[-1.41,  0.  ],
           [ 1.41,  0.  ]])
    """

    _parameter_constraints: dict = {
        "scaler": [HasMethods(["fit", "transform", "inverse_transform"]), None],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(self, scaler: Any = None, *, n_channels: int | None = None) -> None:
        self.scaler = scaler
        self.n_channels = n_channels

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Fit the scaler to every time step of every window.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels)
            Windows.
        y : None
            Ignored.

        Returns
        -------
        self : WindowScaler
        """
        windows = check_windows(self, X, n_channels=self.n_channels, reset=True)
        scaler = StandardScaler() if self.scaler is None else clone(self.scaler)
        if hasattr(scaler, "partial_fit"):
            for chunk in windows.chunks():
                scaler.partial_fit(windows.gather(chunk).reshape(-1, windows.n_channels))
        else:
            scaler.fit(windows.gather(slice(None)).reshape(-1, windows.n_channels))
        self.scaler_ = scaler
        return self

    @overload
    def transform(self, X: Windows) -> Windows: ...
    @overload
    def transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, X: Rows) -> np.ndarray: ...
    def transform(self, X: Rows) -> Any:
        """Scale windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels)
            Windows.

        Returns
        -------
        X_scaled : Windows, DataFrame or ndarray, as X, of shape (n_samples, length * n_channels)
        """
        return self._apply(X, "transform")

    @overload
    def inverse_transform(self, X: Windows) -> Windows: ...
    @overload
    def inverse_transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def inverse_transform(self, X: Rows) -> np.ndarray: ...
    def inverse_transform(self, X: Rows) -> Any:
        """Undo the scaling.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels)
            Scaled windows.

        Returns
        -------
        X_original : Windows, DataFrame or ndarray, as X, of shape (n_samples, length * n_channels)
        """
        return self._apply(X, "inverse_transform")

    def _apply(self, X: Rows, method: str) -> Any:
        check_is_fitted(self)
        is_frame = refuse_polars_output(self, X) and method == "transform"
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        # A scaler works row by row, so scaling the rows of `Windows` scales the windows.
        rows = getattr(self.scaler_, method)(windows.buffer)
        if isinstance(X, Windows):
            scaled = windows.replace_buffer(np.asarray(rows))
            return np.asarray(scaled) if is_frame else scaled
        flat = np.asarray(rows).reshape(windows.shape)
        if windows.index is not None:
            return pd.DataFrame(flat, windows.index, self.get_feature_names_out())
        return flat if flatten_3d(X)[1] is None else flat.reshape(-1, *self.window_shape_)
