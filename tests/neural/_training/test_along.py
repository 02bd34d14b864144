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


@pytest.mark.parametrize("max_values", [1, 24, 100, 2**24])
def test_chunks_of_very_wide_rows_are_cut_and_nothing_else_changes(net, monkeypatch, max_values):
    bounds = np.arange(0, 101, 10)
    values = np.random.RandomState(0).normal(size=(100, 2))
    segments = Segments(values, bounds[:-1], bounds[1:], np.full(10, -1))
    ends = np.array([4, 29, 33, 99])

    def found():
        seen = np.empty(100)
        sizes = []

        def take(rows, some):
            seen[rows] = some
            sizes.append(3 * len(rows))  # the widest are the three units

        return seen, run_along(net, segments, 10, take, ends), sizes

    expected = found()
    monkeypatch.setattr(_along, "_MIN_LENGTH", 2)
    monkeypatch.setattr(_along, "_MAX_VALUES", max_values)
    outputs = found()
    for one, other in zip(expected[:2], outputs[:2], strict=True):
        np.testing.assert_allclose(one, other)
    assert max(outputs[2]) <= max(max_values, 6)  # two rows of one segment, if these are more
