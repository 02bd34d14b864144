"""Detection by the distance to the most similar training windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics.pairwise import euclidean_distances

from .._core import Estimator, Interval, Rows, StrOptions, Windows, is_spread
from ._base_detector import DEFAULT_RULE
from ._window_detector import WindowDetector
from ._window_shapes import NORMALIZE, every_nth, learn_least_spread, learn_origin, shapes

#: Number of window values compared at once, and the smallest and largest number of such windows.
_BLOCK, _FEWEST, _MOST = 2**15, 64, 1024
#: Smallest number of windows of each channel to compare with, and number of comparisons that show what is usual for it.
_KEPT_OF_CHANNEL, _N_COMPARISONS = 500, 1_500_000


class NearestWindowsDetector(WindowDetector, Estimator):
    """Score a window by its distance to the most similar windows of the normal rows.

    A window unlike all of these is far from the nearest. This is the discord of the matrix profile [1]_, but windows
    are compared with the training windows instead of the same series, so that two similar anomalies cannot hide each
    other.

    Parameters
    ----------
    n_neighbors : int, default=1
        The score is the distance to the nearest window with 1, to the second nearest with 2, and so on. Use more than 1
        if the normal rows contain unlabelled anomalies.
    normalize : bool or "level", default=False
        Whether to compare only shapes: each channel of a window minus its mean, divided by its standard deviation,
        which counts as at least a tenth of the standard deviation of the channel at fit. If False, level and amplitude
        count as well. "level" only subtracts the mean, so that amplitude counts and level does not.
    n_best : int, default=None
        If a number, each channel is compared separately, with its own nearest windows, and the score is the mean over
        the ``n_best`` channels that stand out most. The distances of each channel are shifted and scaled so that, on
        the training rows, their median is 0 and their maximum is 1; a single channel keeps its distances. Use this if
        an event shows in only a few of many channels. None compares all channels of a window together.
    max_windows : int, default=10000
        Largest number of training windows to compare with: of ``n`` windows, every ``ceil(n / max_windows)``-th is
        kept. With ``n_best``, the windows of all channels count, and at least 500 of each are kept.
    score_on : {"window", "overlap"}, default="window"
        "window" gives a row the score of its window. "overlap" gives it the mean of the scores of all windows that
        contain it: this **looks ahead** by a window and is for analysing past data.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: a rule learns from them, and no window is
        compared with them. If that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or
        if fewer than 30 normal rows remain, the rule learns from the training rows, whose windows are then compared
        only with windows that share at most half of their rows.
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
    known_ : ndarray of shape (n_windows, n_features)
        The windows that others are compared with, normalised if ``normalize`` is set.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    KMeansDetector : Compares with a few typical windows instead: faster, and less exact.
    GaussianDetector : Models how the values of a window vary together.

    Notes
    -----
    The score is the root mean squared difference between the values of two windows, in the units of X (with ``n_best``
    and several channels, as given there), so that it is comparable between lengths. Scale the rows before
    `SlidingWindow`. The search is exact, by matrix products in bounded memory: each window takes ``max_windows`` times
    as many multiplications as it has values.

    References
    ----------
    .. [1] C.-C. M. Yeh et al., "Matrix profile I: all pairs similarity joins for time series", ICDM 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import NearestWindowsDetector, SlidingWindow
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[500:520] *= 0.5  # a faint period
    >>> windows = SlidingWindow(30).fit_transform(wave)
    >>> detector = NearestWindowsDetector().fit(windows[:400])
    >>> bool(500 <= detector.anomaly_score(windows).argmax() < 530)
    True
    """

    _parameter_constraints: dict = {
        **WindowDetector._parameter_constraints,
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "normalize": NORMALIZE,
        "n_best": [Interval(Integral, 1, None, closed="left"), None],
        "max_windows": [Interval(Integral, 1, None, closed="left")],
        "score_on": [StrOptions({"window", "overlap"})],
    }
    _default_threshold = DEFAULT_RULE
    _of_score = ("n_neighbors", "n_best", "score_on")

    def __init__(
        self,
        n_neighbors: int = 1,
        *,
        normalize: bool | str = False,
        n_best: int | None = None,
        max_windows: int = 10_000,
        score_on: str = "window",
        threshold: Any = None,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.normalize = normalize
        self.n_best = n_best
        self.max_windows = max_windows
        self.score_on = score_on
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return the distance of each value from the nearest window, to show which step and column stand out.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_features)
            Absolute differences from the window whose distance is the score, of normalised values if the detector
            normalises.
        """
        windows = self._read(X)
        parts = []
        for chunk in _blocks(windows, len(self._half_squares)):
            values = self._centred(windows, chunk)
            nearest = np.empty_like(values)
            for columns in self._columns():
                _, found = self._search(values, columns)
                nearest[:, columns] = self._known_values[columns.start or 0][found]
            parts.append(np.abs(values - nearest))
        return self._frame(np.concatenate(parts), windows, X)

    def matrix_profile(self, X: Rows) -> np.ndarray:
        """Return the distance of each window to the most similar other window of X; no fit is needed.

        The profile is highest at the discords [1]_, windows unlike all others. A window is compared only with windows
        that share at most half of its rows. These may come after it: the profile **looks ahead**.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Windows of one or more series. The detector need not be fitted, and is not changed.

        Returns
        -------
        profile : ndarray of shape (n_samples,)

        References
        ----------
        .. [1] C.-C. M. Yeh et al., "Matrix profile I: all pairs similarity joins for time series", ICDM 2016.
        """
        return self._scores_among(X)

    @property
    def _reads_layout(self) -> bool:  # type: ignore[override]
        return bool(self.normalize)

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        self._least_spread = learn_least_spread(windows, self.normalize)
        n_kept = self.max_windows
        if self.n_best is not None:
            n_kept = max(n_kept // windows.n_channels, min(n_kept, _KEPT_OF_CHANNEL))
        kept = every_nth(len(windows), n_kept)
        self.known_ = shapes(windows, kept, self._least_spread)
        self._known_starts = windows.starts[kept]
        # For each group of columns that are compared together.
        self._origin = learn_origin(windows, self._least_spread)
        known_values = self.known_ - self._origin
        self._known_values = [np.ascontiguousarray(known_values[:, columns]) for columns in self._columns()]
        self._half_squares = [np.einsum("ij,ij->i", known, known) / 2 for known in self._known_values]
        self._center, self._spread = np.zeros((1, 1)), np.ones((1, 1))
        if len(self._half_squares) > 1:
            usual = windows[every_nth(len(windows), max(1, _N_COMPARISONS // len(self.known_)))]
            distances = np.concatenate(list(self._by_columns(usual, self._search_apart)), axis=1)
            self._center = np.median(distances, axis=1, keepdims=True)
            self._spread = distances.max(axis=1, keepdims=True) - self._center
            self._spread[~is_spread(self._spread, self._center)] = 1  # a channel that always repeats itself

    def _scores_of(self, rows: Windows, chosen: np.ndarray) -> np.ndarray:
        """Score training rows, without comparing them with windows that overlap them."""
        windows = rows[chosen]
        return self._of_rows(windows, self._distances(windows, self._search_apart))

    def _score(self, windows: Windows) -> np.ndarray:
        return self._distances(windows, self._search)

    def _distances(self, windows: Windows, search: Callable[..., Any]) -> np.ndarray:
        n_best = min(self.n_best or 1, windows.n_channels)
        scores = []
        for distances in self._by_columns(windows, search):
            distances = (distances - self._center) / self._spread
            scores.append(np.sort(distances, axis=0)[-n_best:].mean(axis=0))
        return np.concatenate(scores)

    def _by_columns(self, windows: Windows, search: Callable[..., Any]) -> Iterator[np.ndarray]:
        """Yield distances block by block, a row for each group of columns that is compared at once."""
        for chunk in _blocks(windows, len(self._half_squares)):
            values, starts = self._centred(windows, chunk), windows.starts[chunk]
            yield np.sqrt(np.stack([search(values, columns, starts)[0] for columns in self._columns()]))

    def _centred(self, windows: Windows, chunk: slice) -> np.ndarray:
        return shapes(windows, chunk, self._least_spread) - self._origin

    def _columns(self) -> list[slice]:
        """Return which values are compared together: all, or those of each channel."""
        n_channels = self.window_shape_[1]
        return (
            [slice(None)] if self.n_best is None else [slice(c, None, n_channels) for c in range(n_channels)]
        )

    def _search(
        self, values: np.ndarray, columns: slice, starts: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean squared difference to the n-th nearest known window, and the number of that window."""
        number = columns.start or 0
        values, known = np.ascontiguousarray(values[:, columns]), self._known_values[number]
        n_th = min(self.n_neighbors, len(known))
        half = self._half_squares[number]
        # Half of the squared distance, apart from a term that is the same for all known windows.
        near = values @ known.T
        np.subtract(half, near, out=near)
        nearest = near.argmin(axis=1)[:, None] if n_th == 1 else np.argpartition(near, n_th - 1)[:, :n_th]
        # Recomputed from differences: the products above are inexact for similar windows.
        squares = ((known[nearest] - values[:, None]) ** 2).mean(axis=2)
        last = squares.argmax(axis=1)[:, None]
        return np.take_along_axis(squares, last, 1)[:, 0], np.take_along_axis(nearest, last, 1)[:, 0]

    def _search_apart(
        self, values: np.ndarray, columns: slice, starts: np.ndarray
    ) -> tuple[np.ndarray, None]:
        """Do the same for training windows, without known windows that share more than half of their rows with them."""
        known = self._known_values[columns.start or 0]
        squares = euclidean_distances(values[:, columns], known, squared=True)
        least = -(-self.window_shape_[0] // 2)
        near = np.abs(starts[:, None] - self._known_starts) < least
        n_th = min(self.n_neighbors, len(self.known_)) - 1
        apart = np.partition(np.where(near, np.inf, squares), n_th, axis=1)[:, n_th]
        alone = np.isinf(apart)  # if none remains, use all known windows
        apart[alone] = np.partition(squares[alone], n_th, axis=1)[:, n_th]
        return apart / values[:, columns].shape[1], None


def _blocks(windows: Windows, n_groups: int) -> list[slice]:
    """Cut the windows into slices that are compared at once, each group of columns by itself."""
    n_values = windows.shape[1]
    return windows.chunks(n_values * min(max(_BLOCK // (n_values // n_groups), _FEWEST), _MOST))
