"""Scores of a panel in Dask or Ray."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from .._core import AnyEstimator
from ._score_table import score_table, value_columns

#: Name of the column by which Ray groups the rows of a series.
_BUCKET = "_sktsad_partition"
#: Default number of partitions per core of a Ray cluster.
_EACH = 4


def is_dask(data: Any) -> bool:
    """Return whether an object is a Dask dataframe, without importing Dask."""
    return type(data).__module__.startswith(("dask.dataframe", "dask_expr")) and hasattr(
        data, "map_partitions"
    )


def is_ray(data: Any) -> bool:
    """Return whether an object is a Ray dataset, without importing Ray."""
    return type(data).__module__.startswith("ray.data") and hasattr(data, "map_batches")


def score_dask(
    model: AnyEstimator, data: Any, series: str, time: str, columns: Any, n_partitions: int | None
) -> Any:
    """Return a Dask dataframe of scores; rows are first grouped by series if they are not yet."""
    import dask

    is_together = data.known_divisions and data.index.name == series
    if data.index.name in (series, time):
        data = data.reset_index() if not is_together else data.map_partitions(pd.DataFrame.reset_index)
    columns = value_columns(model, list(data.columns), series, time, columns)
    if not is_together:
        data = data.shuffle(on=series, npartitions=n_partitions or data.npartitions)
    # With an explicit name; otherwise Dask would pickle the model again to derive a name from its content.
    sent = dask.delayed(model, name=f"sktsad-model-{uuid.uuid4().hex}", traverse=False)
    score = partial(_score_named, series=series, time=time, columns=columns)
    empty = data._meta[[series, time]].assign(
        score=np.empty(0), status=pd.Series([], dtype=object).astype("str")
    )
    return data.map_partitions(score, sent, meta=empty)


def score_ray(
    model: AnyEstimator, data: Any, series: str, time: str, columns: Any, n_partitions: int | None
) -> Any:
    """Return a Ray dataset with scores."""
    import ray

    columns = value_columns(model, list(data.columns()), series, time, columns)
    if n_partitions is None:
        n_partitions = max(1, int(_EACH * ray.cluster_resources().get("CPU", 1)))
    needed = data.select_columns(list(dict.fromkeys([series, time, *columns])))
    # By groups, which are never split; batches may be split at block borders.
    numbered = needed.map_batches(
        partial(_number, series=series, n_partitions=n_partitions), batch_format="pandas", batch_size=None
    )
    score = partial(_score_referred, ray.put(model), series=series, time=time, columns=columns)
    return numbered.groupby(_BUCKET, num_partitions=n_partitions).map_groups(score, batch_format="pandas")


def _score_named(table: pd.DataFrame, model: AnyEstimator, **names: Any) -> pd.DataFrame:
    return score_table(model, table, **names)


def _score_referred(reference: Any, table: pd.DataFrame, **names: Any) -> pd.DataFrame:
    import ray

    return score_table(ray.get(reference), table, **names).reset_index(drop=True)


def _number(table: pd.DataFrame, series: str, n_partitions: int) -> pd.DataFrame:
    """Assign the rows of each series to a partition, the same one on all machines."""
    number = pd.util.hash_array(table[series].to_numpy(), categorize=True) % n_partitions
    return table.assign(**{_BUCKET: number.astype(np.int64)})
