"""Several detectors as one."""

import pickle
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sktsad import (
    FusionDetector,
    GaussianDetector,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    ThresholdClassifier,
    WindowReducer,
    ZScoreDetector,
)
from sktsad.detectors._score_scales import LogScale, RankScale, RarityScale, RobustScale, TailScale
from sktsad.live import LiveScorer
from sktsad.thresholds import BestFBeta, Quantile

RNG = np.random.default_rng(0)
N = 400
X = RNG.normal(size=(N, 2))
Y = (np.arange(N) % 20 == 9).astype(int)
X[Y == 1] += 4
PANEL = pd.DataFrame(
    X, columns=["a", "b"], index=pd.MultiIndex.from_product([["p", "q"], range(N // 2)], names=["s", "t"])
)
Z, GAUSSIAN, LINEAR = ZScoreDetector(), GaussianDetector("full"), LogisticRegression()
ROLLING = make_pipeline(SlidingWindow(12), ZScoreDetector("rolling"))
FOREST = OutlierClassifier(IsolationForest(n_estimators=10, random_state=0))
MEMBERS = [("z", Z), ("rolling", ROLLING), ("linear", LINEAR)]

#: Those that keep the order of all scores; "log" does so above the median.
ORDERED = {"rarity": RarityScale, "rank": RankScale, "robust": RobustScale, "tail": TailScale}
SCALES = {**ORDERED, "log": LogScale}
each_scale = pytest.mark.parametrize("scale", list(SCALES))
each_way = pytest.mark.parametrize("combine", ["mean", "max"])


class FirstColumn(ClassifierMixin, BaseEstimator):
    """Scores a row by its first column."""

    def fit(self, X, y=None):
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X):
        return np.asarray(X)[:, 0]


# Scales

FINITE = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@pytest.mark.parametrize("make", list(ORDERED.values()))
@given(known=st.lists(FINITE, min_size=1, max_size=20), scores=st.lists(FINITE, min_size=1, max_size=20))
def test_a_scale_keeps_the_order_within_and_beyond_the_known_scores(make, known, scores):
    scores = np.unique(scores)
    scaled = make(np.array(known))(scores)
    assert np.isfinite(scaled).all()
    assert (np.diff(scaled) > 0).all()


def test_a_rank_is_the_share_of_known_scores_up_to_it():
    known = np.array([3.0, 1.0, 2.0, 2.0, 8.0])
    scale = RankScale(known)
    np.testing.assert_allclose(scale(known), [(known <= score).mean() for score in known])
    np.testing.assert_allclose(scale(np.array([1.5, 5.5])), [(0.2 + 0.6) / 2, 0.9])
    quarter, three_quarters = np.percentile(known, [25, 75])
    np.testing.assert_allclose(
        scale(np.array([10.0, 0.0])),
        [1 + 2 / (three_quarters - quarter), 0.2 - 1 / (three_quarters - quarter)],
    )


def test_a_rarity_is_minus_the_logarithm_of_the_share_above():
    known = np.array([3.0, 1.0, 2.0, 2.0, 8.0])
    scale = RarityScale(known)
    np.testing.assert_allclose(scale(known), [-np.log(1 - (known <= score).sum() / 6) for score in known])
    quarter, three_quarters = np.percentile(known, [25, 75])
    np.testing.assert_allclose(
        scale(np.array([10.0, 0.0])),
        [
            np.log(6) + np.log1p(2 / (three_quarters - quarter)),
            np.log(6 / 5) - np.log1p(1 / (three_quarters - quarter)),
        ],
    )


def test_the_rarity_of_normal_rows_has_mean_and_deviation_one():
    scale = RarityScale(RNG.normal(size=20_000))
    rarity = scale(RNG.normal(size=20_000))
    assert rarity.mean() == pytest.approx(1, abs=0.05)
    assert rarity.std() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("scale", ["rarity", "robust"])
def test_by_default_few_normal_rows_are_alarms_and_anomalies_are_found(scale):
    members = [("z", Z), ("both", GAUSSIAN)]
    fusion = FusionDetector(members, scale=scale).fit(RNG.standard_t(3, size=(2000, 2)))
    assert fusion.predict(RNG.standard_t(3, size=(2000, 2))).mean() < 0.04
    assert fusion.predict(RNG.normal(12, 1, size=(20, 2))).all()


def test_a_robust_scale_counts_deviations_from_the_median():
    known = [3.0, 1.0, 2.0, 2.5, 8.0]
    spread = 1.4826 * statistics.median(abs(score - 2.5) for score in known)
    np.testing.assert_allclose(RobustScale(np.array(known))(np.array([2.5, 9.0])), [0, 6.5 / spread])


def test_a_tail_scale_counts_in_units_of_the_99_percent_quantile():
    known = np.random.default_rng(0).exponential(size=10_000) - 7
    scaled = TailScale(known)(known)
    assert np.median(scaled) == pytest.approx(0)
    assert (scaled > 1).mean() == pytest.approx(0.01)


@given(known=st.lists(FINITE, min_size=1, max_size=20), scores=st.lists(FINITE, min_size=1, max_size=20))
def test_a_log_scale_is_0_up_to_the_median_log_2_at_the_largest_and_grows_from_there(known, scores):
    scale, median = LogScale(np.array(known)), np.median(known)
    scores = np.unique(scores)
    scaled = scale(scores)
    assert np.isfinite(scaled).all()
    np.testing.assert_array_equal(scaled[scores <= median], 0)
    assert (np.diff(scaled[scores >= median]) > 0).all()
    largest = max(known)
    if largest > median:
        np.testing.assert_allclose(scale(np.array([largest])), np.log(2))
        np.testing.assert_allclose(scale(np.array([median + 7 * (largest - median)])), np.log(8))


@pytest.mark.parametrize("make, level", [(RankScale, 1), (RobustScale, 0), (TailScale, 0)])
@pytest.mark.parametrize("constant, unit", [(0.0, 1), (0.3, 1), (-50.0, 50)])
def test_where_all_known_scores_are_equal_the_distance_counts(make, level, constant, unit):
    scale = make(np.full(9, constant))
    np.testing.assert_allclose(scale(np.array([constant, constant + 5])), [level, level + 5 / unit])


# Scores


@pytest.mark.parametrize("scale", list(ORDERED))
@each_way
def test_of_one_member_the_order_stays_far_beyond_what_it_has_seen(scale, combine):
    rows = np.vstack([X, X * 100])
    fusion = FusionDetector([("z", Z)], scale=scale, combine=combine).fit(X)
    fused, alone = fusion.anomaly_score(rows), Z.fit(X).anomaly_score(rows)
    np.testing.assert_array_equal(np.argsort(fused), np.argsort(fusion.detectors_[0].anomaly_score(rows)))
    labels = np.append(Y, 1 - Y)
    assert roc_auc_score(labels, fused) == pytest.approx(
        roc_auc_score(labels, fusion.detectors_[0].anomaly_score(rows))
    )
    assert np.corrcoef(np.argsort(np.argsort(fused)), np.argsort(np.argsort(alone)))[0, 1] > 0.9


@each_scale
@each_way
def test_a_row_never_scores_lower_for_a_higher_score_of_a_member(scale, combine):
    fusion = FusionDetector([("first", FirstColumn()), ("z", Z)], scale=scale, combine=combine).fit(X)
    rows = np.column_stack([np.linspace(0, 50, 99), np.zeros(99)])
    assert (np.diff(fusion.anomaly_score(rows)) >= 0).all()


@each_scale
@each_way
@pytest.mark.parametrize("weights", [None, [1, 2, 0.5], [0, 3, 1]], ids=str)
def test_scores_are_scaled_weighted_and_combined(scale, combine, weights):
    fusion = FusionDetector(
        MEMBERS, scale=scale, combine=combine, weights=weights, threshold=1.0, validation_fraction=0.0
    ).fit(X, Y)
    make = SCALES[scale]
    columns = []
    for _, member in MEMBERS:
        score = clone(member).fit(X, Y).decision_function(X)
        columns.append(make(score[Y == 0])(score))
    if combine == "mean":
        expected = np.average(columns, axis=0, weights=weights)
    else:
        expected = np.max([c * w for c, w in zip(columns, weights or [1] * 3, strict=True) if w], axis=0)
    np.testing.assert_allclose(fusion.anomaly_score(X), expected)


@each_scale
def test_a_number_as_the_threshold_does_not_change_the_scores(scale):
    """The scales are learnt from held-out rows, whatever the threshold."""
    members = [("z", Z), ("nearest", NearestWindowsDetector())]
    fusion = FusionDetector(members, scale=scale).fit(X)
    with_number = FusionDetector(members, scale=scale, threshold=0.7).fit(X)
    np.testing.assert_array_equal(with_number.anomaly_score(X), fusion.anomaly_score(X))
    assert not hasattr(with_number, "held_out_scores_")


@each_scale
@each_way
def test_member_scores_make_the_score(scale, combine):
    fusion = FusionDetector(
        [*MEMBERS, ("out", "drop")], scale=scale, combine=combine, weights=[1, 2, 3, 4]
    ).fit(PANEL, Y)
    parts = fusion.member_scores(PANEL)
    assert parts.columns.tolist() == ["z", "rolling", "linear"]
    assert parts.index.equals(PANEL.index)
    total = parts.sum(axis=1) if combine == "mean" else parts.max(axis=1)
    np.testing.assert_allclose(fusion.anomaly_score(PANEL), total)
    with pytest.raises(NotFittedError):
        FusionDetector(MEMBERS).member_scores(PANEL)


def test_the_member_that_is_alarmed_has_the_largest_share():
    fusion = FusionDetector([("each", Z), ("both", GAUSSIAN)]).fit(
        np.column_stack([X[:, 0], X[:, 0]]) + 0.01 * RNG.normal(size=X.shape)
    )
    assert fusion.member_scores([[1.0, -1.0]]).idxmax(axis=1).tolist() == ["both"]


# What members are fitted to


@each_scale
def test_members_are_fitted_to_the_head_and_scale_and_rule_to_the_tail_of_every_series(scale):
    fusion = FusionDetector(MEMBERS, scale=scale, threshold=Quantile(0.9), validation_fraction=0.25).fit(
        PANEL, Y
    )
    tail = PANEL.index.get_level_values("t") >= 150
    normal = tail & (Y == 0)
    columns = []
    for _, member in MEMBERS:
        scores = (
            clone(member).fit(PANEL[~tail], Y[~tail]).decision_function(PANEL)
        )  # windows of the tail reach back
        columns.append(SCALES[scale](scores[normal])(scores))
    expected = np.mean(columns, axis=0)
    np.testing.assert_allclose(fusion.anomaly_score(PANEL), expected)
    assert fusion.threshold_ == pytest.approx(Quantile(0.9).fit(expected[normal]).threshold_)
    assert fusion.threshold_rule_.thresholds_.max() == pytest.approx(expected[normal].max())


def test_members_are_fitted_to_all_rows_once_scale_and_rule_are_learnt():
    options = {"threshold": Quantile(0.9), "validation_fraction": 0.25}
    once = FusionDetector(MEMBERS, **options).fit(PANEL, Y)
    twice = FusionDetector(MEMBERS, refit=True, **options).fit(PANEL, Y)
    assert twice.threshold_ == once.threshold_
    later = PANEL.rename(index=lambda t: t + 200 if isinstance(t, int) else t)
    columns = [
        scale(clone(member).fit(PANEL, Y).decision_function(later))
        for scale, (_, member) in zip(once._scales, MEMBERS, strict=True)
    ]
    np.testing.assert_allclose(twice.anomaly_score(later), np.mean(columns, axis=0))
    known = twice.named_detectors_["rolling"][:-1].transform(later.loc[["p"]])
    np.testing.assert_array_equal(np.asarray(known)[0, :2], PANEL.loc["p"].iloc[-11])
    assert "_scores_of_fit" not in vars(twice)
    assert "_scores_of_fit" not in vars(FusionDetector(MEMBERS, threshold=1.0).fit(PANEL, Y))


class Remembers(FirstColumn):
    """Scores what it has seen at 0, as the nearest of known windows does."""

    def fit(self, X, y=None):
        self.seen_ = set(np.asarray(X)[:, 0])
        return super().fit(X, y)

    def decision_function(self, X):
        return np.array([0.0 if value in self.seen_ else abs(value) for value in np.asarray(X)[:, 0]])


def test_what_is_usual_is_learnt_from_rows_that_a_member_cannot_remember():
    rows = RNG.normal(size=(3000, 1))
    fusion = FusionDetector([("it", Remembers())]).fit(rows)
    assert fusion.anomaly_score(RNG.normal(size=(3000, 1))).mean() == pytest.approx(1, abs=0.1)


def test_a_rule_with_labels_gets_the_labels_of_the_tail():
    fusion = FusionDetector(MEMBERS, threshold=BestFBeta(), validation_fraction=0.5).fit(X, Y)
    scores = fusion.anomaly_score(X)[200:]
    assert fusion.threshold_ == BestFBeta().fit(scores, Y[200:]).threshold_


def test_windows_of_members_stay_within_their_series():
    """Series that follow one another in an array would run into one another."""
    levels = np.repeat([0.0, 1000.0], 200)[:, None]
    frame = PANEL + levels
    fusion = FusionDetector([("rolling", ROLLING)], threshold=0.0).fit(frame)
    np.testing.assert_allclose(fusion.anomaly_score(frame[200:]), fusion.anomaly_score(frame)[200:])
    array = FusionDetector([("rolling", ROLLING)], threshold=0.0).fit(frame.to_numpy())
    assert not np.allclose(array.anomaly_score(frame.to_numpy()), fusion.anomaly_score(frame))


def test_a_member_notices_that_x_has_lost_the_index_that_y_still_has():
    with pytest.raises(ValueError, match=r"y has a .series, time. index, but X has lost it"):
        FusionDetector([("rolling", ROLLING)]).fit(PANEL.to_numpy(), pd.Series(Y, index=PANEL.index))


@pytest.mark.parametrize("classes", [["fine", "wrong"], [1, 2], [False, True], [0.0, 1.0]], ids=str)
@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")
def test_labels_of_any_kind_reach_the_members(classes):
    labels = np.array(classes)[Y]
    fusion = FusionDetector(MEMBERS).fit(X, labels)
    assert fusion.classes_.tolist() == classes
    np.testing.assert_array_equal(fusion.anomaly_score(X), FusionDetector(MEMBERS).fit(X, Y).anomaly_score(X))
    assert set(fusion.predict(X)) == set(classes)


def test_the_anomaly_is_guessed_aloud_once():
    with pytest.warns(UserWarning, match="'wrong', the last in sorted order") as seen:
        FusionDetector(MEMBERS).fit(X, np.where(Y, "wrong", "fine"))
    assert len(seen) == 1


@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")
@pytest.mark.parametrize("classes", [[0, 1], ["fine", "wrong"]], ids=str)
def test_detectors_are_content_with_a_head_without_anomalies(classes):
    labels = np.array(classes)[np.where(np.arange(N) < 300, 0, Y)]
    members = [("z", clone(Z).set_params(threshold=3.0)), ("forest", FOREST)]
    fusion = FusionDetector(members, validation_fraction=0.25).fit(X, labels)
    np.testing.assert_array_equal(fusion.detectors_[0].center_, X[:300].mean(axis=0))


@pytest.mark.parametrize(
    "member, message", [(LINEAR, "at least 2 classes"), (GaussianNB(), "not a binary classifier")]
)
def test_classifiers_need_anomalies_in_the_head(member, message):
    labels = np.where(np.arange(N) < 300, 0, Y)
    with pytest.raises(ValueError, match=message):
        FusionDetector([("z", Z), ("it", member)], validation_fraction=0.25).fit(X, labels)


def test_without_labels_detectors_are_content_and_classifiers_are_not():
    fusion = FusionDetector([("z", Z), ("rolling", ROLLING), ("forest", FOREST)]).fit(X)
    assert roc_auc_score(Y, fusion.decision_function(X)) > 0.9
    with pytest.raises(ValueError, match="requires y to be passed"):
        FusionDetector(MEMBERS).fit(X)


@pytest.mark.parametrize(
    "rows",
    [X.tolist(), SlidingWindow(3).fit_transform(PANEL), X.reshape(N, 2, 1)],
    ids=["list", "windows", "3-D"],
)
def test_rows_come_in_any_shape_that_the_members_take(rows):
    fusion = FusionDetector([("z", Z), ("gaussian", GAUSSIAN)]).fit(rows, Y.tolist())
    assert fusion.predict(rows).shape == (N,)
    assert roc_auc_score(Y, fusion.decision_function(rows)) > 0.8


def test_a_frozen_member_stays_as_it_is():
    fitted = GaussianDetector().fit(X[:100])
    fusion = FusionDetector([("z", Z), ("frozen", FrozenEstimator(fitted))]).fit(X[100:], Y[100:])
    assert fusion.named_detectors_.frozen.estimator is fitted
    assert not hasattr(Z, "classes_") or fusion.named_detectors_.z is not Z


def test_fusions_fuse_and_are_smoothed_by_a_threshold_of_their_own():
    inner = FusionDetector([("z", clone(Z)), ("gaussian", GAUSSIAN)])
    outer = FusionDetector([("inner", inner), ("forest", FOREST)])
    model = ThresholdClassifier(outer, cv=SeriesSplit(2)).fit(X, Y)
    assert (model.predict(X) == Y).mean() > 0.95


# Members by name


def test_a_dropped_member_is_as_if_it_was_not_there():
    fusion = FusionDetector([*MEMBERS, ("forest", "drop")], weights=[1, 2, 3, 9]).fit(X, Y)
    without = FusionDetector(MEMBERS, weights=[1, 2, 3]).fit(X, Y)
    np.testing.assert_array_equal(fusion.decision_function(X), without.decision_function(X))
    assert list(fusion.named_detectors_) == ["z", "rolling", "linear"]


def test_members_are_tuned_replaced_and_dropped_in_a_grid():
    fusion = FusionDetector([("z", clone(Z)), ("rolling", ROLLING)])
    assert {"z__threshold", "rolling__slidingwindow__length"} <= set(fusion.get_params())
    assert "z__threshold" not in fusion.get_params(deep=False)
    grid = [
        {"z__threshold": [2.0, 3.0], "rolling__slidingwindow__length": [5, 12]},
        {"rolling": [FOREST, "drop"], "weights": [None, [1, 2]]},
    ]
    search = GridSearchCV(fusion, grid, scoring="f1", cv=SeriesSplit(2), error_score="raise").fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert (
        scores[0] == scores[1] != scores[2] == scores[3]
    )  # a member's own threshold says nothing, its length does
    assert scores[5] != scores[6] == scores[7]  # weights of a single member say nothing
    assert search.best_score_ > 0.6
    assert fusion.set_params(z=GAUSSIAN).detectors[0] == ("z", GAUSSIAN)


def test_copies_are_independent_and_decide_alike():
    fusion = FusionDetector(MEMBERS, scale="robust")
    copied = clone(fusion)
    copied.set_params(z__robust=True)
    assert fusion.get_params()["z__robust"] is False
    fitted = fusion.fit(X, Y)
    assert not hasattr(copied, "detectors_")
    pickled = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(pickled.decision_function(X), fitted.decision_function(X))
    assert "('rolling'" in repr(fusion)


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_a_panel_is_cross_validated_by_series(n_jobs):
    frame = pd.concat([PANEL, PANEL.rename({"p": "r", "q": "u"}, level=0) * 2 + 7])
    pipe = make_pipeline(SeriesScaler(unseen="self"), FusionDetector([("z", clone(Z)), ("rolling", ROLLING)]))
    groups = frame.index.get_level_values(0)
    labels = pd.Series(np.append(Y, Y), index=frame.index)
    scores = cross_val_score(
        pipe, frame, labels, groups=groups, cv=GroupKFold(2), scoring="roc_auc", n_jobs=n_jobs
    )
    assert (scores > 0.9).all()


# Bad input


@pytest.mark.parametrize(
    "detectors, message",
    [
        ([], "detectors is empty"),
        ([("z", "drop")], "detectors is empty"),
        ([Z], r"detectors must be a list of \(name, estimator\) tuples, got \[ZScoreDetector"),
        ([("z", Z, 1)], "detectors must be a list of"),
        ([("z", Z), ("z", FOREST)], "Names provided are not unique"),
        ([("z", Z), ("z", "drop")], "Names provided are not unique"),
        ([("weights", Z)], "conflict with constructor arguments"),
        ([("a__b", Z)], "must not contain __"),
        ((("z", Z),), "The 'detectors' parameter"),
        (Z, "The 'detectors' parameter"),
    ],
    ids=str,
)
def test_what_is_no_list_of_named_members_is_refused(detectors, message):
    with pytest.raises(ValueError, match=message):
        FusionDetector(detectors).fit(X)


@pytest.mark.parametrize(
    "weights",
    [[1], [1, 2, 3, 4], [1, -1, 1], [0, 0, 0], [1, np.nan, 1], [1, np.inf, 1], [[1, 1, 1]]],
    ids=str,
)
@each_way
def test_weights_that_will_not_do_are_refused(weights, combine):
    with pytest.raises(ValueError, match="at least 0, for each of the 3 detectors, and not all 0"):
        FusionDetector(MEMBERS, weights=weights, combine=combine).fit(X, Y)


def test_the_weight_of_a_dropped_member_does_not_count():
    with pytest.raises(ValueError, match="and not all 0"):
        FusionDetector([("z", Z), ("forest", "drop")], weights=[0, 1]).fit(X, Y)


def test_an_outlier_detector_is_to_be_wrapped():
    with pytest.raises(TypeError, match=r"Convert it to a classifier: OutlierClassifier\(IsolationForest"):
        FusionDetector([("forest", IsolationForest())]).fit(X)


def test_a_member_without_scores_is_refused():
    with pytest.raises(AttributeError, match="predict_proba"):
        FusionDetector([("linear", LinearRegression())]).fit(X, Y)


def test_a_failed_fit_leaves_it_as_it_was():
    fusion = FusionDetector([("z", clone(Z))]).fit(X)
    before = fusion.decision_function(X)
    with pytest.raises(ValueError, match="for each of the 1"):
        fusion.set_params(weights=[1, 2]).fit(X * 5)
    np.testing.assert_array_equal(fusion.decision_function(X), before)


@pytest.mark.parametrize("name, value", [("scale", "none"), ("combine", "sum"), ("weights", "equal")])
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of FusionDetector must be"):
        FusionDetector(MEMBERS, **{name: value}).fit(X, Y)


def test_mean_and_4_deviations_are_the_default():
    fusion = FusionDetector([("z", clone(Z))], validation_fraction=0).fit(X)
    scores = fusion.anomaly_score(X)
    assert fusion.threshold_ == scores.mean() + 4 * scores.std()


def test_weights_that_are_no_numbers_are_named():
    with pytest.raises(ValueError, match=r"weights=.*must be"):
        FusionDetector(MEMBERS, weights=["much", "little"]).fit(X, Y)


def test_weights_go_with_their_rows_where_these_come_in_another_order():
    rng = np.random.default_rng(0)
    index = pd.date_range("2026-01-05", periods=200, freq="h")
    X, y = pd.DataFrame({"load": rng.normal(size=200)}, index), pd.Series(np.arange(200) % 10 == 7, index)
    weight, order = pd.Series(rng.uniform(size=200) ** 3, index), rng.permutation(200)
    fusion = FusionDetector([("linear", LogisticRegression())], validation_fraction=0)
    right = fusion.fit(X, y, sample_weight=weight).detectors_[0].coef_
    for own in (weight.iloc[order], weight.to_numpy()[order]):
        found = fusion.fit(X.iloc[order], y.iloc[order], sample_weight=own).detectors_[0].coef_
        np.testing.assert_allclose(found, right)


def test_overlapping_scores_are_means_of_scaled_scores_over_all_windows_that_hold_a_row():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(120, 1)), pd.MultiIndex.from_product([["a", "b"], range(60)]))
    members = [
        ("windows", make_pipeline(SlidingWindow(4), WindowReducer(2), GaussianDetector())),
        ("rows", ZScoreDetector(threshold=0.0)),
    ]
    plain = FusionDetector(members, scale="log").fit(X)
    ahead = FusionDetector(members, scale="log", score_on="overlap").fit(X)
    shares = plain.member_scores(X)
    expected = shares.copy()
    for _, rows in shares.groupby(level=0):
        means = (
            rows["windows"][::-1].rolling(4, min_periods=1).mean()[::-1]
        )  # of the windows that end with later rows
        expected.loc[rows.index, "windows"] = means
    pd.testing.assert_frame_equal(ahead.member_scores(X), expected)
    assert ahead.threshold_ != plain.threshold_  # it is learnt from the same kind of scores
    assert (ahead.looks_ahead, plain.looks_ahead) == (True, False)
    with pytest.raises(TypeError, match="it looks ahead"):
        LiveScorer(ahead)


def test_scored_on_series_a_window_must_also_be_unusual_in_its_own_series():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(200, 1)), pd.MultiIndex.from_product([["a", "b"], range(100)]))
    windows = make_pipeline(SlidingWindow(4), WindowReducer(2), NearestWindowsDetector(threshold=0.0))
    members = [("windows", windows), ("rows", ZScoreDetector(threshold=0.0))]
    ahead = FusionDetector(members, scale="log", score_on="overlap").fit(X)
    both = FusionDetector(members, scale="log", score_on="series").fit(X)
    later = X.iloc[[*range(200), *range(60, 90)]].copy() + 0.1
    later.index = pd.MultiIndex.from_tuples([*X.index, *(("c", row) for row in range(30))])
    expected = FusionDetector(members, scale="log").fit(X).member_scores(later) * 2
    for name in "abc":
        own = later.index.get_level_values(0) == name
        profile = windows[-1].matrix_profile(windows[:-1].fit_transform(later[own]))
        expected.loc[own, "windows"] = np.minimum(expected.loc[own, "windows"], both._scales[0](profile))
        rolling = expected.loc[own, "windows"][::-1].rolling(4, min_periods=1)
        expected.loc[own, "windows"] = rolling.mean()[::-1]
    shares = both.member_scores(later)
    pd.testing.assert_frame_equal(shares, expected / 2)
    np.testing.assert_allclose(both.anomaly_score(later.loc[["c"]]), shares.loc["c"].sum(axis=1))
    assert (shares <= ahead.member_scores(later) + 1e-12).all(axis=None)
    assert both.threshold_ < ahead.threshold_  # it is learnt from the same kind of scores
    assert both.looks_ahead


def test_scored_on_series_rows_that_drift_are_usual_and_an_event_is_not():
    rng = np.random.default_rng(0)
    X = np.sin(np.arange(1200) / 4).reshape(-1, 1) + rng.normal(0, 0.05, (1200, 1))
    X[600:] += 3  # unlike the training rows, but the same for hours
    X[900:912] = 3
    members = [("windows", make_pipeline(SlidingWindow(20), NearestWindowsDetector()))]
    area = {
        how: roc_auc_score(
            np.isin(np.arange(400, 1200), range(900, 912)),
            FusionDetector(members, scale="log", score_on=how).fit(X[:400]).decision_function(X)[400:],
        )
        for how in ("overlap", "series")
    }
    assert area["series"] > 0.95 > 0.8 > area["overlap"]


def test_scored_on_series_too_few_rows_of_one_are_refused():
    X = np.random.default_rng(0).normal(size=(100, 1))
    members = [("windows", make_pipeline(SlidingWindow(5), PCADetector(1, threshold=0.0)))]
    fusion = FusionDetector(members, score_on="series").fit(X)
    assert len(fusion.decision_function(X[:15])) == 15
    with pytest.raises(ValueError, match=r"X has only 14 rows, fewer than 3 windows of 5 rows.*'overlap'"):
        fusion.decision_function(X[:14])
    panel = pd.DataFrame(X, pd.MultiIndex.from_arrays([["a"] * 90 + ["b"] * 10, range(100)]))
    with pytest.raises(ValueError, match="the windows of series 'b' with one another, but series 'b' has"):
        FusionDetector(members, score_on="series").fit(panel)


@pytest.mark.parametrize("score_on", ["overlap", "series"])
def test_smoothed_scores_are_means_over_the_rows_around(score_on):
    X = np.random.default_rng(0).normal(size=(100, 1))
    X = pd.DataFrame(X, pd.MultiIndex.from_arrays([["a"] * 60 + ["b"] * 40, [*range(30), *range(50, 120)]]))
    members = [("windows", make_pipeline(SlidingWindow(5), PCADetector(1, threshold=0.0)))]
    options = {"score_on": score_on, "threshold": 0.0}
    plain = FusionDetector(members, **options).fit(X).decision_function(X)
    found = FusionDetector(members, smooth=2, **options).fit(X).decision_function(X)
    segments = [plain[:30], plain[30:60], plain[60:]]
    expected = [pd.Series(part).rolling(5, center=True, min_periods=1).mean() for part in segments]
    np.testing.assert_allclose(found, np.concatenate(expected))


def test_scores_that_do_not_look_ahead_are_not_smoothed():
    with pytest.raises(ValueError, match=r"smooth=3 averages over later rows, too.*SmoothedClassifier"):
        FusionDetector([("z", ZScoreDetector())], smooth=3).fit(np.zeros((100, 1)))


def test_of_the_windows_of_fit_only_those_of_held_out_rows_are_scored():
    seen = []

    class Counter(ZScoreDetector):
        def decision_function(self, X):
            seen.append(len(X))
            return super().decision_function(X)

    X = np.random.default_rng(0).normal(size=(200, 1))
    member = make_pipeline(SlidingWindow(4), Counter("rolling", threshold=0.0))
    fusion = FusionDetector([("windows", member)], validation_fraction=0.25).fit(X)
    assert seen == [50]
    np.testing.assert_array_equal(fusion.held_out_scores_, fusion.anomaly_score(X)[150:])
    as_frame = clone(member)
    as_frame[0].set_output(transform="pandas")
    again = FusionDetector([("windows", as_frame)], validation_fraction=0.25, score_on="overlap").fit(X)
    np.testing.assert_allclose(again.anomaly_score(X), fusion.anomaly_score(X))
