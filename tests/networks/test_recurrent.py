"""Recurrent networks, against loops over batch, time and gates."""

import numpy as np
import pytest
import torch
from torch import nn

from sktsad.networks import CELLS, RecurrentEncoder, RecurrentNetwork
from sktsad.networks._recurrent import to_patches

torch.manual_seed(0)
RNG = np.random.default_rng(0)
BATCH, LENGTH, CHANNELS, HIDDEN = 3, 7, 2, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def naive_step(cell, x, h, c, w_x, w_h, b_x, b_h):
    """One step of a cell, with the gates in torch's order."""
    from_x, from_h = w_x @ x + b_x, w_h @ h + b_h
    if cell == "rnn":
        return np.tanh(from_x + from_h), None
    if cell == "gru":
        (r_x, z_x, n_x), (r_h, z_h, n_h) = np.split(from_x, 3), np.split(from_h, 3)
        reset, update = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        return (1 - update) * np.tanh(n_x + reset * n_h) + update * h, None
    gate_in, forget, new, out = np.split(from_x + from_h, 4)
    c = sigmoid(forget) * c + sigmoid(gate_in) * np.tanh(new)
    return sigmoid(out) * np.tanh(c), c


def naive_layer(cell, rows, weights):
    """Run a cell along the rows; return the hidden state after each."""
    size = weights[1].shape[1]
    h, c = np.zeros(size), np.zeros(size)
    states = []
    for x in rows:
        h, c = naive_step(cell, x, h, c, *weights)
        states.append(h)
    return np.array(states)


def naive_encoder(encoder, cell, window, num_layers, bidirectional, pooling):
    """Encode one window, layer by layer, direction by direction."""
    state = {name: value.detach().numpy() for name, value in encoder.rnn.state_dict().items()}
    rows = window
    for layer in range(num_layers):
        directions = []
        for suffix in ["", "_reverse"][: 1 + bidirectional]:
            weights = [
                state[f"{kind}_l{layer}{suffix}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            turned = rows[::-1] if suffix else rows
            states = naive_layer(cell, turned, weights)
            directions.append((states, states[::-1] if suffix else states))
        rows = np.concatenate([in_time for _, in_time in directions], axis=1)
    last = np.concatenate([states[-1] for states, _ in directions])
    return last if pooling == "last" else np.concatenate([last, rows.max(axis=0)])


@pytest.mark.parametrize("pooling", ["last", "last_max"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_an_encoder_is_a_loop_over_time(cell, num_layers, bidirectional, pooling):
    encoder = RecurrentEncoder(
        CHANNELS, cell, HIDDEN, num_layers=num_layers, bidirectional=bidirectional, pooling=pooling
    ).double()
    windows = RNG.normal(size=(BATCH, LENGTH, CHANNELS))
    encoded = encoder(torch.from_numpy(windows)).detach().numpy()
    assert encoded.shape == (BATCH, encoder.n_outputs)
    expected = [naive_encoder(encoder, cell, w, num_layers, bidirectional, pooling) for w in windows]
    np.testing.assert_allclose(encoded, expected, atol=1e-12)


def naive_patches(window, step):
    """Join rows to patches, with the first row repeated in front until all patches are full."""
    rows = [list(row) for row in window]
    while len(rows) % step:
        rows.insert(0, list(window[0]))
    return [np.concatenate(rows[start : start + step]) for start in range(0, len(rows), step)]


@pytest.mark.parametrize("patch_size", [1, 2, 3, 7, 10])
def test_patches_are_runs_of_rows_padded_in_front(patch_size):
    windows = RNG.normal(size=(BATCH, LENGTH, CHANNELS))
    patches = to_patches(torch.from_numpy(windows), patch_size)
    assert patches.shape == (BATCH, -(-LENGTH // patch_size), patch_size * CHANNELS)
    np.testing.assert_array_equal(patches, [naive_patches(window, patch_size) for window in windows])


def test_an_encoder_with_a_step_reads_patches():
    encoder = RecurrentEncoder(CHANNELS, "gru", HIDDEN, patch_size=3).double()
    window = RNG.normal(size=(LENGTH, CHANNELS))
    expected = naive_encoder(encoder, "gru", np.array(naive_patches(window, 3)), 1, False, "last")
    np.testing.assert_allclose(encoder(torch.from_numpy(window)[None]).detach()[0], expected, atol=1e-12)


@pytest.mark.parametrize("pooling, bidirectional, n_inputs", [("last", False, 4), ("last_max", True, 16)])
@pytest.mark.parametrize("dense_size, n_outputs", [(5, 1), (None, 3)])
def test_a_classifier_is_an_encoder_and_dense_layers(pooling, bidirectional, n_inputs, dense_size, n_outputs):
    module = RecurrentNetwork(
        CHANNELS, n_outputs, dense_size, hidden_size=HIDDEN, pooling=pooling, bidirectional=bidirectional
    )
    layers = [
        (layer.in_features, layer.out_features) for layer in module.head if isinstance(layer, nn.Linear)
    ]
    assert layers == ([(n_inputs, 5), (5, n_outputs)] if dense_size else [(n_inputs, n_outputs)])
    windows = torch.rand(BATCH, LENGTH, CHANNELS)
    values = module.encoder(windows)
    if dense_size:
        values = torch.relu(values @ module.head[0].weight.T + module.head[0].bias)
    expected = values @ module.head[-1].weight.T + module.head[-1].bias
    torch.testing.assert_close(module(windows), expected)


@pytest.mark.parametrize("num_layers, between", [(1, 0.0), (2, 0.4)])
def test_dropout_stands_between_layers_and_before_the_logits(num_layers, between):
    module = RecurrentNetwork(CHANNELS, dropout=0.4, num_layers=num_layers, hidden_size=HIDDEN)
    assert module.encoder.rnn.dropout == between
    assert [layer.p for layer in module.head if isinstance(layer, nn.Dropout)] == [0.4]
    windows = torch.rand(BATCH, LENGTH, CHANNELS)
    assert not torch.equal(module(windows), module(windows))
    module.eval()
    assert torch.equal(module(windows), module(windows))


def test_without_dropout_there_is_no_such_layer():
    module = RecurrentNetwork(CHANNELS, hidden_size=HIDDEN)
    assert not any(isinstance(layer, nn.Dropout) for layer in module.head)


def test_a_network_takes_a_trained_encoder_and_its_number_of_outputs():
    encoder = RecurrentEncoder(CHANNELS, "gru", hidden_size=5, pooling="last_max")
    module = RecurrentNetwork(CHANNELS, encoder=encoder, cell="rnn", hidden_size=3, dense_size=None)
    assert module.encoder is encoder
    windows = torch.randn(BATCH, LENGTH, CHANNELS)
    torch.testing.assert_close(module(windows), module.head(encoder(windows)))


def test_an_encoder_says_what_it_takes_to_make_another_like_it():
    options = {"hidden_size": 3, "num_layers": 2, "dropout": 0.2, "bidirectional": True, "patch_size": 3}
    encoder = RecurrentEncoder(CHANNELS, "rnn", pooling="last_max", **options)
    assert encoder.arguments == {"n_channels": CHANNELS, "cell": "rnn", "pooling": "last_max", **options}
    other = RecurrentEncoder(**encoder.arguments)
    other.load_state_dict(encoder.state_dict())
    assert repr(other) == repr(encoder)
    windows = torch.randn(BATCH, LENGTH, CHANNELS)
    assert torch.equal(other.eval()(windows), encoder.eval()(windows))
