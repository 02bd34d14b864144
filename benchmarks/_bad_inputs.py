"""Rows, labels and weights of unusual or wrong types and shapes, and, if possible, the same data in the usual form."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

N_ROWS, N_LATER = 60, 20
START = pd.Timestamp("2026-01-05")


def clean_rows(n_rows: int = N_ROWS, start: int = 0) -> pd.DataFrame:
    """Return rows of two columns, whole quarters, which every floating type holds exactly."""
    rng = np.random.default_rng(start)
    values = rng.integers(-12, 12, size=(n_rows, 2)) / 4
    values[::15] += 8
    index = pd.date_range(START + pd.Timedelta(minutes=start), periods=n_rows, freq="min")
    return pd.DataFrame(values, index=index, columns=["load", "heat"])


def clean_labels(n_rows: int = N_ROWS) -> np.ndarray:
    """Return labels with an event at every fifteenth row."""
    return (np.arange(n_rows) % 15 < 2).astype(int)


def _indexed(X: pd.DataFrame, index: Any) -> pd.DataFrame:
    return X.set_axis(index, axis=0)


def _objects(values: Any) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def _with(X: pd.DataFrame, value: Any, dtype: Any = None) -> pd.DataFrame:
    """Put a value into the middle of the first column."""
    out = X.astype(object if dtype is None else dtype).copy()
    out.iloc[len(X) // 2, 0] = value
    return out


def _panel(X: pd.DataFrame, names: tuple[Any, Any] = ("a", "b")) -> pd.DataFrame:
    half = len(X) // 2
    keys = [names[0]] * half + [names[1]] * (len(X) - half)
    return _indexed(X, pd.MultiIndex.from_arrays([keys, X.index], names=["series", "time"]))


def _whole(X: pd.DataFrame) -> pd.DataFrame:
    return X.round().abs()


def _decimal(X: pd.DataFrame) -> pd.DataFrame:
    return X.astype(object).map(lambda value: Decimal(str(value)))


def _torch(X: pd.DataFrame) -> Any:
    import torch

    return torch.from_numpy(X.to_numpy().copy())


def _polars(X: pd.DataFrame) -> Any:
    import polars

    return polars.DataFrame(X.to_numpy(), schema=list(X.columns))


def _polars_time(X: pd.DataFrame) -> Any:
    import polars

    return _polars(X).with_columns(polars.Series("at", X.index.to_numpy()))


Rows = Callable[[pd.DataFrame], Any]
same: Rows = lambda X: X  # noqa: E731

#: Rows in another form: name, function that makes it, and the same data in the right form.
DRESSED: list[tuple[str, Rows, Rows]] = [
    *(
        (f"array of {kind}", lambda X, kind=kind: X.to_numpy().astype(kind), same)
        for kind in ("float64", "float32", "float16", ">f8", "longdouble", object, "<U5", "S5")
    ),
    *(
        (f"array of {kind}", lambda X, kind=kind: _whole(X).to_numpy().astype(kind), _whole)
        for kind in ("int8", "int16", "int64", "uint8", "uint64", ">i4")
    ),
    *(
        (f"frame of {kind}", lambda X, kind=kind: X.astype(kind), same)
        for kind in (
            "float32",
            "float16",
            "Float64",
            "Float32",
            object,
            str,
            "string",
            "category",
            "double[pyarrow]",
            "Sparse[float64]",
        )
    ),
    *(
        (f"frame of {kind}", lambda X, kind=kind: _whole(X).astype(kind), _whole)
        for kind in ("int8", "uint8", "int64", "Int64", "UInt8", "int64[pyarrow]", "category")
    ),
    *(
        (f"frame of {kind}", lambda X, kind=kind: (X > 0).astype(kind), lambda X: (X > 0).astype(float))
        for kind in (bool, "boolean", "bool[pyarrow]", object)
    ),
    ("array of bool", lambda X: (X > 0).to_numpy(), lambda X: (X > 0).astype(float)),
    ("frame of mixed types", lambda X: _whole(X).astype({"load": "float32", "heat": "int16"}), _whole),
    ("frame of Decimal", _decimal, same),
    ("frame of text with commas", lambda X: X.map(lambda value: str(value).replace(".", ",")), same),
    ("list of lists", lambda X: X.to_numpy().tolist(), same),
    ("list of arrays", lambda X: list(X.to_numpy()), same),
    ("tuple of tuples", lambda X: tuple(map(tuple, X.to_numpy())), same),
    ("Fortran order", lambda X: np.asfortranarray(X.to_numpy()), same),
    ("strided view", lambda X: np.repeat(X.to_numpy(), 2, axis=0)[::2], same),
    ("negative strides", lambda X: X.to_numpy()[::-1].copy()[::-1], same),
    ("read-only", lambda X: _read_only(X.to_numpy().copy()), same),
    ("masked array without a mask", lambda X: np.ma.array(X.to_numpy()), same),
    ("matrix", lambda X: np.asmatrix(X.to_numpy()), same),
    ("torch tensor", _torch, same),
    ("polars frame", _polars, same),
    ("memoryview", lambda X: memoryview(np.ascontiguousarray(X)), same),
    ("column names are integers", lambda X: X.set_axis([0, 1], axis=1), same),
    (
        "column names are tuples",
        lambda X: X.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]), axis=1),
        same,
    ),
    ("columns with equal names", lambda X: X.set_axis(["a", "a"], axis=1), same),
    ("columns with mixed names", lambda X: X.set_axis(["a", 1], axis=1), same),
    ("numbered index", lambda X: X.reset_index(drop=True), same),
    *(
        (f"index in {unit}", lambda X, unit=unit: _indexed(X, X.index.as_unit(unit)), same)
        for unit in ("s", "ms", "us")
    ),
    ("named index", lambda X: X.rename_axis("time"), same),
    ("index with a zone", lambda X: _indexed(X, X.index.tz_localize("Asia/Tokyo")), same),
    ("index of UTC", lambda X: _indexed(X, X.index.tz_localize("UTC")), same),
    ("index of periods", lambda X: _indexed(X, X.index.to_period("min")), same),
    ("index of time deltas", lambda X: _indexed(X, X.index - START), same),
    ("index of whole seconds", lambda X: _indexed(X, X.index.as_unit("s").asi8), same),
    ("index of float seconds", lambda X: _indexed(X, X.index.as_unit("s").asi8 / 1.0), same),
    ("index of uint64", lambda X: _indexed(X, (X.index - START).as_unit("s").asi8.astype("uint64")), same),
    (
        "index of datetime objects",
        lambda X: _indexed(X, pd.Index(_objects(X.index.to_pydatetime()), dtype=object)),
        same,
    ),
    (
        "index of dates",
        lambda X: _indexed(X, pd.Index(_dates(X), dtype=object)),
        lambda X: _indexed(X, pd.DatetimeIndex(_dates(X))),
    ),
    ("index of categories", lambda X: _indexed(X, pd.CategoricalIndex(X.index)), same),
    (
        "index of Arrow",
        lambda X: _indexed(X, pd.Index(X.index.as_unit("us").astype("timestamp[us][pyarrow]"))),
        same,
    ),
    (
        "index of Arrow dates",
        lambda X: _indexed(X, pd.Index(pd.DatetimeIndex(_dates(X)).astype("date32[pyarrow]"))),
        lambda X: _indexed(X, pd.DatetimeIndex(_dates(X))),
    ),
    (
        "index of Decimal",
        lambda X: _indexed(X, pd.Index([Decimal(int(n)) for n in X.index.as_unit("s").asi8], dtype=object)),
        same,
    ),
    ("index of ISO text", lambda X: _indexed(X, X.index.astype(str)), same),
    ("index of German text", lambda X: _indexed(X, X.index.strftime("%d.%m.%Y %H:%M")), same),
    ("index of compact text", lambda X: _indexed(X, X.index.strftime("%Y%m%d%H%M")), same),
    ("index of US text", lambda X: _indexed(X, X.index.strftime("%m/%d/%Y %I:%M %p")), same),
    ("index of numbers as text", lambda X: _indexed(X, X.index.as_unit("s").asi8.astype(str)), same),
    (
        "index of bytes",
        lambda X: _indexed(X, pd.Index([str(at).encode() for at in X.index], dtype=object)),
        same,
    ),
    ("index of times of day", lambda X: _indexed(X, pd.Index(X.index.time, dtype=object)), same),
    ("index of intervals", lambda X: _indexed(X, pd.IntervalIndex.from_breaks(range(len(X) + 1))), same),
    ("index of two zones", lambda X: _indexed(X, pd.Index(_two_zones(X), dtype=object)), same),
    ("index of tuples", lambda X: _indexed(X, _tuples(X)), same),
    ("index of complex numbers", lambda X: _indexed(X, np.arange(len(X)) * (1 + 0j)), same),
    (
        "index of strings of pandas",
        lambda X: _indexed(X, pd.Index(X.index.astype(str), dtype="string")),
        same,
    ),
    ("one level", lambda X: _indexed(X, pd.MultiIndex.from_arrays([X.index])), same),
    (
        "three levels",
        lambda X: _indexed(X, pd.MultiIndex.from_arrays([["a"] * len(X), ["b"] * len(X), X.index])),
        same,
    ),
    (
        "panel of datetime objects",
        lambda X: _relevel(_panel(X), lambda at: pd.Index(_objects(at.to_pydatetime()), dtype=object)),
        _panel,
    ),
    ("panel of ISO text", lambda X: _relevel(_panel(X), lambda at: at.astype(str)), _panel),
    ("panel, levels swapped", lambda X: _panel(X).swaplevel(), _panel),
    ("panel, levels swapped and sorted", lambda X: _panel(X).swaplevel().sort_index(), _panel),
    ("panel of numbers, levels swapped", lambda X: _panel(X, (1, 2)).swaplevel(), _panel),
    (
        "panel, names are dates",
        lambda X: _panel(X, (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2))),
        _panel,
    ),
    ("panel, names are tuples", lambda X: _panel(X, (("a", 1), ("a", 2))), _panel),
    ("panel, names are numbers", lambda X: _panel(X, (2, 1)), _panel),
    ("panel of categories", lambda X: _categories(_panel(X)), _panel),
    ("sparse csr", lambda X: sparse.csr_matrix(X.to_numpy()), same),
    ("sparse array", lambda X: sparse.csc_array(X.to_numpy()), same),
    ("sparse coo", lambda X: sparse.coo_matrix(X.to_numpy()), same),
    ("attributes on the frame", lambda X: _attrs(X), same),
    ("subclass of a frame", lambda X: type("Mine", (pd.DataFrame,), {})(X), same),
]


def _read_only(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values


def _dates(X: pd.DataFrame) -> np.ndarray:
    first = round((X.index[0] - START) / pd.Timedelta(minutes=1))
    return _objects([START.date() + datetime.timedelta(days=first + day) for day in range(len(X))])


def _two_zones(X: pd.DataFrame) -> np.ndarray:
    zones = [datetime.timezone(datetime.timedelta(hours=hours)) for hours in (1, 2)]
    at = X.index.tz_localize("UTC").to_pydatetime()
    return _objects([stamp.astimezone(zones[i % 2]) for i, stamp in enumerate(at)])


def _tuples(X: pd.DataFrame) -> pd.Index:
    return pd.Index(_objects([("a", at) for at in X.index]), tupleize_cols=False)


def _relevel(X: pd.DataFrame, change: Callable) -> pd.DataFrame:
    series, time = (X.index.get_level_values(level) for level in (0, 1))
    return _indexed(X, pd.MultiIndex.from_arrays([series, change(time)]))


def _categories(X: pd.DataFrame) -> pd.DataFrame:
    series, time = (pd.Categorical(X.index.get_level_values(level)) for level in (0, 1))
    return _indexed(X, pd.MultiIndex.from_arrays([series, time]))


def _attrs(X: pd.DataFrame) -> pd.DataFrame:
    X = X.copy()
    X.attrs["unit"] = "volt"
    return X


def positions(X: Any, right: Any) -> np.ndarray | None:
    """Return the positions of the rows of the right frame in a frame that has them in another order."""
    if not isinstance(X, pd.DataFrame) or X.index.equals(right.index) or not right.index.is_unique:
        return None
    where = right.index.get_indexer(X.index) if X.index.nlevels == right.index.nlevels else np.array([-1])
    return where if (np.sort(where) == np.arange(len(right))).all() else None


def _moved(X: pd.DataFrame, order: Any) -> pd.DataFrame:
    return X.iloc[order]


def _swap(n_rows: int) -> np.ndarray:
    order = np.arange(n_rows)
    order[[5, 9]] = [9, 5]
    return order


def _at(X: pd.DataFrame, row: int, stamp: Any) -> pd.DataFrame:
    index = X.index.to_list()
    index[row] = stamp
    return _indexed(X, pd.DatetimeIndex(index))


#: Rows with missing values: right for estimators that take NaN, and then the same as a frame of floats with NaN.
MISSING: list[tuple[str, Rows, Rows]] = [
    ("nan in a frame", lambda X: _with(X, np.nan, float), lambda X: _with(X, np.nan, float)),
    ("nan in an array", lambda X: _with(X, np.nan, float).to_numpy(), lambda X: _with(X, np.nan, float)),
    ("None in a frame", lambda X: _with(X, None), lambda X: _with(X, np.nan, float)),
    ("NA in a frame", lambda X: _with(X, pd.NA), lambda X: _with(X, np.nan, float)),
    ("a column of NaN", lambda X: X.assign(heat=np.nan), lambda X: X.assign(heat=np.nan)),
    ("a column of None", lambda X: X.assign(heat=None), lambda X: X.assign(heat=np.nan)),
    ("NA of Float64", lambda X: _with(X, pd.NA, "Float64"), lambda X: _with(X, np.nan, float)),
    ("NaN in Arrow", lambda X: _with(X, None, "double[pyarrow]"), lambda X: _with(X, np.nan, float)),
    ("NaN in float32", lambda X: _with(X, np.nan, "float32").to_numpy(), lambda X: _with(X, np.nan, float)),
]

#: Rows that are meaningless: accepted without a warning, they are silently wrong.
BROKEN: list[tuple[str, Rows]] = [
    *(
        (f"{name} in a frame", lambda X, value=value: _with(X, value))
        for name, value in (
            ("NaT", pd.NaT),
            ("text", "broken"),
            ("a list", [1]),
            ("a date", START),
            ("a complex number", 1j),
            ("an empty text", ""),
            ("inf as object", np.inf),
        )
    ),
    *((f"{value} in a frame", lambda X, value=value: _with(X, value, float)) for value in (np.inf, -np.inf)),
    *(
        (f"{value} in an array", lambda X, value=value: _with(X, value, float).to_numpy())
        for value in (np.inf, -np.inf)
    ),
    ("masked array with a mask", lambda X: np.ma.array(X.to_numpy(), mask=X.to_numpy() > 2)),
    ("complex", lambda X: X.to_numpy() * (1 + 1j)),
    ("frame of complex", lambda X: X * (1 + 1j)),
    ("words", lambda X: np.full(X.shape, "word")),
    ("a column of words", lambda X: X.assign(heat="word")),
    ("a categorical column of words", lambda X: X.assign(heat=pd.Categorical(["a", "b"] * (len(X) // 2)))),
    ("a column of dates", lambda X: X.reset_index(drop=True).assign(at=X.index)),
    (
        "a column of dates with a zone",
        lambda X: X.reset_index(drop=True).assign(at=X.index.tz_localize("UTC")),
    ),
    ("a column of date objects", lambda X: X.assign(at=_dates(X))),
    ("a column of time deltas", lambda X: X.assign(at=X.index - START)),
    ("a column of periods", lambda X: X.assign(at=X.index.to_period("min"))),
    ("a column of ISO text", lambda X: X.reset_index(drop=True).assign(at=X.index.astype(str))),
    ("a column of times of day", lambda X: X.assign(at=X.index.time)),
    (
        "a column of Arrow dates",
        lambda X: X.assign(at=pd.Series(X.index.as_unit("us"), X.index).astype("timestamp[us][pyarrow]")),
    ),
    (
        "a column of seconds since 1970",
        lambda X: X.reset_index(drop=True).assign(at=X.index.as_unit("s").asi8),
    ),
    ("polars frame with a time column", _polars_time),
    ("a column of series names", lambda X: X.assign(series=["a", "b"] * (len(X) // 2))),
    ("array of dates", lambda X: np.repeat(X.index.to_numpy()[:, None], 2, axis=1)),
    ("array of date objects", lambda X: np.array([[START, 1.0]] * len(X), dtype=object)),
    ("ragged lists", lambda X: [[1.0] * (1 + i % 3) for i in range(len(X))]),
    ("a list of ragged series", lambda X: [X.to_numpy()[:n] for n in (5, 7, 9)]),
    ("an object array of series", lambda X: _objects([X.to_numpy()[:n] for n in (5, 7, 9)])),
    ("a list of frames", lambda X: [X, X]),
    ("a dict of series", lambda X: {"a": X, "b": X}),
    ("a dict of columns", lambda X: {name: X[name].tolist() for name in X}),
    ("a set", lambda X: set(X["load"])),
    ("a generator", lambda X: (row for row in X.to_numpy())),
    ("a zip", lambda X: zip(X["load"], X["heat"], strict=True)),
    ("a string", lambda X: "data.csv"),
    ("None as X", lambda X: None),
    ("a number", lambda X: 3.0),
    ("a scalar array", lambda X: np.array(3.0)),
    ("one dimension", lambda X: X["load"].to_numpy()),
    ("a Series", lambda X: X["load"]),
    ("an index", lambda X: X.index),
    ("a list of numbers", lambda X: X["load"].tolist()),
    ("4-D", lambda X: X.to_numpy().reshape(-1, 1, 1, 2)),
    ("3-D of no step", lambda X: np.empty((len(X), 0, 2))),
    ("3-D of no channel", lambda X: np.empty((len(X), 2, 0))),
    ("no rows", lambda X: X.iloc[:0]),
    ("array of no rows", lambda X: np.empty((0, 2))),
    ("an empty list", lambda X: []),
    ("a list of empty lists", lambda X: [[]] * len(X)),
    ("no columns", lambda X: X[[]]),
    ("array of no columns", lambda X: np.empty((len(X), 0))),
    ("an empty frame", lambda X: pd.DataFrame()),
    ("structured array", lambda X: X.to_records(index=False)),
    ("structured array with time", lambda X: X.to_records()),
    ("bytes", lambda X: X.to_numpy().tobytes()),
    ("array of void", lambda X: np.ascontiguousarray(X).view("V16")),
]

#: Rows whose index is broken, or that come in another order: scores of single rows may still be right.
DISORDERED: list[tuple[str, Rows, Rows]] = [
    ("duplicate stamps", lambda X: _at(X, 7, X.index[6]), same),
    ("every stamp the same", lambda X: _indexed(X, [START] * len(X)), same),
    ("two stamps swapped", lambda X: _moved(X, _swap(len(X))), same),
    ("newest first", lambda X: X.iloc[::-1], same),
    ("shuffled", lambda X: X.sample(frac=1, random_state=0), same),
    ("NaT in the index", lambda X: _at(X, 7, pd.NaT), same),
    ("NaN in the index", lambda X: _indexed(X, [np.nan, *range(1, len(X))]), same),
    ("inf in the index", lambda X: _indexed(X, [*range(len(X) - 1), np.inf]), same),
    (
        "None in the index",
        lambda X: _indexed(X, pd.Index([None, *X.index[1:].to_pydatetime()], dtype=object)),
        same,
    ),
    ("words among the stamps", lambda X: _indexed(X, pd.Index(["total", *X.index[1:]], dtype=object)), same),
    (
        "dates beyond nanoseconds",
        lambda X: _indexed(X, pd.Index(np.arange(len(X)).astype("M8[s]") + np.timedelta64(10**11, "s"))),
        same,
    ),
    ("panel, NaN in a name", lambda X: _panel(X, ("a", np.nan)), _panel),
    ("panel, NaT in the time", lambda X: _panel(_at(X, 7, pd.NaT)), _panel),
    ("panel, time out of order", lambda X: _panel(_moved(X, _swap(len(X)))), _panel),
    (
        "panel, time of words",
        lambda X: _relevel(_panel(X), lambda at: pd.Index([f"word {i}" for i in range(len(at))])),
        _panel,
    ),
    ("panel of duplicates", lambda X: _relevel(_panel(X), lambda at: pd.Index([START] * len(at))), _panel),
]

#: Rows to score after a fit on clean rows.
LATER: list[tuple[str, Rows]] = [
    ("one column fewer", lambda X: X[["load"]]),
    ("one column more", lambda X: X.assign(more=1.0)),
    ("columns in another order", lambda X: X[["heat", "load"]]),
    ("columns with other names", lambda X: X.set_axis(["a", "b"], axis=1)),
    ("a column under another name", lambda X: X.rename(columns={"heat": "Heat"})),
    ("array, one column fewer", lambda X: X[["load"]].to_numpy()),
    ("array, one column more", lambda X: X.assign(more=1.0).to_numpy()),
    ("3-D, other channels", lambda X: X.to_numpy().reshape(-1, 1, 2)[:, :, :1]),
    ("duplicate columns", lambda X: X[["load", "load"]]),
]

#: Labels in another form.
LABELS: list[tuple[str, Callable[[np.ndarray, pd.Index], Any]]] = [
    *(
        (f"y of {kind}", lambda y, index, kind=kind: y.astype(kind))
        for kind in ("int8", "uint8", "float64", "float32", bool, object, "longdouble", ">i4")
    ),
    *(
        (f"y, a Series of {kind}", lambda y, index, kind=kind: pd.Series(y, index).astype(kind))
        for kind in (
            "int64",
            "Int64",
            "float64",
            "Float64",
            "category",
            object,
            "int64[pyarrow]",
            bool,
            "boolean",
        )
    ),
    ("y, a list", lambda y, index: y.tolist()),
    ("y, a tuple", lambda y, index: tuple(y.tolist())),
    ("y, a numbered Series", lambda y, index: pd.Series(y)),
    ("y, a read-only array", lambda y, index: _read_only(y.copy())),
    ("y, -1 and 1", lambda y, index: 2 * y - 1),
    ("y, 1 and 2", lambda y, index: y + 1),
    ("y, words", lambda y, index: np.where(y == 1, "odd", "fine")),
    ("y, words as objects", lambda y, index: np.where(y == 1, "odd", "fine").astype(object)),
    ("y, words in a Series", lambda y, index: pd.Series(np.where(y == 1, "odd", "fine"), index)),
    ("y, a column", lambda y, index: y.reshape(-1, 1)),
    ("y, a frame of one column", lambda y, index: pd.DataFrame({"y": y}, index)),
    ("y, text of numbers", lambda y, index: y.astype(str)),
    ("y, a masked array without a mask", lambda y, index: np.ma.array(y)),
]

#: Labels that are meaningless.
BAD_LABELS: list[tuple[str, Callable[[np.ndarray, pd.Index], Any]]] = [
    ("y one short", lambda y, index: y[:-1]),
    ("y one long", lambda y, index: np.append(y, 0)),
    ("y empty", lambda y, index: y[:0]),
    ("y continuous", lambda y, index: y + np.linspace(0, 0.5, len(y))),
    ("y, NaN", lambda y, index: np.where(np.arange(len(y)) == 3, np.nan, y)),
    ("y, inf", lambda y, index: np.where(np.arange(len(y)) == 3, np.inf, y)),
    ("y, None", lambda y, index: np.where(np.arange(len(y)) == 3, None, y)),
    (
        "y, None among words",
        lambda y, index: _objects([None if i == 3 else "a" if v else "b" for i, v in enumerate(y)]),
    ),
    ("y, NA", lambda y, index: pd.Series(y, index).astype("Int64").mask(np.arange(len(y)) == 3)),
    (
        "y, NaN in a category",
        lambda y, index: pd.Series(y, index).astype("category").mask(np.arange(len(y)) == 3),
    ),
    ("y, mixed types", lambda y, index: _objects(["odd" if v else 0 for v in y])),
    ("y, bools and words", lambda y, index: _objects(["odd" if v else False for v in y])),
    ("y, numbers and their text", lambda y, index: _objects(["1" if v else 0 for v in y])),
    ("y, dates", lambda y, index: index.to_numpy()),
    ("y, time deltas", lambda y, index: y.astype("m8[s]")),
    ("y, complex", lambda y, index: y * (1 + 1j)),
    ("y, two columns", lambda y, index: np.column_stack([y, y])),
    ("y, one-hot", lambda y, index: np.eye(2, dtype=int)[y]),
    ("y, 3-D", lambda y, index: y.reshape(-1, 1, 1)),
    ("y, sparse", lambda y, index: sparse.csr_matrix(y.reshape(-1, 1))),
    ("y, a dict", lambda y, index: dict(enumerate(y))),
    ("y, a set", lambda y, index: set(y)),
    ("y, a string", lambda y, index: "label"),
    ("y, a number", lambda y, index: 1),
    ("y, a generator", lambda y, index: (v for v in y)),
    ("y, lists", lambda y, index: _objects([[v] for v in y])),
    ("y, ragged lists", lambda y, index: [[1] * (1 + i % 2) for i in range(len(y))]),
    ("y in another order", lambda y, index: pd.Series(y, index[::-1])),
    ("y of other days", lambda y, index: pd.Series(y, index + pd.Timedelta(days=9))),
    ("y, a masked array with a mask", lambda y, index: np.ma.array(y, mask=np.arange(len(y)) == 3)),
    ("y, structured", lambda y, index: np.array([(v,) for v in y], dtype=[("y", int)])),
    ("y, every row another class", lambda y, index: np.arange(len(y))),
]

#: Weights that are equivalent to all ones.
WEIGHTS: list[tuple[str, Callable[[int, pd.Index], Any]]] = [
    *(
        (f"weights of {value!r}", lambda n, index, value=value: np.full(n, value))
        for value in (1.0, 1, True, 2**-200, 2.0**1000, np.float32(2))
    ),
    ("weights, a list", lambda n, index: [1.0] * n),
    ("weights, a Series", lambda n, index: pd.Series(1.0, index)),
    ("weights, Float64", lambda n, index: pd.Series(1.0, index).astype("Float64")),
]
BAD_WEIGHTS: list[tuple[str, Callable[[int, pd.Index], Any]]] = [
    *(
        (f"weights of {value!r}", lambda n, index, value=value: np.full(n, value))
        for value in (-1.0, np.nan, np.inf, 0.0, 1j, "word", "2026-01-01")
    ),
    *(
        (f"a weight of {value!r}", lambda n, index, value=value: np.where(np.arange(n) == 3, value, 1.0))
        for value in (-1.0, np.nan, np.inf, -np.inf)
    ),
    ("a weight of None", lambda n, index: _objects([None if i == 3 else 1.0 for i in range(n)])),
    ("one weight short", lambda n, index: np.ones(n - 1)),
    ("one weight more", lambda n, index: np.ones(n + 1)),
    ("no weights", lambda n, index: np.ones(0)),
    ("weights in two columns", lambda n, index: np.ones((n, 2))),
    ("weights, a dict", lambda n, index: {0: 1.0, 1: 1.0}),
    ("weights, a string", lambda n, index: "balanced"),
    ("weights, dates", lambda n, index: index.to_numpy()),
    ("weights, ragged", lambda n, index: [[1.0] * (1 + i % 2) for i in range(n)]),
    ("weights, sparse", lambda n, index: sparse.csr_matrix(np.ones((n, 1)))),
]
