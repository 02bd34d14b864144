"""One model for 20 KPIs: in time order, and on unseen series, compared with a separate model for each series.

It also shows the result that a shuffled split would have claimed, and the cost of windows over 1,000 series.

    SKTSAD_DATA=<folder> python benchmarks/panel.py [--quick]
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import numpy as np
import pandas as pd
import torch
from _measure import environment, interleaved, markdown, ratio
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from sktsad import RNNClassifier, SeriesScaler, SeriesSplit, SlidingWindow, ThresholdClassifier
from sktsad._core._runs import find_events
from sktsad.datasets import load_aiops_kpi

SEEDS = (0, 1, 2)
CAP = 40_000  # rows used of each series, so that the script ends within half an hour


def load(cap):
    """Load 20 KPIs, each cut to its first rows, and split every one at its half."""
    X, y = load_aiops_kpi(return_X_y=True)
    names = [name for name, labels in y.groupby(level=0, sort=False) if labels.iloc[:cap].sum() > 0][:20]
    X = X.loc[names].groupby(level=0, sort=False).head(cap)
    y = y.loc[X.index]
    return X, y, share_of_series(X) < 0.5


def share_of_series(X):
    """Return how far each row is into its series, from 0 to 1."""
    by_series = X["value"].groupby(level=0, sort=False)
    return (by_series.cumcount() / by_series.transform("size")).to_numpy()


def ten_to_one(y):
    """Return how many normal rows to keep: at most ten for each anomalous one."""
    n_normal, n_anomalous = np.bincount(y, minlength=2)
    return {0: min(n_normal, 10 * n_anomalous)}


def model(seed, max_epochs=15):
    """Return the model: windows of 30 rows, an LSTM of 32 units, ten normal rows per anomalous one."""
    return make_pipeline(
        SlidingWindow(30),
        RandomUnderSampler(sampling_strategy=ten_to_one, random_state=seed),
        RNNClassifier(hidden_size=32, lr=3e-3, max_epochs=max_epochs, random_state=seed),
    )


def fit_and_score(estimator, X_train, y_train, X_test):
    """Fit on the first four fifths of each series, choose the threshold on the last, return the decision."""
    first = share_of_series(X_train) < 0.8
    estimator.fit(X_train[first], y_train[first])
    tuned = ThresholdClassifier(FrozenEstimator(estimator)).fit(X_train[~first], y_train[~first])
    return pd.Series(tuned.decision_function(X_test), index=X_test.index)


def judge(y, decision):
    """Return F1, average precision, events found and events there are, prevalence."""
    found = (decision > 0).to_numpy()
    hits = n_events = 0
    for _, part in y.groupby(level=0, sort=False):
        alarms = found[y.index.get_indexer(part.index)]
        starts, stops = find_events(part.to_numpy() == 1)
        n_events += len(starts)
        hits += sum(alarms[start:stop].any() for start, stop in zip(starts, stops, strict=True))
    has_both = 0 < y.mean() < 1
    return [
        f1_score(y, found, zero_division=0) if has_both else np.nan,
        average_precision_score(y, decision) if has_both else np.nan,
        hits,
        n_events,
        y.mean(),
    ]


def quality(quick):
    """Print the table of protocols, pooled and by series."""
    X, y, past = load(4000 if quick else CAP)
    # Labels of a series may be missing, its unlabelled past is not: every series is scaled by its own first half.
    X = SeriesScaler(RobustScaler()).fit(X[past]).transform(X).clip(-10, 10)
    groups = X.index.get_level_values(0)
    future = ~past
    decisions = {
        "one model, in time order": [],
        "one model, series not seen in training": [],
        "a model for each series": [],
    }
    for seed in SEEDS[: 1 if quick else None]:
        started = time.perf_counter()
        decisions["one model, in time order"].append(fit_and_score(model(seed), X[past], y[past], X[future]))
        unseen = []
        for train, _ in GroupKFold(4).split(X, y, groups):
            rows = np.zeros(len(X), dtype=bool)
            rows[train] = True
            unseen.append(fit_and_score(model(seed), X[rows & past], y[rows & past], X[~rows & future]))
        decisions["one model, series not seen in training"].append(pd.concat(unseen).loc[y[future].index])
        alone = []
        for name in groups.unique():
            own = groups == name
            try:
                alone.append(fit_and_score(model(seed, 30), X[own & past], y[own & past], X[own & future]))
            except ValueError:  # one class in its training rows: it cannot be trained, and never alarms
                alone.append(pd.Series(-1.0, index=X[own & future].index))
        decisions["a model for each series"].append(pd.concat(alone).loc[y[future].index])
        print(f"seed {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr)

    # Windows first, rows shuffled then: neighbours share 29 of 30 rows across the split.
    windows = SlidingWindow(30).fit_transform(X)
    fit_or_choose, test = next(StratifiedKFold(2, shuffle=True, random_state=0).split(windows, y))
    fit, choose = np.split(
        np.random.default_rng(0).permutation(fit_or_choose), [int(0.8 * len(fit_or_choose))]
    )
    choose = np.sort(choose)
    classifier = make_pipeline(*model(0)[1:]).fit(windows[fit], y.iloc[fit])
    tuned = ThresholdClassifier(FrozenEstimator(classifier)).fit(windows[choose], y.iloc[choose])
    shuffled = pd.Series(tuned.decision_function(windows[test]), index=y.index[test])

    rows = []
    for name, runs in decisions.items():
        figures = np.array([judge(y[future], run) for run in runs]).mean(axis=0)
        rows.append(
            [name, *map(float, figures[:2]), f"{figures[2]:.1f} of {figures[3]:.0f}", float(figures[4])]
        )
    rng = np.random.default_rng(0)
    chance = judge(y[future], pd.Series(rng.random(future.sum()), index=y[future].index))
    rows.append(["random score, always above", *map(float, chance[:2]), "all", float(chance[4])])
    claim = judge(y.iloc[test], shuffled)
    rows.append(["claimed by a shuffled split", float(claim[0]), float(claim[1]), "-", float(claim[4])])
    print(f"## {len(groups.unique())} KPIs, {len(X):,} rows, second half of each series, pooled\n")
    print(markdown(["protocol", "F1", "average precision", "events found", "prevalence"], rows))
    by_series = []
    for name in groups.unique():
        labels = y[future].loc[[name]]
        line = [name, float(labels.mean())]
        for runs in decisions.values():
            figures = np.array([judge(labels, run.loc[[name]]) for run in runs]).mean(axis=0)
            line += [f"{figures[0]:.3f} / {figures[1]:.3f}", f"{figures[2]:.1f} of {figures[3]:.0f}"]
        by_series.append(line)
    print("\n## By series: F1 / average precision, events found\n")
    print(markdown(["series", "prevalence", *(h for name in decisions for h in (name, "events"))], by_series))


def cost(quick):
    """Print the cost of folds, scaling and windows over 1,000 series, compared with one series of as many rows."""
    n_series, n_rows = (100, 2000) if quick else (1000, 2000)
    values = np.random.default_rng(0).standard_normal((n_series * n_rows, 1))
    frames = {
        "one": pd.DataFrame(values, index=pd.RangeIndex(len(values)), columns=["value"]),
        "many": pd.DataFrame(
            values,
            index=pd.MultiIndex.from_product([range(n_series), range(n_rows)]),
            columns=["value"],
        ),
    }

    def transform(frame, scaler):
        for _ in SeriesSplit(3).split(frame):
            pass
        make_pipeline(SeriesScaler(scaler), SlidingWindow(30)).fit(frame).transform(frame)

    rows = []
    for scaler, aim in ((StandardScaler(), 3), (MinMaxScaler(), 3), (RobustScaler(), 10)):
        seconds = interleaved(
            {name: (lambda f=frame, s=scaler: transform(f, s)) for name, frame in frames.items()}, 5
        )
        rows.append(
            [type(scaler).__name__, f"{np.median(seconds['one']):.2f}", ratio(seconds, "many", "one"), aim]
        )
    print(f"\n## Folds, scaling and windows: {n_series:,} series of {n_rows:,} rows against one series\n")
    print(markdown(["scaler", "one series, s", "times that", "aim: at most"], rows))


def main():
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows, one seed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cost(options.quick)
    if os.environ.get("SKTSAD_DATA"):
        quality(options.quick)
    else:
        print("Skipped: the KPIs need real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
    print(f"\n{environment()}")


if __name__ == "__main__":
    sys.exit(main())
