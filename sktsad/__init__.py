"""Time-series anomaly detection with scikit-learn estimators.

Every estimator is importable from here; threshold rules are in `sktsad.thresholds`, data in `sktsad.datasets`, torch
modules in `sktsad.networks`. Torch is loaded when an estimator with a network is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._core import Windows, show_versions
from .detectors import (
    ConfidenceDetector,
    FusionDetector,
    GaussianDetector,
    KMeansDetector,
    LevelShiftDetector,
    LinearForecastDetector,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    ZScoreDetector,
    make_detector,
)
from .model_selection import EventSplit, SeriesSplit, check_causal
from .postprocessing import CostSensitiveClassifier, PerSeries, SmoothedClassifier, ThresholdClassifier
from .preprocessing import (
    RollingFeatures,
    SeriesFeatures,
    SeriesImputer,
    SeriesScaler,
    SlidingWindow,
    WindowReducer,
    WindowScaler,
    curve_shift,
    forecast_target,
    read_panel,
    to_panel,
)
from .sampling import SafeSampler, WindowAugmenter

if TYPE_CHECKING:
    from .neural import (
        AutoencoderDetector,
        ForecastDetector,
        ForecastPretrainer,
        MaskedReconstructionPretrainer,
        PretrainedEncoder,
        RNNClassifier,
        RNNRegressor,
        StatefulForecastDetector,
        StatefulRNNClassifier,
        TorchClassifier,
        VAEDetector,
        save_encoder,
    )
else:  # hidden from type checkers, so that they report a misspelt name

    def __getattr__(name: str) -> object:
        """Load the estimators with a network, and torch, when one of them is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(".neural", __name__), name)
        return value


__version__ = "0.1.0"

__all__ = [
    "AutoencoderDetector",
    "ConfidenceDetector",
    "CostSensitiveClassifier",
    "EventSplit",
    "ForecastDetector",
    "ForecastPretrainer",
    "FusionDetector",
    "GaussianDetector",
    "KMeansDetector",
    "LevelShiftDetector",
    "LinearForecastDetector",
    "MaskedReconstructionPretrainer",
    "NearestWindowsDetector",
    "OutlierClassifier",
    "PCADetector",
    "PerSeries",
    "PretrainedEncoder",
    "RNNClassifier",
    "RNNRegressor",
    "RollingFeatures",
    "SafeSampler",
    "SeriesFeatures",
    "SeriesImputer",
    "SeriesScaler",
    "SeriesSplit",
    "SlidingWindow",
    "SmoothedClassifier",
    "StatefulForecastDetector",
    "StatefulRNNClassifier",
    "ThresholdClassifier",
    "TorchClassifier",
    "VAEDetector",
    "WindowAugmenter",
    "WindowReducer",
    "WindowScaler",
    "Windows",
    "ZScoreDetector",
    "check_causal",
    "curve_shift",
    "forecast_target",
    "make_detector",
    "read_panel",
    "save_encoder",
    "show_versions",
    "to_panel",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
