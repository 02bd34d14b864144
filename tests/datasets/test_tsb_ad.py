import pandas as pd
import pytest

from sktsad.datasets import load_tsb_ad

A, B = "001_A_id_1_Sensor_tr_2_1st_3", "002_B_id_1_Sensor_tr_4_1st_3"


@pytest.mark.parametrize("name", [A, A + ".csv"])
@pytest.mark.parametrize("subset, rows", [("train", [0, 1]), ("test", [2, 3, 4]), ("all", range(5))])
def test_the_name_says_how_many_rows_are_to_fit(name, subset, rows, tiny_home):
    X, y = load_tsb_ad(name, subset=subset, data_home=tiny_home, return_X_y=True)

    assert X["value"].tolist() == X.index.tolist() == list(rows)
    assert y.tolist() == [int(row == 3) for row in rows]


@pytest.mark.parametrize("names", [None, [A, B + ".csv"]])
def test_several_series(names, tiny_home):
    y = load_tsb_ad(names, subset="test", data_home=tiny_home).target

    assert y.index.tolist() == [(A, 2), (A, 3), (A, 4), (B, 4)]
    assert y.tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("columns, names", [(["Data"], ["value"]), (["cpu", "net"], ["x1", "x2"])])
def test_csv_files_of_the_benchmark(columns, names, tmp_path):
    (tmp_path / "tsb_ad" / "TSB-AD").mkdir(parents=True)
    table = pd.DataFrame({name: [0.5, 1.0, 2.0] for name in columns} | {"Label": [0, 0, 1]})
    table.to_csv(tmp_path / "tsb_ad" / "TSB-AD" / f"{A}.csv", index=False)
    (tmp_path / "tsb_ad" / "figures.csv").write_text("no series")
    X, y = load_tsb_ad(data_home=tmp_path, return_X_y=True)

    assert X.columns.tolist() == names
    assert X[names[-1]].tolist() == [0.5, 1, 2]
    assert y.tolist() == [0, 0, 1]
    assert X.index.unique("series").tolist() == [A]


def test_real_all(real_home):
    index = pd.read_csv(f"{real_home}/tsb_ad/tuning/index.csv", index_col="file")
    X, y = load_tsb_ad(data_home=real_home, return_X_y=True)
    train = load_tsb_ad(subset="train", data_home=real_home).data

    names = index.index.str.removesuffix(".csv")
    assert set(names) <= set(X.index.unique("series"))
    for name, expected in index.set_axis(names).iterrows():
        assert (len(y[name]), y[name].sum()) == (expected["n_rows"], expected["n_anomalous"])
        assert len(train.loc[name]) == expected["train_rows"]
    assert X["value"].notna().all()
