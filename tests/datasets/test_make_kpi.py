import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from sktsad.datasets import make_kpi

KINDS = ("spike", "level_shift", "drift")


def event_bounds(y):
    """First row of each event, and first row after it."""
    change = np.diff(y.to_numpy(), prepend=0, append=0)
    return np.flatnonzero(change == 1), np.flatnonzero(change == -1)


def f1_of_largest(score, y):
    """F1 when as many rows as there are anomalies are flagged, those with the largest score."""
    flagged = np.zeros(len(y), dtype=int)
    flagged[np.argsort(-np.abs(score))[: y.sum()]] = 1
    return f1_score(y, flagged)


def depart_from_normal(kinds, random_state=0):
    """The events alone, in amplitudes of the season: what is left without noise, season and trend.

    Season and trend are fitted to the normal rows; without noise the fit is exact.
    """
    X, y = make_kpi(4000, kinds=kinds, noise=0, contamination=0.05, random_state=random_state)
    row = np.arange(len(X))
    angle = 2 * np.pi * row / 288
    design = np.column_stack(
        [np.ones_like(row), row, np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    )
    normal = y.to_numpy() == 0
    coef = np.linalg.lstsq(design[normal], X["value"].to_numpy()[normal], rcond=None)[0]
    amplitude = np.hypot(coef[2], coef[3])
    return (X["value"].to_numpy() - design @ coef) / amplitude, y


def test_one_series():
    X, y = make_kpi(random_state=0)

    assert X.shape == (2000, 1)
    assert list(X) == ["value"]
    assert X["value"].dtype == "float64"
    assert X.index.equals(pd.date_range("2024-01-01", periods=2000, freq="5min"))
    assert X.index.name == "time"
    assert y.index.equals(X.index)
    assert y.name == "anomaly"
    assert y.dtype == "int64"
    assert y.sum() == 40


def test_several_series_differ_in_level_scale_and_events():
    X, y = make_kpi(500, n_series=3, random_state=0)

    assert X.index.names == ["series", "time"]
    assert X.index.unique("series").tolist() == ["kpi_0", "kpi_1", "kpi_2"]
    assert X.index.is_unique
    assert y.index.equals(X.index)
    assert (y.groupby("series").sum() == 10).all()
    assert X["value"].groupby("series").std().nunique() == 3
    assert X["value"].groupby("series").mean().nunique() == 3
    assert not y.loc["kpi_0"].equals(y.loc["kpi_1"])


def test_first_series_stay_the_same_when_more_are_asked_for():
    X_one, y_one = make_kpi(500, random_state=3)
    X, y = make_kpi(500, n_series=2, random_state=3)

    pd.testing.assert_frame_equal(X.loc["kpi_0"], X_one, check_freq=False)
    pd.testing.assert_series_equal(y.loc["kpi_0"], y_one, check_freq=False)


def test_random_state_decides():
    X, y = make_kpi(random_state=0)
    X_again, y_again = make_kpi(random_state=np.random.RandomState(0))
    X_other, _ = make_kpi(random_state=1)

    pd.testing.assert_frame_equal(X, X_again)
    pd.testing.assert_series_equal(y, y_again)
    assert not np.allclose(X, X_other)


@given(
    n_samples=st.integers(10, 600),
    contamination=st.floats(0, 0.2),
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3),
    random_state=st.integers(0, 2**32 - 1),
)
def test_anomalous_rows_are_exact_in_number_and_events_apart(n_samples, contamination, kinds, random_state):
    n_anomalous = round(contamination * n_samples)
    if n_anomalous == 0:
        contamination = 0
    X, y = make_kpi(n_samples, contamination=contamination, kinds=kinds, random_state=random_state)
    first, after = event_bounds(y)

    assert np.isfinite(X).all(axis=None)
    assert y.sum() == n_anomalous
    assert (first[1:] - after[:-1] >= 3).all()
    assert (after - first <= 12).all()


@given(n_samples=st.integers(1000, 3000), random_state=st.integers(0, 2**32 - 1))
def test_every_quarter_has_events(n_samples, random_state):
    _, y = make_kpi(n_samples, contamination=0.1, random_state=random_state)
    first, _ = event_bounds(y)

    assert len(first) >= 10
    assert np.unique(4 * first // n_samples).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("kind", "shortest", "longest"), [("spike", 1, 2), ("level_shift", 4, 10), ("drift", 6, 12)]
)
def test_kinds_have_their_length_size_and_course(kind, shortest, longest):
    departure, y = depart_from_normal([kind])
    first, after = event_bounds(y)
    whole = [np.abs(departure[a:b]) for a, b in zip(first, after, strict=True) if b - a >= shortest]

    assert len(whole) >= len(first) - 1  # one may be cut short
    for event in whole:
        assert len(event) <= longest
        assert 0.6 - 1e-6 <= event[-1] <= 1.2 + 1e-6
        course = np.arange(1, len(event) + 1) / len(event) if kind == "drift" else 1
        np.testing.assert_allclose(event, event[-1] * course, rtol=1e-6)
    assert {np.sign(departure[a]) for a in first} == {-1, 1}
    assert np.abs(departure[y == 0]).max() < 1e-6


def test_all_kinds_appear_unless_left_out():
    first, after = event_bounds(make_kpi(random_state=0)[1])
    assert (after - first).min() <= 2
    assert (after - first).max() >= 6

    first, after = event_bounds(make_kpi(kinds=("spike",), random_state=0)[1])
    assert (after - first).max() <= 2


def test_season_trend_and_noise():
    X, y = make_kpi(2880, period=288, contamination=0, trend=0, noise=0, random_state=0)
    value = X["value"].to_numpy()
    np.testing.assert_allclose(value[288:], value[:-288])
    assert np.ptp(value) > 0
    assert y.sum() == 0
    again, _ = make_kpi(2880, period="1D", contamination=0, trend=0, noise=0, random_state=0)
    pd.testing.assert_frame_equal(X, again)
    with pytest.raises(ValueError, match="period='9min' must be at least two steps of 5min"):
        make_kpi(period="9min")

    rising = make_kpi(2880, contamination=0, trend=2, noise=0, random_state=0)[0]["value"].to_numpy()
    falling = make_kpi(2880, contamination=0, trend=-2, noise=0, random_state=0)[0]["value"].to_numpy()
    step = rising[288:] - rising[:-288]
    np.testing.assert_allclose(step, step[0])
    assert step[0] > 0
    np.testing.assert_allclose(rising - value, value - falling)

    noisy = make_kpi(2880, contamination=0, trend=0, noise=0.5, random_state=0)[0]["value"].to_numpy()
    quiet = make_kpi(2880, contamination=0, trend=0, noise=0.1, random_state=0)[0]["value"].to_numpy()
    assert np.std(np.diff(noisy)) > 4 * np.std(np.diff(quiet))


def test_step_is_the_time_between_rows():
    X, _ = make_kpi(100, step="1h", random_state=0)

    assert (np.diff(X.index) == pd.Timedelta("1h")).all()


def test_events_hide_from_a_global_threshold_but_not_from_a_local_model():
    from_mean, from_neighbours = [], []
    for random_state in range(20):
        X, y = make_kpi(random_state=random_state)
        value = X["value"]
        from_mean.append(f1_of_largest(value - value.mean(), y))
        from_neighbours.append(
            f1_of_largest(value - value.rolling(25, center=True, min_periods=1).median(), y)
        )

    assert np.mean(from_mean) < 0.4
    assert np.mean(from_neighbours) > 0.7


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_samples", 9),
        ("n_series", 0),
        ("period", 1),
        ("contamination", 0.21),
        ("contamination", -0.1),
        ("kinds", "spike"),
        ("noise", -1),
        ("noise", np.inf),
        ("trend", np.inf),
        ("trend", None),
        ("step", 5),
        ("random_state", "seed"),
    ],
)
def test_wrong_parameter_is_named(parameter, value):
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of make_kpi must be"):
        make_kpi(**{parameter: value})


@pytest.mark.parametrize("kinds", [(), ["spike", "dip"]])
def test_wrong_kinds_show_the_right_ones(kinds):
    with pytest.raises(ValueError, match=r"kinds=.*'spike', 'level_shift', 'drift'"):
        make_kpi(kinds=kinds)


@pytest.mark.parametrize("step", ["soon", "NaT", "0min", "-5min"])
def test_wrong_step_shows_a_right_one(step):
    with pytest.raises(ValueError, match=f"step='{step}' must be a positive time such as"):
        make_kpi(step=step)


def test_contamination_of_less_than_a_row_is_refused():
    with pytest.raises(ValueError, match=r"contamination=0.01 of n_samples=20 is less than one row"):
        make_kpi(20, contamination=0.01)
