"""Values filled by earlier ones, against a walk from row to row."""

import math
import tracemalloc

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from strategies import tables

from sktsad import GaussianDetector, SeriesImputer, SeriesSplit, SlidingWindow
from sktsad.live import LiveScorer
from sktsad.model_selection import check_causal
from sktsad.preprocessing import _filling

ALL = {"add_indicator": True, "add_age": True, "add_unchanged": True}


def holed(X, seed, share=0.4):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, size=X.shape).astype(float)
    return pd.DataFrame(np.where(rng.random(X.shape) < share, np.nan, values), X.index, X.columns)


def walk(column, median, strategy, limit, max_age):
    """Output for each value of a column of one series: filled, missing, age, rows since a change."""
    out, seen, age, unchanged = [], [], math.inf, math.inf
    for value in column:
        if value == value:
            unchanged = unchanged + 1 if seen and seen[-1] == value else 0
            age = 0
            seen.append(value)
            out.append((value, 0, 0, min(unchanged, max_age)))
            continue
        age, unchanged = age + 1, unchanged + 1
        by = {"previous": seen[-1:], "mean": [sum(seen) / len(seen)] if seen else [], "median": [median]}[
            strategy
        ]
        fill = median if age > limit or not by else by[0]
        out.append((fill, 1, min(age, max_age), min(unchanged, max_age)))
    return np.array(out)


@pytest.mark.filterwarnings("ignore:The columns .* have no value at all:UserWarning")
@given(
    tables(max_rows=8),
    st.sampled_from(["previous", "mean", "median"]),
    st.sampled_from([None, 0, 2]),
    st.sampled_from([1, 3]),
    st.integers(1, 3),
    st.integers(0, 99),
)
def test_values_are_filled_by_a_walk_from_row_to_row(X, strategy, limit, max_age, block, seed):
    X = holed(X, seed)
    imputer = SeriesImputer(strategy, limit=limit, max_age=max_age, **ALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_filling, "_BLOCK", block)
        out = imputer.fit_transform(X)
    keys = [key for key, _, _ in naive.rows_of(X)]
    for key in set(keys):
        own = np.flatnonzero([each == key for each in keys])
        for number, name in enumerate(X):
            column = X[name].to_numpy()[own].tolist()
            median = imputer.medians_[key][number]
            there = [value for value in column if value == value]
            assert not there or median == np.median(there)
            expected = walk(column, median, strategy, math.inf if limit is None else limit, max_age)
            np.testing.assert_allclose(out.to_numpy()[own, number::2], expected, rtol=1e-12)
    assert out.index is X.index


DATES = holed(pd.DataFrame(np.zeros((80, 2)), pd.date_range("2026", periods=80, freq="5min"), ["x", "y"]), 0)
DATES.iloc[50:60, 0] = np.nan


@given(st.integers(0, 79), st.integers(0, 99))
def test_a_later_value_changes_no_earlier_row(at, seed):
    imputer = SeriesImputer("mean", **ALL).fit(DATES)
    changed = DATES.copy()
    changed.iloc[at, seed % 2] = np.nan if seed % 3 else 50.0
    assert np.array_equal(imputer.transform(changed)[:at], imputer.transform(DATES)[:at])


@pytest.mark.parametrize("strategy", ["previous", "mean"])
def test_later_rows_and_live_ones_go_on_with_the_same_bits(strategy):
    times = DATES.index
    parts = {"a": DATES, "b": DATES[::3], "new": DATES[10:50:2]}
    X = pd.concat(parts, names=["series", "time"])
    is_past = (X.index.get_level_values(1) < times[40]) & (X.index.get_level_values(0) != "new")
    imputer = SeriesImputer(strategy, limit="10min", max_age="20min", **ALL)
    model = make_pipeline(imputer, SlidingWindow(2), GaussianDetector(threshold=3.0)).fit(X[is_past])
    later = X[~is_past]
    assert np.array_equal(model[0].transform(later), model[0].transform(X)[~is_past])
    expected = pd.Series(model.decision_function(later), later.index)
    turns = later.sort_index(level=1, kind="stable")
    found = LiveScorer(model).update(turns)
    assert set(found["status"]) == {"scored"}
    np.testing.assert_allclose(found["decision"], expected[turns.index], rtol=1e-12)
    ages = model[0].transform(later)["x_age"].groupby(level=0).max()
    assert ages["a"] == 4
    assert ages["b"] <= 1
    forgetful = clone(imputer).set_params(history="none").fit(X[is_past])
    assert forgetful.transform(X[~is_past])["x_age"].iloc[0] == 4 * DATES["x"].isna().iloc[40]


def test_the_same_instants_in_two_zones_get_the_same_scores_and_no_row_knows_a_later_one():
    utc = DATES.tz_localize("UTC")
    model = make_pipeline(
        SeriesImputer(limit="10min", add_age=True), SlidingWindow("15min"), GaussianDetector()
    )
    model.fit(utc[:60])
    assert np.array_equal(
        model.decision_function(utc), model.decision_function(utc.tz_convert("Europe/Berlin"))
    )
    berlin = utc.tz_convert("Europe/Berlin")
    y = pd.Series(np.arange(80) % 9 == 0, berlin.index).astype(int)
    assert not check_causal(model, berlin, y, SeriesSplit(2)).faults


def test_rows_without_time_are_filled_in_their_order():
    X = np.array([[np.nan], [2.0], [np.nan], [8.0]])
    out = SeriesImputer(add_age=True, max_age=9).fit_transform(X)
    assert out.tolist() == [[5.0, 9.0], [2.0, 0.0], [2.0, 1.0], [8.0, 0.0]]
    assert SeriesImputer("median").fit_transform(X).ravel().tolist() == [5.0, 2.0, 5.0, 8.0]
    assert SeriesImputer().fit_transform(X.astype(np.float32)).dtype == np.float32


def test_it_comes_before_what_takes_no_nan_and_is_searched():
    y = pd.Series(np.arange(80) % 5 == 0, DATES.index).astype(int)
    model = make_pipeline(SeriesImputer(), SlidingWindow(3), LogisticRegression())
    search = GridSearchCV(model, {"seriesimputer__add_age": [False, True]}, cv=SeriesSplit(2)).fit(DATES, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert get_tags(model[0]).input_tags.allow_nan
    assert not get_tags(model[1]).input_tags.allow_nan
    assert model[0].fit(DATES).get_feature_names_out().tolist() == ["x", "y"]
    with pytest.raises(
        ValueError, match=r"number of such rows by column: .* Put SeriesImputer first in the pipeline"
    ):
        SlidingWindow(3).fit(DATES)
    with pytest.raises(ValueError, match=r"X contains NaN\. Put SeriesImputer first"):
        GaussianDetector().fit(DATES.to_numpy())


def test_odd_input_is_refused_or_announced():
    with pytest.raises(ValueError, match=r"limit='1h' is a length of time, which needs dates"):
        SeriesImputer(limit="1h").fit(DATES.to_numpy())
    with pytest.raises(ValueError, match=r"infinity; number of such rows by column: \{'x': 1\}"):
        SeriesImputer().fit(DATES.assign(x=[np.inf, *[np.nan] * 79]))
    with pytest.warns(
        UserWarning, match=r"The columns \['y'\] of X have no value at all; they are filled with 0"
    ) as record:
        imputer = SeriesImputer().fit(DATES.assign(y=np.nan))
    assert record[0].filename == __file__
    assert (imputer.transform(DATES.assign(y=np.nan))["y"] == 0).all()
    with pytest.warns(UserWarning, match="index") as record:
        SeriesImputer().fit(DATES.to_numpy(), DATES["x"].notna().astype(int))
    assert record[0].filename == __file__


def test_memory_is_that_of_what_is_returned():
    X = np.random.default_rng(0).normal(size=(300_000, 1))
    X[::7] = np.nan
    tracemalloc.start()
    SeriesImputer(add_age=True).fit_transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 7 * X.nbytes
