"""Methods against imbalance on MNIST: a published experiment repeated, with results by class.

Source: "Survey on Deep Learning with Imbalanced Data Sets", National Chengchi University, 2019. Binary: 2 zeros against
5,000 ones. Multiclass: 2 to 5,000 rows per class. The metric is accuracy on all test rows of these classes, as
published, and for each class. The network: three convolutions (32, 64, 128 filters of 3 x 3), each with ReLU, dropout
and pooling; a dense layer of 200. SGD with learning rate 0.05 and batches of 100. The publication trains for 200
epochs; here training ends earlier if the loss has not fallen by more than 0.00002 (binary) or 0.0001 (multiclass) for 5
epochs, see the column "epochs"; with a focal loss, only if there is no mistake on the training rows either, as the loss
of two zeros among 5,000 ones hardly falls at first. With mean squared false error and undersampling, and with
``--all-epochs``, training does not end early.

Initial weights are Glorot's, and biases are 0, as in Keras, with which the source seems to have been made; torch's own
initial weights are smaller, and with them the focal losses are up to 3 points worse. Only the stored rows with
distortions have those.

With ``--bfloat16`` products have 16 bits while training, which takes about half of the time on a CPU with such
instructions. With ``--batched`` many networks are trained side by side on one device, for all of the published epochs:
`_batched`.

Finished training runs are stored in a file, one JSON object per line; another call continues from there.

    SKTSAD_DATA=<folder> python benchmarks/imbalanced_mnist.py [--quick] [--tasks binary multiclass] [--all-epochs]
    SKTSAD_DATA=<folder> python benchmarks/imbalanced_mnist.py --batched --device cuda [--seconds 270]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _batched import Together, Training, groups, outputs
from _measure import environment, markdown
from imblearn import FunctionSampler
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import confusion_matrix
from skorch.callbacks import EarlyStopping
from torch import nn

from sktsad import CostSensitiveClassifier, TorchClassifier
from sktsad.datasets import load_mnist
from sktsad.networks import FocalLoss

MINORITY = (0, 1, 4, 6, 7)
SIZES = {
    "binary": {0: 2, 1: 5000},
    "multiclass": dict(enumerate((2, 5, 5000, 3000, 4, 4000, 2, 3, 2000, 1000))),
}
ALPHAS, GAMMAS = (1, 5, 10, 50, 100), (0, 0.5, 1, 2, 5)
#: The most informative row and column come first.
FOCAL_CELLS = sorted(
    ((alpha, gamma) for gamma in GAMMAS for alpha in ALPHAS), key=lambda cell: cell[1] != 0 and cell[0] != 50
)
DISTORTED = "mean false error, distortions, cost 4 to 1"
TWO_PHASE = "two-phase"
MISLABELLED = "random undersampling, labels of the source"
CONVERGED = {"binary": 2e-5, "multiclass": 1e-4}
PUBLISHED = {
    "binary": {
        "baseline, MSE": "53.66",
        "cost-sensitive, threshold_moving": "fails (8.16 on class 0)",
        "random oversampling": "98.25",
        "SMOTE": "98.01",
        "random undersampling": "96.69",
        "mean false error": "81.34",
        "mean squared false error": "93.29",
        "focal, a=50, g=0": "96.95",
    },
    "multiclass": {
        "baseline, MSE": "48.63",
        "cost-sensitive, threshold_moving": "class 1 only",
        "random oversampling": "79.44",
        "SMOTE": "76.80",
        "random undersampling": "classes 0, 1 only",
        "mean false error": "75.55",
        "focal, a=100, g=0": "79.73",
    },
}
N_TRAINING = {"binary": 5, "multiclass": 2, "distorted": 5}


class ChannelsLast(nn.Module):
    """Store the channels of a pixel next to each other in memory, which is a seventh faster on a CPU."""

    def forward(self, x):
        """Return x in this memory format."""
        return x.contiguous(memory_format=torch.channels_last)


class Dropout(nn.Module):
    """Drop a fifth, four elements for each random number: ``nn.Dropout`` takes a quarter of the whole training."""

    def forward(self, x):
        """Return x with a fifth of its elements zero while training."""
        if not self.training or x.is_cuda:
            return nn.functional.dropout(x, 0.2, self.training)
        numbers = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        kept = numbers.view(torch.int16)[: x.numel()] >= round(0.2 * 2**16) - 2**15
        return x * kept.to(x.dtype).div_(0.8).as_strided(x.shape, x.stride())


def network(n_inputs):
    """Return the published network, with logits instead of a softmax.

    The ReLU comes after the pooling, not before the dropout: the same function, on a quarter of the values.
    """

    def block(n_in, n_out):
        return [nn.Conv2d(n_in, n_out, 3, padding="same"), Dropout(), nn.MaxPool2d(2), nn.ReLU()]

    return [
        nn.Unflatten(1, (1, 28, 28)),
        ChannelsLast(),
        *block(1, 32),
        *block(32, 64),
        *block(64, 128),
        nn.Flatten(),
        nn.Linear(128 * 9, 200),
        nn.ReLU(),
    ]


class Converged(EarlyStopping):
    """End a training whose loss no longer falls, unless there are mistakes on the training rows."""

    def on_epoch_end(self, net, dataset_train=None, **kwargs):
        """Compare the loss with the best so far; look at the training rows only where the training would end."""
        try:
            super().on_epoch_end(net, dataset_train=dataset_train, **kwargs)
        except KeyboardInterrupt:
            if not (net.predict(dataset_train) != np.asarray(dataset_train.y)).any():
                raise
            self.misses_ = self.patience - 1  # look again after the next epoch


class Rounded(nn.Sequential):
    """Layers whose products have 16 bits while training."""

    def forward(self, x):
        """Map (batch, features) to logits."""
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.training):
            return super().forward(x).float()


class Distort(nn.Module):
    """Turn, stretch, shear and move images a little while training."""

    def forward(self, x):
        """Map images to images."""
        if not self.training:
            return x

        def uniform(size):
            return size * (2 * torch.rand(len(x), device=x.device) - 1)

        angle, shear = uniform(0.48), uniform(0.48)
        wide, high = 1 + uniform(0.32), 1 + uniform(0.32)
        sine, cosine = torch.sin(angle), torch.cos(angle)
        matrix = torch.stack(
            [cosine * wide, shear - sine * high, uniform(0.16), sine * wide, cosine * high, uniform(0.16)], 1
        )
        grid = nn.functional.affine_grid(matrix.reshape(-1, 2, 3), x.shape, align_corners=False)
        return nn.functional.grid_sample(x, grid, align_corners=False)


def distorted_network(n_inputs):
    """Return the binary network, trained on distorted images."""
    unflatten, *layers = network(n_inputs)
    return nn.Sequential(unflatten, Distort(), *layers, nn.Linear(200, 2))


def load():
    """Return all digits."""
    (X, y), (X_test, y_test) = (load_mnist(part, return_X_y=True) for part in ("train", "test"))
    X, X_test = (np.asarray(part, dtype=np.float32).reshape(-1, 784) / 255 for part in (X, X_test))
    return X, np.asarray(y), X_test, np.asarray(y_test)


def draw(task):
    """Return training and test rows, drawn as in the source."""
    X, y, X_test, y_test = load()
    sizes = SIZES[task]
    rows = []
    np.random.seed(10)
    for digit, size in sizes.items():
        of_digit = np.flatnonzero(y == digit)
        rows.append(of_digit[np.random.choice(range(len(of_digit)), size, replace=False)])
    rows = np.concatenate(rows)
    kept = np.isin(y_test, list(sizes))
    return X[rows], y[rows], X_test[kept], y_test[kept]


def focal(task, alpha, gamma):
    """Return the focal loss with alpha for the minority classes."""
    digits = range(2 if task == "binary" else 10)
    minority = (0,) if task == "binary" else MINORITY
    return FocalLoss(gamma, [float(alpha) if digit in minority else 1.0 for digit in digits])


def methods(task):
    """Return by name: loss, sampler, and other options that differ from the baseline."""
    if task == "distorted":
        return {DISTORTED: None}
    undersampling = RandomUnderSampler(random_state=0), {"max_epochs": 500, "callbacks": []}
    out = {
        "baseline, MSE": ("squared_error", None, {}),
        "random oversampling": ("squared_error", RandomOverSampler(random_state=0), {}),
        "SMOTE": ("squared_error", SMOTE(k_neighbors=1, random_state=0), {}),
        "random undersampling": ("squared_error", *undersampling),  # a batch an epoch is soon done
        "mean false error": (
            "mean_false_error",
            None,
            {"max_epochs": 1000 if task == "binary" else 200},
        ),
        TWO_PHASE: ("squared_error", None, {}),
        "costs in the loss": ("squared_error", None, {"class_weight": dict(enumerate(class_costs(task)))}),
        "sampling by cost": (
            "squared_error",
            RandomOverSampler(sampling_strategy=rows_by_cost(task), random_state=0),
            {},
        ),
    }
    for alpha, gamma in FOCAL_CELLS:
        out[f"focal, a={alpha}, g={gamma}"] = (focal(task, alpha, gamma), None, {})
    if task == "binary":
        out["mean squared false error"] = (
            "mean_squared_false_error",
            None,
            {"lr": 0.001, "max_epochs": 40, "callbacks": []},
        )
    else:
        sampler = FunctionSampler(func=mislabelled, validate=False)
        out[MISLABELLED] = ("squared_error", sampler, undersampling[1])
    return out


def mislabelled(X, y):
    """Return two rows of each class with the labels of the source: the first 20 of the whole set."""
    X, true = RandomUnderSampler(random_state=0).fit_resample(X, y)
    return X[np.argsort(true, kind="stable")], np.sort(y)[: len(X)]


def class_costs(task):
    """Return the total cost of mistakes with each class, 1 for the least."""
    costs = cost_matrix(task).sum(axis=1)
    return costs / costs.min()


def rows_by_cost(task):
    """Return how many rows each class must have: more in proportion to the cost of its mistakes."""
    return {
        digit: round(SIZES[task][digit] * cost) for digit, cost in enumerate(class_costs(task)) if cost > 1
    }


def cost_matrix(task):
    """Return the costs of the source."""
    n_classes = 2 if task == "binary" else 10
    costs = 1.0 - np.eye(n_classes)
    if task == "binary":
        costs[0, 1] = 100
    else:
        costs[1, 2], costs[1, 8] = 1000, 2000
    return costs


def run_distorted(seed):
    """Train on two zeros and 5,000 ones of another draw, with distortions; 4 ones may be lost for a zero.

    Distortions and cost were chosen on the pairs 6 and 1, 3 and 7, 2 and 4.
    """
    X, y, X_test, y_test = load()
    rng = np.random.RandomState(seed)
    rows = [
        rng.choice(np.flatnonzero(y == digit), size, replace=False) for digit, size in ((0, 2), (1, 5000))
    ]
    rows, kept = np.concatenate(rows), np.isin(y_test, [0, 1])
    model = TorchClassifier(
        distorted_network,
        loss="mean_false_error",
        optimizer="sgd",
        lr=0.05,
        batch_size=100,
        max_epochs=8,
        random_state=seed,
    )
    start = time.perf_counter()
    model = CostSensitiveClassifier(model, [[0, 4], [1, 0]]).fit(X[rows], y[rows])
    found, probability = model.predict(X_test[kept]), model.predict_proba(X_test[kept])
    return {
        **judged("distorted", DISTORTED, seed, y_test[kept], found, probability),
        "train_accuracy": float(model.score(X[rows], y[rows])),
        "seconds": time.perf_counter() - start,
        "epochs": 8,
        "rows": len(rows),
    }


def judged(task, method, seed, y, found, probability):
    """Return the results to keep of the decisions on the test rows; the confusion matrix has a line per true class."""
    confusion = confusion_matrix(y, found, labels=np.unique(y))
    return {
        "task": task,
        "method": method,
        "seed": seed,
        "accuracy": float((found == y).mean()),
        "per_class": [float(share) for share in np.diag(confusion) / confusion.sum(axis=1)],
        "mean_probability": [
            float(probability[y == digit, i].mean()) for i, digit in enumerate(np.unique(y))
        ],
        "confusion": confusion.tolist(),
    }


class Known(ClassifierMixin, BaseEstimator):
    """A classifier whose input is its output: the probability of each class."""

    def fit(self, X, y):
        """Take the classes."""
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        """Return the input."""
        return np.asarray(X)


def by_cost(task, probability):
    """Yield the two methods that move decisions by costs, and their decisions."""
    labels = np.arange(len(SIZES[task]))
    known = FrozenEstimator(Known().fit(None, labels))
    for method in ("threshold_moving", "expected_cost"):
        moved = CostSensitiveClassifier(known, cost_matrix(task), method=method)
        moved.fit(np.eye(len(labels)), labels)
        yield f"cost-sensitive, {method}", moved.predict(probability), moved.predict_proba(probability)


def run(task, name, seed, data, quick, rounded=False, all_epochs=False):
    """Train once; return the finished rows."""
    if task == "distorted":
        yield run_distorted(seed)
        return
    X, y, X_test, y_test = data
    loss, sampler, options = methods(task)[name]
    start = time.perf_counter()
    X_fit, y_fit = (X, y) if sampler is None else sampler.fit_resample(X, y)
    stop = (Converged if name.startswith("focal") else EarlyStopping)(
        monitor="train_loss",
        patience=5,
        threshold=CONVERGED[task],
        threshold_mode="abs",
        sink=lambda text: None,
    )
    callbacks = [] if all_epochs else [stop]
    parameters = {"lr": 0.05, "batch_size": 100, "max_epochs": 200, "callbacks": callbacks, **options}
    if quick:
        parameters["max_epochs"] = 2
        of_class = [np.flatnonzero(y_fit == label) for label in np.unique(y_fit)]
        rows = np.sort(np.concatenate([rows[: max(2, len(rows) // 10)] for rows in of_class]))
        X_fit, y_fit = X_fit[rows], y_fit[rows]
    model = TorchClassifier(
        partial(network_of, len(np.unique(y_fit)), True, rounded=rounded),
        loss=loss,
        optimizer="sgd",
        random_state=seed,
        **parameters,
    )
    if name == TWO_PHASE:
        _, first, first_options = methods(task)["random undersampling"]
        model.set_params(warm_start=True, **first_options).fit(*first.fit_resample(X, y))
        model.set_params(**parameters)
    model.fit(X_fit, y_fit)
    probability = np.zeros((len(X_test), len(SIZES[task])))
    probability[:, model.classes_] = model.predict_proba(X_test)
    decided = [(name, model.predict(X_test), probability)]
    if name.startswith("baseline"):
        decided.extend(by_cost(task, probability))
    for method, found, probability in decided:
        yield {
            **judged(task, method, seed, y_test, found, probability),
            "train_accuracy": float(model.score(X_fit, y_fit)) if method == name else None,
            "seconds": time.perf_counter() - start,
            "epochs": len(model.net_.history),
            "rows": len(X_fit),
            "trained": f"alone, Glorot's weights{', products in bfloat16' if rounded else ''}",
        }


def loss_of(task, name):
    """Return a method's loss as `Training` describes it."""
    loss, _, options = methods(task)[name]
    if isinstance(loss, FocalLoss):
        return {"gamma": loss.gamma, "class_weight": np.array(loss.alpha)}
    if "class_weight" in options:
        return {"class_weight": class_costs(task), "share_weights": True}
    return {"stratify": "false_error" in loss, "power": 2 if loss == "mean_squared_false_error" else 1}


#: The trainings to run side by side, in this order: task, beginnings of names, seeds.
ORDER = [
    ("multiclass", ("focal",), (0,)),
    ("binary", ("focal",), (0,)),
    ("multiclass", ("random over", "SMOTE"), (0,)),
    ("multiclass", ("baseline", "mean", "two", "cost", "sampling"), (0,)),
    ("binary", ("baseline", "mean squared", "random over", "SMOTE", "two", "cost", "sampling"), (0,)),
    ("binary", ("focal, a=50, g=0",), (1, 2, 3, 4)),
    ("multiclass", ("random over", "SMOTE"), (1,)),
    ("binary", ("baseline", "mean squared", "random over", "SMOTE", "two", "cost", "sampling"), (1, 2, 3, 4)),
    ("binary", ("focal",), (1,)),
    ("multiclass", ("baseline", "mean", "two", "cost", "sampling"), (1,)),
    ("binary", ("mean false",), (0,)),
    ("multiclass", ("focal",), (1,)),
    ("multiclass", ("random under",), (0, 1)),
    ("binary", ("random under",), (0, 1, 2, 3, 4)),
    ("binary", ("focal",), (2,)),
]


def planned(order, done, quick, channels_last=True) -> Iterator[list[Training]]:
    """Yield groups of missing trainings, the most important first; the first phase of a second one is trained again."""
    data: dict = {}

    def training(task, name, seed):
        _, sampler, options = methods(task)[name]
        drawn = (task, None if sampler is None else name)
        if (task, None) not in data:
            data[task, None] = draw(task)[:2]
        if drawn not in data:
            data[drawn] = sampler.fit_resample(*data[task, None])
        return Training(
            (task, name, seed),
            partial(network_of, len(SIZES[task]), channels_last),
            *data[drawn],
            n_classes=len(SIZES[task]),
            epochs=2 if quick else options.get("max_epochs", 200),
            lr=options.get("lr", 0.05),
            **loss_of(task, name),
        )

    for task, beginnings, seeds in order:
        wanted = []
        for seed in seeds:
            for name in methods(task):
                if not name.startswith(beginnings) or (task, name, seed) in done:
                    continue
                one = training(task, name, seed)
                wanted.append(one)
                if name == TWO_PHASE:
                    one.after = training(task, "random undersampling", seed)
                    wanted.insert(0, one.after)
        yield from groups(wanted, 25)


def network_of(n_classes, channels_last, n_inputs, rounded=False):
    """Return the network with Keras's initial weights, with or without the layout that suits a CPU."""
    layers = [*network(n_inputs), nn.Linear(200, n_classes)]
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    kind = Rounded if rounded else nn.Sequential
    return kind(*(one for one in layers if channels_last or not isinstance(one, ChannelsLast)))


def run_batched(order, done, device, n_streams, seconds, quick):
    """Run missing trainings side by side; yield the finished rows."""
    start = time.perf_counter()
    test = {}
    for task in SIZES:
        X_test, y_test = draw(task)[2:]
        test[len(SIZES[task])] = (
            torch.from_numpy(X_test).to(device),
            torch.from_numpy(y_test).long().to(device),
        )
    way, rate = fastest_way(device, quick, n_streams)
    for group in planned(order, done, quick, way["channels_last"]):
        n_steps = group[0].epochs * group[0].n_batches
        left = seconds - (time.perf_counter() - start)
        label = f"{len(group)} x {n_steps} steps, {group[0].key}"
        if rate * n_steps * len(group) > left:
            print(
                f"no time for {label}: {rate * n_steps * len(group):.0f} s, {left:.0f} left", file=sys.stderr
            )
            continue
        begun = time.perf_counter()
        together = Together(group, device, way["n_streams"])
        epochs = together.run(test, (10, 25, 50, 100, 150), start + seconds)
        if epochs < group[0].epochs / 2:
            print(f"cut off after {epochs} epochs: {label}", file=sys.stderr)
            return
        took = time.perf_counter() - begun
        if n_steps > 5000:
            rate = took / (n_steps * len(group))
        print(
            f"{took:.1f} s, {1e6 * took / n_steps / len(group):.0f} us a step: {label}",
            file=sys.stderr,
            flush=True,
        )
        for one in (one for one in group if one.key not in done):
            done.add(one.key)
            yield from rows_of(one, test, epochs, took / len(group))


def rows_of(one, test, epochs, seconds):
    """Yield the results to keep of a training."""
    task, name, seed = one.key
    X_test, y_test = test[one.n_classes]
    logits = outputs(one.net, X_test)
    probability = torch.softmax(logits, 1).cpu().numpy()
    found, truth = logits.argmax(1).cpu().numpy(), y_test.cpu().numpy()
    decided = [(name, found, probability)]
    if name.startswith("baseline"):
        decided.extend(by_cost(task, probability))
    at = [check[0] for check in one.checks]
    for method, found, probability in decided:
        yield {
            **judged(task, method, seed, truth, found, probability),
            "train_accuracy": one.checks[-1][1] if method == name else None,
            "seconds": seconds,
            "epochs": epochs,
            "rows": len(one.X),
            "trained": "together",
            "checks": [[*check, one.losses[epoch - 1]] for epoch, check in zip(at, one.checks, strict=True)],
        }


def fastest_way(device, quick, n_streams):
    """Return the fastest options on a device, by a few steps of eight networks, and the seconds per network's step."""
    best = {"channels_last": True, "n_streams": 1}, 0.0
    if torch.device(device).type != "cuda":
        return best
    torch.backends.cudnn.benchmark = True
    tried = {}
    for way in [
        {"channels_last": layout, "n_streams": streams} for streams in n_streams for layout in (True, False)
    ]:
        group = next(planned([("multiclass", ("focal",), (0,))], set(), quick, way["channels_last"]))[:8]
        together = Together(group, device, way["n_streams"])
        rate = together.seconds_a_step()
        tried[rate] = way
        print(f"{way}: {1e6 * rate:.0f} us a step", file=sys.stderr, flush=True)
    return tried[min(tried)], min(tried)


def table(task, results):
    """Return the table of a task."""
    frame = pd.DataFrame([row for row in results if row["task"] == task])
    rows = []
    for method, group in frame.groupby("method", sort=False):
        by_class = np.mean(group["per_class"].tolist(), axis=0)
        probability = np.mean(group["mean_probability"].tolist(), axis=0)
        rows.append(
            [
                method,
                len(group),
                f"{100 * group['accuracy'].mean():.2f}",
                PUBLISHED.get(task, {}).get(method, ""),
                " ".join(f"{100 * share:.1f}" for share in by_class),
                " ".join(f"{share:.4f}" for share in probability),
                int(group["epochs"].mean()),
                f"{group['seconds'].mean():.0f}",
            ]
        )
    header = [
        "method",
        "trainings",
        "accuracy",
        "published",
        "of each class",
        "mean probability of the true class",
        "epochs",
        "s",
    ]
    return markdown(header, rows)


def main():
    """Train what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a tenth of the rows, two epochs, one training and one focal cell, nothing kept",
    )
    parser.add_argument("--tasks", nargs="*", default=list(N_TRAINING))
    parser.add_argument("--methods", nargs="*", default=None, help="beginnings of names of methods")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    parser.add_argument("--bfloat16", action="store_true", help="round products while training")
    parser.add_argument("--all-epochs", action="store_true", help="train on after the loss has converged")
    parser.add_argument("--batched", action="store_true", help="many trainings side by side, all epochs")
    parser.add_argument("--device", default="cpu", help="torch device of --batched")
    parser.add_argument(
        "--streams", type=int, nargs="*", default=[1, 4, 8], help="numbers of CUDA streams to try"
    )
    parser.add_argument("--seconds", type=float, default=np.inf, help="budget of --batched")
    arguments = parser.parse_args()
    if not os.environ.get("SKTSAD_DATA"):
        print("Skipped: the table needs MNIST. Set SKTSAD_DATA to its folder; see sktsad.datasets.")
        return
    torch.set_num_threads(1)
    keep = not arguments.quick
    results = []
    if keep and arguments.results.exists():
        results = [json.loads(line) for line in arguments.results.read_text().splitlines()]
    for row in batched(arguments, results) if arguments.batched else alone(arguments, results):
        results.append(row)
        print(
            f"{row['task']}, {row['method']}, {row['seed']}: {row['accuracy']:.4f}",
            file=sys.stderr,
            flush=True,
        )
        if keep:
            with arguments.results.open("a") as file:
                file.write(json.dumps(row) + "\n")
    for task in arguments.tasks:
        print(f"\n## {task}\n\n{table(task, results)}")
    print(f"\n{environment()}")


def alone(arguments, results):
    """Run missing trainings one after another."""
    done = {(row["task"], row["method"], row["seed"]) for row in results}
    for task in arguments.tasks:
        data = draw(task) if task != "distorted" else None
        for seed in range(1 if arguments.quick else N_TRAINING[task]):
            for name in methods(task):
                is_wanted = not arguments.methods or name.startswith(tuple(arguments.methods))
                is_wanted &= not arguments.quick or not name.startswith("focal") or name.endswith("a=1, g=0")
                if is_wanted and (task, name, seed) not in done:
                    options = arguments.quick, arguments.bfloat16, arguments.all_epochs
                    yield from run(task, name, seed, data, *options)


def batched(arguments, results):
    """Run missing trainings side by side, for all epochs."""
    done = {(row["task"], row["method"], row["seed"]) for row in results if row.get("trained") == "together"}
    order = [
        (task, tuple(arguments.methods or beginnings), seeds)
        for task, beginnings, seeds in ORDER
        if task in arguments.tasks
    ]
    return run_batched(order, done, arguments.device, arguments.streams, arguments.seconds, arguments.quick)


if __name__ == "__main__":
    main()
