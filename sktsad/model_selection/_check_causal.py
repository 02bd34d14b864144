"""Find out whether a pipeline looks ahead, mixes series, or loses rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
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
            for train, test in check_cv(cv, y, classifier=True).split(X, y):
                _check_split(report, "inner split", f"{name}(cv={cv})", X, train, test)


def _check_scaled_before(report: CausalReport, X: Any, train: np.ndarray) -> None:
    """See whether columns have mean 0 and deviation 1, or range from 0 to 1, only together with the test rows."""
    values = np.asarray(X)
    if values.dtype.kind not in "fc":
        return

    def scaled(part: np.ndarray) -> np.ndarray:
        several = (part != part[:1]).any(axis=0) & ~np.isin(part, (0, 1)).all(axis=0)
        standard = (np.abs(part.mean(axis=0)) < 1e-6) & (np.abs(part.std(axis=0) - 1) < 1e-6)
        min_max = (np.abs(part.min(axis=0)) < 1e-9) & (np.abs(part.max(axis=0) - 1) < 1e-9)
        return several & (standard | min_max)

    before = scaled(values) & ~scaled(values[train])
    if before.any():
        report.add(
            "scaled before",
            "X",
            f"{int(before.sum())} column(s) were scaled with the test rows. Put the scaler into the pipeline.",
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
        scores, labels = self._scores(self.model, self.X), np.asarray(self.model.predict(self.X))
        if len(scores) != n_rows or len(labels) != n_rows:
            step = self._first_step(lambda before, after: _num_samples(after) != n_rows)
            self.report.add(
                "rows", step, f"{n_rows} rows in, {len(scores)} scores and {len(labels)} labels out."
            )
            return
        if self._changed(scores, self._scores(self.model, self.X)).any():
            self.report.add("chance", self.where, "two calls with the same rows give different scores.")
            return
        if self._check_order(scores) and self._check_series(scores):
            self._check_future(scores, labels)

    def _check_order(self, scores: np.ndarray) -> bool:
        """Change one row, the last of the longest series: its own score must change, with no other before it."""
        longest = int(np.argmax(np.diff(self.rows.bounds)))
        last = self.rows.order[self.rows.bounds[longest + 1] - 1]
        for size in (3.0, -3.0, 30.0, -30.0):
            changed = self._changed(scores, self._scores(self.model, self._shift(np.array([last]), size)))
            if changed[last]:
                return True
            if changed.any():
                self.report.add(
                    "order",
                    self.where,
                    f"a change of row {last} changes the score of row {int(np.argmax(changed))} instead.",
                )
                return False
        return True

    def _check_future(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Change the second half of every series: scores and labels of the first must stay."""
        past = np.zeros(self.rows.n_rows, dtype=bool)
        for _, part in self.rows.parts():
            past[self.rows.order[part][: (part.stop - part.start) // 2]] = True
        X_other = self._shift(np.flatnonzero(~past))
        changed = self._changed(scores, self._scores(self.model, X_other)) & past
        if changed.any():
            kind = "refit" if changed.sum() > _MOST * past.sum() else "future"
            step = self._first_step(
                lambda before, after: self._rows_differ(before, after)[past].any(), X_other
            )
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
        number = np.empty(self.rows.n_rows, dtype=int)
        number[self.rows.order] = np.repeat(np.arange(len(self.rows.keys)), np.diff(self.rows.bounds))
        for other in (number % 2 == 0, number % 2 == 1):
            changed = self._changed(scores, self._scores(self.model, self._shift(np.flatnonzero(other))))
            crossing += int((changed & ~other).sum())
        if crossing:
            self.report.add("series", self.where, f"{crossing} scores change with the rows of other series.")
            step = self._first_step(lambda before, after: not is_panel(after))
            if step != self.where:
                self.report.add(
                    "lost index", step, "drops the (series, time) index. Use .set_output(transform='pandas')."
                )
        return not crossing

    @staticmethod
    def _scores(model: Any, X: Any) -> np.ndarray:
        for method in ("decision_function", "predict_proba", "predict"):
            if hasattr(model, method):
                return np.asarray(getattr(model, method)(X), dtype=float)
        raise TypeError(f"{type(model).__name__} has no decision_function, predict_proba or predict.")

    @staticmethod
    def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Mark the rows whose values differ by more than rounding."""
        scale = np.nanmax(np.abs(before), initial=0)
        differ = ~np.isclose(before, after, rtol=1e-6, atol=1e-7 * scale, equal_nan=True)
        return differ.reshape(len(before), -1).any(axis=1)

    def _rows_differ(self, before: Any, after: Any) -> np.ndarray:
        return self._changed(np.asarray(before, dtype=float), np.asarray(after, dtype=float))

    def _shift(self, rows: np.ndarray, size: float | None = None) -> Any:
        """Return X with some rows moved, by ``size`` standard deviations or by random numbers of them."""
        is_frame = hasattr(self.X, "iloc")
        numeric = self.X.select_dtypes("number").columns if is_frame else None
        moved = np.array(self.X[numeric] if is_frame else self.X, dtype=float)
        spread = moved.std(axis=0) + (moved.std(axis=0) == 0)
        moves = 3 * self.rng.standard_normal((len(rows), moved.shape[1])) if size is None else size
        moved[rows] += moves * spread
        if not is_frame:
            return moved
        X = self.X.copy()
        X[numeric] = moved
        return X

    def _first_step(self, is_faulty: Any, X_other: Any = None) -> str:
        """Name the first step of a pipeline whose output is faulty, given that of X and that of ``X_other``."""
        before, after = self.X, self.X if X_other is None else X_other
        for name, step in getattr(self.model, "steps", [])[:-1]:
            if step in (None, "passthrough") or not hasattr(step, "transform"):
                continue
            before, after = step.transform(before), step.transform(after)
            if is_faulty(before, after):
                return f"step {name!r}"
        return self.where
