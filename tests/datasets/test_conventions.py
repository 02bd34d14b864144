"""What every loader promises."""

import pandas as pd
import pytest
from sklearn.utils import Bunch

import sktsad.datasets
from sktsad.datasets import (
    load_aiops_kpi,
    load_ecg5000,
    load_mnist,
    load_nab,
    load_processminer,
    load_smd,
    load_tsb_ad,
    load_ucr_anomaly,
)

LOADERS = [
    *[load_aiops_kpi, load_ecg5000, load_mnist, load_nab],
    *[load_processminer, load_smd, load_tsb_ad, load_ucr_anomaly],
]


def test_all_is_what_is_public():
    public = {name for name in vars(sktsad.datasets) if name.startswith(("load_", "make_", "get_"))}

    assert public == set(sktsad.datasets.__all__)
    of_sources = {name for name in public if name.startswith("load_")} - {"load_folder"}
    assert {loader.__name__ for loader in LOADERS} == of_sources


@pytest.mark.parametrize("loader", LOADERS)
def test_bunch_and_tuple_hold_the_same(loader, tiny_home):
    bunch = loader(data_home=tiny_home)
    X, y = loader(data_home=tiny_home, return_X_y=True)

    assert type(bunch) is Bunch
    assert set(bunch) == {"data", "target", "DESCR"}
    pd.testing.assert_frame_equal(bunch.data, X)
    pd.testing.assert_series_equal(bunch.target, y)
    assert y.dtype == "int64"
    assert y.index.equals(X.index)
    assert y.name not in X.columns
    for word in ("source", "licence", "changed"):
        assert word in bunch.DESCR.lower()


@pytest.mark.parametrize("loader", LOADERS)
def test_data_home_comes_from_the_environment(loader, tiny_home, monkeypatch):
    monkeypatch.setenv("SKTSAD_DATA", str(tiny_home))

    pd.testing.assert_frame_equal(loader().data, loader(data_home=tiny_home).data)


@pytest.mark.parametrize(
    ("loader", "file", "source"),
    [
        (load_aiops_kpi, "aiops_kpi/*.csv.gz", "NetManAIOps/KPI-Anomaly-Detection"),
        (load_ecg5000, "ecg5000/ECG5000_TRAIN.txt", "44794"),
        (load_mnist, "mnist/mnist.npz", "mnist_784"),
        (load_nab, "nab/labels/combined_windows.json", "numenta/NAB"),
        (load_processminer, "processminer/processminer-rare-event-mts.zip", "arXiv 1809.10717"),
        (load_smd, "smd/machine-*.npz", "NetManAIOps/OmniAnomaly"),
        (load_tsb_ad, "tsb_ad/**/*_tr_*_1st_*.npz", "TheDatumOrg/TSB-AD"),
        (load_ucr_anomaly, "ucr/*.npz", "CSTCloudOps/datasets"),
    ],
)
def test_missing_file_names_path_source_and_how_to_choose(loader, file, source, tmp_path):
    with pytest.raises(FileNotFoundError) as info:
        loader(data_home=tmp_path)

    message = str(info.value)
    for part in (str(tmp_path / file), source, "data_home", "SKTSAD_DATA", "~/sktsad_data"):
        assert part in message
    assert "http" not in message


@pytest.mark.parametrize(
    ("loader", "file"),
    [
        (load_ecg5000, "ecg5000/ECG5000_TRAIN.txt"),
        (load_nab, "nab/labels/combined_windows.json"),
        (load_processminer, "processminer/processminer-rare-event-mts - data.csv"),
    ],
)
def test_changed_file_names_file_and_both_sums(loader, file, tiny_home):
    path = tiny_home / file
    path.write_bytes(b"")

    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(ValueError, match=rf"{path.name}.* expected SHA-256 [0-9a-f]{{64}}, found {empty}"):
        loader(data_home=tiny_home)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("parameter", ["data_home", "return_X_y"])
def test_wrong_parameter_is_named(loader, parameter):
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of {loader.__name__}"):
        loader(**{parameter: 3.5})
