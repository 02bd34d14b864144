"""Scores over time or by class, with the threshold."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from .._core import (
    MAX_GAP,
    AnyEstimator,
    Axes,
    HasMethods,
    Interval,
    Label,
    Labels,
    MaxGap,
    Rows,
    Scores,
    StrOptions,
    before_last,
    decision_scores,
    last_step,
    mark_label,
    own_threshold,
    validate_params,
)
from ._axes import THRESHOLD, add_legend, draw_line, draw_marks, event_bands, make_axes, set_time
from ._drawn_series import DrawnSeries, TimeAxis, common_index, read_drawn, read_scores
from ._ink import inked
from ._thin import broken_line, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_KIND = StrOptions({"time", "histogram"})


class ScoreDisplay:
    """Show scores with the threshold: over time, with events and alarms, or as a histogram of each class.

    Use `from_estimator` or `from_predictions` to create one; all parameters are stored as attributes.

    Parameters
    ----------
    scores : Series of shape (n_samples,)
        Scores, larger is more anomalous. Series and time are read from the index.
    threshold : float or None, default=0.0
        Rows with a larger score are alarms. None draws no threshold and no alarms.
    anomalous : ndarray of bool, shape (n_samples,), default=None
        Rows that are labelled as anomalous.
    score_name : str, default="score"
        Name of the scores.

    Attributes
    ----------
    axes_ : ndarray of Axes
        The axes: one for each series, or one for the histogram.
    ax_ : Axes
        The first of these axes.
    figure_ : Figure
        The figure of the axes.
    lines_ : list of Line2D
        For each series the line of its scores; only with ``kind="time"``.
    events_ : list of PolyCollection or None
        For each series the bands of labelled events, None without labels; only with ``kind="time"``.
    alarms_ : list of Line2D or None
        For each series the markers of alarms, None without a threshold; only with ``kind="time"``.
    histograms_ : list of StepPatch
        The histogram of the normal rows, then that of the anomalous rows; without labels, the histogram of all rows.
        Only with ``kind="histogram"``.
    thresholds_ : list of Line2D
        The line of the threshold in each of the axes.
    legend_ : Legend
        The legend.

    See Also
    --------
    ThresholdDisplay : Shows the results of other thresholds.
    SeriesDisplay : Shows the scored values.

    Notes
    -----
    The histograms show shares of the rows of each class, on a logarithmic axis, since anomalies are rare and thresholds
    lie where there are few normal rows. Both classes have the same bins.

    Bands, gaps and long series are drawn as in `SeriesDisplay`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sktsad import ZScoreDetector
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.plotting import ScoreDisplay
    >>> X, y = make_kpi(500, random_state=0)
    >>> display = ScoreDisplay.from_estimator(ZScoreDetector(threshold=3).fit(X), X, y)
    >>> display.ax_.get_ylabel(), display.threshold
    ('anomaly score', 3.0)
    >>> plt.close(display.figure_)
    """

    axes_: np.ndarray
    ax_: Any
    figure_: Any
    lines_: list[Line2D]
    events_: list[Any]
    alarms_: list[Any]
    histograms_: list[Any]
    thresholds_: list[Line2D]
    legend_: Any

    def __init__(
        self,
        scores: Scores,
        *,
        threshold: float | None = 0.0,
        anomalous: Any = None,
        score_name: str = "score",
    ) -> None:
        self.scores = scores
        self.threshold = threshold
        self.anomalous = anomalous
        self.score_name = score_name

    @validate_params(
        {
            "kind": [_KIND],
            "n_bins": [Interval(Integral, 1, None, closed="left")],
            "n_cols": [Interval(Integral, 1, None, closed="left"), None],
            "max_points": [Interval(Integral, 10, None, closed="left")],
            "max_gap": MAX_GAP,
        },
        prefer_skip_nested_validation=True,
    )
    def plot(
        self,
        ax: Axes = None,
        *,
        kind: str = "time",
        n_bins: int = 50,
        n_cols: int | None = None,
        max_points: int = 4000,
        max_gap: float | str | timedelta = 3,
        **kwargs: Any,
    ) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : Axes or array-like of Axes, default=None
            Where to draw, one for each series, or one for the histogram. None creates a figure, which you must show and
            close.
        kind : {"time", "histogram"}, default="time"
            Whether to draw scores over time, or a histogram of the scores of each class.
        n_bins : int, default=50
            Number of bins of the histogram, from the smallest to the largest score.
        n_cols : int, default=None
            Number of columns of the grid of axes, if a figure is created for a panel. None chooses it by the number of
            series.
        max_points : int, default=4000
            Longer series are drawn with about this many points; at least 10.
        max_gap : float, str or timedelta, default=3
            Longest step in time that the line bridges, as a multiple of the most frequent step of the series or as a
            length of time.
        **kwargs : dict
            Further arguments of matplotlib's ``plot`` for the line, or of ``stairs`` for the histograms.

        Returns
        -------
        self : ScoreDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing, or if tsdownsample is missing and a series is longer than ``max_points``.
        ValueError
            If ``ax`` does not contain as many axes as there are series, or time is out of order.
        """
        self.thresholds_ = []
        if kind == "time":
            own = self._plot_time(ax, n_cols, max_points, max_gap, kwargs)
        else:
            own = self._plot_histogram(ax, n_bins, kwargs)
        self.legend_ = add_legend(self.axes_, own)
        return self

    def _plot_time(self, ax: Axes, n_cols: int | None, max_points: int, max_gap: MaxGap, look: dict) -> Any:
        series, axis = read_drawn(self.scores.index, max_gap)
        self.axes_, own = make_axes(
            ax, len(series), type(self).__name__, (10, 2.4), n_cols, "choose series: X.loc[[key, ...]]"
        )
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.lines_, self.events_, self.alarms_ = [], [], []
        for each, axes in zip(series, self.axes_, strict=True):
            scores = self.scores.to_numpy()[each.rows]
            line = broken_line(each, scores, max_points)
            self.lines_.append(draw_line(axes, *line, axis, **{"label": self.score_name, **look}))
            self.events_.append(event_bands(axes, each, self.anomalous, axis))
            self.alarms_.append(self._mark_alarms(axes, each, scores, axis, max_points))
            if self.threshold is not None:
                self.thresholds_.append(axes.axhline(self.threshold, **self._threshold_look()))
            axes.set_ylabel(self.score_name)
            set_time(axes, axis)
            if each.key is not None:
                axes.set_title(str(each.key), loc="left", fontsize="medium", wrap=True)
        return own

    def _mark_alarms(
        self, ax: Axes, series: DrawnSeries, scores: np.ndarray, axis: TimeAxis, max_points: int
    ) -> Line2D | None:
        if self.threshold is None:
            return None
        at = np.flatnonzero(scores > self.threshold)
        at = at[thin(series.times[at], scores[at], max_points)]
        return draw_marks(ax, series.times[at], scores[at], axis, "alarm")

    def _threshold_look(self) -> dict[str, Any]:
        return {**THRESHOLD, "label": f"threshold {self.threshold:.3g}"}

    def _plot_histogram(self, ax: Axes, n_bins: int, look: dict) -> Any:
        self.axes_, own = make_axes(ax, 1, type(self).__name__, (6, 3.2))
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        scores = self.scores.to_numpy()
        edges = np.histogram_bin_edges(scores, n_bins)
        plain = {"facecolor": "0.75", "edgecolor": "0.35", "linewidth": 1.0}
        if self.anomalous is None:
            classes = [("all rows", np.ones(len(scores), dtype=bool), plain)]
        else:
            hatched = {"facecolor": "none", "edgecolor": "#B2182B", "hatch": "\\\\\\\\", "linewidth": 1.2}
            classes = [("normal rows", ~self.anomalous, plain), ("anomalous rows", self.anomalous, hatched)]
        self.histograms_ = []
        for label, rows, own_look in classes:
            shares = np.histogram(scores[rows], edges)[0] / max(1, rows.sum())
            arguments = {"fill": True, **inked(own_look), "label": f"{label} ({rows.sum():,})", **look}
            self.histograms_.append(self.ax_.stairs(shares, edges, **arguments))
        if self.threshold is not None:
            self.thresholds_.append(self.ax_.axvline(self.threshold, **self._threshold_look()))
        self.ax_.set(xlabel=self.score_name, ylabel="share of the class", yscale="log")
        return own

    @classmethod
    @validate_params({"estimator": [HasMethods("fit")]}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls, estimator: AnyEstimator, X: Rows, y: Labels = None, *, ax: Axes = None, **plot_params: Any
    ) -> Self:
        """Draw the scores of a fitted classifier or detector.

        For detectors, and Pipelines that end in one, scores are ``anomaly_score`` and the threshold is ``threshold_``;
        for all others, ``decision_function`` and 0, or, if there is none, the probability of the anomaly and 0.5. Rows
        above the threshold are those that the estimator itself predicts to be anomalous.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier, detector, or Pipeline that ends in one.
        X : Windows, DataFrame or array-like of shape (n_samples, n_features)
            Rows, in the form that the estimator needs.
        y : array-like of shape (n_samples,), default=None
            Labels of the rows; ``estimator.classes_[1]`` is the anomaly.
        ax : Axes or array-like of Axes, default=None
            Where to draw, as in `plot`.
        **plot_params : dict
            Other parameters of `plot`, such as ``kind``.

        Returns
        -------
        display : ScoreDisplay
        """
        last = last_step(estimator)
        if hasattr(last, "anomaly_score"):
            scores, threshold, name = (
                last.anomaly_score(before_last(estimator, X)),
                last.threshold_,
                "anomaly score",
            )
        else:
            scores, threshold = decision_scores(estimator, X), own_threshold(estimator)
            name = (
                "decision score" if hasattr(estimator, "decision_function") else "probability of an anomaly"
            )
        (anomalous,) = mark_label(estimator.classes_[1], y=y)
        index = common_index(X=X, y=y)
        display = cls(
            pd.Series(scores, index), threshold=float(threshold), anomalous=anomalous, score_name=name
        )
        return display.plot(ax, **plot_params)

    @classmethod
    @validate_params(
        {
            "y_true": ["array-like", None],
            "y_score": ["array-like"],
            "threshold": [Interval(Real, None, None, closed="neither"), None],
        },
        prefer_skip_nested_validation=False,
    )
    def from_predictions(
        cls,
        y_true: Labels,
        y_score: Scores,
        *,
        threshold: float | None = 0.0,
        pos_label: Label = 1,
        score_name: str = "score",
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw given scores.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or None
            Labels of the rows, if there are any.
        y_score : array-like of shape (n_samples,)
            Scores, larger is more anomalous. Series and time are read from the index of the labels or the scores.
        threshold : float or None, default=0.0
            Rows with a larger score are alarms.
        pos_label : int, float, bool or str, default=1
            The label of anomalies.
        score_name : str, default="score"
            Name of the scores.
        ax : Axes or array-like of Axes, default=None
            Where to draw, as in `plot`.
        **plot_params : dict
            Other parameters of `plot`, such as ``kind``.

        Returns
        -------
        display : ScoreDisplay

        Raises
        ------
        ValueError
            If lengths or time indexes differ, scores are not finite, or there are more than two labels.
        """
        index = common_index(y_true=y_true, y_score=y_score)
        (anomalous,) = mark_label(pos_label, y_true=y_true)
        scores = pd.Series(read_scores(y_score), index)
        display = cls(scores, threshold=threshold, anomalous=anomalous, score_name=score_name)
        return display.plot(ax, **plot_params)
