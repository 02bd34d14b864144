"""A hash of what a model has learnt."""

from functools import cached_property

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


class Table:
    def __init__(self, names):
        self.names = names

    @cached_property
    def places(self):
        return {name: place for place, name in enumerate(self.names)}


def test_what_was_looked_up_since_fit_does_not_count():
    table = Table(["a", "b"])
    before = fingerprint(table)
    assert table.places["b"] == 1
    assert fingerprint(table) == before != fingerprint(Table(["a", "c"]))
