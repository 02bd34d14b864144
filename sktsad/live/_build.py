"""Conversion of a fitted model into steps that work row by row; errors name steps for which this is impossible."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from .._core import LiveStep, Windows, decision_scores, refuse_outlier_detector
from ..detectors import BaseDetector, ConfidenceDetector, FusionDetector, WindowDetector
from ..postprocessing import CostSensitiveClassifier, PerSeries, SmoothedClassifier, ThresholdClassifier
from ..preprocessing import SlidingWindow, WindowReducer, WindowScaler
from ._chain import Chain
from ._steps import Function, Given, LookBack, RowWise, Smoothed, Wrapper

DECISION, PROBABILITY = "decision_function", "predict_proba"
#: Name of the package, which may be a copy within another package.
_OWN = __name__.rpartition(".live.")[0]


class Builder:
    """Build a `Chain` from a fitted model.

    Parameters
    ----------
    look_back : mapping or None
        Number of earlier rows that a step needs for a row, by the name of the step; 0 for none.
    """

    def __init__(self, look_back: Mapping[str, int] | None) -> None:
        self.look_back = dict(look_back or {})
        #: Length, number of channels and their names, if rows are windows.
        self.layout: tuple[int, int, Any] | None = None

    def chain(self, model: Any, method: str | None = None) -> Chain:
        """Return the steps of a model; the last one returns the output of the method of the model.

        Raises
        ------
        TypeError
            If a step cannot work row by row, or the model has no score.
        """
        steps: list[LiveStep] = []
        last, name = model, type(model).__name__
        before = self.layout
        while True:
            if isinstance(last, FrozenEstimator):
                last = last.estimator
            elif hasattr(last, "best_estimator_"):
                last = last.best_estimator_
            elif isinstance(last, Pipeline):
                steps += self._transformers(last.steps[:-1])
                name, last = last.steps[-1]
            else:
                break
        if method is None:
            method = DECISION if hasattr(last, DECISION) else PROBABILITY
        if not hasattr(last, method):
            raise TypeError(
                f"{name}={last} has no score: LiveScorer needs a detector or classifier with {DECISION} or "
                f"{PROBABILITY} as the last step."
            )
        scoring, threshold = self._last(name, last, method)
        self.layout = before
        return Chain(steps, scoring, threshold, last)

    def _transformers(self, named: list[tuple[str, Any]]) -> list[LiveStep]:
        found: list[LiveStep] = []
        for name, step in named:
            if isinstance(step, Pipeline):
                found += self._transformers(step.steps)
            elif step not in (None, "passthrough") and not hasattr(step, "fit_resample"):
                found.append(self._transformer(name, step))
        return found

    def _transformer(self, name: str, step: Any) -> LiveStep:
        found = self._own_way(name, step, "transform")
        if isinstance(step, SlidingWindow):
            names = [str(column) for column in getattr(step, "feature_names_in_", [])]
            n_channels = step.n_features_in_
            self.layout = step.length_, n_channels, names or [f"x{column}" for column in range(n_channels)]
            return found or RowWise(np.asarray)
        if found is None:
            self._require_row_wise(name, step)
            found = RowWise(self._call(step, "transform"))
            found.takes_missing = get_tags(step).input_tags.allow_nan
        if isinstance(step, WindowReducer) and self.layout is not None:
            self.layout = step.length_, *self.layout[1:]
        elif not isinstance(step, WindowScaler):
            self.layout = None
        return found

    def _last(self, name: str, last: Any, method: str) -> tuple[LiveStep, Any]:
        """Return the step that scores, and a function that reads its threshold."""
        own = None
        if isinstance(last, PerSeries):
            self._refuse_per_series(name)
        if isinstance(last, FusionDetector) and last.looks_ahead:
            self._refuse(name, last, "it looks ahead, at later rows")
        if isinstance(last, ThresholdClassifier) and method == DECISION:
            return self._wrapped([last.estimator_], _only), lambda: last.threshold_
        if isinstance(last, ThresholdClassifier):
            return self.chain(last.estimator_, PROBABILITY), None
        if isinstance(last, SmoothedClassifier):
            inner = self._wrapped([last.estimator_], _only)
            origin = 0.0 if hasattr(last.estimator_, DECISION) else 0.5
            return smoothed(last, inner, origin), lambda: 0.0
        if isinstance(last, FusionDetector):
            members = [_given(member) for member in last.detectors_]
            copied = copy(last)
            copied.detectors_ = members
            return self._wrapped(last.detectors_, _ask(members, copied._score)), lambda: last.threshold_
        if isinstance(last, (CostSensitiveClassifier, ConfidenceDetector)):
            stand_in, copied = Given(PROBABILITY), copy(last)
            is_detector = isinstance(last, ConfidenceDetector)
            inner = last.classifier if is_detector else last.estimator_
            setattr(copied, "classifier" if is_detector else "estimator_", stand_in)
            decide = _ask([stand_in], copied._score if is_detector else getattr(copied, method))
            wrapper = Wrapper([self.chain(inner, PROBABILITY)], decide)
            return wrapper, (lambda: last.threshold_) if is_detector else (
                None if method == PROBABILITY else _zero
            )
        is_detector = isinstance(last, BaseDetector)
        scored = "anomaly_score" if is_detector else method
        threshold = (lambda: last.threshold_) if is_detector else (_zero if method == DECISION else None)
        own = self._own_way(name, last, scored)
        if own is not None:
            if method == PROBABILITY:
                return Wrapper([own], lambda answers: _probabilities(answers[0])), None
            return own, threshold
        if is_detector and not isinstance(last, WindowDetector):
            self._refuse(
                name, last, "it takes all rows at once, and does not state how many rows it looks back"
            )
        refuse_outlier_detector(last)
        self._require_row_wise(name, last, is_last=True)
        found = RowWise(self._score_of(last, method))
        found.takes_missing = get_tags(last).input_tags.allow_nan
        return found, threshold

    def _own_way(self, name: str, step: Any, method: str) -> LiveStep | None:
        """Return the live step that a step provides; None if it provides none."""
        if getattr(step, "looks_ahead", False):
            self._refuse(name, step, "it looks ahead, at later rows")
        way: Any = self.look_back.get(name)
        if way is None and hasattr(step, "live_step"):
            way = step.live_step()
        if way is None or isinstance(way, LiveStep):
            return way
        if way == 0:
            call = self._score_of(step, method) if method != "transform" else self._call(step, method)
            return RowWise(call)
        names = getattr(step, "feature_names_in_", None)
        return LookBack(getattr(step, method), int(way), step.n_features_in_, names)

    def _wrapped(self, models: list[Any], decide: Any) -> Wrapper:
        return Wrapper([self.chain(model) for model in models], decide)

    def _score_of(self, last: Any, method: str) -> Function:
        """Return a function from rows to scores."""
        if isinstance(last, WindowDetector):
            return self._detect(last)
        return self._call(last, method)

    def _detect(self, detector: Any) -> Function:
        _, n_channels = detector.window_shape_
        names = self.layout[2] if self.layout else None

        def score(values: np.ndarray) -> np.ndarray:
            with np.errstate(over="ignore", invalid="ignore"):
                return detector._score(Windows.from_dense(values, n_channels, None, names))

        return score

    def _call(self, step: Any, method: str) -> Function:
        """Return a function that calls a method of a step with rows in the same form as for fit."""
        function = getattr(step, method)
        layout = self.layout
        names = getattr(step, "feature_names_in_", None)
        is_own = type(step).__module__.startswith(f"{_OWN}.")

        def call(values: np.ndarray) -> np.ndarray:
            X: Any = np.ascontiguousarray(values)
            if layout is not None and is_own:
                X = Windows.from_dense(X, layout[1], None, layout[2])
            elif names is not None:
                X = pd.DataFrame(X, columns=names)
            out = function(X)
            return out.toarray() if sparse.issparse(out) else np.asarray(out)

        return call

    def _require_row_wise(self, name: str, step: Any, is_last: bool = False) -> None:
        """Refuse a step unless it is known to use each row alone."""
        for inner in _within(step):
            if hasattr(inner, "live_step") or isinstance(inner, (SmoothedClassifier, FusionDetector)):
                self._refuse(name, step, f"it contains {type(inner).__name__}, which needs earlier rows")
        root = type(step).__module__.partition(".")[0]
        if isinstance(step, FunctionTransformer):
            if step.func is not None and not isinstance(step.func, np.ufunc):
                self._refuse(name, step, "its function may use other rows")
        elif not (is_last or root == "sklearn" or type(step).__module__.startswith(f"{_OWN}.")):
            self._refuse(name, step, "it does not state how it works row by row")

    def _refuse_per_series(self, name: str) -> None:
        raise TypeError(
            f"Step {name} has a model for each series. Create a LiveScorer for each, such as "
            "LiveScorer(step.estimators_['a']) for series 'a', after any earlier steps of the pipeline."
        )

    def _refuse(self, name: str, step: Any, reason: str) -> None:
        raise TypeError(
            f"Step {name}={step} cannot work row by row: {reason}. If it uses each row alone, set "
            f"look_back={{{name!r}: 0}}, otherwise the number of earlier rows that it uses; or add a method live_step "
            "to its class."
        )


def smoothed(model: SmoothedClassifier, chain: LiveStep, origin: float) -> Smoothed:
    """Return the step that smooths scores; ``origin`` is the score above which the inner model predicts an anomaly."""
    inner = Wrapper([chain], lambda answers: answers[0] - origin)
    return Smoothed(model._past, model.max_gap, model._lengths, getattr(np, model.statistic), inner)


def _given(model: Any) -> Given:
    return Given(DECISION if hasattr(model, DECISION) else PROBABILITY)


def _only(answers: list[np.ndarray]) -> np.ndarray:
    """Return the scores of the inner model, for its wrappers."""
    stand_in = Given(DECISION if answers[0].ndim == 1 else PROBABILITY)
    stand_in.answer = answers[0]
    return decision_scores(stand_in, answers[0])


def _ask(stand_ins: list[Given], function: Any) -> Any:
    """Return a function that calls a wrapper with the outputs of its inner estimators."""

    def decide(answers: list[np.ndarray]) -> np.ndarray:
        for stand_in, answer in zip(stand_ins, answers, strict=True):
            stand_in.answer = answer
        return np.asarray(function(answers[0].reshape(len(answers[0]), -1)))

    return decide


def _zero() -> float:
    return 0.0


def _probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of the classes."""
    if logits.ndim == 2:
        return softmax(logits, axis=1)
    second = expit(logits)
    return np.column_stack([1 - second, second])


def _within(step: Any) -> list[Any]:
    """Return the estimators among the parameters of a step."""
    params = step.get_params(deep=True) if isinstance(step, BaseEstimator) else {}
    return [value for value in params.values() if isinstance(value, BaseEstimator)]
