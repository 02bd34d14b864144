from fractions import Fraction

import naive
import naive_metrics
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score, precision_recall_curve, precision_score, recall_score
from strategies import labelled_scores

from sktsad.metrics import delay_adjust, point_f_score, point_precision_recall_f

BETAS = st.sampled_from([0.5, 1, 2])


# The definition


@given(labelled_scores(), BETAS)
def test_best_is_the_best_of_all_thresholds(case, beta):
    scores, y = case
    best, n_alarms = naive.best_f_beta(scores, y, beta)
    result = point_precision_recall_f(y, scores, beta=beta)
    assert result.f == pytest.approx(float(best), abs=1e-12)
    assert sum(score > result.threshold for score in scores) == n_alarms
    assert point_f_score(y, scores, beta=beta) == result.f


@given(labelled_scores())
def test_exact_has_as_many_alarms_as_anomalies_or_as_ties_allow(case):
    scores, y = case
    result = point_precision_recall_f(y, scores, threshold="exact")
    n_alarms = sum(score > result.threshold for score in scores)
    assert n_alarms == naive.most_alarms(scores, Fraction(sum(y), len(y))) <= sum(y)
    if len(set(scores)) == len(scores):
        assert n_alarms == sum(y) and result.precision == result.recall
        assert result.f == pytest.approx(result.recall)


@given(labelled_scores(), st.integers(-4, 4), BETAS)
def test_of_a_threshold_rows_above_it_are_alarms(case, threshold, beta):
    scores, y = case
    alarms = np.array(scores) > threshold
    arguments = {"zero_division": 0}
    result = point_precision_recall_f(y, scores, threshold=threshold, beta=beta)
    assert result.precision == pytest.approx(precision_score(y, alarms, **arguments))
    assert result.recall == pytest.approx(recall_score(y, alarms, **arguments))
    assert result.f == pytest.approx(fbeta_score(y, alarms, beta=beta, **arguments))
    assert result.threshold == threshold and isinstance(result.threshold, float)
    exact = naive_metrics.of_rows(y, alarms, beta)
    assert result[:3] == pytest.approx([float(value) for value in exact])


def test_worked_by_hand():
    y, scores = [0, 1, 0, 1], [1, 2, 3, 4]
    # Cuts at 3.5, 2.5, 1.5: (1, 1/2), (1/2, 1/2), (2/3, 1), the last with F = 4/5.
    assert point_precision_recall_f(y, scores) == pytest.approx((2 / 3, 1, 0.8, 1.5))
    assert point_precision_recall_f(y, scores, beta=0.25).threshold == 3.5
    assert point_precision_recall_f(y, scores, threshold="exact") == (0.5, 0.5, 0.5, 2.5)
    assert point_precision_recall_f(y, scores, threshold=4) == (0, 0, 0, 4)


def test_a_constant_score_raises_no_alarm_by_the_exact_number_and_always_alarms_at_best():
    y = [0, 1, 1, 0, 0]
    assert point_precision_recall_f(y, [7] * 5, threshold="exact")[:3] == (0, 0, 0)
    assert point_precision_recall_f(y, [7] * 5).precision == 2 / 5
    # Three rows score the same across the border of two: only the one above them is an alarm.
    assert point_precision_recall_f(y, [3, 5, 3, 3, 0], threshold="exact")[:2] == (1, 0.5)


def test_the_best_f_is_that_of_the_curve():
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.1).astype(int)
    scores = y + rng.normal(size=2000)
    precision, recall, _ = precision_recall_curve(y, scores)
    assert point_f_score(y, scores) == pytest.approx((2 * precision * recall / (precision + recall)).max())


@given(naive_metrics.panels(st.integers(0, 3), both_kinds=True))
def test_rows_of_all_series_are_pooled_in_any_order(panel):
    for threshold in ("best", "exact", 1.5):
        pooled = point_precision_recall_f(panel.y, panel.values, threshold=threshold)
        assert point_precision_recall_f(panel.labels, panel.others, threshold=threshold) == pooled


def test_labels_of_any_kind():
    y, scores = np.array([0, 1, 0, 1]), [1, 2, 3, 4]
    words = np.where(y, "bad", "good")
    expected = point_precision_recall_f(y, scores)
    assert point_precision_recall_f(words, scores, pos_label="bad") == expected
    assert point_precision_recall_f(y.astype(bool), scores) == expected
    assert point_f_score(1 - y, scores, pos_label=0) == expected.f


def test_of_delay_adjusted_scores():
    y, scores = [0, 1, 1, 1, 0], [2, 3, 0, 0, 1]
    assert point_f_score(y, scores) == pytest.approx(0.75)
    assert point_f_score(y, delay_adjust(y, scores)) == 1


# Bad input


@pytest.mark.parametrize("metric", [point_precision_recall_f, point_f_score])
@pytest.mark.parametrize(
    "bad",
    [{"threshold": "worst"}, {"threshold": np.nan}, {"threshold": np.inf}, {"beta": 0}, {"pos_label": None}],
)
def test_bad_parameters_are_refused(metric, bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of {metric.__name__}"):
        metric([0, 1], [0, 1], **bad)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"y_true has no anomalous row"):
        point_f_score([0, 0], [1, 2])
    with pytest.raises(ValueError, match=r"y_score contains NaN"):
        point_f_score([0, 1], [1, np.nan])
