"""The z-score: the baseline that any detector must beat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from .._core import Estimator, Rows, StrOptions, Windows, is_spread, robust_moments
from ._base_detector import DEFAULT_RULE, DetectorTransformerMixin
from ._running_detector import RunningDetector

#: Larger numbers may overflow when their squares are summed over a window.
_SQUARES_OVERFLOW = 1e100


class ZScoreDetector(DetectorTransformerMixin, RunningDetector, Estimator):
    """Score a row by how many standard deviations it is from the mean, globally or within its window.

    Parameters
    ----------
    mode : {"global", "rolling"}, default="global"
        "global" compares each column with its mean over the normal training rows. "rolling" compares the last row of
        each window with the mean of that window, channel by channel; use it after `SlidingWindow`.
    robust : bool, default=False
        Whether to use the median and the scaled median absolute deviation, which anomalies hardly change. If more than
        half of the values are equal, that deviation is 0, and the scaled mean absolute deviation is used instead.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``, or 3 with ``mode="rolling"``. The usual value of 3, for three standard deviations,
        is for single values: the largest z of a hundred columns is often larger.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: a rule learns from them, the means do not. If
        that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or if fewer than 30 normal
        rows remain, the rule learns from the training rows.
    half_life : float, str or timedelta, default=None
        Number of later rows of its series after which a row counts half as much, so that the detector follows drift. A
        length of time, such as ``"1D"``, is converted by the time step of each series during fit. None weights all rows
        equally. It must be None with ``robust=True`` and with ``mode="rolling"``.
    n_channels : int, default=None
        Number of channels in a plain 2-D row for ``mode="rolling"``; None infers it from `Windows`, 3-D arrays or names
        such as ``x0_t-3``, and treats other rows as univariate.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows with a larger score are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is one.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the normal rows that were held out, in the order of X; only if there are any.
    center_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of each column, or their robust counterparts; only with ``mode="global"``.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    Notes
    -----
    The score of a row is its largest absolute z-score. A missing value (NaN) has a z-score of 0 and is left out of the
    means: a row without any value scores 0. To detect missing values themselves, use the columns that `SeriesImputer`
    appends.

    The last row of a window is part of its mean, so that the rolling z of a window of ``n`` rows is at most
    ``sqrt(n - 1)``, unless it is robust: with windows of 10 rows or fewer it never exceeds 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import ZScoreDetector
    >>> X = np.append(np.tile([0.0, 1.0], 50), 9.0).reshape(-1, 1)
    >>> ZScoreDetector().fit(X).predict(X)[-3:]
    array([0, 0, 1])
    """

    _parameter_constraints: dict = {
        **RunningDetector._parameter_constraints,
        "mode": [StrOptions({"global", "rolling"})],
        "robust": ["boolean"],
    }

    def __init__(
        self,
        mode: str = "global",
        *,
        robust: bool = False,
        threshold: Any = None,
        validation_fraction: float = 0.2,
        half_life: float | str | timedelta | None = None,
        n_channels: int | None = None,
    ) -> None:
        self.mode = mode
        self.robust = robust
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.half_life = half_life
        self.n_channels = n_channels

    def transform(self, X: Rows) -> np.ndarray:
        """Return the signed z-scores.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        z : ndarray of shape (n_samples, n_features), or (n_samples, n_channels) with ``mode="rolling"``
        """
        return self._z_scores(self._read(X))

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return the absolute z-scores, to show which column stands out.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_features), or (n_samples, n_channels) with ``mode="rolling"``
            Columns have the names of those of X.
        """
        windows = self._read(X)
        return self._frame(np.abs(self._z_scores(windows)), windows, X)

    _takes_missing = True
    _of_score = ("mode", "robust")

    @property
    def _squares_values(self) -> bool:  # type: ignore[override]
        return self.mode == "global"

    @property
    def _default_threshold(self) -> Any:
        # The z-score within a window is bounded: a rule might put the threshold beyond any score.
        return 3.0 if self.mode == "rolling" else DEFAULT_RULE

    @property
    def _reads_layout(self) -> bool:  # type: ignore[override]
        return self.mode == "rolling"

    @property
    def _n_features_out(self) -> int:
        return self.window_shape_[1] if self.mode == "rolling" else self.n_features_in_

    def _why_not(self) -> str:
        return "mode='rolling'" if self.mode == "rolling" else "robust=True" if self.robust else ""

    def _learn(self, windows: Windows, goes_on: bool) -> None:
        if self.mode == "rolling":
            self.__dict__.pop("center_", None)
            self.__dict__.pop("scale_", None)
        elif self.robust:
            moments = [_robust_moments(column) for column in np.asarray(windows, dtype=np.float64).T]
            self.center_, scale = (np.array(each) for each in zip(*moments, strict=True))
            self.scale_ = np.where(is_spread(scale, self.center_), scale, 1.0)
        else:
            self._add_moments(windows, goes_on)
            self.center_, self.scale_ = self._moments.mean_, self._moments.scale_
        if self.mode == "global" and (empty := np.isnan(self.center_)).any():
            raise ValueError(
                f"Columns {np.flatnonzero(empty).tolist()} of X are NaN in all {len(windows)} normal rows, so nothing "
                "is known about them. Drop them."
            )

    def _score(self, windows: Windows) -> np.ndarray:
        return np.concatenate([np.abs(self._z(windows, chunk)).max(axis=1) for chunk in windows.chunks()])

    def _z_scores(self, windows: Windows) -> np.ndarray:
        return np.concatenate([self._z(windows, chunk) for chunk in windows.chunks()])

    def _z(self, windows: Windows, chunk: slice) -> np.ndarray:
        if self.mode == "global":
            z = (windows.flat(chunk) - self.center_) / self.scale_
            return np.where(np.isnan(z), 0.0, z)
        values = windows.gather(chunk, np.float64)
        if self.robust:
            return self._careful_z(values)
        with np.errstate(over="ignore", invalid="ignore"):
            center, scale = _moments(values)
            z = _z_of_last(values, center, scale)
        odd = ~np.isfinite(scale)
        if odd.any():  # NaN, or values whose squares overflow
            windows_of_odd = odd.any(axis=1)
            z[windows_of_odd] = self._careful_z(values[windows_of_odd])
        return z

    def _careful_z(self, values: np.ndarray) -> np.ndarray:
        """Return the z-scores of windows that may have NaN, or values whose squares overflow."""
        missing = np.isnan(values)
        largest = np.fmax.reduce(np.abs(values), axis=1, keepdims=True)
        if (largest > _SQUARES_OVERFLOW).any():  # z-scores do not change if values are rescaled
            values = values / np.where(largest > _SQUARES_OVERFLOW, largest, 1.0)
        if missing.any():
            center, scale = _moments_of_some(values, missing, self.robust)
        elif self.robust:
            center, scale = robust_moments(values, axis=1)
        else:
            center, scale = _moments(values)
        return _z_of_last(values, center, scale)


def _z_of_last(values: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the z-scores of the last rows of windows; 0 for NaN and in a window without any spread."""
    off = values[:, -1] - center
    return np.divide(off, scale, out=np.zeros_like(off), where=is_spread(scale, center) & ~np.isnan(off))


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of each channel of windows; for one window, np.std takes twice as long."""
    length = values.shape[1]
    center = np.add.reduce(values, axis=1) / length
    off = values - center[:, None]
    return center, np.sqrt(np.add.reduce(off * off, axis=1) / length)


def _robust_moments(column: np.ndarray) -> tuple[float, float]:
    """Return the median and the robust spread of a column, ignoring NaN."""
    values = column[~np.isnan(column)]
    return robust_moments(values, axis=0) if len(values) else (np.nan, np.nan)  # type: ignore[return-value]


def _moments_of_some(values: np.ndarray, missing: np.ndarray, robust: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and spread of each channel of windows, ignoring NaN; NaN for a channel of only NaN."""
    n_windows, _, n_channels = values.shape
    if robust:
        moments = [_robust_moments(row) for row in values.transpose(0, 2, 1).reshape(-1, values.shape[1])]
        center, scale = np.array(moments).T.reshape(2, n_windows, n_channels)
        return center, scale
    counts = (~missing).sum(axis=1)
    counts = np.where(counts, counts, np.nan)
    center = np.where(missing, 0, values).sum(axis=1) / counts
    off = np.where(missing, 0, values - center[:, None])
    return center, np.sqrt((off * off).sum(axis=1) / counts)
