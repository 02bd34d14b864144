"""Trainings that run side by side are those that the estimator does alone; the page of sources is up to date.

Detectors of other libraries get their scores at the right rows; stand-ins take the place of the libraries.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from torch import nn

import sktsad
from sktsad import OutlierClassifier, SeriesScaler, SlidingWindow, TorchClassifier
from sktsad.networks import FocalLoss

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from _batched import Together, Training, groups
from _peers import OnSeries, StumpyJoin, StumpyLeft, distances, installed, is_peer, to_last_rows, warm_up
from sources import PAGE, page
from unlabelled import OneSeries, file_of, kept_scores, measure, score, suits

SIZES = {0: 3, 1: 40, 2: 21}


def network(n_inputs):
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.Dropout(0.2), nn.ReLU(), nn.Linear(6, 3))


def without_dropout(n_inputs):
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.ReLU(), nn.Linear(6, 3))


@pytest.fixture(scope="module")
def rows():
    y = np.repeat(list(SIZES), list(SIZES.values()))
    X = np.random.default_rng(0).normal(size=(len(y), 4)) + y[:, None]
    return X.astype(np.float32), y


WAYS = {
    "squared_error": {},
    "mean_false_error": {"stratify": True},
    "focal": {"gamma": 2.0, "class_weight": np.array([5.0, 1.0, 1.0])},
    "weights": {"class_weight": np.array([5.0, 1.0, 2.0]), "share_weights": True},
}


def alone(module, way, rows, max_epochs=3, **options):
    loss = {"focal": FocalLoss(2.0, [5.0, 1.0, 1.0]), "weights": "squared_error"}.get(way, way)
    weight = {0: 5.0, 1: 1.0, 2: 2.0} if way == "weights" else None
    return (
        TorchClassifier(
            module, loss=loss, class_weight=weight, optimizer="sgd", lr=0.1, batch_size=10, **options
        )
        .set_params(max_epochs=max_epochs)
        .fit(*rows)
    )


def training(module, way, rows, seed, **options):
    options = {"epochs": 3, **WAYS[way], **options}
    return Training(("task", way, seed), module, *rows, n_classes=3, lr=0.1, batch_size=10, **options)


def assert_same_weights(one, model):
    for ours, theirs in zip(one.net.parameters(), model.net_.module_.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=0, atol=1e-5)


def checked(rows):
    return {3: tuple(map(torch.from_numpy, rows))}


@pytest.mark.parametrize("way", WAYS)
def test_one_network_with_dropout_is_trained_as_alone(way, rows):
    one = training(network, way, rows, seed=4)
    Together([one], "cpu").run(checked(rows))
    model = alone(network, way, rows, random_state=4)
    assert_same_weights(one, model)
    np.testing.assert_allclose(one.checks[-1][1], model.score(*rows), atol=1e-5)


def test_networks_side_by_side_do_not_touch_each_other(rows):
    trainings = [
        training(without_dropout, way, rows, seed)
        for way in WAYS
        if way != "mean_false_error"
        for seed in (0, 1)
    ]
    assert [len(group) for group in groups(trainings, 4)] == [4, 2]
    Together(trainings, "cpu").run(checked(rows))
    for one in trainings:
        _, way, seed = one.key
        assert_same_weights(one, alone(without_dropout, way, rows, random_state=seed))


def test_a_second_phase_goes_on_as_a_warm_start_does(rows):
    few = rows[0] + 1, rows[1].copy()
    first = training(without_dropout, "squared_error", few, seed=2)
    second = training(without_dropout, "squared_error", rows, seed=2, after=first)
    for [one] in groups([first, second], 2):
        Together([one], "cpu").run(checked(rows))
    model = alone(without_dropout, "squared_error", few, random_state=2, warm_start=True)
    model.fit(*rows)
    assert_same_weights(second, model)


def test_mean_squared_false_error(rows):
    X, y = rows[0][:43], rows[1][:43]
    one = Training(
        ("", "", 0),
        without_dropout_of_two,
        X,
        y,
        n_classes=2,
        epochs=2,
        lr=0.1,
        batch_size=10,
        stratify=True,
        power=2,
    )
    Together([one], "cpu").run({2: (torch.from_numpy(X), torch.from_numpy(y))})
    model = alone(without_dropout_of_two, "mean_squared_false_error", (X, y), max_epochs=2, random_state=0)
    assert_same_weights(one, model)


def without_dropout_of_two(n_inputs):
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.ReLU(), nn.Linear(6, 2))


def test_the_page_of_sources_says_what_is_kept():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python benchmarks/sources.py"


class MeanOfWindows:
    """Stands in for a detector of aeon or dtaianomaly: a window scores its mean, a row that of all its windows."""

    def __init__(self, length, step):
        self.length, self.step = length, step

    def fit(self, X):
        self.center = X.mean()
        return self

    def decision_function(self, X):
        totals, counts = np.zeros(len(X)), np.zeros(len(X))
        for start in range(0, len(X) - self.length + 1, self.step):
            totals[start : start + self.length] += X[start : start + self.length].mean() - self.center
            counts[start : start + self.length] += 1
        return totals / counts


class OfAeon:
    """The same by the names of aeon, which wants to know where time runs."""

    def __init__(self, length, step):
        self.inner = MeanOfWindows(length, step)

    def fit(self, X, axis):
        assert axis == 0
        self.inner.fit(X)
        return self

    def predict(self, X, axis):
        assert axis == 0
        return self.inner.decision_function(X)


def means(detector, X):
    windows = np.lib.stride_tricks.sliding_window_view(X[:, 0], detector.length)
    return windows.mean(axis=1) - detector.center


def naive_stump(x, length, other=None, ignore_trivial=True):
    """Stands in for stumpy: distance and number of the nearest window, and number of the nearest earlier one."""
    with_itself = other is None
    windows = [znorm(x[i : i + length]) for i in range(len(x) - length + 1)]
    others = (
        windows if with_itself else [znorm(other[i : i + length]) for i in range(len(other) - length + 1)]
    )
    assert ignore_trivial == with_itself
    rows = []
    for i, window in enumerate(windows):
        gap = np.array([np.linalg.norm(window - each) for each in others])
        if with_itself:
            gap[max(0, i - length // 4) : i + length // 4 + 1] = np.inf
        left = int(gap[:i].argmin()) if with_itself and np.isfinite(gap[:i]).any() else -1
        rows.append([gap.min(), int(gap.argmin()), left, -1])
    return np.array(rows, dtype=object)


def znorm(window):
    return np.zeros(len(window)) if np.ptp(window) < 1e-9 else (window - window.mean()) / window.std()


@pytest.fixture
def series():
    x = np.sin(np.arange(300) / 4) + np.random.default_rng(0).normal(0, 0.05, 300)
    x[260:270] = 0.0
    return x[:, None]


def test_a_window_is_scored_at_its_last_row():
    assert to_last_rows(np.array([3.0, 4.0, 5.0]), 5).tolist() == [3, 3, 3, 4, 5]


def test_detectors_of_series_have_causal_scores_and_their_own(series):
    model = OnSeries(MeanOfWindows, means).fit(series[:200])
    scores, length = model.decision_function(series), model.length_
    assert scores[250] == pytest.approx(series[251 - length : 251].mean() - series[:200].mean())
    later = series.copy()
    later[251:] += 9
    np.testing.assert_array_equal(model.decision_function(later)[:251], scores[:251])
    np.testing.assert_array_equal(
        model.look_ahead(series), MeanOfWindows(length, 1).fit(series[:200]).decision_function(series)
    )
    assert not model.looks_ahead


def test_detectors_without_causal_scores_say_so(series):
    model = OnSeries(OfAeon).fit(series[:200])
    assert model.looks_ahead
    np.testing.assert_array_equal(model.decision_function(series), model.look_ahead(series))


@pytest.mark.parametrize("make", [MeanOfWindows, OfAeon])
def test_detectors_of_series_score_beats_one_by_one(make):
    X = np.random.default_rng(0).normal(size=(7, 5))
    np.testing.assert_allclose(OnSeries(make).score_beats(X[:3], X), X.mean(axis=1) - X[:3].mean())


def test_distances_of_windows_are_those_of_a_loop(series):
    x, length = series[:, 0].copy(), 8
    windows = np.lib.stride_tricks.sliding_window_view(x, length)
    others = np.arange(len(windows)) // 2 - 3
    expected = [
        np.linalg.norm(znorm(window) - znorm(windows[other])) if other >= 0 else 0
        for window, other in zip(windows, others, strict=True)
    ]
    np.testing.assert_allclose(distances(x, length, others), expected, atol=1e-9)


@pytest.mark.parametrize("kind", [StumpyJoin, StumpyLeft])
def test_matrix_profiles_do_not_look_ahead(kind, series, monkeypatch):
    monkeypatch.setitem(sys.modules, "stumpy", SimpleNamespace(stump=naive_stump))
    both = np.hstack([series, series**3])
    model = kind().fit(both[:200])
    scores = model.decision_function(both)
    assert scores.argmax() in range(260, 270 + model.length_)
    np.testing.assert_allclose(model.decision_function(both[:240]), scores[:240])
    last = [znorm(both[240 - model.length_ : 240, column]) for column in (0, 1)]
    # Training windows, or earlier ones that share at most three quarters of their rows.
    stop = 201 - model.length_ if kind is StumpyJoin else 240 - model.length_ - model.length_ // 4
    nearest = [
        min(np.linalg.norm(last[column] - znorm(both[i : i + model.length_, column])) for i in range(stop))
        for column in (0, 1)
    ]
    assert scores[239] == pytest.approx(np.mean(nearest))


def test_matrix_profiles_want_the_training_rows_first(series):
    with pytest.raises(ValueError, match="must begin"):
        StumpyJoin().fit(series[:200]).decision_function(series[100:])


def test_libraries_that_are_not_installed_are_named():
    def missing():
        raise ImportError

    pipelines, notes = installed({"numpy": lambda: {"a": (1, True)}, "no_such_library": missing})
    assert pipelines == {"a": (1, True)}
    assert notes == [f"numpy {np.__version__}", "no_such_library not installed"]


def test_detectors_of_other_libraries_are_told_from_ours():
    theirs = make_pipeline(SeriesScaler(), OnSeries(MeanOfWindows, means))
    outside = OutlierClassifier(type("KNN", (IsolationForest,), {"__module__": "pyod.models.knn"})())
    ours = OutlierClassifier(IsolationForest())
    assert is_peer(theirs)
    assert is_peer(make_pipeline(SlidingWindow(5), outside))
    assert not is_peer(make_pipeline(SlidingWindow(5), ours))
    assert not is_peer(sktsad.make_detector())
    warm_up(theirs, 2)
    assert not hasattr(theirs[-1], "detector_")


class Infinite(MeanOfWindows):
    def decision_function(self, X):
        return np.full(len(X), np.inf)


def test_detectors_of_other_libraries_get_rows_of_their_own(series, tmp_path, monkeypatch):
    detectors = {
        "random score": (make_pipeline(SlidingWindow(5), sktsad.ZScoreDetector()), True),
        "a: causal, too": (make_pipeline(SeriesScaler(), OnSeries(MeanOfWindows, means)), False),
        "a: ahead": (make_pipeline(SeriesScaler(), OnSeries(MeanOfWindows, one_column=True)), False),
        "a: infinite": (make_pipeline(SeriesScaler(), OnSeries(Infinite)), False),
    }
    y = np.zeros(300, dtype=int)
    y[260:270] = 1
    one = OneSeries("one", pd.DataFrame(series), y, 100, 100, 10)
    monkeypatch.setattr("unlabelled.DETECTORS", detectors)
    monkeypatch.setattr("unlabelled.COLLECTIONS", {"made": lambda step: [one]})
    for name in detectors:
        score(name, one, tmp_path, np.inf)
    scores, ahead, _, _ = kept_scores("a: causal, too", one, tmp_path)
    assert not np.array_equal(scores, ahead)
    scores, ahead, _, _ = kept_scores("a: ahead", one, tmp_path)
    np.testing.assert_array_equal(scores, ahead)

    tables = measure("made", list(detectors), 1, tmp_path)
    causal, look_ahead = tables["VUS-PR, causal"], tables["VUS-PR, look-ahead"]
    assert list(look_ahead) == ["random score", "a: causal, too", "a: ahead"]
    assert look_ahead.notna().all(axis=None)
    assert causal.isna().to_numpy().tolist() == [[False, False, True]]
    assert tables["rows that trail"].isna().to_numpy().tolist() == [[False, False, True]]


def test_detectors_of_one_column_and_of_many(monkeypatch, series, tmp_path):
    of_one = make_pipeline(SeriesScaler(), OnSeries(MeanOfWindows, one_column=True))
    monkeypatch.setattr("unlabelled.DETECTORS", {"a: of one": (of_one, False)})
    assert [suits("a: of one", n_columns) for n_columns in (1, 2)] == [True, False]
    monkeypatch.undo()
    assert [suits("PCADetector, 10 rows", n_columns) for n_columns in (1, 2)] == [False, True]
    assert [suits("ZScoreDetector, each row", n_columns) for n_columns in (1, 2)] == [True, True]
    one = OneSeries("one", pd.DataFrame(series), np.zeros(300), 200, 200, 10)
    assert file_of("a: of one, too", one, tmp_path) == tmp_path / "one__a-of_one-too.npz"
