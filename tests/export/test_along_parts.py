"""Networks that run along a series, exported as one step: row by row, decisions are those of one call."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import StatefulForecastDetector, StatefulRNNClassifier, ThresholdClassifier
from sktsad.export import to_onnx
from sktsad.export._along_parts import ClassifierStep, LabelledStep
from sktsad.export._parts import parts

pytest.importorskip("onnxscript", reason="needs the extra: pip install 'sktsad[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime runs what is exported")

INDEX = pd.MultiIndex.from_product([["a", "b", "c"], range(40)])
X = pd.DataFrame(
    np.random.default_rng(0).normal(size=(120, 2)) * [1, 20] + [100, -3], INDEX, ["load", "heat"]
)
Y = (X["load"] > 100.5).to_numpy().astype(int)
SMALL = {"hidden_size": 4, "max_epochs": 2, "min_updates": 2, "random_state": 0}


def fitted(model):
    return make_pipeline(StandardScaler().set_output(transform="pandas"), model).fit(X, Y)


def in_onnxruntime(model):
    session = onnxruntime.InferenceSession(to_onnx(model).SerializeToString())
    state, *others = session.get_inputs()[1:]

    def step(rows, state, series):
        return session.run(None, {"rows": rows, "state": state} | ({"series": series} if others else {}))

    return step, state.shape[1]


def in_torch(model):
    chain = list(parts(model))
    module = LabelledStep(chain, model.classes_).eval()

    @torch.inference_mode()
    def step(*given):
        return [part.numpy() for part in module(*map(torch.from_numpy, given))]

    return step, sum(part.n_numbers for part in chain if isinstance(part, ClassifierStep))


def row_by_row(step, n_numbers):
    """Run a step over the three series side by side; return decisions and labels, series by series."""
    state = np.zeros((3, n_numbers), np.float32)
    found = []
    for rows in X.to_numpy(copy=True).reshape(3, 40, 2).swapaxes(0, 1):
        decision, label, state = step(rows, state, np.arange(3))
        found.append((decision, label))
    return tuple(np.stack(part, axis=1).reshape(120, *part[0].shape[1:]) for part in zip(*found, strict=True))


def assert_same(model, decision, label):
    expected = model.decision_function(X)
    np.testing.assert_allclose(decision, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_array_equal(label, model.predict(X))


@pytest.mark.parametrize(
    "model",
    [
        StatefulRNNClassifier(num_layers=2, dense_size=3, **SMALL),
        StatefulForecastDetector("rnn", horizon=1, loss="squared_error", series_embedding=2, **SMALL),
        ThresholdClassifier(StatefulRNNClassifier("rnn", **SMALL), -0.3),
    ],
    ids=["layers", "squared", "threshold"],
)
def test_row_by_row_decisions_are_those_of_one_call(model):
    pipe = fitted(model)
    assert_same(pipe, *row_by_row(*in_torch(pipe)))


def test_of_several_classes_the_label_is_the_likeliest():
    model = StatefulRNNClassifier(**SMALL).fit(X, np.digitize(X["load"], [99.5, 100.5]))
    assert_same(model, *row_by_row(*in_torch(model)))


@pytest.mark.skipif(torch.__version__ < "2.13", reason="exporters of older torch write a step wrongly")
@pytest.mark.parametrize(
    "model",
    [
        StatefulRNNClassifier(series_embedding=2, **SMALL),
        pytest.param(
            StatefulForecastDetector("gru", horizon=3, dtype="float64", **SMALL),
            marks=pytest.mark.no_cover,  # torch's exporter is slow
        ),
    ],
    ids=["classifier", "detector"],
)
def test_onnxruntime_decides_alike(model):
    pipe = fitted(model)
    assert_same(pipe, *row_by_row(*in_onnxruntime(pipe)))


@pytest.mark.skipif(torch.__version__ < "2.13", reason="exporters of older torch write a step wrongly")
@pytest.mark.parametrize("fault", ["numbers", "shapes"])
def test_a_program_that_computes_something_else_is_refused(fault, monkeypatch, tmp_path):
    def run(self, names, inputs):
        if fault == "shapes":
            raise ValueError("operands could not be broadcast together")
        return [np.full(3, 0.5), np.zeros(3, dtype=int), np.zeros((3, 8))]

    monkeypatch.setattr("onnx.reference.ReferenceEvaluator.run", run)
    with pytest.raises(RuntimeError, match=r"results differ from those of the model \(.*newer versions"):
        to_onnx(fitted(StatefulRNNClassifier(**SMALL)), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
