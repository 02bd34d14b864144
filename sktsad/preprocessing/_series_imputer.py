"""Missing values filled from earlier ones, and columns that mark them."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from datetime import timedelta
from numbers import Integral
from typing import Any, Self, overload

import numpy as np
import pandas as pd
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._core import (
    LENGTH_OF_TIME,
    Estimator,
    Interval,
    Labels,
    LiveStep,
    Past,
    Rows,
    RowTransformer,
    SeriesRows,
    StrOptions,
    atomic_fit,
    check_feature_names_in,
    check_target_index,
    in_rows,
    is_length_of_time,
    level_of_user,
    nan_median,
    nanoseconds,
    read_series,
    refuse_polars_output,
    require_dates,
    row_index,
    validate_rows,
)
from ._filling import Filling
from ._live_imputer import LiveImputer


class SeriesImputer(RowTransformer, Estimator):
    """Fill the missing values of each series from earlier ones; optionally mark where they are missing, and how long.

    No row is lost or added, and no value is filled from a later one. Use it as the first step of a pipeline: other
    steps do not accept NaN, except for `RollingFeatures` and `ZScoreDetector`. For rows that are missing altogether,
    see `sktsad.preprocessing.resample`.

    Parameters
    ----------
    strategy : {"previous", "mean", "median"}, default="previous"
        How to fill a missing value: with the last value of the column in its series, with the mean of its values so
        far, or with their median in the training rows.
    limit : int, str, timedelta or None, default=None
        Largest number of successive rows to fill with the previous value or the mean; or a length of time such as
        ``"1h"``, where the index has dates. Later rows get the median. None means no limit.
    add_indicator : bool, default=False
        Whether to append a column for each column, such as ``load_missing`` for load: 1 where the value is missing,
        else 0.
    add_age : bool, default=False
        Whether to append a column for each column, such as ``load_age`` for load: the number of rows since its last
        value, 0 where there is a value. It shows a sensor that no longer reports.
    add_unchanged : bool, default=False
        Whether to append a column for each column, such as ``load_unchanged`` for load: the number of rows since its
        value last changed. It shows a sensor that is stuck, unless its values often stay the same for long.
    max_age : int, str or timedelta, default=1000
        Largest number of rows in the columns of ``add_age`` and ``add_unchanged``, also used before the first value; or
        a length of time.
    history : {"index", "none"}, default="index"
        With "index", fit keeps the last value of each run of neighbouring rows (in each series, the last run and the 31
        runs before the longest holes), so that later rows continue from it, by their index.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.

    Attributes
    ----------
    medians_ : dict
        Median of each column over the training rows, by the name of the series; ``{None: medians}`` without a
        MultiIndex.
    n_features_in_, feature_names_in_ : int, ndarray of str
        Number of columns, and their names if X has column names.

    See Also
    --------
    sktsad.preprocessing.resample : Return one row per time step.
    sklearn.impute.SimpleImputer : Fill with one number for all rows.

    Notes
    -----
    Missing values before the first value of a series get its median over the training rows. A series not seen during
    fit has the median of the medians of all series. An age counts rows, regardless of the time between them. In a
    series not seen during fit, lengths of time are converted by the time step of the rows so far.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sktsad import SeriesImputer
    >>> time = pd.date_range("2026-01-01", periods=5, freq="min")
    >>> X = pd.DataFrame({"load": [np.nan, 3.0, np.nan, np.nan, 1.0]}, index=time)
    >>> SeriesImputer(limit=1, add_age=True, max_age=60).fit_transform(X)
                         load  load_age
    2026-01-01 00:00:00   2.0      60.0
    2026-01-01 00:01:00   3.0       0.0
    2026-01-01 00:02:00   3.0       1.0
    2026-01-01 00:03:00   2.0       2.0
    2026-01-01 00:04:00   1.0       0.0
    """

    _parameter_constraints: dict = {
        "strategy": [StrOptions({"previous", "mean", "median"})],
        "limit": [Interval(Integral, 0, None, closed="left"), *LENGTH_OF_TIME, None],
        "add_indicator": ["boolean"],
        "add_age": ["boolean"],
        "add_unchanged": ["boolean"],
        "max_age": [Interval(Integral, 1, None, closed="left"), *LENGTH_OF_TIME],
        "history": [StrOptions({"index", "none"})],
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(
        self,
        strategy: str = "previous",
        *,
        limit: int | str | timedelta | None = None,
        add_indicator: bool = False,
        add_age: bool = False,
        add_unchanged: bool = False,
        max_age: int | str | timedelta = 1000,
        history: str = "index",
        series: str = "auto",
    ) -> None:
        self.strategy = strategy
        self.limit = limit
        self.add_indicator = add_indicator
        self.add_age = add_age
        self.add_unchanged = add_unchanged
        self.max_age = max_age
        self.history = history
        self.series = series

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Learn the medians, and keep the last value of each series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row per time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Only its index is read, to notice if X has lost its own.

        Returns
        -------
        self : SeriesImputer

        Raises
        ------
        ValueError
            If values are infinite, ``limit`` or ``max_age`` is a length of time and X has no dates in its index, time
            is out of order or duplicated, or X has lost a panel's index that y still has.

        Warns
        -----
        UserWarning
            If a column has no value at all, so that it is filled with 0, or X is an array and the index of y holds
            dates or shows gaps.
        """
        rows = read_series(X, self.series)
        lost = check_target_index(X, y, 3)
        values = validate_rows(self, X, reset=True, ensure_all_finite="allow-nan")
        times = {}
        for name in ("limit", "max_age"):
            if is_length_of_time(getattr(self, name)):
                times[name] = nanoseconds(name, getattr(self, name))
                require_dates(name, getattr(self, name), rows)
        if lost:
            warnings.warn(lost, UserWarning, stacklevel=level_of_user())
        self._filling = Filling(self.strategy, self.add_indicator, self.add_age, self.add_unchanged)
        self._times: dict[str, int] = times
        self._numbers = {"limit": self.limit, "max_age": self.max_age}
        self._learn_medians(values, rows)
        keeps = self.history == "index"
        nothing = values[:, :0]
        past = Past.of(X, rows, nothing, lambda stops, _: stops - keeps, 3)
        steps = past.steps
        self._usual_step = float(np.median(steps[~np.isnan(steps)])) if (~np.isnan(steps)).any() else np.nan
        self._past = past.with_values(self._kept_of(past, values, rows))
        return self

    @overload
    def transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, X: Rows) -> np.ndarray: ...
    def transform(self, X: Rows) -> Any:
        """Return the filled rows with the appended columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        X_filled : ndarray or DataFrame, as X, of shape (n_samples, n_features_out)

        Raises
        ------
        ValueError
            If columns differ from those seen during fit, values are infinite, time is out of order or duplicated, or
            the indexes in fit and transform cannot be compared: only one of them is that of a panel, or they have
            different kinds of time.

        Warns
        -----
        UserWarning
            If series seem to have different names from those seen during fit, such as ``"1"`` instead of ``1``.
        """
        check_is_fitted(self)
        refuse_polars_output(self, X)
        rows = read_series(X, self.series)
        past = self._past.compare(X, rows)
        values = validate_rows(self, X, reset=False, ensure_all_finite="allow-nan")
        n = values.shape[1]
        out = np.empty((len(values), n * (1 + len(self._filling.suffixes))), values.dtype)
        steps = rows.steps_so_far(past.steps) if self._times else np.empty(0)
        for number, (key, part) in enumerate(rows.parts()):
            order, known = rows.order[part], past.series(number)
            limit, oldest = self._bounds(steps[part])
            before = 0 if rows.times is None else int(np.searchsorted(known.times, rows.times[part.start]))
            medians = self.medians_.get(key, self._pooled)
            for column in range(n):
                kept = Filling.start()
                if before:
                    kept[:] = known.values[before - 1].reshape(n, -1)[column]
                whole = self._filling.run(values[order, column], kept, medians[column], limit, oldest)
                for block, found in whole:
                    for place, each in enumerate(found):
                        out[order[block], place * n + column] = each
        index = row_index(X)
        return out if index is None else pd.DataFrame(out, index, self.get_feature_names_out(), copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns: those of X, then others such as ``load_missing``, ``load_age`` and ``load_unchanged``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; those seen during fit if None.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        columns = check_feature_names_in(self, input_features).tolist()
        appended = [f"{column}_{suffix}" for suffix in self._filling.suffixes for column in columns]
        return np.array([*columns, *appended], dtype=object)

    def live_step(self) -> LiveStep:
        """Return the step that works row by row, for `sktsad.live.LiveScorer`.

        Returns
        -------
        step : LiveStep
        """
        check_is_fitted(self)
        return LiveImputer(self._past, self._filling, self.medians_, self._pooled, self._bounds)

    def _learn_medians(self, values: np.ndarray, rows: SeriesRows) -> None:
        """Set the medians of each series, and those for series not seen during fit."""
        medians = np.array([nan_median(values[rows.order[part]]) for _, part in rows.parts()])
        pooled = nan_median(medians)
        if (empty := np.isnan(pooled)).any():
            names = check_feature_names_in(self, None)[empty].tolist()
            warnings.warn(
                f"The columns {names} of X have no value at all; they are filled with 0. Drop them.",
                UserWarning,
                stacklevel=level_of_user(),
            )
        self._pooled = np.nan_to_num(pooled)
        medians = np.where(np.isnan(medians), self._pooled, medians)
        self.medians_: dict[Hashable, np.ndarray] = dict(zip(rows.keys, medians, strict=True))

    def _kept_of(self, past: Past, values: np.ndarray, rows: SeriesRows) -> np.ndarray:
        """Return the state after each row that fit keeps, with all columns concatenated."""
        found = []
        for number, (_, part) in enumerate(rows.parts()):
            times = past.series(number).times
            if not len(times):
                continue
            order = rows.order[part]
            stops = np.searchsorted(rows.times[part], times) + 1  # type: ignore[index]
            after = np.empty((len(stops), values.shape[1], len(Filling.start())))
            for column in range(values.shape[1]):
                kept, start = Filling.start(), 0
                for at, stop in enumerate(stops.tolist()):
                    for _ in self._filling.run(values[order[start:stop], column], kept, 0.0, np.inf, np.inf):
                        pass
                    after[at, column], start = kept, stop
            found.append(after.reshape(len(stops), -1))
        return np.concatenate(found) if found else np.empty((0, values.shape[1] * len(Filling.start())))

    def _bounds(self, steps: np.ndarray) -> tuple[Any, Any]:
        """Return the limit and the largest age, in rows of series with these time steps."""
        known = np.where(np.isnan(steps), self._usual_step, steps)
        bounds = []
        for name, least in (("limit", 0), ("max_age", 1)):
            number = self._numbers[name]
            if name in self._times:
                number = np.maximum(in_rows(self._times[name], known), least)
            bounds.append(np.inf if number is None else number)
        return bounds[0], bounds[1]
