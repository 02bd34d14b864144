"""Rows that come after fit, compared with those of fit: warnings of what would make the results misleading."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Hashable
from numbers import Number
from typing import TYPE_CHECKING

import numpy as np

from ._series import SeriesRows, modal_step

if TYPE_CHECKING:
    from ._series_past import Past

#: Steps of fewer rows are not compared, nor those of more series.
_MIN_HOLES, _MOST_SERIES = 10, 200
#: What separates the parts of a name, and zeros in front of a number in it.
_SEPARATOR, _ZEROS = re.compile(r"[\s_./:-]+"), re.compile(r"(?<!\d)0+(?=\d)")


def warn_if_unknown(then: list[Hashable], now: list[Hashable], stacklevel: int) -> None:
    """Warn if some series seem to be series of fit under another name, such as '1' for 1.

    Series that are merely new, as in a fold made by series, cause no warning: their names have the types of those of
    fit.
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
        f"{len(new)} of the {len(now)} series of these rows ({_first(new)}) were not among those of fit "
        f"({_first(then)}): they count as new, without a past or a scale of their own."
    )
    if alike:
        message += (
            f" {alike[0][0]!r} seems to be {alike[0][1]!r}: give the first level of both indexes the same type, e.g. "
            "by X.index.set_levels(X.index.levels[0].astype(str), level=0)."
        )
    warnings.warn(message, UserWarning, stacklevel=stacklevel)


def _type(key: Hashable) -> type:
    return Number if isinstance(key, Number) else type(key)


def _first(keys: list[Hashable]) -> str:
    return ", ".join(repr(key) for key in keys[:3]) + (", ..." if len(keys) > 3 else "")


def _plain(key: Hashable) -> str:
    """Return a name as text, without the case, characters, separators and zeros in which tables may differ."""
    text = unicodedata.normalize("NFKC", str(key)).strip().casefold()
    try:
        return repr(float(text))
    except ValueError:
        return _ZEROS.sub("", _SEPARATOR.sub("-", text))


def warn_if_cut(past: Past, rows: SeriesRows, length: int, max_gap: float, stacklevel: int) -> bool:
    """Warn where a shuffled split, or another time step than in fit, cuts windows to pieces; tell whether it does."""
    n_filled = 0
    pasts = past.by_key()
    for key, part in rows.parts():
        if key not in pasts or rows.times is None:
            continue
        times, runs = rows.times[part], pasts[key]
        if len(runs.run_starts) < 2:
            continue  # fit saw no hole that could be filled, or rows without time
        run = np.searchsorted(runs.run_starts, times, side="right") - 1
        if (times == runs.run_starts[run]).any():
            continue  # rows that come with their neighbours of fit are not a split
        inside = (run < len(runs.run_starts) - 1) & (times > runs.run_stops[run])
        _, sizes = np.unique(run[inside], return_counts=True)
        n_filled += int((sizes < length).sum())
    segments = rows.segment_starts(max_gap, rows.steps_so_far(past.steps()))
    n_gaps, n_rows = len(segments) - len(rows.keys), rows.n_rows - len(rows.keys)
    if n_filled > 2:
        message = (
            f"The rows fill {n_filled} short holes between those of fit: this looks like a shuffled split, "
            "which cuts the windows to pieces and shows the model the future. Split in time order."
        )
    elif n_gaps > max(2, n_rows // 2):
        message = (
            f"{n_gaps} of {n_rows} rows come more than max_gap={max_gap} time steps after the row before: their "
            "windows are padding. The time step is that of fit: fit on rows as far apart as these, or raise max_gap."
        )
    else:
        return warn_if_other_step(past, rows, stacklevel + 1)
    warnings.warn(message, UserWarning, stacklevel=stacklevel)
    return True


def warn_if_other_step(past: Past, rows: SeriesRows, stacklevel: int) -> bool:
    """Warn if most series known from fit now come at least twice as densely as then, or at most half as densely."""
    pasts = past.by_key()
    found = []
    parts = rows.parts() if rows.times is not None else []
    for key, part in parts[:: 1 + len(parts) // _MOST_SERIES]:
        known = pasts.get(key)
        if rows.times is None or known is None or min(known.n_rows, part.stop - part.start) <= _MIN_HOLES:
            continue
        step = modal_step(np.diff(rows.times[part]))
        found.append((max(step / known.step, known.step / step) >= 2, known.step, step))
    other = [(then, now) for is_other, then, now in found if is_other]
    if 2 * len(other) > len(found):
        then, now = (_in_words(each, past.kind) for each in other[0])
        warnings.warn(
            f"These rows come every {now}, those of fit every {then}: the same number of rows covers a "
            "different span of time. Resample them to the step of fit, or fit on rows like these.",
            UserWarning,
            stacklevel=stacklevel,
        )
    return 2 * len(other) > len(found)


def _in_words(step: float, kind: str | None) -> str:
    if kind is None or kind.startswith(("numbers", "periods")):
        return f"{step:g}"
    return f"{step / 1e9:g} s"
