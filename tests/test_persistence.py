"""Saved models: pickle, joblib, another device, another version.

Old pickles are in ``fixtures/``, with their scores: later versions must load them and return the same scores. New ones,
for a model whose state has changed, are made by ``python tests/test_persistence.py NAME``; an existing name is refused,
as the old pickle must be kept.
"""

import gzip
import inspect
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
import pytest
import torch
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback
from torch import nn

import sktsad
from sktsad import (
    AutoencoderDetector,
    ConfidenceDetector,
    CostSensitiveClassifier,
    ForecastDetector,
    ForecastPretrainer,
    FusionDetector,
    GaussianDetector,
    KMeansDetector,
    LevelShiftDetector,
    LinearForecastDetector,
    MaskedReconstructionPretrainer,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    PerSeries,
    PretrainedEncoder,
    RNNClassifier,
    RNNRegressor,
    RollingFeatures,
    SafeSampler,
    SeriesFeatures,
    SeriesImputer,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    StatefulForecastDetector,
    StatefulRNNClassifier,
    ThresholdClassifier,
    TorchClassifier,
    VAEDetector,
    WindowReducer,
    WindowScaler,
    ZScoreDetector,
)
from sktsad.networks import FocalLoss
from sktsad.thresholds import Quantile

FIXTURES = Path(__file__).parent / "fixtures"
ENCODER = Path(__file__).parent / "neural" / "encoder.pt"
RNG = np.random.default_rng(0)
X = np.sin(np.arange(120) / 3).reshape(-1, 1) + 0.1 * RNG.normal(size=(120, 1))
Y = np.zeros(120, dtype=int)
for start in (20, 60, 90, 110):
    X[start : start + 3] += 2
    Y[start : start + 3] = 1
NET = {"max_epochs": 2, "random_state": 0}
RNN = {"hidden_size": 4, **NET}


KNOWN = RNNClassifier(**RNN).fit(np.asarray(SlidingWindow(6).fit_transform(X)), Y)


def windowed(*steps):
    return make_pipeline(StandardScaler(), SlidingWindow(6), *steps)


def small_z(threshold=2.0):
    return ZScoreDetector(threshold=threshold)


MODELS = {
    "RNNClassifier": windowed(RNNClassifier(dense_size=4, **RNN)),
    "RNNClassifier, gru, stopped early": windowed(
        RNNClassifier("gru", early_stopping=1, pooling="last_max", bidirectional=True, **RNN)
    ),
    "RNNClassifier, pre-trained": windowed(
        RNNClassifier(encoder=ForecastPretrainer("rnn", **RNN), freeze_epochs=1, encoder_lr=0.01, **NET)
    ),
    "TorchClassifier": windowed(TorchClassifier(loss="focal", **NET)),
    "RNNRegressor": windowed(RNNRegressor(**RNN)),
    "AutoencoderDetector": windowed(AutoencoderDetector(hidden_sizes=(4, 2), **NET)),
    "AutoencoderDetector, lstm": windowed(AutoencoderDetector("lstm", hidden_sizes=(3,), **NET)),
    "VAEDetector": windowed(VAEDetector(hidden_sizes=(4, 2), n_draws=2, score_by="elbo", **NET)),
    "ForecastDetector": windowed(ForecastDetector("gru", threshold=Quantile(0.9), **RNN)),
    "ForecastPretrainer": windowed(ForecastPretrainer(**RNN)),
    "MaskedReconstructionPretrainer": windowed(MaskedReconstructionPretrainer(**RNN)),
    "StatefulRNNClassifier": make_pipeline(
        StandardScaler(),
        StatefulRNNClassifier("gru", early_stopping=1, num_layers=2, series_embedding=2, **RNN),
    ),
    "StatefulForecastDetector": make_pipeline(StandardScaler(), StatefulForecastDetector(**RNN)),
    "PretrainedEncoder": windowed(PretrainedEncoder(str(ENCODER))),
    "ThresholdClassifier": ThresholdClassifier(
        windowed(RNNClassifier(**RNN)), threshold=Quantile(0.9), cv=SeriesSplit(2), min_events=1
    ),
    "ThresholdClassifier, SmoothedClassifier": ThresholdClassifier(
        SmoothedClassifier(make_pipeline(RollingFeatures([5], period=None), LogisticRegression()), 2), 0.0
    ),
    "CostSensitiveClassifier": CostSensitiveClassifier(windowed(RNNClassifier(**RNN))),
    "PerSeries": PerSeries(windowed(ForecastDetector("rnn", **RNN))),
    "ConfidenceDetector": windowed(ConfidenceDetector(FrozenEstimator(KNOWN))),
    "FusionDetector": windowed(
        FusionDetector([("z", ZScoreDetector("rolling")), ("net", ForecastDetector("rnn", **RNN))])
    ),
    "GaussianDetector": windowed(GaussianDetector("full")),
    "NearestWindowsDetector": windowed(NearestWindowsDetector(2, normalize=True)),
    "KMeansDetector": windowed(KMeansDetector(4, random_state=0)),
    "PCADetector": windowed(PCADetector(score_by="both")),
    "LevelShiftDetector": windowed(LevelShiftDetector("both")),
    "LinearForecastDetector": windowed(LinearForecastDetector(2)),
    "OutlierClassifier": windowed(OutlierClassifier(IsolationForest(n_estimators=3, random_state=0))),
    "SeriesImputer": make_pipeline(SeriesImputer(add_age=True), LogisticRegression()),
    "SeriesFeatures": make_pipeline(SeriesFeatures(["level", "anomaly_share"]), LogisticRegression()),
    "SeriesScaler, ZScoreDetector": make_pipeline(SeriesScaler(), small_z()),
    "WindowReducer": make_pipeline(SlidingWindow(6), WindowReducer(4), LogisticRegression()),
    "WindowScaler": make_pipeline(SlidingWindow(6), WindowScaler(), RNNClassifier(**RNN)),
    "SafeSampler": make_imblearn_pipeline(
        SlidingWindow(6), SafeSampler("oversample", random_state=0), RNNClassifier(**RNN)
    ),
}


def scores(model):
    """Return what a model says of the rows: decision, prediction or codes."""
    for name in ("decision_function", "predict", "transform"):
        if hasattr(model, name):
            return np.asarray(getattr(model, name)(X))
    raise AssertionError(model)


@pytest.fixture(scope="module")
def fitted():
    """All models, fitted; warnings of so few rows and epochs are not the matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: model.fit(X, Y) for name, model in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_a_copy_from_a_pickle_and_from_joblib_scores_with_the_same_bits(fitted, name, tmp_path):
    model = fitted[name]
    joblib.dump(model, tmp_path / "model.joblib", compress=3)
    for copied in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model.joblib")):
        np.testing.assert_array_equal(scores(copied), scores(model))


def test_copies_in_a_fresh_process_score_with_the_same_bits(fitted, tmp_path):
    joblib.dump({name: (model, scores(model)) for name, model in fitted.items()}, tmp_path / "models.joblib")
    np.save(tmp_path / "rows.npy", X)
    code = (
        "import sys, joblib, numpy as np\n"
        "X = np.load(sys.argv[2])\n"
        "for name, (model, expected) in joblib.load(sys.argv[1]).items():\n"
        "    for method in ('decision_function', 'predict', 'transform'):\n"
        "        if hasattr(model, method):\n"
        "            np.testing.assert_array_equal(np.asarray(getattr(model, method)(X)), expected, name)\n"
        "            print(name)\n"
        "            break\n"
    )
    done = subprocess.run(
        [
            *[sys.executable, "-W", "error", "-c", code],
            *[str(tmp_path / "models.joblib"), str(tmp_path / "rows.npy")],
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == list(MODELS)


def test_every_public_estimator_has_its_pickle_tested():
    public = {
        name
        for name in sktsad.__all__
        if inspect.isclass(cls := getattr(sktsad, name))
        and issubclass(cls, BaseEstimator)
        and hasattr(cls, "fit")
    }
    parts = [part for model in MODELS.values() for part in (model, *model.get_params().values())]
    assert public <= {type(part).__name__ for part in parts}


class Tagged(Callback):
    """Holds a tensor, which is on the GPU where the network is."""

    def on_train_end(self, net, **kwargs):
        self.tensor = torch.ones(1)


def pickled_as_on_a_gpu(model, net, loss=None):
    """Pickle with every tensor marked as one of a GPU: what pickle writes there, but for the driver.

    A loss that was given stays on the CPU; the net has a copy of it.
    """
    on_cpu = {value.data_ptr() for value in loss.buffers()} if isinstance(loss, nn.Module) else set()

    def tag(storage):
        return "cpu" if storage.data_ptr() in on_cpu else "cuda:0"

    net.device = "cuda"
    try:
        with mock.patch("torch.serialization.location_tag", tag):
            return pickle.dumps(model)
    finally:
        net.device = "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU would take its tensors back")
def test_the_pickle_of_a_gpu_is_one_that_torch_refuses_to_read_on_a_cpu():
    with pytest.raises(RuntimeError, match="deserialize object on a CUDA device"):
        pickle.loads(pickled_as_on_a_gpu(torch.ones(1), mock.Mock()))


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU would take its tensors back")
@pytest.mark.parametrize(
    "model",
    [
        RNNClassifier(early_stopping=True, callbacks=[Tagged()], **RNN),
        RNNClassifier(loss=nn.BCEWithLogitsLoss(pos_weight=torch.ones(1)), **RNN),
        TorchClassifier(loss=FocalLoss(), optimizer="sgd", net_params={"optimizer__momentum": 0.5}, **NET),
        RNNClassifier(encoder=ForecastPretrainer(**RNN), **NET),
        AutoencoderDetector("gru", hidden_sizes=(3,), early_stopping=True, validation_fraction=0.4, **NET),
        VAEDetector(hidden_sizes=(4, 2), n_draws=2, **NET),
    ],
    ids=["callback", "loss", "momentum", "encoder", "autoencoder", "vae"],
)
@pytest.mark.filterwarnings("ignore:early_stopping monitors:UserWarning")
@pytest.mark.filterwarnings("ignore:Requested to load data to CUDA:UserWarning")
def test_a_model_of_a_gpu_is_loaded_on_a_cpu_with_a_warning(model):
    pipe = windowed(model).fit(X, Y)
    pickled = pickled_as_on_a_gpu(pipe, pipe[-1].net_, getattr(model, "loss", None))
    with pytest.warns(UserWarning, match=r"requested device \(cuda\) is not available"):
        copied = pickle.loads(pickled)
    np.testing.assert_array_equal(scores(copied), scores(pipe))
    assert {weight.device.type for weight in copied[-1].net_.module_.parameters()} == {"cpu"}


def old_pickles():
    return sorted(FIXTURES.glob("*.pickle.gz"))


def scores_of(path):
    return path.with_name(path.name.replace(".pickle.gz", ".json"))


@pytest.mark.parametrize("path", old_pickles(), ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore:.* was pickled with:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_an_old_pickle_still_scores_as_it_did(path):
    rows, expected = (np.asarray(part) for part in json.loads(scores_of(path).read_text()))
    decision = pickle.loads(gzip.decompress(path.read_bytes())).decision_function(rows)
    np.testing.assert_allclose(decision, expected, rtol=1e-4, atol=1e-5)


def test_there_is_an_old_pickle_of_a_classifier_a_detector_and_a_pipeline():
    names = {path.name.split("-")[0] for path in old_pickles()}
    assert names >= {"classifier", "detector", "pipeline"}


def write_fixture(name):
    """Fit a small model, and write it with rows and their scores."""
    windows = np.asarray(SlidingWindow(4).fit_transform(X))
    small = {"max_epochs": 3, "lr": 0.02, "random_state": 0}
    model, rows = {
        "classifier": (RNNClassifier("rnn", hidden_size=2, dense_size=None, **small), windows),
        "detector": (AutoencoderDetector(hidden_sizes=(2,), **small), windows),
        "pipeline": (
            make_pipeline(
                StandardScaler(), SlidingWindow(4), RNNClassifier("gru", hidden_size=2, dense_size=2, **small)
            ),
            X,
        ),
    }[name.split("-")[0]]
    path = FIXTURES / f"{name}.pickle.gz"
    if path.exists():
        raise FileExistsError(f"{path.name} is there already: give another name, such as {name}-2.")
    model.fit(rows, Y)
    path.write_bytes(gzip.compress(pickle.dumps(model), mtime=0))
    kept = rows[:30].round(4)
    scores_of(path).write_text(
        json.dumps([kept.tolist(), model.decision_function(kept).astype(float).tolist()])
    )


if __name__ == "__main__":
    write_fixture(sys.argv[1])
