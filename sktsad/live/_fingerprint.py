"""A hash of a fitted model."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import numpy as np


def fingerprint(*parts: Any) -> str:
    """Return a hash of fitted parameters, which is the same for a copy of the model in another process."""
    digest = hashlib.sha256()
    within: set[int] = set()  # only to detect cycles: a model may contain the same object twice

    def feed(value: Any) -> None:
        if value is None or isinstance(value, (str, bytes, bool, int, float, complex, np.generic)):
            digest.update(f"{type(value).__name__}:{value!r};".encode())
            return
        if id(value) in within:
            return
        within.add(id(value))
        digest.update(f"{type(value).__qualname__}(".encode())
        if isinstance(value, np.ndarray) and value.dtype != object:
            digest.update(f"{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, dict):
            for key, item in value.items():
                feed(key)
                feed(item)
        elif isinstance(value, (list, tuple, np.ndarray)):
            for item in value:
                feed(item)
        elif hasattr(value, "module_"):  # only the weights of a net, as its history contains training times
            feed({name: weight.cpu().numpy() for name, weight in value.module_.state_dict().items()})
        elif hasattr(value, "__qualname__"):
            digest.update(value.__qualname__.encode())
        else:
            state = _state_of(value)
            for name, item in state.items() if isinstance(state, dict) else ():
                if isinstance(getattr(type(value), str(name), None), cached_property):
                    continue  # a cache, which a copy may not have filled yet
                digest.update(name.encode() if isinstance(name, str) else repr(name).encode())
                feed(item)
        digest.update(b")")
        within.remove(id(value))

    for part in parts:
        feed(part)
    return digest.hexdigest()


def _state_of(value: Any) -> Any:
    """Return the attributes of an object; None for random number generators, which are not part of a fitted model."""
    if isinstance(value, (np.random.RandomState, np.random.Generator)):
        return None
    try:
        return vars(value)
    except TypeError:  # compiled, such as trees
        state = value.__getstate__() if hasattr(value, "__getstate__") else None
        slots = isinstance(state, tuple) and len(state) > 1
        return {"": state[1]} if slots else state  # type: ignore[index]
