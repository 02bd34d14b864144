"""Private names of scikit-learn, imported only here, so that new versions need changes in one place."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any, ParamSpec, TypeVar

import numpy as np
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._array_api import get_namespace
from sklearn.utils._param_validation import (
    HasMethods,
    InvalidParameterError,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils._param_validation import validate_params as _validate_params
from sklearn.utils._set_output import _get_output_config as output_config
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as num_samples

__all__ = [
    "N_JOBS",
    "RANDOM_STATE",
    "VERBOSE",
    "BaseComposition",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "RealNotInt",
    "StrOptions",
    "check_feature_names_in",
    "check_sample_weight",
    "get_namespace",
    "num_samples",
    "output_config",
    "safe_indexing",
    "validate_parameter_constraints",
    "validate_params",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def validate_params(
    constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator that checks parameters; unlike scikit-learn's, it keeps the signature for type checkers."""
    checked: Callable[[Callable[_P, _R]], Callable[_P, _R]] = _validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )
    return checked


class Interval(_Interval):
    """An interval of Python and NumPy numbers, without booleans, fractions and time deltas."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is in the interval."""
        is_number = isinstance(val, (int, float, np.integer, np.floating))
        is_other = isinstance(val, (bool, np.timedelta64))
        return is_number and not is_other and super().is_satisfied_by(val)


#: Constraints of seeds, numbers of processes and how much is printed; those of scikit-learn accept time deltas as
#: numbers.
RANDOM_STATE: list[Any] = [Interval(Integral, 0, 2**32 - 1, closed="both"), np.random.RandomState, None]
N_JOBS: list[Any] = [
    Interval(Integral, None, -1, closed="right"),
    Interval(Integral, 1, None, closed="left"),
    None,
]
VERBOSE: list[Any] = [Interval(Integral, 0, None, closed="left"), "boolean"]
