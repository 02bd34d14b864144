"""Dropout of several kinds."""

import pytest
import torch

from sktsad.networks import GaussianDropout
from sktsad.networks._dense import dense_layers
from sktsad.networks._dropout import DROPOUTS

torch.manual_seed(0)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5])
def test_gaussian_dropout_keeps_the_mean_and_has_the_variance_of_dropout(p):
    x = torch.full((400, 500), 3.0)
    noisy, dropped = GaussianDropout(p)(x), torch.nn.Dropout(p)(x)
    assert float(noisy.mean()) == pytest.approx(3, abs=0.05)
    assert float(noisy.std()) == pytest.approx(3 * (p / (1 - p)) ** 0.5, abs=0.05)
    assert float(noisy.std()) == pytest.approx(float(dropped.std()), abs=0.05)


@pytest.mark.parametrize("name", DROPOUTS)
def test_dropout_of_any_kind_works_while_training_only(name):
    x = torch.rand(20, 30)
    layer = DROPOUTS[name](0.4)
    before = x.clone()
    assert not torch.equal(layer(x), x)
    assert torch.equal(x, before)
    assert torch.equal(layer.eval()(x), x)


@pytest.mark.parametrize("p", [0.0, 0.1])
def test_selu_with_alpha_dropout_keeps_values_normal_in_a_deep_stack(p):
    stack = dense_layers([256] * 21, "selu", p, "alpha")
    values = stack(torch.randn(1000, 256)).detach()
    assert float(values.mean()) == pytest.approx(0, abs=0.1)
    assert float(values.std()) == pytest.approx(1, abs=0.15)


def test_without_its_own_weights_and_dropout_the_stack_would_not_stay_normal():
    for other in (("relu", 0.0, "standard"), ("selu", 0.2, "standard")):
        values = dense_layers([256] * 21, *other)(torch.randn(1000, 256)).detach()
        assert abs(float(values.std()) - 1) > 0.2
