"""Scores of detectors that know that anomalies last."""

from ._vus import vus_pr, vus_roc

__all__ = ["vus_pr", "vus_roc"]
