import naive_bootstrap
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.metrics._blocks import cut_blocks
from sktsad.metrics._labelled_rows import read_scores


def cut(y, length, series=None):
    series = [0] * len(y) if series is None else series
    index = pd.MultiIndex.from_arrays([series, range(len(y))])
    return cut_blocks(read_scores(pd.Series(y, index=index), np.zeros(len(y))), length)


@given(st.lists(st.integers(0, 1), max_size=40), st.integers(1, 50), st.integers(0, 40))
def test_as_the_definition_says(y, length, border):
    y = [1, 0, *y]
    series = [int(row >= border) for row in range(len(y))]
    blocks = cut(y, length, series)
    expected = naive_bootstrap.blocks(y, series, length)
    assert blocks.starts.tolist() == [block[0] for block in expected]
    assert blocks.sizes.tolist() == [len(block) for block in expected]
    assert blocks.is_event.tolist() == [bool(y[block[0]]) for block in expected]
    number_of_rows = [number for number, block in enumerate(expected) for _ in block]
    assert blocks.number_of_rows().tolist() == number_of_rows
    values = np.arange(len(y)) % 3
    assert blocks.sum(values).tolist() == [values[block].sum() for block in expected]


def test_worked_by_hand():
    # Seven normal rows make two pieces of about four; the event is whole; the last row is a piece of its own.
    blocks = cut([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0], 4)
    assert blocks.starts.tolist() == [0, 3, 7, 12]
    assert blocks.is_event.tolist() == [False, False, True, False]


def test_blocks_of_a_length_of_time_have_rows_by_the_step_of_each_series():
    both = {freq: pd.date_range("2026", periods=8, freq=freq) for freq in ("1min", "2min")}
    y = pd.concat({freq: pd.Series([0] * 7 + [1], index) for freq, index in both.items()})
    blocks = cut_blocks(read_scores(y, np.zeros(16)), "4min")
    assert blocks.starts.tolist() == [0, 3, 7, 8, 9, 11, 13, 15]


def test_by_default_there_are_as_many_blocks_as_rows_in_each():
    y = np.zeros(10_000, dtype=int)
    y[5000] = 1
    blocks = cut(y, None)
    assert len(blocks.starts) == 101
    assert set(blocks.sizes[~blocks.is_event].tolist()) <= {99, 100, 101}


def test_true_is_counted_and_not_merely_noticed():
    assert cut([0, 1, 1], 5).sum(np.array([True, True, True])).tolist() == [1, 2]


def test_a_draw_has_as_many_blocks_of_each_kind_and_each_block_as_often():
    blocks = cut([0] * 30 + [1] * 2 + [0] * 30 + [1] * 9 + [0] * 30 + [1], 10)
    draws = np.array(list(blocks.draws(4000, 0)))
    assert (draws[:, blocks.is_event].sum(axis=1) == 3).all()
    assert (draws[:, ~blocks.is_event].sum(axis=1) == 9).all()
    assert draws.mean(axis=0) == pytest.approx(1, abs=0.1)
    # So often the same one of three is drawn three times.
    assert (draws[:, 3] == 3).mean() == pytest.approx(1 / 27, abs=0.01)


def test_the_same_seed_draws_the_same():
    blocks = cut([0, 1] * 20, 1)
    first, again, other = (np.array(list(blocks.draws(5, seed))) for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


def test_two_blocks_of_a_kind_are_enough():
    assert len(list(cut([0, 0, 1, 1, 0, 0, 1], 10).draws(5, 0))) == 5


@pytest.mark.parametrize("y", [[0, 0, 0, 1, 1, 0, 0], [0, 0, 1, 0, 1][1:4], [1, 0, 0, 1]])
def test_there_are_no_draws_of_a_single_block_of_a_kind(y):
    assert list(cut(y, 10).draws(5, 0)) == []
