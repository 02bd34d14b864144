"""The forecaster that runs along the series: scores of a slow loop, its contract, and what it finds."""

import pickle

import naive_stateful
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import SeriesSplit, SlidingWindow, StatefulForecastDetector, ThresholdClassifier, check_causal
from sktsad._core import tail_mask
from sktsad.live import LiveScorer
from sktsad.thresholds import BestFBeta, Quantile

SMALL = {"hidden_size": 4, "max_epochs": 2, "min_updates": 2, "random_state": 0, "horizon": 3}
EXACT = {**SMALL, "dtype": "float64"}


def panel(lengths=(120, 70, 90), seed=0):
    """Noisy waves of two channels, series by series."""
    rng = np.random.default_rng(seed)
    keys = np.repeat([f"s{number}" for number in range(len(lengths))], lengths)
    times = np.concatenate([np.arange(length) for length in lengths])
    values = np.column_stack([np.sin(times / 3), np.cos(times / 5)]) + 0.1 * rng.normal(size=(len(times), 2))
    return pd.DataFrame(values, pd.MultiIndex.from_arrays([keys, times]), ["x0", "x1"])


X = panel()
NORMAL = np.zeros(len(X), int)


def slow_errors(model, X):
    """Score series by series, forecast by forecast: mean errors in units of what is usual, for each channel."""
    power = 2 if model.loss == "squared_error" else 1
    out = []
    for key in X.index.unique(level=0):
        rows = X.loc[key].to_numpy()
        forecasts = naive_stateful.run(model.net_.module_, torch.tensor(rows))[0].detach().numpy()
        for t in range(len(rows)):
            errors = [
                np.abs(forecasts[t - ahead, ahead - 1] - rows[t]) ** power / model.usual_error_[ahead - 1]
                for ahead in range(1, model.horizon + 1)
                if t - ahead >= 0
            ]
            out.append(np.mean(errors, axis=0) if errors else np.ones(rows.shape[1]))
    return np.array(out)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_scores_are_those_of_a_slow_loop(cell, loss):
    model = StatefulForecastDetector(cell, num_layers=2, dense_size=3, loss=loss, **EXACT).fit(X)
    expected = slow_errors(model, X)
    np.testing.assert_allclose(model.anomaly_score(X), expected.mean(axis=1))
    frame = model.feature_scores(X)
    np.testing.assert_allclose(frame, expected)
    assert frame.index.equals(X.index)
    assert list(frame.columns) == ["x0", "x1"]


@pytest.mark.parametrize(("loss", "power"), [("absolute_error", 1), ("squared_error", 2)])
def test_the_usual_error_is_the_median_on_the_rows_it_was_trained_on(loss, power):
    x = X.loc[["s0"]]
    y = np.zeros(120, int)
    y[50:60] = 1
    model = StatefulForecastDetector(loss=loss, validation_fraction=0.3, **EXACT).fit(x, y)
    rows = x.to_numpy()
    forecasts = naive_stateful.run(model.net_.module_, torch.tensor(rows))[0].detach().numpy()
    for ahead in (1, 2, 3):
        errors = [
            np.abs(forecasts[t - ahead, ahead - 1] - rows[t]) ** power
            for t in range(ahead, 84)
            if not 50 <= t < 60
        ]
        np.testing.assert_allclose(model.usual_error_[ahead - 1], np.median(errors, axis=0))


def test_anomalous_rows_are_not_learnt_from():
    y = np.zeros(len(X), int)
    y[40:50] = 1
    wild = X.copy()
    wild.iloc[45] = 3.0
    model = StatefulForecastDetector(
        threshold=1.0, horizon=1, **{k: v for k, v in EXACT.items() if k != "horizon"}
    )
    gradient_of = [
        clone(model).set_params(max_epochs=1, min_updates=1, chunk_size=50).fit(x, y) for x in (X, wild)
    ]
    assert gradient_of[0].net_.history[0, "train_loss"] == pytest.approx(
        gradient_of[1].net_.history[0, "train_loss"], rel=0.05
    )
    untold = clone(model).set_params(max_epochs=1, min_updates=1, chunk_size=50).fit(wild)
    assert untold.net_.history[0, "train_loss"] > gradient_of[1].net_.history[0, "train_loss"]


def test_scores_do_not_depend_on_companions_or_their_order():
    model = StatefulForecastDetector(hidden_size=16, max_epochs=2, random_state=0).fit(X)
    scores = pd.Series(model.anomaly_score(X), X.index)
    keys = X.index.unique(level=0)
    for some in (keys[::-1], keys[:1], keys[[2, 0]]):
        part = pd.concat([X.loc[[key]] for key in some])
        np.testing.assert_allclose(model.anomaly_score(part), scores[part.index], rtol=1e-5)
    mixed = X.sort_index(level=1, kind="stable", sort_remaining=False)
    np.testing.assert_allclose(model.anomaly_score(mixed), scores[mixed.index], rtol=1e-5)


@pytest.mark.parametrize("n_first", [1, 2, 40])
def test_rows_that_directly_follow_score_as_in_one_call(n_first):
    first = X.groupby(level=0).head(n_first + 1)
    model = StatefulForecastDetector(**EXACT).fit(first)
    later = X[X.index.get_level_values(1) > n_first]
    scores = pd.Series(model.anomaly_score(X), X.index)
    np.testing.assert_allclose(model.anomaly_score(later), scores[later.index])
    one = later.groupby(level=0).head(1)
    np.testing.assert_allclose(model.anomaly_score(one), scores[one.index])
    if n_first > 2:
        with pytest.warns(UserWarning, match="do not directly follow"):
            far = model.anomaly_score(X[X.index.get_level_values(1) > n_first + 5])
        assert far[0] == 1
    alone = StatefulForecastDetector(history="none", **EXACT).fit(first)
    np.testing.assert_allclose(alone.anomaly_score(later), slow_errors(alone, later).mean(axis=1))


def test_a_fold_from_the_middle_and_a_gap():
    x = pd.DataFrame(X.loc["s0"].to_numpy())
    is_test = np.zeros(120, bool)
    is_test[50:80] = True
    model = StatefulForecastDetector(**EXACT).fit(x[~is_test])
    whole = slow_errors(model, x.set_index(pd.MultiIndex.from_product([["a"], range(120)]))).mean(axis=1)
    np.testing.assert_allclose(model.anomaly_score(x[is_test]), whole[is_test])
    scores = model.anomaly_score(x[~is_test])
    assert scores[0] == scores[50] == 1


def test_it_finds_a_spike_and_says_in_which_channel():
    x = pd.DataFrame(X.loc["s0"].to_numpy(), columns=["a", "b"])
    x.iloc[100, 1] += 3
    model = StatefulForecastDetector(random_state=0).fit(x[:90])
    assert model.anomaly_score(x).argmax() == 100
    assert model.feature_scores(x).iloc[100].idxmax() == "b"
    assert model.predict(x)[100] == 1
    assert model.predict(x)[:90].mean() < 0.1


def test_early_stopping_watches_held_out_rows():
    model = StatefulForecastDetector(
        early_stopping=1, validation_fraction=0.3, **{**SMALL, "max_epochs": 30, "lr": 0.1}
    )
    model.fit(X)
    assert "valid_loss" in model.net_.history[0]
    with pytest.raises(ValueError, match="needs 30 held-out normal rows"):
        model.set_params(validation_fraction=0.01).fit(X)


def test_warm_start_goes_on():
    model = StatefulForecastDetector(warm_start=True, **SMALL).fit(X)
    model.fit(X)
    assert len(model.net_.history) == 4
    assert len(model.set_params(warm_start=False).fit(X).net_.history) == 2


@pytest.mark.parametrize("name, value", [("horizon", 1), ("loss", "absolute_error")])
def test_what_was_forecast_in_fit_is_forecast_later(name, value):
    model = StatefulForecastDetector(warm_start=True, **SMALL).fit(X)
    before = model.anomaly_score(X)
    model.set_params(**{name: value})
    for call in (model.anomaly_score, model.fit, model.partial_fit, lambda rows: model.live_step()):
        with pytest.raises(ValueError, match=f"{name}={value!r} was set after fit, .* warm_start=False"):
            call(X)
    model.set_params(**{name: StatefulForecastDetector(**SMALL).get_params()[name]})
    np.testing.assert_array_equal(model.anomaly_score(X), before)


def test_a_precision_set_after_fit_is_refused_in_words():
    model = StatefulForecastDetector(warm_start=True, **SMALL).fit(X).set_params(dtype="float64")
    for call in (model.anomaly_score, model.fit, lambda rows: model.live_step()):
        with pytest.raises(
            ValueError, match="dtype='float64' was set after fit, whose network has 'float32'"
        ):
            call(X)


def test_series_known_by_name():
    model = StatefulForecastDetector(series_embedding=2, **EXACT).fit(X)
    scores = pd.Series(model.anomaly_score(X), X.index)
    part = pd.concat([X.loc[["s2"]], X.loc[["s0"]]])
    np.testing.assert_allclose(model.anomaly_score(part), scores[part.index])
    renamed = X.rename(index={"s0": "s2", "s2": "s0"}, level=0)
    assert not np.allclose(model.anomaly_score(renamed), scores)


def test_constant_channels_have_a_finite_score():
    x = np.column_stack([np.zeros(80), X.loc["s0"].to_numpy()[:80, 0]])
    model = StatefulForecastDetector(**SMALL).fit(x)
    x[70, 0] = 5
    assert np.isfinite(model.anomaly_score(x)).all()
    assert model.feature_scores(x).iloc[70, 0] > 10
    assert list(model.feature_scores(x).columns) == ["x0", "x1"]


def test_it_is_causal():
    pipe = make_pipeline(
        StandardScaler().set_output(transform="pandas"), StatefulForecastDetector("gru", **SMALL)
    )
    y = NORMAL.copy()
    y[[20, 60, 100, 110, 150, 170, 200, 240, 270]] = 1
    report = check_causal(pipe, X, y, SeriesSplit(2))
    assert report.ok, str(report)


def test_folds_thresholds_and_pickles():
    y = NORMAL.copy()
    y[[20, 60, 100, 110, 150, 170, 200, 240, 270]] = 1
    model = StatefulForecastDetector(threshold=Quantile(0.9), **SMALL)
    spiky = X + 3 * y[:, None]
    with pytest.raises(ValueError, match="partition"):
        cross_val_predict(model, spiky, y, cv=SeriesSplit(2))
    tuned = ThresholdClassifier(model, cv=SeriesSplit(2), min_events=1).fit(spiky, y)
    assert average_precision_score(y, tuned.decision_function(spiky)) > 0.3
    copied = pickle.loads(pickle.dumps(model.fit(spiky, y)))
    np.testing.assert_array_equal(copied.decision_function(spiky), model.decision_function(spiky))


def test_refusals():
    with pytest.raises(ValueError, match=r"windows of 4 rows. Leave out the SlidingWindow"):
        make_pipeline(SlidingWindow(4), StatefulForecastDetector(**SMALL)).fit(X)
    with pytest.raises(ValueError, match=r"no normal row that comes directly after another \(n_samples=3\)"):
        StatefulForecastDetector(**SMALL).fit(X.groupby(level=0).head(1))


def test_a_value_beyond_float32_is_an_alarm_and_not_the_end():
    wild = X.copy()
    wild.iloc[200] = 1e300
    model = StatefulForecastDetector(**SMALL).fit(X)
    scores = model.anomaly_score(wild)
    assert scores[200] > 1e20
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[:190], model.anomaly_score(X)[:190])


# partial_fit


def between(start, stop, x=X):
    """Return the rows of each series from one time up to another."""
    times = x.index.get_level_values(1)
    return x[(times >= start) & (times < stop)]


STILL = {**EXACT, "lr": 1e-12}  # the weights stay as they were made: states of all calls are of one network


def test_the_first_part_is_a_fit_of_one_epoch():
    options = {**EXACT, "lr_schedule": "constant", "threshold": Quantile(0.9)}
    parts, whole = (StatefulForecastDetector(**{**options, "max_epochs": n}) for n in (7, 1))
    np.testing.assert_array_equal(
        parts.partial_fit(X).decision_function(X), whole.fit(X).decision_function(X)
    )
    assert len(parts.partial_fit(X).net_.history) == 2
    losses = [parts.partial_fit(X).net_.history[-1, "train_loss"] for _ in range(15)]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_parts_of_any_size_go_on_as_in_one_call(cell):
    model = StatefulForecastDetector(cell, threshold=1.0, **STILL)
    for start, stop in ((0, 25), (25, 26), (26, 28), (28, 60)):
        model.partial_fit(between(start, stop))
    expected = pd.Series(slow_errors(model, X).mean(axis=1), X.index)
    later = between(60, 200)
    np.testing.assert_allclose(model.anomaly_score(later), expected[later.index], rtol=1e-6)
    model = pickle.loads(pickle.dumps(model))
    live = LiveScorer(model)
    for time in range(60, 66):
        rows = between(time, time + 1)
        np.testing.assert_allclose(live.update(rows)["score"], expected[rows.index], rtol=1e-6)
    with pytest.warns(UserWarning, match="do not directly follow"):
        model.partial_fit(between(80, 200))


def test_the_order_of_rows_does_not_matter_to_fit():
    scores = []
    for x in (X, X[::-1]):
        model = StatefulForecastDetector(**STILL).fit(between(0, 40, x))
        scores.append([model.anomaly_score(X)])
        model.partial_fit(between(40, 200, x))
        scores[-1] += [model.anomaly_score(X), model.held_out_scores_]
    for one, other in zip(*scores, strict=True):
        np.testing.assert_allclose(np.sort(other), np.sort(one))


def test_usual_errors_and_threshold_are_those_of_the_last_part_that_has_enough_rows():
    y = np.zeros(len(X), int)
    y[[50, 55, 100, 110]] = 1
    y = pd.Series(y, X.index)
    model = StatefulForecastDetector(threshold=Quantile(0.9), validation_fraction=0.25, **STILL)
    model.partial_fit(between(0, 40), y[between(0, 40).index])
    part = between(40, 200)
    model.partial_fit(part, y[part.index])
    is_held_out = pd.Series(tail_mask(part, 0.25), part.index)
    is_normal = y[part.index] == 0
    expected = pd.Series(slow_errors(model, X).mean(axis=1), X.index)[part.index]
    np.testing.assert_allclose(model.held_out_scores_, expected[is_held_out & is_normal], rtol=1e-6)
    assert model.threshold_ == Quantile(0.9).fit(model.held_out_scores_).threshold_
    errors = []
    for key in X.index.unique(level=0):
        rows = X.loc[key].to_numpy()
        forecasts = naive_stateful.run(model.net_.module_, torch.tensor(rows))[0].detach().numpy()
        is_learnt = (~is_held_out & is_normal).loc[key]
        # A segment's first forecast is made at its first row of this part.
        errors += [(forecasts[t - 1, 0] - rows[t]) ** 2 for t in is_learnt.index[1:][is_learnt.iloc[1:]]]
    np.testing.assert_allclose(model.usual_error_[0], np.median(errors, axis=0), rtol=1e-6)

    before = pickle.loads(pickle.dumps(model))
    scores = before.held_out_scores_
    for rows, labels in ((X.iloc[:20], None), (part, np.ones(len(part), int))):
        rows = rows.set_axis(
            pd.MultiIndex.from_arrays([["new"] * len(rows), range(len(rows))])
        )  # too few, or no normal row
        model.partial_fit(rows, labels)
        assert model.threshold_ == before.threshold_
        np.testing.assert_array_equal(model.held_out_scores_, scores)
        np.testing.assert_array_equal(model.usual_error_, before.usual_error_)


def test_labels_of_a_part_may_lack_a_class():
    y = np.array(["fine"] * len(X), dtype=object)
    model = StatefulForecastDetector(threshold=BestFBeta(), **STILL)
    with pytest.raises(ValueError, match="must be two labels"):
        model.partial_fit(X, y, classes=["fine"])
    assert not hasattr(model, "classes_")
    y[[110, 180, 260]] = "odd"
    with pytest.warns(UserWarning, match="'odd', the last in sorted order"):
        model.partial_fit(X, y, classes=["fine", "odd"])
    assert set(model.predict(X)) == {"fine", "odd"}
    threshold, state = model.threshold_, pickle.dumps(model._past)
    later = X.rename(index=lambda time: time + 1000, level=1)
    with pytest.warns(UserWarning, match="do not directly follow"):
        model.partial_fit(later, ["fine"] * len(X))
    assert model.threshold_ == threshold, "there is no anomaly to learn another from"
    assert pickle.dumps(model._past) != state
    state = pickle.dumps(model)
    for labels, classes in ((["odd"] * 279 + ["new"], None), (y, ["odd", "other"])):
        with pytest.raises(ValueError, match=r"Use these labels only|as before"):
            model.partial_fit(later, labels, classes)
    assert pickle.dumps(model) == state


def test_rows_with_and_without_time_may_alternate():
    rows = X.loc["s0"].to_numpy()
    frame = pd.DataFrame(rows)
    model = StatefulForecastDetector(threshold=1.0, **STILL).partial_fit(frame[:60]).partial_fit(rows[60:])
    assert model.anomaly_score(rows[60:])[0] == 1
    model.partial_fit(frame[:60])
    np.testing.assert_allclose(model.anomaly_score(frame[60:]), model.anomaly_score(rows)[60:])
