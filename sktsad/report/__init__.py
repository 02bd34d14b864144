"""One page on a fitted detector: what it was given, where it alarms, why, and whether to believe it."""

from ._html_report import html_report

__all__ = ["html_report"]
