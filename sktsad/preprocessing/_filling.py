"""Missing values filled from earlier ones: the state of a column that is kept from row to row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .._core import fitted_part

#: Number of rows processed at once, so that memory does not grow with the series.
_BLOCK = 32768
#: Number of values kept for a column, see `Filling.start`.
N_KEPT = 5


@fitted_part
@dataclass(frozen=True)
class Filling:
    """How a column is filled, and which columns are appended, for all rows at once or row by row.

    Attributes
    ----------
    strategy : {"previous", "mean", "median"}
        The value to fill with.
    add_indicator, add_age, add_unchanged : bool
        Whether to append columns for whether a value is missing, for how long, and for how long it has not changed.
    """

    strategy: str
    add_indicator: bool
    add_age: bool
    add_unchanged: bool

    @property
    def suffixes(self) -> list[str]:
        """Suffixes of the names of appended columns."""
        given = (self.add_indicator, self.add_age, self.add_unchanged)
        return [
            name for name, is_given in zip(("missing", "age", "unchanged"), given, strict=True) if is_given
        ]

    @staticmethod
    def start() -> np.ndarray:
        """Return the values kept for a column before its first row.

        They are the last value, the number of rows since then and since the last change, and the sum and number of
        values.
        """
        return np.array([np.nan, np.inf, np.inf, 0.0, 0.0])

    def run(
        self,
        x: np.ndarray,
        kept: np.ndarray,
        median: float,
        limit: np.ndarray | float,
        oldest: np.ndarray | float,
    ) -> Iterator[tuple[slice, list[np.ndarray]]]:
        """Yield parts of a column, filled, with the appended columns; update ``kept`` to the state after its last row.

        Parameters
        ----------
        x : ndarray of shape (n_rows,)
            The column, in time order.
        kept : ndarray of shape (N_KEPT,)
            As returned by `start`; changed in place.
        median : float
            The value to fill with if there is no other.
        limit, oldest : float, or ndarray of shape (n_rows,)
            Largest number of successive missing values that are filled from earlier ones, and the largest age.
        """
        for begin in range(0, len(x), _BLOCK):
            rows = slice(begin, begin + _BLOCK)
            each = (bound[rows] if np.ndim(bound) else bound for bound in (limit, oldest))  # type: ignore[index]
            yield rows, self._block(x[rows].astype(np.float64), kept, median, *each)

    def _block(
        self,
        x: np.ndarray,
        kept: np.ndarray,
        median: float,
        limit: np.ndarray | float,
        oldest: np.ndarray | float,
    ) -> list[np.ndarray]:
        at = np.arange(len(x))
        there = ~np.isnan(x)
        last = np.maximum.accumulate(np.where(there, at, -1))
        previous = np.where(last >= 0, x[last], kept[0])
        age = np.where(last >= 0, at - last, kept[1] + 1 + at)
        is_other = there & (x != np.append(kept[0], previous[:-1]))
        change = np.maximum.accumulate(np.where(is_other, at, -1))
        unchanged = np.where(change >= 0, at - change, kept[2] + 1 + at)
        # Continue from the kept sum, so that rounding errors are the same as in one pass.
        sums = np.cumsum(np.append(kept[3], np.where(there, x, 0)))[1:]
        counts = kept[4] + np.cumsum(there)
        kept[:] = previous[-1], age[-1], unchanged[-1], sums[-1], counts[-1]
        return self.result(x, previous, age, unchanged, sums, counts, median, limit, oldest)

    def result(
        self,
        x: np.ndarray,
        previous: np.ndarray,
        age: np.ndarray,
        unchanged: np.ndarray,
        sums: np.ndarray,
        counts: np.ndarray,
        median: np.ndarray | float,
        limit: np.ndarray | float,
        oldest: np.ndarray | float,
    ) -> list[np.ndarray]:
        """Return the filled values and the appended columns, from the state kept after each value."""
        missing = np.isnan(x)
        fill: np.ndarray | float = median
        if self.strategy == "previous":
            fill = previous
        elif self.strategy == "mean":
            fill = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        fill = np.where(np.isnan(fill) | (age > limit), median, fill)
        out = [np.where(missing, fill, x)]
        if self.add_indicator:
            out.append(missing.astype(np.float64))
        out += [np.minimum(age, oldest)] if self.add_age else []
        return out + ([np.minimum(unchanged, oldest)] if self.add_unchanged else [])
