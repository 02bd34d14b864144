"""Many small networks trained side by side on one device: as one CUDA graph, if there is a GPU.

A small network with batches of 100 rows leaves a GPU idle: it waits for the next kernel to start. Here one training
step of all networks is recorded once, in several streams, and replayed. Each network is trained as `TorchClassifier`
would train it alone: the same initial weights, the same batches in the same order, plain SGD. On a CPU a single network
also has the same dropout masks; several networks share one generator.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional


@dataclass
class Training:
    """One training: its data, its loss and its length.

    The loss of a row is the squared error of its class probabilities, or with ``gamma`` the focal loss, times the
    weight of its class. A batch counts the mean of its rows, or with ``stratify`` the sum of the means of its classes
    (mean false error), each to the power ``power`` (mean squared false error).
    """

    key: tuple[str, str, int]
    module: Callable[[int], nn.Module]
    X: np.ndarray
    y: np.ndarray
    n_classes: int
    epochs: int
    lr: float = 0.05
    batch_size: int = 100
    gamma: float | None = None
    class_weight: np.ndarray | None = None
    share_weights: bool = False  # divided by their sum in the batch, as class_weight of an estimator is
    stratify: bool = False
    power: int = 1
    after: Training | None = None  # continues from its weights, as with warm_start
    net: nn.Module | None = None
    random_state: np.random.RandomState | None = None
    losses: list[float] = field(default_factory=list)
    checks: list[list[float]] = field(default_factory=list)

    @property
    def n_batches(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.X) // self.batch_size)

    def prepare(self, device: str) -> int:
        """Make the network, with the first weights of the estimator; return the seed of dropout."""
        if self.after is not None:
            self.random_state = self.after.random_state
            self.net = self.after.net
        else:
            first = np.random.RandomState(self.key[2]).randint(2**31)
            self.random_state = np.random.RandomState(first)
            torch.manual_seed(self.random_state.randint(2**31))
            self.net = self.module(self.X.shape[1])
        self.net.to(device)
        return self.random_state.randint(2**31)

    def deal(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the batches of the next epoch, one batch per line, and which of them are not filling.

        The last batch is filled up.
        """
        if not self.stratify:
            order = self.random_state.permutation(len(self.X))
            rows = np.zeros(self.n_batches * self.batch_size, dtype=np.int64)
            rows[: len(order)] = order
            return rows.reshape(self.n_batches, -1), (np.arange(len(rows)) < len(order)).reshape(
                self.n_batches, -1
            )
        hands = []
        for label in range(self.n_classes):
            rows = self.random_state.permutation(np.flatnonzero(self.y == label))
            hands.append(np.array_split(np.resize(rows, max(len(rows), self.n_batches)), self.n_batches))
        batches = [np.concatenate(hand) for hand in zip(*hands, strict=True)]
        width = max(len(batch) for batch in batches)
        rows = np.array([np.pad(batch, (0, width - len(batch))) for batch in batches])
        return rows, np.array([np.arange(width) < len(batch) for batch in batches])

    def row_weights(self, rows: np.ndarray, real: np.ndarray) -> np.ndarray:
        """Return the weight of each row in the loss of its batch."""
        labels = self.y[rows]
        if self.stratify:
            truth = (labels[:, :, None] == np.arange(self.n_classes)) & real[:, :, None]
            weight = 1 / np.take_along_axis(np.maximum(truth.sum(axis=1), 1), labels, axis=1)
            return weight * real
        weight = real * (1.0 if self.class_weight is None else self.class_weight[labels])
        return weight / (weight if self.share_weights else real).sum(axis=1, keepdims=True)


class Together:
    """Train networks side by side; all must have the same number of batches per epoch.

    Parameters
    ----------
    trainings : list of Training
        What to train, in place.
    device : str
        Torch device. A step is recorded as a CUDA graph on a GPU.
    n_streams : int
        Streams that share the networks on a GPU.
    """

    def __init__(self, trainings: list[Training], device: str, n_streams: int = 1) -> None:
        if len({(one.n_batches, one.epochs) for one in trainings}) != 1:
            raise ValueError("Networks that are trained together need the same number of batches and epochs.")
        self.trainings, self.device = trainings, device
        self.on_gpu = torch.device(device).type == "cuda"
        tensors: dict[int, torch.Tensor] = {}
        seeds = [one.prepare(device) for one in trainings]
        torch.manual_seed(seeds[0])

        def on_device(array: np.ndarray, dtype: Any) -> torch.Tensor:
            if id(array) not in tensors:
                tensors[id(array)] = torch.from_numpy(array).to(device, dtype)
            return tensors[id(array)]

        self.inputs = [on_device(one.X, torch.float32) for one in trainings]
        self.targets = [on_device(one.y, torch.int64) for one in trainings]
        self.totals = torch.zeros(len(trainings), device=device)
        self.counter = torch.zeros(1, dtype=torch.int64, device=device)
        self.rows = self.weights = None
        self.graph = None
        self.streams = [torch.cuda.Stream() for _ in range(n_streams)] if self.on_gpu else []

    def run(self, test: dict[int, Any], check_at: tuple[int, ...] = (), deadline: float = np.inf) -> int:
        """Train to the end, or until the clock says ``deadline``; return the epochs done."""
        n_epochs = self.trainings[0].epochs
        batches = self._deal()
        for epoch in range(1, n_epochs + 1):
            self._upload(*batches)
            for _ in range(self.rows.shape[0]):
                self._step()
            if epoch < n_epochs:
                batches = self._deal()  # while the device is at work
            for one, loss in zip(self.trainings, self.totals.tolist(), strict=True):
                one.losses.append(loss / one.n_batches)
            is_late = time.perf_counter() > deadline
            if epoch in check_at or epoch == n_epochs or is_late:
                self.check(epoch, test)
            if is_late:
                return epoch
        return n_epochs

    def seconds_a_step(self) -> float:
        """Return the time of a step of one network on a GPU; the networks cannot be used afterwards."""
        self._upload(*self._deal())
        for n_steps in (3, 60):
            start = time.perf_counter()
            for _ in range(n_steps):
                self._step()
            torch.cuda.synchronize()
        return (time.perf_counter() - start) / n_steps / len(self.trainings)

    def check(self, epoch: int, test: dict[int, Any]) -> None:
        """Record the accuracy on training and test rows."""
        for one, inputs, targets in zip(self.trainings, self.inputs, self.targets, strict=True):
            X_test, y_test = test[one.n_classes]
            of_training = (outputs(one.net, inputs).argmax(1) == targets).float().mean()
            of_test = (outputs(one.net, X_test).argmax(1) == y_test).float().mean()
            one.checks.append([epoch, round(float(of_training), 5), round(float(of_test), 5)])

    def _deal(self) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and weights of the batches of an epoch, shape (n_batches, n_networks, n_rows)."""
        known: dict[Any, Any] = {}
        dealt = []
        for one in self.trainings:
            batches = (
                one.deal()
            )  # each goes through its own random state, and those alike share what comes of it
            alike = (one.key[2], id(one.y), one.batch_size, one.stratify, id(one.after))
            dealt.append(known.setdefault(alike, batches))
        rows = np.stack([rows for rows, _ in dealt], axis=1)
        weights = [one.row_weights(*pair) for one, pair in zip(self.trainings, dealt, strict=True)]
        return rows, np.stack(weights, axis=1).astype(np.float32)

    def _upload(self, rows: np.ndarray, weights: np.ndarray) -> None:
        if self.rows is None:
            self.rows, self.weights = (torch.from_numpy(a).to(self.device) for a in (rows, weights))
        else:  # in place: a recorded step reads these
            self.rows.copy_(torch.from_numpy(rows))
            self.weights.copy_(torch.from_numpy(weights))
        self.counter.zero_()
        self.totals.zero_()

    def _step(self) -> None:
        if not self.on_gpu:
            for j in range(len(self.trainings)):
                self._update(j)
            self.counter += 1
            return
        if self.graph is None:
            self._record()
        self.graph.replay()

    def _update(self, j: int) -> None:
        """Take a step with one network."""
        one = self.trainings[j]
        one.net.train()
        rows, weights = (a[:, j].index_select(0, self.counter)[0] for a in (self.rows, self.weights))
        if not self.on_gpu:  # a smaller batch has fewer numbers of dropout
            rows, weights = rows[weights > 0], weights[weights > 0]
        target = self.targets[j][rows]
        loss = batch_loss(one.net(self.inputs[j][rows]), target, weights, one.gamma, one.power)
        parameters = list(one.net.parameters())
        torch._foreach_add_(
            [p.data for p in parameters], torch.autograd.grad(loss, parameters), alpha=-one.lr
        )
        self.totals[j] += loss.detach()

    def _all(self) -> None:
        """Take a step with each network, in several streams."""
        first = torch.cuda.current_stream()
        for k, stream in enumerate(self.streams):
            stream.wait_stream(first)
            with torch.cuda.stream(stream):
                for j in range(k, len(self.trainings), len(self.streams)):
                    self._update(j)
        for stream in self.streams:
            first.wait_stream(stream)
        self.counter += 1

    def _record(self) -> None:
        """Record a step, and restore everything."""
        kept = [[p.detach().clone() for p in one.net.parameters()] for one in self.trainings]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):  # libraries choose their kernels
                self._all()
                self.counter.zero_()
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._all()
        with torch.no_grad():
            for one, values in zip(self.trainings, kept, strict=True):
                torch._foreach_copy_(list(one.net.parameters()), values)
        self.counter.zero_()
        self.totals.zero_()


def batch_loss(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, gamma: float | None, power: int
) -> torch.Tensor:
    """Return the weighted loss of a batch."""
    log_probability = functional.log_softmax(logits, dim=1)
    number = target[:, None]
    if gamma is None:
        truth = torch.zeros_like(logits).scatter(1, number, 1.0)
        loss = (log_probability.exp() - truth).square().mean(dim=1)
    else:
        loss = -log_probability.gather(1, number).squeeze(1)
        if gamma:
            others = log_probability.scatter(1, number, -torch.inf).logsumexp(dim=1)
            loss = torch.exp(gamma * others) * loss
    loss = loss * weight
    if power == 1:
        return loss.sum()
    return logits.new_zeros(logits.shape[1]).index_add(0, target, loss).pow(power).sum()


def outputs(net: nn.Module, inputs: torch.Tensor, n_rows: int = 4096) -> torch.Tensor:
    """Return the logits of rows."""
    net.eval()
    with torch.inference_mode():
        return torch.cat([net(inputs[start : start + n_rows]) for start in range(0, len(inputs), n_rows)])


def groups(trainings: list[Training], most: int) -> Iterator[list[Training]]:
    """Cut trainings, in their order, into groups that can be trained together."""
    left = list(trainings)
    while left:
        head = left[0]
        alike = [
            one
            for one in left
            if (one.n_batches, one.epochs, one.stratify) == (head.n_batches, head.epochs, head.stratify)
            and all(one.after is not other for other in left)
        ][:most]
        left = [one for one in left if all(one is not other for other in alike)]
        yield alike
