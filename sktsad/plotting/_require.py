"""Import of matplotlib, an optional dependency."""

from __future__ import annotations

import importlib
from typing import Any


def require(module: str, caller: str) -> Any:
    """Import a module of the extra ``plot``; if it is missing, raise an error with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise ImportError(f"{caller} needs {package}. Install it with: pip install 'sktsad[plot]'") from error
