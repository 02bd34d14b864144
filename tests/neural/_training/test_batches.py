"""Whole batches, cut from windows in one go."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from sktsad import SlidingWindow
from sktsad._core._windows import Windows
from sktsad.neural._training import BatchLoader, WindowDataset


@pytest.fixture
def windows():
    """Eleven windows of 4 rows and 2 channels over one series."""
    rows = np.random.default_rng(0).normal(size=(11, 2))
    return SlidingWindow(4).fit_transform(rows)


def flat_batches(loader):
    """Return all that a loader yields as a flat list of tensors."""
    tensors = []
    for inputs, target in loader:
        tensors += [inputs["X"], inputs["sample_weight"]] if isinstance(inputs, dict) else [inputs]
        tensors.append(target)
    return tensors


@pytest.mark.parametrize("has_target", [True, False])
@pytest.mark.parametrize("has_weight", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_whole_slices_equal_a_torch_loader_over_the_same_order(windows, has_target, has_weight, dtype):
    dataset = WindowDataset(
        windows,
        np.arange(11) % 3 if has_target else None,
        np.linspace(0.1, 2, 11) if has_weight else None,
        dtype=dtype,
    )
    whole = BatchLoader(dataset, 4, np.random.RandomState(1))
    order = np.random.RandomState(1).permutation(11).tolist()
    row_by_row = DataLoader(dataset, 4, sampler=order)
    ours, torchs = flat_batches(whole), flat_batches(row_by_row)
    assert len(ours) == len(torchs) == 3 * (3 if has_weight else 2)
    for mine, other in zip(ours, torchs, strict=True):
        assert mine.dtype == other.dtype
        assert torch.equal(mine, other)


def test_without_a_random_state_rows_come_in_order_and_the_last_batch_is_smaller(windows):
    loader = BatchLoader(WindowDataset(windows), 4)
    inputs = [x for x, _ in loader]
    assert [len(x) for x in inputs] == [4, 4, 3]
    assert len(loader) == 3
    expected = np.asarray(windows).reshape(11, 4, 2).astype(np.float32)
    np.testing.assert_array_equal(torch.cat(inputs).numpy(), expected)


def test_each_pass_is_a_new_permutation_of_all_rows(windows):
    loader = BatchLoader(WindowDataset(windows, np.arange(11)), 4, np.random.RandomState(0))
    first, second = (torch.cat([target for _, target in loader]).tolist() for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(11))
    assert first != second


@pytest.mark.parametrize("batch_size", [1, 5, 11, 100])
def test_the_length_of_a_loader_is_its_number_of_batches(windows, batch_size):
    loader = BatchLoader(WindowDataset(windows), batch_size)
    assert len(loader) == len(list(loader))


def test_without_a_target_the_input_is_its_own_target(windows):
    inputs, target = WindowDataset(windows).batch(slice(2, 5))
    assert target is inputs


def test_inputs_come_in_the_shape_that_the_network_wants(windows):
    dataset = WindowDataset(windows, input_shape=(8,))
    assert dataset.inputs(slice(None)).shape == (11, 8)
    np.testing.assert_array_equal(dataset.inputs([3])[0], np.asarray(windows)[3].astype(np.float32))


def test_one_row_is_that_row_of_a_batch(windows):
    dataset = WindowDataset(windows, np.arange(11), np.arange(11.0))
    inputs, target = dataset[7]
    batch, targets = dataset.batch(slice(None))
    assert torch.equal(inputs["X"], batch["X"][7])
    assert inputs["sample_weight"] == batch["sample_weight"][7] == 7
    assert target == targets[7]


def test_a_read_only_file_is_read_without_a_warning_and_is_never_written(tmp_path):
    values = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    np.save(tmp_path / "rows.npy", values)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    dataset = WindowDataset(Windows.from_dense(mapped, 1))
    for inputs, _ in BatchLoader(dataset, 4):
        inputs.zero_()  # what a network may do in place
    dataset[0][0].zero_()
    np.testing.assert_array_equal(mapped, values)


# Stratified batches


def labelled(n_rows, n_rare, sample_weight=None):
    """Rows whose one value is their number, of which the last few are rare."""
    rows = Windows.from_dense(np.arange(float(n_rows)).reshape(-1, 1), 1)
    return WindowDataset(rows, np.repeat([0, 1], [n_rows - n_rare, n_rare]), sample_weight)


def numbers_of(batches):
    return [inputs.flatten().long().tolist() for inputs, _ in batches]


@pytest.mark.parametrize("seed", [None, 0])
@given(n_rows=st.integers(2, 60), n_rare=st.integers(1, 59), batch_size=st.integers(1, 70))
def test_every_stratified_batch_holds_every_class_and_every_row_comes(seed, n_rows, n_rare, batch_size):
    n_rare = min(n_rare, n_rows - 1)
    random_state = None if seed is None else np.random.RandomState(seed)
    loader = BatchLoader(labelled(n_rows, n_rare), batch_size, random_state, stratify=True)
    batches = list(loader)
    assert len(batches) == len(loader) == -(-n_rows // batch_size)
    for _, target in batches:
        assert set(target.tolist()) == {0, 1}
        assert len(target) <= batch_size + 2
    counts = np.bincount(np.concatenate(numbers_of(batches)), minlength=n_rows)
    for rows in (counts[: n_rows - n_rare], counts[n_rows - n_rare :]):
        assert rows.min() >= 1
        assert rows.max() - rows.min() <= 1
        assert rows.sum() == max(len(rows), len(loader))  # repeated only where there are too few


def test_without_a_random_state_stratified_rows_come_in_order():
    assert numbers_of(BatchLoader(labelled(7, 1), 4, stratify=True)) == [[0, 1, 2, 6], [3, 4, 5, 6]]


def test_stratified_batches_are_others_at_each_pass_and_the_same_by_the_same_seed():
    loader, again = (
        BatchLoader(labelled(30, 7), 8, np.random.RandomState(3), stratify=True) for _ in range(2)
    )
    first, second = numbers_of(loader), numbers_of(loader)
    assert first != second
    assert [numbers_of(again), numbers_of(again)] == [first, second]


def test_stratified_rows_bring_their_weights():
    loader = BatchLoader(labelled(20, 3, np.arange(20.0)), 6, np.random.RandomState(0), stratify=True)
    for inputs, _ in loader:
        assert inputs["sample_weight"].tolist() == inputs["X"].flatten().tolist()


def test_a_class_that_is_not_there_is_not_waited_for():
    loader = BatchLoader(labelled(7, 0), 4, np.random.RandomState(0), stratify=True)
    assert sorted(np.concatenate(numbers_of(loader))) == list(range(7))
