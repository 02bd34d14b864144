"""The text and tables of a report."""

from __future__ import annotations

import sys
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from .._core import last_step, package_versions
from ..metrics import detection_report
from ..thresholds import ThresholdRule
from ._findings import MAX_GAP, Findings
from ._page import Bar, key_numbers, paragraph, percent, table

_MAX_SENSORS = 30
#: Packages whose versions the page names.
_PACKAGES = (
    *(
        "sktsad",
        "scikit-learn",
        "numpy",
        "scipy",
        "pandas",
        "imbalanced-learn",
        "skorch",
        "torch",
        "matplotlib",
    ),
)


def summary(found: Findings) -> str:
    """Return the key numbers at the top of the page."""
    n_rows, n_alarms = found.rows.n_rows, len(found.alarms)
    numbers: dict[str, Any] = {"rows": n_rows}
    if len(found.rows.keys) > 1:
        numbers["series"] = len(found.rows.keys)
    numbers["alarms"] = n_alarms
    if found.days:
        numbers["alarms per day" + (" and series" if len(found.rows.keys) > 1 else "")] = (
            n_alarms / found.days
        )
    numbers["of the rows alarmed"] = percent(float(found.detected.mean()))
    if found.anomalous is not None:
        numbers["of the rows labelled anomalous"] = percent(float(found.anomalous.mean()))
    return key_numbers(numbers)


def data_section(found: Findings) -> str:
    """Return a description of the rows: series, time, gaps, missing values."""
    index, rows = found.decision.index, found.rows
    times = index.get_level_values(-1)
    steps = rows.steps()
    missing = found.values.isna().to_numpy().mean(axis=1)
    lines = []
    for number, (key, part) in enumerate(rows.parts()):
        if key not in found.drawn_series:
            continue
        at = rows.order[part]
        holes = np.diff(found.places[part]) - 1
        line: dict[str, Any] = {} if key is None else {"series": str(key)}
        line |= {"rows": len(at), "from": times[at[0]], "to": times[at[-1]]}
        if rows.times is not None:
            step = steps[number]
            line["step"] = pd.Timedelta(int(step)) if rows.has_dates and step == step else step
            line |= {"gaps": int((holes > 0).sum()), "rows missing in them": int(holes[holes > 0].sum())}
        line["values missing"] = percent(float(missing[at].mean()))
        if found.anomalous is not None:
            line["rows labelled"] = percent(float(found.anomalous[at].mean()))
        lines.append(line)
    n_left = len(rows.keys) - len(lines)
    columns = ", ".join(map(str, found.values.columns))
    n_columns = found.values.shape[1]
    said = paragraph(f"{n_columns} column{'s' * (n_columns != 1)} of numbers: {columns}.")
    if rows.times is None:
        said += paragraph(
            "The rows have no time: they are counted, and assumed to follow one another.", soft=True
        )
    elif any(line["gaps"] for line in lines):
        said += paragraph(f"A hole in time of more than {MAX_GAP} steps is a gap.", soft=True)
    caption = f"The {len(lines)} series with the most alarms, of {len(rows.keys)}" if n_left else ""
    return said + table({name: [line[name] for line in lines] for name in lines[0]}, caption)


def alarm_section(found: Findings, max_alarms: int) -> str:
    """Return the table of alarms."""
    alarms = found.alarms
    if alarms.empty:
        return paragraph("No row is above the threshold: there is no alarm.")
    shown = alarms.loc[np.sort(np.argsort(-alarms["peak_score"].to_numpy(), kind="stable")[:max_alarms])]
    columns: dict[str, Any] = {name: shown[name] for name in ("series",) if name in shown}
    columns |= {"start": shown["start"], "end": shown["end"]}
    if isinstance(shown["start"].iloc[0], pd.Timestamp):
        columns["lasts"] = shown["end"] - shown["start"]
    columns |= {"rows": shown["rows"], "peak at": shown["peak_time"], "peak": shown["peak_score"]}
    if "sensor" in shown:
        columns["sensor"] = shown["sensor"].map(str)
    caption = (
        f"The {len(shown)} alarms with the highest peaks, of {len(alarms)}"
        if len(shown) < len(alarms)
        else ""
    )
    return table(columns, caption)


def sensor_section(found: Findings) -> str:
    """Return the table of sensors that cause the alarms."""
    if found.sensors is None:
        return paragraph(f"No scores of single sensors: {found.no_sensors}", soft=True)
    if found.alarms.empty:
        return ""
    sums = found.sensors[found.detected].replace([np.inf, -np.inf], np.nan).sum().clip(lower=0)
    shares = (sums / (sums.sum() or 1)).sort_values(ascending=False, kind="stable")[:_MAX_SENSORS]
    led = found.alarms["sensor"].value_counts()
    columns: dict[str, Any] = {
        "sensor": [str(name) for name in shares.index],
        "alarms that it shows most": [int(led.get(name, 0)) for name in shares.index],
        "share of the scores in alarms": [percent(share) for share in shares],
        "": [Bar(share / (shares.max() or 1)) for share in shares],
    }
    n_left = len(sums) - len(shares)
    return table(columns, f"The first {len(shares)} of {len(sums)}" if n_left else "")


def figure_section(found: Findings, merge_gap: Any) -> str:
    """Return metrics with their intervals and the metrics of random alarms, if there are labels of both classes."""
    if found.anomalous is None:
        return paragraph(
            "Without labels there are no figures: they compare alarms with labelled events.", soft=True
        )
    if not found.has_both_classes:
        kind = "anomalous" if found.anomalous.any() else "normal"
        return paragraph(f"All rows are labelled {kind}: figures need rows of both kinds.", soft=True)
    labels = pd.Series(found.anomalous.astype(int), found.decision.index)
    scores = found.decision.where(np.isfinite(found.decision), np.finfo(np.float64).max)
    report = detection_report(labels, scores, found.threshold, merge_gap=merge_gap)
    shown = report.drop(index=["rows", "threshold"])
    intervals = [
        f"{low:.3g} to {high:.3g}" if low == low else ""
        for low, high in zip(shown["low"], shown["high"], strict=True)
    ]
    columns: dict[str, Any] = {
        "figure": shown.index,
        "value": [float(f"{value:.3g}") for value in shown["value"]],
        "95 % interval": intervals,
        "chance": [f"{value:.3g}" if value == value else "" for value in shown["random"]],
    }
    return table(columns) + paragraph(
        "Best F1 uses the best threshold for these same rows, so it is too optimistic. The intervals show how far a "
        "figure depends on which events happened to occur; chance is the result of the same number of random alarms. "
        "False alarms are runs of alarmed rows without a label: an alarm that goes on after its event counts too, so "
        "there may be more of them than alarms in the table.",
        soft=True,
    )


def model_section(found: Findings) -> str:
    """Return the model, its threshold and the versions."""
    said = f"<pre>{escape(repr(found.estimator))}</pre>\n"
    last = last_step(found.estimator)
    threshold = getattr(last, "threshold_", None)
    if threshold is not None:
        rule = getattr(last, "threshold_rule_", None)
        learnt = f", learnt by {rule!r}" if isinstance(rule, ThresholdRule) else ""
        said += paragraph(
            f"Threshold {float(threshold):.6g} on the raw score{learnt}. Scores on this page are raw scores "
            "minus the threshold: alarms are above 0."
        )
    versions = {"python": sys.version.split()[0], **package_versions(_PACKAGES)}
    known = {name: version for name, version in versions.items() if version is not None}
    return said + paragraph(", ".join(f"{name} {version}" for name, version in known.items()), soft=True)
