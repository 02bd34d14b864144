import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import load_aiops_kpi


def test_one_series(tiny_home):
    X, y = load_aiops_kpi("a1", data_home=tiny_home, return_X_y=True)

    times = ["2017-04-30 16:00", "2017-04-30 16:01", "2017-04-30 16:03"]
    assert X.index.equals(pd.DatetimeIndex(times))
    assert X.index.name == "time"
    assert list(X) == ["value"]
    assert X["value"].tolist() == [1.5, 2.0, 3.0]
    assert y.tolist() == [0, 0, 1]
    assert y.name == "anomaly"


@pytest.mark.parametrize(
    ("ids", "order"), [(None, ["a1", "b2"]), (["b2", "a1"], ["b2", "a1"]), (("b2",), ["b2"])]
)
def test_several_series(ids, order, tiny_home):
    X, y = load_aiops_kpi(ids, data_home=tiny_home, return_X_y=True)

    assert X.index.names == ["series", "time"]
    assert X.index.unique("series").tolist() == order
    for name in order:
        X_one, y_one = load_aiops_kpi(name, data_home=tiny_home, return_X_y=True)
        pd.testing.assert_frame_equal(X.loc[name], X_one)
        pd.testing.assert_series_equal(y.loc[name], y_one)


@pytest.mark.parametrize("ids", ["c3", ["a1", "c3"]])
def test_unknown_id_is_named_beside_those_there_are(ids, tiny_home):
    with pytest.raises(ValueError, match=r"no series \['c3'\]. Available are \['a1', 'b2'\]"):
        load_aiops_kpi(ids, data_home=tiny_home)


def test_empty_list_is_refused(tiny_home):
    with pytest.raises(ValueError, match="pass None for all"):
        load_aiops_kpi([], data_home=tiny_home)


def test_real_all(real_home):
    X, y = load_aiops_kpi(data_home=real_home, return_X_y=True)

    assert len(X) == 2_476_315
    assert y.sum() == 53_500
    assert len(X.index.unique("series")) == 26
    assert X.index.is_unique
    assert X.index.is_monotonic_increasing
    assert X["value"].notna().all()
    assert set(y) == {0, 1}


def test_real_one(real_home):
    X, y = load_aiops_kpi("02e99bd4f6cfb33f", data_home=real_home, return_X_y=True)

    assert X.shape == (128_562, 1)
    assert y.sum() == 10_550
    assert (y.diff() == 1).sum() == 64
    assert X.index[0] == pd.Timestamp(1493568000, unit="s")
    assert X["value"].iloc[0] == 1.90163934231
    assert y.iloc[0] == 0
    assert (np.diff(X.index) != pd.Timedelta("1min")).sum() == 44


def test_real_small_one(real_home):
    X, y = load_aiops_kpi("046ec29ddf80d62e", data_home=real_home, return_X_y=True)

    assert X.shape == (8784, 1)
    assert y.sum() == 80
    assert (np.diff(X.index) == pd.Timedelta("5min")).all()
