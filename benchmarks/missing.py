"""Missing values: what to do about them, and the cost; whether a frozen sensor is detected; memory for 1e7 rows.

KPIs: the last 40,000 rows of each; the first 40 % are for the fit, the next 20 % for the threshold, the rest for the
test. Boosted trees on rolling features. SMD: of each machine 3,000 rows for the fit and the 6,000 rows of its second
half with the most anomalies; a Gaussian on windows of five rows, without labels, with the threshold of its default
rule. Values are removed from all parts in the same way, and all rows are evaluated: a row without a score gets the
previous score.

    SKTSAD_DATA=<folder> python benchmarks/missing.py [--quick] [kpi] [smd] [frozen] [memory]
"""

from __future__ import annotations

import argparse
import sys
import tracemalloc

import numpy as np
import pandas as pd
from _measure import environment, markdown
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, f1_score
from sklearn.pipeline import make_pipeline

from sktsad import (
    GaussianDetector,
    RollingFeatures,
    SeriesImputer,
    SeriesScaler,
    SlidingWindow,
    ZScoreDetector,
)
from sktsad.datasets import load_aiops_kpi, load_smd
from sktsad.metrics import event_precision_recall_f
from sktsad.preprocessing import resample
from sktsad.thresholds import BestFBeta

SHARES, SEEDS, BLOCK = (0.01, 0.05, 0.2), (0, 1, 2), 50
N_ROWS = 40_000
N_FIT, N_JUDGED = 3_000, 6_000
DAYS = {"n_periods": 2, "same_windows": (60,), "period_lags": (1,)}
FLAGS = {"add_indicator": True, "add_age": True, "max_age": 100}


def take_out(shape, share, by_block, rows, seed):
    """Mark values to remove: single ones or whole rows, at random or in blocks of fifty rows."""
    rng = np.random.default_rng(seed)
    n, width = shape[0], 1 if rows else shape[1]
    if not by_block:
        marked = rng.random((n, width)) < share
    else:
        marked = np.zeros((n, width), dtype=bool)
        for column in range(width):
            for start in rng.integers(0, n, size=int(n * share / BLOCK)):
                marked[start : start + BLOCK, column] = True
    return np.broadcast_to(marked, shape)


def wide(name, table):
    """Format a row for each method and a column for each case: F1 / average precision."""
    cases = dict.fromkeys(" ".join(row[1:-2]) for row in table)
    cells = {way: dict.fromkeys(cases, "") for way in dict.fromkeys(row[0] for row in table)}
    for row in table:
        cells[row[0]][" ".join(row[1:-2])] = f"{row[-2]:.3f} / {row[-1]:.3f}"
    return markdown([name, *cases], [[way, *found.values()] for way, found in cells.items()])


def spread(scores, index):
    """Return the scores of all rows: a missing one repeats the score before it in its series, or is the lowest."""
    found = scores.reindex(index).groupby(level=0, sort=False).ffill()
    return found.fillna(scores.min()).to_numpy()


def kpi_ways():
    """Return the steps before the trees; None drops the rows."""
    return {
        "drop rows": None,
        "NaN into RollingFeatures": (RollingFeatures(**DAYS),),
        "NaN into RollingFeatures(fill=nan), and on to the trees": (RollingFeatures(fill=np.nan, **DAYS),),
        "fill: previous": (SeriesImputer(), RollingFeatures(**DAYS)),
        "fill and flags": (SeriesImputer(**FLAGS), RollingFeatures(**DAYS)),
    }


def kpis(quick):
    """Print the results of trees on features with missing values."""
    X, y = load_aiops_kpi(return_X_y=True)
    X = X.loc[X.index.unique(level=0)[:: 12 if quick else 1]]
    X = X.groupby(level=0, sort=False).tail(N_ROWS)
    y = y.loc[X.index]
    X = SeriesScaler().fit(X).transform(X)
    share = (
        y.groupby(level=0, sort=False).cumcount() / y.groupby(level=0, sort=False).transform("size")
    ).to_numpy()
    fit, hold, test = share < 0.4, (share >= 0.4) & (share < 0.6), share >= 0.6

    def score(X, before, seed):
        there = X.notna().to_numpy().ravel() if before is None else np.ones(len(X), dtype=bool)
        rows, own = X[there], fit[there]
        features = make_pipeline(*(before or (RollingFeatures(**DAYS),))).fit(rows[own])
        trees = HistGradientBoostingClassifier(max_iter=40, random_state=seed, early_stopping=False)
        trees.fit(features.transform(rows[own]), y[there][own])
        found = pd.Series(trees.predict_proba(features.transform(rows[~own]))[:, 1], rows.index[~own])
        return spread(found, X.index[~fit])

    def judge(scores):
        threshold = BestFBeta().fit(scores[hold[~fit]], y[hold]).threshold_
        judged = scores[test[~fit]]
        return f1_score(y[test], judged > threshold), average_precision_score(y[test], judged)

    print(f"prevalence {y[test].mean():.4f}\n")
    whole = np.mean([judge(score(X, None, seed)) for seed in SEEDS], axis=0)
    print(f"nothing missing: F1 {whole[0]:.3f}, average precision {whole[1]:.3f}\n")
    table = []
    for by_block in (False, True):
        for part in SHARES[-1:] if quick else SHARES:
            for name, before in kpi_ways().items():
                results = []
                for seed in SEEDS[:1] if quick else SEEDS:
                    marked = take_out(X.shape, part, by_block, True, seed)
                    results.append(judge(score(X.mask(marked), before, seed)))
                table.append(
                    [name, "in blocks" if by_block else "single", f"{part:.0%}", *np.mean(results, axis=0)]
                )
                print(table[-1], file=sys.stderr, flush=True)
    print(wide("KPIs, values taken out: F1 / average precision", table))


def smd_ways():
    """Return whether rows with missing values are dropped, and the pipeline."""
    gaussian = (SlidingWindow(5), GaussianDetector())
    return {
        "drop rows": (True, gaussian),
        "fill: previous": (False, (SeriesImputer(), *gaussian)),
        "fill: mean so far": (False, (SeriesImputer("mean"), *gaussian)),
        "fill and flags": (False, (SeriesImputer(**FLAGS), *gaussian)),
        "z-score, filled": (False, (SeriesImputer(), ZScoreDetector())),
        "z-score of NaN": (False, (ZScoreDetector(),)),
    }


def smd(quick):
    """Print the results of detectors without labels with missing values."""
    X, y = load_smd(["machine-1-3"] if quick else None, return_X_y=True)
    kept = []
    for machine in X.index.unique(level=0):
        own = np.flatnonzero(X.index.get_level_values(0) == machine)
        half = len(own) // 2
        anomalies = np.append(0, np.cumsum(y.iloc[own[half:]]))
        start = half + int(np.argmax(anomalies[N_JUDGED:] - anomalies[:-N_JUDGED]))
        kept += [*own[half - N_FIT : half], *own[start : start + N_JUDGED]]
    X, y = X.iloc[kept], y.iloc[kept]
    fit = np.arange(len(y)) % (N_FIT + N_JUDGED) < N_FIT

    def judge(X, drops, steps, machine):
        own = X.index.get_level_values(0) == machine
        X, labels, is_fit = X[own], y[own], fit[own]
        there = X.notna().all(axis=1).to_numpy() if drops else np.ones(len(X), dtype=bool)
        if there[is_fit].sum() < 100:
            return np.nan, np.nan
        model = make_pipeline(*steps).fit(X[is_fit & there])
        later = X[~is_fit & there]
        found = spread(pd.Series(model.decision_function(later), later.index), X.index[~is_fit])
        return f1_score(labels[~is_fit], found > 0), average_precision_score(labels[~is_fit], found)

    def over_machines(X, drops, steps):
        return np.mean([judge(X, drops, steps, machine) for machine in X.index.unique(level=0)], axis=0)

    print(f"prevalence {y[~fit].mean():.4f}\n")
    for name, (drops, steps) in smd_ways().items():
        if name in ("fill: previous", "z-score, filled"):
            whole = over_machines(X, drops, steps)
            print(f"nothing missing, {name}: F1 {whole[0]:.3f}, average precision {whole[1]:.3f}\n")
    for rows in (True, False):
        table = []
        for by_block in (False, True):
            for part in SHARES[-1:] if quick else SHARES:
                for name, (drops, steps) in smd_ways().items():
                    results = []
                    for seed in SEEDS[:1] if quick else SEEDS:
                        marked = take_out(X.shape, part, by_block, rows, seed)
                        results.append(over_machines(X.mask(marked), drops, steps))
                    how = "in blocks" if by_block else "single"
                    table.append([name, how, f"{part:.0%}", *np.mean(results, axis=0)])
                    print(table[-1], file=sys.stderr, flush=True)
        print(
            wide(f"SMD, {'rows' if rows else 'values'} taken out: F1 / average precision", table), end="\n\n"
        )


def frozen(quick):
    """Print how well a sensor is found that repeats its last value for five hours, or has no values."""
    X, _ = load_smd(["machine-1-3"] if quick else None, return_X_y=True)
    ways = {
        "Gaussian on windows of values": (SeriesImputer(), SlidingWindow(5), GaussianDetector()),
        "the same with the age of values": (
            SeriesImputer(add_age=True, max_age=300),
            SlidingWindow(5),
            GaussianDetector(),
        ),
        "the same with rows since a change": (
            SeriesImputer(add_unchanged=True, max_age=300),
            SlidingWindow(5),
            GaussianDetector(),
        ),
        "z-score of rows since a change": (SeriesImputer(add_unchanged=True, max_age=300), ZScoreDetector()),
    }
    table = []
    for what in ("frozen", "silent"):
        results = {name: [] for name in ways}
        for machine in X.index.unique(level=0):
            own = X.loc[machine]
            own = own.iloc[len(own) // 2 - N_FIT : len(own) // 2 + N_JUDGED]
            half = N_FIT
            changes = own[:half].diff().ne(0).mean()
            lively = changes.index[changes > 0.5]
            for seed in SEEDS:
                rng = np.random.default_rng(seed)
                later, is_out = own[half:].copy(), np.zeros(len(own) - half, dtype=int)
                for start in range(1000, len(later) - 400, 2000):
                    column = later.columns.get_loc(rng.choice(lively))
                    later.iloc[start : start + 300, column] = (
                        later.iloc[start - 1, column] if what == "frozen" else np.nan
                    )
                    is_out[start : start + 300] = 1
                for name, steps in ways.items():
                    scores = make_pipeline(*steps).fit(own[:half]).decision_function(later)
                    recall = event_precision_recall_f(is_out, (scores > 0).astype(int)).recall
                    share = float((scores[is_out == 0] > 0).mean())
                    results[name].append([average_precision_score(is_out, scores), recall, share])
        for name, found in results.items():
            table.append([name, what, *np.mean(found, axis=0)])
    header = [
        "sensor of SMD, 300 rows",
        "",
        "average precision",
        "events found",
        "share of other rows alarmed",
    ]
    print(markdown(header, table))


def memory(quick):
    """Print the peak memory of 1e7 rows of one column."""
    n_rows = 10**6 if quick else 10**7
    time = pd.date_range("2000", periods=n_rows, freq="s")
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=n_rows)}, time)
    X.iloc[::10] = np.nan
    table = []
    for name, function in {
        "resample to 1 s": lambda: resample(X, step="1s"),
        "resample to 1 min": lambda: resample(X, step="1min"),
        "SeriesImputer": lambda: SeriesImputer().fit_transform(X),
        "SeriesImputer with three more columns": lambda: SeriesImputer(
            add_indicator=True, add_age=True, add_unchanged=True
        ).fit_transform(X),
    }.items():
        tracemalloc.start()
        function()
        table.append([name, n_rows, tracemalloc.get_traced_memory()[1] / (8 * n_rows)])
        tracemalloc.stop()
    print(markdown(["memory", "rows", "peak, copies of the column"], table))


PARTS = {"kpi": kpis, "smd": smd, "frozen": frozen, "memory": memory}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--quick", action="store_true", help="few series and one share, to see that it runs")
    args = parser.parse_args()
    for part in args.parts or PARTS:
        PARTS[part](args.quick)
        print(f"\n{environment()}\n", flush=True)
