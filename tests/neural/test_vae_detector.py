"""The variational autoencoder as a detector."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch.distributions import Normal, kl_divergence

from sktsad import SlidingWindow, VAEDetector
from sktsad.networks import CELLS, VariationalAutoencoder
from sktsad.networks._autoencoders import DenseAutoencoder, RecurrentAutoencoder

RNG = np.random.default_rng(0)
LENGTH, CHANNELS = 6, 2
TIME = np.arange(150)[:, None]
ROWS = np.sin(TIME / np.array([3.0, 4.0])) + 0.05 * RNG.normal(size=(150, CHANNELS))
WINDOWS = SlidingWindow(LENGTH).fit_transform(ROWS)
FLAT = np.asarray(WINDOWS)
SMALL = {"hidden_sizes": (8, 4), "max_epochs": 3, "batch_size": 16, "lr": 0.01, "random_state": 0}

each_network = pytest.mark.parametrize("network", ["dense", "gru"])


def codes_of(detector):
    """Return mean and log variance of the codes of all windows."""
    module = detector.net_.module_.eval()
    windows = torch.from_numpy(FLAT.copy()).reshape(-1, LENGTH, CHANNELS).to(module.mean.weight.dtype)
    with torch.inference_mode():
        return module.distribution(windows)


def decoded(detector, code):
    with torch.inference_mode():
        return detector.net_.module_.decode(code).flatten(1).numpy()


@pytest.mark.parametrize("network", ["dense", *CELLS])
def test_parameters_make_the_network(network):
    detector = VAEDetector(network, noise=0.25, n_draws=3, **SMALL).fit(WINDOWS)
    module = detector.net_.module_
    assert isinstance(module, VariationalAutoencoder)
    assert isinstance(module.autoencoder, DenseAutoencoder if network == "dense" else RecurrentAutoencoder)
    assert module.noise == 0.25
    assert module.draws.shape == (3, 4)


def test_parameters_make_the_loss():
    detector = VAEDetector(kl_weight=0.125, kl_warmup=2, loss="squared_error", **SMALL).fit(WINDOWS)
    criterion = detector.net_.criterion_
    assert (criterion.kl_weight, criterion.kl_warmup, criterion.reconstruction_error.loss) == (
        0.125,
        2,
        "squared_error",
    )


def test_options_of_the_autoencoder_reach_it():
    detector = VAEDetector("lstm", decoder="unroll", conv_channels=3, recurrent_dropout=0.25, **SMALL)
    module = detector.fit(WINDOWS).net_.module_.autoencoder
    assert module.convolution[0].out_channels == 3
    assert module.encoder[0].recurrent_dropout == 0.25


@each_network
def test_the_code_is_the_mean_and_decodes_to_the_reconstruction(network):
    detector = VAEDetector(network, n_draws=2, **SMALL).fit(WINDOWS)
    code = detector.transform(WINDOWS)
    np.testing.assert_allclose(code, codes_of(detector)[0], atol=1e-6)
    np.testing.assert_allclose(detector.inverse_transform(code), detector.reconstruct(WINDOWS), atol=1e-6)


@each_network
@pytest.mark.parametrize("loss, of_difference", [("absolute_error", np.abs), ("squared_error", np.square)])
@pytest.mark.parametrize("n_draws", [0, 3])
@pytest.mark.parametrize("score_on", ["window", "last"])
@pytest.mark.parametrize("score_by", ["reconstruction", "elbo"])
def test_scores_by_hand(network, loss, of_difference, n_draws, score_on, score_by):
    detector = VAEDetector(
        network, loss=loss, n_draws=n_draws, score_on=score_on, score_by=score_by, kl_weight=0.5, **SMALL
    )
    detector.set_params(dtype="float64").fit(WINDOWS)
    mean, log_variance = codes_of(detector)
    std = torch.exp(log_variance / 2)
    codes = [mean + std * draw for draw in detector.net_.module_.draws] or [mean]
    errors = np.mean([of_difference(decoded(detector, code) - FLAT) for code in codes], axis=0)
    np.testing.assert_allclose(detector.feature_scores(WINDOWS), errors)
    expected = (errors if score_on == "window" else errors[:, -CHANNELS:]).mean(axis=1)
    if score_by == "elbo":
        divergence = kl_divergence(Normal(mean, std), Normal(0.0, 1.0)).sum(dim=1).numpy()
        expected = expected + 0.5 * divergence / (LENGTH * CHANNELS)
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), expected)


def test_the_elbo_is_the_loss_of_the_validation_rows():
    detector = VAEDetector(
        score_by="elbo", kl_weight=0.5, early_stopping=50, validation_fraction=0.4, dtype="float64", **SMALL
    )
    losses = detector.fit(WINDOWS).net_.history[:, "valid_loss"]
    assert detector.anomaly_score(WINDOWS[90:]).mean() == pytest.approx(min(losses))


def test_the_weight_in_the_score_is_that_of_training():
    detector = VAEDetector(score_by="elbo", kl_weight=0.5, **SMALL).fit(WINDOWS)
    before = detector.anomaly_score(WINDOWS)
    np.testing.assert_array_equal(detector.set_params(kl_weight=100.0).anomaly_score(WINDOWS), before)


@each_network
def test_draws_are_made_once_so_that_a_score_depends_on_its_row_only(network):
    detector = VAEDetector(network, n_draws=4, score_by="elbo", predict_batch_size=64, **SMALL).fit(WINDOWS)
    scores = detector.anomaly_score(WINDOWS)
    np.testing.assert_array_equal(detector.anomaly_score(WINDOWS), scores)
    np.testing.assert_array_equal(detector.anomaly_score(WINDOWS[100:101]), scores[100:101])
    order = RNG.permutation(150)
    np.testing.assert_array_equal(detector.anomaly_score(WINDOWS[order]), scores[order])
    copied = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(copied.anomaly_score(WINDOWS), scores)
    again = clone(detector).fit(WINDOWS)
    np.testing.assert_array_equal(again.anomaly_score(WINDOWS), scores)


def test_draws_change_the_score_and_not_the_training():
    one, other = (VAEDetector(n_draws=n_draws, **SMALL).fit(WINDOWS) for n_draws in (0, 4))
    np.testing.assert_array_equal(one.reconstruct(WINDOWS), other.reconstruct(WINDOWS))
    assert not np.allclose(one.anomaly_score(WINDOWS), other.anomaly_score(WINDOWS))


def test_a_large_weight_makes_codes_standard_normal_and_none_spreads_them():
    options = {**SMALL, "max_epochs": 30}
    tight, loose = (VAEDetector(kl_weight=weight, **options).fit(WINDOWS) for weight in (100.0, 0.0))
    mean, log_variance = codes_of(tight)
    assert float(mean.abs().max()) < 0.2 and float(log_variance.abs().max()) < 0.2
    assert np.abs(loose.transform(WINDOWS)).std() > 0.5
    assert loose.anomaly_score(WINDOWS).mean() < 0.5 * tight.anomaly_score(WINDOWS).mean()


def test_samples_look_like_the_windows_of_fit():
    rng = np.random.default_rng(1)
    angle = 2 * np.pi * np.arange(12) / 12
    waves = rng.normal(size=(500, 2)) @ [np.sin(angle), np.cos(angle)] + 0.05 * rng.normal(size=(500, 12))
    options = {"hidden_sizes": (32, 2), "max_epochs": 40, "batch_size": 32, "lr": 0.01, "random_state": 0}
    detector = VAEDetector(kl_weight=0.1, loss="squared_error", **options).fit(waves)
    samples = detector.sample(1000, random_state=0)
    assert samples.shape == (1000, 12) and samples.dtype == np.float32
    np.testing.assert_allclose(samples.mean(axis=0), waves.mean(axis=0), atol=0.2)
    np.testing.assert_allclose(samples.std(axis=0), waves.std(axis=0), rtol=0.2)
    np.testing.assert_allclose(np.corrcoef(samples.T), np.corrcoef(waves.T), atol=0.2)
    # The detector agrees, and does not take noise of the same mean and spread for normal.
    noise = waves.mean(axis=0) + waves.std(axis=0) * rng.normal(size=(1000, 12))
    assert detector.predict(samples).mean() < 0.1
    assert detector.predict(noise).mean() > 0.9


def test_samples_follow_the_random_state():
    detector = VAEDetector(**SMALL).fit(WINDOWS)
    np.testing.assert_array_equal(detector.sample(5, random_state=1), detector.sample(5, random_state=1))
    assert not np.array_equal(detector.sample(5, random_state=1), detector.sample(5, random_state=2))
    codes = np.random.RandomState(1).standard_normal((5, 4))
    np.testing.assert_array_equal(detector.sample(5, random_state=1), detector.inverse_transform(codes))
    assert detector.sample().shape == (1, LENGTH * CHANNELS)


def test_before_fit_there_is_nothing_to_sample_from():
    with pytest.raises(NotFittedError):
        VAEDetector().sample()


@pytest.mark.parametrize(
    "name, value",
    [("kl_weight", -0.1), ("kl_warmup", -1), ("kl_warmup", 0.5), ("score_by", "kl"), ("n_draws", -1)],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of VAEDetector must be"):
        VAEDetector(**{name: value}).fit(WINDOWS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_but_scores_is_in_the_precision_of_the_network(dtype):
    detector = VAEDetector(dtype=dtype, n_draws=2, **SMALL).fit(WINDOWS)
    results = [
        detector.transform(WINDOWS),
        detector.reconstruct(WINDOWS),
        detector.feature_scores(WINDOWS).to_numpy(),
        detector.sample(2, random_state=0),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
    assert detector.anomaly_score(WINDOWS).dtype == np.float64


def test_warm_start_goes_on_and_keeps_the_draws():
    detector = VAEDetector(warm_start=True, n_draws=3, **SMALL).fit(WINDOWS)
    draws, score = detector.net_.module_.draws.clone(), detector.anomaly_score(WINDOWS).mean()
    detector.fit(WINDOWS)
    assert len(detector.net_.history) == 6
    assert torch.equal(detector.net_.module_.draws, draws)
    assert detector.anomaly_score(WINDOWS).mean() < score
