"""Strands, side by side and chunk after chunk: every row counts once, none is seen from another series."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sktsad.neural._training import Segments, StrandDataset, StrandLoader
from sktsad.neural._training._strands import Chunk


def segments(lengths, first_states=None):
    """Make segments whose rows hold their own number and that of their segment."""
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    number = np.repeat(np.arange(len(lengths)), lengths)
    values = np.column_stack([np.arange(len(number)), number]).astype(np.float32)
    return Segments(values, bounds[:-1], bounds[1:], np.arange(len(lengths)), first_states)


def lanes_of(loader):
    """Follow each lane: yield (rows run through, rows that count, targets) of every strand, in order."""
    running = []
    for chunk, target in loader:
        assert len(chunk) == len(target)
        if not chunk.goes_on:
            yield from running
            running = [([], [], []) for _ in chunk.X]
        assert len(chunk.X) <= len(running)
        shape = chunk.X.shape[:2] if chunk.n_axes == 2 else (*chunk.X.shape[:2], loader.dataset.horizon)
        chosen = np.arange(np.prod(shape)) if chunk.chosen is None else chunk.chosen.numpy()
        at = np.unravel_index(chosen, shape)
        for lane, rows in enumerate(chunk.X.numpy()):
            running[lane][0].extend(rows[:, 0].astype(int).tolist())
            chosen = at[0] == lane
            running[lane][1].extend(rows[at[1][chosen], 0].astype(int).tolist())
            running[lane][2].extend(target[torch.from_numpy(chosen)].tolist())
    yield from running


cuttings = st.fixed_dictionaries(
    {
        "chunk_size": st.integers(1, 7),
        "strand_length": st.integers(4, 20),
        "warm_up": st.integers(0, 3),
    }
)


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    batch_size=st.integers(1, 5),
    cutting=cuttings,
    seed=st.one_of(st.none(), st.integers(0, 99)),
    data=st.data(),
)
def test_every_row_that_counts_counts_once_in_its_own_series(lengths, batch_size, cutting, seed, data):
    n_rows = sum(lengths)
    learnt = np.array(data.draw(st.lists(st.booleans(), min_size=n_rows, max_size=n_rows)))
    learnt[data.draw(st.integers(0, n_rows - 1))] = True
    dataset = StrandDataset(
        segments(lengths), learnt, np.arange(n_rows) + 1000, np.arange(n_rows) + 1.0, **cutting
    )
    loader = StrandLoader(dataset, batch_size, None if seed is None else np.random.RandomState(seed))
    starts = dataset.segments.starts
    seen = []
    for rows, counted, target in lanes_of(loader):
        if not counted:
            continue
        assert rows == list(range(rows[0], rows[0] + len(rows)))[: len(rows)] or rows[-1] == n_rows - 1
        start = starts[np.searchsorted(starts, counted[0], side="right") - 1]
        assert rows[0] >= start
        assert counted[-1] < start + lengths[list(starts).index(start)]
        assert target == [row + 1000 for row in counted]
        # Rows that count have been warmed up for, as far as their segment goes back.
        assert counted[0] - rows[0] >= min(cutting["warm_up"], counted[0] - start)
        assert counted[-1] - rows[0] < max(cutting["strand_length"] + cutting["warm_up"], 1)
        seen += counted
    assert sorted(seen) == np.flatnonzero(learnt).tolist()


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    horizon=st.integers(1, 4),
    cutting=cuttings,
    seed=st.one_of(st.none(), st.integers(0, 99)),
    data=st.data(),
)
def test_every_forecast_of_a_row_that_counts_counts_once(lengths, horizon, cutting, seed, data):
    n_rows = sum(lengths)
    learnt = np.array(data.draw(st.lists(st.booleans(), min_size=n_rows, max_size=n_rows)))
    learnt[data.draw(st.integers(0, n_rows - 1))] = True
    dataset = StrandDataset(segments(lengths), learnt, horizon=horizon, **cutting)
    loader = StrandLoader(dataset, 3, None if seed is None else np.random.RandomState(seed))
    number = dataset.segments.values[:, 1]
    expected = {
        (row, row + ahead)
        for row in range(n_rows)
        for ahead in range(1, horizon + 1)
        if row + ahead < n_rows and number[row] == number[row + ahead] and learnt[row + ahead]
    }
    found = [
        (row, int(values[0]))
        for _, counted, target in lanes_of(loader)
        for row, values in zip(counted, target, strict=True)
    ]
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_weights_go_with_their_rows_and_are_scaled_chunk_by_chunk():
    weight = np.array([1e-30, 2e-30, 3e-30, 0.0, 5.0, 10.0])
    dataset = StrandDataset(
        segments([6]), weight > 0, np.arange(6), weight, chunk_size=3, strand_length=6, warm_up=0
    )
    first, second = (chunk.sample_weight.numpy() for chunk, _ in StrandLoader(dataset, 1))
    np.testing.assert_allclose(first / first[0], [1, 2, 3])
    np.testing.assert_allclose(second / second[0], [1, 2])
    assert max(first.max(), second.max()) <= 1


def test_shares_of_chunks_are_those_of_the_weight_and_one_on_average():
    weight = np.array([1.0, 1.0, 4.0, 2.0, 0.0, 7.0, 3.0])
    dataset = StrandDataset(
        segments([3, 4]), weight > 0, np.arange(7), weight, chunk_size=2, strand_length=4, warm_up=0
    )
    shares = [chunk.share for chunk, _ in StrandLoader(dataset, 1)]
    assert shares == [pytest.approx(share * 4 / 18) for share in (2, 10, 2, 4)]
    forecasts = StrandDataset(
        segments([5]), np.ones(5, bool), horizon=2, chunk_size=2, strand_length=8, warm_up=0
    )
    assert [chunk.share for chunk, _ in StrandLoader(forecasts, 1)] == [1.2, pytest.approx(0.9), 0.0]


def test_cuts_and_order_are_drawn_anew_in_every_pass():
    dataset = StrandDataset(
        segments([500]), np.ones(500, bool), np.zeros(500, int), chunk_size=50, strand_length=100, warm_up=10
    )
    loader = StrandLoader(dataset, 2, np.random.RandomState(0))
    first, second = ([rows[0] for rows, _, _ in lanes_of(loader)] for _ in range(2))
    assert first != second
    assert first != sorted(first)
    fixed = StrandLoader(dataset, 2)
    assert [rows for rows, _, _ in lanes_of(fixed)] == [rows for rows, _, _ in lanes_of(fixed)]


def test_few_rows_are_passed_over_until_there_are_enough_updates_but_watched_ones_once():
    dataset = StrandDataset(
        segments([100]),
        np.ones(100, bool),
        np.zeros(100, int),
        chunk_size=50,
        strand_length=100,
        warm_up=0,
        min_updates=7,
    )
    loader = StrandLoader(dataset, 2, np.random.RandomState(0))
    assert len(dataset) == 100
    assert len(loader) == len(list(loader)) == 8
    assert len(list(StrandLoader(dataset, 2))) == 2


def test_series_of_unequal_lengths_run_with_hardly_a_row_of_padding():
    lengths = np.random.RandomState(0).randint(5, 3000, size=300).tolist()
    dataset = StrandDataset(
        segments(lengths),
        np.ones(sum(lengths), bool),
        np.zeros(sum(lengths), int),
        chunk_size=64,
        strand_length=512,
        warm_up=0,
    )
    loader = StrandLoader(dataset, 16, np.random.RandomState(0))
    run = sum(chunk.X.shape[0] * chunk.X.shape[1] for chunk, _ in loader)
    assert run < 1.05 * sum(lengths)


def test_a_share_of_the_strands_is_of_no_known_series():
    dataset = StrandDataset(
        segments([10] * 1000),
        np.ones(10_000, bool),
        np.zeros(10_000, int),
        chunk_size=5,
        strand_length=10,
        warm_up=0,
        series_dropout=0.3,
    )
    chunks = [chunk for chunk, _ in StrandLoader(dataset, 100, np.random.RandomState(0))]
    share = np.mean([(chunk.series < 0).double().mean() for chunk in chunks])
    assert 0.25 < share < 0.35
    for first, second in zip(chunks[::2], chunks[1::2], strict=True):  # of whole strands
        assert torch.equal(first.series, second.series)
    assert all((chunk.series >= 0).all() for chunk, _ in StrandLoader(dataset, 100))


def test_only_strands_from_the_start_of_a_segment_go_on_from_its_first_state():
    states = np.arange(1.0, 3).reshape(2, 1, 1, 1)
    dataset = StrandDataset(
        segments([30, 8], states),
        np.ones(38, bool),
        np.zeros(38, int),
        chunk_size=5,
        strand_length=12,
        warm_up=2,
    )
    n_started = 0
    for chunk, _ in StrandLoader(dataset, 3, np.random.RandomState(0)):
        if chunk.goes_on:
            assert chunk.state is None
            continue
        first = chunk.X[:, 0]
        is_start = np.isin(first[:, 0].numpy(), [0, 30])
        expected = np.where(is_start, first[:, 1].numpy() + 1, 0)
        np.testing.assert_array_equal(chunk.state[:, 0, 0, 0].numpy(), expected)
        n_started += is_start.sum()
    assert n_started == 2


def test_a_chunk_moves_to_a_device_with_all_its_inputs():
    tensors = {"X": torch.zeros(1, 2, 3), "series": torch.zeros(1), "chosen": torch.arange(1)}
    moved = Chunk(**tensors, state=torch.zeros(1, 1, 1, 1), goes_on=False, n_axes=2).to("meta")
    assert all(getattr(moved, name).is_meta for name in (*tensors, "state"))
    moved = Chunk(**{**tensors, "chosen": None}, state=None, goes_on=True, n_axes=2).to("meta")
    assert moved.X.is_meta and moved.state is moved.chosen is None


def test_where_all_rows_count_none_is_named():
    learnt = np.arange(8) != 2
    dataset = StrandDataset(segments([8]), learnt, np.arange(8), chunk_size=4, strand_length=8, warm_up=0)
    (first, target), (second, others) = StrandLoader(dataset, 1)
    assert (first.chosen.tolist(), target.tolist(), len(first)) == ([0, 1, 3], [0, 1, 3], 3)
    assert (second.chosen, others.tolist(), len(second)) == (None, [4, 5, 6, 7], 4)
