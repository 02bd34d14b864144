"""Torch modules and losses, nothing else."""

from ._autoencoders import Autoencoder, DenseAutoencoder, RecurrentAutoencoder
from ._dense import DenseClassifier
from ._losses import CrossEntropy, ReconstructionError
from ._recurrent import CELLS, RecurrentEncoder, RecurrentNetwork

__all__ = [
    "CELLS",
    "Autoencoder",
    "CrossEntropy",
    "DenseAutoencoder",
    "DenseClassifier",
    "ReconstructionError",
    "RecurrentAutoencoder",
    "RecurrentEncoder",
    "RecurrentNetwork",
]
