"""Time and memory compared with a raw torch loop over the same batches, on one thread.

Prints Markdown tables: medians over interleaved repeats of the ratio to the raw loop in the same repeat, and peak
memory above that of the raw loop, each in a fresh process. Other packages are in the table if they are installed.
Rolling features, which need no network, are compared with one copy of the rows; volumes under the surface with one
average precision; networks that run along the series with a raw loop over the same lanes, and with windows of 30 rows.

    python benchmarks/speed.py [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings

import numpy as np
import pandas as pd
import torch
from _measure import environment, in_fresh_process, interleaved, markdown, peak_memory, ratio, resident_mib
from sklearn.metrics import average_precision_score
from torch import nn

from sktsad import AutoencoderDetector, RNNClassifier, RollingFeatures, SlidingWindow, StatefulRNNClassifier
from sktsad.metrics import vus_pr, vus_roc
from sktsad.networks import (
    CrossEntropy,
    DenseAutoencoder,
    ReconstructionError,
    RecurrentNetwork,
)
from sktsad.preprocessing._rolling import past_moments

LSTM = {"n_channels": 1, "hidden_size": 128, "dense_size": 64}
#: z-scores within the last 60 rows, and no other feature.
ROLLING_Z = RollingFeatures(
    [60], std_windows=[], slope_windows=[], ewm_spans=[], n_periods=0, period_lags=[], keep_values=False
)


def raw_fit(module, loss, X, y, batch_size, max_epochs):
    """Train with a loop as written by hand: a shuffled index, slices of tensors, no bookkeeping."""
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
    module.train()
    for _ in range(max_epochs):
        order = torch.randperm(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            inputs = X[rows]
            optimizer.zero_grad()
            output = module(inputs)
            loss(
                output.squeeze(1) if y is not None else output, inputs if y is None else y[rows]
            ).mean().backward()
            optimizer.step()
    return module


def raw_forward(module, X, batch_size, reduce):
    """Run the module by hand, in batches, and reduce its output to one number per row."""
    module.eval()
    with torch.inference_mode():
        starts = range(0, len(X), batch_size)
        return torch.cat([reduce(module, X[start : start + batch_size]) for start in starts]).numpy()


def recurrent(n_rows, repeats):
    """LSTM(128) and a dense layer of 64 over windows of 32, batches of 100."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 32)).astype(np.float32)
    y = (rng.random(n_rows) < 0.1).astype(int)
    X_torch, y_torch = torch.from_numpy(X)[:, :, None], torch.from_numpy(y).float()
    ours = RNNClassifier(max_epochs=1, batch_size=100, predict_batch_size=100, random_state=0)
    raw = RecurrentNetwork(**LSTM)
    fit = interleaved(
        {
            "raw": lambda: raw_fit(RecurrentNetwork(**LSTM), CrossEntropy(), X_torch, y_torch, 100, 1),
            "sktsad": lambda: ours.fit(X, y),
        },
        repeats,
    )
    predict = interleaved(
        {
            "raw": lambda: raw_forward(raw, X_torch, 100, lambda module, x: module(x).squeeze(1) > 0),
            "sktsad": lambda: ours.predict(X),
        },
        repeats,
    )
    return [["LSTM(128)+64, fit", n_rows, fit, 1.05], ["LSTM(128)+64, predict", n_rows, predict, 1.10]]


def autoencoder(n_rows, repeats):
    """Dense autoencoder 140-32-8, batches of 64; scores in batches of 256."""
    X = np.random.default_rng(0).standard_normal((n_rows, 140)).astype(np.float32)
    X_torch = torch.from_numpy(X)[:, :, None]
    ours = AutoencoderDetector(
        hidden_sizes=(32, 8),
        loss="squared_error",
        max_epochs=2,
        batch_size=64,
        predict_batch_size=256,
        threshold=1.0,
        validation_fraction=0,
        random_state=0,
    )

    def new():
        return DenseAutoencoder(140, 1, (32, 8))

    raw = new()
    peers = _peers(X)
    fit = interleaved(
        {
            "raw": lambda: raw_fit(new(), ReconstructionError("squared_error"), X_torch, None, 64, 2),
            "sktsad": lambda: ours.fit(X),
            **{name: peer.fit for name, peer in peers.items()},
        },
        repeats,
    )
    score = interleaved(
        {
            "raw": lambda: raw_forward(raw, X_torch, 256, lambda m, x: (m(x) - x).square().mean(dim=(1, 2))),
            "sktsad": lambda: ours.anomaly_score(X),
            **{name: peer.score for name, peer in peers.items()},
        },
        repeats,
    )
    return [
        ["autoencoder 140-32-8, fit", n_rows, fit, 1.15],
        ["autoencoder 140-32-8, score", n_rows, score, 1.30],
    ]


class _PyOD:
    def __init__(self, X):
        from pyod.models.auto_encoder import AutoEncoder

        self.X = X
        self.make = lambda: AutoEncoder(
            epoch_num=2,
            batch_size=64,
            hidden_neuron_list=[32, 8],
            preprocessing=False,
            batch_norm=False,
            dropout_rate=0,
            verbose=0,
        )

    def fit(self):
        self.model = self.make()
        self.model.fit(self.X)

    def score(self):
        self.model.decision_function(self.X)


class _Dtaianomaly:
    def __init__(self, X):
        from dtaianomaly.anomaly_detection import AutoEncoder

        # It makes windows itself: one long series, cut without overlap into the same rows.
        self.series = X.reshape(-1)
        self.make = lambda: AutoEncoder(
            window_size=X.shape[1],
            stride=X.shape[1],
            encoder_dimensions=[32],
            latent_space_dimension=8,
            decoder_dimensions=[32],
            standard_scaling=False,
            batch_normalization=False,
            dropout_rate=0.0,
            n_epochs=2,
            batch_size=64,
        )

    def fit(self):
        self.model = self.make()
        self.model.fit(self.series)

    def score(self):
        self.model.decision_function(self.series)


def _peers(X):
    """Return the peers that are installed."""
    peers = {}
    for name, make in [("PyOD", _PyOD), ("dtaianomaly", _Dtaianomaly)]:
        try:
            peers[name] = make(X)
        except ImportError:
            print(f"{name} is not installed: no row for it.")
    return peers


def rolling(n_rows, repeats):
    """Measure rolling z-scores over one long series, against one copy of it."""
    x = np.random.default_rng(0).standard_normal(n_rows)
    features = ROLLING_Z.fit(x[:, None])

    def moments_and_division():
        (mean,), (std,) = past_moments(x[None], 60, 0.05)
        return (x - mean) / np.maximum(std, 0.05)

    return interleaved(
        {
            "copy": x.copy,
            "moments and division": moments_and_division,
            "RollingFeatures.transform": lambda: features.transform(x[:, None]),
        },
        repeats,
    )


def measure_rolling_memory(n_rows):
    """Transform once, and print the peak MiB above what was there before (rows and libraries)."""
    X = np.random.default_rng(0).standard_normal((n_rows, 1))
    features = ROLLING_Z.fit(X[:1000])
    before = resident_mib("VmRSS")
    features.transform(X)
    print(resident_mib("VmHWM") - before)


def measure_memory(case, who):
    """Fit and predict once, and print the peak MiB above what was there before (data and libraries)."""
    length, n_rows = 128, 1_000_000
    rng = np.random.default_rng(0)
    values = rng.standard_normal((n_rows, 1), dtype=np.float32)
    y = (np.arange(n_rows) % 100 == 0).astype(np.int64)
    X = values
    if case == "panel":
        index = pd.MultiIndex.from_product([range(50), range(n_rows // 50)], names=["series", "time"])
        X = pd.DataFrame(values, index=index)
    small = {"hidden_size": 4, "dense_size": None}
    # Load libraries and start threads before the first reading.
    RNNClassifier(max_epochs=1, **small).fit(values[:256], y[:256] * 0 + np.arange(256) % 2)
    before = resident_mib("VmRSS")
    if who == "raw":
        padded = torch.from_numpy(np.concatenate([np.repeat(values[:1], length - 1, axis=0), values]))
        windows, target = padded[:, 0].unfold(0, length, 1), torch.from_numpy(y).float()

        class Raw(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = RecurrentNetwork(1, **small)

            def forward(self, x):
                return self.net(x[:, :, None])

        module = raw_fit(Raw(), CrossEntropy(), windows, target, 128, 1)
        raw_forward(module, windows, 256, lambda m, x: m(x).squeeze(1) > 0)
    else:
        windows = SlidingWindow(length).fit(X).transform(X)
        model = RNNClassifier(max_epochs=1, random_state=0, **small)
        model.fit(windows, y)
        model.predict(windows)
    print(resident_mib("VmHWM") - before)


def memory():
    """Peak memory of windows of 128 over 1e6 rows: one series, and a panel of 50."""
    raw = peak_memory(__file__, "--memory", "series", "raw")
    ours = {case: peak_memory(__file__, "--memory", case, "sktsad") for case in ("series", "panel")}
    return [
        ["one series of 1e6 rows", raw, ours["series"], ours["series"] - raw, 60],
        ["50 series of 20,000 rows", raw, ours["panel"], ours["panel"] - raw, 150],
    ]


def measure_along(case, who, n_rows):
    """Run along rows once to fit and once to score; print seconds, and the peak MiB above what was there before."""
    n_columns = 10 if case == "large" else 1
    values = np.random.default_rng(0).standard_normal((n_rows, n_columns), dtype=np.float32)
    y = (np.arange(n_rows) % 100 == 0).astype(np.int64)
    X = values
    if case == "panel":
        X = pd.DataFrame(values, pd.MultiIndex.from_product([range(50), range(n_rows // 50)]))
    model = StatefulRNNClassifier(hidden_size=16, max_epochs=1, random_state=0)
    model.fit(values[:256], y[:256])  # loads libraries
    before, start = resident_mib("VmRSS"), time.process_time()
    if who == "raw":
        module = RawNetwork("lstm", n_columns, 16)
        lanes = torch.from_numpy(values.reshape(32, -1, n_columns))
        raw_along(module, lanes, torch.from_numpy(y.reshape(32, -1)).float())
        with torch.inference_mode():
            raw_along(module, lanes)
    else:
        model.fit(X, y)
        model.predict(X)
    print(time.process_time() - start)
    print(resident_mib("VmHWM") - before)


def memory_along(n_large):
    """Return rows of the table of time and memory along the series: fit, an epoch, and predict."""
    cases = {
        "one series of 1e6 rows": ("series", 1_000_000, "at most 60"),
        "50 series of 20,000 rows": ("panel", 1_000_000, "at most 60"),
        f"one series of {n_large:,} rows of 10 columns": ("large", n_large, "O(rows)"),
    }
    rows = []
    for name, (case, n_rows, aim) in cases.items():
        (slow, raw), (seconds, ours) = (
            in_fresh_process(__file__, "--along-memory", case, who, str(n_rows)) for who in ("raw", "sktsad")
        )
        rows.append([name, f"{slow:.1f}", f"{seconds:.1f}", raw, ours, ours - raw, aim])
    return rows


def print_rolling(n_rows, repeats):
    """Print the table of rolling z-scores."""
    seconds = rolling(n_rows, repeats)
    copy = f"{1000 * statistics.median(seconds['copy']):.1f}"
    peak = f"{peak_memory(__file__, '--rolling-memory', str(n_rows)):.0f}"
    rows = [
        [name, n_rows, copy, ratio(seconds, name, "copy"), "at most 20", mib]
        for name, mib in [("moments and division", ""), ("RollingFeatures.transform", peak)]
    ]
    header = [
        "rolling z, 60 rows",
        "rows",
        "one copy, ms",
        "times one copy",
        "aim",
        "peak, MiB above the rows",
    ]
    print(markdown(header, rows))


def print_vus(n_rows, repeats):
    """Print the table of volumes under the surface, against one average precision of the same rows."""
    rng = np.random.default_rng(0)
    y = (np.arange(n_rows) % 500 < 25).astype(int)
    score = rng.standard_normal(n_rows) + y
    metrics = {metric.__name__: metric for metric in (average_precision_score, vus_pr, vus_roc)}
    seconds = interleaved(
        {name: lambda metric=metric: metric(y, score) for name, metric in metrics.items()}, repeats
    )
    reference = "average_precision_score"
    one = f"{1000 * statistics.median(seconds[reference]):.2f}"
    rows = [
        [name, n_rows, one, ratio(seconds, name, reference), "at most 50"]
        for name in metrics
        if name != reference
    ]
    header = ["metric", "rows", "one average precision, ms", "times one average precision", "aim"]
    print(markdown(header, rows))


class RawNetwork(nn.Module):
    """A recurrent layer of torch and a linear output, nothing else."""

    def __init__(self, cell, n_columns, hidden_size):
        super().__init__()
        self.layer = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](n_columns, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, 1)

    def forward(self, X, state):
        """Map rows to outputs and the state at the end."""
        outputs, state = self.layer(X, state)
        return self.head(outputs), state


def raw_along(module, X, y=None, n_epochs=1):
    """Run a raw network over series of the same length by hand, chunk by chunk; train it where there is y."""
    optimizer, loss = torch.optim.AdamW(module.parameters(), lr=1e-3), CrossEntropy()
    for _ in range(n_epochs):
        state = None
        for start in range(0, X.shape[1], 256):
            chunk = slice(start, start + 256)
            outputs, state = module(X[:, chunk], state)
            if y is not None:
                optimizer.zero_grad()
                loss(outputs.flatten(), y[:, chunk].flatten()).mean().backward()
                optimizer.step()
            state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def print_along(n_rows, repeats):
    """Print the table of networks that run along 32 series of 17 channels, 64 units, three epochs in chunks of 256."""
    n_epochs = 3
    rng = np.random.default_rng(0)
    shape = (32, n_rows // 32, 17)
    index = pd.MultiIndex.from_product([range(shape[0]), range(shape[1])])
    X = pd.DataFrame(rng.standard_normal((shape[0] * shape[1], 17)).astype(np.float32), index)
    y = (X[0] > 2).to_numpy().astype(int)
    tensor, target = (
        torch.from_numpy(X.to_numpy().reshape(shape)),
        torch.from_numpy(y.reshape(shape[:2])).float(),
    )
    windows = SlidingWindow(30).fit_transform(X)
    rows = []
    for cell in ("lstm", "gru"):
        options = {"hidden_size": 64, "dense_size": None, "max_epochs": n_epochs, "random_state": 0}
        ours = StatefulRNNClassifier(
            cell, chunk_size=256, strand_length=shape[1], min_updates=1, history="none", **options
        )
        on_windows = RNNClassifier(cell, **options)
        module = RawNetwork(cell, 17, 64)

        @torch.inference_mode()
        def score_raw(module=module):
            raw_along(module, tensor)

        tasks = {
            "fit": {
                "raw": lambda module=module: raw_along(module, tensor, target, n_epochs),
                "along": lambda model=ours: model.fit(X, y),
                "windows": lambda model=on_windows: model.fit(windows, y),
            },
            "score": {
                "raw": score_raw,
                "along": lambda model=ours: model.decision_function(X),
                "windows": lambda model=on_windows: model.decision_function(windows),
            },
        }
        aims = {"fit": {"lstm": 20, "gru": 10}, "score": {"lstm": 25, "gru": 18}}
        for task, functions in tasks.items():
            seconds = interleaved(functions, repeats)
            raw = f"{1000 * statistics.median(seconds['raw']):.1f}"
            times_raw, gain = ratio(seconds, "along", "raw"), ratio(seconds, "windows", "along")
            rows.append(
                [
                    f"{cell.upper()}, {task}",
                    len(X),
                    raw,
                    times_raw,
                    "at most 1.10",
                    gain,
                    f"at least {aims[task][cell]}",
                ]
            )
    header = [
        "along the series",
        "rows",
        "raw loop, ms",
        "times the raw loop",
        "aim",
        "windows of 30 take times",
        "aim",
    ]
    print(markdown(header, rows))


def along(quick):
    """Print the tables of networks that run along the series."""
    print_along(8_000 if quick else 120_000, 5)
    if not quick:
        header = ["along the series, 16 units", "raw loop, s", "sktsad, s"]
        header += ["raw loop, MiB", "sktsad, MiB", "more", "aim"]
        print(f"\n{markdown(header, memory_along(10_000_000))}")
    print(f"\n{environment()}")


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and repeats, no memory")
    parser.add_argument("--along", action="store_true", help="only networks that run along the series")
    parser.add_argument("--memory", nargs=2, metavar=("CASE", "WHO"), help=argparse.SUPPRESS)
    parser.add_argument("--along-memory", nargs=3, metavar=("CASE", "WHO", "ROWS"), help=argparse.SUPPRESS)
    parser.add_argument("--rolling-memory", type=int, metavar="ROWS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if options.memory:
        measure_memory(*options.memory)
        return
    if options.along_memory:
        case, who, n_rows = options.along_memory
        measure_along(case, who, int(n_rows))
        return
    if options.rolling_memory:
        measure_rolling_memory(options.rolling_memory)
        return
    n_rows, repeats = (1000, 5) if options.quick else (4000, 15)
    if options.along:
        along(options.quick)
        return
    rows = []
    for task, size, seconds, limit in [*recurrent(n_rows, repeats), *autoencoder(n_rows, repeats)]:
        raw = statistics.median(seconds["raw"])
        for name in seconds:
            if name != "raw":
                aim = f"at most {limit:.2f}" if name == "sktsad" else ""
                rows.append([task, size, name, f"{1000 * raw:.1f}", ratio(seconds, name, "raw"), aim])
    print(markdown(["task", "rows", "package", "raw loop, ms", "times the raw loop", "aim"], rows))
    if not options.quick:
        print()
        print(
            markdown(["fit and predict, length 128", "raw loop, MiB", "sktsad, MiB", "more", "aim"], memory())
        )
    print()
    print_rolling(1_000_000 if options.quick else 10_000_000, repeats)
    print()
    print_vus(10_000, repeats)
    print()
    along(options.quick)


if __name__ == "__main__":
    sys.exit(main())
