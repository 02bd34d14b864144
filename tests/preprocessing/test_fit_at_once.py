"""Statistics of many series at once: what the scalers of scikit-learn learn from one after the other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from sktsad import SeriesScaler
from sktsad._core import read_series
from sktsad.preprocessing import _scale_at_once
from sktsad.preprocessing._fit_at_once import fit_at_once

SCALERS = [
    StandardScaler(copy=False),
    MinMaxScaler((-1, 2)),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(quantile_range=(10, 80), unit_variance=True),
]


def panel(sizes, n_columns, seed, in_turn, dtype=float):
    rng = np.random.default_rng(seed)
    names = np.repeat(np.arange(len(sizes)), sizes)
    values = rng.normal(rng.normal(0, 1e3, len(sizes))[names, None], 1, (len(names), n_columns))
    values[names == 0] = 0.1  # constant
    if in_turn:
        names, values = (part[rng.permutation(len(part))] for part in (names, values))
    times = pd.Series(names).groupby(names).cumcount()
    X = pd.DataFrame(values.astype(dtype), pd.MultiIndex.from_arrays([names, times]))
    return X.to_numpy(), read_series(X)


@given(
    st.sampled_from(SCALERS),
    st.lists(st.integers(1, 9), min_size=1, max_size=8),
    st.integers(1, 3),
    st.integers(0, 99),
    st.booleans(),
    st.sampled_from([np.float64, np.float32]),
)
def test_statistics_are_those_of_one_fit_for_each_series(scaler, sizes, n_columns, seed, in_turn, dtype):
    values, rows = panel(sizes, n_columns, seed, in_turn, dtype)
    fitted = fit_at_once(clone(scaler), values, rows)
    assert list(fitted) == rows.keys
    has_same_bits = type(scaler) is not StandardScaler
    for own, (_, part) in zip(fitted.values(), rows.parts(), strict=True):
        wanted = vars(clone(scaler).fit(values[rows.order[part]]))
        assert set(vars(own)) == set(wanted), "all that a scaler has"
        for name, value in wanted.items():
            found = getattr(own, name)
            if has_same_bits:
                np.testing.assert_array_equal(found, value, err_msg=name)
            else:
                np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12)
            assert getattr(found, "dtype", None) == getattr(value, "dtype", getattr(found, "dtype", None))


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_blocks_change_nothing(scaler, monkeypatch):
    values, rows = panel([3, 25, 1, 7, 3], 2, 0, True)
    whole = fit_at_once(clone(scaler), values, rows)
    monkeypatch.setattr(_scale_at_once, "_BLOCK", 10)
    for name, value in fit_at_once(clone(scaler), values, rows).learnt.items():
        np.testing.assert_array_equal(value, whole.learnt[name])


def test_what_does_more_or_less_is_left_to_scikit_learn():
    values, rows = panel([5, 6], 1, 0, False)
    others = (
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        RobustScaler(with_centering=False),
        RobustScaler(with_scaling=False),
        MinMaxScaler(clip=True),
    )
    assert [fit_at_once(scaler, values, rows) for scaler in others] == [None] * len(others)

    class Other(StandardScaler):
        pass

    assert fit_at_once(Other(), values, rows) is None


def test_bad_parameters_raise_what_scikit_learn_raises():
    X = pd.DataFrame({"x": range(6)}, pd.MultiIndex.from_product([["a", "b"], range(3)]))
    scaler = SeriesScaler(MinMaxScaler((1, 0)), unseen="self")
    for fit in (scaler.fit, scaler.partial_fit):
        with pytest.raises(ValueError, match="smaller than maximum"):
            fit(X)
