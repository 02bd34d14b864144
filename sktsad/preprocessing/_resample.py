"""From irregular rows to one row per time step, and back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import timedelta
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from .._core import (
    LENGTH_OF_TIME,
    MAX_GAP,
    Interval,
    Labels,
    Rows,
    SeriesRows,
    StrOptions,
    check_labels,
    check_max_gap,
    mark_anomalies,
    nanoseconds,
    read_series,
    row_index,
    steps_of_gap,
    time_labels,
    validate_params,
    warn_if_anomaly_is_a_guess,
)

_MEANS = {"mean", "sum", "min", "max", "last", "count"}


@validate_params(
    {
        "step": [Interval(Real, 0, None, closed="neither"), *LENGTH_OF_TIME, pd.offsets.BaseOffset],
        "how": [StrOptions(_MEANS), Mapping],
        "fill": [StrOptions({"previous", "mean", "interpolate"}), None],
        "max_gap": MAX_GAP,
    },
    prefer_skip_nested_validation=True,
)
def resample(
    X: pd.DataFrame,
    y: Labels = None,
    step: str | float | timedelta = "auto",
    *,
    how: str | Mapping[Hashable, str] = "mean",
    fill: str | None = "previous",
    max_gap: float | str | timedelta = 3,
) -> Any:
    """Return one row per time step from irregular rows, series by series.

    A row at time ``t`` summarizes the rows after ``t - step`` up to ``t``: no row depends on a later one. Time steps
    are counted from 1970 in UTC, so that later rows fall on the same steps. Resample before the split and outside the
    pipeline: this changes the number of rows, which a pipeline step must not do. `resample_back` assigns scores to the
    original rows.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Rows in time order with time in the index, or with a (series, time) MultiIndex. Columns must be numbers; NaN is
        ignored, and remains only in steps without any value.
    y : array-like of shape (n_samples,), default=None
        Labels of two classes. A step with an anomalous row is anomalous; a filled step is anomalous if the steps on
        both sides are, so that events keep their place and length.
    step : str, float, timedelta or offset of pandas, default="auto"
        Time between two rows, such as ``"5min"``, or a number if time is a number. "auto" is the most frequent step of
        each series.
    how : {"mean", "sum", "min", "max", "last", "count"} or mapping of columns to these, default="mean"
        How several rows are combined into one. Columns that are not in a mapping get their mean.
    fill : {"previous", "mean", "interpolate"} or None, default="previous"
        How to fill steps without a row in holes no longer than ``max_gap``: with the values of the step before, or with
        the mean of all steps of the series so far. "interpolate" interpolates linearly to the next row: this looks
        ahead, which is impossible live. None leaves holes as they are.
    max_gap : float, str or timedelta, default=3
        Longest time from one row to the next that is filled, in steps, or, if the index has dates, as a length of time
        such as ``"10min"``; longer holes remain gaps.

    Returns
    -------
    X_regular : DataFrame of shape (n_steps, n_features)
        Rows at multiples of the step, with an index like that of X.
    y_regular : Series of shape (n_steps,)
        Their labels; only if y is given.

    Raises
    ------
    ValueError
        If X has no rows, or no time in its index, rows are out of time order, columns are not numbers, ``how`` names
        unknown columns, the step or ``max_gap`` does not match the type of the index, or y has more than two classes.

    Warns
    -----
    UserWarning
        If y has labels other than 0 and 1: the last in sorted order is taken as the anomaly.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad.preprocessing import resample
    >>> time = pd.to_datetime(
    ...     ["2026-01-01 00:00:10", "2026-01-01 00:00:50", "2026-01-01 00:03:00"]
    ... )
    >>> X = pd.DataFrame({"load": [1.0, 3.0, 8.0]}, index=time)
    >>> resample(X, step="1min")
                         load
    2026-01-01 00:01:00   2.0
    2026-01-01 00:02:00   2.0
    2026-01-01 00:03:00   8.0
    """
    rows, methods = _check(X, how)
    check_max_gap(max_gap, rows)
    steps = _steps(step, rows)
    longest = steps_of_gap(max_gap if fill else 1, steps)
    labels = None if y is None else _Labels(X, y, rows)
    pieces, times, sizes = [], [], []
    table = _numbers(X)
    for (_, part), size, most in zip(rows.parts(), steps.tolist(), longest.tolist(), strict=True):
        at = rows.order[part]
        steps_of_rows = _ceil(rows.times[part], size)  # type: ignore[index]
        starts = np.flatnonzero(np.append(True, np.diff(steps_of_rows) > 0))
        filled = _Holes(steps_of_rows[starts], most)
        summary = [_summarize(table[at, i], starts, method) for i, method in enumerate(methods)]
        pieces.append(np.column_stack([filled.fill(column, fill) for column in summary]))
        if labels is not None:
            labels.add(at, starts, filled)
        times.append(filled.steps * size)
        sizes.append(len(filled.steps))
    index = _index_like(X, rows, np.concatenate(times), sizes)
    regular = pd.DataFrame(np.concatenate(pieces), index, X.columns)
    return regular if labels is None else (regular, labels.result(index))


def resample_back(values: Rows, X: Rows) -> Any:
    """Assign values of regular rows to the original rows.

    Parameters
    ----------
    values : Series or DataFrame
        Scores, decisions or labels of the rows that `resample` made, with their index.
    X : DataFrame or Series
        The rows passed to `resample`.

    Returns
    -------
    values_of_rows : Series or DataFrame
        For each row of X, the value of its step, which is not known before the end of that step.

    Raises
    ------
    ValueError
        If a row of X lies in no step of ``values``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad.preprocessing import resample, resample_back
    >>> time = pd.to_datetime(
    ...     ["2026-01-01 00:00:10", "2026-01-01 00:00:50", "2026-01-01 00:03:00"]
    ... )
    >>> X = pd.DataFrame({"load": [1.0, 3.0, 8.0]}, index=time)
    >>> resample_back(resample(X, step="1min"), X)["load"].tolist()
    [2.0, 2.0, 8.0]
    """
    own, regular = read_series(X), read_series(values)
    if own.times is None or regular.times is None or own.kind != regular.kind:
        raise ValueError(
            "values and X must both have the same kind of time in their index: pass a Series or a frame with the index "
            "that resample returned, and the rows that were passed to it."
        )
    places = dict(regular.parts())
    found = np.empty(own.n_rows, dtype=np.intp)
    for key, part in own.parts():
        there = places.get(key, slice(0, 0))
        at = np.searchsorted(regular.times[there], own.times[part])
        if (at == there.stop - there.start).any():
            raise ValueError(
                f"X has rows{'' if key is None else f' of the series {key!r}'} that lie in no step of values. Pass the "
                "rows that were passed to resample, and values of all rows that it returned."
            )
        found[own.order[part]] = regular.order[there][at]
    out = values.iloc[found]
    out.index = row_index(X)
    return out


def _check(X: Rows, how: str | Mapping[Hashable, str]) -> tuple[SeriesRows, list[str]]:
    if not isinstance(X, pd.DataFrame):
        raise ValueError(
            f"X must be a DataFrame of pandas with time in its index, got {type(X).__name__} of "
            f"{type(X).__module__.partition('.')[0]}. Convert it: sktsad.to_panel(X, time=...) for a polars frame, "
            "pandas.DataFrame(X, index=times) for an array."
        )
    rows = read_series(X)
    if not rows.n_rows:
        raise ValueError("X has 0 rows: there is nothing to resample. Pass at least one row.")
    if rows.times is None:
        raise ValueError(
            "X has no time in its index. Set it: X.set_index(pandas.to_datetime(X.pop('time')))."
        )
    texts = [name for name, dtype in X.dtypes.items() if not is_numeric_dtype(dtype)]
    if texts or not X.shape[1]:
        raise ValueError(f"X must have columns of numbers; these are not: {texts}. Drop or encode them.")
    methods = {} if isinstance(how, str) else dict(how)
    unknown = [name for name in methods if name not in X.columns]
    wrong = [method for method in methods.values() if method not in _MEANS]
    if unknown or wrong:
        raise ValueError(
            f"how={how!r} must map columns of X to {sorted(_MEANS)}; unknown: {unknown or wrong}."
        )
    rest = how if isinstance(how, str) else "mean"
    return rows, [methods.get(name, rest) for name in X.columns]


def _numbers(X: pd.DataFrame) -> np.ndarray:
    single = all(dtype == np.float32 for dtype in X.dtypes)
    return X.to_numpy(np.float32 if single else np.float64, na_value=np.nan)


def _steps(step: Any, rows: SeriesRows) -> np.ndarray:
    """Return the time step of each series, in the unit of its times."""
    if isinstance(step, str) and step == "auto":
        steps = rows.steps()
        return np.where(np.isnan(steps), 1, steps)  # a single row fits any step size
    if rows.has_dates:
        if isinstance(step, Real):
            raise ValueError(
                f"step={step!r} must be a length of time, such as '5min', for an index of {rows.kind}."
            )
        size: Any = nanoseconds("step", step)
        if not size:
            raise ValueError(f"step={step!r} must be above 0.")
    elif isinstance(step, Real):
        size = step
    else:
        raise ValueError(f"step={step!r} must be a number, or 'auto', for an index of {rows.kind}.")
    return np.full(len(rows.keys), size)


def _ceil(times: np.ndarray, step: float) -> np.ndarray:
    """Return the number of the step that each time lies in, counted from 0."""
    if times.dtype.kind == "i" and float(step).is_integer():
        return -(-times // int(step))
    return np.ceil(np.round(times / step, 6)).astype(np.int64)


def _summarize(values: np.ndarray, starts: np.ndarray, how: str) -> np.ndarray:
    """Return one value for each run of rows, ignoring NaN; NaN if there is no other value."""
    n_rows = np.diff(np.append(starts, len(values)))
    if how == "last":
        return values[starts + n_rows - 1]
    missing = np.isnan(values)
    if how == "count":
        return np.add.reduceat((~missing).astype(values.dtype), starts)
    if how in ("min", "max"):
        return (np.fmin if how == "min" else np.fmax).reduceat(values, starts)
    if len(starts) == len(values):
        return values
    if missing.any():
        n_rows = np.add.reduceat(~missing, starts, dtype=np.int64)
        values = np.where(missing, 0, values)
    total = np.where(n_rows, np.add.reduceat(values, starts), np.nan)
    return total if how == "sum" else (total / np.maximum(n_rows, 1)).astype(values.dtype)


class _Holes:
    """The steps that have a row, and the filled steps between them."""

    def __init__(self, steps: np.ndarray, longest: float) -> None:
        holes = np.diff(steps)
        is_filled = (holes > 1) & (holes <= longest)
        self.steps = steps
        #: For each step, the last step with a row, and how many steps have passed since.
        self.before: Any = slice(None)
        self.is_new = np.zeros(0, dtype=bool)
        if not is_filled.any():
            return
        n_new = np.append(np.where(is_filled, holes - 1, 0), 0)
        self.before = np.repeat(np.arange(len(steps)), n_new + 1)
        later = np.arange(len(self.before)) - (np.cumsum(n_new + 1) - n_new - 1)[self.before]
        self.steps = steps[self.before] + later
        self.is_new = later > 0
        self._share = later / np.append(holes, 1)[self.before]
        self._after = np.minimum(self.before + 1, len(steps) - 1)

    def fill(self, values: np.ndarray, how: str | None) -> np.ndarray:
        """Return the values of all steps."""
        out = values[self.before]
        if not self.is_new.any():
            return out
        if how == "mean":
            known = ~np.isnan(values)
            sums = np.cumsum(np.where(known, values, 0), dtype=np.float64)
            out[self.is_new] = (sums / np.maximum(np.cumsum(known), 1))[self.before[self.is_new]]
        elif how == "interpolate":
            out = np.where(self.is_new, out + self._share * (values[self._after] - out), out)
        return out

    def is_between(self, marked: np.ndarray) -> np.ndarray:
        """Mark steps that have a marked row, and filled steps between two of these."""
        if not self.is_new.any():
            return marked
        return marked[self.before] & (marked[self._after] | ~self.is_new)


class _Labels:
    """Labels of the steps, collected series by series."""

    def __init__(self, X: Rows, y: Labels, rows: SeriesRows) -> None:
        labels = check_labels(X, y)
        self._classes, self._is_anomaly = mark_anomalies(labels)
        warn_if_anomaly_is_a_guess(self._classes)
        if len(self._classes) > 2:
            raise ValueError(
                f"y must have two classes, got {len(self._classes)}. Pass 0 for normal rows and 1 for anomalies."
            )
        self._name = getattr(y, "name", None)
        self._parts: list[np.ndarray] = []

    def add(self, at: np.ndarray, starts: np.ndarray, holes: _Holes) -> None:
        """Add a series: its rows, where steps start among them, and which steps are filled."""
        self._parts.append(holes.is_between(np.logical_or.reduceat(self._is_anomaly[at], starts)))

    def result(self, index: pd.Index) -> pd.Series:
        """Return the labels of all steps."""
        number = np.concatenate(self._parts).astype(int)
        if len(self._classes) == 1:
            number[:] = 0
        return pd.Series(self._classes[number], index, name=self._name)


def _index_like(X: pd.DataFrame, rows: SeriesRows, times: np.ndarray, sizes: list[int]) -> pd.Index:
    """Return the index of the steps, in the form of the index of X."""
    old = X.index
    is_panel = isinstance(old, pd.MultiIndex)
    labels: Any = times
    if rows.kind == "time deltas":
        labels = pd.TimedeltaIndex(times.astype(np.int64).view("m8[ns]"))
    elif rows.has_dates:
        labels = pd.DatetimeIndex(times.astype(np.int64).view("M8[ns]"))
        if rows.zone is not None:
            labels = labels.tz_localize("UTC").tz_convert(rows.zone)
    elif rows.kind and rows.kind.startswith("periods"):
        raise ValueError("X has periods in its index. Convert them to dates: X.index.to_timestamp().")
    if rows.has_dates:
        in_unit = labels.as_unit(getattr(time_labels(X), "unit", "ns"))
        labels = in_unit if (in_unit == labels).all() else labels  # steps may be finer than the unit
    names = list(old.names)
    if not is_panel:
        return pd.Index(labels, name=names[0])
    keys = np.repeat(np.arange(len(rows.keys)), sizes)
    series = pd.Index(rows.keys, tupleize_cols=False).take(keys)
    return pd.MultiIndex.from_arrays([series, labels], names=names)
