"""Causal windows over rows, one for each row."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from .._core import (
    SeriesRows,
    VersionedEstimator,
    Windows,
    atomic_fit,
    check_panel,
    check_target_index,
    flatten_3d,
    is_gap,
    is_panel,
    read_series,
    row_index,
    validate_rows,
    window_names,
)
from ._auto_length import AUTO_LENGTHS, auto_length


@dataclass(frozen=True)
class _Past:
    """What fit keeps of a series: its step, its runs of neighbouring rows, its last rows."""

    step: float
    run_starts: np.ndarray
    run_stops: np.ndarray
    last_rows: np.ndarray


class SlidingWindow(TransformerMixin, VersionedEstimator):
    """Turn every row into the window of rows that ends with it, without looking ahead.

    Row ``t`` becomes the time-major window of rows ``t - length + 1`` to ``t``. No row is lost or added:
    where the past is short, the window is padded. A window never crosses from one series into another, a
    gap in time, or rows that are not neighbours, as far as the index of ``X`` tells them: an array, or a
    frame whose index is neither numbers nor dates, is one series without a gap.

    Parameters
    ----------
    length : int, "auto", "auto/2" or "2*auto", default=30
        Number of rows in a window. "auto" takes a period, the same for all series: the median of theirs, at most a
        third of the shortest series of 90 rows or more, and 30 where none has one; and no more than makes 2,000 values
        of all columns. "auto/2" and "2*auto" are half a period and two.
    max_gap : float, default=3
        Longest step in time, in units of the series' most frequent step, that a window may bridge. On the
        26 KPIs of the AIOps challenge, many of which miss single rows, windows of 30 rows are padded for up
        to 70 % of the rows with 1, and for at most 6 % (median 0.4 %) with 3.
    padding : {"edge", "zero"}, default="edge"
        What stands in for the missing past: the segment's first row, or zeros (the mean, behind a
        StandardScaler).
    history : {"index", "none"}, default="index"
        With "index", fit keeps the last ``length - 1`` rows of each series; rows that directly follow them
        by their index get their true past instead of padding. This is no leak: when a row is to be scored,
        its past is known.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex where there is one; "index" insists on it.

    Attributes
    ----------
    length_ : int
        Number of rows in a window.
    n_features_in_ : int
        Number of columns, the channels of the window.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    SeriesScaler : Scale each series by itself, before the window.
    WindowScaler : Scale windows.

    Notes
    -----
    ``transform`` returns `Windows`, an array-like that takes the memory of the rows, not of the windows.
    Scale before the window: it is cheaper. The time step of a series is that of fit, so that no window depends
    on rows after it; a series that fit has not seen has the step of the rows to transform. With
    ``set_output(transform="pandas")`` the windows are a frame with columns such as ``x0_t-3``, and all of them are
    in memory.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import SlidingWindow
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> np.asarray(SlidingWindow(3).fit_transform(X))
    array([[1., 1., 1.],
           [1., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    """

    _parameter_constraints: dict = {
        "length": [Interval(Integral, 1, None, closed="left"), StrOptions(set(AUTO_LENGTHS))],
        "max_gap": [Interval(Real, 1, None, closed="left")],
        "padding": [StrOptions({"edge", "zero"})],
        "history": [StrOptions({"index", "none"})],
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(
        self,
        length: int | str = 30,
        *,
        max_gap: float = 3,
        padding: str = "edge",
        history: str = "index",
        series: str = "auto",
    ) -> None:
        self.length = length
        self.max_gap = max_gap
        self.padding = padding
        self.history = history
        self.series = series

    @atomic_fit
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the rows and keep what later rows are compared with.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row a time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Read for its index only, to notice that X has lost it.

        Returns
        -------
        self : SlidingWindow

        Raises
        ------
        ValueError
            If ``length`` exceeds the rows of every series, values are missing or infinite, time is out of
            order or duplicated, or X has lost a panel's index that y still has.

        Warns
        -----
        UserWarning
            If X is an array and the index of y shows gaps.
        """
        rows = read_series(X, self.series)
        lost = check_target_index(X, y, self.max_gap)
        values = validate_rows(self, X, reset=True)
        self.length_: int = (
            auto_length(values, rows, self.length) if isinstance(self.length, str) else self.length
        )
        if self.length_ > (longest := int(np.diff(rows.bounds).max())):
            raise ValueError(
                f"length={self.length_} is longer than the longest series (n_samples={longest}). "
                "Shorten the window."
            )
        if lost:
            warnings.warn(lost, UserWarning, stacklevel=3)
        self._is_panel = is_panel(X)
        self._past = self._keep_past(values, rows)
        return self

    def transform(self, X: Any) -> Windows:
        """Return the window of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        windows : Windows of shape (n_samples, length * n_features)

        Raises
        ------
        ValueError
            If columns differ from those of fit, values are missing or infinite, time is out of order or
            duplicated, or one of fit and transform has a panel's index and the other has not.

        Warns
        -----
        UserWarning
            If the rows fill short holes between those of fit, as after a shuffled split, or if most of them come
            more than ``max_gap`` time steps of fit after the row before.
        """
        check_is_fitted(self)
        check_panel(X, self._is_panel)
        rows = read_series(X, self.series)
        values = validate_rows(self, X, reset=False)
        steps = rows.steps({key: past.step for key, past in self._past.items()})
        segments = rows.segment_starts(self.max_gap, steps)
        self._warn_if_cut(rows, segments)
        return self._windows(values, rows, steps, segments, row_index(X))

    def inverse_transform(self, X: Any) -> Any:
        """Return the row that each window ends with.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_features)
            Windows.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features), or DataFrame where the windows have an index
        """
        check_is_fitted(self)
        index = row_index(X)
        if not isinstance(X, Windows):
            X = check_array(flatten_3d(X)[0], dtype=(np.float64, np.float32), input_name="X")
        if X.shape[1] != self.length_ * self.n_features_in_:
            raise ValueError(
                f"Windows of length={self.length_} over {self.n_features_in_} column(s) have "
                f"{self.length_ * self.n_features_in_} values, got {X.shape[1]}."
            )
        rows = X.last() if isinstance(X, Windows) else X[:, -self.n_features_in_ :].copy()
        return rows if index is None else pd.DataFrame(rows, index, _check_feature_names_in(self))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the values of a window, such as ``x0_t-3``: column x0, three rows before the last.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; those of fit if None.

        Returns
        -------
        names : ndarray of str, shape (length * n_features,)
        """
        check_is_fitted(self)
        return window_names(list(_check_feature_names_in(self, input_features)), self.length_)

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "n_features_in_" in state:  # fitted, maybe when a length was a number and nothing else
            state = {"length_": state["length"], **state}
        super().__setstate__(state)

    def _keep_past(self, values: np.ndarray, rows: SeriesRows) -> dict[Hashable, _Past]:
        if rows.times is None:
            return {}
        steps = rows.steps()
        runs = rows.segment_starts(1, steps)
        segments = rows.segment_starts(self.max_gap, steps)
        past = {}
        for (key, part), step in zip(rows.parts(), steps, strict=True):
            first_run, stop_run = np.searchsorted(runs, [part.start, part.stop])
            run_starts = runs[first_run:stop_run]
            run_stops = np.append(run_starts[1:], part.stop) - 1
            segment = segments[np.searchsorted(segments, part.stop) - 1]
            last = rows.order[max(segment, part.stop - self.length_ + 1) : part.stop]
            past[key] = _Past(
                step,
                rows.times[run_starts],
                rows.times[run_stops],
                values[last if self.history == "index" else []],
            )
        return past

    def _warn_if_cut(self, rows: SeriesRows, segments: np.ndarray) -> None:
        """Warn where windows are cut to pieces: by a shuffled split, or another time step than in fit."""
        n_filled = 0
        for key, part in rows.parts():
            past = self._past.get(key)
            if past is None or rows.times is None:
                continue
            times = rows.times[part]
            run = np.searchsorted(past.run_starts, times, side="right") - 1
            if (times == past.run_starts[run]).any():
                continue  # rows that come with their neighbours of fit are no split
            inside = (run < len(past.run_starts) - 1) & (times > past.run_stops[run])
            _, sizes = np.unique(run[inside], return_counts=True)
            n_filled += int((sizes < self.length_).sum())
        n_gaps, n_rows = len(segments) - len(rows.keys), rows.n_rows - len(rows.keys)
        if n_filled > 2:
            message = (
                f"The rows fill {n_filled} short holes between those of fit: this looks like a shuffled split, "
                "which cuts the windows to pieces and shows the model the future. Split in time order."
            )
        elif n_gaps > max(2, n_rows // 2):
            message = (
                f"{n_gaps} of {n_rows} rows come more than max_gap={self.max_gap} time steps after the row before: "
                "their windows are padding. The time step is that of fit: fit on rows as far apart as these, with "
                "the same kind of index (numbers or dates), or raise max_gap."
            )
        else:
            return
        warnings.warn(message, UserWarning, stacklevel=4)

    def _windows(
        self, values: np.ndarray, rows: SeriesRows, steps: np.ndarray, segments: np.ndarray, index: Any
    ) -> Windows:
        """Lay the rows out segment by segment, each behind ``length - 1`` rows of past or padding."""
        pad = self.length_ - 1
        # Source of each buffer row: a row of `values`, or one of the rows appended to them.
        fronts = np.repeat(rows.order[segments][:, None], pad, axis=1)
        appended = [np.zeros((1, values.shape[1]), values.dtype)] if self.padding == "zero" else []
        n_source = len(values) + len(appended)
        if self.padding == "zero":
            fronts[:] = len(values)
        for (key, part), step in zip(rows.parts(), steps, strict=True):
            if self._follows(key, rows, part, step):
                last_rows = self._past[key].last_rows
                positions = np.arange(n_source, n_source + len(last_rows))
                front = fronts[np.searchsorted(segments, part.start)]
                if self.padding == "edge":
                    front[:] = positions[0]
                front[pad - len(last_rows) :] = positions
                appended.append(last_rows.astype(values.dtype))
                n_source += len(last_rows)
        if appended:
            values = np.concatenate([values, *appended])

        segment_of_row = np.zeros(rows.n_rows, dtype=np.intp)
        segment_of_row[segments[1:]] = 1
        starts = np.arange(rows.n_rows) + pad * np.cumsum(segment_of_row)
        source = np.empty(rows.n_rows + fronts.size, dtype=np.intp)
        source[starts + pad] = rows.order
        source[starts[segments][:, None] + np.arange(pad)] = fronts
        in_given_order = np.empty_like(starts)
        in_given_order[rows.order] = starts
        names = list(_check_feature_names_in(self))
        return Windows(values[source], in_given_order, self.length_, index, names)

    def _follows(self, key: Hashable, rows: SeriesRows, part: slice, step: float) -> bool:
        """Tell whether the rows of a series directly follow those that fit kept of it."""
        past = self._past.get(key)
        if past is None or rows.times is None or not len(past.last_rows):
            return False
        hole = rows.times[part.start] - past.run_stops[-1]
        return bool(hole > 0 and not is_gap(hole, self.max_gap, step))
