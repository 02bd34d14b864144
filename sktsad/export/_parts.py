"""Fitted models as torch modules, from rows to decisions; rows and windows are flat between the parts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from torch import nn

from .._core import AnyEstimator, which_look_ahead
from ..detectors import GaussianDetector, ZScoreDetector
from ..neural import NetClassifier, NetDetector, StatefulForecastDetector, StatefulRNNClassifier
from ..postprocessing import ThresholdClassifier
from ..preprocessing import SlidingWindow, WindowScaler
from ._affine import affine_columns
from ._along_parts import ClassifierStep, ForecastStep

_SUPPORTED = (
    "RNNClassifier, TorchClassifier, AutoencoderDetector, VAEDetector, ForecastDetector, StatefulRNNClassifier, "
    "StatefulForecastDetector, GaussianDetector, ZScoreDetector; ThresholdClassifier or FrozenEstimator around one of "
    "these; or a Pipeline that ends with one of these"
)


class ScaledColumns(nn.Module):
    """Shift and scale columns."""

    def __init__(self, center: np.ndarray, slope: np.ndarray, offset: np.ndarray) -> None:
        super().__init__()
        for name, value in (("center", center), ("slope", slope), ("offset", offset)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float64))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, n_columns) to the same."""
        return (rows - self.center) * self.slope + self.offset  # type: ignore[operator]


class LaggedRows(nn.Module):
    """Windows over the rows of one series, as `SlidingWindow` makes them."""

    def __init__(self, length: int, padding: str) -> None:
        super().__init__()
        self.length = length
        self.padding = padding

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, n_columns) to (n_rows, length * n_columns)."""
        position = torch.arange(rows.shape[0])[:, None] + torch.arange(1 - self.length, 1)
        windows = rows[position.clamp(min=0)]
        if self.padding == "zero":
            windows = torch.where(position[:, :, None] < 0, 0.0, windows)
        return windows.flatten(1)


class NetDecision(nn.Module):
    """The decision of a classifier with a net, which works in float32."""

    def __init__(self, model: NetClassifier) -> None:
        super().__init__()
        self.module = _float32(model.net_.module_)
        self.shape = model.input_shape_
        self.is_binary = len(model.classes_) == 2

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map flat windows to (n_rows,), or (n_rows, n_classes)."""
        logits = self.module(windows.float().unflatten(1, self.shape)).double().flatten(1)
        if not self.is_binary:
            return logits
        return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]


class NetErrorScore(nn.Module):
    """The score of a detector with a net, which works in float32."""

    def __init__(self, model: NetDetector) -> None:
        super().__init__()
        self.score = _float32(model.score_module_)
        self.shape = model.window_shape_

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map flat windows to (n_rows,)."""
        return self.score(windows.float().unflatten(1, self.shape)).double()


class LargestZ(nn.Module):
    """The largest absolute value of a row of z-scores."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, n_columns) to (n_rows,)."""
        return torch.where(z.isnan(), 0.0, z.abs()).amax(dim=1)  # missing values have a z-score of 0


class RollingZ(nn.Module):
    """The z-scores of the last row of each window, within the window."""

    def __init__(self, layout: tuple[int, int]) -> None:
        super().__init__()
        self.layout = layout

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map flat windows to (n_rows, n_channels)."""
        values = windows.unflatten(1, self.layout)
        center, scale = values.mean(dim=1), values.std(dim=1, correction=0)
        is_spread = scale > 1e-12 * center.abs()
        return torch.where(is_spread, (values[:, -1] - center) / torch.where(is_spread, scale, 1.0), 0.0)


class NegativeLogDensity(nn.Module):
    """The score of a `GaussianDetector`, of standardised rows."""

    precision: torch.Tensor

    def __init__(self, model: GaussianDetector) -> None:
        super().__init__()
        precision = getattr(model, "precision_", np.eye(len(model.scale_)))
        if model.score_on == "last":  # deviations of the last row from its prediction by the other rows
            scored = precision[-model.window_shape_[1] :]
            precision = scored.T @ np.linalg.solve(scored[:, -len(scored) :], scored)
        self.register_buffer("precision", torch.tensor(precision))
        self.log_normalizer = float(model.log_normalizer_)
        self.n_scored = model.window_shape_[1] if model.score_on == "last" else len(model.scale_)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, n_columns) to (n_rows,)."""
        return (((z @ self.precision) * z).sum(dim=1) / 2 + self.log_normalizer) / self.n_scored


class SubtractThreshold(nn.Module):
    """Scores minus their threshold."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, scores: torch.Tensor) -> torch.Tensor:
        """Map (n_rows,) to the same; a score that is not finite is an alarm."""
        return torch.where(scores.isfinite(), scores - self.threshold, torch.inf)


class LabelledDecision(nn.Module):
    """A chain of parts, and the label for its decision."""

    def __init__(self, chain: list[nn.Module], labels: np.ndarray) -> None:
        super().__init__()
        self.chain = nn.Sequential(*chain)
        self.register_buffer("labels", torch.tensor(labels, dtype=torch.int64))

    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (n_rows, n_columns) to decisions, and to (n_rows,) labels."""
        decision = self.chain(rows.double())
        # Not "above 0", as NaN must not be normal.
        chosen = (~(decision <= 0)).long() if decision.ndim == 1 else decision.argmax(dim=1)
        return decision, self.labels[chosen]  # type: ignore[index]


def parts(model: AnyEstimator) -> Iterator[nn.Module]:
    """Yield the modules that together map rows to decisions, or raise TypeError for a model that has none."""
    for ahead in which_look_ahead(model):
        raise TypeError(
            f"{ahead} cannot be exported: it looks ahead, but an exported model only uses past rows. Use one that does "
            "not look ahead."
        )
    if isinstance(model, FrozenEstimator):
        yield from parts(model.estimator)
    elif isinstance(model, Pipeline):
        for _, step in model.steps[:-1]:
            yield from _transformer_parts(step)
        yield from parts(model.steps[-1][1])
    elif isinstance(model, ThresholdClassifier):
        yield from parts(model.estimator_)
        yield SubtractThreshold(model.threshold_)
    elif isinstance(model, StatefulRNNClassifier):
        yield ClassifierStep(model)
    elif isinstance(model, NetClassifier):
        yield NetDecision(model)
    else:
        yield from _score_parts(model)
        yield SubtractThreshold(model.threshold_)


def _score_parts(model: AnyEstimator) -> Iterator[nn.Module]:
    """Yield the modules that map rows to the score of a detector."""
    if isinstance(model, NetDetector):
        yield NetErrorScore(model)
    elif isinstance(model, StatefulForecastDetector):
        yield ForecastStep(model)
    elif isinstance(model, GaussianDetector):
        yield ScaledColumns(model.mean_, 1 / model.scale_, np.zeros_like(model.mean_))
        yield NegativeLogDensity(model)
    elif isinstance(model, ZScoreDetector) and model.mode == "global":
        yield ScaledColumns(model.center_, 1 / model.scale_, np.zeros_like(model.center_))
        yield LargestZ()
    elif isinstance(model, ZScoreDetector) and not model.robust:
        yield RollingZ(model.window_shape_)
        yield LargestZ()
    else:
        raise TypeError(f"{model} cannot be exported. Use one of these: {_SUPPORTED}.")


def _transformer_parts(step: Any) -> Iterator[nn.Module]:
    """Yield the modules of a step of a pipeline; samplers, which act at fit only, have none."""
    if step is None or step == "passthrough" or hasattr(step, "fit_resample"):
        return
    if isinstance(step, FrozenEstimator):
        yield from _transformer_parts(step.estimator)
    elif isinstance(step, Pipeline):
        for _, inner in step.steps:
            yield from _transformer_parts(inner)
    elif isinstance(step, SlidingWindow):
        if max(step.strides_.values()) > 1:
            raise TypeError(
                f"{step} cannot be exported: its series have different time steps, but the exported model has no "
                "times. Resample all series to one step first, with sktsad.preprocessing.resample, or give length as "
                "a number of rows."
            )
        yield LaggedRows(step.length_, step.padding)
    elif isinstance(step, WindowScaler):
        yield ScaledColumns(*(np.tile(part, step.window_shape_[0]) for part in affine_columns(step.scaler_)))
    else:
        yield ScaledColumns(*affine_columns(step))


def _float32(module: nn.Module) -> nn.Module:
    """Copy a network to float32: most runtimes have no recurrent cells in float64."""
    return copy.deepcopy(module).cpu().float().eval()
