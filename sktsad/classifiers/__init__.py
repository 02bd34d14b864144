"""Classifiers: windows and labels to anomalies."""

from ._rnn import RNNClassifier
from ._threshold import ThresholdClassifier
from ._torch import TorchClassifier

__all__ = ["RNNClassifier", "ThresholdClassifier", "TorchClassifier"]
