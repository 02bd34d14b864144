"""Detectors of PyOD, stumpy, aeon and dtaianomaly, for the tables of `unlabelled.py`; none of them is needed to run it.

All have their default settings, except that windows are as long as ours, and random states are fixed. They are fitted
to all training rows, while ours hold out a fifth of them for the threshold.

- PyOD detects in tables: it gets the same windows as our detectors, through `OutlierClassifier`.
- aeon and dtaianomaly make windows themselves, and give a row the mean score of all windows that contain it. That is
  their look-ahead score. Their causal score is that of the window that ends with the row, from the same fitted model.
- stumpy: "join" is the distance of a window to the nearest one of the training rows, "left profile" to the nearest
  earlier one, also of the test part. Both are causal. Training rows are compared with one another.
- The matrix profile of dtaianomaly compares the windows of the whole series with one another, DWT-MLEAD of aeon looks
  at the whole series, and the medians of dtaianomaly at rows on both sides: they have look-ahead scores only.
- The k-shapes of dtaianomaly 0.5.1 are left out: they give all rows the same score, as in the example of their page.

The first call of compiled code is not measured: `warm_up` makes it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline

from sktsad import OutlierClassifier, SeriesScaler, SlidingWindow


class OnSeries(BaseEstimator):
    """A detector that makes its own windows, one period long.

    Parameters
    ----------
    make : callable
        Returns an unfitted detector of aeon or dtaianomaly for a length of windows and a step from one to the next.
    window_scores : callable, default=None
        Returns the scores of all whole windows, for a fitted detector and the rows of a series; None if the detector
        has no causal scores.
    one_column : bool, default=False
        Whether the detector takes one column only.
    for_beats : bool, default=True
        Whether the detector can be fitted to windows that do not overlap.
    """

    _estimator_type = "classifier"
    is_peer = True

    def __init__(self, make, window_scores=None, *, one_column=False, for_beats=True):
        self.make = make
        self.window_scores = window_scores
        self.one_column = one_column
        self.for_beats = for_beats

    @property
    def looks_ahead(self) -> bool:
        """Whether there are no causal scores."""
        return self.window_scores is None

    def fit(self, X, y=None):
        """Fit the detector to the rows of a series."""
        self.classes_ = np.array([0, 1])
        self.length_ = SlidingWindow("auto").fit(X).length_
        self.detector_ = _fit(self.make(self.length_, 1), np.asarray(X, dtype=float))
        return self

    def decision_function(self, X):
        """Return the causal scores, or those of `look_ahead` if there are none."""
        if self.looks_ahead:
            return self.look_ahead(X)
        return to_last_rows(self.window_scores(self.detector_, np.asarray(X, dtype=float)), len(X))

    def look_ahead(self, X):
        """Return the scores that the library gives to the rows."""
        return _scores(self.detector_, np.asarray(X, dtype=float))

    def score_beats(self, X, X_test):
        """Fit to rows that are whole windows, laid end to end, and return the score of each row of X_test."""
        length = X.shape[1]
        detector = _fit(self.make(length, length), np.asarray(X, dtype=float).reshape(-1, 1))
        return _scores(detector, np.asarray(X_test, dtype=float).reshape(-1, 1))[length - 1 :: length]


class StumpyJoin(BaseEstimator):
    """Distance to the nearest window of the training rows, without level and amplitude; the mean over the columns."""

    _estimator_type = "classifier"
    is_peer = True

    def fit(self, X, y=None):
        """Keep the training rows."""
        self.classes_ = np.array([0, 1])
        self.length_ = SlidingWindow("auto").fit(X).length_
        self.rows_ = np.array(X, dtype=float)
        return self

    def decision_function(self, X):
        """Return the scores of the training rows and of those that follow them."""
        X = np.array(X, dtype=float)
        if not np.array_equal(X[: len(self.rows_)], self.rows_):
            raise ValueError("X must begin with the training rows.")
        columns = [self._profile(x, train) for x, train in zip(X.T.copy(), self.rows_.T.copy(), strict=True)]
        return to_last_rows(np.mean(columns, axis=0), len(X))

    def _profile(self, x, train):
        profile = self._compare(x, train)
        among_training_rows = _stump(train, self.length_)[:, 0].astype(float)
        profile[: len(among_training_rows)] = among_training_rows
        return profile

    def _compare(self, x, train):
        return _stump(x, self.length_, train, ignore_trivial=False)[:, 0].astype(float)


class StumpyLeft(StumpyJoin):
    """Distance to the nearest earlier window, also of the test part."""

    def _compare(self, x, train):
        nearest = _stump(x, self.length_)[:, 2].astype(int)
        return distances(x, self.length_, nearest)


def _stump(*arguments, **options) -> np.ndarray:
    return importlib.import_module("stumpy").stump(*arguments, **options)


def distances(x: np.ndarray, length: int, others: np.ndarray) -> np.ndarray:
    """Return the distance of each window of x to another one, by its number, both z-normalised; 0 if it is negative."""
    windows = np.lib.stride_tricks.sliding_window_view(x, length)
    result = np.zeros(len(windows))
    for chosen in np.array_split(np.flatnonzero(others >= 0), max(1, windows.size // 1_000_000)):
        difference = _normalised(windows[chosen]) - _normalised(windows[others[chosen]])
        result[chosen] = np.sqrt((difference**2).sum(axis=1))
    return result


def _normalised(windows: np.ndarray) -> np.ndarray:
    spread = windows.std(axis=1, keepdims=True)
    return (windows - windows.mean(axis=1, keepdims=True)) / np.where(spread > 1e-7, spread, np.inf)


def to_last_rows(window_scores: np.ndarray, n_rows: int) -> np.ndarray:
    """Return a score for each row, that of the window which ends with it; earlier rows get the first one."""
    n_before = n_rows - len(window_scores)
    return np.concatenate([np.full(n_before, window_scores[0]), window_scores])


def _fit(detector, X: np.ndarray):
    return detector.fit(X) if hasattr(detector, "decision_function") else detector.fit(X, axis=0)


def _scores(detector, X: np.ndarray) -> np.ndarray:
    if hasattr(detector, "decision_function"):
        return detector.decision_function(X)
    return detector.predict(X, axis=0)


def _pyod() -> dict[str, tuple]:
    from pyod.models.knn import KNN
    from pyod.models.pca import PCA

    def on(length, detector):
        detector = OutlierClassifier(detector, threshold=0.0)
        return make_pipeline(SeriesScaler(), SlidingWindow(length), detector)

    return {
        "PyOD: KNN": (on("auto", KNN()), True),
        "PyOD: PCA": (on("auto", PCA(random_state=0)), True),
        "PyOD: KNN, 10 rows": (on(10, KNN()), True),
        "PyOD: PCA, 10 rows": (on(10, PCA(random_state=0)), True),
        "PyOD: KNN, each row": (on(1, KNN()), False),
        "PyOD: PCA, each row": (on(1, PCA(random_state=0)), False),
    }


def _stumpy() -> dict[str, tuple]:
    importlib.import_module("stumpy")
    return {
        "stumpy: join with the training rows": (make_pipeline(SeriesScaler(), StumpyJoin()), True),
        "stumpy: left profile": (make_pipeline(SeriesScaler(), StumpyLeft()), True),
    }


def _aeon() -> dict[str, tuple]:
    from aeon.anomaly_detection.series.distance_based import KMeansAD
    from aeon.anomaly_detection.series.distribution_based import DWT_MLEAD
    from aeon.anomaly_detection.series.outlier_detection import IsolationForest
    from aeon.utils.windowing import sliding_windows

    def to_centres(detector, X):
        windows = sliding_windows(X, window_size=detector.window_size, axis=0)[0]
        return detector.estimator_.transform(windows).min(axis=1)

    def by_trees(detector, X):
        windows = sliding_windows(X, window_size=detector.window_size, axis=0)[0]
        return detector.fitted_pyod_model_.decision_function(windows)

    def k_means(length, step):
        return KMeansAD(window_size=length, stride=step, random_state=0)

    def forest(length, step):
        return IsolationForest(window_size=length, stride=step, random_state=0)

    def wavelets(length, step):
        return DWT_MLEAD()

    return _on_series(
        {
            "aeon: KMeansAD": OnSeries(k_means, to_centres),
            "aeon: IsolationForest": OnSeries(forest, by_trees),
            "aeon: DWT_MLEAD": OnSeries(wavelets, one_column=True, for_beats=False),
        }
    )


def _dtaianomaly() -> dict[str, tuple]:
    from dtaianomaly.anomaly_detection import KMeansAnomalyDetector, MatrixProfileDetector, MedianMethod
    from dtaianomaly.windowing import sliding_window

    def to_centres(detector, X):
        return detector.k_means_.transform(sliding_window(X, detector.window_size_, 1)).min(axis=1)

    def k_means(length, step):
        return KMeansAnomalyDetector(length, stride=step, random_state=0)

    def median(length, step):
        return MedianMethod(length)

    def matrix_profile(length, step):
        return MatrixProfileDetector(length)

    return _on_series(
        {
            "dtaianomaly: KMeansAnomalyDetector": OnSeries(k_means, to_centres),
            "dtaianomaly: MatrixProfileDetector": OnSeries(matrix_profile, one_column=True, for_beats=False),
            "dtaianomaly: MedianMethod": OnSeries(median, one_column=True, for_beats=False),
        }
    )


def _on_series(detectors: dict[str, OnSeries]) -> dict[str, tuple]:
    return {name: (make_pipeline(SeriesScaler(), detector), False) for name, detector in detectors.items()}


#: By the name of a library: what returns its pipelines, and whether their scores are centred for the look-ahead column.
PEERS: dict[str, Callable[[], dict[str, tuple]]] = {
    "pyod": _pyod,
    "stumpy": _stumpy,
    "aeon": _aeon,
    "dtaianomaly": _dtaianomaly,
}


def installed(peers: dict[str, Callable[[], dict[str, tuple]]] | None = None) -> tuple[dict, list[str]]:
    """Return the pipelines of libraries that can be imported, and for each library its version or "not installed"."""
    pipelines: dict[str, tuple] = {}
    notes = []
    for library, make in (PEERS if peers is None else peers).items():
        try:
            pipelines |= make()
            notes.append(f"{library} {version(library)}")
        except ImportError:
            notes.append(f"{library} not installed")
    return pipelines, notes


def is_peer(pipeline) -> bool:
    """Return whether the last step of a pipeline is of another library."""
    last = last_step(pipeline)
    inner = getattr(last, "detector", last)
    return getattr(last, "is_peer", False) or type(inner).__module__.startswith("pyod.")


def last_step(pipeline):
    """Return the last step of a pipeline, or the detector itself if it has no steps."""
    return pipeline[-1] if hasattr(pipeline, "named_steps") else pipeline


def warm_up(pipeline, n_columns: int) -> None:
    """Fit and score a short series, so that compiling is not measured."""
    X = np.random.default_rng(0).normal(size=(600, n_columns)) + np.sin(np.arange(600) / 3)[:, None]
    clone(pipeline).fit(X[:400]).decision_function(X)
