"""Clipped gradients and the learning rate of an update, without skorch's events of batches."""

import numpy as np
import pytest
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

from sktsad.neural._training import LeanNet, UpdateRule
from sktsad.neural._training._update_rule import one_cycle


class Recorder(torch.optim.SGD):
    """Keeps learning rates and gradients of all updates."""

    seen = None

    def step(self, closure=None):
        """Keep what there is."""
        if closure is not None:
            with torch.enable_grad():
                closure()
        gradient = torch.cat([w.grad.flatten() for group in self.param_groups for w in group["params"]])
        self.seen.append((self.param_groups[0]["lr"], gradient.norm().item()))


def trained(net_class=LeanNet, n_epochs=4, **rule):
    X = np.random.RandomState(0).normal(size=(100, 3)).astype(np.float32) * 100
    net = net_class(
        nn.Linear(3, 1),
        nn.MSELoss,
        optimizer=Recorder,
        lr=0.5,
        batch_size=10,
        max_epochs=n_epochs,
        train_split=None,
        verbose=0,
        callbacks=[("update_rule", UpdateRule(**rule))],
        callbacks__print_log=None,
    ).initialize()
    net.optimizer_.seen = []
    net.partial_fit(X, X[:, 0] if net_class is LeanNet else X[:, :1])
    assert net._can_be_lean() if net_class is LeanNet else True
    return net


@pytest.mark.parametrize("net_class", [LeanNet, NeuralNet], ids=["lean epoch", "epoch of skorch"])
def test_the_gradient_is_clipped(net_class):
    assert max(norm for _, norm in trained(net_class, max_grad_norm=None).optimizer_.seen) > 100
    norms = [norm for _, norm in trained(net_class, max_grad_norm=1.0).optimizer_.seen]
    np.testing.assert_allclose(norms, 1, rtol=1e-4)


def test_the_learning_rate_stays_or_rises_and_falls_once_and_comes_back():
    assert {rate for rate, _ in trained(max_grad_norm=None).optimizer_.seen} == {0.5}
    net = trained(max_grad_norm=None, one_cycle=True)
    rates = [rate for rate, _ in net.optimizer_.seen]
    np.testing.assert_allclose(rates, [0.5 * one_cycle(update / 40) for update in range(40)])
    assert net.optimizer_.param_groups[0]["lr"] == 0.5
    assert len(rates) == 40
    assert np.argmax(rates) == 12
    assert (np.diff(rates[:13]) > 0).all()
    assert (np.diff(rates[12:]) < 0).all()


@pytest.mark.parametrize(("progress", "share"), [(0, 1 / 25), (0.15, 0.52), (0.3, 1), (1, 1e-4)])
def test_shares_of_the_cycle(progress, share):
    assert one_cycle(progress) == pytest.approx(share)


def test_it_lets_go_of_the_optimizer():
    net = trained(max_grad_norm=1.0, one_cycle=True)
    assert not net.optimizer_._optimizer_step_pre_hooks


def test_no_event_of_batches_is_listened_to():
    for event in ("on_batch_begin", "on_batch_end", "on_grad_computed"):
        assert getattr(UpdateRule, event) is getattr(Callback, event)
