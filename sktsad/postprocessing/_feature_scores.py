"""Which sensor a detector points at, asked of the detector inside a pipeline or another wrapper."""

from __future__ import annotations

import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from .._core import AnyEstimator, Rows, before_last, channels_by_name, last_step, row_index

#: Where those that wrap an estimator keep the fitted one.
_FITTED = ("best_estimator_", "estimator_")


def feature_scores(model: AnyEstimator, X: Rows, *, by_sensor: bool = False) -> pd.DataFrame:
    """Return the ``feature_scores`` of the detector that a pipeline or another wrapper holds.

    Parameters
    ----------
    model : estimator
        A fitted detector with ``feature_scores``, or what holds one: a Pipeline that ends in it, `ThresholdClassifier`,
        `SmoothedClassifier`, ``FrozenEstimator``, a search of scikit-learn, one in the other.
    X : array-like of shape (n_samples, n_features)
        Rows as the model takes them.
    by_sensor : bool, default=False
        Whether to sum over the steps of a window: columns such as ``x0_t-3`` become the one column ``x0``.

    Returns
    -------
    scores : DataFrame of shape (n_samples, n_values)
        Larger is worse, with the index of X.

    Raises
    ------
    TypeError
        If the model holds no estimator with ``feature_scores``.

    See Also
    --------
    alarms : Names the sensor that shows an alarm most.
    sktsad.plotting.FeatureScoreDisplay : Draws the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sktsad import GaussianDetector, SlidingWindow
    >>> from sktsad.postprocessing import feature_scores
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> model = make_pipeline(SlidingWindow(3), GaussianDetector()).fit(X)
    >>> X[-1, 1] = 50
    >>> feature_scores(model, X).columns.tolist()
    ['x0_t-2', 'x1_t-2', 'x0_t-1', 'x1_t-1', 'x0_t-0', 'x1_t-0']
    >>> feature_scores(model, X, by_sensor=True).idxmax(axis=1).iloc[-1]
    'x1'
    """
    inner, rows = model, X
    while not hasattr(inner, "feature_scores"):
        if isinstance(inner, Pipeline):
            inner, rows = last_step(inner), before_last(inner, rows)
        elif isinstance(inner, FrozenEstimator):
            inner = inner.estimator
        elif held := [name for name in _FITTED if hasattr(inner, name)]:
            inner = getattr(inner, held[0])
        else:
            raise TypeError(
                f"model={model} holds no fitted estimator with feature_scores, only {inner}. Use a detector that has "
                "it, such as GaussianDetector, ZScoreDetector or AutoencoderDetector."
            )
    scores = inner.feature_scores(rows)
    index = row_index(X)
    if index is not None:  # a step on the way may have lost it
        scores = scores.set_axis(index, axis=0)
    return sum_by_sensor(scores) if by_sensor else scores


def sum_by_sensor(scores: pd.DataFrame) -> pd.DataFrame:
    """Sum the columns of a window over its steps; columns that are no steps of a window stay as they are."""
    sensors = channels_by_name(scores.columns)
    if sensors is None:
        return scores
    values = scores.to_numpy().reshape(len(scores), scores.shape[1] // len(sensors), len(sensors)).sum(axis=1)
    return pd.DataFrame(values, scores.index, sensors)
