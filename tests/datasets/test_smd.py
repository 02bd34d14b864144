import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import fetch_smd, load_smd

SENSORS = [f"x{number}" for number in range(1, 39)]


@pytest.mark.parametrize(
    "subset, rows, labels",
    [("train", [0, 1, 2], [0, 0, 0]), ("test", [3, 4, 5], [0, 1, 1]), ("all", range(6), [0, 0, 0, 0, 1, 1])],
)
def test_one_machine(subset, rows, labels, tiny_home):
    X, y = load_smd("machine-9-1", subset=subset, data_home=tiny_home, return_X_y=True)

    assert X.columns.tolist() == SENSORS
    assert X["x2"].tolist() == [38 * row + 1 for row in rows]
    assert X.index.tolist() == list(rows)
    assert y.tolist() == labels


def test_several_machines(tiny_home):
    for names in (None, ["machine-9-1"]):
        X = load_smd(names, data_home=tiny_home).data
        assert X.index.tolist() == [("machine-9-1", row) for row in range(6)]


def test_text_files_of_the_data_set(tmp_path):
    values = np.arange(4 * 38).reshape(4, 38) / 8
    for folder, part in [("train", values[:1]), ("test", values[1:]), ("test_label", [[0], [1], [0]])]:
        (tmp_path / "smd" / folder).mkdir(parents=True)
        pd.DataFrame(part).to_csv(tmp_path / "smd" / folder / "machine-9-2.txt", header=False, index=False)
    X, y = load_smd("machine-9-2", data_home=tmp_path, return_X_y=True)

    np.testing.assert_array_equal(X, values)
    assert y.tolist() == [0, 0, 1, 0]
    assert len(load_smd(subset="train", data_home=tmp_path).data) == 1


def test_a_machine_that_is_there_in_arrays_is_not_fetched(tiny_home):
    (tiny_home / "smd/machine-9-1.npz").rename(tiny_home / "smd/machine-1-1.npz")
    X = fetch_smd("machine-1-1", data_home=tiny_home).data

    pd.testing.assert_frame_equal(X, load_smd("machine-1-1", data_home=tiny_home).data)


def test_real_all(real_home):
    index = pd.read_csv(f"{real_home}/smd/index.csv", index_col="machine")
    X, y = load_smd(subset="test", data_home=real_home, return_X_y=True)

    assert X.columns.tolist() == SENSORS
    assert X.notna().to_numpy().all()
    assert y.groupby(level="series").sum().to_dict() == index["n_anomalous"].to_dict()
    assert y.groupby(level="series").size().to_dict() == index["n_test"].to_dict()
