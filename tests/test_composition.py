"""Estimators as users put them together: pipelines, searches, cross-validation."""

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import IsolationForest, StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import (
    AutoencoderDetector,
    ConfidenceDetector,
    ForecastDetector,
    FusionDetector,
    GaussianDetector,
    OutlierClassifier,
    RNNClassifier,
    RNNRegressor,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    TorchClassifier,
    ZScoreDetector,
)
from sktsad.thresholds import Quantile

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 2))
Y = np.zeros(400, dtype=int)
for start in range(12, 400, 25):  # both columns jump: in the second row one alone does not tell
    X[start : start + 3] += [4, -4]
    Y[start : start + 3] = 1

GRU = RNNClassifier("gru", hidden_size=6, dense_size=6, lr=0.03, max_epochs=12, batch_size=32, random_state=0)
FOLDS = TimeSeriesSplit(2)


def undersampled_pipeline():
    sampler = RandomUnderSampler(sampling_strategy=0.5, random_state=0)
    return make_imbalanced_pipeline(StandardScaler(), SlidingWindow(4), sampler, GRU.set_params(n_channels=2))


def test_a_grid_search_over_window_sampler_and_network_on_f1():
    grid = {
        "slidingwindow__length": [2, 5],
        "rnnclassifier__hidden_size": [4, 8],
        "randomundersampler": [RandomUnderSampler(sampling_strategy=0.5, random_state=0), "passthrough"],
    }
    search = GridSearchCV(undersampled_pipeline(), grid, scoring="f1", cv=FOLDS, error_score="raise")
    search.fit(X[:300], Y[:300])
    assert search.best_score_ > 0.7
    assert f1_score(Y[300:], search.predict(X[300:])) > 0.7
    best = search.best_estimator_[-1]
    assert best.net_.module_.encoder.rnn.hidden_size == search.best_params_["rnnclassifier__hidden_size"]
    assert best.n_features_in_ == 2 * search.best_params_["slidingwindow__length"]


def test_processes_give_the_same_scores_as_one():
    search = GridSearchCV(
        undersampled_pipeline(), {"rnnclassifier__lr": [0.01, 0.03]}, scoring="f1", cv=FOLDS, refit=False
    )
    one, two = (search.set_params(n_jobs=n).fit(X, Y).cv_results_["mean_test_score"] for n in (None, 2))
    np.testing.assert_array_equal(one, two)
    # Processes take seconds to start, so those that are there score a regressor as well.
    network = RNNRegressor("gru", hidden_size=5, dense_size=4, max_epochs=3, random_state=0)
    regressor = make_pipeline(StandardScaler(), SlidingWindow(4), network)
    one, two = (cross_val_score(regressor, X, X[:, 0], cv=FOLDS, n_jobs=n) for n in (None, 2))
    np.testing.assert_array_equal(one, two)


def test_a_randomized_search_takes_numpy_values():
    search = RandomizedSearchCV(
        make_pipeline(SlidingWindow(3), GRU),
        {
            "slidingwindow__length": np.array([2, 3]),
            "rnnclassifier__hidden_size": np.array([3, 5]),
            "rnnclassifier__lr": np.array([0.01, 0.02]),
            "rnnclassifier__early_stopping": np.array([False, True]),
            "rnnclassifier__net__optimizer__weight_decay": np.array([0.0, 0.1]),
        },
        n_iter=3,
        scoring="average_precision",
        cv=FOLDS,
        random_state=0,
        error_score="raise",
    )
    assert np.isfinite(search.fit(X, Y).cv_results_["mean_test_score"]).all()


def test_smote_stands_between_window_and_network():
    pipe = make_imbalanced_pipeline(
        StandardScaler(), SlidingWindow(4), SMOTE(random_state=0), GRU.set_params(n_channels=2)
    )
    assert f1_score(Y[300:], pipe.fit(X[:300], Y[:300]).predict(X[300:])) > 0.7


def test_a_sampler_that_flattens_the_windows_is_noticed_at_predict_and_the_mend_is_named():
    pipe = undersampled_pipeline().set_params(rnnclassifier__n_channels=None)
    with pytest.warns(UserWarning, match="layout of 4 steps by 2 channels, which a step between"):
        pipe.fit(X, Y)
    with pytest.raises(ValueError, match=r"sampler.*pass n_channels=2 to this estimator"):
        pipe.predict(X)


@pytest.mark.parametrize(
    ("method", "frame"), [("predict", False), ("predict_proba", True), ("decision_function", True)]
)
def test_cross_validated_predictions_come_for_every_row(frame, method):
    rows, labels = (pd.DataFrame(X, columns=["a", "b"]), pd.Series(Y)) if frame else (X, Y)
    pipe = make_pipeline(StandardScaler(), SlidingWindow(3), GRU)
    out = cross_val_predict(pipe, rows, labels, cv=2, method=method)
    assert out.shape == ((400, 2) if method == "predict_proba" else (400,))
    ranks = out[:, 1] if method == "predict_proba" else out
    assert average_precision_score(Y, ranks) > 0.6


def test_ready_made_windows_go_straight_into_cross_validation():
    windows = SlidingWindow(3).fit_transform(X)
    from_windows = cross_val_score(GRU, windows, Y, scoring="f1", cv=FOLDS)
    from_array = cross_val_score(GRU, np.asarray(windows).reshape(400, 3, 2), Y, scoring="f1", cv=FOLDS)
    np.testing.assert_array_equal(from_windows, from_array)
    assert from_windows.min() > 0.6


@pytest.mark.parametrize("wrap", [TunedThresholdClassifierCV, FixedThresholdClassifier])
def test_a_threshold_is_set_around_a_classifier(wrap):
    options = {"scoring": "f1", "cv": 2} if wrap is TunedThresholdClassifierCV else {"threshold": 0.2}
    pipe = make_pipeline(SlidingWindow(3), wrap(GRU, **options)).fit(X[:300], Y[:300])
    assert f1_score(Y[300:], pipe.predict(X[300:])) > 0.7


def panel():
    """Eight series with the same kind of anomaly, each at its own level and scale."""
    index = pd.MultiIndex.from_product([list("abcdefgh"), range(50)], names=["series", "time"])
    levels = np.repeat(np.arange(8) * 100.0, 50)[:, None]
    scales = np.repeat(np.arange(1, 9), 50)[:, None]
    return pd.DataFrame(levels + scales * X, index=index, columns=["a", "b"]), pd.Series(Y, index=index)


@pytest.mark.parametrize(
    "last_step",
    [
        GRU,
        AutoencoderDetector(hidden_sizes=(8, 4), max_epochs=5, random_state=0),
        ZScoreDetector(),
    ],
    ids=["RNNClassifier", "AutoencoderDetector", "ZScoreDetector"],
)
def test_a_panel_is_cross_validated_by_series(last_step):
    rows, labels = panel()
    pipe = make_pipeline(
        SeriesScaler(unseen="self", series="index"), SlidingWindow(4, series="index"), last_step
    )
    groups = rows.index.get_level_values(0)
    scores = cross_val_score(pipe, rows, labels, groups=groups, cv=GroupKFold(4), scoring="roc_auc")
    assert (scores > 0.6).all()


def test_early_stopping_behind_a_sampler_that_sorts_by_class_warns():
    pipe = undersampled_pipeline().set_params(rnnclassifier__early_stopping=True)
    with pytest.warns(UserWarning, match="Rows after a sampler may be sorted by class"):
        pipe.fit(X, Y)


def test_detectors_and_classifiers_are_told_apart_by_no_more_than_their_fit():
    """A classifier and a detector take each other's place in a grid."""
    pipe = make_pipeline(StandardScaler(), SlidingWindow(4), GRU)
    models = [GRU, TorchClassifier(max_epochs=5, random_state=0), ZScoreDetector("rolling", threshold=1.5)]
    search = GridSearchCV(pipe, {"rnnclassifier": models}, scoring=["f1", "roc_auc"], refit="f1", cv=FOLDS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.fit(X, Y)
    assert (search.cv_results_["mean_test_roc_auc"] > 0.5).all()


# Detectors

SMALL = {"max_epochs": 3, "random_state": 0}
FOREST = OutlierClassifier(IsolationForest(n_estimators=20, random_state=0))
DETECTORS = {
    "z": ZScoreDetector(),
    "gaussian": GaussianDetector("full"),
    "forest": FOREST,
    "fusion": FusionDetector([("z", ZScoreDetector()), ("forest", FOREST)]),
    "smoothed": SmoothedClassifier(GaussianDetector(), 2),
    "autoencoder": AutoencoderDetector(hidden_sizes=(8, 4), **SMALL),
    "forecast": ForecastDetector("gru", hidden_size=8, **SMALL),
    "confidence": ConfidenceDetector(
        FrozenEstimator(LogisticRegression().fit(SlidingWindow(4).fit_transform(X), np.arange(400) % 3))
    ),
}
#: Of each kind one: rows, several members, a network, a frozen classifier.
WRAPPED = ("z", "fusion", "autoencoder", "confidence")
each_detector = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)


def with_rule(detector, q):
    """Give a detector, or the one within, a rule that is tuned like a contamination."""
    name = "estimator__threshold" if isinstance(detector, SmoothedClassifier) else "threshold"
    return clone(detector).set_params(**{name: Quantile(q)}), f"{name}__q"


@each_detector
@pytest.mark.parametrize("as_frame", [False, True], ids=["array", "frame"])
def test_a_detector_is_fitted_without_labels(detector, as_frame):
    rows = pd.DataFrame(X, columns=["a", "b"]) if as_frame else X
    pipe = make_pipeline(SlidingWindow(4), clone(detector)).fit(rows)
    assert pipe.classes_.tolist() == [0, 1]
    assert pipe.decision_function(rows).shape == (400,)
    np.testing.assert_array_equal(pipe.predict(rows), pipe.decision_function(rows) > 0)


@each_detector
def test_a_quantile_is_what_contamination_is_elsewhere(detector):
    if isinstance(detector, SmoothedClassifier):
        return  # its threshold is learnt before the smoothing
    rows = SlidingWindow(4).fit_transform(np.random.default_rng(1).normal(size=(2000, 2)))
    detector, _ = with_rule(detector, 0.9)
    if hasattr(detector, "classifier"):
        detector.set_params(validation_fraction=0.5)
    alarms = detector.fit(rows[:1000]).predict(rows[1000:])
    assert 0.05 < alarms.mean() < 0.2


@each_detector
@pytest.mark.parametrize("labels", [Y == 1, np.where(Y, "wrong", "fine")], ids=["bool", "str"])
@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")
def test_a_detector_answers_in_the_labels_it_was_given(detector, labels):
    pipe = make_pipeline(SlidingWindow(4), clone(detector)).fit(X, labels)
    assert pipe.predict(X).dtype == labels.dtype
    np.testing.assert_array_equal(pipe.predict(X) == pipe.classes_[1], pipe.decision_function(X) > 0)


@each_detector
def test_a_detector_stands_behind_a_sampler(detector):
    sampler = RandomUnderSampler(sampling_strategy=0.2, random_state=0)
    n_channels = {name: 2 for name in detector.get_params() if name.endswith("n_channels")}
    pipe = make_imbalanced_pipeline(SlidingWindow(4), sampler, clone(detector).set_params(**n_channels))
    assert pipe.fit(X, Y).predict(X).shape == (400,)


@each_detector
def test_a_rule_is_tuned_from_outside(detector):
    detector, name = with_rule(detector, 0.5)
    pipe = make_pipeline(SlidingWindow(4), detector)
    name = f"{type(detector).__name__.lower()}__{name}"
    search = GridSearchCV(pipe, {name: [0.1, 0.9]}, scoring="f1", cv=SeriesSplit(2), error_score="raise")
    assert len(set(search.fit(X, Y).cv_results_["mean_test_score"])) == 2
    assert search.best_estimator_.get_params()[name] == search.best_params_[name]


@pytest.mark.parametrize("detector", [DETECTORS[name] for name in WRAPPED], ids=WRAPPED)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda pipe: TunedThresholdClassifierCV(pipe, scoring="f1", cv=SeriesSplit(2)),
        lambda pipe: CalibratedClassifierCV(pipe, cv=SeriesSplit(2)),
        lambda pipe: FixedThresholdClassifier(pipe, threshold=0.0, response_method="decision_function"),
    ],
    ids=["tuned", "calibrated", "fixed"],
)
def test_a_detector_is_wrapped_with_folds_in_time_order(detector, wrap):
    model = wrap(make_pipeline(SlidingWindow(4), clone(detector))).fit(X[:300], Y[:300])
    assert set(model.predict(X[300:])) <= {0, 1}
    if isinstance(model, CalibratedClassifierCV):
        assert model.predict_proba(X[300:]).shape == (100, 2)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_detectors_are_judged_on_f1_in_processes(n_jobs):
    pipe = make_pipeline(StandardScaler(), SlidingWindow(1), DETECTORS["fusion"])
    scores = cross_val_score(pipe, X, Y, scoring="f1", cv=SeriesSplit(2), n_jobs=n_jobs)
    np.testing.assert_allclose(scores, cross_val_score(pipe, X, Y, scoring="f1", cv=SeriesSplit(2)))
    assert scores.min() > 0.6


def test_codes_and_scores_are_features_of_a_classifier():
    autoencoder = AutoencoderDetector(hidden_sizes=(8, 2), **SMALL)
    features = FeatureUnion([("code", autoencoder), ("z", ZScoreDetector("rolling"))])
    pipe = make_pipeline(SlidingWindow(4), features, StandardScaler(), LogisticRegression()).fit(
        X[:300], Y[:300]
    )
    assert pipe[-1].n_features_in_ == 2 + 2
    assert roc_auc_score(Y[300:], pipe.decision_function(X[300:])) > 0.6
    assert pipe[:2].get_feature_names_out()[-1] == "z__zscoredetector1"


def test_features_of_detectors_come_as_a_frame():
    index = pd.date_range("2024-01-01", periods=400, freq="h")
    frame = pd.DataFrame(X, index=index, columns=["a", "b"])
    features = FeatureUnion(
        [("z", ZScoreDetector("rolling")), ("code", AutoencoderDetector(hidden_sizes=(8, 2), **SMALL))]
    )
    pipe = make_pipeline(SlidingWindow(4), features).set_output(transform="pandas")
    out = pipe.fit_transform(frame, Y)
    assert out.index.equals(index)
    assert out.columns.tolist()[:2] == ["z__zscoredetector0", "z__zscoredetector1"]
    assert out.shape == (400, 4)


MEMBERS = [
    ("gaussian", make_pipeline(SlidingWindow(4), GaussianDetector())),
    ("rolling", make_pipeline(SlidingWindow(12), ZScoreDetector("rolling"))),
]


def test_detectors_are_stacked_in_time_order_when_fitted_before():
    """Stacking wants each row tested once: no folds in time order do that, and those of KFold train on the future.

    Honest is ``cv="prefit"``: members are fitted to the earlier rows, how to weigh them is learnt from the later.
    """
    with pytest.raises(ValueError, match="only works for partitions"):
        StackingClassifier(
            MEMBERS, LogisticRegression(), stack_method="decision_function", cv=SeriesSplit(2)
        ).fit(X, Y)
    fitted = [(name, clone(member).fit(X[:150], Y[:150])) for name, member in MEMBERS]
    stack = StackingClassifier(fitted, LogisticRegression(), stack_method="decision_function", cv="prefit")
    stack.fit(X[150:300], Y[150:300])
    assert stack.final_estimator_.n_features_in_ == 2
    assert f1_score(Y[300:], stack.predict(X[300:])) > 0.7


def test_a_detector_fitted_before_is_calibrated_on_later_rows():
    fitted = clone(MEMBERS[0][1]).fit(X[:150], Y[:150])
    model = CalibratedClassifierCV(FrozenEstimator(fitted)).fit(X[150:300], Y[150:300])
    assert roc_auc_score(Y[300:], model.predict_proba(X[300:])[:, 1]) > 0.9


def test_frames_as_the_output_of_all_steps_change_nothing():
    for detector in DETECTORS.values():
        if isinstance(detector, ConfidenceDetector):
            continue  # its classifier was fitted to arrays, and says so
        pipe = make_pipeline(StandardScaler(), SlidingWindow(4), detector)
        expected = clone(pipe).fit(X, Y).decision_function(X)
        in_frames = clone(pipe).set_output(transform="pandas").fit(X, Y).decision_function(X)
        np.testing.assert_allclose(in_frames, expected, rtol=1e-4, atol=1e-5)
