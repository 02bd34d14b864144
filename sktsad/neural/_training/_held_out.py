"""Which rows are trained on, and which early stopping monitors."""

from __future__ import annotations

import numpy as np

from ..._core import Windows, tail_mask
from ._batches import WindowDataset
from ._network import TrainingOptions


def watched_rows(windows: Windows, options: TrainingOptions) -> np.ndarray:
    """Mark the last rows in time, which early stopping monitors; none without early stopping.

    Raises
    ------
    ValueError
        If early stopping has no row to monitor.
    """
    if not options.early_stopping:
        return np.zeros(len(windows), dtype=bool)
    tail = tail_mask(windows, options.validation_fraction)
    if not tail.any():
        raise ValueError(
            f"early_stopping={options.early_stopping} has no rows to monitor: validation_fraction="
            f"{options.validation_fraction} of {len(tail)} rows is less than one row. Give more rows, or "
            "early_stopping=False."
        )
    return tail


def split_dataset(
    windows: Windows,
    watched: np.ndarray,
    options: TrainingOptions,
    target: np.ndarray | None = None,
    sample_weight: np.ndarray | None = None,
    input_shape: tuple[int, ...] | None = None,
) -> tuple[WindowDataset, WindowDataset | None]:
    """Return the rows to train on, and the rows to monitor, if any."""

    def dataset(rows: np.ndarray | slice) -> WindowDataset:
        return WindowDataset(
            windows[rows],
            None if target is None else target[rows],
            None if sample_weight is None else sample_weight[rows],
            input_shape,
            options.dtype,
        )

    if not watched.any():
        return dataset(slice(None)), None
    return dataset(~watched), dataset(watched)
