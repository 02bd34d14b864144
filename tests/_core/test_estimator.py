"""Fits succeed or change nothing; pickles record versions."""

import copy
import inspect
import json
import os
import pickle
import shutil
import subprocess
import sys
from importlib.metadata import version
from numbers import Integral
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline
from sklearn.utils._param_validation import Interval, InvalidParameterError

import sktsad
from sktsad import SeriesScaler
from sktsad._core import _estimator
from sktsad._core._estimator import Estimator, atomic_fit, version_of, which_look_ahead


class Counter(BaseEstimator):
    """Counts rows; fails after its work where it is told to."""

    _parameter_constraints = {
        "start": [Interval(Integral, 0, None, closed="left")],
        "failure": "no_validation",
    }

    def __init__(self, start=0, failure=None):
        self.start = start
        self.failure = failure

    @atomic_fit
    def fit(self, X, y=None, *, twice=False):
        """Count."""
        self.count_ = self.start + (2 if twice else 1) * len(X)
        if hasattr(self, "old_"):
            del self.old_
        if self.failure is not None:
            raise self.failure
        self.new_ = True
        return self


def test_a_fit_that_succeeds_returns_what_it_returns():
    counter = Counter(start=1)
    assert counter.fit(np.zeros(3), twice=True) is counter
    assert (counter.count_, counter.new_) == (7, True)


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_a_failed_fit_leaves_every_attribute_as_it_was(failure):
    counter = Counter(failure=failure)
    counter.count_, counter.old_ = 5, "kept"
    before = vars(counter).copy()
    with pytest.raises(type(failure)):
        counter.fit(np.zeros(3))
    assert vars(counter) == before


def test_parameters_are_checked_before_any_work():
    counter = Counter(start=-1)
    with pytest.raises(InvalidParameterError, match=r"'start' parameter of Counter must be .* Got -1"):
        counter.fit(np.zeros(3))
    assert vars(counter) == vars(clone(counter))


def test_the_method_keeps_its_name_and_signature():
    assert Counter.fit.__name__ == "fit"
    assert Counter.fit.__doc__ == "Count."
    assert list(inspect.signature(Counter.fit).parameters) == ["self", "X", "y", "twice"]


class Constant(Estimator):
    def __init__(self, value=0):
        self.value = value


class OfTorch(Constant):
    _packages = (*Estimator._packages, "torch")


@pytest.fixture
def of_other_versions(monkeypatch):
    """Pickle as if some packages had other versions."""

    def pickled(estimator, **other):
        with monkeypatch.context() as patch:
            patch.setattr(_estimator, "version_of", lambda name: other.get(name, version_of(name)))
            return pickle.dumps(estimator)

    return pickled


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, clone, lambda estimator: pickle.loads(pickle.dumps(estimator))]
)
def test_the_same_versions_pass_in_silence_and_leave_no_trace(copied):
    assert vars(copied(Constant(3))) == {"value": 3}


def test_a_pickle_of_other_versions_is_loaded_with_a_warning_that_names_them(of_other_versions):
    pickled = of_other_versions(OfTorch(3), sktsad="0.0.1", torch="1.0")
    wanted = rf"OfTorch was pickled with sktsad 0\.0\.1, torch 1\.0 and is loaded with sktsad {sktsad.__version__}, t"
    with pytest.warns(UserWarning, match=wanted) as record:
        line = inspect.currentframe().f_lineno + 1
        assert vars(pickle.loads(pickled)) == {"value": 3}
    assert (record[0].filename, record[0].lineno) == (__file__, line)


def test_versions_that_are_the_same_are_not_named(of_other_versions):
    with pytest.warns(UserWarning, match=r"with torch 1\.0 and is loaded with torch [\d.]+:"):
        pickle.loads(of_other_versions(OfTorch(), torch="1.0"))


def test_a_package_that_a_class_does_not_depend_on_may_change(of_other_versions):
    assert pickle.loads(of_other_versions(Constant(3), torch="1.0")).value == 3


def test_a_pickle_without_versions_is_one_of_unknown_versions(monkeypatch):
    monkeypatch.setattr(Estimator, "__getstate__", BaseEstimator.__getstate__)
    pickled = pickle.dumps(Constant(3))
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="sktsad unknown, scikit-learn unknown and is loaded with sktsad"):
        assert pickle.loads(pickled).value == 3


def test_the_build_of_torch_for_another_device_is_the_same_version(monkeypatch):
    monkeypatch.setattr(_estimator, "import_module", lambda name: SimpleNamespace(__version__="2.6.0+cu126"))
    assert version_of("torch") == "2.6.0"


@pytest.mark.parametrize("package", ["scikit-learn", "skorch", "torch"])
def test_the_version_of_a_module_is_that_of_its_installation(package):
    assert version_of(package) == version(package).partition("+")[0]


def test_a_state_is_not_changed_when_it_is_read():
    state = Constant(np.ones(2)).__getstate__()
    before = dict(state)
    Constant().__setstate__(state)
    assert state == before


#: Anything may be the name of a series, also what another program uses for none.
KEYS = [None, "<no name>", "null", "", 0, 1.5, True, "1", ("a", 1), pd.Timestamp("2024-01-01"), b"a"]


@pytest.mark.parametrize(
    "value",
    [
        *({key: 1} for key in KEYS),
        {"a": 1, None: 2, "b": 3},
        {None: 1, "<no name>": 2},
        {"a": {"b": 1}},
        {},
        None,
    ],
    ids=repr,
)
def test_a_dict_with_any_keys_is_the_same_in_every_copy_and_order(value):
    state = Constant(value).__getstate__()
    if isinstance(state["value"], dict):
        assert all(isinstance(key, str) for key in state["value"])
    for copied in (pickle.loads(pickle.dumps(Constant(value))), copy.copy(Constant(value))):
        assert vars(copied) == {"value": value}
        assert list(copied.value or {}) == list(value or {})


def test_the_state_of_dicts_with_other_keys_holds_no_key_that_json_would_change():
    state = Constant({None: {"a": 1}, "<no name>": 2}).__getstate__()
    assert json.loads(json.dumps(state)) == state


@pytest.mark.parametrize("name", ["<no name>", "None", 0, False, -1.5])
def test_a_series_of_any_name_is_scaled_the_same_after_pickling(name):
    rows = pd.DataFrame(
        {"x": [1.0, 3.0, 100.0, 300.0]},
        pd.MultiIndex.from_arrays([pd.Index([name, name, "b", "b"], dtype=object), [0, 1, 0, 1]]),
    )
    scaler = SeriesScaler(unseen="error").fit(rows)
    copied = pickle.loads(pickle.dumps(scaler))
    assert list(copied.scalers_) == list(scaler.scalers_)
    pd.testing.assert_frame_equal(copied.transform(rows), scaler.transform(rows))


def test_every_public_estimator_and_rule_knows_its_versions():
    public = [getattr(sktsad, name) for name in sktsad.__all__]
    for cls in (*public, *(getattr(sktsad.thresholds, name) for name in sktsad.thresholds.__all__)):
        if inspect.isclass(cls) and issubclass(cls, BaseEstimator):
            assert issubclass(cls, Estimator)


#: Put in front of sys.path: hides the installation from importlib.metadata, in workers as well.
SITECUSTOMIZE = """
import importlib.metadata as metadata

find = metadata.Distribution.from_name

def from_name(name):
    if name == "sktsad":
        raise metadata.PackageNotFoundError(name)
    return find(name)

metadata.Distribution.from_name = staticmethod(from_name)
"""

NOT_INSTALLED = """
import importlib.metadata, pickle, sys, warnings
import numpy as np
from sklearn.model_selection import cross_val_score

import sktsad
import sktsad.thresholds
from sktsad._core import show_versions
from sktsad.datasets._data_home import known_sums

assert sktsad.__file__.startswith(sys.argv[1]), sktsad.__file__
try:
    importlib.metadata.version("sktsad")
except importlib.metadata.PackageNotFoundError:
    pass
else:
    raise AssertionError("the test hides nothing")
warnings.simplefilter("error")
estimators = [getattr(sktsad.thresholds, name) for name in sktsad.thresholds.__all__]
estimators += [getattr(sktsad, name) for name in sktsad.__all__]
n = 0
for cls in estimators:
    if isinstance(cls, type) and hasattr(cls, "_packages"):
        estimator = cls.__new__(cls)
        state = pickle.loads(pickle.dumps(estimator)).__getstate__()
        assert state["_versions"]["sktsad"] == sktsad.__version__
        n += 1
assert n > 25, n
X, y = np.arange(60.0).reshape(-1, 1), np.arange(60) % 3 == 0
scores = cross_val_score(sktsad.GaussianDetector(), X, y, cv=2, n_jobs=2, error_score="raise")
assert len(scores) == 2
windows = sktsad.SlidingWindow(4).fit_transform(X / 60)
pretrainer = sktsad.ForecastPretrainer("rnn", hidden_size=2, max_epochs=1, random_state=0).fit(windows)
sktsad.save_encoder(pretrainer, sys.argv[2])
encoder = sktsad.PretrainedEncoder(sys.argv[2]).fit(windows)
assert encoder.versions_["sktsad"] == sktsad.__version__
assert known_sums()
show_versions()
"""


@pytest.mark.slow
def test_a_package_that_is_importable_but_not_installed_does_the_same(tmp_path):
    package = Path(sktsad.__file__).parent
    shutil.copytree(package, tmp_path / "sktsad", ignore=shutil.ignore_patterns("__pycache__"))
    packed = shutil.make_archive(tmp_path / "packed", "zip", tmp_path, "sktsad")
    shutil.rmtree(tmp_path / "sktsad")
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE)
    done = subprocess.run(
        [sys.executable, "-c", NOT_INSTALLED, packed, str(tmp_path / "encoder.pt")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([packed, str(tmp_path)])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"sktsad: {sktsad.__version__}" in done.stdout


def test_what_looks_ahead_is_found_wherever_it_stands():
    ahead = sktsad.SlidingWindow(5, align="centre")
    overlap = sktsad.GaussianDetector(score_on="overlap")
    pipeline = make_pipeline(SeriesScaler(), ahead, overlap)
    assert which_look_ahead(sktsad.FusionDetector([("a", pipeline)])) == [ahead, overlap]
    assert which_look_ahead(sktsad.GaussianDetector(score_on="last")) == which_look_ahead(None) == []
