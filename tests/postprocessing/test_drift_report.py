import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, SlidingWindow, ThresholdClassifier
from sktsad.postprocessing import drift_report
from sktsad.postprocessing._drift_report import _n_independent
from sktsad.thresholds import Quantile


def smooth(seed, n_rows):
    """Return rows that are each nearly that before: 0.99 of it and noise."""
    noise = np.random.default_rng(seed).normal(size=n_rows)
    return pd.Series(noise).ewm(alpha=0.01, adjust=False).mean().to_numpy().reshape(-1, 1)


def test_rows_like_those_of_fit_have_not_drifted_however_alike_neighbours_are():
    drifted, naive = 0, 0
    for seed in range(30):
        rows = smooth(seed, 12_000)[2000:]
        report = drift_report(GaussianDetector(validation_fraction=0.5).fit(rows[:6000]), rows[6000:])
        drifted += report["drifted"]
        naive += report["distance"] > 1.63 * np.sqrt(
            1 / 3000 + 1 / 4000
        )  # as if rows were independent, at 1 %
        assert 10 <= report["n_independent"] < 400 < report["n_rows"] == 4000
    assert drifted <= 3 and naive > 20


@pytest.mark.parametrize("change", [lambda rows: rows * 2, lambda rows: rows + 1, lambda rows: rows / 5])
def test_rows_that_spread_shift_or_shrink_have_drifted(change):
    rng = np.random.default_rng(0)
    detector = GaussianDetector(threshold=Quantile(0.95)).fit(rng.normal(size=(2000, 2)))
    new = change(rng.normal(size=(500, 2)))
    report = drift_report(detector, new)
    assert report["drifted"] and report["p_value"] < 1e-6
    assert report["alarm_rate"] == np.mean(detector.predict(new))
    assert report["alarm_rate_then"] == pytest.approx(0.05, abs=0.003)
    assert (report["median_rank"] > 0.5) == (report["alarm_rate"] > 0.05)


def test_of_many_rows_a_small_difference_is_certain_and_no_drift():
    rng = np.random.default_rng(0)
    detector = GaussianDetector().fit(rng.normal(size=(100_000, 1)))
    report = drift_report(detector, rng.normal(scale=1.05, size=(50_000, 1)))
    assert report["p_value"] < 0.01 and report["distance"] < 0.1 and not report["drifted"]
    assert drift_report(detector, rng.normal(scale=1.05, size=(50_000, 1)), min_distance=0)["drifted"]


@pytest.mark.filterwarnings("ignore:.*independent ones:UserWarning")
def test_it_asks_the_detector_that_a_model_holds_for_series_in_any_order():
    index = pd.MultiIndex.from_product([["b", "a"], pd.date_range("2026-01-05", periods=1500, freq="min")])
    panel = pd.DataFrame(np.concatenate([smooth(seed, 1500) for seed in (0, 1)]), index)
    model = make_pipeline(SlidingWindow(3), GaussianDetector()).fit(panel)
    held = ThresholdClassifier(FrozenEstimator(model), Quantile(0.9)).fit(panel)
    report = drift_report(held, panel)
    pd.testing.assert_series_equal(drift_report(model, panel), report)
    interleaved = panel.sort_index(level=1)
    again = drift_report(model, interleaved)
    assert again["n_independent"] == pytest.approx(
        report["n_independent"], rel=0.2
    )  # series in another order
    pd.testing.assert_series_equal(again.drop("n_independent"), report.drop("n_independent"))


def test_few_rows_tell_nothing_and_a_model_without_held_out_rows_has_nothing_to_compare():
    rows = np.random.default_rng(0).normal(size=(300, 1))
    detector = GaussianDetector().fit(rows)
    with pytest.warns(UserWarning, match="9 rows of X count as about .* drift cannot be tested"):
        report = drift_report(detector, rows[:9] + 9)
    assert np.isnan(report["p_value"]) and not report["drifted"]
    with pytest.raises(
        TypeError, match=r"no fitted estimator with held_out_scores_.*Fit a detector with a rule"
    ):
        drift_report(GaussianDetector(threshold=1.0).fit(rows), rows)


def test_independent_rows_are_counted_by_their_autocorrelation():
    independent = np.random.default_rng(0).normal(size=5000)
    assert _n_independent(independent) == pytest.approx(5000, rel=0.1)
    assert _n_independent(np.repeat(independent[:500], 10)) == pytest.approx(500, rel=0.2)
    assert _n_independent(np.ones(50)) == 1
