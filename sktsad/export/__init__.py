"""Fitted models in files that other programs can read, or that can be loaded without running code."""

from ._onnx import to_onnx
from ._skops import skops_trusted_types

__all__ = ["skops_trusted_types", "to_onnx"]
