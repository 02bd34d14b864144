"""What the estimators whose networks run along the series have in common."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from skorch.callbacks import LRScheduler

from .._core import AnyEstimator, Interval, Rows, StrOptions, Windows, check_panel, is_panel
from ._kept_states import KeptStates
from ._net_estimator import NetEstimator
from ._recurrent_parameters import RECURRENT
from ._row_layout import RowLayout, check_rows, lay_out
from ._training import Segments, UpdateRule

#: Rows of a chunk and of a strand where the parameters leave them open.
_MIN_CHUNK, _MAX_CHUNK, _MAX_STRAND = 32, 256, 4096

_AT_LEAST_1 = Interval(Integral, 1, None, closed="left")
#: Constraints of the parameters that these estimators share.
ALONG_SERIES: dict = {
    **{name: rule for name, rule in NetEstimator._parameter_constraints.items() if name != "n_channels"},
    **{name: RECURRENT[name] for name in ("cell", "hidden_size", "num_layers", "dropout", "dense_size")},
    "chunk_size": [_AT_LEAST_1, None],
    "strand_length": [_AT_LEAST_1, None],
    "warm_up": [Interval(Integral, 0, None, closed="left")],
    "max_epochs": [Interval(Integral, 1, 10**6, closed="both")],
    "min_updates": [Interval(Integral, 1, 10**6, closed="both")],
    "lr_schedule": [StrOptions({"one_cycle", "constant"})],
    "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
    "series_embedding": [Interval(Integral, 1, 2**13, closed="both"), None],
    "series_dropout": [Interval(Real, 0, 1, closed="left")],
    "max_gap": [Interval(Real, 1, None, closed="left")],
    "history": [StrOptions({"index", "none"})],
    "series": [StrOptions({"auto", "index"})],
}
#: Parameters of the estimator that the torch module takes under the same names.
_OF_MODULE = ("cell", "hidden_size", "num_layers", "dropout", "dense_size", "series_embedding")


def module_arguments(estimator: AnyEstimator, windows: Windows) -> dict[str, Any]:
    """Return the arguments of a `StatefulNetwork`, but for the shape of its outputs."""
    arguments = {name: getattr(estimator, name) for name in _OF_MODULE}
    return {**arguments, "n_channels": windows.n_channels, "n_series": len(estimator._series_numbers)}


def strand_arguments(estimator: AnyEstimator, n_rows: int) -> dict[str, Any]:
    """Return how rows are cut into strands and chunks.

    Raises
    ------
    ValueError
        If strands are not longer than what does not count of them.
    """
    chunk, warm_up, length = estimator.chunk_size, estimator.warm_up, estimator.strand_length
    if chunk is None:
        chunk = min(_MAX_CHUNK, max(_MIN_CHUNK, n_rows // 16))
    if length is None:
        length = max(8 * chunk, 2 * warm_up, min(_MAX_STRAND, -(-n_rows // estimator.batch_size)))
        length = -(-length // chunk) * chunk
    if length <= warm_up:
        raise ValueError(
            f"warm_up={warm_up} leaves no row of a strand that counts: strand_length={length} must be longer."
        )
    return {"chunk_size": chunk, "strand_length": length, "warm_up": warm_up}


def update_rule(estimator: AnyEstimator) -> tuple[str, UpdateRule]:
    """Return the callback that clips gradients; a schedule of the user takes the place of the default."""
    return "update_rule", UpdateRule(estimator.max_grad_norm)


def has_cycle(estimator: AnyEstimator) -> bool:
    """Tell whether the learning rate rises and falls once over a fit."""
    theirs = [item[-1] if isinstance(item, tuple) else item for item in estimator.callbacks or []]
    has_own = any(isinstance(callback, LRScheduler) for callback in theirs)
    return estimator.lr_schedule == "one_cycle" and not has_own


def read_rows(estimator: AnyEstimator, X: Rows, *, reset: bool) -> Windows:
    """Validate rows, and that they are a panel as those of fit were."""
    if not reset:
        check_panel(X, estimator._is_panel)
    windows = check_rows(estimator, X, reset=reset)
    if reset:
        estimator._is_panel = is_panel(X)
    return windows


def layout_of(estimator: AnyEstimator, windows: Windows, past: Mapping[Hashable, KeptStates]) -> RowLayout:
    """Lay rows out; series of fit keep the time step of fit."""
    steps = {key: kept.step for key, kept in past.items()}
    return lay_out(windows, estimator.series, estimator.max_gap, estimator.dtype, steps or None)


def number_series(layout: RowLayout) -> dict[Hashable, int]:
    """Give each series of fit a number, for an embedding."""
    return {key: number for number, key in enumerate(layout.rows.keys)}


def segments_of(estimator: AnyEstimator, layout: RowLayout, states: np.ndarray | None) -> Segments:
    """Return the segments with the numbers of their series and the states they go on from."""
    numbers = np.array([estimator._series_numbers.get(key, -1) for key in layout.rows.keys])
    first = None if states is None else np.nan_to_num(states)
    return Segments(layout.values, layout.starts, layout.stops, numbers[layout.owner], first)
