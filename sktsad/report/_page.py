"""HTML: the page, its tables, and numbers formatted for reading."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from html import escape
from typing import Any

import numpy as np
import pandas as pd

#: Greys and one accent colour, for light and dark screens; paper is always light.
_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1e23; --soft: #5c6470; --line: #d9dde3;
  --accent: #0072b2; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14171c; --ink: #e6e8eb; --soft: #9aa3af; --line: #333a44; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
p { margin: .4rem 0; max-width: 48rem; }
.soft, caption { color: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: .75rem 2.5rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
.key b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: .85rem; padding-bottom: .3rem; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  white-space: nowrap; }
th { font-weight: 600; color: var(--soft); }
.number { text-align: right; }
.bar { display: block; min-width: 1px; height: .7rem; margin-top: .35rem; background: var(--accent); }
figure { margin: 1rem 0; }
img { display: block; width: 100%; height: auto; }
figcaption { font-size: .85rem; color: var(--soft); }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .3rem; font-size: .85rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; }
  figure, tr, pre { break-inside: avoid; }
  .wide { overflow: visible; }
  pre { white-space: pre-wrap; }
  .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def page(title: str, summary: str, sections: Mapping[str, str]) -> str:
    """Return a page of sections, in order; those without content are left out."""
    body = "\n".join(
        f"<section>\n<h2>{escape(heading)}</h2>\n{content}\n</section>"
        for heading, content in sections.items()
        if content
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{escape(title)}</h1>\n{summary}\n</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def paragraph(text: str, soft: bool = False) -> str:
    """Return text as a paragraph."""
    look = ' class="soft"' if soft else ""
    return f"<p{look}>{escape(text)}</p>\n"


def key_numbers(numbers: Mapping[str, Any]) -> str:
    """Return a few large numbers, each with its label."""
    items = "".join(f"<li><b>{escape(text(value))}</b>{escape(name)}</li>" for name, value in numbers.items())
    return f'<ul class="key">{items}</ul>\n'


def table(columns: Mapping[str, Iterable[Any]], caption: str = "") -> str:
    """Return a table, given by columns; numbers are right-aligned, a `Bar` is drawn."""
    lists = {name: list(values) for name, values in columns.items()}
    at_right = {name: all(_is_number(value) for value in values) for name, values in lists.items()}

    def cell(name: str, value: Any, tag: str = "td") -> str:
        look = ' class="number"' if at_right[name] else ""
        return f"<{tag}{look}>{value if isinstance(value, Bar) else escape(text(value))}</{tag}>"

    head = "".join(cell(name, name, "th") for name in lists)
    rows = "\n".join(
        "<tr>" + "".join(cell(name, value) for name, value in zip(lists, row, strict=True)) + "</tr>"
        for row in zip(*lists.values(), strict=True)
    )
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{said}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n'


class Bar:
    """A bar in a table, as long as a share of its column."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __str__(self) -> str:
        return f'<span class="bar" style="width: {12 * min(max(self.share, 0), 1):.2f}rem"></span>'


def percent(share: float) -> str:
    """Return a share in percent, with two significant digits: 0.4 % is not 0 %."""
    if not math.isfinite(share):
        return ""
    digits = 0 if share >= 0.995 or share == 0 else max(0, 1 - math.floor(math.log10(100 * share)))
    return f"{100 * share:.{digits}f} %"


def text(value: Any) -> str:
    """Return a value formatted for reading."""
    if isinstance(value, (str, bool, np.bool_)):
        return str(value)
    if isinstance(value, pd.Timestamp):
        return str(value)  # with its time zone
    if isinstance(value, timedelta):
        return duration(value)
    if not _is_number(value):
        return "" if value is None or value is pd.NaT else str(value)
    if math.isnan(value):
        return ""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return (
        f"{value:,.4g}"
        if abs(value) < 1e4
        else f"{value:,.0f}"
        if math.isfinite(value)
        else str(float(value))
    )


def duration(time: timedelta) -> str:
    """Return a duration in its two largest units of days, hours, minutes and seconds."""
    seconds = pd.Timedelta(time).total_seconds()
    if seconds < 1:
        return f"{seconds:.3g} s"
    parts, rest = [], round(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if rest >= size:
            parts.append(f"{rest // size:,} {unit}")
            rest %= size
    return " ".join(parts[:2])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
