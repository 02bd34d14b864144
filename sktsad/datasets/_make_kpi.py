"""Generator of seasonal key performance indicators with labelled anomalies."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from .._core import LENGTH_OF_TIME, RANDOM_STATE, Interval, is_length_of_time, nanoseconds, validate_params
from ._dataset import ANOMALY, stack_series

#: For each kind of event, its number of rows (smallest, largest) and its shape: the share of its full size in each row.
_KINDS: dict[str, tuple[int, int, Callable[[int], np.ndarray]]] = {
    "spike": (1, 2, np.ones),
    "level_shift": (4, 10, np.ones),
    "drift": (6, 12, lambda n_rows: np.arange(1, n_rows + 1) / n_rows),
}

#: Smallest number of normal rows before each event.
_GAP = 3

#: Smallest and largest size of an event, in amplitudes of the season. As the season swings by 2 and
#: the trend comes on top, most events stay within the range of the normal values.
_SIZE = (0.6, 1.2)

_START = pd.Timestamp("2024-01-01")


@validate_params(
    {
        "n_samples": [Interval(Integral, 10, None, closed="left")],
        "n_series": [Interval(Integral, 1, None, closed="left")],
        "period": [Interval(Integral, 2, None, closed="left"), *LENGTH_OF_TIME],
        "contamination": [Interval(Real, 0, 0.2, closed="both")],
        "kinds": [list, tuple],
        "noise": [Interval(Real, 0, np.inf, closed="left")],
        "trend": [Interval(Real, -np.inf, np.inf, closed="neither")],
        "step": [str],
        "random_state": RANDOM_STATE,
    },
    prefer_skip_nested_validation=True,
)
def make_kpi(
    n_samples: int = 2000,
    *,
    n_series: int = 1,
    period: int | str | timedelta = 288,
    contamination: float = 0.02,
    kinds: Sequence[str] = ("spike", "level_shift", "drift"),
    noise: float = 0.1,
    trend: float = 1.0,
    step: str = "5min",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[pd.DataFrame, pd.Series]:
    """Generate series like the KPIs of a web service, with labelled anomalies.

    A series is the sum of a season (a sine wave with a slight second harmonic), a linear trend, white noise and events.
    An event is a short run of rows that deviate from their normal values, up or down, by 0.6 to 1.2 amplitudes of the
    season: a spike (1 or 2 rows), a level shift (4 to 10 rows at the same distance) or a drift (6 to 12 rows at a
    growing distance). Most of these values would be normal at another time of the day, so that a threshold on the value
    finds few events, while a model of the season or of the neighbouring rows finds most.

    Events are spread evenly over time: the series is divided into slots of about equal length, with one event at a
    random position in each and at least three normal rows before it. The kinds are used in turn, in random order, and
    one event is shortened if necessary to make the number of anomalous rows exact.

    Parameters
    ----------
    n_samples : int, default=2000
        Number of rows of each series; at least 10.

    n_series : int, default=1
        Number of series. Each has its own level and scale. For the same `random_state`, the first series stay the same
        if more are requested.

    period : int, str or timedelta, default=288
        Number of rows of one season, or how long it lasts, such as "1D". With the default `step`, 288 rows are a day.

    contamination : float, default=0.02
        Share of anomalous rows, from 0 to 0.2. Each series has exactly
        ``round(contamination * n_samples)`` of them.

    kinds : list or tuple of {"spike", "level_shift", "drift"}, \
            default=("spike", "level_shift", "drift")
        Kinds of events, used in turn.

    noise : float, default=0.1
        Standard deviation of the noise, in amplitudes of the season.

    trend : float, default=1.0
        Rise from the first row to the last, in amplitudes of the season. May be negative.

    step : str, default="5min"
        Time between two rows, as understood by :class:`pandas.Timedelta`.

    random_state : int, RandomState instance or None, default=None
        Controls the random numbers. Pass an int for the same series in each call.

    Returns
    -------
    X : DataFrame of shape (n_series * n_samples, 1)
        The column "value". The index is a DatetimeIndex named "time" if `n_series` is 1, else a MultiIndex with the
        levels "series" ("kpi_0", "kpi_1", ...) and "time". Time starts at the beginning of 2024.

    y : Series of shape (n_series * n_samples,)
        1 for an anomalous row, 0 for a normal one, with the index of `X`.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or `contamination` times `n_samples` is more than 0 but rounds to no row.

    Examples
    --------
    >>> from sktsad.datasets import make_kpi
    >>> X, y = make_kpi(n_samples=1000, contamination=0.05, random_state=0)
    >>> X.shape, int(y.sum())
    ((1000, 1), 50)
    >>> X, y = make_kpi(n_samples=1000, n_series=2, random_state=0)
    >>> X.index.names
    FrozenList(['series', 'time'])
    """
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown or not kinds:
        raise ValueError(f"kinds={kinds!r} must contain at least one of {list(_KINDS)}, and nothing else.")
    n_anomalous = round(contamination * n_samples)
    if contamination > 0 and n_anomalous == 0:
        raise ValueError(
            f"contamination={contamination} of n_samples={n_samples} is less than one row: "
            "increase one of them, or set contamination=0 for series without anomalies."
        )
    delta = _check_step(step)
    time = pd.date_range(_START, periods=n_samples, freq=delta, name="time")
    n_rows: Any = period
    if is_length_of_time(period):
        n_rows = nanoseconds("period", period) / delta.as_unit("ns").value
    if n_rows < 2:
        raise ValueError(f"period={period!r} must be at least two steps of {step}.")
    rng = check_random_state(random_state)
    tables = {}
    for i in range(n_series):
        departure = _make_events(n_samples, n_anomalous, kinds, rng)
        normal = _make_normal(n_samples, n_rows, noise, trend, rng)
        scale = 10 ** rng.uniform(0, 2)
        level = rng.uniform(3, 10)
        value = scale * (level + normal + departure)
        anomaly = (departure != 0).astype("int64")
        tables[f"kpi_{i}"] = pd.DataFrame({"value": value, ANOMALY: anomaly}, index=time)
    table = tables["kpi_0"] if n_series == 1 else stack_series(tables)
    return table[["value"]], table[ANOMALY]


def _check_step(step: str) -> pd.Timedelta:
    """Read a time step, or raise ValueError."""
    message = f'step={step!r} must be a positive time such as "1min" or "1h".'
    try:
        delta = pd.Timedelta(step)
    except ValueError as error:
        raise ValueError(message) from error
    if not delta > pd.Timedelta(0):  # also refuses NaT
        raise ValueError(message)
    return delta


def _make_normal(
    n_samples: int, period: float, noise: float, trend: float, rng: np.random.RandomState
) -> np.ndarray:
    """Season of amplitude 1, trend and noise."""
    row = np.arange(n_samples)
    angle = 2 * np.pi * (row / period + rng.uniform())
    season = np.sin(angle) + 0.3 * np.sin(2 * angle + rng.uniform(0, 2 * np.pi))
    return season + trend * row / n_samples + noise * rng.standard_normal(n_samples)


def _make_events(
    n_samples: int, n_anomalous: int, kinds: Sequence[str], rng: np.random.RandomState
) -> np.ndarray:
    """Return the deviation of each row from its normal value: not 0 in exactly `n_anomalous` rows.

    Each event gets a slot: the gap before it, its own rows, and an equal part of the remaining rows, of which a random
    number comes before it. There are always remaining rows, as at most a fifth of all rows is anomalous.
    """
    events: list[np.ndarray] = []
    while n_anomalous > 0:
        shortest, longest, course = _KINDS[kinds[len(events) % len(kinds)]]
        n_rows = min(rng.randint(shortest, longest + 1), n_anomalous)
        size = rng.choice([-1, 1]) * rng.uniform(*_SIZE)
        events.append(size * course(n_rows))
        n_anomalous -= n_rows
    rng.shuffle(events)

    departure = np.zeros(n_samples)
    n_left = n_samples - sum(len(event) + _GAP for event in events)
    left = np.diff(np.linspace(0, n_left, len(events) + 1).astype(int))
    slot = 0
    for event, spare in zip(events, left, strict=True):
        start = slot + _GAP + rng.randint(spare + 1)
        departure[start : start + len(event)] = event
        slot += _GAP + len(event) + spare
    return departure
