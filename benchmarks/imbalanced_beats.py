"""Methods against imbalance for recurrent networks with five classes: heart beats of ECG5000.

The official split trains on 292, 177, 10, 19 and 2 beats of the classes 1 to 5 and tests on 4,500. The other splits are
thinned: 1,000 normal beats to 10 of each of the classes 3, 4 and 5 (ratio 100), 2,000 to 2 (1,000), 2,500 to 1 (2,500),
half as many of class 2 as of class 1, with a new draw for each seed; all other beats are for the test. All networks see
ten samples per step and get the same number of updates. SMOTE needs two beats of a class, so it has no row at a ratio
of 2,500; if a class has two beats, each is the neighbour of the other. Costs follow the class counts: an error for a
beat of class i costs n_max / n_i.

Finished training runs are stored in a file, one JSON object per line; another call continues from there.

    SKTSAD_DATA=<folder> python benchmarks/imbalanced_beats.py [--quick] [--jobs N] [--seconds S] [--results FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _measure import environment, markdown
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score

from sktsad import CostSensitiveClassifier, RNNClassifier
from sktsad.datasets import load_ecg5000
from sktsad.networks import FocalLoss

CELLS = ("rnn", "lstm", "gru")
SPLITS = {"official": None, "ratio 100": (1000, 10), "ratio 1000": (2000, 2), "ratio 2500": (2500, 1)}
METHODS = (
    "squared error",
    "cross entropy",
    "random oversampling",
    "SMOTE",
    "random undersampling",
    "mean false error",
    "focal loss",
    "logit-adjusted",
    "costs in the loss",
    "sampling by cost",
    "two-phase",
)
MOVED = "cost-sensitive decision"
N_UPDATES, BATCH_SIZE, SEEDS = 1500, 32, (0, 1, 2)


def split(name, seed):
    """Return training and test beats."""
    parts = [load_ecg5000(part, multiclass=True, return_X_y=True) for part in ("train", "test")]
    if SPLITS[name] is None:
        return [np.asarray(part) for pair in parts for part in pair]
    X, y = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    many, few = SPLITS[name]
    sizes = {1: many, 2: many // 2, 3: few, 4: few, 5: few}
    rng = np.random.default_rng(seed)
    rows = [rng.choice(np.flatnonzero(y == label), size, replace=False) for label, size in sizes.items()]
    rows = np.concatenate(rows)
    rest = np.setdiff1d(np.arange(len(y)), rows)
    return X[rows], y[rows], X[rest], y[rest]


def sampled(method, X, y, seed):
    """Return the rows that a method trains on; None where it cannot."""
    counts = dict(zip(*np.unique(y, return_counts=True), strict=True))
    if method == "random oversampling":
        return RandomOverSampler(random_state=seed).fit_resample(X, y)
    if method == "SMOTE":
        fewest = min(counts.values())
        return SMOTE(k_neighbors=1, random_state=seed).fit_resample(X, y) if fewest > 1 else None
    if method == "sampling by cost":  # half way: the root of the cost, so that it is not oversampling again
        most = max(counts.values())
        wanted = {label: max(n, round(n * (most / n) ** 0.5)) for label, n in counts.items()}
        return RandomOverSampler(sampling_strategy=wanted, random_state=seed).fit_resample(X, y)
    return (X, y) if method != "random undersampling" else undersampled(X, y, seed)


def undersampled(X, y, seed):
    """Return as many rows of each class as of the rarest."""
    return RandomUnderSampler(random_state=seed).fit_resample(X, y)


def options(method, y):
    """Return how a method trains."""
    labels, counts = np.unique(y, return_counts=True)
    if method in ("squared error", "random oversampling", "SMOTE", "random undersampling", "two-phase"):
        return {"loss": "squared_error" if method == "squared error" else "cross_entropy"}
    if method == "focal loss":
        return {"loss": FocalLoss(2.0, np.sqrt(counts.max() / counts).tolist())}
    if method == "costs in the loss":
        return {"class_weight": dict(zip(labels.tolist(), (counts.max() / counts).tolist(), strict=True))}
    losses = {"mean false error": "mean_false_error", "logit-adjusted": "logit_adjusted"}
    return {"loss": losses.get(method, "cross_entropy")}


def epochs(n_rows, n_updates):
    """Return how many epochs have this number of updates."""
    return max(1, round(n_updates / -(-n_rows // BATCH_SIZE)))


def run(name, cell, method, seed, n_updates):
    """Train once; return the finished rows."""
    torch.set_num_threads(1)
    X, y, X_test, y_test = split(name, seed)
    rows = sampled(method, X, y, seed)
    if rows is None:
        return []
    start = time.perf_counter()
    model = RNNClassifier(
        cell,
        patch_size=10,
        pooling="last_max",
        batch_size=BATCH_SIZE,
        max_epochs=epochs(len(rows[0]), n_updates),
        n_channels=1,
        random_state=seed,
        **options(method, y),
    )
    if method == "two-phase":
        few = undersampled(X, y, seed)
        model.set_params(warm_start=True, max_epochs=epochs(len(few[0]), n_updates // 2)).fit(*few)
        model.set_params(max_epochs=epochs(len(X), n_updates // 2))
    model.fit(*rows)
    found = {method: model.predict(X_test)}
    if method == "cross entropy":
        counts = np.unique(y, return_counts=True)[1]
        costs = np.outer(counts.max() / counts, np.ones(len(counts))) * (1 - np.eye(len(counts)))
        moved = CostSensitiveClassifier(FrozenEstimator(model), costs).fit(X[:1], y[:1])
        found[MOVED] = moved.predict(X_test)
    return [
        {
            "split": name,
            "cell": cell,
            "method": way,
            "seed": seed,
            "accuracy": float((labels == y_test).mean()),
            "balanced_accuracy": float(balanced_accuracy_score(y_test, labels)),
            "macro_f1": float(f1_score(y_test, labels, average="macro")),
            "train_accuracy": float(model.score(*rows)) if way == method else None,
            "confusion": confusion_matrix(y_test, labels).tolist(),
            "rows": len(rows[0]),
            "epochs": len(model.net_.history),
            "seconds": time.perf_counter() - start,
        }
        for way, labels in found.items()
    ]


def table(results, name, cell):
    """Return the table of a split and cell: means over the seeds, best and worst seed in brackets."""
    frame = pd.DataFrame([row for row in results if (row["split"], row["cell"]) == (name, cell)])
    lines = []
    for method, group in frame.groupby("method", sort=False):
        confusion = np.sum(group["confusion"].tolist(), axis=0)
        recall = np.diag(confusion) / confusion.sum(axis=1)
        trained = group["train_accuracy"].dropna()
        lines.append(
            [
                method,
                len(group),
                f"{trained.mean():.3f}" if len(trained) else "",
                f"{group['accuracy'].mean():.3f}",
                f"{group['balanced_accuracy'].mean():.3f} "
                f"({group['balanced_accuracy'].min():.3f} to {group['balanced_accuracy'].max():.3f})",
                f"{group['macro_f1'].mean():.3f}",
                " ".join(f"{share:.2f}" for share in recall),
            ]
        )
    header = [
        "method",
        "seeds",
        "training accuracy",
        "accuracy",
        "balanced accuracy",
        "macro F1",
        "recall by class",
    ]
    return markdown(header, lines)


def main():
    """Train what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="thirty updates, one seed, nothing kept")
    parser.add_argument("--splits", nargs="*", default=list(SPLITS))
    parser.add_argument("--cells", nargs="*", default=list(CELLS))
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=np.inf, help="budget")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the tables need ECG5000. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    start, results = time.perf_counter(), []
    if arguments.results.exists() and not arguments.quick:
        results = [json.loads(line) for line in arguments.results.read_text().splitlines()]
    done = {(row["split"], row["cell"], row["method"], row["seed"]) for row in results}
    seeds, n_updates = (SEEDS[:1], 30) if arguments.quick else (arguments.seeds, N_UPDATES)
    wanted = [
        (name, cell, method, seed)
        for name, seed, cell, method in product(arguments.splits, seeds, arguments.cells, METHODS)
        if (name, cell, method, seed) not in done
    ]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        jobs = [pool.submit(run, *key, n_updates) for key in wanted]
        for job in as_completed(jobs):
            if job.cancelled():
                continue
            for row in job.result():
                results.append(row)
                print({k: row[k] for k in ("split", "cell", "method", "seed", "macro_f1")}, file=sys.stderr)
                if not arguments.quick:
                    with arguments.results.open("a") as file:
                        file.write(json.dumps(row) + "\n")
            if time.perf_counter() - start > arguments.seconds:
                pool.shutdown(wait=False, cancel_futures=True)
    for name, cell in product(SPLITS, CELLS):
        if any((row["split"], row["cell"]) == (name, cell) for row in results):
            print(f"\n### {name}, {cell}\n\n{table(results, name, cell)}", flush=True)
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
