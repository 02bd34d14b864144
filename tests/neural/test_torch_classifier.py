"""The user's own torch module as a classifier."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from sktsad import SlidingWindow, TorchClassifier
from sktsad.networks import DenseClassifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 6))
Y = (X[:, 0] - X[:, 3] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.4, 0.4])
SMALL = {"max_epochs": 30, "batch_size": 16, "lr": 0.03, "random_state": 0}


class Logits(nn.Module):
    """A linear layer whose output is bent into a shape; remembers the shape of its input."""

    def __init__(self, n_inputs=6, n_outputs=1, shape=(-1, 1)):
        super().__init__()
        self.linear = nn.Linear(n_inputs, n_outputs)
        self.shape = shape

    def forward(self, X):
        self.seen = tuple(X.shape[1:])
        return self.linear(X.flatten(1)).reshape(self.shape)


def two_layers(n_inputs, n_outputs, n_hidden=8):
    return nn.Sequential(nn.Linear(n_inputs, n_hidden), nn.Tanh(), nn.Linear(n_hidden, n_outputs))


def test_a_module_whose_sizes_are_not_known_yet_is_named():
    with pytest.raises(ValueError, match="module has layers that learn their sizes from the first batch"):
        TorchClassifier(lambda: nn.LazyLinear(1), **SMALL).fit(X, Y)


def test_a_callable_that_makes_no_module_is_named():
    with pytest.raises(ValueError, match="module returned a network without weights to train"):
        TorchClassifier(lambda: None).fit(X, Y)


def test_without_a_module_it_is_a_dense_network():
    model = TorchClassifier(**SMALL).fit(X, Y)
    assert isinstance(model.net_.module_, DenseClassifier)
    assert model.score(X, Y) > 0.9


def test_a_logit_of_exactly_0_is_no_alarm():
    model = TorchClassifier(nn.Linear(6, 1), **{**SMALL, "max_epochs": 1}).fit(X, Y)
    for weight in model.net_.module_.parameters():
        nn.init.zeros_(weight)
    np.testing.assert_array_equal(model.decision_function(X), 0)
    np.testing.assert_array_equal(model.predict_proba(X), 0.5)
    np.testing.assert_array_equal(model.predict(X), 0)


@pytest.mark.parametrize(
    "module",
    [
        Logits(shape=(-1, 1)),
        Logits(shape=(-1,)),
        Logits(n_outputs=2, shape=(-1, 2)),
        nn.Linear(6, 1),
        nn.Sequential(nn.Linear(6, 2)),
        Logits,
        two_layers,
    ],
    ids=["(b, 1)", "(b,)", "(b, 2)", "Linear", "Sequential", "class", "function"],
)
def test_two_classes_take_one_logit_or_two(module):
    model = TorchClassifier(module, **SMALL).fit(X, Y)
    assert model.decision_function(X).shape == (80,)
    assert model.predict_proba(X).shape == (80, 2)
    np.testing.assert_array_equal(model.decision_function(X) > 0, model.predict_proba(X)[:, 1] > 0.5)
    assert model.score(X, Y) > 0.9


@pytest.mark.parametrize("module", [two_layers, nn.Linear(6, 3)])
def test_more_classes_take_a_logit_each(module):
    model = TorchClassifier(module, **SMALL).fit(X, THREE)
    assert model.predict_proba(X).shape == (80, 3)
    assert model.score(X, THREE) > 0.8


@pytest.mark.parametrize(
    "module, y, message",
    [
        (
            nn.Linear(6, 3),
            Y,
            r"shape \(6,\) to an output of shape \(3,\): 2 classes need one or two logits per row",
        ),
        (nn.Linear(6, 2), THREE, r"output of shape \(2,\): 3 classes need 3 logits per row"),
        (nn.Linear(6, 1), THREE, r"output of shape \(\): 3 classes need 3 logits per row"),
        (nn.Unflatten(1, (3, 2)), Y, r"output of shape \(3, 2\): 2 classes need"),
    ],
    ids=["3 for 2", "2 for 3", "1 for 3", "3-D"],
)
def test_any_other_number_of_logits_is_refused(module, y, message):
    module = nn.Sequential(nn.Linear(6, 6), module)
    with pytest.raises(ValueError, match=message):
        TorchClassifier(module, **SMALL).fit(X, y)


def test_an_instance_is_copied_and_not_trained_in_place():
    module = Logits()
    before = {name: weight.clone() for name, weight in module.state_dict().items()}
    first = TorchClassifier(module, **SMALL).fit(X, Y)
    second = TorchClassifier(module, **SMALL).fit(X, Y)
    assert first.net_.module_ is not module
    assert all(torch.equal(module.state_dict()[name], before[name]) for name in before)
    np.testing.assert_array_equal(first.decision_function(X), second.decision_function(X))


def test_a_class_or_function_is_called_with_what_it_names():
    called_with = {}

    def module(n_channels, length, n_outputs, width=3):
        called_with.update(n_channels=n_channels, length=length, n_outputs=n_outputs, width=width)
        return nn.Sequential(nn.Flatten(), nn.Linear(length * n_channels, n_outputs))

    TorchClassifier(module, net_params={"module__width": 5}, **SMALL).fit(X.reshape(80, 3, 2), THREE)
    assert called_with == {"n_channels": 2, "length": 3, "n_outputs": 3, "width": 5}


def test_a_module_that_names_nothing_is_called_with_nothing():
    assert TorchClassifier(lambda: nn.Linear(6, 1), **SMALL).fit(X, Y).score(X, Y) > 0.9


@pytest.mark.parametrize(
    "rows, options, seen",
    [
        (X, {}, (6,)),
        (pd.DataFrame(X), {}, (6,)),
        (X.tolist(), {}, (6,)),
        (X, {"n_channels": 1}, (6, 1)),
        (X, {"n_channels": 2}, (3, 2)),
        (X.reshape(80, 3, 2), {}, (3, 2)),
        (X.reshape(80, 6, 1), {}, (6, 1)),
        (SlidingWindow(6).fit_transform(X[:, :1]), {}, (6, 1)),
        (pd.DataFrame(X, columns=SlidingWindow(3).fit(X[:, :2]).get_feature_names_out()), {}, (3, 2)),
    ],
    ids=[
        "2-D",
        "frame",
        "lists",
        "1 channel",
        "2 channels",
        "3-D",
        "3-D univariate",
        "Windows",
        "named windows",
    ],
)
def test_the_module_sees_rows_in_the_shape_in_which_they_came(rows, options, seen):
    model = TorchClassifier(Logits, **options, **{**SMALL, "max_epochs": 1}).fit(rows, Y)
    assert model.net_.module_.seen == seen
    model.predict(rows)
    assert model.net_.module_.seen == seen


def test_the_module_sees_at_predict_the_shape_of_fit():
    model = TorchClassifier(Logits, **SMALL).fit(X, Y)
    flat = model.decision_function(X)
    np.testing.assert_array_equal(model.decision_function(X.reshape(80, 6, 1)), flat)
    assert model.net_.module_.seen == (6,)


def test_a_module_that_writes_to_its_input_does_not_write_to_the_rows():
    class Writes(Logits):
        def forward(self, X):
            return super().forward(X.zero_() if X.shape[1] == 6 else X)

    rows = X.astype(np.float32)
    before = rows.copy()
    TorchClassifier(Writes, **{**SMALL, "max_epochs": 1}).fit(rows, Y).predict(rows)
    np.testing.assert_array_equal(rows, before)


def test_buffers_of_a_module_are_kept_and_predicting_leaves_them():
    model = TorchClassifier(nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 1)), **SMALL).fit(X, Y)
    mean = model.net_.module_[0].running_mean.clone()
    first = model.decision_function(X)
    assert mean.abs().max() > 0
    np.testing.assert_array_equal(model.decision_function(X), first)
    assert torch.equal(model.net_.module_[0].running_mean, mean)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).decision_function(X), first)


@pytest.mark.parametrize("module", ["dense", 3])
def test_what_cannot_make_a_module_is_refused(module):
    with pytest.raises(ValueError, match="The 'module' parameter of TorchClassifier must be"):
        TorchClassifier(module).fit(X, Y)
