"""Calendar features of a row: the time of day, the weekday, weekends and holidays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd

from .._core import AnyEstimator, SeriesRows, fitted_part, require_dates

#: The columns of each feature.
_COLUMNS = {
    "time_of_day": ["time_of_day_sin", "time_of_day_cos"],
    "day_of_week": ["day_of_week"],
    "weekend": ["weekend"],
    "holiday": ["holiday"],
}
_DAY = 86_400 * 10**9
_SATURDAY = 5


@fitted_part
@dataclass(frozen=True)
class Calendar:
    """The calendar features of `RollingFeatures`.

    Attributes
    ----------
    features : list of str
        Names of the features.
    holidays : ndarray of int
        Days since 1970, ascending.
    """

    features: Sequence[str]
    holidays: np.ndarray

    @classmethod
    def of(cls, estimator: AnyEstimator, rows: SeriesRows) -> Self:
        """Read and check the parameters of an estimator."""
        features = np.atleast_1d(np.asarray(estimator.calendar, dtype=object)).tolist()
        if unknown := [name for name in features if name not in list(_COLUMNS)]:
            raise ValueError(
                f"calendar={estimator.calendar!r} must contain only {list(_COLUMNS)}, but contains {unknown}."
            )
        if features:
            require_dates("calendar", estimator.calendar, rows, is_length=False)
            if rows.kind == "time deltas":
                raise ValueError(
                    f"calendar={estimator.calendar!r} needs dates in the index of X, which contains time deltas. Add "
                    "the date on which they start: X.index = pandas.Timestamp('2026-01-01') + X.index."
                )
        if ("holiday" in features) != (estimator.holidays is not None):
            raise ValueError(
                f"calendar={estimator.calendar!r} with holidays={estimator.holidays!r}: the feature 'holiday' and the "
                "parameter holidays must be used together. Give both or neither."
            )
        holidays = [] if estimator.holidays is None else list(estimator.holidays)
        days = [str(day) if isinstance(day, str) else day for day in holidays]  # NumPy's text, for old pandas
        try:
            if any(isinstance(day, Real) or pd.isna(day) for day in days):
                raise ValueError("numbers and missing values are not dates")
            # In another format, the day and the month might be confused.
            dates = pd.DatetimeIndex(pd.to_datetime(days, format="ISO8601"))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"holidays={estimator.holidays!r} must hold dates, or text such as '2026-12-25' "
                f"({str(error).splitlines()[0]})."
            ) from error
        return cls(features, np.unique(dates.tz_localize(None).as_unit("ns").asi8 // _DAY))

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [name for feature in self.features for name in _COLUMNS[feature]]

    def columns(self, times: np.ndarray, zone: Any) -> np.ndarray:
        """Return the columns of rows, shape (n_rows, n_columns), in the local time of a time zone."""
        local = times
        if zone is not None:
            instants = pd.DatetimeIndex(times.view("datetime64[ns]")).tz_localize("UTC")
            local = instants.tz_convert(zone).tz_localize(None).asi8
        day, angle = local // _DAY, 2 * np.pi / _DAY * (local % _DAY)
        weekday = (day + 3) % 7  # 1970 began on a Thursday
        found = {
            "time_of_day": [np.sin(angle), np.cos(angle)],
            "day_of_week": [weekday],
            "weekend": [weekday >= _SATURDAY],
            "holiday": [np.isin(day, self.holidays)],
        }
        return np.column_stack([column for feature in self.features for column in found[feature]])
