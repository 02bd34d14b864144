"""Rules that turn scores, and perhaps labels, into one threshold."""

from ._alarms_per_day import AlarmsPerDay
from ._labelled import BestFBeta, Cost
from ._rates import Quantile, TargetFalsePositiveRate
from ._spread import MeanStd, MedianMAD
from ._threshold_rule import ThresholdRule

__all__ = [
    "AlarmsPerDay",
    "BestFBeta",
    "Cost",
    "MeanStd",
    "MedianMAD",
    "Quantile",
    "TargetFalsePositiveRate",
    "ThresholdRule",
]
