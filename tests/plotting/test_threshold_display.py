import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import fbeta_score, precision_recall_curve, precision_score, recall_score
from strategies import labelled_scores

from sktsad import ZScoreDetector
from sktsad.plotting import ThresholdDisplay
from sktsad.thresholds import AlarmsPerDay, BestFBeta, Quantile

Y = np.array([0, 0, 1, 0, 1, 1, 0, 0])
SCORES = np.array([1.0, 2.0, 5.0, 3.0, 4.0, 6.0, 2.0, 1.0])


@given(labelled_scores(), st.sampled_from([0.5, 1, 2]))
def test_the_curves_are_those_of_scikit_learn(rows, beta):
    scores, y = rows
    display = ThresholdDisplay.from_predictions(y, scores, beta=beta)
    plt.close(display.figure_)
    precision, recall, levels = precision_recall_curve(y, scores)
    np.testing.assert_allclose(display.precision, precision[:-1])
    np.testing.assert_allclose(display.recall, recall[:-1])
    # The thresholds lie below the levels, and above those before: they give the same alarms.
    assert (display.thresholds < levels).all() and (display.thresholds[1:] >= levels[:-1]).all()
    for threshold, f_beta in zip(display.thresholds, display.f_beta, strict=True):
        assert f_beta == pytest.approx(fbeta_score(y, np.array(scores) > threshold, beta=beta))


def test_curves_are_drawn_as_they_are():
    display = ThresholdDisplay.from_predictions(Y, SCORES)
    for name in ("precision", "recall", "f_beta"):
        line = getattr(display, f"{name}_")
        np.testing.assert_array_equal(line.get_xdata(), display.thresholds)
        np.testing.assert_array_equal(line.get_ydata(), getattr(display, name))
    assert [text.get_text() for text in display.legend_.get_texts()] == ["precision", "recall", "F1"]


def test_the_best_threshold_is_marked():
    display = ThresholdDisplay.from_predictions(Y, SCORES, beta=2)
    assert display.threshold == BestFBeta(2).fit(SCORES, Y).threshold_
    assert display.threshold_.get_xdata() == [display.threshold] * 2
    assert display.points_.get_ydata().tolist() == [1, 1, 1]
    assert display.ax_.get_title(loc="left") == "at 3.5: precision 1.00, recall 1.00, F2 1.00"


@pytest.mark.parametrize("threshold", [-5, 0.5, 1.0, 2.9, 3.5, 4.4, 4.6, 5.99])
def test_a_given_threshold_is_marked_with_what_it_gives(threshold):
    display = ThresholdDisplay.from_predictions(Y, SCORES, threshold=threshold)
    alarms = threshold < SCORES
    expected = [precision_score(Y, alarms), recall_score(Y, alarms), fbeta_score(Y, alarms, beta=1)]
    assert list(display.points_.get_xdata()) == [threshold] * 3
    np.testing.assert_allclose(display.points_.get_ydata(), expected)
    left, right = display.ax_.get_xlim()
    assert left <= threshold <= right
    assert (np.diff(display.thresholds) > 0).all()


def test_a_threshold_that_is_never_exceeded_has_no_precision():
    display = ThresholdDisplay.from_predictions(Y, SCORES, threshold=6)
    np.testing.assert_array_equal(display.points_.get_ydata(), [np.nan, 0, 0])
    assert display.threshold_.get_xdata() == [6, 6]
    assert len(display.precision_.get_xdata()) == len(display.recall_.get_xdata()) - 1


def test_one_level_of_scores_has_one_threshold():
    display = ThresholdDisplay.from_predictions([0, 1], [2.0, 2.0])
    assert display.thresholds.tolist() == [0] and display.precision.tolist() == [0.5]


def test_many_thresholds_are_drawn_by_few_points():
    rng = np.random.RandomState(0)
    y = rng.rand(20_000) < 0.02
    display = ThresholdDisplay.from_predictions(y, y + rng.normal(size=20_000), max_points=500)
    for name in ("precision", "recall", "f_beta"):
        drawn, curve = getattr(display, f"{name}_").get_ydata(), getattr(display, name)
        assert len(drawn) <= 500 and drawn.max() == curve.max()


# Rules and estimators


def test_a_fitted_rule_shows_what_it_chose_by(machine):
    X, y = machine
    detector = ZScoreDetector(threshold=BestFBeta(), validation_fraction=0.5).fit(X, y)
    rule = detector.threshold_rule_
    display = ThresholdDisplay.from_rule(rule, score_name="z")
    assert display.threshold == detector.threshold_
    assert display.points_.get_ydata()[2] == rule.f_beta_.max()
    np.testing.assert_array_equal(display.f_beta_.get_ydata(), rule.f_beta_)
    assert display.ax_.get_xlabel() == "z"


@pytest.mark.parametrize("rule", [BestFBeta(), AlarmsPerDay(), Quantile(0.5).fit([1, 2]), 3.0], ids=str)
def test_a_rule_without_curves_is_refused(rule):
    with pytest.raises(
        TypeError, match="has neither precision and recall nor alarms per day, or is not fitted"
    ):
        ThresholdDisplay.from_rule(rule)


def test_a_budget_shows_the_alarms_of_every_threshold():
    scores = np.random.default_rng(0).normal(size=480)
    rule = AlarmsPerDay(1, rows_per_day=48).fit(scores)
    display = ThresholdDisplay.from_rule(rule, score_name="z")
    np.testing.assert_array_equal(display.alarms_per_day_.get_ydata(), rule.alarms_per_day_)
    np.testing.assert_array_equal(display.alarms_per_day_.get_xdata(), rule.thresholds_)
    (alarms,) = display.points_.get_ydata()
    assert alarms == rule.alarms_per_day_[rule.thresholds_.tolist().index(rule.threshold_)] <= 1
    assert display.threshold_.get_xdata() == [rule.threshold_] * 2
    assert list(display.budget_.get_ydata()) == [1, 1]
    assert display.ax_.get_title(loc="left") == f"at {rule.threshold_:.4g}: {alarms:.2f} alarms per day"
    assert [text.get_text() for text in display.legend_.get_texts()] == ["alarms per day", "budget 1"]
    bottom, top = display.ax_.get_ylim()
    assert bottom < 0 and 1 < top <= 5.25 < rule.alarms_per_day_.max()
    assert not hasattr(display, "precision_")


def test_alarms_may_be_drawn_without_a_budget():
    display = ThresholdDisplay([0.0, 1.0], threshold=1.0, alarms_per_day=np.array([3.0, 0.0]))
    display.thresholds = np.array(display.thresholds)
    display.plot()
    assert not hasattr(display, "budget_")
    assert display.points_.get_ydata().tolist() == [0]


def test_the_threshold_of_an_estimator_is_marked(machine):
    X, y = machine
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    for estimator, threshold in ((ZScoreDetector().fit(X), 0), (forest, 0.5)):
        display = ThresholdDisplay.from_estimator(estimator, X, y)
        assert display.threshold == threshold
        predicted = estimator.predict(X)
        expected = [
            precision_score(y, predicted),
            recall_score(y, predicted),
            fbeta_score(y, predicted, beta=1),
        ]
        np.testing.assert_allclose(display.points_.get_ydata(), expected)
    assert display.ax_.get_xlabel() == "threshold on the probability of an anomaly"


@pytest.mark.parametrize(("y", "missing"), [(np.zeros(8), "anomalous"), (np.ones(8), "normal")])
def test_both_classes_are_needed(y, missing):
    with pytest.raises(ValueError, match=f"y_true has no {missing} row among its 8"):
        ThresholdDisplay.from_predictions(y, SCORES)


def test_labels_are_needed(machine):
    for call in (
        lambda: ThresholdDisplay.from_predictions(None, SCORES),
        lambda: ThresholdDisplay.from_estimator(ZScoreDetector().fit(machine[0]), machine[0], None),
    ):
        with pytest.raises(ValueError, match="The 'y_true' parameter"):
            call()
