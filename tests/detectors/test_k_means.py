"""Distances to centres, one by one."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from sktsad import KMeansDetector, SlidingWindow
from sktsad._core import Windows

RNG = np.random.default_rng(0)
ROWS = np.sin(np.arange(300)[:, None] / [5, 7]) + 0.2 * RNG.normal(size=(300, 2))
WINDOWS = SlidingWindow(8).fit_transform(ROWS)
OPTIONS = {"threshold": 1.0, "random_state": 0}


def test_the_score_is_the_distance_to_the_nearest_centre():
    detector = KMeansDetector(6, **OPTIONS).fit(WINDOWS)
    assert detector.cluster_centers_.shape == (6, 16)
    expected = [
        min(np.sqrt(((window - centre) ** 2).mean()) for centre in detector.cluster_centers_)
        for window in WINDOWS
    ]
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), expected)
    features = detector.feature_scores(WINDOWS)
    assert features.columns[-1] == "x1_t-0"
    np.testing.assert_allclose(np.sqrt((features**2).mean(axis=1)), expected)


def test_the_centres_are_those_of_scikit_learn():
    detector = KMeansDetector(4, max_windows=100, **OPTIONS).fit(WINDOWS)
    expected = KMeans(4, n_init=1, random_state=0).fit(np.asarray(WINDOWS)[::3]).cluster_centers_
    np.testing.assert_allclose(detector.cluster_centers_, expected)


def test_normalised_it_sees_the_shape_alone():
    detector = KMeansDetector(6, normalize=True, **OPTIONS).fit(WINDOWS)
    larger = SlidingWindow(8).fit_transform(10 * ROWS + 5)
    off = detector.anomaly_score(larger) / detector.anomaly_score(WINDOWS) - 1
    assert (np.abs(off) < 1e-9).mean() > 0.95  # the first are padded, and one hardly moves


@pytest.mark.filterwarnings("error")
def test_of_fewer_different_windows_each_is_a_centre():
    rows = np.tile([[0.0, 1.0], [1.0, 0.0], [5.0, 5.0]], (20, 1))
    detector = KMeansDetector(**OPTIONS).fit(rows)
    assert len(detector.cluster_centers_) == 3
    np.testing.assert_allclose(detector.anomaly_score([[5.0, 5.0], [5.0, 7.0]]), [0, np.sqrt(2)], atol=1e-9)


def test_many_windows_are_scored_piece_by_piece_with_the_same_result(monkeypatch):
    detector = KMeansDetector(random_state=0).fit(WINDOWS)
    whole, features = detector.anomaly_score(WINDOWS), detector.feature_scores(WINDOWS)
    monkeypatch.setattr(
        Windows, "chunks", lambda self, n=0: [slice(i, i + 7) for i in range(0, len(self), 7)]
    )
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), whole)
    np.testing.assert_allclose(detector.feature_scores(WINDOWS), features)


@pytest.mark.parametrize("name, value", [("n_clusters", 0), ("normalize", 1.5), ("max_windows", 0)])
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of KMeansDetector must be"):
        KMeansDetector(**{name: value}).fit(WINDOWS)
