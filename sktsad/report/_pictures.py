"""Pictures of a report, each drawn twice: for light paper and for dark screens."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from .._core import last_step
from ..plotting import ScoreDisplay, SeriesDisplay, ThresholdDisplay, require
from ._findings import Findings

_DARK = "#14171c"
_STYLES: dict[str, Any] = {
    "light": ["default"],
    "dark": [
        "dark_background",
        dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), _DARK),
    ],
}
_DPI = 130
#: Chosen so that text in pictures has the same size as the text of the page.
_REM_PER_INCH = 6.8


def pictures(found: Findings) -> dict[str, str]:
    """Return the pictures as HTML, by the section of the page to which they belong."""
    at = found.drawn()
    values = found.values[found.drawn_columns].iloc[at]
    decision = found.decision.iloc[at]
    anomalous = None if found.anomalous is None else found.anomalous[at]
    left_out = [
        f"{n_all - n_drawn} other {what}" if n_all > n_drawn else ""
        for n_all, n_drawn, what in (
            (len(found.rows.keys), len(found.drawn_series), "series with fewer alarms"),
            (found.values.shape[1], len(found.drawn_columns), "columns"),
        )
    ]
    missing = " and ".join(text for text in left_out if text)
    series = _picture(
        lambda: SeriesDisplay.from_predictions(values, anomalous, found.detected[at]),
        "The rows"
        + (", labelled events" if anomalous is not None else "")
        + " and what was detected over time.",
        f"Not drawn: {missing}." if missing else "",
    )
    name = "decision score" if found.threshold == 0 else "probability of an anomaly"
    finite = _finite(decision)
    scores = _picture(
        lambda: ScoreDisplay.from_predictions(anomalous, finite, threshold=found.threshold, score_name=name),
        "Scores over time. Rows above the threshold are alarms.",
        "Scores that are not finite are drawn as high as the highest finite one."
        if not finite.equals(decision)
        else "",
    )
    every = _finite(found.decision)
    counts = _picture(
        lambda: ScoreDisplay.from_predictions(
            found.anomalous,
            every.to_numpy(),
            threshold=found.threshold,
            score_name=name,
            kind="histogram",
        ),
        "The distribution of scores. A good threshold lies where there are few normal rows.",
    )
    return {
        "series": series,
        "scores": scores,
        "threshold": counts + _threshold(found, every.to_numpy(), name),
    }


def _threshold(found: Findings, scores: np.ndarray, name: str) -> str:
    """Return a picture of the results of other thresholds, on these rows or on those used to learn the threshold."""
    if found.has_both_classes:
        return _picture(
            lambda: ThresholdDisplay.from_predictions(
                found.anomalous, scores, threshold=found.threshold, score_name=f"threshold on the {name}"
            ),
            "The results of other thresholds on these rows.",
        )
    rule = getattr(last_step(found.estimator), "threshold_rule_", None)
    if not (hasattr(rule, "alarms_per_day_") or hasattr(rule, "f_beta_")):
        return ""
    return _picture(
        lambda: ThresholdDisplay.from_rule(rule, score_name="threshold on the raw score"),
        "The results of other thresholds on the rows that the threshold was learnt on, in units of the raw score.",
    )


def _finite(scores: Any) -> Any:
    """Return scores that can be drawn."""
    is_finite = np.isfinite(scores)
    return scores.where(is_finite, scores[is_finite].max() if is_finite.any() else 0.0)


def _picture(draw: Callable[[], Any], caption: str, note: str = "") -> str:
    """Return a picture in both styles, with its caption."""
    (light, width), (dark, _) = (_png(draw, style) for style in ("light", "dark"))
    said = escape(caption)
    only_dark = "screen and (prefers-color-scheme: dark)"
    return (
        f'<figure style="max-width: {width * _REM_PER_INCH:.0f}rem">\n'
        f'<picture><source media="{only_dark}" srcset="{dark}"><img src="{light}" alt="{said}"></picture>\n'
        f"<figcaption>{said} {escape(note)}</figcaption>\n</figure>\n"
    )


def _png(draw: Callable[[], Any], style: str) -> tuple[str, float]:
    """Return a picture as a data URI, and its width in inches; do not change the style and figures of the caller."""
    pyplot = require("matplotlib.pyplot", "html_report")
    with pyplot.style.context(_STYLES[style]):
        figure = draw().figure_
        try:
            file = io.BytesIO()
            figure.savefig(file, format="png", dpi=_DPI)
        finally:
            pyplot.close(figure)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode(), figure.get_figwidth()
