"""Forecast of the last rows of a window."""

import pytest
import torch

from sktsad.networks import CELLS, Forecaster, RecurrentNetwork

torch.manual_seed(0)
WINDOWS = torch.randn(3, 7, 2)


@pytest.mark.parametrize("horizon", [1, 3, 6])
@pytest.mark.parametrize("cell", CELLS)
def test_a_forecast_is_a_recurrent_network_over_the_rows_before(cell, horizon):
    module = Forecaster(2, horizon, cell=cell, hidden_size=4, pooling="last_max", bidirectional=True)
    plain = RecurrentNetwork(2, horizon * 2, cell=cell, hidden_size=4, pooling="last_max", bidirectional=True)
    plain.load_state_dict(module.state_dict())
    expected = plain(WINDOWS[:, : 7 - horizon]).reshape(3, horizon, 2)
    torch.testing.assert_close(module(WINDOWS), expected)


def test_the_network_does_not_see_the_rows_that_it_predicts():
    module, changed = Forecaster(2, 2, hidden_size=4), WINDOWS.clone()
    changed[:, -2:] = torch.nan
    assert torch.equal(module(changed), module(WINDOWS))
    changed[:, -3] = 7
    assert not torch.equal(module(changed.nan_to_num()), module(WINDOWS))
