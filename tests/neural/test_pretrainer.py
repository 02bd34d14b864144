"""The base of the pretrainers: they fit without labels and transform to a code."""

import inspect
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from sktsad import (
    ForecastPretrainer,
    MaskedReconstructionPretrainer,
    RNNClassifier,
    SeriesSplit,
    SlidingWindow,
)
from sktsad.neural._net_estimator import NetEstimator
from sktsad.neural._pretrainer import Pretrainer

RNG = np.random.default_rng(0)
ROWS = np.sin(np.arange(90) / 4)[:, None] * [1.0, -0.5] + 0.1 * RNG.normal(size=(90, 2))
WINDOWS = SlidingWindow(8).fit_transform(ROWS)
X = RNG.normal(size=(70, 8))
SMALL = {"hidden_size": 5, "dense_size": 4, "max_epochs": 3, "batch_size": 32, "lr": 0.02, "random_state": 0}

CLASSES = [ForecastPretrainer, MaskedReconstructionPretrainer]
each_class = pytest.mark.parametrize("cls", CLASSES)


def state(pretrainer):
    return {name: value.clone() for name, value in pretrainer.net_.module_.state_dict().items()}


def assert_same_bits(one, other, rows=X):
    np.testing.assert_array_equal(one.transform(rows), other.transform(rows))
    for name, value in state(one).items():
        assert torch.equal(value, state(other)[name])


@each_class
def test_what_is_learnt_does_not_depend_on_the_order_of_the_rows(cls):
    index = pd.date_range("2026-01-01", periods=len(ROWS), freq="min")
    windows = SlidingWindow(8).fit_transform(pd.DataFrame(ROWS, index))
    one, other = (cls(**SMALL).fit(rows) for rows in (windows, windows[::-1]))
    assert_same_bits(one, other, WINDOWS)


# Parameters


@each_class
def test_a_signature_lists_every_shared_parameter_once_with_its_default_and_its_range(cls):
    parameters = inspect.signature(cls).parameters
    shared = set(NetEstimator._parameter_constraints)
    assert set(parameters) >= shared | {"cell", "hidden_size", "loss", "dense_size", "patch_size"}
    assert {name: parameters[name].default for name in parameters} == cls().get_params()
    assert set(parameters) <= set(cls._parameter_constraints)


@each_class
@pytest.mark.parametrize(
    "name, value",
    [("cell", "transformer"), ("loss", "huber"), ("hidden_size", 0), ("lr", 0), ("pooling", "mean")],
)
def test_a_parameter_out_of_range_is_named(cls, name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of {cls.__name__} must be"):
        cls(**{name: value}).fit(X)


@each_class
def test_net_parameters_reach_the_network_and_typos_are_found(cls):
    pretrainer = cls(**SMALL, net_params={"optimizer__weight_decay": 0.5}).fit(X)
    assert pretrainer.net_.optimizer_.param_groups[0]["weight_decay"] == 0.5
    with pytest.raises(ValueError, match="net__module__hiden"):
        cls(**SMALL, net_params={"module__hiden": 1}).fit(X)


@each_class
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_the_error_is_that_of_the_training(cls, loss):
    assert cls(loss=loss, **SMALL).fit(X).net_.criterion_.loss == loss


@each_class
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_encoder_is_of_the_same_family_as_that_of_the_classifier(cls, cell):
    options = {
        "num_layers": 2,
        "dropout": 0.25,
        "bidirectional": True,
        "pooling": "last_max",
        "patch_size": 3,
    }
    pretrainer = cls(cell, **options, **SMALL).fit(WINDOWS)
    classifier = RNNClassifier(cell, **options, **SMALL).fit(WINDOWS, np.arange(90) % 2)
    encoder = classifier.net_.module_.encoder
    assert pretrainer.encoder_.arguments == encoder.arguments
    assert repr(pretrainer.encoder_) == repr(encoder)


# Codes


@each_class
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options, n_codes",
    [({}, 5), ({"bidirectional": True}, 10), ({"pooling": "last_max", "bidirectional": True}, 20)],
)
def test_transform_gives_the_code_of_the_whole_window(cls, dtype, options, n_codes):
    pretrainer = cls(dtype=dtype, **options, **SMALL).fit(WINDOWS)
    code = pretrainer.transform(WINDOWS)
    assert (code.shape, code.dtype) == ((90, n_codes), np.dtype(dtype))
    inputs = torch.from_numpy(WINDOWS.gather(slice(None), dtype))
    with torch.no_grad():
        expected = pretrainer.encoder_(inputs).numpy()
    np.testing.assert_allclose(code, expected, rtol=1e-5, atol=1e-6)
    for values in (0, 15):  # the first row of a window, and the last
        changed = np.array(WINDOWS)
        changed[:, values] += 1
        other = cls.transform(pretrainer, changed.reshape(90, 8, 2))
        assert (other != code).any(axis=1).all()


@each_class
def test_a_row_has_the_same_code_to_the_bit_whatever_stands_beside_it_and_whenever(cls):
    rows = RNG.normal(size=(300, 8))  # more than predict_batch_size
    pretrainer = cls(**SMALL).fit(X)
    together = pretrainer.transform(rows)
    for n_rows in (1, 255, 256, 257):
        np.testing.assert_array_equal(pretrainer.transform(rows[:n_rows]), together[:n_rows])


@each_class
def test_codes_have_names_and_come_as_a_frame(cls):
    pretrainer = cls(**SMALL)
    with pytest.raises(NotFittedError):
        pretrainer.get_feature_names_out()
    name = cls.__name__.lower()
    names = [f"{name}{i}" for i in range(5)]
    assert pretrainer.fit(X).get_feature_names_out().tolist() == names

    index = pd.date_range("2024", periods=90, freq="h")
    pipe = make_pipeline(SlidingWindow(8), clone(pretrainer)).set_output(transform="pandas")
    frame = pipe.fit_transform(pd.DataFrame(ROWS, index=index, columns=["a", "b"]))
    assert frame.columns.tolist() == names
    assert frame.index.equals(index)


@each_class
def test_before_fit_it_says_so(cls):
    with pytest.raises(NotFittedError):
        cls().transform(X)
    assert not hasattr(cls(), "encoder_")


@each_class
@pytest.mark.parametrize(
    "bad, message",
    [
        (np.where(X > 2, np.nan, X), "NaN"),
        (X[:, :-1], "7 features, but .*Pretrainer is expecting 8"),
        (X[:0], "0 sample"),
        (X.reshape(70, 4, 2), "n_channels=2 to this estimator"),
    ],
    ids=["nan", "column missing", "empty", "channels"],
)
def test_rows_that_will_not_do_are_refused_and_the_estimator_stays_as_it_was(cls, bad, message):
    pretrainer = cls(warm_start=True, **SMALL).fit(X)
    before = pretrainer.transform(X)
    with pytest.raises(ValueError, match=message):
        pretrainer.transform(bad)
    with pytest.raises(ValueError, match=message):
        pretrainer.fit(bad)
    np.testing.assert_array_equal(pretrainer.transform(X), before)


@each_class
@pytest.mark.filterwarnings("ignore:Column .* a network can hardly learn from")
def test_a_failed_first_fit_leaves_nothing_behind(cls):
    pretrainer = cls(lr=1000.0, max_epochs=50, optimizer="sgd", random_state=0)
    with pytest.raises(ValueError, match="Training diverged"):
        pretrainer.fit(1e10 * X)
    assert set(vars(pretrainer)) == set(cls().get_params(deep=False))


# Training


@each_class
def test_labels_are_not_used(cls):
    assert_same_bits(cls(**SMALL).fit(X), cls(**SMALL).fit(X, np.arange(70) % 2))
    assert_same_bits(cls(**SMALL).fit(X), cls(**SMALL).fit(X, ["nonsense"]))


@each_class
def test_the_same_seed_gives_the_same_bits_and_another_gives_others(cls):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = cls(**SMALL).fit(X)
    torch.rand(3)
    assert_same_bits(cls(**SMALL).fit(X), first)
    assert_same_bits(clone(first).fit(X), first)
    other = cls(**{**SMALL, "random_state": 1}).fit(X)
    assert (other.transform(X) != first.transform(X)).any()
    torch.set_rng_state(before)
    cls(**SMALL).fit(X).transform(X)
    assert torch.equal(torch.get_rng_state(), before)


@each_class
def test_input_is_not_altered_and_may_be_read_only(cls):
    rows = X.copy()
    rows.flags.writeable = False
    cls(early_stopping=True, **SMALL).fit(rows).transform(rows)
    np.testing.assert_array_equal(rows, X)


@each_class
@pytest.mark.parametrize("form", ["windows", "3-D", "2-D", "frame"])
def test_windows_may_be_of_any_form(cls, form):
    forms = {
        "windows": WINDOWS,
        "3-D": np.array(WINDOWS).reshape(90, 8, 2),
        "2-D": np.array(WINDOWS),
        "frame": pd.DataFrame(np.array(WINDOWS), columns=SlidingWindow(8).fit(ROWS).get_feature_names_out()),
    }
    pretrainer = cls(n_channels=2 if form == "2-D" else None, **SMALL).fit(forms[form])
    codes = cls(**SMALL).fit_transform(WINDOWS)
    np.testing.assert_array_equal(pretrainer.transform(forms[form]), codes)


@each_class
def test_it_learns(cls):
    losses = cls(**{**SMALL, "max_epochs": 15}).fit(WINDOWS).net_.history[:, "train_loss"]
    assert losses[-1] < 0.7 * losses[0]


@each_class
def test_warm_start_goes_on_and_otherwise_a_fit_starts_anew(cls):
    pretrainer = cls(**SMALL).fit(WINDOWS)
    first = pretrainer.transform(WINDOWS)
    np.testing.assert_array_equal(pretrainer.fit(WINDOWS).transform(WINDOWS), first)

    pretrainer.set_params(warm_start=True).fit(WINDOWS)
    assert len(pretrainer.net_.history) == 6
    before = state(pretrainer)
    pretrainer.set_params(lr=1e-12, max_epochs=1).fit(WINDOWS)
    for name, value in state(pretrainer).items():
        torch.testing.assert_close(value, before[name], atol=1e-6, rtol=0)


@each_class
@pytest.mark.parametrize("early_stopping", [False, 2])
def test_a_copy_from_a_pickle_has_the_same_codes_and_goes_on_with_the_same_bits(
    cls, early_stopping, tmp_path
):
    fitted = cls(early_stopping=early_stopping, warm_start=True, **SMALL).fit(X)
    joblib.dump(fitted, tmp_path / "pretrainer.joblib")
    for copied in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "pretrainer.joblib")):
        assert_same_bits(copied, fitted)
        assert_same_bits(copied.fit(X), pickle.loads(pickle.dumps(fitted)).fit(X))


# Early stopping


class Spy(Callback):
    """Keeps what is trained on and what is watched."""

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.trained, self.watched = dataset_train, dataset_valid


def panel():
    """Two series, told apart by their values."""
    index = pd.MultiIndex.from_product([["a", "b"], range(50)], names=["series", "time"])
    values = np.repeat([0.0, 100.0], 50) + np.tile(np.arange(50), 2)
    return pd.DataFrame({"value": values}, index=index)


@each_class
def test_early_stopping_watches_the_last_rows_in_time_of_each_series(cls):
    windows = SlidingWindow(4, series="index").fit_transform(panel() / 100)
    pretrainer = cls(early_stopping=3, callbacks=[("spy", Spy())], **SMALL).fit(windows)
    spy = dict(pretrainer.net_.callbacks_)["spy"]
    times = spy.watched.windows.index.get_level_values("time")
    assert sorted(times) == sorted([*range(40, 50)] * 2)
    assert len(spy.trained) == 80
    assert spy.trained.target is None
    assert "valid_loss" in pretrainer.net_.history[-1]


@each_class
def test_early_stopping_ends_the_training_and_keeps_the_best_weights(cls):
    options = {**SMALL, "max_epochs": 60, "lr": 0.2}
    pretrainer = cls(early_stopping=2, **options).fit(X)
    assert len(pretrainer.net_.history) < 60
    losses = pretrainer.net_.history[:, "valid_loss"]
    best = int(np.argmin(losses)) + 1
    assert best < len(losses)
    as_many = cls(early_stopping=60, **{**options, "max_epochs": best}).fit(X)
    assert_same_bits(pretrainer, as_many)


@each_class
def test_early_stopping_without_a_row_to_watch_is_refused(cls):
    with pytest.raises(ValueError, match=r"validation_fraction=0\.2 of 3 rows is less than one row"):
        cls(early_stopping=True, **SMALL).fit(X[:3])


# In the company of others


@each_class
def test_a_frozen_encoder_with_a_new_head_is_a_pipeline(cls):
    rising = (np.diff(ROWS[:, 0], append=0) > 0).astype(int)
    pipe = make_pipeline(SlidingWindow(8), cls("gru", **SMALL), LogisticRegression(C=100))
    assert pipe.fit(ROWS[:60], rising[:60]).score(ROWS[60:], rising[60:]) > 0.7
    assert pipe[-1].n_features_in_ == 5


@each_class
def test_it_is_tuned_from_outside(cls):
    rising = (np.diff(ROWS[:, 0], append=0) > 0).astype(int)
    pipe = make_pipeline(StandardScaler(), SlidingWindow(8), cls(**SMALL), LogisticRegression())
    name = cls.__name__.lower()
    grid = {f"{name}__hidden_size": [2, 4], f"{name}__net__optimizer__weight_decay": [0.0, 0.1]}
    search = GridSearchCV(pipe, grid, scoring="f1", cv=SeriesSplit(2), error_score="raise").fit(ROWS, rising)
    assert search.best_estimator_[2].encoder_.n_outputs == search.best_params_[f"{name}__hidden_size"]
    assert np.isfinite(cross_val_score(pipe, ROWS, rising, scoring="f1", cv=SeriesSplit(2))).all()


def test_codes_of_several_stand_side_by_side():
    union = FeatureUnion(
        [("next", ForecastPretrainer(**SMALL)), ("mask", MaskedReconstructionPretrainer(**SMALL))]
    )
    assert union.fit_transform(WINDOWS).shape == (90, 10)
    assert union.get_feature_names_out()[-1] == "mask__maskedreconstructionpretrainer4"


@each_class
def test_windows_of_a_panel_stay_within_their_series(cls):
    window = SlidingWindow(4, series="index")
    rows = panel() / 100
    pretrainer = cls(**SMALL).fit(window.fit_transform(rows))
    changed = rows.copy()
    changed.loc["a"] += 1
    codes, others = (pretrainer.transform(window.fit_transform(frame)) for frame in (rows, changed))
    np.testing.assert_array_equal(codes[50:], others[50:])
    assert (codes[:50] != others[:50]).any(axis=1).all()


def test_a_pretrainer_has_to_say_which_network():
    class Nameless(ForecastPretrainer):
        _network = Pretrainer._network

    with pytest.raises(NotImplementedError):
        Nameless(max_epochs=1).fit(X)
