import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import make_anomalies

RNG = np.random.default_rng(0)
X = np.cumsum(RNG.normal(size=(900, 3)), axis=0)
PANEL = pd.DataFrame(X, pd.MultiIndex.from_product([["a", "b", "c"], range(300)]), list("uvw"))
KINDS = ["spike", "level_shift", "drift", "noise", "flat", "amplitude", "reverse", "speed"]


def one_event(kind, seed=0, **options):
    """Rows, those with the event, and where it starts and stops."""
    rows, y = make_anomalies(X[:, :1], [kind], n_events=1, random_state=seed, **options)
    where = np.flatnonzero(y)
    return X[:, 0], rows[:, 0], where[0], where[-1] + 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_changes_its_own_rows_and_no_others(kind):
    before, after, start, stop = one_event(kind, length=30)
    assert stop - start == (1 if kind == "spike" else 30)
    outside = np.r_[:start, stop : len(before)]
    np.testing.assert_array_equal(after[outside], before[outside])
    assert (after[start:stop] != before[start:stop]).mean() > 0.9 if kind != "flat" else True


def test_the_kinds_are_what_they_say():
    unit = X[:, 0].std()
    for seed in range(4):
        before, after, start, stop = one_event("level_shift", seed, size=2)
        np.testing.assert_allclose(np.abs(after - before)[start:stop], 2 * unit)
        before, after, start, stop = one_event("drift", seed, size=2)
        np.testing.assert_allclose(np.abs(after - before)[start:stop], 2 * unit * np.arange(1, 21) / 20)
        before, after, start, stop = one_event("flat", seed)
        np.testing.assert_array_equal(after[start:stop], before[start])
        before, after, start, stop = one_event("reverse", seed)
        np.testing.assert_array_equal(after[start:stop], before[start:stop][::-1])
        before, after, start, stop = one_event("amplitude", seed)
        factor = after[start:stop].std() / before[start:stop].std()
        assert np.isclose(factor, 0.3) or np.isclose(factor, 2)
        np.testing.assert_allclose(after[start:stop].mean(), before[start:stop].mean())
        before, after, start, stop = one_event("speed", seed)
        twice, half = before[start : start + 40 : 2], before[start : start + 10]
        assert np.allclose(after[start:stop], twice) or np.allclose(after[start:stop:2], half)
    before, after, start, stop = one_event("noise", length=250, size=2)
    assert np.isclose((after - before)[start:stop].std(), 2 * unit, rtol=0.15)


def test_each_series_of_a_panel_has_its_events_and_the_kinds_take_turns():
    rows, y, kind = make_anomalies(PANEL, KINDS[:4], n_events=4, length=10, return_kinds=True, random_state=0)
    assert rows.index.equals(PANEL.index)
    assert list(rows) == list("uvw")
    assert y.index.equals(kind.index) and y.index.equals(PANEL.index)
    np.testing.assert_array_equal(y == 1, kind != "")
    for name in "abc":
        assert kind.loc[name].value_counts().to_dict() == {
            "": 269,
            **dict.fromkeys(KINDS[1:4], 10),
            "spike": 1,
        }
    assert ((rows != PANEL).sum(axis=1)[y == 1] == 1).all()  # one column of three
    everywhere, y = make_anomalies(PANEL, ["level_shift"], n_columns=None, n_events=2, random_state=0)
    assert (everywhere != PANEL)[y == 1].all(axis=None)


def test_an_event_may_be_given_by_how_long_it_lasts():
    minutes = pd.concat(
        {
            step: pd.DataFrame({"u": np.arange(200.0)}, pd.date_range("2026", periods=200, freq=step))
            for step in ("1min", "5min", "1h")
        }
    )
    _, y = make_anomalies(minutes, ["level_shift"], n_events=2, length="20min", random_state=0)
    assert y.groupby(level=0, sort=False).sum().tolist() == [40, 8, 2]
    with pytest.raises(ValueError, match="length='20min' must be a number of rows or a length of time"):
        make_anomalies(minutes.to_numpy(), length="20min")


def test_the_rows_given_stay_as_they_are_and_a_seed_repeats():
    given = PANEL.copy()
    first, again = (make_anomalies(given, random_state=3)[0] for _ in range(2))
    pd.testing.assert_frame_equal(given, PANEL)
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(make_anomalies(given, random_state=4)[0])


def test_what_changes_nothing_is_no_anomaly():
    rows, y = make_anomalies(np.ones((200, 1)), ["flat", "reverse"], n_events=2, random_state=0)
    assert rows.min() == 1 and y.sum() == 0
    rows, y = make_anomalies(np.ones((200, 1)), ["spike"], n_events=2, size=5, random_state=0)
    assert sorted(np.abs(rows[y == 1, 0] - 1)) == [5, 5]  # a column that never moves has a unit of 1


@pytest.mark.parametrize(
    "options, message",
    [
        ({"kinds": ["spikes"]}, r"kinds=\['spikes'\] must contain at least one of \['spike'"),
        ({"kinds": []}, "must contain at least one"),
        (
            {"n_events": 6},
            "n_events=6 of length=20 do not fit into series 'a' with 300 rows: each event needs 60",
        ),
        ({"size": 0}, "The 'size' parameter"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make_anomalies(PANEL, **options)
