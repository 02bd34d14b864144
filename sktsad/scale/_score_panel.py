"""One function to score a whole panel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._core import N_JOBS, VERBOSE, AnyEstimator, Interval, is_panel, validate_params
from ._engines import is_dask, is_ray, score_dask, score_ray
from ._local import score_files, score_frame
from ._parquet_panel import ParquetPanel


@validate_params(
    {
        "model": "no_validation",
        "data": "no_validation",
        "series": [str, None],
        "time": [str, None],
        "columns": ["array-like", None],
        "n_partitions": [Interval(Integral, 1, None, closed="left"), None],
        "n_jobs": N_JOBS,
        "out": [str, os.PathLike, None],
        "verbose": VERBOSE,
    },
    prefer_skip_nested_validation=True,
)
def score_panel(
    model: AnyEstimator,
    data: Any,
    *,
    series: str | None = None,
    time: str | None = None,
    columns: Sequence[str] | None = None,
    n_partitions: int | None = None,
    n_jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    verbose: int = 0,
) -> Any:
    """Score a panel of many series in partitions of whole series: in memory, on disk, in Dask or in Ray.

    Scores are the same as in one call of the model over all rows, up to rounding. No series is split, and the model is
    sent to each process once. If a series fails, a warning names it, and the others are still scored.

    Parameters
    ----------
    model : estimator
        A fitted detector or classifier, or a pipeline, with ``decision_function`` or ``predict_proba``.
    data : DataFrame, path, `ParquetPanel`, Dask dataframe or Ray dataset
        The rows: a frame with a (series, time) MultiIndex; the path of a Parquet file, or of a folder of them; a Dask
        dataframe or Ray dataset with series and time in columns, one of which may be the index in Dask.
    series : str, default=None
        Name of the column with the name of each row's series; not for a frame or a `ParquetPanel`, which already have
        one.
    time : str, default=None
        Name of the column with the time: dates or numbers; not for a frame or a `ParquetPanel`.
    columns : sequence of str, default=None
        Names of the columns with the values; not for a frame or a `ParquetPanel`. None means the columns that the model
        was fitted on, by name, or all others if it was fitted on an array.
    n_partitions : int, default=None
        Number of partitions. None means partitions of about 524,288 rows, at least four per process; for Dask, as many
        as the dataframe has; for Ray, four per core of the cluster. A Dask dataframe with known divisions by series is
        used as it is.
    n_jobs : int, default=None
        Number of processes, as in scikit-learn; None means 1 unless in a ``joblib.parallel_config`` context. Only for
        frames and Parquet files: Dask and Ray have their own workers.
    out : str or path-like, default=None
        A new folder to which the scores of Parquet files are written, one file per partition, so that they may be
        larger than memory. None returns them as a frame.
    verbose : int, default=0
        1 prints a line for each partition of a frame or of Parquet files, 0 prints nothing. It has no effect for Dask
        and Ray, whose scores are computed later: for Dask use ``dask.diagnostics.ProgressBar`` or
        ``distributed.progress``; Ray prints bars by itself unless they are switched off.

    Returns
    -------
    scores : DataFrame, path, Dask dataframe or Ray dataset
        The columns are ``score``: the decision, or the probability of the anomaly, NaN in a series that failed; and
        ``status``: "scored", or "failed: " with the error.

        - for a frame, with its index; for Parquet files, with an index of series and time, or with ``out`` its path,
          with files that have both as columns;
        - for Dask and Ray, not yet computed, with the columns of series and time first. Dask keeps its index. The order
          of rows changes in Dask if they had to be grouped by series, and always in Ray.

    Raises
    ------
    TypeError
        If ``data`` is of another kind.
    ValueError
        If a frame has no (series, time) index, parameters do not apply to this kind of data, a column does not exist,
        or ``out`` exists.
    RuntimeError
        If no series of a frame or of Parquet files could be scored.

    Warns
    -----
    UserWarning
        If some series of a frame or of Parquet files could not be scored; the warning names them.

    See Also
    --------
    score_table : Score one partition, for other engines such as Spark.
    sktsad.live.LiveScorer : Score rows as they come.

    Examples
    --------
    >>> from sktsad import SeriesScaler, ZScoreDetector
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.scale import score_panel
    >>> from sklearn.pipeline import make_pipeline
    >>> X, y = make_kpi(500, n_series=4, random_state=0)
    >>> model = make_pipeline(SeriesScaler(), ZScoreDetector()).fit(X)
    >>> scores = score_panel(model, X, n_partitions=2)
    >>> bool((scores["score"] == model.decision_function(X)).all())
    True
    """
    check_is_fitted(model)
    is_path = isinstance(data, (str, os.PathLike))
    names = {"series": series, "time": time, "columns": columns}
    if isinstance(data, (pd.DataFrame, ParquetPanel)):
        _refuse(names, f"a {type(data).__name__} has them already")
    elif is_path or is_dask(data) or is_ray(data):
        if series is None or time is None:
            raise ValueError(
                f"series={series!r} and time={time!r} must name the columns of a {type(data).__name__} that contain "
                "the name of the series and the time of each row."
            )
    else:
        raise TypeError(
            f"data must be a pandas frame with a (series, time) index, the path of Parquet files, a Dask dataframe or "
            f"a Ray dataset, got {type(data).__name__}."
        )
    if out is not None and not (is_path or isinstance(data, ParquetPanel)):
        _refuse({"out": out}, "for Parquet files only; in other cases, write the result yourself")
    if isinstance(data, pd.DataFrame):
        if not is_panel(data):
            raise ValueError(
                "data has no (series, time) index. For one series, call model.decision_function(data). If series and "
                "time are columns, use to_panel(data, time='time', series='series')."
            )
        return score_frame(model, data, n_partitions, n_jobs, verbose)
    if is_path or isinstance(data, ParquetPanel):
        folder = None if out is None else Path(out)
        if folder is not None and folder.exists():
            raise ValueError(
                f"out={str(out)!r} already exists, and nothing is overwritten. Pass a new folder."
            )
        panel = data if isinstance(data, ParquetPanel) else _open(model, data, names)
        return score_files(model, panel, n_partitions, n_jobs, folder, verbose)
    if n_jobs is not None:
        _refuse({"n_jobs": n_jobs}, "for frames and Parquet files only; Dask and Ray have their own workers")
    score = score_dask if is_dask(data) else score_ray
    return score(model, data, str(series), str(time), columns, n_partitions)


def _refuse(given: dict[str, Any], why: str) -> None:
    """Refuse parameters that do not apply."""
    if named := [f"{name}={value!r}" for name, value in given.items() if value is not None]:
        raise ValueError(f"{', '.join(named)}: {why}. Leave it out.")


def _open(model: AnyEstimator, path: Any, names: dict[str, Any]) -> ParquetPanel:
    columns = names["columns"]
    if columns is None:
        columns = getattr(model, "feature_names_in_", None)
    return ParquetPanel(path, series=names["series"], time=names["time"], columns=columns)
