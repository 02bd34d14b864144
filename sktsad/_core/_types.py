"""Type names for readers of a signature; to a type checker they are Any."""

from __future__ import annotations

from typing import Any, TypeAlias

#: Rows in time order: array-like of shape (n_samples, n_features), a frame with series and time, or `Windows`.
Rows: TypeAlias = Any
#: One label per row: array-like of shape (n_samples,).
Labels: TypeAlias = Any
#: A single label.
Label: TypeAlias = Any
#: One number per row, larger for anomalies: array-like of shape (n_samples,), possibly with the index of the rows.
Scores: TypeAlias = Any
#: One weight per row, at least 0: array-like of shape (n_samples,).
Weights: TypeAlias = Any
#: Longest hole in time that is not a gap: a number of time steps, or a length of time as text or timedelta.
MaxGap: TypeAlias = Any
#: Argument of ``check_random_state``: int, RandomState or None.
Seed: TypeAlias = Any
#: Any scikit-learn estimator, from sktsad or elsewhere.
AnyEstimator: TypeAlias = Any
#: Axes of matplotlib.
Axes: TypeAlias = Any
