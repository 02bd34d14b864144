import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, fbeta_score, precision_score, recall_score
from strategies import labelled_scores

from sktsad.thresholds import BestFBeta, Cost

#: Costs of which a mistake is dearer: whole numbers, numbers that floats round, gains.
MATRICES = st.sampled_from(
    [
        ((0, 1), (10, 0)),
        ((0, 1), (1, 0)),
        ((0, 0.1), (0.3, 0)),
        ((0.1, 0.2), (0.7, 0.4)),
        ((-1, 2), (3, -5)),
        ((0, 7), (2, 0)),
    ]
)


# BestFBeta


@given(labelled_scores(), st.sampled_from([0.5, 1, 2]))
def test_no_threshold_has_a_higher_f_beta_and_none_as_high_fewer_alarms(scores_y, beta):
    scores, y = scores_y
    threshold = BestFBeta(beta).fit(scores, y).threshold_
    best, n_alarms = naive.best_f_beta(scores, y, beta)
    assert naive.f_beta(scores, y, threshold, beta) == best
    assert sum(score > threshold for score in scores) == n_alarms


@given(labelled_scores(), st.sampled_from([0.5, 1, 2]))
def test_the_curve_is_that_of_every_cut_between_two_scores(scores_y, beta):
    scores, y = scores_y
    rule = BestFBeta(beta).fit(scores, y)
    assert len(rule.thresholds_) == len(set(scores))
    assert (np.diff(rule.thresholds_) > 0).all()
    for number, threshold in enumerate(rule.thresholds_):
        alarms = np.array(scores) > threshold
        assert alarms.sum() == sum(score >= sorted(set(scores))[number] for score in scores)
        assert rule.precision_[number] == pytest.approx(precision_score(y, alarms))
        assert rule.recall_[number] == pytest.approx(recall_score(y, alarms))
        assert rule.f_beta_[number] == pytest.approx(fbeta_score(y, alarms, beta=beta))


def test_the_threshold_lies_halfway_between_two_scores():
    assert BestFBeta().fit([1.0, 2.0, 4.0], [0, 0, 1]).threshold_ == 3
    lower = np.nextafter(1.0, 0)
    assert BestFBeta().fit([lower, 1.0], [0, 1]).threshold_ == lower


def test_equal_scores_are_all_anomalies():
    rule = BestFBeta().fit([5.0] * 4, [0, 0, 0, 1])
    assert rule.threshold_ < 5
    assert rule.f_beta_.tolist() == [0.4]


def test_a_large_whole_beta_is_recall_alone():
    assert BestFBeta(10**10).fit([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1]).threshold_ == 1.5


@pytest.mark.parametrize("beta", [0, -1, np.inf, "1"])
def test_beta_is_a_positive_number(beta):
    with pytest.raises(ValueError, match=r"'beta' .* Got"):
        BestFBeta(beta).fit([1.0, 2.0], [0, 1])


# Cost


@given(labelled_scores(), MATRICES)
def test_no_threshold_costs_less_and_none_as_little_with_fewer_alarms(scores_y, matrix):
    scores, y = scores_y
    threshold = Cost(matrix).fit(scores, y).threshold_
    lowest, n_alarms = naive.lowest_cost(scores, y, matrix)
    assert naive.mean_cost(scores, y, threshold, matrix) == lowest
    assert sum(score > threshold for score in scores) == n_alarms


@given(labelled_scores(), MATRICES)
def test_the_curve_is_the_mean_of_the_confusion_matrix_times_its_costs(scores_y, matrix):
    scores, y = scores_y
    rule = Cost(matrix).fit(scores, y)
    assert len(rule.thresholds_) == len(set(scores)) + 1
    for threshold, cost in zip(rule.thresholds_, rule.cost_, strict=True):
        counts = confusion_matrix(y, np.array(scores) > threshold)
        assert cost == pytest.approx((counts * np.array(matrix)).sum() / len(y), abs=1e-12)


def test_to_alarm_always_or_never_are_tried_too():
    scores, y = [1.0, 2.0, 3.0], [1, 0, 0]
    assert Cost([[0, 1], [100, 0]]).fit(scores, y).threshold_ < 1
    assert Cost([[0, 100], [1, 0]]).fit(scores, y).threshold_ == 3


@pytest.mark.parametrize(("n_false", "false_alarm", "miss"), [(3, 0.7, 2.1), (100, 0.29, 29), (3, 0.1, 0.3)])
def test_equal_costs_that_floats_round_apart_are_equal(n_false, false_alarm, miss):
    # A miss costs as much as all false alarms together: the tie goes to the higher threshold.
    assert n_false * false_alarm != miss
    scores, y = [1.0, *[2.0] * n_false, 3.0], [1, *[0] * n_false, 1]
    assert Cost([[0, false_alarm], [miss, 0]]).fit(scores, y).threshold_ == 2.5


@pytest.mark.parametrize(
    "matrix",
    [
        [0, 1],
        [[0, 1]],
        [[0, 1], [1]],
        [[0, 1, 2], [1, 0, 2]],
        [[0, np.inf], [1, 0]],
        [[0, np.nan], [1, 0]],
        [[0, "much"], [1, 0]],
        [[0, None], [1, 0]],
        [[0, {}], [1, 0]],
    ],
)
def test_a_matrix_is_two_by_two_finite_costs(matrix):
    with pytest.raises(
        ValueError, match=r"matrix must be 2 x 2 finite costs, got .* Use rows for the true class"
    ):
        Cost(matrix).fit([1.0, 2.0], [0, 1])


@pytest.mark.parametrize("matrix", [[[1, 1], [1, 0]], [[0, 1], [1, 1]], [[5, 0], [0, 5]]])
def test_a_mistake_costs_more_than_being_right(matrix):
    with pytest.raises(
        ValueError, match=r"matrix=.* a wrong prediction cost no more than a correct one\. Set matrix"
    ):
        Cost(matrix).fit([1.0, 2.0], [0, 1])


def test_a_matrix_is_no_number():
    with pytest.raises(ValueError, match=r"'matrix' .* Got 3"):
        Cost(3).fit([1.0, 2.0], [0, 1])


# Both


@pytest.mark.parametrize("rule", [BestFBeta, Cost])
@pytest.mark.parametrize("y", [None, [0, 0, 0], [1, 1, 1]], ids=["no labels", "normal", "anomalies"])
def test_without_both_classes_there_is_nothing_to_choose(rule, y):
    message = rf"{rule.__name__}\(\) needs .*, got {sum(y or [])} anomalous row\(s\) of 3"
    with pytest.raises(ValueError, match=message):
        rule().fit([1.0, 2.0, 3.0], y)


@given(labelled_scores())
def test_where_scores_tell_all_apart_both_choose_the_border(scores_y):
    _, y = scores_y
    scores = np.arange(len(y)) + 100.0 * np.array(y)
    for rule in (BestFBeta(), Cost()):
        alarms = scores > rule.fit(scores, y).threshold_
        assert alarms.tolist() == [label == 1 for label in y]
