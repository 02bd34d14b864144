"""A fitted model that scores rows as they come."""

from .._core import LiveRows, LiveStep
from ._scorer import LiveScorer

__all__ = ["LiveRows", "LiveScorer", "LiveStep"]
