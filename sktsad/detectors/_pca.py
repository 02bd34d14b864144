"""Detection by the distance from the subspace of normal windows."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from .._core import Estimator, Interval, RealNotInt, Rows, StrOptions, Windows
from ._base_detector import DEFAULT_RULE, DetectorTransformerMixin
from ._window_detector import WindowDetector
from ._window_shapes import NORMALIZE, learn_least_spread, learn_origin, shapes

#: Share of the windows that a robust fit learns from, and how many times they are selected.
_CORE, _CHOICES = 0.75, 3
#: Smallest variance of a component, as a share of the mean variance, to avoid division by 0.
_RIDGE = 1e-6


class PCADetector(DetectorTransformerMixin, WindowDetector, Estimator):
    """Score a window by its distance from, or within, the principal subspace of the normal windows.

    Parameters
    ----------
    n_components : int or float, default=0.9
        Number of components; a number below 1 is the smallest share of the variance that they must explain together.
    score_by : {"residual", "inside", "both"}, default="residual"
        "residual" is the mean squared error of the reconstruction from the components (Q). "inside" is the distance
        from the mean within the subspace (Hotelling's T2, divided by the number of components). "both" adds them [1]_,
        each divided by its mean at fit.
    normalize : bool or "level", default=False
        Whether to compare only shapes: each channel of a window minus its mean, divided by its standard deviation,
        which counts as at least a tenth of the standard deviation of the channel at fit. If False, level and amplitude
        count as well. "level" only subtracts the mean, so that amplitude counts and level does not.
    robust : bool, default=False
        Whether to learn only from the three quarters of the windows that agree best with one another, found by
        concentration steps as in the minimum covariance determinant [2]_. Use it if the training rows contain
        unlabelled anomalies. It takes four times as long.
    score_on : {"window", "overlap"}, default="window"
        "window" gives a row the score of its window. "overlap" gives it the mean of the scores of all windows that
        contain it: this **looks ahead** by a window and is for analysing past data.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: a rule learns from them, the components do
        not. If that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or if fewer than 30
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
    mean_ : ndarray of shape (n_features,)
        Mean window.
    components_ : ndarray of shape (n_components, n_features)
        Directions of largest variance, of length 1.
    explained_variance_ : ndarray of shape (n_components,)
        Variance along each component.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    AutoencoderDetector : The same idea with a network, which can be nonlinear.
    GaussianDetector : Weights all components by their variance.

    Notes
    -----
    Columns are not scaled: scale them before `SlidingWindow`.

    References
    ----------
    .. [1] H. H. Yue, S. J. Qin, "Reconstruction-based fault identification using a combined index", Industrial and
       Engineering Chemistry Research 40(20), 2001.
    .. [2] P. J. Rousseeuw, K. Van Driessen, "A fast algorithm for the minimum covariance determinant estimator",
       Technometrics 41(3), 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import PCADetector, SlidingWindow
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[500] += 0.5  # within the usual range
    >>> windows = SlidingWindow(30).fit_transform(wave)
    >>> detector = PCADetector(0.99).fit(windows[:400])
    >>> bool(500 <= 400 + detector.anomaly_score(windows[400:]).argmax() < 530)
    True
    """

    _parameter_constraints: dict = {
        **WindowDetector._parameter_constraints,
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
        "score_by": [StrOptions({"residual", "inside", "both"})],
        "normalize": NORMALIZE,
        "robust": ["boolean"],
        "score_on": [StrOptions({"window", "overlap"})],
    }
    _default_threshold = DEFAULT_RULE
    _of_score = ("score_by", "score_on")

    def __init__(
        self,
        n_components: float = 0.9,
        *,
        score_by: str = "residual",
        normalize: bool | str = False,
        robust: bool = False,
        score_on: str = "window",
        threshold: Any = None,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.score_by = score_by
        self.normalize = normalize
        self.robust = robust
        self.score_on = score_on
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels

    def transform(self, X: Rows) -> np.ndarray:
        """Return the coordinates of the windows along the components.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
        """
        windows = self._read(X)
        return np.concatenate([self._centred(windows, c) @ self.components_.T for c in windows.chunks()])

    def reconstruct(self, X: Rows) -> np.ndarray:
        """Return the reconstruction of the windows from the components, normalised if the detector normalises.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        reconstruction : ndarray of shape (n_samples, n_features)
        """
        return self.transform(X) @ self.components_ + self.mean_

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return the absolute reconstruction error of each value, to show which step and column stand out.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_features)
        """
        windows = self._read(X)
        errors = []
        for chunk in windows.chunks():
            centred = self._centred(windows, chunk)
            errors.append(np.abs(centred - centred @ self.components_.T @ self.components_))
        return self._frame(np.concatenate(errors), windows, X)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    @property
    def _reads_layout(self) -> bool:  # type: ignore[override]
        return bool(self.normalize)

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        if self.n_components > windows.shape[1]:
            raise ValueError(
                f"n_components={self.n_components} is more than the {windows.shape[1]} feature(s) of a window. Use "
                "fewer, or a number below 1 for a share of the variance."
            )
        self._least_spread = learn_least_spread(windows, self.normalize)
        self._fit_components(windows)
        for _ in range(_CHOICES if self.robust else 0):
            off = np.concatenate([self._of_chunk(windows, chunk, "both") for chunk in windows.chunks()])
            self._fit_components(windows[off <= np.quantile(off, _CORE)])

    def _fit_components(self, windows: Windows) -> None:
        n_windows, n_values = windows.shape
        origin = learn_origin(windows, self._least_spread)
        sums = ((shapes(windows, c, self._least_spread) - origin).sum(axis=0) for c in windows.chunks())
        self.mean_ = origin + sum(sums) / n_windows
        covariance = np.zeros((n_values, n_values))
        for chunk in windows.chunks():
            centred = self._centred(windows, chunk)
            covariance += centred.T @ centred / n_windows
        variance, directions = np.linalg.eigh(covariance)
        variance, directions = np.maximum(variance[::-1], 0), directions[:, ::-1]
        n_components = int(self.n_components)
        if self.n_components < 1:
            reached = np.cumsum(variance) >= self.n_components * variance.sum()
            n_components = 1 + int(np.argmax(reached))
        self.components_ = directions[:, :n_components].T.copy()
        self.explained_variance_ = variance[:n_components]
        least = _RIDGE * variance.mean() or 1.0  # if all rows are the same
        self._variance = np.maximum(self.explained_variance_, least)
        # The mean of both scores over the training windows.
        self._usual_residual = max(variance[n_components:].sum() / n_values, least)

    def _score(self, windows: Windows) -> np.ndarray:
        scores = [self._of_chunk(windows, chunk, self.score_by) for chunk in windows.chunks()]
        return np.concatenate(scores)

    def _of_chunk(self, windows: Windows, chunk: slice, score_by: str) -> np.ndarray:
        centred = self._centred(windows, chunk)
        codes = centred @ self.components_.T
        inside = (codes**2 / self._variance).mean(axis=1)
        if score_by == "inside":
            return inside
        residual = ((centred - codes @ self.components_) ** 2).mean(axis=1)
        return residual if score_by == "residual" else residual / self._usual_residual + inside

    def _centred(self, windows: Windows, chunk: slice) -> np.ndarray:
        return shapes(windows, chunk, self._least_spread) - self.mean_
