"""A column of time as an index of dates in a time zone."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from .._core import format_of_digits, level_of_user, may_be_autumn

#: An offset comes after a time of day: the end of 2026-01-02 is not one. ISO 8601 also allows 20260102T0800+0100.
_OFFSET = re.compile(r"(?::\d|\d[Tt]\d\d).*?([Zz]|[+-]\d\d(?::?\d\d)?)\s*$")
#: Seconds since 1970 in the years 2000 to 2100, and the units per second of each unit.
_EPOCH, _UNITS = (946_684_800, 4_102_444_800), {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read_times(
    column: pd.Series,
    keys: pd.Index | None,
    zone: str | None,
    time_format: str | None,
    unit: Any,
    report: dict[str, int],
) -> tuple[Any, int]:
    """Return times, missing where they cannot be parsed, and how many are missing because of clock changes.

    Parameters
    ----------
    column : Series
        Dates, numbers or text.
    keys : Index or None
        Name of the series of each row.
    zone, time_format, unit
        As in `read_panel`.
    report : dict
        Report to which changes are added.
    """
    name = column.name
    times: Any = pd.Index(column.array, name=name)
    if zone is not None:
        _check_zone(zone)
    if unit is not None:
        if not is_numeric_dtype(times.dtype):
            raise ValueError(
                f"unit={unit!r} is for times that are numbers, but {name!r} has dtype {times.dtype}. Leave unit out, "
                "or convert the column with pandas.to_numeric."
            )
        times = pd.DatetimeIndex(pd.to_datetime(times, unit=unit, utc=True), name=name)
    elif is_numeric_dtype(times.dtype) and time_format is not None:
        numbers = pd.Series(times.to_numpy(dtype=float, na_value=np.nan))
        digits = pd.Index(numbers.map("{:.0f}".format, na_action="ignore"))
        times = _parse(digits, name, zone, time_format, report)
    elif is_numeric_dtype(times.dtype):
        if form := format_of_digits(times):
            raise ValueError(
                f"time={name!r} holds numbers whose digits are dates, such as {times[0]:.0f}. Pass time_format="
                f"{form!r}."
            )
        _warn_of_epoch(times, name)
        if zone is not None:
            raise ValueError(
                f"zone={zone!r} is for dates, but {name!r} has dtype {times.dtype}. Pass their unit, too, such as "
                "unit='s' for seconds since 1970, or name the column of time: time=..."
            )
        return times, 0
    elif not isinstance(times, (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex)):
        times = _parse(times, name, zone, time_format, report)
    if zone is None or not isinstance(times, pd.DatetimeIndex):
        return times, 0
    if times.tz is not None:
        return times.tz_convert(zone), 0
    local: Any = times.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    if (unknown := local.isna() & np.asarray(times.notna())).any():
        local = _infer(times, local, unknown, keys, zone)
    return local, int((local.isna() & np.asarray(times.notna())).sum())


def warn_if_set_back(repeated: pd.Index) -> None:
    """Warn if repeated local times look like the hour that occurs twice when clocks are set back."""
    if not isinstance(repeated, pd.DatetimeIndex) or repeated.tz is not None or not len(repeated):
        return
    nights = repeated.normalize().unique()
    if len(nights) == len(nights.year.unique()) and all(
        may_be_autumn(float(time.value)) for time in repeated.unique()
    ):
        warnings.warn(
            f"{len(repeated)} row(s) from {repeated.min()} to {repeated.max()} repeat a time and are dropped. If "
            "clocks were set back then, these rows belong to another hour: keep them by passing the time zone, e.g. "
            "zone='Europe/Berlin'. If they are duplicates, drop them first.",
            UserWarning,
            stacklevel=level_of_user(),
        )


def _check_zone(zone: str) -> None:
    try:
        pd.Timestamp(0).tz_localize(zone)
    except (KeyError, ValueError, OSError) as error:  # zoneinfo's is a KeyError
        raise ValueError(
            f"zone={zone!r} is not a time zone. Pass a name such as 'Europe/Berlin' or 'UTC'."
        ) from error


def _parse(
    times: Any, name: Any, zone: str | None, time_format: str | None, report: dict[str, int]
) -> pd.DatetimeIndex:
    """Return text, or dates of dtype object, as dates; in UTC if they have an offset."""
    text = times.astype("string")
    offsets = text.to_series().str.extract(_OFFSET, expand=False)
    has_offset = bool(offsets.notna().any())
    found: Any = pd.to_datetime(times, format=time_format or "ISO8601", utc=has_offset, errors="coerce")
    if len(found) and found.isna().all() and time_format is None:
        found = _guess(times, name, has_offset)
        if n_read := int(found.notna().sum()):
            report["times not in ISO 8601 format, read as pandas guesses"] = n_read
    if len(found) and found.isna().all():
        raise ValueError(
            f"time={name!r} holds {times.dtype}, such as {times[0]!r}, which cannot be read as time"
            + (
                f" by time_format={time_format!r}. Give its true format."
                if time_format
                else ". Give its format, e.g. time_format='%d.%m.%Y %H:%M'."
            )
        )
    if has_offset:
        is_read = np.asarray(found.notna())
        _check_offsets(text[is_read], offsets[is_read], name, zone)
    return pd.DatetimeIndex(found, name=name)


def _check_offsets(text: Any, offsets: pd.Series, name: Any, zone: str | None) -> None:
    """Refuse times with and without an offset in one column; warn about several offsets if there is no zone."""
    if offsets.isna().any():
        raise ValueError(
            f"time={name!r} holds times with an offset, such as {text[offsets.notna()][0]!r}, and times without, such "
            f"as {text[offsets.isna()][0]!r}: without an offset, these are ambiguous. Give all of them an offset, or "
            "read the two kinds separately."
        )
    found = sorted(offsets.replace(["Z", "z"], "+00:00").str.replace(":", "").str.ljust(5, "0").unique())
    if zone is None and len(found) > 1:
        warnings.warn(
            f"time={name!r} holds times of several offsets, {', '.join(found)}, as from clocks that change in spring "
            "and autumn. They are converted to UTC, so that days do not follow local time: pass their zone, e.g. "
            "zone='Europe/Berlin', or zone='UTC' if that is intended.",
            UserWarning,
            stacklevel=level_of_user(),
        )


def _guess(times: Any, name: Any, has_offset: bool) -> pd.DatetimeIndex:
    """Return text as parsed by pandas, with the day or the month first, whichever can parse more values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about the format, or the order of day and month
        month, day = (
            pd.to_datetime(times, utc=has_offset, errors="coerce", dayfirst=first) for first in (False, True)
        )
    n_month, n_day = month.notna().sum(), day.notna().sum()
    differ = np.flatnonzero(month.notna() & day.notna() & (month != day))
    if n_month == n_day and len(differ):
        warnings.warn(
            f"time={name!r} may have the day or the month first: {times[differ[0]]!r} is read as "
            f"{month[differ[0]].date()}. Pass its format, e.g. time_format='%d/%m/%Y %H:%M'.",
            UserWarning,
            stacklevel=level_of_user(),
        )
    return day if n_day > n_month else month


def _infer(times: Any, local: Any, unknown: np.ndarray, keys: pd.Index | None, zone: str) -> pd.DatetimeIndex:
    """Distinguish the hours before and after clocks are set back by the order of the rows of each series."""
    found = pd.Series(local.tz_convert("UTC"))
    number = np.zeros(len(times), dtype=int) if keys is None else pd.factorize(keys)[0]
    for series in np.unique(number[unknown]):
        own = np.flatnonzero((number == series) & ~times.isna())
        try:
            inferred = times[own].tz_localize(zone, ambiguous="infer", nonexistent="NaT")
        except Exception:  # of pandas or pytz: only the first or only the second of the two hours occurs
            continue
        found.iloc[own] = inferred.tz_convert("UTC")
    return pd.DatetimeIndex(found, name=times.name).tz_convert(zone)


def _warn_of_epoch(times: pd.Index, name: Any) -> None:
    numbers = times.to_numpy(dtype=float, na_value=np.nan)
    numbers = numbers[~np.isnan(numbers)]
    for unit, per_second in _UNITS.items():
        if (
            len(numbers)
            and numbers.min() >= _EPOCH[0] * per_second
            and numbers.max() < _EPOCH[1] * per_second
        ):
            warnings.warn(
                f"time={name!r} looks like time since 1970. If it is, pass unit={unit!r}, so that days are "
                "known.",
                UserWarning,
                stacklevel=level_of_user(),
            )
