"""Detectors without networks find the anomaly of their kind, and not that of another."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from sktsad import (
    FusionDetector,
    GaussianDetector,
    KMeansDetector,
    LinearForecastDetector,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    SlidingWindow,
    ZScoreDetector,
)

N = 1200
TIME = np.arange(N)
HALF = N // 2
#: Where the anomalies are: runs of 12 rows in the second half.
Y = ((TIME >= HALF) & (TIME % 60 >= 48)).astype(int)
STARTS = np.flatnonzero(np.diff(Y) == 1) + 1


def noise(seed, n_columns=1):
    return np.random.default_rng(seed).normal(size=(N, n_columns))


def spikes():
    """Noise; every third row of an event is far off."""
    rows, labels = noise(0), (Y == 1) & (TIME % 3 == 0)
    rows[labels] += 8
    return rows, labels


def level_shift():
    """Noise around another level; judged as it sets in."""
    rows = noise(1) * 0.3
    rows[Y == 1] += 4
    return rows, np.isin(TIME, STARTS)


def spikes_on_a_drift():
    """Far off for the rows around them, and usual for the series."""
    rows, labels = spikes()
    return rows + TIME[:, None] * 0.5, labels


def slow_shift():
    """Noise that creeps to another level, over more rows than a window has, and stays there."""
    rows = noise(2) * 0.3
    rows[HALF:] += np.minimum(np.arange(HALF) / 100, 1)[:, None] * 3
    return rows, (TIME >= HALF + 50).astype(int)


def shape():
    """A sine that turns into a square wave of the same spread."""
    phase = np.sin(2 * np.pi * TIME / 12)
    rows = np.where(Y == 1, np.sign(phase + 1e-9) / np.sqrt(2), phase)
    return rows[:, None] + 0.05 * noise(3), Y


def correlation():
    """Two columns that go together, and within events against each other; each alone is the same."""
    common = np.sign(noise(4)) * (1 + 0.2 * np.abs(noise(6)))
    sign = np.where(Y == 1, -1, 1)[:, None]
    return np.hstack([common, sign * common]) + 0.1 * noise(5, 2), Y


def auc(detector, kind, length=1):
    """AUC on the second half of a detector fitted to the first; windows that end after an event are left out."""
    rows, labels = kind()
    labels = np.asarray(labels).astype(int)
    pipe = make_pipeline(SlidingWindow(length), detector).fit(rows[:HALF])
    judged = TIME >= HALF
    if length > 1:
        behind = np.convolve(Y, np.ones(length))[:N] > 0
        judged &= (labels == 1) | ~behind
    return roc_auc_score(labels[judged], pipe.decision_function(rows)[judged])


ROLLING = ZScoreDetector("rolling")
NEAREST, SHAPES = NearestWindowsDetector(), NearestWindowsDetector(normalize=True)
CLUSTERS = KMeansDetector(random_state=0)
LAST = GaussianDetector("full", score_on="last")
SVM = OutlierClassifier(OneClassSVM(gamma=0.5))
FUSION = FusionDetector([("z", ZScoreDetector()), ("gaussian", GaussianDetector("full"))], combine="max")


@pytest.mark.parametrize(
    "detector, kind, length",
    [
        (ZScoreDetector(), spikes, 1),
        (ZScoreDetector(robust=True), spikes, 1),
        (ROLLING, spikes_on_a_drift, 30),
        (ROLLING, level_shift, 20),
        (GaussianDetector(), spikes, 1),
        (GaussianDetector("full"), correlation, 1),
        (GaussianDetector("full"), shape, 12),
        (LAST, level_shift, 20),
        (LinearForecastDetector(), level_shift, 20),
        (NEAREST, spikes, 1),
        (NEAREST, shape, 12),
        (NEAREST, correlation, 1),
        (SHAPES, shape, 12),
        (CLUSTERS, shape, 12),
        (CLUSTERS, spikes, 1),
        (PCADetector(), shape, 12),
        (PCADetector(1), correlation, 1),
        (PCADetector(score_by="inside"), spikes, 1),
        (SVM, correlation, 1),
        (SVM, shape, 12),
        (FUSION, spikes, 1),
        (FUSION, correlation, 1),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_it_finds_the_anomaly_of_its_kind(detector, kind, length):
    assert auc(detector, kind, length) > 0.95


@pytest.mark.parametrize(
    "detector, kind, length",
    [
        (ZScoreDetector(), correlation, 1),  # each value alone is usual
        (ZScoreDetector(), shape, 12),
        (ROLLING, slow_shift, 20),  # its window has shifted, too
        (GaussianDetector(), correlation, 1),
        (GaussianDetector("full"), shape, 1),  # a value is no shape
        (SVM, shape, 1),
        (SHAPES, spikes, 1),  # a row by itself has no shape
        (PCADetector(1), spikes, 1),  # one component restores all of one column
        (FusionDetector([("z", ZScoreDetector()), ("gaussian", GaussianDetector())]), correlation, 1),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_it_does_not_see_the_anomaly_of_another(detector, kind, length):
    assert auc(detector, kind, length) < 0.7


def test_an_anomaly_that_one_member_sees_is_seen_by_the_fusion():
    rolling = make_pipeline(SlidingWindow(20), ROLLING)
    fusion = FusionDetector([("z", ZScoreDetector()), ("rolling", rolling)], combine="max")
    assert auc(fusion, slow_shift) > 0.95
    assert auc(fusion, spikes) > 0.95
