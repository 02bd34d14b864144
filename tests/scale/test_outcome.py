"""Whole series in each partition, and failures of single series."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.scale._outcome import SCORED, Outcome, SeriesOfFrame, describe_failures, score_series


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 12), st.booleans())
def test_partitions_are_whole_series_and_hold_every_row_once(names, n_partitions, is_sorted):
    names = sorted(names) if is_sorted else names
    index = pd.MultiIndex.from_arrays([names, range(len(names))])
    series = SeriesOfFrame.of(index)
    everything = np.arange(len(names))
    parts = [everything[series.rows(*pair)] for pair in series.partitions(n_partitions)]
    assert sorted(np.concatenate(parts)) == everything.tolist()
    of_part = [{names[row] for row in part} for part in parts]
    assert sum(map(len, of_part)) == len(set(names)), "each series is in one partition"
    assert all(of_part), "none is empty"
    assert len(parts) <= n_partitions
    assert series.keys == list(dict.fromkeys(names))


def test_partitions_have_about_as_many_rows():
    index = pd.MultiIndex.from_product([range(100), range(10)])
    sizes = [stop - first for first, stop in SeriesOfFrame.of(index).partitions(4)]
    assert sizes == [25, 25, 25, 25]


def test_neighbouring_series_in_order_are_a_slice_and_no_copy():
    series = SeriesOfFrame.of(pd.MultiIndex.from_product([["a", "b"], range(3)]))
    assert series.rows(1, 2) == slice(3, 6)
    crossed = SeriesOfFrame.of(pd.MultiIndex.from_arrays([list("abab"), [0, 0, 1, 1]]))
    assert crossed.rows(0, 1).tolist() == [0, 2]


def test_rows_whose_series_has_no_name_are_a_series_of_their_own(model, panel, scores):
    names = panel.index.get_level_values(0).to_series().where(lambda name: name != "s0").array
    X = panel.set_axis(pd.MultiIndex.from_arrays([names, panel.index.get_level_values(1)]))
    outcome = score_series(model, X)
    assert list(outcome.failed) == [None]
    lost = panel.index.get_level_values(0) == "s0"
    assert np.isnan(outcome.scores[lost]).all()
    np.testing.assert_array_equal(outcome.scores[~lost], scores[~lost])
    nowhere = score_series(model, X[lost].set_axis(X[lost].index.remove_unused_levels()))
    assert list(nowhere.failed) == [None]
    assert np.isnan(nowhere.scores).all()


def test_series_that_fail_are_named_in_their_order(model, panel):
    spoilt = panel.copy()
    keys = list(panel.index.unique(level=0))
    for key in keys[1:]:
        spoilt.loc[(key, slice(None)), :] = np.nan
    outcome = score_series(model, spoilt)
    assert list(outcome.failed) == keys[1:]
    assert outcome.states == ["scored", *outcome.failed.values()]


def test_only_the_series_that_fails_is_without_scores(model, spoilt, scores):
    outcome = score_series(model, spoilt)
    lost = spoilt.index.get_level_values(0) == "s2"
    assert np.isnan(outcome.scores[lost]).all()
    np.testing.assert_array_equal(outcome.scores[~lost], scores[~lost])
    assert list(outcome.failed) == ["s2"]
    assert set(outcome.status()[~lost]) == {SCORED}
    assert set(outcome.status()[lost]) == set(outcome.failed.values())
    assert outcome.failed["s2"].startswith("failed: ValueError: X contains NaN")


def test_no_row_is_no_failure(model, panel):
    assert score_series(model, panel[:0]).scores.shape == (0,)


def test_an_interrupt_is_no_failure_of_a_series(panel):
    class Interrupted:
        def decision_function(self, X):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_series(Interrupted(), panel)


def test_outcomes_of_parts_are_put_together():
    whole = Outcome.of_rows(5)
    for rows, key in ((slice(0, 2), "a"), (slice(2, 5), "b")):
        part = Outcome.of_rows(rows.stop - rows.start)
        part.scores[:] = rows.stop
        part.fail(key, slice(1, 2), ValueError("same"))
        whole.put(rows, part)
    assert whole.scores.tolist() == [2, 2, 5, 5, 5]
    assert list(whole.status()) == [
        "scored",
        "failed: ValueError: same",
        "scored",
        "failed: ValueError: same",
        "scored",
    ]
    assert list(whole.failed) == ["a", "b"]


def test_the_message_names_some_of_many():
    failed = {number: f"failed: {number}" for number in range(9)}
    assert (
        describe_failures(failed, 12)
        == "9 of 12 series could not be scored: 0, 1, 2, 3, 4, .... The first failed: 0"
    )
    assert describe_failures({"a": "failed: x"}, 2).startswith("1 of 2 series could not be scored: 'a'. The")
