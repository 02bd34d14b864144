"""Detectors: rows or windows to anomaly scores, and to anomalies by a threshold."""

from ._autoencoder import AutoencoderDetector
from ._z_score import ZScoreDetector

__all__ = ["AutoencoderDetector", "ZScoreDetector"]
