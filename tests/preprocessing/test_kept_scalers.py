"""Scalers that are arrays until one is looked up: a mapping like any other."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from sktsad import SeriesScaler
from sktsad.preprocessing._kept_scalers import KeptScalers, joined

NAMES = ["b", 3, None]
ROWS = np.random.default_rng(0).normal(5, 2, (3, 7, 2))


def scalers(numbers=(0, 1, 2), **params):
    fitted = [StandardScaler(**params).fit(ROWS[number]) for number in numbers]
    learnt = {
        name: np.array([getattr(own, name) for own in fitted])
        for name in ("n_samples_seen_", "mean_", "var_", "scale_")
    }
    return KeptScalers(
        StandardScaler(**params).fit(ROWS[0, :1]), [NAMES[number] for number in numbers], learnt
    )


def test_it_is_a_mapping_to_scalers_of_scikit_learn():
    found = scalers(copy=False)
    assert list(found) == list(found.keys()) == NAMES
    assert len(found) == 3
    assert None in found and "c" not in found
    for own, rows in zip(found.values(), ROWS, strict=True):
        wanted = StandardScaler(copy=False).fit(rows)
        assert type(own) is StandardScaler
        assert repr(own) == repr(wanted)
        assert set(vars(own)) == set(vars(wanted))
        np.testing.assert_array_equal(own.transform(rows.copy()), wanted.transform(rows.copy()))
    with pytest.raises(KeyError):
        found["c"]
    assert found.get("c") is None
    assert found == found
    assert found != scalers(), "as scalers made twice, which are not equal"
    assert "array" not in repr(found)


def test_a_copy_has_the_same_numbers_and_no_scaler():
    found = scalers()
    own = found[3]
    for copied in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert set(vars(copied)) == {"like", "names", "learnt"}
        np.testing.assert_array_equal(copied[3].mean_, own.mean_)


def test_some_in_another_order():
    found = scalers()
    assert found.some(list(NAMES)) is found
    some = found.some([None, "b"])
    assert list(some) == [None, "b"]
    for name in some:
        for attribute, value in vars(found[name]).items():
            np.testing.assert_array_equal(getattr(some[name], attribute), value)


def test_two_sets_are_joined_as_arrays_if_both_are():
    whole, first, last = scalers(), scalers((0, 1)), scalers((2,))
    both = joined(first, last)
    assert isinstance(both, KeptScalers)
    assert list(both) == NAMES
    np.testing.assert_array_equal(both.learnt["scale_"], whole.learnt["scale_"])
    assert joined({}, last) is last
    other = StandardScaler()
    for pair in ((first, {None: other}), ({None: other}, first), (first, scalers((2,), copy=False))):
        mixed = joined(*pair)
        assert type(mixed) is dict
        assert set(mixed) == set(NAMES)


def test_scalers_of_a_panel_take_the_bytes_of_their_numbers():
    index = pd.MultiIndex.from_product([range(500), range(3)])
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=1_500)}, index)
    whole = SeriesScaler().fit(X)
    parts = SeriesScaler().partial_fit(X[:600]).partial_fit(X[600:])
    for scaler in (whole, parts):
        assert len(pickle.dumps(scaler)) < 500 * 50
        assert list(scaler.scalers_) == list(range(500))
    np.testing.assert_array_equal(parts.transform(X), whole.transform(X))
