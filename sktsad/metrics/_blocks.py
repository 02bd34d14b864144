"""Blocks of neighbouring rows, which a bootstrap of time series resamples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._core import Seed, duration_in_rows
from ._labelled_rows import LabelledRows


@dataclass(frozen=True)
class Blocks:
    """Rows of one or several series, divided into events and pieces of the normal rows between them.

    Attributes
    ----------
    starts : ndarray of shape (n_blocks,)
        The first row of each block, series by series in time order.
    is_event : ndarray of bool, shape (n_blocks,)
        Which blocks are events.
    n_rows : int
        Number of rows.
    """

    starts: np.ndarray
    is_event: np.ndarray
    n_rows: int

    @property
    def sizes(self) -> np.ndarray:
        """Number of rows of each block."""
        return np.diff(self.starts, append=self.n_rows)

    def number_of_rows(self) -> np.ndarray:
        """Return the number of the block of each row."""
        return np.repeat(np.arange(len(self.starts)), self.sizes)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over the rows of each block."""
        return np.add.reduceat(values, self.starts)

    def once(self) -> np.ndarray:
        """Return the weights of the blocks in the data: 1 for each."""
        return np.ones(len(self.starts), dtype=np.int64)

    def draws(self, n_draws: int, random_state: Seed) -> Iterator[np.ndarray]:
        """Yield how often each block is drawn; each draw has as many events, and as many normal blocks, as the data.

        There are no draws if there is only one event or normal block: it would be the same in every draw, without any
        uncertainty.
        """
        random = check_random_state(random_state)
        kinds = [np.flatnonzero(self.is_event), np.flatnonzero(~self.is_event)]
        if min(map(len, kinds)) < 2:
            return
        for _ in range(n_draws):
            drawn = [kind[random.randint(len(kind), size=len(kind))] for kind in kinds]
            yield np.bincount(np.concatenate(drawn), minlength=len(self.starts))


def cut_blocks(rows: LabelledRows, block_length: int | str | timedelta | None) -> Blocks:
    """Make each event a block, and divide the normal rows between events into equal pieces of about ``block_length``.

    None means the square root of the number of rows. No block crosses the border of a series.
    """
    n_rows, series = len(rows.positive), rows.series
    length: Any = np.sqrt(n_rows)
    if block_length is not None:
        steps = series.steps() if series.has_dates else None
        length = duration_in_rows("block_length", block_length, steps, np.diff(series.bounds), least=1)
    turns = np.flatnonzero(np.diff(rows.positive)) + 1
    starts = np.union1d(turns, rows.series.bounds[:-1])
    sizes = np.diff(starts, append=n_rows)
    is_event = rows.positive[starts]
    n_pieces = np.where(
        is_event, 1, np.maximum(np.rint(sizes / np.broadcast_to(length, n_rows)[starts]), 1)
    ).astype(np.int64)

    of_stretch = np.repeat(np.arange(len(starts)), n_pieces)
    piece = np.arange(len(of_stretch)) - np.repeat(n_pieces.cumsum() - n_pieces, n_pieces)
    cuts = piece * sizes[of_stretch] // n_pieces[of_stretch]
    return Blocks(starts[of_stretch] + cuts, is_event[of_stretch], n_rows)
