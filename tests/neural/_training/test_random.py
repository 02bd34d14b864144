"""The same random state gives the same bits, and does not change the global generators."""

import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone
from torch import nn

from sktsad import AutoencoderDetector, RNNClassifier, StatefulRNNClassifier, TorchClassifier
from sktsad.neural._training import _random, seeded

X = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
Y = (X[:, -1] > 0).astype(int)
SMALL = {"hidden_size": 4, "dense_size": 4, "dropout": 0.2, "max_epochs": 2, "batch_size": 16}


def fitted_bits(random_state):
    """Fit, with dropout and shuffling, and return the decision of each row."""
    return RNNClassifier("gru", random_state=random_state, **SMALL).fit(X, Y).decision_function(X)


def test_a_seeded_block_draws_the_same_and_puts_the_generator_back():
    before = torch.get_rng_state()
    with seeded(3, "cpu"):
        first = torch.rand(5)
    with seeded(3, "cpu"):
        assert torch.equal(torch.rand(5), first)
    with seeded(4, "cpu"):
        assert not torch.equal(torch.rand(5), first)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_block_seeded_for_an_accelerator_seeds_the_cpu_too():
    before = torch.get_rng_state()
    with seeded(3, "cpu"):
        first = torch.rand(5)
    with seeded(3, "cuda"):
        assert torch.equal(torch.rand(5), first)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_block_seeded_for_an_accelerator_computes_in_full_precision_and_leaves_the_setting_as_found():
    assert torch.backends.cudnn.allow_tf32  # torch's default: 10 bits
    with seeded(3, "cuda"):
        assert not torch.backends.cudnn.allow_tf32
    with seeded(3, "cpu"):
        assert torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.allow_tf32


def test_the_generator_is_put_back_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="inside"), seeded(0, "cpu"):
        torch.rand(1)
        raise RuntimeError("inside")
    assert torch.equal(torch.get_rng_state(), before)


def test_seeded_blocks_nest():
    with seeded(0, "cpu"):
        expected = torch.rand(2)
    with seeded(0, "cpu"):
        first = torch.rand(1)
        with seeded(1, "cpu"):
            torch.rand(7)
        assert torch.equal(torch.cat([first, torch.rand(1)]), expected)


def test_a_seeded_block_keeps_other_threads_out():
    events = []

    def draw():
        with seeded(1, "cpu"):
            events.append("other thread")

    thread = threading.Thread(target=draw)
    with seeded(0, "cpu"):
        thread.start()
        thread.join(timeout=0.05)
        events.append("this thread")
    thread.join()
    assert events == ["this thread", "other thread"]


def test_the_same_random_state_gives_the_same_bits_and_another_does_not():
    first = fitted_bits(0)
    np.testing.assert_array_equal(fitted_bits(0), first)
    assert not np.array_equal(fitted_bits(1), first)


class Drawing(nn.Module):
    """Notes what it draws from torch, and which row comes first, in each batch of training."""

    drawn, first, starts = [], [], []

    def __init__(self, n_inputs, n_outputs):
        super().__init__()
        self.linear = nn.Linear(n_inputs, n_outputs)
        self.starts.append(self.linear.weight[0, 0].item())

    def forward(self, X):
        if self.training:
            self.drawn.append(torch.rand(1).item())
            self.first.append(X.flatten(1)[0, 0].item())
        return self.linear(X.flatten(1))


def test_each_training_and_each_random_state_draws_other_numbers_and_another_order():
    for of_all in (Drawing.drawn, Drawing.first, Drawing.starts):
        of_all.clear()
    model = TorchClassifier(Drawing, max_epochs=1, batch_size=10, warm_start=True, random_state=0)
    model.fit(X, Y).fit(X, Y)
    clone(model).set_params(random_state=1).fit(X, Y)
    assert len(Drawing.drawn) == 18
    assert len(set(Drawing.drawn)) == 18
    orders = np.reshape(Drawing.first, (3, 6))
    assert len(np.unique(orders, axis=0)) == 3
    assert len(set(Drawing.starts)) == 2  # the second fit goes on from the first


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_the_same_random_state_gives_the_same_bits_in_parallel(backend):
    results = Parallel(n_jobs=2, backend=backend)(delayed(fitted_bits)(seed) for seed in (0, 1, 0, 1))
    for seed, result in zip((0, 1, 0, 1), results, strict=True):
        np.testing.assert_array_equal(result, fitted_bits(seed))


def test_generators_and_threads_of_the_process_are_left_as_found():
    torch_state, n_threads = torch.get_rng_state(), torch.get_num_threads()
    numpy_state = np.random.get_state()[1].copy()
    model = RNNClassifier(random_state=0, early_stopping=True, **SMALL).fit(X, Y)
    model.predict_proba(X)
    model.partial_fit(X, Y)
    detector = AutoencoderDetector(hidden_sizes=(2,), noise=1, max_epochs=1, random_state=0).fit(X)
    detector.predict(X)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)
    assert torch.get_num_threads() == n_threads


def test_a_random_state_instance_is_drawn_from():
    instance = np.random.RandomState(7)
    first, second = fitted_bits(instance), fitted_bits(instance)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(fitted_bits(np.random.RandomState(7)), first)


def test_none_follows_numpys_own_seed_as_in_scikit_learn():
    state = np.random.get_state()
    try:
        np.random.seed(0)
        first = fitted_bits(None)
        assert not np.array_equal(fitted_bits(None), first)
        np.random.seed(0)
        np.testing.assert_array_equal(fitted_bits(None), first)
    finally:
        np.random.set_state(state)


@pytest.mark.parametrize("change", ["dtype", "device"])
def test_defaults_that_the_user_has_set_for_torch_change_nothing(change):
    expected = fitted_bits(0)
    try:
        if change == "dtype":
            torch.set_default_dtype(torch.float64)
        else:
            torch.set_default_device("meta")
        np.testing.assert_array_equal(fitted_bits(0), expected)
        assert torch.get_default_dtype() == (torch.float64 if change == "dtype" else torch.float32)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


FORK = """
import os, signal, threading
from sktsad import TorchClassifier
from sktsad.neural._training import _random, seeded

held, done = threading.Event(), threading.Event()

def fit_in_another_thread():
    with seeded(0, "cpu"):
        held.set()
        done.wait()

thread = threading.Thread(target=fit_in_another_thread)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(60)
    TorchClassifier(max_epochs=1, random_state=0).fit([[0.0], [1.0]], [0, 1])
    os._exit(0)
status = os.waitpid(child, 0)[1]
done.set()
thread.join()
print("child ended with", status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_is_forked_while_another_thread_fits_does_not_hang():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True)
    assert done.stdout.strip() == "child ended with 0", done.stderr


def test_a_forked_process_gets_a_lock_of_its_own():
    before = _random._LOCK
    _random._new_lock()
    assert _random._LOCK is not before
    with seeded(0, "cpu"):
        pass


@pytest.mark.parametrize(
    "context",
    [
        lambda: torch.device("meta"),
        lambda: torch.autocast("cpu"),
        lambda: torch.inference_mode(),
    ],
    ids=["device", "autocast", "inference_mode"],
)
def test_what_the_caller_has_set_for_torch_changes_no_bits(context):
    for model, rows in (
        (StatefulRNNClassifier("rnn", hidden_size=2, max_epochs=1, random_state=0, warm_start=True), X),
        (RNNClassifier("rnn", random_state=0, warm_start=True, **SMALL), X),
    ):
        expected = [clone(model).fit(rows, Y).decision_function(rows)]
        expected.append(clone(model).fit(rows, Y).fit(rows, Y).decision_function(rows))
        with context():
            model = pickle.loads(pickle.dumps(model.fit(rows, Y)))
            np.testing.assert_array_equal(model.decision_function(rows), expected[0])
            np.testing.assert_array_equal(model.fit(rows, Y).decision_function(rows), expected[1])


class Rounded(nn.Module):
    """A linear layer that multiplies in 16 bits."""

    def __init__(self, n_inputs):
        super().__init__()
        self.linear = nn.Linear(n_inputs, 2)

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.linear(x).float()


def test_a_module_with_its_own_autocast_learns():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3)).astype(np.float32)
    labels = (rows[:, 0] > 0).astype(int)
    model = TorchClassifier(Rounded, max_epochs=20, lr=0.05, random_state=0).fit(rows, labels)
    assert model.score(rows, labels) > 0.9
