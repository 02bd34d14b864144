"""Folds in time order, and checks of pipelines and detectors."""

from ._base_time_split import BaseTimeSplit
from ._causal_report import CausalReport, Fault
from ._check_causal import check_causal
from ._check_detector import check_detector
from ._event_split import EventSplit
from ._series_split import SeriesSplit

__all__ = [
    "BaseTimeSplit",
    "CausalReport",
    "EventSplit",
    "Fault",
    "SeriesSplit",
    "check_causal",
    "check_detector",
]
