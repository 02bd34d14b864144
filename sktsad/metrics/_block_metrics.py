"""All metrics of a score at once, as functions of the weights of blocks of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core import AlarmRule
from ._blocks import Blocks
from ._labelled_rows import LabelledRows, is_in_time
from ._precision_recall_f import ratio

PER_DAY, PER_1000_ROWS = "false alarms per day", "false alarms per 1,000 rows"


class BlockMetrics:
    """The metrics of one score for given weights of blocks; whatever does not depend on the weights is computed once.

    Parameters
    ----------
    rows : LabelledRows
        Labels and scores.
    blocks : Blocks
        How the rows are divided into blocks.
    threshold : float
        A row with a larger score is an alarm.
    max_delay : int, str or timedelta
        Number of rows, or length of time, after its start in which an event must be found.
    days : ndarray of shape (n_rows,) or None
        How long each row lasts; None counts false alarms by rows.
    place : ndarray of int, shape (n_rows,)
        Position of each row in time, counted in rows.
    rule : AlarmRule
        Which false alarms count as one.
    """

    def __init__(
        self,
        rows: LabelledRows,
        blocks: Blocks,
        threshold: float,
        max_delay: Any,
        days: np.ndarray | None,
        place: np.ndarray,
        rule: AlarmRule,
    ) -> None:
        self.rows, self.blocks = rows, blocks
        self.place, self.rule = place, rule
        self.exposure_name = PER_1000_ROWS if days is None else PER_DAY
        alarm, sizes = rows.values > threshold, blocks.sizes
        first = np.repeat(blocks.starts, sizes)
        in_time = is_in_time(rows, first, np.arange(blocks.n_rows), max_delay)
        self._n_in_time = blocks.sum(in_time)[blocks.is_event]
        found = blocks.is_event & (blocks.sum(alarm) > 0)
        found_in_time = blocks.is_event & (blocks.sum(alarm & in_time) > 0)
        run_starts = np.zeros(blocks.n_rows)
        run_starts[rule.find(alarm & ~rows.positive, place).first] = 1
        exposure = np.full(blocks.n_rows, 1 / 1000) if days is None else days
        self._counts = np.array(
            [
                blocks.sum(alarm & rows.positive),
                blocks.sum(alarm),
                found,
                found_in_time * sizes,
                blocks.sum(run_starts),
                sizes,
                blocks.is_event * sizes,
                blocks.is_event,
                blocks.sum(np.where(rows.positive, 0, exposure)),
            ]
        )
        self._rank()

    def _rank(self) -> None:
        """Sort the rows by decreasing score, and find the scores of anomalies.

        Other scores need not be considered: between them, recall stays the same and precision falls.
        """
        order = np.argsort(-self.rows.values)
        scores, positive = self.rows.values[order], self.rows.positive[order]
        self._block_by_rank = self.blocks.number_of_rows()[order]
        self._block_of_hit = self._block_by_rank[positive]
        bounds = np.concatenate([[0], np.flatnonzero(np.diff(scores)) + 1, [len(scores)]])
        n_hits = np.concatenate([[0], positive.cumsum()])[bounds]
        has_hits = np.flatnonzero(np.diff(n_hits))
        self._first, self._stop = bounds[has_hits], bounds[has_hits + 1]
        self._n_hits = n_hits[has_hits + 1]

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.blocks.is_event.sum())

    @property
    def prevalence(self) -> float:
        """Share of the rows that are anomalous."""
        return float(self.rows.positive.mean())

    def at(self, weights: np.ndarray) -> dict[str, float]:
        """Return the metrics with these weights of the blocks; there must be an event and a normal block."""
        return self._named(self._counts @ weights, *self._areas(weights))

    def random(self) -> dict[str, float]:
        """Return the expected metrics of a random score with the same number of alarms, independent for each row."""
        _, n_alarms, _, _, _, n_rows, n_positive, n_events, exposure = self._counts.sum(axis=1)
        rate, sizes = n_alarms / n_rows, self.blocks.sizes[self.blocks.is_event]
        found = 1 - (1 - rate) ** sizes
        found_in_time = 1 - (1 - rate) ** self._n_in_time
        # An alarm on a normal row starts a run unless one of the normal rows within the merge gap before it is an
        # alarm, too.
        normal = np.flatnonzero(~self.rows.positive)
        reach = np.broadcast_to(self.rule.merge_gap, self.place.shape)[normal] + 1
        first = np.searchsorted(self.place[normal], self.place[normal] - reach)
        n_runs = rate * ((1 - rate) ** (np.arange(len(normal)) - first)).sum()
        counts = [rate * n_positive, n_alarms, found.sum(), found_in_time @ sizes, n_runs]
        best_f1 = 2 * self.prevalence / (1 + self.prevalence)
        totals = np.array([*counts, n_rows, n_positive, n_events, exposure])
        return self._named(totals, best_f1, self.prevalence, 0.5)

    def _areas(self, weights: np.ndarray) -> tuple[float, float, float]:
        """Return the best F1, average precision, and the area under the ROC curve."""
        n_found = _from_zero(weights[self._block_by_rank])
        n_hits = _from_zero(weights[self._block_of_hit])[self._n_hits]
        n_positive, n_normal = n_hits[-1], n_found[-1] - n_hits[-1]
        new_hits = np.diff(n_hits, prepend=0)
        alarms, alarms_before = n_found[self._stop], n_found[self._first]
        best_f1 = (2 * n_hits / (alarms + n_positive)).max()
        precision = n_hits / np.maximum(alarms, 1)  # at least 1, to avoid 0 / 0
        # Normal rows with the same score as an anomaly count half.
        n_above = (alarms - n_hits + alarms_before - (n_hits - new_hits)) / 2
        area = 1 - new_hits @ n_above / (n_positive * n_normal)
        return float(best_f1), float(new_hits @ precision / n_positive), float(area)

    def _named(
        self, totals: np.ndarray, best_f1: float, average_precision: float, area: float
    ) -> dict[str, float]:
        hits, alarms, found, hits_in_time, runs, n_rows, n_positive, n_events, exposure = totals.tolist()
        return {
            "share alarmed": alarms / n_rows,
            "precision": ratio(hits, alarms),
            "recall": hits / n_positive,
            "F1": 2 * hits / (alarms + n_positive),
            "best F1": best_f1,
            "average precision": average_precision,
            "ROC AUC": area,
            "F1 within delay": 2 * hits_in_time / (hits_in_time + alarms - hits + n_positive),
            "events found": found,
            "event recall": found / n_events,
            self.exposure_name: ratio(runs, exposure),
        }


def _from_zero(weights: np.ndarray) -> np.ndarray:
    """Return the sums of the first 0, 1, 2, ... weights."""
    sums = np.zeros(len(weights) + 1)
    np.cumsum(weights, out=sums[1:])
    return sums
