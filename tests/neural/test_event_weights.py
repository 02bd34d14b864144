"""Weights of the rows of events."""

import numpy as np
import pandas as pd

from sktsad._core import Windows
from sktsad.neural._event_weights import event_weights
from sktsad.neural._row_layout import lay_out


def weights(target, power, times=None):
    index = None if times is None else pd.Index(times)
    rows = lay_out(Windows.from_dense(np.zeros((len(target), 1)), 1, index), "auto", 1, "float64")
    return event_weights(rows, np.array(target), power).tolist()


def test_each_row_of_an_event_weighs_a_power_of_its_length():
    assert weights([0, 1, 1, 1, 1, 0, 1], -0.5) == [1, 0.5, 0.5, 0.5, 0.5, 1, 1]
    assert weights([1, 1, 0], -1) == [0.5, 0.5, 1]
    assert weights([0, 0], -1) == [1, 1]


def test_events_of_other_classes_and_beyond_gaps_are_others():
    assert weights([1, 1, 2, 2, 2, 2], 1) == [2, 2, 4, 4, 4, 4]
    assert weights([1, 1, 1, 1], -1, [0, 1, 2, 9]) == [1 / 3, 1 / 3, 1 / 3, 1]
