import naive_metrics
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from sktsad.datasets import load_aiops_kpi, load_nab
from sktsad.metrics import (
    delay_adjust,
    delay_f_score,
    delay_precision_recall_f,
    point_adjusted_f_score,
    point_f_score,
    point_precision_recall_f,
)

BETAS = st.sampled_from([0.5, 1, 2])
SCORES = st.one_of(st.integers(0, 3).map(float), st.floats(-1e300, 1e300))


def floats(fractions):
    return pytest.approx([float(value) for value in fractions])


# The delay rule


@given(naive_metrics.panels(SCORES, both_kinds=True), st.integers(0, 6))
def test_scores_are_adjusted_as_the_definition_says_in_the_order_of_the_arguments(panel, max_delay):
    before = panel.others.copy()
    expected = np.array(naive_metrics.delay_adjusted(panel.y, panel.values, max_delay, panel.series))
    adjusted = delay_adjust(panel.labels, before, max_delay=max_delay)
    assert adjusted.tolist() == expected[panel.order].tolist()
    assert before.tolist() == panel.others.tolist()  # the scores are left as they are
    alone = naive_metrics.delay_adjusted(panel.y, panel.values, max_delay)
    assert delay_adjust(panel.y, panel.values, max_delay=max_delay).tolist() == alone


@given(naive_metrics.panels(), st.integers(0, 6), BETAS)
def test_alarms_count_as_the_definition_says(panel, max_delay, beta):
    adjusted = naive_metrics.delay_adjusted(panel.y, panel.values, max_delay, panel.series)
    result = delay_precision_recall_f(panel.labels, panel.others, max_delay=max_delay, beta=beta)
    assert result == floats(naive_metrics.of_rows(panel.y, adjusted, beta))
    assert result.f == delay_f_score(panel.labels, panel.others, max_delay=max_delay, beta=beta)


@given(naive_metrics.panels(SCORES, both_kinds=True), SCORES, st.integers(0, 6))
def test_alarms_of_a_threshold_count_as_adjusted_scores_do(panel, threshold, max_delay):
    y, scores = panel.labels, panel.others
    adjusted = delay_adjust(y, scores, max_delay=max_delay)
    expected = delay_f_score(y, (scores > threshold).astype(int), max_delay=max_delay)
    assert point_f_score(y, adjusted, threshold=threshold) == pytest.approx(expected)


def test_the_worked_example_of_the_rule():
    # In the first segment the alarm comes in time for a delay of 1, in the second too late.
    y_true = [0, 0, 1, 1, 1, 0, 0, 1, 1, 1]
    y_pred = [1, 0, 0, 1, 1, 0, 0, 0, 0, 1]
    assert delay_precision_recall_f(y_true, y_pred, max_delay=1) == pytest.approx((3 / 4, 3 / 6, 0.6))
    assert delay_f_score(y_true, y_pred, max_delay=2) == pytest.approx(f1_score(y_true, [1, 0] + y_true[2:]))
    assert delay_precision_recall_f(y_true, y_pred, max_delay=0) == (0, 0, 0)


def test_by_default_the_eighth_row_is_in_time_and_the_ninth_is_late():
    y = np.zeros(30, dtype=int)
    y[10:25] = 1
    assert delay_f_score(y, np.arange(30) == 17) == 1
    assert delay_f_score(y, np.arange(30) == 18) == 0
    assert delay_adjust(y, np.arange(30))[10:25].tolist() == [17] * 15


def test_no_alarm_is_no_precision():
    assert delay_precision_recall_f([0, 1, 1], [0, 0, 0]) == (0, 0, 0)


# Point adjustment


@given(naive_metrics.panels(), st.sampled_from([0, 20, 33, 50, 75, 100]), BETAS)
def test_points_are_adjusted_as_the_definition_says(panel, k, beta):
    adjusted = naive_metrics.point_adjusted(panel.y, panel.values, k, panel.series)
    expected = naive_metrics.of_rows(panel.y, adjusted, beta)[2]
    result = point_adjusted_f_score(panel.labels, panel.others, k=k, beta=beta)
    assert result == pytest.approx(float(expected))


def test_more_than_k_percent_of_an_event_must_be_found():
    y_true, y_pred = [0, 1, 1, 1, 1, 0], [0, 0, 1, 0, 0, 0]
    assert point_adjusted_f_score(y_true, y_pred) == point_adjusted_f_score(y_true, y_pred, k=24.9) == 1
    assert point_adjusted_f_score(y_true, y_pred, k=25) == pytest.approx(0.4)


@given(naive_metrics.panels())
def test_from_point_adjustment_to_none(panel):
    y, alarms = panel.labels, panel.others
    scores = [point_adjusted_f_score(y, alarms, k=k) for k in (0, 10, 40, 70, 100)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == pytest.approx(f1_score(panel.y, panel.values, zero_division=0))
    found = delay_f_score(y, alarms, max_delay=len(panel.y))  # an alarm anywhere in the event is soon enough
    assert scores[0] == pytest.approx(found)


def test_noise_is_splendid_by_point_adjustment_only():
    y = np.zeros(20_000, dtype=int)
    y[4000:5000] = y[15000:15500] = 1
    for seed in range(3):
        noise = np.random.default_rng(seed).random(len(y)) > 0.99
        assert point_adjusted_f_score(y, noise) > 0.85
        assert point_adjusted_f_score(y, noise, k=20) < 0.05


def test_a_random_score_gets_what_the_documentation_says(real_home):
    for load, expected in [(load_aiops_kpi, 0.78), (load_nab, 0.92)]:
        y = load(data_home=real_home).target
        noise = np.random.default_rng(0).random(len(y))
        adjusted = delay_adjust(y, noise, max_delay=len(y))
        best = point_precision_recall_f(y, adjusted)
        assert best.f == pytest.approx(expected, abs=0.02)
        assert point_adjusted_f_score(y, noise > best.threshold) == pytest.approx(best.f)
    y = load_aiops_kpi(data_home=real_home).target
    noise = np.random.default_rng(0).random(len(y))
    assert point_f_score(y, noise) == pytest.approx(0.04, abs=0.01)
    assert point_f_score(y, delay_adjust(y, noise)) == pytest.approx(0.25, abs=0.02)


# Bad input


@pytest.mark.parametrize(
    ("metric", "bad"),
    [
        (delay_adjust, {"max_delay": -1}),
        (delay_f_score, {"max_delay": 1.5}),
        (delay_precision_recall_f, {"beta": 0}),
        (point_adjusted_f_score, {"k": 101}),
        (point_adjusted_f_score, {"beta": -1}),
        (point_adjusted_f_score, {"pos_label": None}),
    ],
)
def test_bad_parameters_are_refused(metric, bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of {metric.__name__}"):
        metric([0, 1], [0, 1], **bad)


@pytest.mark.parametrize("metric", [delay_f_score, delay_precision_recall_f, point_adjusted_f_score])
def test_scores_are_no_predictions(metric):
    with pytest.raises(ValueError, match=r"y_pred must contain two labels.*y_score > threshold"):
        metric([0, 1, 1], [0.1, 0.2, 0.3])


def test_labels_without_an_anomaly_are_refused():
    with pytest.raises(ValueError, match=r"y_true has no anomalous row"):
        delay_adjust([0, 0], [1, 2])
    with pytest.raises(ValueError, match=r"y_true has no anomalous row"):
        delay_f_score([0, 0], [0, 1])


# Delays in time


def test_a_delay_in_time_is_that_of_the_dates_of_labels_or_scores():
    y = pd.Series(labels := [0, 1, 1, 1, 1, 0, 1, 1, 1], pd.date_range("2026", periods=9, freq="2min"))
    late = [0, 0, 1, 0, 0, 0, 0, 0, 1]
    rows = delay_precision_recall_f(labels, late, max_delay=1)
    assert delay_precision_recall_f(y, late, max_delay="3min") == rows
    assert delay_precision_recall_f(labels, y.mask(y < 2, late), max_delay=pd.Timedelta("2min")) == rows
    assert delay_f_score(y, late, max_delay="4min") == 1.0
    assert delay_adjust(y, late, max_delay="1min").tolist() == [0] * 9
    after_a_hole = y.drop(y.index[7])  # the last row of the second event comes 4 minutes after its first
    assert delay_f_score(after_a_hole, late[:7] + late[8:], max_delay="3min") < 1
    with pytest.raises(
        ValueError, match=r"max_delay='1min' is a length of time, .* in the index of y_true; it has no"
    ):
        delay_adjust(labels, late, max_delay="1min")
