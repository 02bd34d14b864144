"""Copies of windows with small changes."""

import numpy as np
import pytest
from sklearn.base import clone

from sktsad.sampling import WindowAugmenter

RNG = np.random.default_rng(0)
WINDOWS = RNG.normal(size=(6, 30, 2)) * [1, 10]
ALL = ("jitter", "scaling", "time_warp", "shift")


def augment(windows, changes, n_copies=400, strength=0.1, random_state=0):
    augmenter = WindowAugmenter(changes, strength=strength, random_state=random_state)
    return augmenter.augment(windows, n_copies)


def test_jitter_adds_noise_in_units_of_each_channel():
    copies, parents = augment(WINDOWS, ["jitter"], strength=0.2)
    noise = copies - WINDOWS[parents]
    np.testing.assert_allclose(noise.std(axis=(0, 1)), 0.2 * WINDOWS.std(axis=(0, 1)), rtol=0.03)
    np.testing.assert_allclose(noise.mean(axis=(0, 1)) / WINDOWS.std(axis=(0, 1)), 0, atol=0.01)
    assert abs(np.corrcoef(noise[:, 0, 0], noise[:, 1, 0])[0, 1]) < 0.15


def test_scaling_multiplies_each_channel_of_a_copy_by_one_factor():
    copies, parents = augment(WINDOWS, ["scaling"], strength=0.2)
    factors = copies / WINDOWS[parents]
    np.testing.assert_allclose(factors - factors[:, :1], 0, atol=1e-12)
    np.testing.assert_allclose(factors[:, 0].mean(axis=0), 1, atol=0.04)
    np.testing.assert_allclose(factors[:, 0].std(axis=0), 0.2, atol=0.03)
    assert abs(np.corrcoef(factors[:, 0].T)[0, 1]) < 0.15


@pytest.mark.parametrize("strength", [0.1, 3])  # with the stronger, steps would go back
def test_time_warp_keeps_both_ends_and_the_order_of_time(strength):
    clock = np.arange(30.0)
    ramp = np.stack([clock, 5 * clock - 7], axis=1)[np.newaxis]  # shows the times that a copy reads
    copies, _ = augment(ramp, ["time_warp"], strength=strength)
    np.testing.assert_allclose(copies[:, 0], np.tile(ramp[0, 0], (400, 1)))
    np.testing.assert_allclose(copies[:, -1], np.tile(ramp[0, -1], (400, 1)))
    steps = np.diff(copies[:, :, 0], axis=1)
    assert steps.min() >= 0
    np.testing.assert_allclose(copies[:, :, 1], 5 * copies[:, :, 0] - 7)  # channels stay in step
    if strength == 0.1:
        assert steps.std() == pytest.approx(0.1, abs=0.01)


def test_shift_moves_the_window_and_repeats_the_row_at_its_end():
    ramp = np.arange(20.0).reshape(1, 20, 1)
    copies = augment(ramp, ["shift"], strength=0.25)[0][:, :, 0]
    shifts = copies[:, 10] - 10
    assert -5 <= shifts.min() < -4.8 and 4.8 < shifts.max() <= 5
    np.testing.assert_allclose(copies, np.clip(np.arange(20) + shifts[:, np.newaxis], 0, 19))


@pytest.mark.parametrize("changes", [ALL, *([change] for change in ALL), []], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_strength_0_copies_are_the_windows(changes, dtype):
    windows = WINDOWS.astype(dtype)
    copies, parents = augment(windows, changes, 20, strength=0)
    assert copies.dtype == dtype
    np.testing.assert_array_equal(copies, windows[parents])


@pytest.mark.parametrize("change", ALL)
def test_each_change_alone_changes_something(change):
    copies, parents = augment(WINDOWS, [change], 6)
    assert not np.allclose(copies, WINDOWS[parents])


def test_the_order_of_changes_makes_no_difference():
    one, other = (augment(WINDOWS, changes)[0] for changes in (ALL, ALL[::-1]))
    np.testing.assert_array_equal(one, other)


def test_windows_of_one_row():
    windows = WINDOWS[:, :1]
    copies, parents = augment(windows, ["time_warp", "shift"], 9)
    np.testing.assert_array_equal(copies, windows[parents])
    assert augment(windows, ALL, 9)[0].shape == (9, 1, 2)


@pytest.mark.parametrize("n_copies", [0, 1, 5, 6, 13])
def test_windows_are_drawn_evenly(n_copies):
    copies, parents = augment(WINDOWS, ALL, n_copies)
    counts = np.bincount(parents, minlength=6)
    assert copies.shape == (n_copies, 30, 2)
    assert counts.sum() == n_copies
    assert counts.max() - counts.min() <= 1
    assert (np.diff(parents) >= 0).all()


def test_whole_numbers_become_floats_and_the_input_is_not_altered():
    windows = np.arange(24).reshape(3, 4, 2)
    before = windows.copy()
    copies, _ = augment(windows, ALL, 5)
    assert copies.dtype == np.float64
    assert not np.array_equal(copies, copies.round())
    np.testing.assert_array_equal(windows, before)


def test_the_same_random_state_gives_the_same_bits():
    augmenter = WindowAugmenter(random_state=3)
    first, again = augmenter.augment(WINDOWS, 7)[0], clone(augmenter).augment(WINDOWS, 7)[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, WindowAugmenter(random_state=4).augment(WINDOWS, 7)[0])


@pytest.mark.parametrize(
    "params, message",
    [
        ({"changes": ["jitter", "flip"]}, r"contains \['flip'\]: choose from \['jitter'"),
        ({"changes": "jitter"}, "'changes' parameter"),
        ({"strength": -0.1}, "'strength' parameter"),
    ],
)
def test_parameters_that_will_not_do_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        WindowAugmenter(**params).augment(WINDOWS, 1)


def test_windows_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"shape \(6, 30\), not \(n_windows, length, n_channels\)"):
        WindowAugmenter().augment(WINDOWS[:, :, 0], 1)
