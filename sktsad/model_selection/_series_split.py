"""Folds in time order, for one series or a panel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np

from .._core import (
    LENGTH_OF_TIME,
    Interval,
    Labels,
    Rows,
    StrOptions,
    is_length_of_time,
    modal_step,
    nanoseconds,
    read_series,
    require_dates,
)
from ._base_time_split import BaseTimeSplit, Fold


class SeriesSplit(BaseTimeSplit):
    """Split every series in time order: training rows before test rows, with a gap between them.

    This is ``TimeSeriesSplit`` of scikit-learn for panels: consecutive test blocks end with the last row of the series,
    and the training rows of each come before it.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    gap : int, str or timedelta, default=0
        Number of rows of each series, or of time stamps with ``by="time"``, left out between training and test. Or a
        length of time, such as ``"1D"``, if the index has dates: no training row lies within this time before a test
        block.
    test_size : int, str or timedelta, default=None
        Number of rows of each series, or of time stamps with ``by="time"``, in a test block. Or how long a block lasts,
        such as ``"7D"``; the last block ends one time step after the last row. None makes all blocks, and the first
        training block, about equally long: ``n // (n_splits + 1)``.
    expanding : bool, default=True
        Whether the training rows start at the first row. If False, each fold trains only on the latest rows, as many as
        in the first fold.
    by : {"position", "time"}, default="position"
        "position" splits each series by its own rows, so that every fold contains rows of each. The same day can then
        be in training for one series and in test for another, so that an incident of many series may already have been
        seen in training. "time" splits all series at the same times; it counts the distinct time stamps of all series,
        and a series may have no row in a fold.
    partition : bool, default=False
        Whether to add a first fold that tests the rows before all test blocks, and trains on later rows, as there are
        no earlier ones. Then each row is tested once, as ``StackingClassifier`` and ``cross_val_predict`` require; all
        other folds train only on the past.

    See Also
    --------
    EventSplit : Folds that distribute the events.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.model_selection import SeriesSplit
    >>> for train, test in SeriesSplit(2, gap=1).split(np.zeros((9, 1))):
    ...     print(train, test)
    [0 1] [3 4 5]
    [0 1 2 3 4] [6 7 8]
    >>> for train, test in SeriesSplit(2, partition=True).split(np.zeros((9, 1))):
    ...     print(train, test)
    [3 4 5 6 7 8] [0 1 2]
    [0 1 2] [3 4 5]
    [0 1 2 3 4 5] [6 7 8]
    """

    _parameter_constraints: dict = {
        "n_splits": [Interval(Integral, 1, None, closed="left")],
        "gap": [Interval(Integral, 0, None, closed="left"), *LENGTH_OF_TIME],
        "test_size": [Interval(Integral, 1, None, closed="left"), *LENGTH_OF_TIME, None],
        "expanding": ["boolean"],
        "by": [StrOptions({"position", "time"})],
        "partition": ["boolean"],
    }

    def __init__(
        self,
        n_splits: int = 5,
        *,
        gap: int | str | timedelta = 0,
        test_size: int | str | timedelta | None = None,
        expanding: bool = True,
        by: str = "position",
        partition: bool = False,
    ) -> None:
        self.n_splits = n_splits
        self.gap = gap
        self.test_size = test_size
        self.expanding = expanding
        self.by = by
        self.partition = partition

    def get_n_splits(self, X: Rows = None, y: Labels = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
            The parameter ``n_splits``, plus 1 with ``partition=True``.
        """
        return self.n_splits + self.partition

    def _folds(self, X: Rows, positive: np.ndarray | None) -> Iterator[Fold]:
        rows = read_series(X)
        for name in ("gap", "test_size"):
            if is_length_of_time(getattr(self, name)):
                require_dates(name, getattr(self, name), rows)
        if self.by == "time":
            if rows.times is None:
                raise ValueError("by='time' needs the time of the rows as their index. Use by='position'.")
            stamps, instant = np.unique(rows.times, return_inverse=True)
            cuts = self._cuts(stamps, "The time stamps of all series")
            cuts_of = {key: np.searchsorted(instant[part], cuts) for key, part in rows.parts()}
        else:
            places = np.arange(rows.n_rows) if rows.times is None else rows.times
            cuts_of = {
                key: self._cuts(places[part], "The rows" if key is None else f"The rows of series {key!r}")
                for key, part in rows.parts()
            }
        for fold in range(self.get_n_splits()):
            train, test = [], []
            for key, part in rows.parts():
                order = rows.order[part]
                train_start, train_stop, test_start, test_stop = cuts_of[key][fold]
                train.append(order[train_start:train_stop])
                test.append(order[test_start:test_stop])
            yield np.sort(np.concatenate(train)), np.sort(np.concatenate(test))

    def _cuts(self, times: np.ndarray, what: str) -> np.ndarray:
        """Return start and stop of training and of test for each fold, shape (n_folds, 4)."""
        n, back = len(times), np.arange(self.n_splits, -1, -1)
        if is_length_of_time(self.test_size):
            end = times[-1] + (modal_step(np.diff(times)) if n > 1 else 1)
            edges = np.searchsorted(times, end - nanoseconds("test_size", self.test_size) * back)
        else:
            edges = n - (self.test_size or n // (self.n_splits + 1)) * back  # type: ignore[operator]
        test_start = edges[:-1]
        if is_length_of_time(self.gap):
            train_stop = np.searchsorted(
                times, times[test_start.clip(0, n - 1)] - nanoseconds("gap", self.gap)
            )
        else:
            train_stop = test_start - self.gap
        first_train = train_stop[0]
        if (np.diff(edges) < 1).any() or first_train < 1:
            raise ValueError(
                f"{what} are too few, {n}, for n_splits={self.n_splits}, test_size={self.test_size!r} and "
                f"gap={self.gap!r}. Use fewer or smaller folds, or drop short series."
            )
        train_start = train_stop * 0 if self.expanding else train_stop - first_train
        cuts = np.column_stack([train_start, train_stop, test_start, edges[1:]])
        if not self.partition:
            return cuts
        before = int(test_start[0])
        if is_length_of_time(self.gap):
            start = np.searchsorted(times, times[before - 1] + nanoseconds("gap", self.gap), side="right")
        else:
            start = before + self.gap  # type: ignore[operator]
        stop = n if self.expanding else min(n, start + first_train)
        return np.insert(cuts, 0, [start, stop, 0, before], axis=0)
