"""Resampling by samplers of imbalanced-learn, adapted to few rows, with the origin of each resampled row."""

from __future__ import annotations

import importlib
import warnings
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from .._core import InvalidParameterError, Windows, level_of_user

#: The sampler that repeats rows.
REPEATER = "over_sampling.RandomOverSampler"
#: Samplers that use labels only.
BLIND = ("under_sampling.RandomUnderSampler", REPEATER)


def imblearn_class(path: str) -> Any:
    """Import a class of imbalanced-learn, which is slow to load."""
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(f"imblearn.{module}"), name)


def name_of(sampler: Any) -> str:
    return type(sampler).__name__


def kind_of(sampler: Any) -> str:
    """Return the kind of a sampler in imbalanced-learn; "over-sampling" also if cleaning follows."""
    return getattr(sampler, "_sampling_type", "bypass")


def strategy_of(sampler: Any) -> Any:
    params = sampler.get_params()
    return params.get("smote__sampling_strategy", params.get("sampling_strategy"))


def warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=level_of_user())


def as_they_are(windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(len(windows)), np.empty((0, windows.shape[1]), windows.dtype)


def suit_to(sampler: Any, n_rare: int) -> Any:
    """Return the sampler, with fewer neighbours if the rarest class is small, or for one row, one that repeats it."""
    if kind_of(sampler) not in ("over-sampling", "under-sampling"):  # others count neighbours of any class
        return sampler
    limit = n_rare - 1 if kind_of(sampler) == "over-sampling" else n_rare
    too_many = {
        name: limit
        for name, value in sampler.get_params().items()
        if name in ("k_neighbors", "smote__k_neighbors", "n_neighbors")
        and isinstance(value, Integral)
        and int(value) > limit
    }
    if not too_many:
        return sampler
    if limit < 1:
        warn(
            f"The rarest class has one row, but {name_of(sampler)} needs neighbours of the same class: the row is "
            "repeated instead."
        )
        return _repeater(sampler)
    warn(f"The rarest class has {n_rare} rows: {name_of(sampler)} is used with {too_many}.")
    return sampler.set_params(**too_many)


def _repeater(sampler: Any) -> Any:
    """Return a sampler that repeats as many rows as the given sampler would make."""
    params = sampler.get_params()
    random_state = params.get("smote__random_state", params["random_state"])
    return imblearn_class(REPEATER)(sampling_strategy=strategy_of(sampler), random_state=random_state)


def target_of(y: Any) -> np.ndarray:
    """Return labels given as columns of 0 and 1, one per class, as one column."""
    try:
        return imblearn_class("utils.check_target_type")(y, indicate_one_vs_all=True)[0]
    except ValueError as error:
        raise ValueError(
            f"y has {np.shape(y)[1]} columns that are not one per class: {error} Pass one column of labels."
        ) from error


def resample(sampler: Any, windows: Windows, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
    """Resample; if that fails, or removes anomalies, repeat rows or leave them unchanged.

    Returns
    -------
    parents, made : ndarray
        The row that each row comes from, and the values of the last rows, which are synthetic.
    used : sampler or None
        The sampler that was finally used.
    """
    makes = kind_of(sampler) == "over-sampling"
    failure = None
    try:
        parents, made = _fit_resample(sampler, windows, labels)
        if makes and len(parents) == len(labels) and not len(made):
            failure = "finds nothing to do"
        elif _share(labels[parents], labels) < _share(labels, labels):
            failure = "removes anomalies"
    except InvalidParameterError:
        raise
    except (ValueError, RuntimeError) as error:
        if not makes:
            raise
        failure = f"fails: {error}"
    if failure is None:
        return parents, made, sampler
    if makes:
        warn(f"{name_of(sampler)} {failure}. Rows are repeated instead.")
        repeater = _repeater(sampler)
        return *_fit_resample(repeater, windows, labels), repeater
    warn(f"{name_of(sampler)} {failure}: the rows are left unchanged.")
    return *as_they_are(windows), None


def _share(resampled: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of anomalies, the last of two classes; 0 with more classes."""
    classes = np.unique(labels)
    return float(np.mean(resampled == classes[1])) if len(classes) == 2 else 0.0


def _fit_resample(sampler: Any, windows: Windows, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    is_blind = any(type(sampler) is imblearn_class(path) for path in BLIND)
    if is_blind and getattr(sampler, "shrinkage", None) is None:
        sampler.fit_resample(np.arange(len(labels)).reshape(-1, 1), labels)
        return sampler.sample_indices_, as_they_are(windows)[1]
    dense = np.asarray(windows)
    X, y = sampler.fit_resample(dense, labels)
    parents, is_made = _find_parents(sampler, X, y, dense, labels)
    return parents[np.argsort(is_made, kind="stable")], X[is_made].astype(windows.dtype)


def _find_parents(
    sampler: Any, X: np.ndarray, y: np.ndarray, dense: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of each row, for synthetic ones of the nearest row of the class, and which are synthetic."""
    # Rows that a sampler selected, or that a cleaning step selected among the old rows and the new ones after them.
    steps: tuple[Any, ...] = (sampler, getattr(sampler, "enn_", None), getattr(sampler, "tomek_", None))
    picked = next(
        (step.sample_indices_ for step in steps if hasattr(step, "sample_indices_")), np.arange(len(y))
    )
    parents = np.where(picked < len(labels), picked, 0)
    rest = np.flatnonzero((labels[parents] != y) | (dense[parents] != X).any(axis=1))
    for label in np.unique(y[rest]):
        rows, known = rest[y[rest] == label], np.flatnonzero(labels == label)
        _, nearest = NearestNeighbors(n_neighbors=1).fit(dense[known]).kneighbors(X[rows])
        parents[rows] = known[nearest[:, 0]]
    is_made = np.zeros(len(y), dtype=bool)
    is_made[rest] = (X[rest] != dense[parents[rest]]).any(axis=1)
    return parents, is_made
