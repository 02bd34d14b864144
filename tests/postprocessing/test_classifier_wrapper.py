"""The base of classifiers that wrap a classifier; weights through them are tested in test_weights.py."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sktsad import CostSensitiveClassifier, SmoothedClassifier, ThresholdClassifier
from sktsad.postprocessing._classifier_wrapper import ClassifierWrapper

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
