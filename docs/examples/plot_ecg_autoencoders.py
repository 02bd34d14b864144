"""
Heart beats: a classifier against two autoencoders
==================================================

Each row is one heart beat, normal or not. A recurrent classifier learns from both kinds; an autoencoder and a
variational autoencoder see normal beats only, and call a beat abnormal if they cannot redraw it. How much do the
labels buy, and what do the networks make of a beat?

With ``SKTSAD_DATA`` set this runs on the beats of ECG5000, else on generated ones. A beat is a window by itself, so
there is no ``SlidingWindow`` here.
"""

# sphinx_gallery_thumbnail_number = 5
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

# small networks gain nothing by more, and lose much on a busy machine
torch.set_num_threads(1)

# %%
# The beats
# ---------
# Of ECG5000 we take the official split: 500 beats to learn from, 4,500 to judge on. A generated beat is the sum of
# three bumps (before, at and after the contraction) that vary in time and height; an abnormal one lacks its last bump,
# has it upside down, or has it early. Beats are independent of each other: here no order in time must be kept.

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
    f"Data: {source}, {len(X)} beats to learn from, {len(X_test):,} to judge on, "
    f"{y_test.mean():.0%} abnormal."
)

# %%
# Ten beats of each kind. Most of the abnormal ones differ plainly; those that do not are the hard part.

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
# Three in ten of the beats to learn from is held out for the thresholds. The detectors leave out abnormal beats by
# themselves. The classifier reads ten samples per step: a recurrent network that goes through 140 steps learns slowly.

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
# Losses over the epochs: a curve that still falls steeply at its end asks for more of them.

figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
for axis, (name, model) in zip(axes, models.items(), strict=True):
    TrainingDisplay.from_estimator(model, ax=axis)
    axis.set_xlabel(f"epoch of the {name}")
figure.suptitle("Losses over the epochs of the three models")

# %%
# What the autoencoders make of a beat
# ------------------------------------
# Ten beats of each kind that no model has seen: signal, reconstruction, and the error between them filled. A normal
# beat comes out nearly as it was, minus its noise. An abnormal one comes out as something else, and the error is large
# above all where the beat does what normal beats never do.

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
# All three get the threshold of the best F1 on the beats held out. Their scores on these, by class: the overlap of
# the histograms is what no threshold can tell apart.

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
# The verdict
# -----------
# On beats that had no part in any choice, beside a score that knows nothing. With many abnormal beats F1 is high for
# any score: calling every beat abnormal gets that of the first row.

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
# Which to take
# -------------
# Where abnormal beats of every kind are labelled, the classifier uses what it is told. The autoencoders need normal
# beats to be fitted, here picked by the labels, and abnormal ones only for their thresholds; they say where in the beat
# something went wrong. They also call abnormal what nobody has labelled yet, which a test set of known kinds does not
# show.
