"""Sampling: fewer or more windows, at fit only."""

from ._imbalance_ratio import imbalance_ratio
from ._safe_sampler import SafeSampler
from ._window_augmenter import WindowAugmenter

__all__ = ["SafeSampler", "WindowAugmenter", "imbalance_ratio"]
