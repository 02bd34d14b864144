import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from sktsad import ZScoreDetector
from sktsad.thresholds import (
    AlarmsPerDay,
    BestFBeta,
    Cost,
    MaxTimes,
    MeanStd,
    MedianMAD,
    PeaksOverThreshold,
    Quantile,
    TargetFalsePositiveRate,
    __all__,
)
from sktsad.thresholds._threshold_rule import EmpiricalRule, ThresholdRule

RULES = [
    AlarmsPerDay(0.5, rows_per_day=1),
    BestFBeta(),
    Cost(),
    MaxTimes(),
    MeanStd(),
    MedianMAD(),
    PeaksOverThreshold(),
    Quantile(0.5),
    TargetFalsePositiveRate(0.5),
]
WITHOUT_LABELS = [rule for rule in RULES if not rule.needs_labels]
LEARNING = [rule for rule in RULES if isinstance(rule, EmpiricalRule)]
#: The rules are tried on a handful of scores, whose tail cannot be fitted, and which make few alarms.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The tail of .* cannot be fitted:UserWarning"),
    pytest.mark.filterwarnings("ignore:n=0.5 .* can never be exceeded by these scores:UserWarning"),
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)


def test_every_rule_is_tested_here():
    assert [type(rule).__name__ for rule in RULES] == [
        name for name in __all__ if name[0].isupper() and name != "ThresholdRule"
    ]


@each_rule
@pytest.mark.parametrize(
    ("scores", "y", "message"),
    [
        ([1.0, np.nan], [0, 1], "scores contains NaN"),
        ([1.0, np.inf], [0, 1], "scores contains infinity"),
        ([], [], "0 sample"),
        (["low", "high"], [0, 1], "could not convert string"),
        ([[1.0, 2.0], [3.0, 4.0]], [0, 1], "1d array"),
        ([1.0, 2.0], [0, 1, 1], "inconsistent numbers of samples"),
        ([1.0, 2.0, 3.0], [1, 2, 2], r"y must hold 0 \(normal\) and 1 \(anomaly\), got the labels \[1, 2\]"),
        ([1.0, 2.0], [-1, 1], "y must hold"),
        ([1.0, 2.0], ["0", "1"], "y must hold"),
        ([1.0, 2.0], [0, np.nan], "y contains NaN"),
        ([1.0, 2.0], np.array([[[0]], [[1]]]), "y has 3 dimensions"),
        ([1.0, 2.0], np.array([0j, 1j]), "y has dtype complex128, which cannot be a class"),
        ([1.0, 2.0], np.array([[0], None], object)[[0, 0]], "y contains a list in some or all rows"),
        ([1.0, 2.0], np.ma.array([0, 1], mask=[True, False]), "y is a masked array with 1 masked label"),
    ],
)
def test_bad_scores_and_labels_are_refused_and_leave_the_rule_as_it_was(rule, scores, y, message):
    rule = clone(rule).fit([1.0, 2.0, 3.0], [0, 0, 1])
    before = vars(rule).copy()
    with pytest.raises(ValueError, match=message):
        rule.fit(scores, y)
    assert vars(rule) == before


@each_rule
@pytest.mark.parametrize("y", [[0, 0, 1], [False, False, True], np.array([[0], [0], [1]], dtype=float)])
def test_labels_may_be_numbers_or_booleans(rule, y):
    assert (
        clone(rule).fit([1.0, 2.0, 9.0], y).threshold_
        == clone(rule).fit([1.0, 2.0, 9.0], [0, 0, 1]).threshold_
    )


@each_rule
def test_scores_and_labels_may_be_of_pandas(rule):
    scores, y = [1.0, 5.0, 2.0, 9.0], [0, 0, 1, 1]
    index = pd.MultiIndex.from_product([["a", "b"], pd.date_range("2024-01-01", periods=2)])
    plain = clone(rule).fit(scores, y)
    labelled = clone(rule).fit(pd.Series(scores, index=list("abcd")), pd.Series(y, index=list("abcd")))
    panel = clone(rule).fit(pd.DataFrame({"score": scores}, index=index)["score"], pd.Series(y, index=index))
    assert plain.threshold_ == labelled.threshold_ == panel.threshold_


@each_rule
def test_a_rule_is_an_estimator_and_does_not_change_the_scores(rule):
    scores = np.array([3.0, 1.0, 2.0])
    assert clone(rule).fit(scores, [1, 0, 0]).get_params() == rule.get_params()
    assert scores.tolist() == [3, 1, 2]
    assert isinstance(rule, ThresholdRule)


@each_rule
def test_the_threshold_is_a_number_and_the_curve_ascends(rule):
    fitted = clone(rule).fit([1.0, 5.0, 2.0, 9.0, 2.0], [0, 0, 0, 1, 1])
    assert isinstance(fitted.threshold_, float)
    curves = [value for name, value in vars(fitted).items() if isinstance(value, np.ndarray)]
    assert len(curves) >= 2
    assert {len(curve) for curve in curves} == {len(fitted.thresholds_)}
    assert (np.diff(fitted.thresholds_) > 0).all()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_each_parameter_of_a_rule_is_one_of_the_detector_too(rule):
    detector = ZScoreDetector(threshold=clone(rule))
    for name, value in rule.get_params().items():
        assert detector.get_params()[f"threshold__{name}"] == value
        detector.set_params(**{f"threshold__{name}": "another"})
        assert detector.threshold.get_params()[name] == "another"


def test_a_parameter_set_through_the_detector_moves_its_threshold():
    rows = np.random.RandomState(0).standard_normal((100, 1))
    detector = ZScoreDetector(threshold=Quantile(0.5))
    low = clone(detector).fit(rows).threshold_
    assert detector.set_params(threshold__q=0.9).fit(rows).threshold_ > low


@pytest.mark.parametrize("rule", WITHOUT_LABELS, ids=lambda rule: type(rule).__name__)
def test_rules_without_labels_learn_from_normal_rows(rule):
    scores, y = np.array([1.0, 7.0, 2.0, 4.0, 3.0]), np.array([0, 1, 0, 0, 0])
    normal = clone(rule).fit(scores[y == 0])
    assert clone(rule).fit(scores, y).threshold_ == normal.threshold_
    assert clone(rule).fit(scores[y == 0], y[y == 0]).threshold_ == normal.threshold_
    with pytest.raises(ValueError, match=r"learns from normal rows, and there are none"):
        clone(rule).fit([1.0, 2.0], [1, 1])


@pytest.mark.parametrize("rule", [MeanStd(0), MedianMAD(0), Quantile(0.5)])
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=20))
@pytest.mark.filterwarnings("ignore:q=")
def test_the_share_of_scores_above_each_is_kept(rule, scores):
    rule = clone(rule).fit(scores)
    assert rule.thresholds_.tolist() == sorted(set(scores))
    above = [np.mean([score > threshold for score in scores]) for threshold in rule.thresholds_]
    assert np.allclose(rule.alarm_rate_, above)


def test_a_rule_of_ones_own_says_how_it_learns():
    with pytest.raises(NotImplementedError):
        ThresholdRule().fit([1.0])


# Going on


each_that_learns = pytest.mark.parametrize("rule", LEARNING, ids=lambda rule: type(rule).__name__)


def test_rules_that_can_go_on_learning_are_those_that_look_at_scores_in_no_order():
    names = {"MaxTimes", "MeanStd", "MedianMAD", "PeaksOverThreshold", "Quantile"}
    assert {type(rule).__name__ for rule in RULES if hasattr(rule, "update")} == names


@each_that_learns
@given(scores=st.lists(st.floats(-9, 9), min_size=3, max_size=30), data=st.data())
def test_piece_by_piece_a_rule_learns_what_it_learns_from_all_at_once(rule, scores, data):
    cuts = sorted(data.draw(st.lists(st.integers(1, len(scores) - 1), max_size=3, unique=True)))
    pieces = np.split(np.array(scores), cuts)
    learning = clone(rule).fit(pieces[0])
    for piece in pieces[1:]:
        assert learning.update(piece) is learning
    at_once = clone(rule).fit(scores)
    assert learning.threshold_ == pytest.approx(at_once.threshold_, rel=1e-9, abs=1e-9)
    np.testing.assert_array_equal(learning.thresholds_, at_once.thresholds_)
    np.testing.assert_array_equal(learning.alarm_rate_, at_once.alarm_rate_)


@each_that_learns
def test_labelled_anomalies_are_left_out_of_an_update(rule):
    labelled = clone(rule).fit([1.0, 2.0]).update([3.0, 99.0, 4.0], [0, 1, 0])
    assert labelled.threshold_ == clone(rule).fit([1.0, 2.0]).update([3.0, 4.0]).threshold_


@each_that_learns
def test_an_update_that_fails_leaves_the_rule_as_it_was_and_there_is_none_before_fit(rule):
    with pytest.raises(NotFittedError):
        clone(rule).update([1.0])
    fitted = clone(rule).fit([1.0, 2.0, 3.0])
    before = vars(fitted).copy()
    with pytest.raises(ValueError, match="scores contains NaN"):
        fitted.update([1.0, np.nan])
    assert vars(fitted) == before


def test_a_rule_that_looks_at_scores_in_no_order_says_how_it_chooses():
    class Silent(EmpiricalRule):
        pass

    with pytest.raises(NotImplementedError):
        Silent().fit([1.0, 2.0])


@pytest.mark.parametrize(
    ("rule", "name", "good", "bad"),
    [
        (AlarmsPerDay, "n", [0.5], [0]),
        (AlarmsPerDay, "rows_per_day", [0.5, None], [0]),
        (AlarmsPerDay, "min_rows", [1], [0]),
        (BestFBeta, "beta", [0.5], [0]),
        (MaxTimes, "k", [0.5], [0]),
        (MaxTimes, "q", [0.5, 1], [0, 1.5]),
        (MeanStd, "k", [-1, 0], [np.inf]),
        (MedianMAD, "k", [-1, 0], [np.inf]),
        (PeaksOverThreshold, "q", [0.5], [0, 1]),
        (PeaksOverThreshold, "level", [0.5], [0, 1]),
        (Quantile, "q", [0.5], [0, 1]),
        (Quantile, "confidence", [0.5, None], [0, 1]),
        (TargetFalsePositiveRate, "rate", [0, 0.5], [-0.5, 1]),
    ],
)
def test_parameters_go_up_to_their_bounds(rule, name, good, bad):
    for value in good:
        rule().set_params(**{name: value})._validate_params()
    for value in bad:
        with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of {rule.__name__}"):
            rule().set_params(**{name: value})._validate_params()


def test_scores_and_labels_of_other_times_are_refused():
    scores = pd.Series(np.arange(20.0), pd.date_range("2026-01-05", periods=20, freq="h"))
    y = pd.Series([0] * 18 + [1, 1], scores.index)
    threshold = BestFBeta().fit(scores, y).threshold_
    assert BestFBeta().fit(scores, y.to_numpy()).threshold_ == threshold
    with pytest.raises(ValueError, match=r"(?s)scores.*y"):
        BestFBeta().fit(scores, y.shift(freq="1D"))


def test_labels_of_several_types_are_named():
    with pytest.raises(ValueError, match="y contains labels of several types"):
        Quantile().fit(np.arange(4.0), np.array([0, 1, "1", 0], dtype=object))
