"""Whether pre-training improves the result with few labels and many unlabelled rows, by paired draws of the labels.

Four AIOps KPIs in time order: encoders learn from all windows of the first 60 %, without labels. Of these, 1, 5 or 20
events are labelled, each with the 500 rows around it, and a classifier is trained only on those windows; the next 15 %
set the threshold, the last quarter is for the test. ECG5000: encoders learn from all training beats, of which 1 %, 5 %
or all are labelled. Ten draws of the labels, the same for every row of the table.

Results of finished data sets are stored in a file; another call continues from there.

    SKTSAD_DATA=<folder> python benchmarks/pretraining.py [--quick] [--data NAME ...] [--results FILE]
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _measure import environment, markdown
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sktsad import (
    ForecastPretrainer,
    MaskedReconstructionPretrainer,
    RNNClassifier,
    SlidingWindow,
    ThresholdClassifier,
)
from sktsad._core._runs import find_events
from sktsad.datasets import load_aiops_kpi, load_ecg5000

KPIS = ("02e99bd4f6cfb33f", "71595dd7171f4540", "7c189dd36f048a6c", "a40b1df87e3f1c87")
COLUMNS = ["data", "prevalence", "labels", "draw", "way", "F1", "average precision"]
AROUND = 250
ENCODER = {"hidden_size": 32, "lr": 0.003, "random_state": 0}
FINE = {"batch_size": 64, "lr": 0.003}
#: Long enough for the network without pre-training: 20 epochs over few rows would be too few for it.
MAX_EPOCHS, MAX_UPDATES = 100, 4000
WAYS = {
    "no pre-training": (None, 0),
    "forecast, frozen": ("forecast", "all"),
    "forecast, thawed after 5 epochs": ("forecast", 5),
    "masked, frozen": ("masked", "all"),
    "masked, thawed after 5 epochs": ("masked", 5),
}


def kpi(name):
    """Return windows and labels for fit, threshold and test, and a function that draws labelled rows."""
    X, y = load_aiops_kpi(name, return_X_y=True)
    y = y.to_numpy()
    cuts = int(0.6 * len(X)), int(0.75 * len(X))
    scaled = StandardScaler().set_output(transform="pandas").fit(X[: cuts[0]]).transform(X)
    windows = SlidingWindow(30).fit_transform(scaled)
    fit, hold, test = (slice(cuts[0]), slice(*cuts), slice(cuts[1], None))
    starts, stops = find_events(y[fit] == 1)

    def draw(n_events, seed):
        chosen = np.random.default_rng(seed).permutation(len(starts))[:n_events]
        rows = [np.arange(max(starts[i] - AROUND, 0), min(stops[i] + AROUND, cuts[0])) for i in chosen]
        return np.unique(np.concatenate(rows))

    parts = [part for rows in (fit, hold, test) for part in (windows[rows], y[rows])]
    return parts, draw, (1, 5, 20), {"horizon": 1}, {}


def ecg5000():
    """Return the same for heart beats; the official test part is halved, for the threshold and to judge on."""
    X, y = (part.to_numpy() for part in load_ecg5000("train", return_X_y=True))
    X_rest, y_rest = (part.to_numpy() for part in load_ecg5000("test", return_X_y=True))
    X_hold, X_test, y_hold, y_test = train_test_split(
        X_rest, y_rest, train_size=200, random_state=0, stratify=y_rest
    )
    # The unlabelled beats: of the training part and of those held out for the threshold.
    X_fit, y_fit = np.concatenate([X, X_hold]), np.concatenate([y, y_hold])

    def draw(share, seed):
        if share == 1:
            return np.arange(len(y))
        n_rows = max(4, round(share * len(y)))
        rows, _ = train_test_split(np.arange(len(y)), train_size=n_rows, random_state=seed, stratify=y)
        return rows

    parts = [X_fit, y_fit, X_hold, y_hold, X_test, y_test]
    return parts, draw, (0.01, 0.05, 1), {"horizon": 70}, {"patch_size": 10, "pooling": "last_max"}


def pretrain(windows, forecast, options, n_epochs):
    """Return the two fitted pretrainers."""
    masked = {"span": 30 if len(options) else 5}
    made = {
        "forecast": ForecastPretrainer(**forecast, **ENCODER, **options, max_epochs=n_epochs),
        "masked": MaskedReconstructionPretrainer(**masked, **ENCODER, **options, max_epochs=n_epochs),
    }
    return {name: FrozenEstimator(pretrainer.fit(windows)) for name, pretrainer in made.items()}


def measure(name, data, n_epochs, n_draws):
    """Return F1 and average precision of every method, number of labels and draw."""
    (X_fit, y_fit, X_hold, y_hold, X_test, y_test), draw, labels, forecast, options = data
    encoders = pretrain(X_fit, forecast, options, n_epochs)
    print("p", end="", flush=True, file=sys.stderr)
    rows = []
    for n_labels in labels:
        for seed in range(n_draws):
            labelled = draw(n_labels, seed)
            max_epochs = min(MAX_EPOCHS, -(-MAX_UPDATES * FINE["batch_size"] // len(labelled)))
            for way, (encoder, freeze) in WAYS.items():
                model = RNNClassifier(
                    encoder=encoders.get(encoder),
                    freeze_epochs=freeze,
                    hidden_size=ENCODER["hidden_size"],
                    **options,
                    **FINE,
                    max_epochs=max_epochs,
                    random_state=seed,
                ).fit(X_fit[labelled], y_fit[labelled])
                tuned = ThresholdClassifier(FrozenEstimator(model), min_events=1).fit(X_hold, y_hold)
                decision = tuned.decision_function(X_test)
                figures = f1_score(y_test, decision > 0), average_precision_score(y_test, decision)
                rows.append((name, np.mean(y_test), labels.index(n_labels), seed, way, *figures))
            print(".", end="", flush=True, file=sys.stderr)
    return pd.DataFrame(rows, columns=COLUMNS)


def interval(differences):
    """Return mean and 95 % bootstrap interval of paired differences, one per draw."""
    draws = np.random.default_rng(0).choice(differences, size=(10_000, len(differences))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{differences.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def table(results, labels):
    """Return a table: for each number of labels, F1 / average precision, and the paired gain in the latter."""
    base = results[results["way"] == "no pre-training"].set_index(["data", "labels", "draw"])
    rows = []
    for way in WAYS:
        group = results[results["way"] == way].set_index(["data", "labels", "draw"])
        gain = (group["average precision"] - base["average precision"]).dropna()
        cells = []
        for i in range(len(labels)):
            here = group.xs(i, level="labels")
            cells.append(f"{here['F1'].mean():.3f} / {here['average precision'].mean():.3f}")
            by_draw = gain.xs(i, level="labels").groupby("draw").mean()  # over the data sets
            cells.append("" if way == "no pre-training" else interval(by_draw.to_numpy()))
        rows.append([way, *cells])
    header = ["way", *(cell for label in labels for cell in (f"{label}: F1 / AP", "gain in AP"))]
    return markdown(header, rows)


def main():
    """Run missing measurements, then print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="one KPI, two draws, short trainings, nothing kept"
    )
    parser.add_argument("--data", nargs="*", default=[*KPIS, "ECG5000"], help="data sets to measure")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_suffix(".csv"))
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the tables need real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "The rows to choose a threshold on contain")
    names = KPIS[:1] if arguments.quick else arguments.data
    is_kept = not arguments.quick and arguments.results.exists()
    results = pd.read_csv(arguments.results) if is_kept else pd.DataFrame(columns=COLUMNS)
    for name in names:
        if name in set(results["data"]):
            continue
        is_ecg = name == "ECG5000"
        n_epochs, n_draws = (1, 2) if arguments.quick else (200 if is_ecg else 5, 10)
        measured = measure(name, ecg5000() if is_ecg else kpi(name), n_epochs, n_draws)
        results = pd.concat([results, measured]) if len(results) else measured
        if not arguments.quick:
            results.to_csv(arguments.results, index=False)
    for name, group in results.groupby("data", sort=False):
        labels = ("1 %", "5 %", "100 %") if name == "ECG5000" else ("1 event", "5 events", "20 events")
        print(f"\n## {name}, {group['prevalence'].iloc[0]:.2%} anomalous\n\n{table(group, labels)}")
    print("\n## All: few, some, many labels (1, 5, 20 events; 1 %, 5 %, 100 % of beats)\n")
    print(table(results, ("few", "some", "many")))
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
