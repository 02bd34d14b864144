"""Detectors: rows or windows to anomaly scores, and to anomalies by a threshold."""

from ._base_detector import MIN_HELD_OUT, BaseDetector, DetectorTransformerMixin
from ._confidence import ConfidenceDetector
from ._fusion import FusionDetector
from ._gaussian import GaussianDetector
from ._k_means import KMeansDetector
from ._labels_of_part import labels_of_part
from ._level_shift import LevelShiftDetector
from ._linear_forecast import LinearForecastDetector
from ._make_detector import make_detector
from ._nearest_windows import NearestWindowsDetector
from ._outlier_classifier import OutlierClassifier
from ._pca import PCADetector
from ._window_detector import WindowDetector
from ._z_score import ZScoreDetector

__all__ = [
    "BaseDetector",
    "ConfidenceDetector",
    "FusionDetector",
    "GaussianDetector",
    "KMeansDetector",
    "LevelShiftDetector",
    "LinearForecastDetector",
    "NearestWindowsDetector",
    "OutlierClassifier",
    "PCADetector",
    "WindowDetector",
    "ZScoreDetector",
    "make_detector",
]
