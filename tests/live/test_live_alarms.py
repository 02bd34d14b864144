"""Alarms that open and close, where rows carry no time."""

import numpy as np
import pandas as pd

from sktsad._core import read_series
from sktsad.live._live_alarms import LiveAlarms


def test_without_time_rows_are_neighbours():
    alarms = LiveAlarms(1, 1, 0, 3)
    alarms.grow(2)
    for slot in range(2):
        alarms.begin(slot, 1.0)
    slots, steps = np.arange(2), np.ones(2)
    opened, _ = alarms.step(slots, None, steps, np.array([True, False]))
    assert opened.tolist() == [True, False]
    opened, _ = alarms.step(slots, None, steps, np.array([True, True]))
    assert opened.tolist() == [False, True]


def test_an_alarm_lasts_as_long_in_a_fast_as_in_a_slow_series():
    alarms, minute = LiveAlarms(0, "3min", 0, 3), 60e9
    alarms.start(read_series(pd.Series(0.0, pd.date_range("2026", periods=1))))
    alarms.grow(3)
    slots, steps = np.arange(3), np.array([1, 2, 60]) * minute
    for slot in range(3):
        alarms.begin(slot, steps[slot])
    hot = np.ones(3, dtype=bool)
    opened = [alarms.step(slots, steps, steps, hot)[0].tolist() for _ in range(4)]
    assert np.argmax(opened, axis=0).tolist() == [2, 1, 0]  # the row with which each opens
    assert np.sum(opened, axis=0).tolist() == [1, 1, 1]
    assert alarms.is_open(slots).all()
