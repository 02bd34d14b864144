"""The network that runs along a series: the same numbers as torch's cells row by row, and a state that goes on."""

import naive_stateful
import pytest
import torch

from sktsad.networks import StatefulNetwork

each_cell = pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
#: Without gradients, a GRU runs in a loop of our own.
each_mode = pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])


def network(cell="lstm", **arguments):
    torch.manual_seed(0)
    return (
        StatefulNetwork(3, (2,), cell, hidden_size=4, num_layers=2, dense_size=5, **arguments).double().eval()
    )


def rows(n_series, n_rows, seed=1):
    return torch.randn(
        n_series, n_rows, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )


@each_cell
@each_mode
def test_it_equals_cells_row_by_row(cell, mode):
    module, x = network(cell), rows(2, 7)
    with mode():
        outputs, state = module(x)
    assert outputs.shape == (2, 7, 2)
    for number in range(2):
        expected, states = naive_stateful.run(module, x[number])
        torch.testing.assert_close(outputs[number], expected)
        torch.testing.assert_close(state[number], naive_stateful.joined(states))
    assert state.shape == (2, *module.state_shape)


@each_cell
@each_mode
def test_it_goes_on_from_a_state_as_if_never_cut(cell, mode):
    module, x = network(cell), rows(2, 7)
    with mode():
        whole, end = module(x)
        first, state = module(x[:, :3])
        second, last = module(x[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(last, end)


@each_cell
def test_a_step_is_a_run_over_one_row(cell):
    module, x = network(cell, n_series=2, series_embedding=3), rows(3, 4)
    series = torch.tensor([1, -1, 0])
    state = module(rows(3, 4, seed=2), series=series)[1]
    for number in range(4):
        expected, after = module(x[:, number : number + 1], state, series)
        outputs, state = module.step(x[:, number], state, series)
        torch.testing.assert_close(outputs, expected[:, 0])
        torch.testing.assert_close(state, after)


@each_cell
def test_the_state_after_some_rows_of_each_series(cell):
    module, x = network(cell), rows(3, 7)
    before = module(rows(3, 4, seed=2))[1]
    states = module.end_state(x, torch.tensor([2, 7, 5]), before)
    for number, length in enumerate([2, 7, 5]):
        torch.testing.assert_close(states[number], module(x[:, :length], before)[1][number])


def test_the_vector_of_a_series_stands_beside_its_rows_and_unknown_series_have_the_mean():
    module, x = network(n_series=3, series_embedding=2), rows(4, 5)
    vectors = module.embedding.weight
    outputs = module(x, series=torch.tensor([2, 0, -1, 1]))[0]
    for number, vector in enumerate([vectors[2], vectors[0], vectors.mean(dim=0), vectors[1]]):
        beside = torch.cat([x[number], vector.expand(5, -1)], dim=1)
        torch.testing.assert_close(outputs[number], naive_stateful.run(module, beside)[0])
    torch.testing.assert_close(module(x)[0], module(x, series=torch.full((4,), -1))[0])


def test_a_series_without_a_number_has_no_vector():
    assert network(n_series=0, series_embedding=2).embedding is None
    assert network(n_series=3).embedding is None


def test_dropout_is_between_layers_and_before_outputs_and_not_inside_the_layers():
    module, x = network(dropout=0.5), rows(1, 5)
    outputs = module(x)[0]
    torch.testing.assert_close(outputs, network()(x)[0])  # not in use
    assert all(layer.dropout == 0 and layer.num_layers == 1 for layer in module.layers)  # torch's fused ones
    module.train()
    torch.manual_seed(1)
    assert not torch.allclose(module(x)[0], outputs)
    # The first layer is whole: what is dropped is what the second reads.
    first = module.layers[0](x.transpose(0, 1))[1][0]
    torch.testing.assert_close(module(x)[1][:, 0, 0], first[0])


@each_cell
def test_the_values_of_a_row_are_added_to_each_output(cell):
    torch.manual_seed(0)
    module = StatefulNetwork(3, (2, 3), cell, hidden_size=4, adds_row=True).double().eval()
    x = rows(2, 7)
    outputs, state = module(x)
    module.adds_row = False
    torch.testing.assert_close(outputs, module(x)[0] + x[:, :, None])
    module.adds_row = True
    torch.testing.assert_close(module.step(x[:, 0], state * 0)[0], outputs[:, 0])
