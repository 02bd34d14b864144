"""The questions of a homework, on the KPI that it used: one time step, scaling, a balanced test set, a window."""

from __future__ import annotations

import tracemalloc

import numpy as np
from _measure import kept, markdown
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from sktsad import RNNClassifier, SlidingWindow, ThresholdClassifier, WindowScaler, ZScoreDetector
from sktsad.datasets import load_aiops_kpi

KPI = "02e99bd4f6cfb33f"
SCALERS = {
    "raw": lambda: FunctionTransformer(feature_names_out="one-to-one"),
    "standard": StandardScaler,
    "min-max": MinMaxScaler,
}
PUBLISHED = {"rnn": "0.11", "lstm": "0.16", "gru": "0.13"}


def parts(X):
    """Return the rows of three parts in time: 60 % for the fit, 15 % for validation, the last quarter for the test."""
    cuts = int(0.6 * len(X)), int(0.75 * len(X))
    return slice(cuts[0]), slice(*cuts), slice(cuts[1], None)


def judge(fitted, X, y, validate, test, seed):
    """Return the metrics of a fitted classifier: with its own threshold, and with one tuned on the validation part."""
    tuned = ThresholdClassifier(FrozenEstimator(fitted)).fit(X[validate], y[validate])
    decision, own = tuned.decision_function(X[test]), fitted.predict(X[test])
    y_test = y[test].to_numpy()
    normal = np.flatnonzero(y_test == 0)
    n_anomalous = int(y_test.sum())
    balanced = np.concatenate(
        [np.flatnonzero(y_test == 1), np.random.default_rng(seed).choice(normal, n_anomalous, replace=False)]
    )
    return [
        f1_score(y[validate], fitted.predict(X[validate])),
        f1_score(y_test, own),
        f1_score(y_test[balanced], own[balanced]),
        f1_score(y_test, decision > 0),
        average_precision_score(y_test, decision),
    ]


def questions(seeds, folder, quick):
    """Return the rows of the table: cell, window, scaling, and the metrics, means over the seeds."""
    X, y = load_aiops_kpi(KPI, return_X_y=True)
    fit, validate, test = parts(X)
    rows = []
    for length, n_epochs in ((1, 1 if quick else 5), (30, 1 if quick else 4)):
        for cell in ("lstm",) if quick else ("rnn", "lstm", "gru"):
            for name, scaler in SCALERS.items():

                def figures(seed, length=length, n_epochs=n_epochs, cell=cell, scaler=scaler):
                    model = make_pipeline(
                        scaler().set_output(transform="pandas"),
                        SlidingWindow(length),
                        RNNClassifier(cell, hidden_size=32, max_epochs=n_epochs, random_state=seed),
                    ).fit(X[fit], y[fit])
                    return judge(model, X, y, validate, test, seed)

                runs = [
                    kept(folder / f"one-{length}-{cell}-{name}-{seed}.npy", lambda seed=seed: figures(seed))
                    for seed in seeds
                ]
                published = "" if length > 1 else PUBLISHED[cell] if name == "raw" else "0"
                rows.append([cell, length, name, *map(float, np.mean(runs, axis=0)), published])
    z_score = make_pipeline(StandardScaler().set_output(transform="pandas"), ZScoreDetector(threshold=3.0))
    rows.append(["z-score", 1, "standard", *judge(z_score.fit(X[fit], y[fit]), X, y, validate, test, 0), ""])
    return rows, float(y[test].mean())


def peak_mib(function):
    """Return the result of a function, and the peak of the memory that it allocated, in MiB."""
    tracemalloc.start()
    out = function()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return out, peak


def orders(seeds, folder, quick):
    """Return the rows of the table of the two orders: scale and then window, or window and then scale."""
    X, y = load_aiops_kpi(KPI, return_X_y=True)
    fit, validate, test = parts(X)
    length = 30

    def scale_first():
        pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), SlidingWindow(length))
        windows = [
            pipeline.fit_transform(X[fit]),
            pipeline.transform(X[validate]),
            pipeline.transform(X[test]),
        ]
        return windows, [y[fit], y[validate], y[test]]

    def window_first():
        values = X["value"].to_numpy()
        views = [
            np.lib.stride_tricks.sliding_window_view(values[part], length) for part in (fit, validate, test)
        ]
        scaler = WindowScaler().fit(views[0])
        return [scaler.transform(view) for view in views], [
            y[part].iloc[length - 1 :] for part in (fit, validate, test)
        ]

    rows = []
    for name, prepare, lost in (
        ("scale, then window", scale_first, 0),
        ("window, then scale", window_first, 29),
    ):
        (windows, labels), peak = peak_mib(prepare)

        def figures(seed, windows=windows, labels=labels):
            model = RNNClassifier(hidden_size=32, max_epochs=1 if quick else 4, random_state=seed)
            model.fit(windows[0], labels[0])
            tuned = ThresholdClassifier(FrozenEstimator(model)).fit(windows[1], labels[1])
            decision = tuned.decision_function(windows[2])
            return f1_score(labels[2], decision > 0), average_precision_score(labels[2], decision)

        runs = [
            kept(folder / f"one-{name.replace(' ', '_')}-{seed}.npy", lambda seed=seed: figures(seed))
            for seed in seeds
        ]
        rows.append([name, *map(float, np.mean(runs, axis=0)), lost, f"{peak:.0f}"])
    return rows


def tables(seeds, folder, quick):
    """Return the two tables as Markdown."""
    rows, prevalence = questions(seeds, folder, quick)
    header = [
        "model",
        "rows in a window",
        "scaling",
        "validation F1",
        "test F1",
        "the same, balanced test",
        "test F1, tuned threshold",
        "average precision",
        "published validation F1",
    ]
    other = [
        "order",
        "test F1, tuned",
        "average precision",
        "rows lost at the start of each part",
        "peak MiB",
    ]
    return (
        f"## KPI {KPI}, question by question, {prevalence:.2%} of test rows anomalous\n\n{markdown(header, rows)}\n\n"
        f"### Scaling and windowing in two orders\n\n{markdown(other, orders(seeds, folder, quick))}"
    )
