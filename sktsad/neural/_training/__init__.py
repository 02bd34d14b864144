"""Private: batches, seeds and the training loop; the only place that calls skorch."""

from ._along import run_along, states_after
from ._batches import BatchLoader, WindowDataset, scale_weights
from ._fit import apply, check_dtype, forward, make_net, resume_net, run, train
from ._held_out import split_dataset, watched_rows
from ._net import LeanClassifierNet, LeanNet, class_probabilities, f1_callback
from ._network import Network, TrainingOptions
from ._random import seeded
from ._stateful_net import StatefulClassifierNet, StatefulNet
from ._strands import Segments, StrandDataset, StrandLoader
from ._update_rule import UpdateRule
from ._variational_net import VariationalNet

__all__ = [
    "BatchLoader",
    "LeanClassifierNet",
    "LeanNet",
    "Network",
    "Segments",
    "StatefulClassifierNet",
    "StatefulNet",
    "StrandDataset",
    "StrandLoader",
    "TrainingOptions",
    "UpdateRule",
    "VariationalNet",
    "WindowDataset",
    "apply",
    "check_dtype",
    "class_probabilities",
    "f1_callback",
    "forward",
    "make_net",
    "resume_net",
    "run",
    "run_along",
    "scale_weights",
    "seeded",
    "split_dataset",
    "states_after",
    "train",
    "watched_rows",
]
