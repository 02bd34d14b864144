"""Residuals and distances within the components against those of scikit-learn's PCA."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sktsad import PCADetector, SlidingWindow
from sktsad._core import Windows

RNG = np.random.default_rng(0)
ROWS = np.sin(np.arange(300)[:, None] / [5, 7]) + 0.2 * RNG.normal(size=(300, 2))
WINDOWS = SlidingWindow(8).fit_transform(ROWS)
FLAT = np.asarray(WINDOWS)


def by_hand(pca, rows):
    """Return the mean squared error of what the components restore, and the mean squared z along them."""
    codes = pca.transform(rows)
    variance = pca.explained_variance_ * (pca.n_samples_ - 1) / pca.n_samples_
    return ((rows - pca.inverse_transform(codes)) ** 2).mean(axis=1), (codes**2 / variance).mean(axis=1)


@pytest.mark.parametrize("n_components", [1, 3, 16, 0.5, 0.9, 0.999])
def test_scores_are_those_of_the_components(n_components):
    pca = PCA(n_components, svd_solver="full").fit(FLAT)
    others = FLAT + RNG.normal(size=FLAT.shape)
    in_3d = others.reshape(-1, 8, 2)
    residual, inside = by_hand(pca, others)
    usual = [max(score.mean(), 1e-9) for score in by_hand(pca, FLAT)]
    expected = {"residual": residual, "inside": inside, "both": residual / usual[0] + inside / usual[1]}
    for score_by, scores in expected.items():
        detector = PCADetector(n_components, score_by=score_by, threshold=1.0).fit(WINDOWS)
        assert len(detector.components_) == pca.n_components_
        if (n_components, score_by) != (
            16,
            "both",
        ):  # where nothing is left over, its mean is 0 but for rounding
            np.testing.assert_allclose(detector.anomaly_score(in_3d), scores, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(np.abs(detector.transform(in_3d)), np.abs(pca.transform(others)), atol=1e-6)
    restored = pca.inverse_transform(pca.transform(others))
    np.testing.assert_allclose(detector.reconstruct(in_3d), restored, atol=1e-8)
    np.testing.assert_allclose(detector.feature_scores(in_3d), np.abs(others - restored), atol=1e-8)
    assert len(detector.get_feature_names_out()) == pca.n_components_


def test_both_scores_are_1_on_the_mean_over_the_rows_of_fit():
    detector = PCADetector(0.8, score_by="both", threshold=1.0).fit(WINDOWS)
    assert detector.anomaly_score(WINDOWS).mean() == pytest.approx(2)


def test_normalised_it_sees_the_shape_alone():
    detector = PCADetector(normalize=True, threshold=1.0).fit(WINDOWS)
    larger = SlidingWindow(8).fit_transform(10 * ROWS + 5)
    off = detector.anomaly_score(larger) / detector.anomaly_score(WINDOWS) - 1
    assert (np.abs(off) < 1e-9).mean() > 0.95  # the first are padded, and one hardly moves


@pytest.mark.parametrize("score_by", ["residual", "inside", "both"])
@pytest.mark.parametrize(
    "rows", [np.zeros((40, 3)), np.ones((1, 3)), np.eye(3)], ids=["constant", "one", "few"]
)
def test_rows_without_variance_make_finite_scores(rows, score_by):
    detector = PCADetector(score_by=score_by, threshold=1.0).fit(rows)
    scores = detector.anomaly_score(np.vstack([rows[:1], rows[:1] + 5]))
    assert np.isfinite(scores).all()


def test_more_components_than_values_are_refused():
    with pytest.raises(ValueError, match=r"n_components=17 is more than the 16 feature\(s\) of a window"):
        PCADetector(17).fit(WINDOWS)


def test_many_windows_are_fitted_and_scored_piece_by_piece_with_the_same_result(monkeypatch):
    detector = PCADetector(score_by="both").fit(WINDOWS)
    found = [detector.anomaly_score(WINDOWS), detector.feature_scores(WINDOWS), detector.reconstruct(WINDOWS)]
    monkeypatch.setattr(
        Windows, "chunks", lambda self, n=0: [slice(i, i + 7) for i in range(0, len(self), 7)]
    )
    detector.fit(WINDOWS)
    again = [detector.anomaly_score(WINDOWS), detector.feature_scores(WINDOWS), detector.reconstruct(WINDOWS)]
    for one, other in zip(found, again, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize(
    "name, value",
    [("n_components", 0), ("n_components", 1.5), ("score_by", "all"), ("normalize", 2)],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of PCADetector must be"):
        PCADetector(**{name: value}).fit(WINDOWS)


def test_a_robust_fit_learns_nothing_from_unknown_anomalies():
    rows = ROWS.copy()
    rows[60:100] = 3 * RNG.normal(size=(40, 2))
    clean = PCADetector(4, threshold=1.0).fit(SlidingWindow(8).fit_transform(ROWS))
    odd = SlidingWindow(8).fit_transform(rows)
    robust, plain = (PCADetector(4, robust=robust, threshold=1.0).fit(odd) for robust in (True, False))

    def angle(detector):
        """The largest between the subspaces, as 1 minus its cosine."""
        return 1 - np.linalg.svd(detector.components_ @ clean.components_.T, compute_uv=False).min()

    assert angle(robust) < 0.01 < 0.1 < angle(plain)
