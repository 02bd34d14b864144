"""Models without a network can be saved with skops; those with one are not trusted."""

import inspect

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sktsad
from sktsad import (
    AutoencoderDetector,
    CostSensitiveClassifier,
    FusionDetector,
    GaussianDetector,
    RollingFeatures,
    SafeSampler,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    ThresholdClassifier,
    WindowScaler,
    ZScoreDetector,
    thresholds,
)
from sktsad.export import skops_trusted_types
from sktsad.neural._net_estimator import NetEstimator
from sktsad.sampling import WindowAugmenter

io = pytest.importorskip("skops.io", reason="needs the extra: pip install 'sktsad[skops]'")
exceptions = pytest.importorskip("skops.io.exceptions")

RNG = np.random.default_rng(0)
INDEX = pd.MultiIndex.from_product([["a", "b"], range(100)], names=["series", "time"])
FRAME = pd.DataFrame(RNG.normal(size=(200, 2)), INDEX, columns=["x", "y"])
X = FRAME.to_numpy()
Y = (RNG.random(200) < 0.3).astype(int)


def windowed(*steps):
    return make_pipeline(StandardScaler(), SlidingWindow(4), *steps)


def copied(model):
    return io.loads(io.dumps(model), trusted=skops_trusted_types())


@pytest.mark.parametrize(
    "model",
    [
        ZScoreDetector(threshold=1.5),
        windowed(ZScoreDetector("rolling", robust=True, threshold=thresholds.MedianMAD(3))),
        windowed(GaussianDetector("full")),
        windowed(WindowScaler(), LogisticRegression()),
        FusionDetector([("z", ZScoreDetector()), ("gauss", GaussianDetector())]),
        FusionDetector([("z", ZScoreDetector()), ("gauss", GaussianDetector())], scale="robust"),
        ThresholdClassifier(SmoothedClassifier(LogisticRegression(), 3), cv=SeriesSplit(2)),
        CostSensitiveClassifier(LogisticRegression()),
        make_imblearn_pipeline(
            SlidingWindow(4), SafeSampler("oversample", random_state=0), LogisticRegression()
        ),
        make_imblearn_pipeline(
            SlidingWindow(4), SafeSampler(WindowAugmenter(), random_state=0), LogisticRegression()
        ),
    ],
    ids=lambda model: repr(model)[:40],
)
def test_models_without_a_network_decide_with_the_same_bits(model):
    model.fit(X, Y)
    np.testing.assert_array_equal(copied(model).decision_function(X), model.decision_function(X))


def test_a_panel_keeps_its_series():
    scaler = SeriesScaler()
    pipe = make_pipeline(scaler, SlidingWindow(4), GaussianDetector()).fit(FRAME, pd.Series(Y, INDEX))
    again = copied(pipe)
    np.testing.assert_array_equal(again.decision_function(FRAME), pipe.decision_function(FRAME))


@pytest.mark.parametrize("names", [("<no name>", "b"), ("None", "null"), (0, 1)], ids=str)
def test_series_may_be_called_anything(names):
    frame = FRAME.set_axis(INDEX.set_levels(list(names), level=0))
    scaler = SeriesScaler(unseen="error").fit(frame)
    pd.testing.assert_frame_equal(copied(scaler).transform(frame), scaler.transform(frame))


@pytest.mark.parametrize("index", [None, INDEX, pd.date_range("2024", periods=200, freq="h")], ids=type)
@pytest.mark.parametrize(
    "step",
    [SeriesScaler(), RollingFeatures([5], period=None), SlidingWindow(4)],
    ids=lambda step: type(step).__name__,
)
def test_steps_that_keep_the_past_of_a_series_are_loaded_with_it(step, index):
    rows = X if index is None else pd.DataFrame(X, index)
    step.fit(rows[:150])
    np.testing.assert_array_equal(copied(step).transform(rows[150:]), step.transform(rows[150:]))


@pytest.mark.parametrize(
    "name", [name for name in thresholds.__all__ if inspect.isclass(getattr(thresholds, name))]
)
def test_every_threshold_rule_is_trusted(name):
    rule = getattr(thresholds, name)
    assert f"{rule.__module__}.{rule.__qualname__}" in skops_trusted_types()


def test_a_network_is_not_trusted_for_its_file_holds_a_pickle():
    pipe = windowed(AutoencoderDetector(hidden_sizes=(2,), max_epochs=1, random_state=0)).fit(X)
    assert b"__cuda_dependent_attributes__" in io.dumps(pipe)
    with pytest.raises(
        exceptions.UntrustedTypesFoundException, match=r"sktsad.neural._training._net.LeanNet"
    ):
        copied(pipe)


def test_trusted_are_the_public_estimators_without_a_network():
    trusted = {name.rpartition(".")[2] for name in skops_trusted_types()}
    for name in sktsad.__all__:
        cls = getattr(sktsad, name)
        if inspect.isclass(cls) and issubclass(cls, BaseEstimator) and name != "PretrainedEncoder":
            assert (name in trusted) != issubclass(cls, NetEstimator)
