"""
Two zeros against five thousand ones
====================================

A thesis on deep learning with imbalanced data ("Survey on Deep Learning with Imbalanced Data Sets", National Chengchi
University, 2019) trained one convolutional network in many ways on digits, some of which are very rare. This was
repeated (``benchmarks/imbalanced_mnist.py``); this page draws the thesis's pictures from the stored results. The page
"The sources, cell by cell" has the numbers.

If ``SKTSAD_DATA`` is set, the digits are those of MNIST, otherwise the small ones of scikit-learn.
"""

# sphinx_gallery_thumbnail_number = 4
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from imblearn.over_sampling import SMOTE
from sklearn.datasets import load_digits

from sktsad.datasets import load_mnist
from sktsad.networks import FocalLoss

folder = next(
    path for path in (Path("benchmarks"), Path("../../benchmarks")) if path.exists()
)
kept = pd.DataFrame(
    json.loads(line)
    for line in (folder / "imbalanced_mnist.jsonl").read_text().splitlines()
)
kept = kept.reindex(
    columns=kept.columns.union(["trained", "train_accuracy", "confusion"])
)
published = json.loads((folder / "published_digits.json").read_text())
# use training runs of all epochs, if any, and not those that ended early
is_whole = kept["trained"] == "together"
kept = kept[
    is_whole == is_whole.groupby([kept["task"], kept["method"]]).transform("max")
]
figures = kept.groupby(["task", "method"], sort=False)["accuracy"]
print(figures.agg(["mean", "min", "max", "count"]).round(4).to_string())

# %%
# How many of each
# ----------------
# Five of the ten classes have 2 to 5 training digits. The test digits are not thinned: half of them belong to classes
# that the network has hardly ever seen.

counts = {
    "training": [2, 5, 5000, 3000, 4, 4000, 2, 3, 2000, 1000],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for axis, (part, sizes) in zip(axes, counts.items(), strict=True):
    axis.bar_label(axis.bar(range(10), sizes), fontsize=7)
    axis.set(title=f"{part} digits", xlabel="class", xticks=range(10))
    axis.margins(y=0.1)

# %%
# What SMOTE makes of two zeros
# -----------------------------
# SMOTE draws points between two digits: pixel by pixel, each is a mixture of both. If the two are alike, the mixture
# looks like a digit; otherwise it looks like a double exposure that nobody would write.

if os.environ.get("SKTSAD_DATA"):
    X, y = load_mnist(return_X_y=True)
    X, y = np.asarray(X, dtype=float).reshape(-1, 784) / 255, np.asarray(y)
else:
    X, y = load_digits(return_X_y=True)
    X = X / 16
side = int(X.shape[1] ** 0.5)
rng = np.random.RandomState(10)
zeros, ones = (
    rng.choice(np.flatnonzero(y == digit), size, replace=False)
    for digit, size in ((0, 2), (1, 10))
)
rows = np.concatenate([zeros, ones])
made, _ = SMOTE(k_neighbors=1, random_state=0).fit_resample(X[rows], y[rows])
pictures = {
    "the two zeros, and ones": X[rows[:8]],
    "made of the two zeros": made[len(rows) :][:8],
}
figure, axes = plt.subplots(2, 8, figsize=(9, 2.8), layout="constrained")
for line, (title, images) in zip(axes, pictures.items(), strict=True):
    line[0].set_title(title, loc="left")
    for axis, image in zip(line, images, strict=True):
        axis.imshow(image.reshape(side, side), cmap="gray_r")
        axis.set_axis_off()

# %%
# By method
# ---------
# The bars are the accuracy on the test digits, with the worst and the best run. Thin bars are the accuracy on the
# training digits, if it was stored, and crosses the published accuracy.

NAMES = [
    "baseline, MSE",
    "random oversampling",
    "SMOTE",
    "random undersampling",
    "mean false error",
    "mean squared false error",
    "focal, a=50, g=0",
    "focal, a=100, g=0",
    "cost-sensitive, threshold_moving",
    "costs in the loss",
    "sampling by cost",
    "two-phase",
]


def of_method(task, method):
    """Return the trainings of a method."""
    return kept[(kept["task"] == task) & (kept["method"] == method)]


figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
figure.suptitle("Accuracy of each method, two classes and ten")
for axis, task in zip(axes, ("binary", "multiclass"), strict=True):
    names = [name for name in NAMES if len(of_method(task, name))]
    for i, method in enumerate(names):
        group = of_method(task, method)
        test = group["accuracy"]
        error = [[test.mean() - test.min()], [test.max() - test.mean()]]
        axis.barh(i, test.mean(), xerr=error, color="C0", height=0.7, ecolor="black")
        if group["train_accuracy"].notna().any():
            axis.barh(i, group["train_accuracy"].mean(), color="C1", height=0.15)
        theirs = published[task].get(method, {}).get("test")
        if theirs is not None:
            axis.plot(theirs / 100, i, "kx")
    axis.set(title=task, xlabel="accuracy", yticks=range(len(names)), yticklabels=names)
    axis.invert_yaxis()

# %%
# By class
# --------
# The share of the digits of each class that is predicted correctly. The baseline predicts none of the rare classes; the
# costs of the thesis improve class 1 and nothing else; all methods can still improve most on 4, 6 and 7.

names = [name for name in NAMES if len(of_method("multiclass", name))]
shares = np.array(
    [
        np.mean(of_method("multiclass", name)["per_class"].tolist(), axis=0)
        for name in names
    ]
)
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
figure.suptitle("What each method finds of each class, in per cent")
axis.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
for (i, j), share in np.ndenumerate(shares):
    color = "white" if share > 0.6 else "black"
    axis.text(j, i, f"{100 * share:.0f}", ha="center", va="center", color=color)
axis.set(xlabel="class", xticks=range(10), yticks=range(len(names)), yticklabels=names)

# %%
# Confusion matrices
# ------------------
# A row is a true class and a column a predicted one, in shares of the row. With two classes, the matrix follows from
# the accuracies of both; with ten classes, it was not stored for every training run.


def confusion(task, method):
    """Return the mean shares of what each class is taken for; None: not kept."""
    group = of_method(task, method)
    if task == "binary":
        matrices = [
            [[zero, 1 - zero], [1 - one, one]] for zero, one in group["per_class"]
        ]
    else:
        matrices = group["confusion"].dropna().tolist()
    if not matrices:
        return None
    total = np.sum(matrices, axis=0)
    return total / total.sum(axis=1, keepdims=True)


for task, n_classes in (("binary", 2), ("multiclass", 10)):
    matrices = {
        name: matrix for name in NAMES if (matrix := confusion(task, name)) is not None
    }
    if not matrices:
        continue
    n_rows = -(-len(matrices) // 4)
    figure, axes = plt.subplots(
        n_rows, 4, figsize=(9.6, 2.4 * n_rows), layout="constrained", squeeze=False
    )
    for axis in axes.flat[len(matrices) :]:
        axis.set_axis_off()
    for axis, (method, matrix) in zip(axes.flat, matrices.items(), strict=False):
        axis.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
        axis.set_title(method, fontsize=8)
        axis.set(xticks=range(n_classes), yticks=range(n_classes))
        axis.tick_params(labelsize=6)

# %%
# Each method in ROC space
# ------------------------
# Zeros are the positive class here: the share of zeros that is found, by the share of ones that are predicted as zeros.
# Moving the threshold by costs goes from one corner to the other, as this network has not learnt to rank the classes.

figure, axis = plt.subplots(figsize=(6, 4.5), layout="constrained")
figure.suptitle("Zeros found against ones taken for zeros")
for i, method in enumerate(name for name in NAMES if len(of_method("binary", name))):
    zeros_found, ones_found = np.array(
        of_method("binary", method)["per_class"].tolist()
    ).T
    look = {
        "color": f"C{i}",
        "marker": "os^vDPX*"[i % 8],
        "linestyle": "none",
        "markersize": 5,
    }
    axis.plot(1 - ones_found, zeros_found, **look, label=method)
axis.plot([0, 1], [0, 1], ":", color="0.6")
axis.set(xlabel="ones taken for zeros", ylabel="zeros found")
axis.legend(fontsize="small")

# %%
# The focal loss
# --------------
# The loss of a row by the probability of its class. With gamma 0 it is the cross entropy; the larger gamma is, the less
# a row counts that is classified well already.

GAMMAS = (0, 0.5, 1, 2, 5)
probability = torch.linspace(0.01, 0.99, 99)
figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
for gamma in GAMMAS:
    loss = FocalLoss(gamma)(torch.logit(probability), torch.ones(99))
    axis.plot(probability, loss, label=f"gamma {gamma}")
axis.set(xlabel="probability of the class of the row", ylabel="loss", ylim=(0, 5))
axis.legend(fontsize="small")

# %%
# Alpha and gamma
# ---------------
# Accuracy with the focal loss by the weight alpha of the rare classes, a curve for each gamma: published results are
# dotted, ours are circles. In the published grid accuracy rises with alpha in three steps out of four, and the best
# accuracy is reached with gamma 0: the weight helps, the focus does not.

ALPHAS = (1, 5, 10, 50, 100)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
figure.suptitle("Accuracy by the weight of the rare classes, for each gamma")
for axis, task in zip(axes, ("binary", "multiclass"), strict=True):
    for i, gamma in enumerate(GAMMAS):
        names = [f"focal, a={alpha}, g={gamma}" for alpha in ALPHAS]
        ours = [100 * of_method(task, name)["accuracy"].mean() for name in names]
        axis.plot(ALPHAS, ours, f"C{i}o-")
        axis.plot(
            ALPHAS,
            [published[task][name]["test"] for name in names],
            f"C{i}:",
            label=f"gamma {gamma}",
        )
    axis.set(title=task, xscale="log", xlabel="alpha", ylabel="test accuracy, %")
    axis.set_xticks(ALPHAS, [str(alpha) for alpha in ALPHAS])
axes[0].legend(fontsize=8)
