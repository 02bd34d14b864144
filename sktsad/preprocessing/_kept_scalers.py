"""The scaler of each series, stored as arrays until one is looked up."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from .._core import fitted_part


@fitted_part
@dataclass(frozen=True, eq=False)
class KeptScalers(Mapping[Hashable, Any]):
    """Fitted scalers by the name of their series, stored as arrays since ten thousand objects are slow to create.

    A scaler is created each time it is looked up, so that changes to it are lost.

    Attributes
    ----------
    like : transformer
        A scaler of scikit-learn with the same parameters, fitted to other rows.
    names : list
        The name of each series.
    learnt : dict of ndarray, shapes (n_series,) or (n_series, n_columns)
        The fitted attributes that differ from series to series, as scikit-learn names them.
    """

    like: Any
    names: list[Hashable]
    learnt: dict[str, np.ndarray] = field(repr=False)

    # Equal only to itself, as the scalers are created at each lookup.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __getitem__(self, name: Hashable) -> Any:
        number = self._numbers[name]
        own: Any = object.__new__(type(self.like))
        vars(own).update(vars(self.like))
        vars(own).update({each: values[number] for each, values in self.learnt.items()})
        return own

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_numbers"}

    @cached_property
    def _numbers(self) -> dict[Hashable, int]:
        return {name: number for number, name in enumerate(self.names)}

    def some(self, names: list[Hashable]) -> KeptScalers:
        """Return the scalers of some series, in this order."""
        if names == self.names:
            return self
        numbers = [self._numbers[name] for name in names]
        return replace(
            self, names=names, learnt={each: values[numbers] for each, values in self.learnt.items()}
        )

    def are_like(self, other: KeptScalers) -> bool:
        """Return whether other scalers are of the same class and have the same parameters."""
        return type(self.like) is type(other.like) and self.like.get_params() == other.like.get_params()


def joined(first: Mapping[Hashable, Any], second: Mapping[Hashable, Any]) -> Mapping[Hashable, Any]:
    """Return the scalers of two sets of series, stored as arrays if both are."""
    if not first:
        return second
    if isinstance(first, KeptScalers) and isinstance(second, KeptScalers) and first.are_like(second):
        learnt = {
            each: np.concatenate([values, second.learnt[each]]) for each, values in first.learnt.items()
        }
        return replace(first, names=first.names + second.names, learnt=learnt)
    return {**first, **second}
