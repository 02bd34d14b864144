"""Change some rows, and find scores of a fitted model that change although they must not."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype
from scipy.sparse import issparse

from .._core import AnyEstimator, Rows, SeriesRows, is_panel, num_samples, read_series
from ._causal_report import CausalReport

#: If at least this share of rows changes, a step uses all rows together, not only neighbours.
_MOST = 0.5


class Probe:
    """Change some rows, and compare the scores, labels and steps of a fitted model."""

    def __init__(self, report: CausalReport, model: AnyEstimator, X: Rows, where: str, rng: Any) -> None:
        self.report = report
        self.model = model
        self.X = X
        self.where = where
        self.rng = rng
        self.rows: SeriesRows = read_series(X)

    def run(self) -> None:
        """Run all checks; stop if the next one would be meaningless."""
        n_rows = self.rows.n_rows
        scores, labels = self._scores(self.X), np.asarray(self.model.predict(self.X))
        if len(scores) != n_rows or len(labels) != n_rows:
            step = self._first_step(lambda before, after: num_samples(after) != n_rows)
            self.report.add(
                "rows", step, f"{n_rows} rows in, {len(scores)} scores and {len(labels)} labels out."
            )
            return
        if self._changed(scores, self._scores(self.X)).any():
            self.report.add("chance", self.where, "two calls with the same rows return different scores.")
            return
        if self._check_order(scores) and self._check_series(scores):
            self._check_future(scores, labels)

    def _check_order(self, scores: np.ndarray) -> bool:
        """Change one row: its own score must change, or else scores must change in the order of the changed rows."""
        longest = int(np.argmax(np.diff(self.rows.bounds)))
        last = int(self.rows.bounds[longest + 1]) - 1
        changed = self._changed_by(last, scores)
        if changed[last] or not changed.any():
            return True
        first = [
            int(np.argmax(change))
            for at in np.unique(np.linspace(0, self.rows.n_rows - 1, 9).astype(int))
            if (change := self._changed_by(at, scores)).any()
        ]
        if np.all(np.diff(first) >= 0):
            return True  # scores look ahead, or into the next series, but are in order
        self.report.add(
            "order",
            self.where,
            f"a change of row {self.rows.order[last]} changes the score of row "
            f"{self.rows.order[int(np.argmax(changed))]} instead.",
        )
        return False

    def _changed_by(self, at: int, scores: np.ndarray) -> np.ndarray:
        """Mark the scores that change with one row; rows and scores are series by series, in time order."""
        changed = np.zeros(len(scores), dtype=bool)
        for size in (3.0, -3.0, 30.0, -30.0):
            changed = self._changed(scores, self._scores(self._shift(self.rows.order[[at]], size)))
            if changed.any():
                break
        return changed[self.rows.order]

    def _check_future(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Change every series from some row on: earlier scores and labels must not change."""
        past = np.zeros(self.rows.n_rows, dtype=bool)
        missing = pd.DataFrame(np.reshape(np.asarray(self.X), (len(past), -1))).isna().to_numpy()
        for _, part in self.rows.parts():
            order = self.rows.order[part]
            cut = int(len(order) * self.rng.uniform(0.3, 0.7))
            holes = np.flatnonzero(missing[order].any(axis=1)) + 1
            holes = holes[(holes > 0.1 * len(order)) & (holes < 0.9 * len(order))]
            if len(
                holes
            ):  # a step that fills holes may look ahead only there: cut after a hole, to detect this
                cut = holes[np.argmin(np.abs(holes - cut))]
            past[order[:cut]] = True
        X_other = self._shift(np.flatnonzero(~past))
        changed = self._changed(scores, self._scores(X_other)) & past
        if changed.any():
            kind = "refit" if changed.sum() > _MOST * past.sum() else "future"
            step = self._first_step(partial(self._differ, rows=past), X_other)
            self.report.add(
                kind, step, f"{int(changed.sum())} of {int(past.sum())} past scores change with the future."
            )
        elif (relabelled := (labels != np.asarray(self.model.predict(X_other))) & past).any():
            self.report.add(
                "threshold",
                self.where,
                f"{int(relabelled.sum())} past predictions change with the future, but their scores do not: the "
                "threshold is chosen on the rows to predict.",
            )

    def _check_series(self, scores: np.ndarray) -> bool:
        """Change every second series: the scores of the others must not change."""
        if len(self.rows.keys) < 2:
            return True
        crossing = 0
        step = self.where
        number = np.empty(self.rows.n_rows, dtype=int)
        number[self.rows.order] = np.repeat(np.arange(len(self.rows.keys)), np.diff(self.rows.bounds))
        for own in (number % 2 == 0, number % 2 == 1):
            X_other = self._shift(np.flatnonzero(~own))
            changed = self._changed(scores, self._scores(X_other)) & own
            if changed.any() and not crossing:
                step = self._first_step(partial(self._differ, rows=own), X_other)
            crossing += int(changed.sum())
        if crossing:
            self.report.add("series", step, f"{crossing} scores change with the rows of other series.")
            loses = self._first_step(lambda before, after: not is_panel(after))
            if loses != self.where:
                self.report.add(
                    "lost index",
                    loses,
                    "drops the (series, time) index. Use .set_output(transform='pandas').",
                )
        return not crossing

    def _scores(self, X: Rows) -> np.ndarray:
        for method in ("decision_function", "predict_proba", "predict"):
            if hasattr(self.model, method):
                return np.asarray(getattr(self.model, method)(X))
        raise TypeError(f"{type(self.model).__name__} has no decision_function, predict_proba or predict.")

    @staticmethod
    def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Mark the rows whose values differ by more than rounding."""
        if before.dtype.kind not in "fiu":  # labels
            differ = before != after
        else:
            scale = np.max(np.abs(before), where=np.isfinite(before), initial=0)
            differ = ~np.isclose(before, after, rtol=1e-6, atol=1e-7 * scale, equal_nan=True)
        return differ.reshape(len(before), -1).any(axis=1)

    def _differ(self, before: Any, after: Any, rows: np.ndarray) -> bool:
        """Return whether the output of a step differs in some rows; only numbers count."""
        values = []
        for output in (before, after):
            table = pd.DataFrame(np.asarray(output.toarray() if issparse(output) else output))
            values.append(table.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)[rows])
        return values[0].shape != values[1].shape or bool(self._changed(*values).any())

    def _shift(self, rows: np.ndarray, size: float | None = None) -> Any:
        """Return X with some rows shifted, by ``size`` or a random number of standard deviations."""
        if not hasattr(self.X, "iloc"):
            X = np.asarray(self.X)
            return self._moved(X, rows, size).astype(X.dtype if X.dtype.kind == "f" else float)
        X = self.X.copy()
        for column, dtype in enumerate(X.dtypes):
            if is_numeric_dtype(dtype) and not is_bool_dtype(dtype):
                values = X.iloc[:, column].to_numpy(dtype=float, na_value=np.nan)
                moved = self._moved(values, rows, size)
                X.isetitem(column, pd.array(moved, dtype=dtype) if is_float_dtype(dtype) else moved)
        return X

    def _moved(self, values: np.ndarray, rows: np.ndarray, size: float | None) -> np.ndarray:
        moved = values.astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # about a column without values
            low, spread = np.nanmin(moved, axis=0), np.nanstd(moved, axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        moves = 3 * self.rng.standard_normal(moved[rows].shape) if size is None else size
        moved[rows] = low + np.abs(moved[rows] + moves * spread - low)
        return moved

    def _first_step(self, is_faulty: Any, X_other: Any = None) -> str:
        """Name the first step of a pipeline that ``is_faulty``, given its outputs for X and ``X_other``."""
        before, after = self.X, self.X if X_other is None else X_other
        model = self.model
        while not hasattr(model, "steps") and hasattr(model, "estimator"):  # a search or threshold around it
            model = getattr(model, "best_estimator_", getattr(model, "estimator_", None))
        for name, step in getattr(model, "steps", [])[:-1]:
            if step in (None, "passthrough") or not hasattr(step, "transform"):
                continue
            before, after = step.transform(before), step.transform(after)
            if is_faulty(before, after):
                return f"step {name!r}"
        return self.where
