"""Precision and recall, or alarms per day, of each threshold."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._core import (
    AnyEstimator,
    Axes,
    HasMethods,
    Interval,
    Label,
    Labels,
    Rows,
    Scores,
    decision_scores,
    mark_label,
    own_threshold,
    validate_params,
)
from ..thresholds import BestFBeta
from ._axes import LINE, THRESHOLD, add_legend, make_axes
from ._drawn_series import common_index, read_scores
from ._ink import inked
from ._thin import thin

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

_BETA = [Interval(Real, 0, None, closed="neither")]


class ThresholdDisplay:
    """Show precision, recall and F-beta, or alarms per day, against the threshold, with the chosen one marked.

    It shows whether the choice is safe: whether F-beta has a broad maximum there, not a narrow peak, and whether a
    slightly lower threshold would make many more alarms. Use `from_estimator`, `from_predictions` or `from_rule` to
    create one.

    Parameters
    ----------
    thresholds : ndarray of shape (n_thresholds,)
        Thresholds, ascending; the alarms at a threshold are the rows with a larger score.
    precision, recall, f_beta : ndarray of shape (n_thresholds,), default=None
        Precision, recall and F-beta at these thresholds; all three or none.
    alarms_per_day : ndarray of shape (n_thresholds,), default=None
        Alarms per day at these thresholds, drawn if there is no precision.
    threshold : float
        The chosen threshold, which must be one of ``thresholds``.
    budget : float, default=None
        Requested number of alarms per day.
    beta : float, default=1
        Weight of recall relative to precision in ``f_beta``.
    score_name : str, default="threshold"
        Name of the scores that the thresholds apply to.

    Attributes
    ----------
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure of the axes.
    precision_, recall_, f_beta_ : Line2D
        The curves; only with precision.
    alarms_per_day_ : Line2D
        The curve of alarms per day; only with ``alarms_per_day``.
    budget_ : Line2D
        The line at the budget; only with ``budget``.
    threshold_ : Line2D
        The line at the chosen threshold.
    points_ : Line2D
        The markers on the curves at the chosen threshold.
    legend_ : Legend
        The legend.

    See Also
    --------
    sktsad.thresholds.AlarmsPerDay : Chooses the lowest threshold within a budget of alarms.
    sktsad.thresholds.BestFBeta : Chooses the threshold with the highest F-beta.
    sklearn.metrics.PrecisionRecallDisplay : Precision against recall.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sktsad.plotting import ThresholdDisplay
    >>> display = ThresholdDisplay.from_predictions([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.7])
    >>> float(display.threshold)
    0.4
    >>> plt.close(display.figure_)
    """

    ax_: Any
    figure_: Any
    precision_: Line2D
    recall_: Line2D
    f_beta_: Line2D
    alarms_per_day_: Line2D
    budget_: Line2D
    threshold_: Line2D
    points_: Line2D
    legend_: Any

    def __init__(
        self,
        thresholds: Any,
        precision: Any = None,
        recall: Any = None,
        f_beta: Any = None,
        *,
        threshold: float,
        alarms_per_day: Any = None,
        budget: float | None = None,
        beta: float = 1,
        score_name: str = "threshold",
    ) -> None:
        self.thresholds = thresholds
        self.precision = precision
        self.recall = recall
        self.f_beta = f_beta
        self.threshold = threshold
        self.alarms_per_day = alarms_per_day
        self.budget = budget
        self.beta = beta
        self.score_name = score_name

    @validate_params(
        {"max_points": [Interval(Integral, 10, None, closed="left")]}, prefer_skip_nested_validation=True
    )
    def plot(self, ax: Axes = None, *, max_points: int = 4000, **line_kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw. None creates a figure, which you must show and close.
        max_points : int, default=4000
            Curves of more thresholds are drawn with about this many points; at least 10.
        **line_kwargs : dict
            Further arguments of matplotlib's ``plot`` for the curves.

        Returns
        -------
        self : ThresholdDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing, or if tsdownsample is missing and there are more than ``max_points`` thresholds.
        """
        axes, own = make_axes(ax, 1, type(self).__name__, (6, 3.6))
        self.ax_ = axes[0]
        self.figure_ = self.ax_.figure
        at = int(np.searchsorted(self.thresholds, self.threshold))
        draw = self._plot_alarms if self.precision is None else self._plot_figures
        chosen, title = draw(at, max_points, line_kwargs)
        look = {**THRESHOLD, "color": "0.45", "linestyle": "-", "linewidth": 0.9}
        self.threshold_ = self.ax_.axvline(self.threshold, **inked(look))
        places = [self.threshold] * len(chosen)
        (self.points_,) = self.ax_.plot(places, chosen, "o", **inked({"color": "0"}), markersize=5, zorder=3)
        self.ax_.set_title(f"at {self.threshold:.4g}: {title}", loc="left", fontsize="small", wrap=True)
        self.ax_.set(xlabel=self.score_name)
        # The lowest threshold, which may be far below all scores, is not shown.
        seen = np.append(self.thresholds[1:], self.threshold)
        if seen.min() < seen.max():
            self.ax_.set_xlim(seen.min(), seen.max())
        self.legend_ = add_legend(axes, own)
        return self

    def _plot_figures(self, at: int, max_points: int, look: dict) -> tuple[list[float], str]:
        """Draw precision, recall and F-beta; return their values at the chosen threshold, as numbers and as text."""
        f_name = f"F{self.beta:g}"
        chosen = [curve[at] for curve in (self.precision, self.recall, self.f_beta)]
        self.precision_ = self._curve(
            self.precision, "precision", max_points, look, color="#0072B2", dash=(5, 1.5)
        )
        self.recall_ = self._curve(self.recall, "recall", max_points, look, color="#D55E00", dash=(1.2, 1.2))
        self.f_beta_ = self._curve(self.f_beta, f_name, max_points, look, color="0", dash=None)
        self.ax_.set(ylabel="score", ylim=(-0.02, 1.02))
        names = ("precision", "recall", f_name)
        return chosen, ", ".join(f"{name} {value:.2f}" for name, value in zip(names, chosen, strict=True))

    def _plot_alarms(self, at: int, max_points: int, look: dict) -> tuple[list[float], str]:
        """Draw alarms per day; return their value at the chosen threshold, as a number and as text."""
        chosen = float(self.alarms_per_day[at])
        curve = self.alarms_per_day
        self.alarms_per_day_ = self._curve(curve, "alarms per day", max_points, look, color="0", dash=None)
        if self.budget is not None:
            budget = {**THRESHOLD, "label": f"budget {self.budget:g}"}
            self.budget_ = self.ax_.axhline(self.budget, **budget)
            # Show the part of the curve near the budget: at low thresholds there are far more alarms.
            top = min(float(np.max(self.alarms_per_day)), 5 * self.budget)
            self.ax_.set_ylim(-0.03 * top, 1.05 * max(top, self.budget))
        self.ax_.set(ylabel="alarms per day")
        return [chosen], f"{chosen:.2f} alarms per day"

    def _curve(self, values: Any, label: str, max_points: int, look: dict, color: str, dash: Any) -> Line2D:
        known = np.flatnonzero(~np.isnan(values))
        x, y = self.thresholds[known], values[known]
        at = thin(x, y, max_points)
        style = {"linestyle": (0, dash) if dash else "-", "linewidth": 1.5, "color": color, "label": label}
        (line,) = self.ax_.plot(x[at], y[at], **{**inked({**LINE, **style}), **look})
        return line

    @classmethod
    @validate_params({"estimator": [HasMethods("fit")], "beta": _BETA}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls,
        estimator: AnyEstimator,
        X: Rows,
        y: Labels,
        *,
        beta: float = 1,
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw the curves for the scores of a fitted classifier or detector, and mark its own threshold.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier, detector, or Pipeline that ends in one. Scores are ``decision_function``, and the
            threshold is 0; if there is none, the probability of the anomaly and 0.5.
        X : Windows, DataFrame or array-like of shape (n_samples, n_features)
            Rows, in the form that the estimator needs.
        y : array-like of shape (n_samples,)
            Labels of the rows; ``estimator.classes_[1]`` is the anomaly.
        beta : float, default=1
            Weight of recall relative to precision, above 0.
        ax : Axes, default=None
            Where to draw.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : ThresholdDisplay
        """
        name = "decision score" if hasattr(estimator, "decision_function") else "probability of an anomaly"
        return cls.from_predictions(
            y,
            decision_scores(estimator, X),
            threshold=own_threshold(estimator),
            beta=beta,
            pos_label=estimator.classes_[1],
            score_name=f"threshold on the {name}",
            ax=ax,
            **plot_params,
        )

    @classmethod
    @validate_params(
        {
            "y_true": ["array-like"],
            "y_score": ["array-like"],
            "threshold": [Interval(Real, None, None, closed="neither"), None],
            "beta": _BETA,
        },
        prefer_skip_nested_validation=False,
    )
    def from_predictions(
        cls,
        y_true: Labels,
        y_score: Scores,
        *,
        threshold: float | None = None,
        beta: float = 1,
        pos_label: Label = 1,
        score_name: str = "threshold",
        ax: Axes = None,
        **plot_params: Any,
    ) -> Self:
        """Draw the curves for given scores.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels of both classes.
        y_score : array-like of shape (n_samples,)
            Scores, larger is more anomalous.
        threshold : float, default=None
            The threshold to mark. None marks the one with the highest F-beta on these rows.
        beta : float, default=1
            Weight of recall relative to precision, above 0.
        pos_label : int, float, bool or str, default=1
            The label of anomalies.
        score_name : str, default="threshold"
            Name of the scores that the thresholds apply to.
        ax : Axes, default=None
            Where to draw.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : ThresholdDisplay

        Raises
        ------
        ValueError
            If `y_true` does not have both classes, or has more than two labels, scores are not finite, or lengths
            differ.
        """
        common_index(y_true=y_true, y_score=y_score)  # raises if they do not match
        (anomalous,) = mark_label(pos_label, y_true=y_true)
        scores = read_scores(y_score)
        if anomalous.all() or not anomalous.any():
            missing = "normal" if anomalous.all() else "anomalous"
            raise ValueError(
                f"y_true has no {missing} row among its {len(anomalous)} (pos_label={pos_label!r}): curves need "
                "rows of both kinds."
            )
        rule = BestFBeta(beta).fit(scores, anomalous)
        curves = np.array([rule.thresholds_, rule.precision_, rule.recall_, rule.f_beta_])
        threshold = rule.threshold_ if threshold is None else float(threshold)
        at = np.searchsorted(curves[0], threshold)
        if at == len(curves[0]) or curves[0, at] != threshold:
            curves = np.insert(
                curves, at, [threshold, *_figures(scores > threshold, anomalous, beta)], axis=1
            )
        return cls(*curves, threshold=threshold, beta=beta, score_name=score_name).plot(ax, **plot_params)

    @classmethod
    def from_rule(
        cls, rule: Any, *, score_name: str = "threshold", ax: Axes = None, **plot_params: Any
    ) -> Self:
        """Draw the curves from which a fitted rule has chosen its threshold.

        Parameters
        ----------
        rule : BestFBeta or AlarmsPerDay
            A fitted rule, such as the ``threshold_rule_`` of a detector.
        score_name : str, default="threshold"
            Name of the scores that the thresholds apply to.
        ax : Axes, default=None
            Where to draw.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : ThresholdDisplay

        Raises
        ------
        TypeError
            If the rule has no such curve, or is not fitted.
        """
        if hasattr(rule, "alarms_per_day_"):
            by_day = cls(
                rule.thresholds_,
                threshold=float(rule.threshold_),
                alarms_per_day=rule.alarms_per_day_,
                budget=rule.n,
                score_name=score_name,
            )
            return by_day.plot(ax, **plot_params)
        if not hasattr(rule, "f_beta_"):
            raise TypeError(
                f"{rule} has neither precision and recall nor alarms per day, or is not fitted. Pass a fitted "
                "BestFBeta or AlarmsPerDay, or pass scores and labels to ThresholdDisplay.from_predictions."
            )
        display = cls(
            rule.thresholds_,
            rule.precision_,
            rule.recall_,
            rule.f_beta_,
            threshold=float(rule.threshold_),
            beta=rule.beta,
            score_name=score_name,
        )
        return display.plot(ax, **plot_params)


def _figures(alarms: np.ndarray, anomalous: np.ndarray, beta: float) -> tuple[float, float, float]:
    """Return precision, NaN without an alarm, recall and F-beta."""
    n_alarms, n_hits, n_anomalies = alarms.sum(), (alarms & anomalous).sum(), anomalous.sum()
    weight = float(beta) ** 2
    precision = n_hits / n_alarms if n_alarms else np.nan
    return precision, n_hits / n_anomalies, (1 + weight) * n_hits / (weight * n_anomalies + n_alarms)
