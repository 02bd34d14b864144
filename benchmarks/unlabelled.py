"""Detectors without labels, on series of the UCR anomaly archive, TSB-AD's tuning list, NAB and SMD, and on ECG5000.

A detector is fitted to the training part of a series, without labels, and scores all its rows. Metrics:

- ucr: the share of series whose largest score in the test part lies on the anomaly, and VUS-PR of the test part. The
  archive holds many series twice, plain and distorted: of such a pair, only the plain one is used.
- tuning and nab: VUS-PR of the whole series, the training part included, as TSB-AD publishes it; nab are the 20 series
  of NAB that are also in TSB-AD, with its training parts. smd: VUS-PR of the test part of four machines. The largest
  buffer is the period, or 100 rows on ucr and smd.
- ecg5000: fitted to the normal heart beats of the training part, one beat per window; average precision and area under
  the ROC curve on the test part.
- events found: the share of events with a row that scores above the 0.99 quantile of normal rows; rows that trail: the
  share of the rows within a window's length after an event that score above it.

There are two results for each: "causal", from the scores themselves, in which no row uses later ones; and "look-ahead",
from the same scores averaged over half a window and shifted back by half of the rows they look at, which no live system
can do, but most published tables do. Detectors that look ahead have no causal result. The two are never in one column.
Settings are chosen on ucr and tuning; nab and smd are for the test.

Detectors of PyOD, stumpy, aeon and dtaianomaly are in the tables if these libraries can be imported (`_peers.py` says
how they are used); those of aeon and dtaianomaly have look-ahead scores of their own.

Scores are stored in a folder, one file per series and detector, so that a run continues where it stopped: empty it
after a change of the code. --jobs spreads the work over processes, --seconds stops it after this time; a detector that
has not scored all series is left out of the table. --quick takes every fifth series. The tables also have a random
score, and the result that is expected by chance: the accuracy on ucr, the share of anomalous rows on the others.

    SKTSAD_DATA=<folder> OMP_NUM_THREADS=1 python benchmarks/unlabelled.py [--jobs 8] ucr tuning nab smd ecg5000
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from _measure import environment, markdown
from _peers import installed, is_peer, last_step, warm_up
from joblib import Parallel, delayed
from nab import RandomScore, find_period, interval, matched_series
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline

from sktsad import (
    GaussianDetector,
    KMeansDetector,
    LinearForecastDetector,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    SeriesScaler,
    SlidingWindow,
    ZScoreDetector,
    make_detector,
)
from sktsad._core import find_events
from sktsad.datasets import get_data_home, load_ecg5000, load_nab, load_smd, load_tsb_ad, load_ucr_anomaly
from sktsad.metrics import ucr_accuracy, vus_pr

REFERENCE = "NearestWindowsDetector"


@dataclass(frozen=True)
class OneSeries:
    """A series, the number of its training rows, whether these are evaluated, too, and the largest buffer."""

    name: str
    X: pd.DataFrame
    y: np.ndarray
    n_train: int
    judged_from: int
    max_buffer: int


def windows(detector, length="auto"):
    """Return a pipeline that scales, makes windows and detects."""
    return make_pipeline(SeriesScaler(), SlidingWindow(length), detector)


#: Unfitted pipelines, and whether their scores are of whole windows, and so centred for the look-ahead column.
DETECTORS = {
    "random score": (windows(RandomScore(0), 1), False),
    "ZScoreDetector, each row": (windows(ZScoreDetector(), 1), False),
    "ZScoreDetector, rolling": (windows(ZScoreDetector("rolling")), False),
    "GaussianDetector, full": (windows(GaussianDetector("full")), True),
    "GaussianDetector, full, last row": (windows(GaussianDetector("full", score_on="last")), False),
    "NearestWindowsDetector": (windows(NearestWindowsDetector(normalize=True)), True),
    "NearestWindowsDetector, amplitude": (windows(NearestWindowsDetector(), "auto/2"), True),
    "NearestWindowsDetector, level, 100 rows": (
        windows(NearestWindowsDetector(normalize="level"), 100),
        True,
    ),
    "KMeansDetector": (windows(KMeansDetector(random_state=0)), True),
    "PCADetector": (windows(PCADetector(0.95)), True),
    "PCADetector, both": (windows(PCADetector(0.95, score_by="both")), True),
    "LinearForecastDetector": (windows(LinearForecastDetector()), False),
    "OutlierClassifier, local outlier factor": (
        windows(OutlierClassifier(LocalOutlierFactor(novelty=True))),
        True,
    ),
    "OutlierClassifier, isolation forest": (
        windows(OutlierClassifier(IsolationForest(random_state=0))),
        True,
    ),
    "make_detector": (make_detector(), True),
    "make_detector, overlap": (make_detector(score_on="overlap"), False),
    "make_detector, series": (make_detector(score_on="series"), False),
    "PCADetector, 10 rows": (windows(PCADetector(0.95), 10), True),
    "PCADetector, each row": (windows(PCADetector(0.95), 1), False),
    "GaussianDetector, full, each row": (windows(GaussianDetector("full"), 1), False),
}

#: How the names of detectors end that are only for series of many columns.
FOR_MANY_COLUMNS = (", 10 rows", "PCADetector, each row", "full, each row", "KNN, each row", "PCA, each row")


def ucr(step: int) -> Iterator[OneSeries]:
    """Yield the series of the UCR anomaly archive, without distorted ones that also exist plain."""
    names = load_ucr_anomaly(subset="train").data.index.unique("series")
    names = [name for name in names if name.removeprefix("DISTORTED") not in set(names) - {name}]
    for name in names[::step]:
        X, y = load_ucr_anomaly(name, return_X_y=True)
        n_train = len(load_ucr_anomaly(name, subset="train").data)
        yield OneSeries(name, X, y.to_numpy(), n_train, n_train, 100)


def tuning(step: int) -> Iterator[OneSeries]:
    """Yield the series of TSB-AD's tuning list."""
    folder = get_data_home() / "tsb_ad" / "tuning"
    for name in sorted(path.stem for path in folder.glob("*.npz"))[::step]:
        X, y = load_tsb_ad(name, return_X_y=True)
        n_train = len(load_tsb_ad(name, subset="train").data)
        yield OneSeries(name, X, y.to_numpy(), n_train, 0, find_period(X["value"].to_numpy()))


def nab(step: int) -> Iterator[OneSeries]:
    """Yield the 20 series that TSB-AD has; rows are numbered, as there."""
    for name, n_train in list(matched_series()["train_rows"].items())[::step]:
        X, y = load_nab(name, return_X_y=True)
        X = X.reset_index(drop=True)
        yield OneSeries(
            name.replace("/", "-"), X, y.to_numpy(), n_train, 0, find_period(X["value"].to_numpy())
        )


def smd(step: int) -> Iterator[OneSeries]:
    """Yield the machines of SMD; sensors that stand still at fit stay in."""
    for name in load_smd(subset="train").data.index.unique("series")[::step]:
        X, y = load_smd(name, return_X_y=True)
        n_train = len(load_smd(name, subset="train").data)
        yield OneSeries(name, X, y.to_numpy(), n_train, n_train, 100)


COLLECTIONS = {"ucr": ucr, "tuning": tuning, "nab": nab, "smd": smd}


def suits(detector: str, n_columns: int) -> bool:
    """Return whether a detector is for series of this number of columns."""
    if n_columns == 1:
        return not detector.endswith(FOR_MANY_COLUMNS)
    return not getattr(last_step(DETECTORS[detector][0]), "one_column", False)


def file_of(detector: str, series: OneSeries, folder: Path) -> Path:
    """Return where the scores of a detector are kept."""
    name = detector.replace(": ", "-").replace(", ", "-").replace(" ", "_")
    return folder / f"{series.name}__{name}.npz"


def score_all(collection: str, detectors: list[str], step: int, folder: Path, jobs: int, stop: float) -> None:
    """Score the series, those not yet scored, until the time is up: detector by detector, the longest series first."""
    series = sorted(COLLECTIONS[collection](step), key=lambda each: -each.X.size)
    tasks = [delayed(score)(detector, each, folder, stop) for detector in detectors for each in series]
    Parallel(n_jobs=jobs)(tasks)


def score(detector: str, series: OneSeries, folder: Path, stop: float) -> None:
    """Score one series, unless its file exists, and write the scores to it."""
    path = file_of(detector, series, folder)
    if suits(detector, series.X.shape[1]) and not path.exists() and time.time() < stop:
        warnings.filterwarnings("ignore", "The labels are:UserWarning")
        pipeline = clone(DETECTORS[detector][0])
        if is_peer(pipeline):
            warm_up(pipeline, series.X.shape[1])
        start = time.process_time()
        pipeline.fit(series.X.iloc[: series.n_train])
        scores = pipeline.decision_function(series.X)
        seconds = time.process_time() - start
        kept = {"scores": scores.astype(np.float32), "seconds": seconds, "length": _length(pipeline)}
        if hasattr(last_step(pipeline), "look_ahead") and not last_step(pipeline).looks_ahead:
            rows = pipeline[:-1].transform(series.X)
            kept["look_ahead"] = last_step(pipeline).look_ahead(rows).astype(np.float32)
        part = path.with_suffix(".part.npz")
        np.savez(part, **kept)
        part.replace(path)  # whole or not at all
        print(f"{series.name} {detector} {seconds:.1f} s", flush=True, file=sys.stderr)


def kept_scores(detector: str, series: OneSeries, folder: Path) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Return the scores of all rows, the look-ahead scores, CPU seconds and the length of the windows."""
    with np.load(file_of(detector, series, folder)) as kept:
        scores, length = kept["scores"], int(kept["length"])
        if "look_ahead" in kept:
            ahead = kept["look_ahead"]
        else:
            ahead = centred(scores, length) if DETECTORS[detector][1] else scores
        return scores, ahead, float(kept["seconds"]), length


def _length(pipeline) -> int:
    first = pipeline.named_detectors_["subspace"] if hasattr(pipeline, "named_detectors_") else pipeline
    return (
        first.named_steps["slidingwindow"].length_
        if "slidingwindow" in first.named_steps
        else first[-1].length_
    )


def centred(scores: np.ndarray, length: int) -> np.ndarray:
    """Return the mean over half a window, shifted back by half of the rows that it looks at."""
    smooth = pd.Series(scores.astype(float)).rolling(max(1, length // 2), min_periods=1).mean().to_numpy()
    n_rows = (length + length // 2) // 2
    return np.append(smooth[n_rows:], np.full(n_rows, smooth[-1]))


def measure(collection: str, detectors: list[str], step: int, folder: Path) -> dict[str, pd.DataFrame]:
    """Return tables of metrics, one row per series and one column per detector."""
    figures: dict[str, dict] = {}
    everything = list(COLLECTIONS[collection](step))
    detectors = [
        detector
        for detector in detectors
        if all(file_of(detector, series, folder).exists() for series in everything)
    ]
    for detector in detectors:
        if not all(np.isfinite(kept_scores(detector, series, folder)[0]).all() for series in everything):
            print(f"{collection}: without {detector}, some of whose scores are not finite")
            detectors = [other for other in detectors if other != detector]

    def note(figure: str, series: OneSeries, detector: str, value: float) -> None:
        figures.setdefault(figure, {}).setdefault(detector, {})[series.name] = value

    for series in everything:
        judged = slice(series.judged_from, None)
        y = series.y[judged]
        if not y.any():
            continue
        for detector in detectors:
            scores, ahead, seconds, length = kept_scores(detector, series, folder)
            is_causal = not getattr(last_step(DETECTORS[detector][0]), "looks_ahead", False)
            for way, each in {"causal": scores[judged], "look-ahead": ahead[judged]}.items():
                if way == "causal" and not is_causal:
                    note(f"VUS-PR, {way}", series, detector, np.nan)
                    continue
                note(f"VUS-PR, {way}", series, detector, vus_pr(y, each, max_buffer=series.max_buffer))
                if collection == "ucr":
                    note(f"accuracy, {way}", series, detector, ucr_accuracy(y, each))
            found, trailing = np.nan, np.nan
            if is_causal:
                found, trailing = above_usual(series.y, scores, series.n_train, length)
            note("events found", series, detector, found)
            note("rows that trail", series, detector, trailing)
            note("CPU seconds", series, detector, seconds)
        chance = ucr_accuracy(y, np.zeros(len(y))) if collection == "ucr" else y.mean()
        note("chance", series, "random score", chance)
    return {name: pd.DataFrame(table) for name, table in figures.items()}


def above_usual(y: np.ndarray, scores: np.ndarray, n_train: int, length: int) -> tuple[float, float]:
    """Return the share of events with a score above the usual, and that of rows within a window's length after them.

    Above the usual is above the 0.99 quantile of the normal rows of the test part more than a window from an event.
    """
    test = np.arange(len(y)) >= n_train
    calm = test & ~(np.convolve(y, np.ones(2 * length + 1), "same") > 0)
    starts, stops = find_events((y == 1) & test)
    if calm.sum() < 100 or not len(starts):
        return np.nan, np.nan
    high = scores > np.quantile(scores[calm], 0.99)
    after = np.zeros(len(y), dtype=bool)
    for stop in stops:
        after[stop : stop + length] = True
    after &= y == 0
    found = np.mean([high[start:stop].any() for start, stop in zip(starts, stops, strict=True)])
    return float(found), float(high[after].mean()) if after.any() else np.nan


def summary(tables: dict[str, pd.DataFrame], reference: str) -> str:
    """Return a table of means, with the paired interval of the causal VUS-PR against the reference."""
    main = tables["VUS-PR, causal"]
    names = [name for name in tables if name != "chance"]
    rows = []
    for detector in main.mean().sort_values(ascending=False).index:
        against = ""
        if reference in main and detector != reference and main[detector].notna().all():
            ahead = main[detector] - main[reference]
            against = f"{ahead.mean():+.3f} ({interval(ahead.to_numpy())})"
        rows.append(
            [
                detector,
                *(
                    float(tables[name][detector].mean()) if detector in tables[name] else np.nan
                    for name in names
                ),
                against,
            ]
        )
    return markdown(["detector", *names, f"VUS-PR over {reference}, causal"], rows)


def beats() -> str:
    """Return a table of the detectors of windows on heart beats, fitted to normal ones."""
    X, y = load_ecg5000(subset="train", return_X_y=True)
    X_test, y_test = load_ecg5000(subset="test", return_X_y=True)
    rows = []
    for name, (pipeline, is_of_windows) in DETECTORS.items():
        makes_windows = getattr(last_step(pipeline), "for_beats", False)
        if makes_windows or (is_of_windows and hasattr(pipeline, "named_steps") and suits(name, 1)):
            detector = clone(last_step(pipeline))
            if is_peer(pipeline):
                warm_up(pipeline, 1)
            start = time.process_time()
            if makes_windows:
                score = detector.score_beats(X[y == 0], X_test)
            elif hasattr(detector, "threshold"):
                score = detector.fit(X[y == 0]).decision_function(X_test)
            else:  # of stumpy, for series only
                continue
            seconds = time.process_time() - start
            rows.append([name, average_precision_score(y_test, score), roc_auc_score(y_test, score), seconds])
    rows.sort(key=lambda row: -row[1])
    return markdown(["detector", "average precision", "ROC AUC", "CPU seconds"], rows)


def main():
    """Print the tables."""
    peers, versions = installed()
    DETECTORS.update(peers)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collections", nargs="+", choices=[*COLLECTIONS, "ecg5000"])
    parser.add_argument("--quick", action="store_true", help="take every fifth series")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "sktsad_unlabelled")
    parser.add_argument("--only", nargs="+", choices=list(DETECTORS), default=list(DETECTORS))
    parser.add_argument("--against", choices=list(DETECTORS), default=REFERENCE, help="compare with this one")
    parser.add_argument("--jobs", type=int, default=1, help="number of processes")
    parser.add_argument("--seconds", type=float, default=np.inf, help="time after which no series is begun")
    parser.add_argument("--series", action="store_true", help="print the figures of each series, too")
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print(
            "Skipped: the tables need the data. Set SKTSAD_DATA to the folder with ucr, tsb_ad, nab and smd."
        )
        return
    warnings.filterwarnings("ignore", "The labels are:UserWarning")
    stop = time.time() + arguments.seconds
    step = 5 if arguments.quick else 1
    collections = [name for name in arguments.collections if name in COLLECTIONS]
    for collection in collections:
        folder = arguments.kept / collection
        folder.mkdir(parents=True, exist_ok=True)
        score_all(collection, arguments.only, step, folder, arguments.jobs, stop)
    if "ecg5000" in arguments.collections:
        print(f"\n## ecg5000\n\n{beats()}", flush=True)
    for collection in collections:
        tables = measure(collection, arguments.only, step, arguments.kept / collection)
        n_series = len(tables["VUS-PR, causal"])
        print(f"\n## {collection}, {n_series} series; chance {float(tables['chance'].mean().iloc[0]):.3f}\n")
        print(summary(tables, arguments.against))
        if arguments.series:
            by_series = tables["VUS-PR, causal"].reset_index(names="series")
            print(f"\n{markdown(list(by_series), by_series.to_numpy().tolist())}")
        sys.stdout.flush()
    print(f"\n{environment()}, {', '.join(versions)}")


if __name__ == "__main__":
    sys.exit(main())
