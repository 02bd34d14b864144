"""Base of the splitters: events, warnings, validation."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length, column_or_1d

from .._core import (
    Labels,
    Rows,
    check_target_index,
    level_of_user,
    mark_anomalies,
    read_series,
    remember_purged,
    validate_parameter_constraints,
    warn_if_anomaly_is_a_guess,
)

Fold = tuple[np.ndarray, np.ndarray]


class BaseTimeSplit(BaseCrossValidator):
    """Base of splitters that read series and time from the index of X."""

    _parameter_constraints: dict = {}
    #: Whether the folds depend on which label is the anomaly.
    _cuts_by_events = False
    n_splits: int

    def get_n_splits(self, X: Rows = None, y: Labels = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
        """
        return self.n_splits

    def split(self, X: Rows, y: Labels = None, groups: Any = None) -> Iterator[Fold]:
        """Yield the rows of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Labels, of which the last in sorted order is the anomaly.
        groups : None
            Ignored: the index says which rows are one series.

        Yields
        ------
        train, test : ndarray of int
            Row positions, ascending.

        Raises
        ------
        ValueError
            If a fold has no training or no test rows, X has lost a panel's index that y still has, or X and y both have
            series or time in their index, and these differ.

        Warns
        -----
        UserWarning
            If training or test rows of a fold have no anomaly although y has some. With `EventSplit`, also if y has two
            labels other than 0 and 1: the last in sorted order is taken as the anomaly.
        """
        validate_parameter_constraints(self._parameter_constraints, vars(self), type(self).__name__)
        check_consistent_length(X, y)
        check_target_index(X, y, np.inf)
        positive = None
        if y is not None:
            classes, positive = mark_anomalies(column_or_1d(y))
            if self._cuts_by_events:
                warn_if_anomaly_is_a_guess(classes)
        for number, (train, test) in enumerate(self._folds(X, positive)):
            for part, rows in (("training", train), ("test", test)):
                if not len(rows):
                    raise ValueError(f"Fold {number} has no {part} rows. Use fewer folds or a smaller gap.")
                if positive is not None and positive.any() and not positive[rows].any():
                    warnings.warn(
                        f"The {part} rows of fold {number} contain no anomaly: F1 is meaningless there. Use fewer "
                        "folds, longer series, or EventSplit.",
                        UserWarning,
                        stacklevel=level_of_user(),
                    )
            if getattr(self, "gap", 0):
                remember_purged(read_series(X), test)
            yield train, test

    @abstractmethod
    def _folds(self, X: Rows, positive: np.ndarray | None) -> Iterator[Fold]:
        """Yield the rows of each fold."""
