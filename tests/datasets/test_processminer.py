import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import load_processminer


@pytest.mark.parametrize("layout", ["tiny_home", "zipped_home"])
def test_csv_and_zip(layout, request):
    X, y = load_processminer(data_home=request.getfixturevalue(layout), return_X_y=True)

    times = ["1999-05-01 00:00", "1999-05-01 00:02", "1999-12-31 23:58"]
    assert X.index.equals(pd.DatetimeIndex(times))
    assert X.index.name == "time"
    assert y.tolist() == [0, 1, 0]
    assert y.name == "anomaly"


def test_categorical_sensors_are_kept_on_request(tiny_home):
    without = load_processminer(data_home=tiny_home).data
    all_sensors = load_processminer(drop_categorical=False, data_home=tiny_home).data

    assert list(all_sensors) == [f"x{i}" for i in range(1, 62)]
    pd.testing.assert_frame_equal(without, all_sensors.drop(columns=["x28", "x61"]))


def test_real(real_home):
    X, y = load_processminer(drop_categorical=False, data_home=real_home, return_X_y=True)

    assert X.shape == (18_398, 61)
    assert X.notna().all(axis=None)
    assert X.index.is_unique
    assert X.index.is_monotonic_increasing
    assert (np.diff(X.index) != pd.Timedelta("2min")).sum() == 107
    assert y.sum() == 124
    assert y.to_numpy().argmax() == 259
    assert X["x28"].nunique() == 8
    assert X["x61"].nunique() == 2
    assert load_processminer(data_home=real_home).data.shape == (18_398, 59)
