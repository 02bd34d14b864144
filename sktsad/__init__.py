"""Time-series anomaly detection with true scikit-learn estimators.

Every estimator is importable from here; threshold rules are in `sktsad.thresholds`, data in
`sktsad.datasets`, torch modules in `sktsad.networks`. Torch and skorch are imported when a network is fitted.
"""

from .classifiers import (
    CostSensitiveClassifier,
    RNNClassifier,
    SmoothedClassifier,
    ThresholdClassifier,
    TorchClassifier,
)
from .detectors import (
    AutoencoderDetector,
    ConfidenceDetector,
    ForecastDetector,
    FusionDetector,
    GaussianDetector,
    OutlierClassifier,
    VAEDetector,
    ZScoreDetector,
)
from .model_selection import EventSplit, SeriesSplit, check_causal
from .preprocessing import (
    RollingFeatures,
    SeriesScaler,
    SlidingWindow,
    WindowScaler,
    curve_shift,
    forecast_target,
)
from .pretraining import ForecastPretrainer, MaskedReconstructionPretrainer, PretrainedEncoder, save_encoder
from .regressors import RNNRegressor
from .sampling import SafeSampler, imbalance_ratio

__version__ = "0.1.0"

__all__ = [
    "AutoencoderDetector",
    "ConfidenceDetector",
    "CostSensitiveClassifier",
    "EventSplit",
    "ForecastDetector",
    "ForecastPretrainer",
    "FusionDetector",
    "GaussianDetector",
    "MaskedReconstructionPretrainer",
    "OutlierClassifier",
    "PretrainedEncoder",
    "RNNClassifier",
    "RNNRegressor",
    "RollingFeatures",
    "SafeSampler",
    "SeriesScaler",
    "SeriesSplit",
    "SlidingWindow",
    "SmoothedClassifier",
    "ThresholdClassifier",
    "TorchClassifier",
    "VAEDetector",
    "WindowScaler",
    "ZScoreDetector",
    "check_causal",
    "curve_shift",
    "forecast_target",
    "imbalance_ratio",
    "save_encoder",
]
