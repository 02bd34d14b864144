"""A check that a detector keeps the contract: detectors that do pass, for others it names the fault."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest

from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    GaussianDetector,
    OutlierClassifier,
    StatefulForecastDetector,
    VAEDetector,
    ZScoreDetector,
)
from sktsad.detectors import BaseDetector, WindowDetector
from sktsad.model_selection import check_detector

SMALL = {"max_epochs": 1, "random_state": 0}


@pytest.mark.parametrize(
    "detector",
    [
        ZScoreDetector(),
        ZScoreDetector(robust=True),
        GaussianDetector(),
        GaussianDetector("full"),
        OutlierClassifier(IsolationForest(n_estimators=5, random_state=0)),
        AutoencoderDetector(**SMALL),
        VAEDetector(**SMALL),
        StatefulForecastDetector(hidden_size=2, **SMALL),
    ],
    ids=lambda detector: type(detector).__name__,
)
def test_detectors_of_the_package_keep_the_contract(detector):
    check_detector(detector)


class Distance(WindowDetector, BaseEstimator):
    """Distance from the mean of the normal rows: as a user would write it."""

    _default_threshold = 5.0

    def __init__(self, threshold=None, *, validation_fraction=0.2, n_channels=None):
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels

    def _fit_model(self, windows, held_out):
        self.mean_ = np.asarray(windows).mean(axis=0)

    def _score(self, windows):
        with np.errstate(over="ignore"):
            return np.linalg.norm(np.asarray(windows) - self.mean_, axis=1)


def test_a_detector_of_a_user_keeps_the_contract():
    check_detector(Distance())


class OtherClasses(Distance):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.classes_ = np.array([-1, 1])
        return self


class OneScore(Distance):
    def _score(self, windows):
        return super()._score(windows)[:1]


class LearnsFromLabels(Distance):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.mean_ = self.mean_ + (y is not None)
        return self


class ClassesOfTheFirstRow(Distance):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.classes_ = np.array([0, 1]) if y is None or not np.any(y) else np.array([0, 2])
        return self


class PredictsOtherwise(Distance):
    def predict(self, X):
        return super().predict(X) + 2


class OwnDecision(Distance):
    def decision_function(self, X):
        return 2 * super().decision_function(X)


class NeverAlarms(Distance):
    def predict(self, X):
        return np.zeros(len(X), dtype=int)


class RoundedThreshold(Distance):
    @property
    def threshold_(self):
        return round(super().threshold_)


class ThresholdOfFit(Distance):
    def fit(self, X, y=None):
        super().fit(X, y)
        self._kept = super().threshold_
        return self

    @property
    def threshold_(self):
        return self._kept


class NotANumber(Distance):
    def anomaly_score(self, X):
        scores = self._score(self._read(X))
        return np.where(np.isfinite(scores), scores, np.nan)


class RefusesLargeNumbers(Distance):
    def anomaly_score(self, X):
        if np.abs(np.asarray(X)).max() > 1e20:
            raise ValueError("too large")
        return super().anomaly_score(X)


class ReadsTheClock(Distance):
    def anomaly_score(self, X):
        return super().anomaly_score(X) + hasattr(X, "index")


class LosesTheIndex(Distance):
    def feature_scores(self, X):
        windows = self._read(X)
        return self._frame(np.asarray(windows), windows, np.asarray(X))


class ScoresAPanelAsOne(Distance):
    def anomaly_score(self, X):
        scores = super().anomaly_score(X)
        return scores[:1] if getattr(getattr(X, "index", None), "nlevels", 1) > 1 else scores


class AnyLayout(BaseDetector, BaseEstimator):
    _default_threshold = 9.0

    def __init__(self, threshold=None, *, validation_fraction=0.2):
        self.threshold = threshold
        self.validation_fraction = validation_fraction

    def _read(self, X, reset=False):
        return np.asarray(X)

    def _fit_rows(self, rows, y, anomalous, held_out):
        pass

    def _score(self, rows):
        return np.minimum(np.abs(rows).sum(axis=1), 1e308)


class ScoresOneWindow(Distance):
    def anomaly_score(self, X):
        scores = super().anomaly_score(X)
        return scores[:1] if getattr(X, "length", 1) > 1 else scores


class Random(Distance):
    def _fit_model(self, windows, held_out):
        super()._fit_model(windows, held_out)
        self.mean_ = self.mean_ + (np.random.default_rng().normal() if np.shape(windows)[1] == 2 else 0)


class ForgetsWhenPickled(Distance):
    def __setstate__(self, state):
        super().__setstate__(state)
        self.mean_ = self.mean_ + 1


@pytest.mark.parametrize(
    "cls, message",
    [
        (OtherClasses, r"classes_ is \[-1  1\], not \[0, 1\]"),
        (OneScore, r"anomaly_score has shape \(1,\) for 240 rows"),
        (LearnsFromLabels, "With labels that are all 0"),
        (ClassesOfTheFirstRow, r"classes_ is \[0 2\] for labels 0 and 1"),
        (PredictsOtherwise, "predict returns labels that differ"),
        (OwnDecision, "decision_function is not"),
        (NeverAlarms, "predict is not the anomaly where"),
        (RoundedThreshold, "gives threshold_="),
        (ThresholdOfFit, "set as threshold after fit has no effect"),
        (NotANumber, "has a decision of NaN"),
        (ReadsTheClock, "A time index without a gap changes the scores"),
        (LosesTheIndex, "feature_scores does not keep the index"),
        (ScoresAPanelAsOne, "A panel is not scored row by row"),
        (ScoresOneWindow, "238 windows get scores of shape"),
        (AnyLayout, "Windows of 2 rows are scored by a detector that was fitted on windows of 3"),
        (ForgetsWhenPickled, "A pickled copy gives different scores"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_fault_is_named(cls, message):
    with pytest.raises(AssertionError, match=message):
        check_detector(cls())


def test_scores_that_change_from_fit_to_fit_are_found():
    with pytest.raises(AssertionError):
        check_detector(Random())


def test_to_refuse_large_numbers_is_an_answer():
    check_detector(RefusesLargeNumbers())


def test_a_forecast_needs_windows():
    with pytest.raises(ValueError, match="horizon=1 leaves nothing"):
        check_detector(ForecastDetector(n_channels=2, **SMALL))
