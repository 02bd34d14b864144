"""What everything stands on: series, windows, validation and labels, the base of estimators, scores. Private."""

from ._estimator import VersionedEstimator, atomic_fit, version_of
from ._labels import check_labels, warn_if_anomaly_is_a_guess
from ._robust import is_spread, robust_moments
from ._scores import (
    decision_scores,
    estimator_type,
    infinite_unless_finite,
    own_threshold,
    refuse_outlier_detector,
    subtract_threshold,
    to_classes,
    with_index,
)
from ._series import (
    SeriesRows,
    check_panel,
    check_target_index,
    count_events,
    find_events,
    has_dates,
    has_time,
    is_gap,
    is_panel,
    read_series,
    row_index,
    tail_mask,
)
from ._show_versions import show_versions
from ._validation import validate_rows
from ._windows import Windows, channels_by_name, check_windows, flatten_3d, window_names

__all__ = [
    "SeriesRows",
    "VersionedEstimator",
    "Windows",
    "atomic_fit",
    "channels_by_name",
    "check_labels",
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
    "infinite_unless_finite",
    "is_gap",
    "is_panel",
    "is_spread",
    "own_threshold",
    "read_series",
    "refuse_outlier_detector",
    "robust_moments",
    "row_index",
    "show_versions",
    "subtract_threshold",
    "tail_mask",
    "to_classes",
    "validate_rows",
    "version_of",
    "warn_if_anomaly_is_a_guess",
    "window_names",
    "with_index",
]
