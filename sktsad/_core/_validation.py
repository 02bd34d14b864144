"""Validation of labels, alone and together with rows."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Set
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from ._drawn_rows import DRAWN_ROWS, look_drawn
from ._index import LOST_INDEX_FIX, has_time, is_numbered, is_panel, row_index
from ._level_of_user import level_of_user
from ._series import SeriesRows, read_rows, read_series
from ._sklearn import num_samples
from ._types import Label, Labels, MaxGap, Rows


def check_labels(X: Rows, y: Labels) -> np.ndarray:
    """Return y as an array of class labels, one for each row of X.

    Raises
    ------
    ValueError
        If y does not contain class labels, its length is not that of X, or X and y both have series or time in their
        index and these differ.
    """
    labels = column_of_labels(y)
    if labels.dtype == object and len(labels) and not isinstance(labels[0], (str, bytes)):
        raise ValueError(
            f"Unknown label type: y contains objects, such as {labels[0]!r}, not a dtype of numbers, text or booleans. "
            "Convert it: y.astype(int), y.astype(bool) or y.astype(str)."
        )
    check_classification_targets(labels)
    _check_number(X, labels)
    check_same_index(X, y)
    return labels


def column_of_labels(y: Labels) -> np.ndarray:
    """Return labels as an array of one type, without missing labels.

    Raises
    ------
    ValueError, TypeError
        If they are not a column of labels.
    """
    kind = type(y).__name__
    if isinstance(y, (str, bytes, Mapping, Set, Iterator)) or issparse(y) or np.isscalar(y):
        raise TypeError(
            f"y is a {kind}, but labels must be an array or a Series, with one label for each row of X."
        )
    if isinstance(y, np.ma.MaskedArray) and np.ma.getmaskarray(y).any():
        raise ValueError(
            f"y is a masked array with {int(np.ma.getmaskarray(y).sum())} masked labels, which would be read as if "
            "they were not masked. Label these rows, or drop them."
        )
    if hasattr(y, "ndim") and y.ndim > 2:
        raise ValueError(f"y has {y.ndim} dimensions, shape {y.shape}: pass one label for each row of X.")
    dtype = getattr(y, "dtype", None)
    if getattr(dtype, "kind", "") in ("c", "m", "M", "V"):
        # Expected by scikit-learn's checks.
        said = "Complex data not supported: " if getattr(dtype, "kind", "") == "c" else ""
        raise ValueError(
            f"{said}y has dtype {dtype}, which cannot be a class. Use numbers, text or booleans, such as 0 (normal) "
            "and 1 (anomaly)."
        )
    labels = column_or_1d(y, warn=True)
    if labels.dtype == object:
        n_missing = int(pd.isna(labels).sum())
        if n_missing:
            raise ValueError(
                f"y has a missing label (None or NaN) in {n_missing} of its {len(labels)} rows. Label these rows, or "
                "drop them from X and y."
            )
        kinds = {_kind(label) for label in labels}
        if containers := kinds & {"list", "dict", "set", "ndarray"}:
            raise ValueError(
                f"y contains a {min(containers)} in some or all rows: pass one label for each row of X."
            )
        if len(kinds) > 1:
            raise ValueError(
                f"y contains labels of several types: {sorted(kinds)}. Convert them to one type, e.g. with "
                "y.astype(str), or encode them as 0 (normal) and 1 (anomaly)."
            )
    assert_all_finite(labels, input_name="y")
    return labels


def _kind(label: Any) -> str:
    """Return the name of a label's type; all numbers count as one type."""
    is_number = isinstance(label, (Number, np.bool_, np.number))
    return "number" if is_number else type(label).__name__


def _check_number(X: Rows, labels: np.ndarray) -> None:
    """Refuse labels if their number differs from the number of rows of X."""
    n_rows, n_labels = num_samples(X), len(labels)
    if n_rows == n_labels:
        return
    axes = {X.length: "steps", X.n_channels: "channels"} if hasattr(X, "n_channels") else {}
    fix = "Pass one label for each row."
    if n_labels in axes and n_labels > 1:
        fix = (
            f"The second or third axis of X, its {axes[n_labels]}, is as long as y, but the axes must be (rows, steps, "
            "channels), see numpy.moveaxis."
        )
    raise ValueError(
        f"Found input variables with inconsistent numbers of samples: X has {n_rows} rows, y has {n_labels}. {fix}"
    )


def check_same_index(X: Rows, y: Labels, x_name: str = "X", y_name: str = "y") -> None:
    """Raise if two tables of the same rows both have series or time in their index, and these differ.

    Rows that are numbered 0, 1, 2, ... or have no index are matched by position; but if X is numbered in this way, a
    target with the same numbers in another order raises an error.

    Raises
    ------
    ValueError
        If the indexes differ, or one of them has time in a form that cannot be compared.
    """
    index, other = row_index(X), row_index(y)
    if index is None or other is None or index is other or len(index) != len(other) or index.equals(other):
        return
    if is_numbered(other) or (is_numbered(index) and not (x_name == "X" and _is_numbered_in_disorder(other))):
        return
    rows, others = _readable_rows(X, x_name, other), _readable_rows(y, y_name, index)
    if rows is None or others is None:
        agree = not _in_another_order(index, other)
    else:
        agree = _same_rows(rows, others)
    if agree:
        return
    at = int(np.argmax([label != beside for label, beside in zip(index, other, strict=True)]))
    raise ValueError(
        f"{x_name} and {y_name} have different indexes, but rows are matched by position: row {at} is {index[at]} in "
        f"{x_name}, {other[at]} in {y_name}. Use the same order, {y_name}.loc[{x_name}.index], or drop the index of "
        f"{y_name} with {y_name}.reset_index(drop=True) if the positions are right."
    )


def _readable_rows(table: Any, name: str, other: pd.Index) -> SeriesRows | None:
    """Return the rows of a table with series or time; None for other tables.

    An index of time that cannot be read is compared with the other one label by label.
    """
    try:
        rows = read_rows(table)
    except ValueError as error:
        if _as_text(table.index).equals(_as_text(other)):  # the reader of series and time reports it
            return None
        fix = re.sub(r"\bX\.", f"{name}.", str(error))
        raise ValueError(
            f"{name} has a different index from that of the other rows, and cannot be sorted in the same order: {fix}"
        ) from error
    return None if rows.times is None else rows


def _as_text(index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({level: index.get_level_values(level).astype(str) for level in range(index.nlevels)})


def _is_numbered_in_disorder(index: pd.Index) -> bool:
    """Return whether rows are numbered 0, 1, 2, ..., but in another order."""
    return is_integer_dtype(index.dtype) and is_numbered(index.sort_values())


def _in_another_order(index: pd.Index, other: pd.Index) -> bool:
    """Return whether two indexes contain the same words, or names of series, in different orders."""
    labels, others = (each.get_level_values(0).tolist() for each in (index, other))
    return labels != others and set(labels) == set(others)


def _same_rows(rows: SeriesRows, others: SeriesRows) -> bool:
    """Return whether time, and series if both have them, are the same row by row."""
    if rows.kind != others.kind:
        return False
    columns = []
    for each in (rows, others):
        number = np.repeat(np.arange(len(each.keys)), np.diff(each.bounds))
        back = np.argsort(each.order)
        columns.append((np.asarray(each.times)[back], number[back], each.keys))
    (times, numbers, keys), (other_times, other_numbers, other_keys) = columns
    if not np.array_equal(times, other_times):
        return False
    if [None] in (keys, other_keys):  # one has lost the series, but has the same times
        return True
    return keys == other_keys and np.array_equal(numbers, other_numbers)


def check_target_index(X: Rows, y: Labels, max_gap: MaxGap) -> str | None:
    """Compare the index of y with that of X; return a warning if X has lost gaps, or time, that y still has.

    Raises
    ------
    ValueError
        If y has a (series, time) index and X has none, if both have series or time and these differ, or if the index of
        y is out of time order.
    """
    if is_panel(y) and not is_panel(X):
        raise ValueError(
            "y has a (series, time) index, but X has lost it: windows would cross from one series into another. "
            + LOST_INDEX_FIX
        )
    check_same_index(X, y)
    index = row_index(X)
    if index is not None and not (
        is_numbered(index) and has_time(y)
    ):  # numbered rows are matched by position
        return None
    if row_index(y) is None:
        return DRAWN_ROWS if isinstance(X, np.ndarray) and look_drawn(X) else None
    rows, what = read_series(y), "an array" if index is None else "numbered 0, 1, 2, ..."
    holes = len(rows.segment_starts(max_gap, rows.steps())) - 1
    if holes:
        return (
            f"The index of y has {holes} gap(s) in time that X, {what}, has lost: windows cross them. "
            + LOST_INDEX_FIX
        )
    if has_time(y):
        return (
            f"The index of y has {rows.kind}, which X, {what}, has lost: it cannot be seen where later rows "
            "have gaps, nor whether they follow the training rows, so that their first windows are padded. "
            + LOST_INDEX_FIX
        )
    return None


def mark_anomalies(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of checked labels, and which rows are anomalous; this is decided only here.

    With two labels, the last in sorted order is the anomaly. A single label is normal, except for 1 and True. With more
    than two labels, none is the anomaly.
    """
    classes = np.unique(y)
    if len(classes) == 1:
        is_anomaly = classes.dtype.kind in "biuf" and classes[0] == 1
        return classes, np.full(len(y), is_anomaly)
    return classes, y == classes[1] if len(classes) == 2 else np.zeros(len(y), dtype=bool)


def mark_label(pos_label: Label, **labels: Labels) -> list[Any]:
    """Mark the rows with ``pos_label`` in arrays of labels (or None) that together contain two labels.

    Raises
    ------
    ValueError
        If there are more than two labels, or two labels different from ``pos_label``.

    Warns
    -----
    UserWarning
        If ``pos_label`` is 1 and the smaller of two numbers.
    """
    read = {name: column_or_1d(y) for name, y in labels.items() if y is not None}
    found: list[Any] = []
    for name, y in read.items():
        assert_all_finite(y, input_name=name)
        found += [label for label in pd.unique(y).tolist() if label not in found]
    if len(found) > 2 or (len(found) == 2 and pos_label not in found):
        raise ValueError(
            f"{' and '.join(read)} must contain two labels, one of them pos_label={pos_label!r}, got "
            f"{sorted(found, key=str)[:5]}. Set pos_label to the label of anomalies. For scores, pass y_score > "
            "threshold. For outlier detectors of scikit-learn, where -1 is the anomaly, pass y_pred == -1."
        )
    if (
        len(found) == 2
        and pos_label == 1
        and all(_kind(label) == "number" for label in found)
        and max(found) > 1
    ):
        warnings.warn(
            f"{' and '.join(read)} contain the labels {sorted(found)}, and pos_label={pos_label!r} makes the smaller "
            "one the anomaly, but all estimators use the larger one. Encode them as 0 (normal) and 1 (anomaly), or "
            f"pass pos_label={max(found)!r}.",
            UserWarning,
            stacklevel=level_of_user(),
        )
    return [None if y is None else read[name] == pos_label for name, y in labels.items()]


def warn_if_anomaly_is_a_guess(classes: np.ndarray) -> None:
    """Warn which of two labels is taken as the anomaly, unless they are 0 and 1 or booleans."""
    if len(classes) == 2 and classes.dtype != bool and list(classes) != [0, 1]:
        normal, anomaly = classes.tolist()
        warnings.warn(
            f"The labels are {normal!r} and {anomaly!r}: {anomaly!r}, the last in sorted order, is taken as the "
            "anomaly. Encode y as 0 (normal) and 1 (anomaly) to choose.",
            UserWarning,
            stacklevel=level_of_user(),
        )
