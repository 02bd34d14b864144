"""Detection by the distance to the nearest of a few typical windows."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from .._core import RANDOM_STATE, Estimator, Interval, Rows, Seed, StrOptions, Windows
from ._base_detector import DEFAULT_RULE
from ._window_detector import WindowDetector
from ._window_shapes import NORMALIZE, every_nth, learn_least_spread, learn_origin, shapes


class KMeansDetector(WindowDetector, Estimator):
    """Score a window by its distance to the nearest of a few typical windows, the centres of clusters.

    Parameters
    ----------
    n_clusters : int, default=20
        Number of clusters of the normal windows [1]_; fewer if there are fewer distinct windows.
    normalize : bool or "level", default=False
        Whether to compare only shapes: each channel of a window minus its mean, divided by its standard deviation,
        which counts as at least a tenth of the standard deviation of the channel at fit. If False, level and amplitude
        count as well. "level" only subtracts the mean, so that amplitude counts and level does not.
    max_windows : int, default=10000
        Largest number of windows to learn the clusters from: of ``n`` windows, every ``ceil(n / max_windows)``-th is
        used.
    score_on : {"window", "overlap"}, default="window"
        "window" gives a row the score of its window. "overlap" gives it the mean of the scores of all windows that
        contain it: this **looks ahead** by a window and is for analysing past data.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: a rule learns from them, the clusters do not.
        If that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or if fewer than 30
        normal rows remain, the rule learns from the training rows.
    n_channels : int, default=None
        Number of channels in a plain 2-D row; None infers it from `Windows`, 3-D arrays or names such as ``x0_t-3``,
        and treats other rows as univariate.
    random_state : int, RandomState instance or None, default=None
        Controls the initial centres.

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
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The typical windows, normalised if ``normalize`` is set.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    NearestWindowsDetector : Compares with all training windows.

    Notes
    -----
    The score is the root mean squared difference between the values of the window and of the centre, in the units of X.
    Scale the rows before `SlidingWindow`.

    References
    ----------
    .. [1] T. Yairi, Y. Kato, K. Hori, "Fault detection by mining association rules from house-keeping data",
       i-SAIRAS 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import KMeansDetector, SlidingWindow
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[500:520] *= 0.5  # a faint period
    >>> windows = SlidingWindow(30).fit_transform(wave)
    >>> detector = KMeansDetector(random_state=0).fit(windows[:400])
    >>> bool(500 <= detector.anomaly_score(windows).argmax() < 550)
    True
    """

    _parameter_constraints: dict = {
        **WindowDetector._parameter_constraints,
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "normalize": NORMALIZE,
        "max_windows": [Interval(Integral, 1, None, closed="left")],
        "score_on": [StrOptions({"window", "overlap"})],
        "random_state": RANDOM_STATE,
    }
    _default_threshold = DEFAULT_RULE
    _of_score = ("score_on",)

    def __init__(
        self,
        n_clusters: int = 20,
        *,
        normalize: bool | str = False,
        max_windows: int = 10_000,
        score_on: str = "window",
        threshold: Any = None,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
        random_state: Seed = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.normalize = normalize
        self.max_windows = max_windows
        self.score_on = score_on
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels
        self.random_state = random_state

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return the distance of each value from the nearest centre, to show which step and column stand out.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_features)
            Absolute differences, of normalised values if the detector normalises.
        """
        windows = self._read(X)
        return self._frame(
            np.concatenate([np.abs(self._off(windows, chunk)) for chunk in windows.chunks()]), windows, X
        )

    @property
    def _reads_layout(self) -> bool:  # type: ignore[override]
        return bool(self.normalize)

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        self._least_spread = learn_least_spread(windows, self.normalize)
        taken = shapes(windows, every_nth(len(windows), self.max_windows), self._least_spread)
        n_clusters = min(self.n_clusters, len(np.unique(taken, axis=0)))
        self._origin = learn_origin(windows, self._least_spread)
        clusters = KMeans(n_clusters, n_init=1, random_state=self.random_state)
        self._clusters = clusters.fit(taken - self._origin)
        self.cluster_centers_ = clusters.cluster_centers_ + self._origin

    def _score(self, windows: Windows) -> np.ndarray:
        scores = [np.sqrt((self._off(windows, chunk) ** 2).mean(axis=1)) for chunk in windows.chunks()]
        return np.concatenate(scores)

    def _off(self, windows: Windows, chunk: slice) -> np.ndarray:
        """Return the windows of a chunk, each minus its nearest centre."""
        values = shapes(windows, chunk, self._least_spread) - self._origin
        return values - self._clusters.cluster_centers_[self._clusters.predict(values)]
