import naive_metrics
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.metrics import affiliation_f_score, affiliation_precision_recall_f


def marks(n, *spans):
    out = np.zeros(n, dtype=int)
    for start, stop in spans:
        out[start:stop] = 1
    return out


# The definition


@given(naive_metrics.panels(), st.sampled_from([0.5, 1, 2]))
def test_as_the_definition_says_exactly(panel, beta):
    expected = naive_metrics.affiliation(panel.y, panel.values, panel.series, beta)
    result = affiliation_precision_recall_f(panel.labels, panel.others, beta=beta)
    assert result == pytest.approx([float(value) for value in expected], abs=1e-12)
    assert affiliation_f_score(panel.labels, panel.others, beta=beta) == result.f
    alone = naive_metrics.affiliation(panel.y, panel.values, beta=beta)
    result = affiliation_precision_recall_f(panel.y, panel.values, beta=beta)
    assert result == pytest.approx([float(value) for value in alone], abs=1e-12)


def test_as_many_random_places_say():
    # No formula: places in the zones are drawn, and counted.
    rng = np.random.default_rng(0)
    y_true, y_pred = marks(20, (3, 5), (12, 16)), marks(20, (1, 2), (7, 10), (13, 14))
    zones = [(0, 8.5, 3, 5), (8.5, 20, 12, 16)]
    precisions, recalls = [], []
    for low, high, start, stop in zones:
        places = rng.uniform(low, high, 100_000)
        off = np.maximum(np.maximum(start - places, places - stop), 0)
        alarms = places[y_pred[places.astype(int)] == 1]
        off_alarms = np.maximum(np.maximum(start - alarms, alarms - stop), 0)
        precisions.append(np.mean([(off >= distance).mean() for distance in off_alarms[:2000]]))
        chances = []
        for y in rng.uniform(start, stop, 2000):
            nearest = 0 if y_pred[int(y)] else np.abs(alarms - y).min()
            chances.append((np.abs(places - y) >= nearest).mean())
        recalls.append(np.mean(chances))
    result = affiliation_precision_recall_f(y_true, y_pred)
    assert result.precision == pytest.approx(np.mean(precisions), abs=0.01)
    assert result.recall == pytest.approx(np.mean(recalls), abs=0.01)


def test_the_published_example_of_ten_rows():
    # The values of its authors: 0.63 and 1.0 for the precision of the events, 0.82 and 0.87 for their recall.
    y_true = pd.Series(marks(10, (3, 4), (7, 10)))
    y_pred = pd.Series(marks(10, (4, 5), (8, 9)))
    result = affiliation_precision_recall_f(y_true, y_pred)
    assert [round(value, 2) for value in result[:2]] == [0.82, 0.84]
    # By hand. The zone of the first event is [0, 5.5), so that the alarm is in it half a row off on average:
    # X is as far in [0, 3 - d) and [4 + d, 5.5), that is 4.5 - 2d, over 5.5. Each quarter lies in a linear piece.
    assert result.precision == pytest.approx(((4.5 - 2 * 0.5) / 5.5 + 1) / 2)
    first = affiliation_precision_recall_f(y_true[:6], y_pred[:6])  # zone [0, 6)
    assert first[:2] == pytest.approx(((5 - 2 * 0.5) / 6, (2 * 3.5 - 4 + 6 - 4) / 6))


def test_the_example_of_the_paper():
    # In minutes; of the second of its three events the precision is 0.6722 and the recall 0.9444.
    spans = [(5, 6), (7, 10), (11, 12), (40, 60), (115, 130), (135, 140), (165, 170)]
    y_true, y_pred = marks(180, (0, 10), (50, 70), (170, 175)), marks(180, *spans)
    second = slice(30, 120)  # its zone
    result = affiliation_precision_recall_f(y_true[second], y_pred[second])
    assert result[:2] == pytest.approx((0.672222222, 0.944444444))
    # Average distances of its alarms and rows: 11.5 and 2.5 minutes.
    middles = np.arange(30, 120)[y_pred[second] == 1] + 0.5
    assert np.maximum(np.maximum(50 - middles, middles - 70), 0).mean() == pytest.approx(11.5)
    whole = affiliation_precision_recall_f(y_true, y_pred)
    exact = naive_metrics.affiliation(y_true.tolist(), y_pred.tolist())
    assert whole == pytest.approx([float(value) for value in exact])


def test_worked_by_hand_a_row_late():
    # The zone is [0, 10). Alarm [4, 5): X is as far in [0, 3 - d), [4 + d, 10), so 9 - 2d, on average 8, of 10.
    # Row [3, 4): X is as far as y from 4 in [0, 2y - 4) and [4, 10), so 2y + 2, on average 9, of 10.
    result = affiliation_precision_recall_f(marks(10, (3, 4)), marks(10, (4, 5)))
    assert result[:2] == pytest.approx((0.8, 0.9))


# Properties


@given(naive_metrics.panels())
def test_a_perfect_prediction_is_one(panel):
    assert affiliation_precision_recall_f(panel.labels, np.array(panel.y)[panel.order]) == (1, 1, 1)


@given(naive_metrics.panels())
def test_to_alarm_always_is_two_thirds_and_more(panel):
    result = affiliation_precision_recall_f(panel.labels, np.ones(len(panel.y), dtype=int))
    assert 0.5 <= result.precision <= 1 and result.recall == 1 and result.f >= 2 / 3
    alone = affiliation_precision_recall_f(panel.y, np.ones(len(panel.y), dtype=int))
    bounds = [0, *((a[-1] + 1 + b[0]) / 2 for a, b in zip(*gaps(panel.y), strict=True)), len(panel.y)]
    shares = [
        len(event) / size for event, size in zip(naive_metrics.runs(panel.y), np.diff(bounds), strict=True)
    ]
    assert alone.precision == pytest.approx(np.mean([(1 + share**2) / 2 for share in shares]))


def gaps(y):
    events = naive_metrics.runs(y)
    return events[:-1], events[1:]


def test_a_random_place_has_the_precision_of_an_alarm_that_never_ends_on_average():
    y = marks(40, (10, 14))
    places = [affiliation_precision_recall_f(y, place).precision for place in np.eye(40, dtype=int)]
    always = affiliation_precision_recall_f(y, np.ones(40, dtype=int)).precision
    assert np.mean(places) == pytest.approx(always) == pytest.approx((1 + 0.1**2) / 2)


def test_near_misses_count_for_less_the_farther_they_are():
    y = marks(100, (50, 55))
    late = [affiliation_f_score(y, np.roll(y, lag)) for lag in (0, 3, 10, 20, 40)]
    early = [affiliation_f_score(y, np.roll(y, -lag)) for lag in (0, 3, 10, 20, 40)]
    assert late == sorted(late, reverse=True) and len(set(late)) == 5
    assert early == sorted(early, reverse=True) and len(set(early)) == 5


def test_a_zone_without_an_alarm_costs_recall_only():
    y = marks(40, (10, 12), (30, 32))
    assert affiliation_precision_recall_f(y, marks(40, (10, 12))) == pytest.approx((1, 0.5, 2 / 3))


def test_no_alarm_is_zero():
    assert affiliation_precision_recall_f([0, 1, 1], [0, 0, 0]) == (0, 0, 0)


# Series


def test_alarms_in_a_series_without_an_event_are_not_seen():
    index = pd.MultiIndex.from_product([["a", "b", "c"], range(10)])
    y_true = pd.Series(np.concatenate([marks(10), marks(10, (3, 4)), marks(10)]), index=index)
    alone = affiliation_precision_recall_f(marks(10, (3, 4)), marks(10, (4, 5)))
    y_pred = np.concatenate([marks(10, (0, 10)), marks(10, (4, 5)), marks(10, (2, 9))])
    assert affiliation_precision_recall_f(y_true, y_pred) == pytest.approx(alone)
    only_elsewhere = np.concatenate([marks(10, (0, 10)), marks(10), marks(10, (2, 9))])
    assert affiliation_precision_recall_f(y_true, only_elsewhere) == (0, 0, 0)


def test_zones_end_with_their_series():
    index = pd.MultiIndex.from_product([["a", "b"], range(5)])
    y_true, y_pred = marks(10, (1, 2), (7, 8)), marks(10, (4, 5), (7, 8))
    parts = [affiliation_precision_recall_f(y_true[part], y_pred[part]) for part in (slice(5), slice(5, 10))]
    together = affiliation_precision_recall_f(pd.Series(y_true, index=index), y_pred)
    assert together[:2] == pytest.approx(np.mean(parts, axis=0)[:2])


# Bad input


@pytest.mark.parametrize("metric", [affiliation_precision_recall_f, affiliation_f_score])
@pytest.mark.parametrize("bad", [{"beta": 0}, {"pos_label": None}])
def test_bad_parameters_are_refused(metric, bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of {metric.__name__}"):
        metric([0, 1], [0, 1], **bad)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"y_true has no anomalous row"):
        affiliation_f_score([0, 0], [0, 1])
    with pytest.raises(ValueError, match=r"y_pred must contain two labels.*y_score > threshold"):
        affiliation_f_score([0, 1, 1], [0.1, 0.2, 0.3])
