"""Parameters that all estimators with a net share, and ``net__*`` for the rest of skorch's."""

import inspect
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import (
    AutoencoderDetector,
    ForecastDetector,
    RNNClassifier,
    SlidingWindow,
    TorchClassifier,
    VAEDetector,
)
from sktsad.neural._net_estimator import NetEstimator

X = np.random.default_rng(0).normal(size=(90, 4))
Y = (X[:, 0] > 0).astype(int)
RARE = np.tile([0, 0, 0, 1], 23)[:90]
SMALL = {"max_epochs": 2, "batch_size": 16, "random_state": 0}
ESTIMATORS = [RNNClassifier, TorchClassifier, AutoencoderDetector, VAEDetector, ForecastDetector]
SHARED = set(NetEstimator._parameter_constraints)

each_estimator = pytest.mark.parametrize("cls", ESTIMATORS)


@each_estimator
def test_a_signature_lists_every_shared_parameter_once(cls):
    names = list(inspect.signature(cls).parameters)
    assert set(names) >= SHARED
    assert len(names) == len(set(names))
    assert set(names) == set(cls().get_params())
    assert not any(p.kind == p.VAR_KEYWORD for p in inspect.signature(cls.__init__).parameters.values())


@each_estimator
def test_defaults_in_the_signature_are_those_of_the_estimator(cls):
    parameters = inspect.signature(cls).parameters
    assert {name: parameters[name].default for name in parameters} == cls().get_params()


@each_estimator
def test_every_shared_parameter_is_validated(cls):
    assert SHARED | set(inspect.signature(cls).parameters) - {"module"} <= set(cls._parameter_constraints)


@each_estimator
def test_a_parameter_that_nobody_knows_is_a_type_error(cls):
    with pytest.raises(TypeError, match=f"{cls.__name__}.*unexpected keyword argument 'foo'"):
        cls(foo=1)
    with pytest.raises(ValueError, match="Invalid parameter 'foo'"):
        cls().set_params(foo=1)


@each_estimator
def test_net_parameters_are_parameters(cls):
    given = {"optimizer__weight_decay": 0.5}
    estimator = cls(net_params=given)
    assert estimator.get_params()["net__optimizer__weight_decay"] == 0.5
    assert "net__optimizer__weight_decay" not in estimator.get_params(deep=False)
    assert estimator.set_params(net__optimizer__weight_decay=0.25, lr=0.5) is estimator
    assert given == {"optimizer__weight_decay": 0.5}  # copied, not changed in place
    copied = clone(estimator)
    assert copied.net_params == {"optimizer__weight_decay": 0.25}
    assert copied.lr == 0.5
    assert clone(estimator.set_params(net__module__x=1)).get_params() == estimator.get_params()
    assert estimator.net_params == {"optimizer__weight_decay": 0.25, "module__x": 1}
    shown = " ".join(repr(estimator).split())
    assert "net_params={'module__x': 1, 'optimizer__weight_decay': 0.25}" in shown
    assert cls().set_params(net__x=1, net_params={"y": 2}).net_params == {"y": 2, "x": 1}


def test_clones_do_not_share_their_net_parameters():
    estimator = TorchClassifier(net_params={"x": 1})
    copied = clone(estimator).set_params(net__x=2)
    assert (estimator.net_params, copied.net_params) == ({"x": 1}, {"x": 2})


@pytest.mark.parametrize("name", ["net__lr", 3])
def test_a_key_that_is_no_name_of_skorch_is_refused_with_the_fix(name):
    with pytest.raises(ValueError, match=f"net_params contains {name!r}.*without net__"):
        TorchClassifier(net_params={name: 1}, **SMALL).fit(X, Y)


@each_estimator
@pytest.mark.parametrize("typo", ["optimizer__weight_deca", "itertor_train", "module__hiden"])
def test_a_typo_in_a_net_parameter_is_found_at_fit(cls, typo):
    estimator = cls(net_params={typo: 1}, **SMALL)
    with pytest.raises(ValueError, match=f"net__{typo}"):
        estimator.fit(X, Y)
    assert not hasattr(estimator, "net_")


@each_estimator
def test_a_net_parameter_that_the_estimator_has_itself_is_refused_with_the_fix(cls):
    with pytest.raises(ValueError, match=r"net__lr cannot be set this way: use lr\."):
        cls(net_params={"lr": 0.1}, **SMALL).fit(X, Y)


@each_estimator
@pytest.mark.parametrize(
    "wrap",
    [
        lambda step: step,
        lambda step: Pipeline([("scale", StandardScaler()), ("net", step)]),
        lambda step: ImbalancedPipeline([("scale", StandardScaler()), ("net", step)]),
    ],
    ids=["alone", "Pipeline", "imbalanced-learn Pipeline"],
)
def test_a_grid_over_a_net_parameter_trains_with_each_value(cls, wrap):
    model = wrap(cls(**SMALL))
    name = "net__optimizer__weight_decay" if isinstance(model, cls) else "net__net__optimizer__weight_decay"
    search = GridSearchCV(model, {name: [0.125, 0.25]}, cv=KFold(2), scoring="f1").fit(X, Y)
    fitted = search.best_estimator_ if isinstance(model, cls) else search.best_estimator_[-1]
    used = fitted.net_.optimizer_.param_groups[0]["weight_decay"]
    assert used == search.best_params_[name] in (0.125, 0.25)


@each_estimator
@pytest.mark.parametrize(
    "name, value",
    [
        ("max_epochs", 0),
        ("batch_size", 2.5),
        ("predict_batch_size", 0),
        ("lr", 0),
        ("lr", "fast"),
        ("optimizer", "adamm"),
        ("early_stopping", 0.5),
        ("validation_fraction", 1),
        ("n_channels", 0),
        ("device", 0),
        ("dtype", "float16"),
        ("random_state", "seed"),
        ("warm_start", "yes"),
        ("callbacks", "disable"),
        ("net_params", ["lr"]),
    ],
)
def test_a_parameter_out_of_range_is_named_at_fit(cls, name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of {cls.__name__} must be"):
        cls(**{name: value}).fit(X, Y)


def test_verbose_is_validated_like_the_others():
    with pytest.raises(ValueError, match="'verbose'"):
        TorchClassifier(verbose="much").fit(X, Y)


@each_estimator
def test_the_device_is_validated_at_fit(cls):
    with pytest.raises(ValueError, match="device='mainframe' cannot be used"):
        cls(device="mainframe").fit(X, Y)


@each_estimator
def test_without_verbose_nothing_is_printed(cls, capsys):
    estimator = cls(early_stopping=1, validation_fraction=0.5, lr=1.0, max_epochs=30, random_state=0)
    estimator.fit(X, RARE).predict(X)
    assert capsys.readouterr() == ("", "")


@each_estimator
def test_verbose_prints_a_line_for_each_epoch(cls, capsys):
    cls(verbose=1, **{**SMALL, "max_epochs": 4}).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 4  # with the head of the table
    assert "train_loss" in lines[0]


def test_verbose_says_why_training_stopped_early(capsys):
    TorchClassifier(verbose=1, early_stopping=1, max_epochs=500, lr=1.0, random_state=0).fit(X, Y)
    out = capsys.readouterr().out
    assert "valid_loss" in out
    assert "Stopping since valid_loss has not improved" in out


@each_estimator
def test_warm_start_goes_on_and_further_epochs_make_the_loss_fall(cls):
    estimator = cls(warm_start=True, **{**SMALL, "lr": 0.01})
    losses = [estimator.fit(X, Y).net_.history[-1, "train_loss"] for _ in range(4)]
    assert losses == sorted(losses, reverse=True)
    assert len(estimator.net_.history) == 8


@each_estimator
def test_without_warm_start_a_further_fit_starts_anew(cls):
    estimator = cls(**SMALL)
    first = estimator.fit(X, Y).decision_function(X)
    np.testing.assert_array_equal(estimator.fit(X, Y).decision_function(X), first)
    assert len(estimator.net_.history) == 2


@each_estimator
def test_warm_start_takes_a_new_learning_rate_batch_size_and_number_of_epochs(cls):
    estimator = cls(warm_start=True, **SMALL).fit(X, Y)
    estimator.set_params(lr=1e-12, batch_size=5, max_epochs=3)
    before = [weight.clone() for weight in estimator.net_.module_.parameters()]
    estimator.fit(X, Y)
    assert estimator.net_.optimizer_.param_groups[0]["lr"] == 1e-12
    n_batches = estimator.net_.history[:, "train_batch_count"]
    assert n_batches[-1] > 2 * n_batches[0]
    assert len(estimator.net_.history) == 5
    for weight, old in zip(estimator.net_.module_.parameters(), before, strict=True):
        torch.testing.assert_close(weight, old, atol=1e-6, rtol=0)


@each_estimator
@pytest.mark.parametrize("first, second", [(True, False), (False, 3)])
def test_warm_start_cannot_switch_early_stopping(cls, first, second):
    estimator = cls(warm_start=True, early_stopping=first, validation_fraction=0.6, **SMALL).fit(X, RARE)
    before = estimator.decision_function(X)
    with pytest.raises(ValueError, match=f"early_stopping={second} differs from that of the first fit"):
        estimator.set_params(early_stopping=second).fit(X, RARE)
    np.testing.assert_array_equal(estimator.decision_function(X), before)


@each_estimator
def test_warm_start_refuses_windows_of_another_shape(cls):
    estimator = cls(warm_start=True, **SMALL).fit(X, Y)
    before = estimator.decision_function(X)
    with pytest.raises(ValueError, match="n_channels"):
        estimator.fit(X.reshape(90, 2, 2), Y)
    with pytest.raises(ValueError):
        estimator.fit(X[:, :3], Y)
    np.testing.assert_array_equal(estimator.decision_function(X), before)
    assert estimator.n_features_in_ == 4


@each_estimator
@pytest.mark.parametrize(
    "change", [lambda x: 1e-12 * x, lambda x: x + 1e9, lambda x: 1e7 * x], ids=["tiny", "offset", "huge"]
)
def test_a_column_that_a_network_can_hardly_learn_from_is_named(cls, change):
    rows = np.column_stack([X[:, 0], change(X[:, 1])])
    windows = SlidingWindow(3).fit_transform(pd.DataFrame(rows, columns=["load", "heat"]))
    said = "Column 'heat' has mean .* Scale the rows before the window"
    with pytest.warns(UserWarning, match=said), suppress(ValueError):  # of training that diverges
        cls(**SMALL).fit(windows, Y)


def test_constant_columns_and_those_of_usual_size_are_not_named():
    rows = np.column_stack([X[:, 0], np.full(90, 1e3), 1000 * X[:, 1], 0.001 * X[:, 2]])
    TorchClassifier(**SMALL).fit(SlidingWindow(3).fit_transform(rows), Y)


@each_estimator
def test_a_precision_set_after_fit_is_refused_in_words(cls):
    estimator = cls(warm_start=True, dtype="float64", **SMALL).fit(X, Y)
    before = estimator.decision_function(X)
    estimator.set_params(dtype="float32")
    for call in (estimator.decision_function, lambda rows: estimator.fit(rows, Y)):
        with pytest.raises(
            ValueError, match="dtype='float32' was set after fit, whose network has 'float64'"
        ):
            call(X)
    np.testing.assert_array_equal(estimator.set_params(dtype="float64").decision_function(X), before)
    assert estimator.set_params(dtype="float32", warm_start=False).fit(X, Y).decision_function(X).shape == (
        90,
    )
