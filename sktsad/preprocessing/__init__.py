"""Rows to rows: windows and scaling."""

from .._windows import Windows
from ._scalers import SeriesScaler, WindowScaler
from ._sliding_window import SlidingWindow

__all__ = ["SeriesScaler", "SlidingWindow", "WindowScaler", "Windows"]
