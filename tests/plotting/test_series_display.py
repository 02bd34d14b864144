import numpy as np
import pandas as pd
import pytest
from matplotlib import dates
from matplotlib import pyplot as plt
from sklearn.ensemble import IsolationForest

from sktsad import SlidingWindow, ZScoreDetector
from sktsad.plotting import SeriesDisplay


def ends(bands):
    """Return from when to when bands last, in the numbers of the axis."""
    return [[path.vertices[:, 0].min(), path.vertices[:, 0].max()] for path in bands.get_paths()]


def points(line):
    """Return the finite points of a line."""
    x, y = (np.asarray(values, dtype=float) for values in line.get_data(orig=False))
    return list(zip(x[np.isfinite(y)].tolist(), y[np.isfinite(y)].tolist(), strict=True))


# One column


def test_values_events_and_detections_stand_where_they_are(machine):
    X, y = machine
    detected = y.to_numpy().copy()
    detected[5] = 1
    display = SeriesDisplay.from_predictions(X, y, detected, columns="b")
    clock = dates.date2num(X.index)
    ((line,),) = display.lines_
    assert points(line) == list(zip(clock, X["b"], strict=True))
    half = 30 / 86_400
    expected = [[clock[100] - half, clock[109] + half], [clock[240] - half, clock[240] + half]]
    np.testing.assert_allclose(ends(display.events_[0]), expected, rtol=0, atol=1e-9)
    at = np.flatnonzero(detected)
    assert points(display.detections_[0]) == list(zip(clock[at], X["b"].iloc[at], strict=True))
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("clock", "b")


def test_the_line_breaks_at_a_gap_unless_it_is_bridged(machine):
    X, _ = machine
    ((line,),) = SeriesDisplay.from_predictions(X["a"]).lines_
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [150]
    ((line,),) = SeriesDisplay.from_predictions(X["a"], max_gap=61).lines_
    assert not np.isnan(line.get_ydata()).any()


def test_an_event_that_lasts_over_a_gap_has_two_bands(machine):
    X, _ = machine
    y = np.zeros(len(X), dtype=int)
    y[140:160] = 1
    assert len(ends(SeriesDisplay.from_predictions(X["a"], y).events_[0])) == 2


def test_arrays_are_drawn_by_row_number():
    display = SeriesDisplay.from_predictions([3, 1, 2, np.nan], [0, 0, 1, 1], [0, 1, 0, 1])
    ((line,),) = display.lines_
    assert points(line) == [(0, 3), (1, 1), (2, 2)]
    assert ends(display.events_[0]) == [[1.5, 3.5]]
    assert points(display.detections_[0]) == [(1, 1)]  # a value that is missing has no place
    assert display.ax_.get_xlabel() == "row"


def test_an_array_gets_its_time_from_the_labels(machine):
    X, y = machine
    display = SeriesDisplay.from_predictions(X["a"].to_numpy(), y)
    assert display.values.index is y.index
    assert display.ax_.get_xlabel() == "clock"


def test_without_labels_and_predictions_there_are_values_only():
    display = SeriesDisplay.from_predictions([1.0, 2.0])
    assert display.events_ == display.detections_ == [None]


def test_what_is_not_there_is_not_in_the_legend():
    display = SeriesDisplay.from_predictions([1.0, 2.0], [0, 0], [0, 0])
    assert [text.get_text() for text in display.legend_.get_texts()] == ["value"]


def test_a_million_rows_are_few_points_with_every_spike():
    rng = np.random.RandomState(0)
    n = 1_000_000
    values = rng.normal(size=n)
    spikes = rng.choice(n, 50, replace=False)
    values[spikes] = rng.choice([-1, 1], 50) * (20 + rng.rand(50))
    y = np.zeros(n, dtype=int)
    y[spikes] = 1
    display = SeriesDisplay.from_predictions(values, y, y)
    drawn = points(display.lines_[0][0])
    assert len(drawn) <= 4000
    spans = np.linspace(0, n - 1, 2000)
    worst = {}  # two spikes may share a span
    for at in spikes:
        key = (np.searchsorted(spans, at), values[at] > 0)
        worst[key] = max(worst.get(key, at), at, key=lambda row: abs(values[row]))
    assert {(at, values[at]) for at in worst.values()} <= set(drawn)
    assert len(ends(display.events_[0])) == len(np.unique(spikes)) - (np.diff(np.sort(spikes)) == 1).sum()


def test_the_look_of_lines_can_be_changed():
    ((line,),) = SeriesDisplay.from_predictions([1, 2], color="red", label="load").lines_
    assert line.get_color() == "red" and line.get_label() == "load"


# Several columns


def test_columns_have_lanes_scaled_to_their_range(machine):
    X, y = machine
    display = SeriesDisplay.from_predictions(X, y, y)
    (lines,) = display.lines_
    for lane, (line, name) in enumerate(zip(lines, X, strict=True)):
        drawn = np.array(points(line))[:, 1]
        column = X[name].to_numpy()
        scaled = (column - column.min()) / np.ptp(column)
        np.testing.assert_allclose(drawn, 2 - lane - 0.4 + 0.8 * scaled)
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names[0] == "detected"
    assert names[1] == f"a\n{X['a'].min():.3g} … {X['a'].max():.3g}"
    marks = np.array(points(display.detections_[0]))
    assert marks[:, 0].tolist() == dates.date2num(X.index[y == 1]).tolist()
    assert set(marks[:, 1]) == {3}


def test_columns_that_are_constant_or_missing_have_lanes_too():
    X = pd.DataFrame({"flat": [5.0, 5.0], "none": [np.nan, np.nan]})
    display = SeriesDisplay.from_predictions(X)
    ((flat, none),) = display.lines_
    assert points(flat) == [(0, 0.6), (1, 0.6)] and points(none) == []
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["flat\n5 … 5", "none"]


def test_a_choice_of_columns_is_drawn_in_its_order(machine):
    display = SeriesDisplay.from_predictions(machine[0], columns=["c", "a"])
    names = [label.get_text()[0] for label in display.ax_.get_yticklabels()]
    assert names == ["c", "a"]


# Panels


def test_each_series_of_a_panel_has_axes(panel):
    X, y = panel
    display = SeriesDisplay.from_predictions(X, y, y)
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["left", "right"]
    assert display.ax_ is display.axes_[0]
    for key, (line,) in zip(["left", "right"], display.lines_, strict=True):
        assert points(line) == list(enumerate(X.loc[key, "load"]))
    assert [ends(bands) for bands in display.events_] == [[[9.5, 12.5]], [[29.5, 30.5]]]
    assert [[x for x, _ in points(marks)] for marks in display.detections_] == [[10, 11, 12], [30]]
    assert len(display.figure_.legends) == 1


def test_a_panel_is_drawn_into_as_many_axes_as_are_given(panel):
    X, _ = panel
    _, grid = plt.subplots(2, 1)
    assert SeriesDisplay.from_predictions(X, ax=grid).axes_.tolist() == grid.tolist()
    with pytest.raises(ValueError, match=r"SeriesDisplay needs 2 axes, but ax has 1.*X.loc\[\[key, ...\]\]"):
        SeriesDisplay.from_predictions(X, ax=grid[0])


def test_the_columns_of_the_grid_can_be_chosen(panel):
    display = SeriesDisplay.from_predictions(panel[0], n_cols=2)
    assert display.ax_.get_gridspec().get_geometry() == (1, 2)


# Estimators


def test_a_detector_marks_what_it_predicts(machine):
    X, y = machine
    detector = ZScoreDetector(threshold=6.0).fit(X)
    display = SeriesDisplay.from_estimator(detector, X, y)
    assert display.detected.tolist() == (detector.predict(X) == 1).tolist()
    assert display.anomalous.tolist() == (y == 1).tolist()
    assert SeriesDisplay.from_estimator(detector, X).anomalous is None


def test_of_windows_the_last_rows_are_drawn(machine):
    X, y = machine
    windows = SlidingWindow(4).fit_transform(X)
    display = SeriesDisplay.from_estimator(ZScoreDetector("rolling").fit(windows), windows, y)
    np.testing.assert_array_equal(display.values, X)


def test_labels_may_be_words(machine):
    X, y = machine
    words = y.map({0: "fine", 1: "off"}).to_numpy()
    with pytest.warns(UserWarning, match="'off'"):
        detector = ZScoreDetector(threshold=6.0).fit(X, words)
    display = SeriesDisplay.from_estimator(detector, X, words)
    assert display.anomalous.sum() == 11 and display.detected.any()


def test_outlier_detectors_are_refused(machine):
    with pytest.raises(TypeError, match="OutlierClassifier"):
        SeriesDisplay.from_estimator(IsolationForest(), machine[0])


def test_an_estimator_is_asked_for(machine):
    with pytest.raises(ValueError, match="The 'estimator' parameter"):
        SeriesDisplay.from_estimator(machine[0], machine[0])
