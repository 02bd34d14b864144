"""Values over time, with labelled events and detections."""

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
    HasMethods,
    Interval,
    Label,
    Labels,
    Rows,
    mark_label,
    refuse_outlier_detector,
    validate_params,
)
from ._axes import add_legend, draw_line, draw_marks, event_bands, make_axes, set_time
from ._drawn_series import DrawnSeries, TimeAxis, common_index, read_drawn, read_values
from ._thin import broken_line, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: Share of the height of its lane that a column takes.
_FILLED = 0.8


class SeriesDisplay:
    """Show series with their labelled events and detected rows: the plot to look at first.

    Use `from_estimator` or `from_predictions` to create one; all parameters are stored as attributes.

    Parameters
    ----------
    values : DataFrame of shape (n_samples, n_columns)
        The values; NaN leaves a hole. Series and time are read from the index.
    anomalous : ndarray of bool, shape (n_samples,), default=None
        Rows that are labelled as anomalous.
    detected : ndarray of bool, shape (n_samples,), default=None
        Rows that are predicted to be anomalous.

    Attributes
    ----------
    axes_ : ndarray of Axes, shape (n_series,)
        The axes, one for each series.
    ax_ : Axes
        The first of these axes.
    figure_ : Figure
        The figure of the axes.
    lines_ : list of list of Line2D
        For each series the lines of its columns.
    events_ : list of PolyCollection or None
        For each series the bands of labelled events, with a polygon for each event; None without labels.
    detections_ : list of Line2D or None
        For each series the markers of detected rows; None without predictions.
    legend_ : Legend or None
        The legend; None if there is nothing to explain.

    See Also
    --------
    ScoreDisplay : Shows the scores behind the detections.

    Notes
    -----
    A single column is drawn in its own units, with detections on it. Several columns are drawn in lanes above one
    another, each scaled to its own range, which is written beside the lane; detections have their own lane on top.

    A band starts half a time step before the first row of an event and ends half a step after the last. Lines and bands
    end at a gap in time, and lines also at missing values, where no detection can be marked either. If a series has
    more than 1000 bands, those less than a thousandth of the time span apart are drawn as one.

    For series of more than ``max_points`` rows, the extremes of equal spans of time are drawn [1]_, so that peaks of a
    single row stay visible; this needs tsdownsample. Holes shorter than such a span cannot be seen and are bridged.

    References
    ----------
    .. [1] U. Jugel, Z. Jerzak, G. Hackenbroich, V. Markl, "M4: a visualization-oriented time series data
       aggregation", PVLDB 7(10), 2014.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.plotting import SeriesDisplay
    >>> X, y = make_kpi(500, random_state=0)
    >>> display = SeriesDisplay.from_predictions(X, y, y.shift(1, fill_value=0))
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('time', 'value')
    >>> plt.close(display.figure_)
    """

    axes_: np.ndarray
    ax_: Any
    figure_: Any
    lines_: list[list[Line2D]]
    events_: list[Any]
    detections_: list[Any]
    legend_: Any

    def __init__(self, values: Any, *, anomalous: Any = None, detected: Any = None) -> None:
        self.values = values
        self.anomalous = anomalous
        self.detected = detected

    @validate_params(
        {
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
        n_cols: int | None = None,
        max_points: int = 4000,
        max_gap: float | str | timedelta = 3,
        **line_kwargs: Any,
    ) -> Self:
        """Draw the series.

        Parameters
        ----------
        ax : Axes or array-like of Axes, default=None
            Axes to draw into, one for each series. None creates a figure, which you must show and close.
        n_cols : int, default=None
            Number of columns of the grid of axes, if a figure is created for a panel. None chooses it by the number of
            series.
        max_points : int, default=4000
            Longer series are drawn with about this many points; at least 10.
        max_gap : float, str or timedelta, default=3
            Longest step in time that a line bridges, as a multiple of the most frequent step of the series or as a
            length of time.
        **line_kwargs : dict
            Further arguments of matplotlib's ``plot`` for the lines.

        Returns
        -------
        self : SeriesDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing, or if tsdownsample is missing and a series is longer than ``max_points``.
        ValueError
            If ``ax`` does not contain as many axes as there are series, or time is out of order.
        """
        series, axis = read_drawn(self.values.index, max_gap)
        n_columns = self.values.shape[1]
        height = 2.4 if n_columns == 1 else 0.8 + 0.5 * n_columns
        self.axes_, own = make_axes(
            ax, len(series), type(self).__name__, (10, height), n_cols, "choose series: X.loc[[key, ...]]"
        )
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.lines_, self.events_, self.detections_ = [], [], []
        draw = _draw_column if n_columns == 1 else _draw_lanes
        for each, axes in zip(series, self.axes_, strict=True):
            values = self.values.iloc[each.rows]
            lines, markers = draw(axes, each, values, self.detected, axis, max_points, line_kwargs)
            self.lines_.append(lines)
            self.detections_.append(markers)
            self.events_.append(event_bands(axes, each, self.anomalous, axis))
            set_time(axes, axis)
            if each.key is not None:
                axes.set_title(str(each.key), loc="left", fontsize="medium", wrap=True)
        self.legend_ = add_legend(self.axes_, own)
        return self

    @classmethod
    @validate_params({"estimator": [HasMethods("predict")]}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls,
        estimator: AnyEstimator,
        X: Rows,
        y: Labels = None,
        *,
        columns: Any = None,
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw rows, and mark those that a fitted classifier or detector predicts as anomalous.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier, detector, or Pipeline that ends in one.
        X : Windows, Series, DataFrame or array-like of shape (n_samples, n_features)
            Rows, in the form that the estimator needs. Of windows, the last rows are drawn.
        y : array-like of shape (n_samples,), default=None
            Labels of the rows; ``estimator.classes_[1]`` is the anomaly.
        columns : str, int or list, default=None
            Names of columns to draw; for arrays, "x0", "x1", ..., or "value" if there is only one column. None draws
            all.
        ax : Axes or array-like of Axes, default=None
            Where to draw, as in `plot`.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : SeriesDisplay
        """
        refuse_outlier_detector(estimator)
        return cls.from_predictions(
            X,
            y,
            estimator.predict(X),
            columns=columns,
            pos_label=estimator.classes_[1],
            ax=ax,
            **plot_params,
        )

    @classmethod
    def from_predictions(
        cls,
        X: Rows,
        y_true: Labels = None,
        y_pred: Labels = None,
        *,
        columns: Any = None,
        pos_label: Label = 1,
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw rows with labels and predictions.

        Parameters
        ----------
        X : Windows, Series, DataFrame or array-like of shape (n_samples, n_features)
            Values, one row per time step; a panel has a (series, time) MultiIndex. If X has no index, time is read from
            the index of the labels.
        y_true : array-like of shape (n_samples,), default=None
            Labels of the rows.
        y_pred : array-like of shape (n_samples,), default=None
            Predicted labels.
        columns : str, int or list, default=None
            Names of columns to draw; for arrays, "x0", "x1", ..., or "value" if there is only one column. None draws
            all.
        pos_label : int, float, bool or str, default=1
            The label of anomalies.
        ax : Axes or array-like of Axes, default=None
            Where to draw, as in `plot`.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : SeriesDisplay

        Raises
        ------
        ValueError
            If lengths or time indexes differ, ``columns`` has a name that X does not have, a column is infinite
            or not numeric, or there are more than two labels.
        """
        index = common_index(X=X, y_true=y_true, y_pred=y_pred)
        anomalous, detected = mark_label(pos_label, y_true=y_true, y_pred=y_pred)
        display = cls(read_values(X, index, columns), anomalous=anomalous, detected=detected)
        return display.plot(ax, **plot_params)


def _draw_column(
    ax: Axes,
    series: DrawnSeries,
    values: pd.DataFrame,
    detected: np.ndarray | None,
    axis: TimeAxis,
    max_points: int,
    look: dict[str, Any],
) -> tuple[list[Line2D], Line2D | None]:
    """Draw one column in its own units, with detections on it."""
    column = values.iloc[:, 0].to_numpy()
    name = str(values.columns[0])
    line = draw_line(ax, *broken_line(series, column, max_points), axis, **{"label": name, **look})
    ax.set_ylabel(name)
    if detected is None:
        return [line], None
    at = np.flatnonzero(detected[series.rows] & ~np.isnan(column))
    at = at[thin(series.times[at], column[at], max_points)]
    return [line], draw_marks(ax, series.times[at], column[at], axis, "detected")


def _draw_lanes(
    ax: Axes,
    series: DrawnSeries,
    values: pd.DataFrame,
    detected: np.ndarray | None,
    axis: TimeAxis,
    max_points: int,
    look: dict[str, Any],
) -> tuple[list[Line2D], Line2D | None]:
    """Draw columns above one another, the first on top, and detections above them."""
    n_columns = values.shape[1]
    lines, names = [], []
    for lane, (name, column) in zip(range(n_columns - 1, -1, -1), values.items(), strict=True):
        low, high = column.min(), column.max()
        scaled = lane + _FILLED * ((column - low) / ((high - low) or 1) - 0.5)
        lines.append(draw_line(ax, *broken_line(series, scaled.to_numpy(), max_points), axis, **look))
        names.append(f"{name}\n{low:.3g} … {high:.3g}" if low == low else str(name))
    markers, top = None, n_columns - 1
    if detected is not None:
        top = n_columns
        at = np.flatnonzero(detected[series.rows])
        at = at[thin(series.times[at], np.zeros(len(at)), max_points)]
        look = {"marker": "|", "markersize": 9, "markeredgewidth": 1}
        markers = draw_marks(ax, series.times[at], np.full(len(at), top), axis, "detected", **look)
        names.insert(0, "detected")
    ax.set_yticks(range(top, -1, -1), names, fontsize="small")
    ax.set_ylim(-0.6, top + 0.6)
    return lines, markers
