"""Networks that run along the series, without labels, and the same fit on a GPU; those with labels are in `kpi.py`.

- unlabelled: `StatefulForecastDetector` beside `ForecastDetector`, by the protocol of `unlabelled.py`: on ucr the share
  of series whose largest score lies on the anomaly and the VUS-PR of the test part, of plain series only; on tuning and
  nab the VUS-PR of the whole series. All figures are causal. There is a figure for each length of a rolling mean over
  the scores, as smooth scores are better for anomalies of many rows. Settings are chosen on ucr and tuning; nab is for
  the test.
- device: seconds of the same fit on the CPU, one thread, and on a GPU, and the difference between the scores.

    SKTSAD_DATA=<folder> OMP_NUM_THREADS=1 python benchmarks/stateful.py [--quick] [--jobs N] ucr tuning nab
    OMP_NUM_THREADS=1 python benchmarks/stateful.py [--quick] --device cuda
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd
import torch
from _measure import environment, markdown
from joblib import Parallel, delayed
from sklearn.pipeline import make_pipeline
from unlabelled import COLLECTIONS

from sktsad import (
    ForecastDetector,
    SeriesScaler,
    SlidingWindow,
    StatefulForecastDetector,
    StatefulRNNClassifier,
)
from sktsad.metrics import ucr_accuracy, vus_pr

LENGTHS = (1, 8, 32, 64)  # of the rolling mean
DETECTORS = {
    "along the series": [StatefulForecastDetector(hidden_size=32)],
    "along the series, absolute error": [StatefulForecastDetector(hidden_size=32, loss="absolute_error")],
    "windows of 60": [SlidingWindow(60), ForecastDetector(hidden_size=32, max_epochs=20)],
}


def figures(collection, series, name, seed):
    """Return the metrics of a detector on a series for each length of the rolling mean, and CPU seconds."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    start = time.process_time()
    model = make_pipeline(SeriesScaler(), *DETECTORS[name])
    model[-1].set_params(random_state=seed)
    model.fit(series.X.iloc[: series.n_train])
    scores = pd.Series(np.asarray(model.decision_function(series.X), dtype=float))
    out = {"detector": name, "CPU seconds": time.process_time() - start}
    judged = slice(series.judged_from, None)
    for length in LENGTHS:
        smooth = scores.rolling(length, min_periods=1).mean().to_numpy()[judged]
        out[f"VUS-PR, {length}"] = vus_pr(series.y[judged], smooth, max_buffer=series.max_buffer)
        if collection == "ucr":
            out[f"accuracy, {length}"] = ucr_accuracy(series.y[judged], smooth)
    return out


def print_unlabelled(collection, n_jobs, quick):
    """Print the table of a collection: means over series and seeds."""
    series = [
        each
        for each in COLLECTIONS[collection](7 if quick else 1)
        if each.y[each.judged_from :].any() and not each.name.startswith("DISTORTED")
    ]
    tasks = (
        delayed(figures)(collection, each, name, seed)
        for name in DETECTORS
        for seed in range(1 if quick else 3)
        for each in series
    )
    table = pd.DataFrame(Parallel(n_jobs=n_jobs)(tasks)).groupby("detector", sort=False).mean().reset_index()
    print(f"\n## {collection}, {len(series)} series; figures by the length of a rolling mean\n")
    print(markdown(list(table), table.to_numpy().tolist()))


def print_device(device, quick):
    """Print the table of the same fit on the CPU and on another device."""
    index = pd.MultiIndex.from_product([range(32), range(400 if quick else 3750)])
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((len(index), 17)).astype(np.float32), index)
    y = (X[0].rolling(3, min_periods=1).mean() > 1).to_numpy().astype(int)
    rows = []
    for make in (StatefulRNNClassifier, StatefulForecastDetector):
        for cell in ("lstm", "gru"):
            found = []
            for each in ("cpu", device):
                make(cell, max_epochs=1, device=each).fit(X[:512], y[:512])  # warms up
                start = time.perf_counter()
                model = make(cell, random_state=0, device=each).fit(X, y)
                fitted = time.perf_counter()
                scores = model.decision_function(X)
                found.append((fitted - start, time.perf_counter() - fitted, scores))
            (slow, slow_score, one), (fast, fast_score, other) = found
            apart = float(np.abs(one - other).max() / np.abs(one).max())
            rows.append(
                [f"{make.__name__}, {cell}", slow, fast, slow / fast, slow_score / fast_score, f"{apart:.0e}"]
            )
    header = ["fit of 12 epochs", "CPU, s", f"{device}, s", "times faster", "scoring, times", "scores apart"]
    print(markdown(header, rows))


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collections", nargs="*", help="ucr, tuning, nab")
    parser.add_argument("--quick", action="store_true", help="take every seventh series, one seed, few rows")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device", help="a device to compare with the CPU")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for collection in options.collections:
        print_unlabelled(collection, options.jobs, options.quick)
    if options.device:
        print_device(options.device, options.quick)
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
