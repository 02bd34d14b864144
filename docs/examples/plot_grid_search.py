"""
A search over everything at once
================================

Which scaler, which features, how long a window, resample or not, which cell, which loss, which threshold? In one
pipeline they are all parameters, so one search answers all of them, together. The picture that matters is not the
winner but which choices made a difference.

The data are generated: what is shown is how to search, not what wins on your series.
"""

# sphinx_gallery_thumbnail_number = 3
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

# small networks gain nothing by more, and lose much on a busy machine
torch.set_num_threads(1)

# %%
# The data
# --------
# The search gets the first three quarters of the time and cuts its folds from them. The last quarter is for the
# verdict: the best of many candidates has been lucky on its folds, so its score there flatters.

X, y = make_kpi(6000, contamination=0.05, noise=0.05, trend=0.2, random_state=0)
last_quarter = int(0.75 * len(X))
X_known, y_known, X_test, y_test = (
    X[:last_quarter],
    y[:last_quarter],
    X[last_quarter:],
    y[last_quarter:],
)
print(
    f"{len(X_known):,} generated rows to search on, {len(X_test):,} to judge on; "
    f"{y_test.mean():.1%} anomalous"
)

# %%
# One pipeline
# ------------
# Each step may be left out by "passthrough". The scaler returns a frame, so that all that follows still has the
# index. `ThresholdClassifier` wraps all of it: it tunes the threshold on later rows than it trains on, which no
# sampler has touched, and its rule is a parameter, too.

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
# The grid has hundreds of points; a random search tries some of them, and each choice is still tried about five
# times. The folds are in time order. Several scorers at once show whether a choice helps the decision (F1), the ranking
# (average precision) or the events; ``refit`` names the one that counts. Halving searches save time by giving most
# candidates few rows, drawn at random: that tears windows apart, so halve another resource, such as epochs, or none.

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
# The mean score of all candidates with the same value of a parameter (bar), and the candidates themselves (circles).
# Where the bars of a parameter are level, the choice did not matter, or not enough to be seen among the others.

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
# What the network is given, features and scaled rows, stands out; what it is made of matters less. Note that a random
# search does not compare like with like: few candidates share a value, and their other parameters are chance. A small
# difference between bars asks for a small grid of its own, around the best.

# %%
# A detector's threshold rule in a grid
# -------------------------------------
# A detector learns from normal rows, and its threshold is a rule: whole rules are values of ``detect__threshold``, and
# the parameters of a rule would be ``detect__threshold__k``. They learn on the last rows of each training part.
# A long window stays unusual to this detector until the event has left it, which costs precision.

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
# The verdict
# -----------
# On rows that neither search has seen. The best score of the folds is shown, too: with many candidates and few events
# it promises nothing. The column ``random`` shows what as many alarms at random would get.

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
# What the two decide, row by row, and where.

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
