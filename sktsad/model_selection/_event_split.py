"""Folds that distribute whole events."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import timedelta
from numbers import Integral

import numpy as np

from .._core import (
    LENGTH_OF_TIME,
    Interval,
    Rows,
    find_events,
    is_length_of_time,
    level_of_user,
    nanoseconds,
    read_series,
    require_dates,
)
from ._base_time_split import BaseTimeSplit, Fold


class EventSplit(BaseTimeSplit):
    """Distribute whole events over the folds, each fold one block of time in every series.

    An event is a run of consecutive anomalous rows of a series. Test blocks are contiguous and together contain every
    row once. All other rows, minus a gap, are training rows, also those *after* the test block: a score over these
    folds is an estimate for unseen events, not for the future. `SeriesSplit` estimates scores in the future, but if
    events are rare, some of its folds have none. The block of a fold may be early in one series and late in another, so
    that every fold gets its share of all events.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    gap : int, str or timedelta, default=0
        Number of rows of each series left out of training on either side of its test block; or a length of time, such
        as ``"1D"``, if the index has dates. Use at least the length of the window minus one row.

    Warns
    -----
    UserWarning
        If there are fewer events than folds.

    See Also
    --------
    SeriesSplit : Training before test.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.model_selection import EventSplit
    >>> y = np.array([0, 1, 1, 0, 0, 0, 0, 0, 1, 0])
    >>> for train, test in EventSplit(2).split(y.reshape(-1, 1), y):
    ...     print(train, test)
    [5 6 7 8 9] [0 1 2 3 4]
    [0 1 2 3 4] [5 6 7 8 9]
    """

    _parameter_constraints: dict = {
        "n_splits": [Interval(Integral, 2, None, closed="left")],
        "gap": [Interval(Integral, 0, None, closed="left"), *LENGTH_OF_TIME],
    }

    _cuts_by_events = True

    def __init__(self, n_splits: int = 5, *, gap: int | str | timedelta = 0) -> None:
        self.n_splits = n_splits
        self.gap = gap

    def _folds(self, X: Rows, positive: np.ndarray | None) -> Iterator[Fold]:
        if positive is None:
            raise ValueError("EventSplit needs y, to find the events. Pass y, or use SeriesSplit.")
        rows = read_series(X)
        places, gap = np.arange(rows.n_rows), self.gap
        if is_length_of_time(self.gap):
            require_dates("gap", self.gap, rows)
            places, gap = rows.times, nanoseconds("gap", self.gap)  # type: ignore[assignment]
        events_of_fold = np.zeros(self.n_splits, dtype=int)
        fold_of_row = np.empty(rows.n_rows, dtype=int)  # in series order, as rows.order
        near = np.zeros((self.n_splits, rows.n_rows), dtype=bool)
        for _, part in rows.parts():
            edges, share = self._blocks(positive[rows.order[part]])
            for fold, block in enumerate(_blocks_of_folds(share, events_of_fold)):
                start, stop = edges[block], edges[block + 1]
                events_of_fold[fold] += share[block]
                fold_of_row[part][start:stop] = fold
                if stop > start:
                    own = places[part]
                    first = np.searchsorted(own, own[start] - gap)
                    near[fold, part][first : np.searchsorted(own, own[stop - 1] + gap, side="right")] = True
        if events_of_fold.sum() < self.n_splits:
            warnings.warn(
                f"{events_of_fold.sum()} event(s) for n_splits={self.n_splits} folds: some folds have none. Use fewer "
                "folds.",
                UserWarning,
                stacklevel=level_of_user(),
            )
        for fold in range(self.n_splits):
            yield np.sort(rows.order[~near[fold]]), np.sort(rows.order[fold_of_row == fold])

    def _blocks(self, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the edges of one block per fold in the rows of a series, and the events in each block.

        Each block has an equal share of the events of the series, or one event more; within this limit, lengths are as
        equal as possible.
        """
        starts, stops = find_events(positive)
        n, n_events = len(positive), len(starts)
        least = n_events // self.n_splits
        equal = n * np.arange(1, self.n_splits) // self.n_splits
        before = [0]  # events before each edge
        for left, wanted in zip(range(self.n_splits - 1, 0, -1), np.searchsorted(starts, equal), strict=True):
            lowest = max(before[-1] + least, n_events - left * (least + 1))
            highest = min(before[-1] + least + 1, n_events - left * least)
            before.append(min(max(wanted, lowest), highest))
        cuts = np.clip(equal, np.append(0, stops)[before[1:]], np.append(starts, n)[before[1:]])
        return np.concatenate([[0], cuts, [n]]), np.diff([*before, n_events])


def _blocks_of_folds(share: np.ndarray, events_of_fold: np.ndarray) -> np.ndarray:
    """Assign the blocks with one more event to the folds with the fewest so far, or else block i to fold i."""
    more = share > share.min()
    fewest_first = np.lexsort((~more, events_of_fold))
    blocks = np.empty(len(share), dtype=int)
    blocks[np.sort(fewest_first[: more.sum()])] = np.flatnonzero(more)
    blocks[np.sort(fewest_first[more.sum() :])] = np.flatnonzero(~more)
    return blocks
