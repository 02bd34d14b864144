"""Parameters that all estimators with a recurrent network share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from ._net_estimator import NetEstimator

#: Constraints of the parameters that go to the network as they are.
_OF_THE_NETWORK: dict = {
    "cell": [StrOptions({"lstm", "gru", "rnn"})],
    "hidden_size": [Interval(Integral, 1, None, closed="left")],
    "num_layers": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "bidirectional": ["boolean"],
    "dense_size": [Interval(Integral, 1, None, closed="left"), None],
    "pooling": [StrOptions({"last", "last_max"})],
    "step": [Interval(Integral, 1, None, closed="left")],
}


class RecurrentEstimator(NetEstimator):
    """Parameters of the recurrent layers; stands before another `NetEstimator` among the bases."""

    _parameter_constraints: dict = {**NetEstimator._parameter_constraints, **_OF_THE_NETWORK}

    def __init__(
        self,
        cell: str = "lstm",
        *,
        hidden_size: int = 128,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dense_size: int | None = 64,
        pooling: str = "last",
        step: int = 1,
        **net_params: Any,
    ) -> None:
        super().__init__(**net_params)
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.dense_size = dense_size
        self.pooling = pooling
        self.step = step

    def _recurrent_arguments(self) -> dict[str, Any]:
        """Return the parameters of the recurrent layers and of the dense one, for the network."""
        return {name: getattr(self, name) for name in _OF_THE_NETWORK}
