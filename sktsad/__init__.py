"""Time-series anomaly detection with true scikit-learn estimators.

Every estimator is importable from here; threshold rules are in `sktsad.thresholds`, data in
`sktsad.datasets`, torch modules in `sktsad.networks`. Torch and skorch are imported when a network is fitted.
"""

from .classifiers import RNNClassifier, ThresholdClassifier, TorchClassifier
from .detectors import AutoencoderDetector, ZScoreDetector
from .model_selection import EventSplit, SeriesSplit, check_causal
from .preprocessing import SeriesScaler, SlidingWindow, WindowScaler, curve_shift

__version__ = "0.1.0"

__all__ = [
    "AutoencoderDetector",
    "EventSplit",
    "RNNClassifier",
    "SeriesScaler",
    "SeriesSplit",
    "SlidingWindow",
    "ThresholdClassifier",
    "TorchClassifier",
    "WindowScaler",
    "ZScoreDetector",
    "check_causal",
    "curve_shift",
]
