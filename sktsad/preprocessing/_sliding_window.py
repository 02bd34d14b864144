"""Windows over rows, one for each row."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._core import (
    Estimator,
    Interval,
    Labels,
    LiveStep,
    Past,
    Rows,
    SeriesRows,
    StrOptions,
    Windows,
    atomic_fit,
    check_feature_names_in,
    check_target_index,
    flatten_3d,
    read_series,
    refuse_polars_output,
    row_index,
    validate_rows,
    warn_if_cut,
    warn_if_past_is_missing,
    window_names,
)
from ._auto_length import AUTO_LENGTHS, auto_length
from ._live_window import LiveWindow

#: Fit speaks of a series from this number of gaps, and this share of windows that are padded, or mostly padded, on.
_MIN_GAPS, _PADDED, _HALF_PADDED = 3, 0.45, 0.25

#: Rows by which a window may be longer than every series; longer ones are a mistake, and take memory.
_MOST_PADDING = 10_000


class SlidingWindow(TransformerMixin, Estimator):
    """Turn every row into the window of rows that ends with it, without looking ahead unless asked to.

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
        What fills in for the missing past: the segment's first row, or zeros (the mean, after a
        StandardScaler).
    history : {"index", "none"}, default="index"
        With "index", fit keeps the last ``length - 1`` rows of each run of neighbouring rows (of a series, the last
        run and the 31 before the longest holes); rows that follow them by their index get their true past instead of
        padding: those after the training rows, and those of a fold that was cut from the middle. This is not a leak:
        when a row is scored, its past is known.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex where there is one; "index" insists on it.
    align : {"end", "centre"}, default="end"
        Which row of the window is its own: the last, or that in the middle, ``length // 2`` rows before the last.
        Centred windows **look ahead**: they are for studying the past, never for alarms, and their scores
        cannot be compared with those of windows that end with their row. `check_causal` reports them.

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
    on rows after it; in a series that fit has not seen, or a single row of it, each row goes by the step of the rows
    before it. With
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
        "align": [StrOptions({"end", "centre"})],
    }

    def __init__(
        self,
        length: int | str = 30,
        *,
        max_gap: float = 3,
        padding: str = "edge",
        history: str = "index",
        series: str = "auto",
        align: str = "end",
    ) -> None:
        self.length = length
        self.max_gap = max_gap
        self.padding = padding
        self.history = history
        self.series = series
        self.align = align

    @property
    def looks_ahead(self) -> bool:
        """Whether windows hold rows after the row that they stand for."""
        return self.align == "centre"

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Check the rows and keep what later rows are compared with.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row per time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Read for its index only, to notice that X has lost it.

        Returns
        -------
        self : SlidingWindow

        Raises
        ------
        ValueError
            If ``length`` exceeds the rows of every series by far, values are missing or infinite, time is out of
            order or duplicated, or X has lost a panel's index that y still has.

        Warns
        -----
        UserWarning
            If X is an array and the index of y holds dates or shows gaps, or if the clock of a series has no steady
            step, so that many of its windows are padding, or if ``length`` exceeds the rows of every series.
        """
        rows = read_series(X, self.series)
        lost = check_target_index(X, y, self.max_gap)
        values = validate_rows(self, X, reset=True)
        self.length_: int = (
            auto_length(values, rows, self.length) if isinstance(self.length, str) else self.length
        )
        longest = int(np.diff(rows.bounds).max())
        if self.length_ > longest + _MOST_PADDING:
            raise ValueError(
                f"length={self.length_} is far longer than the longest series (n_samples={longest}). "
                "Shorten the window."
            )
        if lost:
            warnings.warn(lost, UserWarning, stacklevel=3)
        if self.length_ > longest:
            warnings.warn(
                f"length={self.length_} is longer than the longest series (n_samples={longest}), so that every window "
                "is padded. Shorten the window, or fit on longer series.",
                UserWarning,
                stacklevel=3,
            )
        else:
            self._warn_if_padded(rows)
        n_past = self.length_ - 1 - self._n_ahead() if self.history == "index" else 0
        self._past = Past.of(X, rows, values, lambda times, _: len(times) - n_past, self.max_gap)
        return self

    def transform(self, X: Rows) -> Any:
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
            duplicated, frames of polars are asked for and would lose the index, or the indexes of fit and transform do
            not compare: one of both is a panel's, or they hold different kinds of time.

        Warns
        -----
        UserWarning
            If the rows fill short holes between those of fit, as after a shuffled split, if most of them come
            more than ``max_gap`` time steps of fit after the row before, if they come twice as densely as those of
            fit, or half as densely, if more than a tenth of the rows of series that fit knows come without the rows
            before them, or if series seem to go by other names than in fit, such as ``"1"`` for ``1``.
        """
        check_is_fitted(self)
        is_frame = refuse_polars_output(self, X)
        rows = read_series(X, self.series)
        past = self._past.compare(X, rows)
        values = validate_rows(self, X, reset=False)
        is_cut = warn_if_cut(past, rows, self.length_, self.max_gap, stacklevel=4)
        if self.history == "index" and not is_cut:
            pad = self.length_ - 1
            warn_if_past_is_missing(past, rows, self.max_gap, _first_rows(pad), pad, stacklevel=4)
        rows, values, given = past.join(rows, values)
        segments = rows.segment_starts(self.max_gap, rows.steps_so_far(past.steps()))
        windows = self._windows(values, rows, segments, given, row_index(X))
        return np.asarray(windows) if is_frame else windows  # polars makes no frame of `Windows`

    def inverse_transform(self, X: Rows) -> Any:
        """Return the row that each window stands for.

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
        if isinstance(X, Windows):
            rows = X.last()
        else:
            rows = X.reshape(len(X), self.length_, -1)[:, -1 - self._n_ahead()].copy()
        return rows if index is None else pd.DataFrame(rows, index, check_feature_names_in(self))

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
        return window_names(list(check_feature_names_in(self, input_features)), self.length_)

    def live_step(self) -> LiveStep:
        """Return what works row by row; `sktsad.live.LiveScorer` asks for it.

        Returns
        -------
        step : LiveStep
        """
        check_is_fitted(self)
        return LiveWindow(self._past, self.max_gap, self.padding, self.length_, self.n_features_in_)

    def _warn_if_padded(self, rows: SeriesRows) -> None:
        """Warn of series whose windows are cut by gaps all the time: their clock has no steady step."""
        starts = rows.segment_starts(self.max_gap, rows.steps())
        lengths = np.diff(np.append(starts, rows.n_rows))
        depth = np.minimum(np.arange(rows.n_rows) - np.repeat(starts, lengths) + 1, self.length_)
        n_padded, n_windows, true_rows = 0, 0, []
        for _, part in rows.parts():
            n_gaps = int(np.searchsorted(starts, part.stop) - np.searchsorted(starts, part.start)) - 1
            later = depth[part][self.length_ - 1 :]  # the first windows of a series cannot but be padded
            if n_gaps < _MIN_GAPS or not len(later):
                continue
            if (later < self.length_).mean() >= _PADDED or (2 * later < self.length_).mean() >= _HALF_PADDED:
                n_padded += int((later < self.length_).sum())
                n_windows += len(later)
                true_rows.append(later)
        if true_rows:
            which = "" if rows.keys == [None] else f" of {len(true_rows)} of {len(rows.keys)} series"
            warnings.warn(
                f"{n_padded / n_windows:.0%} of the windows{which} are padded, and hold in the median "
                f"{np.median(np.concatenate(true_rows)):.0f} true rows of length={self.length_}: rows come more than "
                f"max_gap={self.max_gap} of the most frequent time steps after the row before, again and again. "
                "Resample to one step, e.g. X.resample('5min').mean().ffill(), raise max_gap, or shorten the window; "
                "where time does not matter, drop it with X.reset_index(drop=True).",
                UserWarning,
                stacklevel=4,
            )

    def _windows(
        self, values: np.ndarray, rows: SeriesRows, segments: np.ndarray, given: np.ndarray, index: Any
    ) -> Windows:
        """Lay the rows out segment by segment, with ``length - 1`` rows of padding each; return the windows wanted."""
        segments, given, order = _with_rows(segments, given, rows.order)
        pad, n_ahead = self.length_ - 1, self._n_ahead()
        front = pad - n_ahead
        # Source of each buffer row: a row of `values`, or the zeros appended to them.
        ends = np.append(segments[1:], len(order)) - 1
        fronts = np.repeat(order[segments][:, None], front, axis=1)
        backs = np.repeat(order[ends][:, None], n_ahead, axis=1)
        if self.padding == "zero":
            fronts[:] = backs[:] = len(values)
            values = np.concatenate([values, np.zeros((1, values.shape[1]), values.dtype)])
        segment_of_row = np.zeros(len(order), dtype=np.intp)
        segment_of_row[segments[1:]] = 1
        starts = np.arange(len(order)) + pad * np.cumsum(segment_of_row)
        source = np.empty(len(order) + fronts.size + backs.size, dtype=np.intp)
        source[starts + front] = order
        source[starts[segments][:, None] + np.arange(front)] = fronts
        source[starts[ends][:, None] + front + 1 + np.arange(n_ahead)] = backs
        in_given_order = np.empty(len(given), dtype=np.intp)
        in_given_order[order[given]] = starts[given]
        names = list(check_feature_names_in(self))
        return Windows(values[source], in_given_order, self.length_, index, names, n_ahead)

    def _n_ahead(self) -> int:
        return self.length_ // 2 if self.align == "centre" else 0


def _first_rows(n_rows: int) -> Callable[..., np.ndarray]:
    """Return a function that marks the first rows of a run."""
    return lambda times, before, step: np.arange(len(times)) < n_rows


def _with_rows(
    segments: np.ndarray, given: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drop the segments that hold no given row, only such as fit kept."""
    if len(given) == len(order):
        return segments, given, order
    lengths = np.diff(np.append(segments, len(order)))
    is_given = np.zeros(len(order), dtype=bool)
    is_given[given] = True
    has_rows = np.add.reduceat(is_given, segments) > 0
    is_left = np.repeat(has_rows, lengths)
    lengths = lengths[has_rows]
    return np.cumsum(lengths) - lengths, np.flatnonzero(is_given[is_left]), order[is_left]
