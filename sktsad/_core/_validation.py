"""Validation of rows, of labels, and of labels beside rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_numeric_dtype
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from ._index import LOST_INDEX_FIX, has_time, is_numbered, is_panel, reads_as_time, row_index
from ._series import SeriesRows, read_rows, read_series
from ._sklearn import num_samples, safe_indexing
from ._types import AnyEstimator, Label, Labels, Rows

#: Objects of time, in the words of pandas.
_TIMES = {"datetime", "datetime64", "date", "timedelta", "timedelta64", "period", "time"}
#: Seconds since 1970 in the years 2000 to 2100, and how often they may be divided.
_EPOCH, _UNITS = (946_684_800, 4_102_444_800), (1, 10**3, 10**6, 10**9)
#: Fewer rows may well be numbers that happen to rise.
_MIN_ROWS = 10


def validate_rows(estimator: AnyEstimator, X: Rows, **kwargs: Any) -> np.ndarray:
    """Run scikit-learn's ``validate_data`` for float rows, and name the columns that it refuses.

    Raises
    ------
    ValueError
        If X has no column, or columns of time, text, or holes.

    Warns
    -----
    UserWarning
        If a column, at fit, looks like seconds since 1970.
    """
    _check_columns(X)
    try:
        values = validate_data(estimator, X, dtype=(np.float64, np.float32), **kwargs)
    except (ValueError, TypeError) as error:
        _name_columns(X, error)
        raise
    if kwargs.get("reset", True):
        _warn_of_epochs(X, values)
    return values


def _check_columns(X: Rows) -> None:
    """Refuse a frame without columns, and time among the columns."""
    if isinstance(X, pd.DataFrame):
        if not X.shape[1]:
            raise ValueError(
                f"X has no columns: 0 feature(s) (shape={X.shape}) while a minimum of 1 is required. Keep a "
                "column of values: if all have become the index, X.reset_index(level) takes one back."
            )
        if all(isinstance(dtype, np.dtype) and dtype.kind in "fiub" for dtype in X.dtypes.unique()):
            return
        times = [name for name, column in X.items() if _holds_time(column)]
    elif getattr(getattr(X, "dtype", None), "kind", "") in ("m", "M"):
        times = list(range(np.shape(X)[1])) if np.ndim(X) == 2 else ["all"]
    else:
        return
    if times:
        raise ValueError(_time_in_columns(times, X))


def _time_in_columns(times: list, X: Rows) -> str:
    """Say that columns are time, and what to do."""
    level = f"X.set_index({times[0]!r})"
    if is_panel(X):
        level = f"X.droplevel(1).set_index({times[0]!r}, append=True)"
    elif not isinstance(X, pd.DataFrame):
        level = "pandas.DataFrame(values, index=times)"
    return (
        f"X has columns of time: {times}. Time belongs into the index: {level}, or for several series "
        f"X.set_index(['series', {times[0]!r}]). Drop other columns of time, or make numbers of them, such as the hour "
        "of the day."
    )


def _holds_time(column: pd.Series) -> bool:
    """Tell whether a column holds dates, time deltas or periods, as such, as objects, of Arrow, or as categories."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        column = dtype.categories.to_series()
        dtype = column.dtype
    if getattr(dtype, "kind", "O") in "mM" or isinstance(dtype, pd.PeriodDtype):
        return True
    is_odd = dtype == np.dtype(object) or hasattr(dtype, "pyarrow_dtype")
    return bool(
        is_odd and not is_numeric_dtype(dtype) and infer_dtype(column.astype(object), skipna=True) in _TIMES
    )


def _name_columns(X: Rows, error: Exception) -> None:
    """Raise an error that names the columns which are no numbers, or have holes."""
    if not isinstance(X, pd.DataFrame):
        rows = X if isinstance(X, np.ndarray) else np.empty(0)
        if rows.dtype == object and rows.ndim == 2:
            table = pd.DataFrame(rows)
            if times := [name for name, column in table.items() if _holds_time(column)]:
                raise ValueError(_time_in_columns(times, X)) from error
        return
    numbers = X.apply(pd.to_numeric, errors="coerce").astype(float)
    is_text = (numbers.isna() & X.notna()).any().to_numpy()
    if is_text.any():
        names = X.columns[is_text].tolist()
        fix = "Drop them, or encode them, e.g. with OneHotEncoder."
        texts = (X.iloc[:, int(at)].dropna() for at in np.flatnonzero(is_text))
        stamps = [text.name for text in texts if reads_as_time(pd.Index(text.astype(object)))]
        if stamps:
            fix += (
                f" {stamps} read as time, which belongs into the index: "
                f"X.set_index(pandas.to_datetime(X.pop({stamps[0]!r})))."
            )
        raise ValueError(f"X has columns that are not numbers: {names}. {fix}") from error
    n_holes = (~np.isfinite(numbers)).sum()
    if n_holes.any():
        raise ValueError(
            f"X contains NaN or infinity; number of such rows by column: {n_holes[n_holes > 0].to_dict()}. Fill "
            "them without looking ahead, e.g. by X.ffill() series by series, or drop these rows."
        ) from error


def _warn_of_epochs(X: Rows, values: np.ndarray) -> None:
    """Warn of columns that rise with every row and count the time since 1970, where the index is no time."""
    if not isinstance(X, pd.DataFrame) or len(X) < _MIN_ROWS or has_time(X):
        return
    is_epoch = np.zeros(values.shape[1], dtype=bool)
    for unit in _UNITS:
        low, high = (bound * unit for bound in _EPOCH)
        is_epoch |= (values[0] >= low) & (values[-1] < high)
    names = [
        X.columns[int(at)]
        for at in np.flatnonzero(is_epoch)
        if (np.diff(column := values[:, at]) > 0).all() and (column == np.floor(column)).all()
    ]
    if names:
        warnings.warn(
            f"The columns {names} of X rise with every row and look like the time since 1970. If they are, make them "
            f"the index: X.set_index(pandas.to_datetime(X.pop({names[0]!r}), unit='s')), or whichever unit it is.",
            UserWarning,
            stacklevel=5,
        )


def check_labels(X: Rows, y: Labels) -> np.ndarray:
    """Return y as an array of class labels, one for each row of X.

    Raises
    ------
    ValueError
        If they are no labels of classes, or too few or many, or if X and y both carry series or time in their index,
        and others.
    """
    labels = column_or_1d(y, warn=True)
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    check_consistent_length(X, labels)
    check_same_index(X, y)
    return labels


def check_same_index(X: Rows, y: Labels, x_name: str = "X", y_name: str = "y") -> None:
    """Raise if two tables of the same rows both carry series or time in their index, and not the same.

    Rows that are numbered 0, 1, 2, ... or have no index go by position.
    """
    index, other = row_index(X), row_index(y)
    if index is None or other is None or index is other or len(index) != len(other) or index.equals(other):
        return
    if is_numbered(index) or is_numbered(other):
        return
    rows, others = _readable_rows(X), _readable_rows(y)
    if rows is None or others is None or _same_rows(rows, others):
        return
    at = next((number for number, pair in enumerate(zip(index, other, strict=True)) if pair[0] != pair[1]), 0)
    raise ValueError(
        f"{x_name} and {y_name} have different indexes, and rows are matched by position: row {at} is {index[at]} in "
        f"{x_name}, {other[at]} in {y_name}. Bring them into one order, {y_name}.loc[{x_name}.index], or drop the "
        f"index of {y_name} with {y_name}.reset_index(drop=True) if the positions are right."
    )


def _readable_rows(table: Any) -> SeriesRows | None:
    """Return the rows of a table that carry series or time; None for others, and for an index that is refused."""
    try:
        rows = read_rows(table)
    except ValueError:  # whoever reads series or time says so
        return None
    return None if rows.times is None else rows


def _same_rows(rows: SeriesRows, others: SeriesRows) -> bool:
    """Tell whether time, and series where both have them, are the same row by row."""
    if rows.kind != others.kind:
        return False
    columns = []
    for each in (rows, others):
        number = np.repeat(np.arange(len(each.keys)), np.diff(each.bounds))
        back = np.argsort(each.order, kind="stable")
        columns.append((np.asarray(each.times)[back], number[back], each.keys))
    (times, numbers, keys), (other_times, other_numbers, other_keys) = columns
    if not np.array_equal(times, other_times):
        return False
    if [None] in (keys, other_keys):  # one has lost the series, and agrees on the time
        return True
    return keys == other_keys and np.array_equal(numbers, other_numbers)


def check_target_index(X: Rows, y: Labels, max_gap: float) -> str | None:
    """Compare y's index with that of X; return a warning where X has lost what it may do without.

    Raises
    ------
    ValueError
        If y has a (series, time) index and X has none, if both carry series or time and not the same, or if y's index
        shows rows out of time order.
    """
    if is_panel(y) and not is_panel(X):
        raise ValueError(
            "y has a (series, time) index, X has lost it: windows would run across series. " + LOST_INDEX_FIX
        )
    check_same_index(X, y)
    if row_index(X) is not None or row_index(y) is None:
        return None
    rows = read_series(y)
    holes = len(rows.segment_starts(max_gap, rows.steps())) - 1
    if holes:
        return (
            f"y's index shows {holes} gap(s) in time that X, an array, has lost: windows run across them. "
            + LOST_INDEX_FIX
        )
    if has_time(y):
        return (
            f"y's index holds {rows.kind}, which X, an array, has lost: gaps in later rows will not be seen, nor that "
            "they follow those of fit, so that their first windows are padding. " + LOST_INDEX_FIX
        )
    return None


def mark_anomalies(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of checked labels, and which rows are anomalous: the one place that decides this.

    Of two labels the last in sorted order is the anomaly. A single label is normal, but for 1 and True. Of more than
    two, none is.
    """
    classes = np.unique(y)
    if len(classes) == 1:
        is_anomaly = classes.dtype.kind in "biuf" and classes[0] == 1
        return classes, np.full(len(y), is_anomaly)
    return classes, y == classes[1] if len(classes) == 2 else np.zeros(len(y), dtype=bool)


def mark_label(pos_label: Label, **labels: Labels) -> list[Any]:
    """Mark the rows of one label, where the user names it; of labels that may be None, and hold two labels together.

    Raises
    ------
    ValueError
        If there are more than two labels, or two of which none is ``pos_label``.
    """
    read = {name: column_or_1d(y) for name, y in labels.items() if y is not None}
    found: list[Any] = []
    for name, y in read.items():
        assert_all_finite(y, input_name=name)
        found += [label for label in pd.unique(y).tolist() if label not in found]
    if len(found) > 2 or (len(found) == 2 and pos_label not in found):
        raise ValueError(
            f"{' and '.join(read)} must hold two labels, one of them pos_label={pos_label!r}, got "
            f"{sorted(found, key=str)[:5]}. Give pos_label= the label of anomalies; cut scores first, as y_score > "
            "threshold; the -1 of scikit-learn's outlier detectors is an anomaly, so y_pred == -1."
        )
    return [None if y is None else read[name] == pos_label for name, y in labels.items()]


def warn_if_anomaly_is_a_guess(classes: np.ndarray) -> None:
    """Say which of two labels is taken as the anomaly, unless they are 0/1 or booleans."""
    if len(classes) == 2 and classes.dtype != bool and list(classes) != [0, 1]:
        normal, anomaly = classes.tolist()
        warnings.warn(
            f"The labels are {normal!r} and {anomaly!r}: {anomaly!r}, the last in sorted order, is taken as the "
            "anomaly. Encode y as 0 (normal) and 1 (anomaly) to choose.",
            UserWarning,
            stacklevel=4,
        )


def params_of_rows(params: dict[str, Any], X: Rows, rows: np.ndarray) -> dict[str, Any]:
    """Return parameters of fit for some rows of X: those with a value per row are cut, others stay."""
    n_rows = num_samples(X)

    def has_value_per_row(value: Any) -> bool:
        return hasattr(value, "__len__") and not isinstance(value, (str, dict)) and len(value) == n_rows

    return {
        name: safe_indexing(value, rows) if has_value_per_row(value) else value
        for name, value in params.items()
    }
