"""The parameters of recurrent layers, and of the dense layer after them."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from .._core import AnyEstimator, Interval, StrOptions

#: Constraints of the parameters of recurrent layers, and of the dense layer after them.
RECURRENT: dict = {
    "cell": [StrOptions({"lstm", "gru", "rnn"})],
    # Upper limits beyond any useful size, so that a typo does not fill the memory.
    "hidden_size": [Interval(Integral, 1, 2**12, closed="both")],
    "num_layers": [Interval(Integral, 1, 100, closed="both")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "bidirectional": ["boolean"],
    "dense_size": [Interval(Integral, 1, 2**16, closed="both"), None],
    "pooling": [StrOptions({"last", "last_max"})],
    "patch_size": [Interval(Integral, 1, None, closed="left")],
}


def recurrent_arguments(estimator: AnyEstimator) -> dict[str, Any]:
    """Return the parameters of the recurrent layers and of the dense layer, for the torch modules."""
    return {name: getattr(estimator, name) for name in RECURRENT}
