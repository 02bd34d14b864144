"""Snapshots of the state of all series for one fitted model: a file without pickle, written atomically."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Hashable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

#: Version of the file format: files in another version are refused.
_FORMAT = 2


def write_snapshot(path: Path, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write arrays, and their description as JSON, to a file atomically.

    The data are written to a temporary file, flushed to disk, and renamed.
    """
    text = json.dumps({"format": _FORMAT, **about}).encode()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, about=np.frombuffer(text, dtype=np.uint8), **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the name is stored in the folder, which must be flushed to disk as well
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_snapshot(path: Path, expected: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file of `write_snapshot`, if its model has the expected fingerprint.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a snapshot, or belongs to another model.
    """
    content = BytesIO(path.read_bytes())
    try:
        with np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays.pop("about").tobytes())
        if about["format"] != _FORMAT:
            raise ValueError(f"format {about['format']}")
    except MemoryError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a snapshot of a LiveScorer of this version: {error}") from error
    if about["fingerprint"] != expected:
        raise ValueError(
            f"{path} is a snapshot of another fitted model, or of other parameters of LiveScorer: its numbers do not "
            "apply to this model. Load the model for which it was written, or start again with prime."
        )
    return about, arrays


def check_name(key: Hashable) -> Any:
    """Return the name of a series in the form stored in JSON."""
    if isinstance(key, np.generic):
        key = key.item()
    if key is None or isinstance(key, (str, bool, int, float)):
        return key
    raise TypeError(
        f"Series {key!r} has a name that a snapshot cannot store: use text or numbers as names, e.g. with "
        "X.index.set_levels(X.index.levels[0].astype(str), level=0)."
    )
