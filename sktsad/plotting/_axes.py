"""Drawing functions shared by all displays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._core import Axes
from ._drawn_series import DrawnSeries, TimeAxis
from ._ink import inked
from ._require import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

#: Styles differ in lightness, hatch, dash or marker, not only in colour, so that they stay distinct in black and white.
#: Their greys depend on the style of matplotlib, see `inked`.
LINE = {"color": "0.15", "linewidth": 0.8, "solid_joinstyle": "bevel"}
EVENT = {"facecolor": "0.88", "edgecolor": "0.62", "hatch": "////", "linewidth": 0.6, "zorder": 0.5}
MARKER = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 4.5,
    "markerfacecolor": "#FFB000",
    "markeredgecolor": "0",
    "markeredgewidth": 0.7,
    "zorder": 3,
}
THRESHOLD = {"color": "#0072B2", "linestyle": (0, (6, 2)), "linewidth": 1.2, "zorder": 4}

#: If one of the axes has more marks or bands than this, they are drawn thinner, so that they do not hide the line.
_CROWD = 200
_CROWDED_MARKER = {"markersize": 2.2, "markeredgewidth": 0.3}
_CROWDED_EVENT = {"linewidth": 0.2}
#: Largest number of axes that is readable in one figure.
_MAX_AXES = 60
#: Width of an entry of the legend, in inches.
_LEGEND_WIDTH = 1.4
#: With more bands than this, close ones are merged, as drawing a hatched band takes about half a millisecond.
_MAX_BANDS = 1000


def make_axes(
    ax: Axes, n_axes: int, caller: str, size: tuple[float, float], n_cols: int | None = 1, fix: str = ""
) -> tuple[np.ndarray, Any]:
    """Return axes to draw into, and the figure if it was created here.

    Parameters
    ----------
    ax : Axes, array-like of Axes or None
        Axes passed by the user. None creates a figure.
    n_axes : int
        Number of axes needed.
    caller : str
        Name of the display, for errors.
    size : tuple of float
        Width and height of one of the new axes, in inches.
    n_cols : int or None, default=1
        Number of columns of the grid of new axes; None chooses it by the number of axes.
    fix : str, default=""
        Advice on how to need fewer axes.

    Returns
    -------
    axes : ndarray of Axes, shape (n_axes,)
    own : Figure or None
    """
    pyplot = require("matplotlib.pyplot", f"{caller}.plot")
    if ax is not None:
        axes = np.ravel(np.asarray(ax, dtype=object))
        if len(axes) != n_axes:
            raise ValueError(
                f"{caller} needs {n_axes} axes, but ax has {len(axes)}. Pass an array of {n_axes} axes, or ax=None to "
                f"create them{', or ' + fix if fix else ''}."
            )
        return axes, None
    if n_axes > _MAX_AXES:
        raise ValueError(f"{caller} would draw {n_axes} axes, too many to read: {fix}.")
    n_cols = min(n_axes, n_cols or min(3, math.ceil(math.sqrt(n_axes / 2))))
    n_rows = math.ceil(n_axes / n_cols)
    width = size[0] if n_cols == 1 else max(4.0, size[0] / n_cols)
    figure, grid = pyplot.subplots(
        n_rows, n_cols, figsize=(width * n_cols, size[1] * n_rows), squeeze=False, layout="constrained"
    )
    for left_over in grid.ravel()[n_axes:]:
        left_over.remove()
    return grid.ravel()[:n_axes], figure


def add_legend(axes: np.ndarray, own: Figure | None) -> Any:
    """Add one legend for all axes, outside the data; return it, or None if nothing has a label."""
    handles: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if not handles:
        return None
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.2}
    if own is not None:
        place = {"loc": "outside upper center"}
    parent = axes[0] if own is None else own
    box = parent.get_window_extent()
    n_cols = max(1, min(len(handles), int(box.width / axes[0].figure.dpi / _LEGEND_WIDTH)))
    return parent.legend(
        handles.values(), handles.keys(), ncols=n_cols, frameon=False, fontsize="small", **place
    )


def set_time(ax: Axes, axis: TimeAxis, label: bool = True) -> None:
    """Set the label and ticks of the time axis, unless the axes below show them."""
    if axis.is_date:
        dates = require("matplotlib.dates", "A time axis")
        locator = dates.AutoDateLocator(tz=axis.zone, minticks=3, maxticks=7)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=axis.zone))
    elif axis.label == "row":  # bands begin half a row before row 0, and there is no row -0.5
        ticker = require("matplotlib.ticker", "An axis of rows")
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.margins(x=0)
    if label:
        ax.set_xlabel(axis.label)
    else:
        ax.tick_params(labelbottom=False)


def draw_line(
    ax: Axes, times: np.ndarray, values: np.ndarray, lone: np.ndarray, axis: TimeAxis, **look: Any
) -> Line2D:
    """Draw a line of `broken_line`, with dots for points that have no neighbour."""
    if len(lone):
        look = {"marker": ".", "markersize": 4, "markevery": lone.tolist(), **look}
    (line,) = ax.plot(axis.place(times), values, **{**inked(LINE), **look})
    return line


def shade(
    ax: Axes,
    intervals: np.ndarray,
    axis: TimeAxis,
    bottom: float = 0,
    label: str = "labelled event",
    **look: Any,
) -> PolyCollection:
    """Shade intervals, such as labelled events, from a given share of the height of the axes to the top."""
    collections = require("matplotlib.collections", "Shading")
    places = axis.place(_merge(intervals).ravel())
    ax.xaxis.update_units(places)
    left, right = np.asarray(ax.convert_xunits(places), dtype=float).reshape(-1, 2).T
    corners = [(left, bottom), (left, 1), (right, 1), (right, bottom)]
    vertices = np.stack([np.column_stack([x, np.full(len(x), y)]) for x, y in corners], axis=1)
    # The edge stays visible where the interval is thinner than a pixel.
    look = {**inked({**EVENT, **look}), **(_CROWDED_EVENT if len(intervals) > _CROWD else {})}
    name = label if len(intervals) else None
    bands = collections.PolyCollection(vertices, transform=ax.get_xaxis_transform(), label=name, **look)
    ax.add_collection(bands, autolim=False)
    return bands


def _merge(intervals: np.ndarray) -> np.ndarray:
    """If there are many intervals, merge those with a distance too small to be visible."""
    if len(intervals) <= _MAX_BANDS:
        return intervals
    shortest = (intervals[-1, 1] - intervals[0, 0]) / _MAX_BANDS
    cuts = np.flatnonzero(intervals[1:, 0] - intervals[:-1, 1] > shortest)
    return np.column_stack(
        [intervals[np.append(0, cuts + 1), 0], intervals[np.append(cuts, len(intervals) - 1), 1]]
    )


def draw_marks(
    ax: Axes, times: np.ndarray, values: np.ndarray, axis: TimeAxis, label: str, **look: Any
) -> Line2D:
    """Mark rows; if there are none, add no entry to the legend."""
    look = {**inked(MARKER), **(_CROWDED_MARKER if len(times) > _CROWD else {}), **look}
    (marks,) = ax.plot(axis.place(times), values, **look, label=label if len(times) else None)
    return marks


def event_bands(
    ax: Axes, series: DrawnSeries, anomalous: np.ndarray | None, axis: TimeAxis
) -> PolyCollection | None:
    """Shade the labelled events of a series, if there are labels."""
    return None if anomalous is None else shade(ax, series.intervals(anomalous), axis)
