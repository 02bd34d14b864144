"""Messages about training: logged if the program logs them, else printed."""

from __future__ import annotations

import logging


def say(line: str) -> None:
    """Log a line to the logger "sktsad" at level INFO, or print it if that is not logged.

    The user requests the line with `verbose`, so it must be visible: if logging is not set up, or only for warnings, it
    is printed, as in scikit-learn.
    """
    logger = logging.getLogger("sktsad")
    if logger.hasHandlers() and logger.isEnabledFor(logging.INFO):
        logger.info(line)
    else:
        print(line, flush=True)
