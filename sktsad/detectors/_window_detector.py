"""Base of detectors of windows."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import Tags

from .._core import Interval, Labels, Rows, Windows, check_windows, level_of_user, row_index, window_names
from ._base_detector import BaseDetector

#: Sums of squares of numbers within these limits are finite, and larger than 0.
_SMALLEST, _LARGEST = 1e-150, 1e150


class WindowDetector(BaseDetector):
    """Turn a class that scores windows into a binary classifier of anomalies.

    Put this mixin before ``sklearn.base.BaseEstimator`` among the bases. Plain rows count as windows of one row; a
    layout other than that of the training windows raises an error.

    A subclass has the parameters ``threshold``, ``validation_fraction`` and ``n_channels``, the class attribute
    ``_default_threshold``, which is the threshold rule or number used for ``threshold=None``, and these methods:

    - ``_fit_model(self, windows, held_out)`` fits the model to `Windows` of normal rows; ``held_out`` are other
      windows that it may monitor but not learn from, or None.
    - ``_score(self, windows)`` returns the score of each window, larger is more anomalous. NaN and infinite scores are
      alarms.

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
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    """

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
    }

    #: Whether the score distinguishes steps and channels, which a plain array does not.
    _reads_layout = False
    #: Whether values may be NaN.
    _takes_missing = False
    #: Whether it cannot learn from values whose squares are not finite.
    _squares_values = True
    n_channels: int | None
    window_shape_: tuple[int, int]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_missing
        return tags

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        """Fit to windows of normal rows; ``held_out`` are other windows to monitor, or None."""
        raise NotImplementedError

    def _read(self, X: Rows, reset: bool = False) -> Any:
        if not reset:
            self._check_fitted()
        return check_windows(
            self, X, n_channels=self.n_channels, reset=reset, takes_missing=self._takes_missing
        )

    def _fit_rows(self, rows: Rows, y: Labels, anomalous: np.ndarray, held_out: np.ndarray) -> None:
        watched = rows[held_out & ~anomalous] if held_out.any() else None
        normal = rows[~held_out & ~anomalous]
        _check_size(normal, self._squares_values)
        self._fit_model(normal, watched)

    def _scores_of(self, rows: Rows, chosen: np.ndarray) -> np.ndarray:
        return self._score_rows(rows[chosen])

    def _scores_among(self, X: Rows) -> np.ndarray:
        """Return the scores of windows among themselves: those of a copy fitted to them, without labels."""
        detector = clone(self).set_params(threshold=0.0).fit(X)
        windows = detector._read(X)
        return detector._scores_of(windows, np.arange(len(windows)))

    def _score_rows(self, rows: Rows) -> np.ndarray:
        scores = self._score(rows)
        is_huge = rows.hold_huge()
        if is_huge.any():  # a model that clips, takes medians or ignores NaN would score these rows as normal
            scores = np.where(is_huge, np.inf, scores)
        return self._of_rows(rows, scores)

    @property
    def looks_ahead(self) -> bool:
        """Whether the score of a row depends on later rows."""
        return getattr(self, "score_on", None) == "overlap"

    def _of_rows(self, windows: Windows, scores: np.ndarray) -> np.ndarray:
        """Return the scores of rows: with ``score_on="overlap"``, means over all windows that contain a row."""
        return windows.overlap_means(scores) if self.looks_ahead else scores

    def _frame(self, values: np.ndarray, windows: Windows, X: Rows) -> pd.DataFrame:
        """Return values of windows, or of their last rows, as a frame with column names and the index of X."""
        if hasattr(self, "feature_names_in_"):
            names = list(self.feature_names_in_)
        elif windows.channel_names:
            names = list(window_names(windows.channel_names, windows.length))
        else:
            names = [f"x{column}" for column in range(windows.shape[1])]
        return pd.DataFrame(values, row_index(X), names[-values.shape[1] :])


def _check_size(windows: Windows, squares_values: bool) -> None:
    """Refuse windows whose variances would overflow; warn about channels whose variances would vanish."""
    n_huge = int(windows.hold_huge(_LARGEST).sum())
    if n_huge and squares_values:
        raise ValueError(
            f"{n_huge} of the {len(windows)} normal windows contain values beyond {_LARGEST:.0e}, which are too large: "
            "their squares are not finite. Replace such values, which may be codes of a sensor, by NaN and fill them "
            "with SeriesImputer, or label these rows as anomalies; if all values are as large, divide X by a constant."
        )
    largest = np.abs(windows.buffer).max(axis=0)
    is_tiny = (largest > 0) & (largest < _SMALLEST)
    if is_tiny.any():
        warnings.warn(
            f"{int(is_tiny.sum())} of the {windows.n_channels} channel(s) of X contain only values below "
            f"{_SMALLEST:.0e}, whose squares are 0, so that nothing can be learnt from them. Scale X first, with "
            "SeriesScaler, or multiply it by a constant.",
            UserWarning,
            stacklevel=level_of_user(),
        )
