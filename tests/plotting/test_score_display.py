import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sktsad import ZScoreDetector
from sktsad.plotting import ScoreDisplay

Y = np.array([0, 0, 1, 1, 0, 0])
SCORES = np.array([0.1, 0.2, 0.9, 0.5, 0.5, 0.6])


def points(line):
    return list(zip(*(np.asarray(values).tolist() for values in line.get_data()), strict=True))


# Over time


def test_scores_threshold_events_and_alarms_stand_where_they_are():
    display = ScoreDisplay.from_predictions(Y, SCORES, threshold=0.5)
    assert points(display.lines_[0]) == list(enumerate(SCORES))
    assert display.thresholds_[0].get_ydata() == [0.5, 0.5]
    (path,) = display.events_[0].get_paths()
    assert (path.vertices[:, 0].min(), path.vertices[:, 0].max()) == (1.5, 3.5)
    assert points(display.alarms_[0]) == [(2, 0.9), (5, 0.6)]  # a row at the threshold is no alarm
    assert [text.get_text() for text in display.legend_.get_texts()] == [
        "score",
        "labelled event",
        "alarm",
        "threshold 0.5",
    ]


def test_without_labels_and_threshold_there_are_scores_only():
    display = ScoreDisplay.from_predictions(None, SCORES, threshold=None, score_name="distance")
    assert display.events_ == display.alarms_ == [None] and display.thresholds_ == []
    assert display.ax_.get_ylabel() == "distance"


def test_each_series_of_a_panel_has_axes_and_the_threshold(panel):
    X, y = panel
    display = ScoreDisplay.from_predictions(y, X["load"].to_numpy(), threshold=1.0)
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["left", "right"]
    for key, line, marks in zip(["left", "right"], display.lines_, display.alarms_, strict=True):
        scores = X.loc[key, "load"]
        assert points(line) == list(enumerate(scores))
        assert points(marks) == [(row, score) for row, score in enumerate(scores) if score > 1]
    assert [line.get_ydata() for line in display.thresholds_] == [[1, 1], [1, 1]]


def test_the_line_breaks_at_a_gap(machine):
    X, y = machine
    (line,) = ScoreDisplay.from_predictions(y, X["a"]).lines_
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [150]


# By class


def test_the_histogram_has_the_share_of_each_class():
    display = ScoreDisplay.from_predictions(Y, SCORES, threshold=0.5, kind="histogram", n_bins=4)
    edges = np.linspace(0.1, 0.9, 5)
    expected = [np.histogram(SCORES[label == Y], edges)[0] / (label == Y).sum() for label in (0, 1)]
    for histogram, shares in zip(display.histograms_, expected, strict=True):
        np.testing.assert_allclose(histogram.get_data().values, shares)
        np.testing.assert_allclose(histogram.get_data().edges, edges)
    assert [histogram.get_label() for histogram in display.histograms_] == [
        "normal rows (4)",
        "anomalous rows (2)",
    ]
    assert display.thresholds_[0].get_xdata() == [0.5, 0.5]
    assert display.ax_.get_yscale() == "log"


def test_classes_differ_without_colour():
    normal, anomalous = ScoreDisplay.from_predictions(Y, SCORES, kind="histogram").histograms_
    assert anomalous.get_hatch() and not normal.get_hatch()


def test_without_labels_there_is_one_histogram():
    display = ScoreDisplay.from_predictions(None, SCORES, threshold=None, kind="histogram")
    (histogram,) = display.histograms_
    assert histogram.get_data().values.sum() == pytest.approx(1)
    assert display.thresholds_ == []


def test_a_class_without_rows_has_an_empty_histogram():
    display = ScoreDisplay.from_predictions(np.zeros(6), SCORES, kind="histogram")
    assert display.histograms_[1].get_data().values.sum() == 0


def test_a_panel_is_pooled_in_one_histogram(panel):
    X, y = panel
    assert len(ScoreDisplay.from_predictions(y, X["load"], kind="histogram").axes_) == 1


# Estimators


def test_a_detector_shows_its_anomaly_score_and_threshold(machine):
    X, y = machine
    detector = ZScoreDetector(threshold=3).fit(X)
    display = ScoreDisplay.from_estimator(detector, X, y)
    np.testing.assert_array_equal(display.scores, detector.anomaly_score(X))
    assert display.threshold == detector.threshold_ == 3
    assert display.score_name == "anomaly score"
    assert display.scores.index is X.index


def test_alarms_are_what_the_estimator_predicts(machine, autoencoder):
    X, y = machine
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    sampling = make_sampling_pipeline(StandardScaler(), RandomUnderSampler(random_state=0), ZScoreDetector())
    for estimator, name in [
        (autoencoder, "anomaly score"),
        (sampling.fit(X, y), "anomaly score"),
        (LogisticRegression().fit(X, y), "decision score"),
        (forest, "probability of an anomaly"),
    ]:
        display = ScoreDisplay.from_estimator(estimator, X, y, max_gap=100)
        (marks,) = display.alarms_
        expected = X.index[estimator.predict(X) == 1].to_numpy()
        assert marks.get_xdata().tolist() == expected.astype("datetime64[ns]").tolist()
        assert display.score_name == name


def test_outlier_detectors_are_refused(machine):
    with pytest.raises(TypeError, match="OutlierClassifier"):
        ScoreDisplay.from_estimator(IsolationForest(), machine[0])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="kind"):
        ScoreDisplay.from_predictions(Y, SCORES, kind="violin")
    with pytest.raises(ValueError, match="threshold"):
        ScoreDisplay.from_predictions(Y, SCORES, threshold="high")
    with pytest.raises(ValueError, match="y_score contains NaN"):
        ScoreDisplay.from_predictions(Y, np.append(SCORES[1:], np.nan))
    with pytest.raises(ValueError, match="y_true and y_score have different indexes"):
        index = pd.date_range("2024", periods=6)
        ScoreDisplay.from_predictions(pd.Series(Y, index), pd.Series(SCORES, index[::-1]))
