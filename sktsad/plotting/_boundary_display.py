"""Two features, and the boundary of a model between normal and anomalous rows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from .._core import (
    AnyEstimator,
    Axes,
    HasMethods,
    Interval,
    Labels,
    Rows,
    decision_scores,
    mark_label,
    own_threshold,
    validate_params,
)
from ._axes import MARKER, THRESHOLD, add_legend, make_axes
from ._drawn_series import common_index
from ._ink import inked

if TYPE_CHECKING:
    from matplotlib.lines import Line2D


class BoundaryDisplay:
    """Show rows of two features, the contours of a model's score, and the border of its threshold.

    Rows outside the border are alarms. For a density, the contours are those of the score, its negative logarithm. Use
    `from_estimator` to create one.

    Parameters
    ----------
    xx0, xx1 : ndarray of shape (n_grid, n_grid)
        First and second feature of the points of a grid.
    response : ndarray of shape (n_grid, n_grid)
        Scores of these points, larger is more anomalous.
    threshold : float
        Points with a larger score are alarms.
    rows : ndarray of shape (n_samples, 2)
        The rows.
    anomalous : ndarray of bool of shape (n_samples,), default=None
        Which rows are labelled as anomalies.
    names : tuple of str, default=("feature 0", "feature 1")
        Names of the two features.

    Attributes
    ----------
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure of the axes.
    contours_ : QuadContourSet
        Lines of equal score.
    border_ : QuadContourSet or None
        The line at the threshold; None if it is outside the grid.
    rows_ : Line2D
        Rows that are not labelled as anomalies.
    anomalies_ : Line2D
        Rows that are labelled as anomalies.
    legend_ : Legend
        The legend.

    See Also
    --------
    sklearn.inspection.DecisionBoundaryDisplay : Draws areas of any number of classes, without rows or threshold.
    sktsad.plotting.ScoreDisplay : Draws the scores of any number of features.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sktsad import GaussianDetector
    >>> from sktsad.plotting import BoundaryDisplay
    >>> engines = np.random.RandomState(0).normal(size=(200, 2))
    >>> display = BoundaryDisplay.from_estimator(GaussianDetector().fit(engines), engines)
    >>> display.response.shape
    (100, 100)
    >>> plt.close(display.figure_)
    """

    ax_: Any
    figure_: Any
    contours_: Any
    border_: Any
    rows_: Line2D
    anomalies_: Line2D
    legend_: Any

    def __init__(
        self,
        xx0: Any,
        xx1: Any,
        response: Any,
        *,
        threshold: float,
        rows: Any,
        anomalous: Any = None,
        names: tuple[str, str] = ("feature 0", "feature 1"),
    ) -> None:
        self.xx0 = xx0
        self.xx1 = xx1
        self.response = response
        self.threshold = threshold
        self.rows = rows
        self.anomalous = anomalous
        self.names = names

    @validate_params(
        {"levels": [Interval(Integral, 1, None, closed="left")]}, prefer_skip_nested_validation=True
    )
    def plot(self, ax: Axes = None, *, levels: int = 8, **contour_kwargs: Any) -> Self:
        """Draw rows, contours and border.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw. None creates a figure, which you must show and close.
        levels : int, default=8
            Approximate number of contours.
        **contour_kwargs : dict
            Further arguments of matplotlib's ``contour``.

        Returns
        -------
        self : BoundaryDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        axes, own = make_axes(ax, 1, type(self).__name__, (5, 4.2))
        self.ax_ = axes[0]
        self.figure_ = self.ax_.figure
        response = np.ma.masked_invalid(self.response)
        grey = inked({"color": "0.72"})["color"]
        look = {"colors": [grey], "linewidths": 0.7, "zorder": 1, **contour_kwargs}
        self.contours_ = self.ax_.contour(self.xx0, self.xx1, response, levels=levels, **look)
        self.border_ = None
        if response.min() < self.threshold < response.max():
            line = {"colors": [THRESHOLD["color"]], "linewidths": 1.6, "zorder": 4}
            self.border_ = self.ax_.contour(self.xx0, self.xx1, response, levels=[self.threshold], **line)
            self.ax_.plot([], [], color=THRESHOLD["color"], linewidth=1.6, label="border")
        anomalous = (
            np.zeros(len(self.rows), dtype=bool) if self.anomalous is None else np.asarray(self.anomalous)
        )
        dots = {"color": "0.15", "linestyle": "none", "marker": ".", "markersize": 3, "zorder": 2}
        (self.rows_,) = self.ax_.plot(*self.rows[~anomalous].T, **inked(dots))
        label = "labelled anomaly" if anomalous.any() else None
        (self.anomalies_,) = self.ax_.plot(*self.rows[anomalous].T, **inked(MARKER), label=label)
        self.ax_.set(xlabel=self.names[0], ylabel=self.names[1])
        self.legend_ = add_legend(axes, own)
        return self

    @classmethod
    @validate_params(
        {
            "estimator": [HasMethods("fit")],
            "grid_resolution": [Interval(Integral, 2, None, closed="left")],
            "eps": [Interval(Real, 0, None, closed="left")],
        },
        prefer_skip_nested_validation=False,
    )
    def from_estimator(
        cls,
        estimator: AnyEstimator,
        X: Rows,
        y: Labels = None,
        *,
        grid_resolution: int = 100,
        eps: float = 0.1,
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw the border of a fitted detector or classifier of two features.

        Parameters
        ----------
        estimator : estimator
            A fitted detector, binary classifier, or Pipeline that ends in one, which scores each row independently.
        X : DataFrame or array-like of shape (n_samples, 2)
            Rows to draw. A frame names the features.
        y : array-like of shape (n_samples,), default=None
            Labels of the rows; ``estimator.classes_[1]`` is the anomaly.
        grid_resolution : int, default=100
            Number of points of the grid in each direction.
        eps : float, default=0.1
            How far the grid reaches beyond the rows, as a share of their range.
        ax : Axes, default=None
            Where to draw.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : BoundaryDisplay

        Raises
        ------
        ValueError
            If X does not have two features, or the estimator scores a row together with its neighbours in time.
        """
        rows = np.asarray(X, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != 2:
            raise ValueError(
                f"X has shape {rows.shape}: a border needs exactly two columns, so choose two and fit the estimator "
                "to them."
            )
        common_index(X=X, y=y)  # raises if they do not match
        (anomalous,) = mark_label(estimator.classes_[1], y=y)
        low, high = np.nanmin(rows, axis=0), np.nanmax(rows, axis=0)
        margin = eps * np.where(high > low, high - low, 1.0)
        xx0, xx1 = np.meshgrid(*np.linspace(low - margin, high + margin, grid_resolution).T)
        points: Any = np.column_stack([xx0.ravel(), xx1.ravel()])
        names = ("feature 0", "feature 1")
        if isinstance(X, pd.DataFrame):
            names = (str(X.columns[0]), str(X.columns[1]))
            points = pd.DataFrame(points, columns=X.columns)
        scores = decision_scores(estimator, points)
        order = np.random.RandomState(0).permutation(len(scores))
        shuffled = (
            points[order] if isinstance(points, np.ndarray) else points.iloc[order].reset_index(drop=True)
        )
        if not np.allclose(decision_scores(estimator, shuffled), scores[order], rtol=1e-3, atol=1e-6):
            raise ValueError(
                f"{estimator} scores a row together with its neighbours in time, which the points of a grid do not "
                "have, so there is no border. Use an estimator that scores each row independently, or the scores over "
                "time with ScoreDisplay."
            )
        display = cls(
            xx0,
            xx1,
            scores.reshape(xx0.shape),
            threshold=own_threshold(estimator),
            rows=rows,
            anomalous=anomalous,
            names=names,
        )
        return display.plot(ax, **plot_params)
