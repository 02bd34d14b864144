"""Rows to rows: windows, features and scaling."""

from .._core import Windows
from ._curve_shift import curve_shift
from ._forecast_target import forecast_target
from ._read_panel import read_panel
from ._resample import resample, resample_back
from ._rolling_features import RollingFeatures
from ._series_features import SeriesFeatures
from ._series_imputer import SeriesImputer
from ._series_scaler import SeriesScaler
from ._sliding_window import SlidingWindow
from ._to_panel import to_panel
from ._window_reducer import WindowReducer
from ._window_scaler import WindowScaler

__all__ = [
    "RollingFeatures",
    "SeriesFeatures",
    "SeriesImputer",
    "SeriesScaler",
    "SlidingWindow",
    "WindowReducer",
    "WindowScaler",
    "Windows",
    "curve_shift",
    "forecast_target",
    "read_panel",
    "resample",
    "resample_back",
    "to_panel",
]
