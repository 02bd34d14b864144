import numpy as np
import pandas as pd
import pytest

from sktsad import AutoencoderDetector, SlidingWindow, ZScoreDetector
from sktsad.plotting import ReconstructionDisplay


@pytest.fixture(scope="module")
def detector(autoencoder):
    return autoencoder[-1]


@pytest.fixture(scope="module")
def windows(machine, autoencoder):
    return autoencoder[:-1].transform(machine[0])


def values(line):
    return np.asarray(line.get_ydata(), dtype=float)


# Given signals


def test_channels_stand_in_the_order_of_their_error():
    signal = pd.DataFrame(np.zeros((20, 4)), columns=list("abcd"))
    made = signal + [1.0, -3.0, 0.0, 2.0]
    display = ReconstructionDisplay.from_predictions(signal, made, n_channels=3)
    assert [ax.get_ylabel() for ax in display.axes_] == ["b", "d", "a"]
    assert display.errors_.to_dict() == {"b": 3, "d": 2, "a": 1, "c": 0}
    assert [ax.get_title(loc="left") for ax in display.axes_] == [
        f"mean absolute error {i}" for i in (3, 2, 1)
    ]
    assert values(display.signals_[0]).tolist() == [0] * 20
    assert values(display.reconstructions_[0]).tolist() == [-3] * 20
    assert len(ReconstructionDisplay.from_predictions(signal, made, n_channels=None).axes_) == 4


def test_the_area_between_is_filled():
    signal, made = np.array([0.0, 1, 2, 1]), np.array([0.0, 3, 1, 1])
    display = ReconstructionDisplay.from_predictions(signal, made)
    corners = {tuple(corner) for path in display.fills_[0].get_paths() for corner in path.vertices.tolist()}
    assert corners >= {(1, 1), (1, 3), (2, 2), (2, 1)}
    assert [text.get_text() for text in display.legend_.get_texts()] == ["signal", "reconstruction", "error"]


def test_time_is_that_of_the_signal_and_gaps_are_left_open(machine):
    X, _ = machine
    display = ReconstructionDisplay.from_predictions(X["a"].to_numpy(), X["a"] * 0.5)
    assert display.ax_.get_xlabel() == "clock"
    for line in (*display.signals_, *display.reconstructions_):
        assert np.flatnonzero(np.isnan(values(line))).tolist() == [150]


def test_a_long_signal_keeps_the_peaks_of_signal_reconstruction_and_error():
    rng = np.random.RandomState(0)
    signal, made = rng.normal(size=(2, 50_000))
    signal[111] = made[222] = 50
    signal[333] = made[333] = -40
    signal[333] += 45
    display = ReconstructionDisplay.from_predictions(signal, made, max_points=100)
    (line,), (other,) = display.signals_, display.reconstructions_
    x = line.get_xdata().tolist()
    assert {111, 222, 333} <= set(x) and len(x) <= 300
    assert x == other.get_xdata().tolist()
    assert values(line)[x.index(111)] == values(other)[x.index(222)] == 50


def test_only_the_last_axes_name_the_time():
    display = ReconstructionDisplay.from_predictions(np.zeros((5, 2)), np.ones((5, 2)))
    assert [ax.get_xlabel() for ax in display.axes_] == ["", "row"]


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"signal has 1 channel\(s\), but reconstruction has 2"):
        ReconstructionDisplay.from_predictions(np.zeros(5), np.zeros((5, 2)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ReconstructionDisplay.from_predictions(np.zeros(5), np.zeros(6))


def test_a_panel_is_refused(panel):
    with pytest.raises(ValueError, match="ReconstructionDisplay shows one series"):
        ReconstructionDisplay.from_predictions(panel[0], panel[0])


# Estimators


def test_the_window_of_the_highest_score_is_drawn(detector, windows):
    row = int(np.argmax(detector.anomaly_score(windows)))
    display = ReconstructionDisplay.from_estimator(detector, windows)
    np.testing.assert_array_equal(display.signal, windows[row].reshape(5, 3))
    expected = detector.reconstruct(windows[[row]]).reshape(5, 3)
    np.testing.assert_array_equal(display.reconstruction, expected)
    assert list(display.signal.columns) == list("abc")
    assert display.errors_.index[0] == "b"
    assert display.ax_.get_ylabel() == "b"
    assert display.axes_[-1].get_xlabel() == f"row, counted from {windows.index[row]}"
    assert display.signals_[0].get_xdata().tolist() == [-4, -3, -2, -1, 0]


def test_a_window_can_be_chosen(detector, windows):
    for row in (7, -3):
        display = ReconstructionDisplay.from_estimator(detector, windows, row=row)
        np.testing.assert_array_equal(display.signal.to_numpy().ravel(), windows[row])
    with pytest.raises(ValueError, match="row=300 is not among the 300 windows"):
        ReconstructionDisplay.from_estimator(detector, windows, row=300)


def test_a_pipeline_gets_rows(autoencoder, machine, detector, windows):
    whole = ReconstructionDisplay.from_estimator(autoencoder, machine[0])
    last = ReconstructionDisplay.from_estimator(detector, windows)
    pd.testing.assert_frame_equal(whole.signal, last.signal)


def test_windows_come_in_any_form():
    flat = np.random.RandomState(0).normal(size=(60, 6))
    detector = AutoencoderDetector(hidden_sizes=(2,), max_epochs=1, random_state=0)
    univariate = detector.fit(flat)
    for one in (flat[3], flat[3:4]):
        display = ReconstructionDisplay.from_estimator(univariate, one)
        assert display.signal["value"].tolist() == flat[3].tolist()
        assert display.axes_[-1].get_xlabel() == "row, counted from the last"
    cube = flat.reshape(60, 3, 2)
    display = ReconstructionDisplay.from_estimator(detector.fit(cube), cube, row=3)
    assert display.signal.to_numpy().tolist() == cube[3].tolist()
    assert list(display.signal.columns) == ["x0", "x1"]


def test_the_last_row_of_a_panels_window_is_named(panel):
    windows = SlidingWindow(4).fit_transform(panel[0])
    detector = AutoencoderDetector(hidden_sizes=(2,), max_epochs=1, random_state=0).fit(windows)
    display = ReconstructionDisplay.from_estimator(detector, windows, row=9)
    assert display.axes_[-1].get_xlabel() == "row, counted from right, 4"


def test_a_detector_that_does_not_reconstruct_is_refused(machine):
    with pytest.raises(TypeError, match=r"needs an estimator with reconstruct.*got ZScoreDetector"):
        ReconstructionDisplay.from_estimator(ZScoreDetector().fit(machine[0]), machine[0])
