import naive_metrics
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score

from sktsad.metrics import event_precision_recall_f, range_f_score, range_precision_recall_f

BIASES = ["flat", "front", "middle", "back"]
ARGUMENTS = st.fixed_dictionaries(
    {
        "alpha": st.sampled_from([0, 0.25, 1]),
        "bias": st.sampled_from(BIASES),
        "precision_bias": st.sampled_from(BIASES),
        "cardinality": st.sampled_from(["one", "reciprocal"]),
        "beta": st.sampled_from([0.5, 1, 2]),
    }
)


@given(naive_metrics.panels(), ARGUMENTS)
def test_as_the_definition_says(panel, arguments):
    expected = naive_metrics.of_ranges(panel.y, panel.values, **arguments, series=panel.series)
    result = range_precision_recall_f(panel.labels, panel.others, **arguments)
    assert result == pytest.approx([float(value) for value in expected])
    assert range_f_score(panel.labels, panel.others, **arguments) == result.f
    alone = naive_metrics.of_ranges(panel.y, panel.values, **arguments)
    result = range_precision_recall_f(panel.y, panel.values, **arguments)
    assert result == pytest.approx([float(value) for value in alone])


@pytest.mark.parametrize(
    ("bias", "recall"),
    [("flat", 2 / 5), ("front", (4 + 3) / 15), ("middle", (2 + 3) / 9), ("back", (2 + 3) / 15)],
)
def test_biases_worked_by_hand(bias, recall):
    # The second and third row of five are found: weights 5 4 3 2 1, 1 2 3 2 1, 1 2 3 4 5.
    y_true, y_pred = [0, 1, 1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0, 0, 1]
    result = range_precision_recall_f(y_true, y_pred, bias=bias)
    assert result == pytest.approx((1 / 2, recall, recall / (recall + 1 / 2)))
    turned = range_precision_recall_f(y_pred, y_true, precision_bias=bias)
    assert turned[:2] == pytest.approx((recall, 1 / 2))


def test_the_middle_of_an_even_range_are_two_rows():
    # Weights 1 2 2 1.
    y_true = [1, 1, 1, 1, 0]
    assert range_precision_recall_f(y_true, [0, 0, 1, 0, 0], bias="middle").recall == pytest.approx(2 / 6)
    assert range_precision_recall_f(y_true, [0, 0, 0, 1, 0], bias="middle").recall == pytest.approx(1 / 6)


def test_pieces_count_for_less_if_wanted_worked_by_hand():
    # One event in three pieces of a row each, and a prediction that lumps two events together.
    y_true = [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1]
    y_pred = [1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1]
    one = range_precision_recall_f(y_true, y_pred)
    assert one[:2] == pytest.approx(((1 + 1 + 1 + 4 / 5) / 4, (3 / 6 + 1 + 1) / 3))
    less = range_precision_recall_f(y_true, y_pred, cardinality="reciprocal")
    assert less[:2] == pytest.approx(((1 + 1 + 1 + 4 / 5 / 2) / 4, (3 / 6 / 3 + 1 + 1) / 3))


@given(naive_metrics.panels(), ARGUMENTS)
def test_existence_alone_is_the_recall_of_events_and_leaves_precision(panel, arguments):
    result = range_precision_recall_f(panel.labels, panel.others, **arguments | {"alpha": 1})
    assert result.recall == pytest.approx(event_precision_recall_f(panel.labels, panel.others).recall)
    without = range_precision_recall_f(panel.labels, panel.others, **arguments | {"alpha": 0})
    assert result.precision == without.precision


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=12))
def test_with_ranges_of_one_row_it_is_precision_and_recall_as_ever(pairs):
    # Rows of nothing between keep all ranges at one row.
    y_true, y_pred = np.zeros((2, 2 * len(pairs) + 2), dtype=int)
    y_true[:-2:2], y_pred[:-2:2] = zip(*pairs, strict=True)
    y_true[-1] = 1
    for arguments in ({}, {"alpha": 0.5, "bias": "back", "cardinality": "reciprocal"}):
        result = range_precision_recall_f(y_true, y_pred, **arguments)
        assert result.precision == pytest.approx(precision_score(y_true, y_pred, zero_division=0))
        assert result.recall == pytest.approx(recall_score(y_true, y_pred))


def test_to_alarm_always_has_the_precision_of_chance():
    y = np.zeros(100, dtype=int)
    y[20:25] = y[60:65] = 1
    assert range_precision_recall_f(y, np.ones(100)) == pytest.approx((0.1, 1, 2 * 0.1 / 1.1))


def test_no_alarm_is_no_precision():
    assert range_precision_recall_f([0, 1, 1], [0, 0, 0], alpha=0.5) == (0, 0, 0)


@pytest.mark.parametrize("metric", [range_precision_recall_f, range_f_score])
@pytest.mark.parametrize(
    "bad",
    [
        {"alpha": 1.1},
        {"bias": "early"},
        {"precision_bias": "late"},
        {"cardinality": "two"},
        {"beta": 0},
        {"pos_label": None},
    ],
)
def test_bad_parameters_are_refused(metric, bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of {metric.__name__}"):
        metric([0, 1], [0, 1], **bad)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"y_true has no anomalous row"):
        range_f_score([0, 0], [0, 1])
    with pytest.raises(ValueError, match=r"y_pred must contain two labels.*y_score > threshold"):
        range_f_score([0, 1, 1], [0.1, 0.2, 0.3])
