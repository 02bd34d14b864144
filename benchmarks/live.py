"""Live scoring: microseconds per row, thousands of series in one call, a week replayed, processes that are killed.

Prints Markdown tables. Times are medians of the CPU time of one thread, compared with a buffer and
``decision_function``, a step of the network alone, and, if river is installed, its scorers.

    python benchmarks/live.py [--quick] [--seconds 280] [--kills 100]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import torch
from _measure import environment, resident_mib
from sklearn.pipeline import make_pipeline
from torch import nn

from sktsad import (
    GaussianDetector,
    RollingFeatures,
    SeriesScaler,
    SlidingWindow,
    StatefulRNNClassifier,
    ZScoreDetector,
)
from sktsad.live import LiveScorer

#: One row per quarter of an hour; features look back a week.
FEATURES = RollingFeatures([15, 60], same_windows=[60], period=96)


def rows_of(n_rows: int, n_series: int = 1, freq: str = "15min") -> pd.DataFrame:
    """Return rows of noise around a day, of one series or a panel."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2026-01-05", periods=n_rows, freq=freq)
    values = rng.normal(size=(n_series, n_rows)) + np.sin(np.arange(n_rows) * 2 * np.pi / 96)
    if n_series > 1:
        index = pd.MultiIndex.from_product([[f"s{number}" for number in range(n_series)], index])
    return pd.DataFrame(values.reshape(-1, 1), index, columns=["value"])


def network(hidden_size: int = 64) -> StatefulRNNClassifier:
    """Return a network whose training takes no time."""
    return StatefulRNNClassifier("gru", hidden_size=hidden_size, max_epochs=1, min_updates=1, random_state=0)


def models() -> dict[str, object]:
    """Return the models that are measured."""
    return {
        "z-score on windows of 30": make_pipeline(SlidingWindow(30), ZScoreDetector("rolling")),
        "density on windows of 30": make_pipeline(SlidingWindow(30), GaussianDetector()),
        "SeriesScaler, RollingFeatures, GRU": make_pipeline(SeriesScaler(), FEATURES, network()),
    }


def median_us(function: Callable[[int], object], n: int) -> float:
    """Return the median CPU time of a call, in microseconds."""
    seconds = []
    for number in range(n):
        start = time.thread_time()
        function(number)
        seconds.append(time.thread_time() - start)
    return float(np.median(seconds)) * 1e6


def one_row(n: int) -> None:
    """Print microseconds per row of one series."""
    X = rows_of(2000 + 3 * n)
    y = (np.arange(len(X)) % 50 == 0).astype(int)
    later, values = list(X.index[2000:]), X.to_numpy()[2000:]
    print("| model | `update_one` | `update` | buffer and `decision_function` |\n| --- | --- | --- | --- |")
    for name, model in models().items():
        model.fit(X[:2000], y[:2000])
        scorer = LiveScorer(model)
        one = median_us(lambda row: scorer.update_one(None, later[row], values[row]), n)  # noqa: B023
        whole = median_us(lambda row: scorer.update(X[2000 + n + row : 2001 + n + row]), n)  # noqa: B023
        back = 700 if "Rolling" in name else 30
        buffer = median_us(lambda row: model.decision_function(X[2000 + row - back : 2001 + row]), n // 5)  # noqa: B023
        print(f"| {name} | {one:.0f} us | {whole:.0f} us | {buffer:.0f} us |")
    gru = nn.GRU(20, 64, batch_first=True)
    x, state = torch.zeros(1, 1, 20), torch.zeros(1, 1, 64)
    with torch.inference_mode():
        print(f"| one step of torch's GRU alone | {median_us(lambda row: gru(x, state), n):.0f} us | | |")
    try:
        from river import anomaly
    except ImportError:
        print("\nriver is not installed.")
    else:
        for name, theirs in (
            ("GaussianScorer", anomaly.GaussianScorer()),
            ("HalfSpaceTrees", anomaly.HalfSpaceTrees(seed=0)),
        ):

            def event(row: int, theirs: object = theirs, is_single: bool = name == "GaussianScorer") -> None:
                value = float(values[row, 0])
                given = (None, value) if is_single else ({"value": value},)
                theirs.score_one(*given)  # type: ignore[attr-defined]
                theirs.learn_one(*given)  # type: ignore[attr-defined]

            print(f"| river's {name}, score and learn | {median_us(event, n):.0f} us | | |")


def many_series(n_series: int, n: int) -> None:
    """Print milliseconds for one row each of many series, and the bytes kept of each."""
    print(f"\n| model, {n_series:,} series | one row each | bytes a series |\n| --- | --- | --- |")
    rng = np.random.default_rng(0)
    fitted = rows_of(800, 4)
    y = (np.arange(len(fitted)) % 50 == 0).astype(int)
    names = [f"live {number}" for number in range(n_series)]
    start = fitted.index[-1][1] + pd.Timedelta("15min")
    for name, model in models().items():
        scorer = LiveScorer(model.fit(fitted, y))
        n_past = 700 if "Rolling" in name else 35
        seconds = []
        for row in range(n_past + n):
            index = pd.MultiIndex.from_product([names, [start + row * pd.Timedelta("15min")]])
            X = pd.DataFrame(rng.normal(size=(n_series, 1)), index, columns=["value"])
            before = time.thread_time()
            scorer.prime(X) if row < n_past else scorer.update(X)
            if row >= n_past:
                seconds.append(time.thread_time() - before)
        kept = [part.arrays() for part in (scorer._engine.chain, scorer._engine.clock, scorer._engine.alarms)]
        n_bytes = sum(array.nbytes for arrays in kept for array in arrays.values()) / scorer._engine._room
        print(f"| {name} | {np.median(seconds) * 1e3:.0f} ms | {n_bytes:,.0f} |", flush=True)


def replay(n_rows: int, n_series: int) -> None:
    """Print rows per second and memory along minute data, replayed row by row for all series."""
    X = rows_of(n_rows + 1000, n_series, "min")
    minute = X.index.get_level_values(1)
    first = minute[:1000].max()
    scorer = LiveScorer(models()["density on windows of 30"].fit(X[minute <= first]))  # type: ignore[attr-defined]
    values = X.to_numpy().reshape(n_series, -1)[:, 1000:]
    names, stamps = [f"s{number}" for number in range(n_series)], minute[1000 : 1000 + n_rows]
    seconds, memory = [], []
    for row, stamp in enumerate(stamps):
        frame = pd.DataFrame(
            values[:, [row]], pd.MultiIndex.from_product([names, [stamp]]), columns=["value"]
        )
        start = time.thread_time()
        scorer.update(frame)
        seconds.append(time.thread_time() - start)
        if row % max(1, n_rows // 4) == 0:
            memory.append(resident_mib("VmRSS"))
    quarters = [n_series / np.mean(part) for part in np.array_split(seconds, 4)]
    print(f"\n{n_rows:,} minutes of {n_series} series, one call a minute:")
    print("- rows a second, by quarter of the run:", ", ".join(f"{each:,.0f}" for each in quarters))
    print("- MiB, by quarter of the run:", ", ".join(f"{each:.0f}" for each in memory))
    print(
        f"- a call: p50 {np.percentile(seconds, 50) * 1e3:.2f} ms, p99 {np.percentile(seconds, 99) * 1e3:.2f} ms"
    )


WORKER = """
import sys, joblib
from sktsad.live import LiveScorer
model, rows = joblib.load(sys.argv[1] + "/model"), joblib.load(sys.argv[1] + "/rows")
scorer = LiveScorer(model)
try:
    scorer.load(sys.argv[1] + "/state")
except FileNotFoundError:
    pass
clock = scorer._engine.clock
start = 0 if clock is None else int((rows.index <= clock.last_time[0].astype("M8[ns]")).sum())
for number in range(start, len(rows)):
    score = scorer.update(rows.iloc[[number]])["score"].iloc[0]
    print(number, float(score).hex(), flush=True)  # first: what was saved does not come again
    scorer.save(sys.argv[1] + "/state")
"""


def killed(n_kills: int, deadline: float) -> None:
    """Kill a process again and again; print whether its scores are those of one that never died."""
    X = rows_of(200 + 12 * n_kills, freq="min")
    model = make_pipeline(SlidingWindow(30), GaussianDetector()).fit(X[:200])
    wanted = LiveScorer(model).update(X[200:])["score"].tolist()
    rng, found, n_dead = np.random.default_rng(0), {}, 0
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(model, Path(folder, "model"))
        joblib.dump(X[200:], Path(folder, "rows"))
        while len(found) < len(wanted) and time.monotonic() < deadline:
            command = [sys.executable, "-c", WORKER, folder]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                for n_lines, line in enumerate(process.stdout, start=1):  # type: ignore[arg-type]
                    number, score = line.split()
                    found.setdefault(int(number), set()).add(float.fromhex(score))
                    if n_dead < n_kills and n_lines > rng.integers(1, 20):
                        time.sleep(rng.uniform(0, 0.005))
                        process.kill()
                        n_dead += 1
                        break
    n_right = sum(scores == {wanted[number]} for number, scores in found.items())
    print(f"\n{n_dead} kills: {n_right} of {len(found)} rows have the score of a process that never died.")


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it runs; the figures mean nothing")
    parser.add_argument("--seconds", type=float, default=3600, help="no further kill after this time")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--out", help="folder for the tables, in place of the screen")
    arguments = parser.parse_args()
    if arguments.out:
        sys.stdout = open(Path(arguments.out, "live.md"), "w")  # noqa: SIM115
    deadline = time.monotonic() + arguments.seconds
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    is_quick = arguments.quick
    one_row(30 if is_quick else 2000)
    many_series(100 if is_quick else 10_000, 3 if is_quick else 20)
    replay(50 if is_quick else 10_080, 5 if is_quick else 100)
    killed(2 if is_quick else arguments.kills, deadline)
    print(f"\n{environment()}, {os.uname().machine}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
