"""Versions of packages, written into pickles and compared when they are read."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import version
from typing import Any

from sklearn.base import BaseEstimator

#: Stands in a state for the one series without a name, which is None: skops cannot write that as a key.
_NO_NAME = "<no name>"


@cache
def _version(package: str) -> str:
    """Return a version, without the build that is behind a plus: torch's for a GPU is the same on a CPU."""
    return version(package).partition("+")[0]


class VersionedEstimator(BaseEstimator):
    """An estimator whose pickles know the versions they were made with; base of all public estimators."""

    # Where the diagram of an estimator links to; scikit-learn fills in the folder and the class.
    _doc_link_module = "sktsad"
    _doc_link_template = (
        "https://sktsad.readthedocs.io/en/stable/generated/{estimator_module}.{estimator_name}.html"
    )

    #: What the pickles of a class depend on.
    _packages: tuple[str, ...] = ("sktsad", "scikit-learn")

    def __getstate__(self) -> dict[str, Any]:
        state = {name: _rename(value, None, _NO_NAME) for name, value in super().__getstate__().items()}
        return {**state, "_versions": {name: _version(name) for name in self._packages}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = {name: _rename(value, _NO_NAME, None) for name, value in state.items()}
        then = state.pop("_versions", {})
        now = {name: _version(name) for name in self._packages}
        changed = [name for name in now if then.get(name) != now[name]]
        if changed:
            old, new = (
                ", ".join(f"{name} {versions.get(name, 'unknown')}" for name in changed)
                for versions in (then, now)
            )
            warnings.warn(
                f"{type(self).__name__} was pickled with {old} and is loaded with {new}: its scores may differ, or it "
                "may fail. Compare its scores on rows that you know, fit it again, or install the versions of the "
                "pickle.",
                UserWarning,
                stacklevel=2,
            )
        super().__setstate__(state)


def _rename(value: Any, old: str | None, new: str | None) -> Any:
    """Rename a key of a dict that has it; leave all else as it is."""
    if type(value) is not dict or old not in value:
        return value
    return {new if key == old else key: item for key, item in value.items()}
