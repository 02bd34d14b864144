"""Random tables of series, for hypothesis."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

#: Steps in time: plain numbers, and nanoseconds of dates.
STEPS = {"integer": [1, 2, 60], "float": [0.25, 4.0], "date": [10**9, 60 * 10**9]}


@st.composite
def series_times(draw, kind, max_rows):
    """Times of one series: its own start and step, some rows missing."""
    is_there = draw(st.lists(st.sampled_from([True, True, True, False]), min_size=1, max_size=max_rows))
    if not any(is_there):
        is_there[0] = True
    step = draw(st.sampled_from(STEPS[kind]))
    return draw(st.integers(0, 3)) * step + np.flatnonzero(is_there) * step


@st.composite
def tables(draw, max_series=4, max_rows=16, n_columns=2, kinds=tuple(STEPS)):
    """A frame of one series (plain time index) or several (MultiIndex), their rows interleaved or not.

    Every value is another: a row that is out of place can be told.
    """
    kind = draw(st.sampled_from(sorted(kinds)))
    times = draw(st.lists(series_times(kind, max_rows), min_size=1, max_size=max_series))
    is_panel = len(times) > 1 or draw(st.booleans())
    numbers = np.concatenate(times)
    stamps = pd.to_datetime(numbers, unit="ns") if kind == "date" else numbers
    labels = np.repeat(np.arange(len(times)), [len(t) for t in times])
    values = np.arange(len(numbers) * n_columns, dtype=float).reshape(-1, n_columns) + 1
    columns = [f"x{column}" for column in range(n_columns)]
    if not is_panel:
        return pd.DataFrame(values, index=pd.Index(stamps), columns=columns)
    keys = np.array(draw(st.sampled_from([list("badc"), [7, 3, 5, 1]])), dtype=object)[labels]
    X = pd.DataFrame(values, index=pd.MultiIndex.from_arrays([keys, stamps]), columns=columns)
    if draw(st.booleans()):
        turns = np.random.RandomState(draw(st.integers(0, 99))).permutation(labels)
        X = X.iloc[np.argsort(np.argsort(turns, kind="stable"), kind="stable")]
    return X


#: Any scores, ties, and neighbours that floats hold nothing between.
SCORES = st.one_of(
    st.floats(-1e300, 1e300),
    st.integers(-3, 3).map(float),
    st.sampled_from([1.0, np.nextafter(1.0, 2), np.nextafter(1.0, 0), 5e-324, 0.0, -5e-324]),
)


@st.composite
def labelled_scores(draw):
    """Scores with labels of both classes."""
    scores = draw(st.lists(SCORES, min_size=2, max_size=12))
    y = draw(st.lists(st.integers(0, 1), min_size=len(scores), max_size=len(scores)))
    y[0], y[-1] = 0, 1
    order = draw(st.permutations(range(len(y))))
    return [scores[i] for i in order], [y[i] for i in order]
