"""Small runs for single figures of the published texts; `sources.py` writes them to a page.

From the KPI homework: the z-scores that it prints, and its networks on single values, pooled over six series: raw,
scaled as in the homework (standardised rows through a min-max scaler that was fitted on raw rows), and on a balanced
set. From the post on a paper mill: the losses of the first epochs with the published random split, and the false alarms
when a quarter of the breaks is found. From the slides: numbers of weights. Finished runs are stored, one JSON object
per line; another call continues from there.

    SKTSAD_DATA=<folder> python benchmarks/source_runs.py [--results FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import f1_score, roc_auc_score, roc_curve
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sktsad import AutoencoderDetector, RNNClassifier, RNNRegressor, SlidingWindow, curve_shift
from sktsad.datasets import load_aiops_kpi, load_processminer
from sktsad.thresholds import Quantile

SERIES = (0, 1, 10, 11, 12, 13)


def six_series():
    """Return values and labels of the six series, one after another: numbers are places among the sorted names."""
    X, y = load_aiops_kpi(return_X_y=True)
    names = X.index.get_level_values("series").unique().sort_values()[list(SERIES)]
    parts = [(X.loc[name].to_numpy(), y.loc[name].to_numpy()) for name in names]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def z_scores():
    """Return the first and last z-scores of series 0."""
    value = load_aiops_kpi("02e99bd4f6cfb33f", return_X_y=True)[0]["value"]
    z = (value - value.mean()) / value.std()
    minutes = int((value.index[-1] - value.index[0]).total_seconds() // 60) + 1
    return {
        "rows": len(value),
        "missing": minutes - len(value),
        "mean": float(value.mean()),
        "deviation": float(value.std()),
        "z": [round(float(one), 6) for one in (*z.head(5), *z.tail(5))],
    }


def scaled(X_fit, X, way):
    """Return X scaled."""
    if way == "raw":
        return X
    standard = StandardScaler().fit(X_fit)
    if way == "standard":
        return standard.transform(X)
    return MinMaxScaler().fit(X_fit).transform(standard.transform(X))  # as in the source


def one_value(cell, way):
    """Return validation loss and F1 by epoch, of a network that sees one value."""
    X, y = six_series()
    if way == "balanced":
        rng = np.random.RandomState(42)
        many = rng.choice(np.flatnonzero(y == 0), (y == 1).sum(), replace=True)
        rows = np.concatenate([np.flatnonzero(y == 1), many])
        X, y = X[rows], y[rows]
    X_fit, X_valid, y_fit, y_valid = train_test_split(X, y, random_state=0)
    way = "raw" if way == "balanced" else way
    model = RNNClassifier(cell, batch_size=128 if len(X) < 100_000 else 512, random_state=0, n_channels=1)
    fit, valid = (scaled(X_fit, part, way).astype(np.float32) for part in (X_fit, X_valid))
    losses, f1 = [], []
    for _ in range(5):
        model.partial_fit(fit, y_fit, classes=[0, 1])
        probability = np.clip(model.predict_proba(valid)[:, 1], 1e-7, 1 - 1e-7)
        losses.append(float(-np.where(y_valid == 1, np.log(probability), np.log(1 - probability)).mean()))
        f1.append(float(f1_score(y_valid, probability > 0.5, zero_division=0)))
    return {"rows": len(X), "prevalence": float(y.mean()), "validation loss": losses, "validation F1": f1}


def paper_mill(network):
    """Return losses of the first epochs and what finding breaks costs, under the published split."""
    X, y = curve_shift(*load_processminer(return_X_y=True), 2)
    rest, test = train_test_split(np.arange(len(X)), test_size=0.2, random_state=123)
    train, valid = train_test_split(rest, test_size=0.2, random_state=123)
    normal = y.to_numpy()[train] == 0
    scaler = StandardScaler().set_output(transform="pandas").fit(X.iloc[train[normal]])
    windows = SlidingWindow(5).fit_transform(scaler.transform(X))
    score = []
    losses = []
    for n_epochs in (5, 30):
        model = AutoencoderDetector(
            network,
            hidden_sizes=(32, 16),
            loss="squared_error",
            lr=1e-4 if n_epochs == 5 else 1e-3,
            batch_size=64,
            max_epochs=n_epochs,
            validation_fraction=0.05,
            threshold=Quantile(0.95),
            random_state=0,
        ).fit(windows[train[normal]])
        losses.append([float(one) for one in model.net_.history[:, "train_loss"][:5]])
        score = model.anomaly_score(windows[test])
    false_alarms, recall, _ = roc_curve(y.iloc[test], score, drop_intermediate=False)
    return {
        "train loss": losses[0],
        "train loss, rate 0.001": losses[1],
        "ROC AUC": float(roc_auc_score(y.iloc[test], score)),
        "positive rows": int(y.iloc[test].sum()),
        "false alarms at recall 10/39": float(false_alarms[recall >= 10 / 39].min()),
        "normal windows": [int(normal.sum()), int((y.to_numpy()[valid] == 0).sum())],
    }


def weights():
    """Return the numbers of weights of the networks on the slides."""
    rng = np.random.RandomState(0)

    def count(net):
        return sum(one.numel() for one in net.net_.module_.parameters())

    week = RNNRegressor("rnn", hidden_size=10, dense_size=None, max_epochs=1, n_channels=1)
    week.fit(rng.normal(size=(40, 4)), rng.normal(size=40))
    counts = {"RNN 10, dense 1": count(week)}
    for name, length in (("dense", 1), ("lstm", 5), ("lstm", 10)):
        detector = AutoencoderDetector(name, hidden_sizes=(32, 16), max_epochs=1, n_channels=59)
        counts[f"{name} 32-16, {length} rows of 59"] = count(detector.fit(rng.normal(size=(60, length * 59))))
    return counts


RUNS = {
    "z-scores of series 0": z_scores,
    "weights": weights,
    **{
        f"one value, {cell}, {way}": (lambda cell=cell, way=way: one_value(cell, way))
        for way in ("raw", "as in the source", "standard")
        for cell in ("rnn", "lstm", "gru")
    },
    "one value, lstm, balanced": lambda: one_value("lstm", "balanced"),
    "paper mill, lstm": lambda: paper_mill("lstm"),
    "paper mill, dense": lambda: paper_mill("dense"),
}


def main():
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    parser.add_argument("--runs", nargs="*", default=list(RUNS))
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the runs need real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    done = set()
    if arguments.results.exists():
        done = {json.loads(line)["run"] for line in arguments.results.read_text().splitlines()}
    for name, run in RUNS.items():
        if name in done or not name.startswith(tuple(arguments.runs)):
            continue
        with arguments.results.open("a") as file:
            file.write(json.dumps({"run": name, **run()}) + "\n")
        print(name, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
