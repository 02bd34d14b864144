"""Run a network that carries its state along whole segments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from ._fit import check_dtype
from ._net import LeanNet
from ._random import full_precision
from ._strands import Segments

#: Limits of the rows of a chunk: over all lanes, and in one lane (the smallest also applies to states).
_MAX_ROWS, _MIN_LENGTH, _MAX_LENGTH = 2**13, 256, 4096
#: Largest number of values of a chunk, in the widest of inputs, units and outputs: 64 MiB of float32.
_MAX_VALUES = 2**24


def run_along(
    net: LeanNet,
    segments: Segments,
    batch_size: int,
    take: Callable[[np.ndarray, np.ndarray], None] | None = None,
    ends: np.ndarray | None = None,
) -> np.ndarray:
    """Run a net along segments, many side by side.

    Parameters
    ----------
    net : LeanNet
        A net with a trained module.
    segments : Segments
        The rows.
    batch_size : int
        Largest number of segments that run side by side; fewer if rows are very wide.
    take : callable, default=None
        Called with row numbers and the outputs at these rows, chunk by chunk; the rows of a segment come in order.
    ends : ndarray of int, shape (n_ends,), default=None
        Rows, in ascending order, after which to return the state.

    Returns
    -------
    states : ndarray of shape (n_ends, parts, layers, units)
    """
    check_dtype(net, segments.values.dtype)
    order = np.argsort(segments.starts - segments.stops, kind="stable")
    states = None
    module = net.module_
    width = max(segments.values.shape[1], module.state_shape[-1], math.prod(module.output_shape))
    max_rows = min(_MAX_ROWS, _MAX_VALUES // width)
    batch_size = min(batch_size, max(1, _MAX_VALUES // (width * _MIN_LENGTH)))
    max_length = _MAX_LENGTH if ends is None else _MIN_LENGTH
    net.module_.eval()
    with torch.inference_mode(), full_precision(net.device):
        for first in range(0, len(order), batch_size):
            lanes = order[first : first + batch_size]
            for rows, outputs, x, state, series in _run(net, segments, lanes, max_length, max_rows):
                stops = np.minimum(rows[:, -1] + 1, segments.stops[lanes[: len(rows)]])
                if take is not None:
                    is_row = rows < stops[:, None]
                    take(rows[is_row], outputs.cpu().numpy()[is_row])
                if ends is None:
                    continue
                for numbers, lane in _ends_within(ends, rows[:, 0], stops, max_rows):
                    lengths = torch.from_numpy(ends[numbers] - rows[lane, 0] + 1)
                    where = torch.from_numpy(lane).to(x.device)
                    before = None if state is None else state[where]
                    found = net.module_.end_state(x[where], lengths, before, series[where])
                    if states is None:
                        states = np.zeros((len(ends), *found.shape[1:]), segments.values.dtype)
                    states[numbers] = found.cpu().numpy()
    return np.zeros(0) if states is None else states


def states_after(
    net: LeanNet,
    segments: Segments,
    batch_size: int,
    ends: np.ndarray,
    take: Callable[[np.ndarray, np.ndarray], None] | None = None,
) -> np.ndarray:
    """Return the flattened states after some rows, shape (n_ends, n_numbers), computed by `run_along`."""
    n_numbers = math.prod(net.module_.state_shape)
    if take is None and not len(ends):
        return np.zeros((0, n_numbers), segments.values.dtype)
    return run_along(net, segments, batch_size, take, ends).reshape(len(ends), n_numbers)


def _ends_within(
    ends: np.ndarray, starts: np.ndarray, stops: np.ndarray, max_rows: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the ends within lanes, in groups: their numbers, and the lane of each."""
    first, last = np.searchsorted(ends, starts), np.searchsorted(ends, stops)
    lane = np.repeat(np.arange(len(starts)), last - first)
    numbers = np.concatenate([np.arange(*pair) for pair in zip(first, last, strict=True)])
    size = max(1, max_rows // _MIN_LENGTH)
    for start in range(0, len(numbers), size):
        some = slice(start, start + size)
        yield numbers[some], lane[some]


def _run(
    net: LeanNet, segments: Segments, lanes: np.ndarray, max_length: int, max_rows: int
) -> Iterator[tuple[Any, ...]]:
    """Yield rows, outputs, inputs, state before, and series of the lanes, chunk after chunk."""
    starts, stops = segments.starts[lanes], segments.stops[lanes]
    series = torch.from_numpy(segments.series[lanes]).to(net.device)
    state = None
    if segments.first_states is not None:
        first = segments.first_states[lanes].astype(segments.values.dtype)
        state = torch.from_numpy(first).to(net.device)
    offset, longest = 0, int(stops[0] - starts[0])
    while offset < longest:
        n_lanes = int((stops - starts > offset).sum())
        length = min(longest - offset, max(_MIN_LENGTH, min(max_length, max_rows // n_lanes)))
        rows = starts[:n_lanes, None] + (offset + np.arange(length))
        # Gathered in the order in which layers read them: row after row, of all lanes.
        x = torch.from_numpy(segments.values.take(rows.T, axis=0, mode="clip")).to(net.device).transpose(0, 1)
        state = None if state is None else state[:n_lanes]
        outputs, after = net.module_(x, state, series[:n_lanes])
        yield rows, outputs, x, state, series[:n_lanes]
        state = after
        offset += length
