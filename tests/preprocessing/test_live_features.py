"""Features that continue row by row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, RollingFeatures, SeriesImputer, SlidingWindow
from sktsad.live import LiveScorer

INDEX = pd.MultiIndex.from_product([["a", "b"], range(80)], names=["series", "time"])
X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=160)}, INDEX)


@pytest.mark.slow
@pytest.mark.parametrize("most", [4096, 0], ids=["kept", "forgotten"])
def test_a_faster_series_than_those_of_fit_is_that_of_one_call(most, monkeypatch):
    monkeypatch.setattr("sktsad.preprocessing._live_features._MOST_STEPS", most)
    minutes = pd.date_range("2026-01-05", periods=5 * 24 * 15, freq="4min")
    values = pd.DataFrame({"x": np.random.default_rng(0).normal(size=len(minutes))}, minutes)
    parts = {"slow": values[::5], "new": values[:1200]}
    rows = pd.concat(parts, names=["series", "time"])
    is_past = (rows.index.get_level_values(0) == "slow") & (rows.index.get_level_values(1) < "2026-01-08")
    features = RollingFeatures(
        ["1h"],
        std_windows=[],
        slope_windows=[],
        ewm_spans=["1h"],
        n_periods=1,
        n_weeks=1,
        same_windows=["3h"],
    )
    for steps in ([features], [SlidingWindow("1h")], [SeriesImputer(history="none")]):
        model = make_pipeline(*steps, GaussianDetector(threshold=3.0)).fit(rows[is_past])
        later = rows[~is_past].sort_index(level=1, kind="stable")
        found = LiveScorer(model).update(later)["decision"]
        np.testing.assert_allclose(found, model.decision_function(later), rtol=1e-9, atol=1e-9)


def test_rows_without_time_need_no_period():
    rows = np.random.default_rng(0).normal(size=(80, 1))
    features = RollingFeatures([3], std_windows=[], slope_windows=[], ewm_spans=[2], period=None)
    model = make_pipeline(features, GaussianDetector(threshold=3.0)).fit(rows[:50])
    np.testing.assert_allclose(
        LiveScorer(model).update(rows[50:])["decision"], model.decision_function(rows[50:])
    )


def test_rows_without_time_look_back_by_their_number():
    rows = np.random.default_rng(0).normal(size=(120, 1))
    features = RollingFeatures(
        [3], std_windows=[], slope_windows=[], ewm_spans=[], n_periods=2, same_windows=[], period=6
    )
    model = make_pipeline(features, GaussianDetector(threshold=3.0)).fit(rows[:50])
    scorer = LiveScorer(model)
    found = [scorer.update(rows[at : at + 7])["decision"] for at in range(50, 120, 7)]
    np.testing.assert_allclose(np.concatenate(found), model.decision_function(rows[50:]), atol=1e-9)


def test_windows_of_time_grow_while_another_series_begins():
    hours = pd.date_range("2026-01-05", periods=60, freq="h")
    index = pd.MultiIndex.from_product([["slow"], hours], names=["series", "time"])
    train = pd.DataFrame({"x": np.random.default_rng(0).normal(size=60)}, index)
    model = make_pipeline(SlidingWindow("3h"), GaussianDetector(threshold=3.0)).fit(train)
    later = pd.date_range("2026-03-01", periods=30, freq="10min")
    pairs = [(key, time) for time in later[2:] for key in ("fast", "new")]
    keys = [("fast", later[0]), ("early", later[0]), ("fast", later[1]), *pairs]
    keys += [("early", time) for time in later[1:]]
    rows = pd.DataFrame(
        {"x": np.random.default_rng(1).normal(size=len(keys))},
        pd.MultiIndex.from_tuples(keys, names=["series", "time"]),
    )
    scorer = LiveScorer(model)
    parts = [rows[:2], rows[2:3], *(rows[at : at + 2] for at in range(3, len(rows), 2))]
    found = pd.concat([scorer.update(part)["decision"] for part in parts])
    batch = pd.Series(model.decision_function(rows.sort_index()), rows.sort_index().index)
    np.testing.assert_allclose(found, batch[found.index], atol=1e-9)


@pytest.mark.parametrize(
    "options",
    [
        {"period_lags": [1, 2], "n_periods": 0, "ewm_spans": [], "period": 6},
        {"n_periods": 2, "period_lags": [], "same_windows": [], "ewm_spans": [], "period": 6},
    ],
    ids=["lags", "same time"],
)
def test_few_features_are_those_of_one_call(options):
    features = RollingFeatures([3], std_windows=[], slope_windows=[], **options)
    train, later = X[INDEX.get_level_values(1) < 50], X[INDEX.get_level_values(1) >= 50]
    model = make_pipeline(features, GaussianDetector(threshold=3.0)).fit(train)
    wanted = pd.Series(model.decision_function(later), later.index)
    scorer = LiveScorer(model)
    in_turns = later.sort_index(level=1, kind="stable")
    found = pd.concat([scorer.update(in_turns[at : at + 6])["decision"] for at in range(0, 60, 6)])
    np.testing.assert_allclose(found, wanted[found.index], atol=1e-7)
