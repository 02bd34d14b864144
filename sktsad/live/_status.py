"""What becomes of a row, in a word, and what is said of rows that are not just scored."""

from __future__ import annotations

import numpy as np

#: By number.
STATUS = np.array(["scored", "late", "repeated", "not finite", "unknown series"], dtype=object)
SCORED, LATE, REPEATED, NOT_FINITE, UNKNOWN = range(len(STATUS))
_MESSAGES = {
    LATE: "came after later rows of their series",
    REPEATED: "came twice, with a time that their series has had",
    NOT_FINITE: "hold values that are NaN or infinite",
    UNKNOWN: "are of series that the model cannot score",
}


def describe(status: np.ndarray, why_unknown: str) -> str:
    """Return what is unusual about rows, in one sentence; an empty text if nothing is."""
    if not status.any():
        return ""
    counts = np.bincount(status, minlength=len(STATUS))
    said = [f"{counts[number]} row(s) {what}" for number, what in _MESSAGES.items() if counts[number]]
    if counts[UNKNOWN]:
        said[-1] += f" ({why_unknown})"
    return "; ".join(said) + ". See the column 'status'."
