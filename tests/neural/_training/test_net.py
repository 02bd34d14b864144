"""The lean epoch is skorch's own, bit for bit; skorch's own runs where something asks for it."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import f1_score
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
    TrainEndCheckpoint,
)
from torch import nn

from sktsad import AutoencoderDetector, RNNClassifier, TorchClassifier
from sktsad.neural._training import LeanNet, class_probabilities

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6))
Y = (X[:, -1] + 0.5 * RNG.normal(size=90) > 0.3).astype(int)
WEIGHT = RNG.uniform(0.1, 3, size=90)
SMALL = {"max_epochs": 3, "batch_size": 16, "predict_batch_size": 8, "lr": 0.05, "random_state": 0}
WATCH = {"early_stopping": 50, "validation_fraction": 0.3}


class ListensToBatches(Callback):
    def __init__(self):
        self.heard = []

    def on_batch_begin(self, net, batch, training, **kwargs):
        self.heard.append(("begin", training))

    def on_batch_end(self, net, batch, training, **kwargs):
        self.heard.append(("end", training))

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.heard.append(("grad", len(list(named_parameters)) > 0))


class ListensToEpochs(Callback):
    def __init__(self):
        self.train_losses = []

    def on_epoch_end(self, net, **kwargs):
        self.train_losses.append(net.history[-1, "train_loss"])


def ran_lean(estimator):
    """Tell whether lean epochs ran: skorch's own leave a record of each batch."""
    return all(len(batches) == 1 for batches in estimator.net_.history[:, "batches"])


def assert_same_training(one, other):
    state, same = one.net_.module_.state_dict(), other.net_.module_.state_dict()
    assert all(torch.equal(state[name], same[name]) for name in state)
    columns = set(one.net_.history[-1]) - {"batches", "dur"}
    assert (
        {"train_loss", "train_loss_best", "train_batch_count"}
        <= columns
        == set(other.net_.history[-1])
        - {
            "batches",
            "dur",
        }
    )
    for column in columns:
        assert one.net_.history[:, column] == other.net_.history[:, column]


CLASSIFIERS = {
    "lstm, adam, dropout": RNNClassifier(
        "lstm", hidden_size=5, dense_size=4, num_layers=2, dropout=0.3, **SMALL
    ),
    "gru, sgd": RNNClassifier(
        "gru", hidden_size=5, optimizer="sgd", net_params={"optimizer__momentum": 0.9}, **SMALL
    ),
    "dense, sgd": TorchClassifier(optimizer="sgd", **SMALL),
    "dense, adamw, float64": TorchClassifier(optimizer="adamw", dtype="float64", **SMALL),
}


@pytest.mark.parametrize("fit_params", [{}, {"sample_weight": WEIGHT}], ids=["", "weighted"])
@pytest.mark.parametrize("watch", [{}, WATCH], ids=["", "validated"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_lean_epoch_is_skorchs_own_bit_for_bit(monkeypatch, name, watch, fit_params):
    estimator = clone(CLASSIFIERS[name]).set_params(**watch)
    lean = clone(estimator).fit(X, Y, **fit_params)
    monkeypatch.setattr(LeanNet, "_can_be_lean", lambda self: False)
    own = clone(estimator).fit(X, Y, **fit_params)
    assert ran_lean(lean) and not ran_lean(own)
    assert ("valid_loss" in lean.net_.history[-1]) == bool(watch)
    assert_same_training(lean, own)


@pytest.mark.parametrize(
    "network, options",
    [
        ("dense", {"dropout": 0.2, "dropout_type": "gaussian"}),
        ("lstm", {"dropout": 0.2}),
        ("gru", {"decoder": "unroll", "recurrent_dropout": 0.2, "conv_channels": 3}),
    ],
    ids=str,
)
def test_a_lean_epoch_of_an_autoencoder_is_skorchs_own_bit_for_bit(monkeypatch, network, options):
    estimator = AutoencoderDetector(
        network,
        hidden_sizes=(4, 2),
        noise=0.1,
        early_stopping=50,
        validation_fraction=0.4,
        **options,
        **SMALL,
    )
    lean = clone(estimator).fit(X)
    monkeypatch.setattr(LeanNet, "_can_be_lean", lambda self: False)
    own = clone(estimator).fit(X)
    assert ran_lean(lean) and not ran_lean(own)
    assert_same_training(lean, own)


def test_a_listener_changes_nothing_and_hears_every_batch():
    quiet = TorchClassifier(**SMALL, **WATCH).fit(X, Y)
    heard_by = TorchClassifier(callbacks=[("ear", ListensToBatches())], **SMALL, **WATCH).fit(X, Y)
    assert_same_training(quiet, heard_by)
    heard = dict(heard_by.net_.callbacks_)["ear"].heard
    trained = [("begin", True), ("grad", True), ("end", True)] * 4  # 63 rows
    validated = [("begin", False), ("end", False)] * 4  # 27 rows
    assert heard == (trained + validated) * 3


def test_a_listener_to_epochs_leaves_them_lean():
    model = TorchClassifier(callbacks=[("ear", ListensToEpochs())], **SMALL).fit(X, Y)
    assert ran_lean(model)
    assert dict(model.net_.callbacks_)["ear"].train_losses == model.net_.history[:, "train_loss"]


def test_a_listener_that_was_made_by_setting_an_attribute_is_heard_too():
    listener = ListensToEpochs()
    listener.on_batch_end = lambda net, **kwargs: net.history.record("heard", True)
    model = TorchClassifier(callbacks=[listener], **SMALL).fit(X, Y)
    assert model.net_.history[:, "heard"] == [True] * 3


def test_batches_of_a_lean_epoch_are_forgotten_also_where_training_stops_early():
    model = TorchClassifier(**{**SMALL, "lr": 10, "max_epochs": 50}, early_stopping=1).fit(X, Y)
    assert 1 < len(model.net_.history) < 50
    assert ran_lean(model)


@pytest.mark.parametrize(
    "callback, params",
    [(Checkpoint, {"lr": 0.5, "early_stopping": 50, "max_epochs": 12}), (TrainEndCheckpoint, {})],
)
def test_checkpoints_of_skorch_keep_what_is_trained(callback, params, tmp_path):
    params = {**SMALL, **params}
    model = TorchClassifier(callbacks=[callback(dirname=str(tmp_path))], **params).fit(X, Y)
    assert ran_lean(model)
    other = TorchClassifier(**{**params, "max_epochs": 1}).fit(X, Y)
    prefix = "train_end_" if callback is TrainEndCheckpoint else ""
    other.net_.load_params(f_params=tmp_path / f"{prefix}params.pt")
    np.testing.assert_array_equal(other.decision_function(X), model.decision_function(X))


def test_gradient_clipping_clips():
    free = TorchClassifier(optimizer="sgd", **SMALL).fit(X, Y)
    clipped = TorchClassifier(optimizer="sgd", callbacks=[GradientNormClipping(1e-12)], **SMALL).fit(X, Y)
    untrained = TorchClassifier(optimizer="sgd", **{**SMALL, "lr": 1e-12}).fit(X, Y)
    same = [
        torch.allclose(w, v)
        for w, v in zip(clipped.net_.module_.parameters(), untrained.net_.module_.parameters(), strict=True)
    ]
    assert all(same)
    assert not np.allclose(free.decision_function(X), clipped.decision_function(X))


def test_a_learning_rate_schedule_by_batch_steps_every_batch():
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5, step_every="batch")
    model = TorchClassifier(callbacks=[schedule], **SMALL).fit(X, Y)
    n_batches = 3 * 6
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.05 * 0.5**n_batches


def test_a_progress_bar_knows_the_number_of_batches(capsys):
    pytest.importorskip("tqdm")
    TorchClassifier(callbacks=[ProgressBar(detect_notebook=False)], **SMALL).fit(X, Y)
    assert "0/6" in capsys.readouterr().err


def test_skorchs_scoring_on_the_validation_rows_is_scikit_learns():
    callbacks = [("f1", EpochScoring("f1", name="valid_f1", lower_is_better=False))]
    model = TorchClassifier(callbacks=callbacks, **{**SMALL, "max_epochs": 5}, **WATCH).fit(X, Y)
    scores = model.net_.history[:, "valid_f1"]
    last_rows = slice(63, None)
    best = int(np.argmin(model.net_.history[:, "valid_loss"]))  # whose weights were kept
    assert scores[best] == pytest.approx(f1_score(Y[last_rows], model.predict(X[last_rows])))
    assert scores[best] > 0.5


def test_an_optimizer_that_needs_a_closure_runs_skorchs_own_epochs():
    model = TorchClassifier(
        optimizer=torch.optim.LBFGS, **{**SMALL, "lr": 0.1, "batch_size": 45, "max_epochs": 6}
    ).fit(X, Y)
    losses = model.net_.history[:, "train_loss"]
    assert not ran_lean(model)
    assert losses[-1] < 0.5 * losses[0]


class StepsOnly(torch.optim.SGD):
    def step(self):
        super().step()


class NeedsItsOwnClosure(torch.optim.SGD):
    def step(self, evaluate):
        return super().step(evaluate)


@pytest.mark.parametrize("optimizer, is_lean", [(StepsOnly, True), (NeedsItsOwnClosure, False)])
def test_whether_an_optimizer_needs_a_closure_is_read_off_its_step(optimizer, is_lean):
    model = TorchClassifier(optimizer=optimizer, **SMALL).fit(X, Y)
    assert ran_lean(model) == is_lean
    assert_same_training(model, TorchClassifier(optimizer="sgd", **SMALL).fit(X, Y))


class Identity(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, X):
        return self.scale * X


def identity_net(criterion):
    return LeanNet(Identity, criterion, train_split=None).initialize()


@pytest.mark.parametrize("n_outputs", [None, 3])
def test_the_loss_is_the_mean_over_rows_by_their_weights(n_outputs):
    shape = (5,) if n_outputs is None else (5, n_outputs)
    output, target = (torch.from_numpy(RNG.normal(size=shape)) for _ in range(2))
    weight = torch.tensor([0.0, 1.0, 2.0, 0.5, 7.0])
    loss = identity_net(nn.MSELoss(reduction="none")).get_loss(output, target, {"sample_weight": weight})
    by_row = [float(((o - t) ** 2).mean()) for o, t in zip(output, target, strict=True)]
    assert loss == pytest.approx(np.average(by_row, weights=weight))
    unweighted = identity_net(nn.MSELoss(reduction="none")).get_loss(output, target, output)
    assert unweighted == pytest.approx(np.mean(by_row))


def test_a_loss_that_averages_by_itself_leaves_no_room_for_weights():
    net = identity_net(nn.MSELoss())
    output, target = torch.ones(4), torch.zeros(4)
    assert net.get_loss(output, target, output) == 1
    with pytest.raises(ValueError, match="reduction='none'"):
        net.get_loss(output, target, {"sample_weight": torch.ones(4)})


@pytest.mark.parametrize(
    "shape, expected", [((4, 1), (4,)), ((4,), (4,)), ((4, 2), (4, 2)), ((4, 1, 1), (4, 1, 1))]
)
def test_only_a_single_logit_loses_its_axis(shape, expected):
    assert identity_net(nn.MSELoss).infer(torch.zeros(shape)).shape == expected


def test_one_logit_is_the_log_odds_of_class_1():
    probability = class_probabilities(torch.tensor([0.0, np.log(3.0), -2000.0, 2000.0], dtype=torch.float64))
    np.testing.assert_allclose(probability, [[0.5, 0.5], [0.25, 0.75], [1, 0], [0, 1]], atol=1e-12)


def test_logits_of_each_class_become_probabilities_by_softmax():
    logits = RNG.normal(size=(6, 3))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(class_probabilities(torch.from_numpy(logits)), expected)
