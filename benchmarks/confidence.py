"""The confidence of a classifier on inputs that it was not trained for: MNIST digits, photographs, unseen digits.

A digit classifier is wrapped in ConfidenceDetector: an input for which no class is likely is an anomaly. First,
training has all ten digits, and patches of photographs are mixed with the test digits (lambda 0.6). Then 5 and 6 are
left out of the training, and appear in the test (lambda 0.8). Three seeds.

    SKTSAD_DATA=<folder> python benchmarks/confidence.py [--quick]
"""

from __future__ import annotations

import os
import sys

import numpy as np
import torch
from _measure import environment, markdown
from sklearn.datasets import load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import nn

from sktsad import ConfidenceDetector, TorchClassifier
from sktsad.datasets import load_mnist

SEEDS = (0, 1, 2)
N_TRAIN, EPOCHS = (20_000, 4) if "--quick" not in sys.argv else (2_000, 2)
HEADER = [
    "network",
    "anomalies",
    "lambda",
    "caught",
    "false alarms",
    "surer than 0.999 of an anomaly",
    "ROC AUC",
    "average precision",
    "prevalence",
    "accuracy on known digits",
]


def convolutional(n_outputs):
    """Two convolutions and a dense layer."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 49, n_outputs),
    )


def dense(n_outputs):
    """One hidden layer."""
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, n_outputs))


def photographs(seed):
    """Cut grey patches of 28 x 28 pixels from scikit-learn's sample photographs."""
    grey = [image.mean(axis=2) / 255 for image in load_sample_images().images]
    patches = [extract_patches_2d(image, (28, 28), max_patches=1000, random_state=seed) for image in grey]
    return np.concatenate(patches).reshape(-1, 784).astype(np.float32)


def row(name, network, unseen, anomalies, limit, digits):
    """Train on digits that are not unseen; return the means over the seeds."""
    (X_train, y_train), (X_test, y_test) = digits
    known_train, known_test = ~np.isin(y_train, unseen), ~np.isin(y_test, unseen)
    figures = []
    for seed in SEEDS:
        rows = np.random.default_rng(seed).permutation(np.flatnonzero(known_train))[:N_TRAIN]
        classifier = TorchClassifier(network, max_epochs=EPOCHS, batch_size=64, random_state=seed)
        classifier.fit(X_train[rows], y_train[rows])
        strange = anomalies(seed)
        X = np.concatenate([X_test[known_test], strange])
        y = np.repeat([0, 1], [known_test.sum(), len(strange)])
        detector = ConfidenceDetector(FrozenEstimator(classifier), threshold=1 - limit).fit(X_train[rows])
        found, score = detector.predict(X), detector.anomaly_score(X)
        sure = 1 - score[y == 1] > 0.999
        accuracy = classifier.score(X_test[known_test], y_test[known_test])
        figures.append(
            [
                found[y == 1].mean(),
                found[y == 0].mean(),
                sure.mean(),
                roc_auc_score(y, score),
                average_precision_score(y, score),
                y.mean(),
                accuracy,
            ]
        )
    what = "5 and 6, not trained on" if len(unseen) else "patches of photographs"
    return [name, what, limit, *map(float, np.mean(figures, axis=0))]


def main():
    """Print the table."""
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the table needs MNIST. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    digits = [load_mnist(part, return_X_y=True) for part in ("train", "test")]
    digits = [(np.asarray(X, dtype=np.float32).reshape(-1, 784) / 255, np.asarray(y)) for X, y in digits]
    X_test, y_test = digits[1]
    rows = []
    for name, network in (("dense", dense), ("convolutional", convolutional)):
        rows.append(row(name, network, [], photographs, 0.6, digits))
        rows.append(row(name, network, [5, 6], lambda seed: X_test[np.isin(y_test, [5, 6])], 0.8, digits))
    print(markdown(HEADER, rows))
    print(f"\n{N_TRAIN:,} training digits, {EPOCHS} epochs. {environment()}")


if __name__ == "__main__":
    main()
