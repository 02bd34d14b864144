"""Shares of rows in NumPy's types count as many rows as the same number in Python."""

from fractions import Fraction

import numpy as np
import pytest

from sktsad._core import as_written, tail_mask
from sktsad.thresholds import AlarmsPerDay, MaxTimes, Quantile, TargetFalsePositiveRate

KINDS = (np.float16, np.float32, np.float64, np.longdouble)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [0.29, 0.55, 0.7, 0.99, 1e-4, 0.0, 1.0])
def test_a_number_is_the_one_that_was_written(kind, number):
    found = as_written(kind(str(number)))
    assert type(found) is float
    assert found == pytest.approx(number, rel=1e-3 if kind is np.float16 else 0)


@pytest.mark.parametrize("value", [0.99, 3, Fraction(1, 3), np.int64(3), None])
def test_other_numbers_stay_as_they_are(value):
    assert as_written(value) is value


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_rows_are_meant_as_by_the_same_number_of_python(kind):
    scores = np.arange(99_999.0)
    for rule, name, number in (
        (Quantile, "q", 0.99),
        (MaxTimes, "q", 0.7),
        (TargetFalsePositiveRate, "rate", 0.29),
    ):
        expected = rule(**{name: number}).fit(scores, np.arange(99_999) == 5).threshold_
        assert rule(**{name: kind(str(number))}).fit(scores, np.arange(99_999) == 5).threshold_ == expected
    assert tail_mask(np.zeros((100_000, 1)), kind("0.29")).sum() == 29_000
    peaks = np.arange(116) % 2.0 * np.arange(116)
    assert (
        AlarmsPerDay(kind("0.29"), rows_per_day=1.16).fit(peaks).threshold_
        == AlarmsPerDay(0.29, rows_per_day=1.16).fit(peaks).threshold_
    )
