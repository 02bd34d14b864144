import copy

import numpy as np
import pytest
from skorch.callbacks import EpochScoring, LRScheduler

from sktsad import RNNClassifier, SlidingWindow, VAEDetector, ZScoreDetector
from sktsad.plotting import TrainingDisplay


@pytest.fixture(scope="module")
def windows(machine):
    return SlidingWindow(4).fit_transform(machine[0])


def test_losses_are_those_of_the_history_and_the_best_epoch_is_marked(autoencoder):
    display = TrainingDisplay.from_estimator(autoencoder)
    history = autoencoder[-1].net_.history
    assert set(display.losses) == {"train_loss", "valid_loss"} and display.score_ax_ is None
    for name, line in display.losses_.items():
        assert line.get_ydata().tolist() == history[:, name]
        assert line.get_xdata().tolist() == history[:, "epoch"]
    best = 1 + int(np.argmin(history[:, "valid_loss"]))
    assert display.best_epoch == best and display.best_.get_xdata() == [best, best]


def test_the_best_epoch_is_that_of_the_validation_loss(autoencoder):
    detector = copy.deepcopy(autoencoder[-1])
    for epoch, loss in zip(detector.net_.history, [3.0, 1.0, float("nan"), 2.0], strict=True):
        epoch["valid_loss"] = loss
    assert TrainingDisplay.from_estimator(detector).best_epoch == 2
    for epoch in detector.net_.history:
        del epoch["valid_loss"]
    assert TrainingDisplay.from_estimator(detector).best_epoch == 4


def test_scores_have_axes_of_their_own(windows, machine):
    callbacks = [
        ("auc", EpochScoring(lambda net, X, y: 0.25 * len(net.history), name="auc")),
        ("lr", LRScheduler("StepLR", step_size=1, event_name="event_lr")),
    ]
    y = np.arange(len(windows)) % 20 == 0
    model = RNNClassifier(hidden_size=2, max_epochs=3, callbacks=callbacks, random_state=0, early_stopping=2)
    display = TrainingDisplay.from_estimator(model.fit(windows, y))
    assert list(display.scores_) == ["auc"]
    assert display.scores_["auc"].get_ydata().tolist() == [0.25, 0.5, 0.75]
    assert display.scores_["auc"].axes is display.score_ax_ is not display.ax_
    assert display.score_ax_.get_ylim() == (-0.02, 1.02)
    assert "auc" in [text.get_text() for text in display.legend_.get_texts()]


def test_scores_beyond_one_have_the_range_they_need():
    display = TrainingDisplay([1, 2], {"train_loss": [2, 1]}, scores={"mape": np.array([30, 20])}).plot()
    assert display.score_ax_.get_ylim()[1] > 30
    assert display.best_ is None


def test_parts_of_a_loss_are_drawn_beside_it(windows):
    detector = VAEDetector(hidden_sizes=(2,), max_epochs=2, random_state=0).fit(windows)
    display = TrainingDisplay.from_estimator(detector)
    assert set(display.losses) == {"train_loss", "train_reconstruction_loss", "train_kl_loss"}


def test_one_epoch_is_seen():
    display = TrainingDisplay([1], {"train_loss": [2.0]}).plot()
    assert display.losses_["train_loss"].get_marker() == "."


def test_an_estimator_without_a_trained_network_is_refused(machine):
    for estimator in (VAEDetector(), ZScoreDetector().fit(machine[0])):
        with pytest.raises(TypeError, match="TrainingDisplay needs an estimator with net_"):
            TrainingDisplay.from_estimator(estimator)
