"""Scales on which the scores of different detectors can be combined, learnt from known scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core import fitted_part, is_spread, robust_moments


@fitted_part
class RankScale:
    """Share of the known scores that are no larger; a straight line above the largest and below the smallest."""

    def __init__(self, known: np.ndarray) -> None:
        self.n_known = len(known)
        self.levels, counts = np.unique(known, return_counts=True)
        self.ranks = np.cumsum(counts) / len(known)
        quartiles = np.percentile(known, [25, 75])
        spread = quartiles[1] - quartiles[0]
        self.spread = spread if is_spread(spread, quartiles[1]) else max(1.0, abs(float(self.levels[-1])))

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        return self._rank(scores) + self._beyond(scores)

    def _rank(self, scores: np.ndarray) -> np.ndarray:
        return np.interp(scores, self.levels, self.ranks)

    def _beyond(self, scores: np.ndarray) -> np.ndarray:
        beyond = np.maximum(scores - self.levels[-1], 0) + np.minimum(scores - self.levels[0], 0)
        return beyond / self.spread


@fitted_part
class RarityScale(RankScale):
    """Minus the logarithm of the share of known scores above a score; on normal rows its mean and deviation are 1."""

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        beyond = self._beyond(scores)
        # With n known scores, none is rarer than 1 in n + 1.
        rarity = -np.log1p(-self._rank(scores) * self.n_known / (self.n_known + 1))
        return rarity + np.sign(beyond) * np.log1p(np.abs(beyond))


@fitted_part
class RobustScale:
    """Distance from the median of the known scores, in units of their spread."""

    def __init__(self, known: np.ndarray) -> None:
        self.center, spread = robust_moments(known, axis=0)
        self.spread = spread if is_spread(spread, self.center) else max(1.0, abs(float(self.center)))

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        return (scores - self.center) / self.spread


@fitted_part
class TailScale(RobustScale):
    """Distance from the median of the known scores, divided by the distance of their 0.99 quantile."""

    _quantile = 0.99

    def __init__(self, known: np.ndarray) -> None:
        super().__init__(known)
        tail = np.quantile(known, self._quantile) - self.center
        if is_spread(tail, self.center):
            self.spread = tail


@fitted_part
class LogScale(TailScale):
    """Logarithm of 1 plus the distance above the median, divided by the distance of the largest known score."""

    _quantile = 1.0

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        return np.log1p(np.maximum(super().__call__(scores), 0))


SCALES: dict[str, Any] = {
    "rarity": RarityScale,
    "rank": RankScale,
    "robust": RobustScale,
    "tail": TailScale,
    "log": LogScale,
}
