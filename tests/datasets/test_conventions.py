"""The common contract of the loaders."""

import gzip
import hashlib

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

import sktsad.datasets
from sktsad.datasets import (
    fetch_aiops_kpi,
    fetch_ecg5000,
    fetch_mnist,
    fetch_nab,
    fetch_skab,
    fetch_smd,
    fetch_tsb_ad,
    fetch_ucr_anomaly,
    load_aiops_kpi,
    load_ecg5000,
    load_mnist,
    load_nab,
    load_processminer,
    load_skab,
    load_smd,
    load_tsb_ad,
    load_ucr_anomaly,
)

#: Each with its loader, and a name to ask for, where there are names.
FETCHERS = [
    (fetch_aiops_kpi, load_aiops_kpi, "a1"),
    (fetch_ecg5000, load_ecg5000, None),
    (fetch_mnist, load_mnist, None),
    (fetch_nab, load_nab, "real/torn.csv"),
    (fetch_skab, load_skab, "valve1/0"),
    (fetch_smd, load_smd, "machine-1-1"),
    (fetch_tsb_ad, load_tsb_ad, "001_A_id_1_Sensor_tr_2_1st_3"),
    (fetch_ucr_anomaly, load_ucr_anomaly, "calm"),
]
LOADERS = [
    *[load_aiops_kpi, load_ecg5000, load_mnist, load_nab],
    *[load_processminer, load_skab, load_smd, load_tsb_ad, load_ucr_anomaly],
]


def test_all_is_what_is_public():
    public = {name for name in vars(sktsad.datasets) if name.startswith(("load_", "fetch_", "make_", "get_"))}

    assert public == set(sktsad.datasets.__all__)
    of_sources = {name for name in public if name.startswith("load_")} - {"load_folder"}
    assert {loader.__name__ for loader in LOADERS} == of_sources
    # One is given on request only.
    assert {name.replace("fetch", "load") for name in public if name.startswith("fetch_")} == of_sources - {
        "load_processminer"
    }
    assert {fetch.__name__ for fetch, _, _ in FETCHERS} == {
        name for name in public if name.startswith("fetch_")
    }


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
        (load_skab, "skab/[vo]*/*.csv", "waico/SKAB"),
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


@pytest.fixture
def public_site(site, tiny_home, monkeypatch):
    """The tiny data sets as their authors lay them out on the web."""

    def serve(module, attribute, path, files):
        monkeypatch.setattr(f"sktsad.datasets.{module}._URL", site.url + attribute)
        site.files |= {f"/{attribute}{path}{name}": content for name, content in files.items()}

    def read(pattern):
        return {path.relative_to(tiny_home).as_posix(): path.read_bytes() for path in tiny_home.glob(pattern)}

    kpis = {
        name[len("aiops_kpi/") : -len(".csv.gz")]: gzip.decompress(content)
        for name, content in read("aiops_kpi/*").items()
    }
    rows = [row + f",{name}\n" for name, text in kpis.items() for row in text.decode().splitlines()[1:]]
    table = "".join(["timestamp,value,label,KPI ID\n", *sorted(rows)])  # rows of all series, mixed
    serve("_aiops_kpi", "train.csv", "", {"": table.encode()})
    sums = {f"aiops_kpi/{name}.csv.gz": hashlib.sha256(text).hexdigest() for name, text in kpis.items()}
    monkeypatch.setattr("sktsad.datasets._aiops_kpi.known_sums", lambda: sums)

    beats = {f"ECG5000/{name.rpartition('/')[2]}": content for name, content in read("ecg5000/*").items()}
    serve("_ecg5000", "ECG5000.zip", "", {"": site.zipped({"README.md": b"", **beats})})
    serve("_mnist", "mnist.npz", "", {"": read("mnist/*")["mnist/mnist.npz"]})
    nab = {name.removeprefix("nab/"): content for name, content in read("nab/**/*.*").items()}
    serve("_nab", "NAB/master/", "", nab)

    runs = {name.removeprefix("skab/"): content for name, content in read("skab/*/*").items()}
    serve("_skab", "SKAB/data/", "", runs)

    with np.load(tiny_home / "smd/machine-9-1.npz") as arrays:
        parts = {"train": arrays["train"], "test": arrays["test"], "test_label": arrays["label"]}
    text = {
        f"{folder}/machine-1-1.txt": pd.DataFrame(part).to_csv(header=False, index=False).encode()
        for folder, part in parts.items()
    }
    serve("_smd", "Dataset/", "", text)

    one = pd.DataFrame({"Data": np.arange(5.0), "Label": [0, 0, 0, 1, 0]}).to_csv(index=False)
    names = ["001_A_id_1_Sensor_tr_2_1st_3", "002_B_id_1_Sensor_tr_4_1st_3"]
    archive = site.zipped({f"TSB-AD-U/{name}.csv": one for name in names})
    serve("_tsb_ad", "datasets/", "TSB-AD-U.zip", {"": archive})

    series = "\n".join(str(float(value)) for value in range(6))
    names = ["001_UCR_Anomaly_calm_3_4_6.txt", "002_UCR_Anomaly_DISTORTEDcalm_3_4_6.txt"]
    serve(
        "_ucr_anomaly",
        "UCR.zip",
        "",
        {"": site.zipped({f"AnomalyDatasets/{name}": series for name in names})},
    )
    return site


@pytest.mark.parametrize(("fetch", "load", "name"), FETCHERS)
def test_what_is_fetched_is_what_is_loaded_and_comes_once(
    fetch, load, name, public_site, tiny_home, tmp_path_factory
):
    home = tmp_path_factory.mktemp("new") / "home"
    if fetch is fetch_smd:  # of which the tiny folder has a machine that there is not
        (tiny_home / "smd/machine-9-1.npz").rename(tiny_home / "smd/machine-1-1.npz")
    asked = {} if name is None else {"kpi_id" if fetch is fetch_aiops_kpi else "name": name}

    fetched = fetch(**asked, data_home=home, progress=False)
    pd.testing.assert_frame_equal(fetched.data, load(**asked, data_home=tiny_home).data)
    pd.testing.assert_series_equal(fetched.target, load(**asked, data_home=tiny_home).target)

    n_asked = len(public_site.asked)
    X, y = fetch(**asked, data_home=home, progress=False, return_X_y=True)
    assert n_asked == len(public_site.asked) > 0
    pd.testing.assert_frame_equal(X, fetched.data)
    pd.testing.assert_series_equal(y, fetched.target)
    assert not [path for path in home.rglob("*") if "download" in path.name or path.suffix == ".zip"]


@pytest.mark.parametrize("fetch", [fetch_aiops_kpi, fetch_nab, fetch_tsb_ad, fetch_ucr_anomaly])
def test_all_series_are_fetched_where_none_is_named(fetch, public_site, tmp_path_factory):
    y = fetch(data_home=tmp_path_factory.mktemp("new"), progress=False).target
    assert y.index.get_level_values("series").nunique() == 2


def test_only_the_series_that_are_asked_for_are_fetched_and_an_unknown_one_costs_nothing(
    public_site, tmp_path
):
    fetch_nab(["fake/calm"], data_home=tmp_path / "new", progress=False)
    assert public_site.asked == [
        "/NAB/master/labels/combined_windows.json",
        "/NAB/master/data/fake/calm.csv",
    ]
    for fetch, name in [
        (fetch_smd, "machine-4-1"),
        (fetch_aiops_kpi, "c3"),
        (fetch_nab, "calm"),
        (fetch_skab, "0"),
    ]:
        with pytest.raises(ValueError, match=f"There is no series .*{name}.*. Available are"):
            fetch(name, data_home=tmp_path / "new", progress=False)
    assert len(public_site.asked) == 2


@pytest.mark.parametrize("fetch", [fetch_ecg5000, fetch_aiops_kpi])
def test_a_changed_archive_leaves_the_folder_as_it_was(fetch, public_site, tmp_path):
    home = tmp_path / "new"
    path = "/ECG5000.zip" if fetch is fetch_ecg5000 else "/train.csv"
    changed = (
        public_site.zipped({"ECG5000_TRAIN.txt": b"1 2"})
        if fetch is fetch_ecg5000
        else b"timestamp,value,label,KPI ID\n"
    )
    public_site.files[path] = changed
    with pytest.raises(ValueError, match="is not the official file"):
        fetch(data_home=home, progress=False)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("fetch", [fetch for fetch, _, _ in FETCHERS])
def test_without_a_network_the_error_names_the_source_and_the_folder(fetch, public_site, tmp_path):
    public_site.close()
    with pytest.raises(OSError, match=f"could not be downloaded.*by hand.*from .*{tmp_path.name}"):
        fetch(data_home=tmp_path / "new", progress=False)
