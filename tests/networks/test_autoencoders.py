"""Autoencoders: windows to a code and back."""

import numpy as np
import pytest
import torch
from torch import nn

from sktsad.networks import Autoencoder, DenseAutoencoder, RecurrentAutoencoder

torch.manual_seed(0)
RNG = np.random.default_rng(0)
LENGTH, CHANNELS = 5, 2
WINDOWS = torch.from_numpy(RNG.normal(size=(4, LENGTH, CHANNELS)))

NETWORKS = {
    "dense": lambda **noise: DenseAutoencoder(LENGTH, CHANNELS, (6, 3), **noise).double(),
    **{
        cell: lambda cell=cell, **noise: RecurrentAutoencoder(
            LENGTH, CHANNELS, (6, 3), cell, **noise
        ).double()
        for cell in ("rnn", "lstm", "gru")
    },
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_window_goes_to_its_code_and_back(name):
    module = NETWORKS[name]()
    code = module.encode(WINDOWS)
    assert code.shape == (4, 3)
    assert module.decode(code).shape == WINDOWS.shape
    assert torch.equal(module(WINDOWS), module.decode(code))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_code_of_a_window_does_not_depend_on_its_neighbours(name):
    module = NETWORKS[name]()
    torch.testing.assert_close(module(WINDOWS)[2:3], module(WINDOWS[2:3]))


@pytest.mark.parametrize("name", NETWORKS)
def test_noise_is_added_while_training_only(name):
    module = NETWORKS[name](noise=0.5)
    before = WINDOWS.clone()
    assert not torch.equal(module(WINDOWS), module(WINDOWS))
    assert torch.equal(WINDOWS, before)
    module.eval()
    assert torch.equal(module(WINDOWS), module.decode(module.encode(WINDOWS)))


def test_noise_is_gaussian_of_the_given_size():
    class Nothing(Autoencoder):
        def encode(self, x):
            return x

        decode = encode

    noise = Nothing(noise=0.5)(torch.zeros(200, 100, 1))
    assert float(noise.mean()) == pytest.approx(0, abs=0.02)
    assert float(noise.std()) == pytest.approx(0.5, abs=0.02)
    assert float((noise.abs() < 0.5).double().mean()) == pytest.approx(0.683, abs=0.02)


def test_the_base_leaves_both_ways_to_its_subclasses():
    with pytest.raises(NotImplementedError):
        Autoencoder().encode(WINDOWS)
    with pytest.raises(NotImplementedError):
        Autoencoder().decode(WINDOWS)


def linear_sizes(layers):
    return [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize("hidden_sizes", [(3,), (6, 3), (8, 6, 3)])
def test_the_decoder_mirrors_the_encoder(hidden_sizes):
    dense = DenseAutoencoder(LENGTH, CHANNELS, hidden_sizes)
    down = linear_sizes(dense.encoder)
    assert [n_out for _, n_out in down] == list(hidden_sizes)
    assert linear_sizes(dense.decoder) == [(n_out, n_in) for n_in, n_out in down[::-1]]

    recurrent = RecurrentAutoencoder(LENGTH, CHANNELS, hidden_sizes, "gru")
    assert [layer.hidden_size for layer in recurrent.encoder] == list(hidden_sizes)
    assert [layer.hidden_size for layer in recurrent.decoder] == list(hidden_sizes[::-1])
    assert (recurrent.output.in_features, recurrent.output.out_features) == (hidden_sizes[0], CHANNELS)


def naive_dense(layers, values):
    """Multiply by hand; ReLU behind all but the last layer."""
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    for i, layer in enumerate(linear):
        values = layer.weight.detach().numpy() @ values + layer.bias.detach().numpy()
        if i < len(linear) - 1:
            values = np.maximum(values, 0)
    return values


def test_a_dense_autoencoder_by_hand():
    module = NETWORKS["dense"]()
    for window, code, back in zip(WINDOWS.numpy(), module.encode(WINDOWS), module(WINDOWS), strict=True):
        expected = naive_dense(module.encoder, window.ravel())
        np.testing.assert_allclose(code.detach(), expected)
        np.testing.assert_allclose(back.detach().flatten(), naive_dense(module.decoder, expected))


def naive_rnn(layer, rows):
    """Run a simple RNN along the rows."""
    w_x, w_h, b_x, b_h = (
        getattr(layer, f"{kind}_l0").detach().numpy()
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    states, h = [], np.zeros(len(b_x))
    for x in rows:
        h = np.tanh(w_x @ x + b_x + w_h @ h + b_h)
        states.append(h)
    return np.array(states)


def test_a_recurrent_autoencoder_by_hand():
    module = NETWORKS["rnn"]()
    for window, code, back in zip(WINDOWS.numpy(), module.encode(WINDOWS), module(WINDOWS), strict=True):
        rows = window
        for layer in module.encoder:
            rows = naive_rnn(layer, rows)
        np.testing.assert_allclose(code.detach(), rows[-1])
        rows = np.array([rows[-1]] * LENGTH)  # the decoder sees the code at each step
        for layer in module.decoder:
            rows = naive_rnn(layer, rows)
        expected = rows @ module.output.weight.detach().numpy().T + module.output.bias.detach().numpy()
        np.testing.assert_allclose(back.detach(), expected)
