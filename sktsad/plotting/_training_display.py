"""Losses and scores by epoch."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._core import AnyEstimator, Axes, Scores, require_method
from ._axes import LINE, add_legend, make_axes
from ._ink import inked
from ._require import require

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

#: Line styles of the losses; other losses use these in turn.
_LOOKS = {
    "train_loss": {"color": "0", "linestyle": "-", "linewidth": 1.6},
    "valid_loss": {"color": "#D55E00", "linestyle": (0, (5, 1.5)), "linewidth": 1.6},
}
_OTHERS = [
    {"color": "#56B4E9", "linestyle": (0, (1, 1.2)), "linewidth": 1.4, "zorder": 3},
    {"color": "#0072B2", "linestyle": (0, (5, 1.5, 1, 1.5)), "linewidth": 1.4, "zorder": 3},
    {"color": "#009E73", "linestyle": (0, (8, 2)), "linewidth": 1.4, "zorder": 3},
    {"color": "#CC79A7", "linestyle": (0, (3, 1, 1, 1, 1, 1)), "linewidth": 1.4, "zorder": 3},
]
#: Entries of skorch's history that are neither losses nor scores.
_NO_FIGURE = ("epoch", "dur", "batches")


class TrainingDisplay:
    """Show losses and scores epoch by epoch, with the best epoch marked.

    A validation loss that rises while the training loss falls shows overfitting; if both still fall, more epochs may
    help. Use `from_estimator` to create one.

    Parameters
    ----------
    epochs : ndarray of int, shape (n_epochs,)
        Numbers of the epochs.
    losses : dict of str to ndarray of shape (n_epochs,)
        Losses by name.
    scores : dict of str to ndarray of shape (n_epochs,), default=None
        Scores by name, which are drawn on a second axis, on the right.
    best_epoch : int, default=None
        The epoch to mark.

    Attributes
    ----------
    ax_ : Axes
        The axes of the losses.
    score_ax_ : Axes or None
        The axes of the scores; None without scores.
    figure_ : Figure
        The figure of the axes.
    losses_, scores_ : dict of str to Line2D
        The lines by name.
    best_ : Line2D or None
        The line at the best epoch; None if there is none.
    legend_ : Legend
        The legend.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sktsad import AutoencoderDetector, SlidingWindow
    >>> from sktsad.plotting import TrainingDisplay
    >>> windows = SlidingWindow(20).fit_transform(np.sin(np.arange(300) / 5).reshape(-1, 1))
    >>> detector = AutoencoderDetector(max_epochs=5, early_stopping=True, random_state=0).fit(
    ...     windows
    ... )
    >>> display = TrainingDisplay.from_estimator(detector)
    >>> sorted(display.losses)
    ['train_loss', 'valid_loss']
    >>> plt.close(display.figure_)
    """

    ax_: Any
    score_ax_: Any
    figure_: Any
    losses_: dict[str, Line2D]
    scores_: dict[str, Line2D]
    best_: Line2D | None
    legend_: Any

    def __init__(
        self, epochs: Any, losses: Any, *, scores: Scores = None, best_epoch: int | None = None
    ) -> None:
        self.epochs = epochs
        self.losses = losses
        self.scores = scores
        self.best_epoch = best_epoch

    def plot(self, ax: Axes = None, **line_kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw. None creates a figure, which you must show and close.
        **line_kwargs : dict
            Further arguments of matplotlib's ``plot`` for the curves.

        Returns
        -------
        self : TrainingDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        axes, own = make_axes(ax, 1, type(self).__name__, (6, 3.4))
        self.ax_, self.score_ax_ = axes[0], None
        self.figure_ = self.ax_.figure
        others = iter(_OTHERS * len(self.losses) + _OTHERS * len(self.scores or ()))
        self.losses_ = self._curves(self.ax_, self.losses, others, line_kwargs)
        self.scores_ = {}
        if self.scores:
            self.score_ax_ = self.ax_.twinx()
            self.scores_ = self._curves(self.score_ax_, self.scores, others, line_kwargs, marker=".")
            self.score_ax_.set_ylabel("score")
            if all(((curve >= 0) & (curve <= 1)).all() for curve in self.scores.values()):
                self.score_ax_.set_ylim(-0.02, 1.02)
            axes = np.append(axes, self.score_ax_)
        self.best_ = None
        if self.best_epoch is not None:
            label = f"best epoch ({self.best_epoch})"
            self.best_ = self.ax_.axvline(
                self.best_epoch, **inked({"color": "0.6"}), linewidth=4, alpha=0.5, zorder=0.5, label=label
            )
        self.ax_.set(xlabel="epoch", ylabel="loss")
        ticker = require("matplotlib.ticker", "An axis of epochs")
        self.ax_.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        self.legend_ = add_legend(axes, own)
        return self

    def _curves(self, ax: Axes, curves: dict, others: Any, look: dict, **own_look: Any) -> dict[str, Line2D]:
        lines = {}
        for name, values in curves.items():
            style = {
                **LINE,
                **(_LOOKS.get(name) or next(others)),
                "marker": "." if len(values) == 1 else None,
                **own_look,
            }
            (lines[name],) = ax.plot(
                self.epochs, values, **{**inked(style), "label": name.replace("_", " "), **look}
            )
        return lines

    @classmethod
    def from_estimator(cls, estimator: AnyEstimator, *, ax: Axes = None, **plot_params: Any) -> Self:
        """Draw the training of the network of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator with a net, or a Pipeline that ends in one. All numbers in its ``net_.history`` are
            drawn: those with names that end in ``loss`` as losses, others as scores. The best epoch is that with the
            lowest ``valid_loss``, whose weights early stopping restores, or otherwise the lowest ``train_loss``.
        ax : Axes, default=None
            Where to draw.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : TrainingDisplay

        Raises
        ------
        TypeError
            If the estimator has no trained network.
        """
        example = "a fitted RNNClassifier, AutoencoderDetector or another estimator with a network"
        history = require_method(estimator, "net_", cls.__name__, example).net_.history
        names = dict.fromkeys(
            name for epoch in history for name, value in epoch.items() if _is_figure(name, value)
        )
        curves = {
            name: np.array([epoch.get(name, np.nan) for epoch in history], dtype=float) for name in names
        }
        losses = {name: curve for name, curve in curves.items() if name.endswith("loss")}
        scores = {name: curve for name, curve in curves.items() if name not in losses}
        epochs = np.array([epoch["epoch"] for epoch in history])
        watched = losses.get("valid_loss", losses["train_loss"])
        best = int(epochs[np.nanargmin(np.where(np.isfinite(watched), watched, np.nan))])
        return cls(epochs, losses, scores=scores, best_epoch=best).plot(ax, **plot_params)


def _is_figure(name: str, value: Any) -> bool:
    """Return whether an entry of an epoch is a loss or a score."""
    is_number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    return (
        is_number
        and name not in _NO_FIGURE
        and not name.startswith("event_")
        and not name.endswith("_batch_count")
    )
