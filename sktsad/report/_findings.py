"""The findings of a model in some rows: the data for all sections and pictures of a report."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._core import (
    AnyEstimator,
    Labels,
    Rows,
    SeriesRows,
    Windows,
    check_same_index,
    decision_scores,
    mark_label,
    own_threshold,
    places,
    read_series,
    refuse_outlier_detector,
    row_index,
)
from ..postprocessing import alarms, feature_scores

#: A hole of more steps is a gap: the default everywhere.
MAX_GAP = 3


@dataclass(frozen=True)
class Findings:
    """The findings of a model.

    Attributes
    ----------
    estimator : estimator
        The model.
    values : DataFrame of shape (n_samples, n_columns)
        The numeric columns of the rows.
    decision : Series of shape (n_samples,)
        The scores, with the index of the rows. NaN counts as infinite.
    threshold : float
        Rows with a higher score are alarms.
    anomalous : ndarray of bool or None
        The labelled rows, if there are labels.
    rows : SeriesRows
        Which rows are one series, in time order.
    places : ndarray of int
        Position of each row in time, counted in rows.
    alarms : DataFrame
        The table of alarms.
    sensors : DataFrame or None
        The scores of the sensors, if the detector has any.
    no_sensors : str
        Why there are no scores of sensors.
    drawn_series : list
        Names of the series to draw: those with the most alarms.
    drawn_columns : list
        Names of the columns to draw.
    """

    estimator: AnyEstimator
    values: pd.DataFrame
    decision: pd.Series
    threshold: float
    anomalous: np.ndarray | None
    rows: SeriesRows
    places: np.ndarray
    alarms: pd.DataFrame
    sensors: pd.DataFrame | None
    no_sensors: str
    drawn_series: list[Hashable]
    drawn_columns: list[Any]

    @property
    def detected(self) -> np.ndarray:
        """Which rows are above the threshold."""
        return self.decision.to_numpy() > self.threshold

    @property
    def has_both_classes(self) -> bool:
        """Whether there are labels of both classes."""
        return self.anomalous is not None and bool(self.anomalous.any()) and not self.anomalous.all()

    @property
    def days(self) -> float | None:
        """Number of days of all series together; None without dates."""
        if not self.rows.has_dates:
            return None
        steps = np.nan_to_num(self.rows.steps())
        return float(steps @ np.diff(self.rows.bounds)) / (86_400 * 10**9) or None

    def drawn(self) -> np.ndarray:
        """Return the positions of the rows of the series to draw."""
        parts = [self.rows.order[part] for key, part in self.rows.parts() if key in self.drawn_series]
        return np.sort(np.concatenate(parts))


def find(
    estimator: AnyEstimator, X: Rows, y: Labels, merge_gap: Any, max_series: int, max_columns: int
) -> Findings:
    """Score rows, and collect the data that a report needs."""
    refuse_outlier_detector(estimator)
    if y is not None:
        check_same_index(X, y)
    (anomalous,) = mark_label(estimator.classes_[1], y=y)
    scores, threshold = decision_scores(estimator, X), own_threshold(estimator)
    index = next(
        (index for index in (row_index(X), row_index(y)) if index is not None), pd.RangeIndex(len(scores))
    )
    if anomalous is not None and len(anomalous) != len(scores):
        raise ValueError(
            f"X has {len(scores)} rows, but y has {len(anomalous)}. Pass one label for each row."
        )
    decision = pd.Series(scores, index)
    try:
        sensors, no_sensors = feature_scores(estimator, X, by_sensor=True).set_axis(index), ""
    except TypeError as error:
        sensors, no_sensors = None, str(error)
    table = alarms(decision, feature_scores=sensors, threshold=threshold, merge_gap=merge_gap)
    # Rows with a default index have no time.
    is_numbered = isinstance(index, pd.RangeIndex) and index.name is None
    rows = read_series(decision.to_numpy() if is_numbered else decision)
    values = _numbers(X).set_axis(index)
    return Findings(
        estimator=estimator,
        values=values,
        decision=decision,
        threshold=threshold,
        anomalous=anomalous,
        rows=rows,
        places=places(rows, MAX_GAP, rows.steps()),
        alarms=table,
        sensors=sensors,
        no_sensors=no_sensors,
        drawn_series=_most_alarmed(rows, table, max_series),
        drawn_columns=_most_telling(values, sensors, scores > threshold, max_columns),
    )


def _numbers(X: Rows) -> pd.DataFrame:
    """Return the numeric columns, with NaN where not finite; for windows, the rows that they belong to."""
    if isinstance(X, Windows):
        table = pd.DataFrame(X.last(), columns=X.channel_names)
    elif isinstance(X, pd.DataFrame):
        table = X
    elif hasattr(X, "columns"):
        table = pd.DataFrame({column: np.asarray(X[column]) for column in X.columns})
    else:
        array = np.asarray(X)
        array = array.reshape(len(array), -1)
        names = ["value"] if array.shape[1] == 1 else [f"x{number}" for number in range(array.shape[1])]
        table = pd.DataFrame(array, columns=names)
    numbers = table.select_dtypes("number").astype(np.float64)
    if numbers.shape[1] == 0:
        raise ValueError(f"X has no column of numbers to draw: its columns are {list(table.columns)}.")
    return numbers.where(np.isfinite(numbers))


def _most_alarmed(rows: SeriesRows, table: pd.DataFrame, max_series: int) -> list[Hashable]:
    """Return the series with the most alarms, in the order of the rows."""
    if "series" not in table:
        return rows.keys
    counts = table["series"].value_counts()
    by_alarms = sorted(rows.keys, key=lambda key: -int(counts.get(key, 0)))[:max_series]
    return [key for key in rows.keys if key in by_alarms]


def _most_telling(
    values: pd.DataFrame, sensors: pd.DataFrame | None, detected: np.ndarray, max_columns: int
) -> list[Any]:
    """Return the columns with the highest feature scores in alarms, in their order; or the first columns."""
    columns = list(values.columns)
    if sensors is None or not detected.any():
        return columns[:max_columns]
    sums = sensors[detected].sum().to_dict()
    telling = sorted(columns, key=lambda column: -sums.get(column, -np.inf))[:max_columns]
    return [column for column in columns if column in telling]
