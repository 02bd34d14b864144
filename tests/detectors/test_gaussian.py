"""Normal densities against those of scipy, and conditional ones against regression by hand."""

import naive
import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.covariance import LedoitWolf

from sktsad import GaussianDetector, SlidingWindow
from sktsad._core._windows import Windows
from sktsad.thresholds import MeanStd

RNG = np.random.default_rng(0)
MIX = np.array([[2.0, 0.0, 0.0], [1.9, 0.5, 0.0], [-1.0, 0.3, 0.1]])
ROWS = RNG.normal(size=(200, 3)) @ MIX.T + [5, -2, 1e3]
OTHERS = RNG.normal(size=(50, 3)) @ MIX.T + [5, -2, 1e3] + RNG.normal(size=(50, 3))


def correlation(rows, shrinkage=0.0):
    """Correlation pulled towards independence, by hand; constant columns correlate with none."""
    with np.errstate(invalid="ignore"):
        plain = np.nan_to_num(np.corrcoef(rows, rowvar=False))
    np.fill_diagonal(plain, 1)
    return (1 - shrinkage) * plain + shrinkage * np.eye(len(plain))


def covariance(rows, shrinkage=0.0):
    scale = rows.std(axis=0)
    scale[scale == 0] = 1
    return correlation(rows, shrinkage) * np.outer(scale, scale)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_diagonal_score_is_the_negative_log_density_per_column(dtype):
    fitted_on, others = ROWS.astype(dtype), OTHERS.astype(dtype)
    detector = GaussianDetector(threshold=1.0).fit(fitted_on)
    mean, scale = fitted_on.astype(float).mean(axis=0), fitted_on.astype(float).std(axis=0)
    np.testing.assert_allclose(detector.mean_, mean)
    np.testing.assert_allclose(detector.scale_, scale, rtol=1e-6)
    expected = -norm.logpdf(others.astype(float), mean, scale).mean(axis=1)
    np.testing.assert_allclose(detector.anomaly_score(others), expected, rtol=1e-5)
    assert detector.anomaly_score(others).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shrinkage", [0, 0.3, 1.0])
def test_the_full_score_is_the_negative_log_density_per_column(shrinkage, dtype):
    fitted_on, others = ROWS.astype(dtype), OTHERS.astype(dtype)
    detector = GaussianDetector("full", shrinkage=shrinkage, threshold=1.0).fit(fitted_on)
    rows = fitted_on.astype(float)
    density = multivariate_normal(rows.mean(axis=0), covariance(rows, shrinkage))
    expected = -density.logpdf(others.astype(float)) / 3
    np.testing.assert_allclose(detector.anomaly_score(others), expected, rtol=1e-3)
    if shrinkage == 1:
        diagonal = GaussianDetector(threshold=1.0).fit(fitted_on)
        np.testing.assert_allclose(detector.anomaly_score(others), diagonal.anomaly_score(others), rtol=1e-5)


@pytest.mark.parametrize("n_rows, n_columns", [(200, 3), (40, 12), (5, 12), (2, 4), (30, 1)])
def test_auto_is_the_shrinkage_of_ledoit_and_wolf(n_rows, n_columns):
    rows = RNG.normal(size=(n_rows, n_columns)) @ RNG.normal(size=(n_columns, n_columns))
    detector = GaussianDetector("full", threshold=1.0).fit(rows)
    z = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    expected = LedoitWolf().fit(z).covariance_ + 1e-6 * np.eye(n_columns)
    np.testing.assert_allclose(np.linalg.inv(detector.precision_), expected, atol=1e-9)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("shrinkage", [0, "auto"])
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9])
def test_a_constant_column_counts_its_raw_distance(covariance, shrinkage, constant):
    rows = np.insert(ROWS, 1, constant, axis=1)
    detector = GaussianDetector(covariance, shrinkage=shrinkage, threshold=1.0).fit(rows)
    assert detector.scale_[1] == 1
    off = rows[:1] + [0, 2, 0, 0]
    np.testing.assert_allclose(
        detector.anomaly_score(off) - detector.anomaly_score(rows[:1]), 2**2 / 2 / 4, rtol=1e-4
    )
    np.testing.assert_allclose(detector.feature_scores(off)["x1"], 2, rtol=1e-4)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("shrinkage", [0, "auto"])
@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_fewer_rows_than_columns_make_a_density_too(covariance, shrinkage, n_rows):
    rows = RNG.normal(size=(n_rows, 8))
    detector = GaussianDetector(covariance, shrinkage=shrinkage, threshold=1.0).fit(rows)
    assert np.isfinite(detector.anomaly_score(RNG.normal(size=(20, 8)))).all()
    assert detector.anomaly_score(rows).max() < detector.anomaly_score(rows + 20).min()


def test_columns_that_determine_one_another_make_a_density_too():
    rows = np.column_stack([ROWS[:, 0], 3 * ROWS[:, 0]])
    detector = GaussianDetector("full", shrinkage=0, threshold=1.0).fit(rows)
    usual, unusual = detector.anomaly_score([[6.0, 18.0], [6.0, 12.0]])
    assert usual < 0 < 1e3 < unusual < np.inf


@pytest.mark.parametrize("shrinkage", [0.0, 0.4])
def test_full_feature_scores_are_the_z_of_each_value_given_the_others(shrinkage):
    detector = GaussianDetector("full", shrinkage=shrinkage, threshold=1.0).fit(ROWS)
    cov = covariance(ROWS, shrinkage)
    expected = [naive.conditional_z(row, ROWS.mean(axis=0), cov) for row in OTHERS]
    np.testing.assert_allclose(detector.feature_scores(OTHERS), expected, rtol=1e-3, atol=1e-2)


def test_diagonal_feature_scores_are_the_z_of_each_value():
    detector = GaussianDetector(threshold=1.0).fit(ROWS)
    expected = np.abs(OTHERS - ROWS.mean(axis=0)) / ROWS.std(axis=0)
    np.testing.assert_allclose(detector.feature_scores(OTHERS), expected)


def test_of_values_that_are_unusual_together_the_odd_one_stands_out():
    x = RNG.normal(size=(400, 1))
    rows = np.hstack([x, x, x]) + 0.1 * RNG.normal(size=(400, 3))
    odd = np.array([[1.5, 1.5, -1.5]])
    scores = GaussianDetector("full").fit(rows).feature_scores(odd)
    assert scores.idxmax(axis=1).tolist() == ["x2"]
    assert scores["x2"][0] > 10 > GaussianDetector().fit(rows).feature_scores(odd).to_numpy().max()


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_many_windows_are_fitted_and_scored_piece_by_piece_with_the_same_result(covariance, monkeypatch):
    windows = SlidingWindow(5).fit_transform(ROWS)
    options = {"threshold": MeanStd(2), "validation_fraction": 0.3}
    whole = GaussianDetector(covariance, **options).fit(windows)
    score, features = whole.anomaly_score(windows), whole.feature_scores(windows)
    monkeypatch.setattr(
        Windows, "chunks", lambda self, n_values=0: [slice(i, i + 7) for i in range(0, len(self), 7)]
    )
    pieces = GaussianDetector(covariance, **options).fit(windows)
    assert pieces.threshold_ == pytest.approx(whole.threshold_)
    np.testing.assert_allclose(pieces.anomaly_score(windows), score)
    np.testing.assert_allclose(pieces.feature_scores(windows), features)


def test_fitting_anew_leaves_nothing_of_another_covariance_behind():
    detector = GaussianDetector("full").fit(ROWS)
    detector.set_params(covariance="diagonal").fit(ROWS)
    assert not hasattr(detector, "precision_")
    np.testing.assert_allclose(
        detector.anomaly_score(OTHERS), GaussianDetector().fit(ROWS).anomaly_score(OTHERS)
    )


def test_the_median_and_6_median_deviations_of_the_last_rows_are_the_default():
    detector = GaussianDetector().fit(ROWS)
    scores = GaussianDetector(threshold=0.0).fit(ROWS[:160]).anomaly_score(ROWS[160:])
    median = np.median(scores)
    spread = 1.4826 * np.median(np.abs(scores - median))
    assert detector.threshold_ == pytest.approx(median + 6 * spread)


# What is new


@pytest.mark.parametrize("n_channels", [1, 2, 6])
@pytest.mark.parametrize("shrinkage", [0.0, 0.4])
def test_the_score_of_the_last_row_is_its_density_given_the_others(n_channels, shrinkage):
    rng = np.random.default_rng(1)
    mix = np.eye(6) + 0.2 * rng.normal(size=(6, 6))  # well conditioned: detectors add a little to variances
    fitted_on, others = rng.normal(size=(300, 6)) @ mix, rng.normal(size=(20, 6)) @ mix + 1
    options = {"shrinkage": shrinkage, "score_on": "last", "n_channels": n_channels, "threshold": 1.0}
    detector = GaussianDetector("full", **options).fit(fitted_on)
    mean, cov = fitted_on.mean(axis=0), covariance(fitted_on, shrinkage)
    scores = -multivariate_normal(mean, cov).logpdf(others)
    if n_channels < 6:  # p(last | others) = p(all) / p(others)
        first = slice(0, 6 - n_channels)
        scores += multivariate_normal(mean[first], cov[first, first]).logpdf(others[:, first])
    np.testing.assert_allclose(detector.anomaly_score(others), scores / n_channels, rtol=1e-3)


def test_the_diagonal_score_of_the_last_row_is_its_own_density():
    detector = GaussianDetector(score_on="last", n_channels=1, threshold=1.0).fit(ROWS)
    expected = -norm.logpdf(OTHERS[:, 2], ROWS[:, 2].mean(), ROWS[:, 2].std())
    np.testing.assert_allclose(detector.anomaly_score(OTHERS), expected)


def test_alarms_on_what_is_new_do_not_trail():
    wave = np.sin(np.arange(600) / 5)[:, None] + 0.05 * np.random.default_rng(1).normal(size=(600, 1))
    odd = wave.copy()
    odd[300:305] += 1
    window = SlidingWindow(30).fit(wave)
    alarms = {
        score_on: GaussianDetector("full", score_on=score_on)
        .fit(window.transform(wave))
        .predict(window.transform(odd))
        for score_on in ("window", "last")
    }
    assert alarms["window"][300:305].all()
    assert alarms["last"][300]
    assert alarms["window"][310:330].mean() > 0.9
    assert alarms["last"][310:330].mean() < 0.5


# Names of feature scores


INDEX = pd.MultiIndex.from_product([["p", "q"], range(100)], names=["series", "time"])
FRAME = pd.DataFrame(ROWS, index=INDEX, columns=["cpu", "net", "disk"])
STEPS = ["cpu_t-1", "net_t-1", "disk_t-1", "cpu_t-0", "net_t-0", "disk_t-0"]


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_feature_scores_name_the_column(covariance):
    scores = GaussianDetector(covariance).fit(FRAME).feature_scores(FRAME[:7])
    assert scores.columns.tolist() == ["cpu", "net", "disk"]
    assert scores.index.equals(INDEX[:7])


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_feature_scores_of_windows_name_the_sensor_and_the_step(output):
    windows = SlidingWindow(2).set_output(transform=output).fit_transform(FRAME)
    scores = GaussianDetector().fit(windows).feature_scores(windows)
    assert scores.columns.tolist() == STEPS
    assert scores.index.equals(INDEX)


@pytest.mark.parametrize(
    "X, n_channels, columns",
    [
        (ROWS, None, ["x0", "x1", "x2"]),
        (ROWS.tolist(), None, ["x0", "x1", "x2"]),
        (ROWS, 3, ["x0_t-0", "x1_t-0", "x2_t-0"]),
        (ROWS, 1, ["x0_t-2", "x0_t-1", "x0_t-0"]),
        (ROWS[:, :2].reshape(-1, 2, 1), None, ["x0_t-1", "x0_t-0"]),
        (SlidingWindow(2).fit_transform(ROWS[:, :1]), None, ["x0_t-1", "x0_t-0"]),
    ],
    ids=["array", "list", "n_channels=3", "n_channels=1", "3-D", "windows"],
)
def test_feature_scores_without_names_number_the_columns(X, n_channels, columns):
    scores = GaussianDetector(n_channels=n_channels).fit(X).feature_scores(X)
    assert scores.columns.tolist() == columns
    assert scores.index.equals(pd.RangeIndex(200))


@pytest.mark.parametrize(
    "name, value",
    [
        ("covariance", "tied"),
        ("shrinkage", 1.1),
        ("score_on", "first"),
        ("shrinkage", "none"),
        ("validation_fraction", 1),
        ("n_channels", 0),
    ],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of GaussianDetector must be"):
        GaussianDetector(**{name: value}).fit(ROWS)
