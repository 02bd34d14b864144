"""Classifiers: windows and labels to anomalies."""

from ._rnn import RNNClassifier
from ._torch import TorchClassifier

__all__ = ["RNNClassifier", "TorchClassifier"]
