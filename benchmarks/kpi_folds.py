"""KPIs of the AIOps challenge: settings ranked on rolling folds within the first halves of both sets.

The first table does not use the second halves, which are the test rows of `kpi.py`. A fold is cut like the protocol of
`kpi.py`: 15 % of each series for the fit, the next 5 % for the threshold, the next 15 % for the test. The second fold
begins where the fit of the first ends, so that both learn from equally many rows. There is one training for each
setting, fold and set.

The second table shows how well the ranking on the folds agrees with the ranking on the second halves, for the settings
whose scores `kpi.py` has stored in the folder.

    SKTSAD_DATA=<folder> python benchmarks/kpi_folds.py [--rows BEGINNING ...] [--scores FOLDER]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pandas as pd
import torch
from _measure import environment, markdown
from kpi import (
    ALONG,
    EVERY_ROW,
    ONE_HOT,
    REFERENCE,
    SEEDS,
    SETS,
    SHORT,
    SHORT_ONE_HOT,
    VOTES,
    Data,
    along,
    event_weights,
    file_of,
    judge,
    load,
    recurrent,
    scores_of,
    voted,
    ways,
)
from scipy.stats import spearmanr

#: Where the parts of each fold begin and end, as shares of each series: fit, threshold, judged rows.
FOLDS = ((0.0, 0.15, 0.2, 0.35), (0.15, 0.3, 0.35, 0.5))
FIGURES = ["F1", "average precision", "macro F1", "macro average precision"]
#: Settings are ranked by these, which need no threshold: the few rows for it decide F1 on a fold.
PRECISIONS = ["average precision", "macro average precision"]
#: What is changed of the GRU along the series that knows the series by one-hot columns.
ALONG_CHANGES = {
    "each event as one row": {"event_weight": -1},
    "all rows weigh the same": {"event_weight": None},
    "8 epochs": {"max_epochs": 8},
    "20 epochs": {"max_epochs": 20},
}
#: What is changed of the GRU on windows that knows the series by one-hot columns.
SHORT_CHANGES = {
    "each event as one row": {"power": -1},
    "all rows weigh the same": {"power": 0},
    "6 epochs": {"max_epochs": 6},
    "96 units": {"hidden_size": 96},
    "16 rows": {"length": 16},
    "30 rows": {"length": 30},
}


def candidates():
    """Return the settings by name: the number of trainings, and a function that scores all rows."""
    beginnings = (
        REFERENCE,
        "boosted trees for each",
        SHORT,
        SHORT.replace("8 rows", "30 rows"),
        *(ALONG.replace("GRU", cell) for cell in ("LSTM", "GRU")),
    )
    out = {name: way for name, way in ways().items() if name.startswith(beginnings)}
    for change, parameters in ALONG_CHANGES.items():
        out[f"{ONE_HOT}, {change}"] = (
            1,
            lambda data, seed, parameters=parameters: along(data, seed, "gru", one_hot=True, **parameters),
        )
    for change, parameters in SHORT_CHANGES.items():
        out[f"{SHORT_ONE_HOT}, {change}"] = (
            1,
            lambda data, seed, parameters=parameters: on_windows(data, seed, **parameters),
        )
    return out


def on_windows(data, seed, power=-0.5, **parameters):
    """Score by a GRU on windows of features, with the series as one-hot columns."""
    parameters = {"length": 8, **EVERY_ROW, **parameters}
    weights = event_weights(data, power)
    return recurrent(data, seed, data.features, "gru", weights=weights, one_hot=True, **parameters)


def figures(data, trainings):
    """Return the four figures, means over trainings."""
    return pd.DataFrame([judge(data, score)[0] for score in trainings])[FIGURES].mean()


def on_folds(which, rows, chosen, folder):
    """Return the figures of all settings on the folds of a set: a frame with an index of settings and folds."""
    found = {}
    for number, borders in enumerate(FOLDS, 1):
        data = Data(*rows, borders)
        place = folder / f"{which}-fold{number}"
        place.mkdir(parents=True, exist_ok=True)
        scores = {name: scores_of(name, way, data, place, SEEDS[:1]) for name, way in chosen.items()}
        for name, members in VOTES.items():
            if {*members} <= {*scores}:
                scores[name] = [voted([scores[member][0] for member in members])]
        for name, trainings in scores.items():
            found[name, number] = figures(data, trainings)
    return pd.DataFrame(found).T


def on_test(rows, names, folder):
    """Return the figures on the second halves, for settings all of whose trainings are kept in a folder."""
    data, found = Data(*rows), {}
    for name in names:
        files = [file for seed in SEEDS if (file := file_of(name, seed, folder)).exists()]
        if len(files) == len(SEEDS):
            found[name] = figures(data, [np.load(file) for file in files])
    return pd.DataFrame(found).T


def agreement(folds, tests, columns):
    """Return rank correlations, over settings, of the mean of some figures on the folds and on the second halves."""
    names = [
        name for name in folds[SETS[0]].index.unique(0) if all(name in tests[which].index for which in SETS)
    ]
    first, later = (
        {which: folds[which].xs(number, level=1)[columns].mean(axis=1)[names] for which in SETS}
        for number in (1, 2)
    )
    fold = {which: (first[which] + later[which]) / 2 for which in SETS}
    test = {which: tests[which][columns].mean(axis=1)[names] for which in SETS}
    pairs = {
        "both folds and the second halves, both sets": tuple(sum(part.values()) for part in (fold, test)),
        **{f"both folds and the second halves, {which}": (fold[which], test[which]) for which in SETS},
        **{f"first fold and second fold, {which}": (first[which], later[which]) for which in SETS},
        "folds of one set and folds of the other": tuple(fold.values()),
        "second halves of one set and of the other": tuple(test.values()),
    }
    return {what: float(spearmanr(*pair).statistic) for what, pair in pairs.items()}, len(names)


def main():
    """Run missing trainings, then print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="*", default=None, help="beginnings of names of settings")
    parser.add_argument("--scores", type=Path, default=None, help="folder to keep scores in, that of kpi.py")
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the tables need real data. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    folder = arguments.scores or Path(gettempdir()) / "sktsad-kpi"
    chosen = {
        name: way
        for name, way in candidates().items()
        if not arguments.rows or name.startswith(tuple(arguments.rows))
    }
    folds, tests = {}, {}
    for which in SETS:
        rows = load(which, quick=False)
        folds[which] = on_folds(which, rows, chosen, folder)
        tests[which] = on_test(rows, chosen, folder / which)
    means = {which: folds[which].groupby(level=0, sort=False).mean() for which in SETS}
    both = sum(means.values()) / len(SETS)
    order = both[PRECISIONS].mean(axis=1).sort_values(ascending=False)
    ranked = [
        [
            name,
            *map(float, (ap, both.loc[name].mean(), *(v for which in SETS for v in means[which].loc[name]))),
        ]
        for name, ap in order.items()
    ]
    header = ["setting", "mean of average precisions", "mean of all"]
    header += [f"{figure}, {which}" for which in SETS for figure in FIGURES]
    print(markdown(header, ranked))
    if all(len(tests[which]) > 2 for which in SETS):
        (of_precisions, n_settings), (of_all, _) = (
            agreement(folds, tests, columns) for columns in (PRECISIONS, FIGURES)
        )
        header = [
            f"rank correlation over {n_settings} settings",
            "of average precisions",
            "of all four figures",
        ]
        print(f"\n{markdown(header, [[what, value, of_all[what]] for what, value in of_precisions.items()])}")
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
