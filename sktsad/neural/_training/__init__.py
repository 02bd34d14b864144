"""The one place that talks to skorch: batches, seeds, training and running nets."""

from ._batches import BatchLoader, WindowDataset
from ._fit import apply, forward, make_net, run, set_lr, train
from ._net import LeanClassifierNet, LeanNet, class_probabilities, f1_callback
from ._random import seeded
from ._variational_net import VariationalNet

__all__ = [
    "BatchLoader",
    "LeanClassifierNet",
    "LeanNet",
    "VariationalNet",
    "WindowDataset",
    "apply",
    "class_probabilities",
    "f1_callback",
    "forward",
    "make_net",
    "run",
    "seeded",
    "set_lr",
    "train",
]
