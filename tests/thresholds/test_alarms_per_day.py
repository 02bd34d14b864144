import warnings
from datetime import timedelta
from fractions import Fraction

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.base import clone
from strategies import SCORES, tables

from sktsad.postprocessing import alarms
from sktsad.thresholds import AlarmsPerDay
from sktsad.thresholds._cuts import cut_between

#: Tables of a few rows have room for few alarms.
pytestmark = pytest.mark.filterwarnings("ignore:n=.* can never be exceeded:UserWarning")
#: Where the budget cannot bind, most of a drawn example is wasted; these bind.
RULES = st.fixed_dictionaries(
    {"merge_gap": st.integers(0, 4), "min_rows": st.integers(1, 3), "cool_down": st.integers(0, 6)}
)

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


def check_against_slow_count(rule, table, scores, most, days, **durations):
    """The curve is that of a slow count; there and above alarms are few enough, one threshold lower too many."""
    every, _ = cut_between(np.asarray(scores))
    n_alarms = {
        threshold: len(naive.alarms_of_table(table, np.asarray(scores) > threshold, **durations))
        for threshold in every.tolist()
    }
    np.testing.assert_allclose(
        rule.alarms_per_day_, [n_alarms[each] / days for each in rule.thresholds_.tolist()]
    )
    chosen = every.tolist().index(rule.threshold_)
    assert all(n_alarms[each] <= most for each in every[chosen:].tolist())
    assert chosen == 0 or n_alarms[every[chosen - 1]] > most
    assert rule.thresholds_[0] == every[0] or rule.alarms_per_day_[0] * days > most - 1e-9


@given(tables(n_columns=1), st.integers(1, 4), RULES, st.data())
def test_the_budget_holds_for_alarms_by_every_rule(table, most, durations, data):
    scores = scores_of(table, data)
    rows_per_day = data.draw(st.sampled_from([1, 3, 24]))
    days = Fraction(len(table), rows_per_day)
    rule = AlarmsPerDay(float(most / days), rows_per_day, **durations).fit(scores)
    check_against_slow_count(rule, table, scores, most, float(days), **durations)


@given(tables(n_columns=1, max_rows=30, max_series=2), st.integers(1, 4), RULES, st.data())
def test_the_budget_holds_for_scores_without_ties(table, most, durations, data):
    seed = data.draw(st.integers(0, 9999))
    scores = pd.Series(np.random.RandomState(seed).permutation(len(table)), table.index, dtype=float)
    rule = AlarmsPerDay(most / len(table), rows_per_day=1, **durations).fit(scores)
    check_against_slow_count(rule, table, scores, most, len(table), **durations)


@given(tables(n_columns=1, kinds=["date"]), st.integers(1, 8), st.data())
def test_dates_tell_how_long_a_row_lasts(table, most, data):
    assume(naive.days(table))
    scores, days = scores_of(table, data, SCORES), naive.days(table)
    rule = AlarmsPerDay(float(most / days), merge_gap=0).fit(scores)
    check_against_slow_count(rule, table, scores, most, float(days))


@given(st.lists(SCORES, min_size=1, max_size=20), st.integers(1, 6))
def test_rows_without_an_index_are_one_series_without_a_gap(scores, most):
    rule = AlarmsPerDay(most, rows_per_day=len(scores)).fit(scores)
    check_against_slow_count(rule, scores, scores, most, 1)


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
        (pd.MultiIndex.from_product([["a", "b"], range(12)]), r"24 row\(s\) with (Range)?Index"),
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
    with pytest.warns(
        UserWarning, match=r"n=0.5 alarm\(s\) per day .* in 1 day\(s\) of normal rows"
    ) as record:
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


# What is one alarm


DAYS = 10
MINUTES = pd.date_range("2024-01-01", periods=1440 * DAYS, freq="min")


def incidents(flicker, index=MINUTES, seed=0):
    """Six incidents a day, each of a height of its own; they flicker, or are one run."""
    rng = np.random.default_rng(seed)
    scores = pd.Series(rng.uniform(size=len(index)), index)
    for start in range(100, len(index) - 100, 240):
        height = rng.uniform(3, 10)
        for run in range(12):
            at = start + (5 if flicker else 2) * run
            scores.iloc[at : at + 2] = height + rng.normal(scale=0.5, size=2)
    return scores


def calls_per_day(scores, threshold, days=DAYS, **rule):
    return len(alarms(scores, threshold=float(threshold), **rule)) / days


@pytest.mark.parametrize("flicker", [True, False])
@pytest.mark.parametrize(
    "rule",
    [{}, {"merge_gap": 30}, {"merge_gap": timedelta(minutes=30)}, {"cool_down": "2h"}, {"min_rows": 5}],
    ids=str,
)
def test_two_a_day_are_two_a_day_for_incidents_that_flicker_and_others(flicker, rule):
    scores = incidents(flicker)
    fitted = AlarmsPerDay(2, **rule).fit(scores)
    assert 1.9 <= calls_per_day(scores, fitted.threshold_, **rule) <= 2
    assert fitted.threshold_ < 9  # a third of six, uniform between 3 and 10: not the few highest


def test_two_a_day_are_two_a_day_of_each_series_of_a_panel_with_holes():
    one, other = incidents(True), incidents(True, seed=1)
    hole = slice(5000, 9000)  # days without data are no time
    panel = pd.concat({"a": one.drop(one.index[hole]), "b": other})
    threshold = AlarmsPerDay(2).fit(panel).threshold_
    assert 1.9 <= calls_per_day(panel, threshold, days=2 * DAYS - 4000 / 1440) <= 2


def test_labelled_incidents_are_no_part_of_the_budget():
    scores = incidents(True)
    y = (scores > 7).astype(int)
    normal = scores[y == 0]
    assert AlarmsPerDay(2).fit(scores, y).threshold_ == AlarmsPerDay(2).fit(normal).threshold_


def test_rows_a_day_tell_how_long_half_an_hour_is():
    scores = incidents(True)
    by_rows = AlarmsPerDay(2, rows_per_day=1440).fit(scores.to_numpy())
    assert by_rows.threshold_ == AlarmsPerDay(2).fit(scores).threshold_
    by_time = AlarmsPerDay(2, rows_per_day=24, merge_gap="3h").fit(scores.to_numpy())
    assert (
        by_time.threshold_ == AlarmsPerDay(2, rows_per_day=24, merge_gap=3).fit(scores.to_numpy()).threshold_
    )


def test_an_hour_is_longer_than_half_an_hour():
    scores = bursts((3, 3), (5, 5))
    assert AlarmsPerDay().fit(scores).alarms_per_day_.tolist() == [1, 2, 0]
    assert AlarmsPerDay(merge_gap="1h").fit(scores).alarms_per_day_.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    "durations", [{"merge_gap": 23}, {"cool_down": "1D"}, {"merge_gap": 0, "cool_down": 30}]
)
def test_a_budget_that_cannot_be_exceeded_says_so_at_the_callers_line(durations):
    rule = AlarmsPerDay(2, **durations)
    with pytest.warns(
        UserWarning, match=r"n=2 alarm\(s\) per day can never be exceeded with merge_gap="
    ) as record:
        rule.fit(bursts((3, 3), (9, 9)))
    assert record[0].filename == __file__
    assert rule.threshold_ == -1
    assert rule.alarms_per_day_[-1] == 0
    fewer = clone(rule).set_params(n=1)
    if durations == {"merge_gap": 0, "cool_down": 30}:
        with pytest.warns(UserWarning, match="can never be exceeded"):
            fewer.fit(bursts((3, 3), (9, 9)))


@pytest.mark.parametrize(
    ("scores", "n"),
    [
        (np.arange(48.0) % 7, 3.6),  # a saw: 7 runs above any level
        (np.where(np.arange(48) % 16 == 3, 2.0, 0.0), 1.5),  # two levels
        (np.ones(48), 0.5),  # nothing stands out: all rows are one alarm
    ],
)
def test_a_budget_above_all_that_the_scores_make_says_so(scores, n):
    scores = pd.Series(scores, pd.date_range("2026-01-01", periods=48, freq="h"))
    with pytest.warns(
        UserWarning,
        match=rf"n={n} alarm\(s\) per day can never be exceeded by these scores, .* at most [0-9.]+ with",
    ) as record:
        rule = AlarmsPerDay(n).fit(scores)
    assert record[0].filename == __file__
    assert rule.threshold_ < scores.min()
    assert rule.alarms_per_day_.max() <= n
    if n > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert AlarmsPerDay(1).fit(scores).threshold_ == scores.max()


def test_below_all_scores_every_row_is_in_an_alarm():
    index = HOURS[[0, 1]].append(HOURS[:1] + pd.Timedelta(days=10))
    scores = pd.Series([5.0, 4.0, -1.0], index)
    with pytest.warns(UserWarning, match="can never be exceeded"):
        rule = AlarmsPerDay(600, merge_gap="5h").fit(scores)
    assert rule.thresholds_[0] < -1
    assert rule.alarms_per_day_.tolist() == [2 / (3 / 24), 0]


@pytest.mark.parametrize(
    "change", [{"merge_gap": -1}, {"cool_down": 1.5}, {"cool_down": None}, {"min_rows": 0}]
)
def test_what_is_an_alarm_is_checked(change):
    with pytest.raises(ValueError, match=rf"'{next(iter(change))}' .* Got"):
        AlarmsPerDay(**change).fit(bursts())


def test_text_must_be_a_time():
    with pytest.raises(ValueError, match="merge_gap='soon' is not a length of time"):
        AlarmsPerDay(merge_gap="soon").fit(bursts())
