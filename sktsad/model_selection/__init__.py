"""Folds in time order, and a check that a pipeline keeps to it."""

from ._causal_report import CausalReport, Fault
from ._check_causal import check_causal
from ._event_split import EventSplit
from ._series_split import SeriesSplit

__all__ = ["CausalReport", "EventSplit", "Fault", "SeriesSplit", "check_causal"]
