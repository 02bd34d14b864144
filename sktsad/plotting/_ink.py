"""Greys that adapt to the current style: black on a white background becomes white on a dark one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._require import require


def inked(look: dict[str, Any]) -> dict[str, Any]:
    """Return the style of an artist, with greys mixed from the text and background colours of the current style.

    Greys are strings as in matplotlib, from "0", the colour of text, to "1", the background. Other colours are not
    changed.
    """
    return {name: _mix(float(value)) if _is_grey(name, value) else value for name, value in look.items()}


def is_dark() -> bool:
    """Return whether the style draws on a dark background."""
    return bool(np.mean(_mix(1)) < np.mean(_mix(0)))


def _is_grey(name: str, value: Any) -> bool:
    return isinstance(value, str) and "color" in name and value.replace(".", "", 1).isdigit()


def _mix(grey: float) -> tuple[float, ...]:
    """Return the colour of a grey between the colour of text, 0, and the background, 1."""
    colors = require("matplotlib.colors", "A display")
    style = require("matplotlib", "A display").rcParams
    text, paper = (np.array(colors.to_rgba(style[name])) for name in ("text.color", "axes.facecolor"))
    if not paper[3]:  # axes are transparent: use the colour behind them
        paper = np.array(colors.to_rgba(style["figure.facecolor"]))
    return tuple(((1 - grey) * text + grey * paper)[:3].tolist())
