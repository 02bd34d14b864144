"""Forecasts as detectors."""

import pickle

import numpy as np
import pandas as pd
import pytest

from sktsad import ForecastDetector, SlidingWindow
from sktsad.networks import CELLS, Forecaster

RNG = np.random.default_rng(0)
LENGTH, CHANNELS = 6, 2
TIME = np.arange(150)[:, None]
ROWS = np.sin(TIME / np.array([3.0, 4.0])) + 0.05 * RNG.normal(size=(150, CHANNELS))
WINDOWS = SlidingWindow(LENGTH).fit_transform(ROWS)
IN_3D = np.asarray(WINDOWS).reshape(-1, LENGTH, CHANNELS)
SMALL = {
    "hidden_size": 6,
    "dense_size": None,
    "max_epochs": 3,
    "batch_size": 16,
    "lr": 0.01,
    "random_state": 0,
}

each_horizon = pytest.mark.parametrize("horizon", [1, 2, 5])


@each_horizon
@pytest.mark.parametrize("loss, of_difference", [("absolute_error", np.abs), ("squared_error", np.square)])
def test_scores_are_errors_of_the_forecast_of_the_last_rows(horizon, loss, of_difference):
    detector = ForecastDetector("gru", horizon=horizon, loss=loss, dtype="float64", **SMALL).fit(WINDOWS)
    forecast = detector.forecast(WINDOWS)
    last_rows = IN_3D[:, -horizon:].reshape(150, -1)
    assert forecast.shape == last_rows.shape
    errors = of_difference(forecast - last_rows)
    np.testing.assert_allclose(detector.feature_scores(WINDOWS), errors)
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), errors.mean(axis=1))
    names = [f"x{channel}_t-{lag}" for lag in reversed(range(horizon)) for channel in range(CHANNELS)]
    assert detector.feature_scores(WINDOWS).columns.tolist() == names


@each_horizon
@pytest.mark.parametrize("cell", CELLS)
def test_the_network_never_sees_the_rows_that_it_predicts(cell, horizon):
    detector = ForecastDetector(cell, horizon=horizon, bidirectional=True, pooling="last_max", **SMALL)
    detector.fit(WINDOWS)
    changed = IN_3D.copy()
    changed[:, -horizon:] += 3
    np.testing.assert_array_equal(detector.forecast(changed), detector.forecast(WINDOWS))
    assert (detector.anomaly_score(changed) > detector.anomaly_score(WINDOWS)).mean() > 0.95
    changed[:, -horizon - 1] += 3
    assert not np.array_equal(detector.forecast(changed), detector.forecast(WINDOWS))


def test_it_is_trained_on_the_error_of_the_forecast():
    options = {**SMALL, "max_epochs": 1, "lr": 1e-12, "batch_size": 150}
    detector = ForecastDetector(horizon=2, dtype="float64", threshold=1.0, **options).fit(WINDOWS)
    assert detector.net_.history[-1, "train_loss"] == pytest.approx(detector.anomaly_score(WINDOWS).mean())


def test_a_forecast_comes_close():
    detector = ForecastDetector("gru", horizon=2, **{**SMALL, "max_epochs": 60, "hidden_size": 16}).fit(
        WINDOWS
    )
    errors = np.abs(detector.forecast(WINDOWS) - IN_3D[:, -2:].reshape(150, -1))
    unlearnt = np.abs(IN_3D[:, -2:] - IN_3D[:, -3:-2]).reshape(150, -1)  # all stays as it is
    assert errors.mean() < 0.5 * unlearnt.mean()


def test_parameters_make_the_network():
    detector = ForecastDetector(
        "gru",
        horizon=3,
        num_layers=2,
        bidirectional=True,
        dropout=0.25,
        pooling="last_max",
        patch_size=2,
        **SMALL,
    )
    module = detector.set_params(dense_size=5).fit(WINDOWS).net_.module_
    assert isinstance(module, Forecaster)
    rnn = module.encoder.rnn
    assert isinstance(rnn, CELLS["gru"])
    assert (rnn.hidden_size, rnn.num_layers, rnn.bidirectional, rnn.dropout) == (6, 2, True, 0.25)
    assert (module.encoder.patch_size, module.encoder.pooling) == (2, "last_max")
    assert (module.head[0].out_features, module.head[-1].out_features) == (5, 3 * CHANNELS)


@pytest.mark.parametrize("horizon", [6, 7])
def test_windows_that_are_no_longer_than_the_horizon_are_refused(horizon):
    with pytest.raises(
        ValueError, match=rf"horizon={horizon} leaves nothing to predict from: .*6 row\(s\) of 2 channel\(s\)"
    ):
        ForecastDetector(horizon=horizon, **SMALL).fit(WINDOWS)
    ForecastDetector(horizon=5, **SMALL).fit(WINDOWS)


@pytest.mark.parametrize(
    "name, value", [("horizon", 0), ("horizon", 1.5), ("cell", "cnn"), ("loss", "rmse"), ("hidden_size", 0)]
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of ForecastDetector must be"):
        ForecastDetector(**{name: value}).fit(WINDOWS)


def test_feature_scores_point_to_the_channel_that_was_not_foreseen():
    detector = ForecastDetector("gru", **{**SMALL, "max_epochs": 30}).fit(WINDOWS)
    faulty = IN_3D[50:100].copy()
    faulty[:, -1, 1] += 3
    assert detector.feature_scores(faulty).idxmax(axis=1).tolist() == ["x1_t-0"] * 50


def test_feature_scores_have_the_names_and_the_index_of_the_windows():
    index = pd.MultiIndex.from_product([["a", "b"], range(75)], names=["series", "time"])
    windows = SlidingWindow(LENGTH).fit_transform(pd.DataFrame(ROWS, index=index, columns=["heat", "load"]))
    scores = ForecastDetector(horizon=2, **SMALL).fit(windows).feature_scores(windows)
    assert scores.columns.tolist() == ["heat_t-1", "load_t-1", "heat_t-0", "load_t-0"]
    assert scores.index.equals(index)
    flat = np.asarray(windows)
    plain = ForecastDetector(horizon=2, n_channels=1, **SMALL).fit(flat).feature_scores(flat)
    assert plain.columns.tolist() == ["x0_t-1", "x0_t-0"]  # one channel, the last two of twelve steps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precision_pickles_and_neighbours(dtype):
    detector = ForecastDetector(dtype=dtype, **SMALL).fit(WINDOWS)
    assert detector.forecast(WINDOWS).dtype == np.dtype(dtype)
    scores = detector.anomaly_score(WINDOWS)
    assert scores.dtype == np.float64
    np.testing.assert_array_equal(detector.anomaly_score(WINDOWS[7:8]), scores[7:8])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(detector)).anomaly_score(WINDOWS), scores)


def test_early_stopping_and_warm_start():
    options = {**SMALL, "early_stopping": 3, "validation_fraction": 0.4, "lr": 0.1, "max_epochs": 100}
    detector = ForecastDetector("rnn", warm_start=True, **options).fit(WINDOWS)
    losses = detector.net_.history[:, "valid_loss"]
    assert len(losses) < 100
    assert detector.anomaly_score(WINDOWS[90:]).mean() == pytest.approx(min(losses), rel=1e-5)
    assert len(detector.fit(WINDOWS).net_.history) > len(losses)
