"""From scores to decisions: classifiers around a classifier or detector."""

from ._cost_sensitive_classifier import CostSensitiveClassifier
from ._smoothed_classifier import SmoothedClassifier
from ._threshold_classifier import ThresholdClassifier

__all__ = ["CostSensitiveClassifier", "SmoothedClassifier", "ThresholdClassifier"]
