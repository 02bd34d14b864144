"""A small factory: machines that report every hour, with holes, and one that fit has not seen."""

import numpy as np
import pandas as pd
import pytest


def make_rows(n_rows, machines, seed, start="2026-03-01"):
    """Return rows of some machines, hour by hour, without some of them."""
    rng = np.random.default_rng(seed)
    parts = []
    for number, machine in enumerate(machines):
        time = pd.date_range(start, periods=n_rows + 5 * number, freq="h")
        phase = 2 * np.pi * np.arange(len(time))[:, None] / 24 + np.arange(2) + number
        values = np.sin(phase) + rng.normal(scale=0.3, size=(len(time), 2))
        is_there = rng.random(len(time)) > 0.04
        is_there[n_rows - 60 : n_rows - 55] = False  # a gap, after those of fit
        index = pd.MultiIndex.from_product([[machine], time[is_there]], names=["machine", "time"])
        parts.append(pd.DataFrame(values[is_there], index, columns=["load", "heat"]))
    return pd.concat(parts)


@pytest.fixture(scope="session")
def factory():
    """Return the rows of fit, their labels, and later rows."""
    X = make_rows(270, ["a", "b"], 0)
    time = X.index.get_level_values(1)
    cut = pd.Timestamp("2026-03-08 12:00")
    train, later = X[time < cut], X[time >= cut]
    y = (train["load"].abs() > 1.2).astype(int)
    return train, y, pd.concat([later, make_rows(90, ["new"], 1, "2026-03-09")])
