"""
A KPI from raw rows to a tuned detector
=======================================

The data are a server's key performance indicator: one value per minute, with a few per cent of the rows labelled as
anomalous. We tune a pipeline for F1 with folds in time order, choose its threshold on rows that it has not seen, and
test it on the last quarter of the rows, beside a z-score, an autoencoder and a random score.

If ``SKTSAD_DATA`` is set, this runs on a real KPI of the AIOps challenge, otherwise on a generated one.
"""

import os
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
)
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
)
from sklearn.preprocessing import StandardScaler

from sktsad import AutoencoderDetector, RNNClassifier, SlidingWindow, ZScoreDetector
from sktsad.datasets import load_aiops_kpi, make_kpi
from sktsad.plotting import ScoreDisplay, SeriesDisplay
from sktsad.thresholds import BestFBeta

started = time.perf_counter()
# a script reports its progress; the gallery shows only the results
is_script = "__file__" in globals()
# more threads do not help small networks, and slow down busy machines
torch.set_num_threads(1)

# %%
# The data
# --------
# Rows are in time order, with their time as index, which tells `SlidingWindow` where gaps are. The first 60 % are for
# fitting, the next 15 % for the threshold, the last quarter for the test.

if os.environ.get("SKTSAD_DATA"):
    source = "KPI 02e99bd4f6cfb33f of the AIOps challenge"
    X, y = load_aiops_kpi("02e99bd4f6cfb33f", return_X_y=True)
else:
    source = "a generated KPI (set SKTSAD_DATA for a real one)"
    X, y = make_kpi(30_000, contamination=0.03, trend=0.2, random_state=0)

cut, last_quarter = int(0.6 * len(X)), int(0.75 * len(X))
X_fit, y_fit = X.iloc[:cut], y.iloc[:cut]
X_threshold, y_threshold = X.iloc[cut:last_quarter], y.iloc[cut:last_quarter]
X_test, y_test = X.iloc[last_quarter:], y.iloc[last_quarter:]
print(f"Data: {source}, {len(X):,} rows, {y.mean():.1%} anomalous.")

# %%
# A grid over the whole pipeline
# ------------------------------
# The scaler returns a frame, so that the window still has the index. Window and undersampling are ordinary steps: the
# sampler drops rows during fit only. ``scoring`` and ``cv`` are set because their defaults do not suit rare events in
# time order: accuracy rewards a model that never raises an alarm, and the default folds are not in time order.

folds = TimeSeriesSplit(n_splits=3, gap=30)


def epochs(n_rows: int, batch_size: int, n_steps: int = 2500) -> list[int]:
    """Return the epochs that give each candidate the same number of updates."""
    return [max(1, round(n_steps * batch_size / n_rows))]


pipeline = Pipeline(
    [
        ("scale", StandardScaler().set_output(transform="pandas")),
        ("window", SlidingWindow()),
        ("sample", "passthrough"),
        ("classify", RNNClassifier(hidden_size=32, random_state=0)),
    ]
)
lengths = {"window__length": [15, 30]}
grid = [
    {
        "sample": ["passthrough"],
        "classify__max_epochs": epochs(len(X_fit), 128),
        **lengths,
    },
    {
        "sample": [RandomUnderSampler(random_state=0)],
        "classify__max_epochs": epochs(2 * y_fit.sum(), 128),
        **lengths,
    },
]
search = GridSearchCV(
    pipeline, grid, scoring="f1", cv=folds, n_jobs=2, verbose=3 if is_script else 0
)
search.fit(X_fit, y_fit)
print(
    f"Best of the grid: {search.best_params_}, F1 {search.best_score_:.3f} over the "
    "folds."
)

# %%
# The threshold, on rows that the model has not seen
# --------------------------------------------------
# This is done by scikit-learn: the fitted pipeline is frozen, and only its threshold is chosen.

recurrent = search.best_estimator_
tuned = TunedThresholdClassifierCV(
    FrozenEstimator(recurrent),
    scoring="f1",
    response_method="decision_function",
    thresholds=200,
    cv="prefit",
    refit=False,
)
tuned.fit(X_threshold, y_threshold)

# %%
# Models to compare with
# ----------------------
# These are fitted on the normal rows of the first three quarters, and hold out some of them for their thresholds. A
# detector is tuned like a classifier.

X_known, y_known = X.iloc[:last_quarter], y.iloc[:last_quarter]
z_score = Pipeline([("scale", StandardScaler()), ("detect", ZScoreDetector())])
z_score.fit(X_known, y_known)

detector = AutoencoderDetector(max_epochs=epochs(len(X_known), 64)[0], random_state=0)
autoencoder = GridSearchCV(
    Pipeline(
        [
            ("scale", StandardScaler().set_output(transform="pandas")),
            ("window", SlidingWindow(30)),
            ("detect", detector),
        ]
    ),
    {"detect__score_on": ["window", "last"]},
    scoring="f1",
    cv=folds,
    n_jobs=2,
    verbose=3 if is_script else 0,
)
autoencoder.fit(X_known, y_known)

# %%
# Test results
# ------------
# A random score, with a threshold chosen in the same way, shows which F1 can be reached by chance at this prevalence.

rng = np.random.default_rng(0)
random_threshold = BestFBeta().fit(rng.random(len(y_threshold)), y_threshold).threshold_
random_score = rng.random(len(y_test)) - random_threshold

rows = {
    "random score": random_score,
    "z-score > 3": z_score.decision_function(X_test),
    "autoencoder": autoencoder.decision_function(X_test),
    "recurrent network": recurrent.decision_function(X_test),
    "recurrent network, tuned": recurrent.decision_function(X_test)
    - tuned.best_threshold_,
}
table = pd.DataFrame(
    {
        name: {
            "F1": f1_score(y_test, score > 0),
            "precision": precision_score(y_test, score > 0, zero_division=0),
            "recall": recall_score(y_test, score > 0),
            "average precision": average_precision_score(y_test, score),
        }
        for name, score in rows.items()
    }
).T
print(
    f"\nOn the last quarter of the time; {y_test.mean():.1%} of its rows are "
    "anomalous:\n"
)
print(table.round(3).to_string())

# %%
# One picture
# -----------
# The part of the last quarter around its first event: labelled events are hatched and detected rows marked; the score
# and its threshold are below.

first = int(np.argmax(y_test.to_numpy()))
part = slice(max(0, first - 700), first + 1300)

figure, axes = plt.subplots(2, figsize=(10, 5), sharex=True, layout="constrained")
SeriesDisplay.from_predictions(
    X_test[part], y_test[part], tuned.predict(X_test)[part], ax=axes[0]
)
ScoreDisplay.from_predictions(
    y_test[part],
    rows["recurrent network"][part],
    threshold=tuned.best_threshold_,
    score_name="log odds",
    ax=axes[1],
)
figure.suptitle(
    "The tuned recurrent network around the first event of the last quarter"
)
if is_script:
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=120)
    print(f"\nPicture: {path}\nTime: {time.perf_counter() - started:.0f} s")
