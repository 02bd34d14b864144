"""Exported models run in onnxruntime, without sktsad, with the decisions of the model itself."""

import copy
import json
import logging
import sys
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sktsad
from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    GaussianDetector,
    RNNClassifier,
    RNNRegressor,
    SlidingWindow,
    ThresholdClassifier,
    TorchClassifier,
    VAEDetector,
    ZScoreDetector,
)
from sktsad.export import to_onnx

onnx = pytest.importorskip("onnx", reason="needs the extra: pip install 'sktsad[onnx]'")
pytest.importorskip("onnxscript", reason="needs the extra: pip install 'sktsad[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime runs what is exported")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 2)) * [1, 20] + [1000, -3]
Y = (RNG.random(150) < 0.3).astype(int)
NEW = RNG.normal(size=(60, 2)) * [1, 20] + [1000, -3]
NET = {"max_epochs": 2, "random_state": 0}
RNN = {"hidden_size": 3, "dense_size": 4, **NET}
LENGTH = 5

MODELS = {
    "lstm": RNNClassifier(num_layers=2, **RNN),
    "gru, both ways": RNNClassifier("gru", bidirectional=True, pooling="last_max", patch_size=2, **RNN),
    "dense, float64": TorchClassifier(dtype="float64", **NET),
    "autoencoder": AutoencoderDetector(hidden_sizes=(4, 2), **NET),
    "autoencoder, unrolled": AutoencoderDetector("rnn", hidden_sizes=(3,), decoder="unroll", **NET),
    "vae": VAEDetector("gru", hidden_sizes=(3,), n_draws=2, conv_channels=2, score_by="elbo", **NET),
    "forecast": ForecastDetector("gru", horizon=2, **RNN),
    "gaussian": GaussianDetector("full"),
    "gaussian, last": GaussianDetector("full", score_on="last"),
    "rolling z": ZScoreDetector("rolling"),
}


def windowed(model):
    return make_pipeline(StandardScaler(), SlidingWindow(LENGTH), model)


def small():
    window = SlidingWindow(LENGTH, padding="zero")
    return make_pipeline(StandardScaler(), window, ZScoreDetector("rolling", threshold=1.5)).fit(X)


@cache
def fitted_and_exported(name):
    """Return a pipeline as it was before it was exported, as it is now, and the exported model."""
    pipe = windowed(MODELS[name]).fit(X, Y)
    before = copy.deepcopy(pipe)
    return before, pipe, to_onnx(pipe)


@cache
def named_and_exported():
    """Return a pipeline whose columns and classes have names, and how it is exported for rows of float32."""
    frame = pd.DataFrame(X, columns=["load", "heat"])
    labels = np.where(Y, "odd", "fine")
    with pytest.warns(UserWarning, match="'odd'"):
        pipe = make_pipeline(StandardScaler(), ZScoreDetector()).fit(frame, np.sort(labels))
    return pipe, to_onnx(pipe, dtype="float32")


def run(exported, rows):
    model = exported if isinstance(exported, str) else exported.SerializeToString()
    return onnxruntime.InferenceSession(model).run(["decision", "label"], {"rows": rows})


@pytest.mark.no_cover  # torch's exporter is slow
@pytest.mark.parametrize("name", MODELS)
def test_decisions_and_labels_of_new_rows_are_those_of_the_pipeline(name):
    _, pipe, exported = fitted_and_exported(name)
    for n_rows in (1, 2, LENGTH - 1, LENGTH, 60):
        rows = NEW[:n_rows]
        decision, label = run(exported, rows)
        expected = pipe.decision_function(rows)
        np.testing.assert_allclose(decision, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
        far = np.abs(expected) > 1e-5
        assert far.any()
        np.testing.assert_array_equal(label[far], pipe.predict(rows)[far])


def test_a_threshold_around_the_pipeline_is_inside():
    model = ThresholdClassifier(windowed(TorchClassifier(**NET)), 0.2).fit(X, Y)
    decision, label = run(to_onnx(model), NEW)
    np.testing.assert_allclose(decision, model.decision_function(NEW), atol=1e-6)
    np.testing.assert_array_equal(label, model.predict(NEW))


def test_of_more_than_two_classes_the_label_is_the_likeliest():
    pipe = windowed(TorchClassifier(**NET)).fit(X, np.arange(150) % 3 + 5)
    decision, label = run(to_onnx(pipe), NEW)
    np.testing.assert_allclose(decision, pipe.decision_function(NEW), atol=1e-5)
    np.testing.assert_array_equal(label, pipe.predict(NEW))


def test_rows_are_of_the_type_that_is_asked_for():
    pipe, exported = named_and_exported()
    decision, label = run(exported, NEW.astype("float32"))
    assert decision.dtype == np.float64 and label.dtype == np.int64
    expected = pipe.decision_function(pd.DataFrame(NEW, columns=["load", "heat"]))
    np.testing.assert_allclose(decision, expected, atol=1e-3)


def test_a_file_is_written_in_silence_and_is_what_is_returned(tmp_path, capfd):
    logger = logging.getLogger("torch.onnx")
    before, filters, state = logger.level, list(warnings.filters), torch.get_rng_state()
    path = tmp_path / "model.onnx"
    exported = to_onnx(small(), path)
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""
    assert (logger.level, list(warnings.filters)) == (before, filters)
    assert torch.equal(torch.get_rng_state(), state)
    assert onnx.load(path) == exported
    for one, other in zip(run(str(path), NEW), run(exported, NEW), strict=True):
        np.testing.assert_array_equal(one, other)


def test_notes_tell_classes_columns_and_versions():
    pipe, exported = named_and_exported()
    notes = {note.key: note.value for note in exported.metadata_props}
    assert json.loads(notes["classes"]) == ["fine", "odd"]
    assert json.loads(notes["columns"]) == ["load", "heat"]
    assert notes["sktsad"] == sktsad.__version__ and {"torch", "onnx"} <= set(notes)
    label = run(exported, NEW.astype("float32"))[1]
    predicted = pipe.predict(pd.DataFrame(NEW, columns=["load", "heat"]))
    np.testing.assert_array_equal(np.array(["fine", "odd"])[label], predicted)


def test_no_line_of_source_and_no_path_is_left_in_the_file():
    written = fitted_and_exported("dense, float64")[2].SerializeToString()
    for trace in (b".py", b"site-packages", b"def forward", b"stack_trace", b"return "):
        assert trace not in written


def test_the_model_is_not_changed():
    before, pipe, _ = fitted_and_exported("dense, float64")
    np.testing.assert_array_equal(pipe.decision_function(NEW), before.decision_function(NEW))
    assert {weight.dtype for weight in pipe[-1].net_.module_.parameters()} == {torch.float64}


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ImportError, match=r"needs onnx and onnxscript: pip install 'sktsad\[onnx\]'"):
        to_onnx(small())


def test_a_model_that_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError):
        to_onnx(ZScoreDetector())


@pytest.mark.parametrize("model", [RNNRegressor(), StandardScaler()])
def test_what_does_not_decide_is_refused(model):
    with pytest.raises(ValueError, match="'model' parameter of to_onnx must be an object implementing"):
        to_onnx(model)
