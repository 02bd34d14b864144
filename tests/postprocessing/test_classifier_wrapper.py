"""The base of classifiers that wrap a classifier; weights through them are tested in test_weights.py."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sktsad import (
    CostSensitiveClassifier,
    GaussianDetector,
    PerSeries,
    SmoothedClassifier,
    ThresholdClassifier,
)
from sktsad.postprocessing._classifier_wrapper import ClassifierWrapper
from sktsad.thresholds import Quantile

X = np.random.default_rng(0).normal(size=(100, 2))
Y = (np.arange(100) % 4 == 0).astype(int)


def test_a_wrapper_has_to_say_how_it_decides():
    with pytest.raises(NotImplementedError):
        ClassifierWrapper().predict(X)


@pytest.mark.parametrize(
    "model",
    [
        CostSensitiveClassifier(LogisticRegression()),
        SmoothedClassifier(LogisticRegression(), 2),
        ThresholdClassifier(LogisticRegression(), 0.0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_wrapper_predicts_by_its_decision_and_knows_the_columns(model):
    model.fit(X, Y == 1)
    expected = model.decision_function(X) > 0
    np.testing.assert_array_equal(model.predict(X), expected)
    assert model.n_features_in_ == 2


def test_a_threshold_set_after_fit_counts_at_once_and_a_rule_waits_for_fit():
    model = ThresholdClassifier(LogisticRegression(), 0.0)
    assert not hasattr(model, "threshold_")
    model.fit(X, Y).set_params(threshold=1e9)
    assert (model.threshold_, model.predict(X).sum()) == (1e9, 0)
    with pytest.raises(ValueError, match=r"threshold=BestFBeta\(\) was set after fit"):
        model.set_params(threshold=None).predict(X)


@pytest.mark.parametrize(
    "model",
    [
        SmoothedClassifier(GaussianDetector(), 2),
        PerSeries(GaussianDetector()),
        ThresholdClassifier(GaussianDetector(), 0.0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_threshold_set_inside_after_fit_waits_for_fit(model):
    model.fit(X)
    model.set_params(estimator__threshold=1e9)
    with pytest.raises(
        ValueError, match=r"estimator__threshold=1000000000.0 was set after fit.*Call fit again"
    ):
        model.predict(X)
    assert not model.fit(X).predict(X).any()
    frozen = (
        clone(model).set_params(estimator=FrozenEstimator(GaussianDetector(threshold=-1e9).fit(X))).fit(X)
    )
    frozen.estimator.estimator.set_params(threshold=1e9)
    assert not frozen.predict(X).any()


def test_the_way_that_parameters_are_printed_changes_no_threshold():
    model = ThresholdClassifier(GaussianDetector(), Quantile(0.9)).fit(X)
    expected = model.predict(X)
    with config_context(print_changed_only=False):
        np.testing.assert_array_equal(model.predict(X), expected)
