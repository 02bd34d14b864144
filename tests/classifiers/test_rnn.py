"""The recurrent classifier: which network it makes, and that it learns what only time shows."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from sktsad import RNNClassifier, SlidingWindow

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 12))
Y = np.arange(40) % 2
SMALL = {"hidden_size": 4, "dense_size": 3, "max_epochs": 1, "random_state": 0}


def order_matters(n_windows, random_state):
    """Make windows with an up-down (0) or a down-up (1) somewhere: no single step tells which."""
    rng = np.random.default_rng(random_state)
    windows = 0.1 * rng.normal(size=(n_windows, 10, 1))
    labels = rng.integers(0, 2, size=n_windows)
    at = rng.integers(4, 9, size=n_windows)
    sign = np.where(labels, -1, 1)
    windows[np.arange(n_windows), at, 0] += sign
    windows[np.arange(n_windows), at + 1, 0] -= sign
    return windows, labels


@pytest.mark.parametrize(
    "cell, options",
    [
        ("rnn", {}),
        ("lstm", {}),
        ("gru", {}),
        ("gru", {"num_layers": 2, "dropout": 0.1, "dense_size": None}),
        ("lstm", {"bidirectional": True, "pooling": "last_max"}),
        ("rnn", {"step": 4, "batch_size": 16}),
    ],
)
def test_it_learns_a_pattern_in_time_that_no_single_step_shows(cell, options):
    windows, labels = order_matters(300, 0)
    new_windows, new_labels = order_matters(200, 1)
    options = {"hidden_size": 8, "dense_size": 8, "lr": 0.03, "batch_size": 32, "max_epochs": 20, **options}
    model = RNNClassifier(cell, random_state=0, **options).fit(windows, labels)
    assert f1_score(new_labels, model.predict(new_windows)) > 0.9


def test_by_default_it_is_an_lstm_of_128_units_a_dense_layer_of_64_and_one_logit_trained_by_adam():
    model = RNNClassifier(max_epochs=1, random_state=0).fit(X, Y)
    rnn, head = model.net_.module_.encoder.rnn, model.net_.module_.head
    assert isinstance(rnn, nn.LSTM)
    assert (rnn.input_size, rnn.hidden_size, rnn.num_layers, rnn.bidirectional) == (1, 128, 1, False)
    assert [(layer.in_features, layer.out_features) for layer in head if isinstance(layer, nn.Linear)] == [
        (128, 64),
        (64, 1),
    ]
    assert isinstance(model.net_.optimizer_, torch.optim.Adam)


@pytest.mark.parametrize("cell, cls", [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_parameters_make_the_network(cell, cls):
    options = {"num_layers": 2, "dropout": 0.25, "bidirectional": True, "pooling": "last_max", "step": 5}
    model = RNNClassifier(cell, **options, **SMALL).fit(X.reshape(40, 6, 2), Y)
    encoder, head = model.net_.module_.encoder, model.net_.module_.head
    assert type(encoder.rnn) is cls
    assert (encoder.rnn.input_size, encoder.rnn.hidden_size) == (5 * 2, 4)
    assert (encoder.rnn.num_layers, encoder.rnn.dropout, encoder.rnn.bidirectional) == (2, 0.25, True)
    assert encoder.pooling == "last_max"
    assert [layer.in_features for layer in head if isinstance(layer, nn.Linear)] == [16, 3]


def test_without_a_dense_layer_the_state_goes_to_the_logit():
    model = RNNClassifier(**{**SMALL, "dense_size": None}).fit(X, Y)
    assert [layer.in_features for layer in model.net_.module_.head] == [4]


def test_dropout_of_a_single_layer_needs_no_warning_of_torch():
    RNNClassifier(dropout=0.5, **SMALL).fit(X, Y)  # warnings are errors


@pytest.mark.parametrize("step", [1, 5, 12, 50])
def test_a_step_of_any_size_reads_the_whole_window(step):
    model = RNNClassifier(step=step, **{**SMALL, "dense_size": None}).fit(X, Y)
    before = model.decision_function(X)
    for column in (0, 11):
        changed = X.copy()
        changed[:, column] += 1
        assert (model.decision_function(changed) != before).all()


def test_it_knows_the_channels_of_a_sliding_window():
    rows = RNG.normal(size=(40, 3))
    model = RNNClassifier(**SMALL).fit(SlidingWindow(4).fit_transform(rows), Y)
    assert model.net_.module_.encoder.rnn.input_size == 3
    assert model.n_features_in_ == 12


@pytest.mark.parametrize(
    "name, value",
    [
        ("cell", "transformer"),
        ("hidden_size", 0),
        ("num_layers", 0),
        ("dropout", 1),
        ("dropout", -0.1),
        ("bidirectional", "both"),
        ("dense_size", 0),
        ("pooling", "mean"),
        ("step", 0),
        ("loss", "mse"),
        ("class_weight", "heavy"),
    ],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of RNNClassifier must be"):
        RNNClassifier(**{name: value}).fit(X, Y)
