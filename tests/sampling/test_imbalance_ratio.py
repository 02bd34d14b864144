"""Ratio of the largest class to the smallest."""

import numpy as np
import pandas as pd
import pytest

from sktsad.sampling import imbalance_ratio


@pytest.mark.parametrize(
    "y, ratio",
    [
        ([0, 1], 1),
        ([1] * 3 + [0] * 1, 3),
        (np.repeat(["a", "b", "c"], [2, 7, 4]), 3.5),
        (pd.Series([True, False, False]), 2),
    ],
    ids=str,
)
def test_it_is_the_largest_count_over_the_smallest(y, ratio):
    assert imbalance_ratio(y) == ratio
    assert type(imbalance_ratio(y)) is float


@pytest.mark.parametrize("y", [[], [0, 0]])
def test_one_class_has_none(y):
    with pytest.raises(ValueError, match="a ratio needs two classes or more"):
        imbalance_ratio(y)
