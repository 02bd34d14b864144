"""The index of rows, read as series and time; if it cannot be converted, errors say how to fix it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_integer_dtype, is_numeric_dtype

from ._types import Rows

LOST_INDEX_FIX = (
    "Keep the index: call .set_output(transform='pandas') on each step before this one "
    "(e.g. StandardScaler().set_output(transform='pandas')), or use SeriesScaler, which keeps it."
)

#: Names that pandas gives to types of objects in an index that can be converted.
_DATES, _DELTAS = {"datetime", "datetime64", "date"}, {"timedelta", "timedelta64"}
_NUMBERS = {"integer", "floating", "mixed-integer-float"}
#: Number of labels, evenly spaced, that are read to decide whether an index of text is time.
_N_LABELS = 50
#: Text with no letters other than those of dates, quarters or weeks: a number, or a date with any separators.
_NO_WORD = re.compile(r"(?=.*\d)[\d\W_]+([TtZz][\d\W_]*)*|\d{4}\W?[QqWw]\d{1,2}(\W?\d)?([\sTt][\d\W_Zz]*)?")
#: A whole date among words, such as in "run of 2026-03-01".
_WITHIN = re.compile(r"(?<!\d)(19|20)\d\d([-/.])(0?[1-9]|1[0-2])\2(0?[1-9]|[12]\d|3[01])(?!\d)")
#: Formats of dates written as whole numbers, by the number of digits; and the smallest number of labels to recognise
#: them.
_DIGITS, _MIN_DATES = {6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}, 10
#: Names of a level whose numbers are taken as time.
_TIME_NAMES = {"time", "date", "datetime", "timestamp", "ts", "stamp"}


@dataclass(frozen=True)
class Stamps:
    """Time as numbers, one per label.

    Attributes
    ----------
    numbers : ndarray
        Dates and time deltas in nanoseconds, periods counted by their frequency, numbers unchanged.
    kind : str
        "dates", "dates of a time zone", "time deltas", "periods (M)" and so on, or "numbers"; stamps of different kinds
        cannot be compared.
    labels : pandas.Index
        The labels as a DatetimeIndex, TimedeltaIndex, PeriodIndex, or numbers.
    """

    numbers: np.ndarray
    kind: str
    labels: pd.Index

    @property
    def zone(self) -> Any:
        """The time zone of dates; None if there is none."""
        return getattr(self.labels, "tz", None)


def row_index(X: Rows) -> pd.Index | None:
    """Return the pandas index of the rows of ``X``, if it has one (the ``index`` of a list is a method)."""
    index = getattr(X, "index", None)
    return index if isinstance(index, pd.Index) else None


def is_panel(X: Rows) -> bool:
    """Return whether ``X`` has a (series, time) MultiIndex."""
    return isinstance(row_index(X), pd.MultiIndex)


def is_numbered(index: pd.Index) -> bool:
    """Return whether rows are just numbered 0, 1, 2, ..., as pandas does by default."""
    is_whole = not isinstance(index, pd.MultiIndex) and is_integer_dtype(index.dtype)
    return is_whole and bool((index.to_numpy() == np.arange(len(index))).all())


def has_time(X: Rows) -> bool:
    """Return whether the index of ``X`` is that of a panel, or dates, time deltas or periods."""
    index = row_index(X)
    if index is None or isinstance(index, pd.MultiIndex):
        return index is not None
    stamps = read_stamps(index)
    return stamps is not None and stamps.kind != "numbers"


def time_labels(X: Rows) -> pd.Index | None:
    """Return the time of each row as a plain index of dates, time deltas, periods or numbers; None without time."""
    index = row_index(X)
    if not isinstance(index, pd.MultiIndex):
        stamps = None if index is None else read_stamps(index)
        return None if stamps is None else stamps.labels.rename(index.name)  # type: ignore[union-attr]
    *_, stamps = read_levels(index)
    return stamps.labels.take(index.codes[1]).rename(index.names[1])


def check_panel(X: Rows, was_panel: bool) -> None:
    """Raise if only one of the training rows and the present rows has a (series, time) MultiIndex."""
    if is_panel(X) != was_panel:
        with_index, without = ("fit", "transform") if was_panel else ("transform", "fit")
        raise ValueError(
            f"The rows passed to {with_index} have a (series, time) index, but those passed to {without} do not. "
            + LOST_INDEX_FIX
        )


def read_levels(index: pd.MultiIndex) -> tuple[list[Hashable], np.ndarray, np.ndarray, Stamps]:
    """Return the names of the series of a panel, its runs of rows of one series, and the times as `Stamps`.

    Each run has its start and the number of its series. Series are numbered in the order of their first rows.

    Raises
    ------
    ValueError
        If there are not two levels, values are missing, the second level is not time, or the first level is time.
    """
    if index.nlevels != 2:
        raise ValueError(
            f"A panel has a MultiIndex of two levels, (series, time); got {index.nlevels} levels: "
            f"{list(index.names)}. Combine the levels that name the series into one."
        )
    if (index.codes[0] < 0).any() or (index.codes[1] < 0).any():
        raise ValueError(
            "The (series, time) index has missing values. Drop these rows, or fill in their index."
        )
    time, place = index.levels[1], None
    if not isinstance(time, (pd.DatetimeIndex, pd.TimedeltaIndex)):
        is_used = np.bincount(index.codes[1]) > 0  # labels that no row uses do not count
        time, place = time.take(np.flatnonzero(is_used)), np.cumsum(is_used) - 1
    try:
        stamps = read_stamps(time, "the second level of the index")
    except ValueError:  # time in an unsupported form
        _check_order_of_levels(index, None, is_time=True)
        raise
    _check_order_of_levels(index, stamps, is_time=stamps is not None)
    if stamps is None:
        raise ValueError(
            f"Time, the second level of the index, must be numbers or dates, got {time.dtype}. "
            "Convert it with pandas.to_datetime."
        )
    if place is not None:  # one stamp for each label of the level; unused labels repeat another stamp
        stamps = Stamps(stamps.numbers[place], stamps.kind, stamps.labels.take(place))
    labels = index.codes[0]
    starts = np.flatnonzero(np.append(len(labels) > 0, labels[1:] != labels[:-1]))
    codes, found = pd.factorize(labels[starts])
    return index.levels[0][found].tolist(), starts, codes, stamps


def _check_order_of_levels(index: pd.MultiIndex, stamps: Stamps | None, is_time: bool) -> None:
    """Raise if the first level is the time; ``is_time`` says that the second one may be."""
    if stamps is not None and stamps.kind != "numbers":
        return
    level = index.levels[0]
    try:
        first = read_stamps(level)
        is_swapped = first is not None and (first.kind != "numbers" or not is_time or _is_named_time(index))
        holds = "" if first is None else first.kind
    except ValueError:
        # Text that reads as dates may name series, one for each day, but not if there are more of them than times.
        is_swapped = not is_time or len(level) > len(index.levels[1])
        holds = "labels that can be read as time"
    if is_swapped:
        raise ValueError(
            f"The first level of the index holds {holds}, such as {level[0]}, and the second {index.levels[1].dtype}: "
            "it seems to be (time, series), but must be (series, time). Swap the levels of X, and of y, with "
            "X.swaplevel().sort_index(). If the first level really names series, convert it to text that is not a "
            "date: X.index.set_levels('series ' + X.index.levels[0].astype(str), level=0)."
        )


def _is_named_time(index: pd.MultiIndex) -> bool:
    first, second = (str(name).lower() in _TIME_NAMES for name in index.names)
    return first and not second


def read_stamps(index: pd.Index, what: str = "the index") -> Stamps | None:
    """Read labels as time; return None if they are not time, such as words.

    Raises
    ------
    ValueError
        If they are time in a form that cannot be converted unambiguously, or some are missing.
    """
    labels = _as_time(index, what)
    if labels is None:
        return None
    is_number = is_numeric_dtype(labels.dtype)
    if labels.hasnans or (is_number and np.isinf(labels.to_numpy(dtype=float)).any()):
        raise ValueError("The time index has missing or infinite values. Drop these rows.")
    if is_number:
        _refuse_digits(labels, what)
        # Differences of small and unsigned integers would overflow.
        dtype = "int64" if is_integer_dtype(labels.dtype) else "float64"
        return Stamps(labels.to_numpy(dtype), "numbers", labels)
    if isinstance(labels, pd.PeriodIndex):
        return Stamps(labels.asi8, f"periods ({labels.freqstr})", labels)
    try:  # in a single unit, so that times in fit and transform can be compared
        numbers = labels.as_unit("ns").asi8
    except (pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta) as error:
        raise ValueError(
            f"{what.capitalize()} contains times from {labels.min()} to {labels.max()}, but times in nanoseconds are "
            "limited to 1677 to 2262. Fix these rows, or drop them."
        ) from error
    if isinstance(labels, pd.TimedeltaIndex):
        return Stamps(numbers, "time deltas", labels)
    return Stamps(numbers, "dates" if labels.tz is None else "dates of a time zone", labels)


def _as_time(index: pd.Index, what: str) -> Any:
    """Return labels as dates, time deltas, periods or numbers; None if they are not time."""
    if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex)):
        return index
    if isinstance(index, pd.CategoricalIndex):
        categories = _as_time(index.categories, what)
        if categories is None:
            return None
        codes = index.codes
        if (codes < 0).any():
            raise ValueError("The time index has missing or infinite values. Drop these rows.")
        return categories.take(codes)
    if isinstance(index, pd.IntervalIndex):
        raise ValueError(
            f"{what.capitalize()} contains intervals, such as {index[0]}. Use their starts: X.index.left."
        )
    dtype = index.dtype
    if is_bool_dtype(dtype):
        return None
    if isinstance(dtype, np.dtype) and dtype.kind == "c":
        raise ValueError(
            f"{what.capitalize()} contains complex numbers, which have no order. Use X.index.real."
        )
    is_plain = not hasattr(dtype, "pyarrow_dtype")
    return index if is_numeric_dtype(dtype) and is_plain else _objects_as_time(index, what)


def _objects_as_time(index: pd.Index, what: str) -> Any:
    """Return objects, or Arrow labels, as dates, time deltas, periods or numbers; None if they are not time."""
    objects = index.astype(object)
    kind = infer_dtype(objects)
    try:
        if kind in _DATES:
            return pd.DatetimeIndex(pd.to_datetime(objects))
        if kind in _DELTAS:
            return pd.to_timedelta(objects)
        if kind == "period":
            return pd.PeriodIndex(objects)
        if kind in _NUMBERS:
            return pd.Index(pd.to_numeric(objects.to_series()))
        if kind == "decimal":
            numbers = objects.to_numpy(dtype=float, na_value=np.nan)
            is_whole = np.isfinite(numbers).all() and all(value == int(value) for value in objects)
            return pd.Index([int(value) for value in objects] if is_whole else numbers)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(
            f"{what.capitalize()} contains objects of kind {kind!r} that cannot be converted to one index of time "
            f"({error}). Convert dates of several time zones to one: X.index = pandas.to_datetime(X.index, utc=True), "
            "then .tz_convert('Europe/Berlin') or the time zone of the rows."
        ) from error
    if kind == "empty" and len(objects):
        raise ValueError("The time index has missing or infinite values. Drop these rows.")
    if kind in ("string", "bytes"):
        _refuse_text(objects, what)
    elif kind != "boolean" and any(_is_time(value) for value in objects):
        raise ValueError(
            f"{what.capitalize()} contains times among other labels, or objects that cannot be read as time, such as "
            f"{next(value for value in objects if _is_time(value))!r}: its gaps and its order could not be checked. "
            "Drop the other rows and convert the index, with X.index = pandas.to_datetime(X.index), or "
            "pandas.to_numeric."
        )
    elif kind == "mixed" and len(objects) and all(isinstance(value, tuple) for value in objects):
        raise ValueError(
            f"{what.capitalize()} contains tuples, such as {objects[0]!r}. Convert them to levels: X.index = "
            "pandas.MultiIndex.from_tuples(X.index)."
        )
    return None


def _is_time(value: Any) -> bool:
    """Return whether an object is a number, a date (even of a library unknown to pandas), or a time of day."""
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and value == value
    return is_number or hasattr(value, "year") or hasattr(value, "hour") or isinstance(value, np.datetime64)


def _some(labels: pd.Index) -> pd.Index:
    return labels[np.unique(np.linspace(0, len(labels) - 1, min(_N_LABELS, len(labels))).astype(int))]


def reads_as_time(labels: pd.Index) -> bool:
    """Return whether at least half of a sample of text labels are dates or numbers."""
    texts = [label.decode(errors="replace") if isinstance(label, bytes) else label for label in _some(labels)]
    texts = [text.strip() for text in texts if isinstance(text, str)]
    return bool(texts) and 2 * sum(map(_text_is_time, texts)) >= len(texts)


def _text_is_time(text: str) -> bool:
    if _NO_WORD.fullmatch(text) or _WITHIN.search(text):
        return True
    n_digits = sum(character.isdigit() for character in text)
    if not n_digits:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a guessed format, or a deprecated name of a unit
        date = pd.to_datetime(text, errors="coerce") if n_digits >= 4 else pd.NaT
        if not pd.isna(date):
            return date.year != 1  # missing parts are filled in from the start of year 1
        return not pd.isna(pd.to_timedelta(text, errors="coerce"))


def _refuse_text(labels: pd.Index, what: str) -> None:
    if reads_as_time(labels):
        raise ValueError(
            f"{what.capitalize()} is text that looks like dates or numbers, such as {labels[0]!r}: its gaps and its "
            "order could not be checked. Convert it with X.index = pandas.to_datetime(X.index) (utc=True if offsets "
            "differ), or pandas.to_numeric(X.index); if it is not time, drop it with X.reset_index(drop=True)."
        )


def _refuse_digits(labels: pd.Index, what: str) -> None:
    if form := format_of_digits(labels):
        raise ValueError(
            f"{what.capitalize()} contains numbers whose digits are dates, such as {labels[0]:.0f}: their differences "
            "are not lengths of time. Convert it with X.index = pandas.to_datetime(X.index.astype(str), "
            f"format={form!r}); if it is not time, drop it with X.reset_index(drop=True)."
        )


def format_of_digits(labels: pd.Index) -> str | None:
    """Return the format of numbers such as 20260131, whose digits are a date; None for other numbers.

    Differences of such numbers are not lengths of time. Fewer than ten numbers may look like dates by chance, and
    evenly spaced numbers are counts, such as row numbers of a long table.
    """
    if len(labels) < _MIN_DATES or (form := _DIGITS.get(len(f"{labels[-1]:.0f}"))) is None:
        return None
    some = np.unique(_some(labels).to_numpy(dtype=float))
    if len(some) < _MIN_DATES or (some % 1).any():
        return None
    dates = pd.to_datetime([f"{number:.0f}" for number in some], format=form, errors="coerce")
    is_date = not dates.hasnans and dates[0].year >= 1900 and dates[-1].year <= 2100
    holes = np.diff(np.unique(labels.to_numpy(dtype=float))) if is_date else np.empty(0)
    return form if (holes != holes[:1]).any() else None
