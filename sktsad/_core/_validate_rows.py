"""Validation of rows."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_numeric_dtype
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from ._index import has_time, is_numbered, is_panel, reads_as_time, row_index
from ._level_of_user import level_of_user
from ._sklearn import output_config
from ._types import AnyEstimator, Rows

#: Names that pandas gives to types of time.
_TIMES = {"datetime", "datetime64", "date", "timedelta", "timedelta64", "period", "time"}
#: Seconds since 1970 in the years 2000 to 2100, and the units per second in which they may be counted.
_EPOCH, _UNITS = (946_684_800, 4_102_444_800), (1, 10**3, 10**6, 10**9)
#: Matches an error that already names X.
_NAMES_X = re.compile(r"\b(X|features?|feature\(s\)|sample\(s\)|sparse|Sparse)\b")
#: Matches scikit-learn's error about missing values.
_MISSING = re.compile(r"contains NaN")
FILL_FIX = (
    "Put SeriesImputer first in the pipeline, which fills missing values without looking ahead, or drop these rows. "
    "Replace infinite values by NaN first: X.replace([numpy.inf, -numpy.inf], numpy.nan)."
)
_PANEL_FIX = (
    "a frame with a (series, time) MultiIndex: pandas.concat(dict(enumerate(map(pandas.DataFrame, X))), "
    "names=['series', 'time'])."
)
#: Other types of polars that count as numbers.
_POLARS_TOO = ("Boolean", "Null")
#: First letters of the types of time of Arrow.
_ARROW_TIMES = ("timestamp", "date", "time", "duration")
#: With fewer rows, values may rise by chance.
_MIN_ROWS = 10


def validate_rows(estimator: AnyEstimator, X: Rows, **kwargs: Any) -> np.ndarray:
    """Run scikit-learn's ``validate_data`` for float rows, with errors that name X, or columns of X.

    Raises
    ------
    ValueError, TypeError
        If X is not a table, has no column, or has columns of time, of text, or with missing values.

    Warns
    -----
    UserWarning
        If a column, at fit, looks like seconds since 1970.
    """
    refuse_other_rows(X)
    takes_missing = kwargs.get("ensure_all_finite") == "allow-nan"
    try:
        values = validate_data(estimator, X, dtype=(np.float64, np.float32), **kwargs)
    except (ValueError, TypeError) as error:
        _name_columns(X, error, takes_missing)
        if _MISSING.search(str(error)):
            raise ValueError(f"X contains NaN. {FILL_FIX}") from error
        if _NAMES_X.search(str(error)):
            raise
        if "with 0 sample" in str(error):
            raise ValueError(
                f"X has no rows: {_shorten(error)} Check what selects or drops rows before this step."
            ) from error
        raise type(error)(
            f"X cannot be read as rows of numbers: {_shorten(error)} Give an array or a frame of shape (n_samples, "
            f"n_features), one row per time step.{_axes_fix(X)}"
        ) from error
    if kwargs.get("reset", True):
        _warn_of_epochs(X, values)
    return values


def _shorten(error: Exception) -> str:
    """Return the message of an error, without the array in it."""
    return str(error).partition("\n")[0][:200].rstrip(".") + "."


def _axes_fix(X: Rows) -> str:
    is_listed = isinstance(X, (list, tuple)) or getattr(X, "ndim", 2) == 1
    are_tables = is_listed and {part.ndim for part in _shallow(X)} == {2}
    if getattr(X, "ndim", 2) != 3 and not are_tables:
        return ""
    return f" A 3-D array is for estimators of windows. Several series are {_PANEL_FIX}"


def refuse_other_containers(X: Rows) -> None:
    """Refuse anything that is not a table of rows, with an error that says how to make one.

    Raises
    ------
    ValueError, TypeError
        If X is a mapping, a set, an iterator, text or a number, contains series of several lengths or masked values, or
        is a structured array.
    """
    kind = type(X).__name__
    if issparse(X):  # some sparse matrices are mappings; scikit-learn refuses all of them
        return
    if is_polars(X) and not hasattr(X, "to_numpy"):
        raise TypeError("X is a LazyFrame of polars, which has no rows yet. Collect it: X.collect().")
    if isinstance(X, Mapping):
        raise TypeError(
            f"X is a {kind}, but rows must be an array or a frame. Create a frame from columns with "
            "pandas.DataFrame(X), or from series by name with pandas.concat(X, names=['series', 'time'])."
        )
    if isinstance(X, (str, bytes, bytearray, memoryview, Set, Iterator)):
        raise TypeError(
            f"X is a {kind}, which has no rows and columns. Give an array or a frame of shape (n_samples, n_features)."
        )
    if isinstance(X, np.ma.MaskedArray) and np.ma.getmaskarray(X).any():
        n_masked = int(np.ma.getmaskarray(X).any(axis=-1).sum())
        raise ValueError(
            f"X is a masked array with masked values in {n_masked} of its rows, which would be read as if they were "
            "not masked. Fill them without looking ahead, or drop these rows."
        )
    if getattr(getattr(X, "dtype", None), "names", None):
        raise TypeError(
            f"X is a structured array with the fields {list(X.dtype.names)}. Convert it to a frame: "
            "pandas.DataFrame(X), with time as its index."
        )
    is_listed = isinstance(X, (list, tuple)) or (
        isinstance(X, np.ndarray) and X.dtype == np.dtype(object) and X.ndim == 1
    )
    if is_listed and len({np.shape(row) for row in _shallow(X)}) > 1:
        raise ValueError(
            "X is a list of parts of different lengths. Rows must all have the same columns; several series are "
            f"{_PANEL_FIX}"
        )
    if is_listed and len(X) and all(isinstance(part, pd.DataFrame) for part in X):
        raise ValueError(
            "X is a list of frames. Join them into one with a (series, time) MultiIndex: pandas.concat(X, keys=names, "
            "names=['series', 'time'])."
        )


def _shallow(X: Rows) -> Iterator[Any]:
    """Yield the parts of a list as arrays; a part that cannot be converted is empty."""
    for part in X:
        try:
            yield np.asarray(part)
        except ValueError:  # its own parts have different lengths
            yield np.empty(0)


def refuse_other_rows(X: Rows) -> None:
    """Refuse anything that no estimator accepts as rows, before an estimator of another library reads it.

    Raises
    ------
    ValueError, TypeError
        If X is not a table, has no column, or has columns of time.
    """
    refuse_other_containers(X)
    _check_columns(X)


def _check_columns(X: Rows) -> None:
    """Refuse a frame without columns, and time among the columns."""
    if isinstance(X, pd.DataFrame):
        if not X.shape[1]:
            raise ValueError(
                f"X has no columns: 0 feature(s) (shape={X.shape}) while a minimum of 1 is required. Keep a column of "
                "values: if all columns are in the index, X.reset_index(level) moves one back."
            )
        if all(isinstance(dtype, np.dtype) and dtype.kind in "fiub" for dtype in X.dtypes.unique()):
            return
        times = [name for name, column in X.items() if _holds_time(column)]
    elif getattr(getattr(X, "dtype", None), "kind", "") in ("m", "M"):
        times = list(range(np.shape(X)[1])) if np.ndim(X) == 2 else ["all"]
    elif is_polars(X) and hasattr(X, "schema"):
        _check_polars(X)
        return
    elif _module(X) == "pyarrow" and hasattr(X, "schema"):
        times = [field.name for field in X.schema if str(field.type).startswith(_ARROW_TIMES)]
    else:
        return
    if times:
        raise ValueError(_time_in_columns(times, X))


def is_polars(table: Any) -> bool:
    """Return whether a frame or a series is from polars, without importing polars."""
    return _module(table) == "polars"


def _module(table: Any) -> str:
    return type(table).__module__.partition(".")[0]


def refuse_polars_output(estimator: AnyEstimator, X: Rows) -> bool:
    """Return whether ``transform`` must return a polars frame; raise if this would lose series or time.

    Raises
    ------
    ValueError
        If the rows have an index of series or time, which a polars frame cannot have.
    """
    if output_config("transform", estimator)["dense"] != "polars":
        return False
    index = row_index(X)
    if index is not None and not is_numbered(index):
        raise ValueError(
            f"{type(estimator).__name__} would lose the index of X, which contains series or time: polars frames have "
            "no index. Use set_output(transform='pandas'), or the default, instead of set_output(transform='polars')."
        )
    return True


def _check_polars(X: Rows) -> None:
    """Refuse time, text or 128-bit integers among the columns of a frame of polars."""
    times = [name for name, dtype in X.schema.items() if dtype.is_temporal()]
    others = [
        name for name, dtype in X.schema.items() if not (dtype.is_numeric() or str(dtype) in _POLARS_TOO)
    ]
    wide = [name for name, dtype in X.schema.items() if str(dtype).endswith("Int128")]
    if wide:
        raise ValueError(
            f"X has columns of 128-bit integers: {wide}, which NumPy does not have. Convert them: "
            "X.cast({'name': polars.Float64})."
        )
    fix = f"to_panel(X, time={times[0]!r})" if times else "to_panel(X, time=...)"
    fix += " of sktsad makes a frame with an index of time; for several series also pass their column, series=..."
    if times:
        raise ValueError(
            f"X is a frame of polars, which has no index, and has columns of time: {times}. Time is not a feature: "
            f"{fix}. Drop other columns of time, or convert them to numbers, such as the hour of the day."
        )
    if others:
        raise ValueError(
            f"X has columns that are not numbers: {others}. Drop them, or encode them; if they name series or times: "
            f"{fix}."
        )


def _time_in_columns(times: list, X: Rows) -> str:
    """Return an error message for columns of time."""
    level = f"X.set_index({times[0]!r})"
    if is_panel(X):
        level = f"X.droplevel(1).set_index({times[0]!r}, append=True)"
    elif _module(X) == "pyarrow":
        level = f"X.to_pandas().set_index({times[0]!r})"
    elif not isinstance(X, pd.DataFrame):
        level = "pandas.DataFrame(values, index=times)"
    return (
        f"X has columns of time: {times}. Time belongs in the index: {level}, or for several series "
        f"X.set_index(['series', {times[0]!r}]). Drop other columns of time, or convert them to numbers, such as the "
        "hour of the day."
    )


def _holds_time(column: pd.Series) -> bool:
    """Return whether a column contains dates, time deltas or periods, also as objects, Arrow types or categories."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        column = dtype.categories.to_series()
        dtype = column.dtype
    if getattr(dtype, "kind", "O") in "mM" or isinstance(dtype, pd.PeriodDtype):
        return True
    is_odd = dtype == np.dtype(object) or hasattr(dtype, "pyarrow_dtype")
    return bool(is_odd and not is_numeric_dtype(dtype) and infer_dtype(column.astype(object)) in _TIMES)


def _name_columns(X: Rows, error: Exception, takes_missing: bool) -> None:
    """Raise an error that names the columns that are not numbers, or have missing values."""
    if not isinstance(X, pd.DataFrame):
        if isinstance(X, np.ndarray) and X.ndim == 2:
            table = pd.DataFrame(X)
            if times := [name for name, column in table.items() if _holds_time(column)]:
                raise ValueError(_time_in_columns(times, X)) from error
        return
    numbers = X.apply(pd.to_numeric, errors="coerce").astype(float)
    is_text = (numbers.isna() & X.notna()).any().to_numpy()
    if is_text.any():
        names = X.columns[is_text].tolist()
        fix = "Drop them, or encode them, e.g. with OneHotEncoder."
        texts = [X.iloc[:, int(at)].dropna() for at in np.flatnonzero(is_text)]
        nested = [text.name for text in texts if pd.api.types.is_list_like(text.iloc[0])]
        if nested:
            raise ValueError(
                f"X has columns with a series in each cell: {nested}. Create a frame with one row per time step: "
                f"pandas.DataFrame({{name: pandas.concat(dict(X[name].map(pandas.Series))) for name in {nested}}})."
            ) from error
        commas = [text.name for text in texts if text.astype(str).str.fullmatch(r"\s*[+-]?\d+,\d+\s*").any()]
        if commas:
            fix += f" {commas} contain numbers with a decimal comma: read the file with decimal=','."
        stamps = [text.name for text in texts if reads_as_time(pd.Index(text.astype(object)))]
        if stamps:
            fix += (
                f" {stamps} look like time, which belongs in the index: "
                f"X.set_index(pandas.to_datetime(X.pop({stamps[0]!r})))."
            )
        raise ValueError(f"X has columns that are not numbers: {names}. {fix}") from error
    n_holes = (np.isinf(numbers) if takes_missing else ~np.isfinite(numbers)).sum()
    if n_holes.any():
        what = "infinity" if takes_missing else "NaN or infinity"
        raise ValueError(
            f"X contains {what}; number of such rows by column: {n_holes[n_holes > 0].to_dict()}. {FILL_FIX}"
        ) from error


def _warn_of_epochs(X: Rows, values: np.ndarray) -> None:
    """Warn about columns that never fall and look like time since 1970, if the index is not time."""
    if len(values) < _MIN_ROWS or has_time(X):
        return
    columns = list(X.columns) if hasattr(X, "columns") else range(values.shape[1])
    is_epoch = np.zeros(values.shape[1], dtype=bool)
    for unit in _UNITS:
        low, high = (bound * unit for bound in _EPOCH)
        is_epoch |= (values[0] >= low) & (values[-1] < high)
    names = [
        columns[int(at)]
        for at in np.flatnonzero(is_epoch)
        if (np.diff(column := values[:, at]) >= 0).all()
        and len(np.unique(column)) >= _MIN_ROWS
        and (column % 1 == 0).all()
    ]
    if names:
        warnings.warn(
            f"The columns {names} of X rise from row to row and look like time since 1970. If they are, make them the "
            f"index of a frame: X.set_index(pandas.to_datetime(X.pop({names[0]!r}), unit='s')), or whichever unit it "
            "is.",
            UserWarning,
            stacklevel=level_of_user(),
        )
