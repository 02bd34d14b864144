"""What is printed while a net is trained."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from skorch.callbacks import EarlyStopping, EpochScoring
from skorch.utils import noop

from sktsad import AutoencoderDetector, RNNClassifier, TorchClassifier
from sktsad.metrics import SCORERS, point_f_score, vus_pr, vus_roc

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3))
Y = (X.sum(axis=1) + 0.5 * RNG.normal(size=150) > 1).astype(int)
PARAMS = {"max_epochs": 4, "lr": 0.05, "random_state": 0}


def columns(printed):
    return printed.splitlines()[0].split()


def test_nothing_is_printed_and_no_f1_is_worked_out_unless_wanted(capsys):
    model = TorchClassifier(**PARAMS).fit(X, Y)
    assert capsys.readouterr().out == ""
    assert "train_f1" not in model.net_.history[-1]


def test_verbose_prints_loss_f1_and_time_of_each_epoch(capsys):
    model = TorchClassifier(verbose=1, **PARAMS).fit(X, Y)
    printed = capsys.readouterr().out
    assert columns(printed) == ["epoch", "train_f1", "train_loss", "dur"]
    assert len(printed.splitlines()) == 2 + 4
    assert model.net_.history[-1, "train_f1"] > 0.5


def test_f1_can_be_had_without_the_printing(capsys):
    model = TorchClassifier(verbose=1, net_params={"callbacks__print_log": None}, **PARAMS).fit(X, Y)
    assert capsys.readouterr().out == ""
    assert len(model.net_.history[:, "train_f1"]) == 4


@pytest.mark.filterwarnings("ignore:early_stopping monitors:UserWarning")
def test_with_early_stopping_it_is_the_f1_of_the_last_rows(capsys):
    model = TorchClassifier(verbose=1, early_stopping=9, validation_fraction=0.4, **PARAMS).fit(X, Y)
    assert columns(capsys.readouterr().out) == ["epoch", "train_loss", "valid_f1", "valid_loss", "dur"]
    history = model.net_.history
    assert np.argmin(history[:, "valid_loss"]) == 3  # the weights are those of the last epoch
    assert history[-1, "valid_f1"] == pytest.approx(f1_score(Y[-60:], model.predict(X[-60:])))


@pytest.mark.filterwarnings("ignore:early_stopping monitors:UserWarning")
def test_a_rule_to_stop_by_f1_takes_the_place_of_the_rule_by_loss():
    rule = EarlyStopping("valid_f1", lower_is_better=False, patience=2, load_best=True, sink=noop)
    params = {**PARAMS, "lr": 0.3, "max_epochs": 50, "validation_fraction": 0.4}
    model = TorchClassifier(verbose=1, early_stopping=True, callbacks=[rule], **params).fit(X, Y)
    history = model.net_.history
    assert [type(callback) for _, callback in model.net_.callbacks_].count(EarlyStopping) == 1
    best = int(np.argmax(history[:, "valid_f1"]))
    assert len(history) == best + 3 and best != np.argmin(history[:, "valid_loss"])
    assert history[best, "valid_f1"] == pytest.approx(f1_score(Y[-60:], model.predict(X[-60:])))


def test_of_more_than_two_classes_it_is_the_mean_over_classes():
    three = np.digitize(X.sum(axis=1), [-1, 1])
    model = TorchClassifier(verbose=1, **{**PARAMS, "max_epochs": 30}, early_stopping=30).fit(X, three)
    best = int(np.argmin(model.net_.history[:, "valid_loss"]))
    expected = f1_score(three[-30:], model.predict(X[-30:]), average="macro")
    assert model.net_.history[best, "valid_f1"] == pytest.approx(expected)


def test_looking_does_not_change_the_network():
    params = {"hidden_size": 3, "dropout": 0.5, **PARAMS}
    quiet, seen = (RNNClassifier(verbose=verbose, **params).fit(X, Y) for verbose in (0, 1))
    np.testing.assert_array_equal(quiet.decision_function(X), seen.decision_function(X))


def test_a_detector_has_no_labels_and_prints_the_loss_alone(capsys):
    AutoencoderDetector(verbose=1, **PARAMS).fit(X)
    assert columns(capsys.readouterr().out) == ["epoch", "train_loss", "dur"]


@pytest.mark.filterwarnings("ignore:early_stopping monitors:UserWarning")
@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "best_f1", "vus_pr", "vus_roc", "f1"])
@pytest.mark.parametrize("on_train", [False, True])
def test_a_scorer_by_name_scores_the_probabilities_of_an_epoch(name, on_train):
    metric = {
        "roc_auc": roc_auc_score,
        "average_precision": average_precision_score,
        "best_f1": point_f_score,
        "vus_pr": vus_pr,
        "vus_roc": vus_roc,
        "f1": lambda y, probability: f1_score(y, probability > 0.5, zero_division=0),
    }[name]

    def by_hand(net, X, y):
        return metric(y, net.predict_proba(X)[:, 1])

    scores = []
    for scoring in (SCORERS.get(name, name), by_hand):
        watch = EpochScoring(scoring, lower_is_better=False, on_train=on_train, name="watched")
        model = TorchClassifier(callbacks=[watch], early_stopping=True, validation_fraction=0.4, **PARAMS)
        scores.append(model.fit(X, Y).net_.history[:, "watched"])
    np.testing.assert_allclose(*scores)
