"""Scores of a panel on this machine, partition by partition, in one process or several."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Hashable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from joblib.parallel import effective_n_jobs

from .._core import AnyEstimator, level_of_user
from ._outcome import Outcome, SeriesOfFrame, describe_failures, score_series
from ._parquet_panel import ParquetPanel
from ._score_table import as_fitted

#: Default number of rows in a partition, approximately.
_ROWS = 2**19
#: Smallest number of partitions per process, so that no process waits long for the last one.
_EACH = 4


def score_frame(
    model: AnyEstimator, X: pd.DataFrame, n_partitions: int | None, n_jobs: int | None, verbose: int
) -> pd.DataFrame:
    """Return scores and status of a frame with a (series, time) index."""
    series = SeriesOfFrame.of(X.index)  # type: ignore[arg-type]
    n_jobs = effective_n_jobs(n_jobs)
    if n_partitions is None:
        n_partitions = _n_partitions(len(X), n_jobs)
    chosen = [series.rows(*pair) for pair in series.partitions(n_partitions)]
    sizes = [rows.stop - rows.start if isinstance(rows, slice) else len(rows) for rows in chosen]
    outcome = Outcome.of_rows(len(X))
    with _Sent(model, n_jobs) as sent:
        frames = (X.iloc[rows] for rows in chosen)
        tasks = (
            joblib.delayed(_score_part)(sent, part if n_jobs == 1 else _alone(part))
            for part in _counted(frames, sizes, verbose)
        )
        for rows, part in zip(chosen, _run(n_jobs, tasks), strict=True):
            outcome.put(rows, part)
    _warn_of_failures(outcome.failed, len(series.keys))
    return pd.DataFrame({"score": outcome.scores, "status": outcome.status()}, index=X.index)


def score_files(
    model: AnyEstimator,
    panel: ParquetPanel,
    n_partitions: int | None,
    n_jobs: int | None,
    out: Path | None,
    verbose: int,
) -> Any:
    """Return scores and status of a panel on disk, or, with ``out``, the folder to which they were written."""
    n_jobs = effective_n_jobs(n_jobs)
    n_rows = int(panel.n_rows.sum())
    if n_partitions is None:
        n_partitions = _n_partitions(n_rows, n_jobs)
    partitions = panel.partitions(max(1, n_rows // n_partitions))
    sizes = [int(panel.n_rows[keys].sum()) for keys in partitions]  # type: ignore[index]
    paths: list[Path | None] = [None] * len(partitions)
    if out is not None:
        out.mkdir(parents=True)
        paths = [out / f"part-{number:05}.parquet" for number in range(len(partitions))]
    with _Sent((model, panel), n_jobs) as sent:
        tasks = (
            joblib.delayed(_score_file_part)(sent, keys, path)
            for (keys, path) in _counted(zip(partitions, paths, strict=True), sizes, verbose)
        )
        parts = _run(n_jobs, tasks)
    failed = {key: state for _, some in parts for key, state in some.items()}
    _warn_of_failures(failed, len(panel.series))
    if out is not None:
        return out
    frames = [frame for frame, _ in parts if frame is not None]
    states = pd.api.types.union_categoricals([frame["status"].array for frame in frames])
    return pd.concat([frame[["score"]] for frame in frames]).assign(status=states)


class _Sent:
    """Data that all tasks need: passed directly, or written once to a file that each process loads once."""

    def __init__(self, what: Any, n_jobs: int) -> None:
        self._folder = None if n_jobs == 1 else tempfile.TemporaryDirectory(prefix="sktsad-")
        self._what = what

    def __enter__(self) -> Any:
        if self._folder is None:
            return self._what
        path = Path(self._folder.name, "sent")
        joblib.dump(self._what, path)
        return path

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


@lru_cache(maxsize=1)
def _load(path: Path) -> Any:
    return joblib.load(path)


def _received(sent: Any) -> Any:
    return _load(sent) if isinstance(sent, Path) else sent


def _score_part(sent: Any, part: pd.DataFrame) -> Outcome:
    return score_series(_received(sent), part)


def _score_file_part(
    sent: Any, keys: list[Hashable], path: Path | None
) -> tuple[pd.DataFrame | None, dict[Hashable, str]]:
    """Score some series of a panel on disk; return the scores, unless they go to a file, and the failures."""
    model, panel = _received(sent)
    try:
        X = panel.read(keys)
    except Exception as error:  # such as for an unreadable file, whose rows are unknown
        return None, dict.fromkeys(keys, f"failed: {type(error).__name__}: {error}")
    outcome = score_series(model, as_fitted(model, X))
    frame = pd.DataFrame({"score": outcome.scores, "status": outcome.status()}, index=X.index)
    if path is None:
        return frame, outcome.failed
    part = path.with_suffix(".part")
    frame.reset_index().to_parquet(part)
    part.replace(path)  # written atomically
    return None, outcome.failed


def _alone(part: pd.DataFrame) -> pd.DataFrame:
    """Return a partition whose index has only the names of its own series, before it is sent to a process."""
    return part.set_axis(part.index.remove_unused_levels())  # type: ignore[attr-defined]


def _n_partitions(n_rows: int, n_jobs: int) -> int:
    return max(-(-n_rows // _ROWS), 1 if n_jobs == 1 else _EACH * n_jobs)


def _run(n_jobs: int, tasks: Iterator[Any]) -> list[Any]:
    return joblib.Parallel(n_jobs, batch_size=1)(tasks)


def _counted(parts: Any, sizes: list[int], verbose: int) -> Iterator[Any]:
    """Yield partitions; with ``verbose``, print a line when each one starts."""
    start, n_before, n_rows = time.monotonic(), 0, sum(sizes)
    for number, (part, size) in enumerate(zip(parts, sizes, strict=True), start=1):
        if verbose:
            seconds = time.monotonic() - start
            print(
                f"partition {number} of {len(sizes)} starts after {seconds:.1f} s and {n_before:,} of {n_rows:,} rows",
                flush=True,
            )
        yield part
        n_before += size


def _warn_of_failures(failed: dict[Hashable, str], n_series: int) -> None:
    """Warn about series that failed; raise an error if all did.

    Raises
    ------
    RuntimeError
        If no series could be scored.

    Warns
    -----
    UserWarning
        If some series could not be scored.
    """
    if not failed:
        return
    message = describe_failures(failed, n_series)
    if len(failed) == n_series:
        raise RuntimeError(message)
    warnings.warn(
        f"{message} Their score is NaN, and the column 'status' says why.",
        UserWarning,
        stacklevel=level_of_user(),
    )
