"""The engine behind `LiveScorer`: series, clocks, steps and alarms together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core import GappedStep, LiveRows, PastStep, SeriesPast, SeriesRows, subtract_threshold
from ._chain import Chain, has_values, walk
from ._clock import Clock, StepSoFar
from ._learning import Learner
from ._live_alarms import LiveAlarms
from ._reader import Batch
from ._snapshot import check_name
from ._status import LATE, NOT_FINITE, REPEATED, SCORED, UNKNOWN
from ._steps import RowWise

#: Initial capacity, in series.
_ROOM = 16


@dataclass
class Outcome:
    """The results for rows, in the order of a `Batch`.

    Attributes
    ----------
    scores, decisions : ndarray of shape (n_rows,)
        NaN for rows that are not scored.
    opened, closed : ndarray of bool, shape (n_rows,)
        Where alarms open, and where they are known to be over.
    status : ndarray of int, shape (n_rows,)
        Status of each row.
    n_other_clocks : int
        Number of series for which this call found a time step that differs from that during fit.
    """

    scores: np.ndarray
    decisions: np.ndarray
    opened: np.ndarray
    closed: np.ndarray
    status: np.ndarray
    n_other_clocks: int


class Engine:
    """Number the series, process rows in waves of at most one row of each series, and keep the state of all series.

    Parameters
    ----------
    chain : Chain
        The model as steps.
    alarms : LiveAlarms
        The alarms of all series.
    learner : Learner or None
        The part that continues to learn.
    counts_odd : bool
        Whether a row with NaN or infinite values is an alarm.
    """

    def __init__(self, chain: Chain, alarms: LiveAlarms, learner: Learner | None, counts_odd: bool) -> None:
        self.chain, self.alarms, self.learner, self.counts_odd = chain, alarms, learner, counts_odd
        self.parts = walk(chain)
        self.row_wise = [part for part in self.parts if isinstance(part, RowWise)]
        self._gapped = [part for part in self.parts if isinstance(part, GappedStep)]
        self.slots: dict[Hashable, int] = {}
        self.kind: str | None = None
        self.clock: Any = None
        self.why_unknown = ""
        self._free: list[int] = []
        self._room = 0

    def take(self, batch: Batch, is_past: bool = False) -> Outcome:
        """Process rows and return their results. Rows of the past raise no alarms."""
        n_rows = len(batch.at)
        status = np.full(n_rows, SCORED, dtype=np.int8)
        if n_rows:
            self._check_kind(batch)
        slots = self._find(batch, status)
        finite = has_values(batch.values, self.chain.takes_missing)
        status[~finite & (status == SCORED)] = NOT_FINITE
        if batch.times is not None:
            self._mark_late(batch, slots, status)
        is_taken = (status == SCORED) | ((status == NOT_FINITE) & self.counts_odd)
        taken = np.flatnonzero(is_taken)
        scores, decisions = np.full((2, n_rows), np.nan)
        opened, closed = np.zeros((2, n_rows), dtype=bool)
        n_other = 0
        for wave in _waves(batch.number[taken]):
            rows = taken[wave]
            times = None if batch.times is None else batch.times[rows]
            is_fine = status[rows] == SCORED
            fine = None if is_fine.all() else is_fine
            found = self.step(slots[rows], times, batch.values[rows], fine, is_past)
            scores[rows], decisions[rows], opened[rows], closed[rows] = found[:4]
            n_other += found[4]
        if self.learner is not None:
            self.learner.learn(forget=is_past)
        return Outcome(scores, decisions, opened, closed, status, n_other)

    def step(
        self,
        slots: np.ndarray,
        times: np.ndarray | None,
        values: np.ndarray,
        fine: np.ndarray | None = None,
        is_past: bool = False,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        """Process one row of each of some series; ``fine`` marks rows with finite values, None means all.

        Returns
        -------
        scores, decisions, opened, closed : ndarray
            As in `Outcome`.
        n_other : int
            Number of series for which this wave found a time step that differs from that during fit.
        """
        self.chain.refresh()
        so_far = self.clock.steps(slots)
        holes, n_other = None, 0
        if times is None:
            self.clock.n_rows[slots] += 1
        else:
            holes = self.clock.advance(slots, times)
            while self.clock.new_steps:
                self.alarms.begin(*self.clock.new_steps.pop())
            n_other = int(np.count_nonzero(self.clock.has_other_step(slots, holes)))
        rows = LiveRows(slots, times, so_far, self.kind)
        if is_past:
            if fine is not None:
                rows, values = rows.some(fine), values[fine]
            if len(values):
                self.chain.advance(rows, values)
            nothing, quiet = np.full(len(slots), np.nan), np.zeros(len(slots), dtype=bool)
            return nothing, nothing, quiet, quiet, n_other
        if fine is None:
            scores = self.chain.scores(rows, values)
        else:
            scores = np.full(len(slots), np.inf)
            if fine.any():
                scores[fine] = self.chain.scores(rows.some(fine), values[fine])
        decisions = subtract_threshold(scores, self.chain.threshold)
        if self.learner is not None:
            self.learner.take(scores)
        steps = self.clock.time_step[slots]
        if (unknown := steps != steps).any():
            steps = np.where(unknown, so_far, steps)
        return scores, decisions, *self.alarms.step(slots, holes, steps, decisions > 0), n_other

    def _mark_late(self, batch: Batch, slots: np.ndarray, status: np.ndarray) -> None:
        """Mark rows that are older than the newest row of their series, and rows that repeat a time."""
        times: Any = batch.times
        is_same = np.append(False, np.diff(batch.number) == 0)[: len(times)]
        repeated = is_same & (np.diff(times, prepend=times[:1]) == 0)
        has_newest = (self.clock.n_rows[slots] > 0) & (status != UNKNOWN)
        newest = self.clock.last_time[slots]
        status[(has_newest & (times == newest)) | (repeated & (status != UNKNOWN))] = REPEATED
        status[has_newest & (times < newest)] = LATE

    def _find(self, batch: Batch, status: np.ndarray) -> np.ndarray:
        """Return the number of the series of each row; new series get one."""
        slots = np.full(len(batch.keys), -1, dtype=np.intp)
        known = self.slots
        for number, key in enumerate(batch.keys):
            slot = known.get(key)
            if slot is None:
                first = int(np.searchsorted(batch.number, number))
                slot = self._begin(key, None if batch.times is None else batch.times[first])
            slots[number] = -1 if slot is None else slot
        found = slots[batch.number]
        status[found < 0] = UNKNOWN
        return np.maximum(found, 0)

    def _begin(self, key: Hashable, time: Any) -> int | None:
        """Add a series and return its number; None if the model cannot score it."""
        if not self._free:
            self._grow(max(_ROOM, 2 * self._room))
        slot = self._free[-1]
        try:
            self.chain.begin(slot, key, time)
        except KeyError as error:
            self.chain.clear(slot)
            self.why_unknown = str(error.args[0])
            return None
        self._free.pop()
        kept = [known for part in self._gapped if (known := part.known(key)) is not None]
        step = next((known.step for known in kept if known.step == known.step), np.nan)
        self.clock.begin(slot, step)
        self.alarms.begin(slot, step)
        self.slots[key] = slot
        self._refuse_late_start(slot, kept, time)
        return slot

    def _refuse_late_start(self, slot: int, kept: list[SeriesPast], time: Any) -> None:
        """Count the training rows as already processed: if one comes again, it is late or repeated."""
        newest = max((known.run_stops[-1] for known in kept if len(known.run_stops)), default=None)
        if time is not None and newest is not None and newest >= time:
            self.clock.last_time[slot], self.clock.n_rows[slot] = newest, 1

    def _grow(self, room: int) -> None:
        for part in (self.chain, self.alarms, self.clock):
            part.grow(room)
        self._free += range(room - 1, self._room - 1, -1)
        self._room = room

    def _check_kind(self, batch: Batch) -> None:
        """Refuse a kind of index that differs from that of earlier rows or of the training rows."""
        if self.clock is None:
            self._start(batch.kind)
        is_named = batch.keys != [None]
        if batch.kind != self.kind or (self.slots and is_named != (None not in self.slots)):
            raise ValueError(
                f"Earlier rows had {self.kind or 'no time'} in their index and were of series {list(self.slots)[:3]}; "
                f"these have {batch.kind or 'no time'} and are of {batch.keys[:3]}. Use the same kind of index for all "
                "rows."
            )
        for part in self.parts:
            if isinstance(part, PastStep) and part.past.was_panel != is_named:
                had = "a (series, time) index" if part.past.was_panel else "no (series, time) index"
                raise ValueError(
                    f"The training rows have {had}, but these rows do not match. Use the same kind of index for both."
                )

    def _start(self, kind: str | None) -> None:
        """Set up everything that depends on the kind of time."""
        for part in self.parts:
            if isinstance(part, PastStep) and None not in (kind, part.past.kind) and kind != part.past.kind:
                if not part.past.was_numbered:
                    raise ValueError(
                        f"The index of the training rows has {part.past.kind}, but that of these rows has {kind}, so "
                        "it is unknown whether they follow the training rows. Use the same kind of index for both."
                    )
                part.forget()
        one_row = SeriesRows(
            [None], np.array([0, 1]), np.array([0]), None if kind is None else np.zeros(1), kind
        )
        self.alarms.start(one_row)
        self.kind = kind
        self.clock = Clock(np.int64 if one_row.has_dates else np.float64)
        self.clock.grow(self._room)

    def forget(self, key: Hashable) -> None:
        """Forget a series."""
        slot = self.slots.pop(key)
        self._free.append(slot)
        for part in (self.chain, self.alarms, self.clock):
            part.clear(slot)

    def open_alarms(self) -> list[Hashable]:
        """Return the series that have an open alarm."""
        slots = np.fromiter(self.slots.values(), dtype=np.intp, count=len(self.slots))
        return [
            key
            for key, is_open in zip(self.slots, self.alarms.is_open(slots).tolist(), strict=True)
            if is_open
        ]

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the state: a part for JSON, and arrays."""
        about: dict[str, Any] = {
            "kind": self.kind,
            "has_started": self.clock is not None,
            "room": self._room,
            "series": [[check_name(key), self.slots[key]] for key in self.slots],
        }
        arrays = {}
        for name, part in (("chain", self.chain), ("alarms", self.alarms), ("clock", self.clock)):
            if part is not None:
                arrays.update({f"{name}/{key}": array for key, array in part.arrays().items()})
        if self.clock is not None:
            about["steps"] = [
                [slot, list(so_far.counts.items()), so_far.step] for slot, so_far in self.clock.so_far.items()
            ]
        if self.learner is not None:
            arrays.update({f"learnt/{key}": array for key, array in self.learner.numbers().items()})
        return about, arrays

    def restore(self, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Restore the state as returned by `state`."""
        groups: dict[str, dict[str, np.ndarray]] = {"chain": {}, "alarms": {}, "clock": {}, "learnt": {}}
        for path, array in arrays.items():
            group, _, name = path.partition("/")
            groups[group][name] = array
        self.slots = dict(about["series"])
        self._room = about["room"]
        taken = set(self.slots.values())
        self._free = [slot for slot in range(self._room - 1, -1, -1) if slot not in taken]
        self.clock = None
        if about["has_started"]:
            self._start(about["kind"])
        self.chain.grow(self._room)
        for key, slot in self.slots.items():
            self.chain.begin(
                slot, key, None
            )  # restores state outside of arrays, such as the scaler of a series
        self.chain.restore(groups["chain"])
        self.alarms.restore(groups["alarms"])
        if self.clock is not None:
            self.clock.restore(groups["clock"])
            self.clock.so_far = {slot: StepSoFar(counts, step) for slot, counts, step in about["steps"]}
        if self.learner is not None:
            self.learner.restore(groups["learnt"])


def _waves(number: np.ndarray) -> Iterator[Any]:
    """Yield the first rows of all series, then the second rows, and so on; rows are ordered series by series."""
    if not len(number):
        return
    starts = np.flatnonzero(np.append(True, np.diff(number) != 0))
    sizes = np.diff(np.append(starts, len(number)))
    if sizes.max() == 1:
        yield slice(None)
        return
    order = np.argsort(-sizes, kind="stable")
    starts, sizes = starts[order], sizes[order]
    n_left = len(starts)
    for rank in range(int(sizes[0])):
        while sizes[n_left - 1] <= rank:
            n_left -= 1
        yield starts[:n_left] + rank
