import naive_metrics
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score

from sktsad.metrics import event_f_score, event_precision_recall_f

PRECISIONS = st.sampled_from(["rows", "events"])


@given(naive_metrics.panels(), PRECISIONS, st.sampled_from([0.5, 1, 2]))
def test_as_the_definition_says(panel, precision, beta):
    arguments = {"precision": precision, "beta": beta}
    expected = naive_metrics.of_events(panel.y, panel.values, precision, beta, panel.series)
    result = event_precision_recall_f(panel.labels, panel.others, **arguments)
    assert result == pytest.approx([float(value) for value in expected])
    assert event_f_score(panel.labels, panel.others, **arguments) == result.f
    alone = naive_metrics.of_events(panel.y, panel.values, precision, beta)
    result = event_precision_recall_f(panel.y, panel.values, **arguments)
    assert result == pytest.approx([float(value) for value in alone])


def test_worked_by_hand():
    # Events of rows 1-2, 5 and 8-9; alarms of rows 0-1, 3, 7 and 9-10.
    y_true = [0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0]
    y_pred = [1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1]
    assert event_precision_recall_f(y_true, y_pred) == pytest.approx((2 / 6, 2 / 3, 4 / 9))
    result = event_precision_recall_f(y_true, y_pred, precision="events")  # two found, two false alarms
    assert result == pytest.approx((2 / 4, 2 / 3, 4 / 7))


def test_an_alarm_that_never_ends_fools_the_count_of_events_but_not_that_of_rows():
    y = np.zeros(1000, dtype=int)
    y[400:410] = y[700:710] = 1
    always = np.ones(1000, dtype=int)
    assert event_precision_recall_f(y, always, precision="events") == (1, 1, 1)
    assert event_precision_recall_f(y, always) == pytest.approx((0.02, 1, 2 * 0.02 / 1.02))
    assert event_f_score(y, always) < 0.04  # the default is not fooled


def test_no_alarm_is_no_precision():
    for precision in ("rows", "events"):
        assert event_precision_recall_f([0, 1, 1], [0, 0, 0], precision=precision) == (0, 0, 0)


@given(naive_metrics.panels())
def test_precision_of_rows_is_that_of_scikit_learn(panel):
    precision = event_precision_recall_f(panel.labels, panel.others).precision
    assert precision == pytest.approx(precision_score(panel.y, panel.values, zero_division=0))


def test_events_end_with_their_series():
    panel = naive_metrics.Panel([0, 1, 1, 0], [0, 1, 0, 0], ["a", "a", "b", "b"], [0, 1, 2, 3])
    assert event_precision_recall_f(panel.y, panel.values).recall == 1
    assert event_precision_recall_f(panel.labels, panel.others).recall == 0.5


@pytest.mark.parametrize("metric", [event_precision_recall_f, event_f_score])
@pytest.mark.parametrize("bad", [{"precision": "row"}, {"beta": 0}, {"pos_label": None}])
def test_bad_parameters_are_refused(metric, bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of {metric.__name__}"):
        metric([0, 1], [0, 1], **bad)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"y_true has no anomalous row"):
        event_f_score([0, 0], [0, 1])
    with pytest.raises(ValueError, match=r"y_pred must contain two labels.*y_score > threshold"):
        event_f_score([0, 1, 1], [0.1, 0.2, 0.3])
