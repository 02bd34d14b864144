"""Autoencoders: windows to a code and back."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from sktsad.networks import (
    Autoencoder,
    CodeEncoder,
    DenseAutoencoder,
    GaussianDropout,
    RecurrentAutoencoder,
    RecurrentLayer,
    UnrolledDecoder,
    VariationalAutoencoder,
    make_autoencoder,
)

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
    "unrolled": lambda **noise: RecurrentAutoencoder(
        LENGTH, CHANNELS, (6, 3), "gru", decoder="unroll", **noise
    ).double(),
    "convolution": lambda **noise: RecurrentAutoencoder(
        LENGTH, CHANNELS, (6, 3), "lstm", conv_channels=4, **noise
    ).double(),
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


def recurrent_layers(layers):
    return [layer for layer in layers if isinstance(layer, RecurrentLayer)]


def recurrent_sizes(layers):
    return [(layer.rnn.input_size, layer.rnn.hidden_size) for layer in recurrent_layers(layers)]


def linear_sizes(layers):
    return [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize("hidden_sizes", [(3,), (6, 3), (8, 6, 3)])
def test_the_decoder_mirrors_the_encoder(hidden_sizes):
    dense = DenseAutoencoder(LENGTH, CHANNELS, hidden_sizes)
    down = linear_sizes(dense.encoder)
    assert [n_out for _, n_out in down] == list(hidden_sizes)
    assert linear_sizes(dense.decoder) == [(n_out, n_in) for n_in, n_out in down[::-1]]

    recurrent = RecurrentAutoencoder(LENGTH, CHANNELS, hidden_sizes, "gru")
    down = [CHANNELS, *hidden_sizes]
    assert recurrent_sizes(recurrent.encoder) == list(itertools.pairwise(down))
    mirrored = [hidden_sizes[-1], *hidden_sizes[::-1]]
    assert recurrent_sizes(recurrent.decoder) == list(itertools.pairwise(mirrored))
    assert linear_sizes(recurrent.decoder) == [(hidden_sizes[0], CHANNELS)]

    unrolled = RecurrentAutoencoder(LENGTH, CHANNELS, hidden_sizes, "gru", decoder="unroll").decoder
    assert isinstance(unrolled, UnrolledDecoder)
    fed_back = [CHANNELS, *hidden_sizes[::-1]]
    assert recurrent_sizes(unrolled.layers) == list(itertools.pairwise(fed_back))


def naive_dense(layers, values):
    """Multiply by hand; ReLU after all but the last layer."""
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
        for layer in recurrent_layers(module.encoder):
            rows = naive_rnn(layer.rnn, rows)
        np.testing.assert_allclose(code.detach(), rows[-1])
        rows = np.array([rows[-1]] * LENGTH)  # the decoder sees the code at each step
        for layer in recurrent_layers(module.decoder):
            rows = naive_rnn(layer.rnn, rows)
        output = module.decoder[-1]
        expected = rows @ output.weight.detach().numpy().T + output.bias.detach().numpy()
        np.testing.assert_allclose(back.detach(), expected)


def naive_convolution(convolution, window, kernel_size):
    """Weigh the rows around each row, zeros beyond the ends; ReLU."""
    before = (kernel_size - 1) // 2
    padded = np.zeros((len(window) + kernel_size - 1, window.shape[1]))
    padded[before : before + len(window)] = window
    weight, bias = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
    rows = [
        [
            (weight[channel] * padded[row : row + kernel_size].T).sum() + bias[channel]
            for channel in range(len(bias))
        ]
        for row in range(len(window))
    ]
    return np.maximum(rows, 0)


@pytest.mark.parametrize("length", [2, 5])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_a_convolution_in_front_keeps_the_length(kernel_size, length):
    module = RecurrentAutoencoder(
        length, CHANNELS, (3,), "gru", conv_channels=4, kernel_size=kernel_size
    ).double()
    windows = WINDOWS[:, :length]
    rows = [naive_convolution(module.convolution[0], window, kernel_size) for window in windows.numpy()]
    assert np.shape(rows) == (4, length, 4)
    code = module.encoder(torch.from_numpy(np.array(rows)))[:, -1]
    torch.testing.assert_close(module.encode(windows), code)
    assert module(windows).shape == windows.shape


KINDS = {"standard": nn.Dropout, "gaussian": GaussianDropout, "alpha": nn.AlphaDropout}


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_stands_between_recurrent_layers_and_before_the_output_but_not_on_the_code(kind):
    module = RecurrentAutoencoder(LENGTH, CHANNELS, (6, 3), "gru", dropout=0.25, dropout_type=kind)
    between = [RecurrentLayer, KINDS[kind]]
    assert [type(layer) for layer in module.encoder] == [*between, RecurrentLayer]
    assert [type(layer) for layer in module.decoder] == [*between, *between, nn.Linear]
    unrolled = RecurrentAutoencoder(
        LENGTH, CHANNELS, (6, 3), "gru", dropout=0.25, dropout_type=kind, decoder="unroll"
    )
    assert type(unrolled.decoder.dropout) is KINDS[kind]


@pytest.mark.parametrize("decoder", ["repeat", "unroll"])
def test_recurrent_dropout_reaches_every_layer(decoder):
    module = RecurrentAutoencoder(LENGTH, CHANNELS, (6, 3), recurrent_dropout=0.25, decoder=decoder)
    layers = recurrent_layers(module.modules())
    assert [layer.recurrent_dropout for layer in layers] == [0.25] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_of_a_dense_autoencoder_leaves_the_code_alone(kind):
    module = DenseAutoencoder(LENGTH, CHANNELS, (6, 3), activation="tanh", dropout=0.25, dropout_type=kind)
    for half in (module.encoder, module.decoder):
        assert [type(layer) for layer in half] == [nn.Linear, nn.Tanh, KINDS[kind], nn.Linear]


@pytest.mark.parametrize("network", ["dense", "rnn", "lstm", "gru"])
def test_an_autoencoder_goes_by_the_name_of_its_network(network):
    module = make_autoencoder(network, length=LENGTH, n_channels=CHANNELS, hidden_sizes=(6, 3), noise=0.5)
    assert type(module) is (DenseAutoencoder if network == "dense" else RecurrentAutoencoder)
    assert module.noise == 0.5
    assert network == "dense" or {layer.cell for layer in recurrent_layers(module.modules())} == {network}


def variational(**noise):
    return VariationalAutoencoder(LENGTH, CHANNELS, (6, 3), "gru", **noise).double()


@pytest.mark.parametrize("make", [*NETWORKS.values(), variational], ids=[*NETWORKS, "variational"])
def test_an_encoder_is_lent_without_its_decoder(make):
    module = make(noise=0.5)
    encoder = CodeEncoder(module, (LENGTH, CHANNELS), 3).eval()
    assert (encoder.window_shape, encoder.n_outputs) == ((LENGTH, CHANNELS), 3)
    assert torch.equal(encoder(WINDOWS), module.eval().encode(WINDOWS))
    names = [name.removeprefix("autoencoder.") for name, _ in encoder.named_parameters()]
    assert names == [name for name, _ in module.named_parameters() if "decoder" not in name]
    assert not torch.equal(encoder.train()(WINDOWS), encoder(WINDOWS))  # noise as in its own training


def test_the_autoencoder_itself_stays_whole():
    module = NETWORKS["dense"]()
    encoder = CodeEncoder(module, (LENGTH, CHANNELS), 3)
    before = module(WINDOWS)
    with torch.no_grad():
        for weight in encoder.parameters():
            weight.zero_()
    assert torch.equal(module(WINDOWS), before)


@pytest.mark.parametrize(
    "sizes",
    [
        {4: 2},
        {4, 2},
        [True],
        [2**20],
        [],
        [0],
        [2.5],
        ["4"],
        np.array([[4]]),
        [4, None],
        range(0),
        [np.nan],
        bytearray(b"x"),
        b"x",
    ],
)
def test_sizes_that_are_none_are_named(sizes):
    with pytest.raises(ValueError, match="hidden_sizes must be one or more numbers of units"):
        make_autoencoder("dense", sizes, "relu", length=4, n_channels=1)
