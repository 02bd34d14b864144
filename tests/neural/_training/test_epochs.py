"""How many epochs a fit makes with "auto", and the notice of how long it will take."""

import numpy as np
import pytest
import torch

from sktsad import RNNRegressor, TorchClassifier
from sktsad.neural._training import _epochs
from sktsad.neural._training._epochs import number_of_epochs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
Y = (X[:, -1] > 1).astype(int)


@pytest.mark.parametrize(
    ("n_rows", "epochs"),
    [(1, 250), (128, 250), (129, 177), (2_000, 63), (20_000, 20), (10**6, 3), (10**9, 1)],
)
def test_few_batches_get_many_epochs_and_a_million_rows_few(n_rows, epochs):
    assert number_of_epochs("auto", n_rows, 128) == epochs
    assert number_of_epochs(7, n_rows, 128) == 7


def test_a_fit_makes_them_and_counts_the_rows_that_early_stopping_leaves():
    model = TorchClassifier(batch_size=100, random_state=0).fit(X, Y)
    assert len(model.net_.history) == number_of_epochs("auto", 200, 100) == 177
    again = TorchClassifier(batch_size=100, random_state=0, max_epochs=177).fit(X, Y)
    assert np.array_equal(model.decision_function(X), again.decision_function(X))
    stopped = TorchClassifier(batch_size=100, validation_fraction=0.5, early_stopping=1000, random_state=0)
    assert len(stopped.fit(X, Y).net_.history) == 250


def test_two_hundred_rows_are_learnt_by_default():
    """Twenty epochs of two batches, the default before, explain 0.1 of the variance."""
    target = X @ [0.5, -1.0, 0.2, 1.0]
    assert RNNRegressor(hidden_size=16, random_state=0).fit(X, target).score(X, target) > 0.7


@pytest.mark.parametrize("value", [0, -1, 10**12, "often", None, True, 2.0])
def test_other_numbers_of_epochs_are_refused(value):
    with pytest.raises(ValueError, match="max_epochs"):
        TorchClassifier(max_epochs=value).fit(X, Y)


@pytest.mark.parametrize(("seconds", "words"), [(60.0, "20 minute"), (3600.0, "20.0 hours"), (0.001, None)])
def test_a_long_fit_says_once_how_long_it_takes(monkeypatch, capsys, seconds, words):
    """Ten updates of 200 are measured; a clock that goes on by a tenth of that at each update."""
    now = iter(np.arange(10_000) * seconds / 10)
    monkeypatch.setattr(_epochs.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(_epochs, "_MEASURED_SECONDS", 0.0)
    monkeypatch.setattr(_epochs, "_LONG", 10.0)
    options = {"batch_size": 10, "max_epochs": 10, "random_state": 0}
    told = TorchClassifier(verbose=1, **options).fit(X, Y)
    lines = [line for line in capsys.readouterr().out.splitlines() if "batches" in line]
    if words is None:
        assert not lines
    else:
        (line,) = lines
        assert f"About {words}" in line and "10 epoch(s) of 20 batches" in line
    untold = TorchClassifier(**options).fit(X, Y)
    assert "batches" not in capsys.readouterr().out
    assert np.array_equal(told.decision_function(X), untold.decision_function(X))


def test_a_fit_that_ends_before_it_is_measured_lets_go_of_the_optimizer(capsys):
    model = TorchClassifier(verbose=1, max_epochs=1, random_state=0).fit(X, Y)
    assert "batches" not in capsys.readouterr().out
    assert not model.net_.optimizer_._optimizer_step_post_hooks
    assert isinstance(model.net_.optimizer_, torch.optim.Adam)
