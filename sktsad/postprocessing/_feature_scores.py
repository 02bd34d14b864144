"""The scores of sensors from the detector inside a pipeline or another wrapper."""

from __future__ import annotations

import pandas as pd

from .._core import AnyEstimator, Rows, channels_by_name, row_index
from ._inner_detector import inner_detector


def feature_scores(model: AnyEstimator, X: Rows, *, by_sensor: bool = False) -> pd.DataFrame:
    """Return the ``feature_scores`` of the detector in a pipeline or another wrapper.

    Parameters
    ----------
    model : estimator
        A fitted detector with ``feature_scores``, or a model that contains one: a Pipeline that ends in it,
        `ThresholdClassifier`, `SmoothedClassifier`, ``FrozenEstimator``, a search of scikit-learn, or these nested.
    X : array-like of shape (n_samples, n_features)
        Rows, in the form that the model needs.
    by_sensor : bool, default=False
        Whether to sum over the steps of a window: columns such as ``x0_t-3`` become the one column ``x0``.

    Returns
    -------
    scores : DataFrame of shape (n_samples, n_values)
        Larger is more anomalous; with the index of X.

    Raises
    ------
    TypeError
        If the model contains no estimator with ``feature_scores``.

    See Also
    --------
    alarms : Names the sensor with the highest scores in each alarm.
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
    advice = "Use a detector that has it, such as GaussianDetector, ZScoreDetector or AutoencoderDetector."
    inner, rows = inner_detector(model, X, "feature_scores", advice)
    scores = inner.feature_scores(rows)
    index = row_index(X)
    if index is not None:  # a step before the detector may have lost it
        scores = scores.set_axis(index, axis=0)
    return sum_by_sensor(scores) if by_sensor else scores


def sum_by_sensor(scores: pd.DataFrame) -> pd.DataFrame:
    """Sum the columns of a window over its steps; other columns are not changed."""
    sensors = channels_by_name(scores.columns)
    if sensors is None:
        return scores
    values = scores.to_numpy().reshape(len(scores), scores.shape[1] // len(sensors), len(sensors)).sum(axis=1)
    return pd.DataFrame(values, scores.index, sensors)
