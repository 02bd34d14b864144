"""Values for parameters: outside each constraint, of the wrong type, not finite, huge, or almost a number."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval, Options, make_constraint


class Odd:
    """An object of an unknown type."""

    def __repr__(self) -> str:
        return "Odd()"


def odd_function(*args: Any) -> None:
    """Take anything and return nothing, which no callable parameter of an estimator may do."""


#: Values that are meaningless for any parameter: accepted, they are silently wrong.
JUNK = [
    Odd(),
    Odd,
    odd_function,
    object,
    [Odd()],
    [None],
    ["text"],
    [("name",)],
    [{}],
    ("a", "b", "c"),
    {1: 2},
    {"no_such_name": 1},
    {None: None},
    {1, 2},
    frozenset(["a"]),
    "",
    " ",
    "text",
    "auto ",
    "AUTO",
    "None",
    "0.5",
    "1",
    b"auto",
    bytearray(b"x"),
    1j,
    complex(1, 0),
    float("nan"),
    np.float32("nan"),
    Decimal("NaN"),
    pd.NA,
    pd.NaT,
    Ellipsis,
    NotImplemented,
    datetime.datetime(2026, 1, 1),
    np.datetime64("2026-01-01"),
    np.timedelta64(1, "D"),
    pd.Timestamp("2026-01-01"),
    pd.DataFrame({"a": [1.0]}),
    np.array([[1.0, 2.0]]),
    np.array(["a"]),
    iter([1, 2]),
    (x for x in [1]),
    slice(3),
    ValueError("x"),
]
#: Values that some parameters take: these must score as their plain Python value does.
VALUES = [
    None,
    True,
    False,
    np.True_,
    np.False_,
    0,
    -1,
    1,
    2,
    3,
    -0.0,
    0.5,
    1.0,
    1.5,
    2.0,
    -0.5,
    0.999999,
    1e-320,
    1e-12,
    1e300,
    -1e300,
    float("inf"),
    float("-inf"),
    np.inf,
    10**9,
    10**12,
    -(10**12),
    2**31,
    2**63,
    2**64,
    10**30,
    np.int64(2),
    np.int8(3),
    np.uint8(2),
    np.uint64(2**63),
    datetime.timedelta(1),
    pd.Timedelta("1D"),
    np.float32(0.5),
    np.float64(0.5),
    np.float16(0.5),
    np.longdouble(0.5),
    np.array(2),
    np.array(0.5),
    Fraction(1, 2),
    Decimal("0.5"),
    Decimal("2"),
    [],
    (),
    {},
    [1],
    [0],
    [-1],
    [2.5],
    [True],
    [3, 2],
    (4, 2),
    (0,),
    [np.nan],
    [np.inf],
    [10**12],
    ["3"],
    [[2]],
    [2, None],
    np.array([3, 2]),
    np.array([0.5]),
    np.array([]),
    pd.Series([1, 2]),
    range(0),
    range(2, 4),
]


def plain(value: Any) -> Any:
    """Return the plain Python value of NumPy's scalars, and a list for a range, a Series or an empty array."""
    if isinstance(value, range | pd.Series) or (isinstance(value, np.ndarray) and value.size == 0):
        return list(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    return value.item() if isinstance(value, np.generic) else value


def around(constraints: list) -> list[Any]:
    """Return values at, just outside and just inside the ends of intervals, and options in another form."""
    values: list[Any] = []
    for constraint in map(make_constraint, constraints):
        if isinstance(constraint, Interval):
            for end in (constraint.left, constraint.right):
                if end is not None:
                    values += [
                        end,
                        end - 1,
                        end + 1,
                        float(end),
                        np.nextafter(end, -np.inf),
                        np.nextafter(end, np.inf),
                    ]
        if isinstance(constraint, Options):
            for option in constraint.options:
                values += [option, [option], (option,), {option: 1}]
                if isinstance(option, str):
                    values += [option.upper() + "x", option + " ", option.encode(), np.str_(option)]
    return values


def is_allowed(value: Any, constraints: list) -> bool:
    """Return whether the declared constraints take a value; True is not a number."""
    for constraint in map(make_constraint, constraints):
        if isinstance(constraint, Interval) and isinstance(value, (bool, np.bool_)):
            continue
        try:
            if constraint.is_satisfied_by(value):
                return True
        except Exception:
            continue
    return False


def bad_parameters(name: str, constraints: Any) -> list[tuple[Any, bool]]:
    """Return (value, is_junk) for a parameter with such constraints."""
    cases = [(value, True) for value in JUNK] + [(value, False) for value in VALUES]
    if constraints != "no_validation":
        cases += [(value, False) for value in around(constraints)]
    if name == "class_weight":  # the other class has weight 1
        cases = [(value, is_junk and repr(value) != "{1: 2}") for value, is_junk in cases]
    if name == "random_state":  # two fits with random seeds differ
        cases = [(value, is_junk) for value, is_junk in cases if value is not None]
    if name in ("max_epochs", "min_updates"):  # any value is right, however long it takes
        cases = [(value, is_junk) for value, is_junk in cases if not _is_long(value)]
    return cases


def _is_long(value: Any) -> bool:
    return isinstance(value, (int, float)) and 100 < value <= 10**6
