"""Rules that turn scores, and perhaps labels, into one threshold."""

from ._rules import BestFBeta, MeanStd, Quantile

__all__ = ["BestFBeta", "MeanStd", "Quantile"]
