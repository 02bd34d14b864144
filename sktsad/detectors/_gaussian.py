"""Normal densities as detectors."""

from __future__ import annotations

from datetime import timedelta
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from .._core import Estimator, Interval, Rows, StrOptions, Windows
from ._base_detector import DEFAULT_RULE
from ._running_detector import RunningDetector

#: Added to the variances, which are 1, so that the correlation matrix of dependent columns is invertible.
_RIDGE = 1e-6
#: Number of values processed at once, small enough to stay in the cache.
_IN_CACHE = 2**18


class GaussianDetector(RunningDetector, Estimator):
    """Score a row by its density under a normal distribution fitted to the normal rows.

    Parameters
    ----------
    covariance : {"diagonal", "full"}, default="diagonal"
        "diagonal" multiplies the densities of the columns [1]_ and is very fast; "full" models how columns vary
        together, and detects values that are usual alone but unusual together. After `SlidingWindow`, "full" detects
        changes of shape.
    shrinkage : float or "auto", default="auto"
        How far the correlation of the columns, with ``covariance="full"``, is shrunk towards independence, from 0 to 1;
        "auto" uses the estimate of Ledoit and Wolf [2]_.
    score_on : {"window", "last", "overlap"}, default="window"
        "window" scores all values of a window together. "last" scores only its last row, given the rows before it: few
        alarms outlast the event, but shapes in which no single row is unusual are missed. "overlap" gives a row the
        mean of the scores of all windows that contain it: this **looks ahead** by a window and is for analysing past
        data.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: a rule learns from them, the densities do
        not. If that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or if fewer than 30
        normal rows remain, the rule learns from the training rows.
    half_life : float, str or timedelta, default=None
        Number of later rows of its series after which a row counts half as much, so that the detector follows drift. A
        length of time, such as ``"1D"``, is converted by the time step of each series during fit. None weights all rows
        equally.
    n_channels : int, default=None
        Number of channels in a plain 2-D row; only used to name the values in `feature_scores`.

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
    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of each column; 1 for constant columns.
    precision_ : ndarray of shape (n_features, n_features)
        Inverse of the correlation of the columns, shrunk; only with ``covariance="full"``.
    log_normalizer_ : float
        Logarithm of the normalising constant of the density that is scored.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    ZScoreDetector : Scores by the largest deviation of a column instead of all of them together.

    Notes
    -----
    The score is the negative log density per column, so that it is comparable between window lengths. With
    ``covariance="full"`` it is half the squared Mahalanobis distance, up to a constant, divided by the number of
    columns. With ``score_on="last"`` the density is conditional on the earlier rows of the window, and the score is per
    channel. A column that is constant at fit counts as independent of the others, with standard deviation 1. After
    ``partial_fit``, means, deviations and correlations are the same as after one fit to all rows; only the estimate for
    ``shrinkage="auto"`` differs a little if the means move.

    References
    ----------
    .. [1] V. Chandola, A. Banerjee, V. Kumar, "Anomaly detection: a survey", ACM Computing Surveys 41(3), 2009.
    .. [2] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
       Multivariate Analysis 88(2), 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import GaussianDetector
    >>> x = np.random.default_rng(0).normal(size=(500, 1))
    >>> X = np.hstack([x, x])
    >>> # of the second, each value alone is usual
    >>> GaussianDetector("full").fit(X).predict([[2, 2], [2, -2]])
    array([0, 1])
    """

    _parameter_constraints: dict = {
        **RunningDetector._parameter_constraints,
        "covariance": [StrOptions({"diagonal", "full"})],
        "shrinkage": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "score_on": [StrOptions({"window", "last", "overlap"})],
    }
    _default_threshold = DEFAULT_RULE
    _of_score = ("covariance", "score_on")
    mean_: np.ndarray
    scale_: np.ndarray
    _products: np.ndarray
    _fourth_power: float
    _n_effective: float

    def __init__(
        self,
        covariance: str = "diagonal",
        *,
        shrinkage: Any = "auto",
        score_on: str = "window",
        threshold: Any = None,
        validation_fraction: float = 0.2,
        half_life: float | str | timedelta | None = None,
        n_channels: int | None = None,
    ) -> None:
        self.covariance = covariance
        self.shrinkage = shrinkage
        self.score_on = score_on
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.half_life = half_life
        self.n_channels = n_channels

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return how unusual each value is, to show which column stands out.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_features)
            The absolute z-score of each value; with ``covariance="full"``, of its difference from the value predicted
            from the other values of the row.
        """
        windows = self._read(X)
        parts = []
        for chunk in windows.chunks():
            z = self._standardised(windows, chunk)
            if self.covariance == "full":
                z = z @ self.precision_ / np.sqrt(np.diag(self.precision_))
            parts.append(np.abs(z))
        return self._frame(np.concatenate(parts), windows, X)

    def _learn(self, windows: Windows, goes_on: bool) -> None:
        before = (self.mean_, self.scale_) if goes_on else None
        weights, past = self._add_moments(windows, goes_on)
        self.mean_, self.scale_ = self._moments.mean_, self._moments.scale_
        self.__dict__.pop("precision_", None)
        # The scored values: those of the window, or of its last row given the others.
        self._n_scored = windows.n_channels if self.score_on == "last" else len(self.scale_)
        scale = self.scale_[-self._n_scored :]
        self.log_normalizer_ = np.log(scale).sum() + len(scale) * np.log(2 * np.pi) / 2
        if self.covariance == "full":
            self._add_products(windows, weights, past, before)
            covariance = self._correlation()
            self.precision_ = np.linalg.inv(covariance)
            if self.score_on == "last":
                covariance = np.linalg.inv(self.precision_[-self._n_scored :, -self._n_scored :])
                self._covariance_of_scored = covariance
            self.log_normalizer_ += np.linalg.slogdet(covariance)[1] / 2

    def _add_products(
        self,
        windows: Windows,
        weights: np.ndarray | None,
        past: float,
        before: tuple[np.ndarray, np.ndarray] | None,
    ) -> None:
        """Set the mean products of the standardised columns, and the sums that measure their uncertainty."""
        n_columns = windows.shape[1]
        n_rows = len(windows) if weights is None else weights.sum()
        total, squares = past + n_rows, n_rows if weights is None else (weights**2).sum()
        products, fourth_power = np.zeros((n_columns, n_columns)), 0.0
        if before is not None:
            mean, scale = before[0] - self.mean_, before[1]
            products = self._products * np.outer(scale, scale) + np.outer(mean, mean)
            products *= past / total / np.outer(self.scale_, self.scale_)
            fourth_power = self._fourth_power * past / total
            squares += past**2 / self._n_effective
        for chunk in windows.chunks():
            z = self._standardised(windows, chunk)
            counted = z if weights is None else z * weights[chunk, None]
            products += z.T @ counted / total
            powers = np.einsum("ij,ij->i", z, z) * np.einsum("ij,ij->i", z, counted)
            fourth_power += powers.sum() / total
        self._products, self._fourth_power = products, fourth_power
        self._n_effective = total if weights is None else total**2 / squares

    def _correlation(self) -> np.ndarray:
        """Return the correlation of the columns, shrunk towards independence."""
        correlation, n_columns = self._products.copy(), len(self._products)
        noise = (self._fourth_power - (correlation**2).sum()) / self._n_effective
        np.fill_diagonal(correlation, 1)  # it already is 1, except for constant columns, where it is 0
        shrinkage = self.shrinkage
        if isinstance(shrinkage, str):
            dependence = (correlation**2).sum() - n_columns
            shrinkage = np.clip(noise / dependence, 0, 1) if dependence > 0 else 0
        return (1 - shrinkage) * correlation + (shrinkage + _RIDGE) * np.eye(n_columns)

    def _score(self, windows: Windows) -> np.ndarray:
        chunks = windows.chunks() if self.covariance == "full" else windows.chunks(_IN_CACHE)
        return np.concatenate([self._negative_log_density(windows, chunk) for chunk in chunks])

    def _negative_log_density(self, windows: Windows, chunk: slice) -> np.ndarray:
        z = self._standardised(windows, chunk)
        if self.covariance == "full" and self.score_on != "last":
            squares = np.einsum("ij,ij->i", z @ self.precision_, z)
        elif self.covariance == "full":
            whitened = z @ self.precision_[:, -self._n_scored :]
            squares = np.einsum("ij,ij->i", whitened @ self._covariance_of_scored, whitened)
        else:
            z = z[:, -self._n_scored :]
            squares = np.einsum("ij,ij->i", z, z)
        return (squares / 2 + self.log_normalizer_) / self._n_scored

    def _standardised(self, windows: Windows, rows: slice) -> np.ndarray:
        z = windows.flat(rows) - self.mean_
        z /= self.scale_
        return z
