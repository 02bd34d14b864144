"""A fitted model that scores rows as they come."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._core import (
    DURATION,
    LEAST_DURATION,
    MAX_GAP,
    Rows,
    StrOptions,
    last_step,
    level_of_user,
    validate_parameter_constraints,
)
from ._build import Builder
from ._chain import has_values
from ._engine import Engine, Outcome
from ._fingerprint import fingerprint
from ._learning import Learner
from ._live_alarms import LiveAlarms
from ._reader import Batch, read_batch, read_row, read_time
from ._snapshot import read_snapshot, write_snapshot
from ._status import STATUS, describe

_COLUMNS = pd.Index(["score", "decision", "alarm", "opened", "closed", "status"])


class LiveScorer:
    """Score rows as they come, with the same result as one call of ``decision_function`` over all rows since `fit`.

    A fitted model keeps nothing between two calls. A scorer keeps the part of each series that the model needs, such as
    the rows of a window or the state of a network, so that only new rows must be passed.

    Parameters
    ----------
    model : estimator
        A fitted detector or binary classifier, or a pipeline that ends in one. It is not changed.
    not_finite : {"alarm", "skip", "raise"}, default="alarm"
        How to treat a row with NaN or infinite values: as an alarm with an infinite score; skip it, with a score of
        NaN; or raise an error, so that no row of the call is processed. Such a row never affects later rows.
    merge_gap, cool_down : int, timedelta, str or None, default=None and 0
        When an alarm opens and closes, as in `sktsad.postprocessing.alarms`.
    min_rows : int, timedelta or str, default=1
        Number of rows above the threshold that open an alarm, or how long these must last.
    max_gap : float, str or timedelta, default=3
        For alarms, holes in time of more than this number of steps, or more than this length of time, count as missing
        rows.
    learn : bool, default=False
        Whether a copy of the model continues to learn from rows that are not alarms: threshold rules with ``update``,
        and `ZScoreDetector` and `GaussianDetector` if they have ``partial_fit``. The rows of a call are scored before
        the model learns from them.
    look_back : dict, default=None
        Number of earlier rows that a step of the pipeline needs for a row, by the name of the step; 0 for a step that
        uses each row alone. Needed for steps of other libraries, which do not state it.

    Attributes
    ----------
    model : estimator
        The model, or with ``learn=True`` the copy that continues to learn.
    series : list
        Names of the series so far; ``[None]`` for a single one.

    Raises
    ------
    TypeError
        If a step of the model cannot work row by row or looks ahead, or the model has no score. The error names the
        step.

    See Also
    --------
    sktsad.postprocessing.alarms : Compute the alarms of given scores.

    Notes
    -----
    A series continues from the rows that fit kept of it, if its first row directly follows them; pass rows that came in
    between to `prime`. Results equal those of one call of ``decision_function`` over all rows since fit in float64: bit
    for bit for steps that use each row alone, for windows, and for z-scores of windows; up to rounding for others.

    Unusual rows are treated as follows:

    - Rows of one call may be in any order; they are processed in time order. A row that is older than the newest row of
      its series in an earlier call is "late"; a row with a time that has already come is "repeated". Neither gets a
      score or an alarm; a warning counts them.
    - After a gap in time, as each step of the model defines it, windows and states start again from nothing, as in one
      call.
    - A series not seen during fit starts without a past, with the time step of its rows so far. If the model cannot
      score it, as with ``SeriesScaler(unseen="error")``, its rows get no score and a warning.
    - If ten rows of a series have half or twice the time step during fit, there is one warning.
    - A row whose values are too large for a step is an alarm with an infinite score.

    A scorer is not thread-safe: simultaneous calls from two threads raise an error. To use many threads, give each its
    own scorer and its own series.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sktsad import SlidingWindow, ZScoreDetector
    >>> from sktsad.live import LiveScorer
    >>> time = pd.date_range("2026-01-01", periods=200, freq="min")
    >>> X = pd.DataFrame({"load": np.sin(np.arange(200.0))}, index=time)
    >>> X.iloc[150] = 9
    >>> model = make_pipeline(SlidingWindow(20), ZScoreDetector("rolling")).fit(X[:100])
    >>> scorer = LiveScorer(model)
    >>> now = scorer.update(X[100:152])
    >>> now[now["opened"]].round(1)
                         score  decision  alarm  opened  closed  status
    2026-01-01 02:30:00    4.1       1.1   True    True   False  scored
    >>> score, alarm = scorer.update_one(None, X.index[152], X.iloc[152].to_numpy())
    >>> bool(alarm)
    False
    """

    _parameter_constraints: dict = {
        "not_finite": [StrOptions({"alarm", "skip", "raise"})],
        "merge_gap": [*DURATION, None],
        "min_rows": LEAST_DURATION,
        "cool_down": DURATION,
        "max_gap": MAX_GAP,
        "learn": ["boolean"],
        "look_back": [dict, None],
    }

    def __init__(
        self,
        model: Any,
        *,
        not_finite: str = "alarm",
        merge_gap: int | str | timedelta | None = None,
        min_rows: int | str | timedelta = 1,
        cool_down: int | str | timedelta = 0,
        max_gap: float | str | timedelta = 3,
        learn: bool = False,
        look_back: Mapping[str, int] | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in self._parameter_constraints}
        validate_parameter_constraints(self._parameter_constraints, given, type(self).__name__)
        check_is_fitted(model)
        self.model = deepcopy(model) if learn else model
        self.not_finite = not_finite
        self._rules = [not_finite, *(str(rule) for rule in (merge_gap, min_rows, cool_down, max_gap))]
        self._fingerprint = fingerprint(model, self._rules)
        chain = Builder(look_back).chain(self.model)
        alarms = LiveAlarms(merge_gap, min_rows, cool_down, max_gap)
        learner = Learner(last_step(self.model), chain) if learn else None
        self._engine = Engine(chain, alarms, learner, not_finite == "alarm")
        self._lock = threading.Lock()
        self._names = getattr(model, "feature_names_in_", None)
        self._n_features: int = model.n_features_in_

    @property
    def series(self) -> list[Hashable]:
        """Names of the series so far; ``[None]`` for a single one."""
        return list(self._engine.slots)

    @property
    def open_alarms(self) -> list[Hashable]:
        """Names of the series with an open alarm."""
        return self._engine.open_alarms()

    def prime(self, X: Rows) -> Self:
        """Process earlier rows without scoring them; a network on windows, for example, is not run on them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows since fit, or other rows directly before the next ones, in the form of `update`.

        Returns
        -------
        self : LiveScorer
        """
        with self._alone():
            self._take(X, is_past=True)
        return self

    def update(self, X: Rows) -> pd.DataFrame:
        """Score the newest rows of some series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in float64 with the columns seen during fit. Their index is the time of one series, or (series, time);
            an array contains the next rows of one series without a gap.

        Returns
        -------
        scores : DataFrame of shape (n_samples, 6)
            A frame with the index of X, and the columns

            - ``score``: the anomaly score, or the output of a classifier; infinite where it is not a finite number;
            - ``decision``: the score minus the threshold;
            - ``alarm``: whether the decision is above 0;
            - ``opened``: whether an alarm opens with this row;
            - ``closed``: whether an earlier alarm is known to be over with this row;
            - ``status``: "scored", or "late", "repeated", "not finite" or "unknown series".

        Raises
        ------
        ValueError
            If the columns or the kind of index differ from those before, or with ``not_finite="raise"`` if values are
            NaN or infinite; then no row is processed.
        RuntimeError
            If another thread is calling this scorer.

        Warns
        -----
        UserWarning
            If rows are late, repeated, not finite, or of series that the model cannot score; if a step fails on some
            rows; or if the time step of a series differs from that during fit.
        """
        with self._alone():
            batch, found = self._take(X)
        order = np.empty(len(batch.at), dtype=np.intp)
        order[batch.at] = np.arange(len(order))
        columns = [found.scores, found.decisions, found.decisions > 0, found.opened, found.closed]
        ordered = [*(column[order] for column in columns), STATUS.take(found.status[order])]
        table = pd.DataFrame(dict(enumerate(ordered)), batch.index)
        # For a small frame, creating the names takes pandas longer than everything else.
        table.columns = _COLUMNS
        return table

    def update_one(self, series: Hashable, time: Any, values: Any) -> tuple[float, bool]:
        """Score the next row of one series, without pandas.

        Parameters
        ----------
        series : hashable
            Name of the series; None for a single series without a name.
        time : datetime, numpy.datetime64, Timestamp, timedelta, Period, number or None
            Time of the row; None for rows without time.
        values : array-like of shape (n_features,) or dict
            The row, in the order of the columns during fit; a dict or a Series has the names of the columns, in any
            order.

        Returns
        -------
        score : float
            The anomaly score, as in the column ``score`` of `update`; NaN for a row that is late, repeated or skipped.
        alarm : bool
            Whether the score is above the threshold.

        Raises
        ------
        ValueError
            If the number of values, their names or the kind of time differ from those before.
        TypeError
            If the time is of an unsupported type.
        RuntimeError
            If another thread is calling this scorer.
        """
        with self._alone():
            engine = self._engine
            number, kind = read_time(time)
            row = read_row(values, self._names, self._n_features)
            slot = engine.slots.get(series)
            is_plain = slot is not None and kind == engine.kind and np.isfinite(row).all()
            if is_plain and (number is None or number > engine.clock.last_time[slot]):
                times = None if number is None else np.array([number], engine.clock.last_time.dtype)
                scores, decisions, _, _, n_other = engine.step(np.array([slot]), times, row)
                if engine.learner is not None:
                    engine.learner.learn()
                if n_other:
                    self._warn_of_other_clocks(n_other)
                self._warn_of_failed_steps()
                return float(scores[0]), bool(decisions[0] > 0)
            at = np.zeros(1, dtype=np.intp)
            batch = Batch([series], at, at, None if number is None else np.array([number]), row, kind, None)
            found = self._take_batch(batch, False)
            return float(found.scores[0]), bool(found.decisions[0] > 0)

    def forget(self, series: Hashable) -> Self:
        """Forget a series that has ended; if more of its rows come, it starts as a new one.

        Parameters
        ----------
        series : hashable
            Name of the series.

        Returns
        -------
        self : LiveScorer

        Raises
        ------
        KeyError
            If there is no such series.
        """
        with self._alone():
            self._engine.forget(series)
        return self

    def save(self, path: str | Path) -> None:
        """Write the state of all series to a file, without pickle; a crash leaves either the old file or the new one.

        Parameters
        ----------
        path : str or Path
            File to write. It does not contain the model: save the model separately, e.g. with `joblib` or `skops`.
        """
        with self._alone():
            about, arrays = self._engine.state()
            write_snapshot(Path(path), {"fingerprint": self._fingerprint, **about}, arrays)

    def load(self, path: str | Path) -> Self:
        """Continue from a state that was written by `save` for a scorer with the same model and parameters.

        Parameters
        ----------
        path : str or Path
            File to read.

        Returns
        -------
        self : LiveScorer

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If the file belongs to another model, is damaged, or was not written by `save`.
        """
        with self._alone():
            about, arrays = read_snapshot(Path(path), self._fingerprint)
            self._engine.restore(about, arrays)
        return self

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(
                "Another thread is calling this LiveScorer, which is not thread-safe. Give each thread its own "
                "LiveScorer, with its own series, or put a lock around the calls."
            )
        try:
            yield
        finally:
            self._lock.release()

    def _take(self, X: Rows, is_past: bool = False) -> tuple[Batch, Outcome]:
        batch = read_batch(X, self._names, self._n_features)
        return batch, self._take_batch(batch, is_past)

    def _take_batch(self, batch: Batch, is_past: bool) -> Outcome:
        if self.not_finite == "raise":
            self._refuse_not_finite(batch)
        found = self._engine.take(batch, is_past)
        said = describe(found.status, self._engine.why_unknown)
        if said:
            warnings.warn(said, UserWarning, stacklevel=level_of_user())
        if found.n_other_clocks:
            self._warn_of_other_clocks(found.n_other_clocks)
        self._warn_of_failed_steps()
        return found

    def _refuse_not_finite(self, batch: Batch) -> None:
        takes_missing = self._engine.chain.takes_missing
        finite = has_values(batch.values, takes_missing)
        if finite.all():
            return
        first = int(np.argmin(finite))
        column = int(np.argmin(has_values(batch.values[first][:, None], takes_missing)))
        name = f"x{column}" if self._names is None else self._names[column]
        raise ValueError(
            f"{int((~finite).sum())} row(s) contain NaN or infinite values; the first is row {batch.at[first]}, column "
            f"{name!r}, of series {batch.keys[batch.number[first]]!r}. Fix them, or set not_finite='alarm' or 'skip'."
        )

    def _warn_of_other_clocks(self, n_series: int) -> None:
        warnings.warn(
            f"The rows of {n_series} series have a different time step from that during fit: the same number of rows "
            "covers a different span of time. Resample the rows to the step during fit, or fit again.",
            UserWarning,
            stacklevel=level_of_user(),
        )

    def _warn_of_failed_steps(self) -> None:
        failures = [failure for part in self._engine.row_wise for failure in part.failures]
        if failures:
            for part in self._engine.row_wise:
                part.failures.clear()
            warnings.warn(
                f"A step failed on {len(failures)} row(s), which count as alarms: {failures[0]}",
                UserWarning,
                stacklevel=level_of_user(),
            )
