"""Torch modules and losses, nothing else."""

from ._autoencoders import Autoencoder, CodeEncoder, DenseAutoencoder, RecurrentAutoencoder, make_autoencoder
from ._dense import DenseClassifier
from ._dropout import GaussianDropout
from ._forecaster import Forecaster
from ._losses import (
    LOSSES,
    CrossEntropy,
    FocalLoss,
    ForecastError,
    LogitAdjustedCrossEntropy,
    MeanFalseError,
    MeanSquaredFalseError,
    ReconstructionError,
    SquaredError,
)
from ._masked import MaskedError, MaskedReconstructor
from ._recurrent import CELLS, RecurrentEncoder, RecurrentNetwork
from ._recurrent_layers import RecurrentLayer, UnrolledDecoder
from ._stateful import StatefulNetwork
from ._variational import VariationalAutoencoder, VariationalLoss, kl_divergence
from ._window_errors import VariationalWindowErrors, WindowErrors

#: Names that users pass to an estimator, or need for their own estimators.
__all__ = [
    "CrossEntropy",
    "DenseClassifier",
    "FocalLoss",
    "ForecastError",
    "LogitAdjustedCrossEntropy",
    "MeanFalseError",
    "MeanSquaredFalseError",
    "ReconstructionError",
    "RecurrentNetwork",
    "SquaredError",
    "WindowErrors",
]
