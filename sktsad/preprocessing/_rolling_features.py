"""What each row looks like beside the rows before it, as columns."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from .._atomic import atomic_fit
from .._robust import robust_moments
from .._series import (
    SeriesRows,
    check_panel,
    check_target_index,
    has_dates,
    is_gap,
    is_panel,
    read_series,
    row_index,
)
from .._validation import validate_rows
from ._period import day_in_rows, find_period, spans_days
from ._rolling import look_back, median_and_deviation, past_ewm, past_moments, slope


@dataclass(frozen=True)
class _Past:
    """What fit keeps of a series: its step and spread, and its last rows with their times."""

    step: float
    spread: np.ndarray
    times: np.ndarray
    values: np.ndarray


class RollingFeatures(TransformerMixin, BaseEstimator):
    """Describe every row by how it differs from the rows before it: recent ones, and those a day or a week ago.

    Most of what tells an anomaly is here: on KPIs these columns gain more than a better network. They feed recurrent
    networks as channels, behind a `SlidingWindow`, and any classifier of scikit-learn as columns. Row ``t`` is
    compared with earlier rows of its own series only; no row is lost or added.

    Parameters
    ----------
    z_windows : sequence of int, default=(15, 60)
        For each, the z-score of the row among so many rows before it.
    std_windows : sequence of int, default=(15, 60)
        For each, the standard deviation of so many rows before.
    slope_windows : sequence of int, default=(15,)
        For each, at least 2, the slope, a row, of the line through the last so many rows.
    ewm_spans : sequence of int, default=(15, 60)
        For each, the difference to the exponentially weighted mean of the rows before, with weights
        that fall by ``1 - 2 / (span + 1)`` a row.
    n_periods : int, default=7
        Number of periods back whose rows at the same time are compared with: the difference to their median,
        and the same divided by their scaled median absolute deviation. 0 leaves these two out.
    period_lags : sequence of int, default=(1, 7)
        For each, the difference to the row so many periods ago: with days, yesterday and a week ago.
    period : int, "auto" or None, default="auto"
        Number of rows until a series repeats itself. "auto" is a day where the index has dates and at least two
        days of them, in rows of that series' own time step; otherwise it is read from the autocorrelation of the
        longest series. None, or no period found, leaves out what needs one.
    min_spread : float, default=0.05
        A row's z-scores divide by no less than this share of the spread that the series had in fit.
    keep_values : bool, default=True
        Whether the columns themselves come first.
    fill : float, default=0.0
        What stands for a feature whose past is missing: at the start of a series, behind a gap, before the first
        period is over. 0 says "as usual"; NaN says it to those that take it.
    max_gap : float, default=3
        Longest step in time, in units of the series' most frequent step, that windows may bridge. What looks back
        whole periods goes by time, across gaps.
    history : {"index", "none"}, default="index"
        With "index", fit keeps of each series the last rows that any feature looks at, so that later rows, by their
        index, get their true past.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex where there is one; "index" insists on it.

    Attributes
    ----------
    periods_ : dict
        Rows of a period by the name of the series; ``{None: rows}`` without a MultiIndex. None where there is none.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    SlidingWindow : The rows before each row, as they are.

    Notes
    -----
    Of a feature over a window, at least half the rows must be there, without a gap. Features of a series that fit
    did not see have that series' own time step and a spread in the middle of those of fit. Scale each series
    before (`SeriesScaler`), so that differences mean the same in all of them. z-scores have heavy tails: squash them
    before a network, e.g. by ``FunctionTransformer(numpy.arcsinh, feature_names_out="one-to-one")``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad import RollingFeatures
    >>> time = pd.date_range("2026-01-01", periods=96, freq="h")
    >>> X = pd.DataFrame({"load": [float(stamp.hour) for stamp in time]}, index=time)
    >>> X.iloc[80] += 9
    >>> features = RollingFeatures(z_windows=[24], std_windows=[], slope_windows=[], ewm_spans=[], period_lags=[1])
    >>> features.fit_transform(X).iloc[79:82].round(1)
                         load  load_z24  load_same7  load_same7_z  load_lag1
    2026-01-04 07:00:00   7.0      -0.7         0.0           0.0        0.0
    2026-01-04 08:00:00  17.0       0.8         9.0          20.2        9.0
    2026-01-04 09:00:00   9.0      -0.4         0.0           0.0        0.0
    """

    _parameter_constraints: dict = {
        "z_windows": ["array-like"],
        "std_windows": ["array-like"],
        "slope_windows": ["array-like"],
        "ewm_spans": ["array-like"],
        "n_periods": [Interval(Integral, 0, None, closed="left")],
        "period_lags": ["array-like"],
        "period": [Interval(Integral, 2, None, closed="left"), StrOptions({"auto"}), None],
        "min_spread": [Interval(Real, 0, None, closed="neither")],
        "keep_values": ["boolean"],
        "fill": [Real],
        "max_gap": [Interval(Real, 1, None, closed="left")],
        "history": [StrOptions({"index", "none"})],
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(
        self,
        z_windows: Sequence[int] = (15, 60),
        *,
        std_windows: Sequence[int] = (15, 60),
        slope_windows: Sequence[int] = (15,),
        ewm_spans: Sequence[int] = (15, 60),
        n_periods: int = 7,
        period_lags: Sequence[int] = (1, 7),
        period: int | str | None = "auto",
        min_spread: float = 0.05,
        keep_values: bool = True,
        fill: float = 0.0,
        max_gap: float = 3,
        history: str = "index",
        series: str = "auto",
    ) -> None:
        self.z_windows = z_windows
        self.std_windows = std_windows
        self.slope_windows = slope_windows
        self.ewm_spans = ewm_spans
        self.n_periods = n_periods
        self.period_lags = period_lags
        self.period = period
        self.min_spread = min_spread
        self.keep_values = keep_values
        self.fill = fill
        self.max_gap = max_gap
        self.history = history
        self.series = series

    @atomic_fit
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the period and the spread of each series, and keep its last rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row a time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Read for its index only, to notice that X has lost it.

        Returns
        -------
        self : RollingFeatures

        Raises
        ------
        ValueError
            If a window is no whole number or too small, no feature is left, values are missing or infinite, time is
            out of order or duplicated, or X has lost a panel's index that y still has.

        Warns
        -----
        UserWarning
            If X is an array and the index of y shows gaps.
        """
        self._check_windows()
        rows = read_series(X, self.series)
        lost = check_target_index(X, y, self.max_gap)
        values = validate_rows(self, X, reset=True)
        if lost:
            warnings.warn(lost, UserWarning, stacklevel=3)
        self._is_panel = is_panel(X)
        self._has_days = has_dates(X) and spans_days(rows, 2)
        self._period_found = self._find_period(values, rows)
        self._past: dict[Hashable, _Past] = {}
        for (key, part), step in zip(rows.parts(), rows.steps(), strict=True):
            self._past[key] = self._keep(values[rows.order[part]], rows, part, step)
        self.periods_ = {key: self._period(past.step) for key, past in self._past.items()}
        self._pooled_spread = np.median([past.spread for past in self._past.values()], axis=0)
        if not self._names_of("x"):
            raise ValueError("All features are left out. Name a window, or keep_values=True.")
        return self

    def transform(self, X: Any) -> Any:
        """Return the features of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        X_features : ndarray or DataFrame, as X, of shape (n_samples, n_features_out)

        Raises
        ------
        ValueError
            If columns differ from those of fit, values are missing or infinite, time is out of order or duplicated,
            or one of fit and transform has a panel's index and the other has not.
        """
        check_is_fitted(self)
        check_panel(X, self._is_panel)
        rows = read_series(X, self.series)
        values = validate_rows(self, X, reset=False)
        out = np.empty((len(values), len(self.get_feature_names_out())), values.dtype)
        steps = rows.steps({key: past.step for key, past in self._past.items()})
        for (key, part), step in zip(rows.parts(), steps, strict=True):
            at = rows.order[part]
            times = None if rows.times is None else rows.times[part]
            out[at] = self._of_series(values[at], times, step, self._past.get(key))
        index = row_index(X)
        return out if index is None else pd.DataFrame(out, index, self.get_feature_names_out())

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the features, such as ``load_z15`` of the column load.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; those of fit if None.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        columns = _check_feature_names_in(self, input_features)
        return np.array([name for column in columns for name in self._names_of(column)], dtype=object)

    def _check_windows(self) -> None:
        least = {"z_windows": 2, "std_windows": 2, "slope_windows": 2, "ewm_spans": 1, "period_lags": 1}
        for name, smallest in least.items():
            for size in getattr(self, name):
                if not isinstance(size, Integral) or size < smallest:
                    raise ValueError(f"{name} must hold whole numbers from {smallest} on, got {size!r}.")

    def _find_period(self, values: np.ndarray, rows: SeriesRows) -> int | None:
        if self.period != "auto" or self._has_days:
            return None
        longest = max((part for _, part in rows.parts()), key=lambda part: part.stop - part.start)
        return find_period(values[rows.order[longest]])

    def _period(self, step: float) -> int | None:
        """Return the rows of a period of a series with this time step."""
        if self.period != "auto":
            return self.period  # type: ignore[return-value]
        return day_in_rows(step) if self._has_days else self._period_found

    @property
    def _is_periodic(self) -> bool:
        return self.period is not None and (
            self.period != "auto" or self._has_days or self._period_found is not None
        )

    def _keep(self, values: np.ndarray, rows: SeriesRows, part: slice, step: float) -> _Past:
        spread = robust_moments(values, axis=0)[1]
        spread = np.where(spread > 0, spread, 1.0)
        if rows.times is None or self.history == "none" or np.isnan(step):
            return _Past(step, spread, np.empty(0), values[:0])
        n_rows = max([2, *self.z_windows, *self.std_windows, *self.slope_windows, *self.ewm_spans])
        n_rows *= 3  # exponential weights reach further than their span
        if self._is_periodic:
            n_rows = max(n_rows, (self._period(step) or 0) * max([self.n_periods, *self.period_lags]))
        times = rows.times[part]
        # By time, not by number of rows: looking back whole periods crosses gaps.
        first = min(len(times) - n_rows, np.searchsorted(times, times[-1] - (n_rows + 1) * step))
        first = max(first, 0)
        return _Past(step, spread, times[first:], values[first:].copy())

    def _names_of(self, column: str) -> list[str]:
        names = [column] if self.keep_values else []
        names += [f"{column}_z{window}" for window in self.z_windows]
        names += [f"{column}_std{window}" for window in self.std_windows]
        names += [f"{column}_slope{window}" for window in self.slope_windows]
        names += [f"{column}_ewm{span}" for span in self.ewm_spans]
        if self._is_periodic:
            if self.n_periods:
                names += [f"{column}_same{self.n_periods}", f"{column}_same{self.n_periods}_z"]
            names += [f"{column}_lag{lag}" for lag in self.period_lags]
        return names

    def _of_series(
        self, values: np.ndarray, times: np.ndarray | None, step: float, past: _Past | None
    ) -> np.ndarray:
        """Return the features of the rows of a series, looking back at what fit kept of it."""
        spread = self._pooled_spread if past is None else past.spread
        n_past = 0
        if past is not None and times is not None and len(past.times) and past.times[-1] < times[0]:
            n_past = len(past.times)
            values, times = np.concatenate([past.values, values]), np.concatenate([past.times, times])
        cuts = [] if times is None else np.flatnonzero(is_gap(np.diff(times), self.max_gap, step)) + 1
        segments = [slice(*ends) for ends in pairwise([0, *cuts, len(values)])]
        lagged = self._lagged_rows(len(values), times, step)
        columns = [
            feature[n_past:]
            for column, least in zip(values.T.astype(np.float64), self.min_spread * spread, strict=True)
            for feature in self._of_column(column, segments, lagged, least)
        ]
        out = np.column_stack(columns)
        out[np.isnan(out)] = self.fill
        return out

    def _lagged_rows(self, n_rows: int, times: np.ndarray | None, step: float) -> dict[int, np.ndarray]:
        """Return for each lag, in periods, where the row so long ago is; -1 where there is none."""
        lags = {*range(1, self.n_periods + 1), *self.period_lags}
        period = self._period(step) if self._is_periodic else None
        if period is None:
            return {lag: np.full(n_rows, -1) for lag in lags} if self._is_periodic else {}
        if times is None or np.isnan(step):
            times, step = np.arange(n_rows), 1
        return {lag: look_back(times, lag * period * step, step / 2) for lag in lags}

    def _of_column(
        self, x: np.ndarray, segments: list[slice], lagged: dict[int, np.ndarray], least: float
    ) -> Iterator[np.ndarray]:
        """Yield the features of one column in the order of their names."""
        if self.keep_values:
            yield x
        means, stds = {}, {}
        for window in {*self.z_windows, *self.std_windows}:
            means[window], stds[window] = np.empty_like(x), np.empty_like(x)
            for rows in segments:
                means[window][rows], stds[window][rows] = past_moments(x[rows], window)
        for window in self.z_windows:
            yield (x - means[window]) / np.maximum(stds[window], least)
        for window in self.std_windows:
            yield stds[window]
        for window in self.slope_windows:
            yield np.concatenate([slope(x[rows], window) for rows in segments])
        for span in self.ewm_spans:
            yield x - np.concatenate([past_ewm(x[rows], span) for rows in segments])
        if not lagged:
            return
        before = {lag: np.where(rows >= 0, x[rows], np.nan) for lag, rows in lagged.items()}
        if self.n_periods:
            same = np.column_stack([before[lag] for lag in range(1, self.n_periods + 1)])
            median, deviation = median_and_deviation(same)
            yield x - median
            yield (x - median) / np.maximum(deviation, least)
        for lag in self.period_lags:
            yield x - before[lag]
