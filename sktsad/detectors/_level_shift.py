"""Detection of changes of level or spread by comparing two neighbouring windows."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from .._core import Estimator, Interval, Rows, StrOptions, Windows
from ..thresholds import MedianMAD
from ._window_detector import WindowDetector
from ._window_shapes import learn_least_spread


class LevelShiftDetector(WindowDetector, Estimator):
    """Score a window by how far its last rows differ from the rows before them: two windows side by side.

    It detects changes of the level or spread of a series that other detectors adapt to, or that only lead to values
    that are usual in themselves. Neither part reaches beyond the scored row, so that a change scores highest half a
    window after it begins.

    Parameters
    ----------
    statistic : {"mean", "rank", "spread", "both"}, default="mean"
        How the two parts of each channel are compared; the channel that differs most counts.
        "both" is the likelihood ratio of two normal distributions against one, per row: of mean and spread together
        [1]_. "mean" is the difference of the means divided by the common standard deviation. "rank" is how
        consistently values of one window are above those of the other, from 0 to 1 (Mann and Whitney's U [2]_): single
        outliers hardly count. "spread" is the absolute logarithm of the ratio of the standard deviations.
    n_recent : int, default=None
        Number of rows at the end of the window that are compared with those before. None means half of the window.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(5)``.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that a rule learns from. With 0, or fewer than 30 normal rows
        among these, the rule learns from the training rows.
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
    least_spread_ : ndarray of shape (n_channels,)
        A tenth of the standard deviation of each channel at fit. It is added to the standard deviation in each window,
        so that noise in a nearly constant series is not taken for a shift.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    ZScoreDetector : ``mode="rolling"`` compares the last row alone with its window.

    Notes
    -----
    In a seasonal series, compare whole periods: ``SlidingWindow("2*auto")`` makes windows of two periods, one for
    each part. The first windows of a series, which are padded with constant rows, score high. Fit only learns the usual
    spread and the threshold.

    References
    ----------
    .. [1] M. Basseville, I. V. Nikiforov, "Detection of abrupt changes: theory and application", 1993.
    .. [2] H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically larger than
       the other", Annals of Mathematical Statistics 18(1), 1947.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import LevelShiftDetector, SlidingWindow
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[500:] += 0.7  # for good
    >>> windows = SlidingWindow(62).fit_transform(wave)
    >>> detector = LevelShiftDetector().fit(windows[:400])
    >>> 400 + int(detector.anomaly_score(windows[400:]).argmax())
    530
    """

    _parameter_constraints: dict = {
        **WindowDetector._parameter_constraints,
        "statistic": [StrOptions({"mean", "rank", "spread", "both"})],
        "n_recent": [Interval(Integral, 1, None, closed="left"), None],
    }
    _default_threshold = MedianMAD(5)
    _reads_layout = True

    def __init__(
        self,
        statistic: str = "mean",
        *,
        n_recent: int | None = None,
        threshold: Any = None,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
    ) -> None:
        self.statistic = statistic
        self.n_recent = n_recent
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return how much the two windows differ in each channel, to show which column has changed.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_channels)
            Columns are named like the values of the last row of the window.
        """
        windows = self._read(X)
        return self._frame(self._by_channel(windows), windows, X)

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        if self.n_recent is not None and self.n_recent >= windows.length:
            raise ValueError(
                f"n_recent={self.n_recent} leaves nothing to compare with: X with {windows.shape[1]} feature(s) "
                f"contains windows of {windows.length} row(s). Use longer windows, or fewer recent rows."
            )
        self.least_spread_: Any = learn_least_spread(windows, True)
        self._n_recent = self.n_recent or windows.length // 2

    def _score(self, windows: Windows) -> np.ndarray:
        return self._by_channel(windows).max(axis=1)

    def _by_channel(self, windows: Windows) -> np.ndarray:
        if windows.length == 1:  # nothing to compare
            return np.zeros((len(windows), windows.n_channels))
        compare = self._rank_difference if self.statistic == "rank" else self._normal_difference
        return np.concatenate([compare(windows.gather(chunk, np.float64)) for chunk in windows.chunks()])

    def _rank_difference(self, values: np.ndarray) -> np.ndarray:
        n_after = self._n_recent
        n_before = values.shape[1] - n_after
        sums = rankdata(values, axis=1)[:, n_before:].sum(axis=1)
        larger = (sums - n_after * (n_after + 1) / 2) / (n_before * n_after)
        return np.abs(2 * larger - 1)

    def _normal_difference(self, values: np.ndarray) -> np.ndarray:
        before, after = values[:, : -self._n_recent], values[:, -self._n_recent :]
        least = self.least_spread_**2
        gap = after.mean(axis=1) - before.mean(axis=1)
        variances = before.var(axis=1) + least, after.var(axis=1) + least
        if self.statistic == "mean":
            return np.abs(gap) / np.sqrt((variances[0] + variances[1]) / 2)
        logs = np.log(variances[0]), np.log(variances[1])
        if self.statistic == "spread":
            return np.abs(logs[1] - logs[0]) / 2
        share = self._n_recent / values.shape[1]
        together = (1 - share) * variances[0] + share * variances[1] + share * (1 - share) * gap**2
        return (np.log(together) - (1 - share) * logs[0] - share * logs[1]) / 2
