"""Which network to train, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from torch import nn

from ..._core import AnyEstimator, Seed
from ._batches import BatchLoader
from ._net import LeanNet


@dataclass(frozen=True)
class Network:
    """Which network an estimator trains.

    Parameters
    ----------
    module : callable or torch.nn.Module
        Callable that creates the torch module, such as a ``functools.partial`` of its class; ``module__*`` of
        ``net_params`` is passed in addition. Or a module, which is then trained.
    criterion : callable or torch.nn.Module
        The loss, or a callable that creates it. It maps (output, target) to a loss for each row. Set by
        `NetClassifier`.
    net_class : type
        Class of the skorch net.
    callbacks : tuple
        Callbacks that come before those of the user.
    param_groups : tuple
        Groups of weights with their own optimizer options, in the form of skorch.
    stratify : tuple of (bool, bool)
        Whether batches contain rows of every class: in training, and in early stopping.
    loader : type
        Divides a dataset into batches; called with (dataset, batch_size, random_state), like skorch's iterators.
    score : callable
        Called with a trained module and its loss; returns the module that maps windows to anomaly scores. Only for
        detectors.
    """

    module: Callable[..., nn.Module] | nn.Module
    criterion: Callable[..., nn.Module] | nn.Module | None = None
    net_class: type[LeanNet] = LeanNet
    callbacks: tuple[Any, ...] = ()
    param_groups: tuple[Any, ...] = ()
    stratify: tuple[bool, bool] = (False, False)
    loader: type = BatchLoader
    score: Callable[[nn.Module, nn.Module], nn.Module] | None = None


@dataclass(frozen=True)
class TrainingOptions:
    """Options of the training of a network: the parameters that all estimators with a network share."""

    batch_size: int
    predict_batch_size: int
    lr: float
    optimizer: Any
    early_stopping: bool | int
    validation_fraction: float
    device: str
    dtype: str
    random_state: Seed
    verbose: int
    callbacks: Any
    net_params: Mapping[str, Any] | None

    @classmethod
    def of(cls, estimator: AnyEstimator) -> Self:
        """Read the parameters of an estimator."""
        return cls(**{field.name: getattr(estimator, field.name) for field in fields(cls)})
