from pathlib import Path

import pandas as pd
import pytest

from sktsad.datasets import load_nab

#: Rows dropped of the files which repeat time stamps, as the docstring of load_nab states them.
MENDED = {
    "realAWSCloudwatch/ec2_disk_write_bytes_1ef3de": 11,
    "realAWSCloudwatch/ec2_network_in_5abac7": 11,
    "realAdExchange/exchange-2_cpc_results": 1,
    "realAdExchange/exchange-2_cpm_results": 1,
    "realKnownCause/ec2_request_latency_system_failure": 11,
    "realKnownCause/machine_temperature_system_failure": 12,
    "realTraffic/occupancy_t4013": 1,
    "realTraffic/speed_t4013": 1,
}


@pytest.mark.parametrize("name", ["fake/calm", "fake/calm.csv"])
def test_one_series_without_anomaly(name, tiny_home):
    X, y = load_nab(name, data_home=tiny_home, return_X_y=True)

    assert X.index.equals(pd.date_range("2024-01-01", periods=6, freq="1min"))
    assert X.index.name == "time"
    assert list(X) == ["value"]
    assert y.tolist() == [0] * 6
    assert y.name == "anomaly"


def test_time_is_fixed_and_window_ends_are_included(tiny_home):
    X, y = load_nab("real/torn", data_home=tiny_home, return_X_y=True)

    assert X.index.equals(pd.date_range("2024-01-01", periods=5, freq="1min"))
    assert X["value"].tolist() == [0.0, 4.0, 1.0, 3.0, 6.0]
    assert y.tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize("names", [None, ["fake/calm", "real/torn.csv"]])
def test_several_series(names, tiny_home):
    X, y = load_nab(names, data_home=tiny_home, return_X_y=True)

    assert X.index.names == ["series", "time"]
    assert X.index.unique("series").tolist() == ["fake/calm", "real/torn"]
    assert X["value"].dtype == "float64"
    assert y.groupby("series").sum().tolist() == [0, 3]


def test_unknown_name_is_named_beside_those_there_are(tiny_home):
    with pytest.raises(ValueError, match=r"no series \['calm'\]. Available are \['fake/calm', 'real/torn'\]"):
        load_nab("calm", data_home=tiny_home)


def test_missing_series_is_named(tiny_home):
    path = tiny_home / "nab/data/fake/calm.csv"
    path.unlink()

    with pytest.raises(FileNotFoundError) as info:
        load_nab(data_home=tiny_home)
    assert str(path) in str(info.value)


def test_real_all(real_home):
    X, y = load_nab(data_home=real_home, return_X_y=True)

    assert len(X) == 365_558 - sum(MENDED.values()) == 365_509
    assert y.sum() == 33_495
    assert len(X.index.unique("series")) == 58
    assert X.index.is_unique
    assert X.index.is_monotonic_increasing
    assert X["value"].notna().all()
    assert (y.groupby("series").sum() == 0).sum() == 6
    assert y.groupby("series").apply(lambda one: (one.diff() == 1).sum()).sum() == 116


def test_real_mending_is_as_documented(real_home):
    dropped, unsorted = {}, []
    for path in sorted(Path(real_home, "nab/data").glob("*/*.csv")):
        name = f"{path.parent.name}/{path.stem}"
        raw = pd.read_csv(path, index_col="timestamp", parse_dates=True)["value"]
        X = load_nab(name, data_home=real_home).data
        if len(X) < len(raw):
            dropped[name] = len(raw) - len(X)
        if not raw.index.is_monotonic_increasing:
            unsorted.append(name)
        assert all(X["value"] == raw[~raw.index.duplicated()].sort_index())

    assert dropped == MENDED
    assert unsorted == ["realKnownCause/machine_temperature_system_failure"]
    for name in dropped:
        assert name in load_nab.__doc__
    assert "drops 49 of 365,558" in load_nab.__doc__
    assert "drops 49 of 365,558" in load_nab(name, data_home=real_home).DESCR.replace("\n", " ")
