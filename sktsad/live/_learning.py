"""Continued learning from rows that are not alarms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .._core import Windows
from ..detectors import WindowDetector
from ._chain import Chain
from ._steps import RowWise


class Learner:
    """Keep the rows of a call that are not alarms; at its end, threshold and detector learn from them.

    Parameters
    ----------
    last : estimator
        The last step of the model, which is changed in place.
    chain : Chain
        The model as steps.

    Raises
    ------
    TypeError
        If no part of the model can continue learning.
    """

    def __init__(self, last: Any, chain: Chain) -> None:
        self.last, self.chain = last, chain
        rule = getattr(last, "threshold_rule_", None)
        self.rule = rule if hasattr(rule, "update") else None
        is_detector = isinstance(last, WindowDetector) and isinstance(chain.last, RowWise)
        self.detector = last if is_detector and hasattr(last, "partial_fit") else None
        if self.rule is None and self.detector is None:
            raise TypeError(
                f"learn=True, but {last} cannot continue learning: its threshold rule has no update, and it has no "
                "partial_fit. Use a rule such as Quantile(0.99), or learn=False."
            )
        self._scores: list[np.ndarray] = []
        self._inputs: list[np.ndarray] = []
        if self.detector is not None:
            self._score = chain.last.function  # type: ignore[attr-defined]
            chain.last.function = self._score_and_keep  # type: ignore[attr-defined]

    def _score_and_keep(self, values: np.ndarray) -> np.ndarray:
        scores = self._score(values)
        self._inputs.append(values[scores <= self.chain.threshold])
        return scores

    def take(self, scores: np.ndarray) -> None:
        """Store the scores of some rows."""
        self._scores.append(scores[scores <= self.chain.threshold])

    def learn(self, forget: bool = False) -> None:
        """Learn from the rows stored since the last time, or forget them."""
        scores, self._scores = np.concatenate([np.empty(0), *self._scores]), []
        inputs, self._inputs = [part for part in self._inputs if len(part)], []
        if forget:
            return
        if self.rule is not None and len(scores):
            self.rule.update(scores)
        if self.detector is not None and inputs:
            rows = np.concatenate(inputs)
            names = getattr(self.detector, "feature_names_in_", None)
            of_fit = (
                Windows.from_dense(rows, self.detector.window_shape_[1])
                if names is None
                else pd.DataFrame(rows, columns=names)
            )
            self.detector.partial_fit(of_fit)
        self.chain.learnt_threshold()

    def numbers(self) -> dict[str, np.ndarray]:
        """Return the learnt state, as arrays."""
        found = {}
        for where, part in self._parts().items():
            parameters = part.get_params(deep=False)
            for name, value in vars(part).items():
                is_number = isinstance(value, (float, int, np.ndarray, np.generic)) and not isinstance(
                    value, bool
                )
                if is_number and name not in parameters and np.asarray(value).dtype != object:
                    found[f"{where}.{name}"] = np.asarray(value)
        return found

    def restore(self, numbers: dict[str, np.ndarray]) -> None:
        """Restore the state as returned by `numbers`."""
        parts = self._parts()
        for key, value in numbers.items():
            where, _, name = key.partition(".")
            setattr(parts[where], name, value if value.ndim else value[()])
        self.chain.learnt_threshold()

    def _parts(self) -> dict[str, Any]:
        """Return all parts that learn: the rule, the detector, and the estimators inside the detector."""
        parts = {"rule": self.rule, "detector": self.detector}
        inner = {} if self.detector is None else vars(self.detector)
        parts |= {f"detector/{name}": value for name, value in inner.items() if hasattr(value, "partial_fit")}
        return {where: part for where, part in parts.items() if part is not None}
