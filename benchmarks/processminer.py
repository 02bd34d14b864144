"""Random splits are too optimistic: autoencoders on rare breaks in a paper mill, split at random and in time order.

Breaks are to be predicted two rows ahead (`curve_shift`). The published comparison of a recurrent with a dense
autoencoder (C. Ranjan, "LSTM autoencoder for extreme rare event classification in Keras", 2019) draws the test windows
at random, so that most of their rows are in training windows, too. Here it is compared with a split in time order: the
first 64 % of the rows for the fit, the last 20 % for the test. Recall at 5 % false alarms is read from the ROC curve.
Three seeds.

A second table is about classifiers, which learn from the labels of past breaks, in time order: on three earlier parts,
on which their features were chosen, and on the last 20 %.

    SKTSAD_DATA=<folder> python benchmarks/processminer.py [--quick]
"""

from __future__ import annotations

import os
import sys

import numpy as np
import pandas as pd
import torch
from _measure import environment, markdown
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sktsad import AutoencoderDetector, RNNClassifier, SlidingWindow, curve_shift
from sktsad.datasets import load_processminer

SEEDS = (0, 1, 2)
EPOCHS = 2 if "--quick" in sys.argv else 100
SHIFT, LOOKBACK = 2, 5
NETWORKS = {
    "dense 32-16-16-32, one row": ("dense", 1),
    f"dense 32-16-16-32, {LOOKBACK} rows": ("dense", LOOKBACK),
    f"LSTM 32-16-16-32, {LOOKBACK} rows": ("lstm", LOOKBACK),
}

#: Shares of the rows where the judged parts begin and end; a classifier learns from all rows before.
PARTS = ((0.4, 0.5), (0.5, 0.64), (0.64, 0.8), (0.8, 1.0))
TREES = {
    "max_iter": 100,
    "learning_rate": 0.05,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 5,
    "max_features": 0.3,
}


def at_random(n_rows, seed):
    """Split windows at random, as published."""
    rest, test = train_test_split(np.arange(n_rows), test_size=0.2, random_state=seed)
    return train_test_split(rest, test_size=0.2, random_state=seed)[0], test


def in_time_order(n_rows, seed):
    """Split into the first and the last rows."""
    return np.arange(int(0.64 * n_rows)), np.arange(int(0.8 * n_rows), n_rows)


def judge(y, score):
    """Return prevalence, ROC AUC, average precision, and recall at 5 % false alarms."""
    false_alarms, recall, _ = roc_curve(y, score, drop_intermediate=False)
    within = recall[false_alarms <= 0.05].max()
    return [y.mean(), roc_auc_score(y, score), average_precision_score(y, score), within]


def recurrent(changes, y, fit, judged):
    """Return scores by a network on windows of the principal components of changes, across gaps in time, by seed."""
    components = make_pipeline(
        StandardScaler(), FunctionTransformer(np.arcsinh), PCA(20, whiten=True, random_state=0)
    ).fit(changes.iloc[fit].to_numpy())
    rows = components.transform(changes.to_numpy()).clip(-8, 8).astype(np.float32)
    windows = SlidingWindow(8, max_gap="100D").fit_transform(pd.DataFrame(rows, index=changes.index))
    fit, judged = (np.arange(len(y))[part] for part in (fit, judged))
    models = (
        RNNClassifier("gru", hidden_size=32, dropout=0.3, max_epochs=5, batch_size=256, random_state=seed)
        for seed in SEEDS
    )
    return [model.fit(windows[fit], y.iloc[fit]).decision_function(windows[judged]) for model in models]


def mean_ranks(members):
    """Return the mean rank of several models for each seed."""
    return [np.mean([rankdata(score) for score in scores], axis=0) for scores in zip(*members, strict=True)]


def classifiers(X, y):
    """Return rows with the ROC AUC and average precision of classifiers on each part, means over seeds."""
    changes = pd.concat([X.diff(n_rows).fillna(0.0) for n_rows in (1, 5, 15)], axis=1)
    departures = pd.concat([X - X.rolling(length, min_periods=1).mean() for length in (60, 240)], axis=1)
    both = pd.concat([changes, departures], axis=1)
    departures = departures.to_numpy()
    inputs = {"changes": changes.to_numpy(), "changes and means": both.to_numpy()}
    found: dict[str, list] = {}
    for begin, end in PARTS:
        start, stop = int(begin * len(X)), int(end * len(X))
        # The labels of the last rows before a part look into it.
        fit, judged = slice(0, start - SHIFT), slice(start, stop)
        linear = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.001, class_weight="balanced", max_iter=300)
        )
        linear.fit(departures[fit], y[fit])
        names = {"logistic regression on means": [linear.decision_function(departures[judged])] * len(SEEDS)}
        for name, rows in inputs.items():
            trees = (
                HistGradientBoostingClassifier(random_state=seed, **TREES).fit(rows[fit], y[fit])
                for seed in SEEDS
            )
            names[f"boosted trees on {name}"] = [model.decision_function(rows[judged]) for model in trees]
        names["mean rank of these three"] = mean_ranks(names.values())
        names["GRU on windows of changes"] = recurrent(changes, y, fit, judged)
        members = [f"boosted trees on {name}" for name in inputs] + ["GRU on windows of changes"]
        names["mean rank of both trees and the GRU"] = mean_ranks(names[name] for name in members)
        names["random score"] = [np.random.default_rng(seed).random(stop - start) for seed in SEEDS]
        for name, scores in names.items():
            figures = np.mean([judge(y[judged], score)[1:3] for score in scores], axis=0)
            found.setdefault(name, []).extend(figures)
    return [[name, *map(float, figures)] for name, figures in found.items()]


def print_classifiers(X, y):
    """Print the table of classifiers."""
    header = ["model, in time order"]
    for begin, end in PARTS:
        header += [f"ROC AUC, {begin:.0%} to {end:.0%}", "average precision"]
    print(markdown(header, classifiers(X, y)))
    n_rows = [y[int(begin * len(y)) : int(end * len(y))].sum() for begin, end in PARTS]
    print(f"\nRows before a break: {', '.join(map(str, n_rows))}. {environment()}")


def main():
    """Print the tables."""
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the table needs real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    X, y = curve_shift(*load_processminer(return_X_y=True), SHIFT)
    columns: dict[str, list] = {}
    prevalence = {}
    for protocol in (at_random, in_time_order):
        noise = []
        figures: dict[str, list] = {name: [] for name in NETWORKS}
        for seed in SEEDS:
            train, test = protocol(len(X), seed)
            noise.append(judge(y.iloc[test], np.random.default_rng(seed).random(len(test))))
            # The window stands before the split in both protocols; the scaler sees training rows only.
            scaler = StandardScaler().set_output(transform="pandas").fit(X.iloc[train])
            for name, (network, length) in NETWORKS.items():
                windows = SlidingWindow(length).fit_transform(scaler.transform(X))
                detector = AutoencoderDetector(
                    network, hidden_sizes=(32, 16), loss="squared_error", max_epochs=EPOCHS, random_state=seed
                )
                detector.fit(windows[train], y.iloc[train])
                figures[name].append(judge(y.iloc[test], detector.anomaly_score(windows[test])))
                print(".", end="", flush=True, file=sys.stderr)
        for model, runs in {"random score": noise, **figures}.items():
            prevalence[protocol], *means = np.mean(runs, axis=0)
            columns.setdefault(model, []).append(means)
    # Beside each figure at random stands the same in time order.
    rows = [[model, *map(float, np.ravel(means, order="F"))] for model, means in columns.items()]
    header = ["model"]
    for figure in ("ROC AUC", "average precision", "recall at 5 % false alarms"):
        header += [f"{figure}, random", "in time"]
    print(markdown(header, rows))
    shares = " and ".join(f"{share:.1%}" for share in prevalence.values())
    print(f"\nPrevalence {shares}; {len(X):,} rows, {EPOCHS} epochs. {environment()}\n")
    print_classifiers(X, y)


if __name__ == "__main__":
    main()
