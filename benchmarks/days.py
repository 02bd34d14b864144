"""Calendar features: whether weeks, weekends and the time of day improve results on two sets of KPIs.

The first 40 % of each series in time are for the fit, the next 10 % for the threshold, the second half for the test.
Boosted trees on rolling features, one model and one threshold for all series of a set; every third series of each set.

    SKTSAD_DATA=<folder> python benchmarks/days.py [--quick] [--more FOLDER]
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd
from _measure import environment, markdown
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, f1_score
from sklearn.preprocessing import RobustScaler

from sktsad import RollingFeatures, SeriesScaler
from sktsad.datasets import load_aiops_kpi
from sktsad.thresholds import BestFBeta

SEEDS, EVERY = (0, 1, 2), 3
WEEKS = ["week4", "week4_z", "week4_mad"]
WAYS = {
    "days": [],
    "days and weeks": WEEKS,
    "days, weekend": ["weekend"],
    "days, time of day, weekday": ["time_of_day_sin", "time_of_day_cos", "day_of_week"],
}
MORE = [name for names in WAYS.values() for name in names]


def load(data_home, quick):
    """Return the features of every third series, the labels, and the share of its series that each row ends."""
    X, y = load_aiops_kpi(data_home=data_home, return_X_y=True)
    X = X.loc[X.index.unique(level=0)[:: 12 if quick else EVERY]].astype(np.float32)
    y = y.loc[X.index]
    share = (
        y.groupby(level=0, sort=False).cumcount() / y.groupby(level=0, sort=False).transform("size")
    ).to_numpy()
    scaled = SeriesScaler(RobustScaler()).fit(X[share < 0.4]).transform(X)
    features = RollingFeatures(n_weeks=4, calendar=["time_of_day", "day_of_week", "weekend"]).fit(
        scaled[share < 0.4]
    )
    return features.transform(scaled), y, share


def table_of(name, features, y, share):
    """Return a row for each set of features: F1, average precision, and their spread over the seeds."""
    fit, hold, test = share < 0.4, (share >= 0.4) & (share < 0.5), share >= 0.5
    plain = [column for column in features if column.removeprefix("value_") not in MORE]
    table = []
    for way, more in WAYS.items():
        columns = [*plain, *(column for column in features if column.removeprefix("value_") in more)]
        found = []
        for seed in SEEDS:
            trees = HistGradientBoostingClassifier(
                max_iter=50, min_samples_leaf=100, random_state=seed, early_stopping=False
            )
            trees.fit(features.loc[fit, columns], y[fit])
            scores = pd.Series(
                trees.predict_proba(features.loc[hold | test, columns])[:, 1], y.index[hold | test]
            )
            threshold = BestFBeta().fit(scores[hold[hold | test]], y[hold]).threshold_
            judged = scores[test[hold | test]]
            found.append([f1_score(y[test], judged > threshold), average_precision_score(y[test], judged)])
        f1, precision = np.transpose(found)
        table.append([name, way, f1.mean(), np.ptp(f1), precision.mean(), np.ptp(precision)])
        print(table[-1], file=sys.stderr, flush=True)
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer series, to see that it runs")
    parser.add_argument("--more", help="a folder with aiops_kpi of the final round")
    args = parser.parse_args()
    rows = []
    for name, home in {"preliminary round": None, "final round": args.more}.items():
        if name == "preliminary round" or home:
            features, y, share = load(home, args.quick)
            print(f"{name}: {len(y)} rows, prevalence of the test rows {y[share >= 0.5].mean():.4f}")
            rows += table_of(name, features, y, share)
    header = ["KPIs", "features", "F1", "spread over seeds", "average precision", "spread over seeds"]
    print(f"\n{markdown(header, rows)}\n\n{environment()}")
