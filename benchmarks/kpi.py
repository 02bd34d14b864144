"""KPIs of the AIOps challenge, one model and one threshold: what changes F1, and whether networks beat trees.

There are two sets, on which different models are best: the 26 series of the preliminary round, and 14 of the finals.

The first half of each series in time is for training, its last fifth for the threshold; the second half is for the
test. Features and scaling are learnt on the first four fifths of the first half. Networks on windows are trained on
all anomalous rows and on ten normal ones, drawn at random, for each of them; detectors learn from 200,000 normal rows.

Scores of finished training runs are stored in a folder; another call continues from there. Empty it after a change of
the code. The second part is in `one_kpi.py`; `kpi_folds.py` compares settings on folds within the first halves.

    SKTSAD_DATA=<folder> python benchmarks/kpi.py [--quick] [--set finals] [--rows BEGINNING ...] [--scores FOLDER]
"""

from __future__ import annotations

import argparse
import itertools
import os
from functools import cached_property
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import one_kpi
import pandas as pd
import torch
from _measure import environment, kept, markdown
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    RNNClassifier,
    RollingFeatures,
    SafeSampler,
    SeriesFeatures,
    SeriesScaler,
    SlidingWindow,
    StatefulRNNClassifier,
    VAEDetector,
)
from sktsad.datasets import load_aiops_kpi, load_folder
from sktsad.metrics import delay_adjust, detection_report, to_events
from sktsad.sampling import WindowAugmenter
from sktsad.thresholds import BestFBeta

SEEDS = (0, 1, 2)
SETS = ("preliminary", "finals")
NORMAL_PER_ANOMALY, NORMAL_ROWS = 10, 200_000
CLIP = 8  # standard deviations; inputs of networks are clipped to it
NET = {"patch_size": 5, "hidden_size": 64, "max_epochs": 5, "batch_size": 256}
EVERY_ROW = {"patch_size": 1, "hidden_size": 48, "max_epochs": 3}
TREES = {"max_iter": 200, "learning_rate": 0.05, "min_samples_leaf": 100, "early_stopping": False}
CELLS = ("rnn", "lstm", "gru")
MORE = {
    "z_windows": (5, 15, 60, 240),
    "std_windows": (5, 15, 60, 240),
    "slope_windows": (5, 15, 60),
    "ewm_spans": (5, 15, 60),
    "same_windows": (30, 60, 120, 1440),
}
METHODS = {
    "class weights": {"class_weight": "balanced"},
    "focal loss": {"loss": "focal"},
    "mean false error": {"loss": "mean_false_error"},
    "mean squared false error": {"loss": "mean_squared_false_error"},
    "logit-adjusted loss": {"loss": "logit_adjusted"},
}
SAMPLERS = {
    "undersampling": SafeSampler("undersample"),
    "oversampling": SafeSampler("oversample"),
    "SMOTE": SafeSampler("smote"),
    "small changes in time and size": SafeSampler(WindowAugmenter()),
}


class Data:
    """Values, features and more features of all rows, their labels, and the rows of each part.

    ``borders`` are the shares of each series at which the parts begin and end: fit, threshold and test. Later rows are
    left out; earlier ones are only what features look back to.
    """

    def __init__(self, X, y, borders=(0.0, 0.4, 0.5, 1.0)):
        by_series = y.groupby(level=0, sort=False)
        share = (by_series.cumcount() / by_series.transform("size")).to_numpy()
        known = share < borders[-1]
        self.X, self.y, share = X[known], y[known], share[known]
        self.fit, self.hold, self.test = (
            (share >= begin) & (share < end) for begin, end in itertools.pairwise(borders)
        )

    @cached_property
    def values(self):
        """Scaled values."""
        return self._prepare()

    @cached_property
    def features(self):
        """Features with their defaults."""
        return self._prepare(RollingFeatures())

    @cached_property
    def more(self):
        """More features."""
        return self._prepare(RollingFeatures(**MORE))

    def _prepare(self, *steps):
        squash = FunctionTransformer(np.arcsinh, feature_names_out="one-to-one")
        pipeline = make_pipeline(SeriesScaler(RobustScaler()), *steps, squash, StandardScaler())
        pipeline.set_output(transform="pandas").fit(self.X[self.fit])
        return pipeline.transform(self.X).astype(np.float32)


def load(which, quick):
    """Load rows and labels of a set of KPIs (a few, shortened, if quick)."""
    if which == "preliminary":
        X, y = load_aiops_kpi(return_X_y=True)
    else:
        folder = Path(os.environ["SKTSAD_DATA"]) / "aiops_kpi_finals"
        X, y = load_folder(folder, pattern="*.csv.gz", label="label", time="timestamp", return_X_y=True)
        seconds = X.index.get_level_values(1)
        X = X.set_axis(
            pd.MultiIndex.from_arrays([X.index.get_level_values(0), pd.to_datetime(seconds, unit="s")])
        )
        y = y.set_axis(X.index)
    if quick:
        names = X.index.unique(0)[[0, 8, 12, 23] if which == "preliminary" else [0, 2, 6]]
        X = X.loc[names].groupby(level=0, sort=False).head(60_000)
        y = y.loc[X.index]
    return X, y


def drawn(data, seed):
    """Return the training rows: all anomalous ones, and ten normal ones for each."""
    y = data.y.to_numpy()
    anomalous, normal = (np.flatnonzero(data.fit & (y == label)) for label in (1, 0))
    n_normal = min(NORMAL_PER_ANOMALY * len(anomalous), len(normal))
    kept = np.random.default_rng(seed).choice(normal, n_normal, replace=False)
    return np.sort(np.concatenate([anomalous, kept]))


def event_weights(data, power=-0.5):
    """Return weights by which an event of a hundred rows counts as ten single rows, not as a hundred."""
    lengths = to_events(data.y[data.fit])["n_rows"].to_numpy()  # no event is longer than training knows
    weights = np.ones(len(data.y))
    weights[data.fit & (data.y.to_numpy() == 1)] = np.repeat(lengths ** float(power), lengths)
    return weights


def column(data, name):
    """Return the size of one feature as a score."""
    return data.features[name].abs().to_numpy()


def trees(data, seed, rows, weights=None, share_known=False, **parameters):
    """Score by boosted trees on features; they see all rows of the fit part."""
    model = HistGradientBoostingClassifier(random_state=seed, **parameters)
    of_series = SeriesFeatures(["anomaly_share"]) if share_known else FunctionTransformer()
    X = of_series.fit_transform(rows[data.fit], data.y[data.fit])
    model.fit(X, data.y[data.fit], None if weights is None else weights[data.fit])
    return on_judged(data, lambda judged: model.decision_function(of_series.transform(rows[judged])))


def trees_by_series(data, seed, weights=None, **parameters):
    """Score by separate boosted trees for each series; series without an anomaly to learn from score lowest."""
    names = data.y.index.get_level_values(0)
    out = np.full(len(data.y), -np.inf)
    for name in names.unique():
        own = names == name
        fit, judged = own & data.fit, own & (data.hold | data.test)
        if data.y[fit].any():
            model = HistGradientBoostingClassifier(random_state=seed, **parameters)
            model.fit(data.features[fit], data.y[fit], None if weights is None else weights[fit])
            out[judged] = model.decision_function(data.features[judged])
    return np.nan_to_num(out, neginf=out[np.isfinite(out)].min())


def with_series(data, rows):
    """Append the one-hot columns that say which series a row belongs to."""
    of_series = SeriesFeatures(["one_hot"]).set_output(transform="pandas")
    return of_series.fit(rows[data.fit]).transform(rows).astype(np.float32)


def recurrent(data, seed, rows, cell, sampler=None, weights=None, length=30, one_hot=False, **parameters):
    """Score by a recurrent network on windows, of values or of features."""
    rows = rows.clip(-CLIP, CLIP)
    windows = SlidingWindow(length).fit_transform(with_series(data, rows) if one_hot else rows)
    chosen = drawn(data, seed)
    X, y = windows[chosen], data.y.iloc[chosen]
    if sampler is not None:
        X, y = sampler.set_params(random_state=seed).fit_resample(X, y)
    model = RNNClassifier(cell, random_state=seed, **{**NET, **parameters})
    model.fit(X, y, None if weights is None else weights[chosen])
    return on_judged(data, lambda judged: model.decision_function(windows[np.flatnonzero(judged)]))


def along(data, seed, cell, one_hot=False, **parameters):
    """Score by a recurrent network that runs along all rows of features, and continues from the fit part."""
    rows = data.features.clip(-CLIP, CLIP)
    if one_hot:
        rows = with_series(data, rows)
    parameters = {"event_weight": -0.5, "lr": 0.002, **parameters}
    model = StatefulRNNClassifier(cell, random_state=seed, **parameters)
    model.fit(rows[data.fit], data.y[data.fit])
    return on_judged(data, lambda judged: model.decision_function(rows[judged]))


def detector(data, seed, estimator):
    """Score by a detector that learns from normal windows of 30 values."""
    windows = SlidingWindow(30).fit_transform(data.values.clip(-CLIP, CLIP))
    normal = np.flatnonzero(data.fit & (data.y.to_numpy() == 0))
    n_rows = min(NORMAL_ROWS, len(normal))
    chosen = np.sort(np.random.default_rng(seed).choice(normal, n_rows, replace=False))
    model = estimator.set_params(random_state=seed).fit(windows[chosen])
    return on_judged(data, lambda judged: model.anomaly_score(windows[np.flatnonzero(judged)]))


def on_judged(data, score):
    """Score the rows for the threshold and the test rows; others get 0, and are never read."""
    out = np.zeros(len(data.y), dtype=np.float32)
    judged = data.hold | data.test
    out[judged] = score(judged)
    return out


def ways():
    """Return by name: the number of trainings, and a function that scores all rows."""
    out = {
        "random score": (3, lambda data, seed: np.random.default_rng(seed).random(len(data.y))),
        "global z": (1, lambda data, seed: column(data, "value")),
        "rolling z, 60 rows": (1, lambda data, seed: column(data, "value_z60")),
        "same time of day, 7 days": (1, lambda data, seed: column(data, "value_same7_z")),
        "autoencoder": (3, lambda data, seed: detector(data, seed, AutoencoderDetector(max_epochs=5))),
        "variational autoencoder": (3, lambda data, seed: detector(data, seed, VAEDetector(max_epochs=5))),
        "forecast": (
            3,
            lambda data, seed: detector(data, seed, ForecastDetector(horizon=5, patch_size=5, max_epochs=5)),
        ),
        "boosted trees on features, defaults": (3, lambda data, seed: trees(data, seed, data.features)),
        "boosted trees on features": (3, lambda data, seed: trees(data, seed, data.features, **TREES)),
        "boosted trees on features, long events weigh less": (
            3,
            lambda data, seed: trees(data, seed, data.features, event_weights(data), **TREES),
        ),
        "boosted trees on more features": (3, lambda data, seed: trees(data, seed, data.more, **TREES)),
    }
    for what in ("values", "features"):
        for cell in CELLS:
            out[f"{cell.upper()} on {what}"] = (
                3,
                lambda data, seed, what=what, cell=cell: recurrent(data, seed, getattr(data, what), cell),
            )
    known = "boosted trees on features, share of anomalies known"
    out[known] = (3, lambda data, seed: trees(data, seed, data.features, share_known=True, **TREES))
    out[f"{known}, long events weigh less"] = (
        3,
        lambda data, seed: trees(data, seed, data.features, event_weights(data), share_known=True, **TREES),
    )
    out["boosted trees for each series"] = (3, lambda data, seed: trees_by_series(data, seed, **TREES))
    for length, one_hot in ((8, False), (8, True), (30, False)):
        name = f"GRU on features, {length} rows in steps of 1, long events weigh less"
        out[f"{name}, series known: one-hot" if one_hot else name] = (
            3,
            lambda data, seed, length=length, one_hot=one_hot: recurrent(
                data,
                seed,
                data.features,
                "gru",
                weights=event_weights(data),
                length=length,
                one_hot=one_hot,
                **EVERY_ROW,
            ),
        )
    for cell in ("lstm", "gru"):
        name = f"{cell.upper()} along the series, on features, long events weigh less"
        out[name] = (3, lambda data, seed, cell=cell: along(data, seed, cell))
        out[f"{name}, series known"] = (
            3,
            lambda data, seed, cell=cell: along(data, seed, cell, series_embedding=8),
        )
        out[f"{name}, series always known"] = (
            3,
            lambda data, seed, cell=cell: along(data, seed, cell, series_embedding=8, series_dropout=0.0),
        )
        out[f"{name}, series known: one-hot"] = (
            3,
            lambda data, seed, cell=cell: along(data, seed, cell, one_hot=True),
        )
    out[WIDE] = (3, lambda data, seed: along(data, seed, "gru", one_hot=True, hidden_size=128))
    for name, what in {"features": "features", "more features": "more"}.items():
        for cell in CELLS:
            out[f"{cell.upper()} on {name}, long events weigh less"] = (
                3,
                lambda data, seed, what=what, cell=cell: recurrent(
                    data, seed, getattr(data, what), cell, weights=event_weights(data)
                ),
            )
    for name, options in {
        **METHODS,
        **{name: {"sampler": sampler} for name, sampler in SAMPLERS.items()},
    }.items():
        out[f"LSTM on features, {name}"] = (
            3,
            lambda data, seed, options=options: recurrent(data, seed, data.features, "lstm", **options),
        )
    return out


REFERENCE = "boosted trees on features"
NETWORKS = "RNN, LSTM and GRU on features, long events weigh less"
ALONG = "GRU along the series, on features, long events weigh less"
KNOWN = f"{ALONG}, series known"
ONE_HOT = f"{KNOWN}: one-hot"
WIDE = f"{ONE_HOT}, 128 units"
WEIGHED = f"{REFERENCE}, long events weigh less"
SHARE = f"{REFERENCE}, share of anomalies known"
SHORT = "GRU on features, 8 rows in steps of 1, long events weigh less"
SHORT_ONE_HOT = f"{SHORT}, series known: one-hot"
LSTM_ONE_HOT = ONE_HOT.replace("GRU", "LSTM")
#: Means of the probabilities of recurrent networks, as in scikit-learn's `VotingClassifier(voting="soft")`.
VOTES = {
    "vote of GRU along the series, 128 units, and GRU on 8 rows, series known: one-hot": [
        WIDE,
        SHORT_ONE_HOT,
    ],
    "vote of both GRUs and LSTM along the series, series known: one-hot": [
        WIDE,
        SHORT_ONE_HOT,
        LSTM_ONE_HOT,
    ],
    "vote of all three and GRU on 8 rows, series not known": [
        WIDE,
        SHORT_ONE_HOT,
        LSTM_ONE_HOT,
        SHORT,
    ],
}
FUSIONS = {
    "RNN, LSTM and GRU on features": [f"{cell.upper()} on features" for cell in CELLS],
    NETWORKS: [f"{cell.upper()} on features, long events weigh less" for cell in CELLS],
    "RNN, LSTM and GRU on more features, long events weigh less": [
        f"{cell.upper()} on more features, long events weigh less" for cell in CELLS
    ],
    "trees and LSTM": ["boosted trees on features", "LSTM on features"],
    "trees and the three networks": ["boosted trees on features", NETWORKS],
    "trees and rolling z": ["boosted trees on features", "rolling z, 60 rows"],
    "three networks and rolling z": [NETWORKS, "rolling z, 60 rows"],
    "forecast and rolling z": ["forecast", "rolling z, 60 rows"],
    "trees, three networks and rolling z": ["boosted trees on features", NETWORKS, "rolling z, 60 rows"],
    "trees and GRU along the series": ["boosted trees on features", ALONG],
    "trees that know the share and GRU along the series, series known": [SHARE, KNOWN],
    "trees, GRU along the series and rolling z": ["boosted trees on features", ALONG, "rolling z, 60 rows"],
}
#: Fusions of all trainings of their members, so that each is one score.
ENSEMBLES = {
    "three training runs each of RNN, LSTM and GRU on features, long events weigh less": FUSIONS[NETWORKS],
    **{
        f"three training runs: {name}": [name]
        for name in (REFERENCE, WEIGHED, SHARE, SHORT, ALONG, KNOWN, ONE_HOT, WIDE)
    },
    "three training runs each of trees and GRU along the series": [REFERENCE, ALONG],
    "three training runs each of trees and GRU along the series, share and series known": [SHARE, KNOWN],
    "three training runs each of these, and of trees, long events weigh less": [SHARE, KNOWN, WEIGHED],
    "three training runs each of these, and of GRU on 8 rows": [SHARE, KNOWN, WEIGHED, SHORT],
    "three training runs each of these, with one-hot columns": [SHARE, ONE_HOT, WEIGHED, SHORT],
    "three training runs each of GRU on 8 rows and GRU along the series, series known": [SHORT, KNOWN],
}


def rarity(score, held):
    """Return how rare a score as high is in the rows for the threshold, as a logarithm, so that scores add up."""
    ordered = np.sort(score[held])
    above = len(ordered) - np.searchsorted(ordered, score, side="left")
    # Above the scores of all of these rows, order still counts.
    return -np.log((above + 1) / (len(ordered) + 1)) + 1e-3 * np.maximum(score - ordered[-1], 0)


def judge(data, score):
    """Return the pooled metrics of one training, and a frame of F1 and average precision by series."""
    y, score = data.y, pd.Series(np.asarray(score, dtype=np.float64), index=data.y.index)
    threshold = BestFBeta().fit(score[data.hold], y[data.hold]).threshold_
    y_test, tested = y[data.test], score[data.test]
    report = detection_report(y_test, tested, threshold, n_bootstrap=0)["value"]
    adjusted_hold, adjusted = (delay_adjust(y[part], score[part]) for part in (data.hold, data.test))
    delay_threshold = BestFBeta().fit(adjusted_hold, y[data.hold]).threshold_
    by_series = {
        name: (
            f1_score(labels, tested[labels.index] > threshold),
            average_precision_score(labels, tested[labels.index]),
        )
        for name, labels in y_test.groupby(level=0, sort=False)
        if labels.any()
    }
    frame = pd.DataFrame.from_dict(by_series, orient="index", columns=["F1", "average precision"])
    pooled = {
        "F1": report["F1"],
        "average precision": report["average precision"],
        "macro F1": frame["F1"].mean(),
        "macro average precision": frame["average precision"].mean(),
        "F1 within 7 rows": f1_score(y_test, adjusted > delay_threshold),
        "events found": report["events found"],
        "false alarms per day": report["false alarms per day"],
    }
    return pooled, frame


def scores_of(name, way, data, folder, seeds):
    """Return the scores of all trainings of a row, reading those that are finished."""
    n_trainings, function = way
    return [
        kept(file_of(name, seed, folder), lambda seed=seed: function(data, seed))
        for seed in seeds[:n_trainings]
    ]


def file_of(name, seed, folder):
    """Return the file of the scores of a training."""
    stem = name.replace(" ", "_").replace(",", "")
    return folder / f"{stem}-{seed}.npy"


def fused(scores, names, data):
    """Return the scores of a fusion, one for each seed; a row with one training has the same scores for all."""
    n_seeds = max(len(scores[name]) for name in names)
    return [
        np.mean([rarity(scores[name][seed % len(scores[name])], data.hold) for name in names], axis=0)
        for seed in range(n_seeds)
    ]


def voted(trainings):
    """Return the mean of the probabilities of several networks."""
    return np.mean([expit(score) for score in trainings], axis=0)


def fused_trainings(trainings, data):
    """Return the fused score of several trainings."""
    return [np.mean([rarity(score, data.hold) for score in trainings], axis=0)]


def interval(differences, n_draws=10_000):
    """Return the mean of the differences of series, and the 95 % interval of a bootstrap over series."""
    draws = np.random.default_rng(0).choice(differences, size=(n_draws, len(differences))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{differences.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def tables(which, data, scores):
    """Return the table of all rows, and of paired differences to the boosted trees, over series."""
    judged = {name: [judge(data, score) for score in trainings] for name, trainings in scores.items()}
    header = ["scored by", *next(iter(judged.values()))[0][0]]
    rows = [
        [name, *map(float, pd.DataFrame([pooled for pooled, _ in runs]).mean())]
        for name, runs in judged.items()
    ]
    by_series = {name: sum(frame for _, frame in runs) / len(runs) for name, runs in judged.items()}
    reference = by_series[REFERENCE]
    paired = [
        [name, *(interval((frame - reference)[figure].to_numpy()) for figure in reference)]
        for name, frame in by_series.items()
        if name in (*VOTES, *FUSIONS, *ENSEMBLES)
        or (frame is not reference and ("features" in name or "each" in name))
    ]
    y_test = data.y[data.test]
    title = (
        f"## {which}: {y_test.index.get_level_values(0).nunique()} KPIs, {data.test.sum():,} test rows, "
        f"{y_test.mean():.2%} of them anomalous; {len(reference)} series with an anomaly"
    )
    return (
        f"{title}\n\n{markdown(header, rows)}\n\n### Ahead of the boosted trees? Means over series\n\n"
        f"{markdown(['scored by', 'gain in F1', 'gain in average precision'], paired)}"
    )


def main():
    """Run missing trainings, then print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="four short series, one training each")
    parser.add_argument("--set", default="preliminary", choices=SETS)
    parser.add_argument("--rows", nargs="*", default=None, help="beginnings of names of rows")
    parser.add_argument("--scores", type=Path, default=None, help="folder to keep scores in")
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the tables need real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    folder = arguments.scores or Path(gettempdir()) / "sktsad-kpi"
    folder /= f"{arguments.set}-quick" if arguments.quick else arguments.set
    folder.mkdir(parents=True, exist_ok=True)
    seeds = SEEDS[: 1 if arguments.quick else None]
    data = Data(*load(arguments.set, arguments.quick))
    chosen = {
        name: way
        for name, way in ways().items()
        if not arguments.rows or name.startswith((REFERENCE, *arguments.rows))
    }
    scores = {name: scores_of(name, way, data, folder, seeds) for name, way in chosen.items()}
    for name, members in VOTES.items():
        if {*members} <= {*scores}:
            by_seed = list(zip(*map(scores.get, members), strict=True))
            scores[name] = [voted(trainings) for trainings in by_seed]
            scores[f"three training runs each: {name}"] = [
                voted([score for trainings in by_seed for score in trainings])
            ]
    for name, members in FUSIONS.items():
        if {*members} <= {*scores}:
            scores[name] = fused(scores, members, data)
    for name, members in ENSEMBLES.items():
        if {*members} <= {*scores}:
            scores[name] = fused_trainings([score for member in members for score in scores[member]], data)
    print(tables(arguments.set, data, scores))
    if not arguments.rows and arguments.set == "preliminary":
        print(f"\n{one_kpi.tables(seeds, folder, arguments.quick)}")
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
