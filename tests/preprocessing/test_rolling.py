import naive_rolling
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sktsad.preprocessing import _rolling
from sktsad.preprocessing._rolling import look_back, median_and_deviation

NUMBERS = st.one_of(
    st.integers(-3, 3).map(float), st.floats(-1e3, 1e3), st.sampled_from([1e9, 1e9 + 1, -1e6])
)
COLUMNS = arrays(float, st.integers(1, 60), elements=NUMBERS)
NOISE = np.random.default_rng(0).normal(size=3000)


def past_moments(x, window, least=0.0):
    return _rolling.past_moments(x[None], window, least)[:, 0]


def slope(x, window):
    return _rolling.slope(x[None], window)[0]


def past_ewm(x, span):
    return _rolling.past_ewm(x[None], span)[0]


def exact_moments(x, window):
    """Moments of each window alone, of as many rows as there are."""
    pasts = [x[max(0, t - window) : t] for t in range(len(x))]
    is_enough = [2 * len(past) >= window for past in pasts]
    return np.array(
        [
            [past.mean(), past.std()] if enough else [np.nan] * 2
            for past, enough in zip(pasts, is_enough, strict=True)
        ]
    ).T


# Moments


@given(COLUMNS, st.integers(2, 80), st.sampled_from([4, 16, 32768]))
def test_moments_are_those_of_the_rows_before_whatever_the_block(x, window, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rolling, "_BLOCK", block)
        mean, std = past_moments(x, window)
    expected = naive_rolling.past_moments(x, window)
    np.testing.assert_allclose(mean, expected[0], rtol=1e-9, atol=1e-9)
    # Numbers of 1e9 are themselves exact to 1e-7 only.
    np.testing.assert_allclose(std, expected[1], rtol=1e-6, atol=1e-7 * max(1, np.abs(x).max() / 1e9))


def test_moments_over_many_blocks_are_those_of_each_window_by_itself():
    rng = np.random.default_rng(1)
    x = rng.normal(size=70_000).cumsum()
    borders = [row for at in (32_768, 65_536) for row in range(at - 3, at + 4)]
    rows = np.array([*range(100), *borders, *rng.integers(100, 70_000, size=200)])
    for window in (2, 7, 60, 20_000):
        pasts = [x[max(0, row - window) : row] for row in rows]
        is_enough = np.array([2 * len(past) >= window for past in pasts])
        mean, std = past_moments(x, window)
        assert np.array_equal(np.isfinite(mean[rows]), is_enough)
        pasts = [past for past, enough in zip(pasts, is_enough, strict=True) if enough]
        np.testing.assert_allclose(mean[rows][is_enough], [past.mean() for past in pasts], atol=1e-9)
        np.testing.assert_allclose(std[rows][is_enough], [past.std() for past in pasts], atol=1e-7)


@pytest.mark.parametrize("window", [15, 60])
@pytest.mark.parametrize("offset", [1e3, 1e9, -1e9])
def test_an_offset_moves_no_deviation(window, offset):
    x = NOISE + offset
    mean, std = past_moments(x, window)
    expected = exact_moments(x, window)
    np.testing.assert_allclose(mean, expected[0], rtol=1e-14)
    np.testing.assert_allclose(std, expected[1], rtol=1e-6)


@pytest.mark.parametrize("size", [1e6, 1e9, 1e12])
@pytest.mark.parametrize("kind", ["spike", "shift", "spikes"])
@pytest.mark.parametrize("least", [0.0, 0.05])
def test_a_wild_value_is_forgotten_when_it_has_left_the_window(size, kind, least):
    x = NOISE.copy()
    x[{"spike": slice(700, 701), "shift": slice(700, None), "spikes": slice(700, None, 61)}[kind]] += size
    mean, std = past_moments(x, 60, least)
    expected = exact_moments(x, 60)
    np.testing.assert_allclose(mean, expected[0], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(np.maximum(std, least), np.maximum(expected[1], least), rtol=1e-6)


@pytest.mark.parametrize("size", [1e9, 1e200])
def test_values_to_come_change_no_bit(size):
    x = NOISE.copy()
    x[2000:] = size
    with np.errstate(over="ignore", invalid="ignore"):
        changed = past_moments(x, 60)
    for whole, cut, other in zip(
        past_moments(NOISE, 60), past_moments(NOISE[:2001], 60), changed, strict=True
    ):
        assert np.array_equal(whole[:2001], cut, equal_nan=True)
        assert np.array_equal(whole[:2001], other[:2001], equal_nan=True)


def test_squares_beyond_all_numbers_are_forgotten_too():
    x = NOISE.copy()
    x[1000] = 1e200
    with np.errstate(over="ignore", invalid="ignore"):
        std = past_moments(x, 60)[1]
    np.testing.assert_allclose(std[1061:], exact_moments(NOISE, 60)[1, 1061:], rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 + 0.1, -1e-300])
def test_a_constant_has_no_deviation_at_all(value):
    mean, std = past_moments(np.full(20_000, value), 60)
    assert (std[30:] == 0).all()
    assert (mean[30:] == value).all()


def test_a_plateau_behind_a_spike_has_none_either():
    x = np.full(1000, 0.1)
    x[500] = 7e5
    assert (past_moments(x, 60)[1][561:] == 0).all()


# Other statistics of one column


@given(COLUMNS, st.integers(2, 70), st.sampled_from([0, 240]), st.sampled_from([4, 16, 32768]))
def test_slopes_are_those_of_fitted_lines_whatever_the_block(x, window, largest_kernel, block):
    scale = max(1.0, np.abs(x).max())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rolling, "_LARGEST_KERNEL", largest_kernel)
        patch.setattr(_rolling, "_BLOCK", block)
        found = slope(x, window)
    np.testing.assert_allclose(found, naive_rolling.slope(x, window), rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize("window", [8, 300])
def test_an_offset_moves_no_slope(window):
    np.testing.assert_allclose(slope(1e15 + np.arange(900.0), window)[window - 1 :], 1, rtol=1e-12)


@pytest.mark.parametrize("window", [15, 300])
def test_slopes_know_no_later_row_and_no_row_that_has_left(window):
    x = np.tile([0.0, 1.0, 3.0], 500)
    expected = slope(x, window)
    x[700] = 1e12
    found = slope(x, window)
    same = np.r_[window - 1 : 700, 700 + window : len(x)]
    assert np.array_equal(found[window - 1 : 700], expected[window - 1 : 700])
    np.testing.assert_allclose(found[same], expected[same], rtol=1e-9, atol=1e-12)


@given(COLUMNS, st.integers(1, 70))
def test_exponential_means_are_those_of_walking_on(x, span):
    expected = naive_rolling.past_ewm(x, span)
    np.testing.assert_allclose(past_ewm(x, span), expected, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(x).max()))


def test_exponential_means_are_those_of_pandas():
    expected = pd.Series(NOISE).ewm(span=15, adjust=False).mean().shift()
    np.testing.assert_allclose(past_ewm(NOISE, 15), expected, atol=1e-12)


@given(
    arrays(
        float, st.tuples(st.integers(1, 5), st.integers(1, 8)), elements=st.one_of(NUMBERS, st.just(np.nan))
    )
)
def test_median_and_deviation_leave_out_what_is_missing(values):
    expected = np.transpose([naive_rolling.median_and_deviation(row) for row in values])
    for ours, theirs in zip(median_and_deviation(values), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=30),
    st.integers(2, 9),
    st.integers(0, 5),
    st.sampled_from([0, 10**9]),
)
def test_rows_some_time_ago_are_found_by_their_time(holes, lag, n_neighbors, start):
    times = start + 10 * np.cumsum(holes)
    off = np.abs(times[:, None] - 10 * lag - times) <= 10 * n_neighbors + 5
    expected = [np.flatnonzero(off[t, :t]).tolist() for t in range(len(times))]
    assert found(times, 10 * lag, 10 * n_neighbors + 5) == expected


def found(times, lag, tolerance):
    """Rows that each row finds."""
    return [
        list(range(*ends))
        for ends in zip(*look_back(times, lag, tolerance, np.array([0, len(times)])), strict=True)
    ]


def test_a_time_that_is_off_by_less_than_the_tolerance_counts():
    assert found(np.array([0.0, 10.4, 19.8, 30.6]), 10, 0.5) == [[], [0], [], []]
    assert found(np.array([0.0, 10.4, 19.8, 30.6]), 10, 0.9) == [[], [0], [1], [2]]


def test_nanoseconds_since_1970_are_told_apart():
    times = 1_700_000_000_000_000_000 + 10 * np.arange(6)
    assert found(times, 20.0, 5.0) == [[], [], [0], [1], [2], [3]]
