"""Classifiers: windows and labels to anomalies."""

from ._cost_sensitive import CostSensitiveClassifier
from ._rnn import RNNClassifier
from ._smoothed import SmoothedClassifier
from ._threshold import ThresholdClassifier
from ._torch import TorchClassifier

__all__ = [
    "CostSensitiveClassifier",
    "RNNClassifier",
    "SmoothedClassifier",
    "ThresholdClassifier",
    "TorchClassifier",
]
