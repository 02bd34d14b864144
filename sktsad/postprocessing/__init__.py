"""From scores to decisions and alarms: wrappers of classifiers and detectors, and tables of alarms."""

from ._alarms import alarms
from ._cost_sensitive_classifier import CostSensitiveClassifier
from ._drift_report import drift_report
from ._feature_scores import feature_scores
from ._per_series_models import PerSeries
from ._smoothed_classifier import SmoothedClassifier
from ._threshold_classifier import ThresholdClassifier

__all__ = [
    "CostSensitiveClassifier",
    "PerSeries",
    "SmoothedClassifier",
    "ThresholdClassifier",
    "alarms",
    "drift_report",
    "feature_scores",
]
