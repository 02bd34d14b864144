"""Pre-training by forecasting."""

import numpy as np
import pytest
import torch

from sktsad import ForecastDetector, ForecastPretrainer, SlidingWindow
from sktsad.networks import Forecaster

WAVE = np.sin(np.arange(200) / 3)[:, None] * [1.0, 0.5]
WINDOWS = SlidingWindow(12).fit_transform(WAVE)
SMALL = {"hidden_size": 8, "dense_size": 8, "batch_size": 32, "lr": 0.02, "random_state": 0}


@pytest.mark.parametrize("horizon", [1, 4])
def test_it_learns_to_predict_the_last_rows_of_a_window(horizon):
    pretrainer = ForecastPretrainer("gru", horizon=horizon, max_epochs=15, **SMALL).fit(WINDOWS)
    module = pretrainer.net_.module_
    assert isinstance(module, Forecaster)
    assert module.forecast_shape == (horizon, 2)
    inputs = torch.from_numpy(WINDOWS.gather(slice(20, None), np.float32))
    with torch.no_grad():
        forecast = module(inputs)
    target = inputs[:, -horizon:]
    assert (forecast - target).square().mean() < 0.1 * target.square().mean()


def test_it_trains_as_the_forecast_detector_does():
    options = {**SMALL, "max_epochs": 2}
    detector = ForecastDetector(horizon=2, loss="squared_error", validation_fraction=0, **options).fit(
        WINDOWS
    )
    pretrainer = ForecastPretrainer(horizon=2, **options).fit(WINDOWS)
    ours, theirs = (model.net_.module_.state_dict() for model in (pretrainer, detector))
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert torch.equal(ours[name], theirs[name])


def test_the_rows_to_predict_are_seen_by_transform_only():
    pretrainer = ForecastPretrainer(horizon=3, max_epochs=1, **SMALL).fit(WINDOWS)
    changed = np.array(WINDOWS).reshape(200, 12, 2)
    before = pretrainer.transform(changed)
    changed[:, -1] += 1
    assert (pretrainer.transform(changed) != before).any(axis=1).all()


@pytest.mark.parametrize("horizon, length", [(1, 1), (3, 2), (3, 3)])
def test_a_horizon_that_leaves_no_row_to_predict_from_is_refused(horizon, length):
    windows = SlidingWindow(length).fit_transform(WAVE)
    message = rf"horizon={horizon} leaves nothing to predict from: X with {2 * length} feature\(s\) contains windows"
    with pytest.raises(ValueError, match=message):
        ForecastPretrainer(horizon=horizon).fit(windows)


def test_one_row_to_predict_from_is_enough():
    windows = SlidingWindow(4).fit_transform(WAVE)
    assert ForecastPretrainer(horizon=3, max_epochs=1, **SMALL).fit_transform(windows).shape == (200, 8)


@pytest.mark.parametrize("horizon", [0, -1, 1.5])
def test_a_horizon_out_of_range_is_named(horizon):
    with pytest.raises(ValueError, match="The 'horizon' parameter of ForecastPretrainer must be"):
        ForecastPretrainer(horizon=horizon).fit(WINDOWS)
