"""Where lines about a training go: to the program's log if it takes them, else to the screen."""

from __future__ import annotations

import logging


def say(line: str) -> None:
    """Log a line as information of the logger "sktsad", or print it where nobody listens to that.

    `verbose` asks for the line, so that it must be seen: a program that has set up no log, or one of warnings alone,
    has it printed, as by scikit-learn.
    """
    logger = logging.getLogger("sktsad")
    if logger.hasHandlers() and logger.isEnabledFor(logging.INFO):
        logger.info(line)
    else:
        print(line, flush=True)
