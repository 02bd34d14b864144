"""Scalers are recognised by their output."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from sktsad import RollingFeatures, SeriesScaler
from sktsad.export._affine import affine_columns

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)) * [1, 1e-6, 1e7, 2] + [1e9, 3, -5, 0]
X[:, 3] = 7  # a constant


def apply(scaler, rows):
    center, slope, offset = affine_columns(scaler)
    return (rows - center) * slope + offset


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        RobustScaler(),
        MinMaxScaler((-1, 3)),
        MaxAbsScaler(),
        SeriesScaler(),
        FunctionTransformer(lambda rows: 3 * rows - 1, validate=True),
        FunctionTransformer(lambda rows: rows * [1.0, 0.0, 2.0, 3.0], validate=True),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_shift_and_stretch_of_each_column_are_found_to_many_digits(scaler):
    scaler.fit(X)
    rows = 10 * RNG.normal(size=(50, 4)) * X.std(axis=0) + X.mean(axis=0)
    np.testing.assert_allclose(apply(scaler, rows), scaler.transform(rows), rtol=1e-9, atol=1e-6)


def test_names_of_columns_are_given_back_to_the_scaler():
    frame = pd.DataFrame(X, columns=list("abcd"))
    scaler = StandardScaler().set_output(transform="pandas").fit(frame)
    np.testing.assert_allclose(apply(scaler, X), scaler.transform(frame), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize(
    "other",
    [
        QuantileTransformer(n_quantiles=20),
        PowerTransformer(),
        MinMaxScaler(clip=True),
        PCA(4),
        PCA(2),
        RollingFeatures([3], period=None),
        FunctionTransformer(lambda rows: rows[:1] - rows, validate=True),
        FunctionTransformer(lambda rows: rows.cumsum(axis=0), validate=True),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_what_does_something_else_is_refused_by_its_name(other):
    other.fit(X[:, [1, 3]] + RNG.normal(size=(300, 2)) if isinstance(other, PowerTransformer) else X)
    with pytest.raises(ValueError, match=r"does not shift and scale each column.*StandardScaler"):
        affine_columns(other)


def test_scalers_of_each_series_of_a_panel_are_refused():
    index = pd.MultiIndex.from_product([["a", "b"], range(150)])
    with pytest.raises(ValueError, match=r"SeriesScaler.* cannot be exported"):
        affine_columns(SeriesScaler().fit(pd.DataFrame(X, index)))
