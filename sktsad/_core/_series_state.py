"""Arrays with one entry per series, which can grow, be cleared and be saved."""

from __future__ import annotations

from typing import Any

import numpy as np


class SeriesState:
    """Arrays with one entry per series, and parts that contain such arrays.

    A subclass declares its arrays with `keep` in its constructor, and they become attributes. Series are numbered from
    0.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._parts: dict[str, SeriesState] = {}

    def keep(self, name: str, shape: tuple[int, ...] = (), dtype: Any = np.float64, fill: Any = 0) -> None:
        """Keep an array with one entry per series as the attribute ``name``.

        Parameters
        ----------
        name : str
            Name of the attribute.
        shape : tuple of int, default=()
            Shape of the entry of a series.
        dtype : dtype, default=float64
            Type of the values.
        fill : scalar, default=0
            The value for a new series.
        """
        self._kept[name] = fill
        setattr(self, name, np.full((0, *shape), fill, dtype))

    def keep_part(self, name: str, part: Any) -> Any:
        """Keep another `SeriesState` within this one, and return it."""
        self._parts[name] = part
        return part

    def grow(self, n_series: int) -> None:
        """Allocate space for this number of series."""
        for name, fill in self._kept.items():
            old = getattr(self, name)
            new = np.full((n_series, *old.shape[1:]), fill, old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)
        for part in self._parts.values():
            part.grow(n_series)

    def clear(self, slot: int) -> None:
        """Forget a series."""
        for name, fill in self._kept.items():
            getattr(self, name)[slot] = fill
        for part in self._parts.values():
            part.clear(slot)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by name; names of arrays in a part start with the name of the part."""
        found = {name: getattr(self, name) for name in self._kept}
        for name, part in self._parts.items():
            found.update({f"{name}.{inner}": array for inner, array in part.arrays().items()})
        return found

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Restore arrays as returned by `arrays`."""
        for name in self._kept:
            setattr(self, name, np.array(arrays[name]))
        for name, part in self._parts.items():
            prefix = f"{name}."
            part.restore({key[len(prefix) :]: each for key, each in arrays.items() if key.startswith(prefix)})


class RecentRows(SeriesState):
    """The last rows of each series, in one array.

    Parameters
    ----------
    length : int
        Number of rows that can be requested.
    width : int
        Number of values in a row.
    dtype : dtype, default=float64
        Type of the values.
    spare : int, default=None
        Number of rows that can be added before the last rows are moved to the front; None means ``length``.
    """

    buffer: np.ndarray
    stop: np.ndarray

    def __init__(self, length: int, width: int, dtype: Any = np.float64, spare: int | None = None) -> None:
        super().__init__()
        self.length, self.width = length, width
        self._spare = max(1, length if spare is None else spare)
        self.keep("buffer", (length + self._spare, width), dtype)
        self.keep("stop", (), np.intp, length)

    def lengthen(self, length: int, spare: int, repeat: bool = False) -> None:
        """Increase the number of rows that can be requested; rows before the oldest are 0, or copies of it."""
        more = length - self.length
        old, self._spare = self.buffer, max(spare, self._spare)  # space for all rows so far
        self.buffer = np.zeros((len(old), length + self._spare, self.width), old.dtype)
        self.buffer[:, more : more + old.shape[1]] = old
        if repeat:
            self.buffer[:, :more] = old[:, :1]
        self.stop += more
        self._kept["stop"] = self.length = length

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by name, and their lengths."""
        return {**super().arrays(), "sizes": np.array([self.length, self._spare])}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Restore arrays as returned by `arrays`."""
        super().restore(arrays)
        self.length, self._spare = arrays["sizes"].tolist()
        self._kept["stop"] = self.length

    def push(self, slots: np.ndarray, values: np.ndarray) -> None:
        """Store the next row of some series."""
        size = self.length + self._spare
        if len(slots) == 1:
            slot = slots[0]
            stop = self.stop[slot]
            if stop == size:
                self.buffer[slot, : self.length] = self.buffer[slot, size - self.length :].copy()
                stop = self.length
            self.buffer[slot, stop] = values[0]
            self.stop[slot] = stop + 1
            return
        stop = self.stop[slots]
        full = stop == size
        if full.any():
            self.buffer[slots[full], : self.length] = self.buffer[slots[full], size - self.length :]
            stop[full] = self.length
        self.buffer[slots, stop] = values
        self.stop[slots] = stop + 1

    def fill(self, slots: np.ndarray, values: np.ndarray) -> None:
        """Set all rows of each of some series to a single row."""
        self.buffer[slots, : self.length] = values[:, None]
        self.stop[slots] = self.length

    def put(self, slot: int, rows: np.ndarray) -> None:
        """Set the last rows of a series."""
        rows = rows[max(0, len(rows) - self.length) :]
        self.buffer[slot, self.length - len(rows) : self.length] = rows
        self.stop[slot] = self.length

    def last(self, slots: np.ndarray, n_rows: int) -> np.ndarray:
        """Return the last rows of some series, shape (n_slots, n_rows, width); a view if there is one series."""
        if len(slots) == 1:
            stop = self.stop[slots[0]]
            return self.buffer[slots[0] : slots[0] + 1, stop - n_rows : stop]
        size = self.length + self._spare
        starts = slots * size + self.stop[slots] - n_rows
        step = self.buffer.itemsize * self.width
        n_runs = len(self.buffer) * size - n_rows + 1
        shape, strides = (n_runs, n_rows * self.width), (step, self.buffer.itemsize)
        runs = np.ndarray(shape, self.buffer.dtype, self.buffer, strides=strides)
        return runs[starts].reshape(len(slots), n_rows, self.width)

    def at(self, slots: np.ndarray, back: np.ndarray) -> np.ndarray:
        """Return the rows that are ``back`` rows before the next: shape (n_slots, n, width), with back (n_slots, n)."""
        return self.buffer[slots[:, None], self.stop[slots][:, None] - back]
