"""Pickles know the versions that they were made with."""

import copy
import inspect
import pickle
from importlib.metadata import version

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

import sktsad
from sktsad._core import _estimator
from sktsad._core._estimator import VersionedEstimator, _version


class Constant(VersionedEstimator):
    def __init__(self, value=0):
        self.value = value


class OfTorch(Constant):
    _packages = (*VersionedEstimator._packages, "torch")


@pytest.fixture
def of_other_versions(monkeypatch):
    """Pickle as if some packages had other versions."""

    def pickled(estimator, **other):
        with monkeypatch.context() as patch:
            patch.setattr(_estimator, "_version", lambda name: other.get(name, _version(name)))
            return pickle.dumps(estimator)

    return pickled


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, clone, lambda estimator: pickle.loads(pickle.dumps(estimator))]
)
def test_the_same_versions_pass_in_silence_and_leave_no_trace(copied):
    assert vars(copied(Constant(3))) == {"value": 3}


def test_a_pickle_of_other_versions_is_loaded_with_a_warning_that_names_them(of_other_versions):
    pickled = of_other_versions(OfTorch(3), sktsad="0.0.1", torch="1.0")
    wanted = rf"OfTorch was pickled with sktsad 0\.0\.1, torch 1\.0 and is loaded with sktsad {version('sktsad')}, t"
    with pytest.warns(UserWarning, match=wanted):
        assert vars(pickle.loads(pickled)) == {"value": 3}


def test_versions_that_are_the_same_are_not_named(of_other_versions):
    with pytest.warns(UserWarning, match=r"with torch 1\.0 and is loaded with torch [\d.]+:"):
        pickle.loads(of_other_versions(OfTorch(), torch="1.0"))


def test_a_package_that_a_class_does_not_depend_on_may_change(of_other_versions):
    assert pickle.loads(of_other_versions(Constant(3), torch="1.0")).value == 3


def test_a_pickle_without_versions_is_one_of_unknown_versions(monkeypatch):
    monkeypatch.setattr(VersionedEstimator, "__getstate__", BaseEstimator.__getstate__)
    pickled = pickle.dumps(Constant(3))
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="sktsad unknown, scikit-learn unknown and is loaded with sktsad"):
        assert pickle.loads(pickled).value == 3


def test_the_build_of_torch_for_another_device_is_the_same_version(monkeypatch):
    monkeypatch.setattr(_estimator, "version", lambda package: "2.6.0+cu126")
    assert _version.__wrapped__("torch") == "2.6.0"


def test_a_state_is_not_changed_when_it_is_read():
    state = Constant(np.ones(2)).__getstate__()
    before = dict(state)
    Constant().__setstate__(state)
    assert state == before


@pytest.mark.parametrize("value", [{None: 1}, {"a": 1, None: 2, "b": 3}, {"a": {None: 1}}, {}, None])
def test_no_dict_of_a_state_has_none_as_a_key_and_every_copy_has_it_again(value):
    state = Constant(value).__getstate__()
    assert None not in (state["value"] or {})
    copied = pickle.loads(pickle.dumps(Constant(value))).value
    assert copied == value and list(copied or {}) == list(value or {})


def test_every_public_estimator_and_rule_knows_its_versions():
    public = [getattr(sktsad, name) for name in sktsad.__all__]
    for cls in (*public, *(getattr(sktsad.thresholds, name) for name in sktsad.thresholds.__all__)):
        if inspect.isclass(cls) and issubclass(cls, BaseEstimator):
            assert issubclass(cls, VersionedEstimator)
