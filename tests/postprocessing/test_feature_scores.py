"""The scores of sensors, through whatever wraps the detector."""

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import (
    GaussianDetector,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    ThresholdClassifier,
    ZScoreDetector,
)
from sktsad.postprocessing import feature_scores

X = pd.DataFrame(
    np.random.default_rng(0).normal(size=(60, 2)), pd.date_range("2024-01-01", periods=60), ["a", "b"]
)
Y = (np.arange(60) % 10 == 9).astype(int)


@pytest.fixture
def pipeline():
    return make_pipeline(
        StandardScaler().set_output(transform="pandas"), SlidingWindow(3), GaussianDetector()
    ).fit(X)


def test_a_detector_is_asked_as_it_is():
    detector = ZScoreDetector().fit(X)
    pd.testing.assert_frame_equal(feature_scores(detector, X), detector.feature_scores(X))


def test_rows_pass_the_steps_before_the_detector(pipeline):
    expected = pipeline[-1].feature_scores(pipeline[:-1].transform(X))
    pd.testing.assert_frame_equal(feature_scores(pipeline, X), expected)
    inner = Pipeline([("window", pipeline[1]), ("detector", pipeline[2])])
    nested = Pipeline([("scale", pipeline[0]), ("rest", inner)])
    pd.testing.assert_frame_equal(feature_scores(nested, X), expected)


@pytest.mark.parametrize(
    "wrap",
    [
        FrozenEstimator,
        lambda model: ThresholdClassifier(FrozenEstimator(model)).fit(X, Y),
        lambda model: SmoothedClassifier(FrozenEstimator(model), 2).fit(X, Y),
        lambda model: ThresholdClassifier(SmoothedClassifier(FrozenEstimator(model)), 1.0).fit(X, Y),
    ],
    ids=["frozen", "threshold", "smoothed", "both"],
)
def test_what_wraps_the_pipeline_is_opened(pipeline, wrap):
    pd.testing.assert_frame_equal(feature_scores(wrap(pipeline), X), feature_scores(pipeline, X))


def test_the_best_of_a_search_is_asked():
    search = GridSearchCV(ZScoreDetector(), {"robust": [True]}, scoring="f1", cv=SeriesSplit(2)).fit(X, Y)
    expected = search.best_estimator_.feature_scores(X)
    pd.testing.assert_frame_equal(feature_scores(search, X), expected)


def test_by_sensor_the_steps_of_the_window_are_summed(pipeline):
    scores = feature_scores(pipeline, X)
    expected = pd.DataFrame(
        {name: scores[[f"{name}_t-{lag}" for lag in range(3)]].sum(axis=1) for name in "ab"}, X.index
    )
    pd.testing.assert_frame_equal(feature_scores(pipeline, X, by_sensor=True), expected, check_freq=False)


def test_by_sensor_columns_that_are_no_steps_stay():
    detector = ZScoreDetector().fit(X)
    pd.testing.assert_frame_equal(feature_scores(detector, X, by_sensor=True), detector.feature_scores(X))


def test_the_index_is_that_of_X_even_if_a_step_lost_it():
    pipeline = make_pipeline(StandardScaler(), ZScoreDetector()).fit(X)
    assert feature_scores(pipeline, X).index.equals(X.index)
    by_position = ZScoreDetector().fit(X.to_numpy())
    assert feature_scores(by_position, X.to_numpy()).index.equals(pd.RangeIndex(60))


@pytest.mark.parametrize(
    "model",
    [LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())],
    ids=["last", "pipeline"],
)
def test_a_model_without_scores_of_sensors_is_refused(model):
    with pytest.raises(
        TypeError, match=r"(?s)model=.* contains no fitted estimator with feature_scores, only Logistic"
    ):
        feature_scores(model.fit(X, Y), X)
