"""The use case of pre-training: few labels, many rows without."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import ForecastPretrainer, MaskedReconstructionPretrainer, RNNClassifier

OPTIONS = {"hidden_size": 16, "dense_size": None, "batch_size": 50, "random_state": 0}


def waves(n_windows, seed):
    """Noisy waves of any phase, slow (0) or fast (1)."""
    rng = np.random.default_rng(seed)
    fast = rng.integers(0, 2, n_windows)
    step = 2 * np.pi / np.where(fast, 8, 12)[:, None]
    phase = rng.uniform(0, 2 * np.pi, (n_windows, 1))
    return np.sin(step * np.arange(24) + phase) + 0.5 * rng.normal(size=(n_windows, 24)), fast


UNLABELLED = waves(1000, 0)[0]
TEST = waves(500, 1)
PRETRAINERS = {
    "untrained": ForecastPretrainer("lstm", max_epochs=1, lr=1e-12, **OPTIONS),
    "forecast": ForecastPretrainer("lstm", max_epochs=8, lr=0.02, **OPTIONS),
    "masked": MaskedReconstructionPretrainer(
        "lstm", mask_fraction=0.5, span=3, max_epochs=8, lr=0.02, **OPTIONS
    ),
}


@pytest.fixture(scope="module")
def encoders():
    return {name: FrozenEstimator(pretrainer.fit(UNLABELLED)) for name, pretrainer in PRETRAINERS.items()}


@pytest.mark.parametrize("name", ["forecast", "masked"])
@pytest.mark.parametrize(
    "head",
    [
        lambda encoder: make_pipeline(encoder, StandardScaler(), LogisticRegression()),
        lambda encoder: RNNClassifier(
            encoder=encoder, freeze_epochs="all", dense_size=None, max_epochs=100, lr=0.05, random_state=0
        ),
    ],
    ids=["pipeline", "RNNClassifier"],
)
def test_with_few_labels_a_pretrained_frozen_encoder_beats_a_random_one(name, head, encoders):
    scores = {"untrained": [], name: []}
    for seed in (10, 11, 12):
        labelled = waves(20, seed)
        for each, values in scores.items():
            values.append(head(encoders[each]).fit(*labelled).score(*TEST))
    assert np.mean(scores["untrained"]) < 0.65
    assert np.mean(scores[name]) > np.mean(scores["untrained"]) + 0.2
