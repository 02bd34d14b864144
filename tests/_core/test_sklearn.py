"""Private names of scikit-learn come through one module."""

import re
from numbers import Integral
from pathlib import Path

import numpy as np
import pytest

import sktsad
from sktsad import _core
from sktsad._core import _sklearn

PACKAGE = Path(sktsad.__file__).parent
#: A private module, or a private name of a public one.
PRIVATE = re.compile(r"^from sklearn[\w.]*(\._\w+ import|[\w.]* import .*(?<![\w.])_\w+)", re.MULTILINE)
ROOMS = ["preprocessing", "model_selection"]


@pytest.mark.parametrize(
    "path",
    [path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))],
    ids=lambda path: path.name,
)
def test_a_room_imports_no_private_name_of_scikit_learn(path):
    assert not PRIVATE.search(path.read_text())


@pytest.mark.parametrize(
    "line",
    [
        "from sklearn.utils import Tags, _safe_indexing",
        "from sklearn.utils._param_validation import Interval",
        "from sklearn.utils.validation import _num_samples",
    ],
)
def test_a_private_name_would_be_seen(line):
    assert PRIVATE.search(line)
    assert not PRIVATE.search("from sklearn.utils.validation import check_is_fitted\nfrom ._x import _y")


@pytest.mark.parametrize("name", _sklearn.__all__)
def test_the_ground_floor_hands_every_name_on(name):
    assert getattr(_core, name) is getattr(_sklearn, name)


@pytest.mark.parametrize(
    ("value", "is_inside"), [(1, True), (0, False), ("one", False), (True, False), (np.True_, False)]
)
def test_an_interval_holds_numbers_and_no_truths(value, is_inside):
    assert _sklearn.Interval(Integral, 1, None, closed="left").is_satisfied_by(value) == is_inside


@pytest.mark.parametrize("value", [np.timedelta64(1, "D"), 1.0, "1", -1, None])
def test_verbose_is_a_number_or_a_truth(value):
    with pytest.raises(
        _sklearn.InvalidParameterError, match="The 'verbose' parameter of caller must be an int"
    ):
        _sklearn.validate_parameter_constraints({"verbose": _core.VERBOSE}, {"verbose": value}, "caller")
    for allowed in (0, np.int64(3), True, np.False_):
        _sklearn.validate_parameter_constraints({"verbose": _core.VERBOSE}, {"verbose": allowed}, "caller")


@pytest.mark.parametrize("constraints", [_core.RANDOM_STATE, _core.N_JOBS])
@pytest.mark.parametrize("value", [np.timedelta64(1, "D"), True, 1.0, "1"])
def test_time_deltas_and_true_are_no_seeds_and_no_numbers_of_processes(constraints, value):
    with pytest.raises(_sklearn.InvalidParameterError, match="must be an int in the range"):
        _sklearn.validate_parameter_constraints({"n": constraints}, {"n": value}, "caller")
    for number in (1, np.int64(3), None):
        _sklearn.validate_parameter_constraints({"n": constraints}, {"n": number}, "caller")
