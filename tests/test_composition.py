"""Estimators as users put them together: pipelines, searches, cross-validation."""

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.metrics import average_precision_score, f1_score
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
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import (
    AutoencoderDetector,
    RNNClassifier,
    SeriesScaler,
    SlidingWindow,
    TorchClassifier,
    ZScoreDetector,
)

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
    one, two = (
        GridSearchCV(
            undersampled_pipeline(), {"rnnclassifier__lr": [0.01, 0.03]}, scoring="f1", cv=FOLDS, n_jobs=n
        )
        .fit(X, Y)
        .cv_results_["mean_test_score"]
        for n in (None, 2)
    )
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
    pipe = undersampled_pipeline().set_params(rnnclassifier__n_channels=None).fit(X, Y)
    with pytest.raises(ValueError, match=r"sampler.*pass n_channels=2 to this estimator"):
        pipe.predict(X)


@pytest.mark.parametrize("frame", [False, True], ids=["array", "frame"])
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
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
    with pytest.warns(UserWarning, match="Rows behind a sampler may be sorted by class"):
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
