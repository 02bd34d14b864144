"""Metrics of detectors, by rows, by events and by ranges."""

from ._adjusted import delay_adjust, delay_f_score, delay_precision_recall_f, point_adjusted_f_score
from ._affiliation import affiliation_f_score, affiliation_precision_recall_f
from ._by_event import event_f_score, event_precision_recall_f
from ._event_table import lead_times, to_events
from ._point import PointPrecisionRecallF, point_f_score, point_precision_recall_f
from ._precision_recall_f import PrecisionRecallF, f_score
from ._random_baseline import random_baseline
from ._range import range_f_score, range_precision_recall_f
from ._report import compare, detection_report
from ._scorers import SCORERS
from ._ucr_accuracy import ucr_accuracy
from ._vus import vus_pr, vus_roc

__all__ = [
    "SCORERS",
    "PointPrecisionRecallF",
    "PrecisionRecallF",
    "affiliation_f_score",
    "affiliation_precision_recall_f",
    "compare",
    "delay_adjust",
    "delay_f_score",
    "delay_precision_recall_f",
    "detection_report",
    "event_f_score",
    "event_precision_recall_f",
    "f_score",
    "lead_times",
    "point_adjusted_f_score",
    "point_f_score",
    "point_precision_recall_f",
    "random_baseline",
    "range_f_score",
    "range_precision_recall_f",
    "to_events",
    "ucr_accuracy",
    "vus_pr",
    "vus_roc",
]
