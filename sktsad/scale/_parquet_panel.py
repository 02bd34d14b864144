"""Reader of panels on disk that may be larger than memory: whole series, or chunks of many series in turn."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .._core import Interval, validate_params

#: Name that pandas gives an unnamed index when it is written to a file.
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_AT_LEAST_1 = Interval(Integral, 1, None, closed="left")


class ParquetPanel:
    """Read a panel from Parquet files that may be larger than memory.

    Only a table of which row groups contain rows of which series is kept in memory; it is read once from the columns of
    series and time. Rows of a series may lie in several files, in any order.

    Parameters
    ----------
    path : str or path-like
        A Parquet file, or a folder of such files with the same columns.
    series : str
        Name of the column with the name of each row's series.
    time : str
        Name of the column with the time: dates or numbers.
    columns : sequence of str, default=None
        Names of the columns with the values. None means all others.
    target : str, default=None
        Name of the column with the labels; `parts` and `lanes` then yield them, too.

    Attributes
    ----------
    series : list
        Names of the series, in order of appearance.
    n_rows : Series
        Number of rows by the name of the series.
    columns : list of str
        Names of the columns with the values.

    Raises
    ------
    ImportError
        If pyarrow is not installed: ``pip install 'sktsad[parquet]'``.
    ValueError
        If a column does not exist, names or times of series are missing, or the time is text.

    See Also
    --------
    score_panel : Score a panel on disk.

    Notes
    -----
    Rows are read row group by row group, so that the size of the row groups determines the memory: files with row
    groups of up to a hundred thousand rows, sorted by series or by time, are best. If each row group contains rows of
    all series, as in files with one day each, every part reads all files: use few, large parts.

    Examples
    --------
    >>> import tempfile
    >>> from sktsad import ZScoreDetector
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.scale import ParquetPanel
    >>> X, y = make_kpi(500, n_series=3, random_state=0)
    >>> folder = tempfile.TemporaryDirectory()
    >>> X.reset_index().to_parquet(f"{folder.name}/kpis.parquet")
    >>> panel = ParquetPanel(folder.name, series="series", time="time")
    >>> detector = ZScoreDetector()
    >>> for part in panel.parts(1000):  # the first two series, then the third
    ...     detector = detector.partial_fit(part)
    >>> folder.cleanup()
    """

    @validate_params(
        {
            "path": [str, os.PathLike],
            "series": [str],
            "time": [str],
            "columns": ["array-like", None],
            "target": [str, None],
        },
        prefer_skip_nested_validation=True,
    )
    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        series: str,
        time: str,
        columns: Sequence[str] | None = None,
        target: str | None = None,
    ) -> None:
        self.path = Path(path)
        self._series, self._time, self._target = series, time, target
        given = self._dataset.schema.names
        named = [name for name in (series, time, target) if name is not None]
        values = [name for name in given if name not in named and not _PANDAS_INDEX.fullmatch(name)]
        self.columns = values if columns is None else list(columns)
        if missing := [name for name in (*named, *self.columns) if name not in given]:
            raise ValueError(f"{missing[0]!r} is not a column of {self.path}, which has {given}.")
        if len(set(named)) < len(named):
            raise ValueError(f"series, time and target must be different columns, got {named}.")
        #: Rows of a series within a row group: the series, the row group, the number of rows, first and last time.
        self._pieces = self._read_pieces()
        sizes = self._pieces.groupby("series", sort=False)["n_rows"].sum()
        self.series: list[Hashable] = sizes.index.tolist()
        self.n_rows: pd.Series = sizes

    def read(self, series: Sequence[Hashable]) -> Any:
        """Return all rows of some series.

        Parameters
        ----------
        series : sequence
            Names of the series.

        Returns
        -------
        X : DataFrame of shape (n_samples, n_columns)
            Rows with a (series, time) index, series by series, in time order.
        y : Series of shape (n_samples,)
            Labels with the same index; only with ``target``.
        """
        if unknown := [key for key in series if key not in self.n_rows.index]:
            raise KeyError(f"{self.path} has no series {unknown[0]!r}.")
        wanted = self._pieces[self._pieces["series"].isin(list(series))]
        table = pd.concat([self._rows_of(piece, series) for piece in wanted["piece"].unique().tolist()])
        return self._as_panel(table, list(series))

    @validate_params({"n_rows": [_AT_LEAST_1]}, prefer_skip_nested_validation=True)
    def parts(self, n_rows: int = 200_000) -> Iterator[Any]:
        """Yield the panel in parts of whole series.

        Parameters
        ----------
        n_rows : int, default=200000
            Approximate number of rows in a part; a longer series is a separate part.

        Yields
        ------
        X, or X and y : DataFrame, or DataFrame and Series
            In the form that `read` returns.
        """
        for series in self.partitions(n_rows):
            yield self.read(series)

    @validate_params({"n_lanes": [_AT_LEAST_1], "n_rows": [_AT_LEAST_1]}, prefer_skip_nested_validation=True)
    def lanes(self, n_lanes: int = 32, n_rows: int = 4096) -> Iterator[Any]:
        """Yield some rows of many series at a time, for ``partial_fit`` of networks that run along the series.

        All rows of a series are yielded in time order: those of each frame directly follow those of the previous one.
        When all series of a group have ended, the next group starts.

        Parameters
        ----------
        n_lanes : int, default=32
            Number of series that run side by side.
        n_rows : int, default=4096
            Number of rows of each series that are yielded together; fewer at the end of a series.

        Yields
        ------
        X, or X and y : DataFrame, or DataFrame and Series
            In the form that `read` returns, with at most ``n_lanes * n_rows`` rows.

        Raises
        ------
        ValueError
            If rows of two row groups of a series overlap in time.
        """
        for first in range(0, len(self.series), n_lanes):
            yield from self._side_by_side(self.series[first : first + n_lanes], n_rows)

    @validate_params({"n_rows": [_AT_LEAST_1]}, prefer_skip_nested_validation=True)
    def partitions(self, n_rows: int = 200_000) -> list[list[Hashable]]:
        """Return the names of the series of each part that `parts` yields.

        Parameters
        ----------
        n_rows : int, default=200000
            Approximate number of rows in a part.

        Returns
        -------
        series : list of list
        """
        found: list[list[Hashable]] = [[]]
        n_so_far = 0
        for key, size in zip(self.series, self.n_rows.to_numpy().tolist(), strict=True):
            if found[-1] and n_so_far + size > n_rows:
                found.append([])
                n_so_far = 0
            found[-1].append(key)
            n_so_far += size
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_dataset", "_groups")}

    @cached_property
    def _dataset(self) -> Any:
        try:
            from pyarrow import dataset
        except ImportError as error:
            raise ImportError(
                "Parquet files need pyarrow: pip install 'sktsad[parquet]', or pip install pyarrow."
            ) from error
        return dataset.dataset(self.path, format="parquet", partitioning="hive")

    @cached_property
    def _groups(self) -> list[Any]:
        """All row groups of all files."""
        return [group for file in self._dataset.get_fragments() for group in file.split_by_row_group()]

    def _read_pieces(self) -> pd.DataFrame:
        import pyarrow as pa

        time = self._dataset.schema.field(self._time).type
        if not (pa.types.is_temporal(time) or pa.types.is_integer(time) or pa.types.is_floating(time)):
            raise ValueError(
                f"time={self._time!r} is of type {time}, which is not time. Use dates or numbers: pandas.to_datetime "
                "converts text to dates."
            )
        found = []
        for number, group in enumerate(self._groups):
            table = group.to_table(columns=[self._series, self._time], schema=self._dataset.schema)
            for name in (self._series, self._time):
                if table[name].null_count:
                    raise ValueError(
                        f"{table[name].null_count} rows of {group.path} have no {name!r}. Name these rows, or drop "
                        "them."
                    )
            if pa.types.is_dictionary(table[self._series].type):
                table = table.set_column(
                    0, self._series, table[self._series].cast(table[self._series].type.value_type)
                )
            how = [(self._time, "count"), (self._time, "min"), (self._time, "max")]
            sums = table.group_by(self._series, use_threads=False).aggregate(how).to_pandas()
            columns = [self._series, *(f"{self._time}_{what}" for _, what in how)]
            found.append(
                sums[columns].set_axis(["series", "n_rows", "first", "last"], axis=1).assign(piece=number)
            )
        pieces = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
        if pieces.empty:
            raise ValueError(f"{self.path} contains no rows.")
        return pieces

    def _rows_of(self, piece: int, series: Sequence[Hashable]) -> pd.DataFrame:
        """Return the rows of some series in a row group."""
        import pyarrow as pa
        from pyarrow import compute

        names = list(
            dict.fromkeys([self._series, self._time, *self.columns, *([self._target] * bool(self._target))])
        )
        table = self._groups[piece].to_table(columns=names, schema=self._dataset.schema)
        column = table[self._series]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        chosen = compute.is_in(column, value_set=pa.array(list(series), column.type))
        return table.filter(chosen).to_pandas(ignore_metadata=True)

    def _as_panel(self, table: pd.DataFrame, series: list[Hashable]) -> Any:
        """Return rows of some series as a panel, with series in the given order and rows in time order."""
        codes = pd.Index(series).get_indexer(pd.Index(table[self._series]))
        times, levels = pd.factorize(table[self._time], sort=True)
        parts: Any = {"levels": [pd.Index(series), pd.Index(levels)], "codes": [codes, times]}
        index = pd.MultiIndex(**parts, names=[self._series, self._time])
        order = np.lexsort([times, codes])
        X = table[self.columns].set_axis(index).iloc[order]
        return X if self._target is None else (X, table[self._target].set_axis(index).iloc[order])

    def _side_by_side(self, series: list[Hashable], n_rows: int) -> Iterator[Any]:
        """Yield the rows of some series in chunks, side by side."""
        pieces = self._pieces[self._pieces["series"].isin(series)].sort_values(["series", "first"])
        is_next = pieces["series"].to_numpy()[1:] == pieces["series"].to_numpy()[:-1]
        overlaps = is_next & (pieces["first"].to_numpy()[1:] <= pieces["last"].to_numpy()[:-1])
        if overlaps.any():
            raise ValueError(
                f"Row groups of series {pieces['series'].iloc[int(overlaps.argmax())]!r} overlap in time, so that its "
                "rows cannot be read in order. Sort the files by series and time."
            )
        coming: dict[Any, list[int]] = {
            key: part["piece"].tolist()[::-1] for key, part in pieces.groupby("series", sort=False)
        }
        waiting: dict[Hashable, list[pd.DataFrame]] = {key: [] for key in series}
        while any(coming.values()) or any(waiting.values()):
            for key in series:
                while coming[key] and sum(map(len, waiting[key])) < n_rows:
                    self._take(coming[key][-1], coming, waiting)
            found = []
            for key in series:
                if waiting[key]:
                    rows = pd.concat(waiting[key])
                    found.append(rows[:n_rows])
                    waiting[key] = [rows[n_rows:]] if len(rows) > n_rows else []
            yield self._as_panel(pd.concat(found), series)

    def _take(
        self, piece: int, coming: dict[Any, list[int]], waiting: dict[Hashable, list[pd.DataFrame]]
    ) -> None:
        """Read a row group once for all series that continue in it."""
        keys = [key for key, pieces in coming.items() if pieces and pieces[-1] == piece]
        table = self._rows_of(piece, keys)
        for key, rows in table.groupby(self._series, sort=False, observed=True):
            coming[key].pop()
            waiting[key].append(rows.sort_values(self._time))
