"""Alarms that open and close, where rows carry no time."""

import numpy as np

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
