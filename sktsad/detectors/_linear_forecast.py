"""Detection by linear forecasts."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from .._core import Estimator, Interval, Rows, Windows, refuse_long_horizon
from ._base_detector import DEFAULT_RULE
from ._window_detector import WindowDetector
from ._window_shapes import NORMALIZE, learn_least_spread, learn_origin, shapes


class LinearForecastDetector(WindowDetector, Estimator):
    """Score a window by how far its last rows are from their forecast by ridge regression on the rows before them.

    This is an autoregressive model [1]_, fitted in closed form: no network, no iterations. It scores only the newest
    rows, so that high scores end with the event; often only the start and end of an event score high.

    Parameters
    ----------
    horizon : int, default=1
        Number of rows at the end of the window that are predicted from those before.
    alpha : float, default=1.0
        Strength of the penalty on the weights, as in ``sklearn.linear_model.Ridge``.
    normalize : bool or "level", default=False
        Whether to standardise each channel of a window by the mean and standard deviation of the rows before the
        target, for series whose level and amplitude drift. The divisor is at least a tenth of the standard deviation of
        the channel at fit. "level" only subtracts the mean, so that amplitude counts and level does not.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: a rule learns from them, the weights do not.
        If that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or if fewer than 30
        normal rows remain, the rule learns from the training rows.
    n_channels : int, default=None
        Number of channels in a plain 2-D row; None infers it from `Windows`, 3-D arrays or names such as ``x0_t-3``,
        and treats other rows as univariate.

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
    coef_ : ndarray of shape (horizon * n_channels, (length - horizon) * n_channels)
        Weight of each value in each predicted value.
    intercept_ : ndarray of shape (horizon * n_channels,)
        Constant added to each predicted value.
    scale_ : ndarray of shape (horizon * n_channels,)
        Usual size of each error: its root mean square at fit.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    ForecastDetector : Forecasts with a recurrent network.
    GaussianDetector : ``score_on="last"`` also predicts the last row, with its uncertainty.

    Notes
    -----
    The score is the mean of the absolute errors, each in units of its usual size.

    References
    ----------
    .. [1] A. J. Fox, "Outliers in time series", Journal of the Royal Statistical Society B 34(3), 1972.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import LinearForecastDetector, SlidingWindow
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[500] += 0.5  # within the usual range
    >>> windows = SlidingWindow(20).fit_transform(wave)
    >>> detector = LinearForecastDetector().fit(windows[:400])
    >>> int(detector.anomaly_score(windows).argmax())
    500
    """

    _parameter_constraints: dict = {
        **WindowDetector._parameter_constraints,
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "normalize": NORMALIZE,
    }
    _default_threshold = DEFAULT_RULE
    _of_score = ("horizon",)
    _reads_layout = True

    def __init__(
        self,
        horizon: int = 1,
        *,
        alpha: float = 1.0,
        normalize: bool | str = False,
        threshold: Any = None,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
    ) -> None:
        self.horizon = horizon
        self.alpha = alpha
        self.normalize = normalize
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels

    def forecast(self, X: Rows) -> np.ndarray:
        """Return the forecast of the last rows of the windows, normalised if the detector normalises.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        forecast : ndarray of shape (n_samples, horizon * n_channels)
        """
        windows = self._read(X)
        return np.concatenate([self._forecast(self._cut(windows, c)[0]) for c in windows.chunks()])

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return the absolute errors, in units of their usual size, to show which row and column stand out.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, horizon * n_channels)
        """
        windows = self._read(X)
        return self._frame(np.concatenate([self._errors(windows, c) for c in windows.chunks()]), windows, X)

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        refuse_long_horizon(windows, self.horizon)
        n_windows, n_values = windows.shape
        self._least_spread = learn_least_spread(windows, self.normalize)
        n_past = n_values - self.horizon * windows.n_channels
        origin = learn_origin(windows, self._least_spread)
        sums = ((np.hstack(self._cut(windows, c)) - origin).sum(axis=0) for c in windows.chunks())
        mean = origin + sum(sums) / n_windows
        products = np.zeros((n_values, n_values))
        for chunk in windows.chunks():
            centred = np.hstack(self._cut(windows, chunk)) - mean
            products += centred.T @ centred
        of_past = products[:n_past, :n_past] + float(self.alpha) * np.eye(n_past)
        try:
            self.coef_ = np.linalg.solve(of_past, products[:n_past, n_past:]).T
        except np.linalg.LinAlgError:  # large values, beside which alpha is rounded away
            self.coef_ = np.linalg.lstsq(of_past, products[:n_past, n_past:], rcond=None)[0].T
        self.intercept_ = mean[n_past:] - self.coef_ @ mean[:n_past]
        squares = sum((self._plain_errors(windows, c) ** 2).sum(axis=0) for c in windows.chunks())
        # If the forecast was exact at fit, or a column was constant, any error gets a large but finite score.
        least = 1e-6 * np.sqrt(np.diag(products)[n_past:] / n_windows)
        self.scale_ = np.maximum(np.sqrt(squares / n_windows), np.where(least > 0, least, 1.0))

    def _score(self, windows: Windows) -> np.ndarray:
        return np.concatenate([self._errors(windows, chunk).mean(axis=1) for chunk in windows.chunks()])

    def _errors(self, windows: Windows, chunk: slice) -> np.ndarray:
        return np.abs(self._plain_errors(windows, chunk)) / self.scale_

    def _plain_errors(self, windows: Windows, chunk: slice) -> np.ndarray:
        past, last = self._cut(windows, chunk)
        return last - self._forecast(past)

    def _forecast(self, past: np.ndarray) -> np.ndarray:
        return past @ self.coef_.T + self.intercept_

    def _cut(self, windows: Windows, chunk: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return the values to predict from, and those to predict."""
        n_past = windows.length - self.horizon
        values = shapes(windows, chunk, self._least_spread, n_past)
        return values[:, : n_past * windows.n_channels], values[:, n_past * windows.n_channels :]
