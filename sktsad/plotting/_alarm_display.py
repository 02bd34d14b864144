"""Alarms drawn over their series."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from .._core import (
    MAX_GAP,
    Axes,
    Interval,
    Label,
    Labels,
    Rows,
    mark_label,
    validate_params,
)
from ._axes import add_legend, draw_line, draw_marks, event_bands, make_axes, set_time, shade
from ._drawn_series import DrawnSeries, common_index, read_drawn, read_values
from ._thin import broken_line

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

#: Alarms are plain bands, labelled events are hatched.
_BAND: dict[str, Any] = {
    "facecolor": "#FFB000",
    "edgecolor": "0.25",
    "hatch": None,
    "linewidth": 0.8,
    "alpha": 0.45,
}
_COLUMNS = ("start", "end", "peak_time")


class AlarmDisplay:
    """Show a table of alarms on the series: the start, end and peak of each.

    Use `from_table` to create one.

    Parameters
    ----------
    values : Series of shape (n_samples,)
        Values to draw as a line. Series and time are read from the index.
    alarms : DataFrame
        A table of `sktsad.postprocessing.alarms` for these rows.
    anomalous : ndarray of bool, shape (n_samples,), default=None
        Rows that are labelled as anomalous.

    Attributes
    ----------
    axes_ : ndarray of Axes
        The axes, one for each series.
    ax_ : Axes
        The first of these axes.
    figure_ : Figure
        The figure of the axes.
    lines_ : list of Line2D
        For each series the line of its values.
    events_ : list of PolyCollection or None
        For each series the bands of labelled events, None without labels.
    alarms_ : list of PolyCollection
        For each series the bands of its alarms.
    peaks_ : list of Line2D
        For each series the markers of the peaks.
    legend_ : Legend
        The legend.

    See Also
    --------
    ScoreDisplay : Scores, with each row above the threshold marked.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sktsad import ZScoreDetector
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.plotting import AlarmDisplay
    >>> from sktsad.postprocessing import alarms
    >>> X, y = make_kpi(500, random_state=0)
    >>> table = alarms(ZScoreDetector().fit(X).decision_function(X), X)
    >>> display = AlarmDisplay.from_table(table, X, y)
    >>> len(display.peaks_[0].get_xdata()) == len(table)
    True
    >>> plt.close(display.figure_)
    """

    axes_: np.ndarray
    ax_: Any
    figure_: Any
    lines_: list[Line2D]
    events_: list[Any]
    alarms_: list[Any]
    peaks_: list[Line2D]
    legend_: Any

    def __init__(self, values: Any, alarms: Any, *, anomalous: Any = None) -> None:
        self.values = values
        self.alarms = alarms
        self.anomalous = anomalous

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
        """Draw the series and their alarms.

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
            Longest step in time that the line bridges, as a multiple of the most frequent step of the series or as a
            length of time.
        **line_kwargs : dict
            Further arguments of matplotlib's ``plot`` for the line.

        Returns
        -------
        self : AlarmDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing, or if tsdownsample is missing and a series is longer than ``max_points``.
        ValueError
            If ``ax`` does not contain as many axes as there are series, or the rows of an alarm are missing.
        """
        series, axis = read_drawn(self.values.index, max_gap)
        self.axes_, own = make_axes(
            ax, len(series), type(self).__name__, (10, 2.4), n_cols, "choose series: X.loc[[key, ...]]"
        )
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        name = str(self.values.name)
        self.lines_, self.events_, self.alarms_, self.peaks_ = [], [], [], []
        for each, axes in zip(series, self.axes_, strict=True):
            values = self.values.to_numpy()[each.rows]
            first, last, peak = self._rows_of_alarms(each)
            half = each.step / 2
            intervals = np.column_stack([each.times[first] - half, each.times[last] + half])
            line = broken_line(each, values, max_points)
            self.lines_.append(draw_line(axes, *line, axis, **{"label": name, **line_kwargs}))
            self.events_.append(event_bands(axes, each, self.anomalous, axis))
            self.alarms_.append(shade(axes, intervals, axis, label="alarm", **_BAND))
            self.peaks_.append(draw_marks(axes, each.times[peak], values[peak], axis, "peak", marker="v"))
            axes.set_ylabel(name)
            set_time(axes, axis)
            if each.key is not None:
                axes.set_title(str(each.key), loc="left", fontsize="medium", wrap=True)
        self.legend_ = add_legend(self.axes_, own)
        return self

    def _rows_of_alarms(self, series: DrawnSeries) -> list[np.ndarray]:
        """Return the first row, the last row and the peak of each alarm of a series."""
        times, alarms = self.values.index[series.rows], self.alarms
        if series.key is not None:
            times, alarms = times.get_level_values(1), alarms[alarms["series"] == series.key]
        found = [times.get_indexer(pd.Index(alarms[column])) for column in _COLUMNS]
        for column, at in zip(_COLUMNS, found, strict=True):
            if (at < 0).any():
                raise ValueError(
                    f"alarms has a {column} of {alarms[column].iloc[int(np.argmin(at))]!r}, but no row of X has that "
                    "time. Pass the rows in which the alarms were found."
                )
        return found

    @classmethod
    def from_table(
        cls,
        alarms: Any,
        X: Rows,
        y: Labels = None,
        *,
        column: Any = None,
        pos_label: Label = 1,
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw a table of alarms.

        Parameters
        ----------
        alarms : DataFrame
            A table of `sktsad.postprocessing.alarms`.
        X : Series, DataFrame or array-like of shape (n_samples, n_features)
            The rows in which the alarms were found, or the scores of these rows, with the same index.
        y : array-like of shape (n_samples,), default=None
            Labels of the rows.
        column : str or int, default=None
            The column of X to draw. None draws the only column.
        pos_label : int, float, bool or str, default=1
            The label of anomalies.
        ax : Axes or array-like of Axes, default=None
            Where to draw, as in `plot`.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : AlarmDisplay

        Raises
        ------
        ValueError
            If X has several columns and ``column`` is None, the table lacks columns or has alarms outside X, lengths or
            time indexes differ, or there are more than two labels.
        """
        index = common_index(X=X, y=y)
        values = read_values(X, index, column)
        if values.shape[1] != 1:
            raise ValueError(
                f"AlarmDisplay draws one column, but X has {values.shape[1]}: {list(values.columns)}. Choose one with "
                "column=."
            )
        needed = [*_COLUMNS, *(["series"] if isinstance(index, pd.MultiIndex) else [])]
        if missing := [name for name in needed if name not in getattr(alarms, "columns", [])]:
            raise ValueError(
                f"alarms has no columns {missing}. Pass the table that sktsad.postprocessing.alarms returns for these "
                "rows."
            )
        (anomalous,) = mark_label(pos_label, y=y)
        return cls(values.iloc[:, 0], alarms, anomalous=anomalous).plot(ax, **plot_params)
