"""Fair measurements: interleaved repeats, medians, ratios, and peak memory of a fresh process."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np

PACKAGES = ("numpy", "pandas", "scikit-learn", "skorch", "torch")


def environment() -> str:
    """Return date, versions and processor as text, for the line below a table."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {versions}, {os.cpu_count()} cores"
    )


def interleaved(functions: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Run every function in turn, several times over; return CPU seconds. The first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for repeat in range(repeats + 1):
        for name, function in functions.items():
            start = time.process_time()
            function()
            if repeat:
                seconds[name].append(time.process_time() - start)
    return seconds


def ratio(seconds: dict[str, list[float]], name: str, reference: str) -> float:
    """Return the median over the repeats of one function's time over the reference's."""
    pairs = zip(seconds[name], seconds[reference], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


def resident_mib(field: str) -> float:
    """Read "VmRSS", the memory of this process, or "VmHWM", its peak (that of getrusage counts the parent's)."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(field + ":"))
    return int(line.split()[1]) / 1024


class ProcessTree:
    """CPU seconds and peak memory of this process and of all that it starts, also where nobody waits for their end.

    Reads ``/proc`` each second, in a thread; pages that several processes share count once.
    """

    def __enter__(self) -> ProcessTree:
        self._seconds: dict[int, float] = {}
        self.peak_mib = 0.0
        self._look()
        self._before, self._is_over = sum(self._seconds.values()), threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._look()
        self.seconds = sum(self._seconds.values()) - self._before

    def _watch(self) -> None:
        while not self._is_over.wait(1):
            self._look()

    def _look(self) -> None:
        parents, mine = {}, {os.getpid(), *self._seconds}
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it may just have ended
                fields = (path / "stat").read_text().rpartition(")")[2].split()
                parents[int(path.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
        while more := {pid for pid, (parent, _) in parents.items() if parent in mine} - mine:
            mine |= more
        mib = 0.0
        for pid in mine & parents.keys():
            self._seconds[pid] = parents[pid][1] / os.sysconf("SC_CLK_TCK")
            with suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                mib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        self.peak_mib = max(self.peak_mib, mib)


def in_fresh_process(script: str, *arguments: str) -> list[float]:
    """Run a script in a fresh process; return the numbers it prints, one per line."""
    command = [sys.executable, script, *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(line) for line in output.split()]


def peak_memory(script: str, *arguments: str) -> float:
    """Run a script in a fresh process; return the MiB it prints last."""
    return in_fresh_process(script, *arguments)[-1]


def kept(path: Path, function: Callable[[], object]) -> np.ndarray:
    """Return the numbers that a function returns; read them from a file if it exists, else write it."""
    if not path.exists():
        start = time.perf_counter()
        part = path.with_suffix(".part.npy")
        np.save(part, np.asarray(function(), dtype=np.float32))
        part.replace(path)  # whole or not at all
        print(f"{path.stem}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return np.load(path)


def markdown(header: list[str], rows: list[list[object]]) -> str:
    """Format a Markdown table; numbers get three digits."""

    def cell(value: object) -> str:
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)
