from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import sktsad
from sktsad.report._findings import find
from sktsad.report._sections import (
    alarm_section,
    data_section,
    figure_section,
    model_section,
    sensor_section,
    summary,
)


@pytest.fixture(scope="module")
def found(detector, pumps):
    return find(detector, *pumps, None, 6, 12)


@pytest.fixture(scope="module")
def unlabelled(detector, pumps):
    return find(detector, pumps[0], None, None, 1, 12)


def test_the_summary_has_rows_alarms_and_shares(found, unlabelled):
    html = summary(found)
    for part in (
        "<b>760</b>rows",
        "<b>2</b>series",
        f"<b>{len(found.alarms)}</b>alarms",
        "alarms per day and series",
    ):
        assert part in html
    assert "<b>2.6 %</b>of the rows labelled anomalous" in html
    assert "labelled" not in summary(unlabelled)


def test_the_data_has_gaps_and_steps(found, unlabelled):
    html = data_section(found)
    assert "2 columns of numbers: heat, flow &amp; rate." in html and "more than 3 steps is a gap" in html
    cells = [row.replace("</td>", "").split("<td")[1:] for row in html.split("<tr>")[2:]]
    pump, rows, start, _, step, gaps, missing, empty, labelled = [cell.partition(">")[2] for cell in cells[0]]
    assert (pump, rows, step, gaps, missing, empty) == ("a&lt;1&gt;", "360", "1 min", "1", "40", "0 %")
    assert start == "2024-06-01 00:00:00+02:00" and labelled.startswith("5.6 %")
    html = data_section(unlabelled)
    assert "The 1 series with the most alarms, of 2" in html and "labelled" not in html


def test_rows_without_time_are_said_to_have_none(pumps):
    X, y = (table.to_numpy() for table in pumps)
    found = find(LogisticRegression().fit(X, y), X, y, None, 6, 12)
    html = data_section(found)
    assert "The rows have no time" in html and "gap" not in html
    one = find(LogisticRegression().fit(X[:, :1], y), X[:, :1], y, None, 6, 12)
    assert "<p>1 column of numbers: " in data_section(one)
    assert "per day" not in summary(found)
    assert "learnt by" not in model_section(found) and "Threshold" not in model_section(found)
    assert "No scores of single sensors" in sensor_section(found)
    assert "lasts" not in alarm_section(found, 50)
    assert "<td>x1</td>" not in alarm_section(found, 50)


def test_numbers_as_time_have_a_step_and_no_gap_is_not_spoken_of(pumps):
    X = pumps[0].iloc[:50].set_axis(pd.RangeIndex(0, 500, 10, name="cycle"))
    found = find(LogisticRegression().fit(X, np.arange(50) % 2), X, None, None, 6, 12)
    html = data_section(found)
    assert '<td class="number">10</td>' in html and "is a gap" not in html


def test_alarms_are_the_worst_in_order_of_time(found):
    html = alarm_section(found, 50)
    assert html.count("<tr>") == 1 + len(found.alarms) and "highest peaks" not in html
    assert "<td>flow &amp; rate</td>" in html
    worst = alarm_section(found, 1)
    assert f"The 1 alarms with the highest peaks, of {len(found.alarms)}" in worst
    peak = found.alarms.loc[found.alarms["peak_score"].idxmax(), "start"]
    assert worst.count("<tr>") == 2 and str(peak) in worst


def test_without_alarms_there_is_nothing_to_list(found):
    quiet = replace(found, alarms=found.alarms[:0])
    assert "there is no alarm" in alarm_section(quiet, 50)
    assert sensor_section(quiet) == ""


def test_sensors_have_their_share_of_the_scores(found, monkeypatch):
    html = sensor_section(found)
    sums = found.sensors[found.detected].sum()
    assert html.index("flow &amp; rate") < html.index("heat")
    assert f"{100 * sums.max() / sums.sum():.0f} %" in html
    monkeypatch.setattr("sktsad.report._sections._MAX_SENSORS", 1)
    assert "The first 1 of 2" in sensor_section(found)


def test_figures_need_labels_of_both_classes(found, unlabelled):
    html = figure_section(found, None)
    assert "average precision" in html and "event recall" in html and " to " in html
    assert "<th>95 % interval</th>" in html
    assert "Without labels there are no figures" in figure_section(unlabelled, None)
    normal = replace(found, anomalous=np.zeros(760, dtype=bool))
    assert "All rows are labelled normal" in figure_section(normal, None)
    assert "All rows are labelled anomalous" in figure_section(
        replace(found, anomalous=~normal.anomalous), None
    )


def test_the_model_has_its_threshold_its_rule_and_versions(found):
    html = model_section(found)
    assert "GaussianDetector" in html and "learnt by AlarmsPerDay(n=20)" in html
    assert (
        f"sktsad {sktsad.__version__}" in html and "python 3." in html and "None" not in html.split("<p")[-1]
    )
