"""Dense networks."""

import torch
from torch import nn

from sktsad.networks import DenseClassifier


def test_a_dense_classifier_flattens_its_input_and_has_one_hidden_layer():
    module = DenseClassifier(6, 3, hidden_size=5)
    assert [type(layer) for layer in module.layers] == [nn.Linear, nn.ReLU, nn.Linear]
    rows = torch.rand(4, 3, 2)
    hidden = (rows.reshape(4, 6) @ module.layers[0].weight.T + module.layers[0].bias).clamp(min=0)
    torch.testing.assert_close(module(rows), hidden @ module.layers[2].weight.T + module.layers[2].bias)
