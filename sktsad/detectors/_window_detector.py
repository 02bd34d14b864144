"""Detectors that take windows, or checked rows."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from .._core import Windows, check_windows, row_index, window_names
from ._base_detector import BaseDetector


class WindowDetector(BaseDetector):
    """Make a binary classifier of anomalies out of a class that scores windows.

    This mixin stands left of ``sklearn.base.BaseEstimator`` among the bases. Rows that come without a window are
    windows of one row; a layout that differs from that of fit is refused.

    A subclass has the parameters ``threshold``, ``validation_fraction`` and ``n_channels``, and these methods:

    - ``_default_threshold(self)`` returns the threshold rule, or the number, that ``threshold=None`` stands for.
    - ``_fit_model(self, windows, held_out)`` fits the model to `Windows` of normal rows; ``held_out`` are others that
      it may watch but not learn from, or None.
    - ``_score(self, windows)`` returns the score of each window, larger is worse. NaN and infinite are alarms.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows that score above it are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is not a number.
    window_shape_ : tuple of (int, int)
        Length and channels of the windows of fit.
    """

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
    }

    n_channels: int | None
    window_shape_: tuple[int, int]

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        """Fit to windows of normal rows; ``held_out`` are others to watch, if there are enough."""
        raise NotImplementedError

    def _read(self, X: Any, reset: bool = False) -> Any:
        if not reset:
            check_is_fitted(self)
        return check_windows(self, X, n_channels=self.n_channels, reset=reset)

    def _fit_rows(self, rows: Any, y: Any, anomalous: np.ndarray, held_out: np.ndarray) -> None:
        watched = rows[held_out & ~anomalous] if held_out.any() else None
        self._fit_model(rows[~held_out & ~anomalous], watched)

    def _scores_of(self, rows: Any, chosen: np.ndarray) -> np.ndarray:
        return self._score(rows[chosen])

    def _frame(self, values: np.ndarray, windows: Windows, X: Any) -> pd.DataFrame:
        """Name values of windows, all or those of the last rows, and give them the index of X."""
        if hasattr(self, "feature_names_in_"):
            names = list(self.feature_names_in_)
        elif windows.channel_names:
            names = list(window_names(windows.channel_names, windows.length))
        else:
            names = [f"x{column}" for column in range(windows.shape[1])]
        return pd.DataFrame(values, row_index(X), names[-values.shape[1] :])
