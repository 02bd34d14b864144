"""The rows of one column of one series, and their features."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .._core import is_gap
from ._feature_set import FeatureSet
from ._period import Period


class ColumnRows:
    """Rows of a series that have a value in one column, in time order.

    Parameters
    ----------
    features : FeatureSet
        The features to compute.
    period : Period or None
        The period, if any feature needs one.
    zone : str, tzinfo or None
        Time zone whose clocks define a day.
    times : ndarray of shape (n_rows,) or None
        Times of the rows.
    steps : ndarray of shape (n_rows,)
        The time step used for each row.
    max_gap : float
        Longest step in time that is not a gap, in units of the time step.
    """

    def __init__(
        self,
        features: FeatureSet,
        period: Period | None,
        zone: Any,
        times: np.ndarray | None,
        steps: np.ndarray,
        max_gap: float,
    ) -> None:
        cuts: Any = [] if times is None else np.flatnonzero(is_gap(np.diff(times), max_gap, steps[1:])) + 1
        self.segments = [slice(*ends) for ends in pairwise([0, *cuts, len(steps)])]
        self.found = (
            {each: period.look_back(*each, times, steps, zone) for each in features.lookups} if period else {}
        )
        #: Start and stop of each block of rows with one time step, and the features in rows of that step.
        self.blocks = [(0, len(steps), features)]
        if features.lengths_of_time:
            others = np.flatnonzero((np.diff(steps) != 0) & ~np.isnan(steps[1:])) + 1
            ends = [0, *others.tolist(), len(steps)]
            self.blocks = [(start, stop, features.at(steps[start])) for start, stop in pairwise(ends)]

    def features_of(self, x: np.ndarray, least: float) -> Iterator[np.ndarray]:
        """Yield the features of a column; its z-scores divide by no less than ``least``."""
        if len(self.blocks) == 1:
            yield from self.blocks[0][2].of_column(x, self.segments, self.found, least)
            return
        sizes = [stop - start for start, stop, _ in self.blocks]
        each = zip(*(features.ewm_spans for _, _, features in self.blocks), strict=True)
        spans = [np.repeat(span, sizes) for span in each]
        pieces = []
        for start, stop, features in self.blocks:
            segments = [
                slice(part.start, min(part.stop, stop)) for part in self.segments if part.start < stop
            ]
            found = {lookup: (first[:stop], last[:stop]) for lookup, (first, last) in self.found.items()}
            upto = [span[:stop] for span in spans]
            whole = features.of_column(x[:stop], segments, found, least, upto)
            pieces.append([feature[start:stop] for feature in whole])
        yield from (np.concatenate(parts) for parts in zip(*pieces, strict=True))
