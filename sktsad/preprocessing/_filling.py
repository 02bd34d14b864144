"""Values that are missing, filled by earlier ones: what is kept of a column from row to row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .._core import fitted_part

#: Rows that are worked on at once: the memory it takes does not grow with the series.
_BLOCK = 32768
#: Numbers that are kept of a column, see `Filling.start`.
N_KEPT = 5


@fitted_part
@dataclass(frozen=True)
class Filling:
    """What is made of a column, and what is appended to it; the same for all rows at once and row by row.

    Attributes
    ----------
    strategy : {"previous", "mean", "median"}
        What fills.
    add_indicator, add_age, add_unchanged : bool
        Whether a column is appended that says where values are missing, since when, and since when they are the same.
    """

    strategy: str
    add_indicator: bool
    add_age: bool
    add_unchanged: bool

    @property
    def suffixes(self) -> list[str]:
        """What the names of appended columns end with."""
        given = (self.add_indicator, self.add_age, self.add_unchanged)
        return [
            name for name, is_given in zip(("missing", "age", "unchanged"), given, strict=True) if is_given
        ]

    @staticmethod
    def start() -> np.ndarray:
        """Return what is kept of a column before its first row.

        The last value; rows since it, and since it last changed; sum and number of values.
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
        """Yield parts of a column: filled, and what is appended. What is kept becomes that after its last row.

        Parameters
        ----------
        x : ndarray of shape (n_rows,)
            The column, in time order.
        kept : ndarray of shape (N_KEPT,)
            As `start` returns it; it is changed in place.
        median : float
            Fills where nothing else does.
        limit, oldest : float, or ndarray of shape (n_rows,)
            Rows without a value that an earlier one fills, and the largest age.
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
        # From what is kept on: rounded as if all came at once.
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
        """Return values, filled, and what is appended, from what is kept after each of them."""
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
