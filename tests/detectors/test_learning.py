"""Each detector with a network sees faults of its own kind, and there is one that it cannot see."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from sktsad import AutoencoderDetector, ForecastDetector, VAEDetector

LENGTH = 24


def two_waves(n_windows, fault=None, seed=0):
    """Make windows of two waves, one a quarter of a period behind, and of any phase, size and level.

    Each fifth window has the fault, if there is one. Returns windows of shape (n_windows, LENGTH, 2), and labels.
    """
    rng = np.random.default_rng(seed)
    step = np.arange(LENGTH)
    phase = rng.uniform(0, 2 * np.pi, size=(n_windows, 1))
    size, level = (
        rng.uniform(0.7, 1.3, size=(n_windows, 1, 1)),
        rng.uniform(-0.5, 0.5, size=(n_windows, 1, 1)),
    )
    angle = 2 * np.pi * step / 12 + phase
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=2)
    faulty = np.arange(n_windows) % 5 == 0
    if fault == "other shape":
        waves[faulty] = np.sign(waves[faulty])
    elif fault == "out of step":
        waves[faulty, :, 0] = np.sin(angle + rng.uniform(np.pi / 4, 7 / 4 * np.pi, size=(n_windows, 1)))[
            faulty
        ]
    elif fault == "no wave":
        waves[faulty] = 0
    elif fault == "known size":
        size[faulty] = 1.1
    windows = size * waves + level
    if fault == "spike":
        windows[faulty, -1, 0] += 2 * rng.choice([-1, 1], size=faulty.sum())
    elif fault == "level shift":
        windows[faulty, LENGTH // 2 :] += 1
    elif fault == "slow drift":
        windows[faulty] += 0.01 * step[:, None]
    return windows + 0.05 * rng.normal(size=windows.shape), faulty


NET = {"batch_size": 32, "random_state": 0}
DETECTORS = {
    "dense autoencoder": AutoencoderDetector(hidden_sizes=(32, 4), lr=0.01, max_epochs=25, **NET),
    "LSTM autoencoder": AutoencoderDetector("lstm", hidden_sizes=(16,), lr=0.02, max_epochs=20, **NET),
    "variational autoencoder": VAEDetector(hidden_sizes=(32, 4), lr=0.01, max_epochs=25, **NET),
    "forecast": ForecastDetector("gru", hidden_size=16, dense_size=None, lr=0.02, max_epochs=15, **NET),
}
SEEN = ["spike", "level shift", "other shape", "out of step"]
#: What a detector takes for normal, and why.
UNSEEN = {
    "dense autoencoder": "no wave",  # a window of mere level lies amid those it has learnt, easy to reconstruct
    "LSTM autoencoder": "known size",  # each window alone is a normal one: only its time is unusual
    "variational autoencoder": "known size",
    "forecast": "slow drift",  # each row follows from those before
}
_fitted = {}


def auc(name, fault):
    """Fit a detector to windows without a fault, once, and judge how it separates the faulty ones of others."""
    if name not in _fitted:
        _fitted[name] = clone(DETECTORS[name]).fit(two_waves(600)[0])
    windows, faulty = two_waves(300, fault, seed=1)
    return roc_auc_score(faulty, _fitted[name].decision_function(windows))


@pytest.mark.parametrize("fault", SEEN)
@pytest.mark.parametrize("name", DETECTORS)
def test_a_fault_is_seen(name, fault):
    assert auc(name, fault) > 0.95


@pytest.mark.parametrize("name", DETECTORS)
def test_another_fault_is_not_seen(name):
    assert auc(name, UNSEEN[name]) < 0.7


def test_a_slow_drift_is_seen_where_the_whole_window_is_judged():
    assert auc("dense autoencoder", "slow drift") > 0.95
