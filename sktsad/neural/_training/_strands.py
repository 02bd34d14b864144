"""Batches of rows in sequence: series are divided into strands, which run side by side, chunk after chunk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ._batches import as_tensor, scale_weights

#: Largest number of forecast values of a chunk that are computed at once: 16 MiB of float32.
_MAX_VALUES = 2**22


@dataclass(frozen=True)
class Segments:
    """Rows of one or more series, series by series and in time order, divided at gaps.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_channels)
        The rows.
    starts, stops : ndarray of int, shape (n_segments,)
        Segment ``i`` is ``values[starts[i] : stops[i]]``: rows of one series without a gap.
    series : ndarray of int, shape (n_segments,)
        Number of the series of each segment; -1 if it is unknown to the network.
    first_states : ndarray of shape (n_segments, parts, layers, units) or None
        The state that each segment continues from; None means that all start from rest (a state of zeros).
    """

    values: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    series: np.ndarray
    first_states: np.ndarray | None = None


@dataclass(frozen=True)
class Strands:
    """Pieces of segments from ``begin`` to ``stop``; rows from ``counted`` on count in the loss."""

    begin: np.ndarray
    counted: np.ndarray
    stop: np.ndarray
    segment: np.ndarray


@dataclass(frozen=True)
class Chunk:
    """One batch: some rows of each running strand, as input of a network that carries its state.

    Attributes
    ----------
    X : tensor of shape (lanes, length, channels)
        Rows.
    series : tensor of int, shape (lanes,)
        Number of the series of each lane.
    chosen : tensor of int, shape (n_chosen,), or None
        Positions of the outputs that count in the loss; None if all do.
    state : tensor or None
        State before the first rows; None means rest or, where strands continue, the state that the network carries.
    goes_on : bool
        Whether lane ``i`` continues lane ``i`` of the chunk before.
    n_axes : int
        Number of axes of the outputs that ``chosen`` indexes: lanes, rows and, for forecasts, horizons.
    first_lane : int
        Number of the first lane: 0, unless this is a later part of a chunk that is divided into parts.
    sample_weight : tensor of shape (n_chosen,) or None
        Weights of the outputs that count.
    n_chosen : int
        Number of outputs that count.
    share : float
        Total weight of the outputs that count, relative to an average chunk.
    """

    X: torch.Tensor
    series: torch.Tensor
    chosen: torch.Tensor | None
    state: torch.Tensor | None
    goes_on: bool
    n_axes: int
    first_lane: int = 0
    sample_weight: torch.Tensor | None = None
    n_chosen: int = 0
    share: float = 1.0

    def __len__(self) -> int:
        return self.n_chosen

    def to(self, device: str) -> Chunk:
        """Move the inputs to a device."""
        return replace(
            self,
            X=self.X.to(device),
            series=self.series.to(device),
            chosen=None if self.chosen is None else self.chosen.to(device),
            state=None if self.state is None else self.state.to(device),
        )


class StrandDataset(Dataset):
    """The rows of segments, with the targets to learn from them.

    Parameters
    ----------
    segments : Segments
        Inputs.
    learnt : ndarray of bool, shape (n_rows,)
        Rows that count in the loss.
    target : ndarray of shape (n_rows,), default=None
        Target of each row. None means that the targets are the ``horizon`` rows after each row.
    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows.
    horizon : int, default=0
        Number of rows after a row that are its targets; only without ``target``.
    chunk_size, strand_length, warm_up : int
        Rows of a chunk and of a strand; rows of a strand that do not count, unless it starts with its segment.
    min_updates : int, default=1
        Smallest number of chunks in an epoch: passes are repeated until it is reached.
    series_dropout : float, default=0.0
        Share of strands with a series that is treated as unknown.
    """

    def __init__(
        self,
        segments: Segments,
        learnt: np.ndarray,
        target: np.ndarray | None = None,
        sample_weight: np.ndarray | None = None,
        *,
        horizon: int = 0,
        chunk_size: int,
        strand_length: int,
        warm_up: int,
        min_updates: int = 1,
        series_dropout: float = 0.0,
    ) -> None:
        self.segments = segments
        self.learnt = learnt
        self.target = target
        self.sample_weight = sample_weight
        self.horizon = horizon
        self.chunk_size = chunk_size
        self.strand_length = strand_length
        self.warm_up = warm_up
        self.min_updates = min_updates
        self.series_dropout = series_dropout
        #: For each segment with rows that count: its number, and the first and last row to read.
        self._reach = []
        for number, (start, stop) in enumerate(zip(segments.starts, segments.stops, strict=True)):
            marks = learnt[start:stop]
            if marks.any():
                # The first target of a forecast belongs to the output at the row before.
                first = max(start, start + int(marks.argmax()) - horizon)
                self._reach.append((number, first, stop - int(marks[::-1].argmax())))

    def __len__(self) -> int:
        return len(self.learnt)

    @property
    def n_values(self) -> int:
        """Number of values to forecast at a row; 1 where the targets are given."""
        return self.horizon * self.segments.values.shape[1] if self.target is None else 1

    def strands(self, random_state: np.random.RandomState | None) -> Strands:
        """Divide the segments into strands, at random offsets or, without a random state, at fixed ones.

        Rows after the last row that counts, and rows more than ``warm_up`` before the first, are left out.
        """
        parts = []
        for number, first, stop in self._reach:
            cuts = self._cuts(first, stop, random_state)
            begin = np.maximum(self.segments.starts[number], cuts[:-1] - self.warm_up)
            parts.append((begin, cuts[:-1], cuts[1:], np.full(len(begin), number)))
        return Strands(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _cuts(self, first: int, stop: int, random_state: np.random.RandomState | None) -> np.ndarray:
        """Return the borders of the strands, with both ends."""
        length = self.strand_length
        if stop - first <= length:
            return np.array([first, stop])
        offset = length if random_state is None else random_state.randint(1, length + 1)
        inner = np.arange(first + offset, stop, length - self.warm_up)
        return np.concatenate([[first], inner, [stop]])

    def chunk(
        self, begin: np.ndarray, counted: np.ndarray, stop: np.ndarray, end: np.ndarray, length: int
    ) -> tuple[np.ndarray, np.ndarray | None, Any, Any]:
        """Gather ``length`` rows from each ``begin``, for strands up to ``stop`` in segments up to ``end``.

        Returns
        -------
        values, chosen, weight, target
            Rows; positions of the outputs that count, None for all; their weights and targets.
        """
        values = self.segments.values
        rows = begin[:, None] + np.arange(length)
        is_counted = (rows < stop[:, None]) & (rows >= counted[:, None])
        np.minimum(rows, len(values) - 1, out=rows)
        if self.target is None:
            targets = rows[..., None] + np.arange(1, self.horizon + 1)
            is_inside = targets < end[:, None, None]
            np.minimum(targets, len(values) - 1, out=targets)
            is_counted = is_counted[..., None] & is_inside & self.learnt[targets]
            chosen = None if is_counted.all() else np.flatnonzero(is_counted)
            targets = targets.reshape(-1) if chosen is None else targets.reshape(-1)[chosen]
            return values.take(rows, axis=0), chosen, None, values.take(targets, axis=0)
        is_counted &= self.learnt[rows]
        chosen = None if is_counted.all() else np.flatnonzero(is_counted)
        learnt = rows.reshape(-1) if chosen is None else rows.reshape(-1)[chosen]
        weight = None if self.sample_weight is None else self.sample_weight[learnt]
        return values.take(rows, axis=0), chosen, weight, self.target[learnt]


class StrandLoader:
    """Iterate over a `StrandDataset` chunk by chunk: a skorch iterator.

    Strands of about the same length start together and run side by side, so that there is little padding. Every pass
    divides and shuffles them again. With ``in_parts``, it yields the parts of each chunk, some lanes each, so that
    forecasts of many values take little memory.

    Parameters
    ----------
    dataset : StrandDataset
        The dataset to divide into strands.
    batch_size : int
        Largest number of strands that run side by side.
    random_state : numpy.random.RandomState, default=None
        Draws offsets and order; None always gives the same strands in the same order, in a single pass.
    """

    def __init__(
        self,
        dataset: StrandDataset,
        batch_size: int,
        random_state: np.random.RandomState | None = None,
    ) -> None:
        self.dataset = dataset
        self.batch_size = int(batch_size)  # small NumPy integers may overflow
        self.random_state = random_state
        #: Whether to yield each chunk as an iterator over its parts.
        self.in_parts = False
        n_chunks = sum(self._n_chunks(*wave) for wave in self._waves(None))
        self.n_passes = 1 if random_state is None else -(-dataset.min_updates // n_chunks)
        self._length = n_chunks * self.n_passes
        weight = dataset.learnt if dataset.sample_weight is None else dataset.sample_weight[dataset.learnt]
        self._average = float(weight.sum()) * max(1, dataset.horizon) / n_chunks

    def __len__(self) -> int:
        """Return the approximate number of chunks; a pass may have some more or fewer."""
        return self._length

    def __iter__(self) -> Iterator[Any]:
        for _ in range(self.n_passes):
            for strands, lanes in self._waves(self.random_state):
                yield from self._chunks(strands, lanes)

    def _waves(self, random_state: np.random.RandomState | None) -> list[tuple[Strands, np.ndarray]]:
        """Return which strands start together, the longest first in each wave."""
        strands = self.dataset.strands(random_state)
        length = strands.stop - strands.begin
        order = np.arange(len(length)) if random_state is None else random_state.permutation(len(length))
        order = order[np.argsort(-length[order], kind="stable")]
        waves = np.array_split(order, -(-len(order) // self.batch_size))
        if random_state is not None:
            waves = [waves[number] for number in random_state.permutation(len(waves))]
        return [(strands, lanes) for lanes in waves]

    def _n_chunks(self, strands: Strands, lanes: np.ndarray) -> int:
        longest = lanes[0]
        return -(-int(strands.stop[longest] - strands.begin[longest]) // self.dataset.chunk_size)

    def _chunks(self, strands: Strands, lanes: np.ndarray) -> Iterator[Any]:
        """Run strands side by side; strands that have ended are left out."""
        dataset, segments = self.dataset, self.dataset.segments
        stop, segment = strands.stop[lanes], strands.segment[lanes]
        series = segments.series[segment]
        if self.random_state is not None and dataset.series_dropout:
            series = np.where(
                self.random_state.uniform(size=len(series)) < dataset.series_dropout, -1, series
            )
        longest = int(stop[0] - strands.begin[lanes[0]])
        for offset in range(0, longest, dataset.chunk_size):
            n_lanes = int((stop - strands.begin[lanes] > offset).sum())
            length = min(dataset.chunk_size, longest - offset)
            if not self.in_parts:
                yield self._part(strands, lanes[:n_lanes], series, offset, length, 0)
                continue
            size = max(1, _MAX_VALUES // (length * dataset.n_values))
            yield (
                self._part(strands, lanes[first : min(first + size, n_lanes)], series, offset, length, first)
                for first in range(0, n_lanes, size)
            )

    def _part(
        self,
        strands: Strands,
        lanes: np.ndarray,
        series: np.ndarray,
        offset: int,
        length: int,
        first_lane: int,
    ) -> tuple[Chunk, torch.Tensor]:
        """Return rows of some lanes, and their targets; ``series`` holds the numbers of all."""
        dataset, segments = self.dataset, self.dataset.segments
        begin, segment = strands.begin[lanes], strands.segment[lanes]
        values, chosen, weight, target = dataset.chunk(
            begin + offset, strands.counted[lanes], strands.stop[lanes], segments.stops[segment], length
        )
        state = None
        if segments.first_states is not None and offset == 0:
            is_start = begin == segments.starts[segment]
            state = segments.first_states[segment] * is_start[:, None, None, None]
            state = torch.from_numpy(state.astype(segments.values.dtype))
        share = float(len(target) if weight is None else weight.sum()) / self._average
        if weight is not None and len(weight):
            weight = torch.from_numpy(scale_weights(weight).astype(values.dtype))
        chunk = Chunk(
            torch.from_numpy(values),
            torch.from_numpy(series[first_lane : first_lane + len(lanes)]),
            None if chosen is None else torch.from_numpy(chosen),
            state,
            offset > 0,
            3 if dataset.target is None else 2,
            first_lane,
            weight,
            len(target),
            share,
        )
        return chunk, as_tensor(target)
