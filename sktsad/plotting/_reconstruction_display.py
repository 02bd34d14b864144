"""Windows and their reconstruction by a network."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from .._core import (
    MAX_GAP,
    AnyEstimator,
    Axes,
    Interval,
    Rows,
    before_last,
    check_windows,
    num_samples,
    require_method,
    safe_indexing,
    validate_params,
)
from ._axes import add_legend, draw_line, make_axes, set_time
from ._drawn_series import common_index, read_one, read_values
from ._thin import broken_line

if TYPE_CHECKING:
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

_RECONSTRUCTION = {"color": "#0072B2", "linewidth": 1.4, "linestyle": (0, (4, 1.5))}
_ERROR = {"facecolor": "#FFB000", "edgecolor": "none", "alpha": 0.45, "zorder": 1}


class ReconstructionDisplay:
    """Show a signal, its reconstruction, and the error between them, the worst channels first.

    Use `from_estimator` or `from_predictions` to create one; all parameters are stored as attributes.

    Parameters
    ----------
    signal : DataFrame of shape (n_steps, n_channels)
        The values to reconstruct. Time is read from the index.
    reconstruction : DataFrame of shape (n_steps, n_channels)
        Its reconstruction.

    Attributes
    ----------
    errors_ : Series of shape (n_channels,)
        Mean absolute error of each channel, largest first.
    axes_ : ndarray of Axes
        The axes, one for each channel that is shown.
    ax_ : Axes
        The first of these axes, with the worst channel.
    figure_ : Figure
        The figure of the axes.
    signals_, reconstructions_ : list of Line2D
        The lines of each channel that is shown.
    fills_ : list of PolyCollection
        The areas between them.
    legend_ : Legend
        The legend.

    See Also
    --------
    FeatureScoreDisplay : Errors of all channels over many rows.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sktsad.plotting import ReconstructionDisplay
    >>> signal = np.column_stack([np.zeros(50), np.sin(np.arange(50) / 5)])
    >>> display = ReconstructionDisplay.from_predictions(
    ...     signal, np.zeros((50, 2)), n_channels=1
    ... )
    >>> display.errors_.index[0], display.ax_.get_ylabel()
    ('x1', 'x1')
    >>> plt.close(display.figure_)
    """

    errors_: pd.Series
    axes_: np.ndarray
    ax_: Any
    figure_: Any
    signals_: list[Line2D]
    reconstructions_: list[Line2D]
    fills_: list[PolyCollection]
    legend_: Any

    def __init__(self, signal: Any, reconstruction: Any) -> None:
        self.signal = signal
        self.reconstruction = reconstruction

    @validate_params(
        {
            "n_channels": [Interval(Integral, 1, None, closed="left"), None],
            "max_points": [Interval(Integral, 10, None, closed="left")],
            "max_gap": MAX_GAP,
        },
        prefer_skip_nested_validation=True,
    )
    def plot(
        self,
        ax: Axes = None,
        *,
        n_channels: int | None = 4,
        max_points: int = 4000,
        max_gap: float | str | timedelta = 3,
        **line_kwargs: Any,
    ) -> Self:
        """Draw the worst channels below one another.

        Parameters
        ----------
        ax : Axes or array-like of Axes, default=None
            Where to draw, one for each channel that is shown. None creates a figure, which you must show and close.
        n_channels : int or None, default=4
            Largest number of channels to show; None shows all.
        max_points : int, default=4000
            Longer signals are drawn with about three times this many points: the extremes of signal, reconstruction and
            error.
        max_gap : float, str or timedelta, default=3
            Longest step in time that lines bridge, as a multiple of the most frequent step or as a length of time.
        **line_kwargs : dict
            Further arguments of matplotlib's ``plot`` for both lines.

        Returns
        -------
        self : ReconstructionDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing, or if tsdownsample is missing and the signal is longer than ``max_points``.
        ValueError
            If ``ax`` does not contain as many axes as channels are shown, or the rows are of several series.
        """
        series, axis = read_one(self.signal.index, max_gap, type(self).__name__)
        error = self.signal - self.reconstruction
        self.errors_ = error.abs().mean().sort_values(ascending=False, kind="stable")
        shown = self.errors_.index[:n_channels]
        self.axes_, own = make_axes(
            ax, len(shown), type(self).__name__, (8, 1.9), fix="show fewer by n_channels="
        )
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.signals_, self.reconstructions_, self.fills_ = [], [], []
        for channel, axes in zip(shown, self.axes_, strict=True):
            values = pd.concat([self.signal[channel], self.reconstruction[channel], error[channel]], axis=1)
            times, lines, lone = broken_line(series, values.to_numpy()[series.rows], max_points)
            signal, reconstruction, _ = lines.T
            self.signals_.append(
                draw_line(
                    axes, times, signal, lone, axis, **{"label": "signal", "linewidth": 1.2, **line_kwargs}
                )
            )
            look = {**_RECONSTRUCTION, "label": "reconstruction", **line_kwargs}
            self.reconstructions_.append(draw_line(axes, times, reconstruction, lone, axis, **look))
            self.fills_.append(
                axes.fill_between(axis.place(times), signal, reconstruction, **_ERROR, label="error")
            )
            axes.set_ylabel(str(channel))
            axes.set_title(f"mean absolute error {self.errors_[channel]:.3g}", loc="left", fontsize="small")
            set_time(axes, axis, label=own is None or axes is self.axes_[-1])
        self.legend_ = add_legend(self.axes_, own)
        return self

    @classmethod
    @validate_params({"row": [Integral, None]}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls, estimator: AnyEstimator, X: Rows, *, row: int | None = None, ax: Axes = None, **plot_params: Any
    ) -> Self:
        """Draw one window and its reconstruction by a fitted detector.

        Parameters
        ----------
        estimator : AutoencoderDetector, VAEDetector or Pipeline
            A fitted detector. In a Pipeline that ends in one, the values are drawn as the detector gets them: scaled,
            if a step scales them.
        X : Windows or array-like of shape (n_samples, n_features)
            Windows as in `fit`, or rows for a Pipeline; a single window may be flat.
        row : int, default=None
            Which window to draw, by position. None draws the one with the highest ``anomaly_score``.
        ax : Axes or array-like of Axes, default=None
            Where to draw, as in `plot`.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        TypeError
            If the estimator has no reconstruction.
        ValueError
            If there is no such row, or the windows differ from those of `fit` in their layout.
        """
        example = "an AutoencoderDetector or a VAEDetector"
        detector = require_method(estimator, "reconstruct", cls.__name__, example)
        if np.ndim(X) == 1:
            X = np.asarray(X).reshape(1, -1)
        windows = before_last(estimator, X)
        n_windows = num_samples(windows)
        if row is None:
            row = int(np.argmax(detector.anomaly_score(windows)))
        elif not -n_windows <= row < n_windows:
            raise ValueError(
                f"row={row} is not among the {n_windows} windows: pass a position, counted from 0."
            )
        window = safe_indexing(windows, [row % n_windows])
        read = check_windows(detector, window, n_channels=detector.n_channels, reset=False)
        shape = (read.length, read.n_channels)
        index = pd.RangeIndex(1 - read.length, 1, name=f"row, counted from {_name(read.index)}")
        signal, reconstruction = (
            pd.DataFrame(np.reshape(values, shape), index, read.channel_names or ["value"])
            for values in (read.flat(), detector.reconstruct(window))
        )
        return cls(signal, reconstruction).plot(ax, **plot_params)

    @classmethod
    def from_predictions(
        cls, signal: Any, reconstruction: Any, *, ax: Axes = None, **plot_params: Any
    ) -> Self:
        """Draw a signal and its reconstruction.

        Parameters
        ----------
        signal : Series, DataFrame or array-like of shape (n_steps,) or (n_steps, n_channels)
            The values to reconstruct, one row per time step. Time is read from its index, or otherwise from that of the
            reconstruction.
        reconstruction : Series, DataFrame or array-like of the same shape
            The reconstruction, with channels in the same order.
        ax : Axes or array-like of Axes, default=None
            Where to draw, as in `plot`.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        ValueError
            If shapes or time indexes differ, values are infinite or not numbers, or the rows are of several series.
        """
        index = common_index(signal=signal, reconstruction=reconstruction)
        given, made = read_values(signal, index), read_values(reconstruction, index)
        if given.shape != made.shape:
            raise ValueError(
                f"signal has {given.shape[1]} channel(s), but reconstruction has {made.shape[1]}. Pass the same "
                "channels in the same order."
            )
        return cls(given, made.set_axis(given.columns, axis=1)).plot(ax, **plot_params)


def _name(index: pd.Index | None) -> str:
    """Name the row that a window ends with."""
    if index is None:
        return "the last"
    last = index[0]
    return ", ".join(map(str, last)) if isinstance(last, tuple) else str(last)
