"""Variational autoencoder and its loss."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as torchs_kl_divergence

from sktsad.networks import VariationalAutoencoder, VariationalLoss, kl_divergence

torch.manual_seed(0)
LENGTH, CHANNELS, N_CODE = 5, 2, 3
WINDOWS = torch.randn(4, LENGTH, CHANNELS, dtype=torch.float64)
MEAN, LOG_VARIANCE = torch.randn(2, 4, N_CODE, dtype=torch.float64)

NETWORKS = {
    name: lambda name=name, **options: VariationalAutoencoder(
        LENGTH, CHANNELS, (6, N_CODE), network=name, **options
    ).double()
    for name in ("dense", "rnn", "lstm", "gru")
}
each_network = pytest.mark.parametrize("name", NETWORKS)


def test_the_divergence_is_torchs_from_the_standard_normal():
    codes = Normal(MEAN, torch.exp(LOG_VARIANCE / 2))
    standard = Normal(torch.zeros_like(MEAN), torch.ones_like(MEAN))
    torch.testing.assert_close(
        kl_divergence(MEAN, LOG_VARIANCE), torchs_kl_divergence(codes, standard).sum(dim=1)
    )
    assert not kl_divergence(torch.zeros(2, 3), torch.zeros(2, 3)).any()


@each_network
def test_in_use_a_window_goes_to_its_mean_code_and_back(name):
    module = NETWORKS[name]().eval()
    reconstruction, mean, log_variance = module(WINDOWS)
    assert mean.shape == log_variance.shape == (4, N_CODE)
    assert torch.equal(mean, module.encode(WINDOWS))
    assert not torch.equal(mean, log_variance)
    assert torch.equal(reconstruction, module.decode(mean))
    assert reconstruction.shape == WINDOWS.shape


@each_network
def test_while_training_a_code_is_drawn_for_each_window(name):
    module = NETWORKS[name]()
    torch.manual_seed(1)
    reconstruction, mean, log_variance = module(WINDOWS)
    torch.manual_seed(1)
    code = mean + log_variance.exp().sqrt() * torch.randn(4, N_CODE, dtype=torch.float64)
    torch.testing.assert_close(reconstruction, module.decode(code))
    assert not torch.equal(module(WINDOWS)[0], reconstruction)


@each_network
def test_a_variance_is_not_tied_to_the_mean(name):
    """Codes of one mean can have any variance: the encoder's last layer has room for both."""
    module = NETWORKS[name]()
    both = torch.cat([module.mean.weight, module.log_variance.weight]).detach()
    assert both.shape == (2 * N_CODE, 2 * N_CODE)
    assert int(torch.linalg.matrix_rank(both)) == 2 * N_CODE
    assert module.autoencoder.encode(WINDOWS).shape == (4, 2 * N_CODE)


def test_draws_have_the_mean_and_the_variance_of_the_code():
    module = NETWORKS["dense"]()
    module.decode = lambda code: code
    window = WINDOWS[:1].expand(20_000, -1, -1)
    codes, mean, log_variance = (part.detach() for part in module(window))
    torch.testing.assert_close(codes.mean(dim=0), mean[0], atol=0.05, rtol=0)
    torch.testing.assert_close(codes.var(dim=0), log_variance[0].exp(), rtol=0.05, atol=0)


def test_noise_is_added_while_training_only():
    module = NETWORKS["dense"](noise=0.5)
    assert module.autoencoder.noise == 0
    assert not torch.equal(module(WINDOWS)[1], module(WINDOWS)[1])
    module.eval()
    assert torch.equal(module(WINDOWS)[1], module(WINDOWS)[1])


def test_without_draws_the_mean_code_is_reconstructed():
    module = NETWORKS["dense"]()
    (reconstruction,) = module.reconstructions(MEAN, LOG_VARIANCE)
    assert torch.equal(reconstruction, module.decode(MEAN))


def test_draws_are_the_same_for_every_window_and_at_every_call():
    module = NETWORKS["dense"](n_draws=3)
    assert module.draws.shape == (3, N_CODE) and module.draws.dtype == torch.float64
    first, again = (list(module.reconstructions(MEAN, LOG_VARIANCE)) for _ in range(2))
    assert len(first) == 3
    for draw, reconstruction, same in zip(module.draws, first, again, strict=True):
        assert torch.equal(reconstruction, same)
        codes = [
            mean + torch.exp(variance / 2) * draw for mean, variance in zip(MEAN, LOG_VARIANCE, strict=True)
        ]
        torch.testing.assert_close(reconstruction, module.decode(torch.stack(codes)))


def test_draws_are_kept_with_the_weights_but_not_learnt():
    module = NETWORKS["dense"](n_draws=3)
    assert "draws" in module.state_dict()
    assert not any(weight is module.draws for weight in module.parameters())


@pytest.mark.parametrize(
    "loss, of_difference", [("squared_error", torch.square), ("absolute_error", torch.abs)]
)
def test_the_loss_is_error_and_weighted_divergence_per_value_of_the_window(loss, of_difference):
    loss = VariationalLoss(loss, kl_weight=0.5)
    output = torch.randn_like(WINDOWS)
    expected_error = of_difference(output - WINDOWS).mean(dim=(1, 2))
    divergence = kl_divergence(MEAN, LOG_VARIANCE) / (LENGTH * CHANNELS)
    rows = loss((output, MEAN, LOG_VARIANCE), WINDOWS)
    assert rows.shape == (4,)
    torch.testing.assert_close(rows, expected_error + 0.5 * divergence)
    assert float(loss.parts["reconstruction_loss"]) == pytest.approx(float(expected_error.mean()))
    assert float(loss.parts["kl_loss"]) == pytest.approx(float(divergence.mean()))


def test_with_mse_and_weight_2_it_is_twice_the_negative_evidence_lower_bound_per_value():
    output = torch.randn_like(WINDOWS)
    log_likelihood = Normal(output, 1).log_prob(WINDOWS).sum(dim=(1, 2))
    bound = log_likelihood - kl_divergence(MEAN, LOG_VARIANCE)
    n_values = LENGTH * CHANNELS
    constant = np.log(2 * np.pi)
    rows = VariationalLoss("squared_error", kl_weight=2)((output, MEAN, LOG_VARIANCE), WINDOWS)
    torch.testing.assert_close(rows, -2 * bound / n_values - constant)


def weight_in(loss, epoch):
    """Read the weight of the divergence off a loss."""
    loss.epoch = epoch
    one = torch.ones(1, 1)  # a divergence of 1/2
    return 2 * float(loss((one, one, torch.zeros(1, 1)), one))


def test_the_weight_rises_over_the_epochs_of_the_warm_up_while_training():
    loss = VariationalLoss(kl_weight=0.8, kl_warmup=4)
    np.testing.assert_allclose(
        [weight_in(loss, epoch) for epoch in range(1, 7)], [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]
    )
    loss.eval()
    np.testing.assert_allclose([weight_in(loss, epoch) for epoch in range(1, 7)], 0.8)
    assert weight_in(VariationalLoss(kl_weight=0.8), 1) == pytest.approx(0.8)
