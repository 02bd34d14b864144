"""Random splits claim too much: autoencoders on rare breaks in a paper mill, split at random and in time order.

Breaks must be seen two rows ahead (`curve_shift`). The published comparison of a recurrent with a dense autoencoder
(C. Ranjan, "LSTM autoencoder for extreme rare event classification in Keras", 2019) draws the test windows at random,
so that most of their rows are in training windows, too. Here it is compared with the same in time order: the first 64 %
of the rows for the fit, the last 20 % for the test. Recall at 5 % false alarms is that of the ROC curve. Three seeds.

    SKTSAD_DATA=<folder> python benchmarks/processminer.py [--quick]
"""

from __future__ import annotations

import os
import sys

import numpy as np
import torch
from _measure import environment, markdown
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sktsad import AutoencoderDetector, SlidingWindow, curve_shift
from sktsad.datasets import load_processminer

SEEDS = (0, 1, 2)
EPOCHS = 2 if "--quick" in sys.argv else 100
SHIFT, LOOKBACK = 2, 5
NETWORKS = {
    "dense 32-16-16-32, one row": ("dense", 1),
    f"dense 32-16-16-32, {LOOKBACK} rows": ("dense", LOOKBACK),
    f"LSTM 32-16-16-32, {LOOKBACK} rows": ("lstm", LOOKBACK),
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


def main():
    """Print the table."""
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
    print(f"\nPrevalence {shares}; {len(X):,} rows, {EPOCHS} epochs. {environment()}")


if __name__ == "__main__":
    main()
