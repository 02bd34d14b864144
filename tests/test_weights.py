"""Weights: only their ratios matter, and wrappers pass them to the estimator inside."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from torch.utils.data import DataLoader

from sktsad import (
    CostSensitiveClassifier,
    FusionDetector,
    RNNClassifier,
    RNNRegressor,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    ThresholdClassifier,
    TorchClassifier,
    ZScoreDetector,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = (np.arange(300) % 10 == 0).astype(int)
X[Y == 1] += 1
WEIGHT = np.linspace(0.01, 1, 300) ** 2
SMALL = {"hidden_size": 3, "max_epochs": 2, "batch_size": 32, "random_state": 0}
WINDOWS = SlidingWindow(2).fit_transform(X)

NETWORKS = [
    RNNClassifier("rnn", **SMALL),
    RNNClassifier("rnn", class_weight="balanced", **SMALL),
    RNNClassifier("rnn", class_weight={0: 1e-30, 1: 1e-29}, **SMALL),
    TorchClassifier(max_epochs=2, batch_size=32, random_state=0, early_stopping=True),
    RNNRegressor("rnn", **SMALL),
]


def outputs(model, weight):
    model = clone(model).fit(WINDOWS, Y, weight)
    return model.decision_function(WINDOWS) if hasattr(model, "classes_") else model.predict(WINDOWS)


@pytest.mark.filterwarnings("ignore:early_stopping monitors:UserWarning")
@pytest.mark.parametrize("factor", [2.0**-1000, 2.0**100, 2.0**1000])
@pytest.mark.parametrize("model", NETWORKS, ids=str)
def test_a_common_factor_changes_no_bit(model, factor):
    np.testing.assert_array_equal(outputs(model, factor * WEIGHT), outputs(model, WEIGHT))


@pytest.mark.filterwarnings("ignore:early_stopping monitors:UserWarning")
@pytest.mark.parametrize("model", NETWORKS, ids=str)
def test_weights_that_fall_beyond_float32_train(model):
    assert np.isfinite(outputs(model, 0.5 ** np.arange(300.0)[::-1])).all()


def test_weights_that_fall_slowly_train_by_a_loader_of_torch_as_well():
    model = TorchClassifier(max_epochs=1, random_state=0, net_params={"iterator_train": DataLoader})
    assert np.isfinite(outputs(model, WEIGHT)).all()


@pytest.mark.parametrize("class_weight", [{0: 1, 1: -1}, {0: 1, 1: np.nan}, {0: 0, 1: 0}])
def test_class_weights_that_will_not_do_are_named(class_weight):
    with pytest.raises(ValueError, match=r"class_weight=.* must contain finite weights, at least 0"):
        TorchClassifier(class_weight=class_weight).fit(X, Y)


# Through other estimators


def wrap_smoothed(inner):
    return SmoothedClassifier(inner, 2)


def wrap_threshold(inner):
    return ThresholdClassifier(inner, 0.0)


WRAPPERS = [CostSensitiveClassifier, wrap_threshold, wrap_smoothed]
RIGHT = LogisticRegression().fit(X, Y, WEIGHT).coef_


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_weights_reach_the_estimator_without_metadata_routing(wrap):
    model = wrap(LogisticRegression()).fit(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(model.estimator_.coef_, RIGHT)
    plain = wrap(LogisticRegression()).fit(X, Y, sample_weight=None)
    np.testing.assert_array_equal(plain.estimator_.coef_, LogisticRegression().fit(X, Y).coef_)


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_weights_reach_the_estimator_with_metadata_routing(wrap):
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(wrap(LogisticRegression().set_fit_request(sample_weight=True)))
        np.testing.assert_array_equal(model.fit(X, Y, sample_weight=WEIGHT)[-1].estimator_.coef_, RIGHT)
        search = GridSearchCV(
            wrap(LogisticRegression().set_fit_request(sample_weight=True)),
            {"estimator__C": [1.0]},
            cv=SeriesSplit(2),
        )
        np.testing.assert_array_equal(
            search.fit(X, Y, sample_weight=WEIGHT).best_estimator_.estimator_.coef_, RIGHT
        )


def test_folds_of_a_threshold_get_the_weights_of_their_rows():
    class Spy(LogisticRegression):
        seen = []

        def fit(self, X, y, sample_weight=None, note=None):
            Spy.seen.append((len(X), np.asarray(sample_weight), note))
            return super().fit(X, y, sample_weight)

    ThresholdClassifier(Spy(), cv=SeriesSplit(2), min_events=1).fit(X, Y, sample_weight=WEIGHT, note="all")
    assert [len(weight) for _, weight, _ in Spy.seen] == [n_rows for n_rows, _, _ in Spy.seen]
    assert {note for _, _, note in Spy.seen} == {"all"}
    np.testing.assert_array_equal(Spy.seen[1][1], WEIGHT[: Spy.seen[1][0]])


def test_weights_for_an_estimator_that_is_not_fitted_again_are_refused():
    frozen = FrozenEstimator(LogisticRegression().fit(X, Y))
    with pytest.raises(
        ValueError, match="sample_weight: not allowed, as the estimator is in FrozenEstimator"
    ):
        ThresholdClassifier(frozen, 0.0).fit(X, Y, sample_weight=WEIGHT)


def test_weights_reach_the_members_of_a_fusion():
    classifiers = [("a", LogisticRegression()), ("b", LogisticRegression(C=0.1))]
    model = FusionDetector(classifiers, validation_fraction=0).fit(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(model.detectors_[0].coef_, RIGHT)
    with config_context(enable_metadata_routing=True):
        members = [("a", LogisticRegression().set_fit_request(sample_weight=True)), ("z", ZScoreDetector())]
        pipe = make_pipeline(FusionDetector(members, validation_fraction=0))
        np.testing.assert_array_equal(pipe.fit(X, Y, sample_weight=WEIGHT)[-1].detectors_[0].coef_, RIGHT)


def test_members_of_a_fusion_get_the_weights_of_their_rows():
    model = FusionDetector([("a", LogisticRegression())]).fit(X, Y, sample_weight=WEIGHT)
    expected = LogisticRegression().fit(X[:240], Y[:240], WEIGHT[:240])
    np.testing.assert_array_equal(model.detectors_[0].coef_, expected.coef_)


@pytest.mark.parametrize(
    "weight",
    [
        np.full(300, 1j),
        np.full(300, "2026-01-01"),
        np.full(300, "2026-01-01", dtype="datetime64[s]"),
        {0: 1.0, 1: 2.0},
        "balanced",
        np.array([*[1.0] * 299, "much"], dtype=object),
    ],
)
def test_weights_that_are_no_numbers_are_named(weight):
    with pytest.raises(ValueError, match="sample_weight must be numbers, one per row, got "):
        RNNClassifier("rnn", **SMALL).fit(WINDOWS, Y, sample_weight=weight)


def test_weights_as_objects_are_read():
    model = clone(NETWORKS[0])
    scores = [
        clone(model).fit(WINDOWS, Y, w).decision_function(WINDOWS) for w in (WEIGHT, WEIGHT.astype(object))
    ]
    np.testing.assert_array_equal(*scores)
