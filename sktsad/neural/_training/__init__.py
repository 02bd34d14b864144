"""Batches, seeds, the lean loop: the one place that talks to skorch. Private."""

from ._batches import BatchLoader, WindowDataset, scale_weights
from ._fit import apply, forward, make_net, resume_net, run, train
from ._held_out import split_dataset, watched_rows
from ._net import LeanClassifierNet, LeanNet, class_probabilities, f1_callback
from ._network import Network, TrainingOptions
from ._random import seeded
from ._variational_net import VariationalNet

__all__ = [
    "BatchLoader",
    "LeanClassifierNet",
    "LeanNet",
    "Network",
    "TrainingOptions",
    "VariationalNet",
    "WindowDataset",
    "apply",
    "class_probabilities",
    "f1_callback",
    "forward",
    "make_net",
    "resume_net",
    "run",
    "scale_weights",
    "seeded",
    "split_dataset",
    "train",
    "watched_rows",
]
