"""What steps that go on row by row have in common."""

import numpy as np
import pytest

from sktsad._core import GappedStep, LiveRows, LiveStep, Past, read_series


def test_a_step_says_itself_what_it_does():
    with pytest.raises(NotImplementedError):
        LiveStep().step(LiveRows(np.zeros(1, int), None, np.full(1, np.nan)), np.zeros((1, 1)))


@pytest.mark.parametrize("n_series", [1, 3])
def test_without_time_only_the_first_row_of_a_series_is_new(n_series):
    X = np.zeros((3, 1))
    step = GappedStep(Past.of(X, read_series(X), X, lambda stops, _: stops, 3), 3)
    step.grow(3)
    rows = LiveRows(np.arange(n_series), None, np.full(n_series, np.nan))
    assert step.is_new(rows).all()
    assert not step.is_new(rows).any()
