"""Rows for networks that run along a series: validated and ordered segment by segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core import (
    AnyEstimator,
    MaxGap,
    Past,
    Rows,
    SeriesRows,
    Windows,
    as_slice,
    channels_by_name,
    check_max_gap,
    check_panel,
    read_series,
    row_index,
    validate_rows,
    warn_if_other_step,
)


@dataclass(frozen=True)
class RowLayout:
    """Rows series by series, in time order.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_channels)
        The rows in that order.
    rows : SeriesRows
        Which rows of the table these are.
    steps : ndarray of shape (n_series,)
        Time step of each series; NaN without one.
    starts, stops : ndarray of int, shape (n_segments,)
        Where each segment starts and stops: rows of one series without a gap.
    owner : ndarray of int, shape (n_segments,)
        Number of the series of each segment, in ``rows``.
    is_in_order : bool
        Whether the rows of the table are already in that order, so that nothing is copied.
    past : Past or None
        What fit kept of these series; None at fit.
    """

    values: np.ndarray
    rows: SeriesRows
    steps: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    owner: np.ndarray
    is_in_order: bool
    past: Past | None = None

    def sort(self, per_row: np.ndarray) -> np.ndarray:
        """Return values of the rows of the table in the order of the layout."""
        return per_row if self.is_in_order else per_row[self.rows.order]

    def unsort(self, per_row: np.ndarray) -> np.ndarray:
        """Return values of the rows of the layout in the order of the table."""
        if self.is_in_order:
            return per_row
        out = np.empty_like(per_row)
        out[self.rows.order] = per_row
        return out


def check_rows(estimator: AnyEstimator, X: Rows, *, reset: bool) -> Windows:
    """Validate rows, and return them as windows of one row, which keep their index.

    Raises
    ------
    ValueError
        If there are NaN or infinite values, the columns are not those seen during fit, X contains windows of several
        rows, or only one of X and the training rows is a panel.
    """
    if not reset:
        check_panel(X, estimator._past.was_panel)
    if isinstance(X, Windows):
        length, rows = X.length, X.last() if X.length == 1 else None
    else:
        names = channels_by_name(X.columns) if hasattr(X, "columns") else None
        length, rows = len(X.columns) // len(names) if names else 1, X
    if length > 1:
        raise ValueError(
            f"{type(estimator).__name__} takes plain rows, but got windows of {length} rows. Leave out the "
            "SlidingWindow before it, or use a network on windows, such as RNNClassifier or ForecastDetector."
        )
    values = validate_rows(estimator, rows, reset=reset)
    names = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    names = names or [f"x{column}" for column in range(values.shape[1])]
    return Windows.from_dense(np.ascontiguousarray(values), values.shape[1], row_index(X), names)


def lay_out(
    windows: Windows, series: str, max_gap: MaxGap, dtype: Any, past: Past | None = None
) -> RowLayout:
    """Lay out rows segment by segment; ``past`` is what fit kept, None at fit.

    After fit, the time step of an unknown series is that of its rows so far, so that no result depends on later rows.

    Raises
    ------
    ValueError
        If only one of these rows and the training rows is a panel, or their times cannot be compared.

    Warns
    -----
    UserWarning
        If most series have a different time step from that during fit.
    """
    rows = read_series(windows, series)
    if past is None:
        check_max_gap(max_gap, rows)
    else:
        past = past.compare(windows, rows)
        warn_if_other_step(past, rows)
    found = rows.steps()
    starts = rows.segment_starts(max_gap, found if past is None else rows.steps_so_far(past.steps))
    is_in_order = bool((rows.order[1:] > rows.order[:-1]).all())
    # Some of the rows of a table, or these in another order, share its buffer.
    values = windows.buffer[as_slice(windows.starts[rows.order])]
    # Infinite values are refused later, by a check of the outputs of the network.
    with np.errstate(over="ignore"):
        values = np.asarray(values, dtype=dtype)
    return RowLayout(
        values,
        rows,
        found,
        starts,
        np.append(starts[1:], rows.n_rows),
        np.searchsorted(rows.bounds, starts, side="right") - 1,
        is_in_order,
        past,
    )
