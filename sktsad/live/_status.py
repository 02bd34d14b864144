"""The status of a row, and the warning about rows that are late, repeated or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Names of the statuses, by number, in the array type that pandas uses for text.
STATUS = pd.Series(["scored", "late", "repeated", "not finite", "unknown series"]).array
SCORED, LATE, REPEATED, NOT_FINITE, UNKNOWN = range(len(STATUS))
_MESSAGES = {
    LATE: "came after later rows of their series",
    REPEATED: "repeat a time of their series",
    NOT_FINITE: "contain NaN or infinite values",
    UNKNOWN: "belong to series that the model cannot score",
}


def describe(status: np.ndarray, why_unknown: str) -> str:
    """Return one sentence that says what is unusual about rows; an empty string if nothing is."""
    if not status.any():
        return ""
    counts = np.bincount(status, minlength=len(STATUS))
    said = [f"{counts[number]} row(s) {what}" for number, what in _MESSAGES.items() if counts[number]]
    if counts[UNKNOWN]:
        said[-1] += f" ({why_unknown})"
    return "; ".join(said) + ". See the column 'status'."
