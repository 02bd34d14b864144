"""Displays of series, scores and training, with the interface of scikit-learn's displays."""

from ._alarm_display import AlarmDisplay
from ._boundary_display import BoundaryDisplay
from ._feature_score_display import FeatureScoreDisplay
from ._reconstruction_display import ReconstructionDisplay
from ._require import require
from ._score_display import ScoreDisplay
from ._series_display import SeriesDisplay
from ._threshold_display import ThresholdDisplay
from ._training_display import TrainingDisplay

__all__ = [
    "AlarmDisplay",
    "BoundaryDisplay",
    "FeatureScoreDisplay",
    "ReconstructionDisplay",
    "ScoreDisplay",
    "SeriesDisplay",
    "ThresholdDisplay",
    "TrainingDisplay",
]
