"""The ``StandardScaler`` of each series, stored as arrays until one is looked up."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from .._core import fitted_part

#: The fitted attributes of a ``StandardScaler``.
_LEARNT = ("n_samples_seen_", "mean_", "var_", "scale_")


@fitted_part
@dataclass(frozen=True, eq=False)
class StandardScalers(Mapping[Hashable, Any]):
    """Fitted scalers by the name of their series, stored as arrays since ten thousand objects are slow to create.

    A scaler is created each time it is looked up, so that changes to it are lost.

    Attributes
    ----------
    params : dict
        Parameters of all scalers.
    names : list
        The name of each series.
    n_samples_seen_ : ndarray of shape (n_series,)
        Number of rows of each series.
    mean_, var_, scale_ : ndarray of shape (n_series, n_columns)
        Statistics of each series.
    """

    params: dict[str, Any]
    names: list[Hashable]
    n_samples_seen_: np.ndarray = field(repr=False)
    mean_: np.ndarray = field(repr=False)
    var_: np.ndarray = field(repr=False)
    scale_: np.ndarray = field(repr=False)

    # Equal only to itself, as the scalers are created at each lookup.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __getitem__(self, name: Hashable) -> StandardScaler:
        number = self._numbers[name]
        own: Any = object.__new__(StandardScaler)
        learnt = {each: getattr(self, each)[number] for each in _LEARNT}
        vars(own).update(self.params, n_features_in_=self.mean_.shape[1], **learnt)
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

    def some(self, names: list[Hashable]) -> StandardScalers:
        """Return the scalers of some series, in this order."""
        if names == self.names:
            return self
        numbers = [self._numbers[name] for name in names]
        return replace(self, names=names, **{each: getattr(self, each)[numbers] for each in _LEARNT})


def joined(first: Mapping[Hashable, Any], second: Mapping[Hashable, Any]) -> Mapping[Hashable, Any]:
    """Return the scalers of two sets of series, stored as arrays if both are."""
    if not first:
        return second
    if (
        isinstance(first, StandardScalers)
        and isinstance(second, StandardScalers)
        and first.params == second.params
    ):
        both: dict[str, Any] = {
            each: np.concatenate([getattr(first, each), getattr(second, each)]) for each in _LEARNT
        }
        return replace(first, names=first.names + second.names, **both)
    return {**first, **second}
