"""The rows of one column of some series, and the features that they get."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .._core import equal_parts, is_gap
from ._feature_set import FeatureSet
from ._period import Period


class ColumnRows:
    """Rows that all have a value, series by series.

    The time step may change within a series, as while rows come, only if there is no other series.

    Parameters
    ----------
    features : FeatureSet
        Which features.
    period : Period or None
        The period, if any feature needs one.
    zone : str, tzinfo or None
        Time zone of the clocks that days are told by.
    bounds : ndarray of shape (n_series + 1,)
        Where series start and stop.
    times : ndarray of shape (n_rows,) or None
        When they come.
    steps : ndarray of shape (n_rows,)
        The time step that each goes by.
    max_gap : float
        Longest step in time that is not a gap, in units of the time step.
    """

    def __init__(
        self,
        features: FeatureSet,
        period: Period | None,
        zone: Any,
        bounds: np.ndarray,
        times: np.ndarray | None,
        steps: np.ndarray,
        max_gap: float,
    ) -> None:
        is_start = np.zeros(len(steps), dtype=bool)
        is_start[bounds[:-1]] = True
        if times is not None:
            is_start[1:] |= is_gap(np.diff(times), max_gap, steps[1:])
        #: Where rows of a series without a gap start, and where the last stop.
        self.cuts = np.append(np.flatnonzero(is_start), len(steps))
        self.found = (
            {each: period.look_back(*each, times, steps, zone, bounds) for each in features.lookups}
            if period
            else {}
        )
        #: Where the rows start and stop that go by one time step, and the features in rows of it.
        self.blocks = [(0, len(steps), features)]
        if features.lengths_of_time:
            others = np.flatnonzero((np.diff(steps) != 0) & ~np.isnan(steps[1:])) + 1
            ends = [0, *others.tolist(), len(steps)]
            self.blocks = [(start, stop, features.at(steps[start])) for start, stop in pairwise(ends)]

        self._parts = equal_parts(self.cuts)

    def features_of(self, x: np.ndarray, least: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the features of a column; its z-scores divide by no less than ``least``."""
        if len(self.blocks) == 1:
            yield from self.blocks[0][2].of_column(x, self._parts, self.found, least)
            return
        sizes = [stop - start for start, stop, _ in self.blocks]
        each = zip(*(features.ewm_spans for _, _, features in self.blocks), strict=True)
        spans = [np.repeat(span, sizes) for span in each]
        pieces = []
        for start, stop, features in self.blocks:
            parts = equal_parts(np.append(self.cuts[self.cuts < stop], stop))
            found = {lookup: (first[:stop], last[:stop]) for lookup, (first, last) in self.found.items()}
            upto = [span[:stop] for span in spans]
            whole = features.of_column(x[:stop], parts, found, least[:stop], upto)
            pieces.append([feature[start:stop] for feature in whole])
        yield from (np.concatenate(parts) for parts in zip(*pieces, strict=True))
