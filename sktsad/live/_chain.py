"""A fitted pipeline as steps that work row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core import LiveRows, LiveStep, SeriesState, infinite_unless_finite, subtract_threshold


class Chain(LiveStep):
    """Steps one after the other, of which the last returns a score.

    Parameters
    ----------
    steps : list of LiveStep
        The steps before the last.
    last : LiveStep
        The step that scores rows.
    threshold : callable or None
        Function that returns the score above which a row is an anomaly; None if the output is used unchanged, such as
        probabilities.
    owner : estimator
        The estimator that has this threshold.
    """

    def __init__(self, steps: list[LiveStep], last: LiveStep, threshold: Any, owner: Any) -> None:
        super().__init__()
        self.steps, self.last = steps, last
        for number, part in enumerate([*steps, last]):
            self.keep_part(f"step{number}", part)
        # Rows that are not finite must not reach steps with a state, which would keep them forever.
        self._guarded = [_keeps([*steps[number + 1 :], last]) for number in range(len(steps))]
        parts = [*steps, last]
        self._takes_missing = [_takes_missing(parts[number:]) for number in range(len(parts))]
        self.takes_missing = self._takes_missing[0]
        self.read_threshold, self.owner = threshold, owner
        self.learnt_threshold()

    def refresh(self) -> None:
        """Read the threshold again if another was set; calling `learnt_threshold` for each row takes too long."""
        if getattr(self.owner, "threshold", None) is not self._was_set:
            self.learnt_threshold()

    def learnt_threshold(self) -> None:
        """Read the threshold."""
        self._was_set = getattr(self.owner, "threshold", None)
        self.threshold = 0.5 if self.read_threshold is None else float(self.read_threshold())

    def begin(self, slot: int, key: Any, time: Any) -> None:
        """Prepare a series."""
        for part in (*self.steps, self.last):
            part.begin(slot, key, time)

    def scores(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return the scores; those that are not finite never count as normal."""
        out = self._run(rows, values)
        return infinite_unless_finite(out if out.ndim == 1 else out[:, 1])

    def step(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        """Return decisions, or probabilities."""
        if self.read_threshold is None:
            return self._run(rows, values)
        self.refresh()
        return subtract_threshold(self.scores(rows, values), self.threshold)

    def advance(self, rows: LiveRows, values: np.ndarray) -> None:
        """Process rows whose scores are not needed, so that the last step, often the slowest, can be skipped."""
        rows, values, _ = self._transform(rows, values)
        if len(values):
            self.last.advance(rows, values)

    def _run(self, rows: LiveRows, values: np.ndarray) -> np.ndarray:
        n_rows = len(values)
        rows, values, left = self._transform(rows, values)
        if not len(values):
            return np.full(n_rows, np.nan)
        out = self.last.step(rows, values)
        if left is None:
            return out
        everything = np.full((n_rows, *out.shape[1:]), np.nan)
        everything[left] = out
        return everything

    def _transform(
        self, rows: LiveRows, values: np.ndarray
    ) -> tuple[LiveRows, np.ndarray, np.ndarray | None]:
        """Return the input of the last step, and the positions of the rows that reach it unless all do."""
        left = None
        for number, (part, is_guarded) in enumerate(zip(self.steps, self._guarded, strict=True)):
            values = part.step(rows, values)
            if is_guarded and not np.isfinite(values).all():
                fine = has_values(values, self._takes_missing[number + 1])
                left = np.flatnonzero(fine) if left is None else left[fine]
                rows, values = rows.some(fine), values[fine]
                if not len(values):
                    break
        return rows, values, left


def _keeps(steps: list[Any]) -> bool:
    """Return whether any of these steps keeps a state of a series, which one bad row would spoil."""
    return any(
        isinstance(step, SeriesState) and (step._kept or _keeps(list(step._parts.values()))) for step in steps
    )


def _takes_missing(steps: list[Any]) -> bool:
    """Return whether rows may contain NaN: each step accepts NaN, up to one that fills it."""
    for step in steps:
        if not step.takes_missing or step.fills_missing:
            return bool(step.takes_missing)
    return True


def has_values(values: np.ndarray, takes_missing: bool) -> np.ndarray:
    """Mark rows without infinite values, and without NaN unless it is accepted."""
    return (~np.isinf(values) if takes_missing else np.isfinite(values)).all(axis=1)


def walk(step: SeriesState) -> list[Any]:
    """Return a step and all its parts."""
    return [step, *(inner for part in step._parts.values() for inner in walk(part))]
