"""Windows, flat or 3-D, with their length and channels. Only this module knows the layout."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cached_property
from threading import current_thread, local, main_thread
from types import EllipsisType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from ._level_of_user import level_of_user
from ._series import row_index
from ._sklearn import get_namespace
from ._types import AnyEstimator, Rows
from ._validate_rows import FILL_FIX, refuse_other_containers, validate_rows

#: Squares of larger numbers overflow, and so do variances, distances and products.
_HUGE = float(np.sqrt(np.finfo(np.float64).max))
_NAME = re.compile(r"(?P<channel>.+)_t-(?P<lag>\d+)")


class Windows:
    """Windows over the rows of one or several series, stored as the rows and the start of each window.

    An array-like of shape ``(n_windows, length * channels)`` that takes the memory of the rows, not of the windows.
    Networks gather their batches from it; NumPy and scikit-learn get an ordinary array with ``np.asarray``: a read-only
    view for one contiguous series, else a copy.

    Parameters
    ----------
    buffer : ndarray of shape (n_rows, n_channels)
        The rows. Read-only, since slices of the windows share them.
    starts : ndarray of int, shape (n_windows,)
        Window ``i`` is ``buffer[starts[i] : starts[i] + length]``.
    length : int
        Number of time steps of a window.
    index : pandas.Index, default=None
        Index of the windows: that of the row each window belongs to.
    channel_names : list of str, default=None
        Names of the channels; None if the rows have no layout.
    n_ahead : int, default=0
        Number of rows of a window that come after the row it belongs to.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.preprocessing import SlidingWindow
    >>> windows = SlidingWindow(2).fit_transform(np.array([[1.0], [2.0], [3.0]]))
    >>> windows
    Windows(n_windows=3, length=2, n_channels=1, dtype=float64)
    >>> np.asarray(windows)
    array([[1., 1.],
           [1., 2.],
           [2., 3.]])
    """

    def __init__(
        self,
        buffer: np.ndarray,
        starts: np.ndarray,
        length: int,
        index: pd.Index | None = None,
        channel_names: list[str] | None = None,
        n_ahead: int = 0,
    ) -> None:
        self.buffer = np.ascontiguousarray(buffer).view()
        self.buffer.flags.writeable = False
        self.starts = np.asarray(starts, dtype=np.intp)
        self.length = int(length)
        self.index = index
        self.channel_names = channel_names
        self.n_ahead = n_ahead

    @classmethod
    def from_dense(
        cls,
        X: np.ndarray,
        n_channels: int,
        index: pd.Index | None = None,
        channel_names: list[str] | None = None,
    ) -> Windows:
        """Create windows from existing flat, time-major windows, without a copy if ``X`` is C-contiguous."""
        length = X.shape[1] // n_channels
        return cls(X.reshape(-1, n_channels), np.arange(len(X)) * length, length, index, channel_names)

    @property
    def n_channels(self) -> int:
        """Number of channels of a time step."""
        return self.buffer.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of windows and of values in a window."""
        return len(self.starts), self.length * self.n_channels

    @property
    def ndim(self) -> int:
        """Always 2."""
        return 2

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""
        return self.buffer.dtype

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[np.ndarray]:
        self._remember()
        return (self[row] for row in range(len(self)))  # pandas asks for it, then takes the array

    def __repr__(self) -> str:
        return (
            f"Windows(n_windows={len(self)}, length={self.length}, n_channels={self.n_channels}, "
            f"dtype={self.dtype})"
        )

    def _view(self) -> np.ndarray:
        """View every run of ``length`` rows of the buffer as one flat window."""
        n_runs = max(len(self.buffer) - self.length + 1, 0)
        strides = (self.buffer.strides[0], self.buffer.itemsize)
        view = np.ndarray((n_runs, self.shape[1]), self.dtype, self.buffer, strides=strides)
        view.flags.writeable = False  # an unpickled buffer is writeable again
        return view

    @cached_property
    def _step(self) -> int:
        return _constant_step(self.starts)

    def flat(self, rows: Rows = slice(None)) -> np.ndarray:
        """Return windows as an array of shape (n_rows, length * n_channels), a view if possible."""
        starts = self.starts[rows]
        if isinstance(rows, slice) and rows.step in (None, 1) and len(starts):
            step = self._step or _constant_step(starts)  # of all windows, or of these windows
            if step:
                return self._view()[starts[0] : starts[-1] + 1 : step]
        return self._view()[starts]

    def gather(self, rows: Rows, dtype: Any = None) -> np.ndarray:
        """Return windows as a C-contiguous array of shape (n_rows, length, n_channels)."""
        flat = np.ascontiguousarray(self.flat(rows), dtype=dtype)
        return flat.reshape(-1, self.length, self.n_channels)

    def last(self) -> np.ndarray:
        """Return the row that each window belongs to, shape (n_windows, n_channels): its last unless it looks ahead."""
        return self.buffer[self._own_rows()]

    def hold_huge(self, limit: float = _HUGE) -> np.ndarray:
        """Mark windows that contain a value whose square is not finite, or that exceeds another limit."""
        nothing = np.zeros(len(self), dtype=bool)
        if self.dtype.itemsize < 8:  # not possible in single precision
            return nothing
        is_huge = (np.abs(self.buffer) > limit).any(axis=1)
        if not is_huge.any():
            return nothing
        before = np.append(0, np.cumsum(is_huge))
        return before[self.starts + self.length] > before[self.starts]

    def overlap_means(self, scores: np.ndarray) -> np.ndarray:
        """Return for the row of each window the mean of the scores of all windows that contain this row."""
        sums, counts = np.zeros(len(self.buffer)), np.zeros(len(self.buffer))
        follow = self._step == 1 and len(self)
        with np.errstate(over="ignore", invalid="ignore"):  # scores may be infinite, or become so
            for step in range(self.length):
                if follow:  # the same, many times faster
                    rows = slice(self.starts[0] + step, self.starts[-1] + step + 1)
                    sums[rows] += scores
                    counts[rows] += 1
                else:
                    np.add.at(sums, self.starts + step, scores)
                    np.add.at(counts, self.starts + step, 1)
            own = self._own_rows()
            return sums[own] / counts[own]

    def smooth(self, scores: np.ndarray, n_rows: int) -> np.ndarray:
        """Return the mean of each window's score and of up to ``n_rows`` on both sides, without crossing a gap."""
        rows = self._own_rows()
        order = np.argsort(rows, kind="stable")
        run = np.cumsum(
            np.diff(rows[order], prepend=-2) != 1
        )  # the rows of two segments are apart in the buffer
        ordered = scores[order]
        sums, counts = ordered.copy(), np.ones(len(rows))
        with np.errstate(over="ignore", invalid="ignore"):  # as above
            for shift in range(1, min(n_rows, len(rows) - 1) + 1):
                near = run[shift:] == run[:-shift]
                for to, of in ((np.s_[shift:], np.s_[:-shift]), (np.s_[:-shift], np.s_[shift:])):
                    np.add(sums[to], ordered[of], out=sums[to], where=near)
                    counts[to] += near
            means = np.empty(len(rows))
            means[order] = sums / counts
            return means

    def latest(self, length: int) -> Windows:
        """Return the last rows of the windows."""
        starts = self.starts + (self.length - length)
        n_ahead = min(self.n_ahead, length - 1)
        return Windows(self.buffer, starts, length, self.index, self.channel_names, n_ahead)

    def means(self, n_rows: int) -> Windows:
        """Return windows of means over ``n_rows`` rows each, without the oldest rows if too few remain for a mean."""
        if n_rows == 1:
            return self
        starts = self.starts + self.length % n_rows
        # Windows that start ``n_rows`` apart share means: for each phase, these form one run of the new buffer.
        phase_of, starts = starts % n_rows, starts // n_rows
        phases, which = np.unique(phase_of, return_inverse=True)
        parts, offsets = [], [0]
        shares = self.buffer / self.dtype.type(n_rows)  # a sum of large values might overflow
        for phase in phases:
            stop = phase + (len(shares) - phase) // n_rows * n_rows
            parts.append(np.add.reduce([shares[phase + step : stop : n_rows] for step in range(n_rows)]))
            offsets.append(offsets[-1] + len(parts[-1]))
        starts = starts + np.array(offsets)[which]
        length = self.length // n_rows
        return Windows(
            np.concatenate(parts), starts, length, self.index, self.channel_names, self.n_ahead // n_rows
        )

    def _own_rows(self) -> np.ndarray:
        return self.starts + (self.length - 1 - self.n_ahead)

    def replace_buffer(self, buffer: np.ndarray) -> Windows:
        """Return the same windows over other rows."""
        return Windows(buffer, self.starts, self.length, self.index, self.channel_names, self.n_ahead)

    def chunks(self, n_values: int = 2**20) -> list[slice]:
        """Divide the windows into slices of about ``n_values`` values, for processing in bounded memory."""
        size = max(1, n_values // max(1, self.shape[1]))
        return [slice(start, start + size) for start in range(0, len(self), size)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self._remember()
        flat = self.flat()
        if copy is False and not (np.may_share_memory(flat, self.buffer) and dtype in (None, flat.dtype)):
            raise ValueError("These windows are not a view of their rows: np.asarray(windows) copies them.")
        return np.array(flat, dtype=dtype) if copy else np.asarray(flat, dtype=dtype)

    def _remember(self) -> None:
        """Record the layout, which an array or a list of these windows does not have."""
        ends = self.buffer[self._own_rows()[[0, -1]]] if len(self) else self.buffer[:0]
        _LOST.layout = _LATEST.layout = (len(self), self.length, self.n_channels, ends)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        """Return NumPy's namespace: with ``array_api_dispatch`` scikit-learn asks for it."""
        return get_namespace(np.empty(0))[0]

    def take(self, indices: Any, axis: int = 0, out: None = None, mode: str = "raise") -> Windows:
        """Return some of the windows, like ``numpy.take``.

        Parameters
        ----------
        indices : array-like of int
            Which windows.
        axis : {0}, default=0
            Only whole windows can be taken.
        out, mode : object
            Only NumPy's defaults are supported.

        Returns
        -------
        windows : Windows
        """
        if axis != 0 or out is not None or mode != "raise":
            raise ValueError(
                f"Only whole windows can be taken: axis={axis}, out={out}, mode={mode!r} are not supported."
            )
        return self[np.asarray(indices)]

    def copy(self) -> Windows:
        """Return the same windows over rows of their own."""
        return self.replace_buffer(self.buffer.copy())

    if not TYPE_CHECKING:  # pragma: no branch; type checkers would take every name for an attribute

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(
                f"'Windows' object has no attribute {name!r}. numpy.asarray(X) makes an array of windows, whose layout "
                "is lost; or change the rows before SlidingWindow."
            )

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            columns = key[1:]
            is_whole = len(columns) == 1 and isinstance(columns[0], (slice, EllipsisType))
            if not is_whole or columns[0] not in (Ellipsis, slice(None)):
                return np.asarray(self)[key]
            key = key[0]
        rows = np.arange(len(self))[key]
        if rows.ndim == 0:
            return self._view()[self.starts[rows]]
        index = None if self.index is None else self.index.take(rows)
        return Windows(self.buffer, self.starts[rows], self.length, index, self.channel_names, self.n_ahead)


#: Number, length and channels of the last windows that were converted to an array, and the rows that the first and the
#: last belong to, until the next fit on windows; separately for each thread, as fits may run in several.
_LOST = local()
#: The same for all threads: ensembles create the array in one thread, and fit in others, or in other processes.
_LATEST = SimpleNamespace(layout=None)


def _warn_if_layout_was_lost(n_columns: int, X: np.ndarray | None = None, shape: Any = None) -> None:
    """Warn if a table has replaced windows: several channels became one, steps were mixed, or axes are swapped.

    This is recognised only by the number of columns, and of rows if given; ``shape`` is that of 3-D windows, length and
    channels.
    """
    layout = getattr(_LOST, "layout", None if current_thread() is main_thread() else _LATEST.layout)
    if layout is None:
        return
    n_windows, length, n_channels, ends = layout
    is_as_wide = n_columns == length * n_channels
    is_as_long = X is not None and len(X) == n_windows
    if length == 1 or not (is_as_wide or is_as_long) or (is_as_wide and n_channels == 1):
        return
    if shape is not None:
        if shape == (n_channels, length) != (length, n_channels):
            warnings.warn(
                f"X has {shape[0]} steps by {shape[1]} channels, and the windows before it {length} steps by "
                f"{n_channels} channels: axes must be (rows, steps, channels). If they were swapped, "
                "X.transpose(0, 2, 1) undoes it.",
                UserWarning,
                stacklevel=level_of_user(),
            )
        return
    are_rows = n_columns == n_channels or (n_channels == 1 and n_columns > length)
    if is_as_long and are_rows and np.array_equal(X[[0, -1], -n_channels:], ends):  # type: ignore[index]
        return  # of another fit: these are the rows themselves, or longer windows that end with them
    if is_as_wide:
        fix = f"pass n_channels={n_channels} to this estimator, or n_channels=1 if they have only one"
    else:
        fix = "leave out the step that mixes columns, or pass n_channels=1 to read the values in order"
    warnings.warn(
        f"X is a plain table of {n_columns} column(s), which are read as the steps of one channel. The windows before "
        f"it had a layout of {length} steps by {n_channels} channels, which a step between them and this "
        f"estimator has lost: {fix}.",
        UserWarning,
        stacklevel=level_of_user(),
    )


def warn_if_worker_lost_layout(estimator: AnyEstimator) -> None:
    """Warn if an estimator that comes back from another process was fitted on windows that had lost their layout.

    Results of workers are read in a separate thread, unlike files in general.
    """
    was_told = not hasattr(estimator, "n_channels") or estimator.n_channels is not None
    if current_thread() is main_thread() or was_told or not hasattr(estimator, "window_shape_"):
        return
    length, n_channels = estimator.window_shape_
    if n_channels == 1 and getattr(estimator, "_reads_layout", True):
        _warn_if_layout_was_lost(length)


def _constant_step(starts: np.ndarray) -> int:
    """Return the number of rows from one window to the next; 0 if it is not constant, or negative."""
    if len(starts) < 2:
        return 1
    step = int(starts[1] - starts[0])
    return max(step, 0) if (np.diff(starts) == step).all() else 0


def window_names(channels: list[str], length: int) -> np.ndarray:
    """Name the columns of flat windows: ``x0_t-2``, ``x1_t-2``, ..., ``x0_t-0``, ``x1_t-0``."""
    names = [f"{channel}_t-{lag}" for lag in range(length - 1, -1, -1) for channel in channels]
    return np.asarray(names, dtype=object)


def channels_by_name(columns: Any) -> list[str] | None:
    """Read the channels from names of `window_names`; None for other names."""
    matches = [_NAME.fullmatch(str(column)) for column in columns]
    if not any(matches):
        return None
    channels = list(dict.fromkeys(match["channel"] for match in matches if match))
    length = len(matches) // len(channels)
    return channels if list(map(str, columns)) == window_names(channels, length).tolist() else None


def flatten_3d(X: Rows) -> tuple[Any, int | None]:
    """Flatten windows of shape (n, length, channels); return them with their number of channels, or X with None."""
    if isinstance(X, (list, tuple)):
        X = np.asarray(X)
    if getattr(X, "ndim", 2) != 3:
        return X, None
    n_windows, length, n_channels = X.shape
    if 0 in (length, n_channels):
        raise ValueError(
            f"X has shape {X.shape}, which is (rows, steps, channels): a window needs at least 1 step and 1 channel."
        )
    return np.asarray(X).reshape(n_windows, length * n_channels), n_channels


def check_windows(
    estimator: AnyEstimator,
    X: Rows,
    *,
    n_channels: int | None = None,
    reset: bool,
    takes_missing: bool = False,
) -> Windows:
    """Validate the input of an estimator that works on windows.

    Parameters
    ----------
    estimator : estimator
        With ``reset``, ``n_features_in_``, ``feature_names_in_`` and ``window_shape_``, the length and channels of its
        windows, are set on it; otherwise X is checked against them. An estimator that does not distinguish steps and
        channels has ``_reads_layout = False``.
    X : Windows, array-like of shape (n, length * channels) or (n, length, channels)
        A plain 2-D row is univariate unless ``n_channels``, or column names as given by SlidingWindow,
        say otherwise.
    n_channels : int, default=None
        Number of channels of a plain 2-D row.
    reset : bool
        Whether this is fit.
    takes_missing : bool, default=False
        Whether values may be NaN.

    Returns
    -------
    windows : Windows

    Raises
    ------
    ValueError
        If there are NaN or infinite values, ``n_channels`` does not divide the row or contradicts the
        layout of ``X``, or shape or layout are not those seen during fit.
    """
    if isinstance(X, Windows):
        windows = validate_data(estimator, X, reset=reset, skip_check_array=True)
        if not len(windows):
            raise ValueError("Found 0 window(s) while at least 1 is required.")
        _refuse_missing(windows.buffer, takes_missing)
        known: int | None = windows.n_channels
    else:
        refuse_other_containers(X)
        index = row_index(X)
        names = channels_by_name(X.columns) if hasattr(X, "columns") else None
        X, channels_3d = flatten_3d(X)
        known = channels_3d or (len(names) if names else None)
        is_plain, is_frame = known is None and n_channels is None, hasattr(X, "columns")
        allowed: Any = "allow-nan" if takes_missing else True
        X = validate_rows(estimator, X, reset=reset, ensure_all_finite=allowed)
        if reset and getattr(estimator, "_reads_layout", True):
            if channels_3d:
                shape = X.shape[1] // channels_3d, channels_3d
                _warn_if_layout_was_lost(X.shape[1], shape=shape)
            elif is_plain:
                _warn_if_layout_was_lost(X.shape[1], None if is_frame else X)
        width = known or n_channels or 1
        if X.shape[1] % width:
            raise ValueError(
                f"n_channels={width} does not divide the {X.shape[1]} values of a row: a flat window has length * "
                "n_channels values. Pass the number of columns that the windows were made from."
            )
        if names is None and (known or n_channels):
            names = [f"x{channel}" for channel in range(width)]
        windows = Windows.from_dense(X, width, index, names)
    if None not in (known, n_channels) and known != n_channels:
        raise ValueError(
            f"n_channels={n_channels}, but X has {known} channel(s). Use n_channels=None to infer it from X."
        )
    found = (windows.length, windows.n_channels)
    if reset:
        _LOST.layout = None
        if current_thread() is main_thread():
            _LATEST.layout = None
        estimator.window_shape_ = found
    elif found != estimator.window_shape_:
        _refuse_layout(estimator.window_shape_, found)
    return windows


def _refuse_missing(values: np.ndarray, takes_missing: bool) -> None:
    try:
        assert_all_finite(values, allow_nan=takes_missing, input_name="X")
    except ValueError as error:
        raise ValueError(f"{str(error).partition(chr(10))[0]} {FILL_FIX}") from error


def _refuse_layout(fitted: tuple[int, int], found: tuple[int, int]) -> None:
    if found == fitted[::-1]:
        fix = "Steps and channels are swapped: X.transpose(0, 2, 1) returns (rows, steps, channels)."
    elif 1 in (fitted[1], found[1]):
        fix = (
            "A sampler or a plain array between SlidingWindow and this step loses the layout: pass "
            f"n_channels={max(fitted[1], found[1])} to this estimator, or wrap the sampler in SafeSampler."
        )
    else:
        fix = "Make the windows with the same SlidingWindow, and from the same columns, as for fit."
    raise ValueError(
        f"Fitted on windows of length {fitted[0]} with {fitted[1]} channel(s), got windows of length "
        f"{found[0]} with {found[1]} channel(s). {fix}"
    )


def refuse_long_horizon(windows: Windows, horizon: int) -> None:
    """Raise if a forecast of the last ``horizon`` rows of a window leaves none to predict from."""
    if windows.length <= horizon:
        raise ValueError(
            f"horizon={horizon} leaves nothing to predict from: X with {windows.shape[1]} feature(s) contains windows "
            f"of {windows.length} row(s) of {windows.n_channels} channel(s). Use longer windows, or lower horizon or "
            "n_channels."
        )
