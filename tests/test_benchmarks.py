"""Trainings that run side by side are those that the estimator does alone; the page of sources is up to date."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sktsad import TorchClassifier
from sktsad.networks import FocalLoss

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from _batched import Together, Training, groups
from sources import PAGE, page

SIZES = {0: 3, 1: 40, 2: 21}


def network(n_inputs):
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.Dropout(0.2), nn.ReLU(), nn.Linear(6, 3))


def without_dropout(n_inputs):
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.ReLU(), nn.Linear(6, 3))


@pytest.fixture(scope="module")
def rows():
    y = np.repeat(list(SIZES), list(SIZES.values()))
    X = np.random.default_rng(0).normal(size=(len(y), 4)) + y[:, None]
    return X.astype(np.float32), y


WAYS = {
    "squared_error": {},
    "mean_false_error": {"stratify": True},
    "focal": {"gamma": 2.0, "class_weight": np.array([5.0, 1.0, 1.0])},
    "weights": {"class_weight": np.array([5.0, 1.0, 2.0]), "share_weights": True},
}


def alone(module, way, rows, max_epochs=3, **options):
    loss = {"focal": FocalLoss(2.0, [5.0, 1.0, 1.0]), "weights": "squared_error"}.get(way, way)
    weight = {0: 5.0, 1: 1.0, 2: 2.0} if way == "weights" else None
    return (
        TorchClassifier(
            module, loss=loss, class_weight=weight, optimizer="sgd", lr=0.1, batch_size=10, **options
        )
        .set_params(max_epochs=max_epochs)
        .fit(*rows)
    )


def training(module, way, rows, seed, **options):
    options = {"epochs": 3, **WAYS[way], **options}
    return Training(("task", way, seed), module, *rows, n_classes=3, lr=0.1, batch_size=10, **options)


def assert_same_weights(one, model):
    for ours, theirs in zip(one.net.parameters(), model.net_.module_.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=0, atol=1e-5)


def checked(rows):
    return {3: tuple(map(torch.from_numpy, rows))}


@pytest.mark.parametrize("way", WAYS)
def test_one_network_with_dropout_is_trained_as_alone(way, rows):
    one = training(network, way, rows, seed=4)
    Together([one], "cpu").run(checked(rows))
    model = alone(network, way, rows, random_state=4)
    assert_same_weights(one, model)
    np.testing.assert_allclose(one.checks[-1][1], model.score(*rows), atol=1e-5)


def test_networks_side_by_side_do_not_touch_each_other(rows):
    trainings = [
        training(without_dropout, way, rows, seed)
        for way in WAYS
        if way != "mean_false_error"
        for seed in (0, 1)
    ]
    assert [len(group) for group in groups(trainings, 4)] == [4, 2]
    Together(trainings, "cpu").run(checked(rows))
    for one in trainings:
        _, way, seed = one.key
        assert_same_weights(one, alone(without_dropout, way, rows, random_state=seed))


def test_a_second_phase_goes_on_as_a_warm_start_does(rows):
    few = rows[0] + 1, rows[1].copy()
    first = training(without_dropout, "squared_error", few, seed=2)
    second = training(without_dropout, "squared_error", rows, seed=2, after=first)
    for [one] in groups([first, second], 2):
        Together([one], "cpu").run(checked(rows))
    model = alone(without_dropout, "squared_error", few, random_state=2, warm_start=True)
    model.fit(*rows)
    assert_same_weights(second, model)


def test_mean_squared_false_error(rows):
    X, y = rows[0][:43], rows[1][:43]
    one = Training(
        ("", "", 0),
        without_dropout_of_two,
        X,
        y,
        n_classes=2,
        epochs=2,
        lr=0.1,
        batch_size=10,
        stratify=True,
        power=2,
    )
    Together([one], "cpu").run({2: (torch.from_numpy(X), torch.from_numpy(y))})
    model = alone(without_dropout_of_two, "mean_squared_false_error", (X, y), max_epochs=2, random_state=0)
    assert_same_weights(one, model)


def without_dropout_of_two(n_inputs):
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.ReLU(), nn.Linear(6, 2))


def test_the_page_of_sources_says_what_is_kept():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python benchmarks/sources.py"
