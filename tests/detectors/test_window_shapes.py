import numpy as np
import pytest

from sktsad import SlidingWindow
from sktsad._core import Windows
from sktsad.detectors._window_shapes import every_nth, learn_least_spread, shapes

ROWS = np.random.default_rng(0).normal(size=(50, 2)) * [1, 100] + [5, -3]
WINDOWS = SlidingWindow(4).fit_transform(ROWS)


def by_hand(window, least, n_steps=None):
    steps = window.reshape(-1, 2)
    out = []
    for channel in range(2):
        known = steps[:n_steps, channel]
        out.append((steps[:, channel] - known.mean()) / max(known.std(), least[channel]))
    return np.column_stack(out).ravel()


@pytest.mark.parametrize("n_steps", [None, 3])
@pytest.mark.parametrize("rows", [slice(None), slice(3, 9), slice(0, 50, 7), np.array([5, 1])])
def test_each_channel_of_a_window_loses_its_own_level_and_amplitude(rows, n_steps):
    least = learn_least_spread(WINDOWS, True)
    np.testing.assert_allclose(least, 0.1 * np.asarray(WINDOWS).reshape(-1, 2).std(axis=0))
    expected = [by_hand(window, least, n_steps) for window in np.asarray(WINDOWS)[rows]]
    np.testing.assert_allclose(shapes(WINDOWS, rows, least, n_steps), expected)


def test_without_normalising_windows_are_as_they_are():
    assert learn_least_spread(WINDOWS, False) is None
    found = shapes(Windows(WINDOWS.buffer.astype("float32"), WINDOWS.starts, 4), slice(2, 8), None)
    np.testing.assert_allclose(found, np.asarray(WINDOWS)[2:8], rtol=1e-6)
    assert found.dtype == np.float64


def test_the_level_alone_may_be_taken_from_each_channel():
    steps = np.asarray(WINDOWS)[2:8].reshape(-1, 4, 2)
    expected = (steps - steps.mean(axis=1, keepdims=True)).reshape(-1, 8)
    np.testing.assert_allclose(shapes(WINDOWS, slice(2, 8), learn_least_spread(WINDOWS, "level")), expected)


def test_where_a_series_stands_still_its_noise_is_no_shape():
    rows = np.concatenate([np.sin(np.arange(100.0)), 1e-3 * np.sin(np.arange(100.0))])[:, None]
    windows = SlidingWindow(20).fit_transform(rows)
    found = shapes(windows, slice(None), learn_least_spread(windows, True))
    assert np.abs(found[:100]).max() > 1
    assert np.abs(found[120:]).max() < 0.05


def test_a_constant_channel_is_0_throughout():
    windows = SlidingWindow(3).fit_transform(np.full((10, 1), 7.0))
    np.testing.assert_array_equal(shapes(windows, slice(None), learn_least_spread(windows, True)), 0)


@pytest.mark.parametrize(
    "n_windows, at_most, step", [(10, 10, 1), (11, 10, 2), (9, 10, 1), (100, 10, 10), (101, 10, 11)]
)
def test_windows_are_left_out_at_regular_distances(n_windows, at_most, step):
    kept = np.arange(n_windows)[every_nth(n_windows, at_most)]
    assert kept.tolist() == list(range(0, n_windows, step))
    assert len(kept) <= at_most
