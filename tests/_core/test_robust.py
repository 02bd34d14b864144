import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad._core._robust import is_spread, robust_moments

#: Whole numbers: a spread of theirs is never small beside their size, so that 0 alone is none.
SAMPLES = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=15)


@given(SAMPLES)
def test_median_and_scaled_deviation_are_those_of_a_slow_count(sample):
    center, scale = robust_moments(np.array(sample), axis=0)
    np.testing.assert_allclose([center, scale], naive.robust_moments(sample))


@pytest.mark.parametrize("axis", [0, 1])
def test_each_row_or_column_has_its_own(axis):
    values = np.random.RandomState(0).standard_normal((5, 7))
    values[:4, 0] = values[0, :6] = 3  # most are equal: the mean deviation counts
    center, scale = robust_moments(values, axis=axis)
    expected = [naive.robust_moments(sample) for sample in (values if axis else values.T).tolist()]
    np.testing.assert_allclose(np.column_stack([center, scale]), expected)


def test_both_deviations_estimate_the_standard_deviation_of_normal_data():
    values = 7 + 2 * np.random.RandomState(0).standard_normal(100_000)
    center, scale = robust_moments(values, axis=0)
    assert center == pytest.approx(7, abs=0.03)
    assert scale == pytest.approx(2, rel=0.01)
    # The mean deviation, by a scale whose median is 0: seven in ten values at the median.
    padded = np.append(values, np.full(300_000, 7.0))
    assert robust_moments(padded, axis=0)[1] == pytest.approx(2 / 4, rel=0.01)


def test_a_few_wild_values_hardly_count():
    calm = np.arange(100.0)
    wild = np.append(calm, [1e9] * 5)
    np.testing.assert_allclose(robust_moments(wild, axis=0), robust_moments(calm, axis=0), rtol=0.1)


def test_rounding_errors_of_a_constant_are_no_spread():
    assert not is_spread(np.array(0.0), np.array(0.0))
    assert is_spread(np.array(1e-300), np.array(0.0))
    assert is_spread(np.array([1e-16, 1e-6]), np.array([0.3, -0.3])).tolist() == [False, True]
    # Most values differ in the last bit: the mean deviation counts the one that is truly off.
    values = np.array([0.3, 0.1 + 0.2] * 10 + [5.0])
    assert robust_moments(values, axis=0)[1] == pytest.approx(1.2533 * 4.7 / 21)
