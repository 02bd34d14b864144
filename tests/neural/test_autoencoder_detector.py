"""The autoencoder as a detector: reconstruction, errors, codes."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from skorch.callbacks import Callback
from torch import nn

from sktsad import AutoencoderDetector, SlidingWindow, VAEDetector
from sktsad.networks import (
    CELLS,
    DenseAutoencoder,
    GaussianDropout,
    RecurrentAutoencoder,
    RecurrentLayer,
    UnrolledDecoder,
)
from sktsad.thresholds import BestFBeta

RNG = np.random.default_rng(0)
LENGTH, CHANNELS = 6, 2
TIME = np.arange(150)[:, None]
ROWS = np.sin(TIME / np.array([3.0, 4.0])) + 0.05 * RNG.normal(size=(150, CHANNELS))
WINDOWS = SlidingWindow(LENGTH).fit_transform(ROWS)
FLAT = np.asarray(WINDOWS)
SMALL = {"hidden_sizes": (8, 4), "max_epochs": 3, "batch_size": 16, "lr": 0.01, "random_state": 0}

each_network = pytest.mark.parametrize("network", ["dense", "lstm"])


def shapes(n_windows, random_state):
    """Make waves of any phase; each tenth is an anomaly, a triangle of the same size and period."""
    rng = np.random.default_rng(random_state)
    angle = np.arange(24) / 24 * 4 * np.pi + rng.uniform(0, 2 * np.pi, size=(n_windows, 1))
    labels = (np.arange(n_windows) % 10 == 0).astype(int)
    windows = np.where(labels[:, None], np.sign(np.sin(2 * angle)), np.sin(angle))
    return windows + 0.05 * rng.normal(size=windows.shape), labels


@pytest.mark.parametrize(
    "network, options",
    [
        ("dense", {"hidden_sizes": (16, 4)}),
        ("dense", {"hidden_sizes": (16, 4), "loss": "squared_error", "noise": 0.1}),
        ("lstm", {"hidden_sizes": (16,), "lr": 0.02}),
    ],
)
def test_it_finds_windows_of_another_shape(network, options):
    windows, labels = shapes(400, 0)
    new_windows, new_labels = shapes(300, 1)
    options = {"lr": 0.01, "max_epochs": 25, "batch_size": 32, "random_state": 0, **options}
    detector = AutoencoderDetector(network, **options).fit(windows, labels)
    assert roc_auc_score(new_labels, detector.decision_function(new_windows)) > 0.95


@each_network
@pytest.mark.parametrize("loss, of_difference", [("absolute_error", np.abs), ("squared_error", np.square)])
@pytest.mark.parametrize("score_on", ["window", "last"])
def test_scores_are_errors_of_the_reconstruction(network, loss, of_difference, score_on):
    detector = AutoencoderDetector(network, loss=loss, score_on=score_on, **SMALL).fit(WINDOWS)
    reconstruction = detector.reconstruct(WINDOWS)
    assert reconstruction.shape == FLAT.shape
    errors = of_difference(reconstruction - FLAT.astype(np.float32))
    np.testing.assert_allclose(detector.feature_scores(WINDOWS), errors, rtol=1e-5, atol=1e-7)
    scored = errors if score_on == "window" else errors[:, -CHANNELS:]
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), scored.mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("loss", ["absolute_error", "squared_error"])
def test_it_is_trained_on_the_same_error(loss):
    detector = AutoencoderDetector(loss=loss, dtype="float64", **{**SMALL, "max_epochs": 1, "lr": 1e-12})
    detector.set_params(threshold=1.0, batch_size=150).fit(WINDOWS)
    loss = detector.net_.history[-1, "train_loss"]
    assert loss == pytest.approx(detector.anomaly_score(WINDOWS).mean())


@each_network
def test_a_code_is_decoded_to_the_reconstruction(network):
    detector = AutoencoderDetector(network, **SMALL).fit(WINDOWS)
    code = detector.transform(WINDOWS)
    assert code.shape == (150, 4)
    assert code.dtype == np.float32
    np.testing.assert_allclose(detector.inverse_transform(code), detector.reconstruct(WINDOWS), atol=1e-6)
    np.testing.assert_allclose(detector.fit_transform(WINDOWS), code)


def test_what_is_no_code_is_refused():
    detector = AutoencoderDetector(**SMALL).fit(WINDOWS)
    with pytest.raises(ValueError, match="X has 3 columns, but a code has 4"):
        detector.inverse_transform(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="NaN"):
        detector.inverse_transform(np.full((2, 4), np.nan))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_but_scores_is_in_the_precision_of_the_network(dtype):
    detector = AutoencoderDetector(dtype=dtype, **SMALL).fit(WINDOWS)
    code = detector.transform(WINDOWS)
    results = [
        code,
        detector.reconstruct(WINDOWS),
        detector.feature_scores(WINDOWS).to_numpy(),
        detector.inverse_transform(code),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
    assert detector.anomaly_score(WINDOWS).dtype == np.float64


@pytest.mark.parametrize("network", ["dense", *CELLS])
def test_parameters_make_the_network(network):
    detector = AutoencoderDetector(network, noise=0.25, **SMALL).fit(WINDOWS)
    module = detector.net_.module_
    assert module.noise == 0.25
    if network == "dense":
        assert isinstance(module, DenseAutoencoder)
        assert [module.encoder[i].out_features for i in (0, 2)] == [8, 4]
    else:
        assert isinstance(module, RecurrentAutoencoder)
        layers = [layer for layer in module.encoder.modules() if isinstance(layer, CELLS[network])]
        assert [layer.hidden_size for layer in layers] == [8, 4]


def modules_of(detector, kind):
    return [module for module in detector.net_.module_.modules() if isinstance(module, kind)]


@pytest.mark.parametrize("activation, kind", [("relu", nn.ReLU), ("selu", nn.SELU), ("tanh", nn.Tanh)])
@pytest.mark.parametrize(
    "dropout_type, dropped",
    [("standard", nn.Dropout), ("gaussian", GaussianDropout), ("alpha", nn.AlphaDropout)],
)
def test_activation_and_dropout_make_the_dense_network(activation, kind, dropout_type, dropped):
    detector = AutoencoderDetector(activation=activation, dropout=0.25, dropout_type=dropout_type, **SMALL)
    detector.fit(WINDOWS)
    assert len(modules_of(detector, kind)) == len(modules_of(detector, dropped)) == 2
    np.testing.assert_array_equal(detector.anomaly_score(WINDOWS), detector.anomaly_score(WINDOWS))


def test_options_make_the_recurrent_network():
    detector = AutoencoderDetector(
        "gru", decoder="unroll", conv_channels=3, dropout=0.2, recurrent_dropout=0.25, **SMALL
    )
    detector.set_params(net__module__kernel_size=3).fit(WINDOWS)
    module = detector.net_.module_
    assert isinstance(module.decoder, UnrolledDecoder)
    assert module.convolution[0].weight.shape == (3, CHANNELS, 3)
    assert {layer.recurrent_dropout for layer in modules_of(detector, RecurrentLayer)} == {0.25}
    assert detector.reconstruct(WINDOWS).shape == FLAT.shape
    np.testing.assert_array_equal(detector.anomaly_score(WINDOWS), detector.anomaly_score(WINDOWS))


@pytest.mark.parametrize(
    "network, options",
    [
        ("dense", {"activation": "selu", "dropout": 0.2, "dropout_type": "alpha"}),
        ("lstm", {"recurrent_dropout": 0.2, "conv_channels": 4}),
        ("gru", {"decoder": "unroll"}),
    ],
    ids=str,
)
def test_every_network_learns(network, options):
    detector = AutoencoderDetector(network, **options, **{**SMALL, "max_epochs": 15})
    losses = detector.fit(WINDOWS).net_.history[:, "train_loss"]
    assert losses[-1] < 0.7 * losses[0]


def test_dropout_needs_a_layer_besides_the_code():
    options = {**SMALL, "hidden_sizes": (4,)}
    with pytest.raises(
        ValueError,
        match=r"dropout=0.5 has no layer between input and code to act on: add one to hidden_sizes=\(4,",
    ):
        AutoencoderDetector(dropout=0.5, **options).fit(WINDOWS)
    for decoder in ("repeat", "unroll"):
        detector = AutoencoderDetector("gru", dropout=0.5, decoder=decoder, **options).fit(WINDOWS)
        assert modules_of(detector, nn.Dropout)


@pytest.mark.parametrize("hidden_sizes", [[8, 4], (8, 4), np.array([8, 4])], ids=["list", "tuple", "array"])
def test_sizes_come_in_any_sequence(hidden_sizes):
    detector = AutoencoderDetector(**{**SMALL, "hidden_sizes": hidden_sizes}).fit(WINDOWS)
    expected = AutoencoderDetector(**SMALL).fit(WINDOWS).anomaly_score(WINDOWS)
    np.testing.assert_array_equal(detector.anomaly_score(WINDOWS), expected)


@pytest.mark.parametrize("hidden_sizes", [(), (8, 0), (8.5,), (-2,), ("8",)], ids=str)
def test_sizes_that_are_no_numbers_of_units_are_refused(hidden_sizes):
    with pytest.raises(ValueError, match="hidden_sizes must be one or more numbers of units"):
        AutoencoderDetector(hidden_sizes=hidden_sizes).fit(WINDOWS)
    with pytest.raises(ValueError, match="hidden_sizes must be one or more numbers of units"):
        VAEDetector(hidden_sizes=hidden_sizes).fit(WINDOWS)


@pytest.mark.parametrize(
    "name, value",
    [
        ("network", "cnn"),
        ("hidden_sizes", 8),
        ("loss", "rmse"),
        ("score_on", "first"),
        ("noise", -1),
        ("decoder", "mirror"),
        ("conv_channels", 0),
        ("activation", "sigmoid"),
        ("dropout", 1.0),
        ("dropout_type", "spatial"),
        ("recurrent_dropout", 1.0),
        ("threshold", "no"),
    ],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of AutoencoderDetector must be"):
        AutoencoderDetector(**{name: value}).fit(WINDOWS)


def test_noise_disturbs_training_and_nothing_else():
    quiet, noisy = (AutoencoderDetector(noise=noise, **SMALL).fit(WINDOWS) for noise in (0, 0.5))
    assert not np.array_equal(quiet.reconstruct(WINDOWS), noisy.reconstruct(WINDOWS))
    np.testing.assert_array_equal(noisy.reconstruct(WINDOWS), noisy.reconstruct(WINDOWS))
    code = noisy.net_.module_.encode(torch.from_numpy(FLAT.astype(np.float32)).reshape(-1, LENGTH, CHANNELS))
    np.testing.assert_allclose(noisy.transform(WINDOWS), code.detach(), atol=1e-6)


@each_network
def test_feature_scores_point_to_the_channel_and_the_step_of_a_fault(network):
    options = {**SMALL, "hidden_sizes": (16, 4), "max_epochs": 40}
    detector = AutoencoderDetector(network, **options).fit(WINDOWS)
    for channel, step in [(0, 1), (1, 4)]:
        faulty = FLAT[50:100].reshape(-1, LENGTH, CHANNELS).copy()
        faulty[:, step, channel] += 3
        blamed = detector.feature_scores(faulty).idxmax(axis=1).tolist()
        assert blamed.count(f"x{channel}_t-{LENGTH - 1 - step}") > 45


def test_feature_scores_are_named_and_have_the_index_of_the_windows():
    index = pd.MultiIndex.from_product([["a", "b"], range(75)], names=["series", "time"])
    rows = pd.DataFrame(ROWS, index=index, columns=["heat", "load"])
    names = [f"{channel}_t-{lag}" for lag in range(LENGTH - 1, -1, -1) for channel in ("heat", "load")]
    sliding = SlidingWindow(LENGTH)
    windows = sliding.fit_transform(rows)
    frame = sliding.set_output(transform="pandas").transform(rows)
    for X in (windows, frame):
        scores = AutoencoderDetector(**SMALL).fit(X).feature_scores(X)
        assert scores.columns.tolist() == names
        assert scores.index.equals(index)
    plain = AutoencoderDetector(**SMALL).fit(FLAT).feature_scores(FLAT)
    assert plain.columns.tolist() == [f"x{i}" for i in range(12)]
    assert plain.index.equals(pd.RangeIndex(150))
    named = frame.set_axis([f"value {i}" for i in range(12)], axis=1)
    assert AutoencoderDetector(**SMALL).fit(named).feature_scores(named).columns.equals(named.columns)


def test_the_score_of_the_last_row_ignores_faults_further_back():
    options = {**SMALL, "hidden_sizes": (16, 4), "max_epochs": 40}
    on_window, on_last = (
        AutoencoderDetector(score_on=on, **options).fit(WINDOWS) for on in ("window", "last")
    )
    faults = np.stack([FLAT[50:100].reshape(-1, LENGTH, CHANNELS)] * 2)
    faults[0, :, -1] += 3
    faults[1, :, 0] += 3
    at_the_end, further_back = (on_last.anomaly_score(rows).mean() for rows in faults)
    assert at_the_end > 1.6 * further_back
    at_the_end, further_back = (on_window.anomaly_score(rows).mean() for rows in faults)
    assert at_the_end < 1.6 * further_back


def test_codes_come_as_a_frame_with_the_index_of_the_windows():
    index = pd.MultiIndex.from_product([["a", "b"], range(75)], names=["series", "time"])
    sliding = SlidingWindow(LENGTH).set_output(transform="pandas")
    windows = sliding.fit_transform(pd.DataFrame(ROWS, index=index, columns=["a", "b"]))
    detector = AutoencoderDetector(**SMALL).set_output(transform="pandas").fit(windows)
    frame = detector.transform(windows)
    names = [f"autoencoderdetector{i}" for i in range(4)]
    assert detector.get_feature_names_out().tolist() == frame.columns.tolist() == names
    assert frame.index.equals(index)


def test_the_size_of_a_code_is_that_of_fit():
    detector = AutoencoderDetector(**SMALL).fit(WINDOWS).set_params(hidden_sizes=(9,))
    assert len(detector.get_feature_names_out()) == 4
    assert detector.inverse_transform(detector.transform(WINDOWS)).shape == FLAT.shape


class Spy(Callback):
    """Keeps what is trained on and what is watched."""

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.trained, self.watched = dataset_train, dataset_valid


@pytest.mark.parametrize("threshold", [None, 1.0])
def test_early_stopping_watches_the_normal_rows_of_the_tail(threshold):
    labels = (np.arange(150) % 10 == 3).astype(int)
    detector = AutoencoderDetector(
        threshold=threshold, callbacks=[("spy", Spy())], early_stopping=True, validation_fraction=0.4, **SMALL
    )
    spy = dict(detector.fit(WINDOWS, labels).net_.callbacks_)["spy"]
    tail = np.arange(150) >= 90
    np.testing.assert_array_equal(spy.trained.windows, FLAT[~tail & (labels == 0)])
    np.testing.assert_array_equal(spy.watched.windows, FLAT[tail & (labels == 0)])


def test_early_stopping_keeps_the_best_weights():
    detector = AutoencoderDetector(
        **{**SMALL, "lr": 0.1, "max_epochs": 200}, early_stopping=3, validation_fraction=0.4
    )
    detector.fit(WINDOWS)
    losses = detector.net_.history[:, "valid_loss"]
    assert len(losses) < 200
    assert detector.anomaly_score(WINDOWS[90:]).mean() == pytest.approx(min(losses), rel=1e-5)
    assert min(losses) < losses[-1]


@pytest.mark.parametrize(("fraction", "n_rows"), [(0.0, 120), (0.1, 50)])
def test_early_stopping_with_too_few_rows_to_watch_is_an_error(fraction, n_rows):
    detector = AutoencoderDetector(early_stopping=True, validation_fraction=fraction, **SMALL)
    with pytest.raises(
        ValueError,
        match=f"early_stopping=True needs 30 held-out normal rows, but validation_fraction={fraction}",
    ):
        detector.fit(WINDOWS[:n_rows])


def test_warm_start_goes_on_and_learns_the_threshold_anew():
    detector = AutoencoderDetector(warm_start=True, **SMALL).fit(WINDOWS)
    first, module = detector.threshold_, detector.net_.module_
    detector.fit(WINDOWS)
    assert len(detector.net_.history) == 6
    assert detector.threshold_ != first
    assert detector.net_.module_ is not module
    assert detector.threshold_ == detector.threshold_rule_.threshold_


@pytest.mark.parametrize(
    "change, message",
    [
        ({"lr": 1000.0, "optimizer": "sgd", "max_epochs": 40}, "diverged"),
        ({"threshold": BestFBeta()}, "could not be learnt"),
        ({"net_params": {"typo": 1}}, "net__typo"),
        ({"hidden_sizes": (0,)}, "hidden_sizes"),
    ],
    ids=["diverges", "no anomalies", "typo", "sizes"],
)
def test_a_failed_fit_leaves_the_detector_as_it_was(change, message):
    detector = AutoencoderDetector(**SMALL).fit(WINDOWS)
    before, attributes = detector.decision_function(WINDOWS), set(vars(detector))
    with pytest.raises(ValueError, match=message):
        detector.set_params(**change).fit(WINDOWS)
    detector.set_params(**{name: getattr(AutoencoderDetector(**SMALL), name) for name in change})
    np.testing.assert_array_equal(detector.decision_function(WINDOWS), before)
    assert set(vars(detector)) == attributes
    untouched = clone(AutoencoderDetector(**SMALL)).set_params(**change)
    with pytest.raises(ValueError, match=message):
        untouched.fit(WINDOWS)
    assert not hasattr(untouched, "net_")


def test_windows_are_the_same_flat_or_in_3d():
    from_windows = AutoencoderDetector(**SMALL).fit(WINDOWS)
    in_3d = FLAT.reshape(150, LENGTH, CHANNELS)
    np.testing.assert_array_equal(from_windows.anomaly_score(in_3d), from_windows.anomaly_score(WINDOWS))
    flat = AutoencoderDetector(n_channels=CHANNELS, **SMALL).fit(FLAT)
    np.testing.assert_array_equal(flat.anomaly_score(FLAT), from_windows.anomaly_score(WINDOWS))
