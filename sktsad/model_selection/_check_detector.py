"""Checks of detectors in addition to those of scikit-learn."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from .._core import AnyEstimator, Windows, is_panel

_N_ROWS = 240


def check_detector(estimator: AnyEstimator) -> None:
    """Check that a detector follows the conventions of sktsad, in addition to those of scikit-learn.

    It complements ``sklearn.utils.estimator_checks.check_estimator``, which checks whether an estimator works in
    scikit-learn's tools. This function checks whether it is a detector: it fits without labels, its decisions are
    scores minus a threshold, and a score of NaN is an alarm.

    Parameters
    ----------
    estimator : detector
        Not fitted; it is cloned. A detector that also passes ``check_causal`` works wherever the detectors of this
        package do.

    Raises
    ------
    AssertionError
        If it does not follow the conventions; the message says what is wrong.

    See Also
    --------
    check_causal : Whether a pipeline looks ahead.

    Examples
    --------
    >>> from sktsad import ZScoreDetector
    >>> from sktsad.model_selection import check_detector
    >>> check_detector(ZScoreDetector())
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about few rows
        X, y = _rows()
        fitted = clone(estimator).fit(X)
        _check_labels(estimator, fitted, X, y)
        _check_decisions(fitted, X)
        _check_threshold(estimator, fitted, X)
        _check_extremes(fitted, X)
        _check_rows_with_an_index(estimator, X)
        _check_windows(estimator, X)
        _check_copies(estimator, fitted, X)


def _rows() -> tuple[np.ndarray, np.ndarray]:
    """Return normal rows of two columns with a few anomalies, and labels."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(_N_ROWS, 2)), np.zeros(_N_ROWS, dtype=int)
    y[30:40] = y[-20:-15] = 1
    X[y == 1] += 8
    return X, y


def _check_labels(estimator: AnyEstimator, fitted: Any, X: np.ndarray, y: np.ndarray) -> None:
    assert np.array_equal(fitted.classes_, [0, 1]), (
        f"Without labels classes_ is {fitted.classes_}, not [0, 1]."
    )
    scores = fitted.anomaly_score(X)
    assert scores.shape == (len(X),), f"anomaly_score has shape {scores.shape} for {len(X)} rows."
    all_normal = clone(estimator).fit(X, np.zeros(len(X), dtype=int)).anomaly_score(X)
    assert np.array_equal(all_normal, scores), (
        "With labels that are all 0, scores differ from those of a fit without labels."
    )
    labelled = clone(estimator).fit(X, y)
    assert np.array_equal(labelled.classes_, [0, 1]), f"classes_ is {labelled.classes_} for labels 0 and 1."
    assert set(np.unique(labelled.predict(X))) <= {0, 1}, (
        "predict returns labels that differ from those passed to fit."
    )


def _check_decisions(fitted: Any, X: np.ndarray) -> None:
    decision, scores = fitted.decision_function(X), fitted.anomaly_score(X)
    assert np.allclose(decision, scores - fitted.threshold_), (
        "decision_function is not anomaly_score - threshold_."
    )
    expected = fitted.classes_[(decision > 0).astype(int)]
    assert np.array_equal(fitted.predict(X), expected), (
        "predict is not the anomaly where decision_function is above 0."
    )


def _check_threshold(estimator: AnyEstimator, fitted: Any, X: np.ndarray) -> None:
    scores = fitted.anomaly_score(X)
    middle = float(np.median(scores))
    model = clone(estimator).set_params(threshold=middle).fit(X)
    assert model.threshold_ == middle, f"threshold={middle} gives threshold_={model.threshold_}."
    model.set_params(threshold=float(scores.max()) + 1)
    assert not model.predict(X).any(), "A number that is set as threshold after fit has no effect."


def _check_extremes(fitted: Any, X: np.ndarray) -> None:
    for value in (1e30, 1e300):
        extreme = X.copy()
        extreme[-1] = value
        try:
            decision = fitted.decision_function(extreme)
        except ValueError:
            continue  # raising an error is allowed, too
        assert not np.isnan(decision).any(), f"A row of {value} has a decision of NaN, which is not an alarm."


def _check_rows_with_an_index(estimator: AnyEstimator, X: np.ndarray) -> None:
    plain = clone(estimator).fit(X).anomaly_score(X)
    dates = pd.DataFrame(X, pd.date_range("2026-01-01", periods=len(X), freq="min"), ["load", "heat"])
    model = clone(estimator).fit(dates)
    assert np.allclose(model.anomaly_score(dates), plain), "A time index without a gap changes the scores."
    if hasattr(model, "feature_scores"):
        table = model.feature_scores(dates)
        assert table.index.equals(dates.index), "feature_scores does not keep the index of X."
    index = pd.MultiIndex.from_product([["a", "b"], dates.index[: len(X) // 2]])
    panel = dates.set_axis(index, axis=0)
    assert is_panel(panel)
    assert clone(estimator).fit(panel).anomaly_score(panel).shape == plain.shape, (
        "A panel is not scored row by row."
    )


def _check_windows(estimator: AnyEstimator, X: np.ndarray) -> None:
    windows = Windows(X, np.arange(len(X) - 2), 3)
    try:
        model = clone(estimator).fit(windows)
    except ValueError:
        return  # it refuses windows
    scores = model.anomaly_score(windows)
    assert scores.shape == (len(windows),), f"{len(windows)} windows get scores of shape {scores.shape}."
    try:
        model.anomaly_score(Windows(X, np.arange(len(X) - 1), 2))
    except ValueError:
        return
    raise AssertionError("Windows of 2 rows are scored by a detector that was fitted on windows of 3.")


def _check_copies(estimator: AnyEstimator, fitted: Any, X: np.ndarray) -> None:
    scores = fitted.anomaly_score(X)
    again = clone(estimator)
    if "random_state" in again.get_params():
        again.set_params(random_state=0)
        scores = clone(again).fit(X).anomaly_score(X)
    assert np.array_equal(again.fit(X).anomaly_score(X), scores), "A second fit gives different scores."
    copied = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(copied.anomaly_score(X), fitted.anomaly_score(X)), (
        "A pickled copy gives different scores."
    )
