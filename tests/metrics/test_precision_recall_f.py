import naive_metrics
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score

from sktsad.metrics import (
    PrecisionRecallF,
    affiliation_f_score,
    delay_f_score,
    event_f_score,
    f_score,
    range_f_score,
)
from sktsad.metrics._precision_recall_f import precision_recall_f, ratio

SHARES = st.fractions(0, 1)


@given(SHARES, SHARES, st.sampled_from([0.5, 1, 2]))
def test_f_is_the_weighted_harmonic_mean(precision, recall, beta):
    expected = float(naive_metrics.f_of(precision, recall, beta))
    assert f_score(float(precision), float(recall), beta) == pytest.approx(expected)
    result = precision_recall_f(float(precision), float(recall), beta)
    assert result == pytest.approx((float(precision), float(recall), expected))


def test_f_is_that_of_scikit_learn():
    y, alarms = [1, 1, 1, 0, 0], [1, 0, 0, 1, 0]
    assert f_score(1 / 2, 1 / 3, beta=2) == pytest.approx(fbeta_score(y, alarms, beta=2))


@pytest.mark.parametrize("metric", [affiliation_f_score, delay_f_score, event_f_score, range_f_score])
def test_the_label_of_anomalies_is_that_which_is_named(metric):
    y, alarms = np.zeros(40, dtype=int), np.zeros(40, dtype=int)
    y[[5, 6, 7, 30, 31]] = alarms[[6, 30, 38, 39]] = 1
    expected = metric(y, alarms)
    assert 0 < expected < 1
    assert metric(1 - y, 1 - alarms, pos_label=0) == expected != metric(1 - y, 1 - alarms)
    words = np.array(["fine", "odd"])
    assert metric(words[y], words[alarms], pos_label="odd") == expected


def test_what_is_undefined_is_zero():
    assert f_score(0.0, 0.0) == 0
    assert ratio(0, 0) == 0
    assert precision_recall_f(0, 0, 1) == PrecisionRecallF(0.0, 0.0, 0.0)


def test_names_and_plain_floats():
    result = precision_recall_f(1, 1, 1)
    assert result._asdict() == {"precision": 1.0, "recall": 1.0, "f": 1.0}
    assert {type(value) for value in result} == {float}
