"""VUS-PR on 20 series of NAB, compared with the results that the benchmark TSB-AD publishes for the same series.

As in TSB-AD, a detector is fitted to about the first quarter of a series, without labels, and scores the *whole*
series, these rows included; the largest buffer of VUS-PR is the period of the series, estimated from its
autocorrelation; and series are rows without time, so that windows cross gaps. There are three results per detector:
with its causal scores, with scores smoothed over 100 rows, and with these shifted back by half of the rows that they
look at. Alarms from the last would be too late, but most methods of TSB-AD score the middle of a window in this way, so
this is the result to compare with.

Settings are chosen with --tune, on the other 32 files of NAB that have an anomaly, never on the 20.

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
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    FusionDetector,
    GaussianDetector,
    OutlierClassifier,
    SlidingWindow,
    SmoothedClassifier,
    VAEDetector,
    ZScoreDetector,
)
from sktsad._core._runs import find_events
from sktsad.datasets import get_data_home, load_nab
from sktsad.metrics import vus_pr

SEEDS = (0, 1, 2)
WAYS = ("causal", "causal, smoothed", "centred, smoothed")
WINDOW, SMOOTHING = 100, 100
PUBLISHED = ("POLY", "Series2Graph", "Sub-PCA", "AutoEncoder", "USAD", "LSTMAD")  # of TSB-AD's 32 methods


class RandomScore(BaseEstimator):
    """Scores rows at random; fit learns nothing."""

    _estimator_type = "classifier"

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, y=None):
        """Learn nothing."""
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X):
        """Return the score of each row."""
        return np.random.default_rng(self.seed).random(len(X))


def on_windows(detector, length=WINDOW):
    """Return a pipeline that scales, makes windows and detects."""
    return make_pipeline(StandardScaler(), SlidingWindow(length), detector)


def principal():
    """Return a normal density of the principal components of a window, those with 90 % of the variance."""
    return make_pipeline(PCA(0.9), GaussianDetector("full", shrinkage=0.0))


def fusion(seed):
    """Return the fusion that was best with --tune, of all fusions of up to three."""
    members = [
        ("principal", principal()),
        ("autoencoder", AutoencoderDetector(max_epochs=50, random_state=seed)),
        ("gaussian", GaussianDetector("full")),
    ]
    return FusionDetector(members, scale="rank", validation_fraction=0)


#: Each makes an unfitted pipeline from a seed. Windows, smoothing and members are chosen with --tune.
DETECTORS = {
    "random score": lambda seed: on_windows(RandomScore(seed), 1),
    "ZScoreDetector, each row": lambda seed: on_windows(ZScoreDetector(threshold=3.0), 1),
    "ZScoreDetector, rolling": lambda seed: on_windows(ZScoreDetector("rolling", threshold=3.0)),
    "GaussianDetector": lambda seed: on_windows(GaussianDetector()),
    "GaussianDetector, full": lambda seed: on_windows(GaussianDetector("full")),
    "GaussianDetector, full, on principal components": lambda seed: on_windows(principal()),
    "AutoencoderDetector": lambda seed: on_windows(AutoencoderDetector(max_epochs=50, random_state=seed)),
    "AutoencoderDetector, lstm, windows of 30": lambda seed: on_windows(
        AutoencoderDetector("lstm", max_epochs=10, lr=0.003, random_state=seed), 30
    ),
    "VAEDetector": lambda seed: on_windows(VAEDetector(max_epochs=50, random_state=seed)),
    "ForecastDetector, windows of 60": lambda seed: on_windows(
        ForecastDetector(hidden_size=32, max_epochs=20, random_state=seed), 60
    ),
    "OutlierClassifier, one-class SVM": lambda seed: on_windows(
        OutlierClassifier(OneClassSVM(), threshold=0.0)
    ),
    "OutlierClassifier, local outlier factor": lambda seed: on_windows(
        OutlierClassifier(LocalOutlierFactor(novelty=True), threshold=0.0)
    ),
    "FusionDetector": lambda seed: on_windows(fusion(seed)),
}
WITHOUT_CHANCE = ("ZScore", "Gaussian", "Outlier")


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
    """Return VUS-PR, the mean over the seeds, of each detector (columns) on each series (rows), in three ways."""
    ways = {way: pd.DataFrame(index=series.index, columns=names, dtype=float) for way in WAYS}
    for name, train_rows in series["train_rows"].items():
        X, y = (part.to_numpy() for part in load_nab(name, return_X_y=True))
        period = find_period(X[:, 0])
        for detector in names:
            by_seed = []
            for seed in SEEDS[:1] if detector.startswith(WITHOUT_CHANCE) else SEEDS:
                pipeline = DETECTORS[detector](seed).fit(X[:train_rows])
                smoothed = SmoothedClassifier(FrozenEstimator(pipeline), SMOOTHING).fit(X[:train_rows])
                plain, smooth = pipeline.decision_function(X), smoothed.decision_function(X)
                ahead = (pipeline[1].length + SMOOTHING - 2) // 2
                centred = np.append(smooth[ahead:], np.full(ahead, smooth[-1]))
                scores = (plain, smooth, centred)
                by_seed.append([vus_pr(y, score, max_buffer=period) for score in scores])
            for way, figure in zip(WAYS, np.mean(by_seed, axis=0), strict=True):
                ways[way].loc[name, detector] = figure
        print(".", end="", flush=True, file=sys.stderr)
    return ways


def published(matched):
    """Return the results of TSB-AD for the same series."""
    table = pd.read_csv(get_data_home() / "tsb_ad" / "uni_mergedTable_VUS-PR.csv", index_col="file")
    table = table.loc[matched["tsb_file"], list(PUBLISHED)].set_axis(matched.index)
    return table.add_prefix("TSB-AD: ")


def interval(differences):
    """Return a 95 % bootstrap interval of the mean over series."""
    rng = np.random.default_rng(0)
    draws = rng.choice(differences, size=(10_000, len(differences))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{low:+.3f} to {high:+.3f}"


def summary(ways, others, reference):
    """Return a table: the means of each detector, and its comparison with the reference, by centred scores."""
    figures = ways[WAYS[-1]].join(others)
    rows = []
    for name in figures.mean().sort_values(ascending=False).index:
        ahead = figures[name] - figures[reference]
        compared = [int((ahead > 0).sum()), f"{ahead.mean():+.3f}", interval(ahead)]
        causal = [ways[way][name].mean() if name in ways[way] else "" for way in WAYS[:-1]]
        rows.append([name, *causal, figures[name].mean(), *(compared if name != reference else ["", "", ""])])
    header = ["detector", *WAYS, f"wins over {reference}", "difference", "95 % interval"]
    return markdown(header, rows)


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
    series = other_series(matched) if arguments.tune else matched
    others = pd.DataFrame(index=series.index) if arguments.tune else published(matched)
    ways = measure(series, names)
    what = "series to choose by" if arguments.tune else "series"
    print(f"## NAB, {len(series)} {what}: VUS-PR, mean of {len(SEEDS)} seeds\n")
    print(summary(ways, others, names[0] if arguments.tune else "TSB-AD: POLY"))
    if arguments.series:
        by_series = ways[WAYS[-1]].join(others).reset_index(names="series")
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
