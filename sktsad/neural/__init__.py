"""Every estimator that contains a network."""

from ._autoencoder_detector import AutoencoderDetector
from ._forecast_detector import ForecastDetector
from ._forecast_pretrainer import ForecastPretrainer
from ._masked_pretrainer import MaskedReconstructionPretrainer
from ._net_classifier import NetClassifier
from ._net_detector import NetDetector
from ._net_estimator import NetEstimator
from ._pretrained_encoder import PretrainedEncoder, save_encoder
from ._rnn_classifier import RNNClassifier
from ._rnn_regressor import RNNRegressor
from ._stateful_forecast_detector import StatefulForecastDetector
from ._stateful_rnn_classifier import StatefulRNNClassifier
from ._tensorboard_log import TensorBoardLog
from ._torch_classifier import TorchClassifier
from ._training import Network
from ._vae_detector import VAEDetector

__all__ = [
    "AutoencoderDetector",
    "ForecastDetector",
    "ForecastPretrainer",
    "MaskedReconstructionPretrainer",
    "NetClassifier",
    "NetDetector",
    "NetEstimator",
    "Network",
    "PretrainedEncoder",
    "RNNClassifier",
    "RNNRegressor",
    "StatefulForecastDetector",
    "StatefulRNNClassifier",
    "TensorBoardLog",
    "TorchClassifier",
    "VAEDetector",
    "save_encoder",
]
