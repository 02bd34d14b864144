"""What everything stands on: series, windows, validation and labels, the base of estimators, scores. Private."""

from ._estimator import FITTED_PARTS, VersionedEstimator, atomic_fit, fitted_part, version_of
from ._index import check_panel, has_time, is_panel, row_index, time_labels
from ._later_rows import warn_if_cut, warn_if_other_step, warn_if_unknown
from ._pipeline import before_last, last_step, require_method
from ._robust import is_spread, robust_moments
from ._runs import DURATION, AlarmRule, AlarmRuns, AlarmState, count_events, find_events, places
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
from ._series import SeriesRows, is_gap, read_series, tail_mask
from ._series_past import Past, SeriesPast
from ._show_versions import show_versions
from ._sklearn import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    check_feature_names_in,
    check_sample_weight,
    num_samples,
    safe_indexing,
    validate_parameter_constraints,
    validate_params,
)
from ._validation import (
    check_labels,
    check_same_index,
    check_target_index,
    mark_anomalies,
    params_of_rows,
    validate_rows,
    warn_if_anomaly_is_a_guess,
)
from ._windows import Windows, channels_by_name, check_windows, flatten_3d, window_names

__all__ = [
    "DURATION",
    "FITTED_PARTS",
    "AlarmRule",
    "AlarmRuns",
    "AlarmState",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "Past",
    "SeriesPast",
    "SeriesRows",
    "StrOptions",
    "VersionedEstimator",
    "Windows",
    "atomic_fit",
    "before_last",
    "channels_by_name",
    "check_feature_names_in",
    "check_labels",
    "check_panel",
    "check_same_index",
    "check_sample_weight",
    "check_target_index",
    "check_windows",
    "count_events",
    "decision_scores",
    "estimator_type",
    "find_events",
    "fitted_part",
    "flatten_3d",
    "has_time",
    "infinite_unless_finite",
    "is_gap",
    "is_panel",
    "is_spread",
    "last_step",
    "mark_anomalies",
    "num_samples",
    "own_threshold",
    "params_of_rows",
    "places",
    "read_series",
    "refuse_outlier_detector",
    "require_method",
    "robust_moments",
    "row_index",
    "safe_indexing",
    "show_versions",
    "subtract_threshold",
    "tail_mask",
    "time_labels",
    "to_classes",
    "validate_parameter_constraints",
    "validate_params",
    "validate_rows",
    "version_of",
    "warn_if_anomaly_is_a_guess",
    "warn_if_cut",
    "warn_if_other_step",
    "warn_if_unknown",
    "window_names",
    "with_index",
]
