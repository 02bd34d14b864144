"""Detection quality on real data: ECG5000 and one AIOps KPI, three seeds, thresholds chosen without test rows.

Prints Markdown tables, with prevalence, average precision and a random score; the last tables, from `detectors.py`, are
those of every detector with every threshold rule.

    SKTSAD_DATA=<folder> python benchmarks/quality.py
"""

from __future__ import annotations

import os
import sys

import detectors
import numpy as np
import torch
from _measure import environment, markdown
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score, roc_auc_score
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle

from sktsad import AutoencoderDetector, RNNClassifier, SlidingWindow, ZScoreDetector
from sktsad.datasets import load_aiops_kpi, load_ecg5000
from sktsad.thresholds import BestFBeta

SEEDS = (0, 1, 2)
HEADER = ["model", "F1, by seed", "F1", "precision", "recall", "average precision", "ROC AUC", "aim for F1"]


def judge(y, decision):
    """Return the metrics of one decision function, whose threshold is 0."""
    found = decision > 0
    return [
        f1_score(y, found),
        precision_score(y, found, zero_division=0),
        recall_score(y, found),
        average_precision_score(y, decision),
        roc_auc_score(y, decision),
    ]


def row(name, y, decisions, aim=""):
    """Return a table row: means over the seeds, and F1 of each."""
    figures = np.array([judge(y, decision) for decision in decisions])
    by_seed = ", ".join(f"{f1:.3f}" for f1 in figures[:, 0])
    return [name, by_seed, *map(float, figures.mean(axis=0)), aim]


def random_row(y_threshold, y):
    """Return the row of a random score whose threshold is chosen like the others."""
    decisions = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        threshold = BestFBeta().fit(rng.random(len(y_threshold)), y_threshold).threshold_
        decisions.append(rng.random(len(y)) - threshold)
    return row("random score", y, decisions)


def ecg5000():
    """Evaluate the official split: 500 training beats, 4,500 test beats, which are independent and have no order."""
    X, y = load_ecg5000("train", return_X_y=True)
    X_test, y_test = load_ecg5000("test", return_X_y=True)
    X, y, X_test, y_test = (part.to_numpy() for part in (X, y, X_test, y_test))
    normal = X[y == 0]
    recurrent = {}
    for cell in ("rnn", "lstm", "gru"):
        recurrent[cell] = []
        for seed in SEEDS:
            model = RNNClassifier(
                cell, patch_size=10, pooling="last_max", max_epochs=50, batch_size=32, random_state=seed
            )
            recurrent[cell].append(model.fit(*shuffle(X, y, random_state=seed)).decision_function(X_test))
    autoencoders = [
        AutoencoderDetector(max_epochs=50, random_state=seed).fit(normal).decision_function(X_test)
        for seed in SEEDS
    ]
    z_score = ZScoreDetector(threshold=3.0).fit(normal).decision_function(X_test)
    rows = [
        random_row(y, y_test),
        row("z-score of each sample > 3, normal beats", y_test, [z_score]),
        row("AutoencoderDetector(), normal beats", y_test, autoencoders, "0.945"),
        *(
            row(
                f'RNNClassifier("{cell}", patch_size=10, pooling="last_max")',
                y_test,
                recurrent[cell],
                "0.965",
            )
            for cell in recurrent
        ),
    ]
    print(f"## ECG5000, official split, {y_test.mean():.1%} of {len(y_test):,} test beats anomalous\n")
    print(markdown(HEADER, rows))


def kpi():
    """Evaluate one KPI in time order: 60 % for the fit, 15 % for the threshold, the last quarter for the test."""
    X, y = load_aiops_kpi("02e99bd4f6cfb33f", return_X_y=True)
    cut, last_quarter = int(0.6 * len(X)), int(0.75 * len(X))
    fit, choose, known, test = (
        slice(cut),
        slice(cut, last_quarter),
        slice(last_quarter),
        slice(last_quarter, None),
    )

    def pipeline(*steps):
        return make_pipeline(StandardScaler().set_output(transform="pandas"), *steps)

    z_score = pipeline(ZScoreDetector(threshold=3.0)).fit(X[known], y[known]).decision_function(X[test])
    autoencoders, plain, tuned = [], [], []
    for seed in SEEDS:
        detector = AutoencoderDetector(max_epochs=3, random_state=seed)
        detector = pipeline(SlidingWindow(30), detector).fit(X[known], y[known])
        autoencoders.append(detector.decision_function(X[test]))
        classifier = RNNClassifier(hidden_size=32, max_epochs=4, random_state=seed)
        classifier = pipeline(SlidingWindow(30), classifier).fit(X[fit], y[fit])
        tuning = TunedThresholdClassifierCV(
            FrozenEstimator(classifier),
            scoring="f1",
            response_method="decision_function",
            thresholds=200,
            cv="prefit",
            refit=False,
        ).fit(X[choose], y[choose])
        plain.append(classifier.decision_function(X[test]))
        tuned.append(plain[-1] - tuning.best_threshold_)
    rows = [
        random_row(y[choose], y[test]),
        row("z-score > 3", y[test], [z_score]),
        row("AutoencoderDetector, 30 rows", y[test], autoencoders),
        row("RNNClassifier, 30 rows, threshold 0.5", y[test], plain),
        row("RNNClassifier, 30 rows, tuned threshold", y[test], tuned, "0.78"),
    ]
    print(
        f"\n## KPI 02e99bd4f6cfb33f, last quarter of the time, {y[test].mean():.1%} of its rows anomalous\n"
    )
    print(markdown(HEADER, rows))


def main():
    """Print all tables."""
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the tables need real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    ecg5000()
    kpi()
    detectors.print_tables()
    print(f"\n{environment()}")


if __name__ == "__main__":
    sys.exit(main())
