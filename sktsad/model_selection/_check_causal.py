"""Check whether a pipeline looks ahead, mixes series, or loses rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state

from .._core import (
    AnyEstimator,
    Labels,
    Rows,
    Seed,
    check_target_index,
    read_series,
    safe_indexing,
    which_look_ahead,
)
from ._causal_report import CausalReport
from ._probe import Probe


def check_causal(
    estimator: AnyEstimator,
    X: Rows,
    y: Labels,
    cv: Any,
    *,
    raise_on_fault: bool = False,
    random_state: Seed = 0,
) -> CausalReport:
    """Check that any scikit-learn pipeline scores every row using only its own past.

    For every fold a clone is fitted on the training rows. Then values are changed, to see which scores change: changing
    later rows must not change earlier scores, and changing one series must not change the scores of another.

    Parameters
    ----------
    estimator : classifier or detector
        A pipeline as you would give it to ``cross_val_score``.
    X : array-like of shape (n_samples, n_features)
        Rows in time order, one per time step; a panel is a frame with a (series, time) MultiIndex.
    y : array-like of shape (n_samples,)
        Labels.
    cv : int or splitter
        The folds on which you evaluate the pipeline.
    raise_on_fault : bool, default=False
        Whether to raise if there is a fault.
    random_state : int, RandomState or None, default=0
        Controls the random changes.

    Returns
    -------
    report : CausalReport
        ``report.ok`` is True if no fault was found; ``print(report)`` lists the faults. Kinds of fault:

        - "split": test rows are training rows, or training continues after the test rows of the same series;
        - "inner split": the same for the folds inside a search or threshold classifier, such as
          ``TunedThresholdClassifierCV``;
        - "scaled before": X was already standardised or min-max scaled, together with the test rows;
        - "error": fit or score raised an error;
        - "chance": two calls with the same rows return different scores;
        - "rows": not one score for each row, e.g. because a sampler acts at predict;
        - "order": scores do not come in the order of the rows;
        - "future": past scores change with the future, e.g. by a centred window, or a step declares that it looks
          ahead;
        - "refit": most past scores change, e.g. by a scaler that is fitted to the rows to score;
        - "threshold": predictions for past rows change, though their scores do not;
        - "series": scores change with another series, e.g. by windows that cross the border;
        - "lost index": the (series, time) index is lost; the step that drops it is named.

    Raises
    ------
    ValueError
        If there is a fault and ``raise_on_fault`` is set, or if X and y both have series or time in their index, and
        these differ.

    Notes
    -----
    Faults that do not change scores are not found, nor faults in the processing of X before this call, except scaling.
    Changes that a model ignores, such as values beyond the last split of a tree, have no effect: use a model that
    depends on them. Only columns of numbers are changed. A changed number is never smaller than the smallest of its
    column, so that logarithms stay defined, but it may not occur in training, so encoders of numbers must accept
    unknown values.

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
    >>> report = check_causal(
    ...     make_pipeline(centred, LogisticRegression()), X, y, TimeSeriesSplit(2)
    ... )
    >>> report.kinds
    {'future'}
    """
    check_target_index(X, y, np.inf)
    rng = check_random_state(random_state)
    report = CausalReport()
    for part in which_look_ahead(estimator):
        report.add("future", type(part).__name__, f"{part} looks ahead: its scores are not available live.")
    for number, (train, test) in enumerate(check_cv(cv, y, classifier=True).split(X, y)):
        report.n_folds += 1
        where = f"fold {number}"
        _check_split(report, "split", where, X, train, test)
        _check_scaled_before(report, X, train)
        X_train, y_train = safe_indexing(X, train), safe_indexing(y, train)
        _check_inner_splits(report, estimator, X_train, y_train)
        try:
            model = clone(estimator).fit(X_train, y_train)
        except MemoryError:
            raise
        except Exception as error:  # any error belongs in the report
            report.add("error", f"{where}, fit", f"{type(error).__name__}: {error}")
            continue
        for rows, X_part in (("test rows", safe_indexing(X, test)), ("training rows", X_train)):
            try:
                Probe(report, model, X_part, rows, rng).run()
            except MemoryError:
                raise
            except Exception as error:
                report.add("error", f"{where}, score of {rows}", f"{type(error).__name__}: {error}")
    if raise_on_fault and not report.ok:
        raise ValueError(str(report))
    return report


def _check_split(report: CausalReport, kind: str, where: str, X: Rows, train: Any, test: Any) -> None:
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


def _check_inner_splits(report: CausalReport, estimator: AnyEstimator, X: Rows, y: Labels) -> None:
    """Check the folds of searches and threshold classifiers inside the estimator, on the training rows."""
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
            except MemoryError:
                raise
            except Exception:  # fit raises the same error
                continue
        for train, test in folds:
            _check_split(report, "inner split", f"{name}(cv={cv})", X, train, test)


def _check_scaled_before(report: CausalReport, X: Rows, train: np.ndarray) -> None:
    """Check whether columns have mean 0 and deviation 1, or range from 0 to 1, only together with the test rows.

    This is checked for all series together, and for every series that was not constant.
    """
    values = np.asarray(X.select_dtypes("floating") if hasattr(X, "iloc") else X)
    if values.dtype.kind != "f":
        return
    values = values.astype(np.float64)

    def several(part: np.ndarray) -> np.ndarray:
        return (part != part[:1]).any(axis=0) & ~np.isin(part, (0, 1)).all(axis=0)

    def scaled(part: np.ndarray) -> np.ndarray:
        variance = part.var(axis=0)
        unit = np.minimum(np.abs(variance - 1), np.abs(variance - (1 - 1 / len(part))))  # numpy's, or pandas'
        standard = (np.abs(part.mean(axis=0)) < 1e-6) & (unit < 1e-6)
        min_max = (np.abs(part.min(axis=0)) < 1e-9) & (np.abs(part.max(axis=0) - 1) < 1e-9)
        return several(part) & (standard | min_max)

    in_train = np.isin(np.arange(len(values)), train)
    rows = read_series(X)
    parts = [rows.order[part] for _, part in rows.parts()]
    split = [part for part in parts if in_train[part].any() and not in_train[part].all()]
    before = scaled(values) & ~scaled(values[train])
    if split:
        varies = np.array([several(values[part]) for part in split])
        alone = np.array([scaled(values[part]) & ~scaled(values[part][in_train[part]]) for part in split])
        before |= (alone | ~varies).all(axis=0) & varies.any(axis=0)
    if before.any():
        report.add(
            "scaled before",
            "X",
            f"{int(before.sum())} column(s) look as if scaled with the test rows. Put the scaler into the pipeline.",
        )
