"""Reproducible random numbers in torch, without changing its global state."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# torch's generators are global: two fits in two threads would draw from the same generator.
_LOCK = threading.RLock()


def _new_lock() -> None:
    global _LOCK
    _LOCK = threading.RLock()


# A process that is forked while another thread fits inherits a lock that is never released.
os.register_at_fork(after_in_child=_new_lock)


@contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """Seed torch's generators, and restore their state at the end.

    Parameters
    ----------
    seed : int
        The seed.
    device : str
        The device that is used in addition to the CPU.
    """
    on_gpu = torch.device(device).type == "cuda"
    devices = range(torch.cuda.device_count()) if on_gpu else []
    with _LOCK, torch.random.fork_rng(devices=devices), full_precision(device):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            torch.cuda.manual_seed_all(seed)
        yield


@contextmanager
def full_precision(device: str) -> Iterator[None]:
    """Keep layers from rounding: recurrent layers round to 10 bits on a GPU, and all do in the caller's autocast."""
    kind = torch.device(device).type
    if kind != "cuda":
        with _no_autocast(kind):
            yield
        return
    with _LOCK, _no_autocast(kind):
        before = torch.backends.cudnn.allow_tf32
        torch.backends.cudnn.allow_tf32 = False
        try:
            yield
        finally:
            torch.backends.cudnn.allow_tf32 = before


@contextmanager
def _no_autocast(kind: str) -> Iterator[None]:
    # Not ``torch.autocast(kind, enabled=False)``: inside it, the autocast of a user's module never forgets the weights
    # that it has converted, so that training changes nothing.
    before = torch.is_autocast_enabled(kind)
    torch.set_autocast_enabled(kind, False)
    try:
        yield
    finally:
        torch.set_autocast_enabled(kind, before)


@contextmanager
def own_defaults() -> Iterator[None]:
    """Create modules in float32 and on the CPU, regardless of the user's defaults for torch."""
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.device("cpu"):
            yield
    finally:
        torch.set_default_dtype(dtype)
