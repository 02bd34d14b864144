import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sktsad import GaussianDetector, SlidingWindow
from sktsad.plotting import BoundaryDisplay


@pytest.fixture(scope="module")
def engines():
    """Temperature and speed of engines; the last four are neither hot nor fast, but hot for their speed."""
    rng = np.random.RandomState(0)
    X = pd.DataFrame(rng.normal(size=(300, 2)) * [5, 100] + [80, 3000], columns=["temperature", "speed"])
    X.iloc[-4:] = [[110, 2400], [112, 2350], [50, 3600], [48, 3700]]
    return X, np.r_[np.zeros(296, dtype=int), np.ones(4, dtype=int)]


def test_the_border_tells_alarms_from_other_rows(engines):
    X, y = engines
    detector = GaussianDetector("full").fit(X, y)
    display = BoundaryDisplay.from_estimator(detector, X, y, grid_resolution=200)
    assert display.ax_.get_xlabel() == "temperature" and display.ax_.get_ylabel() == "speed"
    [border] = display.border_.get_paths()
    inside = border.contains_points(X.to_numpy())
    assert (inside != (detector.predict(X) == 1)).mean() > 0.99  # a polygon of 200 x 200 points
    assert not inside[y == 1].any() and inside[y == 0].mean() > 0.9
    assert len(display.anomalies_.get_xdata()) == 4 and len(display.rows_.get_xdata()) == 296
    assert [text.get_text() for text in display.legend_.get_texts()] == ["border", "labelled anomaly"]


def test_the_response_is_the_score_at_the_points(engines):
    X, y = engines
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X.to_numpy(), y)
    display = BoundaryDisplay.from_estimator(model, X.to_numpy(), grid_resolution=5, eps=0)
    points = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    np.testing.assert_allclose(display.response.ravel(), model.decision_function(points))
    assert points.min(axis=0).tolist() == X.min().tolist() and points.max(axis=0).tolist() == X.max().tolist()
    assert display.anomalous is None and len(display.rows_.get_xdata()) == 300


def test_a_classifier_without_decisions_has_its_border_at_a_half(engines):
    X, y = engines
    display = BoundaryDisplay.from_estimator(DecisionTreeClassifier(random_state=0).fit(X, y), X, y)
    assert display.threshold == 0.5 and display.border_ is not None


def test_a_border_out_of_sight_is_left_out(engines):
    X, _ = engines
    display = BoundaryDisplay.from_estimator(GaussianDetector(threshold=1e9).fit(X), X)
    assert display.border_ is None and display.legend_ is None


def test_a_score_by_neighbours_has_no_border(engines):
    X, _ = engines
    detector = make_pipeline(SlidingWindow(5), GaussianDetector()).fit(X)
    with pytest.raises(ValueError, match=r"together with its neighbours.*ScoreDisplay"):
        BoundaryDisplay.from_estimator(detector, X)


def test_two_features_it_must_be():
    X = np.random.RandomState(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match=r"shape \(20, 3\).*two columns"):
        BoundaryDisplay.from_estimator(GaussianDetector().fit(X), X)
