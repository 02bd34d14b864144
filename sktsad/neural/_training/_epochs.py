"""The number of epochs with ``max_epochs="auto"``, and how long they will take."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from ..._core import Labels, Rows
from ._messages import say

#: Number of epochs if all rows are one batch.
_MOST_EPOCHS = 250
#: Seconds and updates that are measured before the rest is estimated; a line is printed if a fit takes more seconds
#: than this.
_MEASURED_SECONDS, _MEASURED_UPDATES, _LONG = 2.0, 10, 60.0


def number_of_epochs(max_epochs: int | str, n_rows: int, batch_size: int) -> int:
    """Return how many epochs to make: the given number, or one that depends on the number of batches.

    The weights change once per batch, so the same number of epochs means few updates for few rows and many updates for
    many rows. With "auto" the number of updates grows with the square root of the number of batches: 250 for one batch,
    1,000 for 16 (2,000 rows in batches of 128), 22,000 for a million rows, which are three epochs.
    """
    if max_epochs != "auto":
        return int(max_epochs)
    n_batches = -(-n_rows // batch_size)
    return math.ceil(_MOST_EPOCHS / math.sqrt(n_batches))


class TimeNotice(Callback):
    """Print, in one line, how long a long fit will take.

    It measures the first seconds of updates. It is attached to the optimizer, not to skorch's batch events, so that the
    lean epoch can be used.
    """

    def on_train_begin(self, net: NeuralNet, X: Rows = None, y: Labels = None, **kwargs: Any) -> None:
        """Attach to the optimizer."""
        self._n_updates, self._n_batches, self._max_epochs = 0, 0, net.max_epochs
        self._begin = time.perf_counter()
        self._handle: Any = net.optimizer_.register_step_post_hook(self._after_step)

    def on_epoch_begin(self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any) -> None:
        """Count the batches of an epoch."""
        if self._handle is not None:
            self._n_batches = len(net.get_iterator(dataset_train, training=True))

    def on_train_end(self, net: NeuralNet, X: Rows = None, y: Labels = None, **kwargs: Any) -> None:
        """Detach from the optimizer."""
        self._let_go()

    def _let_go(self) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        self._n_updates += 1
        seconds = time.perf_counter() - self._begin
        if seconds < _MEASURED_SECONDS or self._n_updates < _MEASURED_UPDATES:
            return
        self._let_go()
        whole = seconds / self._n_updates * self._n_batches * self._max_epochs
        if whole > _LONG:
            say(f"About {_in_words(whole)} for {self._max_epochs} epoch(s) of {self._n_batches:,} batches.")


def _in_words(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} minute(s)" if minutes < 90 else f"{minutes / 60:.1f} hours"
