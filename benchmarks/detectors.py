"""Every detector with every threshold rule on ECG5000: fitted on normal beats only, three seeds.

Two splits: the official one (500 training beats, of which 30 % are held out for the thresholds), and a random one (64 %
for the fit, 16 % for the thresholds, 20 % for the test). Beats are independent, so there is no time order. Each cell
under a rule reads: F1 (precision, recall, accuracy). Settings of detectors were chosen on the held-out beats, never on
test beats. Part of `quality.py`.
"""

from __future__ import annotations

import sys

import numpy as np
from _measure import markdown
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import OneClassSVM
from sklearn.utils import shuffle

from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    FusionDetector,
    GaussianDetector,
    OutlierClassifier,
    RNNClassifier,
    ThresholdClassifier,
    VAEDetector,
    ZScoreDetector,
)
from sktsad.datasets import load_ecg5000
from sktsad.thresholds import BestFBeta, MeanStd, Quantile

SEEDS = (0, 1, 2)
RULES = [MeanStd(1), MeanStd(3), Quantile(0.95), Quantile(0.97), BestFBeta()]
FUSION = "fusion, mean rank of two local outlier factors, one-class SVM and VAE"
SUPERVISED = "supervised: RNNClassifier('rnn', patch_size=10, pooling='last_max')"


def detectors(seed):
    """Return the detectors by name."""

    def outlier(detector):
        return OutlierClassifier(detector, threshold=0.0)

    def vae():
        return VAEDetector(hidden_sizes=(64, 16), max_epochs=100, random_state=seed)

    members = {
        "lof_20": outlier(LocalOutlierFactor(20, novelty=True)),
        "lof_50": outlier(LocalOutlierFactor(50, novelty=True)),
        "svm": outlier(OneClassSVM(gamma=0.01, nu=0.05)),
        "vae": vae(),
    }
    # Read in 14 steps of 10 samples.
    recurrent = {"n_channels": 10, "batch_size": 32, "lr": 0.003, "max_epochs": 50, "random_state": seed}
    return {
        "ZScoreDetector()": ZScoreDetector(threshold=3.0),
        "GaussianDetector()": GaussianDetector(),
        "GaussianDetector('full')": GaussianDetector("full"),
        "PCA(20), GaussianDetector('full')": make_pipeline(PCA(20), GaussianDetector("full")),
        "AutoencoderDetector()": AutoencoderDetector(max_epochs=50, random_state=seed),
        "AutoencoderDetector(loss='squared_error')": AutoencoderDetector(
            loss="squared_error", max_epochs=50, random_state=seed
        ),
        "AutoencoderDetector(noise=0.3)": AutoencoderDetector(noise=0.3, max_epochs=50, random_state=seed),
        "AutoencoderDetector, selu, alpha dropout": AutoencoderDetector(
            activation="selu", dropout=0.05, dropout_type="alpha", max_epochs=50, random_state=seed
        ),
        "AutoencoderDetector('lstm')": AutoencoderDetector("lstm", **recurrent),
        "AutoencoderDetector('lstm'), unrolled": AutoencoderDetector("lstm", decoder="unroll", **recurrent),
        "AutoencoderDetector('lstm'), convolution, recurrent dropout": AutoencoderDetector(
            "lstm", conv_channels=32, recurrent_dropout=0.1, **recurrent
        ),
        "VAEDetector()": VAEDetector(max_epochs=50, random_state=seed),
        "VAEDetector('gru')": VAEDetector("gru", **recurrent),
        "VAEDetector(hidden_sizes=(64, 16), max_epochs=100)": vae(),
        "VAEDetector(loss='squared_error', kl_weight=0.1, score_by='elbo')": VAEDetector(
            loss="squared_error", kl_weight=0.1, score_by="elbo", max_epochs=50, random_state=seed
        ),
        "ForecastDetector, second half from the first": ForecastDetector(
            horizon=70, patch_size=10, lr=0.003, max_epochs=50, random_state=seed
        ),
        "isolation forest": outlier(IsolationForest(random_state=seed)),
        "local outlier factor, 50 neighbours": members["lof_50"],
        "one-class SVM": members["svm"],
        FUSION: FusionDetector(list(members.items()), scale="rank"),
    }


def official(seed):
    """Return the beats for the fit, the threshold and the test, by the official split."""
    X, y = (part.to_numpy() for part in load_ecg5000("train", return_X_y=True))
    X_fit, X_hold, y_fit, y_hold = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
    test = (part.to_numpy() for part in load_ecg5000("test", return_X_y=True))
    return X_fit, y_fit, X_hold, y_hold, *test


def at_random(seed):
    """Return the beats for the fit, the threshold and the test, drawn at random from all."""
    parts = [load_ecg5000(part, return_X_y=True) for part in ("train", "test")]
    X, y = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
    X_fit, X_hold, y_fit, y_hold = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
    return X_fit, y_fit, X_hold, y_hold, X_test, y_test


def judge(model, X_hold, y_hold, X_test, y_test):
    """Return ROC AUC and average precision, and four figures for each rule."""
    score = model.decision_function(X_test)
    figures = [roc_auc_score(y_test, score), average_precision_score(y_test, score)]
    for rule in RULES:
        tuned = ThresholdClassifier(FrozenEstimator(model), rule).fit(X_hold, y_hold)
        found = tuned.predict(X_test)
        figures += [
            measure(y_test, found) for measure in (f1_score, precision_score, recall_score, accuracy_score)
        ]
    return figures


def table(split):
    """Return the rows of the table of one split."""
    figures: dict[str, list] = {}
    for seed in SEEDS:
        X_fit, y_fit, *others = split(seed)
        rng = np.random.RandomState(seed)
        noise = make_pipeline(
            FunctionTransformer(lambda X, rng=rng: rng.random_sample((len(X), 1))), ZScoreDetector()
        )
        figures.setdefault("random score", []).append(judge(noise.fit(X_fit), *others))
        for name, detector in detectors(seed).items():
            figures.setdefault(name, []).append(judge(detector.fit(X_fit[y_fit == 0]), *others))
            print(".", end="", flush=True, file=sys.stderr)
        recurrent = RNNClassifier(
            "rnn", patch_size=10, pooling="last_max", max_epochs=50, batch_size=32, random_state=seed
        )
        recurrent.fit(*shuffle(X_fit, y_fit, random_state=seed))
        figures.setdefault(SUPERVISED, []).append(judge(recurrent, *others))
    rows = []
    for name, runs in figures.items():
        auc, precision, *by_rule = np.mean(runs, axis=0)
        cells = ["{:.3f} ({:.3f}, {:.3f}, {:.3f})".format(*four) for four in np.reshape(by_rule, (-1, 4))]
        rows.append([name, float(auc), float(precision), *cells])
    return rows


def tutorial():
    """Repeat the well-known tutorial: dense autoencoder, min-max scale, mean + 1 sd of the training errors."""
    figures = []
    for seed in SEEDS:
        X_fit, y_fit, X_hold, y_hold, X_test, y_test = at_random(seed)
        X, y = np.concatenate([X_fit, X_hold]), np.concatenate([y_fit, y_hold])
        low, high = X.min(), X.max()
        detector = AutoencoderDetector(
            hidden_sizes=(32, 16, 8),
            threshold=MeanStd(1),
            validation_fraction=0,
            max_epochs=20,
            batch_size=512,
            random_state=seed,
        ).fit((X[y == 0] - low) / (high - low))
        found = detector.predict((X_test - low) / (high - low))
        figures.append(
            [measure(y_test, found) for measure in (accuracy_score, f1_score, precision_score, recall_score)]
        )
    return [
        "dense autoencoder 140-32-16-8, min-max, mean + 1 sd of training errors",
        *map(float, np.mean(figures, axis=0)),
    ]


def print_tables():
    """Print all tables."""
    header = ["detector", "ROC AUC", "average precision", *map(str, RULES)]
    for name, split in (("official split", official), ("random split", at_random)):
        rows = table(split)
        print(f"## ECG5000, {name}, {split(0)[-1].mean():.1%} of the test beats anomalous\n")
        print(markdown(header, rows), "\n")
    print("## ECG5000, the tutorial's protocol, random split\n")
    print(markdown(["model", "accuracy", "F1", "precision", "recall"], [tutorial()]))
