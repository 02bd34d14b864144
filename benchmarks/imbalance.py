"""Methods against imbalance for recurrent networks on time series, at the true prior, three seeds.

Two AIOps KPIs in time order (60 % for the fit, 15 % for the threshold, the last quarter for the test), and ECG5000 with
one anomalous beat per 100 normal ones in all three parts. The network is always the same, and the threshold is that of
the best F1 on the held-out rows. The last columns evaluate the same decisions on a test set balanced by undersampling:
the result that such a test set would claim.

    SKTSAD_DATA=<folder> python benchmarks/imbalance.py [--quick]
"""

from __future__ import annotations

import os
import sys

import numpy as np
import torch
from _measure import environment, markdown
from imblearn.pipeline import make_pipeline
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sktsad import RNNClassifier, SafeSampler, SlidingWindow, ThresholdClassifier
from sktsad.datasets import load_aiops_kpi, load_ecg5000
from sktsad.networks import FocalLoss
from sktsad.sampling import imbalance_ratio
from sktsad.thresholds import BestFBeta

QUICK = "--quick" in sys.argv  # one seed, undersampling only
SEEDS = (0,) if QUICK else (0, 1, 2)
KPIS = ("02e99bd4f6cfb33f", "40e25005ff8992bd")
METHODS = {
    "cross entropy": ({}, None),
    "squared error": ({"loss": "squared_error"}, None),
    "class weights": ({"class_weight": "balanced"}, None),
    "focal, alpha 0.75, gamma 2": ({"loss": FocalLoss(2, 0.75)}, None),
    "mean false error": ({"loss": "mean_false_error"}, None),
    "mean squared false error": ({"loss": "mean_squared_false_error"}, None),
    "logit-adjusted": ({"loss": "logit_adjusted"}, None),
    "undersampling to 1:2": ({}, ("undersample", 0.5)),
    "oversampling to 1:2": ({}, ("oversample", 0.5)),
    "SMOTE to 1:2": ({}, ("smote", 0.5)),
    "changed copies to 1:2": ({}, ("augment", 0.5)),
}
if QUICK:
    METHODS = {name: method for name, method in METHODS.items() if name.startswith("under")}


def kpi(name):
    """Return a function that returns the parts of a KPI for a seed, and the steps before the sampler."""
    X, y = load_aiops_kpi(name, return_X_y=True)
    cuts = int(0.6 * len(X)), int(0.75 * len(X))
    parts = [slice(cuts[0]), slice(*cuts), slice(cuts[1], None)]
    steps = [StandardScaler().set_output(transform="pandas"), SlidingWindow(30)]
    options = {"hidden_size": 32, "max_epochs": 4}
    return lambda seed: [part for rows in parts for part in (X[rows], y[rows])], steps, options


def thinned_ecg5000():
    """Return the same for heart beats, of which one in about 100 is anomalous."""
    parts = [load_ecg5000(part, return_X_y=True) for part in ("train", "test")]
    X, y = (np.concatenate([part[i] for part in parts]) for i in (0, 1))

    def split(seed):
        anomalous = np.flatnonzero(y == 1)
        kept = np.random.default_rng(seed).choice(anomalous, (y == 0).sum() // 100, replace=False)
        rows = np.append(np.flatnonzero(y == 0), kept)
        fit, rest = train_test_split(rows, test_size=0.6, random_state=seed, stratify=y[rows])
        hold, test = train_test_split(rest, test_size=0.5, random_state=seed, stratify=y[rest])
        return [part for rows in (fit, hold, test) for part in (X[rows], y[rows])]

    options = {"patch_size": 10, "pooling": "last_max", "max_epochs": 40, "batch_size": 32}
    return split, [FunctionTransformer()], options


def judge(y, decision, seed):
    """Return F1 and average precision at the true prior, and on as many normal rows as anomalous ones."""
    y = np.asarray(y)
    normal = np.random.default_rng(seed).choice(np.flatnonzero(y == 0), (y == 1).sum(), replace=False)
    even = np.append(normal, np.flatnonzero(y == 1))
    return [
        measure(y[rows], values[rows])
        for rows in (np.arange(len(y)), even)
        for measure, values in ((f1_score, decision > 0), (average_precision_score, decision))
    ]


def table(data):
    """Return a table row for each method: means over the seeds."""
    split, steps, options = data
    figures: dict[str, list] = {"random score": [], **{name: [] for name in METHODS}}
    for seed in SEEDS:
        X_fit, y_fit, X_hold, y_hold, X_test, y_test = split(seed)
        rng = np.random.default_rng(seed)
        threshold = BestFBeta().fit(rng.random(len(y_hold)), y_hold).threshold_
        figures["random score"].append(judge(y_test, rng.random(len(y_test)) - threshold, seed))
        for name, (parameters, sampler) in METHODS.items():
            sample = (
                SafeSampler(sampler[0], ratio=sampler[1], random_state=seed) if sampler else "passthrough"
            )
            network = RNNClassifier("lstm", **options, **parameters, random_state=seed)
            model = make_pipeline(*steps, sample, network).fit(X_fit, y_fit)
            tuned = ThresholdClassifier(FrozenEstimator(model), min_events=1).fit(X_hold, y_hold)
            figures[name].append(judge(y_test, tuned.decision_function(X_test), seed))
            print(".", end="", flush=True, file=sys.stderr)
    rows = [[name, *map(float, np.mean(runs, axis=0))] for name, runs in figures.items()]
    return rows, np.asarray(y_test).mean(), imbalance_ratio(y_fit)


def main():
    """Print a table for each data set."""
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the tables need real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    header = ["method", "F1", "average precision", "F1 claimed, balanced", "average precision claimed"]
    for name, data in [
        *((f"KPI {name}", kpi(name)) for name in KPIS),
        ("ECG5000, thinned", thinned_ecg5000()),
    ]:
        rows, prevalence, ratio = table(data)
        print(f"\n## {name}: {prevalence:.1%} anomalous in the test, {ratio:.0f} to 1 in training\n")
        print(markdown(header, rows), flush=True)
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
