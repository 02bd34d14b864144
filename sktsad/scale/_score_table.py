"""Scores of a table with series and time in columns, as computed for the partitions of all engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .._core import AnyEstimator, validate_params
from ._outcome import score_series


@validate_params(
    {
        "model": "no_validation",
        "table": [pd.DataFrame],
        "series": [str],
        "time": [str],
        "columns": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def score_table(
    model: AnyEstimator,
    table: pd.DataFrame,
    *,
    series: str,
    time: str,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Score a table of whole series with series and time in columns, as table engines pass it to a function.

    `score_panel` runs it on each partition; call it yourself on engines that `score_panel` does not support.

    Parameters
    ----------
    model : estimator
        A fitted detector or classifier, or a pipeline, with ``decision_function`` or ``predict_proba``.
    table : DataFrame
        One row for each time step of a series, in any order; all rows of a series must be present.
    series : str
        Name of the column with the name of each row's series.
    time : str
        Name of the column with the time: dates or numbers.
    columns : sequence of str, default=None
        Names of the columns with the values. None means the columns that the model was fitted on, by name, or all
        others if it was fitted on an array.

    Returns
    -------
    scores : DataFrame of shape (n_samples, 4)
        A frame with the index of ``table``, and the columns

        - those of series and time;
        - ``score``: the decision, or the probability of the anomaly; NaN in a series that failed;
        - ``status``: "scored", or "failed: " with the error.

    Raises
    ------
    ValueError
        If a column does not exist.

    See Also
    --------
    score_panel : Score a whole panel, partition by partition.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad import ZScoreDetector
    >>> from sktsad.scale import score_table
    >>> table = pd.DataFrame(
    ...     {"host": ["b", "a", "b"], "at": [2, 1, 1], "load": [9.0, 1.0, 2.0]}
    ... )
    >>> model = ZScoreDetector(threshold=3.0).fit(pd.DataFrame({"load": [0.0, 1.0, 2.0]}))
    >>> score_table(model, table, series="host", time="at").round(1)
      host  at  score  status
    0    b   2    6.8  scored
    1    a   1   -3.0  scored
    2    b   1   -1.8  scored
    """
    names = value_columns(model, list(table.columns), series, time, columns)
    index = pd.MultiIndex.from_arrays([table[series].array, table[time].array], names=[series, time])
    X = as_fitted(model, table[names].set_axis(index))
    order = np.lexsort([pd.factorize(level, sort=True)[0] for level in (table[time], table[series])])
    is_sorted = bool((np.diff(order) == 1).all())
    outcome = score_series(model, X if is_sorted else X.iloc[order])
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    found = {series: table[series], time: table[time], "score": outcome.scores[back]}
    status = pd.Series(np.asarray(outcome.status(), dtype=object)[back], table.index).astype("str")
    return pd.DataFrame({**found, "status": status}, index=table.index)


def as_fitted(model: AnyEstimator, X: pd.DataFrame) -> pd.DataFrame:
    """Return rows without column names if the model was fitted on an array, since it would warn about names."""
    is_nameless = hasattr(model, "n_features_in_") and not hasattr(model, "feature_names_in_")
    return X.set_axis(range(X.shape[1]), axis=1) if is_nameless else X


def value_columns(
    model: AnyEstimator, given: list[Any], series: str, time: str, columns: Sequence[str] | None
) -> list[Any]:
    """Return the names of the columns with values.

    Raises
    ------
    ValueError
        If a column does not exist, or series and time are the same.
    """
    names = columns
    if names is None:
        names = getattr(model, "feature_names_in_", None)
    values = [name for name in given if name not in (series, time)] if names is None else list(names)
    if missing := [name for name in (series, time, *values) if name not in given]:
        what = {series: f"series={series!r}", time: f"time={time!r}"}
        raise ValueError(
            f"{what.get(missing[0], f'columns: {missing[0]!r}')} is not a column of the table, which has {given}."
        )
    if series == time:
        raise ValueError(f"series={series!r} and time={time!r} must be different columns.")
    return values
