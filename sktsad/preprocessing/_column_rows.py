"""The rows of one column of some series, and their features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._core import (
    MaxGap,
    equal_parts,
    is_gap,
)
from ._feature_set import FeatureSet
from ._period import Period


class ColumnRows:
    """Rows that all have a value, series by series.

    Parameters
    ----------
    features : FeatureSet
        The features to compute.
    period : Period or None
        The period, if any feature needs one.
    zone : str, tzinfo or None
        Time zone of the clocks that define a day.
    bounds : ndarray of shape (n_series + 1,)
        Where series start and stop.
    times : ndarray of shape (n_rows,) or None
        Times of the rows.
    steps : ndarray of shape (n_rows,)
        The time step used for each row.
    max_gap : float, str or timedelta
        Longest step in time that is not a gap, as a multiple of the time step, or a length of time.
    """

    def __init__(
        self,
        features: FeatureSet,
        period: Period | None,
        zone: Any,
        bounds: np.ndarray,
        times: np.ndarray | None,
        steps: np.ndarray,
        max_gap: MaxGap,
    ) -> None:
        is_start = np.zeros(len(steps), dtype=bool)
        is_start[bounds[:-1]] = True
        if times is not None:
            is_start[1:] |= is_gap(np.diff(times), max_gap, steps[1:])
        self._parts = equal_parts(np.append(np.flatnonzero(is_start), len(steps)))
        self._found = (
            {each: period.look_back(*each, times, steps, zone, bounds) for each in features.lookups}
            if period
            else {}
        )
        #: The features with all sizes in rows, and which of these each row has.
        self._features, self._of_row = features.at_each(steps)

    def features_of(self, x: np.ndarray, least: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the features of a column; the divisor of its z-scores is at least ``least``."""
        common = x, self._parts, self._found, least
        if len(self._features) == 1:
            yield from self._features[0].of_column(*common)
            return
        each = zip(*(features.ewm_spans for features in self._features), strict=True)
        spans = [np.array(span)[self._of_row] for span in each]
        found = (features.of_column(*common, spans) for features in self._features)
        for same in zip(*found, strict=True):
            yield np.array(same)[self._of_row, np.arange(len(x))]
