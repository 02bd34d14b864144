"""The table of alarms: one row for each time that a person is called."""

import math
from datetime import timedelta

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from strategies import tables

from sktsad import GaussianDetector, SlidingWindow
from sktsad.metrics import to_events
from sktsad.postprocessing import alarms, feature_scores

MINUTES = pd.date_range("2024-01-01", periods=400, freq="min")


def above(*rows, index=MINUTES, level=1.0):
    """Decisions of -1, and of ``level`` at some rows."""
    decision = pd.Series(-1.0, index=index)
    decision.iloc[list(rows)] = level
    return decision


@given(tables(n_columns=1), st.integers(0, 4), st.integers(1, 3), st.integers(0, 6), st.data())
def test_the_table_is_that_of_a_walk_along_each_series(table, merge_gap, min_rows, cool_down, data):
    values = data.draw(st.lists(st.integers(-1, 3), min_size=len(table), max_size=len(table)))
    decision = pd.Series(values, table.index, dtype=float)
    found = alarms(decision, merge_gap=merge_gap, min_rows=min_rows, cool_down=cool_down)
    expected = naive.alarms_of_table(decision, decision > 0, merge_gap, min_rows, cool_down)
    is_panel = isinstance(table.index, pd.MultiIndex)
    times = table.index.get_level_values(-1)
    assert len(found) == len(expected)
    for (_, alarm), rows in zip(found.iterrows(), expected, strict=True):
        worst = max(rows, key=lambda row: decision.iloc[row])
        assert alarm["start"] == times[rows[0]]
        assert alarm["opened"] == times[rows[min_rows - 1]]
        assert alarm["end"] == times[rows[-1]]
        assert alarm["rows"] == len(rows)
        assert (alarm["peak_time"], alarm["peak_score"]) == (times[worst], decision.iloc[worst])
        assert not is_panel or alarm["series"] == table.index[worst][0]
    assert ("series" in found) == is_panel


def test_alarms_without_merging_are_the_events_of_the_predictions():
    decision = pd.Series(np.random.default_rng(0).normal(size=400), MINUTES)
    events = to_events((decision > 0.5).astype(int))
    found = alarms(decision, threshold=0.5, merge_gap=0)
    assert found["start"].tolist() == events["first"].tolist()
    assert found["end"].tolist() == events["last"].tolist()


def test_an_event_that_flickers_for_half_an_hour_is_one_alarm_unless_asked():
    decision = above(10, 40, 71, 103)  # 29, 30 and 31 quiet rows between them
    assert alarms(decision)["rows"].tolist() == [3, 1]
    assert alarms(decision, merge_gap=31)["rows"].tolist() == [4]
    assert alarms(decision, merge_gap="29min")["rows"].tolist() == [2, 1, 1]
    assert len(alarms(decision.to_numpy())) == 4  # nobody knows how long a row lasts


def test_a_cool_down_passes_over_what_opens_in_it_and_not_what_lasts():
    decision = above(10, 80, 81, *range(120, 140))
    found = alarms(decision, cool_down=timedelta(minutes=115))
    assert found["start"].tolist() == [MINUTES[10], MINUTES[126]]
    assert found["rows"].tolist() == [1, 14]


def test_series_of_other_steps_have_half_an_hour_each():
    hours = pd.date_range("2024-01-01", periods=40, freq="h")
    decision = pd.concat({"m": above(10, 40), "h": above(10, 11, 13, index=hours)}, names=["series", "time"])
    found = alarms(decision)
    assert found["series"].tolist() == ["m", "h", "h"]
    assert found["rows"].tolist() == [2, 2, 1]


def test_hours_without_data_end_an_alarm():
    index = MINUTES[:100].append(MINUTES[:100] + pd.Timedelta("5h"))
    assert alarms(above(99, 100, index=index))["rows"].tolist() == [1, 1]
    short = MINUTES[:100].append(MINUTES[:100] + pd.Timedelta("120min"))
    assert alarms(above(99, 100, index=short))["rows"].tolist() == [2]
    assert alarms(above(99, 100, index=short), max_gap=30, merge_gap=0)["rows"].tolist() == [2]


@pytest.mark.parametrize("labels", [[0, 1, 1, 0, 1], [False, True, True, False, True]])
def test_labels_may_stand_for_decisions(labels):
    found = alarms(labels)
    assert found[["start", "end", "rows"]].to_numpy().tolist() == [[1, 2, 2], [4, 4, 1]]
    assert found["peak_score"].tolist() == [1, 1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_decision_that_is_no_number_is_an_alarm_and_the_worst(value):
    decision = above(10, 12, level=5.0)
    decision.iloc[11] = value
    found = alarms(decision)
    assert found["rows"].tolist() == [3]
    assert found["peak_time"].tolist() == [MINUTES[11]]
    assert found["peak_score"].iloc[0] == value or math.isnan(value)


@pytest.mark.parametrize("n_rows", [0, 1, 400])
def test_without_an_alarm_the_table_is_empty_and_has_its_types(n_rows):
    decision, scores = above(index=MINUTES[:n_rows]), pd.DataFrame({"a_t-1": np.zeros(n_rows), "a_t-0": 1.0})
    found = alarms(decision, feature_scores=scores)
    full = alarms(above(3), feature_scores=np.ones((400, 2)))
    assert len(found) == 0
    assert found.columns.tolist() == full.columns.tolist()
    assert found.dtypes.drop("sensor").tolist() == full.dtypes.drop("sensor").tolist()


# The index


def test_the_index_may_be_that_of_X():
    decision = above(10, 11, 300)
    X = pd.DataFrame({"x": 0.0}, MINUTES)
    pd.testing.assert_frame_equal(alarms(decision.to_numpy(), X), alarms(decision))
    scores = pd.DataFrame(np.ones((400, 2)), MINUTES)
    by_scores = alarms(decision.to_numpy(), feature_scores=scores)
    pd.testing.assert_frame_equal(by_scores.drop(columns="sensor"), alarms(decision))
    numbered = decision.reset_index(drop=True)  # a count of rows says less than dates
    pd.testing.assert_frame_equal(alarms(numbered, X), alarms(decision))


def test_rows_without_time_are_numbered_or_named():
    assert alarms([-1, 1, 1])["start"].tolist() == [1]
    assert alarms(pd.Series([-1, 1, 1], list("abc")))[["start", "end"]].to_numpy().tolist() == [["b", "c"]]


def test_rows_of_series_may_stand_mixed():
    decision = pd.concat({"a": above(10, 11), "b": above(10, 200)})
    mixed = decision.swaplevel().sort_index(kind="stable").swaplevel()
    pd.testing.assert_frame_equal(alarms(mixed), alarms(decision))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((above(3)[::-1],), "Time is out of order"),
        (
            (above(3), pd.DataFrame({"x": 0.0}, MINUTES + pd.Timedelta("1D"))),
            "decision and X have different time",
        ),
        ((above(3), np.zeros((3, 1))), "inconsistent numbers of samples"),
        ((np.zeros((4, 2)),), "1d array"),
        ((["low", "high"],), "could not convert"),
    ],
)
def test_rows_that_do_not_belong_together_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        alarms(*arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"merge_gap": -1}, "merge_gap"),
        ({"merge_gap": 1.5}, "merge_gap"),
        ({"merge_gap": "soon"}, "merge_gap='soon' is not a length of time"),
        ({"cool_down": None}, "cool_down"),
        ({"min_rows": 0}, "min_rows"),
        ({"min_rows": "5"}, "min_rows='5' has no unit"),
        ({"threshold": np.nan}, "threshold"),
        ({"max_gap": 0}, "max_gap"),
    ],
)
def test_parameters_are_checked(change, message):
    with pytest.raises(ValueError, match=message):
        alarms(above(3), **change)


def test_a_time_needs_dates():
    with pytest.raises(ValueError, match="cool_down='1h' must be a number of rows or a length of time"):
        alarms([0, 1], cool_down="1h")


# The sensor


def test_the_sensor_is_the_one_with_the_largest_sum_over_the_rows_of_the_alarm():
    decision = above(10, 12, 200)
    scores = pd.DataFrame({"a": 0.0, "b": 0.1, "c": 0.0}, MINUTES)
    scores.iloc[[10, 12], 0] = 3.0  # 6 in all
    scores.iloc[12, 1] = 5.0  # the largest one
    scores.iloc[11, 2] = 99.0  # between the rows of the alarm
    assert alarms(decision, feature_scores=scores)["sensor"].tolist() == ["a", "b"]


def test_steps_of_a_window_are_summed_to_sensors_and_arrays_have_numbers():
    steps = pd.DataFrame([[3, 1, 3, 5]] * 2, columns=["a_t-1", "b_t-1", "a_t-0", "b_t-0"])
    assert alarms([-1, 1], feature_scores=steps)["sensor"].tolist() == ["a"]  # 6 and 6: the first
    steps["b_t-1"] += 1
    assert alarms([-1, 1], feature_scores=steps)["sensor"].tolist() == ["b"]
    assert alarms([-1, 1], feature_scores=[[9, 9], [0, 1]])["sensor"].tolist() == ["x1"]


def test_a_sensor_without_a_number_is_the_one():
    scores = pd.DataFrame({"a": [0.0, 9.0], "b": [0.0, np.nan]})
    assert alarms([-1, 1], feature_scores=scores)["sensor"].tolist() == ["b"]


def test_of_a_fitted_pipeline():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([["p", "q"], MINUTES], names=["machine", "time"])
    X = pd.DataFrame(rng.normal(size=(800, 3)), index, ["load", "heat", "noise"])
    model = make_pipeline(SlidingWindow(4), GaussianDetector(threshold=10.0)).fit(X)
    X.iloc[500:505, 1] += 15
    found = alarms(model.decision_function(X), X, feature_scores=feature_scores(model, X))
    assert found[["series", "sensor"]].to_numpy().tolist() == [["q", "heat"]]
    assert found["start"].iloc[0] == MINUTES[100]
    assert 5 <= found["rows"].iloc[0] <= 8
