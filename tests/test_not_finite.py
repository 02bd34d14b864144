"""A value that is not finite is never normal: a detector raises an alarm, a classifier an error."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sktsad import (
    AutoencoderDetector,
    ConfidenceDetector,
    CostSensitiveClassifier,
    ForecastDetector,
    FusionDetector,
    GaussianDetector,
    OutlierClassifier,
    RNNClassifier,
    RNNRegressor,
    SlidingWindow,
    SmoothedClassifier,
    TorchClassifier,
    VAEDetector,
    ZScoreDetector,
)
from sktsad.thresholds import MeanStd

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
Y = (np.arange(200) % 10 == 0).astype(int)
SMALL = {"max_epochs": 1, "random_state": 0}
TOO_LARGE = [float(np.finfo(np.float32).max), 4e38, 1e200, -1e300]
FORECAST = ForecastDetector(hidden_size=2, **SMALL)

each_value = pytest.mark.parametrize("value", TOO_LARGE, ids=str)


def with_value(value):
    rows = X[:60].copy()
    rows[40, 1] = value
    return rows


@each_value
@pytest.mark.parametrize(
    "detector",
    [
        ZScoreDetector(),
        ZScoreDetector("rolling"),
        GaussianDetector(),
        GaussianDetector("full"),
        AutoencoderDetector(**SMALL),
        AutoencoderDetector("lstm", hidden_sizes=(2,), **SMALL),
        VAEDetector(score_by="elbo", **SMALL),
        FORECAST,
        FusionDetector([("network", AutoencoderDetector(**SMALL)), ("z", ZScoreDetector())]),
        FusionDetector([("network", FORECAST), ("z", ZScoreDetector())], scale="robust", combine="max"),
    ],
    ids=str,
)
def test_a_value_that_is_too_large_is_an_alarm_of_a_detector(detector, value):
    model = make_pipeline(StandardScaler(), SlidingWindow(12), detector).fit(X)
    decision = model.decision_function(with_value(value))
    assert not np.isnan(decision).any()
    assert decision[40] >= np.delete(decision, np.arange(40, 52)).max()
    assert model.predict(with_value(value))[40] == 1


@pytest.mark.parametrize("value", TOO_LARGE[1:], ids=str)
@pytest.mark.parametrize("model", [TorchClassifier(**SMALL), RNNClassifier(hidden_size=2, **SMALL)], ids=str)
def test_a_classifier_names_the_row_and_the_column(model, value):
    pipe = make_pipeline(SlidingWindow(3), model).fit(X, Y)
    for method in ("predict", "predict_proba", "decision_function"):
        with pytest.raises(
            ValueError, match=r"is not finite for 3 of 60 rows; the first is row 40.*column 'x1'"
        ):
            getattr(pipe, method)(with_value(value))


def test_a_regressor_names_the_row_and_the_column():
    model = RNNRegressor("rnn", hidden_size=2, n_channels=2, **SMALL).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"the first is row 40: its window contains 1e\+300 in column 'x1'"):
        model.predict(with_value(1e300))


def test_a_large_value_that_float32_can_hold_is_named_where_the_network_has_no_answer():
    class Squares(nn.Module):
        def __init__(self, n_inputs):
            super().__init__()
            self.layer = nn.Linear(n_inputs, 1)

        def forward(self, X):
            return self.layer(X.flatten(1).square())

    pipe = make_pipeline(SlidingWindow(3), TorchClassifier(Squares, **SMALL)).fit(X, Y)
    with pytest.raises(ValueError, match=r"row 40: its window contains 3\.4e\+38 in column 'x1'"):
        pipe.predict(with_value(TOO_LARGE[0]))


class Silent(ClassifierMixin, BaseEstimator):
    """A classifier that has no answer to large rows."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict_proba(self, X):
        second = np.where(np.abs(X).max(axis=1) > 10, np.nan, 0.1)
        return np.column_stack([1 - second, second])


def test_a_decision_by_costs_refuses_probabilities_that_are_none():
    model = CostSensitiveClassifier(Silent()).fit(X, Y)
    assert not model.predict(X).any()
    with pytest.raises(
        ValueError, match=r"Silent\(\) returns probabilities that are not finite for 1 of 60 rows, .* row 40"
    ):
        model.predict(with_value(99))


def test_a_classifier_that_has_no_answer_is_not_confident():
    model = ConfidenceDetector(FrozenEstimator(Silent().fit(X, Y))).fit(X)
    assert np.flatnonzero(model.predict(with_value(99))).tolist() == [40]


def test_a_member_that_counts_nothing_silences_and_alarms_nobody():
    members = [("z", ZScoreDetector()), ("silent", FrozenEstimator(Silent().fit(X, Y)))]
    model = FusionDetector(members, weights=[1, 0]).fit(X)
    decision = model.decision_function(with_value(11))
    assert np.isfinite(decision).all()
    silent = FusionDetector(members).fit(X)
    assert silent.decision_function(with_value(11))[40] == np.inf


def test_smoothed_scores_that_are_infinite_are_alarms():
    model = SmoothedClassifier(AutoencoderDetector(**SMALL), 3).fit(X)
    decision = model.decision_function(with_value(4e38))
    assert not np.isnan(decision).any()
    assert (decision[40:43] == np.inf).all()


def test_a_foreign_detector_that_has_no_answer_alarms():
    class Undecided(IsolationForest):
        def decision_function(self, X):
            return np.where(np.abs(X).max(axis=1) > 10, np.nan, super().decision_function(X))

    model = OutlierClassifier(Undecided(n_estimators=3, random_state=0), threshold=MeanStd(9)).fit(X)
    assert np.flatnonzero(model.predict(with_value(99))).tolist() == [40]


def test_a_rolling_z_score_does_not_depend_on_the_scale():
    detector = ZScoreDetector("rolling")
    windows = SlidingWindow(10).fit_transform(X)
    expected = detector.fit(windows).transform(windows)
    for factor in (1e120, 1e300):
        huge = SlidingWindow(10).fit_transform(X * factor)
        np.testing.assert_allclose(detector.fit(huge).transform(huge), expected, rtol=1e-9, atol=1e-9)
