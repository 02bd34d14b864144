"""Detectors: rows or windows to anomaly scores, and to anomalies by a threshold."""

from ._autoencoder import AutoencoderDetector
from ._confidence import ConfidenceDetector
from ._forecast import ForecastDetector
from ._fusion import FusionDetector
from ._gaussian import GaussianDetector
from ._outlier_classifier import OutlierClassifier
from ._vae import VAEDetector
from ._z_score import ZScoreDetector

__all__ = [
    "AutoencoderDetector",
    "ConfidenceDetector",
    "ForecastDetector",
    "FusionDetector",
    "GaussianDetector",
    "OutlierClassifier",
    "VAEDetector",
    "ZScoreDetector",
]
