"""Fitted models as torch modules give the same decisions: each part of them, for any number of rows."""

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler
from torch import nn

from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    ForecastPretrainer,
    GaussianDetector,
    OutlierClassifier,
    RNNClassifier,
    SafeSampler,
    SlidingWindow,
    SmoothedClassifier,
    ThresholdClassifier,
    TorchClassifier,
    VAEDetector,
    WindowScaler,
    ZScoreDetector,
)
from sktsad.export._parts import LaggedRows, parts
from sktsad.thresholds import Quantile

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 2)) * [1, 20] + [1000, -3]
Y = (RNG.random(150) < 0.3).astype(int)
NET = {"max_epochs": 1, "random_state": 0}
RNN = {"hidden_size": 3, **NET}
LENGTHS = (1, 2, 7, 40)


def decide(model, rows):
    with torch.inference_mode():
        return nn.Sequential(*parts(model))(torch.tensor(np.asarray(rows, dtype=np.float64))).numpy()


def assert_decides_alike(model, rows, tolerance=1e-5):
    expected = model.decision_function(rows)
    decision = decide(model, rows)
    assert decision.dtype == np.float64 and decision.shape == expected.shape
    np.testing.assert_allclose(decision, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def windowed(model, length=7, **window):
    return make_pipeline(StandardScaler(), SlidingWindow(length, **window), model)


def two_logits(n_inputs, n_outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(n_inputs, 2))


MODELS = {
    "lstm": RNNClassifier(num_layers=2, dropout=0.5, **RNN),
    "gru, both ways": RNNClassifier("gru", bidirectional=True, pooling="last_max", patch_size=2, **RNN),
    "rnn, pre-trained": RNNClassifier(encoder=ForecastPretrainer("rnn", **RNN), **NET),
    "float64": RNNClassifier("gru", dtype="float64", **RNN),
    "dense": TorchClassifier(**NET),
    "two logits": TorchClassifier(two_logits, **NET),
    "autoencoder": AutoencoderDetector(hidden_sizes=(4, 2), noise=0.1, **NET),
    "autoencoder, lstm": AutoencoderDetector(
        "lstm", hidden_sizes=(3,), conv_channels=2, loss="squared_error", **NET
    ),
    "autoencoder, unrolled": AutoencoderDetector(
        "gru", hidden_sizes=(3,), decoder="unroll", recurrent_dropout=0.2, score_on="last", **NET
    ),
    "vae": VAEDetector(hidden_sizes=(4, 2), **NET),
    "vae, drawn": VAEDetector("gru", hidden_sizes=(3,), n_draws=3, score_by="elbo", threshold=0.5, **NET),
    "forecast": ForecastDetector("gru", horizon=2, threshold=Quantile(0.9), **RNN),
    "gaussian": GaussianDetector(),
    "gaussian, full": GaussianDetector("full"),
    "gaussian, last": GaussianDetector(score_on="last"),
    "gaussian, full, last": GaussianDetector("full", score_on="last"),
    "z": ZScoreDetector(),
    "robust z": ZScoreDetector(robust=True, threshold=Quantile(0.9)),
    "rolling z": ZScoreDetector("rolling"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_pipeline_decides_alike_for_rows_of_any_number(name):
    pipe = windowed(MODELS[name]).fit(X, Y)
    for n_rows in LENGTHS:
        assert_decides_alike(pipe, X[-n_rows:])


@pytest.mark.parametrize("padding", ["edge", "zero"])
@pytest.mark.parametrize("length", [1, 2, 30])
def test_windows_are_those_of_the_sliding_window(padding, length):
    window = SlidingWindow(length, padding=padding).fit(X)
    part = LaggedRows(length, padding)
    for n_rows in LENGTHS:
        np.testing.assert_array_equal(
            part(torch.tensor(X[:n_rows])).numpy(), np.asarray(window.transform(X[:n_rows]))
        )


@pytest.mark.parametrize(
    "steps",
    [
        [RobustScaler(), SlidingWindow(5)],
        [SlidingWindow(5), WindowScaler()],
        [SlidingWindow(5), WindowScaler(MinMaxScaler())],
        [SlidingWindow(5), StandardScaler()],
        ["passthrough", MinMaxScaler(), SlidingWindow(5), None],
        [make_pipeline(StandardScaler(), MinMaxScaler()), SlidingWindow(5)],
        [FrozenEstimator(StandardScaler().fit(X)), SlidingWindow(5)],
    ],
    ids=str,
)
def test_scalers_before_and_behind_the_window(steps):
    named = [(f"step{number}", step) for number, step in enumerate(steps)]
    pipe = Pipeline([*named, ("model", TorchClassifier(n_channels=2, **NET))]).fit(X, Y)
    assert_decides_alike(pipe, X[:20])


def test_samplers_act_at_fit_only():
    sampler = SafeSampler("oversample", random_state=0)
    pipe = make_imblearn_pipeline(StandardScaler(), SlidingWindow(4), sampler, RNNClassifier(**RNN))
    assert_decides_alike(pipe.fit(X, Y), X[:20])


@pytest.mark.filterwarnings("ignore:Column 'x0' has mean")
@pytest.mark.parametrize(
    "model",
    [
        RNNClassifier(n_channels=2, **RNN),
        TorchClassifier(**NET),
        TorchClassifier(two_logits, n_channels=2, **NET),
        AutoencoderDetector(hidden_sizes=(2,), **NET),
        ZScoreDetector("rolling", n_channels=2),
    ],
)
def test_an_estimator_alone_takes_windows(model):
    windows = np.asarray(SlidingWindow(6).fit_transform(X))
    assert_decides_alike(model.fit(windows, Y), windows[:20])


def test_a_window_that_has_no_spread_is_the_least_unusual():
    constant = np.full((20, 2), 0.1)
    pipe = make_pipeline(SlidingWindow(5), ZScoreDetector("rolling")).fit(X)
    np.testing.assert_array_equal(decide(pipe, constant), pipe.decision_function(constant))
    np.testing.assert_array_equal(decide(pipe, constant), -3)


def test_more_than_two_classes_have_a_decision_each():
    pipe = windowed(RNNClassifier(**RNN)).fit(X, np.arange(150) % 3)
    assert decide(pipe, X[:9]).shape == (9, 3)
    assert_decides_alike(pipe, X[:9])


@pytest.mark.parametrize("threshold", [0.3, Quantile(0.8)])
def test_the_threshold_around_a_pipeline_is_subtracted(threshold):
    inner = windowed(RNNClassifier(**RNN))
    model = ThresholdClassifier(inner, threshold, min_events=1).fit(X, Y)
    assert model.threshold_ != 0
    assert_decides_alike(model, X[:20])
    frozen = ThresholdClassifier(FrozenEstimator(inner.fit(X, Y)), threshold, min_events=1).fit(X, Y)
    assert_decides_alike(frozen, X[:20])


def test_a_pipeline_of_a_panel_decides_alike_for_a_new_series():
    index = pd.MultiIndex.from_product([["a", "b"], range(75)], names=["series", "time"])
    frame = pd.DataFrame(X, index, columns=["x", "y"])
    scaler = StandardScaler().set_output(transform="pandas")
    pipe = make_pipeline(scaler, SlidingWindow(6), AutoencoderDetector(hidden_sizes=(2,), **NET)).fit(frame)
    new = frame.loc[["a"]].rename(index={"a": "c"})
    expected = pipe.decision_function(new)
    np.testing.assert_allclose(decide(pipe, new), expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_the_model_itself_stays_as_it_is():
    pipe = windowed(RNNClassifier(dtype="float64", **RNN)).fit(X, Y)
    before = pipe.decision_function(X)
    decide(pipe, X)
    np.testing.assert_array_equal(pipe.decision_function(X), before)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        SmoothedClassifier(LogisticRegression(), 3),
        OutlierClassifier(IsolationForest(n_estimators=3, random_state=0)),
        ZScoreDetector("rolling", robust=True),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_that_has_no_parts_is_refused_and_what_has_is_named(model):
    pipe = windowed(model).fit(X, Y)
    with pytest.raises(
        TypeError, match=rf"(?s){type(model).__name__}.* cannot be exported\. Use one of these: RNNClass"
    ):
        list(parts(pipe))


def test_a_step_that_is_no_scaler_is_refused():
    pipe = make_pipeline(QuantileTransformer(n_quantiles=10), ZScoreDetector()).fit(X)
    with pytest.raises(ValueError, match=r"QuantileTransformer.* cannot be exported"):
        list(parts(pipe))


@pytest.mark.parametrize("align, score_on", [("centre", "window"), ("end", "overlap")])
def test_what_looks_ahead_is_refused(align, score_on):
    pipe = make_pipeline(SlidingWindow(3, align=align), GaussianDetector(score_on=score_on)).fit(X)
    with pytest.raises(TypeError, match="cannot be exported: it looks ahead"):
        list(parts(pipe))


def test_windows_of_series_with_different_steps_are_refused():
    slow = pd.date_range("2026-01-05", periods=60, freq="2min")
    fast = pd.date_range("2026-01-05", periods=60, freq="min")
    rng = np.random.default_rng(0)
    X = pd.concat(
        {
            "slow": pd.DataFrame({"x": rng.normal(size=60)}, slow),
            "fast": pd.DataFrame({"x": rng.normal(size=60)}, fast),
        }
    )
    model = make_pipeline(SlidingWindow("10min"), GaussianDetector(threshold=3.0)).fit(X)
    with pytest.raises(TypeError, match="its series have different time steps"):
        list(parts(model))
