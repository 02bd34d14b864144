"""Ctrl-C while a net is trained: the best epoch is kept, with a warning; a search ends."""

import signal

import joblib
import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback, EarlyStopping
from skorch.utils import noop

from sktsad import AutoencoderDetector, ForecastPretrainer, RNNClassifier, RNNRegressor, SeriesSplit
from sktsad.neural._training import LeanNet

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
Y = (RNG.random(200) < 0.3).astype(int)
SMALL = {"hidden_size": 3, "dense_size": None, "lr": 0.05, "random_state": 0}


@pytest.fixture(autouse=True)
def ctrl_c_is_not_ignored():
    """Shells let processes in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class CtrlC(Callback):
    """Send the signal of Ctrl-C as an epoch begins, or raise its exception in the middle of one."""

    def __init__(self, epoch, is_real=True):
        self.epoch = epoch
        self.is_real = is_real

    def on_epoch_begin(self, net, **kwargs):
        if self.is_real and len(net.history) == self.epoch:
            signal.raise_signal(signal.SIGINT)

    def on_batch_end(self, net, training, **kwargs):
        is_second = len(net.history[-1, "batches"]) == 2
        if not self.is_real and training and is_second and len(net.history) == self.epoch:
            raise KeyboardInterrupt


class Ends(Callback):
    """End the training after an epoch, as callbacks of skorch do."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise KeyboardInterrupt


class SeesTheEnd(Callback):
    def on_train_end(self, net, **kwargs):
        self.n_epochs = len(net.history)
        self.weights = [weight.clone() for weight in net.module_.parameters()]


def weights(estimator):
    return list(estimator.net_.module_.parameters())


def assert_same_network(estimator, other):
    assert all(map(torch.equal, weights(estimator), weights(other)))


@pytest.mark.parametrize("is_real", [True, False], ids=["signal", "exception"])
def test_the_network_is_that_of_the_last_epoch_that_ended(is_real):
    model = RNNClassifier(max_epochs=9, callbacks=[CtrlC(4, is_real)], **SMALL)
    with pytest.warns(
        UserWarning, match=r"interrupted in epoch 4: the network is that of epoch 3, the last that"
    ):
        model.fit(X, Y)
    assert len(model.net_.history) == 3
    assert_same_network(model, RNNClassifier(max_epochs=3, **SMALL).fit(X, Y))


@pytest.mark.parametrize("callback", [[], [EarlyStopping(load_best=True, patience=50, sink=noop)]])
def test_with_early_stopping_it_is_the_best_by_its_loss_on_the_last_rows(callback):
    params = {**SMALL, "lr": 0.5, "early_stopping": 50}
    model = RNNClassifier(max_epochs=50, callbacks=[CtrlC(12), *callback], **params)
    with pytest.warns(
        UserWarning, match=r"in epoch 12: the network is that of epoch \d, the best by valid_loss"
    ):
        model.fit(X, Y)
    best = int(np.argmin(model.net_.history[:, "valid_loss"])) + 1
    assert best < 11  # else this shows nothing
    assert_same_network(model, RNNClassifier(max_epochs=best, **params).fit(X, Y))


def test_a_rule_to_stop_that_keeps_the_last_weights_keeps_them_here_as_well():
    stop = EarlyStopping(patience=50, sink=noop)
    model = RNNClassifier(max_epochs=9, callbacks=[CtrlC(4), stop], early_stopping=True, **SMALL)
    with pytest.warns(UserWarning, match="that of epoch 3, the last that ended"):
        model.fit(X, Y)
    assert len(model.net_.history) == 3


@pytest.mark.parametrize(
    "model",
    [
        AutoencoderDetector(hidden_sizes=(2,), max_epochs=9, callbacks=[CtrlC(3)], random_state=0),
        RNNRegressor(max_epochs=9, callbacks=[CtrlC(3)], **SMALL),
        ForecastPretrainer(max_epochs=9, callbacks=[CtrlC(3)], hidden_size=3, random_state=0),
    ],
)
def test_whatever_holds_a_net_is_fitted_as_if_it_had_ended_there(model):
    with pytest.warns(UserWarning, match="that of epoch 2"):
        model.fit(X, Y)
    whole = type(model)(**{**model.get_params(deep=False), "max_epochs": 2, "callbacks": None}).fit(X, Y)
    use = "decision_function" if hasattr(model, "decision_function") else "transform"
    use = use if hasattr(model, use) else "predict"
    np.testing.assert_array_equal(getattr(model, use)(X), getattr(whole, use)(X))


def test_other_callbacks_see_the_end_of_a_whole_epoch():
    model = RNNClassifier(max_epochs=9, callbacks=[CtrlC(3), SeesTheEnd()], **SMALL)
    with pytest.warns(UserWarning, match="that of epoch 2"):
        model.fit(X, Y)
    seen = model.net_.callbacks_[-1][1]
    assert isinstance(seen, SeesTheEnd) and seen.n_epochs == 2
    assert all(map(torch.equal, seen.weights, weights(model)))


def test_an_interrupt_before_the_first_epoch_has_ended_goes_up_and_leaves_the_model_as_it_was():
    model = RNNClassifier(max_epochs=2, **SMALL).fit(X, Y)
    before = model.decision_function(X)
    model.set_params(callbacks=[CtrlC(1)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    np.testing.assert_array_equal(model.decision_function(X), before)


def test_an_interrupt_before_any_epoch_has_begun_goes_up(monkeypatch):
    def check_data(self, X, y):
        raise KeyboardInterrupt  # before the first epoch; skorch would return an untrained net

    monkeypatch.setattr(LeanNet, "check_data", check_data)
    with pytest.raises(KeyboardInterrupt):
        RNNClassifier(max_epochs=2, **SMALL).fit(X, Y)


def test_training_goes_on_after_an_interrupt():
    model = RNNClassifier(max_epochs=9, warm_start=True, callbacks=[CtrlC(3)], **SMALL)
    with pytest.warns(UserWarning, match="that of epoch 2"):
        model.fit(X, Y)
    model.net_.callbacks_[-1][1].epoch = None
    assert model.set_params(max_epochs=3).fit(X, Y).net_.history[:, "epoch"] == [1, 2, 3, 4, 5]


def test_callbacks_that_end_the_training_between_epochs_need_no_warning():
    model = RNNClassifier(max_epochs=9, callbacks=[Ends(3)], **SMALL).fit(X, Y)
    assert_same_network(model, RNNClassifier(max_epochs=3, **SMALL).fit(X, Y))


def test_a_search_ends_at_an_interrupt():
    model = RNNClassifier(max_epochs=9, callbacks=[CtrlC(3)], **SMALL)
    search = GridSearchCV(model, {"lr": [0.01, 0.1]}, scoring="f1", cv=SeriesSplit(2))
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert not hasattr(search, "best_estimator_")


def test_fits_that_joblib_runs_for_others_end_at_an_interrupt():
    model = RNNClassifier(max_epochs=9, callbacks=[CtrlC(3)], **SMALL)
    with pytest.raises(KeyboardInterrupt):
        joblib.Parallel()(joblib.delayed(model.fit)(X, Y) for _ in range(2))
    assert not hasattr(model, "net_")


def test_a_step_in_the_middle_of_a_pipeline_is_one_fit():
    pretrainer = ForecastPretrainer(max_epochs=9, callbacks=[CtrlC(3)], hidden_size=3, random_state=0)
    with pytest.warns(UserWarning, match="that of epoch 2"):
        pipe = make_pipeline(pretrainer, LogisticRegression()).fit(X, Y)
    assert len(pipe[0].net_.history) == 2


def test_a_trained_net_keeps_no_guard():
    model = RNNClassifier(max_epochs=1, **SMALL).fit(X, Y)
    assert "interrupt_guard" not in dict(model.net_.callbacks_)
