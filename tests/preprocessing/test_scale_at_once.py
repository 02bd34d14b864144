"""Many series at once: what the scalers of scikit-learn do one after the other."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PowerTransformer, RobustScaler, StandardScaler

from sktsad._core import read_series
from sktsad.preprocessing import _scale_at_once
from sktsad.preprocessing._fit_at_once import fit_at_once
from sktsad.preprocessing._scale_at_once import are_many, scale_at_once


def panel(sizes, n_columns, seed, in_turn):
    rng = np.random.default_rng(seed)
    names = np.repeat(np.arange(len(sizes)), sizes)
    values = rng.normal(rng.normal(0, 1e3, len(sizes))[names, None], 1, (len(names), n_columns))
    values[names == 0] = 0.1  # constant
    if in_turn:
        names, values = (part[rng.permutation(len(part))] for part in (names, values))
    times = pd.Series(names).groupby(names).cumcount()
    X = pd.DataFrame(values, pd.MultiIndex.from_arrays([names, times]))
    return values, read_series(X)


SCALERS = [
    StandardScaler(),
    StandardScaler(with_std=False),
    RobustScaler(with_centering=False),
    RobustScaler(),
    MaxAbsScaler(),
    MinMaxScaler((1, 2)),
]


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
@pytest.mark.parametrize("in_turn", [False, True])
@pytest.mark.parametrize("block", [10, 2**18])
def test_rows_are_scaled_with_the_same_bits_and_back(scaler, in_turn, block, monkeypatch):
    monkeypatch.setattr(_scale_at_once, "_BLOCK", block)
    values, rows = panel([3, 25, 1, 7, 4], 2, 0, in_turn)
    parts = [rows.order[part] for _, part in rows.parts()]
    scalers = [clone(scaler).fit(values[at]) for at in parts]
    for method in ("transform", "inverse_transform"):
        wanted = np.empty_like(values)
        for own, at in zip(scalers, parts, strict=True):
            wanted[at] = getattr(own, method)(values[at])
        by_name = dict(zip(rows.keys, scalers, strict=True))
        np.testing.assert_array_equal(scale_at_once(by_name, values, rows, method), wanted)


@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MinMaxScaler(), RobustScaler(), MaxAbsScaler()], ids=str
)
def test_scalers_kept_as_arrays_scale_with_the_bits_of_scalers_one_by_one(scaler, method):
    values, rows = panel([3, 25, 1, 7, 4], 2, 0, False)
    kept = fit_at_once(clone(scaler), values, rows)
    some = rows.some(np.array([4, 0, 3]))
    as_dict = {key: kept[key] for key in some.keys}
    rest = values[: some.n_rows]
    some = replace(some, order=np.arange(some.n_rows))
    np.testing.assert_array_equal(
        scale_at_once(kept, rest, some, method), scale_at_once(as_dict, rest, some, method)
    )


def test_what_is_not_just_numbers_is_left_to_the_scalers():
    values, rows = panel([5, 6], 1, 0, False)
    plain = StandardScaler().fit(values)
    for others in (
        [MinMaxScaler(clip=True).fit(values)] * 2,
        [PowerTransformer().fit(values)] * 2,
        [StandardScaler(with_mean=False).fit(values)] * 2,
    ):
        assert scale_at_once(dict(enumerate(others)), values, rows, "transform") is None
    assert scale_at_once({0: plain, 1: RobustScaler().fit(values)}, values, rows, "transform") is None
    assert scale_at_once({0: plain, 1: plain}, values.astype(np.float32), rows, "transform") is None


def test_few_long_series_are_scaled_one_after_the_other():
    def of(n_series, n_rows):
        return read_series(pd.DataFrame(index=pd.MultiIndex.from_product([range(n_series), range(n_rows)])))

    assert are_many(of(2, 100))
    assert not are_many(of(1, 100))
    assert not are_many(of(2, 10_000))
