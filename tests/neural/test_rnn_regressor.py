"""RNNRegressor: what it forecasts, what it takes, how it composes."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback
from torch import nn

from sktsad import RNNRegressor, SeriesScaler, SeriesSplit, SlidingWindow, forecast_target

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6))
Y = X[:, -2:].sum(axis=1) + 0.3 * RNG.normal(size=120)
TWO = np.column_stack([Y, X[:, -1]])
WEIGHT = RNG.uniform(0.1, 3, size=120)

SMALL = {"hidden_size": 5, "dense_size": 4, "max_epochs": 3, "batch_size": 32, "lr": 0.02, "random_state": 0}
MODEL = RNNRegressor("gru", **SMALL)
QUICK = {"hidden_size": 8, "dense_size": 8, "max_epochs": 12, "batch_size": 32, "lr": 0.02, "random_state": 0}


def wave(n_rows=400, noise=0.1, seed=0):
    """A sine wave with noise, a row an hour."""
    rng = np.random.default_rng(seed)
    value = np.sin(2 * np.pi * np.arange(n_rows) / 12) + noise * rng.normal(size=n_rows)
    return pd.DataFrame({"value": value}, index=pd.date_range("2024", periods=n_rows, freq="h"))


def panel(n_series=2, n_rows=120):
    return pd.concat({f"s{i}": wave(n_rows, seed=i) for i in range(n_series)}, names=["series", "time"])


def pipeline(model=None, length=12):
    scaler = StandardScaler().set_output(transform="pandas")
    return make_pipeline(scaler, SlidingWindow(length), model or RNNRegressor(**QUICK))


def assert_same_bits(one, other, rows=X):
    np.testing.assert_array_equal(one.predict(rows), other.predict(rows))


# What it learns


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber"])
def test_it_forecasts_a_noisy_wave_better_than_that_nothing_changes(cell, loss):
    rows, y = forecast_target(wave())
    model = pipeline(RNNRegressor(cell, loss=loss, **QUICK)).fit(rows[:300], y[:300])
    forecast = model.predict(rows[300:])
    assert r2_score(y[300:], forecast) > 0.8
    naive = rows["value"][300:]
    assert mean_absolute_error(y[300:], forecast) < 0.6 * mean_absolute_error(y[300:], naive)


def test_it_forecasts_several_channels_and_several_steps_ahead():
    rows = wave().assign(late=lambda X: X["value"].shift(3).bfill())
    now, y = forecast_target(rows, 2)
    model = pipeline().fit(now[:300], y[:300])
    assert model.predict(now[300:]).shape == (len(now) - 300, 2)
    assert r2_score(y[300:], model.predict(now[300:]), multioutput="raw_values").min() > 0.8

    steps = {f"in {h}": forecast_target(rows, h, columns="value")[1] for h in (1, 2, 6)}
    ahead = pd.DataFrame(steps).dropna()
    now = rows.loc[ahead.index]
    model = pipeline().fit(now[:300], ahead[:300])
    assert r2_score(ahead[300:], model.predict(now[300:]), multioutput="raw_values").min() > 0.8


def test_targets_far_from_0_want_to_be_scaled():
    rows, y = forecast_target(1000 + 100 * wave())
    plain = pipeline()
    scaled = TransformedTargetRegressor(plain, transformer=StandardScaler())
    assert clone(plain).fit(rows[:300], y[:300]).score(rows[300:], y[300:]) < 0
    assert scaled.fit(rows[:300], y[:300]).score(rows[300:], y[300:]) > 0.8


def test_the_absolute_error_leads_to_the_median_and_the_squared_one_to_the_mean():
    constant = np.zeros((300, 2))
    y = np.tile([0.0, 0.0, 3.0], 100)
    options = {**SMALL, "max_epochs": 40, "batch_size": 300}
    forecast = {
        loss: RNNRegressor(loss=loss, **options).fit(constant, y).predict(constant[:1]).item()
        for loss in ("squared_error", "absolute_error", "huber")
    }
    assert forecast["squared_error"] == pytest.approx(1, abs=0.1)
    assert forecast["absolute_error"] == pytest.approx(0, abs=0.1)
    assert forecast["huber"] == pytest.approx(0.5, abs=0.1)  # 2/3 of the rows pull by x, 1/3 by 1


# What it predicts


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("y", [Y, Y[:, None], TWO], ids=["1-D", "a column", "two columns"])
def test_forecasts_are_floats_in_the_shape_of_the_targets(y, dtype):
    forecast = clone(MODEL).set_params(dtype=dtype).fit(X, y).predict(X)
    assert forecast.shape == y.shape
    assert forecast.dtype == np.float64
    assert np.isfinite(forecast).all()


def test_a_column_of_targets_trains_as_a_vector_does():
    np.testing.assert_array_equal(
        clone(MODEL).fit(X, Y[:, None]).predict(X)[:, 0], clone(MODEL).fit(X, Y).predict(X)
    )


def test_a_row_is_predicted_the_same_bits_whatever_stands_beside_it():
    rows = RNG.normal(size=(300, 6))  # more than predict_batch_size
    model = clone(MODEL).fit(X, TWO)
    together = model.predict(rows)
    for n_rows in (1, 255, 256, 257):
        np.testing.assert_array_equal(model.predict(rows[:n_rows]), together[:n_rows])


@pytest.mark.parametrize("y", [Y, TWO])
def test_a_single_row_is_enough_to_fit_and_to_predict(y):
    model = clone(MODEL).fit(X[:1], y[:1])
    assert model.predict(X[:1]).shape == y[:1].shape


def test_the_same_seed_gives_the_same_bits_and_another_gives_others():
    first = clone(MODEL).fit(X, Y)
    assert_same_bits(clone(MODEL).fit(X, Y), first)
    assert_same_bits(first.fit(X, Y), clone(MODEL).fit(X, Y))
    other = clone(MODEL).set_params(random_state=1).fit(X, Y)
    assert (other.predict(X) != first.predict(X)).any()


@pytest.mark.parametrize("form", [list, pd.Series, np.float32, int, np.int8])
def test_targets_may_be_of_any_form(form):
    whole = np.rint(3 * Y)
    y = form(whole) if form in (list, pd.Series) else whole.astype(form)
    assert_same_bits(clone(MODEL).fit(X, y), clone(MODEL).fit(X, whole))


def test_input_is_not_altered_and_may_be_read_only():
    rows, y, weight = X.copy(), Y.astype(np.float32), WEIGHT.copy()
    for array in (rows, y, weight):
        array.flags.writeable = False
    early = clone(MODEL).set_params(early_stopping=True)  # a tail is cut from the targets without a copy
    early.fit(rows, y, weight).predict(rows)
    clone(MODEL).fit(rows, y).predict(rows)
    np.testing.assert_array_equal(rows, X)


def test_before_fit_it_says_so():
    with pytest.raises(NotFittedError):
        clone(MODEL).predict(X)


# The network


def test_by_default_it_is_an_lstm_of_128_units_a_dense_layer_of_64_and_an_output_for_each_target():
    model = RNNRegressor(max_epochs=1, random_state=0).fit(X, TWO)
    rnn, head = model.net_.module_.encoder.rnn, model.net_.module_.head
    assert isinstance(rnn, nn.LSTM)
    assert (rnn.input_size, rnn.hidden_size, rnn.num_layers, rnn.bidirectional) == (1, 128, 1, False)
    linear = [(layer.in_features, layer.out_features) for layer in head if isinstance(layer, nn.Linear)]
    assert linear == [(128, 64), (64, 2)]
    assert isinstance(model.net_.criterion_, nn.MSELoss)


def test_parameters_make_the_network():
    options = {
        "num_layers": 2,
        "dropout": 0.25,
        "bidirectional": True,
        "pooling": "last_max",
        "patch_size": 2,
    }
    model = RNNRegressor("rnn", **options, **{**SMALL, "dense_size": None}).fit(X.reshape(120, 3, 2), Y)
    encoder, head = model.net_.module_.encoder, model.net_.module_.head
    assert type(encoder.rnn) is nn.RNN
    assert (encoder.rnn.input_size, encoder.rnn.hidden_size) == (2 * 2, 5)
    assert (encoder.rnn.num_layers, encoder.rnn.dropout, encoder.rnn.bidirectional) == (2, 0.25, True)
    assert encoder.pooling == "last_max"
    assert [layer.in_features for layer in head if isinstance(layer, nn.Linear)] == [20]


@pytest.mark.parametrize(
    "name, value",
    [
        ("cell", "transformer"),
        ("hidden_size", 0),
        ("dropout", 1),
        ("dense_size", 0),
        ("pooling", "mean"),
        ("patch_size", 0),
        ("loss", "cross_entropy"),
        ("lr", 0),
        ("max_epochs", 0),
    ],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of RNNRegressor must be"):
        RNNRegressor(**{name: value}).fit(X, Y)


def test_net_parameters_reach_the_network_and_typos_are_found():
    model = clone(MODEL).set_params(net__optimizer__weight_decay=0.5, loss="huber", net__criterion__delta=0.1)
    model.fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.5
    assert model.net_.criterion_.delta == 0.1
    with pytest.raises(ValueError, match="net__module__hiden"):
        clone(MODEL).set_params(net__module__hiden=1).fit(X, Y)


# Losses


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (nn.MSELoss, "squared_error"),
        (nn.MSELoss(), "squared_error"),
        (nn.L1Loss(reduction="none"), "absolute_error"),
        (nn.SmoothL1Loss, "huber"),
    ],
)
@pytest.mark.parametrize("y", [Y, TWO])
def test_torchs_own_loss_trains_as_the_one_of_that_name(loss, name, y):
    own = clone(MODEL).set_params(loss=loss).fit(X, y).predict(X)
    np.testing.assert_allclose(
        own, clone(MODEL).set_params(loss=name).fit(X, y).predict(X), rtol=1e-4, atol=1e-5
    )


def test_a_loss_instance_is_copied():
    loss = nn.HuberLoss()
    model = clone(MODEL).set_params(loss=loss).fit(X, Y)
    assert model.net_.criterion_ is not loss


def test_a_loss_that_is_no_module_is_refused():
    with pytest.raises(
        TypeError, match=r"must be a torch\.nn\.Module or its class, e\.g\. torch\.nn\.MSELoss"
    ):
        clone(MODEL).set_params(loss=nn.functional.mse_loss).fit(X, Y)


def test_a_loss_that_averages_by_itself_cannot_be_weighted():
    with pytest.raises(ValueError, match=r"averages over the batch by itself.*reduction='none'"):
        clone(MODEL).set_params(loss=nn.MSELoss()).fit(X, Y, WEIGHT)


# Weights


@pytest.mark.parametrize("y", [Y, TWO])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber"])
def test_a_weight_is_as_good_as_repetition(y, loss):
    weight = RNG.integers(0, 4, size=120)
    model = clone(MODEL).set_params(loss=loss, dtype="float64", batch_size=500)  # a batch holds all rows
    weighted = clone(model).fit(X, y, weight).predict(X)
    repeated = clone(model).fit(X.repeat(weight, axis=0), y.repeat(weight, axis=0)).predict(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-6, atol=1e-9)


def test_equal_weights_train_as_none_but_for_rounding():
    weighted, plain = clone(MODEL).fit(X, TWO, np.full(120, 7.0)), clone(MODEL).fit(X, TWO)
    np.testing.assert_allclose(weighted.predict(X), plain.predict(X), rtol=1e-3, atol=1e-4)


def test_rows_of_weight_0_are_as_good_as_absent():
    used = RNG.uniform(size=120) > 0.4
    weighted = clone(MODEL).fit(X, Y, used.astype(float))
    assert_same_bits(weighted, clone(MODEL).fit(X[used], Y[used], np.ones(used.sum())))


@pytest.mark.parametrize(
    "weight, message",
    [
        (np.full(120, -1.0), "[Nn]egative"),
        (np.where(Y > 0, 1.0, np.nan), "NaN"),
        (np.ones(7), r"sample_weight.shape == \(7,\)"),
        (np.zeros(120), "sample_weight is 0 for every row"),
        (np.ma.masked_array(np.ones(120), np.arange(120) == 3), "sample_weight is a masked array"),
    ],
    ids=["negative", "nan", "too short", "all zero", "masked"],
)
def test_weights_that_will_not_do_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        clone(MODEL).fit(X, Y, weight)


# Bad input


@pytest.mark.parametrize(
    "y, message",
    [
        (None, "requires y to be passed, but the target y is None"),
        (
            np.where(Y > 1, np.nan, Y),
            f"y contains NaN or infinity in {(Y > 1).sum()} of 120 rows. Drop these",
        ),
        (np.where(TWO > 1, np.inf, TWO), f"infinity in {(TWO > 1).any(axis=1).sum()} of 120 rows"),
        (np.array(["up", "down"])[(Y > 0).astype(int)], "y must contain numbers.*could not convert string"),
        (np.ones((120, 2, 2)), "y must contain numbers.*dim 3"),
        (np.ones((120, 0)), "y must contain numbers.*0 feature"),
        (Y[:-1], "inconsistent numbers of samples"),
    ],
    ids=["none", "nan", "inf", "text", "3-D", "no column", "too short"],
)
def test_targets_that_will_not_do_are_refused_and_the_estimator_stays_as_it_was(y, message):
    new = clone(MODEL)
    with pytest.raises(ValueError, match=message):
        new.fit(X, y)
    assert set(vars(new)) == set(MODEL.get_params())
    fitted = clone(MODEL).fit(X, Y)
    before = fitted.predict(X)
    with pytest.raises(ValueError, match=message):
        fitted.fit(X, y)
    np.testing.assert_array_equal(fitted.predict(X), before)


@pytest.mark.parametrize(
    "bad, message",
    [
        (np.where(X > 2, np.nan, X), "NaN"),
        (X[:, :-1], "5 features, but RNNRegressor is expecting 6"),
        (X[:0], "0 sample"),
        (X.reshape(120, 3, 2), "n_channels=2 to this estimator"),
    ],
    ids=["nan", "column missing", "empty", "channels"],
)
def test_rows_that_will_not_do_are_refused_at_predict(bad, message):
    with pytest.raises(ValueError, match=message):
        clone(MODEL).fit(X, Y).predict(bad)


# Going on


def test_partial_fit_trains_one_epoch_at_a_time():
    model = clone(MODEL)
    losses = [model.partial_fit(X, TWO).net_.history[-1, "train_loss"] for _ in range(8)]
    assert len(model.net_.history) == 8
    assert losses[-1] < losses[3] < losses[0]


def test_warm_start_goes_on():
    model = clone(MODEL).set_params(warm_start=True)
    losses = [model.fit(X, Y).net_.history[-1, "train_loss"] for _ in range(3)]
    assert losses == sorted(losses, reverse=True)
    assert len(model.net_.history) == 9


@pytest.mark.parametrize("y", [TWO, Y[:, None]])
def test_a_network_that_goes_on_keeps_its_outputs(y):
    model = clone(MODEL).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=r"y has shape \(120, .\), but must have \(120,\) as in"):
        model.partial_fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize("early_stopping", [False, 2])
def test_a_copy_from_a_pickle_predicts_and_goes_on_with_the_same_bits(early_stopping, tmp_path):
    fitted = clone(MODEL).set_params(early_stopping=early_stopping).fit(X, TWO)
    joblib.dump(fitted, tmp_path / "model.joblib")
    for copied in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model.joblib")):
        assert_same_bits(copied, fitted)
        assert_same_bits(copied.partial_fit(X, TWO), pickle.loads(pickle.dumps(fitted)).partial_fit(X, TWO))


def test_a_clone_is_not_fitted_and_fits_to_the_same_bits():
    fitted = clone(MODEL).fit(X, Y)
    copied = clone(fitted)
    assert not hasattr(copied, "net_")
    assert_same_bits(copied.fit(X, Y), fitted)


# Early stopping


class Spy(Callback):
    """Keeps what is trained on and what is watched."""

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.trained, self.watched = dataset_train, dataset_valid


def spied(model):
    return next(callback for _, callback in model.net_.callbacks_ if isinstance(callback, Spy))


def test_early_stopping_keeps_the_weights_that_are_best_on_the_last_rows():
    options = {"max_epochs": 200, "early_stopping": 3, "validation_fraction": 0.3, "lr": 0.1}
    model = clone(MODEL).set_params(dtype="float64", **options).fit(X, TWO)
    losses = model.net_.history[:, "valid_loss"]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1 < 199
    assert np.mean((model.predict(X[84:]) - TWO[84:]) ** 2) == pytest.approx(losses[best])


def test_early_stopping_watches_the_last_rows_of_every_series_with_their_targets_and_weights():
    rows, y = forecast_target(panel(3, 41))
    model = RNNRegressor(**SMALL, callbacks=[Spy()], early_stopping=True)
    model.fit(SlidingWindow(3).fit_transform(rows), y, WEIGHT)
    is_last = np.tile(np.arange(40) >= 32, 3)
    for dataset, part in [(spied(model).trained, ~is_last), (spied(model).watched, is_last)]:
        assert dataset.windows.index.equals(rows.index[part])
        np.testing.assert_array_equal(dataset.target, y[part].astype(np.float32))
        np.testing.assert_array_equal(
            dataset.sample_weight, WEIGHT[part] / 2.0 ** np.ceil(np.log2(WEIGHT.max()))
        )


def test_early_stopping_with_nothing_to_watch_is_an_error():
    with pytest.raises(ValueError, match=r"early_stopping=4 .* validation_fraction=0\.0 of 120"):
        clone(MODEL).set_params(early_stopping=4, validation_fraction=0.0).fit(X, Y)


# In company


def test_a_grid_over_the_lookback_finds_that_more_than_one_row_is_needed():
    rows, y = forecast_target(wave())
    grid = {"slidingwindow__length": [1, 12], "rnnregressor__cell": ["lstm"]}
    search = GridSearchCV(pipeline(), grid, scoring="neg_mean_absolute_error", cv=TimeSeriesSplit(2))
    search.fit(rows, y)
    assert search.best_params_["slidingwindow__length"] == 12
    assert search.score(rows, y) > -0.2


@pytest.mark.parametrize(
    "cv", [TimeSeriesSplit(3), SeriesSplit(3, gap=2)], ids=["TimeSeriesSplit", "SeriesSplit"]
)
def test_folds_in_time_order_score_it(cv):
    rows, y = forecast_target(wave())
    assert cross_val_score(pipeline(), rows, y, cv=cv, scoring="r2").min() > 0.7


def test_a_panel_with_missing_rows_goes_through_folds_and_a_scaler_of_its_target():
    rows = panel(3).drop(index=[("s1", pd.Timestamp("2024-01-03 04:00"))])
    kept, y = forecast_target(rows, 2)
    assert len(kept) == 3 * 118 - 2  # the missing row, and the one whose target it is
    model = make_pipeline(SeriesScaler(), SlidingWindow(12, series="index"), RNNRegressor(**QUICK))
    scores = cross_val_score(model, kept, y, cv=SeriesSplit(2, gap=1), scoring="r2")
    assert scores.min() > 0.6
    scaled = TransformedTargetRegressor(model, transformer=StandardScaler()).fit(kept, y)
    assert scaled.predict(rows).shape == (len(rows),)  # rows without a future are forecast from all the same
    assert scaled.score(kept, y) > 0.8


def test_forecasts_of_folds_line_up_with_the_rows():
    rows, y = forecast_target(panel(2))
    groups = rows.index.get_level_values("series")
    splits = [(np.flatnonzero(groups != key), np.flatnonzero(groups == key)) for key in ("s0", "s1")]
    model = make_pipeline(SeriesScaler(), SlidingWindow(12), RNNRegressor(**QUICK))
    forecast = cross_val_predict(model, rows, y, cv=splits)
    assert r2_score(y, forecast) > 0.7


def test_columns_are_known_by_name():
    frame = pd.DataFrame(X, columns=list("abcdef"))
    fitted = clone(MODEL).fit(frame, pd.DataFrame(TWO))
    assert fitted.feature_names_in_.tolist() == list("abcdef")
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame[list("bacdef")])


def test_windows_are_the_same_flat_or_in_3d_or_from_a_sliding_window():
    rows = RNG.normal(size=(120, 2))
    windows = SlidingWindow(3).fit_transform(rows)
    flat = np.asarray(windows)
    fitted = clone(MODEL).fit(windows, Y)
    assert_same_bits(clone(MODEL).fit(flat.reshape(120, 3, 2), Y), fitted, windows)
    assert_same_bits(clone(MODEL).set_params(n_channels=2).fit(flat, Y), fitted, windows)


def test_it_is_a_regressor_of_several_outputs_whose_seeds_leave_torchs_alone():
    tags = clone(MODEL).__sklearn_tags__()
    assert tags.estimator_type == "regressor"
    assert tags.target_tags.multi_output
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    clone(MODEL).fit(X, Y).predict(X)
    assert torch.equal(torch.rand(3), expected)


def test_targets_too_large_for_a_finite_loss_are_refused_although_the_weights_stay_finite():
    X = np.random.default_rng(0).normal(size=(20, 4))
    with pytest.raises(ValueError, match=r"no epoch had a finite loss.*y of a regressor"):
        RNNRegressor(max_epochs=1, random_state=0).fit(X, 1e30 * X[:, 0])


def test_targets_of_other_times_and_kinds_are_refused():
    index = pd.date_range("2026-01-05", periods=60, freq="h")
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=60)}, index)
    windows = SlidingWindow(3).fit_transform(X)
    model = RNNRegressor("rnn", hidden_size=2, max_epochs=1, random_state=0)
    with pytest.raises(ValueError, match="index"):
        model.fit(windows, X["x"].shift(freq="1D"))
    with pytest.raises(ValueError, match=r"y must contain numbers, one per row.* got timedelta64"):
        model.fit(windows, (index - index[0]).to_numpy())
    with pytest.raises(TypeError, match="y must contain numbers, one per row"):
        model.fit(windows, {"x": 1.0})
