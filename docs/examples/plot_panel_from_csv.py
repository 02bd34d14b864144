"""
From a folder of CSV files to detections in every series
========================================================

Data seldom come as a clean table. Here each series is a separate CSV file: they differ in length and scale, one has a
gap, one is out of order, one has a repeated row. We read them into one frame, let the library name the problems, fix
these, and evaluate a pipeline on all series together, in time order. The last section is about a series that was not in
training.

The files are generated: this page needs no other data. (`read_panel` does most of this in one call; here we look at
each step.)
"""

# sphinx_gallery_thumbnail_number = 2
import tempfile
from pathlib import Path

import pandas as pd
import torch
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sktsad import (
    GaussianDetector,
    RNNClassifier,
    RollingFeatures,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    ZScoreDetector,
    check_causal,
)
from sktsad.datasets import make_kpi
from sktsad.metrics import detection_report, random_baseline
from sktsad.plotting import SeriesDisplay
from sktsad.thresholds import BestFBeta

# more threads do not help small networks, and slow down busy machines
torch.set_num_threads(1)

# %%
# A folder of files
# -----------------
# A month of seven KPIs, one row every quarter of an hour, with typical problems of such files.

X, y = make_kpi(
    3000,
    n_series=7,
    period=96,
    step="15min",
    contamination=0.03,
    trend=0.2,
    random_state=0,
)
files = {name: rows.droplevel(0) for name, rows in X.assign(label=y).groupby(level=0)}
# values are missing
files["kpi_0"].loc[files["kpi_0"].index[[200, 201, 1700]], "value"] = None
files["kpi_1"] = files["kpi_1"].iloc[900:]  # began later
# two days are missing
files["kpi_2"] = files["kpi_2"].drop(files["kpi_2"].index[1200:1400])
# a single row is missing
files["kpi_3"] = files["kpi_3"].drop(files["kpi_3"].index[500])
files["kpi_4"] = files["kpi_4"].sample(frac=1, random_state=0)  # out of order
# a row comes twice
files["kpi_5"] = files["kpi_5"].iloc[[*range(700), *range(699, 3000)]]

folder = tempfile.TemporaryDirectory()
for name, rows in files.items():
    rows.to_csv(Path(folder.name) / f"{name}.csv")

# %%
# One frame
# ---------
# A panel is one frame with a (series, time) MultiIndex. ``pandas.concat`` makes one from a dictionary of frames.

paths = sorted(Path(folder.name).glob("*.csv"))
raw = pd.concat(
    {path.stem: pd.read_csv(path, index_col="time") for path in paths},
    names=["series", "time"],
)
folder.cleanup()
print(raw.head(3))

# %%
# What is wrong with it?
# ----------------------
# ``SlidingWindow`` needs a correct index, so we call its ``fit``, and fix one problem after the other. Its errors say
# what is wrong, where, and what to do. First: time is still text.


def ask(table):
    """Print the error that the window raises for the rows, if any."""
    try:
        SlidingWindow(20, series="index").fit(table[["value"]])
        print("No error.")
    except ValueError as error:
        print("ValueError:", error)


ask(raw)

# %%
# We convert it to dates. Next: rows out of order.

dated = raw.set_index(
    raw.index.set_levels(pd.to_datetime(raw.index.levels[1]), level=1)
)
ask(dated)

# %%

in_order = dated.sort_index()
ask(in_order)

# %%

once = in_order[~in_order.index.duplicated()]
ask(once)

# %%
# We fill missing values with the last known value, which is available at that time. Interpolation would look ahead.

table = once.assign(value=once["value"].groupby(level="series").ffill())
ask(table)

# %%
# Holes in time are not an error. A window bridges short ones but does not cross those longer than ``max_gap``; in the
# picture, lines also end at such a gap. The scales differ greatly, which is why we use ``SeriesScaler``.

groups = table.groupby(level="series")
steps = table.reset_index("time").groupby(level="series")["time"].diff()
facts = groups.agg(
    rows=("value", "size"),
    mean=("value", "mean"),
    sd=("value", "std"),
    anomalous=("label", "mean"),
)
facts["longest step"] = steps.groupby(level="series").max()
print(facts.to_string(float_format="{:.3g}".format))

is_new = table.index.get_level_values("series") == "kpi_6"  # put aside until the end
X, y = table.loc[~is_new, ["value"]], table.loc[~is_new, "label"]
display = SeriesDisplay.from_predictions(X, y)
display.legend_.set_title("Six series: their own scales, a late start, a gap")

# %%
# Folds in time order, in every series
# ------------------------------------
# The last quarter of each series is for the test. ``SeriesSplit`` divides the rows before it into folds, each with a
# part of every series, in which training rows come before test rows. We compare three pipelines, each with a scaler for
# each series:
#
# - a limit on the scaled value,
# - a normal density of features, which compare a row with those before it,
# - an LSTM on windows of the same features.
#
# The first two are detectors: trained on normal rows, with a threshold chosen on the last training rows and their
# labels. The third is a classifier.

position = X.groupby(level="series").cumcount() / X.groupby(level="series")[
    "value"
].transform("size")
known, test = position < 0.75, position >= 0.75


def features():
    """Compare each row with the last hours, and with this time on the last days."""
    return RollingFeatures(
        z_windows=[15], std_windows=[], ewm_spans=[15], same_windows=[]
    )


network = RNNClassifier("lstm", hidden_size=24, lr=0.003, max_epochs=8, random_state=0)
pipelines = {
    "limit": make_pipeline(SeriesScaler(), ZScoreDetector(threshold=BestFBeta())),
    "features, density": make_pipeline(
        SeriesScaler(), features(), GaussianDetector("full", threshold=BestFBeta())
    ),
    "features, LSTM": make_pipeline(
        SeriesScaler(), features(), SlidingWindow(10), network
    ),
}
folds = SeriesSplit(3, gap=20)
scores = {
    name: cross_val_score(pipe, X[known], y[known], cv=folds, scoring="f1")
    for name, pipe in pipelines.items()
}
print(
    "F1 in three folds; a random score gets "
    f"{random_baseline(y[known], f1_score, random_state=0):.2f}:\n"
)
table_of_folds = pd.DataFrame(scores).T
print(table_of_folds.assign(mean=table_of_folds.mean(axis=1)).round(2).to_string())

# %%
# Does it look ahead?
# -------------------
# ``check_causal`` fits the best pipeline on such folds, changes later rows and other series, and checks whether any
# score changes that must not. It also detects that rows were scaled before they were split.

best = pipelines[table_of_folds.mean(axis=1).idxmax()]
print(check_causal(best, X[known], y[known], cv=SeriesSplit(2)))
print(
    check_causal(
        best[1:], SeriesScaler().fit_transform(X[known]), y[known], cv=SeriesSplit(2)
    )
)

# %%
# Test results
# ------------
# We test the best pipeline on the last quarter of every series. Each figure comes with an interval, from a bootstrap
# that keeps the rows of an event together, and with that of a random score.

best.fit(X[known], y[known])
decision = best.decision_function(X[test])
print(detection_report(y[test], decision).round(2).to_string())

# %%
# The results by series show whether the pipeline works for all of them. The picture shows the last quarter of each
# series, with labelled events and detected rows.

by_series = pd.DataFrame(
    {"label": y[test], "found": (decision > 0).astype(int)}
).groupby(level="series")
print(
    by_series.apply(lambda rows: f1_score(rows["label"], rows["found"]))
    .round(2)
    .to_string()
)
display = SeriesDisplay.from_estimator(best, X[test], y[test])
display.legend_.set_title("Nearly every event is found, in every series")

# %%
# A series that training has not seen
# -----------------------------------
# The scale of a new series is unknown. ``SeriesScaler`` can raise an error, use the scaler of all training rows
# together (the default), or scale the series by its own rows: by all of them, including later ones, so the result is
# too optimistic for live use. A practical solution is to wait for two days of the new series, and to fit again with
# these among the training rows.

X_new, y_new = table.loc[is_new, ["value"]], table.loc[is_new, "label"]
first, later = slice(0, 192), slice(192, None)
try:
    best.set_params(seriesscaler__unseen="error").fit(X[known], y[known]).predict(X_new)
except ValueError as error:
    print("ValueError:", error, "\n")

rows = {}
for unseen in ("pooled", "self"):
    best.set_params(seriesscaler__unseen=unseen).fit(X[known], y[known])
    rows[f'unseen="{unseen}"'] = best.decision_function(X_new)[later]
best.fit(pd.concat([X[known], X_new[first]]), pd.concat([y[known], y_new[first]]))
rows["fitted with its first two days"] = best.decision_function(X_new[later])
table_of_new = pd.DataFrame(
    {
        name: {
            "F1": f1_score(y_new[later], score > 0),
            "average precision": average_precision_score(y_new[later], score),
        }
        for name, score in rows.items()
    }
).T
print(f"{y_new[later].mean():.1%} of the later rows of the new series are anomalous:\n")
print(table_of_new.round(2).to_string())

# %%
# With the scale of other series the model is useless. Two days of its own rows are enough for the new series.

SeriesDisplay.from_estimator(best, X_new[later], y_new[later])
