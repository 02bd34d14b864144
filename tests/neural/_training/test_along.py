"""A net along segments of unequal lengths: each as if it were alone, and the states that are asked for."""

import itertools

import numpy as np
import pytest
import torch

from sktsad.networks import StatefulNetwork
from sktsad.neural._training import LeanNet, Segments, _along, run_along


@pytest.fixture
def net():
    torch.manual_seed(0)
    net = LeanNet(
        StatefulNetwork,
        torch.nn.MSELoss,
        module__n_channels=2,
        module__n_series=3,
        module__series_embedding=2,
        module__hidden_size=3,
    )
    net.initialize().module_.double().eval()
    return net


@pytest.mark.parametrize("batch_size", [1, 2, 10])
@pytest.mark.parametrize("goes_on", [False, True])
def test_outputs_and_states_are_those_of_each_segment_alone(net, monkeypatch, batch_size, goes_on):
    monkeypatch.setattr(_along, "_MAX_LENGTH", 6)
    monkeypatch.setattr(_along, "_MIN_LENGTH", 4)
    monkeypatch.setattr(_along, "_MAX_ROWS", 8)
    rng = np.random.RandomState(0)
    lengths = [5, 17, 1, 8, 8]
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    values, series = rng.normal(size=(bounds[-1], 2)), np.array([2, 0, 1, -1, 2])
    states = rng.normal(size=(5, *net.module_.state_shape)) if goes_on else None
    segments = Segments(values, bounds[:-1], bounds[1:], series, states)
    ends = np.unique([*(bounds[1:] - 1), 0, 5, 6, 9, 10, 11, 12, 13, 20])
    outputs = np.full(bounds[-1], np.nan)

    def take(rows, some):
        outputs[rows] = some

    found = run_along(net, segments, batch_size, take, ends)
    for number, (start, stop) in enumerate(itertools.pairwise(bounds)):
        x = torch.from_numpy(values[None, start:stop])
        state = None if states is None else torch.from_numpy(states[number : number + 1])
        which = torch.tensor([series[number]])
        expected = net.module_(x, state, which)[0][0]
        np.testing.assert_allclose(outputs[start:stop], expected.detach().numpy())
        for at, end in enumerate(ends):
            if start <= end < stop:
                expected = net.module_(x[:, : end - start + 1], state, which)[1][0]
                np.testing.assert_allclose(found[at], expected.detach().numpy())
    np.testing.assert_array_equal(run_along(net, segments, batch_size, None, ends), found)


def test_without_ends_there_are_no_states(net):
    segments = Segments(np.zeros((3, 2)), np.array([0]), np.array([3]), np.array([0]))
    assert run_along(net, segments, 1).size == 0
    assert run_along(net, segments, 1, ends=np.zeros(0, int)).size == 0
