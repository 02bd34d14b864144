"""One window for each row."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from datetime import timedelta
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils import check_array
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
    SeriesRows,
    StrOptions,
    ToWindows,
    Windows,
    atomic_fit,
    check_feature_names_in,
    check_max_gap,
    check_target_index,
    flatten_3d,
    gap_in_words,
    in_rows,
    level_of_user,
    nanoseconds,
    ranges,
    read_series,
    refuse_polars_output,
    require_steps,
    row_index,
    validate_rows,
    warn_if_cut,
    warn_if_past_is_missing,
    window_names,
)
from ._auto_length import AUTO_LENGTHS, auto_length
from ._live_window import LiveWindow
from ._window_layout import lay_out

#: Fit warns about a series with at least this number of gaps and this share of windows that are mostly padded.
_MIN_GAPS, _PADDED, _HALF_PADDED = 3, 0.45, 0.25

#: Fit warns if at least this number of series are shorter than the window and together have most of the rows.
_MIN_SHORT = 10

#: If ``length`` is a length of time, windows may last longer or shorter by this share without a warning.
_UNEQUAL = 0.1
#: Number of rows by which a window may exceed every series; longer windows are a mistake and take a lot of memory.
_MOST_PADDING = 10_000


class SlidingWindow(ToWindows, Estimator):
    """Turn every row into the window of rows that ends with it, by default without looking ahead.

    Row ``t`` becomes the time-major window of rows ``t - length + 1`` to ``t``. No row is lost or added: where there
    are too few earlier rows, the window is padded. A window never crosses from one series into another, over a gap in
    time, or between rows that are not neighbours. All this is read from the index of ``X``: an array, or a frame whose
    index is neither numbers nor dates, is one series without a gap.

    Parameters
    ----------
    length : int, str or timedelta, default=30
        Number of rows in a window; or a length of time, such as ``"30min"``, where the index has dates (see Notes); or
        "auto", "auto/2" or "2*auto". "auto" is one period, the same for all series: the median of their periods, or 30
        if none has one; at most a third of the shortest series that has 90 rows or more, and at most 2,000 values over
        all columns. "auto/2" and "2*auto" are half a period and two periods.
    max_gap : float, str or timedelta, default=3
        Longest step in time that a window may bridge, as a multiple of the most frequent step of the series; or, if the
        index has dates, a length of time such as ``"10min"``, which counts as at least one step of each series. On the
        26 KPIs of the AIOps challenge, many of which miss single rows, windows of 30 rows are padded for up to 70 % of
        the rows with ``max_gap=1``, and for at most 6 % (median 0.4 %) with 3.
    padding : {"edge", "zero"}, default="edge"
        What replaces missing earlier rows: the first row of the segment, or zeros (after a StandardScaler, the mean).
    history : {"index", "none"}, default="index"
        With "index", fit keeps the last ``length - 1`` rows of each run of neighbouring rows (in each series, the last
        run and the 31 runs before the longest holes). Rows that follow them, by their index, get their true past
        instead of padding: rows after the training rows, and rows of a fold cut from the middle. This is not data
        leakage: when a row is scored, its past is known.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.
    align : {"end", "centre"}, default="end"
        Which row a window belongs to: its last row, or its middle row, ``length // 2`` rows before the last. Centred
        windows **look ahead**: they are for analysing past data, never for alarms, and their scores cannot be compared
        with those of windows that end with their row. `check_causal` reports them.

    Attributes
    ----------
    length_ : int
        Number of rows in a window.
    strides_ : dict
        Number of rows of the series from one row of a window to the next, by the name of the series. It exceeds 1 only
        if ``length`` is a length of time and series have different time steps.
    n_features_in_ : int
        Number of columns, the channels of the window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    SeriesScaler : Scale each series by itself, before the window.
    WindowScaler : Scale windows.

    Notes
    -----
    ``transform`` returns `Windows`, an array-like that takes the memory of the rows, not of the windows. Scale before
    this step, which is cheaper. The time step of a series is that of the training rows, so that no window depends on
    later rows; in a series of which fit has seen one row or none, each row uses the time step of the rows before it.

    A ``length`` in time is rounded to whole time steps. If the series of a panel have different time steps, all windows
    last equally long and have the same number of rows, given by the longest step. In a series with a shorter step,
    windows take every k-th row, counted back from the row of the window, so that the rows in between are only in the
    windows of other rows. Put `RollingFeatures` first, whose statistics use all rows, or use `resample`.

    With ``set_output(transform="pandas")`` the windows are a frame with columns such as ``x0_t-3``, which takes the
    memory of all windows.

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
        "length": [Interval(Integral, 1, 10**12, closed="both"), *LENGTH_OF_TIME],
        "max_gap": MAX_GAP,
        "padding": [StrOptions({"edge", "zero"})],
        "history": [StrOptions({"index", "none"})],
        "series": [StrOptions({"auto", "index"})],
        "align": [StrOptions({"end", "centre"})],
    }

    def __init__(
        self,
        length: int | str | timedelta = 30,
        *,
        max_gap: float | str | timedelta = 3,
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
        """Whether a window contains rows after the row it belongs to."""
        return self.align == "centre"

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Check the rows, and keep the last ones as the past of later rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row per time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Only its index is read, to notice if X has lost its own.

        Returns
        -------
        self : SlidingWindow

        Raises
        ------
        ValueError
            If ``length`` is far longer than every series, or is a length of time and X has longer time steps,
            ``length`` or ``max_gap`` is a length of time and X has no dates in its index, values are missing or
            infinite, time is out of order or duplicated, or X has lost a panel's index that y still has.

        Warns
        -----
        UserWarning
            If X is an array, or has a default index, and the index of y has dates or gaps, if the time step of a series
            is so uneven that many of its windows are padded, if ``length`` is longer than the series with most of the
            rows, or if it is a length of time and the time steps of the series are not multiples of each other.
        """
        rows = read_series(X, self.series)
        check_max_gap(self.max_gap, rows)
        lost = check_target_index(X, y, self.max_gap)
        values = validate_rows(self, X, reset=True)
        self._read_length(values, rows)
        sizes, spans = np.diff(rows.bounds), 1 + (self.length_ - 1) * self._every(rows.steps())
        longest = int(sizes.max())
        if self.length_ > longest + _MOST_PADDING:
            raise ValueError(
                f"length={self.length!r} is far longer than the longest series (n_samples={longest}). Shorten the "
                "window."
            )
        if lost:
            warnings.warn(lost, UserWarning, stacklevel=level_of_user())
        if (spans > sizes).all():
            warnings.warn(
                f"length={self.length!r} is longer than the longest series (n_samples={longest}), so that every window "
                "is padded. Shorten the window, or fit on longer series.",
                UserWarning,
                stacklevel=level_of_user(),
            )
        else:
            is_short = spans > sizes
            if is_short.sum() >= _MIN_SHORT and 2 * sizes[is_short].sum() > rows.n_rows:
                warnings.warn(
                    f"length={self.length!r} is longer than {is_short.sum()} of {len(sizes)} series, so that all "
                    f"their windows are padded, {sizes[is_short].sum() / rows.n_rows:.0%} of all windows. Shorten the "
                    "window, or fit on longer series.",
                    UserWarning,
                    stacklevel=level_of_user(),
                )
            self._warn_if_padded(rows, spans)
        keeps = self.history == "index"
        every = self._every(rows.steps())
        n_past = (self.length_ - 1 - self._n_ahead()) * every if keeps else np.zeros_like(every)
        self._past = Past.of(X, rows, values, lambda stops, of: stops - n_past[of], self.max_gap)
        self.strides_ = dict(zip(rows.keys, every.tolist(), strict=True))
        return self

    def transform(self, X: Rows) -> Windows:
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
            If columns differ from those seen during fit, values are missing or infinite, time is out of order or
            duplicated, output as polars frames would lose the index, or the indexes in fit and transform cannot be
            compared: only one of them is that of a panel, or they have different kinds of time.

        Warns
        -----
        UserWarning
            If the rows fill short holes between the training rows, as after a shuffled split, if most of them come more
            than ``max_gap`` after the previous row, if the time step is half or twice that during fit, if more than a
            tenth of the rows of known series come without the rows before them, or if series seem to have different
            names from those seen during fit, such as ``"1"`` instead of ``1``.
        """
        check_is_fitted(self)
        is_frame = refuse_polars_output(self, X)
        rows = read_series(X, self.series)
        past = self._past.compare(X, rows)
        values = validate_rows(self, X, reset=False)
        is_cut = warn_if_cut(past, rows, self.length_, self.max_gap)
        if self.history == "index" and not is_cut:
            pad = self.length_ - 1
            n_back = pad * max(self.strides_.values())
            warn_if_past_is_missing(past, rows, self.max_gap, self._first_rows, n_back)
        if self._spacing is not None:
            new = np.flatnonzero(past.n_rows == 0)
            self._warn_if_unequal([rows.keys[number] for number in new], rows.steps()[new])
        rows, values, given = past.join(rows, values)
        steps = rows.steps_so_far(past.steps)
        segments = rows.segment_starts(self.max_gap, steps)
        every = None if self._spacing is None else self._every(steps)
        windows = self._windows(values, rows, segments, given, every, row_index(X))
        # polars cannot convert `Windows` to a frame
        result: Any = np.asarray(windows) if is_frame else windows
        return result

    def inverse_transform(self, X: Rows) -> Any:
        """Return the row that each window belongs to.

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
            Names of the columns; those seen during fit if None.

        Returns
        -------
        names : ndarray of str, shape (length * n_features,)
        """
        check_is_fitted(self)
        return window_names(list(check_feature_names_in(self, input_features)), self.length_)

    def live_step(self) -> LiveStep:
        """Return the step that works row by row, for `sktsad.live.LiveScorer`.

        Returns
        -------
        step : LiveStep
        """
        check_is_fitted(self)
        return LiveWindow(
            self._past, self.max_gap, self.padding, self.length_, self.n_features_in_, self._spacing
        )

    def _read_length(self, values: np.ndarray, rows: SeriesRows) -> None:
        """Set the number of rows of a window, and the time between them, None if every row is taken."""
        self._spacing: float | None = None
        self.length_: int = self.length if isinstance(self.length, Integral) else 0
        if isinstance(self.length, str) and self.length in AUTO_LENGTHS:
            self.length_ = auto_length(values, rows, self.length)
        elif not self.length_:
            time = nanoseconds("length", self.length)
            steps = require_steps("length", self.length, rows)
            self._spacing = float(np.nanmax(steps))
            self.length_ = int(in_rows(time, self._spacing))
            if not self.length_:
                raise ValueError(
                    f"length={self.length!r} is shorter than a time step, {pd.Timedelta(self._spacing)}, the longest "
                    "of all series. Use a longer window, or leave out series with such a step."
                )
            self._warn_if_unequal(rows.keys, steps)

    def _every(self, steps: Any) -> Any:
        """Return k for series with these time steps: windows take every k-th row."""
        if self._spacing is None:
            return np.ones(np.shape(steps), dtype=np.int64)
        return np.maximum(in_rows(self._spacing, steps), 1)

    def _first_rows(
        self, depth: np.ndarray, times: np.ndarray, is_lost: Any, steps: np.ndarray
    ) -> np.ndarray:
        """Mark the first rows of a run, whose windows reach back beyond the run."""
        return depth < (self.length_ - 1) * self._every(steps)

    def _warn_if_unequal(self, keys: list[Hashable], steps: np.ndarray) -> None:
        """Warn about series whose windows last longer or shorter than others, as a window has whole rows."""
        spacing = float(self._spacing or np.nan)
        lasts = np.nan_to_num(self._every(steps) * steps / spacing, nan=1.0)
        odd = np.flatnonzero(np.abs(lasts - 1) > _UNEQUAL)
        if len(odd):
            worst = odd[np.argmax(np.abs(lasts[odd] - 1))]
            warnings.warn(
                f"Windows of length={self.length!r} last {lasts[worst]:.2f} times as long in series {keys[worst]!r}, "
                f"whose time step is {pd.Timedelta(steps[worst])}, as in the training series with the longest step, "
                f"{pd.Timedelta(spacing)}: the steps of {len(odd)} of {len(keys)} series do not divide the latter. "
                "Resample all series to one step first, with sktsad.preprocessing.resample.",
                UserWarning,
                stacklevel=level_of_user(),
            )

    def _warn_if_padded(self, rows: SeriesRows, spans: np.ndarray) -> None:
        """Warn about series with so uneven a time step that many of their windows are cut by gaps."""
        steps = rows.steps()
        starts = rows.segment_starts(self.max_gap, steps)
        odd = np.flatnonzero(np.diff(np.searchsorted(starts, rows.bounds)) > _MIN_GAPS)
        # The first windows of a series are always padded.
        first, stop = rows.bounds[odd] + spans[odd] - 1, rows.bounds[odd + 1]
        n_windows, later = np.maximum(stop - first, 0), ranges(first, stop)
        owner = np.repeat(np.arange(len(odd)), n_windows)
        span = spans[odd][owner]
        true = np.minimum(later - starts[np.searchsorted(starts, later, side="right") - 1] + 1, span)
        shares = (
            np.bincount(owner[is_short], minlength=len(odd)) / np.maximum(n_windows, 1)
            for is_short in (true < span, 2 * true < span)
        )
        is_padded = np.any(
            [share >= most for share, most in zip(shares, (_PADDED, _HALF_PADDED), strict=True)], axis=0
        )
        if is_padded.any():
            of_padded = is_padded[owner]
            share = (true < span)[of_padded].mean()
            true_rows = 1 + (true - 1) // self._every(steps[odd])[owner]
            which = "" if rows.keys == [None] else f" of {is_padded.sum()} of {len(rows.keys)} series"
            warnings.warn(
                f"{share:.0%} of the windows{which} are padded: the median number of rows that are not padding is "
                f"{np.median(true_rows[of_padded]):.0f} of {self.length_}. Rows often come more than "
                f"{gap_in_words(self.max_gap)} after the previous row. "
                "Resample to one step, e.g. X.resample('5min').mean().ffill(), raise max_gap, or shorten the window; "
                "if time does not matter, drop it with X.reset_index(drop=True).",
                UserWarning,
                stacklevel=level_of_user(),
            )

    def _windows(
        self,
        values: np.ndarray,
        rows: SeriesRows,
        segments: np.ndarray,
        given: np.ndarray,
        every: np.ndarray | None,
        index: Any,
    ) -> Windows:
        """Lay the rows out segment by segment, each with ``length - 1`` rows of padding, and return windows."""
        pad, n_ahead = self.length_ - 1, self._n_ahead()
        front = pad - n_ahead
        laid = lay_out(rows.order, segments, given, every, front, n_ahead)
        # Source of each buffer row: a row of `values`, or the zeros appended to them.
        ends = np.append(laid.starts[1:], len(laid.order)) - 1
        fronts = np.repeat(laid.first[:, None], front, axis=1)
        backs = np.repeat(laid.last[:, None], n_ahead, axis=1)
        if self.padding == "zero":
            fronts[:] = backs[:] = len(values)
            values = np.concatenate([values, np.zeros((1, values.shape[1]), values.dtype)])
        run_of_row = np.zeros(len(laid.order), dtype=np.intp)
        run_of_row[laid.starts[1:]] = 1
        starts = np.arange(len(laid.order)) + pad * np.cumsum(run_of_row)
        source = np.empty(len(laid.order) + fronts.size + backs.size, dtype=np.intp)
        source[starts + front] = laid.order
        source[starts[laid.starts][:, None] + np.arange(front)] = fronts
        source[starts[ends][:, None] + front + 1 + np.arange(n_ahead)] = backs
        in_given_order = np.empty(len(given), dtype=np.intp)
        in_given_order[laid.order[laid.given]] = starts[laid.given]
        names = list(check_feature_names_in(self))
        return Windows(values[source], in_given_order, self.length_, index, names, n_ahead)

    def _n_ahead(self) -> int:
        return self.length_ // 2 if self.align == "centre" else 0
