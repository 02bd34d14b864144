"""A one-page report on a fitted detector: its data, its alarms, the reasons for them, and how reliable they are."""

from ._html_report import html_report

__all__ = ["html_report"]
