"""Comparison of later rows with the training rows: warnings if results would be misleading."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Hashable
from numbers import Number
from typing import TYPE_CHECKING

import numpy as np

from ._durations import gap_in_words
from ._level_of_user import level_of_user
from ._ragged import ranges, search_parts
from ._series import SeriesRows
from ._types import MaxGap

if TYPE_CHECKING:
    from ._series_past import Past

#: Smallest number of rows of a series for a comparison of time steps.
_MIN_HOLES = 10
#: Separators between the parts of a name, and leading zeros of numbers.
_SEPARATOR, _ZEROS = re.compile(r"[\s_./:-]+"), re.compile(r"(?<!\d)0+(?=\d)")


def warn_if_unknown(then: list[Hashable], now: list[Hashable]) -> None:
    """Warn if some series seem to have been seen during fit under another name, such as '1' for 1.

    Series that are just new, as in a fold of whole series, cause no warning: their names have the same types as before.
    """
    known = set(then)
    new = [key for key in now if key not in known]
    if not new or not then:
        return
    names = {_plain(key): key for key in then}
    alike = [(key, names[_plain(key)]) for key in new if _plain(key) in names]
    is_other_type = len(new) == len(now) and not set(map(_type, new)) & set(map(_type, then))
    if not alike and not is_other_type:
        return
    message = (
        f"{len(new)} of the {len(now)} series of these rows ({_first(new)}) were not seen during fit ({_first(then)}): "
        "they count as new, without a past or their own scale."
    )
    if alike:
        message += (
            f" {alike[0][0]!r} seems to be {alike[0][1]!r}: give the first level of both indexes the same type, e.g. "
            "with X.index.set_levels(X.index.levels[0].astype(str), level=0)."
        )
    warnings.warn(message, UserWarning, stacklevel=level_of_user())


def _type(key: Hashable) -> type:
    return Number if isinstance(key, Number) else type(key)


def _first(keys: list[Hashable]) -> str:
    return ", ".join(repr(key) for key in keys[:3]) + (", ..." if len(keys) > 3 else "")


def _plain(key: Hashable) -> str:
    """Return a name as text, without case, separators and leading zeros, which may differ between tables.

    Invisible characters, such as the mark at the start of some files, and rounding errors are left out as well.
    """
    text = "".join(letter for letter in str(key) if unicodedata.category(letter) != "Cf")
    text = unicodedata.normalize("NFKC", text).strip().casefold()
    try:
        number = float(text)
        return repr(number) if number.is_integer() else f"{number:.9g}"
    except ValueError:
        return _ZEROS.sub("", _SEPARATOR.sub("-", text))


def warn_if_cut(past: Past, rows: SeriesRows, length: int, max_gap: MaxGap) -> bool:
    """Warn if a shuffled split, or a time step unlike the one during fit, breaks up windows; return whether it does."""
    segments = rows.segment_starts(max_gap, rows.steps_so_far(past.steps))
    n_gaps, n_rows = len(segments) - len(rows.keys), rows.n_rows - len(rows.keys)
    n_filled = _count_filled_holes(past, rows, length)
    if n_filled > 2:
        message = (
            f"The rows fill {n_filled} short holes between the training rows: this looks like a shuffled split, which "
            "breaks up the windows and shows the model the future. Split in time order."
        )
    elif n_gaps > max(2, n_rows / 2):
        message = (
            f"{n_gaps} of {n_rows} rows come more than {gap_in_words(max_gap)} after the row before: their windows are "
            "mostly padding. The time step is that of the training rows: fit on rows with the same time step as "
            "these, or raise "
            "max_gap."
        )
    else:
        return warn_if_other_step(past, rows)
    warnings.warn(message, UserWarning, stacklevel=level_of_user())
    return True


def _count_filled_holes(past: Past, rows: SeriesRows, length: int) -> int:
    """Return how many holes between the training runs contain some of these rows, but fewer than a window."""
    with_holes = np.flatnonzero(np.diff(past.run_bounds) > 1)
    if rows.times is None or not len(with_holes):
        return 0
    sizes = np.diff(rows.bounds)[with_holes]
    times = rows.times[ranges(rows.bounds[with_holes], rows.bounds[with_holes + 1])]
    owner = np.repeat(np.arange(len(with_holes)), sizes)
    first, stop = (ends[with_holes][owner] for ends in (past.run_bounds[:-1], past.run_bounds[1:]))
    run = search_parts(past.run_starts, first, stop, times, side="right") - 1
    is_start = (run >= first) & (times == past.run_starts[run])
    # Rows that come together with their neighbours in the training rows are not a split.
    is_split = np.bincount(owner[is_start], minlength=len(with_holes)) == 0
    in_hole = is_split[owner] & (run >= first) & (run < stop - 1) & (times > past.run_stops[run])
    n_rows = np.bincount(run[in_hole])
    return int(((n_rows > 0) & (n_rows < length)).sum())


def warn_if_other_step(past: Past, rows: SeriesRows) -> bool:
    """Warn if most known series now have at most half, or at least twice, their time step during fit."""
    enough = np.flatnonzero(np.minimum(past.n_rows, np.diff(rows.bounds)) > _MIN_HOLES)
    then, now = past.steps[enough], rows.steps()[enough]
    other = np.flatnonzero(np.maximum(now / then, then / now) >= 2)
    is_other = 2 * len(other) > len(enough)
    if is_other:
        words = [_in_words(float(steps[other[0]]), past.kind) for steps in (now, then)]
        warnings.warn(
            f"These rows have a time step of {words[0]}, the training rows one of {words[1]}: the same number of rows "
            "covers a different span of time. Resample them to the time step of the training rows, or fit on rows like "
            "these.",
            UserWarning,
            stacklevel=level_of_user(),
        )
    return is_other


def _in_words(step: float, kind: str | None) -> str:
    if kind is None or kind.startswith(("numbers", "periods")):
        return f"{step:g}"
    return f"{step / 1e9:g} s"
