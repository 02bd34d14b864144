"""The checks of scikit-learn, over every public estimator."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_array
from sklearn.utils.estimator_checks import parametrize_with_checks

import sktsad
from sktsad import (
    AutoencoderDetector,
    ConfidenceDetector,
    CostSensitiveClassifier,
    ForecastDetector,
    ForecastPretrainer,
    FusionDetector,
    GaussianDetector,
    KMeansDetector,
    LevelShiftDetector,
    LinearForecastDetector,
    MaskedReconstructionPretrainer,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    PerSeries,
    PretrainedEncoder,
    RNNClassifier,
    RNNRegressor,
    RollingFeatures,
    SafeSampler,
    SeriesFeatures,
    SeriesImputer,
    SeriesScaler,
    SlidingWindow,
    SmoothedClassifier,
    StatefulForecastDetector,
    StatefulRNNClassifier,
    ThresholdClassifier,
    TorchClassifier,
    VAEDetector,
    WindowReducer,
    WindowScaler,
    ZScoreDetector,
)

# Weights equal repetition only where a batch holds all rows.
NET = {"max_epochs": 15, "batch_size": 256, "lr": 0.1, "random_state": 0}
RNN = {"pooling": "last_max", **NET}
AUTOENCODER = {"hidden_sizes": (4, 2), **NET}
STATEFUL = {"hidden_size": 4, "max_epochs": 8, "min_updates": 4, "lr": 0.1, "random_state": 0}
ENCODER = str(Path(__file__).parent / "neural" / "encoder.pt")


class OfAnyWidth(ClassifierMixin, BaseEstimator):
    """A fitted classifier that takes rows of any width: the checks come with many."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        raise AssertionError("it is frozen")

    def predict_proba(self, X):
        second = expit(check_array(X).sum(axis=1))
        return np.column_stack([1 - second, second])

    def __sklearn_is_fitted__(self):
        return True


MEMBERS = [("z", ZScoreDetector()), ("gaussian", GaussianDetector("full"))]

#: In double precision, where sums in another order are the same to a check: every class, cell, loss and layer.
NETWORKS = [
    TorchClassifier(loss="logit_adjusted", **NET),
    TorchClassifier(loss="mean_false_error", **NET),
    RNNClassifier(hidden_size=4, dense_size=4, **NET),
    RNNClassifier("gru", hidden_size=4, patch_size=2, bidirectional=True, loss="focal", **RNN),
    RNNClassifier("rnn", hidden_size=4, num_layers=2, loss="squared_error", class_weight="balanced", **NET),
    RNNRegressor(hidden_size=8, dense_size=16, patch_size=5, bidirectional=True, **RNN),
    RNNRegressor("gru", hidden_size=8, dense_size=8, patch_size=5, loss="absolute_error", **RNN),
    RNNRegressor(
        "rnn", hidden_size=4, bidirectional=True, loss="huber", **RNN | {"max_epochs": 40, "lr": 0.03}
    ),
    AutoencoderDetector(activation="selu", dropout=0.1, dropout_type="alpha", **AUTOENCODER),
    AutoencoderDetector("lstm", conv_channels=3, recurrent_dropout=0.1, **AUTOENCODER),
    AutoencoderDetector("gru", decoder="unroll", **AUTOENCODER),
    VAEDetector("gru", n_draws=2, score_by="elbo", **AUTOENCODER),
    ForecastDetector(hidden_size=4, **NET),
    ForecastPretrainer("gru", hidden_size=4, num_layers=2, bidirectional=True, **RNN),
    MaskedReconstructionPretrainer("rnn", hidden_size=4, mask_fraction=0.5, patch_size=2, **RNN),
    StatefulRNNClassifier("rnn", num_layers=2, class_weight="balanced", series_embedding=2, **STATEFUL),
    StatefulForecastDetector(horizon=2, **STATEFUL),
]

#: In single precision, the default: once for each place that turns rows into tensors or back, which are the bases
#: NetClassifier, NetDetector and Pretrainer, the targets of RNNRegressor, and the stateful networks.
IN_FLOAT32 = [
    TorchClassifier(**NET),
    RNNClassifier(encoder=PretrainedEncoder(ENCODER), freeze_epochs=1, encoder_lr=0.001, **NET),
    RNNRegressor("gru", hidden_size=8, dense_size=8, patch_size=5, **RNN),
    AutoencoderDetector(**AUTOENCODER),
    AutoencoderDetector("lstm", **AUTOENCODER),
    VAEDetector(**AUTOENCODER),
    ForecastPretrainer(hidden_size=4, **NET),
    MaskedReconstructionPretrainer(hidden_size=4, **NET),
    StatefulRNNClassifier(**STATEFUL),
    StatefulForecastDetector(**STATEFUL),
]

ESTIMATORS = [
    SlidingWindow(3),
    SlidingWindow(1),
    SlidingWindow(2, padding="zero", history="none"),
    SlidingWindow("auto"),
    RollingFeatures(),
    RollingFeatures(period=4),
    RollingFeatures([3], std_windows=[], slope_windows=[2], ewm_spans=[], period=None, keep_values=False),
    SeriesFeatures(["number", "one_hot", "level", "spread", "step"]),
    SeriesFeatures(["anomaly_share"]),
    SeriesImputer("mean", add_indicator=True, add_age=True),
    SeriesScaler(),
    WindowReducer(2),
    WindowReducer(2, keep="last"),
    WindowScaler(),
    ZScoreDetector(),
    ZScoreDetector("rolling"),
    ZScoreDetector(robust=True),
    # The rows of the checks are sorted by class: no fold in time order would train on both.
    ThresholdClassifier(LogisticRegression(), cv=StratifiedKFold(2), min_events=1),
    ThresholdClassifier(LogisticRegression(), 0.0),
    GaussianDetector(),
    GaussianDetector("full"),
    GaussianDetector("full", score_on="last"),
    NearestWindowsDetector(),
    NearestWindowsDetector(2, normalize=True, n_best=1, max_windows=20),
    KMeansDetector(3, random_state=0),
    PCADetector(),
    PCADetector(1, score_by="both", normalize=True),
    LevelShiftDetector(),
    LevelShiftDetector("both"),
    LinearForecastDetector(),
    LinearForecastDetector(normalize=True),
    OutlierClassifier(IsolationForest(n_estimators=10, random_state=0)),
    ConfidenceDetector(FrozenEstimator(OfAnyWidth())),
    FusionDetector(MEMBERS),
    FusionDetector(MEMBERS, scale="robust", combine="max"),
    FusionDetector(MEMBERS, scale="tail"),
    FusionDetector(MEMBERS, scale="log"),
    FusionDetector(MEMBERS, score_on="overlap"),
    FusionDetector(MEMBERS, score_on="series"),
    SmoothedClassifier(LogisticRegression(), 1),
    SmoothedClassifier(LogisticRegression(), 3),
    CostSensitiveClassifier(LogisticRegression()),
    PerSeries(ZScoreDetector()),
    PerSeries(LogisticRegression()),
    CostSensitiveClassifier(LogisticRegression(), method="threshold_moving"),
    PretrainedEncoder(ENCODER),
    SafeSampler("oversample"),
    SafeSampler("smote"),
    *(estimator.set_params(dtype="float64") for estimator in NETWORKS),
    *(estimator.set_params(dtype="float32") for estimator in IN_FLOAT32),
]


#: Checks that give weights to rows or classes.
WEIGHTED_CHECKS = [
    "check_class_weight_classifiers",
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
]


#: Checks of what a network has learnt, or that compare two trainings: all epochs. Two are enough for the others.
LEARNT = {
    "check_class_weight_classifiers",
    "check_classifiers_train",
    "check_regressors_train",
    "check_regressors_int",
    "check_sample_weight_equivalence_on_dense_data",
}


def expected_failures(estimator):
    """Checks that an estimator must fail, with the reason."""
    failures = {}
    if isinstance(estimator, SlidingWindow) and estimator.length != 1:
        reason = "a window holds the rows before it: what comes before a row matters"
        failures["check_methods_sample_order_invariance"] = reason
        failures["check_methods_subset_invariance"] = reason
    if isinstance(estimator, RollingFeatures):
        reason = "a row is compared with the rows before it: what comes before a row matters"
        failures["check_methods_sample_order_invariance"] = reason
        failures["check_methods_subset_invariance"] = reason
    if isinstance(estimator, SeriesFeatures) and "anomaly_share" in estimator.features:
        reason = "a training row does not know its own label: fit_transform differs from fit and transform"
        failures["check_transformer_general"] = reason
        failures["check_transformer_data_not_an_array"] = reason
    if isinstance(estimator, SmoothedClassifier) and estimator.length > 1:
        reason = "a score is smoothed over the rows before it: what comes before a row matters"
        failures["check_methods_sample_order_invariance"] = reason
        failures["check_methods_subset_invariance"] = reason
    if isinstance(estimator, (RNNClassifier, RNNRegressor, TorchClassifier)) and estimator.dtype == "float32":
        failures["check_sample_weight_equivalence_on_dense_data"] = (
            "sums in another order, rounded to float32"
        )
    if isinstance(estimator, (StatefulRNNClassifier, StatefulForecastDetector)):
        reason = "the network runs along the rows: what comes before a row matters"
        failures["check_methods_sample_order_invariance"] = reason
        failures["check_methods_subset_invariance"] = reason
    if isinstance(estimator, StatefulRNNClassifier):
        failures["check_sample_weight_equivalence_on_dense_data"] = "a repeated row is another sequence"
    if getattr(estimator, "loss", None) == "mean_false_error":
        reason = "the loss weighs the classes by itself and takes no other weights"
        failures |= dict.fromkeys(WEIGHTED_CHECKS, reason)
    return failures


@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_sklearn_contract(estimator, check):
    if check.func.__name__ not in LEARNT and hasattr(estimator, "max_epochs"):
        estimator = clone(estimator).set_params(max_epochs=2)
    check(estimator)


def test_every_public_estimator_is_checked():
    public = {
        cls
        for name in sktsad.__all__
        if inspect.isclass(cls := getattr(sktsad, name))
        and issubclass(cls, BaseEstimator)
        and hasattr(cls, "fit")
    }
    assert public == {type(estimator) for estimator in ESTIMATORS}
