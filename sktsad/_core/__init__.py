"""What everything stands on: series, windows, validation and labels, the base of estimators, scores. Private."""

from ._atomic import atomic_fit
from ._estimator import VersionedEstimator
from ._labels import check_labels, warn_if_anomaly_is_a_guess
from ._pipeline import before_last, last_step, require_method
from ._robust import is_spread, robust_moments
from ._runs import DURATION, AlarmRule, AlarmRuns, AlarmState, count_events, find_events, places
from ._scores import decision_scores, estimator_type, own_threshold, refuse_outlier_detector, with_index
from ._series import (
    SeriesRows,
    check_panel,
    check_target_index,
    has_dates,
    has_time,
    is_gap,
    is_panel,
    read_series,
    row_index,
    tail_mask,
)
from ._validation import validate_rows
from ._windows import Windows, channels_by_name, check_layout, check_windows, flatten_3d, window_names

__all__ = [
    "DURATION",
    "AlarmRule",
    "AlarmRuns",
    "AlarmState",
    "SeriesRows",
    "VersionedEstimator",
    "Windows",
    "atomic_fit",
    "before_last",
    "channels_by_name",
    "check_labels",
    "check_layout",
    "check_panel",
    "check_target_index",
    "check_windows",
    "count_events",
    "decision_scores",
    "estimator_type",
    "find_events",
    "flatten_3d",
    "has_dates",
    "has_time",
    "is_gap",
    "is_panel",
    "is_spread",
    "last_step",
    "own_threshold",
    "places",
    "read_series",
    "refuse_outlier_detector",
    "require_method",
    "robust_moments",
    "row_index",
    "tail_mask",
    "validate_rows",
    "warn_if_anomaly_is_a_guess",
    "window_names",
    "with_index",
]
