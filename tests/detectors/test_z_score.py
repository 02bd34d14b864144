"""The z-score against naive loops."""

import statistics

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.utils import get_tags

from sktsad import SlidingWindow, ZScoreDetector
from sktsad.thresholds import MeanStd

RNG = np.random.default_rng(0)
ROWS = RNG.normal([5.0, -2.0], [2.0, 0.1], size=(60, 2))


def naive_z(value, sample, robust):
    """Return the z of a value within a sample; 0 within a sample without spread."""
    if robust:
        center = statistics.median(sample)
        deviations = [abs(v - center) for v in sample]
        scale = 1.4826 * statistics.median(deviations) or 1.2533 * statistics.fmean(deviations)
    else:
        center, scale = statistics.fmean(sample), statistics.pstdev(sample)
    return (value - center) / scale if scale else 0.0


@pytest.mark.parametrize("robust", [False, True])
def test_global_z_is_that_of_each_column_over_the_rows_of_fit(robust):
    detector = ZScoreDetector(robust=robust).fit(ROWS[:40])
    expected = [[naive_z(row[j], ROWS[:40, j].tolist(), robust) for j in range(2)] for row in ROWS.tolist()]
    z = detector.transform(ROWS)
    np.testing.assert_allclose(z, expected)
    np.testing.assert_array_equal(detector.feature_scores(ROWS), np.abs(z))
    np.testing.assert_array_equal(detector.anomaly_score(ROWS), np.abs(z).max(axis=1))


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("length", [1, 2, 7])
def test_rolling_z_is_that_of_the_last_row_within_its_window(robust, length):
    windows = SlidingWindow(length).fit_transform(ROWS)
    detector = ZScoreDetector("rolling", robust=robust).fit(windows)
    expected = []
    for window in np.asarray(windows).reshape(60, length, 2):
        expected.append([naive_z(window[-1, j], window[:, j].tolist(), robust) for j in range(2)])
    z = detector.transform(windows)
    assert z.shape == (60, 2)
    np.testing.assert_allclose(z, expected, atol=1e-9)
    np.testing.assert_array_equal(detector.feature_scores(windows), np.abs(z))
    np.testing.assert_array_equal(detector.anomaly_score(windows), np.abs(z).max(axis=1))


def test_only_normal_rows_make_the_mean():
    labels = np.zeros(60, dtype=int)
    labels[::7] = 1
    detector = ZScoreDetector().fit(ROWS + 100 * labels[:, None], labels)
    np.testing.assert_allclose(detector.center_, ROWS[labels == 0].mean(axis=0))
    np.testing.assert_allclose(detector.scale_, ROWS[labels == 0].std(axis=0))


def test_held_out_rows_do_not_make_the_mean():
    detector = ZScoreDetector(validation_fraction=0.5, threshold=MeanStd()).fit(ROWS)
    np.testing.assert_allclose(detector.center_, ROWS[:30].mean(axis=0))


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9])
def test_a_constant_column_scores_its_raw_distance(robust, constant):
    rows = np.column_stack([np.full(50, constant), RNG.normal(size=50)])
    detector = ZScoreDetector(robust=robust).fit(rows)
    np.testing.assert_allclose(detector.transform(rows)[:, 0], 0, atol=1e-6)
    assert detector.transform([[constant + 7, 0.0]])[0, 0] == pytest.approx(7)


@pytest.mark.parametrize("robust", [False, True])
def test_rounding_errors_are_no_spread(robust):
    rows = np.tile([0.1 + 0.2, 0.3], 30).reshape(-1, 1)  # differ in the last bit
    assert np.ptp(rows) > 0
    assert np.abs(ZScoreDetector(robust=robust).fit(rows).transform(rows)).max() < 1e-9
    rolling = ZScoreDetector("rolling", robust=robust).fit(rows.reshape(10, 6))
    np.testing.assert_array_equal(rolling.transform(rows.reshape(10, 6)), 0)


@pytest.mark.parametrize("robust", [False, True])
def test_a_window_without_any_spread_is_normal_and_a_spike_behind_it_is_not(robust):
    windows = np.tile([0.3, 0.1 + 0.2], (2, 15))  # differ in the last bit
    windows[1, -1] = 5.0
    detector = ZScoreDetector("rolling", robust=robust, threshold=3.0).fit(windows)
    assert detector.transform(windows)[0, 0] == 0
    assert detector.predict(windows).tolist() == [0, 1]


def test_where_most_values_are_equal_a_spike_still_stands_out():
    rows = np.zeros((100, 1))
    rows[:40, 0] = RNG.normal(size=40)
    rows[50] = 20
    scores = ZScoreDetector(robust=True).fit(rows).anomaly_score(rows)
    assert scores.argmax() == 50
    assert scores[50] > 3


def test_rolling_z_is_bounded_by_the_length_of_the_window():
    windows = np.zeros((1, 17))
    windows[0, -1] = 1e6
    assert ZScoreDetector("rolling").fit(windows).anomaly_score(windows)[0] == pytest.approx(4)


@pytest.mark.parametrize("mode", ["global", "rolling"])
def test_many_windows_are_scored_piece_by_piece_with_the_same_result(mode):
    windows = SlidingWindow(40).fit_transform(RNG.normal(size=(30_000, 1)))
    assert len(windows.chunks()) > 1
    detector = ZScoreDetector(mode, threshold=3.0).fit(windows)
    rows = [0, 26_213, 26_214, 26_215, 29_999]
    np.testing.assert_allclose(detector.transform(windows)[rows], detector.transform(windows[rows]))
    np.testing.assert_allclose(detector.anomaly_score(windows)[rows], detector.anomaly_score(windows[rows]))
    if mode == "global":
        np.testing.assert_allclose(detector.scale_, np.asarray(windows).std(axis=0))


def test_integers_and_single_precision_are_scored_as_double():
    whole = RNG.integers(0, 9, size=(50, 1))
    expected = ZScoreDetector().fit(whole.astype(float)).anomaly_score(whole.astype(float))
    np.testing.assert_allclose(ZScoreDetector().fit(whole).anomaly_score(whole), expected)
    single = whole.astype(np.float32) + np.float32(2**20)
    np.testing.assert_allclose(ZScoreDetector().fit(single).anomaly_score(single), expected)
    windows = single.reshape(10, 5)
    rolling = ZScoreDetector("rolling").fit(windows).anomaly_score(windows)
    np.testing.assert_allclose(
        rolling, ZScoreDetector("rolling").fit(windows).anomaly_score(windows.astype(float))
    )


@pytest.mark.parametrize("mode, length", [("global", 1), ("rolling", 20)])
@pytest.mark.parametrize("robust", [False, True])
def test_it_finds_spikes(mode, length, robust):
    rng = np.random.default_rng(1)
    rows, labels = rng.normal(size=(500, 1)), (rng.uniform(size=500) < 0.02).astype(int)
    rows[labels == 1] += 8
    windows = SlidingWindow(length).fit_transform(rows)
    detector = ZScoreDetector(mode, robust=robust).fit(windows, labels)
    assert roc_auc_score(labels, detector.decision_function(windows)) > 0.95


def test_rolling_z_finds_spikes_on_a_drift_that_hides_them_from_the_global_one():
    rows = np.linspace(0, 500, 300).reshape(-1, 1) + RNG.normal(size=(300, 1))
    rows[[100, 200]] += 40
    labels = np.isin(np.arange(300), [100, 200])
    windows = SlidingWindow(15).fit_transform(rows)
    rolling = ZScoreDetector("rolling").fit(windows).anomaly_score(windows)
    assert roc_auc_score(labels[20:], rolling[20:]) > 0.95
    assert roc_auc_score(labels, ZScoreDetector().fit(rows).anomaly_score(rows)) < 0.7


def test_the_column_that_is_off_has_the_largest_feature_score():
    rows = ROWS.copy()
    rows[[10, 20], [1, 0]] += [3, 30]
    scores = ZScoreDetector().fit(rows).feature_scores(rows)
    assert scores.iloc[[10, 20]].idxmax(axis=1).tolist() == ["x1", "x0"]


@pytest.mark.parametrize("mode, n_columns", [("global", 6), ("rolling", 2)])
def test_z_scores_come_as_a_frame_with_the_index_of_the_windows(mode, n_columns):
    index = pd.MultiIndex.from_product([["a", "b"], range(30)], names=["series", "time"])
    sliding = SlidingWindow(3).set_output(transform="pandas")
    windows = sliding.fit_transform(pd.DataFrame(ROWS, index=index, columns=["a", "b"]))
    detector = ZScoreDetector(mode).set_output(transform="pandas").fit(windows)
    frame = detector.transform(windows)
    names = [f"zscoredetector{i}" for i in range(n_columns)]
    assert detector.get_feature_names_out().tolist() == frame.columns.tolist() == names
    assert frame.index.equals(index)


def test_fitting_anew_leaves_nothing_of_another_mode_behind():
    detector = ZScoreDetector().fit(ROWS)
    detector.set_params(mode="rolling").fit(ROWS)
    assert not hasattr(detector, "center_") and not hasattr(detector, "scale_")


@pytest.mark.parametrize(
    "name, value", [("mode", "local"), ("robust", "very"), ("validation_fraction", 1.0), ("n_channels", 0)]
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of ZScoreDetector must be"):
        ZScoreDetector(**{name: value}).fit(ROWS)


# Missing values


@pytest.mark.parametrize("robust", [False, True])
def test_nan_counts_in_no_mean_and_is_off_by_nothing(robust):
    X = np.where(RNG.random(ROWS.shape) < 0.3, np.nan, ROWS)
    X[7] = np.nan
    detector = ZScoreDetector(robust=robust, threshold=3.0).fit(X)
    for column in range(2):
        sample = [value for value in X[:, column].tolist() if value == value]
        expected = [
            naive_z(value, sample, robust) if value == value else 0.0 for value in X[:, column].tolist()
        ]
        np.testing.assert_allclose(detector.transform(X)[:, column], expected, rtol=1e-9)
    assert detector.anomaly_score(X)[7] == 0
    assert get_tags(detector).input_tags.allow_nan
    with pytest.raises(ValueError, match=r"Columns \[1\] of X are NaN in all 60 normal rows"):
        ZScoreDetector(robust=robust, threshold=3.0).fit(np.column_stack([ROWS[:, 0], np.full(60, np.nan)]))


@pytest.mark.parametrize("robust", [False, True])
def test_windows_with_nan_are_those_of_the_values_that_are_there(robust):
    windows = np.where(RNG.random((50, 6)) < 0.4, np.nan, RNG.normal(size=(50, 6)))
    windows[3] = np.nan
    found = ZScoreDetector("rolling", robust=robust).fit(windows).transform(windows)[:, 0]
    for window, z in zip(windows.tolist(), found, strict=True):
        sample = [value for value in window if value == value]
        assert z == pytest.approx(naive_z(window[-1], sample, robust) if window[-1] == window[-1] else 0.0)


def test_learning_goes_on_over_missing_values():
    X = np.where(RNG.random(ROWS.shape) < 0.3, np.nan, ROWS)
    options = {"threshold": 3.0, "validation_fraction": 0}
    whole, in_parts = ZScoreDetector(**options).fit(X), ZScoreDetector(**options).fit(X[:40])
    in_parts.partial_fit(X[40:])
    np.testing.assert_allclose(in_parts.center_, whole.center_)
    np.testing.assert_allclose(in_parts.scale_, whole.scale_)
    assert np.isfinite(ZScoreDetector(**options, half_life=10).fit(X[:40]).partial_fit(X[40:]).center_).all()
