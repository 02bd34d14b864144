"""Time-series anomaly detection with true scikit-learn estimators.

Every estimator is importable from here; threshold rules are in `sktsad.thresholds`, data in
`sktsad.datasets`, torch modules in `sktsad.networks`. Torch and skorch are imported when a network is fitted.
"""

from .detectors import ConfidenceDetector, FusionDetector, GaussianDetector, OutlierClassifier, ZScoreDetector
from .model_selection import EventSplit, SeriesSplit, check_causal
from .neural import (
    AutoencoderDetector,
    ForecastDetector,
    ForecastPretrainer,
    MaskedReconstructionPretrainer,
    PretrainedEncoder,
    RNNClassifier,
    RNNRegressor,
    TorchClassifier,
    VAEDetector,
    save_encoder,
)
from .postprocessing import CostSensitiveClassifier, SmoothedClassifier, ThresholdClassifier
from .preprocessing import (
    RollingFeatures,
    SeriesScaler,
    SlidingWindow,
    WindowScaler,
    curve_shift,
    forecast_target,
)
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
