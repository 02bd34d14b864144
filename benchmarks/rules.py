"""Every threshold rule with every detector, without labels: the share of the best possible F1 that it keeps.

A detector is fitted to the training part of a series as a user would fit it: the last fifth is held out, and the rule
learns from the scores of these rows. It is evaluated on the rows after the training part:

- F1 by rows; the best F1 of any threshold on the same scores, which cannot be chosen without labels; the share of it
  that the rule keeps; and the best F1 of a random score, which is that of an alarm at every row.
- False alarms per day, where runs within half an hour count as one; rows without dates count as minutes, beats of
  ECG5000 as seconds. The share of normal rows that are alarms, and the share of events with an alarm.

Some rules also learn from the scores of the rows that they are evaluated on, which users can do with past data. How
much any rule can keep is told by those that know something of the labels: the share of anomalous rows (as many rows
with the largest scores are alarms), the number of events (the lowest threshold without more alarms), or which parameter
of a family of rules has the best mean F1 over the collection.

Collections: the series of `unlabelled.py`, here NAB with its dates; the 26 AIOps KPIs, fitted to the first 60 % with
all anomalies included, on windows of an hour; ECG5000, fitted to its normal training beats. Settings are chosen on ucr
and tuning; the others are for the test. Means are over series; "kept" is the mean F1 divided by the mean best F1, to
which series with anomalies that a detector cannot find contribute little.

The last table requests one and two alarms per day, and counts the alarms on days that are like the training days.

Results are stored in a folder, one file per series and detector, so that a run continues where it stopped: empty it
after a change of the code. --quick takes every fifth series. --seconds ends the run after this time, with the results
so far.

    SKTSAD_DATA=<folder> OMP_NUM_THREADS=1 python benchmarks/rules.py [--jobs 16] [--seconds 280] [ucr tuning ...]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import unlabelled
from _measure import environment, markdown
from nab import matched_series
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline

from sktsad import (
    AutoencoderDetector,
    FusionDetector,
    GaussianDetector,
    KMeansDetector,
    LinearForecastDetector,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    SlidingWindow,
    ZScoreDetector,
    make_detector,
)
from sktsad._core import AlarmRule, find_events, places, read_series
from sktsad.datasets import get_data_home, load_aiops_kpi, load_ecg5000, load_nab, make_kpi
from sktsad.thresholds import (
    AlarmsPerDay,
    MaxTimes,
    MeanStd,
    MedianMAD,
    PeaksOverThreshold,
    Quantile,
    ThresholdRule,
)

DEFAULT, BEFORE = "default", "earlier default"
CHOSEN_ON = ("ucr", "tuning")
#: A network is trained on one series of this number.
NETWORK_EVERY = 4
_NANOSECONDS_PER_DAY = 86_400 * 10**9


@dataclass(frozen=True)
class OneSeries:
    """A series, the number of its training rows, the length of windows, and the rows of a day where there are no dates.

    The length is None where rows are windows.
    """

    name: str
    X: pd.DataFrame
    y: np.ndarray
    n_train: int
    rows_per_day: float = 1440
    length: int | str | None = "auto"


class KeptScores(ThresholdRule):
    """Keep the scores that a rule would learn from."""

    def _learn(self, scores, anomalous, index):
        self.scores_ = pd.Series(scores, index)
        self.threshold_ = 0.0


def in_windows(detector, series, share=1):
    """Return a pipeline that scales, makes windows and detects; without the first two if rows are windows."""
    if series.length is None:
        return make_pipeline(detector)
    if series.length == "auto":
        return unlabelled.windows(detector, "auto" if share == 1 else f"auto/{share}")
    return unlabelled.windows(detector, series.length // share)


def fusion(series):
    """Return `make_detector` with windows for the series, or the same six without."""
    ready = make_detector()
    if series.length == "auto":
        return ready
    members = [
        (name, in_windows(member[-1], series, 2 if name in ("values", "half_shape") else 1))
        for name, member in ready.detectors
    ]
    return ready.set_params(detectors=members)


def two(series):
    """Return a fusion with default parameters."""
    members = [
        ("density", in_windows(GaussianDetector("full"), series)),
        ("subspace", in_windows(PCADetector(), series)),
    ]
    return FusionDetector(members)


#: From a series to an unfitted detector.
DETECTORS = {
    "ZScore": lambda s: in_windows(ZScoreDetector(), s),
    "ZScore, rolling": lambda s: in_windows(ZScoreDetector("rolling"), s),
    "Gaussian": lambda s: in_windows(GaussianDetector(), s),
    "Gaussian, full": lambda s: in_windows(GaussianDetector("full"), s),
    "Gaussian, full, last row": lambda s: in_windows(GaussianDetector("full", score_on="last"), s),
    "NearestWindows": lambda s: in_windows(NearestWindowsDetector(normalize=True), s),
    "NearestWindows, amplitude": lambda s: in_windows(NearestWindowsDetector(), s, 2),
    "KMeans": lambda s: in_windows(KMeansDetector(random_state=0), s),
    "PCA": lambda s: in_windows(PCADetector(0.95), s),
    "LinearForecast": lambda s: in_windows(LinearForecastDetector(), s),
    "IsolationForest": lambda s: in_windows(OutlierClassifier(IsolationForest(random_state=0)), s),
    "FusionDetector": two,
    "make_detector": fusion,
    "Autoencoder": lambda s: in_windows(AutoencoderDetector(random_state=0, max_epochs=20), s),
}
NETWORKS = ("Autoencoder",)
#: Detectors that need the layout of a window, or forecast its end.
NOT_ON_BEATS = ("ZScore, rolling", "LinearForecast")
WEIGHT = {"make_detector": 4, "NearestWindows": 2, "NearestWindows, amplitude": 2, "Autoencoder": 8}

#: Default rules before the choice; that of all other detectors was `MedianMAD(5)`.
EARLIER = {
    "ZScore": 3.0,
    "ZScore, rolling": 3.0,
    "IsolationForest": 0.0,
    "FusionDetector": MeanStd(3),
    "make_detector": MedianMAD(8),
    "Autoencoder": MeanStd(3),
}

RULES = {
    **{f"MaxTimes({k})": MaxTimes(k) for k in (1, 1.2, 1.4, 1.5, 1.7, 1.9, 2, 3)},
    **{f"MaxTimes({k}, q=0.99)": MaxTimes(k, q=0.99) for k in (1, 1.5, 2, 3)},
    **{f"MaxTimes({k}, q=0.95)": MaxTimes(k, q=0.95) for k in (1.5, 2, 2.5, 3, 4)},
    **{f"MaxTimes({k}, q=0.9)": MaxTimes(k, q=0.9) for k in (3, 4, 5)},
    **{f"Quantile({q})": Quantile(q) for q in (0.95, 0.98, 0.99, 0.995, 0.999)},
    "Quantile(0.99, confidence=0.95)": Quantile(0.99, confidence=0.95),
    **{f"PeaksOverThreshold({q})": PeaksOverThreshold(q) for q in (0.999, 0.9999)},
    **{f"AlarmsPerDay({n})": AlarmsPerDay(n) for n in (1, 2)},
    **{f"MedianMAD({k})": MedianMAD(k) for k in (3, 5, 6, 8, 10, 12)},
    **{f"MeanStd({k})": MeanStd(k) for k in (1, 3, 4, 6, 8)},
}
#: Rules that learn from the scores of the rows that are judged.
PAST = {
    **{f"MaxTimes({k})": MaxTimes(k) for k in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)},
    **{f"MedianMAD({k})": MedianMAD(k) for k in (3, 4, 5, 6, 8)},
    **{f"MeanStd({k})": MeanStd(k) for k in (1, 2, 3, 4, 6)},
    **{f"Quantile({q})": Quantile(q) for q in (0.95, 0.98, 0.99, 0.995, 0.999)},
}
OF_PAST = ", of past rows"
SHARE_KNOWN, EVENTS_KNOWN = "the share of anomalies is known", "the number of events is known"


def without_dates(collection: str, step: int) -> Iterator[OneSeries]:
    """Yield the series of `unlabelled.py`."""
    for each in unlabelled.COLLECTIONS[collection](step):
        yield OneSeries(each.name, each.X, each.y, each.n_train)


def nab(step: int) -> Iterator[OneSeries]:
    """Yield the 20 series that TSB-AD has, with their dates."""
    for name, n_train in list(matched_series()["train_rows"].items())[::step]:
        X, y = load_nab(name, return_X_y=True)
        yield OneSeries(name.replace("/", "-"), X, y.to_numpy(), n_train)


def kpis(step: int) -> Iterator[OneSeries]:
    """Yield the KPIs, the first 60 % of each to fit."""
    names = sorted(path.name.split(".")[0] for path in (get_data_home() / "aiops_kpi").glob("*.csv.gz"))
    for name in names[::step]:
        X, y = load_aiops_kpi(name, return_X_y=True)
        yield OneSeries(name, X, y.to_numpy(), int(0.6 * len(X)), length=60)


def beats(step: int) -> Iterator[OneSeries]:
    """Yield ECG5000: the normal training beats and all test beats, in three orders."""
    X_train, y_train = (part.to_numpy() for part in load_ecg5000("train", return_X_y=True))
    X_test, y_test = (part.to_numpy() for part in load_ecg5000("test", return_X_y=True))
    for seed in range(3)[::step]:
        # TRAIN is sorted by class, and which beats are held out is chance.
        normal = np.random.default_rng(seed).permutation(X_train[y_train == 0])
        X = pd.DataFrame(np.concatenate([normal, X_test])).add_prefix("x")
        y = np.concatenate([np.zeros(len(normal), dtype=int), y_test])
        yield OneSeries(f"order-{seed}", X, y, len(normal), 86_400, length=None)


#: In the order of work: the longest first, the least important last.
COLLECTIONS = {
    "smd": partial(without_dates, "smd"),
    "tuning": partial(without_dates, "tuning"),
    "ucr": partial(without_dates, "ucr"),
    "ecg5000": beats,
    "nab": nab,
    "kpis": kpis,
}


def scored(series: OneSeries, detector: str) -> tuple[object, pd.Series, np.ndarray]:
    """Return the default rule of a detector, the scores that a rule learns from, and those of the test."""
    model = DETECTORS[detector](series)
    last = model[-1] if hasattr(model, "steps") else model
    default = last._wanted_threshold()
    last.set_params(threshold=KeptScores())
    model.fit(series.X.iloc[: series.n_train])
    return default, last.threshold_rule_.scores_, model.decision_function(series.X)[series.n_train :]


def judge(
    series: OneSeries, detector: str, default: object, held_out: pd.Series, scores: np.ndarray
) -> pd.DataFrame:
    """Return the metrics of a detector on a series, one row per rule."""
    y = series.y[series.n_train :] == 1
    rows = read_series(series.X.iloc[series.n_train :])
    steps = rows.steps() if rows.has_dates else np.array([_NANOSECONDS_PER_DAY / series.rows_per_day])
    merging, place = AlarmRule.read(rows, steps), places(rows, 3, steps)
    days = np.sum(~y) * float(steps[0]) / _NANOSECONDS_PER_DAY
    common = {
        "best F1": best_f1(y, scores),
        "random": 2 * y.mean() / (1 + y.mean()),
        "held out": len(held_out),
    }
    starts, stops = find_events(y)
    figures = {}
    rules = {DEFAULT: default, BEFORE: EARLIER.get(detector, MedianMAD(5)), **RULES}
    alarmed = {}
    for name, rule in rules.items():
        if isinstance(rule, AlarmsPerDay) and not rows.has_dates:
            rule = clone(rule).set_params(rows_per_day=series.rows_per_day, merge_gap=int(merging.merge_gap))
        alarmed[name] = scores > (
            clone(rule).fit(held_out).threshold_ if isinstance(rule, ThresholdRule) else rule
        )
    for name, rule in PAST.items():
        alarmed[name + OF_PAST] = scores > clone(rule).fit(scores).threshold_
    alarmed[SHARE_KNOWN] = largest(scores, np.count_nonzero(y))
    alarmed[EVENTS_KNOWN] = as_many_alarms(scores, lambda hot: len(merging.find(hot, place)), len(starts))
    for name, hot in alarmed.items():
        hits = np.count_nonzero(hot & y)
        figures[name] = {
            "F1": 2 * hits / (np.count_nonzero(hot) + np.count_nonzero(y)),
            "false rows": np.count_nonzero(hot & ~y) / np.count_nonzero(~y),
            "false alarms a day": len(merging.find(hot & ~y, place)) / days,
            "events found": float(
                np.mean(np.maximum.reduceat(np.append(hot, False), _ends(starts, stops))[::2])
            ),
            **common,
        }
    return pd.DataFrame(figures).T.rename_axis("rule")


def _ends(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    return np.column_stack([starts, stops]).ravel()


def best_f1(y: np.ndarray, scores: np.ndarray) -> float:
    """Return the best F1 of any threshold."""
    order = np.argsort(-scores, kind="stable")
    is_last = np.append(np.diff(scores[order]) != 0, True)
    f1 = 2 * np.cumsum(y[order]) / (np.arange(1, len(y) + 1) + np.count_nonzero(y))
    return float(f1[is_last].max())


def largest(scores: np.ndarray, n_rows: int) -> np.ndarray:
    """Return which rows have the largest scores, as many as asked for."""
    chosen = np.zeros(len(scores), dtype=bool)
    chosen[np.argsort(-scores, kind="stable")[:n_rows]] = True
    return chosen


def as_many_alarms(scores: np.ndarray, count: Callable[[np.ndarray], int], n_alarms: int) -> np.ndarray:
    """Return the alarms of the lowest of 300 thresholds down to which there are no more alarms than asked for."""
    hot = largest(scores, 1)
    for share in np.geomspace(1 / len(scores), 0.5, 300):
        more = scores > np.quantile(scores, 1 - share)
        if count(more) > n_alarms:
            break
        hot = more
    return hot


def alarms_got(seeds: int, n_days: int = 40) -> list[list[object]]:
    """Return rows of a table: alarms per day asked for, and alarms on as many new days without an anomaly."""
    table = []
    for name, step, period in (("minutes", "1min", 1440), ("five minutes", "5min", 288)):
        for n in (1, 2):
            got = []
            for seed in range(seeds):
                X, _ = make_kpi(
                    2 * n_days * period, period=period, contamination=0, trend=0, step=step, random_state=seed
                )
                rule = AlarmsPerDay(n)
                model = make_pipeline(SlidingWindow(5), GaussianDetector("full", threshold=rule))
                model.set_params(gaussiandetector__validation_fraction=0.5)
                hot = model.fit(X.iloc[: n_days * period]).decision_function(X)[n_days * period :] > 0
                rows = read_series(X.iloc[n_days * period :])
                merging = AlarmRule.read(rows, rows.steps())
                got.append(len(merging.find(hot, places(rows, 3, rows.steps()))) / n_days)
            table.append([name, n, float(np.mean(got)), float(np.std(got))])
    return table


def piece(task: tuple[str, OneSeries, str, Path]) -> str:
    """Write the metrics of a detector on a series to a file; return a line of text about it."""
    collection, series, detector, path = task
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    try:
        table = judge(series, detector, *scored(series, detector))
    except Exception as error:  # one failure must not cost the others
        return f"{collection} {series.name} {detector}: {type(error).__name__}: {error}"
    part = path.with_suffix(".part")
    table.to_csv(part)
    part.replace(path)  # whole or not at all
    return f"{collection} {series.name} {detector}: {time.perf_counter() - start:.1f} s"


def tasks(collections: list[str], detectors: list[str], step: int, folder: Path) -> Iterator[tuple]:
    """Yield the missing pieces of work, of each collection the longest first."""
    for collection in collections:
        found = []
        for number, series in enumerate(COLLECTIONS[collection](step)):
            if not series.y[series.n_train :].any():
                continue
            for detector in detectors:
                if series.length is None and detector in NOT_ON_BEATS:
                    continue
                if detector in NETWORKS and number % NETWORK_EVERY:
                    continue
                path = folder / f"{collection}__{series.name}__{detector.replace(', ', '-')}.csv"
                cost = series.X.size * WEIGHT.get(detector, 1)
                if not path.exists():
                    found.append((cost, (collection, series, detector, path)))
        yield from (task for _, task in sorted(found, key=lambda each: -each[0]))


def collected(folder: Path) -> pd.DataFrame:
    """Return all results that are kept."""
    parts = []
    for path in sorted(folder.glob("*.csv")):
        collection, series, detector = path.stem.split("__")
        parts.append(pd.read_csv(path).assign(collection=collection, series=series, detector=detector))
    return pd.concat(parts, ignore_index=True)


def summary(figures: pd.DataFrame) -> str:
    """Return tables: each rule over all detectors by collection; each default; and each rule by detector."""
    of_rule = figures.groupby(["collection", "rule", "detector"]).mean(numeric_only=True)
    of_rule["kept"] = of_rule["F1"] / of_rule["best F1"]
    names = ["F1", "best F1", "random", "kept", "false alarms a day", "false rows", "events found"]
    lines = []
    for collection in of_rule.index.unique("collection"):
        here = of_rule.loc[collection]
        by_rule = here.groupby("rule")[names].mean().sort_values("F1", ascending=False)
        lines += [f"\n## {collection}, mean of the detectors\n", _table(by_rule)]
        lines += [f"\n## {collection}, defaults\n", _table(here.loc[DEFAULT][names])]
    kept = of_rule["kept"].unstack("collection")
    chosen = [name for name in CHOSEN_ON if name in kept]
    by_detector = kept[chosen or list(kept)].mean(axis=1).unstack("detector")
    by_detector.insert(0, "mean", by_detector.mean(axis=1))
    lines += [
        f"\n## share of the best F1 kept, {' and '.join(chosen or list(kept))}\n",
        _table(by_detector.sort_values("mean", ascending=False)),
        "\n## share of the best F1 kept with some knowledge of the labels\n",
        _table(ceilings(of_rule["kept"])),
    ]
    return "\n".join(lines)


def ceilings(kept: pd.Series) -> pd.DataFrame:
    """Return the share kept by the default, by those that know something, and by the best rule of each family."""
    known = kept.unstack("rule")
    columns = {name: known[name] for name in (DEFAULT, SHARE_KNOWN, EVENTS_KNOWN)}
    families = pd.Series({name: name.partition("(")[0] for name in [*RULES, *PAST]})
    for family in families.unique():
        for names, where in ((RULES, ""), (PAST, OF_PAST)):
            members = [name + where for name in names if families[name] == family]
            if len(members) > 1:
                columns[f"best {family}{where}"] = known[members].max(axis=1)
    return pd.DataFrame(columns)


def _table(frame: pd.DataFrame) -> str:
    plain = frame.reset_index()
    return markdown(list(map(str, plain)), plain.to_numpy().tolist())


def main():
    """Run missing measurements, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collections", nargs="*", default=list(COLLECTIONS))
    parser.add_argument("--quick", action="store_true", help="take every fifth series")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "sktsad_rules")
    parser.add_argument("--only", nargs="+", choices=list(DETECTORS), default=list(DETECTORS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=10, help="for the table of alarms asked for, and got")
    parser.add_argument("--seconds", type=float, default=1e6, help="end after that time")
    parser.add_argument("--out", type=Path, help="a folder for the tables and all figures")
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print(
            "Skipped: the tables need the data. Set SKTSAD_DATA to the folder with ucr, tsb_ad, nab, smd, ..."
        )
        return
    start = time.monotonic()
    arguments.kept.mkdir(parents=True, exist_ok=True)
    todo = list(tasks(arguments.collections, arguments.only, 5 if arguments.quick else 1, arguments.kept))
    print(f"{len(todo)} pieces to do", file=sys.stderr, flush=True)
    with multiprocessing.get_context("fork").Pool(arguments.jobs, maxtasksperchild=20) as pool:
        done = pool.imap_unordered(piece, todo, chunksize=1)
        for number in range(len(todo)):
            try:
                what = done.next(max(0.1, arguments.seconds - (time.monotonic() - start)))
            except multiprocessing.TimeoutError:
                print(f"out of time, {len(todo) - number} pieces are missing", file=sys.stderr, flush=True)
                break
            print(what, file=sys.stderr, flush=True)
        pool.terminate()
    figures = collected(arguments.kept)
    text = f"{summary(figures)}\n\n## alarms asked for, and got\n\n"
    text += markdown(["rows", "asked", "got", "standard deviation"], alarms_got(arguments.seeds))
    text += f"\n\n{environment()}"
    print(text)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "rules.md").write_text(text)
        figures.to_csv(arguments.out / "rules.csv.gz", index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
