from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    matthews_corrcoef,
    recall_score,
    roc_auc_score,
)

from sktsad.metrics import random_baseline, vus_pr


def some_labels(n=2000, n_positive=100):
    y = np.zeros(n, dtype=int)
    y[n // 2 : n // 2 + n_positive] = 1
    return y


@pytest.mark.no_cover  # many draws
@pytest.mark.parametrize("n_positive", [5, 900])
def test_f1_is_that_of_always_and_not_of_lucky_draws(n_positive):
    p = n_positive / 2000
    y = some_labels(n_positive=n_positive)
    drawn = [random_baseline(y, f1_score, random_state=seed) for seed in range(5)]
    assert np.mean(drawn) == pytest.approx(2 * p / (1 + p), rel=0.1)


def test_metrics_of_scores():
    y = some_labels()
    assert random_baseline(y, roc_auc_score, n_draws=50, random_state=0) == pytest.approx(0.5, abs=0.02)
    assert random_baseline(y, average_precision_score, random_state=0) == pytest.approx(0.05, abs=0.01)
    assert 0.05 < random_baseline(y, vus_pr, n_draws=3, random_state=0) < 0.15


def test_metrics_of_predictions():
    y = some_labels()
    assert random_baseline(y, recall_score, random_state=0) == 1
    assert random_baseline(y, accuracy_score, random_state=0) == pytest.approx(0.95, abs=0.001)
    assert random_baseline(y, matthews_corrcoef, random_state=0) == pytest.approx(0, abs=0.05)


def test_the_rate_of_alarms_is_the_best_of_all():
    rates = []

    def within(y_true, y_pred):
        rates.append(y_pred.mean())
        return -abs(y_pred.mean() - 0.25)

    assert random_baseline(some_labels(64, 3), within, n_draws=2) == 0
    assert rates == [n / 64 for n in (1, 2, 3, 4, 8, 16, 32, 64)] * 2


def test_a_lucky_draw_does_not_make_a_threshold_the_best():
    figures = iter([9, 3, 1, 0, 4, 2, 0, 3, 1])  # of three draws, with 1, 2 and 3 alarms

    def figure(y_true, y_pred):
        return next(figures)

    # One alarm has 3 in the mean, with a standard error of 3; two alarms have 10/3, with one of 1/3.
    assert random_baseline([0, 1, 0], figure, n_draws=3) == pytest.approx(10 / 3)
    figures = iter([20, 3, 1, 0, 4, 2, 0, 3, 1])  # the larger mean now, 20/3, but an error of as much
    assert random_baseline([0, 1, 0], figure, n_draws=3) == pytest.approx(10 / 3)
    figures = iter([20, 15, 1, 18, 15, 2, 16, 15, 1])  # 18 with an error of 1.2, against 15
    assert random_baseline([0, 1, 0], figure, n_draws=3) == pytest.approx(18)
    figures = iter([20, 15.2, 1, 15, 15.2, 2, 19, 15.2, 1])  # two errors below 18 are 14.9
    assert random_baseline([0, 1, 0], figure, n_draws=3) == pytest.approx(15.2)


def test_it_is_the_mean_over_draws():
    calls = []

    def record(y_true, y_score):
        calls.append(y_score[0])
        return y_score[0]

    assert random_baseline([0, 1, 0], record, n_draws=7, random_state=0) == pytest.approx(np.mean(calls))
    assert len(set(calls)) == 7 and 0 <= min(calls) <= max(calls) < 1


@pytest.mark.parametrize("metric", [average_precision_score, matthews_corrcoef])
def test_the_same_seed_gives_the_same(metric):
    first, again, other = (
        random_baseline(some_labels(), metric, n_draws=2, random_state=seed) for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("labels", "anomaly"),
    [(["bad", "good"], "bad"), (["good", "x"], "x"), ([1, -1], -1), ([0, 7], 7), ([0, 1], 0)],
)
def test_labels_of_any_kind(labels, anomaly):
    normal = next(label for label in labels if label != anomaly)
    y = np.where(some_labels() == 1, anomaly, normal)
    for metric in (f1_score, average_precision_score):
        expected = random_baseline(some_labels(), metric, n_draws=3, random_state=0)
        arguments = {"n_draws": 3, "random_state": 0}
        assert random_baseline(y, metric, pos_label=anomaly, **arguments) == expected
        assert random_baseline(y.tolist(), partial(metric, pos_label=anomaly), **arguments) == expected


def test_booleans_are_labels():
    expected = random_baseline(some_labels(), f1_score, n_draws=3, random_state=0)
    assert random_baseline(some_labels() == 1, f1_score, n_draws=3, random_state=0) == expected


def test_a_metric_without_pos_label_takes_the_larger_label_for_the_anomaly():
    shares = []

    def share_of_b(y_true, y_pred):
        shares.append((y_pred == "b").sum())
        return 0

    random_baseline(["a", "b", "a", "a"], share_of_b, n_draws=2)
    assert shares == [1, 2, 4] * 2


@pytest.mark.parametrize("name", ["y_score", "y_pred"])
def test_the_metric_sees_the_index_of_the_labels(name):
    y = pd.Series([0, 1, 0, 1], index=pd.MultiIndex.from_product([["a", "b"], [0, 1]]))
    seen = []
    metric = {
        "y_score": lambda y_true, y_score: seen.append(y_true) or 0.0,
        "y_pred": lambda y_true, y_pred: seen.append(y_true) or 0.0,
    }[name]
    random_baseline(y, metric, n_draws=2)
    assert all(labels is y for labels in seen)


# Bad input


@pytest.mark.parametrize(
    ("metric", "name"),
    [(brier_score_loss, "'y_proba'"), (lambda y_true: 0, "None"), (lambda y, X: 0, "'X'")],
)
def test_a_metric_that_does_not_say_what_it_wants_is_refused(metric, name):
    with pytest.raises(
        TypeError, match=rf"must be named y_score or y_pred.*got {name}. Wrap it: lambda y_true"
    ):
        random_baseline([0, 1], metric)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 0, 0], r"y_true has no anomalous row"),
        ([1, 1, 1], r"y_true has no normal row"),
        (["a", "b", "a"], r"y_true must contain two labels, one of them pos_label=1"),
        ([0, 1, 2], r"y_true must contain two labels"),
        ([0, 1, np.nan], r"y_true contains NaN"),
        ([], r"0 sample"),
    ],
)
def test_bad_labels_are_refused(y, message):
    for metric in (f1_score, average_precision_score):
        with pytest.raises(ValueError, match=message):
            random_baseline(y, metric)


def test_no_labels_are_refused_by_a_metric_without_pos_label_too():
    with pytest.raises(ValueError, match="0 sample"):
        random_baseline([], roc_auc_score)


@pytest.mark.parametrize("bad", [{"metric": "f1"}, {"n_draws": 1}, {"random_state": "a"}])
def test_bad_parameters_are_refused(bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of random_baseline"):
        random_baseline([0, 1], **{"metric": f1_score, **bad})
