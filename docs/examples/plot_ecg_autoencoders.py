"""
Heart beats: a classifier against two autoencoders
==================================================

Each row is one heart beat, normal or not. A recurrent classifier learns from both kinds; an autoencoder and a
variational autoencoder are trained on normal beats only, and predict a beat to be abnormal if they cannot reconstruct
it. How much do labels help, and how do the networks reconstruct a beat?

If ``SKTSAD_DATA`` is set, this runs on the beats of ECG5000, otherwise on generated ones. Each beat is already a
window, so there is no ``SlidingWindow`` here.
"""

# sphinx_gallery_thumbnail_number = 3
import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import ConfusionMatrixDisplay, average_precision_score, f1_score
from sklearn.model_selection import train_test_split

from sktsad import AutoencoderDetector, RNNClassifier, ThresholdClassifier, VAEDetector
from sktsad.datasets import load_ecg5000
from sktsad.metrics import detection_report, random_baseline
from sktsad.plotting import ReconstructionDisplay, ScoreDisplay, TrainingDisplay
from sktsad.thresholds import BestFBeta

# more threads do not help small networks, and slow down busy machines
torch.set_num_threads(1)

# %%
# The beats
# ---------
# For ECG5000 we use the official split: 500 beats for training, 4,500 for the test. A generated beat is the sum of
# three bumps (before, at and after the contraction) that vary in time and height; in an abnormal one the last bump is
# missing, upside down, or early. Beats are independent of each other, so the split need not be in time order.

if os.environ.get("SKTSAD_DATA"):
    source = "ECG5000"
    X, y = load_ecg5000("train", return_X_y=True)
    X_test, y_test = load_ecg5000("test", return_X_y=True)
    X, y, X_test, y_test = (part.to_numpy() for part in (X, y, X_test, y_test))
else:
    source = "generated beats (SKTSAD_DATA is not set)"
    rng = np.random.default_rng(0)
    labels = (rng.random(2500) < 0.3).astype(int)
    middles = [20, 50, 95] + rng.normal(scale=[2, 1, 4], size=(2500, 3))
    heights = [0.8, 4, 1.5] + rng.normal(scale=[0.2, 0.3, 0.3], size=(2500, 3))
    kind = np.where(labels == 1, rng.integers(1, 4, size=2500), 0)
    # normal, missing, upside down, early
    heights[:, 2] *= np.array([1, 0, -1, 1])[kind]
    middles[kind == 3, 2] -= rng.uniform(8, 20, size=(kind == 3).sum())
    times = np.arange(140)[None, :, None]
    bumps = heights[:, None, :] * np.exp(
        -(((times - middles[:, None, :]) / [6, 3, 12]) ** 2)
    )
    values = bumps.sum(axis=2) + rng.normal(scale=0.15, size=(2500, 140))
    X, y, X_test, y_test = values[:500], labels[:500], values[500:], labels[500:]
print(
    f"Data: {source}, {len(X)} beats for training, {len(X_test):,} for the test, "
    f"{y_test.mean():.0%} abnormal."
)

# %%
# Ten beats of each kind. Most of the abnormal ones clearly differ; those that do not are hard to detect.

figure, axes = plt.subplots(
    4, 5, figsize=(11, 6), sharex=True, sharey=True, layout="constrained"
)
for kind, name in enumerate(["normal", "abnormal"]):
    beats = X[y == kind]
    for axis, beat in zip(
        axes[2 * kind : 2 * kind + 2].flat, beats[:: len(beats) // 10][:10], strict=True
    ):
        axis.plot(
            beat,
            color=["0.2", "#B2182B"][kind],
            linestyle=["-", "--"][kind],
            linewidth=1,
        )
        axis.set_title(name, fontsize="small", loc="left")
figure.supxlabel("sample")
figure.suptitle("Ten normal beats, and ten abnormal ones")

# %%
# Three models
# ------------
# Three in ten of the training beats are held out for the thresholds. The detectors leave out abnormal beats
# automatically. The classifier reads ten samples per step: a recurrent network with 140 steps learns slowly.

X_fit, X_choose, y_fit, y_choose = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)
models = {
    "recurrent classifier": RNNClassifier(
        "rnn",
        patch_size=10,
        pooling="last_max",
        max_epochs=50,
        batch_size=32,
        random_state=0,
    ),
    "autoencoder": AutoencoderDetector(max_epochs=100, random_state=0),
    "variational autoencoder": VAEDetector(
        hidden_sizes=(64, 16), max_epochs=100, random_state=0
    ),
}
for model in models.values():
    model.fit(X_fit, y_fit)

# %%
# Losses over the epochs: if a curve still falls steeply at its end, more epochs are needed.

figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
for axis, (name, model) in zip(axes, models.items(), strict=True):
    TrainingDisplay.from_estimator(model, ax=axis)
    axis.set_xlabel(f"epoch of the {name}")
figure.suptitle("Losses over the epochs of the three models")

# %%
# How the autoencoders reconstruct a beat
# ---------------------------------------
# Ten beats of each kind that no model has seen: signal, reconstruction, and the error between them as a filled area.
# The reconstruction of a normal beat is close to the beat without its noise. That of an abnormal one differs from the
# beat, and the error is largest where the beat is unlike any normal one.

detectors = {name: models[name] for name in ("autoencoder", "variational autoencoder")}
shown = np.concatenate([X_choose[y_choose == kind][:10] for kind in (0, 1)])
for name, detector in detectors.items():
    figure, axes = plt.subplots(
        4, 5, figsize=(11, 7), sharex=True, sharey=True, layout="constrained"
    )
    for number, axis in enumerate(axes.flat):
        display = ReconstructionDisplay.from_estimator(
            detector, shown, row=number, ax=axis
        )
        display.legend_.remove()
        axis.set(
            xlabel="", ylabel="" if number % 5 else ["normal", "abnormal"][number // 10]
        )
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=3,
        frameon=False,
    )
    figure.suptitle(
        f"Normal and abnormal beats, redrawn by the {name}", x=0.01, ha="left"
    )
    figure.supxlabel("samples before the last")

# %%
# Thresholds
# ----------
# All three get the threshold of the best F1 on the held-out beats. The histograms show their scores on these, by class:
# beats where the histograms overlap cannot be separated by any threshold.

tuned = {
    name: ThresholdClassifier(FrozenEstimator(model), BestFBeta()).fit(
        X_choose, y_choose
    )
    for name, model in models.items()
}
figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
for axis, (name, model) in zip(axes, tuned.items(), strict=True):
    display = ScoreDisplay.from_estimator(
        model, X_choose, y_choose, kind="histogram", n_bins=30, ax=axis
    )
    display.legend_.remove()
    axis.set_title(name, loc="left")
figure.legend(
    *axes[0].get_legend_handles_labels(),
    loc="outside upper right",
    ncols=3,
    frameon=False,
)

# %%
# Test results
# ------------
# On beats that were not used for any choice, beside a random score. With many abnormal beats, F1 is high for any score:
# predicting every beat to be abnormal gives the F1 of the first row.

rows = {
    "random score": {
        "F1": random_baseline(y_test, f1_score, random_state=0),
        "average precision": random_baseline(
            y_test, average_precision_score, random_state=0
        ),
    }
}
for name, model in tuned.items():
    report = detection_report(y_test, model.decision_function(X_test), n_bootstrap=0)
    rows[name] = report.loc[["F1", "precision", "recall", "average precision"], "value"]
table = pd.DataFrame(rows).T
print(f"\nPrevalence {y_test.mean():.3f}\n\n{table.round(3).to_string()}")

figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
for axis, (name, model) in zip(axes, tuned.items(), strict=True):
    labels = ["normal", "abnormal"]
    ConfusionMatrixDisplay.from_estimator(
        model,
        X_test,
        y_test,
        display_labels=labels,
        cmap="Greys",
        colorbar=False,
        ax=axis,
    )
    axis.set_title(name, loc="left")

# %%
# Which to choose
# ---------------
# If abnormal beats of every kind are labelled, use the classifier, which learns from these labels. The autoencoders are
# fitted to normal beats only, here selected by the labels, and need abnormal ones only for their thresholds; they show
# where in the beat the error is. They can also detect kinds of abnormal beats that nobody has labelled yet, which a
# test set of known kinds does not show.
