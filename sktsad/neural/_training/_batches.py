"""Whole batches, gathered from windows in one operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from skorch.dataset import Dataset

from ..._core import Rows, Windows

Batch = tuple[Any, torch.Tensor]


def as_tensor(array: np.ndarray) -> torch.Tensor:
    """Share the memory of an array; copy it only if it is read-only, which tensors cannot be."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def scale_weights(weight: np.ndarray) -> np.ndarray:
    """Divide weights by a power of 2 such that the largest is between 0.5 and 1, which keeps their ratios exactly."""
    return np.ldexp(weight, -np.frexp(weight.max())[1])


class WindowDataset(Dataset):
    """Windows with targets and weights, to be indexed by a whole batch of rows at once.

    Parameters
    ----------
    windows : Windows
        Inputs. A batch is gathered from them when it is needed.
    target : ndarray of shape (n_windows,), default=None
        Targets; None means that the input is the target.
    sample_weight : ndarray of shape (n_windows,), default=None
        Weights. They are part of the input, as the mapping ``{"X": ..., "sample_weight": ...}``, in float64: small
        weights would be rounded to 0 in float32, and the loss scales the weights of each batch.
    input_shape : tuple of int, default=None
        Shape of one input; None means (length, channels).
    dtype : numpy dtype, default=float32
        Type of inputs.
    """

    def __init__(
        self,
        windows: Windows,
        target: np.ndarray | None = None,
        sample_weight: np.ndarray | None = None,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = np.float32,
    ) -> None:
        self.windows = windows
        self.target = target
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self.input_shape = input_shape or (windows.length, windows.n_channels)
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def X(self) -> WindowDataset:
        """The input for scoring callbacks without cached outputs; skorch reads ``X`` and ``y``."""
        return self

    @property
    def y(self) -> np.ndarray | None:
        """The targets."""
        return self.target

    def inputs(self, rows: Rows) -> torch.Tensor:
        """Gather the inputs of some rows, shape ``(n_rows, *input_shape)``."""
        return as_tensor(self.windows.gather(rows, self.dtype).reshape(-1, *self.input_shape))

    def batch(self, rows: Rows) -> Batch:
        """Gather inputs, with their weights if there are any, and targets of some rows."""
        inputs = self.inputs(rows)
        target = inputs if self.target is None else torch.from_numpy(self.target[rows])
        if self.sample_weight is None:
            return inputs, target
        return {"X": inputs, "sample_weight": torch.from_numpy(self.sample_weight[rows])}, target

    def __getitem__(self, row: int) -> Batch:
        """Return one row, for loaders that collate row by row."""
        inputs, target = self.batch(np.array([row]))
        if isinstance(inputs, dict):
            return {name: value[0] for name, value in inputs.items()}, target[0]
        return inputs[0], target[0]


class BatchLoader:
    """Iterate over a `WindowDataset` in whole batches, as a skorch iterator.

    Parameters
    ----------
    dataset : WindowDataset
        The dataset to divide into batches.
    batch_size : int
        Number of rows in a batch; the last may be smaller.
    random_state : numpy.random.RandomState, default=None
        Shuffles the rows at each pass; None keeps their order.
    stratify : bool, default=False
        Whether to distribute the rows of each class evenly over the batches. If a class has fewer rows than there are
        batches, its rows are repeated: one in every batch.
    """

    def __init__(
        self,
        dataset: WindowDataset,
        batch_size: int,
        random_state: np.random.RandomState | None = None,
        stratify: bool = False,
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.random_state = random_state
        self.stratify = stratify

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        return (self.dataset.batch(rows) for rows in self._rows())

    def _rows(self) -> Iterator[Any]:
        """Yield the rows of each batch."""
        n_rows, random_state = len(self.dataset), self.random_state
        if self.stratify:
            hands = [self._deal(rows) for rows in self._rows_by_class()]
            yield from (np.concatenate(hand) for hand in zip(*hands, strict=True))
            return
        order = None if random_state is None else random_state.permutation(n_rows)
        for start in range(0, n_rows, self.batch_size):
            rows = slice(start, start + self.batch_size)
            yield rows if order is None else order[rows]

    def _rows_by_class(self) -> list[np.ndarray]:
        target = np.asarray(self.dataset.target)
        return [np.flatnonzero(target == label) for label in np.unique(target)]

    def _deal(self, rows: np.ndarray) -> list[np.ndarray]:
        """Distribute rows over the batches, at least one to each."""
        if self.random_state is not None:
            rows = self.random_state.permutation(rows)
        return np.array_split(np.resize(rows, max(len(rows), len(self))), len(self))
