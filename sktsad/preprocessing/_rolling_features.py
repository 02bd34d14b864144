"""Columns that compare each row with the rows before it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from numbers import Integral, Real
from typing import Any, Self, overload

import numpy as np
import pandas as pd
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._core import (
    LENGTH_OF_TIME,
    MAX_GAP,
    Estimator,
    Interval,
    Labels,
    LiveStep,
    Past,
    Rows,
    RowTransformer,
    SeriesRows,
    StrOptions,
    as_slice,
    atomic_fit,
    check_feature_names_in,
    check_max_gap,
    check_target_index,
    equal_parts,
    level_of_user,
    read_series,
    refuse_polars_output,
    robust_moments,
    row_index,
    search_parts,
    steps_of_gap,
    validate_rows,
    warn_if_other_step,
    warn_if_past_is_missing,
)
from ._calendar import Calendar
from ._column_rows import ColumnRows
from ._feature_set import FeatureSet
from ._live_features import LiveFeatures
from ._period import choose_period

#: Number of rows of short series that are processed at once, so that they stay in the cache.
_AT_ONCE = 2**16


class RollingFeatures(RowTransformer, Estimator):
    """Describe every row by its difference from earlier rows: recent rows, and rows a day or a week ago.

    The features are channels for recurrent networks, after a `SlidingWindow`, or columns for any classifier of
    scikit-learn. Row ``t`` is compared only with earlier rows of its own series; no row is lost or added.

    Parameters
    ----------
    z_windows : sequence of int, str or timedelta, default=(15, 60)
        For each, the z-score of the row relative to that number of rows before it. If the index has dates, a length of
        time such as ``"15min"`` is possible as well: it is converted to a number of rows by the time step of each
        series. This also applies to the next three parameters and ``same_windows``.
    std_windows : sequence of int, str or timedelta, default=(15, 60)
        For each, the standard deviation of that number of rows before the row.
    slope_windows : sequence of int, str or timedelta, default=(15,)
        For each, at least 2, the slope per row of the line through that number of rows, the row included.
    ewm_spans : sequence of int, str or timedelta, default=(15, 60)
        For each, the difference from the exponentially weighted mean of the rows before, with weights that decrease by
        a factor of ``1 - 2 / (span + 1)`` per row.
    n_periods : int, default=7
        Number of earlier periods. The row is compared with their rows at the same time; the features are the difference
        from the median of these, this difference divided by their scaled median absolute deviation, and that deviation
        itself. 0 leaves out these features and those of ``same_windows``.
    n_weeks : int, default=0
        Number of earlier weeks. The row is compared with their rows at the same time of the same weekday, by the same
        three features, for series whose weekends differ. This has an effect only if the period is a day.
    n_neighbors : int, default=2
        Rows up to this number of time steps from the same time are used as well, since the median of seven rows alone
        is inaccurate.
    same_windows : sequence of int, str or timedelta, default=(60, 1440)
        For each, at least 2, two features of the difference from the median at the same time: its mean over that number
        of earlier rows, which shows lasting differences, and its z-score relative to these rows. The difference of rows
        without an earlier period counts as 0.
    period_lags : sequence of int, default=(1, 7)
        For each, the difference from the row that number of periods ago: for a period of a day, yesterday and a week
        ago.
    calendar : sequence of {"time_of_day", "day_of_week", "weekend", "holiday"}, default=()
        Calendar features, in columns at the end; they need dates in the index: sine and cosine of the time of day, the
        weekday from 0 for Monday to 6, whether it is Saturday or Sunday, whether it is one of ``holidays``.
    holidays : sequence of date or str, default=None
        Unusual days, as dates or as text such as ``"2026-12-25"``, for "holiday".
    period : int, str, timedelta or None, default="auto"
        Number of rows after which a series repeats, or how long that takes, such as ``"7D"``. "auto" is a day if the
        index has dates or time deltas and some series spans two days with at least four rows each; otherwise it is
        estimated from the autocorrelation of the longest series. With None, or if no period is found, features that
        need one are left out.
    min_spread : float, default=0.05
        The divisor of a z-score is at least this share of the spread of the series in the training rows, or of 1 if it
        was constant.
    keep_values : bool, default=True
        Whether to keep the columns themselves, before the features.
    fill : float, default=0.0
        Value of a feature if the earlier rows are missing (at the start of a series, after a gap, in the first period),
        and of all features of a value that is NaN. 0 means "as usual"; NaN is for estimators that accept it, though
        some refuse a column that is all NaN.
    max_gap : float, str or timedelta, default=3
        Longest step in time that windows may bridge, as a multiple of the most frequent step of the series; or a length
        of time, as in `SlidingWindow`. Features that look back whole periods look back by time, also across gaps.
    history : {"index", "none"}, default="index"
        With "index", fit keeps the last rows that any feature uses, for each run of neighbouring rows (in each series,
        the last run and the 31 runs before the longest holes), so that later rows, and rows of a fold cut from the
        middle, get their true past by their index.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.

    Attributes
    ----------
    periods_ : dict
        Number of rows of a period by the name of the series; ``{None: rows}`` without a MultiIndex. The number is None
        if there is no period, or no feature needs it.
    n_features_in_, feature_names_in_ : int, ndarray of str
        Number of columns, and their names if X has column names.

    Notes
    -----
    NaN means a missing value: it is left out of all windows, and it and its features become ``fill``. A `SeriesImputer`
    before this step fills missing values from earlier ones, and can append columns that mark them.

    At least half the rows of a window must be present, without a gap; for a slope, all of them. The time of a row a
    period ago may be off by half a time step, as may those of its neighbours. The neighbours are used even if that row
    is missing: the first ``2 * n_neighbors + 1`` of a period if rows are closer than the step, and only those before
    the current row. With ``history``, exponential weights leave out a ten-millionth of their sum. In a series of which
    fit has seen one row or none, each row uses the time step of the rows before it; a series not seen during fit gets
    the median spread of the others. If dates have a time zone, days follow its local time: nine o'clock is compared
    with nine o'clock, also after clocks are changed; if they are changed by a part of the time step, such as half an
    hour on Lord Howe Island, the rows nearest to that time are used, with a warning. With only an offset (``+01:00``),
    or without a zone, a day has 24 hours. Results too large for the float type of X become its largest number. Scale
    each series first (`SeriesScaler`), so that differences mean the same in all of them. z-scores have heavy tails:
    compress them before a network, e.g. by
    ``FunctionTransformer(numpy.arcsinh, feature_names_out="one-to-one")``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad import RollingFeatures
    >>> time = pd.date_range("2026-01-01", periods=96, freq="h")
    >>> X = pd.DataFrame({"load": [float(stamp.hour) for stamp in time]}, index=time)
    >>> X.iloc[80] += 9
    >>> features = RollingFeatures(n_neighbors=1, period_lags=[1]).fit_transform(X)
    >>> features.columns[1:14].tolist()  # doctest: +NORMALIZE_WHITESPACE
    ['load_z15', 'load_z60', 'load_std15', 'load_std60', 'load_slope15', 'load_ewm15', 'load_ewm60',
     'load_same7', 'load_same7_z', 'load_same7_mad', 'load_same7_mean60', 'load_same7_z60', 'load_same7_mean1440']
    >>> features.iloc[79:82, [0, 2, 8, 9, 15]].round(1)
                         load  load_z60  load_same7  load_same7_z  load_lag1
    2026-01-04 07:00:00   7.0      -0.6         0.0           0.0        0.0
    2026-01-04 08:00:00  17.0       0.8         9.0           6.1        9.0
    2026-01-04 09:00:00   9.0      -0.3         0.0           0.0        0.0
    """

    _parameter_constraints: dict = {
        "z_windows": ["array-like"],
        "std_windows": ["array-like"],
        "slope_windows": ["array-like"],
        "ewm_spans": ["array-like"],
        "n_periods": [Interval(Integral, 0, 1000, closed="both")],
        "n_weeks": [Interval(Integral, 0, 1000, closed="both")],
        "n_neighbors": [Interval(Integral, 0, 1000, closed="both")],
        "same_windows": ["array-like"],
        "period_lags": ["array-like"],
        "calendar": ["array-like"],
        "holidays": ["array-like", None],
        "period": [Interval(Integral, 2, None, closed="left"), *LENGTH_OF_TIME, None],
        "min_spread": [Interval(Real, 0, None, closed="neither")],
        "keep_values": ["boolean"],
        "fill": [Interval(Real, None, None, closed="neither"), "nan"],
        "max_gap": MAX_GAP,
        "history": [StrOptions({"index", "none"})],
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(
        self,
        z_windows: Sequence[int | str | timedelta] = (15, 60),
        *,
        std_windows: Sequence[int | str | timedelta] = (15, 60),
        slope_windows: Sequence[int | str | timedelta] = (15,),
        ewm_spans: Sequence[int | str | timedelta] = (15, 60),
        n_periods: int = 7,
        n_weeks: int = 0,
        n_neighbors: int = 2,
        same_windows: Sequence[int | str | timedelta] = (60, 1440),
        period_lags: Sequence[int] = (1, 7),
        calendar: Sequence[str] = (),
        holidays: Sequence[Any] | None = None,
        period: int | str | timedelta | None = "auto",
        min_spread: float = 0.05,
        keep_values: bool = True,
        fill: float = 0.0,
        max_gap: float | str | timedelta = 3,
        history: str = "index",
        series: str = "auto",
    ) -> None:
        self.z_windows = z_windows
        self.std_windows = std_windows
        self.slope_windows = slope_windows
        self.ewm_spans = ewm_spans
        self.n_periods = n_periods
        self.n_weeks = n_weeks
        self.n_neighbors = n_neighbors
        self.same_windows = same_windows
        self.period_lags = period_lags
        self.calendar = calendar
        self.holidays = holidays
        self.period = period
        self.min_spread = min_spread
        self.keep_values = keep_values
        self.fill = fill
        self.max_gap = max_gap
        self.history = history
        self.series = series

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Find the period and the spread of each series, and keep its last rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row per time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Only its index is read, to notice if X has lost its own.

        Returns
        -------
        self : RollingFeatures

        Raises
        ------
        ValueError
            If a window is neither a whole number nor a length of time or is too small, a length of time comes without
            dates in the index of X, no feature is left, values are infinite, time is out of order or duplicated, or X
            has lost a panel's index that y still has.

        Warns
        -----
        UserWarning
            If X is an array and the index of y has dates or gaps.
        """
        features = FeatureSet.of(self)
        rows = read_series(X, self.series)
        check_max_gap(self.max_gap, rows)
        lost = check_target_index(X, y, self.max_gap)
        values = validate_rows(self, X, reset=True, ensure_all_finite="allow-nan")
        features.check_steps(rows)
        calendar = Calendar.of(self, rows)
        if lost:
            warnings.warn(lost, UserWarning, stacklevel=level_of_user())
        period = choose_period(self.period, values, rows, rows.has_dates) if features.lookups else None
        if period is None:
            features = replace(features, n_periods=0, n_weeks=0, period_lags=())
        elif not period.is_day:
            features = replace(features, n_weeks=0)
        if not features.names("x") and not calendar.names:
            raise ValueError("No feature is left. Set a window, a period, or keep_values=True.")
        self._features, self._period, self._calendar = features, period, calendar
        self._has_missing = bool(np.isnan(values).any())
        self._past = Past.of(X, rows, values, self._first_needed(rows), self.max_gap)
        self._spreads = _spreads(values, rows)
        periods = [np.nan] * len(rows.keys) if period is None else period.in_rows(rows.steps()).tolist()
        self.periods_ = {
            key: None if np.isnan(n_rows) else int(n_rows)
            for key, n_rows in zip(rows.keys, periods, strict=True)
        }
        self._pooled_spread = np.median(self._spreads, axis=0)
        return self

    @overload
    def transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, X: Rows) -> np.ndarray: ...
    def transform(self, X: Rows) -> Any:
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
            If columns differ from those seen during fit, values are infinite, time is out of order or duplicated, or
            the indexes in fit and transform cannot be compared: only one of them is that of a panel, or they have
            different kinds of time.

        Warns
        -----
        UserWarning
            If the time step is half or twice that during fit, if more than a tenth of the rows of known series come
            without the rows before them, if clocks were changed by a part of the time step, or if series seem to have
            different names from those seen during fit, such as ``"1"`` instead of ``1``.
        """
        check_is_fitted(self)
        refuse_polars_output(self, X)
        rows = read_series(X, self.series)
        past = self._past.compare(X, rows)
        values = validate_rows(self, X, reset=False, ensure_all_finite="allow-nan")
        is_other = warn_if_other_step(past, rows)
        if self.history == "index" and not is_other:
            n_back = int(self._longest_windows(self._past.steps).max())
            warn_if_past_is_missing(past, rows, self.max_gap, self._lacking, n_back)
        names = self.get_feature_names_out()
        n_rows = len(values)
        out = np.empty((n_rows, len(names)), values.dtype)
        if n_calendar := len(self._calendar.names):
            if rows.times is None:
                raise ValueError(
                    "calendar needs dates in the index of X, as for fit, but X has no time. Set them: X.index = "
                    "pandas.to_datetime(times)."
                )
            out[rows.order, -n_calendar:] = self._calendar.columns(rows.times, self._past.zone)
        spreads = np.vstack([self._spreads, self._pooled_spread])[self._past.numbers_of(rows.keys)]
        rows, values, _ = past.join(rows, values)
        steps = rows.steps_so_far(past.steps)
        if self._period is not None:
            self._period.warn_if_between(rows, steps, self._past.zone)
        with np.errstate(over="ignore", invalid="ignore"):  # for numbers near the largest float
            for some in self._at_once(rows, steps):
                batch = rows.some(some)
                at = as_slice(batch.order)
                given: Any = slice(None)
                into = at
                if not (is_given := batch.order < n_rows).all():  # the other rows are the past that fit kept
                    given, into = is_given, batch.order[is_given]
                least = np.repeat(self.min_spread * spreads[some], np.diff(batch.bounds), axis=0)
                found = self._of_series(values[at], batch, steps[rows.rows_of(some)], least)
                for column, feature in enumerate(found):
                    out[into, column] = feature[given]
        flat = out.reshape(-1)
        odd = np.flatnonzero(~np.isfinite(flat))
        flat[odd] = np.nan_to_num(flat[odd], nan=self.fill)
        index = row_index(X)
        return out if index is None else pd.DataFrame(out, index, names, copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the features, such as ``load_z15`` of the column load.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; those seen during fit if None.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        columns = check_feature_names_in(self, input_features)
        names = [name for column in columns for name in self._features.names(column)]
        return np.array([*names, *self._calendar.names], dtype=object)

    def live_step(self) -> LiveStep:
        """Return the step that works row by row, for `sktsad.live.LiveScorer`.

        Returns
        -------
        step : LiveStep
        """
        check_is_fitted(self)
        least = {
            key: self.min_spread * spread for key, spread in zip(self._past.keys, self._spreads, strict=True)
        }
        pooled = self.min_spread * self._pooled_spread
        return LiveFeatures(
            self._past, self.max_gap, self.fill, self._features, self._period, least, pooled, self._calendar
        )

    def _first_needed(self, rows: SeriesRows) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """Return the function ``first_needed`` of `Past.of`."""
        if self.history == "none":
            return lambda stops, _: stops
        steps, period = rows.steps(), self._period
        # Two successive values are at most this number of steps apart, or there is a gap between them.
        spread = np.ones(len(steps), dtype=np.int64)
        if self._has_missing:
            spread = np.ceil(np.minimum(steps_of_gap(self.max_gap, steps), rows.n_rows)).astype(np.int64)
        each, of = self._features.at_each(steps)
        n_rows, n_same = np.array([features.reach_in_rows() for features in each])[of].T * spread
        time = self._features.reach_in_time(period.in_time(steps) if period else np.nan, steps)

        def first_needed(stops: np.ndarray, owner: np.ndarray) -> np.ndarray:
            times: Any = rows.times
            starts = rows.bounds[owner]
            then = times[np.maximum(stops - n_same[owner], starts)] - time[owner]
            return np.minimum(stops - n_rows[owner], search_parts(times, starts, stops, then))

        return first_needed

    def _longest_windows(self, steps: np.ndarray) -> np.ndarray:
        """Return how many rows before a row its windows use, for each time step."""
        each, of = self._features.at_each(steps)
        return np.array([features.longest_window for features in each])[of]

    def _lacking(
        self,
        depth: np.ndarray,
        times: np.ndarray,
        is_lost: Callable[[np.ndarray], np.ndarray],
        steps: np.ndarray,
    ) -> np.ndarray:
        """Mark the rows of runs that need rows that are missing."""
        lacks = depth < self._longest_windows(steps)
        if self._period is not None:
            period = self._period.in_rows(steps) * steps
            for lag in {lag for lag, _ in self._features.lookups}:
                lacks |= is_lost(times - lag * period)
        return lacks

    def _at_once(self, rows: SeriesRows, steps: np.ndarray) -> list[np.ndarray]:
        """Return which series are processed at once: at their last rows, features have the same sizes in rows."""
        sizes = np.diff(rows.bounds)
        _, which = self._features.at_each(steps[rows.bounds[1:] - 1])
        order = np.lexsort([sizes, which])
        sizes, which = sizes[order], which[order]
        block = (np.cumsum(sizes) - sizes) // _AT_ONCE
        cuts = np.flatnonzero((np.diff(block) != 0) | (np.diff(which) != 0)) + 1
        return [np.sort(some) for some in np.split(order, cuts)]

    def _of_series(
        self, values: np.ndarray, rows: SeriesRows, steps: np.ndarray, least: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Yield the features of the rows of some series, each row with its own time step."""
        features, period, zone, times = self._features, self._period, self._past.zone, rows.times
        columns = values.T.astype(np.float64, "C", copy=False)
        whole = None
        for x, own_least in zip(columns, np.ascontiguousarray(least.T), strict=True):
            there = ~np.isnan(x)
            if there.all():
                whole = whole or ColumnRows(features, period, zone, rows.bounds, times, steps, self.max_gap)
                yield from whole.features_of(x, own_least)
                continue
            found: Iterator[np.ndarray] = iter(())
            at = np.flatnonzero(there)
            if len(at):
                bounds = np.unique(np.append(0, np.cumsum(there))[rows.bounds])  # of series with values
                if times is None:  # without times, missing rows show only as NaN
                    step = np.nan_to_num(steps[at], nan=1.0)
                    some = ColumnRows(features, period, None, bounds, at * step, step, self.max_gap)
                else:
                    some = ColumnRows(features, period, zone, bounds, times[at], steps[at], self.max_gap)
                found = some.features_of(x[at], own_least[at])
            for _ in features.names(""):
                feature = np.full(len(x), np.nan)
                if len(at):
                    feature[at] = next(found)
                yield feature


def _spreads(values: np.ndarray, rows: SeriesRows) -> np.ndarray:
    """Return the robust spread of each column of each series, ignoring NaN; 1 if it is constant or has no values."""
    out = np.zeros((len(rows.keys), values.shape[1]))
    for column, spreads in zip(values.T, out.T, strict=True):
        x = column[as_slice(rows.order)].astype(np.float64)
        there = ~np.isnan(x)
        bounds = np.append(0, np.cumsum(there))[rows.bounds]
        x = x[there]
        for which, where in equal_parts(bounds):
            spreads[which] = robust_moments(x[where].reshape(len(which), -1), axis=1)[1]
    return np.where(out > 0, out, 1.0)
