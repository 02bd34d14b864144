"""Checks of the inputs and outputs of a network."""

from __future__ import annotations

import copy
import inspect
import warnings
from typing import Any

import numpy as np
from sklearn.utils import Tags
from torch import nn

from .._core import (
    Windows,
    is_panel,
    level_of_user,
    read_rows,
)

#: Range of standard deviations in which a network learns: recurrent ones learn nothing from 5,000 on.
_LEAST_SPREAD, _LARGEST_SPREAD = 1e-4, 3e3
#: Means of more standard deviations hide the variation: a GRU then ranked rows no better than a random score.
_FURTHEST = 150.0
#: If all values of a series are below this share of the spread of all series, it is a flat line to the network.
_FLAT = 1e-4


def refuse_not_finite(outputs: np.ndarray, windows: Windows, dtype: str) -> None:
    """Refuse outputs that are NaN or infinite, and name the row and column that cause them.

    Values beyond the network's precision are refused as well, since a recurrent network returns finite outputs for
    them, as its gates saturate.
    """
    is_odd = ~np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1)
    largest = np.finfo(dtype).max
    # Values of the network's own type cannot be larger.
    is_wider = np.finfo(windows.buffer.dtype).max > largest
    if is_wider and max(windows.buffer.max(), -windows.buffer.min()) > largest:
        parts = [(np.abs(windows.flat(rows)) > largest).any(axis=1) for rows in windows.chunks()]
        is_odd |= np.concatenate(parts)
    if not is_odd.any():
        return
    row = int(np.argmax(is_odd))
    values = np.abs(windows.gather([row], np.float64)[0])
    step, channel = np.unravel_index(np.argmax(values), values.shape)
    name = windows.channel_names[channel] if windows.channel_names else f"x{channel}"
    raise ValueError(
        f"The output of the network is not finite for {int(is_odd.sum())} of {len(is_odd)} rows; the first is row "
        f"{row}: its window contains {values[step, channel]:.3g} in column {name!r}, too large for {dtype} arithmetic. "
        "Clip, drop or scale such values first."
    )


def warn_if_badly_scaled(windows: Windows) -> None:
    """Warn about channels that a network can hardly learn from: tiny, huge, or far from 0 relative to their spread.

    Also warn about a series of a panel that is tiny compared with the others.
    """
    buffer = windows.buffer
    with np.errstate(over="ignore", invalid="ignore"):  # for numbers near the largest float
        center = buffer.mean(axis=0, dtype=np.float64)
        spread = buffer.std(axis=0, dtype=np.float64, mean=center[None])
        # Squares of the smallest numbers are 0.
        varies = buffer.max(axis=0) - buffer.min(axis=0) > 1e-12 * np.abs(center)
    is_far = np.where(varies, np.abs(center) > _FURTHEST * spread, np.abs(center) > _LARGEST_SPREAD)
    is_bad = is_far | (varies & ~((spread >= _LEAST_SPREAD) & (spread <= _LARGEST_SPREAD)))
    which, scalers = "", "SeriesScaler() or StandardScaler().set_output(transform='pandas')"
    if is_bad.any():
        channel = int(np.argmax(is_bad))
    elif (flat := _flat_series(windows, spread)) is not None:
        key, channel, center, spread = flat
        which, scalers = f" of series {key!r}", "SeriesScaler(), each series by itself"
    else:
        return
    name = windows.channel_names[channel] if windows.channel_names else f"x{channel}"
    warnings.warn(
        f"Column {name!r}{which} has mean {center[channel]:.3g} and standard deviation {spread[channel]:.3g}, which a "
        f"network can hardly learn from. Scale the rows before the window, with {scalers}.",
        UserWarning,
        stacklevel=level_of_user(),
    )


def _flat_series(windows: Windows, spread: np.ndarray) -> tuple[Any, int, np.ndarray, np.ndarray] | None:
    """Return name, channel, means and spreads of a series that varies, but is tiny compared with others, or None."""
    if not is_panel(windows):
        return None
    rows = read_rows(windows)
    values = windows.last()
    first = np.abs(values[rows.order[rows.bounds[:-1]]])
    if not (first < _FLAT * spread).any():  # one row is enough to show that a series is not flat
        return None
    values = values[rows.order]
    low, high = (each.reduceat(values, rows.bounds[:-1]) for each in (np.minimum, np.maximum))
    is_flat = (high > low) & (np.maximum(np.abs(low), np.abs(high)) < _FLAT * spread)
    if not is_flat.any():
        return None
    number, channel = np.argwhere(is_flat)[0].tolist()
    own = values[slice(*rows.bounds[number : number + 2])]
    return rows.keys[number], channel, own.mean(axis=0, dtype=np.float64), own.std(axis=0, dtype=np.float64)


def drop_weightless(
    windows: Windows, target: np.ndarray, weight: np.ndarray
) -> tuple[Windows, np.ndarray, np.ndarray]:
    """Leave out the rows with weight 0: they are treated as absent, also in the number of batches."""
    used = weight > 0
    return windows[used], target[used], weight[used]


def check_encoder(encoder: Any, windows: Windows) -> None:
    """Refuse windows of the wrong shape for an encoder; recurrent encoders accept any length."""
    length, n_channels = encoder.window_shape
    if n_channels != windows.n_channels or length not in (None, windows.length):
        steps = "any number of" if length is None else length
        raise ValueError(
            f"The encoder was trained on windows of {steps} rows of {n_channels} channel(s), got windows of "
            f"{windows.length} row(s) of {windows.n_channels}. Use the columns and the window of its training, or pass "
            "n_channels= if the layout was lost."
        )


def copy_loss(loss: Any, example: str) -> Any:
    """Copy a torch loss, or its class; refuse anything else, with an example in the error."""
    if not (isinstance(loss, nn.Module) or (inspect.isclass(loss) and issubclass(loss, nn.Module))):
        raise TypeError(f"loss={loss!r} must be a torch.nn.Module or its class, e.g. torch.nn.{example}.")
    return copy.deepcopy(loss)


def codes_have_own_dtype(tags: Tags) -> Tags:
    """Set the tag which says that codes have the precision of the network, not that of X."""
    tags.transformer_tags.preserves_dtype = []
    return tags
