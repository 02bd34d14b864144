"""Rows to rows: windows and scaling."""

from .._windows import Windows
from ._curve_shift import curve_shift
from ._forecast_target import forecast_target
from ._scalers import SeriesScaler, WindowScaler
from ._sliding_window import SlidingWindow

__all__ = ["SeriesScaler", "SlidingWindow", "WindowScaler", "Windows", "curve_shift", "forecast_target"]
