"""Features that go on row by row, with few of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, RollingFeatures, SeriesImputer, SlidingWindow
from sktsad.live import LiveScorer

INDEX = pd.MultiIndex.from_product([["a", "b"], range(80)], names=["series", "time"])
X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=160)}, INDEX)


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
