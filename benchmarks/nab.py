"""VUS-PR on 20 series of NAB, beside the figures that the benchmark TSB-AD publishes for the same series.

As there, a detector is fitted to the first quarter of a series or so, without labels, and scores the *whole* series,
these rows included; the largest buffer of VUS-PR is the period of the series, read off its autocorrelation; and series
are rows without time, so that windows run across gaps. Other than there, scores are causal: a row's does not depend on
later rows, while most methods of TSB-AD score the middle of a window.

Choices are made with --tune, on the other 32 files of NAB that have an anomaly, never on the 20.

The data folder needs nab (see load_nab) and tsb_ad: the table uni_mergedTable_VUS-PR.csv of the GitHub project
TheDatumOrg/TSB-AD, and nab_match.csv, which says which of its series is which file of NAB.

    SKTSAD_DATA=<folder> OMP_NUM_THREADS=1 python benchmarks/nab.py [--tune] [--series] [detector ...]
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np
import pandas as pd
import torch
from _measure import environment, markdown
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import AutoencoderDetector, SlidingWindow, ZScoreDetector
from sktsad._series import find_events
from sktsad.datasets import get_data_home, load_nab
from sktsad.metrics import vus_pr

SEEDS = (0, 1, 2)
PUBLISHED = ("POLY", "Series2Graph", "Sub-PCA", "AutoEncoder", "USAD", "LSTMAD")  # of TSB-AD's 32 methods


class Score(BaseEstimator):
    """Scores rows by a function of theirs; fit learns nothing."""

    def __init__(self, function):
        self.function = function

    def fit(self, X, y=None):
        """Learn nothing."""
        self.fitted_ = True
        return self

    def decision_function(self, X):
        """Return the score of each row."""
        return self.function(np.asarray(X))


def scaled(*steps):
    """Return a pipeline that scales first."""
    return make_pipeline(StandardScaler(), *steps)


#: Each makes an unfitted pipeline from the period of the series and a seed.
#: Windows and components of T2 are chosen with --tune.
DETECTORS = {
    "random score": lambda period, seed: scaled(Score(lambda X: np.random.default_rng(seed).random(len(X)))),
    "ZScoreDetector": lambda period, seed: scaled(ZScoreDetector()),
    "ZScoreDetector, rolling": lambda period, seed: scaled(SlidingWindow(period), ZScoreDetector("rolling")),
    "mean absolute z of 100 rows": lambda period, seed: scaled(
        SlidingWindow(100), Score(lambda X: np.abs(X).mean(axis=1))
    ),
    "T2 of PCA": lambda period, seed: scaled(
        SlidingWindow(100), PCA(0.9, whiten=True), Score(lambda X: (X**2).sum(axis=1))
    ),
    "AutoencoderDetector": lambda period, seed: scaled(
        SlidingWindow(period), AutoencoderDetector(random_state=seed)
    ),
}


def find_period(values):
    """Return the lag of the highest local maximum of the autocorrelation; 125 if it is not among lags 6 to 303.

    That is the rule of TSB-AD, odd numbers included: it looks at lags 3 to 400 of the first 20,000 rows.
    """
    values = values[:20_000] - values[:20_000].mean()
    spectrum = np.abs(np.fft.rfft(values, 2 * len(values))) ** 2
    correlation = np.fft.irfft(spectrum)[3 : min(401, len(values))]
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero((inner > correlation[:-2]) & (inner > correlation[2:]))
    if not len(peaks):
        return 125
    lag = 3 + int(peaks[np.argmax(correlation[peaks])])
    return lag if 6 <= lag <= 303 else 125


def matched_series():
    """Return the 20 series that TSB-AD has, too: NAB's name, and the number of rows to fit to."""
    match = pd.read_csv(get_data_home() / "tsb_ad" / "nab_match.csv")
    return match.assign(name=match["nab_file"].str.removesuffix(".csv")).set_index("name")


def other_series(matched):
    """Return the other series that have an anomaly, with TSB-AD's rule for the rows to fit to.

    These are a quarter of the rows, less where an anomaly begins earlier, but at least 500.
    """
    train_rows = {}
    for name, y in load_nab().target.groupby(level=0):
        if name not in matched.index and y.any():
            first = find_events(y.to_numpy() == 1)[0][0]
            train_rows[name] = max(500, min((len(y) - 1) // 4, first))
    return pd.DataFrame({"train_rows": train_rows})


def measure(series, names):
    """Return VUS-PR, the mean over the seeds, of each detector (columns) on each series (rows)."""
    figures = pd.DataFrame(index=series.index, columns=names, dtype=float)
    for name, train_rows in series["train_rows"].items():
        X, y = (part.to_numpy() for part in load_nab(name, return_X_y=True))
        period = find_period(X[:, 0])
        for detector in names:
            by_seed = []
            for seed in SEEDS:
                pipeline = DETECTORS[detector](period, seed).fit(X[:train_rows])
                by_seed.append(vus_pr(y, pipeline.decision_function(X), max_buffer=period))
            figures.loc[name, detector] = np.mean(by_seed)
    return figures


def published(matched):
    """Return the figures of TSB-AD for the same series."""
    table = pd.read_csv(get_data_home() / "tsb_ad" / "uni_mergedTable_VUS-PR.csv", index_col="file")
    table = table.loc[matched["tsb_file"], list(PUBLISHED)].set_axis(matched.index)
    return table.add_prefix("TSB-AD: ")


def interval(differences):
    """Return a 95 % bootstrap interval of the mean over series."""
    rng = np.random.default_rng(0)
    draws = rng.choice(differences, size=(10_000, len(differences))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{low:+.3f} to {high:+.3f}"


def summary(figures, reference):
    """Return a table row for each detector: its mean, and how it compares with the reference."""
    rows = []
    for name in figures.mean().sort_values(ascending=False).index:
        ahead = figures[name] - figures[reference]
        compared = [int((ahead > 0).sum()), f"{ahead.mean():+.3f}", interval(ahead)]
        rows.append([name, figures[name].mean(), *(compared if name != reference else ["", "", ""])])
    return markdown(["detector", "VUS-PR", f"wins over {reference}", "difference", "95 % interval"], rows)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tune", action="store_true", help="use the other series, to choose by")
    parser.add_argument("--series", action="store_true", help="print the figures of each series, too")
    parser.add_argument("detectors", nargs="*", help=f"of {', '.join(DETECTORS)}; all by default")
    arguments = parser.parse_args()
    if unknown := set(arguments.detectors) - set(DETECTORS):
        parser.error(f"no such detector: {sorted(unknown)}")
    if not os.environ.get("SKTSAD_DATA") or not (get_data_home() / "tsb_ad").is_dir():
        print("Skipped: the table needs the folders nab and tsb_ad. Set SKTSAD_DATA to the folder with both.")
        return
    torch.set_num_threads(1)
    names = arguments.detectors or list(DETECTORS)
    matched = matched_series()
    if arguments.tune:
        series = other_series(matched)
        figures = measure(series, names)
        reference = names[0]
        print(f"## NAB, the {len(series)} series to choose by: VUS-PR, mean of {len(SEEDS)} seeds\n")
    else:
        figures = measure(matched, names).join(published(matched))
        reference = "TSB-AD: POLY"
        print(f"## NAB, {len(matched)} series: VUS-PR, mean of {len(SEEDS)} seeds\n")
    print(summary(figures, reference))
    if arguments.series:
        by_series = figures.reset_index(names="series")
        print(f"\n{markdown(list(by_series), by_series.to_numpy().tolist())}")
    if not arguments.tune:
        off = (matched["nab_positives"] - matched["tsb_positives"]).abs()
        print(
            f"\nThe labels are the windows of NAB. Those of TSB-AD differ on {(off > 0).sum()} of the {len(off)} "
            f"series, on {(off > 5).sum()} by more than 5 rows (at most {off.max()}), and its series lack one row."
        )
    print(f"\n{environment()}")


if __name__ == "__main__":
    sys.exit(main())
