"""Ragged arrays: operations on all parts at once give the same as on each part alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad._core import as_slice, equal_parts, map_parts, ranges, search_parts

PARTS = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=8)


def laid_out(parts):
    bounds = np.append(0, np.cumsum([len(part) for part in parts])).astype(int)
    return np.array([number for part in parts for number in part], dtype=float), bounds


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6))
def test_ranges_are_one_after_the_other(ends):
    starts, stops = np.array(ends, dtype=int).reshape(-1, 2).T
    expected = [number for start, stop in ends for number in range(start, stop)]
    assert ranges(starts, stops).tolist() == expected


@given(PARTS)
def test_each_part_is_among_those_of_its_length(parts):
    x, bounds = laid_out(parts)
    found = {}
    for which, where in equal_parts(bounds):
        found.update(zip(which.tolist(), x[where].reshape(len(which), -1).tolist(), strict=True))
    assert found == {number: part for number, part in enumerate(parts) if part}


def test_parts_of_one_length_are_not_copied():
    x = np.arange(6.0)
    ((which, where),) = equal_parts(np.array([0, 2, 4, 6]))
    assert which.tolist() == [0, 1, 2]
    assert np.shares_memory(x[where], x)


@given(PARTS)
def test_a_function_of_all_parts_is_that_of_each(parts):
    x, bounds = laid_out(parts)

    def sums(x, minus):
        return np.stack([np.cumsum(x, axis=1), np.cumsum(x - minus, axis=1)])

    found = map_parts(sums, equal_parts(bounds), x, np.ones(len(x)))
    if len(x):
        expected = [np.cumsum([part, np.array(part) - 1], axis=1) for part in parts if part]
        np.testing.assert_array_equal(found, np.hstack(expected))
    else:
        assert not len(found)


@pytest.mark.parametrize("side", ["left", "right"])
@given(PARTS.filter(len), st.integers(-1, 10))
def test_numbers_are_found_within_their_parts(side, parts, wanted):
    x, bounds = laid_out([sorted(part) for part in parts])
    found = search_parts(x, bounds[:-1], bounds[1:], np.full(len(parts), wanted), side)
    assert (found - bounds[:-1]).tolist() == [np.searchsorted(sorted(part), wanted, side) for part in parts]


def test_rows_one_after_the_other_are_a_slice():
    assert as_slice(np.array([3, 4, 5])) == slice(3, 6)
    for rows in ([], [3, 5], [0, 2, 1, 3], [5, 4], [0, 0, 2]):
        assert as_slice(np.array(rows, dtype=int)).tolist() == rows
