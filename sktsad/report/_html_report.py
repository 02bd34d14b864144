"""The report on the findings of a detector, in one HTML file."""

from __future__ import annotations

import os
from datetime import timedelta
from numbers import Integral
from pathlib import Path

from .._core import (
    DURATION,
    AnyEstimator,
    HasMethods,
    Interval,
    Labels,
    Rows,
    validate_params,
)
from ._findings import find
from ._page import page
from ._pictures import pictures
from ._sections import alarm_section, data_section, figure_section, model_section, sensor_section, summary

_COUNT = [Interval(Integral, 1, None, closed="left")]


@validate_params(
    {
        "estimator": [HasMethods("predict")],
        "path": [str, os.PathLike, None],
        "title": [str],
        "merge_gap": [*DURATION, None],
        "max_series": _COUNT,
        "max_columns": _COUNT,
        "max_alarms": _COUNT,
    },
    prefer_skip_nested_validation=True,
)
def html_report(
    estimator: AnyEstimator,
    X: Rows,
    y: Labels = None,
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "What the detector finds",
    merge_gap: int | str | timedelta | None = None,
    max_series: int = 6,
    max_columns: int = 12,
    max_alarms: int = 50,
) -> str:
    """Write an HTML page on what a fitted detector or classifier finds in some rows.

    The page shows the data with its gaps, the series with their alarms, the scores with the threshold, the table of
    alarms, the sensors that cause them, metrics with intervals and those of random alarms if there are labels, and the
    model with its versions. It is one file without links to others: it opens from disk, can be sent by mail, adapts to
    light and dark screens, and can be printed.

    Parameters
    ----------
    estimator : estimator
        A fitted detector or binary classifier, or a Pipeline that ends in one.
    X : Windows, DataFrame or array-like of shape (n_samples, n_features)
        Rows, in the form that the estimator needs, such as those of a test period. Series and time are read from the
        index.
    y : array-like of shape (n_samples,), default=None
        Labels of the rows; ``estimator.classes_[1]`` is the anomaly. With rows of both classes the page has metrics.
    path : str or path-like, default=None
        Where to write the page. None writes no file.
    title : str, default="What the detector finds"
        The heading of the page.
    merge_gap : int, timedelta or str, default=None
        Alarms with at most this number of quiet rows between them, or quiet rows of this length of time, count as one,
        as in `sktsad.postprocessing.alarms`. None means half an hour if the index has dates, else 0 rows.
    max_series : int, default=6
        Largest number of series to draw and to list: those with the most alarms.
    max_columns : int, default=12
        Largest number of columns to draw: those with the highest feature scores if the detector has these, otherwise
        the first columns.
    max_alarms : int, default=50
        Largest number of alarms to list: those with the highest peaks.

    Returns
    -------
    html : str
        The page.

    Raises
    ------
    ImportError
        If matplotlib is missing, or if tsdownsample is missing and a series is longer than 4000 rows.
    TypeError
        If the estimator is an outlier detector of scikit-learn: wrap it in `OutlierClassifier`.
    ValueError
        If the estimator is not a binary classifier, lengths or indexes of X and y differ, time is out of order, or X
        has no numeric column.

    See Also
    --------
    sktsad.postprocessing.alarms : Compute the table of alarms.
    sktsad.metrics.detection_report : Compute the metrics.
    sktsad.plotting.SeriesDisplay, sktsad.plotting.ScoreDisplay : Draw the pictures.

    Examples
    --------
    >>> from sktsad import ZScoreDetector
    >>> from sktsad.datasets import make_kpi
    >>> from sktsad.report import html_report
    >>> X, y = make_kpi(1000, random_state=0)
    >>> detector = ZScoreDetector(threshold=3).fit(X[:500])
    >>> html = html_report(detector, X[500:], y[500:], title="Pump 7")
    >>> html[:15], "Pump 7" in html
    ('<!doctype html>', True)
    """
    found = find(estimator, X, y, merge_gap, max_series, max_columns)
    drawn = pictures(found)
    html = page(
        title,
        summary(found),
        {
            "Data": data_section(found),
            "Series and alarms": drawn["series"],
            "Scores and threshold": drawn["scores"] + drawn["threshold"],
            "Alarms": alarm_section(found, max_alarms),
            "Sensors": sensor_section(found),
            "Figures": figure_section(found, merge_gap),
            "Model": model_section(found),
        },
    )
    if path is not None:
        Path(path).write_text(html, encoding="utf-8")
    return html
