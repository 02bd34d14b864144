"""The time step of a series that fit has not seen."""

from sktsad.live._clock import _MOST_HOLES, StepSoFar


def test_of_a_clock_without_a_step_the_count_ends():
    clock = StepSoFar([(float(hole), 1) for hole in range(_MOST_HOLES + 1)], 7.0)
    assert not clock.push(1.5)
    assert 1.5 not in clock.counts and clock.step == 7.0
