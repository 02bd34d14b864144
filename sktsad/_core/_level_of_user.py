"""Where a warning points to."""

from __future__ import annotations

import sys

#: Packages whose lines say nothing to a user: this one, under whatever name, and those that call it.
_INNER = (__name__.rpartition("._core")[0], "sklearn", "imblearn", "joblib", "skorch")


def level_of_user() -> int:
    """Return the ``stacklevel`` of the first caller outside of this package and of those that call it.

    The number of calls in between depends on the method, and on whether it is called in a pipeline.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith(
        tuple(f"{name}." for name in _INNER)
    ):
        level, frame = level + 1, frame.f_back
    return level
