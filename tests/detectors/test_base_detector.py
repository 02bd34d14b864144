"""The contract of all detectors: fit on normal rows, score, compare with a threshold."""

import pickle

import naive
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM
from sklearn.utils import get_tags

from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    FusionDetector,
    GaussianDetector,
    KMeansDetector,
    LevelShiftDetector,
    LinearForecastDetector,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    SlidingWindow,
    VAEDetector,
    ZScoreDetector,
)
from sktsad.detectors._base_detector import MIN_HELD_OUT, BaseDetector
from sktsad.detectors._window_detector import WindowDetector
from sktsad.thresholds import AlarmsPerDay, BestFBeta, MeanStd, Quantile

LENGTH = 8
TIME = np.arange(400)
SERIES = np.sin(TIME / 4).reshape(-1, 1) + 0.05 * np.random.default_rng(0).normal(size=(400, 1))
Y = np.zeros(400, dtype=int)
for start in range(25, 400, 50):  # a spike in every 50 rows
    SERIES[start : start + 3] += 4
    Y[start : start + 3] = 1
WINDOWS = SlidingWindow(LENGTH).fit_transform(SERIES)

SMALL = {"hidden_sizes": (6, 2), "max_epochs": 3, "lr": 0.03, "random_state": 0}
DETECTORS = {
    "z": ZScoreDetector(),
    "rolling z": ZScoreDetector("rolling", robust=True),
    "full gaussian": GaussianDetector("full"),
    "one-class svm": OutlierClassifier(OneClassSVM(gamma=1.0, nu=0.05)),
    "dense autoencoder": AutoencoderDetector(**SMALL),
    "forecast": ForecastDetector("gru", hidden_size=8, max_epochs=3, lr=0.03, random_state=0),
}
#: For tests of the base class: a detector derived from it, one that wraps another estimator, one with a network.
BASES = ("full gaussian", "one-class svm", "dense autoencoder")
each_base = pytest.mark.parametrize("detector", [DETECTORS[name] for name in BASES], ids=BASES)
each_detector = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
learning_detectors = pytest.mark.parametrize(
    "detector",
    [d for name, d in DETECTORS.items() if name != "rolling z"],
    ids=[n for n in DETECTORS if n != "rolling z"],
)


def tail_of(n_rows, fraction):
    """Mark the last rows, by hand."""
    return np.arange(n_rows) >= n_rows - int(n_rows * fraction)


def assert_same_bits(one, other, rows=WINDOWS):
    np.testing.assert_array_equal(one.anomaly_score(rows), other.anomaly_score(rows))


# Scores, threshold, labels


@each_detector
def test_a_row_is_an_anomaly_if_its_score_is_above_the_threshold(detector):
    detector = clone(detector).fit(WINDOWS, Y)
    score, decision = detector.anomaly_score(WINDOWS), detector.decision_function(WINDOWS)
    assert score.shape == (400,) and score.dtype == np.float64
    assert isinstance(detector.threshold_, float)
    np.testing.assert_array_equal(decision, score - detector.threshold_)
    np.testing.assert_array_equal(detector.predict(WINDOWS), (score > detector.threshold_).astype(int))
    assert 0 < detector.predict(WINDOWS).sum() < 200


@each_base
def test_a_score_on_the_threshold_is_normal(detector):
    detector = clone(detector).fit(WINDOWS)
    score = detector.anomaly_score(WINDOWS)
    row = int(np.argsort(score)[300])
    detector.set_params(threshold=float(score[row]))
    assert detector.predict(WINDOWS)[row] == 0
    detector.set_params(threshold=float(np.nextafter(score[row], -np.inf)))
    assert detector.predict(WINDOWS)[row] == 1


@each_detector
def test_labelled_anomalies_rank_high_and_the_scores_are_not_upside_down(detector):
    detector = clone(detector).set_params(
        **({"max_epochs": 40} if "max_epochs" in detector.get_params() else {})
    )
    if detector.get_params().get("mode") == "global":
        detector.fit(SERIES, Y)
        assert roc_auc_score(Y, detector.decision_function(SERIES)) > 0.95
    else:
        detector.fit(WINDOWS, Y)
        judged = (np.convolve(Y, np.ones(LENGTH))[:400] == 0) | (Y == 1)  # windows with an anomaly after them
        assert roc_auc_score(Y[judged], detector.decision_function(WINDOWS)[judged]) > 0.95


@each_detector
@pytest.mark.parametrize(
    "method", ["predict", "decision_function", "anomaly_score", "feature_scores", "transform"]
)
def test_before_fit_it_says_so(detector, method):
    if hasattr(detector, method):
        with pytest.raises(NotFittedError):
            getattr(clone(detector), method)(WINDOWS)


@each_detector
def test_a_row_scores_the_same_bits_whatever_stands_beside_it(detector):
    detector = clone(detector).fit(WINDOWS)
    together = detector.anomaly_score(WINDOWS)
    for n_rows in (1, 2, 399):
        alone = detector.anomaly_score(WINDOWS[:n_rows])
        if getattr(detector, "covariance", None) == "full":  # matrix products of other sizes round otherwise
            np.testing.assert_allclose(alone, together[:n_rows], rtol=1e-12)
        else:
            np.testing.assert_array_equal(alone, together[:n_rows])


# Labels


@each_base
@pytest.mark.parametrize(
    "labels",
    [None, np.zeros(400, dtype=int), np.zeros(400), np.zeros(400, dtype=bool)],
    ids=["none", "int", "float", "bool"],
)
def test_without_labelled_anomalies_all_rows_are_normal(detector, labels):
    fitted = clone(detector).fit(WINDOWS, labels)
    expected = [False, True] if labels is not None and labels.dtype == bool else [0, 1]
    assert fitted.classes_.tolist() == expected
    assert fitted.classes_.dtype == (np.dtype(int) if labels is None else labels.dtype)
    assert fitted.predict(WINDOWS).dtype == fitted.classes_.dtype
    assert_same_bits(fitted, clone(detector).fit(WINDOWS))


@each_base
@pytest.mark.parametrize(
    "classes, warns",
    [
        ([0, 1], False),
        ([False, True], False),
        ([0.0, 1.0], False),
        ([-1, 1], True),
        (["bad", "good"], True),
        ([1, 2], True),
    ],
    ids=str,
)
def test_the_last_label_in_sorted_order_is_the_anomaly(detector, classes, warns):
    labels = np.array(classes)[Y]
    detector = clone(detector)
    if warns:
        with pytest.warns(
            UserWarning, match=f"{classes[1]!r}, the last in sorted order, is taken as the anomaly"
        ):
            detector.fit(WINDOWS, labels)
    else:
        detector.fit(WINDOWS, labels)
    assert detector.classes_.tolist() == classes
    is_anomaly = detector.predict(WINDOWS) == classes[1]
    np.testing.assert_array_equal(is_anomaly, detector.decision_function(WINDOWS) > 0)
    assert_same_bits(detector, clone(detector).fit(WINDOWS, Y))


@each_base
@pytest.mark.parametrize(
    "labels, message",
    [
        (np.ones(400, dtype=int), r"y contains only one class, 1: there is no normal row"),
        (np.ones(400, dtype=bool), r"y contains only one class, True: there is no normal row"),
        (np.full(400, "ok"), r"y contains only one class, 'ok': there is no normal row"),
        (
            np.arange(400) % 3,
            "Only binary classification is supported.*mark normal rows with 0 and anomalies with 1",
        ),
        (np.linspace(0, 1, 400), "Unknown label type"),
        (Y[:-1], "inconsistent numbers of samples"),
        (np.where(Y, np.nan, 0.0), "y contains NaN"),
    ],
    ids=["ones", "true", "one string", "three", "continuous", "too short", "nan"],
)
def test_labels_that_will_not_do_are_refused(detector, labels, message):
    with pytest.raises(ValueError, match=message):
        clone(detector).fit(WINDOWS, labels)


# What it is fitted on


@each_detector
def test_it_is_fitted_on_the_normal_rows_alone(detector):
    detector = clone(detector).set_params(threshold=1.5)
    normal = np.flatnonzero(Y == 0)
    fitted = clone(detector).fit(WINDOWS, Y)
    assert fitted.threshold_ == 1.5
    assert_same_bits(fitted, clone(detector).fit(WINDOWS[normal]))
    without_labels = clone(detector).fit(WINDOWS)
    if detector.get_params().get("mode") != "rolling":  # which learns nothing
        assert not np.array_equal(without_labels.anomaly_score(WINDOWS), fitted.anomaly_score(WINDOWS))


@each_base
@pytest.mark.parametrize("rule", [MeanStd(2), Quantile(0.9), BestFBeta()], ids=str)
def test_a_rule_learns_from_the_last_rows_and_the_model_does_not(detector, rule):
    detector = clone(detector).set_params(threshold=rule, validation_fraction=0.35)
    fitted = clone(detector).fit(WINDOWS, Y)
    tail, normal = tail_of(400, 0.35), Y == 0
    model_alone = clone(detector).set_params(threshold=0.0).fit(WINDOWS[~tail & normal])
    assert_same_bits(fitted, model_alone)

    if rule.needs_labels:
        by_hand = clone(rule).fit(model_alone.anomaly_score(WINDOWS[tail]), Y[tail])
    else:
        by_hand = clone(rule).fit(model_alone.anomaly_score(WINDOWS[tail & normal]))
    assert fitted.threshold_ == by_hand.threshold_
    np.testing.assert_array_equal(fitted.threshold_rule_.thresholds_, by_hand.thresholds_)
    assert fitted.threshold_rule_ is not fitted.threshold
    assert not hasattr(fitted.threshold, "threshold_")


@each_base
def test_a_rule_learns_from_the_last_rows_of_every_series(detector):
    index = pd.MultiIndex.from_product([["b", "a"], range(200)], names=["series", "time"])
    windows = SlidingWindow(LENGTH).fit_transform(pd.DataFrame(SERIES, index=index))
    detector = clone(detector).set_params(threshold=MeanStd(), validation_fraction=0.25)
    fitted = clone(detector).fit(windows, Y)
    tail = index.get_level_values("time") >= 150
    model_alone = clone(detector).set_params(threshold=0.0).fit(windows[~tail & (Y == 0)])
    assert_same_bits(fitted, model_alone, windows)
    scores = model_alone.anomaly_score(windows[tail & (Y == 0)])
    assert fitted.threshold_ == pytest.approx(scores.mean() + 3 * scores.std(), rel=1e-12)


@each_base
@pytest.mark.parametrize("fraction, n_rows", [(0.0, 400), (0.2, 2 * MIN_HELD_OUT - 1)])
def test_with_too_few_rows_to_hold_out_a_rule_learns_from_the_training_rows(detector, fraction, n_rows):
    detector = clone(detector).set_params(threshold=MeanStd(), validation_fraction=fraction)
    fitted = clone(detector).fit(WINDOWS[:n_rows])
    assert_same_bits(fitted, clone(detector).set_params(threshold=0.0).fit(WINDOWS[:n_rows]))
    scores = fitted.anomaly_score(WINDOWS[:n_rows])
    assert fitted.threshold_ == pytest.approx(scores.mean() + 3 * scores.std(), rel=1e-12)
    with pytest.raises(ValueError, match=r"held out no rows .*threshold=MeanStd\(\), validation_fraction=0"):
        fitted.p_values(WINDOWS)


@pytest.mark.parametrize(
    "n_rows, fraction, n_held_out",
    [(60, 0.2, 30), (100, 0.2, 30), (100, 0.4, 40), (400, 0.01, 30), (400, 0.2, 80)],
)
def test_of_few_rows_more_are_held_out_up_to_half(n_rows, fraction, n_held_out):
    detector = ZScoreDetector(threshold=MeanStd(), validation_fraction=fraction).fit(SERIES[:n_rows])
    assert len(detector.held_out_scores_) == n_held_out
    assert detector.center_ == pytest.approx(SERIES[: n_rows - n_held_out].mean())


@each_base
def test_p_values_compare_with_the_held_out_normal_rows(detector):
    detector = clone(detector).set_params(threshold=BestFBeta(), validation_fraction=0.35).fit(WINDOWS, Y)
    held_out = detector.held_out_scores_
    of_tail = detector.anomaly_score(WINDOWS[tail_of(400, 0.35) & (Y == 0)])
    np.testing.assert_allclose(held_out, of_tail, rtol=1e-5)  # batches of other sizes round otherwise
    expected = [
        (1 + np.sum(held_out >= score)) / (len(held_out) + 1) for score in detector.anomaly_score(WINDOWS)
    ]
    np.testing.assert_allclose(detector.p_values(WINDOWS), expected)
    assert not hasattr(detector.set_params(threshold=1.0).fit(WINDOWS), "held_out_scores_")
    assert not hasattr(detector, "predict_proba")  # normal rows do not tell how frequent anomalies are


@learning_detectors
def test_the_least_number_of_rows_to_hold_out_counts_normal_rows(detector):
    detector = clone(detector).set_params(threshold=MeanStd(), validation_fraction=0.1)
    on_all = clone(detector).set_params(threshold=0.0)
    some = np.zeros(400, dtype=int)
    some[:30] = some[-10:] = 1  # 30 of the last 40 rows are normal
    held_out = clone(detector).fit(WINDOWS, some).anomaly_score(WINDOWS)
    assert not np.array_equal(held_out, clone(on_all).fit(WINDOWS, some).anomaly_score(WINDOWS))
    some[-11] = 1
    assert_same_bits(clone(detector).fit(WINDOWS, some), clone(on_all).fit(WINDOWS, some))


@learning_detectors
def test_where_all_normal_rows_come_last_nothing_is_held_out(detector):
    labels = (np.arange(400) < 300).astype(int)
    detector = clone(detector).set_params(threshold=MeanStd(), validation_fraction=0.5)
    assert_same_bits(
        clone(detector).fit(WINDOWS, labels), clone(detector).set_params(threshold=1.0).fit(WINDOWS, labels)
    )


@each_base
@pytest.mark.parametrize(
    "labels, fraction, where",
    [
        (np.where(TIME < 200, Y, 0), 0.3, "the last 30% of the rows .validation_fraction=0.3"),
        (None, 0.3, "the last 30% of the rows"),
        (None, 0.0, "the training rows .validation_fraction=0.0"),
    ],
    ids=["none in the tail", "none at all", "no tail"],
)
def test_a_rule_that_needs_anomalies_says_where_it_looked_for_them(detector, labels, fraction, where):
    detector = clone(detector).set_params(threshold=BestFBeta(), validation_fraction=fraction)
    with pytest.raises(
        ValueError, match=rf"threshold=BestFBeta\(\) could not be learnt on {where}.*0 anomalous"
    ):
        detector.fit(WINDOWS, labels)
    assert not hasattr(detector, "classes_")


@each_base
def test_a_number_leaves_no_rule_behind(detector):
    detector = clone(detector).set_params(threshold=MeanStd()).fit(WINDOWS)
    assert detector.threshold_rule_.threshold_ == detector.threshold_
    detector.set_params(threshold=2).fit(WINDOWS)
    assert detector.threshold_ == 2.0
    assert not hasattr(detector, "threshold_rule_")


def test_by_default_the_threshold_is_6_median_deviations_above_the_median_and_of_networks_3_deviations():
    assert repr(ZScoreDetector().fit(WINDOWS).threshold_rule_) == "MedianMAD(k=6)"
    assert (
        ZScoreDetector("rolling").fit(WINDOWS).threshold_ == 3
    )  # a rule may be beyond all that a window can reach
    rule = AutoencoderDetector(**SMALL).fit(WINDOWS).threshold_rule_
    assert isinstance(rule, MeanStd) and rule.k == 3


@each_base
@pytest.mark.parametrize(
    "threshold", ["high", [1.0], MeanStd, np.nan, np.inf], ids=["str", "list", "class", "nan", "inf"]
)
def test_what_is_no_threshold_is_refused(detector, threshold):
    with pytest.raises(ValueError, match="'threshold' parameter"):
        clone(detector).set_params(threshold=threshold).fit(WINDOWS)


# A rule that counts alarms by time

HOURS = pd.date_range("2024-01-01", periods=400, freq="h", name="time")


@each_base
def test_alarms_per_day_are_counted_by_the_index_behind_a_window(detector):
    frame = pd.DataFrame(SERIES, index=HOURS)
    detector = clone(detector).set_params(threshold=AlarmsPerDay(1), validation_fraction=0.5)
    fitted = make_pipeline(SlidingWindow(LENGTH), detector).fit(frame)
    scores = pd.Series(fitted[-1].anomaly_score(fitted[0].transform(frame)), index=HOURS)[200:]
    assert fitted[-1].threshold_ == pytest.approx(AlarmsPerDay(1).fit(scores).threshold_)
    alarms = fitted.predict(frame)[200:]
    assert 0 < naive.count_runs(scores, alarms, 0.5) <= 200 / 24


@each_base
def test_alarms_per_day_are_counted_series_by_series(detector):
    index = pd.MultiIndex.from_product([["b", "a"], HOURS[:200]])
    frame = pd.DataFrame(SERIES, index=index)
    detector = clone(detector).set_params(threshold=AlarmsPerDay(2), validation_fraction=0.5)
    fitted = make_pipeline(SlidingWindow(LENGTH), detector).fit(frame, Y)
    tail = (np.arange(400) % 200 >= 100) & (Y == 0)
    scores = pd.Series(fitted[-1].anomaly_score(fitted[0].transform(frame)), index=index)[tail]
    assert fitted[-1].threshold_ == pytest.approx(AlarmsPerDay(2).fit(scores).threshold_)


@each_base
def test_alarms_per_day_cannot_be_counted_without_a_day(detector):
    detector = clone(detector).set_params(threshold=AlarmsPerDay(1), validation_fraction=0.5)
    message = r"threshold=AlarmsPerDay\(\) could not be learnt on the last 50%.*Give rows_per_day"
    for rows in (SERIES, pd.DataFrame(SERIES)):
        with pytest.raises(ValueError, match=message):
            make_pipeline(SlidingWindow(LENGTH), detector).fit(rows)
    detector.set_params(threshold__rows_per_day=24)


@each_base
def test_without_an_index_rows_are_numbered_and_labelled_anomalies_leave_a_hole(detector):
    detector = clone(detector).set_params(threshold=AlarmsPerDay(1), validation_fraction=0.5)
    by_index = make_pipeline(SlidingWindow(LENGTH), detector).fit(pd.DataFrame(SERIES, index=HOURS), Y)
    detector.set_params(threshold__rows_per_day=24)
    by_number = make_pipeline(SlidingWindow(LENGTH), detector).fit(SERIES, Y)
    assert by_number[-1].threshold_ == pytest.approx(by_index[-1].threshold_)


# Which column, which step


@each_detector
def test_feature_scores_say_which_channel_at_which_step(detector):
    if not hasattr(detector, "feature_scores"):
        return
    index = pd.MultiIndex.from_product([["b", "a"], HOURS[:200]])
    frame = pd.DataFrame(SERIES, index=index, columns=["load"])
    windows = SlidingWindow(3).fit_transform(frame)
    scores = clone(detector).fit(windows).feature_scores(windows[5:50])
    assert scores.columns.tolist() == ["load_t-2", "load_t-1", "load_t-0"][-scores.shape[1] :]
    assert scores.index.equals(index[5:50])
    unnamed = clone(detector).fit(np.asarray(windows)[:, :, None])
    assert unnamed.feature_scores(np.asarray(windows)[:, :, None]).columns[-1] == "x0_t-0"
    assert clone(detector).fit(np.asarray(windows)).feature_scores(np.asarray(windows)).columns[-1] == "x2"


# Input


@each_detector
def test_another_layout_than_that_of_fit_is_refused(detector):
    flat = np.asarray(WINDOWS)
    detector = clone(detector).fit(flat)
    with pytest.raises(ValueError, match=r"n_channels=4 to this estimator"):
        detector.predict(flat.reshape(400, 2, 4))
    with pytest.raises(ValueError, match=r"7 features, but .* is expecting 8"):
        detector.predict(flat[:, 1:])
    np.testing.assert_array_equal(detector.anomaly_score(flat[:, :, None]), detector.anomaly_score(flat))


@pytest.mark.parametrize(
    "detector",
    [
        NearestWindowsDetector(),
        NearestWindowsDetector(normalize=True),
        LevelShiftDetector(),
        OutlierClassifier(IsolationForest(n_estimators=10, random_state=0)),
        OutlierClassifier(LocalOutlierFactor(novelty=True, algorithm="brute")),
    ],
    ids=repr,
)
def test_a_value_whose_square_overflows_is_an_alarm_of_every_window_that_holds_it(detector):
    detector.fit(WINDOWS[:300])
    right = detector.decision_function(WINDOWS[300:])
    for value in (1e155, -1e300, np.finfo(float).max):
        rows = SERIES[300 - LENGTH + 1 :].copy()
        rows[LENGTH - 1 + 40] = value
        found = detector.decision_function(SlidingWindow(LENGTH).fit_transform(rows)[LENGTH - 1 :])
        held = np.arange(len(found)) // LENGTH == 5
        assert (found[held] == np.inf).all()
        np.testing.assert_allclose(found[~held], right[~held])


#: Every detector that learns from numbers, and not by a network or another library.
OF_NUMBERS = [
    GaussianDetector(),
    GaussianDetector("full"),
    GaussianDetector(half_life=100),
    KMeansDetector(5, random_state=0),
    LevelShiftDetector(),
    LinearForecastDetector(),
    NearestWindowsDetector(),
    NearestWindowsDetector(n_best=1),
    PCADetector(),
    ZScoreDetector(),
    ZScoreDetector("rolling"),
    ZScoreDetector(robust=True),
]
of_numbers = pytest.mark.parametrize("detector", OF_NUMBERS, ids=repr)


@pytest.mark.parametrize("detector", [d for d in OF_NUMBERS if getattr(d, "mode", "") != "rolling"], ids=repr)
@pytest.mark.parametrize("value", [1.01e150, -1e200, np.finfo(float).max])
def test_values_whose_squares_overflow_are_refused_by_fit_unless_they_are_labelled(detector, value):
    rows = SERIES.copy()
    rows[100] = value
    windows = SlidingWindow(LENGTH).fit_transform(rows)
    with pytest.raises(
        ValueError, match=r"8 of the \d+ normal windows contain values beyond 1e\+150.*SeriesImputer"
    ):
        clone(detector).fit(windows)
    y = np.zeros(400, dtype=int)
    y[100 : 100 + LENGTH] = 1
    assert np.isfinite(clone(detector).fit(windows, y).threshold_)


@of_numbers
def test_values_whose_squares_vanish_are_announced(detector):
    rows = np.hstack([SERIES, 1e-160 * SERIES])
    with pytest.warns(
        UserWarning, match=r"1 of the 2 channel\(s\) of X contain only values below 1e-150"
    ) as caught:
        clone(detector).fit(SlidingWindow(LENGTH).fit_transform(rows))
    assert [warning.filename for warning in caught] == [__file__]
    rows[:, 1] = 0  # there is nothing to learn
    clone(detector).fit(SlidingWindow(LENGTH).fit_transform(rows))
    clone(detector).fit(SlidingWindow(LENGTH).fit_transform(1e-140 * SERIES))


@of_numbers
@pytest.mark.parametrize("constant", [0.1, 1e9, 1e20, -3e38, 1e149])
def test_a_constant_channel_hides_nothing_whatever_its_value(detector, constant):
    """Such as a sensor that sends only a fill value: the rounding of its mean is larger than all else."""
    rows = np.hstack([np.full((400, 1), constant), SERIES])
    scores = [
        clone(detector).fit(windows[:300], Y[:300]).decision_function(windows)
        for windows in map(SlidingWindow(LENGTH).fit_transform, (rows, rows * [0, 1]))
    ]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-6, atol=1e-9)


@of_numbers
def test_an_offset_changes_no_score(detector):
    plain, offset = (
        clone(detector).fit(windows, Y).decision_function(windows)
        for windows in map(SlidingWindow(LENGTH).fit_transform, (SERIES, SERIES + 2.0**33))
    )
    np.testing.assert_allclose(offset, plain, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "detector, name, value",
    [
        (FusionDetector([("z", ZScoreDetector()), ("g", GaussianDetector())]), "combine", "max"),
        (GaussianDetector(), "covariance", "full"),
        (GaussianDetector("full"), "score_on", "last"),
        (KMeansDetector(3, random_state=0), "score_on", "overlap"),
        (LinearForecastDetector(), "horizon", 2),
        (NearestWindowsDetector(), "n_neighbors", 2),
        (NearestWindowsDetector(), "score_on", "overlap"),
        (PCADetector(1), "score_by", "inside"),
        (PCADetector(1), "score_on", "overlap"),
        (ZScoreDetector(), "mode", "rolling"),
        (ZScoreDetector(), "robust", True),
        (AutoencoderDetector(**SMALL), "score_on", "overlap"),
        (VAEDetector(**SMALL), "score_on", "overlap"),
        (ForecastDetector(hidden_size=4, max_epochs=1, random_state=0, warm_start=True), "horizon", 3),
    ],
)
def test_what_scores_depend_on_is_that_of_the_threshold(detector, name, value):
    """Set after fit, it would change the scores and leave the threshold as it was."""
    detector = clone(detector).fit(WINDOWS)
    before, was = detector.decision_function(WINDOWS), getattr(detector, name)
    detector.set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name}=.* was set after fit, where it was .*Call fit again"):
        detector.predict(WINDOWS)
    if name == "horizon" and hasattr(detector, "warm_start"):
        with pytest.raises(ValueError, match="Call fit again with warm_start=False, or set it back"):
            detector.fit(WINDOWS)
        detector.warm_start = False
    assert not np.array_equal(detector.fit(WINDOWS).decision_function(WINDOWS), before)
    detector.set_params(**{name: was})
    with pytest.raises(ValueError, match=f"{name}=.* was set after fit"):
        detector.decision_function(WINDOWS)
    np.testing.assert_allclose(detector.fit(WINDOWS).decision_function(WINDOWS), before, rtol=1e-5, atol=1e-6)


@each_detector
@pytest.mark.parametrize("bad, message", [(np.nan, "NaN"), (np.inf, "infinity")])
def test_values_that_are_not_finite_are_refused(detector, bad, message):
    rows = np.array(WINDOWS)
    rows[5, 3] = bad
    fitted = clone(detector).fit(WINDOWS)
    if np.isnan(bad) and get_tags(detector).input_tags.allow_nan:
        assert np.isfinite(clone(detector).fit(rows).decision_function(WINDOWS)).all()
        assert fitted.predict(rows).shape == (len(rows),)
        return
    with pytest.raises(ValueError, match=message):
        clone(detector).fit(rows)
    with pytest.raises(ValueError, match=message):
        fitted.predict(rows)


def test_training_scores_that_are_not_finite_name_their_cause():
    class Diverged(GaussianDetector):
        def _score(self, rows):
            return np.full(len(rows), np.inf)

    with pytest.raises(ValueError, match=r"could not be learnt .* rows are not finite\. Scale the input"):
        Diverged().fit(WINDOWS)


@each_detector
def test_input_is_not_altered(detector):
    rows, labels = np.array(WINDOWS), Y.copy()
    clone(detector).fit(rows, labels).predict(rows)
    np.testing.assert_array_equal(rows, WINDOWS)
    np.testing.assert_array_equal(labels, Y)


@each_base
def test_a_failed_fit_leaves_the_detector_as_it_was(detector):
    detector = clone(detector).fit(WINDOWS, Y)
    state, before = vars(detector).copy(), detector.decision_function(WINDOWS)
    with pytest.raises(ValueError, match="no normal row"):
        detector.fit(WINDOWS, Y**0)
    with pytest.raises(ValueError, match="could not be learnt"):
        detector.set_params(threshold=BestFBeta()).fit(WINDOWS)
    with pytest.raises(ValueError, match="n_channels=3 does not divide"):
        detector.set_params(n_channels=3).fit(np.asarray(WINDOWS))
    detector.set_params(threshold=None, n_channels=None)
    assert vars(detector) == state
    np.testing.assert_array_equal(detector.decision_function(WINDOWS), before)


@each_detector
def test_a_copy_from_a_pickle_decides_with_the_same_bits(detector):
    detector = clone(detector).set_params(threshold=Quantile(0.9)).fit(WINDOWS, Y)
    copied = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(copied.decision_function(WINDOWS), detector.decision_function(WINDOWS))


# Among the tools of scikit-learn and imbalanced-learn


@each_base
def test_a_rule_is_tuned_by_its_own_parameter_in_a_grid(detector):
    detector = clone(detector).set_params(threshold=Quantile(0.5), validation_fraction=0.3)
    search = GridSearchCV(detector, {"threshold__q": [0.5, 0.95]}, scoring="f1", cv=TimeSeriesSplit(2)).fit(
        WINDOWS, Y
    )
    assert search.best_params_ == {"threshold__q": 0.95}
    assert search.best_estimator_.threshold_rule_.q == 0.95
    assert search.best_score_ > 0


@each_detector
def test_a_pipeline_behind_a_window_is_tuned_on_f1(detector):
    name = type(detector).__name__.lower()
    pipe = make_pipeline(SlidingWindow(LENGTH), clone(detector))
    grid = {"slidingwindow__length": [2, 5], f"{name}__threshold": [0.5, MeanStd(2)]}
    search = GridSearchCV(pipe, grid, scoring=["f1", "roc_auc"], refit="f1", cv=TimeSeriesSplit(3)).fit(
        SERIES, Y
    )
    assert np.isfinite(search.cv_results_["mean_test_f1"]).all()
    assert search.best_score_ == max(search.cv_results_["mean_test_f1"]) > 0
    assert set(search.predict(SERIES)) == {0, 1}


@each_detector
def test_scoring_by_roc_auc_takes_the_decision_function_the_right_way_up(detector):
    rows = SERIES if detector.get_params().get("mode") == "global" else WINDOWS
    scores = cross_val_score(detector, rows, Y, scoring="roc_auc", cv=TimeSeriesSplit(3))
    assert scores.min() > 0.5
    labels = cross_val_predict(detector, rows, Y, cv=4)
    assert set(labels) == {0, 1}


@each_base
def test_windows_go_straight_into_cross_validation(detector):
    from_windows = cross_val_score(detector, WINDOWS, Y, scoring="average_precision", cv=TimeSeriesSplit(3))
    from_array = cross_val_score(
        detector, np.asarray(WINDOWS), Y, scoring="average_precision", cv=TimeSeriesSplit(3)
    )
    np.testing.assert_allclose(from_windows, from_array)


@each_base
def test_thresholds_of_scikit_learn_fit_around_it(detector):
    detector = clone(detector).set_params(threshold=1000.0)  # never an alarm
    assert clone(detector).fit(WINDOWS, Y).predict(WINDOWS).sum() == 0
    tuned = TunedThresholdClassifierCV(detector, scoring="f1", cv=3).fit(WINDOWS, Y)
    assert f1_score(Y, tuned.predict(WINDOWS)) > 0.3
    fixed = FixedThresholdClassifier(detector, threshold=-999.0, response_method="decision_function")
    scores = fixed.fit(WINDOWS, Y).estimator_.anomaly_score(WINDOWS)
    np.testing.assert_array_equal(fixed.predict(WINDOWS), (scores >= 1.0).astype(int))


@each_base
def test_calibration_of_scikit_learn_gives_it_probabilities(detector):
    calibrated = CalibratedClassifierCV(detector, cv=3).fit(WINDOWS, Y)
    probability = calibrated.predict_proba(WINDOWS)[:, 1]
    assert ((probability >= 0) & (probability <= 1)).all()
    assert roc_auc_score(Y, probability) > 0.6
    assert not hasattr(detector, "predict_proba")


@each_base
def test_it_can_be_the_last_step_behind_a_sampler(detector):
    pipe = make_imbalanced_pipeline(
        SlidingWindow(LENGTH), RandomUnderSampler(random_state=0), clone(detector)
    )
    labels = pipe.fit(SERIES, Y).predict(SERIES)
    assert labels.shape == (400,)
    sampled, kept = RandomUnderSampler(random_state=0).fit_resample(np.asarray(WINDOWS), Y)
    np.testing.assert_array_equal(labels, clone(detector).fit(sampled, kept).predict(np.asarray(WINDOWS)))


def test_a_detector_has_to_say_how_it_fits_and_scores():
    class Says(WindowDetector):
        threshold = n_channels = None
        validation_fraction = 0.0

    with pytest.raises(NotImplementedError):
        BaseDetector()._fit_rows(WINDOWS, None, Y, Y)
    with pytest.raises(NotImplementedError):
        Says()._fit_model(WINDOWS, None)
    with pytest.raises(NotImplementedError):
        Says()._score(WINDOWS)


@each_base
def test_a_number_set_as_threshold_counts_at_once_and_a_rule_waits_for_fit(detector):
    model = clone(detector).fit(WINDOWS)
    for number in (-1e9, 1e9):
        model.set_params(threshold=number)
        assert model.threshold_ == number
        assert (model.decision_function(WINDOWS) > 0).all() == (number < 0)
        assert model.predict(WINDOWS).any() == (number < 0)
    model.set_params(threshold=Quantile(0.5))
    for method in (model.predict, model.decision_function):
        with pytest.raises(
            ValueError, match=r"threshold=Quantile\(q=0.5\) was set after fit.*call fit again"
        ):
            method(WINDOWS)
    learnt = model.fit(WINDOWS).threshold_
    with pytest.raises(ValueError, match=r"threshold=Quantile\(q=0.6\) was set after fit"):
        _ = model.set_params(threshold__q=0.6).threshold_
    assert model.set_params(threshold__q=0.5).threshold_ == learnt


def test_there_is_no_threshold_before_fit():
    assert not hasattr(ZScoreDetector(), "threshold_")


@pytest.mark.parametrize(
    "detector",
    [
        GaussianDetector("full"),
        NearestWindowsDetector(),
        KMeansDetector(3, random_state=0),
        PCADetector(),
        VAEDetector(**SMALL),
    ],
    ids=lambda detector: type(detector).__name__,
)
def test_a_row_may_have_the_mean_score_of_all_windows_that_hold_it(detector):
    plain = clone(detector).fit(WINDOWS)
    overlap = clone(detector).set_params(score_on="overlap").fit(WINDOWS)
    scores = plain.anomaly_score(WINDOWS)
    expected = [scores[row : row + LENGTH].mean() for row in range(len(scores))]
    np.testing.assert_allclose(overlap.anomaly_score(WINDOWS), expected)
    assert overlap.threshold_ != plain.threshold_


def test_a_detector_does_not_depend_on_the_order_of_the_rows_of_fit():
    """Whose held-out tail and whose clusters are those of rows in time order."""
    X = pd.DataFrame(
        np.random.default_rng(0).normal(size=(200, 2)), pd.date_range("2026", periods=200, freq="min")
    )
    y = pd.Series((np.arange(200) % 50 == 7).astype(int), X.index)
    mixed = X.sample(frac=1, random_state=0)
    for detector in (KMeansDetector(5, random_state=0), ZScoreDetector()):
        right = clone(detector).fit(X, y)
        for given in (y.loc[mixed.index], y.loc[mixed.index].to_numpy()):
            found = clone(detector).fit(mixed, given)
            assert np.array_equal(found.decision_function(X), right.decision_function(X))
