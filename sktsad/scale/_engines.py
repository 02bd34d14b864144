"""Scores of a panel on engines that hold it already: Dask, Ray."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from .._core import AnyEstimator
from ._score_table import score_table, value_columns

#: Name of the column by which Ray brings rows of a series together.
_BUCKET = "_sktsad_partition"
#: Partitions for each core of a cluster of Ray, where their number is left open.
_EACH = 4


def is_dask(data: Any) -> bool:
    """Tell whether something is a Dask dataframe, without importing Dask."""
    return type(data).__module__.startswith(("dask.dataframe", "dask_expr")) and hasattr(
        data, "map_partitions"
    )


def is_ray(data: Any) -> bool:
    """Tell whether something is a dataset of Ray, without importing Ray."""
    return type(data).__module__.startswith("ray.data") and hasattr(data, "map_batches")


def score_dask(
    model: AnyEstimator, data: Any, series: str, time: str, columns: Any, n_partitions: int | None
) -> Any:
    """Return a Dask dataframe of scores: rows are brought together by series first, unless they are so."""
    import dask

    is_together = data.known_divisions and data.index.name == series
    if data.index.name in (series, time):
        data = data.reset_index() if not is_together else data.map_partitions(pd.DataFrame.reset_index)
    columns = value_columns(model, list(data.columns), series, time, columns)
    if not is_together:
        data = data.shuffle(on=series, npartitions=n_partitions or data.npartitions)
    # By a name of its own, or Dask would pickle the model once more to make one of its content.
    sent = dask.delayed(model, name=f"sktsad-model-{uuid.uuid4().hex}", traverse=False)
    score = partial(_score_named, series=series, time=time, columns=columns)
    empty = data._meta[[series, time]].assign(
        score=np.empty(0), status=pd.Series([], dtype=object).astype("str")
    )
    return data.map_partitions(score, sent, meta=empty)


def score_ray(
    model: AnyEstimator, data: Any, series: str, time: str, columns: Any, n_partitions: int | None
) -> Any:
    """Return a dataset of Ray with scores."""
    import ray

    columns = value_columns(model, list(data.columns()), series, time, columns)
    if n_partitions is None:
        n_partitions = max(1, int(_EACH * ray.cluster_resources().get("CPU", 1)))
    needed = data.select_columns(list(dict.fromkeys([series, time, *columns])))
    # By groups, which are never cut; a batch may end where a block does.
    numbered = needed.map_batches(
        partial(_number, series=series, n_partitions=n_partitions), batch_format="pandas", batch_size=None
    )
    score = partial(_score_referred, ray.put(model), series=series, time=time, columns=columns)
    return numbered.groupby(_BUCKET).map_groups(score, batch_format="pandas")


def _score_named(table: pd.DataFrame, model: AnyEstimator, **names: Any) -> pd.DataFrame:
    return score_table(model, table, **names)


def _score_referred(reference: Any, table: pd.DataFrame, **names: Any) -> pd.DataFrame:
    import ray

    return score_table(ray.get(reference), table, **names).reset_index(drop=True)


def _number(table: pd.DataFrame, series: str, n_partitions: int) -> pd.DataFrame:
    """Give the rows of each series the number of a partition, the same on all machines."""
    number = pd.util.hash_array(table[series].to_numpy(), categorize=True) % n_partitions
    return table.assign(**{_BUCKET: number.astype(np.int64)})
