"""Nets that carry a state: gradients within a chunk, states beyond."""

import naive_stateful
import numpy as np
import pytest
import torch

from sktsad.networks import CrossEntropy, ReconstructionError, StatefulNetwork
from sktsad.neural._training import (
    Segments,
    StatefulClassifierNet,
    StatefulNet,
    StrandDataset,
    StrandLoader,
    _strands,
)

RNG = np.random.RandomState(0)
VALUES = RNG.normal(size=(24, 2))
TARGET = RNG.randint(0, 2, size=24)
WEIGHT = RNG.uniform(0.5, 2, size=24)


def net_and_loader(cell, **optimizer):
    """Return a net, and a loader of two chunks: 6 rows of each of two series of 12."""
    segments = Segments(VALUES, np.array([0, 12]), np.array([12, 24]), np.array([0, 1]))
    dataset = StrandDataset(segments, TARGET >= 0, TARGET, WEIGHT, chunk_size=6, strand_length=12, warm_up=0)
    torch.manual_seed(0)
    net = StatefulClassifierNet(
        StatefulNetwork,
        CrossEntropy,
        module__n_channels=2,
        module__cell=cell,
        module__hidden_size=3,
        module__num_layers=2,
        train_split=None,
        verbose=0,
        **optimizer,
    ).initialize()
    net.module_.double()
    return net, StrandLoader(dataset, 2)


def net_and_chunks(cell, **optimizer):
    net, loader = net_and_loader(cell, **optimizer)
    return net, list(loader)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_gradients_of_a_chunk_are_those_of_the_naive_loop_from_the_state_before(cell):
    net, ((first, _), (second, target)) = net_and_chunks(cell)
    with torch.no_grad():
        net.infer(first)
    loss = net.get_loss(net.infer(second), target, X=second, training=True)
    loss.backward()
    gradients = [weight.grad.clone() for weight in net.module_.parameters()]

    net.module_.zero_grad()
    losses, weights = [], []
    for start in (0, 12):
        with torch.no_grad():
            _, states = naive_stateful.run(net.module_, torch.from_numpy(VALUES[start : start + 6]))
        rows = slice(start + 6, start + 12)
        logits, _ = naive_stateful.run(net.module_, torch.from_numpy(VALUES[rows]), states)
        targets = torch.from_numpy(TARGET[rows]).double()
        losses.append(CrossEntropy()(logits, targets))
        weights.append(torch.from_numpy(WEIGHT[rows]))
    weight = torch.cat(weights)
    total = (weight * torch.cat(losses)).sum()
    torch.testing.assert_close(loss, total / weight.sum())
    (total / (WEIGHT.sum() / 2)).backward()  # a chunk counts by what its rows weigh
    for found, weight in zip(gradients, net.module_.parameters(), strict=True):
        torch.testing.assert_close(found, weight.grad)


def test_a_chunk_that_is_run_twice_starts_twice_from_the_same_state():
    net, ((first, _), (second, _)) = net_and_chunks("lstm")
    net.infer(first)
    torch.testing.assert_close(net.infer(second), net.infer(second))


def test_an_optimizer_that_runs_the_chunk_several_times_trains():
    net, chunks = net_and_chunks("gru", optimizer=torch.optim.LBFGS, optimizer__max_iter=5)
    first, target = chunks[0]
    before = net.get_loss(net.infer(first), target, X=first).detach()
    for batch in chunks:
        net.train_step(batch)
    assert net.get_loss(net.infer(first), target, X=first) < before


def test_a_chunk_in_which_no_row_counts_is_run_and_learnt_nothing_from():
    net, ((first, target), _) = net_and_chunks("lstm")
    none = type(first)(first.X, first.series, torch.arange(0), None, False, 2)
    loss = net.get_loss(net.infer(none), target[:0], X=none, training=True)
    loss.backward()
    assert loss == 0
    assert all((weight.grad == 0).all() for weight in net.module_.parameters())
    assert len(net._after[0]) == 2


def test_no_state_is_kept_after_an_epoch():
    net, loader = net_and_loader("lstm")
    net.history.new_epoch()
    net.run_single_epoch(loader, training=False, prefix="valid", step_fn=net.validation_step)
    assert net._chunk is net._before is None
    assert net._after == ()


def forecasts(values):
    """Return a training of two epochs on forecasts of two rows: weights, losses, and how many values each took."""
    starts, stops = np.array([0, 9, 22, 35]), np.array([9, 22, 35, 60])
    segments = Segments(values, starts, stops, np.arange(4), RNG.normal(size=(4, 2, 1, 3)))
    dataset = StrandDataset(
        segments, np.arange(60) % 7 != 3, horizon=2, chunk_size=6, strand_length=12, warm_up=2
    )
    torch.manual_seed(0)
    net = StatefulNet(
        StatefulNetwork,
        ReconstructionError,
        module__n_channels=2,
        module__output_shape=(2, 2),
        module__hidden_size=3,
        train_split=None,
        verbose=0,
    ).initialize()
    net.module_.double()
    for seed in range(2):
        net.history.new_epoch()
        loader = StrandLoader(dataset, 3, np.random.RandomState(seed))
        net.run_single_epoch(loader, training=True, prefix="train", step_fn=net.train_step)
    batches = [(batch["train_loss"], batch["train_batch_size"]) for batch in net.history[0]["batches"]]
    return torch.cat([weight.detach().flatten() for weight in net.module_.parameters()]), np.array(batches).T


def test_chunks_of_many_values_are_learnt_from_in_parts(monkeypatch):
    values = RNG.normal(size=(60, 2))
    RNG.seed(1)
    weights, (losses, sizes) = forecasts(values)
    monkeypatch.setattr(_strands, "_MAX_VALUES", 6 * 2 * 2)  # those of one lane
    RNG.seed(1)
    found, (losses_of_parts, sizes_of_parts) = forecasts(values)
    assert len(sizes_of_parts) > len(sizes)
    assert sizes_of_parts.max() <= 6 * 2 < sizes.max()
    assert sizes_of_parts.sum() == sizes.sum()
    np.testing.assert_allclose(losses_of_parts @ sizes_of_parts, losses @ sizes)
    torch.testing.assert_close(found, weights)
