"""The base of all public estimators: fits that succeed or change nothing, pickles that record versions."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sklearn.base import BaseEstimator

from ._level_of_user import level_of_user
from ._windows import warn_if_worker_lost_layout

F = TypeVar("F", bound=Callable[..., Any])

#: Packages whose module has a different name.
_MODULES = {"scikit-learn": "sklearn"}


def version_of(package: str) -> str:
    """Return the version of a package, as stated by its module.

    The build after a plus is left out: torch for a GPU is the same version as torch for a CPU. The metadata of the
    installation is not used, as a copy on PYTHONPATH, in a zip file or within another package has none, and that of an
    editable installation may be out of date.
    """
    if package == "sktsad":
        from .. import __version__ as version  # relative: a copy within another package is not called sktsad
    else:
        version = import_module(_MODULES.get(package, package)).__version__
    return version.partition("+")[0]


def atomic_fit(method: F) -> F:
    """Validate the parameters first, and restore all attributes if the fit raises."""

    @wraps(method)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = vars(self).copy()
        try:
            self._validate_params()
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fit  # type: ignore[return-value]


#: Classes of the parts of fitted estimators. They only store what was learnt, so that skops files may contain them.
FITTED_PARTS: list[type] = []
T = TypeVar("T", bound=type)


def fitted_part(cls: T) -> T:
    """Decorate a class whose instances are part of fitted estimators."""
    FITTED_PARTS.append(cls)
    return cls


class Estimator(BaseEstimator):
    """Base of all public estimators; their pickles record the versions of the packages they depend on."""

    # Link target in the diagram of an estimator; scikit-learn fills in the folder and the class.
    _doc_link_module = "sktsad"
    _doc_link_template = (
        "https://sktsad.readthedocs.io/en/stable/generated/{estimator_module}.{estimator_name}.html"
    )

    #: Packages whose versions matter to the pickles of a class.
    _packages: tuple[str, ...] = ("sktsad", "scikit-learn")

    if TYPE_CHECKING:  # scikit-learn has no type hints

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...

        def set_params(self, **params: Any) -> Self: ...

    @property
    def looks_ahead(self) -> bool:
        """Whether the output for a row depends on later rows, so that it is not available live."""
        return False

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        # skops writes keys as text, but names of series may be any object, such as None for a single series.
        as_pairs = [name for name, value in state.items() if _has_other_keys(value)]
        state.update({name: [[key, item] for key, item in state[name].items()] for name in as_pairs})
        if as_pairs:
            state["_as_pairs"] = as_pairs
        return {**state, "_versions": {name: version_of(name) for name in self._packages}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        state.update({name: dict(state[name]) for name in state.pop("_as_pairs", ())})
        then = state.pop("_versions", {})
        now = {name: version_of(name) for name in self._packages}
        changed = [name for name in now if then.get(name) != now[name]]
        if changed:
            old, new = (
                ", ".join(f"{name} {versions.get(name, 'unknown')}" for name in changed)
                for versions in (then, now)
            )
            warnings.warn(
                f"{type(self).__name__} was pickled with {old} and is loaded with {new}: its scores may differ, or it "
                "may fail. Compare its scores on known rows, fit it again, or install the versions of the "
                "pickle.",
                UserWarning,
                stacklevel=level_of_user(),
            )
        super().__setstate__(state)
        warn_if_worker_lost_layout(self)


def which_look_ahead(estimator: BaseEstimator) -> list[BaseEstimator]:
    """Return the estimators that look ahead: this one, or any in its parameters."""
    nested = estimator.get_params(deep=True).values() if hasattr(estimator, "get_params") else ()
    return [part for part in (estimator, *nested) if getattr(part, "looks_ahead", False)]


def _has_other_keys(value: Any) -> bool:
    """Return whether a value is a dict with keys that are not text."""
    return type(value) is dict and not all(type(key) is str for key in value)
