"""Ten thousand series: cost by number of series, scores with every engine, panels larger than memory.

Prints Markdown tables. Times are CPU seconds of all processes together, which depend little on other work of the
machine; divided by the number of cores, they are a lower bound of the wall time. Memory is the peak of a fresh process.
Dask and Ray are measured if they are installed.

    python benchmarks/scale.py [--quick] [width score engines own out-of-core]
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _measure import ProcessTree, environment, markdown, resident_mib
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, RobustScaler

from sktsad import (
    GaussianDetector,
    PerSeries,
    RollingFeatures,
    SeriesScaler,
    SlidingWindow,
    ZScoreDetector,
)
from sktsad.scale import ParquetPanel, score_panel
from sktsad.thresholds import AlarmsPerDay, MedianMAD, Quantile

NAMES = {"series": "series", "time": "time"}
PARTS = ("width", "score", "engines", "own", "out-of-core")
#: Number of rows of each series that a model is fitted to; the rows to score follow.
N_TRAIN = 200


def panel(n_series: int, n_rows: int, after: int = 0) -> pd.DataFrame:
    """Return noise, one row per minute, of series with different levels."""
    rng = np.random.default_rng(after)
    times = pd.date_range("2026-01-01", periods=after + n_rows, freq="min")[after:]
    levels = np.repeat(np.arange(n_series) % 97.0, n_rows)
    if n_series == 1:
        return pd.DataFrame({"value": levels + rng.normal(size=n_rows)}, times)
    index = pd.MultiIndex.from_product([[f"s{number:05}" for number in range(n_series)], times])
    return pd.DataFrame({"value": levels + rng.normal(size=len(index))}, index.set_names(["series", "time"]))


def processor_seconds() -> float:
    """Return the CPU seconds of this process and of its finished children."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def medians(functions: list[Callable[[], object]]) -> list[float]:
    """Return the median CPU seconds of each function, called in turn: seven times if that is quick, at least once."""
    found: list[list[float]] = []
    while len(found) < 7 and sum(map(sum, found)) < 10:
        found.append([])
        for function in functions:
            start = processor_seconds()
            function()
            found[-1].append(processor_seconds() - start)
    return [float(each) for each in np.median(found, axis=0)]


def width(quick: bool) -> None:
    """Print the cost of a step on many short series, compared with one long one, and by the number of series."""
    n_rows = 20_000 if quick else 1_000_000
    counts = [n // (50 if quick else 1) for n in (100, 1_000, 10_000)]
    steps: dict[str, Any] = {
        "SeriesScaler": SeriesScaler(),
        "SeriesScaler(MinMaxScaler())": SeriesScaler(MinMaxScaler()),
        "SeriesScaler(RobustScaler())": SeriesScaler(RobustScaler()),
        "SeriesScaler(QuantileTransformer(n_quantiles=50))": SeriesScaler(
            QuantileTransformer(n_quantiles=50)
        ),
        "SlidingWindow(30)": SlidingWindow(30),
        "RollingFeatures(period=None)": RollingFeatures(period=None),
        "MedianMAD": MedianMAD(6),
        "Quantile": Quantile(0.99),
        "AlarmsPerDay": AlarmsPerDay(2),
    }
    long, wide = panel(1, n_rows), panel(counts[-1], n_rows // counts[-1])
    by_number = [panel(count, 100) for count in counts]
    rows = []
    for name, step in steps.items():
        for method in ("fit", "transform"):
            if not hasattr(step, method):
                continue

            def call(X: pd.DataFrame, method: str = method, step: Any = step) -> Callable[[], object]:
                given, own = X if hasattr(step, "transform") else X["value"], clone(step)
                if method == "transform":
                    own.fit(given)
                return lambda: getattr(own, method)(given)

            one, many, *each = medians([call(X) for X in (long, wide, *by_number)])
            slope = float(np.log(each[2] / each[1]) / np.log(counts[2] / counts[1]))
            rows.append([f"{name}, {method}", one, many, many / one, *each, slope])
    header = ["step", "one series", f"{counts[-1]:,} series", "times that"]
    print(f"\n{n_rows:,} rows in all; then series of 100 rows by their number\n")
    print(markdown([*header, *(f"{count:,}" for count in counts), "slope"], rows), flush=True)


def model(kind: str, train: pd.DataFrame) -> Any:
    """Return a fitted pipeline."""
    if kind == "density":
        return make_pipeline(SeriesScaler(), SlidingWindow(30), GaussianDetector()).fit(train)
    from sktsad import StatefulForecastDetector

    net = StatefulForecastDetector(hidden_size=32, max_epochs=1, min_updates=1, random_state=0)
    return make_pipeline(SeriesScaler(), net).fit(train)


def in_fresh_process(*arguments: str) -> list[str]:
    """Run a part of this script in a fresh process; return the words that it prints last."""
    command = [sys.executable, __file__, "--one", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return ["failed", done.stderr.strip().splitlines()[-1][:80] if done.stderr.strip() else "", ""]
    return done.stdout.split("\n")[-2].split() if done.stdout else []


def score_one(kind: str, n_series: int, n_rows: int) -> None:
    """Fit to all series, score their next rows in one process; print seconds of both, and peak memory."""
    train, X = panel(n_series, N_TRAIN), panel(n_series, n_rows, N_TRAIN)
    start = processor_seconds()
    fitted = model(kind, train)
    fit, start = processor_seconds() - start, processor_seconds()
    score_panel(fitted, X)
    print(f"{fit:.2f} {processor_seconds() - start:.2f} {resident_mib('VmHWM'):.0f}")


def score(quick: bool) -> None:
    """Print the cost of ten thousand series of 2,000 rows, and the cost by the number of series."""
    n_rows = 200 if quick else 2_000
    rows = []
    for kind in ("density", "stateful network"):
        for n_series in (10, 100) if quick else (100, 1_000, 10_000):
            fit, scores, peak = in_fresh_process("score", kind, str(n_series), str(n_rows))
            rows.append([kind, f"{n_series:,}", f"{n_series * n_rows:,}", fit, scores, peak])
    print(f"\nSeries of {n_rows:,} rows, fitted to {N_TRAIN} rows before them; one process\n")
    header = ["model", "series", "rows scored", "fit, s", "score, s", "peak, MiB"]
    print(markdown(header, rows), flush=True)


def engine_one(engine: str, folder: str) -> None:
    """Score files to files by an engine; print seconds, peak memory and largest difference from one call."""
    fitted = pickle.loads(Path(folder, "model").read_bytes())
    path, out = Path(folder, "rows"), Path(folder, f"scores by {engine}")
    clock = time.perf_counter()
    with ProcessTree() as used:
        if engine == "call":
            X = pd.read_parquet(path).set_index(["series", "time"])
            out.mkdir()
            scores = pd.DataFrame({"score": fitted.decision_function(X)}, X.index)
            scores.reset_index().to_parquet(out / "scores.parquet")
        elif engine.startswith("files"):
            score_panel(fitted, path, n_jobs=int(engine[-1]), out=out, **NAMES)
        elif engine == "dask":
            import dask.dataframe
            from distributed import Client, LocalCluster

            dask.config.set(temporary_directory=folder)
            with (
                LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
                Client(cluster),
            ):
                scores = score_panel(fitted, dask.dataframe.read_parquet(path), **NAMES)
                scores.to_parquet(out)
        else:
            import ray

            # By default its workers run after all other work of the machine.
            os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112
            ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=4 * 2**30)
            score_panel(fitted, ray.data.read_parquet(str(path)), **NAMES).write_parquet(str(out))
            ray.shutdown()
    passed = time.perf_counter() - clock
    wanted = np.load(Path(folder, "wanted.npy"))
    worst, n_scored, spread = 0.0, 0, float(wanted.std())
    for part in out.glob("*.parquet"):
        found = pd.read_parquet(part, columns=["series", "time", "score"])
        series = found["series"].str[1:].astype(int).to_numpy()
        minute = ((found["time"] - pd.Timestamp("2026-01-01")) // pd.Timedelta("1min")).to_numpy(int)
        difference = np.abs(found["score"].to_numpy(float) - wanted[series, minute - N_TRAIN]) / spread
        worst = max(worst, float(difference.max(initial=0)))
        n_scored += len(found)
    assert n_scored == wanted.size, f"{n_scored:,} of {wanted.size:,} rows"
    print(f"{used.seconds:.1f} {passed:.0f} {used.peak_mib:.0f} {worst:.0e}")


def engine_files(kind: str, n_series: int, n_rows: int, folder: str) -> None:
    """Fit a model, and write it with the rows to score and their scores."""
    fitted = model(kind, panel(n_series, N_TRAIN))
    X = panel(n_series, n_rows, N_TRAIN)
    Path(folder, "model").write_bytes(pickle.dumps(fitted))
    np.save(Path(folder, "wanted.npy"), fitted.decision_function(X).reshape(n_series, n_rows))
    Path(folder, "rows").mkdir()
    size = 500 * n_rows
    for start in range(0, len(X), size):
        rows = X.iloc[start : start + size].reset_index()
        rows.to_parquet(Path(folder, "rows", f"{start // n_rows:05}.parquet"), row_group_size=100_000)


def engines(quick: bool) -> None:
    """Print the cost of the same scores by each engine, of few rows and of many."""
    n_rows = 200 if quick else 2_000
    names = {
        "call": "one call of decision_function",
        "files 1": "score_panel, one process",
        "files 2": "score_panel, two processes",
        "dask": "Dask, a cluster of two processes",
        "ray": "Ray, four workers on two cores",
    }
    header = ["engine", "processor, s", "wall, s", "peak, MiB", "largest difference, in standard deviations"]
    few, many = (20, 40) if quick else (250, 10_000)
    for kind, n_series in (("density", few), ("density", many), ("stateful network", many)):
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            in_fresh_process("engine files", kind, str(n_series), str(n_rows), folder)
            for engine, name in names.items():
                if engine not in ("dask", "ray") or find_spec(engine):
                    rows.append([name, *in_fresh_process("engine", engine, folder)])
        print(f"\n{n_series:,} series of {n_rows:,} rows, {kind}, from Parquet files to Parquet files\n")
        print(markdown(header, rows), flush=True)


def own(quick: bool) -> None:
    """Print the cost of a separate model for each series, and of one network that knows them by name."""
    from sktsad import StatefulForecastDetector

    net = StatefulForecastDetector(hidden_size=32, max_epochs=5, random_state=0)
    for_all = clone(net).set_params(series_embedding=8)
    kinds = [
        ("PerSeries(ZScoreDetector)", PerSeries(ZScoreDetector(), unseen="error"), 10 if quick else 1_000),
        (
            "PerSeries(SlidingWindow(30), GaussianDetector)",
            PerSeries(make_pipeline(SlidingWindow(30), GaussianDetector()), unseen="error"),
            10 if quick else 500,
        ),
        (
            "PerSeries(StatefulForecastDetector(hidden_size=32))",
            PerSeries(net, unseen="error"),
            2 if quick else 5,
        ),
        (
            "one SeriesScaler, StatefulForecastDetector(hidden_size=32, series_embedding=8)",
            make_pipeline(SeriesScaler(), for_all),
            20 if quick else 10_000,
        ),
    ]
    rows = []
    for name, each, n_series in kinds:
        X = panel(n_series, N_TRAIN)
        start = processor_seconds()
        fitted = each.fit(X)
        fit, start = processor_seconds() - start, processor_seconds()
        fitted.decision_function(X)
        scores, start = processor_seconds() - start, processor_seconds()
        state = pickle.dumps(fitted)
        pickle.loads(state)
        load = processor_seconds() - start
        rows.append([name, f"{n_series:,}", *(part / n_series * 1e3 for part in (fit, scores, load))])
        rows[-1].append(f"{len(state) / n_series / 1024:.1f}")
    print(
        f"\nSeries of {N_TRAIN} rows, networks five epochs: milliseconds of processor and KiB for each series\n"
    )
    header = ["model", "series", "fit, ms", "score, ms", "pickle and load, ms", "KiB"]
    print(markdown(header, rows), flush=True)


def write_files(folder: str, n_series: int, n_rows: int) -> None:
    """Write a panel with labels to files, some series at a time."""
    Path(folder).mkdir()
    for first in range(0, n_series, 500):
        X = panel(min(500, n_series - first), n_rows).reset_index()
        X["series"] = [f"{first:05}-{name}" for name in X["series"]]
        X["label"] = (X["value"] % 1 < 0.01).astype("int8")
        X.to_parquet(Path(folder, f"{first:05}.parquet"), row_group_size=100_000)


def out_of_core_one(folder: str, out: str, limit_mib: int) -> None:
    """Fit a scaler and a network to files, and score them, under a limit of memory; print seconds and the peak."""
    import torch

    from sktsad import StatefulRNNClassifier

    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_DATA, (limit_mib * 2**20, limit_mib * 2**20))
    start = processor_seconds()

    def tell(step: str, n_rows: int) -> None:
        row = [step, f"{n_rows:,}", f"{processor_seconds() - start:.1f}", f"{resident_mib('VmHWM'):.0f}"]
        print(markdown(row, []).splitlines()[0], flush=True)

    files = ParquetPanel(folder, target="label", **NAMES)
    n_rows = int(files.n_rows.sum())
    tell("table of row groups", n_rows)
    start = processor_seconds()
    scaler = SeriesScaler()
    for X, _ in files.parts():
        scaler.partial_fit(X)
    tell("SeriesScaler", n_rows)
    start, n_learnt = processor_seconds(), 0
    net = StatefulRNNClassifier("lstm", hidden_size=32, min_updates=1, random_state=0)
    for X, y in files.lanes(n_lanes=200, n_rows=1_000):
        net.partial_fit(scaler.transform(X), y, classes=[0, 1])
        n_learnt += len(X)
        if n_learnt in (n_rows // 10, n_rows // 2, n_rows):
            tell("network, one pass", n_learnt)
    start = processor_seconds()
    rows = ParquetPanel(folder, columns=["value"], **NAMES)
    score_panel(make_pipeline(scaler, net), rows, n_partitions=100, out=out)
    tell("scores, to files", n_rows)


def out_of_core(quick: bool) -> None:
    """Print the peak memory of a fit to, and scores of, rows that do not fit into it."""
    n_series, n_rows = (50, 200) if quick else (10_000, 2_000)
    print("\nUnder a limit of 1 GiB: SeriesScaler, an LSTM of 32 units along the series, scores to files\n")
    print(markdown(["step", "rows", "processor, s", "peak so far, MiB"], []), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        rows_of = str(Path(folder, "rows"))
        in_fresh_process("write", rows_of, str(n_series), str(n_rows))
        arguments = ["--one", "out-of-core", rows_of, str(Path(folder, "scores")), "1024"]
        subprocess.run([sys.executable, __file__, *arguments], check=True)


def main() -> None:
    """Run all of it, or some parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS)
    parser.add_argument("--quick", action="store_true", help="see that it runs; the figures mean nothing")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.one:
        what, *given = arguments.parts
        ones: dict[str, Callable[..., None]] = {
            "score": score_one,
            "engine": engine_one,
            "engine files": engine_files,
            "write": write_files,
            "out-of-core": out_of_core_one,
        }
        ones[what](*(int(each) if each.isdigit() else each for each in given))
        return
    tables = dict(zip(PARTS, (width, score, engines, own, out_of_core), strict=True))
    for part in arguments.parts:
        tables[part](arguments.quick)
    print(f"\n{environment()}, {os.uname().machine}")


if __name__ == "__main__":
    main()
