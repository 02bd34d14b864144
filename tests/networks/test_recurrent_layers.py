"""Recurrent layers step by step, against torch's fused ones and against slow loops."""

import numpy as np
import pytest
import torch
from torch import nn

from sktsad.networks import CELLS, RecurrentLayer, UnrolledDecoder

torch.manual_seed(0)
BATCH, LENGTH, CHANNELS, HIDDEN = 3, 7, 2, 4
WINDOWS = torch.randn(BATCH, LENGTH, CHANNELS, dtype=torch.float64)

each_cell = pytest.mark.parametrize("cell", CELLS)


def layer_of(cell, recurrent_dropout=0.0, n_inputs=CHANNELS):
    return RecurrentLayer(cell, n_inputs, HIDDEN, recurrent_dropout).double()


@each_cell
@pytest.mark.parametrize("recurrent_dropout", [0.0, 0.5])
def test_in_use_a_layer_is_torchs_own_bit_for_bit(cell, recurrent_dropout):
    layer = layer_of(cell, recurrent_dropout).eval()
    assert torch.equal(layer(WINDOWS), layer.rnn(WINDOWS)[0])


@each_cell
def test_without_dropout_a_layer_in_training_is_torchs_own_bit_for_bit(cell):
    layer = layer_of(cell)
    assert torch.equal(layer(WINDOWS), layer.rnn(WINDOWS)[0])


@each_cell
def test_step_by_step_with_next_to_no_dropout_it_is_the_fused_layer_and_learns_the_same(cell):
    layer = layer_of(cell, 1e-12)
    outputs, gradients = [], []
    for function in (layer, lambda x: layer.rnn(x)[0]):
        x = WINDOWS.clone().requires_grad_()
        layer.zero_grad()
        outputs.append(function(x))
        outputs[-1].square().sum().backward()
        gradients.append([x.grad, *(weight.grad.clone() for weight in layer.parameters())])
    torch.testing.assert_close(*outputs)
    torch.testing.assert_close(*gradients)


def naive_step(cell, x, seen, h, c, weights):
    """One step with the gates in torch's order; they see ``seen`` of the output ``h`` of the step before."""
    w_x, w_h, b_x, b_h = weights
    from_x, from_h = w_x @ x + b_x, w_h @ seen + b_h
    if cell == "rnn":
        return torch.tanh(from_x + from_h), c
    if cell == "gru":
        (r_x, z_x, n_x), (r_h, z_h, n_h) = from_x.chunk(3), from_h.chunk(3)
        update = torch.sigmoid(z_x + z_h)
        return (1 - update) * torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h) + update * h, c
    gate_in, forget, new, out = (from_x + from_h).chunk(4)
    c = torch.sigmoid(forget) * c + torch.sigmoid(gate_in) * torch.tanh(new)
    return torch.sigmoid(out) * torch.tanh(c), c


@each_cell
def test_one_mask_hides_units_from_the_gates_at_all_steps_of_a_window(cell):
    layer = layer_of(cell, 0.5)
    torch.manual_seed(1)
    outputs = layer(WINDOWS)
    torch.manual_seed(1)
    masks = layer.mask(torch.zeros(BATCH, HIDDEN, dtype=torch.float64))
    assert set(masks.unique().tolist()) == {0.0, 2.0}
    assert not torch.equal(masks[0], masks[1])
    for window, mask, output in zip(WINDOWS, masks, outputs, strict=True):
        h = c = torch.zeros(HIDDEN, dtype=torch.float64)
        for x, expected in zip(window, output, strict=True):
            h, c = naive_step(cell, x, h * mask, h, c, tuple(layer.rnn.parameters()))
            torch.testing.assert_close(expected, h)


def test_a_mask_keeps_the_expected_value():
    layer = layer_of("gru", 0.3)
    masks = layer.mask(torch.zeros(100_000))
    assert float(masks.mean()) == pytest.approx(1, abs=0.02)
    assert float((masks == 0).float().mean()) == pytest.approx(0.3, abs=0.02)
    assert torch.equal(layer.eval().mask(torch.zeros(5)), torch.ones(5))


@each_cell
def test_dropout_does_not_grow_the_state_over_many_steps(cell):
    """A GRU whose gate is open carries its state on and on: scaled at each step, it would explode."""
    layer = layer_of(cell, 0.5)
    with torch.no_grad():
        layer.rnn.bias_ih_l0 += 3
    assert float(layer(torch.randn(BATCH, 200, CHANNELS, dtype=torch.float64)).detach().abs().max()) <= 1


@each_cell
@pytest.mark.parametrize("sizes", [[3, 4], [3, 4, 5]])
def test_an_unrolled_decoder_is_a_loop_from_the_last_row_to_the_first(cell, sizes):
    decoder = UnrolledDecoder(cell, LENGTH, CHANNELS, sizes, nn.Identity()).double()
    codes = torch.randn(BATCH, sizes[0], dtype=torch.float64)
    decoded = decoder(codes)
    assert decoded.shape == (BATCH, LENGTH, CHANNELS)
    for code, window in zip(codes, decoded, strict=True):
        hidden = [torch.tanh(start.weight @ code + start.bias) for start in decoder.starts]
        cells = [torch.zeros_like(h) for h in hidden]
        row = torch.zeros(CHANNELS, dtype=torch.float64)
        for step in reversed(range(LENGTH)):
            x = row
            for i, layer in enumerate(decoder.layers):
                weights = tuple(layer.rnn.parameters())
                hidden[i], cells[i] = naive_step(cell, x, hidden[i], hidden[i], cells[i], weights)
                x = hidden[i]
            row = decoder.output.weight @ x + decoder.output.bias
            torch.testing.assert_close(window[step], row)


@pytest.mark.parametrize(
    "options", [(nn.Dropout(0.5), 0.0), (nn.Identity(), 0.5)], ids=["dropout", "recurrent"]
)
def test_an_unrolled_decoder_drops_units_while_training_only(options):
    decoder = UnrolledDecoder("lstm", LENGTH, CHANNELS, [3, 8, 8], *options)
    code = torch.randn(BATCH, 3)
    assert not torch.equal(decoder(code), decoder(code))
    plain = UnrolledDecoder("lstm", LENGTH, CHANNELS, [3, 8, 8], nn.Identity())
    plain.load_state_dict(decoder.state_dict())
    assert torch.equal(decoder.eval()(code), plain(code))


def test_dropout_of_an_unrolled_decoder_stands_behind_every_layer():
    class Counts(nn.Module):
        shapes = []

        def forward(self, x):
            self.shapes.append(tuple(x.shape))
            return x

    UnrolledDecoder("gru", LENGTH, CHANNELS, [3, 8, 6], Counts())(torch.randn(BATCH, 3))
    assert Counts.shapes == [(BATCH, 8), (BATCH, 6)] * LENGTH


@each_cell
def test_precision_and_neighbours_do_not_matter(cell):
    decoder = UnrolledDecoder(cell, LENGTH, CHANNELS, [3, 4], nn.Identity()).double()
    codes = torch.randn(BATCH, 3, dtype=torch.float64)
    assert decoder(codes).dtype == torch.float64
    np.testing.assert_allclose(decoder(codes)[1:2].detach(), decoder(codes[1:2]).detach(), rtol=1e-12)
