"""Losses: one number for each row, or element."""

import numpy as np
import pytest
import torch

from sktsad.networks import CrossEntropy, ForecastError, ReconstructionError

RNG = np.random.default_rng(0)


def test_cross_entropy_of_one_logit_is_minus_the_log_probability_of_the_label():
    logits, target = RNG.normal(size=6), np.array([0.0, 1, 1, 0, 1, 0])
    probability = 1 / (1 + np.exp(-logits))
    expected = [-np.log(p if t else 1 - p) for p, t in zip(probability, target, strict=True)]
    np.testing.assert_allclose(CrossEntropy()(torch.from_numpy(logits), torch.from_numpy(target)), expected)


def test_cross_entropy_of_logits_of_each_class_is_minus_the_log_of_the_softmax():
    logits, target = RNG.normal(size=(6, 3)), np.array([0, 1, 2, 0, 1, 2])
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = [-np.log(p[t]) for p, t in zip(probability, target, strict=True)]
    np.testing.assert_allclose(CrossEntropy()(torch.from_numpy(logits), torch.from_numpy(target)), expected)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_cross_entropy_stays_finite_for_extreme_logits(n_classes):
    logits = torch.tensor([[-1e4, 1e4]] if n_classes == 2 else [[-1e4, 1e4, 0.0]])
    assert CrossEntropy()(logits, torch.tensor([0])) == pytest.approx(2e4)
    assert CrossEntropy()(torch.tensor([1e4]), torch.tensor([0.0])) == pytest.approx(1e4)


@pytest.mark.parametrize("error, of_difference", [("mse", np.square), ("mae", np.abs)])
def test_a_reconstruction_error_is_that_of_each_element(error, of_difference):
    output, target = RNG.normal(size=(2, 4, 3, 2))
    errors = ReconstructionError(error)(torch.from_numpy(output), torch.from_numpy(target))
    np.testing.assert_allclose(errors, of_difference(output - target))


@pytest.mark.parametrize("error, of_difference", [("mse", np.square), ("mae", np.abs)])
@pytest.mark.parametrize("horizon", [1, 2])
def test_a_forecast_error_is_that_of_the_last_rows(error, of_difference, horizon):
    output, target = RNG.normal(size=(4, horizon, 2)), RNG.normal(size=(4, 5, 2))
    errors = ForecastError(error)(torch.from_numpy(output), torch.from_numpy(target))
    np.testing.assert_allclose(errors, of_difference(output - target[:, -horizon:]))
