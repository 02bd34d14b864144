"""
A search over everything at once
================================

Which scaler, which features, how long a window, resample or not, which cell, which loss, which threshold? In one
pipeline all of these are parameters, so one search can choose them together. Which choices made a difference is more
interesting than which candidate was best.

The data are generated: this page shows how to search, not what is best for your series.
"""

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from imblearn.pipeline import Pipeline
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sktsad import (
    GaussianDetector,
    RNNClassifier,
    RollingFeatures,
    SafeSampler,
    SeriesSplit,
    SlidingWindow,
    ThresholdClassifier,
)
from sktsad.datasets import make_kpi
from sktsad.metrics import SCORERS, detection_report
from sktsad.networks import FocalLoss
from sktsad.plotting import SeriesDisplay
from sktsad.thresholds import BestFBeta, MeanStd, MedianMAD, Quantile

# more threads do not help small networks, and slow down busy machines
torch.set_num_threads(1)

# %%
# The data
# --------
# The search gets the first three quarters of the rows in time, and its folds are within these. The last quarter is for
# the test: the best of many candidates was also lucky on its folds, so its score there is too optimistic.

X, y = make_kpi(6000, contamination=0.05, noise=0.05, trend=0.2, random_state=0)
last_quarter = int(0.75 * len(X))
X_known, y_known, X_test, y_test = (
    X[:last_quarter],
    y[:last_quarter],
    X[last_quarter:],
    y[last_quarter:],
)
print(
    f"{len(X_known):,} generated rows for the search, {len(X_test):,} for the test; "
    f"{y_test.mean():.1%} anomalous"
)

# %%
# One pipeline
# ------------
# Each step can be left out by "passthrough". The scaler returns a frame, so that all following steps still have the
# index. `ThresholdClassifier` wraps the whole pipeline: it tunes the threshold on rows after the training rows, which
# are not resampled, and its rule is a parameter, too.

pipeline = Pipeline(
    [
        ("scale", StandardScaler()),
        ("features", "passthrough"),
        ("window", SlidingWindow()),
        ("sample", "passthrough"),
        (
            "classify",
            RNNClassifier(lr=0.02, batch_size=128, max_epochs=5, random_state=0),
        ),
    ]
)
model = ThresholdClassifier(pipeline, BestFBeta(), cv=SeriesSplit(1))
choices = {
    "estimator__scale": [
        StandardScaler().set_output(transform="pandas"),
        MinMaxScaler().set_output(transform="pandas"),
        "passthrough",
    ],
    "estimator__features": ["passthrough", RollingFeatures(n_periods=0)],
    "estimator__window__length": [5, 20],
    "estimator__sample": [
        "passthrough",
        SafeSampler("smote", ratio=0.3, random_state=0),
    ],
    "estimator__classify__cell": ["lstm", "gru"],
    "estimator__classify__hidden_size": [8, 24],
    "estimator__classify__loss": ["cross_entropy", FocalLoss(gamma=2, alpha=0.75)],
    "threshold__beta": [0.5, 1, 2],
}

# %%
# The search
# ----------
# The grid has hundreds of points; a random search tries some of them, and each value is still tried about five times or
# more. The folds are in time order. Several scorers at once show whether a choice improves the decision (F1), the
# ranking (average precision) or the detection of events; ``refit`` names the one that selects the best candidate.
# Halving searches save time by giving most candidates few rows, drawn at random. This breaks windows, so halve another
# resource, such as epochs, or do not halve.

search = RandomizedSearchCV(
    model,
    choices,
    n_iter=15,
    scoring={
        "F1": "f1",
        "average precision": "average_precision",
        "event F1": SCORERS["event_f1"],
    },
    refit="F1",
    cv=SeriesSplit(2),
    random_state=0,
)
search.fit(X_known, y_known)

results = pd.DataFrame(search.cv_results_["params"])
results.columns = [name.split("__")[-1] for name in results.columns]
results = results.map(
    lambda value: (
        value if isinstance(value, (str, int, float)) else type(value).__name__
    )
)
scores = pd.DataFrame(
    {name: search.cv_results_[f"mean_test_{name}"] for name in search.scorer_}
)
table = pd.concat([scores.round(3), results], axis=1).sort_values("F1", ascending=False)
print(table.to_string(index=False))

# %%
# Which choice mattered?
# ----------------------
# The mean score of all candidates with the same value of a parameter (bar), and the candidates themselves (circles). If
# the bars of a parameter are of equal length, the choice did not matter, or too little to be visible beside the others.

groups = [
    (name, value, scores["F1"][rows])
    for name in results
    for value, rows in results.groupby(name).groups.items()
]
figure, ax = plt.subplots(figsize=(8, 6), layout="constrained")
for place, (_, _, group) in enumerate(groups):
    ax.barh(place, group.mean(), color="0.8", edgecolor="0.4")
    ax.plot(
        group,
        np.full(len(group), place),
        "o",
        color="0",
        markerfacecolor="none",
        markersize=4,
    )
ax.set_yticks(range(len(groups)), [f"{name} = {value}" for name, value, _ in groups])
for place in range(1, len(groups)):
    if groups[place][0] != groups[place - 1][0]:
        ax.axhline(place - 0.5, color="0", linewidth=0.6)
ax.invert_yaxis()
ax.set(title="F1 over the folds, by the value of each parameter", xlabel="F1")

# %%
# The input of the network, features and scaled rows, matters most; its cell, size and loss matter less. Note that a
# random search does not change one parameter at a time: few candidates share a value, and their other parameters are
# random. To confirm a small difference between bars, run a small grid around the best candidate.

# %%
# A detector's threshold rule in a grid
# -------------------------------------
# A detector learns from normal rows, and its threshold is a rule: whole rules are values of ``detect__threshold``, and
# the parameters of a rule would be ``detect__threshold__k``. They learn on the last rows of each training part. To this
# detector a long window is unusual until the event has left it, which lowers precision.

detector = Pipeline(
    [
        ("scale", StandardScaler().set_output(transform="pandas")),
        ("window", SlidingWindow()),
        ("detect", GaussianDetector("full", validation_fraction=0.2)),
    ]
)
rules = {
    "window__length": [5, 10, 20],
    "detect__threshold": [
        MeanStd(4),
        MedianMAD(5),
        Quantile(0.95),
        Quantile(0.98),
        BestFBeta(),
    ],
}
detectors = GridSearchCV(detector, rules, scoring="f1", cv=SeriesSplit(2)).fit(
    X_known, y_known
)
grid = pd.DataFrame(detectors.cv_results_["params"]).assign(
    F1=detectors.cv_results_["mean_test_score"]
)
grid["detect__threshold"] = grid["detect__threshold"].astype(str)
print(
    grid.pivot(index="detect__threshold", columns="window__length", values="F1")
    .round(3)
    .to_string()
)

# %%
# Test results
# ------------
# On rows that neither search has seen. The best score over the folds is shown, too: with many candidates and few events
# it says little. The column ``random`` shows the results of equally many alarms at random.

for name, winner in (("network", search), ("detector", detectors)):
    report = detection_report(
        y_test,
        pd.Series(winner.decision_function(X_test), y_test.index),
        n_bootstrap=200,
    )
    figures = [
        "events",
        "prevalence",
        "precision",
        "recall",
        "F1",
        "average precision",
        "event recall",
    ]
    print(f"\n{name}: F1 {winner.best_score_:.3f} over the folds; on the last quarter:")
    print(report.loc[figures].round(3).to_string())

# %%
# The predictions of both, as confusion matrices, and those of the network in a part of the series.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
for ax, (name, winner) in zip(
    axes, (("network", search), ("detector", detectors)), strict=True
):
    ConfusionMatrixDisplay.from_estimator(
        winner,
        X_test,
        y_test,
        display_labels=["normal", "anomalous"],
        cmap="Greys",
        colorbar=False,
        ax=ax,
    )
    ax.set_title(f"The best {name}")
    ax.label_outer()

part = slice(0, 800)
display = SeriesDisplay.from_predictions(
    X_test[part], y_test[part], search.predict(X_test)[part]
)
display.ax_.set_title(
    "What the best network detects in the first 800 rows of the last quarter"
)
