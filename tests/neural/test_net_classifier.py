"""The base of the classifiers with a net."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score, recall_score
from skorch.callbacks import Callback
from torch import nn
from torch.utils.data import DataLoader

from sktsad import RNNClassifier, SlidingWindow, TorchClassifier
from sktsad.networks import LOSSES, FocalLoss, LogitAdjustedCrossEntropy, MeanSquaredFalseError
from sktsad.neural import NetClassifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6))
Y = (X[:, -2:].sum(axis=1) + 0.7 * RNG.normal(size=120) > 0.8).astype(int)
THREE = np.digitize(X[:, -1], [-0.5, 0.5])
WEIGHT = RNG.uniform(0.1, 3, size=120)

SMALL = {"max_epochs": 3, "batch_size": 32, "lr": 0.02, "random_state": 0}
RNN = RNNClassifier("gru", hidden_size=5, dense_size=4, **SMALL)
DENSE = TorchClassifier(**SMALL)
each_classifier = pytest.mark.parametrize("model", [RNN, DENSE], ids=["RNNClassifier", "TorchClassifier"])


def assert_same_bits(one, other, rows=X):
    np.testing.assert_array_equal(one.decision_function(rows), other.decision_function(rows))


# What it predicts


@each_classifier
def test_of_two_classes_the_decision_is_the_log_odds_of_the_last(model):
    model = clone(model).fit(X, Y)
    decision, probability = model.decision_function(X), model.predict_proba(X)
    assert decision.shape == (120,)
    np.testing.assert_allclose(probability[:, 1], 1 / (1 + np.exp(-decision)), rtol=1e-5)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(model.predict(X), (decision > 0).astype(int))


@each_classifier
def test_of_more_classes_each_has_a_decision_and_the_largest_wins(model):
    labels = np.array([10, 20, 30])
    model = clone(model).set_params(max_epochs=60).fit(X, labels[THREE])
    decision, probability = model.decision_function(X), model.predict_proba(X)
    assert decision.shape == probability.shape == (120, 3)
    np.testing.assert_array_equal(model.predict(X), labels[decision.argmax(axis=1)])
    np.testing.assert_array_equal(model.predict(X), labels[probability.argmax(axis=1)])
    assert model.score(X, labels[THREE]) > 0.9


@each_classifier
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_are_in_the_precision_of_the_network(model, dtype):
    model = clone(model).set_params(dtype=dtype).fit(X, Y)
    assert model.decision_function(X).dtype == model.predict_proba(X).dtype == dtype


@each_classifier
def test_a_row_is_predicted_the_same_bits_whatever_stands_beside_it(model):
    rows = RNG.normal(size=(300, 6))  # more than predict_batch_size
    model = clone(model).fit(X, Y)
    together = model.decision_function(rows)
    for n_rows in (1, 2, 255, 256, 257):
        np.testing.assert_array_equal(model.decision_function(rows[:n_rows]), together[:n_rows])
    other = rows.copy()
    other[1::2] = 100 * RNG.normal(size=(150, 6))
    np.testing.assert_array_equal(model.decision_function(other)[::2], together[::2])


@each_classifier
def test_a_row_is_predicted_the_same_but_for_rounding_wherever_it_stands(model):
    model = clone(model).fit(X, Y)
    together = model.decision_function(X)
    order = RNG.permutation(120)
    np.testing.assert_allclose(model.decision_function(X[order]), together[order], rtol=1e-5, atol=1e-6)
    for row in (0, 77, 119):
        np.testing.assert_allclose(model.decision_function(X[[row]]), together[[row]], rtol=1e-5, atol=1e-6)


@each_classifier
def test_input_is_not_altered(model):
    rows, labels, weight = X.copy(), Y.copy(), WEIGHT.copy()
    clone(model).fit(rows, labels, weight).predict(rows)
    np.testing.assert_array_equal(rows, X)
    np.testing.assert_array_equal(labels, Y)
    np.testing.assert_array_equal(weight, WEIGHT)


@each_classifier
def test_rows_in_a_read_only_file_are_as_good_as_in_memory(model, tmp_path):
    np.save(tmp_path / "X.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    in_memory = clone(model).fit(X.astype(np.float32), Y)
    assert_same_bits(clone(model).fit(mapped, Y), in_memory, mapped)


@each_classifier
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_before_fit_it_says_so(model, method):
    with pytest.raises(NotFittedError):
        getattr(clone(model), method)(X)


# Labels


@each_classifier
def test_labels_other_than_0_and_1_come_with_a_warning_that_names_the_anomaly(model):
    labels = np.array(["ok", "broken"])[Y]
    with pytest.warns(UserWarning, match="The labels are 'broken' and 'ok': 'ok', the last in sorted order"):
        named = clone(model).fit(X, labels)
    assert named.classes_.tolist() == ["broken", "ok"]
    assert set(named.predict(X)) <= {"broken", "ok"}
    numbered = clone(model).fit(X, 1 - Y)
    assert_same_bits(named, numbered)
    np.testing.assert_array_equal(named.predict(X) == "ok", numbered.predict(X) == 1)


@each_classifier
@pytest.mark.parametrize("dtype", [bool, int, float, np.int8])
def test_zeros_and_ones_of_any_type_are_no_guess(model, dtype):
    fitted = clone(model).fit(X, Y.astype(dtype))
    assert fitted.predict(X).dtype == fitted.classes_.dtype == dtype
    assert_same_bits(fitted, clone(model).fit(X, Y))


@each_classifier
@pytest.mark.parametrize(
    "labels, message",
    [
        (np.zeros(120, dtype=int), "y contains 1 class: .* two or more classes.*AutoencoderDetector"),
        (None, "requires y to be passed, but the target y is None"),
        (np.linspace(0, 1, 120), "Unknown label type"),
        (Y[:-1], "inconsistent numbers of samples"),
        (np.where(Y, np.nan, 0.0), "y contains NaN"),
    ],
    ids=["one class", "none", "continuous", "too short", "nan"],
)
def test_labels_that_will_not_do_are_refused(model, labels, message):
    with pytest.raises(ValueError, match=message):
        clone(model).fit(X, labels)


# Weights


@each_classifier
def test_a_class_weight_is_a_weight_of_its_rows(model):
    weighted = clone(model).set_params(class_weight={0: 0.5, 1: 4}).fit(X, Y)
    assert_same_bits(weighted, clone(model).fit(X, Y, np.where(Y, 4, 0.5)))
    both = clone(model).set_params(class_weight={0: 0.5, 1: 4}).fit(X, Y, WEIGHT)
    assert_same_bits(both, clone(model).fit(X, Y, WEIGHT * np.where(Y, 4, 0.5)))


@each_classifier
def test_balanced_classes_weigh_the_same_also_where_rows_have_weights(model):
    balanced = clone(model).set_params(class_weight="balanced")
    by_hand = {label: 120 / (2 * (label == Y).sum()) for label in (0, 1)}
    assert_same_bits(clone(balanced).fit(X, Y), clone(model).set_params(class_weight=by_hand).fit(X, Y))
    by_hand = {label: WEIGHT.sum() / (2 * WEIGHT[label == Y].sum()) for label in (0, 1)}
    weighted = clone(model).set_params(class_weight=by_hand).fit(X, Y, WEIGHT)
    np.testing.assert_allclose(
        clone(balanced).fit(X, Y, WEIGHT).decision_function(X), weighted.decision_function(X), rtol=1e-4
    )


@each_classifier
@pytest.mark.parametrize("class_weight", ["balanced", {1: 20}])
def test_a_class_weight_moves_recall_up(model, class_weight):
    rare = (X[:, -1] + 3 * np.random.default_rng(1).normal(size=120) > 4).astype(int)
    plain, weighted = (
        clone(model).set_params(class_weight=w, max_epochs=20).fit(X, rare) for w in (None, class_weight)
    )
    assert recall_score(rare, weighted.predict(X)) > recall_score(rare, plain.predict(X)) + 0.2


@each_classifier
def test_rows_of_weight_0_are_as_good_as_absent(model):
    used = RNG.uniform(size=120) > 0.4
    weighted = clone(model).fit(X, Y, used.astype(float))
    assert_same_bits(weighted, clone(model).fit(X[used], Y[used], np.ones(used.sum())))


@each_classifier
def test_a_class_of_weight_0_is_as_good_as_absent(model):
    used = THREE != 1
    weights = np.ones(120)
    without = clone(model).set_params(class_weight={0: 1, 1: 0, 2: 1}, batch_size=1).fit(X, THREE)
    assert_same_bits(without, clone(model).set_params(batch_size=1).fit(X, THREE, weights * used))
    balanced = clone(model).set_params(class_weight="balanced").fit(X, THREE, weights * used)
    assert np.isfinite(balanced.decision_function(X)).all()


@each_classifier
@pytest.mark.parametrize(
    "weight, message",
    [
        (np.where(Y, 1.0, -1.0), "[Nn]egative"),
        (np.where(Y, 1.0, np.nan), "NaN"),
        (np.ones(7), r"sample_weight.shape == \(7,\)"),
        (np.zeros(120), "non-zero|y contains 0 class"),
        (Y.astype(float), "y contains 1 class among the rows with a weight above 0"),
    ],
    ids=["negative", "nan", "too short", "all zero", "one class"],
)
def test_weights_that_will_not_do_are_refused(model, weight, message):
    with pytest.raises(ValueError, match=message):
        clone(model).fit(X, Y, weight)


@each_classifier
def test_a_class_weight_for_a_class_that_is_not_there_is_refused(model):
    with pytest.raises(ValueError, match="not in class_weight"):
        clone(model).set_params(class_weight={0: 1, "bad": 2}).fit(X, Y)


# Losses


@each_classifier
@pytest.mark.parametrize(
    "loss",
    [nn.BCEWithLogitsLoss, nn.BCEWithLogitsLoss(reduction="none")],
    ids=["class", "instance"],
)
def test_torchs_own_binary_loss_trains_as_the_default(model, loss):
    own = clone(model).set_params(loss=loss).fit(X, Y)
    np.testing.assert_allclose(
        own.decision_function(X), clone(model).fit(X, Y).decision_function(X), rtol=1e-4, atol=1e-5
    )


@each_classifier
def test_torchs_own_loss_of_several_classes_trains_as_the_default(model):
    own = clone(model).set_params(loss=nn.CrossEntropyLoss()).fit(X, THREE)
    np.testing.assert_allclose(
        own.decision_function(X), clone(model).fit(X, THREE).decision_function(X), rtol=1e-4, atol=1e-5
    )


def test_a_loss_instance_is_copied():
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))
    model = clone(DENSE).set_params(loss=loss, dtype="float64").fit(X, Y)
    assert loss.pos_weight.dtype == torch.float32
    assert model.net_.criterion_ is not loss


@each_classifier
def test_a_loss_that_averages_by_itself_cannot_be_weighted(model):
    model = clone(model).set_params(loss=nn.BCEWithLogitsLoss())
    with pytest.raises(ValueError, match=r"averages over the batch by itself.*reduction='none'"):
        model.fit(X, Y, WEIGHT)


@each_classifier
@pytest.mark.parametrize("loss", [nn.functional.cross_entropy, dict], ids=["function", "other class"])
def test_a_loss_that_is_no_module_is_refused(model, loss):
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module or its class"):
        clone(model).set_params(loss=loss).fit(X, Y)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_loss_learns_to_tell_two_classes_and_every_one_but_one_more(loss):
    model = clone(DENSE).set_params(loss=loss, max_epochs=20, lr=0.1)
    assert balanced_accuracy_score(Y, clone(model).fit(X, Y).predict(X)) > 0.75
    if loss != "mean_squared_false_error":
        assert balanced_accuracy_score(THREE, clone(model).fit(X, THREE).predict(X)) > 0.8


@each_classifier
def test_the_mean_squared_false_error_is_for_two_classes(model):
    with pytest.raises(ValueError, match="defined for two classes, got 3: use mean_false_error"):
        clone(model).set_params(loss="mean_squared_false_error").fit(X, THREE)


@each_classifier
def test_a_loss_by_name_takes_its_parameters_and_is_as_good_as_an_instance(model):
    by_name = clone(model).set_params(loss="focal", net__criterion__gamma=1, net__criterion__alpha=5)
    by_name = clone(by_name).fit(X, Y)
    assert_same_bits(by_name, clone(model).set_params(loss=FocalLoss(gamma=1, alpha=5)).fit(X, Y))
    assert_same_bits(by_name, pickle.loads(pickle.dumps(by_name)))
    other = clone(model).set_params(loss="focal").fit(X, Y)
    assert not np.array_equal(other.decision_function(X), by_name.decision_function(X))


@each_classifier
def test_parameters_of_a_loss_that_will_not_do_are_named(model):
    with pytest.raises(ValueError, match=r"net__criterion__gamma: gamma=-1 must be at least 0"):
        clone(model).set_params(loss="focal", net__criterion__gamma=-1).fit(X, Y)
    with pytest.raises(ValueError, match=r"alpha=0\.25 has 2 value"):
        clone(model).set_params(loss="focal", net__criterion__alpha=0.25).fit(X, THREE)


@each_classifier
@pytest.mark.parametrize("loss", ["squared_error", "focal"])
def test_losses_by_row_take_weights(model, loss):
    model = clone(model).set_params(loss=loss)
    weighted = clone(model).set_params(class_weight={0: 0.5, 1: 4}).fit(X, Y, WEIGHT)
    assert_same_bits(weighted, clone(model).fit(X, Y, WEIGHT * np.where(Y, 4, 0.5)))


@each_classifier
@pytest.mark.parametrize("loss", ["mean_false_error", "mean_squared_false_error"])
def test_the_mean_false_errors_take_no_weights(model, loss):
    model = clone(model).set_params(loss=loss)
    with pytest.raises(ValueError, match=r"cannot be applied\. Pass a loss .*'cross_entropy'"):
        model.fit(X, Y, WEIGHT)
    with pytest.raises(ValueError, match=r"cannot be applied\. Pass a loss .*'cross_entropy'"):
        model.set_params(class_weight="balanced").fit(X, Y)


def share_of_anomalies(model):
    """The prior that logits are adjusted by."""
    return np.exp(model.net_.criterion_.shift.numpy())[1]


@each_classifier
def test_logits_are_adjusted_by_the_prior_of_the_training_rows(model):
    model = clone(model).set_params(loss="logit_adjusted")
    assert share_of_anomalies(clone(model).fit(X, Y)) == pytest.approx(Y.mean())
    watched = clone(model).set_params(early_stopping=True, validation_fraction=0.25).fit(X, Y)
    assert share_of_anomalies(watched) == pytest.approx(Y[:90].mean())
    instance = clone(model).set_params(loss=LogitAdjustedCrossEntropy(tau=1)).fit(X, Y)
    assert share_of_anomalies(instance) == pytest.approx(Y.mean())


@each_classifier
def test_a_weight_of_2_is_two_rows_in_the_prior_and_class_weights_act_on_top(model):
    model = clone(model).set_params(loss="logit_adjusted", class_weight={1: 5})
    weight = np.arange(120) % 3
    prior = share_of_anomalies(model.fit(X, Y, weight))
    assert prior == pytest.approx(np.repeat(Y, weight).mean())


@each_classifier
def test_a_prior_that_is_given_stays(model):
    by_name = clone(model).set_params(loss="logit_adjusted", net__criterion__prior=[0.8, 0.2]).fit(X, Y)
    assert share_of_anomalies(by_name) == pytest.approx(0.2)
    assert_same_bits(clone(model).set_params(loss=LogitAdjustedCrossEntropy([4, 1])).fit(X, Y), by_name)


@each_classifier
def test_training_further_keeps_the_first_prior_which_needs_every_class(model):
    model = clone(model).set_params(loss="logit_adjusted")
    with pytest.raises(ValueError, match=r"above 0 for every class.*net__criterion__prior"):
        model.partial_fit(X[Y == 1], Y[Y == 1], classes=[0, 1])
    model.fit(X, Y)
    model.partial_fit(X[Y == 1], Y[Y == 1])
    assert share_of_anomalies(model) == pytest.approx(Y.mean())
    given = clone(model).set_params(net__criterion__prior=[0.9, 0.1])
    assert share_of_anomalies(given.partial_fit(X[Y == 1], Y[Y == 1], classes=[0, 1])) == pytest.approx(0.1)


# Stratified batches


class Batches(Callback):
    """Keeps the labels of every batch."""

    def __init__(self):
        self.trained, self.watched = [], []

    def on_batch_begin(self, net, batch, training, **kwargs):
        (self.trained if training else self.watched).append(batch[1].tolist())


RARE = np.isin(np.arange(120), [3, 50, 51, 70, 118, 119]).astype(int)


def batches_of(model):
    model = clone(model).set_params(callbacks=[Batches()], max_epochs=2, batch_size=8).fit(X, RARE)
    return next(callback for _, callback in model.net_.callbacks_ if isinstance(callback, Batches))


def hold_both_classes(batches):
    return all(set(batch) == {0, 1} for batch in batches)


@each_classifier
@pytest.mark.parametrize("loss", ["cross_entropy", "mean_false_error", MeanSquaredFalseError()], ids=str)
@pytest.mark.parametrize("stratify", ["auto", True, False])
def test_batches_are_stratified_where_that_is_asked_for_or_the_loss_needs_it(model, loss, stratify):
    batches = batches_of(clone(model).set_params(loss=loss, stratify=stratify))
    is_wanted = loss != "cross_entropy" if stratify == "auto" else stratify
    assert len(batches.trained) == 2 * 15
    assert hold_both_classes(batches.trained) == is_wanted
    assert sum(map(len, batches.trained)) == 2 * (114 + 15 if is_wanted else 120)


@each_classifier
def test_stratified_batches_are_the_same_by_the_same_random_state(model):
    model = clone(model).set_params(loss="mean_false_error", batch_size=8)
    assert_same_bits(clone(model).fit(X, RARE), clone(model).fit(X, RARE))


@each_classifier
def test_stratified_batches_take_weights(model):
    model = clone(model).set_params(loss="focal", stratify=True, class_weight="balanced", batch_size=8)
    assert np.isfinite(model.fit(X, RARE, WEIGHT).decision_function(X)).all()


@each_classifier
@pytest.mark.parametrize("stratify", ["auto", True, False])
@pytest.mark.parametrize("loss", ["focal", "mean_false_error"])
def test_batches_that_are_watched_are_stratified_where_the_loss_needs_it(model, loss, stratify):
    model = clone(model).set_params(loss=loss, stratify=stratify, early_stopping=True, predict_batch_size=8)
    batches = batches_of(model.set_params(validation_fraction=0.5))
    is_wanted = loss == "mean_false_error" and stratify in ("auto", True)
    assert hold_both_classes(batches.watched) == is_wanted


@each_classifier
def test_the_loss_that_is_watched_is_that_of_all_watched_rows(model):
    labels = np.repeat([0, 1, 0, 1], [50, 10, 48, 12])  # each class of the tail stands together
    model = clone(model).set_params(loss="mean_false_error", dtype="float64", predict_batch_size=20)
    model.set_params(early_stopping=50, validation_fraction=0.5).fit(X, labels)
    squared = (model.predict_proba(X)[60:, 1] - labels[60:]) ** 2
    watched = squared[:48].mean() + squared[48:].mean()
    assert min(model.net_.history[:, "valid_loss"]) == pytest.approx(watched)


@each_classifier
def test_an_iterator_of_ones_own_is_not_told_to_stratify(model):
    model = clone(model).set_params(loss="mean_false_error", early_stopping=True)
    model.set_params(net__iterator_train=DataLoader, net__iterator_valid=DataLoader, validation_fraction=0.5)
    assert np.isfinite(model.fit(X, Y).decision_function(X)).all()


@each_classifier
def test_stratify_is_yes_no_or_auto(model):
    with pytest.raises(ValueError, match="'stratify' parameter"):
        clone(model).set_params(stratify="always").fit(X, Y)


# Going on: partial_fit (warm_start is a parameter of all nets)


@each_classifier
def test_partial_fit_trains_one_epoch_at_a_time(model):
    model = clone(model)
    losses = [model.partial_fit(X, Y).net_.history[-1, "train_loss"] for _ in range(8)]
    assert len(model.net_.history) == 8
    assert losses[-1] < losses[3] < losses[0]


@each_classifier
def test_partial_fit_goes_on_from_fit(model):
    model = clone(model).fit(X, Y)
    before = model.net_.history[-1, "train_loss"]
    assert model.partial_fit(X, Y).net_.history[-1, "train_loss"] < before
    assert len(model.net_.history) == 4


@each_classifier
@pytest.mark.parametrize("class_weight", [None, "balanced", {1: 3}])
def test_partial_fit_takes_batches_of_one_class_when_it_knows_the_classes(model, class_weight):
    model = clone(model).set_params(class_weight=class_weight)
    for _ in range(10):
        model.partial_fit(X[Y == 1], Y[Y == 1], classes=[1, 0])
        model.partial_fit(X[Y == 0], Y[Y == 0])
    assert model.classes_.tolist() == [0, 1]
    assert np.isfinite(model.decision_function(X)).all()


@each_classifier
def test_partial_fit_of_more_classes_than_the_first_batch_shows(model):
    model = clone(model).partial_fit(X[THREE < 2], THREE[THREE < 2], classes=[0, 1, 2])
    assert model.partial_fit(X, THREE).predict_proba(X).shape == (120, 3)


@each_classifier
def test_partial_fit_refuses_what_does_not_belong_to_the_classes(model):
    model = clone(model)
    with pytest.raises(ValueError, match="y contains 1 class"):
        model.partial_fit(X[Y == 1], Y[Y == 1])
    with pytest.raises(ValueError, match=r"classes=\[1\] must contain two or more classes"):
        model.partial_fit(X[Y == 1], Y[Y == 1], classes=[1])
    with pytest.raises(ValueError, match=r"y contains \[2\], which are not among the classes \[0, 1\]"):
        model.partial_fit(X, THREE, classes=[0, 1])
    model.partial_fit(X, Y)
    before = model.decision_function(X)
    with pytest.raises(
        ValueError, match=r"y contains \[2\], which are not among the classes \[0, 1\].*classes="
    ):
        model.partial_fit(X, THREE)
    with pytest.raises(ValueError, match=r"classes=\[0, 1, 2\] are not those of the first call, \[0, 1\]"):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="y contains 0 class among the rows with a weight above 0"):
        clone(model).set_params(class_weight={1: 0}).partial_fit(X[Y == 1], Y[Y == 1], classes=[0, 1])
    with pytest.raises(ValueError, match="n_channels"):
        model.partial_fit(X.reshape(120, 3, 2), Y)
    np.testing.assert_array_equal(model.decision_function(X), before)


class Fails(Callback):
    """Ends a training in the middle, while it is switched on."""

    is_on = False

    def on_epoch_end(self, net, **kwargs):
        if self.is_on:
            raise ValueError("in the middle")


@each_classifier
def test_a_failed_call_does_not_change_the_bits_of_the_next(model, monkeypatch):
    model = clone(model).set_params(callbacks=[Fails()])
    disturbed, undisturbed = clone(model).fit(X, Y), clone(model).fit(X, Y)
    with monkeypatch.context() as patched, pytest.raises(ValueError, match="in the middle"):
        patched.setattr(Fails, "is_on", True)
        disturbed.set_params(warm_start=True).fit(X, Y)
    assert_same_bits(disturbed.partial_fit(X, Y), undisturbed.partial_fit(X, Y))


# Early stopping


class Spy(Callback):
    """Keeps what is trained on and what is watched."""

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.trained, self.watched = dataset_train, dataset_valid


def spied(model):
    return next(callback for _, callback in model.net_.callbacks_ if isinstance(callback, Spy))


@each_classifier
def test_early_stopping_keeps_the_best_weights(model):
    model = clone(model).set_params(
        max_epochs=200, early_stopping=3, validation_fraction=0.3, lr=0.2, dtype="float64"
    )
    model.fit(X, Y)
    losses = model.net_.history[:, "valid_loss"]
    best = int(np.argmin(losses))
    assert len(losses) < 200
    assert best < len(losses) - 1
    decision = model.decision_function(X[84:])
    assert np.mean(np.logaddexp(0, decision) - Y[84:] * decision) == pytest.approx(losses[best])


@each_classifier
def test_without_early_stopping_all_rows_are_trained_on(model):
    model = clone(model).set_params(callbacks=[Spy()]).fit(X, Y)
    assert len(spied(model).trained) == 120
    assert spied(model).watched is None


@each_classifier
def test_early_stopping_watches_the_last_rows_and_does_not_train_on_them(model):
    model = (
        clone(model)
        .set_params(callbacks=[Spy()], early_stopping=True, validation_fraction=0.25, class_weight="balanced")
        .fit(X, Y, WEIGHT)
    )
    for dataset, rows in [(spied(model).trained, slice(0, 90)), (spied(model).watched, slice(90, None))]:
        np.testing.assert_array_equal(dataset.windows, X[rows])
        np.testing.assert_array_equal(dataset.target, Y[rows])
        ratio = dataset.sample_weight / WEIGHT[rows]
        assert len(np.unique(ratio.round(4))) == 2  # a weight for each class


@each_classifier
def test_early_stopping_watches_the_last_rows_of_every_series(model):
    index = pd.MultiIndex.from_product([["a", "b", "c"], range(40)], names=["series", "time"])
    panel = pd.DataFrame(X[:, :2], index=index)
    windows = SlidingWindow(3).fit_transform(panel)
    labels = np.arange(120) % 2
    model = clone(model).set_params(callbacks=[Spy()], early_stopping=True, validation_fraction=0.2)
    model.fit(windows, labels)
    time = index.get_level_values("time")
    assert spied(model).watched.windows.index.equals(index[time >= 32])
    assert spied(model).trained.windows.index.equals(index[time < 32])
    np.testing.assert_array_equal(spied(model).watched.target, labels[time >= 32])


@each_classifier
@pytest.mark.parametrize(
    "labels", [np.sort(Y), 1 - np.sort(Y), np.sort(THREE)], ids=["end", "start", "third class"]
)
def test_early_stopping_warns_where_a_class_is_on_one_side_only(model, labels):
    with pytest.warns(
        UserWarning, match=r"validation_fraction=0.2 .*24 of 120, and not every class is in both parts"
    ):
        clone(model).set_params(early_stopping=True).fit(X, labels)


@each_classifier
@pytest.mark.parametrize("fraction", [0.0, 0.001])
def test_early_stopping_with_nothing_to_watch_is_an_error(model, fraction):
    model = clone(model).set_params(early_stopping=4, validation_fraction=fraction)
    with pytest.raises(
        ValueError,
        match=f"early_stopping=4 .*validation_fraction={fraction} of 120 rows is less than one row",
    ):
        model.fit(X, Y)


# Shapes of windows


@each_classifier
def test_windows_are_the_same_flat_or_in_3d_or_from_a_sliding_window(model):
    rows = RNG.normal(size=(120, 2))
    windows = SlidingWindow(3).fit_transform(rows)
    flat = np.asarray(windows)
    fitted = clone(model).fit(windows, Y)
    assert_same_bits(clone(model).fit(flat.reshape(120, 3, 2), Y), fitted, windows)
    assert_same_bits(clone(model).fit(flat.reshape(120, 3, 2).tolist(), Y), fitted, windows)
    assert_same_bits(clone(model).set_params(n_channels=2).fit(flat, Y), fitted, windows)
    names = SlidingWindow(3).fit(rows).get_feature_names_out()
    frame = pd.DataFrame(flat, columns=names)
    by_name = clone(model).fit(frame, Y).decision_function(frame)
    np.testing.assert_array_equal(by_name, fitted.decision_function(windows))


@each_classifier
def test_another_layout_at_predict_is_refused_and_the_mend_is_named(model):
    windows = SlidingWindow(3).fit_transform(X[:, :2])
    flat = np.asarray(windows)
    on_windows = clone(model).fit(
        windows, Y
    )  # which also forgets that these windows were turned into an array
    on_flat = clone(model).fit(flat, Y)
    with pytest.raises(ValueError, match=r"n_channels=2 to this estimator"):
        on_flat.predict(windows)
    with pytest.raises(ValueError, match=r"n_channels=2 to this estimator"):
        on_windows.predict(flat)
    fixed = clone(model).set_params(n_channels=2).fit(flat, Y)
    assert_same_bits(fixed, on_windows, windows)


@each_classifier
def test_a_number_of_channels_that_cannot_be_is_refused(model):
    with pytest.raises(ValueError, match="n_channels=4 does not divide the 6 values"):
        clone(model).set_params(n_channels=4).fit(X, Y)
    with pytest.raises(ValueError, match=r"n_channels=3, but X has 2 channel\(s\)"):
        clone(model).set_params(n_channels=3).fit(X.reshape(120, 3, 2), Y)


@each_classifier
@pytest.mark.parametrize(
    "bad, message",
    [
        (np.where(X > 2, np.nan, X), "NaN"),
        (np.where(X > 2, np.inf, X), "infinity"),
        (X[:, :-1], "5 features, but .* is expecting 6"),
        (X[0], "Expected 2D array"),
        (X[:0], "0 sample"),
        (np.full((120, 6), "a"), "could not convert string to float|dtype"),
    ],
    ids=["nan", "inf", "column missing", "1-D", "empty", "strings"],
)
def test_rows_that_will_not_do_are_refused_at_predict(model, bad, message):
    with pytest.raises(ValueError, match=message):
        clone(model).fit(X, Y).predict(bad)


@each_classifier
def test_columns_are_known_by_name(model):
    frame = pd.DataFrame(X, columns=list("abcdef"))
    fitted = clone(model).fit(frame, pd.Series(Y))
    assert fitted.feature_names_in_.tolist() == list("abcdef")
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame[list("bacdef")])


# Failing and keeping


@each_classifier
@pytest.mark.parametrize(
    "change, y, message",
    [
        ({"net__optimizer__lr": 1e30, "max_epochs": 40}, Y, "diverged"),
        ({}, np.zeros(120), "y contains 1 class"),
        ({"batch_size": -1}, Y, "batch_size"),
        ({"net__typo": 1}, Y, "net__typo"),
        ({"n_channels": 4}, Y, "n_channels=4"),
        ({"device": "mainframe"}, Y, "device='mainframe'"),
    ],
    ids=["diverges", "one class", "bad parameter", "typo", "channels", "device"],
)
def test_a_failed_fit_leaves_the_estimator_as_it_was(model, change, y, message):
    new = clone(model).set_params(**change)
    with pytest.raises(ValueError, match=message):
        new.fit(X, y)
    assert set(vars(new)) == set(clone(model).get_params(deep=False))

    fitted = clone(model).fit(X, Y)
    before, state = fitted.decision_function(X), vars(fitted).copy()
    with pytest.raises(ValueError, match=message):
        fitted.set_params(**change).fit(X, y)
    fitted.set_params(**model.get_params(deep=False))
    assert vars(fitted) == state
    np.testing.assert_array_equal(fitted.decision_function(X), before)


@each_classifier
@pytest.mark.parametrize("early_stopping", [False, 2])
def test_a_copy_from_a_pickle_predicts_and_goes_on_with_the_same_bits(model, early_stopping, tmp_path):
    fitted = clone(model).set_params(early_stopping=early_stopping).fit(X, Y)
    joblib.dump(fitted, tmp_path / "model.joblib")
    for copied in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model.joblib")):
        assert_same_bits(copied, fitted)
        assert_same_bits(copied.partial_fit(X, Y), pickle.loads(pickle.dumps(fitted)).partial_fit(X, Y))


@each_classifier
def test_a_clone_is_not_fitted_and_fits_to_the_same_bits(model):
    fitted = clone(model).fit(X, Y)
    copied = clone(fitted)
    assert not hasattr(copied, "net_")
    assert_same_bits(copied.fit(X, Y), fitted)


class Nameless(TorchClassifier):
    _network = NetClassifier._network


def test_a_classifier_has_to_say_which_network():
    with pytest.raises(NotImplementedError):
        Nameless(max_epochs=1).fit(X, Y)
