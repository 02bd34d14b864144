"""Find out whether a pipeline looks ahead, mixes series, or loses rows."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _num_samples

from .._series import SeriesRows, is_panel, read_series
from ._causal_report import CausalReport

#: From this share of changed rows on, a step looks at all rows at once, not at some neighbours.
_MOST = 0.5


def check_causal(
    estimator: Any, X: Any, y: Any, cv: Any, *, raise_on_fault: bool = False, random_state: Any = 0
) -> CausalReport:
    """Check that a pipeline scores every row by its own past alone, on any scikit-learn estimator.

    For every fold a clone is fitted on the training rows. Then values are changed, and it is seen which scores
    change: the future must not change past scores, nor one series those of another.

    Parameters
    ----------
    estimator : classifier or detector
        A pipeline as you would give it to ``cross_val_score``.
    X : array-like of shape (n_samples, n_features)
        Rows in time order, one a time step; a panel is a frame with a (series, time) MultiIndex.
    y : array-like of shape (n_samples,)
        Labels.
    cv : int or splitter
        The folds you judge it on.
    raise_on_fault : bool, default=False
        Whether to raise if there is a fault.
    random_state : int, RandomState or None, default=0
        Draws the changes.

    Returns
    -------
    report : CausalReport
        ``report.ok`` tells whether it is sound; ``print(report)`` tells what is not. Kinds of fault:

        - "split": test rows are training rows, or training goes on after the test rows of the same series;
        - "inner split": the same of a search or threshold inside, such as ``TunedThresholdClassifierCV``;
        - "scaled before": X was standardised or min-max scaled with the test rows before it came here;
        - "error": fit or score raised;
        - "chance": two calls with the same rows give different scores;
        - "rows": not one score for each row, e.g. because a sampler acts at predict;
        - "order": scores come in another order than the rows;
        - "future": past scores change with the future, e.g. by a centred window;
        - "refit": most past scores do, e.g. by a scaler that is fitted to the rows to score;
        - "threshold": past labels do, though their scores do not;
        - "series": scores change with another series, by windows that cross the border;
        - "lost index": the step that dropped the (series, time) index on the way there.

    Raises
    ------
    ValueError
        If there is a fault and ``raise_on_fault`` is set.

    Notes
    -----
    A fault that never shows in scores is not seen, nor one that was made before, except for scaling. Values that a
    model ignores, such as those beyond the last split of a tree, change nothing: use a model that takes notice.
    Columns of numbers are changed, others are not; a number never falls below the smallest of its column, so that
    logarithms stay defined, but it may be one that training did not have: encoders of numbers must bear that.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.model_selection import check_causal
    >>> X, y = make_kpi(400, contamination=0.1, random_state=0)
    >>> centred = FunctionTransformer(lambda X: X.rolling(5, center=True, min_periods=1).mean())
    >>> report = check_causal(make_pipeline(centred, LogisticRegression()), X, y, TimeSeriesSplit(2))
    >>> report.kinds
    {'future'}
    """
    rng = check_random_state(random_state)
    report = CausalReport()
    for number, (train, test) in enumerate(check_cv(cv, y, classifier=True).split(X, y)):
        report.n_folds += 1
        where = f"fold {number}"
        _check_split(report, "split", where, X, train, test)
        _check_scaled_before(report, X, train)
        X_train, y_train = _safe_indexing(X, train), _safe_indexing(y, train)
        _check_inner_splits(report, estimator, X_train, y_train)
        try:
            model = clone(estimator).fit(X_train, y_train)
        except Exception as error:  # whatever it is, it belongs into the report
            report.add("error", f"{where}, fit", f"{type(error).__name__}: {error}")
            continue
        for rows, X_part in (("test rows", _safe_indexing(X, test)), ("training rows", X_train)):
            try:
                _Probe(report, model, X_part, rows, rng).run()
            except Exception as error:
                report.add("error", f"{where}, score of {rows}", f"{type(error).__name__}: {error}")
    if raise_on_fault and not report.ok:
        raise ValueError(str(report))
    return report


def _check_split(report: CausalReport, kind: str, where: str, X: Any, train: Any, test: Any) -> None:
    shared = len(np.intersect1d(train, test))
    if shared:
        report.add(kind, where, f"{shared} test rows are training rows, too.")
    late = 0
    rows = read_series(X)
    position = np.empty(rows.n_rows, dtype=int)
    position[rows.order] = np.arange(rows.n_rows)
    train_at, test_at = np.sort(position[train]), np.sort(position[test])
    for start, stop in zip(rows.bounds[:-1], rows.bounds[1:], strict=True):
        tested = test_at[(test_at >= start) & (test_at < stop)]
        if len(tested):
            late += int(((train_at > tested[0]) & (train_at < stop)).sum())
    if late:
        report.add(
            kind, where, f"{late} training rows come after test rows of their series. Use SeriesSplit."
        )


def _check_inner_splits(report: CausalReport, estimator: Any, X: Any, y: Any) -> None:
    """Look at the folds of searches and thresholds inside, as they fall on the training rows."""
    nested = estimator.get_params(deep=True).values()
    for owner in [estimator, *(value for value in nested if hasattr(value, "fit"))]:
        cv = getattr(owner, "cv", "prefit")
        name = type(owner).__name__
        if isinstance(cv, str):
            continue
        if isinstance(cv, float):
            report.add(
                "inner split", name, f"cv={cv} holds out rows drawn at random. Use a splitter in time order."
            )
            continue
        if cv is None and hasattr(owner, "min_events"):  # ThresholdClassifier: in time order by default
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                folds = list(check_cv(cv, y, classifier=True).split(X, y))
            except Exception:  # folds that cannot be had: fit will meet that, too
                continue
        for train, test in folds:
            _check_split(report, "inner split", f"{name}(cv={cv})", X, train, test)


def _check_scaled_before(report: CausalReport, X: Any, train: np.ndarray) -> None:
    """See whether columns have mean 0 and deviation 1, or range from 0 to 1, only together with the test rows."""
    values = np.asarray(X.select_dtypes("floating") if hasattr(X, "iloc") else X)
    if values.dtype.kind != "f":
        return
    values = values.astype(np.float64)

    def scaled(part: np.ndarray) -> np.ndarray:
        several = (part != part[:1]).any(axis=0) & ~np.isin(part, (0, 1)).all(axis=0)
        variance = part.var(axis=0)
        unit = np.minimum(np.abs(variance - 1), np.abs(variance - (1 - 1 / len(part))))  # numpy's, or pandas'
        standard = (np.abs(part.mean(axis=0)) < 1e-6) & (unit < 1e-6)
        min_max = (np.abs(part.min(axis=0)) < 1e-9) & (np.abs(part.max(axis=0) - 1) < 1e-9)
        return several & (standard | min_max)

    before = scaled(values) & ~scaled(values[train])
    if before.any():
        report.add(
            "scaled before",
            "X",
            f"{int(before.sum())} column(s) look as if scaled with the test rows. Put the scaler into the pipeline.",
        )


class _Probe:
    """Change some rows and see what changes in what a fitted model makes of them."""

    def __init__(self, report: CausalReport, model: Any, X: Any, where: str, rng: Any) -> None:
        self.report = report
        self.model = model
        self.X = X
        self.where = where
        self.rng = rng
        self.rows: SeriesRows = read_series(X)

    def run(self) -> None:
        """Run every check; stop where the next would mean nothing."""
        n_rows = self.rows.n_rows
        scores, labels = self._scores(self.X), np.asarray(self.model.predict(self.X))
        if len(scores) != n_rows or len(labels) != n_rows:
            step = self._first_step(lambda before, after: _num_samples(after) != n_rows)
            self.report.add(
                "rows", step, f"{n_rows} rows in, {len(scores)} scores and {len(labels)} labels out."
            )
            return
        if self._changed(scores, self._scores(self.X)).any():
            self.report.add("chance", self.where, "two calls with the same rows give different scores.")
            return
        if self._check_order(scores) and self._check_series(scores):
            self._check_future(scores, labels)

    def _check_order(self, scores: np.ndarray) -> bool:
        """Change one row: its own score must change, or else scores in the order in which rows are changed."""
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
            return True  # rows look ahead, or into the next series, but are in order
        self.report.add(
            "order",
            self.where,
            f"a change of row {self.rows.order[last]} changes the score of row "
            f"{self.rows.order[int(np.argmax(changed))]} instead.",
        )
        return False

    def _changed_by(self, at: int, scores: np.ndarray) -> np.ndarray:
        """Mark the scores that change with one row; both series by series, in time order."""
        changed = np.zeros(len(scores), dtype=bool)
        for size in (3.0, -3.0, 30.0, -30.0):
            changed = self._changed(scores, self._scores(self._shift(self.rows.order[[at]], size)))
            if changed.any():
                break
        return changed[self.rows.order]

    def _check_future(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Change every series from somewhere on: scores and labels before that must stay."""
        past = np.zeros(self.rows.n_rows, dtype=bool)
        missing = pd.DataFrame(np.reshape(np.asarray(self.X), (len(past), -1))).isna().to_numpy()
        for _, part in self.rows.parts():
            order = self.rows.order[part]
            cut = int(len(order) * self.rng.uniform(0.3, 0.7))
            holes = np.flatnonzero(missing[order].any(axis=1)) + 1
            holes = holes[(holes > 0.1 * len(order)) & (holes < 0.9 * len(order))]
            if len(holes):  # what fills a hole may look ahead, and nothing else: end the past with one
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
                f"{int(relabelled.sum())} past labels change with the future, their scores do not: the threshold is "
                "chosen on the rows to predict.",
            )

    def _check_series(self, scores: np.ndarray) -> bool:
        """Change every other series: the scores of the rest must stay."""
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

    def _scores(self, X: Any) -> np.ndarray:
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
        """Tell whether the output of a step differs in some rows; only numbers count."""
        values = []
        for output in (before, after):
            table = pd.DataFrame(np.asarray(output.toarray() if issparse(output) else output))
            values.append(table.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)[rows])
        return values[0].shape != values[1].shape or bool(self._changed(*values).any())

    def _shift(self, rows: np.ndarray, size: float | None = None) -> Any:
        """Return X with some rows moved, by ``size`` standard deviations or by random numbers of them."""
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
            warnings.simplefilter("ignore", RuntimeWarning)  # a column without a value
            low, spread = np.nanmin(moved, axis=0), np.nanstd(moved, axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        moves = 3 * self.rng.standard_normal(moved[rows].shape) if size is None else size
        moved[rows] = low + np.abs(moved[rows] + moves * spread - low)
        return moved

    def _first_step(self, is_faulty: Any, X_other: Any = None) -> str:
        """Name the first step of a pipeline whose output is faulty, given that of X and that of ``X_other``."""
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
