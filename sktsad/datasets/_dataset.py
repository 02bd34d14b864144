"""From tables with a target column to the return values of the public functions."""

from collections.abc import Callable, Collection, Iterable, Mapping

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

#: Name of the target column, and so of `y`, if 1 is an anomaly and 0 is not.
ANOMALY = "anomaly"


def as_dataset(
    table: pd.DataFrame, target: str, descr: str, return_X_y: bool
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Split the column `target` off the table, and return both in the form common to all loaders."""
    y = table[target].astype("int64")
    X = table.drop(columns=target)
    return (X, y) if return_X_y else Bunch(data=X, target=y, DESCR=descr)


def part_of_series(values: np.ndarray, label: np.ndarray, n_train: int, subset: str) -> pd.DataFrame:
    """Make a table of a series with numbered rows, and return the training part, the test part or both."""
    values = values.reshape(len(values), -1)
    columns = (
        ["value"] if values.shape[1] == 1 else [f"x{number}" for number in range(1, values.shape[1] + 1)]
    )
    table = pd.DataFrame(values, pd.RangeIndex(len(values), name="time"), columns).assign(**{ANOMALY: label})
    return table[{"train": slice(n_train), "test": slice(n_train, None), "all": slice(None)}[subset]]


def stack_series(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Stack the tables of several series into one with a (series, time) index."""
    return pd.concat(tables, names=["series", "time"])


def names_of(wanted: str | Iterable[str] | None, available: Collection[str]) -> list[str]:
    """Return the names of the requested series (None for all); raise if there is none, or one is not available."""
    if wanted is None:
        names = sorted(available)
    else:
        names = [wanted] if isinstance(wanted, str) else list(wanted)
    if not names:
        raise ValueError("The list of series is empty: name at least one, or pass None for all.")
    unknown = [name for name in names if name not in available]
    if unknown:
        raise ValueError(f"There is no series {unknown}. Available are {sorted(available)}.")
    return names


def select_series(
    wanted: str | Iterable[str] | None, available: Collection[str], read: Callable[[str], pd.DataFrame]
) -> pd.DataFrame:
    """Read the requested series: a single one unchanged, several (None for all available) stacked."""
    names = names_of(wanted, available)
    return read(wanted) if isinstance(wanted, str) else stack_series({name: read(name) for name in names})
