"""A net for variational autoencoders: epochs for the criterion, and the parts of the loss in the history."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sktsad import VAEDetector
from sktsad.neural._training import VariationalNet

RNG = np.random.default_rng(0)
X = np.sin(np.arange(160)[:, None] / 3 + np.arange(6)) + 0.1 * RNG.normal(size=(160, 6))
SMALL = {"hidden_sizes": (6, 2), "max_epochs": 6, "batch_size": 50, "lr": 0.01, "random_state": 0}
WATCH = {"early_stopping": 50, "validation_fraction": 0.25}
PARTS = ("reconstruction_loss", "kl_loss")


class ListensToBatches(Callback):
    """Makes skorch's own epoch run, and keeps what it sees."""

    def __init__(self):
        self.heard = []

    def on_batch_end(self, net, batch, training, **kwargs):
        self.heard.append((training, len(batch[0]), net.criterion_.epoch))


def fit(**options):
    return VAEDetector(**{**SMALL, **options}).fit(X).net_


@pytest.mark.parametrize("callbacks", [None, [ListensToBatches()]], ids=["lean", "skorch's own"])
@pytest.mark.parametrize("watch", [{}, WATCH], ids=["", "validated"])
@pytest.mark.parametrize("warmup", [0, 4])
def test_the_loss_is_the_sum_of_its_parts_with_the_weight_of_the_epoch(callbacks, watch, warmup):
    net = fit(kl_weight=0.5, kl_warmup=warmup, callbacks=callbacks, **watch)
    history = net.history
    assert isinstance(net, VariationalNet)
    weights = np.minimum(1, np.arange(1, 7) / warmup) * 0.5 if warmup else np.full(6, 0.5)
    parts = [np.array(history[:, f"train_{name}"]) for name in PARTS]
    np.testing.assert_allclose(history[:, "train_loss"], parts[0] + weights * parts[1], rtol=1e-5)
    assert all((part > 0).all() for part in parts)
    if not watch:
        assert "valid_kl_loss" not in history[-1]
        return
    parts = [np.array(history[:, f"valid_{name}"]) for name in PARTS]
    np.testing.assert_allclose(history[:, "valid_loss"], parts[0] + 0.5 * parts[1], rtol=1e-5)


@pytest.mark.parametrize("options", [{}, WATCH, {"kl_warmup": 3, "network": "gru"}], ids=str)
def test_a_lean_epoch_is_skorchs_own_bit_for_bit(options):
    lean, own = fit(**options), fit(callbacks=[("ear", ListensToBatches())], **options)
    assert {len(batches) for batches in lean.history[:, "batches"]} == {1}
    assert min(len(batches) for batches in own.history[:, "batches"]) > 1
    state, same = lean.module_.state_dict(), own.module_.state_dict()
    assert all((state[name] == same[name]).all() for name in state)
    for name in ("train_loss", *(f"train_{part}" for part in PARTS)):
        assert lean.history[:, name] == own.history[:, name]


def test_the_criterion_knows_the_epoch_at_every_batch():
    net = fit(callbacks=[("ear", ListensToBatches())], max_epochs=2, **WATCH)
    train, valid = [(True, 50), (True, 50), (True, 20)], [(False, 40)]
    expected = [(*batch, epoch) for epoch in (1, 2) for batch in (*train, *valid)]
    assert dict(net.callbacks_)["ear"].heard == expected


def test_the_warm_up_goes_on_where_training_is_taken_up_again():
    detector = VAEDetector(warm_start=True, kl_weight=1.0, kl_warmup=4, **{**SMALL, "max_epochs": 2})
    history = detector.fit(X).fit(X).net_.history
    parts = [np.array(history[:, f"train_{name}"]) for name in PARTS]
    expected = parts[0] + np.array([0.25, 0.5, 0.75, 1]) * parts[1]
    np.testing.assert_allclose(history[:, "train_loss"], expected, rtol=1e-5)


@pytest.mark.parametrize("callbacks", [None, [ListensToBatches()]], ids=["lean", "skorch's own"])
def test_nothing_of_an_epoch_stays_behind(callbacks):
    net = fit(callbacks=callbacks, **WATCH)
    assert net.criterion_.parts == {}
    assert not any(isinstance(value, torch.Tensor) for value in vars(net).values())


def test_parts_are_printed_with_the_losses(capsys):
    fit(verbose=1, max_epochs=1)
    head = capsys.readouterr().out.splitlines()[0]
    assert all(f"train_{name}" in head for name in PARTS)
