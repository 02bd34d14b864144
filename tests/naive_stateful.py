"""Slow, obvious oracle of networks that run along the series: torch's cells, row by row."""

import torch
from torch import nn

CELLS = {"lstm": nn.LSTMCell, "gru": nn.GRUCell, "rnn": nn.RNNCell}


def cells_of(module):
    """Return torch's cells with the weights of the layers of a `StatefulNetwork`."""
    cells = []
    for layer in module.layers:
        name = type(layer).__name__.lower()
        cell = CELLS[name](layer.input_size, layer.hidden_size).to(layer.weight_ih_l0.dtype)
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(cell, part, getattr(layer, f"{part}_l0"))
        cells.append(cell)
    return cells


def run(module, rows, states=None):
    """Run along the rows of one series, shape (n_rows, n_inputs); return outputs and the states of the layers.

    A state is a list of one tensor a layer, of an LSTM of two.
    """
    cells = cells_of(module)
    states = states or [None] * len(cells)
    outputs = []
    for row in rows:
        x = row[None]
        for number, cell in enumerate(cells):
            states[number] = cell(x, states[number])
            x = states[number][0] if isinstance(states[number], tuple) else states[number]
        output = module.head(x)[0].reshape(module.output_shape)
        outputs.append(output + row if module.adds_row else output)
    return torch.stack(outputs), states


def joined(states):
    """Return states of layers as `StatefulNetwork` holds that of one series: (parts, layers, units)."""
    parts = [torch.cat(state if isinstance(state, tuple) else (state,)) for state in states]
    return torch.stack(parts, dim=1)
