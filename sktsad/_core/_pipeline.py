"""The last step of a pipeline, and the rows transformed for it."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from ._types import AnyEstimator, Rows


def last_step(estimator: AnyEstimator) -> Any:
    """Return the last step of a Pipeline, or the estimator itself."""
    return last_step(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def before_last(estimator: AnyEstimator, X: Rows) -> Any:
    """Return rows transformed for the last step of a fitted Pipeline; samplers, which only act at fit, are skipped."""
    if not isinstance(estimator, Pipeline):
        return X
    *steps, (_, last) = estimator.steps
    for _, step in steps:
        if step not in (None, "passthrough") and not hasattr(step, "fit_resample"):
            X = step.transform(X)
    return before_last(last, X)


def require_method(estimator: AnyEstimator, method: str, caller: str, example: str) -> Any:
    """Return the last step if it has the method, else raise an error with an example of one that has it."""
    last = last_step(estimator)
    if not hasattr(last, method):
        raise TypeError(
            f"{caller} needs an estimator with {method}, or a Pipeline that ends in one, got {last}. Pass {example}."
        )
    return last
