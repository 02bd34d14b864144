"""Rules that turn scores, and labels if needed, into one threshold; and p-values of scores."""

from ._alarms_per_day import AlarmsPerDay
from ._labelled import BestFBeta, Cost
from ._max_times import MaxTimes
from ._p_values import conformal_p_values
from ._peaks_over_threshold import PeaksOverThreshold
from ._rates import Quantile, TargetFalsePositiveRate
from ._spread import MeanStd, MedianMAD
from ._threshold_rule import ThresholdRule

__all__ = [
    "AlarmsPerDay",
    "BestFBeta",
    "Cost",
    "MaxTimes",
    "MeanStd",
    "MedianMAD",
    "PeaksOverThreshold",
    "Quantile",
    "TargetFalsePositiveRate",
    "ThresholdRule",
    "conformal_p_values",
]
