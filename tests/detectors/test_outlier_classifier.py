"""Outlier detectors of scikit-learn and of PyOD, the right way up."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import DBSCAN
from sklearn.compose import ColumnTransformer
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDOneClassSVM
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM
from sklearn.utils.validation import check_is_fitted

from sktsad import OutlierClassifier, SeriesSplit, SlidingWindow, ZScoreDetector
from sktsad.thresholds import BestFBeta, Quantile

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = (np.arange(300) % 20 == 7).astype(int)
X[Y == 1] += 5


class FarOff(BaseEstimator):
    """Stands in for PyOD: answers 0 and 1, scores are distances, larger for outliers."""

    def __init__(self, contamination=0.1):
        self.contamination = contamination

    def fit(self, X, y=None):
        self.center_ = np.mean(X, axis=0)
        self.decision_scores_ = self.decision_function(X)
        self.threshold_ = np.percentile(self.decision_scores_, 100 * (1 - self.contamination))
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        return self

    def decision_function(self, X):
        check_is_fitted(self)
        return np.linalg.norm(X - self.center_, axis=1)

    def predict(self, X):
        return (self.decision_function(X) > self.threshold_).astype(int)


class OfItsRowsOnly(FarOff):
    """Like those of PyOD that score the rows of fit, and no others."""

    def fit(self, X, y=None):
        self.decision_scores_, self.threshold_ = np.arange(len(X)), 1.0
        return self

    def decision_function(self, X):
        raise NotImplementedError("It is transductive.")


OF_SKLEARN = {
    "forest": IsolationForest(n_estimators=20, random_state=0),
    "forest with contamination": IsolationForest(n_estimators=20, contamination=0.05, random_state=0),
    "svm": OneClassSVM(nu=0.1),
    "linear svm": SGDOneClassSVM(random_state=0),
    "neighbours": LocalOutlierFactor(novelty=True),
    "envelope": EllipticEnvelope(random_state=0),
    "pipeline": make_pipeline(StandardScaler(), OneClassSVM(nu=0.05)),
}
DETECTORS = {
    **OF_SKLEARN,
    "pyod": FarOff(),
    "pyod in a pipeline": make_pipeline(StandardScaler(), FarOff(0.02)),
}
each_detector = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)


def said(detector, X):
    """Outliers that a detector itself finds."""
    labels = detector.predict(X)
    return labels == (-1 if (labels == -1).any() else 1)


@each_detector
@pytest.mark.parametrize("labels", [None, Y], ids=["no labels", "labels"])
def test_with_threshold_0_the_detector_itself_decides(detector, labels):
    model = OutlierClassifier(detector, threshold=0.0).fit(X, labels)
    alone = clone(detector).fit(X if labels is None else X[Y == 0])
    np.testing.assert_array_equal(model.predict(X), said(alone, X))
    assert 0 < model.predict(X).sum() < 300
    assert model.threshold_ == 0
    assert not hasattr(detector, "n_features_in_") and not hasattr(detector, "threshold_")


@each_detector
def test_a_frozen_detector_stays_as_it_is(detector):
    fitted = clone(detector).fit(X[:100])
    model = OutlierClassifier(FrozenEstimator(fitted), threshold=Quantile(0.9)).fit(X[100:], Y[100:])
    assert model.detector_.estimator is fitted
    model.set_params(threshold=0.0).fit(X[100:])
    np.testing.assert_array_equal(model.predict(X), said(fitted, X))


@each_detector
def test_scores_are_larger_for_outliers(detector):
    if "sgdoneclasssvm" in str(detector).lower():
        detector = make_pipeline(StandardScaler(), OneClassSVM(kernel="rbf"))  # a line has no outside
    assert roc_auc_score(Y, OutlierClassifier(detector).fit(X, Y).decision_function(X)) > 0.95


@each_detector
def test_a_rule_learns_the_threshold_from_rows_that_the_detector_has_not_seen(detector):
    model = OutlierClassifier(detector, threshold=Quantile(0.9)).fit(X, Y)
    tail = np.arange(300) >= 240
    alone = OutlierClassifier(detector, threshold=0.0).fit(X[~tail & (Y == 0)])
    np.testing.assert_array_equal(model.anomaly_score(X), alone.anomaly_score(X))
    assert model.threshold_ == Quantile(0.9).fit(alone.anomaly_score(X[tail & (Y == 0)])).threshold_


def test_without_a_threshold_the_rule_of_all_detectors_decides():
    model = OutlierClassifier(IsolationForest(contamination=0.4, random_state=0)).fit(X, Y)
    assert repr(model.threshold_rule_) == "MedianMAD(k=6)"
    assert 0 < model.predict(X[Y == 0]).mean() < 0.1  # not 0.4
    assert model.predict(X[Y == 1]).mean() > 0.9


@pytest.mark.parametrize("contamination", [0.02, 0.2])
@pytest.mark.parametrize("detector", [IsolationForest(random_state=0), FarOff()], ids=["sklearn", "pyod"])
def test_contamination_sets_the_share_of_alarms(detector, contamination):
    model = OutlierClassifier(detector.set_params(contamination=contamination), threshold=0.0).fit(X)
    assert model.predict(X).sum() == 300 * contamination


def test_it_is_tuned_inside_and_out_behind_a_window():
    pipe = make_pipeline(SlidingWindow(3), OutlierClassifier(OneClassSVM(), threshold=Quantile(0.9)))
    grid = {
        "slidingwindow__length": [1, 4],
        "outlierclassifier__detector__nu": [0.05, 0.5],
        "outlierclassifier__threshold__q": [0.5, 0.95],
    }
    search = GridSearchCV(pipe, grid, scoring="f1", cv=SeriesSplit(2), error_score="raise").fit(X, Y)
    assert search.best_params_["outlierclassifier__threshold__q"] == 0.95
    assert search.best_estimator_[-1].detector_.nu == search.best_params_["outlierclassifier__detector__nu"]
    assert search.best_score_ > 0.6


# Names of columns

FRAME = pd.DataFrame(X, columns=["a", "b"])


def by_name():
    return make_pipeline(ColumnTransformer([("one", StandardScaler(), ["b"])]), OneClassSVM())


@pytest.mark.parametrize("make", [lambda: IsolationForest(random_state=0), by_name], ids=["plain", "by name"])
@pytest.mark.parametrize("freeze", [False, True])
def test_a_detector_gets_the_names_of_the_columns(make, freeze):
    detector = FrozenEstimator(make().fit(FRAME)) if freeze else make()
    model = OutlierClassifier(detector).fit(FRAME, Y)
    assert model.detector_.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(
        model.anomaly_score(FRAME), -model.detector_.decision_function(FRAME[["a", "b"]])
    )


def test_a_frozen_detector_that_knows_no_names_gets_none():
    model = OutlierClassifier(FrozenEstimator(OneClassSVM().fit(X)), threshold=0.0).fit(FRAME)
    np.testing.assert_array_equal(model.predict(FRAME), model.detector_.predict(X) == -1)


# Bad input


@pytest.mark.parametrize(
    "detector, message",
    [
        (LocalOutlierFactor(), r"LocalOutlierFactor\(\) cannot score new rows.*novelty=True"),
        (make_pipeline(StandardScaler(), LocalOutlierFactor()), "cannot score new rows"),
        (DBSCAN(), r"DBSCAN\(\) cannot score new rows: it has no decision_function"),
        (OfItsRowsOnly(), r"OfItsRowsOnly\(\) cannot score new rows: It is transductive"),
        (
            LogisticRegression(),
            r"LogisticRegression\(\) is a classifier, not an outlier detector. Use it without",
        ),
        (make_pipeline(StandardScaler(), LogisticRegression()), "is a classifier"),
        (ZScoreDetector(), r"ZScoreDetector\(\) is a classifier"),
        (LinearRegression(), "is a regressor"),
        (
            make_pipeline(SlidingWindow(3), OneClassSVM()),
            r"SlidingWindow inside.*make_pipeline\(SlidingWindow\(30\)",
        ),
        (FrozenEstimator(make_pipeline(SlidingWindow(3), OneClassSVM()).fit(X)), "SlidingWindow inside"),
    ],
    ids=str,
)
def test_what_is_no_detector_of_new_rows_is_refused(detector, message):
    with pytest.raises(TypeError, match=message):
        OutlierClassifier(detector).fit(X, Y)


def test_scores_that_nobody_knows_the_sense_of_are_refused():
    class Scores(BaseEstimator):
        def fit(self, X, y=None):
            return self

        def decision_function(self, X):
            return np.zeros(len(X))

    with pytest.raises(TypeError, match="it is unknown whether larger scores are more anomalous"):
        OutlierClassifier(Scores()).fit(X)


@pytest.mark.parametrize("detector", [None, "forest"])
def test_what_has_no_fit_is_refused(detector):
    with pytest.raises(ValueError, match="The 'detector' parameter"):
        OutlierClassifier(detector).fit(X)


def test_a_class_is_not_a_detector():
    with pytest.raises(TypeError, match="instance"):
        OutlierClassifier(OneClassSVM).fit(X)


def test_rules_with_labels_learn_from_a_labelled_tail():
    model = OutlierClassifier(OneClassSVM(), threshold=BestFBeta(), validation_fraction=0.4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        labels = model.fit(X, Y).predict(X)
    assert (labels == Y).mean() > 0.95
