"""The distribution of all scores seen so far, in bounded memory."""

from __future__ import annotations

import math
from typing import Self

import numpy as np

from .._core import as_written

#: Largest number of distinct scores to keep; the larger half is kept exactly.
MOST_LEVELS = 2**16


class Distribution:
    """Scores as distinct values with their counts.

    Parameters
    ----------
    levels : ndarray of shape (n_levels,)
        Distinct scores, ascending; at least one.
    counts : ndarray of int, shape (n_levels,)
        How often each was seen.
    """

    def __init__(self, levels: np.ndarray, counts: np.ndarray) -> None:
        self.levels, self.counts = levels, counts
        self.up_to = np.cumsum(counts)

    @classmethod
    def of(cls, scores: np.ndarray, counts: np.ndarray | None = None) -> Self:
        """Collect scores, each seen once or a given number of times."""
        if counts is None:
            return cls(*np.unique(scores, return_counts=True))
        levels, level_of_score = np.unique(scores, return_inverse=True)
        sums = np.zeros(len(levels), dtype=np.int64)
        np.add.at(sums, level_of_score, counts)
        return cls(levels, sums)

    def __len__(self) -> int:
        return int(self.up_to[-1])

    def at_rank(self, rank: int) -> float:
        """Return the score with this rank; the smallest has rank 1."""
        return self.levels[np.searchsorted(self.up_to, rank)]

    def quantile(self, q: float) -> float:
        """Return the smallest score such that a share of at least ``q`` of the scores does not exceed it."""
        return self.at_rank(max(math.ceil(round(as_written(q) * len(self), 9)), 1))

    def median(self) -> float:
        """Return the median; for an even number of scores, the mean of the two in the middle."""
        return self.at_rank((len(self) + 1) // 2) / 2 + self.at_rank(len(self) // 2 + 1) / 2

    def mean(self) -> float:
        """Return the mean."""
        return np.average(self.levels, weights=self.counts)

    def std(self) -> float:
        """Return the standard deviation."""
        return np.sqrt(np.average((self.levels - self.mean()) ** 2, weights=self.counts))

    def distances(self, center: float) -> Distribution:
        """Return the distribution of the distances of the scores from a centre."""
        return Distribution.of(np.abs(self.levels - center), self.counts)

    def count_above(self, level: float) -> int:
        """Return how many scores are above a level."""
        n_levels = np.searchsorted(self.levels, level, side="right")
        return len(self) - (int(self.up_to[n_levels - 1]) if n_levels else 0)

    def above(self, level: float) -> np.ndarray:
        """Return the scores above a level, with repetitions; if there are too many, a sample evenly spaced in rank."""
        n_above = self.count_above(level)
        ranks = np.linspace(len(self) - n_above + 1, len(self), min(n_above, MOST_LEVELS)).astype(np.int64)
        return self.levels[np.searchsorted(self.up_to, ranks)]

    def thinned(self) -> Distribution:
        """Return the distribution with a bounded number of levels.

        The largest levels stay as they are, since thresholds lie among them. The others are replaced by the means of
        groups of neighbours, which hold about the same number of scores each.
        """
        if len(self.levels) <= MOST_LEVELS:
            return self
        n_joined, n_groups = len(self.levels) - MOST_LEVELS // 2, MOST_LEVELS // 4
        levels, counts, up_to = self.levels[:n_joined], self.counts[:n_joined], self.up_to[:n_joined]
        group = (up_to - 1) * n_groups // up_to[-1]
        firsts = np.flatnonzero(np.diff(group, prepend=-1))
        sizes = np.add.reduceat(counts, firsts)
        means = np.add.reduceat(levels * counts, firsts) / sizes
        return Distribution(
            np.append(means, self.levels[n_joined:]), np.append(sizes, self.counts[n_joined:])
        )
