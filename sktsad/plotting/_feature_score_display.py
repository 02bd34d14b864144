"""Scores of channels over time."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral
from typing import Any, Self

import numpy as np

from .._core import (
    MAX_GAP,
    AnyEstimator,
    Axes,
    Interval,
    Label,
    Labels,
    Rows,
    Scores,
    before_last,
    channels_by_name,
    last_step,
    mark_label,
    require_method,
    validate_params,
)
from ._axes import make_axes, set_time, shade
from ._drawn_series import DrawnSeries, common_index, read_one, read_values
from ._ink import is_dark


class FeatureScoreDisplay:
    """Show the scores of channels over time as a heat map, the worst channels first.

    Use `from_estimator` or `from_predictions` to create one; all parameters are stored as attributes.

    Parameters
    ----------
    scores : DataFrame of shape (n_samples, n_channels)
        Scores of the channels, larger is more anomalous. Time is read from the index.
    anomalous : ndarray of bool, shape (n_samples,), default=None
        Rows that are labelled as anomalous.

    Attributes
    ----------
    channels_ : list
        The channels that are shown, from top to bottom.
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure of the axes.
    mesh_ : QuadMesh
        The heat map.
    colorbar_ : Colorbar
        Its colour bar.
    events_ : PolyCollection or None
        The bands of labelled events, in a row above the channels; None without labels.

    See Also
    --------
    ReconstructionDisplay : One window, with signal and error.

    Notes
    -----
    Of the scores of windows, with names such as ``temp_t-3``, only the last step is shown, which is the row itself: a
    sum over the window would spread each peak over the rows after it.

    The worst channel is the one with the highest single score among the rows shown. If there are more than
    ``max_points`` rows, time is divided into that many equal spans and the highest score of each is shown, so that no
    peak is lost.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sktsad import ZScoreDetector
    >>> from sktsad.plotting import FeatureScoreDisplay
    >>> X = np.random.RandomState(0).normal(size=(200, 3))
    >>> X[150, 1] = 9
    >>> display = FeatureScoreDisplay.from_estimator(ZScoreDetector().fit(X), X)
    >>> display.channels_[0]
    'x1'
    >>> plt.close(display.figure_)
    """

    channels_: list
    ax_: Any
    figure_: Any
    mesh_: Any
    colorbar_: Any
    events_: Any

    def __init__(self, scores: Scores, *, anomalous: Any = None) -> None:
        self.scores = scores
        self.anomalous = anomalous

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
        n_channels: int | None = 20,
        max_points: int = 2000,
        max_gap: float | str | timedelta = 3,
        **mesh_kwargs: Any,
    ) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; the colour bar takes space from these axes. None creates a figure, which you must show and
            close.
        n_channels : int or None, default=20
            Largest number of channels to show; None shows all.
        max_points : int, default=2000
            Largest number of cells of a channel; with more rows, the highest score of each span of time is shown.
        max_gap : float, str or timedelta, default=3
            Longest step in time that is bridged, as a multiple of the most frequent step or as a length of time; longer
            steps are left blank.
        **mesh_kwargs : dict
            Further arguments of matplotlib's ``pcolormesh``, such as ``cmap``, ``vmax`` or ``norm``.

        Returns
        -------
        self : FeatureScoreDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If the rows are of several series.
        """
        series, axis = read_one(self.scores.index, max_gap, type(self).__name__)
        worst = self.scores.max().sort_values(ascending=False, kind="stable")
        self.channels_ = list(worst.index[:n_channels])
        height = 1.4 + 0.22 * len(self.channels_)
        (self.ax_,), _ = make_axes(ax, 1, type(self).__name__, (10, height))
        self.figure_ = self.ax_.figure
        edges, cells = _cells(series, self.scores[self.channels_].to_numpy()[series.rows], max_points)
        rows = np.arange(len(self.channels_) + 1) - 0.5
        look = {"cmap": "magma" if is_dark() else "magma_r", "rasterized": True, **mesh_kwargs}
        self.mesh_ = self.ax_.pcolormesh(axis.place(edges), rows, np.ma.masked_invalid(cells.T), **look)
        self.colorbar_ = self.figure_.colorbar(self.mesh_, ax=self.ax_, label="score", pad=0.01)
        self.events_, top, names = None, rows[0], [str(channel) for channel in self.channels_]
        if self.anomalous is not None:
            # In a row of their own, as bands over the map would change its colours.
            top, names = top - 1, ["labelled event", *names]
            bottom = len(self.channels_) / len(names)
            self.events_ = shade(self.ax_, series.intervals(self.anomalous), axis, bottom)
        self.ax_.set_yticks(np.arange(len(names)) + top + 0.5, names, fontsize="small")
        self.ax_.set_ylim(rows[-1], top)
        set_time(self.ax_, axis)
        return self

    @classmethod
    def from_estimator(
        cls, estimator: AnyEstimator, X: Rows, y: Labels = None, *, ax: Axes = None, **plot_params: Any
    ) -> Self:
        """Draw the ``feature_scores`` of a fitted detector.

        Parameters
        ----------
        estimator : estimator
            A fitted detector with ``feature_scores``, or a Pipeline that ends in one.
        X : Windows, DataFrame or array-like of shape (n_samples, n_features)
            Rows of one series, in the form that the estimator needs.
        y : array-like of shape (n_samples,), default=None
            Labels of the rows; ``estimator.classes_[1]`` is the anomaly.
        ax : Axes, default=None
            Where to draw.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : FeatureScoreDisplay

        Raises
        ------
        TypeError
            If the estimator has no ``feature_scores``.
        """
        detector = require_method(
            estimator, "feature_scores", cls.__name__, "an AutoencoderDetector or a ZScoreDetector"
        )
        scores = detector.feature_scores(before_last(estimator, X))
        pos_label = last_step(estimator).classes_[1]
        index = common_index(X=X, y=y)
        return cls.from_predictions(scores.set_axis(index), y, pos_label=pos_label, ax=ax, **plot_params)

    @classmethod
    def from_predictions(
        cls,
        feature_scores: Any,
        y_true: Labels = None,
        *,
        pos_label: Label = 1,
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw given scores of channels.

        Parameters
        ----------
        feature_scores : DataFrame or array-like of shape (n_samples, n_values)
            Scores of consecutive rows of one series, larger is more anomalous. If all columns have names such as
            ``temp_t-3``, they are steps of windows.
        y_true : array-like of shape (n_samples,), default=None
            Labels of the rows.
        pos_label : int, float, bool or str, default=1
            The label of anomalies.
        ax : Axes, default=None
            Where to draw.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : FeatureScoreDisplay

        Raises
        ------
        ValueError
            If lengths or time indexes differ, scores are infinite or not numbers, there are more than two labels, or
            the rows are of several series.
        """
        index = common_index(feature_scores=feature_scores, y_true=y_true)
        (anomalous,) = mark_label(pos_label, y_true=y_true)
        scores = read_values(feature_scores, index)
        channels = channels_by_name(scores.columns)
        if channels:
            scores = scores.iloc[:, -len(channels) :].set_axis(channels, axis=1)
        return cls(scores, anomalous=anomalous).plot(ax, **plot_params)


def _cells(series: DrawnSeries, scores: np.ndarray, max_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of cells in time and their scores, NaN where there is no row."""
    times, half = series.times, series.step / 2
    if len(times) > max_points:
        edges = np.linspace(times[0] - half, times[-1] + half, max_points + 1)
        cell = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, max_points - 1)
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        cells = np.full((max_points, scores.shape[1]), np.nan)
        cells[cell[first]] = np.fmax.reduceat(scores, first, axis=0)
        return edges, cells
    # A cell reaches halfway to its neighbours; between pieces there is a cell without a score.
    gaps = series.starts[1:]
    middles = (times[1:] + times[:-1]) / 2
    inner = np.delete(middles, gaps - 1)
    edges = np.concatenate(
        [[times[0] - half], inner, times[gaps - 1] + half, times[gaps] - half, [times[-1] + half]]
    )
    return np.sort(edges), np.insert(scores, gaps, np.nan, axis=0)
