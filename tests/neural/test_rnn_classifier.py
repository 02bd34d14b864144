"""The recurrent classifier: which network it makes, and that it learns what only time shows."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback
from torch import nn

from sktsad import (
    AutoencoderDetector,
    ForecastPretrainer,
    MaskedReconstructionPretrainer,
    RNNClassifier,
    SeriesSplit,
    SlidingWindow,
    VAEDetector,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 12))
Y = np.arange(40) % 2
SMALL = {"hidden_size": 4, "dense_size": 3, "max_epochs": 1, "random_state": 0}


def order_matters(n_windows, random_state):
    """Make windows with an up-down (0) or a down-up (1) somewhere: no single step tells which."""
    rng = np.random.default_rng(random_state)
    windows = 0.1 * rng.normal(size=(n_windows, 10, 1))
    labels = rng.integers(0, 2, size=n_windows)
    at = rng.integers(4, 9, size=n_windows)
    sign = np.where(labels, -1, 1)
    windows[np.arange(n_windows), at, 0] += sign
    windows[np.arange(n_windows), at + 1, 0] -= sign
    return windows, labels


@pytest.mark.parametrize(
    "cell, options",
    [
        ("rnn", {}),
        ("lstm", {}),
        ("gru", {}),
        ("gru", {"num_layers": 2, "dropout": 0.1, "dense_size": None}),
        ("lstm", {"bidirectional": True, "pooling": "last_max"}),
        ("rnn", {"patch_size": 4, "batch_size": 16}),
    ],
)
def test_it_learns_a_pattern_in_time_that_no_single_step_shows(cell, options):
    windows, labels = order_matters(300, 0)
    new_windows, new_labels = order_matters(200, 1)
    options = {"hidden_size": 8, "dense_size": 8, "lr": 0.03, "batch_size": 32, "max_epochs": 20, **options}
    model = RNNClassifier(cell, random_state=0, **options).fit(windows, labels)
    assert f1_score(new_labels, model.predict(new_windows)) > 0.9


def test_by_default_it_is_an_lstm_of_128_units_a_dense_layer_of_64_and_one_logit_trained_by_adam():
    model = RNNClassifier(max_epochs=1, random_state=0).fit(X, Y)
    rnn, head = model.net_.module_.encoder.rnn, model.net_.module_.head
    assert isinstance(rnn, nn.LSTM)
    assert (rnn.input_size, rnn.hidden_size, rnn.num_layers, rnn.bidirectional) == (1, 128, 1, False)
    assert [(layer.in_features, layer.out_features) for layer in head if isinstance(layer, nn.Linear)] == [
        (128, 64),
        (64, 1),
    ]
    assert isinstance(model.net_.optimizer_, torch.optim.Adam)


@pytest.mark.parametrize("cell, cls", [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_parameters_make_the_network(cell, cls):
    options = {
        "num_layers": 2,
        "dropout": 0.25,
        "bidirectional": True,
        "pooling": "last_max",
        "patch_size": 5,
    }
    model = RNNClassifier(cell, **options, **SMALL).fit(X.reshape(40, 6, 2), Y)
    encoder, head = model.net_.module_.encoder, model.net_.module_.head
    assert type(encoder.rnn) is cls
    assert (encoder.rnn.input_size, encoder.rnn.hidden_size) == (5 * 2, 4)
    assert (encoder.rnn.num_layers, encoder.rnn.dropout, encoder.rnn.bidirectional) == (2, 0.25, True)
    assert encoder.pooling == "last_max"
    assert [layer.in_features for layer in head if isinstance(layer, nn.Linear)] == [16, 3]


def test_without_a_dense_layer_the_state_goes_to_the_logit():
    model = RNNClassifier(**{**SMALL, "dense_size": None}).fit(X, Y)
    assert [layer.in_features for layer in model.net_.module_.head] == [4]


def test_dropout_of_a_single_layer_needs_no_warning_of_torch():
    RNNClassifier(dropout=0.5, **SMALL).fit(X, Y)  # warnings are errors


@pytest.mark.parametrize("patch_size", [1, 5, 12, 50])
def test_a_patch_of_any_size_reads_the_whole_window(patch_size):
    model = RNNClassifier(patch_size=patch_size, **{**SMALL, "dense_size": None}).fit(X, Y)
    before = model.decision_function(X)
    for column in (0, 11):
        changed = X.copy()
        changed[:, column] += 1
        assert (model.decision_function(changed) != before).all()


def test_it_knows_the_channels_of_a_sliding_window():
    rows = RNG.normal(size=(40, 3))
    model = RNNClassifier(**SMALL).fit(SlidingWindow(4).fit_transform(rows), Y)
    assert model.net_.module_.encoder.rnn.input_size == 3
    assert model.n_features_in_ == 12


@pytest.mark.parametrize(
    "name, value",
    [
        ("cell", "transformer"),
        ("hidden_size", 0),
        ("num_layers", 0),
        ("dropout", 1),
        ("dropout", -0.1),
        ("bidirectional", "both"),
        ("dense_size", 0),
        ("pooling", "mean"),
        ("patch_size", 0),
        ("loss", "mse"),
        ("class_weight", "heavy"),
        ("encoder", "gru"),
        ("encoder", RNNClassifier()),
        ("freeze_epochs", "head"),
        ("freeze_epochs", -1),
        ("encoder_lr", 0),
    ],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of RNNClassifier must be"):
        RNNClassifier(**{name: value}).fit(X, Y)


# A pre-trained encoder

SIZES = {"hidden_size": 5, "dense_size": 3, "max_epochs": 2, "batch_size": 16, "lr": 0.02, "random_state": 0}
PRETRAINER = ForecastPretrainer("gru", **SIZES).fit(RNG.normal(size=(50, 12)))
FROZEN = FrozenEstimator(PRETRAINER)
TUNED = RNNClassifier(encoder=FROZEN, **SIZES)


def states(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one, other):
    """Return whether two states are the same bits."""
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


def encoder_of(model):
    return states(model.net_.module_.encoder)


def test_the_weights_of_a_pretrained_encoder_are_copied_and_the_head_is_new():
    before = states(PRETRAINER.encoder_)
    still = clone(TUNED).set_params(lr=1e-30).fit(X, Y)
    assert same(encoder_of(still), before)
    assert [layer.in_features for layer in still.net_.module_.head if isinstance(layer, nn.Linear)] == [5, 3]
    other = clone(still).set_params(random_state=1).fit(X, Y)
    assert same(encoder_of(other), before)
    assert not same(states(other.net_.module_.head), states(still.net_.module_.head))


def test_the_encoder_is_trained_further_and_the_pretrainer_stays_as_it_is():
    before, codes = states(PRETRAINER.encoder_), PRETRAINER.transform(X)
    model = clone(TUNED).fit(X, Y)
    for name, value in encoder_of(model).items():
        assert not torch.equal(value, before[name]), name
    assert same(states(PRETRAINER.encoder_), before)
    np.testing.assert_array_equal(PRETRAINER.transform(X), codes)


def test_the_recurrent_layers_are_those_of_the_encoder():
    encoder = ForecastPretrainer("lstm", hidden_size=3, bidirectional=True, patch_size=2, max_epochs=1)
    model = RNNClassifier("rnn", encoder=encoder, **SIZES).fit(X, Y)
    arguments = model.net_.module_.encoder.arguments
    assert (arguments["cell"], arguments["hidden_size"], arguments["patch_size"]) == ("lstm", 3, 2)
    assert model.net_.module_.head[0].in_features == 6


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
def test_a_frozen_encoder_does_not_change_and_the_head_does(optimizer):
    frozen = clone(TUNED).set_params(
        freeze_epochs="all", optimizer=optimizer, net__optimizer__weight_decay=0.1
    )
    model = frozen.fit(X, Y)
    assert same(encoder_of(model), states(PRETRAINER.encoder_))
    assert not same(
        states(model.net_.module_.head),
        states(clone(frozen).set_params(lr=1e-30).fit(X, Y).net_.module_.head),
    )
    for _ in range(2):
        model.partial_fit(X, Y)
    assert same(encoder_of(model), states(PRETRAINER.encoder_))


def test_true_is_no_number_of_epochs():
    with pytest.raises(ValueError, match=r"'freeze_epochs' parameter .* Got True"):
        clone(TUNED).set_params(freeze_epochs=True).fit(X, Y)


def test_callbacks_of_the_user_see_what_is_frozen_already():
    class Look(Callback):
        def on_epoch_begin(self, net, **kwargs):
            self.frozen = not any(weight.requires_grad for weight in net.module_.encoder.parameters())

    callbacks = [("look", Look())]
    model = clone(TUNED).set_params(freeze_epochs=1, max_epochs=1, callbacks=callbacks).fit(X, Y)
    assert dict(model.net_.callbacks_)["look"].frozen
    assert callbacks[0][1].__dict__ == {}


@pytest.mark.parametrize("freeze", [1, 3, np.int64(2)])
def test_an_encoder_thaws_after_so_many_epochs(freeze):
    before = states(PRETRAINER.encoder_)
    model = clone(TUNED).set_params(freeze_epochs=freeze, max_epochs=int(freeze))
    assert same(encoder_of(model.fit(X, Y)), before)
    model = clone(model).set_params(max_epochs=int(freeze) + 1).fit(X, Y)
    assert not any(torch.equal(value, before[name]) for name, value in encoder_of(model).items())


def test_epochs_count_on_over_partial_fit_warm_starts_and_pickles():
    before = states(PRETRAINER.encoder_)
    model = clone(TUNED).set_params(freeze_epochs=3, warm_start=True, max_epochs=1)
    model.partial_fit(X, Y).fit(X, Y)
    model = pickle.loads(pickle.dumps(model)).partial_fit(X, Y)
    assert len(model.net_.history) == 3
    assert same(encoder_of(model), before)
    copied = pickle.loads(pickle.dumps(model)).fit(X, Y)
    assert not same(encoder_of(copied), before)
    assert same(encoder_of(copied), encoder_of(model.fit(X, Y)))


def test_an_encoder_that_was_frozen_itself_can_be_trained():
    encoder = clone(PRETRAINER).fit(X)
    encoder.encoder_.requires_grad_(False)
    model = RNNClassifier(encoder=FrozenEstimator(encoder), **SIZES).fit(X, Y)
    assert not same(encoder_of(model), states(encoder.encoder_))


# Learning rates


def rates(model):
    """Return the learning rate of each weight."""
    names = {id(weight): name for name, weight in model.net_.module_.named_parameters()}
    return {
        names[id(weight)]: group["lr"]
        for group in model.net_.optimizer_.param_groups
        for weight in group["params"]
    }


def assert_rates(model, of_encoder, of_head):
    expected = {True: of_encoder, False: of_head}
    found = rates(model)
    assert len(found) == len(list(model.net_.module_.parameters()))
    assert found == {name: expected[name.startswith("encoder.")] for name in found}


def test_an_encoder_has_a_learning_rate_of_its_own():
    assert_rates(clone(TUNED).fit(X, Y), 0.02, 0.02)
    model = clone(TUNED).set_params(encoder_lr=0.001).fit(X, Y)
    assert_rates(model, 0.001, 0.02)
    still = clone(TUNED).set_params(encoder_lr=1e-30).fit(X, Y)
    assert same(encoder_of(still), states(PRETRAINER.encoder_))


@pytest.mark.parametrize("freeze", [0, "all", 1])
@pytest.mark.parametrize("encoder_lr", [0.001, 0.02])
def test_an_encoder_keeps_its_learning_rate_when_that_of_a_warm_start_changes(freeze, encoder_lr):
    model = clone(TUNED).set_params(encoder_lr=encoder_lr, freeze_epochs=freeze, warm_start=True).fit(X, Y)
    model = pickle.loads(pickle.dumps(model.set_params(lr=0.5))).fit(X, Y)
    assert_rates(model, encoder_lr, 0.5)
    assert model.net_.lr == 0.5


def test_groups_of_the_user_take_the_place_of_its_own_rate():
    groups = [("encoder.*", {"lr": 0.001}), ("head.*", {"weight_decay": 0.1})]
    model = clone(TUNED).set_params(net__optimizer__param_groups=groups, warm_start=True).fit(X, Y)
    assert_rates(model, 0.001, 0.02)
    assert_rates(model.set_params(lr=0.5).fit(X, Y), 0.001, 0.5)
    with pytest.raises(
        ValueError, match=r"encoder_lr=0\.1 and net__optimizer__param_groups exclude each other"
    ):
        clone(model).set_params(encoder_lr=0.1).fit(X, Y)


def test_without_a_rate_of_its_own_it_follows():
    model = clone(TUNED).set_params(warm_start=True).fit(X, Y).set_params(lr=0.5).fit(X, Y)
    assert_rates(model, 0.5, 0.5)


# Where an encoder comes from


class Spy(ForecastPretrainer):
    """Keeps what it was fitted on."""

    seen = []

    def fit(self, X, y=None):
        Spy.seen.append((np.array(X), y, self.get_params()))
        return super().fit(X, y)


@pytest.fixture
def spy():
    Spy.seen = []
    return Spy("rnn", hidden_size=2, dense_size=None, max_epochs=1)


def test_a_pretrainer_is_cloned_and_fitted_on_the_windows_without_labels(spy):
    windows = SlidingWindow(3).fit_transform(X)
    model = RNNClassifier(encoder=spy, **SIZES).fit(windows, Y)
    ((seen, labels, _),) = Spy.seen
    np.testing.assert_array_equal(seen, windows)
    assert labels is None
    assert not hasattr(spy, "net_")
    assert model.net_.module_.encoder.window_shape == (None, 12)
    for _ in range(2):
        model.set_params(warm_start=True).fit(windows, Y).partial_fit(windows, Y)
    assert len(Spy.seen) == 1  # a network that is trained further keeps its encoder


def test_rows_of_weight_0_are_not_shown_to_the_pretrainer(spy):
    weight = np.arange(40) % 3
    RNNClassifier(encoder=spy, **SIZES).fit(X, Y, weight)
    np.testing.assert_array_equal(Spy.seen[0][0], X[weight > 0])


def test_in_a_search_an_encoder_is_trained_on_the_rows_of_its_fold_only(spy):
    rows = np.arange(60.0)[:, None] / 60
    labels = np.arange(60) % 2
    pipe = make_pipeline(SlidingWindow(3, history="none"), RNNClassifier(**SIZES))
    grid = [
        {"rnnclassifier__encoder": [None]},
        {"rnnclassifier__encoder": [spy], "rnnclassifier__encoder__hidden_size": [2, 4]},
    ]
    folds = SeriesSplit(3)
    search = GridSearchCV(pipe, grid, scoring="f1", cv=folds, refit=False, error_score="raise").fit(
        rows, labels
    )
    assert len(search.cv_results_["params"]) == 3
    expected = [(size, rows[train].max()) for size in (2, 4) for train, _ in folds.split(rows)]
    assert [(params["hidden_size"], seen.max()) for seen, _, params in Spy.seen] == expected
    for (seen, _, _), (train, _) in zip(Spy.seen, 2 * [*folds.split(rows)], strict=True):
        assert set(seen.ravel()) == set(rows[train].ravel())
    assert spy.hidden_size == 2


def test_parameters_of_an_encoder_are_nested():
    model = RNNClassifier(encoder=ForecastPretrainer())
    model.set_params(encoder__hidden_size=3, encoder__net__optimizer__weight_decay=0.1, net__x=1)
    assert model.encoder.hidden_size == 3
    assert clone(model).get_params()["encoder__net__optimizer__weight_decay"] == 0.1
    assert "ForecastPretrainer(hidden_size=3" in repr(model)
    assert model._repr_html_()


def test_a_pretrainer_without_a_seed_gets_one_from_that_of_the_classifier(spy):
    one, two = (RNNClassifier(encoder=spy, **SIZES).fit(X, Y) for _ in range(2))
    assert same(states(one.net_.module_), states(two.net_.module_))
    RNNClassifier(encoder=spy, **{**SIZES, "random_state": 1}).fit(X, Y)
    RNNClassifier(encoder=clone(spy).set_params(random_state=7), **SIZES).fit(X, Y)
    first, second, other, own = (params["random_state"] for _, _, params in Spy.seen)
    assert first == second != other
    assert own == 7
    assert spy.random_state is None


def test_a_frozen_pretrainer_brings_what_it_has_learnt_from_other_rows():
    series = np.sin(np.arange(200) / 4)[:, None]
    pretrainer = ForecastPretrainer(**SIZES).fit(SlidingWindow(20).fit_transform(series))
    before = pickle.dumps(pretrainer.net_.module_.state_dict())
    pipe = make_pipeline(
        SlidingWindow(12), RNNClassifier(encoder=FrozenEstimator(pretrainer), freeze_epochs=1, **SIZES)
    )
    pipe.fit(X[:, :1], Y)  # windows of another length
    assert pickle.dumps(pretrainer.net_.module_.state_dict()) == before
    with pytest.raises(NotFittedError):
        RNNClassifier(encoder=FrozenEstimator(ForecastPretrainer())).fit(X, Y)


class OtherEncoder(PCA):
    encoder_ = "of something else"


@pytest.mark.parametrize(
    "encoder", [PCA(2), SlidingWindow(3), OtherEncoder(2)], ids=["PCA", "SlidingWindow", "other"]
)
def test_what_lends_no_encoder_is_refused(encoder):
    model = RNNClassifier(encoder=encoder, **SIZES)
    with pytest.raises(
        TypeError, match=r"encoder=.* provides no encoder: use one that does, such as ForecastPretrainer\(\)"
    ):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


def test_a_failed_pretraining_leaves_the_classifier_as_it_was():
    model = clone(TUNED).fit(X, Y)
    before = model.predict_proba(X)
    model.set_params(encoder=ForecastPretrainer(horizon=12))
    with pytest.raises(ValueError, match="horizon=12 leaves nothing to predict from"):
        model.fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


AUTOENCODERS = {
    "dense": AutoencoderDetector(hidden_sizes=(6, 4), max_epochs=1, random_state=0),
    "lstm": AutoencoderDetector("lstm", hidden_sizes=(6, 4), noise=0.1, max_epochs=1, random_state=0),
    "convolution": AutoencoderDetector(
        "gru", hidden_sizes=(4,), conv_channels=3, max_epochs=1, random_state=0
    ),
    "unrolled": AutoencoderDetector("rnn", hidden_sizes=(4,), decoder="unroll", max_epochs=1, random_state=0),
    "variational": VAEDetector(hidden_sizes=(6, 4), n_draws=2, max_epochs=1, random_state=0),
}


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_an_autoencoder_lends_its_encoder(name):
    windows = SlidingWindow(6).fit_transform(X[:, :2])
    detector = AUTOENCODERS[name]
    codes = clone(detector).fit(windows).transform(windows)
    model = RNNClassifier(encoder=detector, freeze_epochs="all", **SIZES).fit(windows, Y)
    encoder = model.net_.module_.encoder.eval()
    inputs = torch.from_numpy(windows.gather(slice(None), np.float32))
    np.testing.assert_allclose(encoder(inputs).detach().numpy(), codes, rtol=1e-5, atol=1e-6)
    names = [name for name, _ in model.net_.module_.named_parameters()]
    assert not any("decoder" in name for name in names)
    assert not any("decoder" in name for name in model.net_.module_.state_dict())
    assert model.net_.module_.head[0].in_features == 4
    tuned = clone(model).set_params(freeze_epochs=0).fit(windows, Y)
    assert not same(encoder_of(tuned), encoder_of(model))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(tuned)).predict_proba(windows), tuned.predict_proba(windows)
    )


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_an_autoencoder_is_left_untouched(name):
    windows = SlidingWindow(6).fit_transform(X[:, :2])
    detector = clone(AUTOENCODERS[name]).fit(windows)
    scores = detector.anomaly_score(windows)
    RNNClassifier(encoder=FrozenEstimator(detector), **SIZES).fit(windows, Y)
    np.testing.assert_array_equal(detector.anomaly_score(windows), scores)


def test_an_encoder_of_other_windows_is_refused():
    two_channels = X.reshape(40, 6, 2)
    with pytest.raises(ValueError, match=r"of 1 channel\(s\), got windows of 6 row\(s\) of 2"):
        clone(TUNED).fit(two_channels, Y)
    detector = FrozenEstimator(clone(AUTOENCODERS["dense"]).fit(two_channels))
    model = RNNClassifier(encoder=detector, **SIZES)
    with pytest.raises(
        ValueError, match=r"on windows of 6 rows of 2 channel\(s\), got windows of 4 row\(s\) of 3"
    ):
        model.fit(X.reshape(40, 4, 3), Y)
    with pytest.raises(ValueError, match=r"got windows of 5 row\(s\) of 2"):
        model.fit(two_channels[:, :5], Y)
    with pytest.raises(ValueError, match="pass n_channels= if the layout was lost"):
        model.fit(X, Y)
    assert model.set_params(n_channels=2).fit(X, Y).predict(X).shape == (40,)


# What else it composes with


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("of_encoder", ["float32", "float64"])
def test_an_encoder_takes_the_precision_of_the_classifier(dtype, of_encoder):
    encoder = FrozenEstimator(clone(PRETRAINER).set_params(dtype=of_encoder).fit(X))
    model = RNNClassifier(encoder=encoder, freeze_epochs="all", dtype=dtype, **SIZES).fit(X, Y)
    assert {str(weight.dtype) for weight in model.net_.module_.parameters()} == {f"torch.{dtype}"}
    assert {str(weight.dtype) for weight in encoder.encoder_.parameters()} == {f"torch.{of_encoder}"}
    for name, value in encoder_of(model).items():
        assert torch.equal(value, encoder.encoder_.state_dict()[name].to(value))


class Epochs(Callback):
    """Keeps the encoder of every epoch, and how many rows were trained on."""

    def __init__(self):
        self.states = []

    def on_epoch_end(self, net, dataset_train, **kwargs):
        self.states.append(states(net.module_.encoder))
        self.n_rows = len(dataset_train)


@pytest.mark.parametrize("freeze", ["all", 2])
def test_early_stopping_goes_with_freezing(freeze):
    callbacks = [("epochs", Epochs())]
    model = (
        clone(TUNED)
        .set_params(freeze_epochs=freeze, early_stopping=4, max_epochs=8, callbacks=callbacks)
        .fit(X, Y)
    )
    epochs = dict(model.net_.callbacks_)["epochs"]
    assert epochs.n_rows == 32
    before = states(PRETRAINER.encoder_)
    assert [same(state, before) for state in epochs.states[:3]] == [True, True, freeze == "all"]
    best = int(np.argmin(model.net_.history[:, "valid_loss"]))
    assert same(encoder_of(model), epochs.states[best])


def test_it_goes_with_several_classes_losses_and_class_weights():
    labels = np.arange(40) % 3
    model = clone(TUNED).set_params(freeze_epochs=1, loss="mean_false_error", encoder_lr=0.001).fit(X, labels)
    assert model.predict_proba(X).shape == (40, 3)
    assert clone(TUNED).set_params(class_weight="balanced", loss="focal").fit(X, Y).predict(X).shape == (40,)


def test_windows_of_a_panel_go_to_the_pretrainer_with_their_index(spy):
    index = pd.MultiIndex.from_product([["a", "b"], range(20)], names=["series", "time"])
    frame, labels = pd.DataFrame(X[:, :2], index=index), pd.Series(Y, index=index)
    spy.set_params(early_stopping=True, validation_fraction=0.5)
    pipe = make_pipeline(SlidingWindow(3, series="index"), RNNClassifier(encoder=spy, **SIZES))
    assert pipe.fit(frame.rename(columns=str), labels).predict(frame.rename(columns=str)).shape == (40,)
    assert len(Spy.seen) == 1


def test_without_an_encoder_nothing_is_frozen_and_the_network_is_the_same_to_the_bit():
    plain = RNNClassifier(**SIZES).fit(X, Y)
    for options in ({"freeze_epochs": "all"}, {"freeze_epochs": 1}, {"encoder_lr": 0.5}):
        model = RNNClassifier(encoder=None, **options, **SIZES).fit(X, Y)
        assert same(states(model.net_.module_), states(plain.net_.module_))
    assert len(plain.net_.optimizer_.param_groups) == 1
    assert not {"freeze", "thaw"} & set(dict(plain.net_.callbacks_))


@pytest.mark.parametrize("pretrainer", [ForecastPretrainer, MaskedReconstructionPretrainer])
def test_it_learns_with_an_encoder_that_thaws(pretrainer):
    windows, labels = order_matters(300, 0)
    new_windows, new_labels = order_matters(200, 1)
    encoder = pretrainer("gru", hidden_size=8, dense_size=8, lr=0.03, max_epochs=5)
    options = {"dense_size": 8, "lr": 0.03, "batch_size": 32, "max_epochs": 15, "random_state": 0}
    model = RNNClassifier(encoder=encoder, freeze_epochs=3, encoder_lr=0.01, **options).fit(windows, labels)
    assert f1_score(new_labels, model.predict(new_windows)) > 0.9
