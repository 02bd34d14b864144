"""What steps that go on row by row have in common."""

import numpy as np
import pytest

from sktsad._core import GappedStep, LiveRows, LiveStep


def test_a_step_says_itself_what_it_does():
    with pytest.raises(NotImplementedError):
        LiveStep().step(LiveRows(np.zeros(1, int), None, np.full(1, np.nan)), np.zeros((1, 1)))


@pytest.mark.parametrize("n_series", [1, 3])
def test_without_time_only_the_first_row_of_a_series_is_new(n_series):
    step = GappedStep({}, 3, np.float64)
    step.grow(3)
    rows = LiveRows(np.arange(n_series), None, np.full(n_series, np.nan))
    assert step.is_new(rows).all()
    assert not step.is_new(rows).any()
