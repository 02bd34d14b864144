"""Fitted networks that run along a series as torch modules: from a row of each series to a score and the next state.

A state is a flat row of numbers for each series, all zeros at the start.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from torch import nn

from ..neural import StatefulForecastDetector, StatefulRNNClassifier


class ClassifierStep(nn.Module):
    """The decision of a `StatefulRNNClassifier` on the next row of each series."""

    def __init__(self, model: StatefulRNNClassifier) -> None:
        super().__init__()
        self.module = copy.deepcopy(model.net_.module_).cpu().float().eval()
        self.knows_series = self.module.embedding is not None
        self.n_numbers = math.prod(self.module.state_shape)

    def forward(
        self, rows: torch.Tensor, state: torch.Tensor, series: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map rows (n_series, n_columns) and states to decisions and the states after these rows."""
        before = state.unflatten(1, self.module.state_shape)
        outputs, after = self.module(rows.float()[:, None], before, series)
        return outputs[:, 0].double(), after.flatten(1)


class ForecastStep(ClassifierStep):
    """The score of a `StatefulForecastDetector` for the next row of each series.

    The state also contains the forecasts made at the last rows, newest first, and their number.
    """

    usual: torch.Tensor

    def __init__(self, model: StatefulForecastDetector) -> None:
        super().__init__(model)
        self.register_buffer("usual", torch.tensor(model.usual_error_))
        self.is_squared = model.loss == "squared_error"
        horizon, n_channels = model.usual_error_.shape
        self.shape = (horizon, horizon, n_channels)
        self.n_own = self.n_numbers
        self.n_numbers += math.prod(self.shape) + 1

    def forward(
        self, rows: torch.Tensor, state: torch.Tensor, series: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map rows (n_series, n_columns) and states to scores and the states after these rows."""
        kept, n_made = state[:, self.n_own : -1].unflatten(1, self.shape), state[:, -1:]
        horizon = torch.arange(self.shape[0])
        # The forecast made i + 1 rows ago for horizon i + 1 predicts this row.
        error = (kept[:, horizon, horizon].double() - rows[:, None].float().double()).abs()
        error = (error.square() if self.is_squared else error) / self.usual
        is_made = horizon < n_made
        total = torch.where(is_made, error.mean(dim=2), 0.0).sum(dim=1)
        score = torch.where(n_made[:, 0] > 0, total / n_made[:, 0].clamp(min=1), 1.0)
        forecast, own = super().forward(rows, state[:, : self.n_own], series)
        kept = torch.cat([forecast.float()[:, None], kept[:, :-1]], dim=1)
        return score, torch.cat([own, kept.flatten(1), (n_made + 1).clamp(max=self.shape[0])], dim=1)


class LabelledStep(nn.Module):
    """A chain of parts, one of which keeps a state, and the label for its decision."""

    labels: torch.Tensor

    def __init__(self, chain: list[nn.Module], labels: np.ndarray) -> None:
        super().__init__()
        at = next(number for number, part in enumerate(chain) if isinstance(part, ClassifierStep))
        self.before, self.after = nn.Sequential(*chain[:at]), nn.Sequential(*chain[at + 1 :])
        self.step: nn.Module = chain[at]
        self.register_buffer("labels", torch.tensor(labels, dtype=torch.int64))

    def forward(
        self, rows: torch.Tensor, state: torch.Tensor, series: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Map rows (n_series, n_columns) and states to decisions, labels and the states after these rows."""
        scores, state = self.step(self.before(rows.double()), state, series)
        decision = self.after(scores)
        # Not "above 0", as NaN must not be normal.
        chosen = (~(decision <= 0)).long() if decision.ndim == 1 else decision.argmax(dim=1)
        return decision, self.labels[chosen], state
