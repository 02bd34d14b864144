"""Slow, obvious oracles of the rolling features: every row walks back to the rows before it."""

import math
from statistics import fmean, median, pstdev

import naive
import numpy as np


def past_moments(x, window):
    """Mean and standard deviation of the rows before each row; NaN with fewer than half of the window."""
    out = []
    for t in range(len(x)):
        past = [float(value) for value in x[max(0, t - window) : t]]
        out.append((fmean(past), pstdev(past)) if 2 * len(past) >= window else (math.nan, math.nan))
    return np.array(out).reshape(-1, 2).T


def slope(x, window):
    """Slope of the line through the last rows; NaN where some of them are missing."""
    lines = [
        np.polyfit(range(window), x[t + 1 - window : t + 1], 1) if t + 1 >= window else [math.nan]
        for t in range(len(x))
    ]
    return np.array([line[0] for line in lines])


def past_ewm(x, span):
    """Mean of the rows before each row, each a step further back weighing less; the first takes what is left."""
    weight = 2 / (span + 1)
    out, mean = [], math.nan
    for value in x:
        out.append(mean)
        mean = value if math.isnan(mean) else (1 - weight) * mean + weight * value
    return np.array(out)


def median_and_deviation(values):
    """Median, and median absolute deviation times 1.4826, of the values that are there."""
    there = [value for value in values if not math.isnan(value)]
    if not there:
        return math.nan, math.nan
    center = median(there)
    return center, 1.4826 * median(abs(value - center) for value in there)


def column(times, x, steps, n_period, least, params, max_gap):
    """Features of each row of a column of one series, by name; each row has a time step, or None."""
    start = [0] * len(x)
    for t in range(1, len(x)):
        is_gap = steps[t] is not None and times[t] - times[t - 1] > max_gap * steps[t]
        start[t] = t if is_gap else start[t - 1]
    rows, differences = [], []
    for t, value in enumerate(x):
        own, past = x[start[t] : t + 1], x[start[t] : t]

        def ago(lag, n_neighbors=0, t=t):
            if steps[t] is None:  # of the first rows of a series without a step in fit
                return []
            reach, period = (n_neighbors + 0.5) * steps[t], n_period * steps[t]
            near = [x[s] for s in range(t) if abs(times[t] - lag * period - times[s]) <= reach]
            return near[: 2 * n_neighbors + 1]

        row = {"": value}
        for window in params["z_windows"]:
            mean, std = past_moments(own, window)[:, -1]
            row[f"_z{window}"] = (value - mean) / max(std, least)
        for window in params["std_windows"]:
            row[f"_std{window}"] = past_moments(own, window)[1, -1]
        for window in params["slope_windows"]:
            row[f"_slope{window}"] = slope(own, window)[-1]
        for span in params["ewm_spans"]:
            row[f"_ewm{span}"] = value - past_ewm(own, span)[-1] if past else math.nan
        if n_period is not None:
            n = params["n_periods"]
            same = [near for lag in range(1, n + 1) for near in ago(lag, params["n_neighbors"])]
            center, deviation = median_and_deviation(same)
            row[f"_same{n}"] = value - center
            row[f"_same{n}_z"] = (value - center) / max(deviation, least)
            row[f"_same{n}_mad"] = deviation
            differences.append(value - center if same else 0.0)
            for window in params["same_windows"]:
                mean, std = past_moments(differences[start[t] :], window)[:, -1]
                row[f"_same{n}_mean{window}"] = mean
                row[f"_same{n}_z{window}"] = (differences[t] - mean) / max(std, least)
            for lag in params["period_lags"]:
                row[f"_lag{lag}"] = value - (ago(lag) or [math.nan])[0]
        rows.append(row)
    return rows


def features(X, spreads, params, period=None, max_gap=3, fitted_on=None, history="index", fill=0.0):
    """Features of every row of X, of every column; ``period`` is a number of rows.

    ``spreads`` holds, by series, what z-scores divide by at least; ``fitted_on`` the rows of fit, if others.
    """
    rows, fit_rows = naive.rows_of(X), [] if fitted_on is None else naive.rows_of(fitted_on)
    out = [None] * len(rows)
    for key in {key for key, _, _ in rows}:
        at = [number for number, row in enumerate(rows) if row[0] == key]
        past = [row for row in fit_rows if row[0] == key]
        own = [rows[number] for number in at]
        step = naive.modal_step([time for _, time, _ in past if fitted_on is not None])
        if fitted_on is None:
            step = naive.modal_step([time for _, time, _ in own])
        if history == "none" or (past and past[-1][1] >= own[0][1]):
            past = []
        times = [time for _, time, _ in past + own]
        steps = [naive.step_before(times, time) if step is None else step for time in times]
        columns = [
            column(times, list(x), steps, period, least, params, max_gap)[len(past) :]
            for x, least in zip(
                zip(*(row for _, _, row in past + own), strict=True), spreads[key], strict=True
            )
        ]
        for number, of_row in zip(at, zip(*columns, strict=True), strict=True):
            out[number] = [fill if math.isnan(v) else v for features in of_row for v in features.values()]
    return np.array(out)
