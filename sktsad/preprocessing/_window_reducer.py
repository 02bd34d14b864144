"""Long windows reduced to fewer values."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self, overload

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._core import (
    Estimator,
    Interval,
    Labels,
    Rows,
    StrOptions,
    Windows,
    WindowTransformer,
    atomic_fit,
    check_windows,
    flatten_3d,
    refuse_polars_output,
    window_names,
)


class WindowReducer(WindowTransformer, Estimator):
    """Reduce windows to a limited number of values, by means of neighbouring rows or by keeping only the last rows.

    The time that a detector takes grows with the square or cube of the number of values in a window, and 100 means
    describe a period of 1,440 minutes just as well [1]_. Windows that are short enough are not changed.

    Parameters
    ----------
    max_values : int, default=256
        Largest number of values of a window, over all channels.
    max_per_channel : int, default=1
        Largest number of values of each channel where ``max_values`` allows fewer: for detectors that compare each
        channel by itself, and need enough of its values however many channels there are.
    keep : {"means", "last"}, default="means"
        "means" replaces every k rows by their mean, with the smallest sufficient k; if the length is not a multiple of
        k, the oldest rows are left out. "last" keeps the last rows as they are, for detectors with ``score_on="last"``.
    n_channels : int, default=None
        Number of channels in the rows of a plain 2-D array. None infers it from `Windows`, 3-D arrays or names such as
        ``x0_t-3``, and treats other rows as univariate.

    Attributes
    ----------
    n_merged_ : int
        Number of rows that become one mean; 1 with ``keep="last"``.
    length_ : int
        Number of rows, or means, of the new windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    SlidingWindow : Makes the windows.

    References
    ----------
    .. [1] E. Keogh, K. Chakrabarti, M. Pazzani, S. Mehrotra, "Dimensionality reduction for fast similarity search in
       large time series databases", Knowledge and Information Systems 3, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import SlidingWindow
    >>> from sktsad.preprocessing import WindowReducer
    >>> windows = SlidingWindow(4).fit_transform(np.arange(6.0).reshape(-1, 1))
    >>> np.asarray(WindowReducer(2).fit_transform(windows))[-2:]
    array([[1.5, 3.5],
           [2.5, 4.5]])
    """

    _parameter_constraints: dict = {
        "max_values": [Interval(Integral, 1, None, closed="left")],
        "max_per_channel": [Interval(Integral, 1, None, closed="left")],
        "keep": [StrOptions({"means", "last"})],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        max_values: int = 256,
        *,
        max_per_channel: int = 1,
        keep: str = "means",
        n_channels: int | None = None,
    ) -> None:
        self.max_values = max_values
        self.max_per_channel = max_per_channel
        self.keep = keep
        self.n_channels = n_channels

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Read the layout of the windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels)
            Windows.
        y : None
            Ignored.

        Returns
        -------
        self : WindowReducer
        """
        windows = check_windows(self, X, n_channels=self.n_channels, reset=True)
        # Small NumPy integers may overflow.
        most = max(int(self.max_per_channel), int(self.max_values) // windows.n_channels)
        length = windows.length
        self.n_merged_ = -(-length // most) if self.keep == "means" else 1
        self.length_ = min(length // self.n_merged_, most)
        self._channel_names = windows.channel_names
        return self

    @overload
    def transform(self, X: Windows) -> Windows: ...
    @overload
    def transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, X: Rows) -> np.ndarray: ...
    def transform(self, X: Rows) -> Any:
        """Return windows with fewer values.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels)
            Windows.

        Returns
        -------
        X_reduced : Windows, DataFrame or ndarray, as X, of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        is_frame = refuse_polars_output(self, X)
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        reduced = windows.latest(self.length_) if self.keep == "last" else windows.means(self.n_merged_)
        if isinstance(X, Windows):
            return np.asarray(reduced) if is_frame else reduced
        flat = np.array(reduced)
        if windows.index is not None:
            return pd.DataFrame(flat, windows.index, self.get_feature_names_out())
        return flat if flatten_3d(X)[1] is None else flat.reshape(len(flat), self.length_, -1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the values of the new windows, such as ``x0_t-3``: column x0, three rows, or means, before the last.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        n_channels = self.window_shape_[1]
        channels = self._channel_names or [f"x{channel}" for channel in range(n_channels)]
        return window_names(channels, self.length_)
