"""Dense networks."""

import pytest
import torch
from torch import nn

from sktsad.networks import DenseClassifier, GaussianDropout
from sktsad.networks._dense import dense_layers


def test_a_dense_classifier_flattens_its_input_and_has_one_hidden_layer():
    module = DenseClassifier(6, 3, hidden_size=5)
    assert [type(layer) for layer in module.layers] == [nn.Linear, nn.ReLU, nn.Linear]
    rows = torch.rand(4, 3, 2)
    hidden = (rows.reshape(4, 6) @ module.layers[0].weight.T + module.layers[0].bias).clamp(min=0)
    torch.testing.assert_close(module(rows), hidden @ module.layers[2].weight.T + module.layers[2].bias)


@pytest.mark.parametrize("name, activation", [("relu", nn.ReLU), ("selu", nn.SELU), ("tanh", nn.Tanh)])
@pytest.mark.parametrize(
    "kind, dropout", [("standard", nn.Dropout), ("gaussian", GaussianDropout), ("alpha", nn.AlphaDropout)]
)
def test_activation_and_dropout_stand_between_layers_only(name, activation, kind, dropout):
    layers = dense_layers([5, 4, 3, 2], name, 0.25, kind)
    between = [nn.Linear, activation, dropout]
    assert [type(layer) for layer in layers] == [*between, *between, nn.Linear]
    without = dense_layers([5, 4, 2], name)
    assert [type(layer) for layer in without] == [nn.Linear, activation, nn.Linear]


def test_selu_starts_with_weights_of_the_variance_that_keeps_it_normal():
    linear = dense_layers([400, 300], "selu")[0]
    assert float(linear.weight.detach().std()) == pytest.approx(400**-0.5, rel=0.02)
    assert not linear.bias.any()
