"""Folds that share out the events and cut none in two."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import pairwise
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from .._series import find_events, read_series
from ._base import BaseTimeSplit, Fold


class EventSplit(BaseTimeSplit):
    """Share out the events among the folds, whole, each fold one block of time of every series.

    An event is a run of anomalous rows that follow one another in a series. Test blocks are contiguous and
    together hold every row once. Training is all the rest, less a gap: also rows *after* the test block, so a
    score over these folds is about unseen events, not about the future. `SeriesSplit` is about the future, but
    with rare events some of its folds have none.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    gap : int, default=0
        Rows of each series left out of training on either side of its test block. Use at least the length of the
        window less one.

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
        "gap": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(self, n_splits: int = 5, *, gap: int = 0) -> None:
        self.n_splits = n_splits
        self.gap = gap

    def _folds(self, X: Any, positive: np.ndarray | None) -> Iterator[Fold]:
        if positive is None:
            raise ValueError("EventSplit needs y, to see the events. Pass y, or use SeriesSplit.")
        rows = read_series(X)
        events_of_fold = np.zeros(self.n_splits, dtype=int)
        fold_of_row = np.empty(rows.n_rows, dtype=int)  # in series order, as rows.order
        near = np.zeros((self.n_splits, rows.n_rows), dtype=bool)
        for _, part in rows.parts():
            cuts = self._cuts(positive[rows.order[part]], events_of_fold)
            n = part.stop - part.start
            fold_of_row[part] = np.searchsorted(cuts, np.arange(n), side="right")
            edges = np.concatenate([[0], cuts, [n]])
            for fold, (start, stop) in enumerate(pairwise(edges)):
                if stop > start:
                    near[fold, part][max(0, start - self.gap) : stop + self.gap] = True
        if events_of_fold.sum() < self.n_splits:
            warnings.warn(
                f"{events_of_fold.sum()} event(s) for n_splits={self.n_splits} folds: some folds have none. Use fewer "
                "folds.",
                UserWarning,
                stacklevel=3,
            )
        for fold in range(self.n_splits):
            yield np.sort(rows.order[~near[fold]]), np.sort(rows.order[fold_of_row == fold])

    def _cuts(self, positive: np.ndarray, events_of_fold: np.ndarray) -> np.ndarray:
        """Return where the blocks of one series are cut, and count its events to their folds.

        Each fold gets an equal share of the series' events; those that are left over go to the folds that have
        the fewest so far. Within the room that the events leave, cuts make equally long blocks.
        """
        starts, stops = find_events(positive)
        share = np.full(self.n_splits, len(starts) // self.n_splits)
        share[np.argsort(events_of_fold, kind="stable")[: len(starts) % self.n_splits]] += 1
        events_of_fold += share
        before = np.cumsum(share)[:-1]  # events before each cut
        n = len(positive)
        lowest = np.append(0, stops)[before]
        highest = np.append(starts, n)[before]
        equal = n * np.arange(1, self.n_splits) // self.n_splits
        return np.clip(equal, lowest, highest)
