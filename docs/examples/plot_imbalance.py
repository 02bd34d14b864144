"""
Methods against imbalance, side by side
=======================================

If there are many normal rows for each anomalous one, class weights, special losses, samplers, changed copies, costs and
another threshold are all said to help. Here they are used with the same small network and equally many updates, to
answer two questions: does a method *rank* anomalies higher, or does it only *shift* scores across the threshold?

If ``SKTSAD_DATA`` is set, this runs on a real KPI of the AIOps challenge, otherwise on a generated one.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from imblearn.pipeline import make_pipeline
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, f1_score
from sklearn.preprocessing import StandardScaler

from sktsad import (
    CostSensitiveClassifier,
    RNNClassifier,
    SafeSampler,
    SlidingWindow,
    ThresholdClassifier,
)
from sktsad.datasets import load_aiops_kpi, make_kpi
from sktsad.metrics import random_baseline
from sktsad.networks import FocalLoss
from sktsad.plotting import ScoreDisplay
from sktsad.sampling import WindowAugmenter, imbalance_ratio

# more threads do not help small networks, and slow down busy machines
torch.set_num_threads(1)

# %%
# The data
# --------
# There are three parts in time order: for the fit, for the thresholds, and for the test. Samplers change the first
# only: the other two keep the real share of anomalies.

if os.environ.get("SKTSAD_DATA"):
    source = "KPI 02e99bd4f6cfb33f of the AIOps challenge"
    X, y = load_aiops_kpi("02e99bd4f6cfb33f", return_X_y=True)
    n_updates, lr = 1000, 0.005
else:
    source = "a generated KPI (set SKTSAD_DATA for a real one)"
    X, y = make_kpi(12_000, contamination=0.04, noise=0.05, trend=0.2, random_state=0)
    n_updates, lr = 500, 0.01
cuts = int(0.6 * len(X)), int(0.75 * len(X))
fit, hold, test = slice(cuts[0]), slice(*cuts), slice(cuts[1], None)
ratio = imbalance_ratio(y[fit])
print(
    f"Data: {source}, {len(X):,} rows, {ratio:.0f} normal rows for an anomalous one "
    "in the fit part."
)

# %%
# One network, many ways to train it
# ----------------------------------
# Windows of the scaled rows are computed once; methods differ in the loss, the weights, or a sampler after the windows.
# A sampler changes how many rows an epoch has, so the number of epochs is chosen to give the same number of updates:
# otherwise undersampling would look bad because it trains less, and oversampling good because it trains more.

prepare = make_pipeline(
    StandardScaler().set_output(transform="pandas"), SlidingWindow(15)
).fit(X[fit])
windows = {
    name: prepare.transform(X[rows])
    for name, rows in (("fit", fit), ("hold", hold), ("test", test))
}


def train(sampler="passthrough", random_state=0, **parameters):
    """Fit the network after a sampler, with the same number of updates for all."""
    n_rows = len(windows["fit"])
    if sampler != "passthrough":
        n_rows = len(sampler.fit_resample(windows["fit"], y[fit])[1])
    network = RNNClassifier(
        "gru",
        hidden_size=16,
        batch_size=64,
        lr=lr,
        max_epochs=max(1, round(n_updates * 64 / n_rows)),
        random_state=random_state,
        **parameters,
    )
    return make_pipeline(sampler, network).fit(windows["fit"], y[fit])


models = {
    "baseline": train(),
    "class weights": train(class_weight="balanced"),
    "focal": train(loss=FocalLoss(gamma=2, alpha=0.75)),
    "mean false error": train(loss="mean_false_error"),
    "mean squared false error": train(loss="mean_squared_false_error"),
    "logit-adjusted": train(loss="logit_adjusted"),
    "undersampling": train(SafeSampler("undersample", ratio=0.5, random_state=0)),
    "oversampling": train(SafeSampler("oversample", ratio=0.5, random_state=0)),
    "SMOTE": train(SafeSampler("smote", ratio=0.5, random_state=0)),
    "changed copies": train(
        SafeSampler(WindowAugmenter(strength=0.1), ratio=0.5, random_state=0)
    ),
}
models["cost moving"] = CostSensitiveClassifier(
    FrozenEstimator(models["baseline"]), [[0, 1], [ratio, 0]]
)
models["cost moving"].fit(windows["fit"], y[fit])

# %%
# Cost moving trains nothing: it keeps the baseline's probabilities, and raises an alarm where the expected cost of a
# miss, set to that of ``ratio`` false alarms, is higher than that of a false alarm.
#
# What do class weights change in the scores? Both histograms show the log odds of the rows for the thresholds, with 0,
# the threshold that `predict` uses, as a dashed line. With weights, the scores of both classes shift to the right.

figure, axes = plt.subplots(
    1, 2, figsize=(10, 3.4), sharex=True, sharey=True, layout="constrained"
)
figure.suptitle("Class weights move the scores of both classes")
for ax, name in zip(axes, ("baseline", "class weights"), strict=True):
    ScoreDisplay.from_estimator(
        models[name], windows["hold"], y[hold], kind="histogram", ax=ax
    )
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.2),
        ncols=3,
        fontsize="x-small",
        frameon=False,
    )
    ax.set(title=name, xlabel="log odds of an anomaly")
    ax.label_outer()

# %%
# Ranking and threshold, separately
# ---------------------------------
# Average precision evaluates the ranking only. F1 is given twice: at each model's own threshold, and at the one that
# `ThresholdClassifier` chooses by F1 on the rows held out for it. The mean probabilities show where the scores are. All
# figures are for the last quarter, at its true prior.

rows = {}
for name, model in models.items():
    tuned = ThresholdClassifier(FrozenEstimator(model)).fit(windows["hold"], y[hold])
    probability = model.predict_proba(windows["test"])[:, 1]
    rows[name] = {
        "average precision": average_precision_score(
            y[test], tuned.decision_function(windows["test"])
        ),
        "F1, own threshold": f1_score(y[test], model.predict(windows["test"])),
        "F1, tuned threshold": f1_score(y[test], tuned.predict(windows["test"])),
        "mean probability, normal": probability[y[test] == 0].mean(),
        "mean probability, anomalous": probability[y[test] == 1].mean(),
    }
table = pd.DataFrame(rows).T
print(table.round(3).to_string())

for metric in (average_precision_score, f1_score):
    print(
        f"A random score: {metric.__name__} "
        f"{random_baseline(y[test], metric, random_state=0):.3f}"
    )

# %%
# How much is luck? The baseline is trained again with two other seeds: a difference that is no larger than that between
# seeds means nothing.

others = [
    train(random_state=seed).decision_function(windows["test"]) for seed in (1, 2)
]
seeds = [
    table.loc["baseline", "average precision"],
    *(average_precision_score(y[test], s) for s in others),
]
spread = pd.DataFrame(
    {"worst": table.min(), "best": table.max(), "spread": table.max() - table.min()}
)
print(f"Average precision of the baseline by seed: {np.round(seeds, 3)}\n")
print(spread.iloc[:3].round(3).to_string())

# %%
# The picture
# -----------
# From left to right: average precision, with the range over the baseline's seeds in grey; F1, at the model's own
# threshold (hollow) and at the tuned one (filled); and the mean probability of normal rows (hollow) and anomalous ones
# (filled).

names, places = table.index, np.arange(len(table))
figure, axes = plt.subplots(1, 3, figsize=(11, 4.6), sharey=True, layout="constrained")
axes[0].axvspan(min(seeds), max(seeds), color="0.85", label="baseline, three seeds")
axes[0].plot(table["average precision"], places, "o", color="0", label="method")
for ax, hollow, full in (
    (axes[1], "F1, own threshold", "F1, tuned threshold"),
    (axes[2], "mean probability, normal", "mean probability, anomalous"),
):
    ax.hlines(places, table[hollow], table[full], color="0.6")
    ax.plot(table[hollow], places, "o", color="0", markerfacecolor="1", label=hollow)
    ax.plot(table[full], places, "o", color="0", label=full)
axes[0].set_yticks(places, names)
axes[0].invert_yaxis()
for ax, title in zip(axes, ("The ranking", "The decision", "The scores"), strict=True):
    ax.set(title=title, xlim=(0, 1))
    ax.grid(axis="y", color="0.9")
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.08), fontsize="small", frameon=False
    )

# %%
# The hollow points of the middle panel are far apart: at its own threshold, a method looks good or bad depending on how
# much it raises the probabilities. With tuned thresholds, the filled points, much of the difference is gone, and the
# plain network with a tuned threshold, the first line, is about as good as the others. Cost moving gets the same result
# as this network, as it does not change the ranking.
#
# The remaining differences are in the ranking: they are small, or below the grey band. So tune the threshold first, and
# compare the rest with the spread over seeds. This does not mean that no method ever helps: with a hundred or more
# normal rows for each anomalous one, many batches have no anomaly at all, and a network learnt far more from repeated
# anomalous rows in the same number of epochs. The benchmarks have these figures.
