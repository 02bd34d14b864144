from fractions import Fraction

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import SCORES, tables

from sktsad.thresholds import AlarmsPerDay, Quantile, TargetFalsePositiveRate

# Quantile


@settings(deadline=None, max_examples=150)
@given(
    st.lists(SCORES, min_size=1, max_size=40),
    st.sampled_from([1e-12, 0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99]),
)
@pytest.mark.filterwarnings("ignore:q=")
def test_the_quantile_is_the_smallest_score_that_keeps_the_promise(scores, q):
    assert Quantile(q).fit(scores).threshold_ == naive.quantile(scores, q)


@pytest.mark.parametrize(("n", "q"), [(12, 0.8), (50, 0.7), (70, 0.95), (199, 0.99)])
@pytest.mark.parametrize("draw", ["standard_normal", "standard_cauchy", "standard_exponential"])
def test_new_normal_scores_exceed_the_quantile_no_more_often_than_promised(n, q, draw):
    n_trials = 1500
    scores = getattr(np.random.RandomState(0), draw)((n_trials, 2 * n))
    thresholds = np.array([Quantile(q).fit(row[:n]).threshold_ for row in scores])
    false_alarms = (scores[:, n:] > thresholds[:, None]).mean(axis=1)
    error = 3 * false_alarms.std() / np.sqrt(n_trials)
    assert false_alarms.mean() <= 1 - q + error
    assert false_alarms.mean() >= 1 - q - 1 / (n + 1) - error
    # In single draws more may exceed it: the promise is one of the mean over draws.
    assert (false_alarms > 1 - q).any()


def test_ties_make_fewer_false_alarms_not_more():
    scores = np.random.RandomState(0).poisson(1, size=(1000, 100))
    thresholds = np.array([Quantile(0.9).fit(row[:50]).threshold_ for row in scores])
    assert (scores[:, 50:] > thresholds[:, None]).mean() < 0.09


def test_too_few_scores_for_the_quantile_warn_at_the_callers_line(recwarn):
    assert Quantile(0.99).fit(np.arange(99)).threshold_ == 98
    assert not recwarn.list
    with pytest.warns(UserWarning, match="q=0.99 of 98 scores lies beyond the largest") as record:
        assert Quantile(0.99).fit(np.arange(98)).threshold_ == 97
    assert record[0].filename == __file__


@pytest.mark.parametrize("q", [0, 1, -0.1, 1.5, np.nan])
def test_a_quantile_lies_between_0_and_1(q):
    with pytest.raises(ValueError, match=r"'q' .* Got"):
        Quantile(q).fit(np.arange(10))


def test_rounding_of_the_rank_costs_no_score():
    assert Quantile(0.55).fit(np.arange(1, 100)).threshold_ == 55


# TargetFalsePositiveRate


@settings(deadline=None, max_examples=200)
@given(st.lists(SCORES, min_size=1, max_size=30), st.sampled_from([0, 0.01, 0.1, 0.29, 0.3, 0.5, 0.7, 0.99]))
def test_as_many_rows_are_above_as_the_rate_allows_and_no_more(scores, rate):
    rule = TargetFalsePositiveRate(rate).fit(scores)
    n_above = sum(score > rule.threshold_ for score in scores)
    assert n_above == naive.most_alarms(scores, rate)
    for threshold, alarm_rate in zip(rule.thresholds_, rule.alarm_rate_, strict=True):
        assert alarm_rate == sum(score > threshold for score in scores) / len(scores)


def test_the_threshold_of_a_rate_lies_halfway_between_two_normal_scores():
    scores = [1.0, 2.0, 4.0, 4.0, 8.0]
    assert TargetFalsePositiveRate(0.2).fit(scores).threshold_ == 6
    assert TargetFalsePositiveRate(0.59).fit(scores).threshold_ == 6  # a tie is not split
    assert TargetFalsePositiveRate(0.6).fit(scores).threshold_ == 3
    assert TargetFalsePositiveRate(0).fit(scores).threshold_ == 8
    assert TargetFalsePositiveRate(0.2).fit([*scores, 7.0], [0, 0, 0, 0, 0, 1]).threshold_ == 6


def test_rounding_of_the_rate_costs_no_alarm():
    assert 0.29 * 100 < 29
    assert TargetFalsePositiveRate(0.29).fit(np.arange(100)).threshold_ == 70.5


@settings(deadline=None, max_examples=50)
@given(st.lists(SCORES, min_size=10, max_size=30, unique=True), st.sampled_from([0.1, 0.3, 0.5]))
def test_the_quantile_with_its_promise_lets_through_one_row_fewer_at_most(scores, rate):
    by_rate, by_quantile = TargetFalsePositiveRate(rate).fit(scores), Quantile(1 - rate).fit(scores)
    n_fewer = (np.array(scores) > by_rate.threshold_).sum() - (
        np.array(scores) > by_quantile.threshold_
    ).sum()
    assert n_fewer in (0, 1)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, np.nan, "1"])
def test_a_rate_is_a_share_below_1(rate):
    with pytest.raises(ValueError, match=r"'rate' .* Got"):
        TargetFalsePositiveRate(rate).fit(np.arange(10))


# AlarmsPerDay

HOURS = pd.date_range("2024-01-01", periods=24, freq="h")
LEVELS = st.integers(0, 4).map(float)


def scores_of(table, data, elements=LEVELS):
    """Draw a score for each row of a table."""
    values = data.draw(st.lists(elements, min_size=len(table), max_size=len(table)))
    return pd.Series(values, index=table.index, dtype=float)


def bursts(*spans, index=HOURS, level=5.0):
    """Scores of 0, and of ``level`` from the first to the last row of each span."""
    scores = pd.Series(0.0, index=index)
    for first, last in spans:
        scores.iloc[first : last + 1] = level
    return scores


def check_against_slow_count(rule, table, scores, most, days):
    """At the threshold and above there are few enough runs, and one cut lower too many."""
    n_runs = [naive.count_runs(table, scores, threshold) for threshold in rule.thresholds_]
    np.testing.assert_allclose(rule.alarms_per_day_, [n / days for n in n_runs])
    chosen = rule.thresholds_.tolist().index(rule.threshold_)
    assert all(n <= most for n in n_runs[chosen:])
    assert chosen == 0 or n_runs[chosen - 1] > most


@settings(deadline=None, max_examples=300)
@given(tables(n_columns=1), st.integers(1, 8), st.data())
def test_runs_of_every_threshold_are_those_of_a_slow_count(table, most, data):
    scores = scores_of(table, data)
    rows_per_day = data.draw(st.sampled_from([1, 3, 24]))
    days = Fraction(len(table), rows_per_day)
    rule = AlarmsPerDay(float(most / days), rows_per_day).fit(scores)
    check_against_slow_count(rule, table, scores, most, float(days))


@settings(deadline=None, max_examples=200)
@given(tables(n_columns=1, kinds=["date"]), st.integers(1, 8), st.data())
def test_dates_tell_how_long_a_row_lasts(table, most, data):
    assume(naive.days(table))
    scores, days = scores_of(table, data, SCORES), naive.days(table)
    rule = AlarmsPerDay(float(most / days)).fit(scores)
    check_against_slow_count(rule, table, scores, most, float(days))


@settings(deadline=None, max_examples=100)
@given(st.lists(SCORES, min_size=1, max_size=20), st.integers(1, 6))
def test_rows_without_an_index_are_one_series_without_a_gap(scores, most):
    rule = AlarmsPerDay(most, rows_per_day=len(scores)).fit(scores)
    check_against_slow_count(rule, scores, scores, most, 1)


@settings(deadline=None, max_examples=100)
@given(tables(n_columns=1), st.data())
def test_labelled_anomalies_leave_a_hole_in_time(table, data):
    scores = scores_of(table, data)
    y = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(table), max_size=len(table))))
    assume(not y.all())
    rule = AlarmsPerDay(1, rows_per_day=1).fit(scores, y)
    normal = AlarmsPerDay(1, rows_per_day=1).fit(scores[y == 0])
    assert rule.threshold_ == normal.threshold_
    np.testing.assert_array_equal(rule.alarms_per_day_, normal.alarms_per_day_)


def test_rows_without_an_index_keep_the_hole_too():
    scores = bursts((0, 9), index=range(24)).to_numpy()
    y = np.zeros(24, dtype=int)
    assert AlarmsPerDay(1, rows_per_day=24).fit(scores).alarms_per_day_.tolist() == [1, 1, 0]
    y[4:6] = 1  # short enough to be bridged
    assert AlarmsPerDay(1, rows_per_day=22).fit(scores, y).alarms_per_day_.tolist() == [1, 1, 0]
    y[4:8] = 1
    assert AlarmsPerDay(1, rows_per_day=20).fit(scores, y).alarms_per_day_.tolist() == [2, 2, 0]


def test_an_alarm_of_many_rows_counts_once():
    scores = bursts((2, 9), (15, 15), (20, 21))
    assert AlarmsPerDay(3).fit(scores).threshold_ < 0  # all rows together are one alarm, too
    assert AlarmsPerDay(2).fit(scores).threshold_ == 5


def test_a_lower_threshold_of_fewer_longer_alarms_is_not_taken():
    scores = bursts((2, 2), (6, 6), (10, 10))
    rule = AlarmsPerDay(2).fit(scores)
    assert rule.alarms_per_day_.tolist() == [1, 3, 0]
    assert rule.threshold_ == 5


def test_alarms_end_with_the_series_and_at_gaps():
    index = HOURS[:12].append(HOURS[:12] + pd.Timedelta(days=9))
    scores = bursts((10, 13), index=index)
    assert AlarmsPerDay(2).fit(scores).alarms_per_day_.tolist() == [2, 2, 0]
    two = pd.MultiIndex.from_product([["a", "b"], HOURS[:12]])
    assert AlarmsPerDay(2).fit(pd.Series(scores.to_numpy(), index=two)).alarms_per_day_.tolist() == [2, 2, 0]


def test_a_day_of_each_series_is_one_day():
    scores = bursts((3, 3))
    many = pd.concat(dict.fromkeys("abcd", scores))
    assert AlarmsPerDay(1).fit(many).alarms_per_day_.tolist() == [1, 1, 0]
    assert AlarmsPerDay(1).fit(many).threshold_ == AlarmsPerDay(1).fit(scores).threshold_


def test_each_series_has_its_own_step():
    minutes = pd.date_range("2024-01-01", periods=1440, freq="min")
    scores = pd.concat({"hourly": bursts((3, 3)), "minutely": bursts((7, 9), index=minutes)})
    assert AlarmsPerDay(1).fit(scores).alarms_per_day_.tolist() == [1, 1, 0]


def test_rows_a_day_go_before_dates():
    scores = bursts((3, 3), (9, 9))
    assert AlarmsPerDay(rows_per_day=12).fit(scores).alarms_per_day_.tolist() == [0.5, 1, 0]
    assert AlarmsPerDay().fit(scores).alarms_per_day_.tolist() == [1, 2, 0]


@pytest.mark.parametrize("times", [HOURS.tz_localize("Europe/Vienna"), HOURS - HOURS[0], HOURS.as_unit("s")])
def test_dates_may_have_a_time_zone_or_be_time_deltas_in_any_unit(times):
    assert AlarmsPerDay().fit(bursts((3, 3), index=times)).alarms_per_day_.tolist() == [1, 1, 0]


def test_the_index_of_the_labels_stands_in():
    scores, y = bursts((3, 3), (9, 9)), pd.Series(0, index=HOURS)
    y.iloc[9] = 1
    rule = AlarmsPerDay(2).fit(scores.to_numpy(), y)
    np.testing.assert_array_equal(rule.alarms_per_day_, AlarmsPerDay(2).fit(scores, y).alarms_per_day_)


@pytest.mark.parametrize(
    ("index", "got"),
    [
        (None, r"24 row\(s\) with RangeIndex"),
        (pd.RangeIndex(24), r"24 row\(s\) with RangeIndex"),
        (HOURS.to_period(), r"24 row\(s\) with PeriodIndex"),
        (pd.MultiIndex.from_product([["a", "b"], range(12)]), r"24 row\(s\) with RangeIndex"),
        (HOURS[:1], r"1 row\(s\) with DatetimeIndex"),
    ],
    ids=["none", "integers", "periods", "panel of integers", "one row"],
)
def test_without_dates_the_rows_of_a_day_must_be_told(index, got):
    scores = np.arange(24.0) if index is None else pd.Series(1.0, index=index)
    with pytest.raises(ValueError, match=rf"rows_per_day=None needs .*, got {got}\. Give rows_per_day"):
        AlarmsPerDay().fit(scores)
    if len(scores) == 24:
        assert AlarmsPerDay(rows_per_day=24).fit(scores).alarms_per_day_[-1] == 0


def test_a_series_of_a_single_row_adds_no_time():
    scores = pd.concat({"long": bursts((3, 3)), "short": bursts(index=HOURS[:1])})
    assert AlarmsPerDay().fit(scores).alarms_per_day_.tolist() == [2, 1, 0]


def test_rows_that_are_too_few_for_an_alarm_warn_at_the_callers_line():
    with pytest.warns(UserWarning, match=r"n=0.5 alarm\(s\) a day .* in 1 day\(s\) of normal rows") as record:
        assert AlarmsPerDay(0.5).fit(bursts((3, 3))).threshold_ == 5
    assert record[0].filename == __file__


def test_rounding_of_the_days_costs_no_alarm():
    scores = np.tile([0.0, 1.0], 29)
    assert AlarmsPerDay(0.29, rows_per_day=0.58).fit(scores).threshold_ < 1


def test_time_out_of_order_is_refused():
    with pytest.raises(ValueError, match="Time is out of order"):
        AlarmsPerDay().fit(bursts((3, 3))[::-1])


@pytest.mark.parametrize("name", ["n", "rows_per_day"])
@pytest.mark.parametrize("value", [0, -1, np.inf, "1"])
def test_alarms_and_rows_of_a_day_are_positive_numbers(name, value):
    with pytest.raises(ValueError, match=rf"'{name}' .* Got"):
        AlarmsPerDay(**{name: value}).fit(bursts())
