import pickle
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sktsad import AutoencoderDetector, TorchClassifier
from sktsad.neural import TensorBoardLog
from sktsad.neural._tensorboard_log import _new_folder

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = (X.sum(axis=1) > 0).astype(int)
PARAMS = {"max_epochs": 2, "random_state": 0}


def written(folder):
    """Return what TensorBoard reads in a folder: steps by tag of scalars, and tags of histograms."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(folder)).Reload()
    tags = events.Tags()
    return {tag: [event.step for event in events.Scalars(tag)] for tag in tags["scalars"]}, tags["histograms"]


@pytest.fixture(autouse=True)
def with_tensorboard():
    pytest.importorskip("tensorboard", reason="optional: pip install tensorboard")


def test_each_training_of_a_search_has_a_folder_of_its_own(tmp_path):
    model = TorchClassifier(callbacks=[TensorBoardLog(tmp_path / "new")], **PARAMS)
    GridSearchCV(model, {"lr": [0.1, 0.01]}, cv=2).fit(X, Y)
    folders = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert folders == ["0", "1", "2", "3", "4"]
    scalars, histograms = written(tmp_path / "new" / "0")
    assert scalars["Loss/train_loss"] == [1, 2] and histograms == []


def test_the_model_is_cloned_and_pickled_and_writes_on(tmp_path):
    log = TensorBoardLog(tmp_path, histograms=True)
    model = AutoencoderDetector(callbacks=[log], **PARAMS).fit(X)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.decision_function(X), model.decision_function(X))
    clone(copy).fit(X)
    assert [len(written(tmp_path / name)[1]) for name in ("0", "1")] == [8, 8]
    assert not hasattr(log, "run_dir_")  # the model has a copy of its own
    assert clone(log).get_params() == {"log_dir": tmp_path, "histograms": True}


def test_a_number_that_another_process_takes_is_passed_over(tmp_path):
    (tmp_path / "1").mkdir()
    assert [_new_folder(tmp_path).name for _ in range(2)] == ["2", "3"]


def test_without_tensorboard_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    model = TorchClassifier(callbacks=[TensorBoardLog(tmp_path)], **PARAMS)
    with pytest.raises(
        ImportError, match=r"TensorBoardLog needs tensorboard\. Install it with: pip install tensorboard"
    ):
        model.fit(X, Y)
    assert not hasattr(model, "net_") and not list(tmp_path.iterdir())
