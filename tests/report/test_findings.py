import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression

from sktsad import PCADetector, SlidingWindow, ZScoreDetector
from sktsad.postprocessing import alarms
from sktsad.report._findings import find


def test_what_is_found_is_what_the_parts_say(detector, pumps):
    X, y = pumps
    found = find(detector, X, y, None, 6, 12)
    decision = detector.decision_function(X)
    np.testing.assert_array_equal(found.decision, decision)
    pd.testing.assert_index_equal(found.decision.index, X.index)
    np.testing.assert_array_equal(found.detected, detector.predict(X) == 1)
    np.testing.assert_array_equal(found.anomalous, y == 1)
    expected = alarms(decision, X)
    pd.testing.assert_frame_equal(found.alarms[list(expected.columns)], expected)
    assert list(found.sensors) == ["heat", "flow & rate"] and found.no_sensors == ""
    assert found.has_both_classes
    assert found.days == pytest.approx(760 / 1440)


def test_the_series_with_the_most_alarms_and_the_sensors_with_the_highest_scores_are_drawn(detector, pumps):
    X, y = pumps
    found = find(detector, X[["heat", "flow & rate"]], None, None, 1, 1)
    assert found.drawn_series == ["a<1>"] and found.drawn_columns == ["flow & rate"]
    assert found.drawn().tolist() == list(range(360))
    assert found.anomalous is None and not found.has_both_classes
    assert find(detector, X[y == 0], y[y == 0], None, 2, 2).drawn_series == ["a<1>", "b"]


def test_a_classifier_of_arrays_has_neither_time_nor_sensors():
    X = np.r_[np.zeros(50), np.ones(10)].reshape(-1, 1)
    model = LogisticRegression().fit(X, X.ravel() > 0.5)
    found = find(model, X, X.ravel() > 0.5, None, 6, 12)
    assert found.days is None and found.sensors is None and "feature_scores" in found.no_sensors
    assert found.values.columns.tolist() == ["value"]
    assert found.alarms[["start", "end"]].to_numpy().tolist() == [[50, 59]]
    assert found.drawn_columns == ["value"]


def test_scores_that_are_no_number_are_alarms_and_columns_that_are_none_are_left_out():
    X = pd.DataFrame({"a": [0.0, 1.0] * 20, "b": np.arange(40.0), "word": "x"})
    detector = ZScoreDetector(threshold=3).fit(X[["a", "b"]])
    X.loc[7, "a"] = np.inf

    class OfNumbers:
        classes_ = detector.classes_

        def decision_function(self, X):
            return np.where(np.isfinite(X["a"]), -1.0, np.nan)

    found = find(OfNumbers(), X, None, None, 6, 12)
    assert found.values.columns.tolist() == ["a", "b"]
    assert np.isnan(found.values.loc[7, "a"])
    assert found.decision[7] == np.inf and len(found.alarms) == 1


def test_windows_are_the_rows_that_they_end_with():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
    windows = SlidingWindow(4).fit_transform(X)
    found = find(PCADetector().fit(windows), windows, None, None, 6, 12)
    np.testing.assert_allclose(found.values, X, rtol=1e-6)
    assert found.values.columns.tolist() == list("abc")


def test_polars_frames_have_their_columns(pumps):
    polars = pytest.importorskip("polars")
    X = pumps[0].reset_index(drop=True)
    found = find(ZScoreDetector(threshold=3).fit(X), polars.from_pandas(X), None, None, 6, 12)
    pd.testing.assert_frame_equal(found.values, X)


def test_what_cannot_be_reported_is_refused(detector, pumps):
    X, y = pumps
    with pytest.raises(TypeError, match="is an outlier detector"):
        find(IsolationForest(n_estimators=2).fit(X), X, None, None, 6, 12)
    with pytest.raises(ValueError, match=r"X has 760 rows, but y has 759\. Pass one label for each row"):
        find(detector, X, y.to_numpy()[1:], None, 6, 12)
    with pytest.raises(ValueError, match="X and y have different indexes"):
        find(detector, X, y[::-1], None, 6, 12)

    class OfWords:
        classes_ = np.array([0, 1])

        def decision_function(self, X):
            return np.zeros(len(X))

    with pytest.raises(ValueError, match=r"X has no column of numbers to draw: its columns are \['w'\]"):
        find(OfWords(), pd.DataFrame({"w": ["x", "y"]}), None, None, 6, 12)
