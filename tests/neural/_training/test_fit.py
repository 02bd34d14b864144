"""Make a net, train it, run it over windows."""

import copy
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sktsad._core._windows import Windows
from sktsad.neural._training import (
    LeanNet,
    Network,
    TrainingOptions,
    WindowDataset,
    _fit,
    apply,
    forward,
    make_net,
    resume_net,
    run,
    train,
)

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(21, 3)).astype(np.float32)
TARGET = VALUES @ np.array([1.0, -2.0, 0.5], dtype=np.float32)
OPTIONS = TrainingOptions(
    batch_size=8,
    predict_batch_size=8,
    lr=0.1,
    optimizer="sgd",
    early_stopping=False,
    validation_fraction=0.2,
    device="cpu",
    dtype="float32",
    random_state=0,
    verbose=0,
    callbacks=None,
    net_params=None,
)


class Line(nn.Module):
    """A linear layer with a bias of its own and dropout on request."""

    def __init__(self, n_inputs=3, p=0.0):
        super().__init__()
        self.layers = nn.Sequential(nn.Dropout(p), nn.Linear(n_inputs, 1))

    def forward(self, X):
        assert X.requires_grad is False
        return self.layers(X)


def dataset(rows=slice(None)):
    return WindowDataset(Windows.from_dense(VALUES[rows], 1), TARGET[rows], input_shape=(3,))


def new_net(net_params=None, module_params=None, criterion=nn.MSELoss, seed=0, **options):
    network = Network(partial(Line, **(module_params or {})), criterion)
    return make_net(network, replace(OPTIONS, net_params=net_params, random_state=seed, **options))


def weights(net):
    return [weight.clone() for weight in net.module_.parameters()]


@pytest.mark.parametrize(
    "name, cls", [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD"), ("rmsprop", "RMSprop")]
)
def test_optimizers_go_by_their_names(name, cls):
    assert type(new_net(optimizer=name).optimizer_) is getattr(torch.optim, cls)


def test_an_optimizer_class_is_taken_as_it_is():
    assert type(new_net(optimizer=torch.optim.NAdam).optimizer_) is torch.optim.NAdam


def test_net_parameters_reach_skorch_the_optimizer_and_the_module():
    net = new_net({"optimizer__momentum": 0.5, "module__p": 0.25})
    assert net.optimizer_.param_groups[0]["momentum"] == 0.5
    assert net.module_.layers[0].p == 0.25


@pytest.mark.parametrize(
    "typo", ["optimizer__momentun", "modul__p", "module__q", "max_epoch", "criterion__reductio"]
)
def test_a_name_that_nobody_knows_is_refused_with_its_prefix(typo):
    with pytest.raises(ValueError, match=f"net__{typo}"):
        new_net({typo: 1})


@pytest.mark.parametrize(
    "name, fix",
    [
        ("lr", "lr"),
        ("criterion", "loss"),
        ("train_split", "validation_fraction"),
        ("max_epochs", "max_epochs"),
    ],
)
def test_a_name_that_the_estimator_has_itself_is_refused_with_that_name(name, fix):
    with pytest.raises(ValueError, match=rf"net__{name} cannot be set this way: use {fix}\."):
        new_net({name: 1})


def test_an_error_of_a_module_comes_through_where_no_net_parameter_is_to_blame():
    with pytest.raises(TypeError, match="unexpected keyword argument 'depth'"):
        new_net(module_params={"depth": 3})


@pytest.mark.parametrize("device", ["gpu-of-mine", "cuda:99"])
def test_a_device_that_torch_cannot_use_is_named(device):
    with pytest.raises(ValueError, match=f"device='{device}' cannot be used"):
        new_net(device=device)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_module_and_loss_have_the_same_precision(dtype):
    net = new_net(criterion=nn.BCEWithLogitsLoss(pos_weight=torch.ones(1)), dtype=dtype)
    assert {weight.dtype for weight in net.module_.parameters()} == {getattr(torch, dtype)}
    assert net.criterion_.pos_weight.dtype == getattr(torch, dtype)


def test_callbacks_are_copied():
    class Remembers(Callback):
        seen = None

        def on_train_begin(self, net, **kwargs):
            self.seen = len(net.history)

    mine = Remembers()
    net = train(new_net(callbacks=[mine]), dataset(), None, 2)
    assert mine.seen is None
    assert [cb.seen for _, cb in net.callbacks_ if isinstance(cb, Remembers)] == [0]


@pytest.mark.parametrize("wanted, patience", [(True, 5), (np.True_, 5), (1, 1), (9, 9)])
def test_early_stopping_has_a_patience_of_5_or_what_is_wanted(wanted, patience):
    stop = dict(new_net(early_stopping=wanted).callbacks_)["early_stopping"]
    assert stop.patience == patience


@pytest.mark.parametrize("unwanted", [False, np.False_])
def test_early_stopping_is_off_where_it_is_not_wanted(unwanted):
    assert "early_stopping" not in dict(new_net(early_stopping=unwanted).callbacks_)


def test_the_first_weights_depend_on_the_random_state_only():
    torch.manual_seed(0)
    first = weights(new_net(seed=5))
    torch.manual_seed(1)
    assert all(map(torch.equal, first, weights(new_net(seed=5))))
    assert not any(map(torch.equal, first, weights(new_net(seed=6))))


def test_training_goes_on_from_where_a_net_is():
    net = new_net()
    losses = [train(net, dataset(), None, 2).history[-1, "train_loss"] for _ in range(3)]
    assert losses[0] > losses[1] > losses[2]
    assert len(net.history) == 6


def test_a_copied_net_trains_as_the_net_itself_would():
    net = train(new_net(module_params={"p": 0.5}), dataset(), None, 2)
    twin = copy.deepcopy(net)
    train(twin, dataset(), None, 2)
    first = weights(twin)
    assert not any(map(torch.equal, first, weights(net)))
    assert all(map(torch.equal, first, weights(train(net, dataset(), None, 2))))


def test_a_trained_net_does_not_hold_the_rows_it_saw():
    net = train(new_net(), dataset(slice(12)), dataset(slice(12, None)), 2)
    assert net.history[-1, "valid_loss"] > 0
    assert net.train_split is None


def test_weights_that_are_not_finite_raise_and_name_the_learning_rate():
    with pytest.raises(ValueError, match=r"diverged.*StandardScaler.*lr=1e\+30"):
        train(new_net(lr=1e30), dataset(), None, 30)


@pytest.mark.parametrize("loader_params", [{}, {"iterator_train__shuffle": True}])
def test_a_torch_loader_can_feed_the_training(loader_params):
    net = new_net({"iterator_train": torch.utils.data.DataLoader, **loader_params})
    losses = train(net, dataset(), None, 20).history[:, "train_loss"]
    assert losses[-1] < 0.1 * losses[0]


def test_a_torch_loader_in_the_same_order_trains_the_same_bits():
    ours = train(new_net({"iterator_train__random_state": None}), dataset(), None, 2)
    torchs = train(new_net({"iterator_train": torch.utils.data.DataLoader}), dataset(), None, 2)
    assert all(map(torch.equal, weights(ours), weights(torchs)))


@pytest.mark.parametrize("batch_size", [1, 8, 21, 100])
def test_forward_runs_the_module_over_all_rows_without_dropout(batch_size):
    net = new_net(module_params={"p": 0.5})
    weight, bias = (value.detach().numpy() for value in net.module_.parameters())
    out = forward(net, dataset(), batch_size)
    assert isinstance(out, np.ndarray) and out.dtype == np.float32
    np.testing.assert_allclose(out, (VALUES @ weight.T + bias)[:, 0], atol=1e-6)


def test_forward_runs_whole_batches_only():
    sizes = []

    def measure(module, inputs):
        sizes.append(len(inputs))
        return inputs.flatten(1)

    out = forward(new_net(), dataset(), 8, measure)
    assert sizes == [8, 8, 8]
    np.testing.assert_array_equal(out, VALUES)


def test_what_forward_returns_does_not_depend_on_the_number_of_rows():
    net = new_net()
    together = forward(net, dataset(), 8)
    for row in range(len(VALUES)):
        np.testing.assert_array_equal(forward(net, dataset([row]), 8), together[[row]])


def test_apply_runs_a_function_of_the_module_in_its_own_precision():
    net = new_net(dtype="float64")
    read_only = VALUES.copy()
    read_only.flags.writeable = False  # torch warns where it shares such memory
    out = apply(net, read_only, lambda module, x: module(x))
    assert out.dtype == np.float64
    np.testing.assert_allclose(
        out[:, 0], forward(net, WindowDataset(dataset().windows, input_shape=(3,), dtype="float64"), 8)
    )


def test_a_net_class_and_defaults_of_skorch_can_be_given():
    class Own(LeanNet):
        pass

    network = Network(Line, partial(nn.MSELoss, reduction="none"), net_class=Own)
    net = make_net(network, replace(OPTIONS, net_params={"criterion__reduction": "sum"}))
    assert type(net) is Own
    assert net.criterion_.reduction == "sum"  # net__ comes on top


def test_a_module_without_a_net_runs_as_a_net_does():
    net = new_net()
    for batch_size in (4, 21, 100):
        alone = run(net.module_.train(), "cpu", dataset(), batch_size, lambda module, x: module(x)[:, 0])
        np.testing.assert_array_equal(alone, forward(net, dataset(), batch_size))
        assert not net.module_.training


def test_a_new_learning_rate_is_for_all_but_groups_with_one_of_their_own():
    groups = [("*nothing*", {"lr": 9.0}), ("*bias", {"lr": 0.5}), ("*weight", {"momentum": 0.9})]
    net = train(new_net({"optimizer__param_groups": groups}), dataset(), None, 2)
    assert [group["lr"] for group in net.optimizer_.param_groups] == [0.5, 0.1]
    net = resume_net(net, replace(OPTIONS, lr=0.2))
    assert [group["lr"] for group in net.optimizer_.param_groups] == [0.5, 0.2]
    assert [group["momentum"] for group in net.optimizer_.param_groups] == [0, 0.9]
    assert net.lr == 0.2
    plain = resume_net(new_net(), replace(OPTIONS, lr=0.3))
    assert [group["lr"] for group in plain.optimizer_.param_groups] == [0.3]


def test_one_row_does_not_cost_a_batch_of_any_size():
    seen = []

    def measure(module, inputs):
        seen.append(len(inputs))
        return module(inputs)

    one = dataset(slice(1))
    forward(new_net(), one, 100_000, measure)
    assert seen == [1024]
    expected = forward(new_net(), one, 8, measure)
    np.testing.assert_allclose(forward(new_net(), one, 100_000), expected[:, 0], rtol=1e-6)


def test_batches_of_very_wide_rows_are_cut(monkeypatch):
    seen = []
    monkeypatch.setattr(_fit, "_LARGEST_BATCH", 6)  # two rows of three values

    def measure(module, inputs):
        seen.append(len(inputs))
        return module(inputs)

    whole = forward(new_net(), dataset(slice(5)), 8, measure)
    assert seen == [2, 2, 2]
    assert len(whole) == 5
    net = train(new_net(early_stopping=True), dataset(), dataset(slice(5)), 1)
    assert net.history[-1]["valid_batch_count"] == 3
    net = train(new_net(early_stopping=True, predict_batch_size=1), dataset(), dataset(slice(5)), 1)
    assert net.history[-1]["valid_batch_count"] == 5


@pytest.mark.parametrize("given", [{}, None, "EarlyStopping", ("name",), ("name", 1), 3, print])
def test_callbacks_that_are_none_are_named(given):
    options = replace(OPTIONS, callbacks=[given])
    with pytest.raises(
        TypeError, match=r"callbacks contains .* which is not a callback: pass callbacks of skorch"
    ):
        make_net(Network(Line, nn.MSELoss), options)


@pytest.mark.parametrize("given", [Callback(), Callback, ("mine", Callback()), ("mine", Callback)])
def test_callbacks_come_as_instances_classes_or_pairs(given):
    make_net(Network(Line, nn.MSELoss), replace(OPTIONS, callbacks=[given]))


@pytest.mark.parametrize(
    ("part", "option", "instead"),
    [("iterator_train", "drop_last", "batch_size"), ("iterator_valid", "num_workers", "predict_batch_size")],
)
def test_options_that_whole_batches_have_not_are_named(part, option, instead):
    options = replace(OPTIONS, net_params={f"{part}__{option}": True})
    with pytest.raises(
        ValueError, match=rf"net__{part}__{option} is not an option.*Use {instead}, or.*DataLoader"
    ):
        make_net(Network(Line, nn.MSELoss), options)
    own = {f"{part}__{option}": 0, part: torch.utils.data.DataLoader}
    make_net(Network(Line, nn.MSELoss), replace(OPTIONS, net_params=own))


@pytest.mark.parametrize("optimizer", [dict, lambda *args, **kwargs: None, object])
def test_an_optimizer_that_is_none_is_named(optimizer):
    with pytest.raises(ValueError, match="optimizer="):
        make_net(Network(Line, nn.MSELoss), replace(OPTIONS, optimizer=optimizer))


def test_a_network_beyond_the_memory_says_so():
    def too_large():
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp] can't allocate memory: you tried to allocate 9 bytes"
        )

    with pytest.raises(MemoryError, match=r"does not fit into memory\. Choose a lower hidden_size"):
        make_net(Network(too_large, nn.MSELoss), OPTIONS)

    def broken():
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        make_net(Network(broken, nn.MSELoss), OPTIONS)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_a_fit_where_gradients_are_off_learns_all_the_same(mode):
    def fitted():
        net = make_net(Network(Line, partial(nn.MSELoss, reduction="none")), OPTIONS)
        return forward(train(net, dataset(), None, 2), dataset(), 8)

    right = fitted()
    with mode():
        assert np.array_equal(fitted(), right)
