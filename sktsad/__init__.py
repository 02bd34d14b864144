"""Time-series anomaly detection with true scikit-learn estimators.

Every estimator is importable from here; threshold rules are in `sktsad.thresholds`, data in
`sktsad.datasets`, torch modules in `sktsad.networks`. Torch and skorch are imported when a network is fitted.
"""

from .classifiers import RNNClassifier, TorchClassifier
from .detectors import AutoencoderDetector, ZScoreDetector
from .preprocessing import SeriesScaler, SlidingWindow, WindowScaler

__version__ = "0.1.0"

__all__ = [
    "AutoencoderDetector",
    "RNNClassifier",
    "SeriesScaler",
    "SlidingWindow",
    "TorchClassifier",
    "WindowScaler",
    "ZScoreDetector",
]
