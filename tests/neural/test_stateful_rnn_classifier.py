"""The classifier that runs along the series: exact numbers, its contract, and what only a long memory finds."""

import pickle

import naive_stateful
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from torch import nn

from sktsad import (
    EventSplit,
    RNNClassifier,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    StatefulRNNClassifier,
    ThresholdClassifier,
    check_causal,
)
from sktsad.networks import LOSSES, FocalLoss
from sktsad.neural._along_series import strand_arguments

SMALL = {"hidden_size": 4, "max_epochs": 2, "min_updates": 2, "random_state": 0}
EXACT = {**SMALL, "dtype": "float64"}


def panel(lengths=(60, 35, 90), n_columns=2, seed=0):
    """Series of unequal lengths, with labels."""
    rng = np.random.default_rng(seed)
    keys = np.repeat([f"s{number}" for number in range(len(lengths))], lengths)
    times = np.concatenate([np.arange(length) for length in lengths])
    index = pd.MultiIndex.from_arrays([keys, times])
    X = pd.DataFrame(rng.normal(size=(len(index), n_columns)), index, [f"x{i}" for i in range(n_columns)])
    return X, (X["x0"].to_numpy() > 0.8).astype(int)


X, Y = panel()


def slow_scores(model, X, states=None):
    """Run torch's cells along each series of a panel, row by row."""
    scores = []
    for key in X.index.unique(level=0):
        rows = torch.tensor(X.loc[key].to_numpy())
        start = None if states is None else states[key]
        scores.append(naive_stateful.run(model.net_.module_, rows, start)[0])
    return torch.cat(scores).detach().numpy()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_scores_are_those_of_cells_row_by_row(cell):
    model = StatefulRNNClassifier(cell, num_layers=2, dropout=0.1, dense_size=3, **EXACT).fit(X, Y)
    np.testing.assert_allclose(model.decision_function(X), slow_scores(model, X), rtol=1e-9)
    single = clone(model).set_params(dtype="float32").fit(X, Y)
    np.testing.assert_allclose(
        single.decision_function(X), slow_scores(single, X.astype(np.float32)), rtol=1e-4, atol=1e-5
    )


def test_probabilities_and_classes_of_several():
    y = np.array(["a", "b", "c"])[np.digitize(X["x0"], [-0.5, 0.8])]
    model = StatefulRNNClassifier(**EXACT).fit(X, y)
    scores = model.decision_function(X)
    np.testing.assert_allclose(scores, slow_scores(model, X), rtol=1e-9)
    exps = np.exp(scores)
    np.testing.assert_allclose(model.predict_proba(X), exps / exps.sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(model.predict(X), model.classes_[scores.argmax(axis=1)])


def test_scores_do_not_depend_on_companions_or_their_order():
    model = StatefulRNNClassifier(hidden_size=16, max_epochs=3, random_state=0).fit(X, Y)
    scores = pd.Series(model.decision_function(X), X.index)
    keys = X.index.unique(level=0)
    for some in (keys[::-1], keys[:1], keys[1:], keys[[2, 0]]):
        part = pd.concat([X.loc[[key]] for key in some])
        np.testing.assert_allclose(model.decision_function(part), scores[part.index], rtol=1e-5, atol=1e-6)
    mixed = X.sort_index(level=1, kind="stable", sort_remaining=False)  # rows of the series by turns
    np.testing.assert_allclose(model.decision_function(mixed), scores[mixed.index], rtol=1e-5, atol=1e-6)


def test_rows_that_directly_follow_go_on_and_others_start_from_rest_with_a_warning():
    first = X.groupby(level=0).head(25)
    model = StatefulRNNClassifier("gru", **EXACT).fit(first, Y[X.index.isin(first.index)])
    scores = pd.Series(model.decision_function(X), X.index)  # from their start, silently
    later = X[X.index.get_level_values(1) >= 25]
    np.testing.assert_allclose(model.decision_function(later), scores[later.index])
    near = X[X.index.get_level_values(1) >= 27]  # max_gap=3 bridges it
    after_gap = pd.concat([first, near]).sort_index()
    np.testing.assert_allclose(
        model.decision_function(near),
        pd.Series(model.decision_function(after_gap), after_gap.index)[near.index],
    )
    far = X[X.index.get_level_values(1) >= 30]
    with pytest.warns(UserWarning, match="3 of 3 series do not directly follow training rows"):
        found = model.decision_function(far)
    np.testing.assert_allclose(found, slow_scores(model, far))
    with pytest.warns(UserWarning, match="do not directly follow"):
        model.decision_function(X[X.index.get_level_values(1) >= 10])
    unseen = later.rename(index=lambda key: "new" + key, level=0)
    np.testing.assert_allclose(model.decision_function(unseen), slow_scores(model, later))


def test_without_history_all_start_from_rest_silently():
    first = X.groupby(level=0).head(25)
    model = StatefulRNNClassifier(history="none", **EXACT).fit(first, Y[X.index.isin(first.index)])
    for start in (25, 40):
        later = X[X.index.get_level_values(1) >= start]
        np.testing.assert_allclose(model.decision_function(later), slow_scores(model, later))


def test_a_fold_from_the_middle_goes_on_from_the_rows_before_it():
    x = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)))
    y = np.arange(200) % 7 == 0
    is_test = np.zeros(200, bool)
    is_test[80:120] = True
    model = StatefulRNNClassifier(**EXACT).fit(x[~is_test], y[~is_test])
    frame = x.set_index(pd.MultiIndex.from_product([["a"], range(200)]))
    np.testing.assert_allclose(model.decision_function(x[is_test]), slow_scores(model, frame)[is_test])


def test_a_gap_starts_from_rest():
    model = StatefulRNNClassifier(**EXACT).fit(X, Y)
    x = X.loc[["s2"]]
    holed = x[(x.index.get_level_values(1) < 30) | (x.index.get_level_values(1) >= 40)]
    scores = model.decision_function(holed)
    np.testing.assert_allclose(scores[:30], slow_scores(model, holed[:30]))
    np.testing.assert_allclose(scores[30:], slow_scores(model, holed[30:]))
    bridged = model.set_params(max_gap=11).decision_function(holed)
    np.testing.assert_allclose(bridged, slow_scores(model, holed))


def test_an_array_is_one_series_from_rest():
    rows = X.to_numpy()
    model = StatefulRNNClassifier(**EXACT).fit(rows, Y)
    frame = X.set_index(pd.MultiIndex.from_product([["a"], range(len(X))]))
    np.testing.assert_allclose(model.decision_function(rows), slow_scores(model, frame))
    np.testing.assert_allclose(model.decision_function(rows[50:]), slow_scores(model, frame[50:]))
    with pytest.raises(ValueError, match="X has lost it"):
        model.fit(rows, pd.Series(Y, X.index))
    with pytest.warns(UserWarning, match="1 gap"):
        model.fit(rows, pd.Series(Y, np.r_[0:100, 200:285]))


@pytest.mark.parametrize("as_frame", [False, True])
def test_windows_are_refused_with_the_fix(as_frame):
    windows = SlidingWindow(3)
    if as_frame:
        windows.set_output(transform="pandas")
    pipe = make_pipeline(windows, StatefulRNNClassifier(**SMALL))
    with pytest.raises(ValueError, match=r"windows of 3 rows. Leave out the SlidingWindow"):
        pipe.fit(X, Y)


def test_windows_of_one_row_are_rows():
    rows = StatefulRNNClassifier(**EXACT).fit(X, Y).decision_function(X)
    pipe = make_pipeline(SlidingWindow(1), StatefulRNNClassifier(**EXACT)).fit(X, Y)
    np.testing.assert_array_equal(pipe.decision_function(X), rows)


def weights_of(model):
    return torch.cat([weight.detach().flatten() for weight in model.net_.module_.parameters()])


def test_weights_of_0_mask_the_loss_of_a_row_and_a_common_factor_changes_nothing():
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, size=len(X)).astype(float)
    model = StatefulRNNClassifier(**EXACT).fit(X, Y, weight)
    torch.testing.assert_close(weights_of(clone(model).fit(X, Y, weight * 3)), weights_of(model))
    other = np.where(weight > 0, Y, 1 - Y)
    assert torch.equal(weights_of(clone(model).fit(X, other, weight)), weights_of(model))
    assert not torch.allclose(weights_of(clone(model).fit(X, Y)), weights_of(model))
    # The values of a row that is masked still count.
    changed = X + np.where(weight > 0, 0, 1)[:, None]
    assert not torch.allclose(weights_of(clone(model).fit(changed, Y, weight)), weights_of(model))


def test_event_weights_are_a_power_of_the_length_of_the_event():
    y = np.zeros(len(X), int)
    y[[3, 4, 5, 6, 61]] = 1
    weight = np.ones(len(X))
    weight[3:7] = 0.5
    by_power = StatefulRNNClassifier(event_weight=-0.5, **EXACT).fit(X, y)
    by_hand = StatefulRNNClassifier(**EXACT).fit(X, y, weight)
    torch.testing.assert_close(weights_of(by_power), weights_of(by_hand))


def test_class_weights():
    heavy = StatefulRNNClassifier(class_weight={0: 1, 1: 1000}, **SMALL).set_params(max_epochs=20, lr=0.05)
    assert heavy.fit(X, Y).predict(X).mean() > 0.9
    torch.testing.assert_close(
        weights_of(StatefulRNNClassifier(class_weight={0: 1, 1: 3}, **EXACT).fit(X, Y)),
        weights_of(StatefulRNNClassifier(**EXACT).fit(X, Y, 1 + 2 * Y)),
    )


@pytest.mark.parametrize("loss", [*sorted(LOSSES), FocalLoss(gamma=1), nn.BCEWithLogitsLoss])
def test_every_loss_learns(loss):
    model = StatefulRNNClassifier(loss=loss, hidden_size=8, max_epochs=10, random_state=0, lr=0.02)
    assert average_precision_score(Y, model.fit(X, Y).decision_function(X)) > 0.9


def test_few_rows_of_few_series_are_learnt():
    model = StatefulRNNClassifier(random_state=0).fit(X, Y)
    assert average_precision_score(Y, model.decision_function(X)) > 0.95


def long_memory(n_rows, seed, delays=(500,)):
    """Pulses, up or down, about every 600 rows; some rows after each, a row that is an anomaly where it was up."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n_rows, 2))
    y = np.zeros(n_rows, int)
    for start in range(0, n_rows - 600, 600):
        at = start + rng.integers(0, 60)
        x[at, 0] = rng.choice([-1, 1])
        asks = at + np.array(delays)
        x[asks, 1] = 1
        y[asks] = x[at, 0] > 0
    return x, y, x[:, 1] > 0


def test_a_memory_of_500_rows_finds_what_a_window_of_30_cannot():
    # In training some are asked sooner: without these, whether a network learns to remember depends on its seed.
    x, y, asks = long_memory(24_000, 0, (5, 10, 20, 40, 80, 160, 320, 500))
    # All that can be told without the pulse is where it is asked for.
    model = StatefulRNNClassifier(
        hidden_size=16,
        max_epochs=8,
        min_updates=40,
        chunk_size=700,
        strand_length=2800,
        lr=0.01,
        random_state=0,
    ).fit(x, y, 0.002 + 1.0 * asks)
    new, truth, asks = long_memory(24_000, 1)
    assert average_precision_score(truth[asks], model.decision_function(new)[asks]) > 0.95
    windows = make_pipeline(SlidingWindow(30), RNNClassifier(hidden_size=8, max_epochs=3, random_state=0))
    windows.fit(x[: len(x) // 4], y[: len(x) // 4])
    assert average_precision_score(truth[asks], windows.decision_function(new)[asks]) < 0.75


def test_early_stopping_watches_the_last_rows_in_time():
    model = StatefulRNNClassifier(early_stopping=2, max_epochs=30, min_updates=1, random_state=0).fit(X, Y)
    assert "valid_loss" in model.net_.history[0]
    # The labels of the watched rows are never learnt from.
    last = X.groupby(level=0).cumcount(ascending=False).to_numpy() < [12, 7, 18][0]
    one = StatefulRNNClassifier(early_stopping=30, **EXACT).fit(X.loc[["s0"]], Y[:60])
    other = clone(one).fit(X.loc[["s0"]], np.where(last[:60], 1 - Y[:60], Y[:60]))
    np.testing.assert_array_equal(one.net_.history[:, "train_loss"], other.net_.history[:, "train_loss"])
    assert one.net_.history[0, "valid_loss"] != other.net_.history[0, "valid_loss"]


@pytest.mark.parametrize("is_watched", [False, True])
def test_early_stopping_needs_rows_that_count_on_both_sides(is_watched):
    watched = X.groupby(level=0).cumcount(ascending=False).to_numpy() < np.repeat([12, 7, 18], [60, 35, 90])
    with pytest.raises(
        ValueError, match="No training row with a weight above 0 is left: early_stopping=True"
    ):
        StatefulRNNClassifier(early_stopping=True, **SMALL).fit(X, Y, (watched == is_watched).astype(float))


class Rates(Callback):
    """Notes the learning rate at the end of each epoch."""

    def on_epoch_end(self, net, **kwargs):
        """Note it."""
        net.history.record("rate", net.optimizer_.param_groups[0]["lr"])


def test_a_schedule_of_ones_own_takes_the_place_of_the_cycle():
    def rates(*callbacks, **params):
        model = StatefulRNNClassifier(
            callbacks=[*callbacks, Rates()], **{**SMALL, "max_epochs": 10, "lr": 0.01, **params}
        )
        return model.fit(X, Y)

    cycle = rates().net_.history[:, "rate"]
    assert np.argmax(cycle) in (2, 3)
    assert cycle[-1] < 0.001
    assert set(rates(lr_schedule="constant").net_.history[:, "rate"]) == {0.01}
    own = LRScheduler("StepLR", step_size=1, gamma=0.5)
    np.testing.assert_allclose(rates(own).net_.history[:3, "rate"], [0.005, 0.0025, 0.00125], rtol=1e-6)
    assert rates(("mine", own)).net_.history[-1, "rate"] < 0.0001
    model = rates(warm_start=True).partial_fit(X, Y)
    assert model.net_.history[-1, "rate"] == 0.01


def test_warm_start_goes_on_from_the_weights():
    model = StatefulRNNClassifier(warm_start=True, **SMALL).fit(X, Y)
    before = weights_of(model)
    model.set_params(lr=1e-9).fit(X, Y)
    torch.testing.assert_close(weights_of(model), before)
    assert len(model.net_.history) == 4
    model.set_params(warm_start=False, lr=1e-3).fit(X, Y)
    assert len(model.net_.history) == 2


def test_partial_fit_goes_on_along_new_rows():
    first = X.groupby(level=0).head(25)
    is_first = X.index.isin(first.index)
    model = StatefulRNNClassifier(**EXACT).partial_fit(first, Y[is_first], classes=[0, 1])
    kept = model._past
    later = model.set_params(lr=1e-12).partial_fit(X[~is_first], Y[~is_first])
    # As if it had run along all rows; the weights are as good as those before.
    new = pd.concat([X.loc[["s0"]]] * 2)
    new.index = pd.MultiIndex.from_product([["s0"], range(120)])
    np.testing.assert_allclose(later.decision_function(new[60:]), slow_scores(later, new)[60:], rtol=1e-5)
    assert (kept.series(0).values != model._past.series(0).values).any()
    with pytest.raises(ValueError, match=r"have a .series, time. index"):
        model.partial_fit(X.to_numpy(), Y)


def test_series_are_known_by_name_and_unseen_ones_by_their_mean():
    x, _ = panel((160, 160, 160, 160))
    y = np.repeat([0, 1, 0, 1], 160)  # nothing but the name tells
    first = x.index.get_level_values(1) < 80
    params = {"max_epochs": 8, "hidden_size": 8, "random_state": 0, "lr": 0.02}
    model = StatefulRNNClassifier(series_embedding=3, series_dropout=0.2, **params).fit(x[first], y[first])
    assert (model.predict(x[~first]) == y[~first]).mean() > 0.95
    turned = x[~first].sort_index(level=0, ascending=False, sort_remaining=False)
    scores = pd.Series(model.decision_function(x[~first]), x[~first].index)
    np.testing.assert_allclose(model.decision_function(turned), scores[turned.index], rtol=1e-5, atol=1e-5)
    unseen = x[~first].rename(index=lambda key: "new" + key, level=0)
    assert 0.2 < model.predict_proba(unseen)[:, 1].mean() < 0.8
    nameless = StatefulRNNClassifier(history="none", **params).fit(x[first], y[first])
    assert (nameless.predict(x[~first]) == y[~first]).mean() < 0.8


def test_unseen_series_score_as_well_as_without_a_name_can_say():
    rng = np.random.default_rng(2)
    index = pd.MultiIndex.from_product([range(24), range(400)])
    series, time = (index.get_level_values(level) for level in (0, 1))
    x = pd.DataFrame(rng.normal(size=(len(index), 2)), index)
    seldom, often = (1 / (1 + np.exp(offset - 1.5 * x[0].to_numpy())) for offset in (3.5, -0.5))
    y = (rng.random(len(index)) < np.where(series % 2, often, seldom)).astype(int)
    known = (series < 12) & (time < 300)
    model = StatefulRNNClassifier(
        hidden_size=8, max_epochs=8, lr=0.02, series_embedding=4, random_state=2
    ).fit(x[known], y[known])
    # Twelve series are fitted and twelve are new; of those, every second is of the frequent kind.
    for part, best in (
        ((series < 12) & ~known, np.where(series % 2, often, seldom)),
        (series >= 12, (seldom + often) / 2),
    ):
        excess = log_loss(y[part], model.predict_proba(x[part])[:, 1]) - log_loss(y[part], best[part])
        assert excess < 0.025


def test_training_begins_at_the_shares_of_the_classes_by_weight():
    y = np.repeat([0, 1, 0, 2], [40, 4, 112, 9])  # events of 4 and of 9 rows weigh 2 and 3
    x = np.random.default_rng(0).normal(size=(len(y), 2))
    untrained = {**EXACT, "lr": 1e-15, "event_weight": -0.5}

    def bias(y, **params):
        model = StatefulRNNClassifier(**{**untrained, **params}).fit(x, y)
        return model.net_.module_.head[-1].bias.detach().numpy()

    np.testing.assert_allclose(bias(y), np.log(np.array([152, 2, 3]) / 157))
    np.testing.assert_allclose(bias(y > 0, loss="focal"), np.log([5 / 152]))
    np.testing.assert_allclose(bias(y > 0, class_weight="balanced", event_weight=None), [0], atol=1e-12)
    # These weigh the classes themselves, or are not known.
    for loss in ("logit_adjusted", "mean_false_error", nn.BCEWithLogitsLoss):
        assert abs(bias(y > 0, loss=loss, event_weight=None)[0]) < 0.6
    x, y = x[:40], y[:40]
    one = StatefulRNNClassifier(**EXACT).partial_fit(
        x, y, classes=[0, 1]
    )  # a class without a row has no share
    assert np.isfinite(one.decision_function(x)).all()


def test_it_is_causal():
    pipe = make_pipeline(
        StandardScaler().set_output(transform="pandas"), StatefulRNNClassifier("gru", **SMALL)
    )
    report = check_causal(pipe, X, Y, SeriesSplit(2))
    assert report.ok, str(report)


def test_searches_folds_thresholds_and_smoothing():
    model = StatefulRNNClassifier(**SMALL)
    grid = {"hidden_size": [2, 3], "net__optimizer__weight_decay": [0.1]}
    search = GridSearchCV(model, grid, cv=SeriesSplit(2), scoring="average_precision").fit(X, Y)
    assert search.best_params_["net__optimizer__weight_decay"] == 0.1
    y = np.zeros(len(X), int)
    y[[20, 21, 50, 75, 100, 101, 150]] = 1
    assert cross_val_predict(model, X, y, cv=EventSplit(3), method="decision_function").shape == Y.shape
    tuned = ThresholdClassifier(SmoothedClassifier(model, 2), cv=SeriesSplit(2), min_events=1).fit(X, Y)
    assert np.isfinite(tuned.decision_function(X)).all()


def test_pickles_score_with_the_same_bits_and_go_on():
    model = StatefulRNNClassifier(early_stopping=True, verbose=0, **SMALL).fit(X[:-20], Y[:-20])
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.decision_function(X[-20:]), model.decision_function(X[-20:]))


def test_the_same_seed_gives_the_same_bits():
    first, second = (StatefulRNNClassifier(dropout=0.2, num_layers=2, **SMALL).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.decision_function(X), second.decision_function(X))


def test_what_is_printed_has_the_f1(capsys):
    StatefulRNNClassifier(verbose=1, early_stopping=5, callbacks=[EarlyStopping()], **SMALL).fit(X, Y)
    assert "valid_f1" in capsys.readouterr().out


def test_refusals():
    with pytest.raises(ValueError, match="y contains 1 class: "):
        StatefulRNNClassifier(**SMALL).fit(X, np.zeros(len(X), int))
    with pytest.raises(ValueError, match="y contains 1 class among the rows with a weight above 0"):
        StatefulRNNClassifier(**SMALL).fit(X, Y, 1.0 - Y)
    with pytest.raises(ValueError, match="warm_up=9 leaves no row of a strand in the loss: strand_length=8"):
        StatefulRNNClassifier(warm_up=9, strand_length=8).fit(X, Y)
    with pytest.raises(ValueError, match="out of order"):
        StatefulRNNClassifier(**SMALL).fit(X[::-1], Y[::-1])
    model = StatefulRNNClassifier(**SMALL).fit(X, Y)
    with pytest.raises(ValueError, match=r"have a .series, time. index"):
        model.predict(X.to_numpy())
    odd = X.copy()
    odd.iloc[70] = 1e300
    with pytest.raises(ValueError, match="the first is row 70"):
        model.predict(odd)


@pytest.mark.parametrize(
    ("n_rows", "params", "chunk", "strand"),
    [
        (100, {}, 32, 256),
        (3200, {}, 200, 1600),
        (10**6, {}, 256, 4096),
        (50_000, {}, 256, 2048),
        (10**6, {"chunk_size": 1000}, 1000, 8000),
        (100, {"chunk_size": 10, "warm_up": 100}, 10, 200),
        (100, {"strand_length": 77}, 32, 77),
        (100, {"chunk_size": np.uint8(30)}, 30, 240),
    ],
)
def test_chunks_and_strands_by_the_number_of_rows(n_rows, params, chunk, strand):
    found = strand_arguments(StatefulRNNClassifier(**params), n_rows)
    assert (found["chunk_size"], found["strand_length"]) == (chunk, strand)


def test_it_beats_a_model_of_single_rows_where_order_tells():
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"x": rng.choice([-1.0, 1.0], size=600)})
    y = ((x["x"] > 0) & (x["x"].shift(1, fill_value=-1) > 0)).astype(int)
    model = StatefulRNNClassifier(hidden_size=8, random_state=0, lr=0.02).fit(x[:400], y[:400])
    single = LogisticRegression().fit(x[:400], y[:400])
    assert average_precision_score(y[400:], model.decision_function(x[400:])) > 0.95
    assert average_precision_score(y[400:], single.decision_function(x[400:])) < 0.7
