"""Distances against all pairs, one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad import NearestWindowsDetector, SlidingWindow
from sktsad._core import Windows
from sktsad.thresholds import Quantile

RNG = np.random.default_rng(0)
ROWS = np.sin(np.arange(300)[:, None] / [5, 7]) + 0.2 * RNG.normal(size=(300, 2))
OTHERS = np.sin(np.arange(60)[:, None] / [6, 3]) + 0.2 * RNG.normal(size=(60, 2))
WINDOW = SlidingWindow(8).fit(ROWS)
WINDOWS, NEW = WINDOW.transform(ROWS), WINDOW.transform(OTHERS)


def prepared(window, normalize, least=None):
    steps = np.asarray(window).reshape(-1, 2)
    if normalize:
        steps = (steps - steps.mean(axis=0)) / np.maximum(steps.std(axis=0), least)
    return steps


def by_hand(windows, known, n_neighbors=1, normalize=False, n_best=None):
    """Distance of each window to its n-th nearest, over all steps and channels or channel by channel."""
    least = 0.1 * np.concatenate([np.asarray(window).reshape(-1, 2) for window in known]).std(axis=0)
    known = [prepared(window, normalize, least) for window in known]

    def to_nearest(window, others, channels):
        squares = [((window - other)[:, channels] ** 2).mean() for other in others]
        return np.sqrt(sorted(squares)[n_neighbors - 1])

    windows = [prepared(window, normalize, least) for window in windows]
    if n_best is None:
        return [to_nearest(window, known, slice(None)) for window in windows]
    by_channel = []
    for channel in range(2):
        usual = [
            to_nearest(
                window,
                [other for n, other in enumerate(known) if abs(n - number) >= 4],
                slice(channel, channel + 1),
            )
            for number, window in enumerate(known)
        ]
        distances = np.array([to_nearest(window, known, slice(channel, channel + 1)) for window in windows])
        by_channel.append((distances - np.median(usual)) / (max(usual) - np.median(usual)))
    return np.sort(by_channel, axis=0)[-n_best:].mean(axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("n_best", [None, 1, 2])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("n_neighbors", [1, 3])
def test_the_score_is_the_distance_to_the_nth_nearest_window(n_neighbors, normalize, n_best):
    options = {"n_neighbors": n_neighbors, "normalize": normalize, "n_best": n_best}
    detector = NearestWindowsDetector(threshold=1.0, **options).fit(WINDOWS)
    expected = by_hand(NEW, WINDOWS, **options)
    np.testing.assert_allclose(detector.anomaly_score(NEW), expected, atol=1e-6)
    np.testing.assert_allclose(detector.anomaly_score(NEW[5:6]), expected[5:6], atol=1e-6)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 9), st.integers(0, 99))
def test_any_number_of_windows_and_neighbours(n_known, n_values, n_neighbors, seed):
    rng = np.random.default_rng(seed)
    known, new = rng.integers(0, 4, size=(n_known, n_values)), rng.integers(0, 4, size=(5, n_values))
    detector = NearestWindowsDetector(n_neighbors, threshold=1.0).fit(known)
    squares = ((new[:, None] - known) ** 2).mean(axis=2)
    expected = np.sqrt(np.sort(squares, axis=1)[:, min(n_neighbors, n_known) - 1])
    np.testing.assert_allclose(detector.anomaly_score(new), expected, atol=1e-6)


def test_a_window_that_is_known_scores_0_and_one_that_is_far_scores_its_distance():
    detector = NearestWindowsDetector(threshold=1.0).fit(WINDOWS)
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), 0, atol=1e-6)
    assert detector.anomaly_score(np.asarray(NEW)[:1].reshape(1, 8, 2) + 1000)[0] == pytest.approx(
        1000, rel=0.01
    )


@pytest.mark.parametrize("at_most, step", [(300, 1), (150, 2), (149, 3), (1, 300)])
def test_of_many_windows_each_nth_is_kept(at_most, step):
    detector = NearestWindowsDetector(max_windows=at_most, threshold=1.0).fit(WINDOWS)
    np.testing.assert_array_equal(detector.known_, np.asarray(WINDOWS)[::step])
    expected = by_hand(NEW, WINDOWS[::step])
    np.testing.assert_allclose(detector.anomaly_score(NEW), expected, atol=1e-6)


def apart(windows, chosen, known, n_neighbors):
    """Distances to known windows, by number, that start at least 4 rows off."""
    scores = []
    for row in chosen:
        far = [windows[other] for other in known if abs(other - row) >= 4]
        scores.append(np.sqrt(sorted(((windows[row] - other) ** 2).mean() for other in far)[n_neighbors - 1]))
    return scores


@pytest.mark.parametrize("n_neighbors", [1, 2])
def test_the_threshold_is_learnt_from_held_out_rows(n_neighbors):
    rule = Quantile(0.9)
    detector = NearestWindowsDetector(n_neighbors, threshold=rule).fit(WINDOWS)
    expected = apart(np.asarray(WINDOWS), range(240, 300), range(240), n_neighbors)
    assert detector.threshold_ == pytest.approx(rule.fit(np.array(expected)).threshold_)


@pytest.mark.parametrize("max_windows", [300, 100])
def test_without_held_out_rows_it_is_learnt_from_windows_that_share_at_most_half(max_windows):
    detector = NearestWindowsDetector(max_windows=max_windows, threshold=Quantile(0.5), validation_fraction=0)
    detector.fit(WINDOWS)
    expected = apart(np.asarray(WINDOWS), range(300), range(0, 300, 300 // max_windows), 1)
    assert detector.threshold_ == pytest.approx(Quantile(0.5).fit(np.array(expected)).threshold_)


def test_where_no_window_is_apart_all_count():
    detector = NearestWindowsDetector(threshold=Quantile(0.5), validation_fraction=0).fit(WINDOWS[:3])
    assert detector.threshold_ == 0


def one_by_one(windows):
    """The windows of each channel."""
    return [Windows(windows.buffer[:, [c]], windows.starts, 8) for c in range(2)]


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("n_best", [None, 1])
def test_feature_scores_are_the_differences_to_the_nearest_window(normalize, n_best):
    detector = NearestWindowsDetector(2, normalize=normalize, n_best=n_best, threshold=1.0).fit(WINDOWS)
    scores = detector.feature_scores(NEW)
    assert scores.columns.tolist()[:2] == ["x0_t-7", "x1_t-7"]
    squares = scores.to_numpy().reshape(60, 8, 2) ** 2
    whole = np.sqrt(squares.mean(axis=(1, 2)))
    if n_best:
        apart = NearestWindowsDetector(2, normalize=normalize, threshold=1.0)
        usual = [apart.matrix_profile(channel) for channel in one_by_one(WINDOWS)]
        center, largest = np.median(usual, axis=1), np.max(usual, axis=1)
        whole = ((np.sqrt(squares.mean(axis=1)) - center) / (largest - center)).max(axis=1)
    np.testing.assert_allclose(whole, detector.anomaly_score(NEW), atol=1e-6)


def test_of_two_columns_the_one_that_is_off_stands_out():
    odd = OTHERS.copy()
    odd[40, 1] += 3
    windows = WINDOW.transform(odd)
    scores = NearestWindowsDetector(n_best=1).fit(WINDOWS).feature_scores(windows)
    assert scores.iloc[42].idxmax() == "x1_t-2"


def test_an_event_in_a_quiet_channel_is_not_hidden_by_a_restless_one():
    rng = np.random.default_rng(0)
    X = np.column_stack([0.01 * np.sin(np.arange(600) / 5), rng.normal(size=600), np.zeros(600)])
    X[500:508, 0] += 0.02
    windows = SlidingWindow(8).fit_transform(X)
    for n_best, is_found in ((None, False), (1, True)):
        scores = NearestWindowsDetector(n_best=n_best).fit(windows[:400]).anomaly_score(windows[400:])
        assert (100 <= scores.argmax() < 115) == is_found
    assert np.isfinite(scores).all()  # also of the channel that never moves


def test_a_single_channel_is_compared_in_its_own_units():
    one, new = one_by_one(WINDOWS)[0], one_by_one(NEW)[0]
    plain = NearestWindowsDetector(threshold=1.0).fit(one).anomaly_score(new)
    np.testing.assert_array_equal(
        NearestWindowsDetector(n_best=1, threshold=1.0).fit(one).anomaly_score(new), plain
    )


@pytest.mark.parametrize("at_most, n_kept", [(10_000, 1200), (2000, 600), (400, 400), (900, 400)])
def test_windows_of_several_channels_share_the_budget(at_most, n_kept):
    windows = SlidingWindow(4).fit_transform(np.random.default_rng(0).normal(size=(1200, 2)))
    detector = NearestWindowsDetector(n_best=1, max_windows=at_most, threshold=1.0).fit(windows)
    assert len(detector.known_) == n_kept


def test_many_windows_are_scored_piece_by_piece_with_the_same_result(monkeypatch):
    detector = NearestWindowsDetector(normalize=True).fit(WINDOWS)
    whole, features, threshold = (
        detector.anomaly_score(NEW),
        detector.feature_scores(NEW),
        detector.threshold_,
    )
    monkeypatch.setattr(
        Windows, "chunks", lambda self, n=0: [slice(i, i + 7) for i in range(0, len(self), 7)]
    )
    np.testing.assert_allclose(detector.anomaly_score(NEW), whole, atol=1e-9)
    np.testing.assert_allclose(detector.feature_scores(NEW), features)
    assert detector.fit(WINDOWS).threshold_ == pytest.approx(threshold)


@pytest.mark.parametrize(
    "name, value", [("n_neighbors", 0), ("normalize", "yes"), ("n_best", 0), ("max_windows", 0)]
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of NearestWindowsDetector must be"):
        NearestWindowsDetector(**{name: value}).fit(WINDOWS)


def test_the_matrix_profile_compares_each_window_with_all_that_share_at_most_half_of_its_rows():
    rows = np.sin(np.arange(200) / 4)[:, None] + 0.05 * np.random.default_rng(0).normal(size=(200, 1))
    rows[120:124] *= -1
    windows = SlidingWindow(10).fit_transform(rows)
    dense = np.asarray(windows)
    far = np.abs(np.subtract.outer(np.arange(200), np.arange(200))) >= 5
    gaps = np.sqrt(((dense[:, None] - dense) ** 2).mean(axis=2))
    expected = np.where(far, gaps, np.inf).min(axis=1)
    detector = NearestWindowsDetector()
    np.testing.assert_allclose(detector.matrix_profile(windows), expected, atol=1e-7)
    assert not hasattr(detector, "classes_")
    assert 120 <= expected.argmax() < 134
