"""Detectors: rows or windows to anomaly scores, and to anomalies by a threshold."""

from ._base_detector import MIN_HELD_OUT, BaseDetector, WindowDetector
from ._confidence import ConfidenceDetector
from ._fusion import FusionDetector
from ._gaussian import GaussianDetector
from ._outlier_classifier import OutlierClassifier
from ._z_score import ZScoreDetector

__all__ = [
    "BaseDetector",
    "ConfidenceDetector",
    "FusionDetector",
    "GaussianDetector",
    "OutlierClassifier",
    "WindowDetector",
    "ZScoreDetector",
]
