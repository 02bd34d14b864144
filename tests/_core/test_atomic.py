import inspect
from numbers import Integral

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import Interval, InvalidParameterError

from sktsad._core._atomic import atomic_fit


class Counter(BaseEstimator):
    """Counts rows; fails behind its work where it is told to."""

    _parameter_constraints = {
        "start": [Interval(Integral, 0, None, closed="left")],
        "failure": "no_validation",
    }

    def __init__(self, start=0, failure=None):
        self.start = start
        self.failure = failure

    @atomic_fit
    def fit(self, X, y=None, *, twice=False):
        """Count."""
        self.count_ = self.start + (2 if twice else 1) * len(X)
        if hasattr(self, "old_"):
            del self.old_
        if self.failure is not None:
            raise self.failure
        self.new_ = True
        return self


def test_a_fit_that_succeeds_returns_what_it_returns():
    counter = Counter(start=1)
    assert counter.fit(np.zeros(3), twice=True) is counter
    assert (counter.count_, counter.new_) == (7, True)


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_a_failed_fit_leaves_every_attribute_as_it_was(failure):
    counter = Counter(failure=failure)
    counter.count_, counter.old_ = 5, "kept"
    before = vars(counter).copy()
    with pytest.raises(type(failure)):
        counter.fit(np.zeros(3))
    assert vars(counter) == before


def test_parameters_are_checked_before_any_work():
    counter = Counter(start=-1)
    with pytest.raises(InvalidParameterError, match=r"'start' parameter of Counter must be .* Got -1"):
        counter.fit(np.zeros(3))
    assert vars(counter) == vars(clone(counter))


def test_the_method_keeps_its_name_and_signature():
    assert Counter.fit.__name__ == "fit"
    assert Counter.fit.__doc__ == "Count."
    assert list(inspect.signature(Counter.fit).parameters) == ["self", "X", "y", "twice"]
