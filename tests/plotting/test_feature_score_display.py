import numpy as np
import pandas as pd
import pytest
from matplotlib import dates
from sklearn.linear_model import LogisticRegression

from sktsad import SlidingWindow, ZScoreDetector
from sktsad.plotting import FeatureScoreDisplay


def cells(display):
    """Return edges in time, and scores with channels as columns; NaN where the map is blank."""
    edges = display.mesh_.get_coordinates()[0, :, 0]
    return edges, display.mesh_.get_array().filled(np.nan).T


def names(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


# Given scores


def test_channels_stand_in_the_order_of_their_worst_score():
    scores = pd.DataFrame({"calm": [1, 1, 1], "peak": [0, 9, 0], "busy": [5, 5, 5]})
    display = FeatureScoreDisplay.from_predictions(scores)
    assert display.channels_ == names(display) == ["peak", "busy", "calm"]
    edges, drawn = cells(display)
    assert edges.tolist() == [-0.5, 0.5, 1.5, 2.5]
    assert drawn.tolist() == scores[["peak", "busy", "calm"]].to_numpy().tolist()
    low, high = display.ax_.get_ylim()
    assert low > high  # the first is on top
    assert FeatureScoreDisplay.from_predictions(scores, n_channels=2).channels_ == ["peak", "busy"]


def test_of_windows_the_last_step_is_shown():
    scores = pd.DataFrame(np.arange(8.0).reshape(2, 4), columns=["a_t-1", "b_t-1", "a_t-0", "b_t-0"])
    display = FeatureScoreDisplay.from_predictions(scores)
    assert display.scores.to_dict("list") == {"a": [2, 6], "b": [3, 7]}


def test_events_have_a_row_above_the_channels():
    display = FeatureScoreDisplay.from_predictions(np.ones((6, 3)), [0, 1, 1, 0, 0, 1])
    assert names(display) == ["labelled event", "x0", "x1", "x2"]
    ends = [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in display.events_.get_paths()]
    assert ends == [(0.5, 2.5), (4.5, 5.5)]
    (heights,) = {tuple(np.unique(path.vertices[:, 1])) for path in display.events_.get_paths()}
    assert heights == (0.75, 1)
    assert display.ax_.get_ylim() == (2.5, -1.5)
    assert FeatureScoreDisplay.from_predictions(np.ones((6, 3))).events_ is None


def test_a_gap_in_time_is_blank(machine):
    X, _ = machine
    display = FeatureScoreDisplay.from_predictions(X.abs())
    edges, drawn = cells(display)
    blank = np.isnan(drawn).all(axis=1)
    assert np.flatnonzero(blank).tolist() == [150]
    np.testing.assert_array_equal(drawn[~blank], X.abs()[display.channels_])
    half = 30 / 86_400
    clock = dates.date2num(X.index)
    np.testing.assert_allclose(edges[150:152], [clock[149] + half, clock[150] - half], rtol=0, atol=1e-9)
    np.testing.assert_allclose(edges[[0, -1]], [clock[0] - half, clock[-1] + half], rtol=0, atol=1e-9)


@pytest.mark.parametrize("irregular", [False, True])
def test_of_many_rows_the_worst_of_each_span_is_shown(irregular):
    rng = np.random.RandomState(0)
    times = np.cumsum(rng.randint(1, 4, 5000)) if irregular else np.arange(5000)
    times = np.delete(times, np.r_[2000:2500])
    scores = pd.DataFrame(rng.rand(4500, 2), times, ["a", "b"])
    scores.iloc[777, 1] = 30
    edges, drawn = cells(FeatureScoreDisplay.from_predictions(scores, max_points=100))
    assert len(drawn) == 100 and np.ptp(np.diff(edges)) == pytest.approx(0, abs=1e-6)
    for cell in range(100):
        inside = scores[(times >= edges[cell]) & (times < edges[cell + 1])][["b", "a"]]
        np.testing.assert_array_equal(drawn[cell], inside.max())
    assert np.isnan(drawn).any() and np.nanmax(drawn) == 30


def test_the_look_of_the_map_can_be_changed():
    display = FeatureScoreDisplay.from_predictions(np.ones((4, 2)), cmap="Greys", vmax=5)
    assert display.mesh_.get_cmap().name == "Greys" and display.mesh_.norm.vmax == 5


def test_a_panel_is_refused(panel):
    with pytest.raises(ValueError, match="FeatureScoreDisplay shows one series"):
        FeatureScoreDisplay.from_predictions(panel[0])


# Estimators


def test_scores_are_those_of_the_detector(machine):
    X, y = machine
    detector = ZScoreDetector().fit(X)
    display = FeatureScoreDisplay.from_estimator(detector, X, y)
    pd.testing.assert_frame_equal(display.scores, detector.feature_scores(X))
    assert display.channels_[0] == "b"
    assert display.anomalous.tolist() == (y == 1).tolist()


def test_a_pipeline_gets_rows_and_shows_channels(machine, autoencoder):
    X, y = machine
    display = FeatureScoreDisplay.from_estimator(autoencoder, X, y)
    scores = autoencoder[-1].feature_scores(autoencoder[:-1].transform(X))
    np.testing.assert_array_equal(display.scores, scores[["a_t-0", "b_t-0", "c_t-0"]])
    assert display.channels_[0] == "b"
    assert display.ax_.get_xlabel() == "clock"


def test_windows_of_an_array_get_their_time_from_the_labels(machine):
    X, y = machine
    windows = SlidingWindow(4).fit_transform(X.to_numpy())
    display = FeatureScoreDisplay.from_estimator(ZScoreDetector("rolling").fit(windows), windows, y)
    assert display.ax_.get_xlabel() == "clock"


def test_an_estimator_without_feature_scores_is_refused(machine):
    with pytest.raises(TypeError, match=r"needs an estimator with feature_scores.*got LogisticRegression"):
        FeatureScoreDisplay.from_estimator(LogisticRegression().fit(*machine), machine[0])
