"""Validation of rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from sktsad import (
    AutoencoderDetector,
    RNNClassifier,
    SeriesScaler,
    SlidingWindow,
    ZScoreDetector,
)
from sktsad._core._validate_rows import validate_rows

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "machine": ["x", "7", "y"], "n": ["1", "2", "3"]})


@pytest.mark.parametrize(
    "estimator",
    [SlidingWindow(2), SeriesScaler(), ZScoreDetector(), AutoencoderDetector(), RNNClassifier()],
    ids=lambda estimator: type(estimator).__name__,
)
def test_columns_of_text_are_named(estimator):
    with pytest.raises(ValueError, match=r"columns that are not numbers: \['machine'\]"):
        estimator.fit(FRAME, [0, 1, 0])


def test_numbers_as_text_are_read_and_repeated_column_names_told_apart():
    assert validate_rows(BaseEstimator(), FRAME[["a", "n"]]).tolist() == [[1, 1], [2, 2], [3, 3]]
    twice = FRAME.set_axis(["a", "b", "b"], axis=1)
    with pytest.raises(ValueError, match=r"not numbers: \['b'\]"):
        validate_rows(BaseEstimator(), twice)


@pytest.mark.parametrize(("hole", "dtype"), [(np.nan, "float64"), (np.inf, "float32"), (pd.NA, "Float64")])
def test_columns_with_holes_are_named_with_the_mend(hole, dtype):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": pd.array([1.0, hole, 3.0], dtype=dtype)})
    with pytest.raises(
        ValueError, match=r"NaN or infinity; number of such rows by column: \{'b': 1\}.*ffill"
    ):
        SlidingWindow(2).fit(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (FRAME.to_numpy(), "could not convert"),
        (np.array([[np.nan]]), "contains NaN"),
        (FRAME[["a"]].iloc[:0], "0 sample"),
        (FRAME[[]], "X has no columns: 0 feature"),
    ],
)
def test_other_errors_are_those_of_scikit_learn(X, message):
    with pytest.raises(ValueError, match=message):
        validate_rows(BaseEstimator(), X)


# Time among the columns

STAMPS = pd.date_range("2026-01-05", periods=20, freq="h")
TIMES = {
    "dates": STAMPS,
    "dates of a zone": STAMPS.tz_localize("Europe/Berlin"),
    "time deltas": STAMPS - STAMPS[0],
    "periods": STAMPS.to_period("h"),
    "date objects": [stamp.date() for stamp in STAMPS],
    "datetime objects": np.array(STAMPS.to_pydatetime(), dtype=object),
    "times of the day": [stamp.time() for stamp in STAMPS],
    "categories": pd.Categorical(STAMPS),
}


@pytest.mark.parametrize("time", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("beside", [True, False], ids=["beside numbers", "alone"])
@pytest.mark.parametrize("estimator", [SlidingWindow(2), ZScoreDetector(), AutoencoderDetector()], ids=str)
def test_columns_of_time_are_named_with_the_fix(time, beside, estimator):
    X = pd.DataFrame({"measured_at": time})
    if beside:
        X["load"] = 1.0
    with pytest.raises(
        ValueError, match=r"columns of time: \['measured_at'\].*X\.set_index\('measured_at'\)"
    ):
        estimator.fit(X)


def test_columns_of_time_are_named_at_transform_and_for_panels():
    X = pd.DataFrame({"load": np.arange(20.0)})
    window = SlidingWindow(2).fit(X)
    with pytest.raises(ValueError, match="columns of time"):
        window.transform(X.assign(load=STAMPS))
    panel = X.assign(at=STAMPS).set_axis(pd.MultiIndex.from_product([["a", "b"], range(10)]))
    with pytest.raises(ValueError, match=r"droplevel\(1\)\.set_index\('at', append=True\)"):
        window.fit(panel)


@pytest.mark.parametrize(
    "X", [STAMPS.to_numpy()[:, None], STAMPS.to_numpy()[:, None].astype(object)], ids=str
)
def test_arrays_of_time_are_refused_too(X):
    with pytest.raises(ValueError, match=r"columns of time: \[0\].*pandas.DataFrame\(values, index=times\)"):
        validate_rows(BaseEstimator(), X)
    with pytest.raises((ValueError, TypeError), match=r"object|string|number"):
        validate_rows(BaseEstimator(), np.array([[object()]]))


def test_text_that_reads_as_time_belongs_into_the_index():
    X = pd.DataFrame({"at": STAMPS.astype(str), "kind": "x", "load": 1.0})
    with pytest.raises(
        ValueError, match=r"\['at', 'kind'\].*\['at'\] read as time.*set_index\(pandas.to_datetime"
    ):
        validate_rows(BaseEstimator(), X)


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9], ids="1/{} s".format)
def test_seconds_since_1970_as_a_column_are_announced(unit):
    X = pd.DataFrame({"at": (1_767_600_000 + 60 * np.arange(20)) * unit, "load": np.arange(20.0)})
    with pytest.warns(UserWarning, match=r"\['at'\] of X rise .*set_index") as record:
        SlidingWindow(2).fit(X)
    assert record[0].filename == __file__
    SlidingWindow(2).fit(X.set_axis(STAMPS))  # time is known
    SlidingWindow(2).fit(X[::-1].reset_index(drop=True))
    SlidingWindow(2).fit(X[:5])
    SlidingWindow(2).fit(X / 100_000)
    if unit < 10**9:  # floats hold no halves of nanoseconds
        SlidingWindow(2).fit(X + 0.5)


# Labels

ROWS = np.zeros((3, 1))
