"""The detector inside a pipeline or another wrapper."""

from __future__ import annotations

from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from .._core import AnyEstimator, Rows, before_last, last_step

#: Attributes in which wrappers keep the fitted estimator.
_FITTED = ("best_estimator_", "estimator_")


def inner_detector(model: AnyEstimator, X: Rows, attribute: str, advice: str) -> tuple[Any, Any]:
    """Return the fitted estimator with an attribute, the model or one inside it, and the rows transformed for it."""
    inner, rows = model, X
    while not hasattr(inner, attribute):
        if isinstance(inner, Pipeline):
            inner, rows = last_step(inner), before_last(inner, rows)
        elif isinstance(inner, FrozenEstimator):
            inner = inner.estimator
        elif held := [name for name in _FITTED if hasattr(inner, name)]:
            inner = getattr(inner, held[0])
        else:
            raise TypeError(
                f"model={model} contains no fitted estimator with {attribute}, only {inner}. {advice}"
            )
    return inner, rows
