"""Forecasts against scikit-learn's Ridge."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sktsad import LinearForecastDetector, SlidingWindow
from sktsad._core import Windows

RNG = np.random.default_rng(0)
ROWS = np.sin(np.arange(300)[:, None] / [5, 7]) + 0.2 * RNG.normal(size=(300, 2))
WINDOWS = SlidingWindow(8).fit_transform(ROWS)
FLAT = np.asarray(WINDOWS)


@pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("horizon", [1, 3])
def test_the_score_is_the_error_of_ridge_regression_in_units_of_its_usual_size(horizon, alpha):
    detector = LinearForecastDetector(horizon, alpha=alpha, threshold=1.0).fit(WINDOWS)
    past, last = np.split(FLAT, [16 - 2 * horizon], axis=1)
    ridge = Ridge(alpha).fit(past, last)
    np.testing.assert_allclose(detector.coef_, ridge.coef_, atol=1e-9)
    np.testing.assert_allclose(detector.intercept_, ridge.intercept_, atol=1e-9)
    others = FLAT + RNG.normal(size=FLAT.shape)
    past, last = np.split(others, [16 - 2 * horizon], axis=1)
    np.testing.assert_allclose(detector.forecast(others.reshape(-1, 8, 2)), ridge.predict(past))
    usual = np.sqrt(((FLAT[:, -2 * horizon :] - ridge.predict(FLAT[:, : -2 * horizon])) ** 2).mean(axis=0))
    errors = np.abs(last - ridge.predict(past)) / usual
    features = detector.feature_scores(others.reshape(-1, 8, 2))
    np.testing.assert_allclose(features, errors)
    assert features.columns[-1] == "x1_t-0"
    np.testing.assert_allclose(detector.anomaly_score(others.reshape(-1, 8, 2)), errors.mean(axis=1))


def test_normalised_it_predicts_from_the_shape_of_the_past_alone():
    detector = LinearForecastDetector(normalize=True, threshold=1.0).fit(WINDOWS)
    larger = SlidingWindow(8).fit_transform(10 * ROWS + 5)
    np.testing.assert_allclose(
        detector.anomaly_score(larger)[8:], detector.anomaly_score(WINDOWS)[8:], rtol=0.05
    )
    jump = FLAT[50].copy().reshape(8, 2)
    jump[-1] += 100  # the rows that are predicted do not take part in their own scale
    assert detector.anomaly_score(jump[None])[0] > 50


def test_it_does_not_look_at_an_event_for_longer_than_it_lasts():
    rows = ROWS.copy()
    rows[150:153] += 5
    scores = LinearForecastDetector().fit(WINDOWS).anomaly_score(SlidingWindow(8).fit(ROWS).transform(rows))
    assert scores[150] > 5
    assert scores[160:].max() < 5


@pytest.mark.parametrize("rows", [np.zeros((40, 1)), np.arange(40.0)[:, None], np.ones((1, 1))])
def test_what_is_predicted_without_error_makes_finite_scores(rows):
    window = SlidingWindow(1 if len(rows) == 1 else 5).fit(rows)
    if len(rows) == 1:
        windows, odd = np.ones((1, 5)), np.array([[1.0, 1, 1, 1, 3]])
    else:
        windows, odd = window.transform(rows), window.transform(np.append(rows, [[1e3]], axis=0))
    detector = LinearForecastDetector(threshold=1.0).fit(windows)
    scores = detector.anomaly_score(odd)
    assert np.isfinite(scores).all()
    assert scores[-1] >= 1


def test_windows_no_longer_than_the_horizon_are_refused():
    with pytest.raises(ValueError, match=r"horizon=8 leaves nothing to predict from: .* windows of 8 row"):
        LinearForecastDetector(8).fit(WINDOWS)


def test_many_windows_are_fitted_and_scored_piece_by_piece_with_the_same_result(monkeypatch):
    detector = LinearForecastDetector(2).fit(WINDOWS)
    whole, features = detector.anomaly_score(WINDOWS), detector.feature_scores(WINDOWS)
    monkeypatch.setattr(
        Windows, "chunks", lambda self, n=0: [slice(i, i + 7) for i in range(0, len(self), 7)]
    )
    detector.fit(WINDOWS)
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), whole)
    np.testing.assert_allclose(detector.feature_scores(WINDOWS), features)


@pytest.mark.parametrize("name, value", [("horizon", 0), ("alpha", 0), ("normalize", "no")])
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of LinearForecastDetector must be"):
        LinearForecastDetector(**{name: value}).fit(WINDOWS)


@pytest.mark.parametrize("value", [3e38, 1e100])
def test_one_value_beside_which_alpha_is_rounded_away_is_no_singular_matrix(value):
    rows = np.random.default_rng(0).normal(size=(200, 2))
    rows[50] = value
    windows = SlidingWindow(3).fit_transform(rows)
    detector = LinearForecastDetector().fit(windows)
    assert np.isfinite(detector.coef_).all() and np.isfinite(detector.threshold_)
    assert detector.anomaly_score(windows).argmax() == 50
