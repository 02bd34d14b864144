"""Folds in time order, for one series or a panel."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral

import numpy as np

from .._core import Interval, Rows, StrOptions, read_series
from ._base_time_split import BaseTimeSplit, Fold


class SeriesSplit(BaseTimeSplit):
    """Split every series in time order: training rows before test rows, with a gap between them.

    ``TimeSeriesSplit`` of scikit-learn for panels: test blocks follow one another to the end of the series, and
    each is preceded by its training rows.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    gap : int, default=0
        Rows of each series left out between training and test; with ``by="time"``, time stamps.
    test_size : int, default=None
        Rows of each series in a test block; with ``by="time"``, time stamps. None makes all blocks, and the first
        training block, about equally long: ``n // (n_splits + 1)``.
    expanding : bool, default=True
        Whether the training rows go back to the start. If False, they are as many as in the first fold, and slide.
    by : {"position", "time"}, default="position"
        "position" cuts each series by its own rows, so that each gives its share to every fold. A day in the
        calendar can then be training for one series and test for another: what happens to many series at once is
        seen in training. "time" cuts all series at the same instants; it counts the distinct time stamps of all
        series, and a series may have no row in a fold.

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
    """

    _parameter_constraints: dict = {
        "n_splits": [Interval(Integral, 1, None, closed="left")],
        "gap": [Interval(Integral, 0, None, closed="left")],
        "test_size": [Interval(Integral, 1, None, closed="left"), None],
        "expanding": ["boolean"],
        "by": [StrOptions({"position", "time"})],
    }

    def __init__(
        self,
        n_splits: int = 5,
        *,
        gap: int = 0,
        test_size: int | None = None,
        expanding: bool = True,
        by: str = "position",
    ) -> None:
        self.n_splits = n_splits
        self.gap = gap
        self.test_size = test_size
        self.expanding = expanding
        self.by = by

    def _folds(self, X: Rows, positive: np.ndarray | None) -> Iterator[Fold]:
        rows = read_series(X)
        if self.by == "time":
            if rows.times is None:
                raise ValueError("by='time' needs the time of the rows as their index. Use by='position'.")
            stamps, instant = np.unique(rows.times, return_inverse=True)
            cuts = self._cuts(len(stamps), "The time stamps of all series")
            cuts_of = {key: np.searchsorted(instant[part], cuts) for key, part in rows.parts()}
        else:
            cuts_of = {
                key: self._cuts(
                    part.stop - part.start, "The rows" if key is None else f"The rows of series {key!r}"
                )
                for key, part in rows.parts()
            }
        for fold in range(self.n_splits):
            train, test = [], []
            for key, part in rows.parts():
                order = rows.order[part]
                train_start, train_stop, test_start, test_stop = cuts_of[key][fold]
                train.append(order[train_start:train_stop])
                test.append(order[test_start:test_stop])
            yield np.sort(np.concatenate(train)), np.sort(np.concatenate(test))

    def _cuts(self, n: int, what: str) -> np.ndarray:
        """Return start and stop of training and of test for each fold, shape (n_splits, 4)."""
        size = n // (self.n_splits + 1) if self.test_size is None else self.test_size
        first_train = n - self.n_splits * size - self.gap
        if size < 1 or first_train < 1:
            raise ValueError(
                f"{what} are too few, {n}, for n_splits={self.n_splits}, test_size={self.test_size} and "
                f"gap={self.gap}. Use fewer or smaller folds, or drop short series."
            )
        test_start = n - size * np.arange(self.n_splits, 0, -1)
        train_stop = test_start - self.gap
        train_start = train_stop * 0 if self.expanding else train_stop - first_train
        return np.column_stack([train_start, train_stop, test_start, test_start + size])
