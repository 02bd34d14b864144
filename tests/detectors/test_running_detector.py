from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, SeriesScaler, SlidingWindow, ZScoreDetector
from sktsad._core import Estimator
from sktsad.detectors._running_detector import RunningDetector
from sktsad.thresholds import Quantile

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 3)) + [0, 5, -100] + np.linspace(0, 2, 400)[:, None]
ROWS[:150, 1] = 7.0  # stands still at first
PIECES = [slice(0, 100), slice(100, 101), slice(101, 300), slice(300, 400)]
DETECTORS = {
    "z": ZScoreDetector(threshold=1.0),
    "diagonal": GaussianDetector(threshold=1.0),
    "full": GaussianDetector("full", shrinkage=0.1, threshold=1.0),
    "last": GaussianDetector("full", shrinkage=0.0, score_on="last", threshold=1.0),
}
each_detector = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)


@each_detector
@pytest.mark.parametrize("half_life", [None, 60])
def test_piece_by_piece_it_learns_what_it_learns_from_all_at_once(detector, half_life):
    detector = clone(detector).set_params(half_life=half_life)
    at_once, by_piece = clone(detector).fit(ROWS), clone(detector)
    for piece in PIECES:
        assert by_piece.partial_fit(ROWS[piece]) is by_piece
    np.testing.assert_allclose(by_piece.anomaly_score(ROWS), at_once.anomaly_score(ROWS), rtol=1e-9)


@each_detector
def test_with_a_half_life_moments_are_weighted_by_age(detector):
    detector = clone(detector).set_params(half_life=50).fit(ROWS)
    weights = 0.5 ** (np.arange(400)[::-1] / 50)
    mean = np.average(ROWS, axis=0, weights=weights)
    scale = np.sqrt(np.average((ROWS - mean) ** 2, axis=0, weights=weights))
    center = detector.center_ if hasattr(detector, "center_") else detector.mean_
    np.testing.assert_allclose(center, mean)
    np.testing.assert_allclose(detector.scale_, scale)
    if hasattr(detector, "precision_"):
        z = (ROWS - mean) / scale
        correlation = np.average(z[:, :, None] * z[:, None], axis=0, weights=weights)
        kept = 1 - detector.shrinkage
        expected = kept * correlation + (detector.shrinkage + 1e-6) * np.eye(3)
        np.testing.assert_allclose(np.linalg.inv(detector.precision_), expected, atol=1e-7)


@each_detector
def test_a_half_life_in_time_is_one_in_rows_of_each_series(detector):
    def minutes(step, first=0):
        return pd.DataFrame(
            ROWS[first:], pd.Timestamp("2026-01-01") + np.arange(first, 400) * pd.Timedelta(step, "min")
        )

    in_rows, in_time = (clone(detector).set_params(half_life=each) for each in (40, timedelta(minutes=80)))
    for rows in (minutes(2)[:300], minutes(2)[300:301], minutes(2)[301:]):
        in_rows.partial_fit(rows)
        in_time.partial_fit(rows)
    np.testing.assert_allclose(in_time.anomaly_score(ROWS), in_rows.anomaly_score(ROWS))
    # Of two machines, the slower one forgets in fewer rows; one that fit did not see has the typical half-life.
    panel = pd.concat({"fast": minutes(2), "slow": minutes(8)})
    weights = np.concatenate([0.5 ** (np.arange(400)[::-1] / n_rows) for n_rows in (40, 10)])
    detector = clone(in_time).fit(panel.sample(frac=1, random_state=0))
    center = detector.center_ if hasattr(detector, "center_") else detector.mean_
    mean = np.average(panel, axis=0, weights=weights)
    np.testing.assert_allclose(center, mean)
    detector.partial_fit(pd.concat({"new": minutes(2, 398)}))
    later = detector.center_ if hasattr(detector, "center_") else detector.mean_
    kept, new = 0.5 ** (2 / 25), 0.5 ** np.array([1 / 25, 0])
    wanted = (kept * weights.sum() * mean + new @ ROWS[398:]) / (kept * weights.sum() + new.sum())
    np.testing.assert_allclose(later, wanted)


@pytest.mark.parametrize(
    ("half_life", "rows", "error"),
    [
        ("1h", ROWS, "half_life='1h' is a length of time, which needs dates in the index of X"),
        ("0h", pd.DataFrame(ROWS, pd.date_range("2026", periods=400)), "half_life='0h' must be above 0"),
        ("1h", pd.DataFrame(ROWS, [pd.Timestamp("2026")] * 400), "are repeated, for example by a sampler"),
    ],
)
def test_a_half_life_in_time_needs_a_time_step(half_life, rows, error):
    with pytest.raises(ValueError, match=error):
        ZScoreDetector(threshold=1.0, half_life=half_life).fit(rows)


def test_automatic_shrinkage_is_nearly_that_of_all_rows_at_once():
    rows = np.random.default_rng(0).normal(size=(400, 3)) @ [[1, 0.5, 0], [0, 1, 0.5], [0, 0, 1]]
    at_once, by_piece = GaussianDetector("full").fit(rows), GaussianDetector("full", threshold=1.0)
    for first in range(0, 320, 80):
        by_piece.partial_fit(rows[first : first + 80])
    np.testing.assert_allclose(by_piece.precision_, at_once.precision_, rtol=1e-2, atol=1e-2)


def test_series_age_by_their_own_rows():
    index = pd.MultiIndex.from_product([["b", "a"], pd.date_range("2026-01-05", periods=200, freq="h")])
    panel = pd.DataFrame(ROWS, index)
    detector = ZScoreDetector(threshold=1.0, half_life=20).fit(panel)
    newest = np.concatenate([ROWS[190:200], ROWS[390:]]).mean(axis=0)
    oldest = np.concatenate([ROWS[:10], ROWS[200:210]]).mean(axis=0)
    assert (np.abs(detector.center_ - newest) < np.abs(detector.center_ - oldest)).all()
    shuffled = panel.sample(frac=1, random_state=0)
    np.testing.assert_allclose(clone(detector).fit(shuffled).center_, detector.center_)


def test_a_pipeline_gives_its_last_step_what_it_makes_of_the_rows():
    days = pd.date_range("2026-01-05", periods=400, freq="h")
    frame = pd.DataFrame(ROWS, days, ["a", "b", "c"])
    model = make_pipeline(SeriesScaler(), SlidingWindow(4), GaussianDetector("full", half_life=100))
    model.fit(frame[:300])
    threshold, before = model[-1].threshold_, model.decision_function(frame[300:]).mean()
    model[-1].partial_fit(model[:-1].transform(frame[300:]))
    assert model[-1].threshold_ == threshold
    assert model.decision_function(frame[300:]).mean() < before  # it has followed the drift


def test_the_first_call_is_fit_and_learns_the_threshold():
    first = ZScoreDetector(threshold=Quantile(0.9)).partial_fit(ROWS)
    fitted = ZScoreDetector(threshold=Quantile(0.9)).fit(ROWS)
    assert first.threshold_ == fitted.threshold_
    np.testing.assert_array_equal(first.center_, fitted.center_)


def test_anomalies_are_left_out_and_classes_may_come_before_labels_do():
    y = np.array(["bad", "good"])[(np.arange(400) % 7 == 0).astype(int)]
    alone = ZScoreDetector(threshold=1.0).fit(ROWS[y == "bad"])
    detector = ZScoreDetector(threshold=1.0)
    with pytest.warns(UserWarning, match="'good', the last in sorted order, is taken as the anomaly"):
        detector.partial_fit(ROWS[1:7], y[1:7], classes=["good", "bad"])
    detector.partial_fit(ROWS[7:], y[7:]).partial_fit(ROWS[:1], y[:1], classes=["bad", "good"])
    assert detector.classes_.tolist() == ["bad", "good"]
    np.testing.assert_allclose(detector.center_, alone.center_)
    np.testing.assert_allclose(detector.scale_, alone.scale_)


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        ([0, 2], None, r"y holds labels \[0, 2\], but the classes are \[0, 1\]"),
        ([0, 1], [0, 2], r"classes=\[0, 2\] must be \[0, 1\], as before"),
    ],
)
def test_other_labels_than_before_are_refused_and_change_nothing(y, classes, message):
    detector = ZScoreDetector(threshold=1.0).fit(ROWS)
    with pytest.raises(ValueError, match=message):
        detector.partial_fit(ROWS[:2], y, classes)
    np.testing.assert_array_equal(detector.center_, ZScoreDetector(threshold=1.0).fit(ROWS).center_)
    with pytest.raises(ValueError, match=r"classes=\[1\] must be two labels"):
        ZScoreDetector().partial_fit(ROWS[:2], [1, 1], [1])
    with pytest.raises(NotFittedError):
        ZScoreDetector().predict(ROWS)


@pytest.mark.parametrize("detector", [ZScoreDetector("rolling"), ZScoreDetector(robust=True)], ids=str)
def test_what_has_no_running_moments_says_so(detector):
    assert not hasattr(detector, "partial_fit")
    with pytest.raises(ValueError, match=r"half_life=3 has no effect with (mode='rolling'|robust=True)"):
        clone(detector).set_params(half_life=3).fit(ROWS)


def test_a_detector_of_ones_own_says_how_it_learns():
    class Silent(RunningDetector, Estimator):
        threshold, validation_fraction, n_channels, half_life = 1.0, 0.2, None, None

    with pytest.raises(NotImplementedError):
        Silent().fit(ROWS)
