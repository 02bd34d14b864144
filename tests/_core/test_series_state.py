"""Arrays with one entry per series, against lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad._core import RecentRows, SeriesState

N_SERIES = 3
SLOTS = st.lists(st.integers(0, N_SERIES - 1), min_size=1, max_size=N_SERIES, unique=True)
WORK = st.one_of(
    st.tuples(st.sampled_from(["push", "fill"]), SLOTS),
    st.tuples(st.just("put"), st.integers(0, N_SERIES - 1), st.integers(0, 9)),
    st.tuples(st.just("lengthen"), st.integers(1, 4), st.integers(1, 5)),
)


@given(
    st.integers(1, 5),
    st.sampled_from([None, 1, 2, 7]),
    st.integers(1, 2),
    st.lists(WORK, min_size=5, max_size=40),
)
def test_the_last_rows_are_those_of_a_list(length, spare, width, work):
    recent = RecentRows(length, width, spare=spare)
    recent.grow(N_SERIES)
    lists = [[[0.0] * width] * length for _ in range(N_SERIES)]
    numbers = iter(range(1, 10_000))

    def new_rows(n_rows):
        return [[float(next(numbers)) for _ in range(width)] for _ in range(n_rows)]

    for name, first, *more in work:
        if name == "push":
            rows = new_rows(len(first))
            recent.push(np.array(first), np.array(rows))
            for slot, row in zip(first, rows, strict=True):
                lists[slot].append(row)
        elif name == "fill":
            rows = new_rows(len(first))
            recent.fill(np.array(first), np.array(rows))
            for slot, row in zip(first, rows, strict=True):
                lists[slot] = [row] * recent.length
        elif name == "put":
            recent.fill(np.array([first]), np.zeros((1, width)))
            rows = new_rows(more[0])
            recent.put(first, np.array(rows).reshape(-1, width))
            lists[first] = ([[0.0] * width] * recent.length + rows)[-recent.length :]
        else:
            lists = [rows[-recent.length :] for rows in lists]
            recent.lengthen(recent.length + first, *more)
        for slots in ([0], [2], [2, 0], [0, 1, 2]):
            n_rows = min(recent.length, *(len(lists[slot]) for slot in slots))
            expected = [lists[slot][-n_rows:] for slot in slots]
            assert recent.last(np.array(slots), n_rows).tolist() == expected
            back = np.arange(n_rows, 0, -1)[None] * np.ones((len(slots), 1), dtype=int)
            assert recent.at(np.array(slots), back).tolist() == expected
            assert recent.at(np.array(slots), back[:, :1]).tolist() == [rows[:1] for rows in expected]


@pytest.mark.parametrize("n_rows", [0, 2, 3])
@pytest.mark.parametrize("repeat", [True, False, None])
def test_before_the_oldest_row_there_is_nothing_or_it_again(n_rows, repeat):
    recent = RecentRows(3, 1)
    recent.grow(2)
    recent.fill(np.array([0, 1]), np.array([[7.0], [9.0]]))
    for number in range(n_rows):
        recent.push(np.array([1]), np.array([[float(number)]]))
    recent.lengthen(30, 30, **({} if repeat is None else {"repeat": repeat}))
    assert recent.last(np.array([0]), 30)[0, 0, 0] == (7 if repeat else 0)
    assert recent.last(np.array([1]), 30)[0, 0, 0] == (9 if repeat else 0)
    assert recent.last(np.array([1]), 3)[0, :, 0].tolist() == [9.0, 9.0, 9.0, 0.0, 1.0, 2.0, 3.0][n_rows:][:3]
    recent.grow(3)
    assert recent.last(np.array([2]), 30).tolist() == [[[0.0]] * 30]


def test_a_row_takes_no_memory_that_is_not_needed():
    for spare, size in [(None, 8), (0, 5), (3, 7)]:
        recent = RecentRows(4, 2, np.float32, spare)
        recent.grow(5)
        assert recent.buffer.shape == (5, size, 2)
        assert recent.buffer.dtype == np.float32


class Counter(SeriesState):
    def __init__(self):
        super().__init__()
        self.keep("counts", (2,), np.int64, 5)
        self.keep("names", dtype="U3", fill="-")
        self.recent = self.keep_part("recent", RecentRows(2, 1))


def test_arrays_grow_are_cleared_and_come_back():
    counter = Counter()
    assert counter.counts.shape == (0, 2) and counter.names.shape == (0,)
    counter.grow(2)
    counter.counts[1] = [1, 2]
    counter.names[:] = ["a", "b"]
    counter.recent.push(np.array([0, 1]), np.array([[3.0], [4.0]]))
    counter.grow(3)
    assert counter.counts.tolist() == [[5, 5], [1, 2], [5, 5]]
    assert counter.names.tolist() == ["a", "b", "-"]
    counter.recent.lengthen(6, 2)
    kept = counter.arrays()
    assert set(kept) == {"counts", "names", "recent.buffer", "recent.stop", "recent.sizes"}

    other = Counter()
    other.restore(kept)
    assert other.recent.last(np.array([1]), 2).tolist() == [[[0.0], [4.0]]]
    other.clear(1)
    assert other.counts.tolist() == [[5, 5]] * 3 and other.names.tolist() == ["a", "-", "-"]
    assert counter.counts.tolist() == [[5, 5], [1, 2], [5, 5]]  # what was kept is a copy
    other.recent.push(np.array([0, 1]), np.array([[8.0], [9.0]]))
    assert other.recent.last(np.array([0]), 2).tolist() == [[[3.0], [8.0]]]
    assert other.recent.last(np.array([1]), 1).tolist() == [[[9.0]]]
    other.grow(4)
    other.recent.push(np.array([3]), np.array([[1.0]]))
    assert other.recent.last(np.array([3]), 6).tolist() == [[[0.0]] * 5 + [[1.0]]]
