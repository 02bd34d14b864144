"""A hash of what a model has learnt."""

import numpy as np

from sktsad.live._fingerprint import fingerprint


def test_a_circle_ends_and_twice_the_same_object_is_as_two():
    circle = [1.0]
    circle.append(circle)
    assert fingerprint(circle) == fingerprint(circle)
    array = np.arange(3)
    assert fingerprint([array, array]) == fingerprint([array, array.copy()]) != fingerprint([array])


def test_generators_of_random_numbers_say_nothing_of_what_was_learnt():
    assert fingerprint(np.random.default_rng(0)) == fingerprint(np.random.default_rng(1))
