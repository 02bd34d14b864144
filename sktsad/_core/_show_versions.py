"""The versions needed in a bug report."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from ._estimator import version_of

#: Packages that sktsad requires, then those of its extras.
_REQUIRED = ("numpy", "scipy", "pandas", "scikit-learn", "imbalanced-learn", "skorch", "torch", "joblib")
_OPTIONAL = (
    "matplotlib",
    "tsdownsample",
    "onnx",
    "onnxscript",
    "skops",
    "pyarrow",
    "dask",
    "distributed",
    "ray",
    "pooch",
)


def show_versions() -> None:
    """Print the versions of Python, sktsad and the packages it uses, for a bug report.

    No package is imported. A package that is not installed is shown as None.

    Examples
    --------
    >>> import sktsad
    >>> sktsad.show_versions()  # doctest: +SKIP
    """
    system = {
        "python": sys.version.replace("\n", " "),
        "executable": sys.executable,
        "machine": platform.platform(),
        "cores": os.cpu_count(),
    }
    packages = package_versions(("sktsad", "pip", *_REQUIRED, *_OPTIONAL))
    for title, table in (("System", system), ("Python packages", packages)):
        print(f"\n{title}:")
        for name, value in table.items():
            print(f"{name:>16}: {value}")


def package_versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Return the versions of packages, None if not installed; with the build, which tells CPU from GPU torch."""
    return {name: version_of(name) if name == "sktsad" else _installed(name) for name in packages}


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
