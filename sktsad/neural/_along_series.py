"""Code shared by the estimators whose networks run along the series."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from skorch.callbacks import LRScheduler

from .._core import (
    MAX_GAP,
    AnyEstimator,
    Interval,
    Past,
    StrOptions,
    Windows,
)
from ..networks import StatefulNetwork
from ._net_estimator import NetEstimator
from ._recurrent_parameters import RECURRENT
from ._row_layout import RowLayout, lay_out
from ._training import LeanNet, Network, Segments, StrandDataset, StrandLoader, UpdateRule, train

#: Limits of the number of rows of a chunk and of a strand if the parameters are None.
_MIN_CHUNK, _MAX_CHUNK, _MAX_STRAND = 32, 256, 4096

_AT_LEAST_1 = Interval(Integral, 1, None, closed="left")
#: Constraints of the parameters that these estimators share.
ALONG_SERIES: dict = {
    **{name: rule for name, rule in NetEstimator._parameter_constraints.items() if name != "n_channels"},
    **{name: RECURRENT[name] for name in ("cell", "hidden_size", "num_layers", "dropout", "dense_size")},
    "chunk_size": [_AT_LEAST_1, None],
    "strand_length": [_AT_LEAST_1, None],
    "warm_up": [Interval(Integral, 0, 2**31 - 1, closed="both")],
    "max_epochs": [Interval(Integral, 1, 10**6, closed="both")],
    "min_updates": [Interval(Integral, 1, 10**6, closed="both")],
    "lr_schedule": [StrOptions({"one_cycle", "constant"})],
    "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
    "series_embedding": [Interval(Integral, 1, 2**13, closed="both"), None],
    "series_dropout": [Interval(Real, 0, 1, closed="left")],
    "max_gap": MAX_GAP,
    "history": [StrOptions({"index", "none"})],
    "series": [StrOptions({"auto", "index"})],
}
#: Parameters of the estimator that the torch module takes under the same names.
_OF_MODULE = ("cell", "hidden_size", "num_layers", "dropout", "dense_size", "series_embedding")


def strand_arguments(estimator: AnyEstimator, n_rows: int) -> dict[str, Any]:
    """Return how rows are divided into strands and chunks.

    Raises
    ------
    ValueError
        If strands are no longer than ``warm_up``.
    """
    warm_up = int(estimator.warm_up)  # small NumPy integers may overflow
    chunk = None if estimator.chunk_size is None else int(estimator.chunk_size)
    length = None if estimator.strand_length is None else int(estimator.strand_length)
    if chunk is None:
        chunk = min(_MAX_CHUNK, max(_MIN_CHUNK, n_rows // 16))
    if length is None:
        length = max(8 * chunk, 2 * warm_up, min(_MAX_STRAND, -(-n_rows // int(estimator.batch_size))))
        length = -(-length // chunk) * chunk
    if length <= warm_up:
        raise ValueError(
            f"warm_up={warm_up} leaves no row of a strand in the loss: strand_length={length} must be larger."
        )
    return {"chunk_size": chunk, "strand_length": length, "warm_up": warm_up}


def network_along(
    estimator: AnyEstimator,
    windows: Windows,
    output_shape: tuple[int, ...],
    *,
    adds_row: bool = False,
    **others: Any,
) -> Network:
    """Return the network that an estimator runs along rows; ``others`` are further arguments of `Network`."""
    module = partial(
        StatefulNetwork,
        n_channels=windows.n_channels,
        output_shape=output_shape,
        n_series=len(estimator._series_numbers),
        adds_row=adds_row,
        **{name: getattr(estimator, name) for name in _OF_MODULE},
    )
    update_rule = ("update_rule", UpdateRule(estimator.max_grad_norm))
    return Network(module, callbacks=(update_rule,), loader=StrandLoader, **others)


def train_along(
    estimator: AnyEstimator,
    net: LeanNet,
    segments: Segments,
    learnt: np.ndarray,
    watched: np.ndarray,
    n_epochs: int | str,
    *,
    has_cycle: bool = True,
    **what: Any,
) -> LeanNet:
    """Train a net along segments; ``what`` contains the arguments of `StrandDataset` that define the target."""
    net.set_params(callbacks__update_rule__one_cycle=has_cycle and _wants_cycle(estimator))
    strands = strand_arguments(estimator, int(learnt.sum()))
    trained = StrandDataset(
        segments,
        learnt,
        min_updates=int(estimator.min_updates),
        series_dropout=estimator.series_dropout if estimator.series_embedding else 0.0,
        **strands,
        **what,
    )
    valid = StrandDataset(segments, watched, **strands, **what) if watched.any() else None
    return train(net, trained, valid, n_epochs)


def _wants_cycle(estimator: AnyEstimator) -> bool:
    """Return whether the learning rate rises and falls once over a fit, which a schedule of the user replaces."""
    theirs = [item[-1] if isinstance(item, tuple) else item for item in estimator.callbacks or []]
    has_own = any(isinstance(callback, LRScheduler) for callback in theirs)
    return estimator.lr_schedule == "one_cycle" and not has_own


def layout_of(estimator: AnyEstimator, windows: Windows, past: Past | None) -> RowLayout:
    """Lay out rows by the parameters of an estimator."""
    return lay_out(windows, estimator.series, estimator.max_gap, estimator.dtype, past)


def number_series(layout: RowLayout) -> dict[Hashable, int]:
    """Give each series seen during fit a number, for an embedding."""
    return {key: number for number, key in enumerate(layout.rows.keys)}


def segments_of(estimator: AnyEstimator, layout: RowLayout, states: np.ndarray | None) -> Segments:
    """Return the segments, with the numbers of their series and the flattened states that they continue from."""
    numbers = np.array([estimator._series_numbers.get(key, -1) for key in layout.rows.keys])
    if states is not None:
        module: Any = estimator.net_.module_
        states = np.nan_to_num(states).reshape(-1, *module.state_shape)
    return Segments(layout.values, layout.starts, layout.stops, numbers[layout.owner], states)
