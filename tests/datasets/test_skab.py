import pandas as pd

from sktsad.datasets import load_skab


def test_one_run(tiny_home):
    X, y = load_skab("valve1/0", data_home=tiny_home, return_X_y=True)
    assert X.columns.tolist() == ["Pressure", "Volume Flow RateRMS"]
    assert X["Pressure"].tolist() == [0.1, 0.2, 0.3]
    assert X.index.equals(pd.date_range("2024-01-01", periods=3, freq="min")) and X.index.name == "time"
    assert y.tolist() == [0, 1, 1]


def test_several_runs(tiny_home):
    (tiny_home / "skab/anomaly-free").mkdir()
    (tiny_home / "skab/anomaly-free/anomaly-free.csv").write_text("datetime;Pressure\n2024-01-01;1\n")
    X = load_skab(data_home=tiny_home).data
    assert X.index.get_level_values("series").unique().tolist() == ["other/14", "valve1/0"]
    assert load_skab(["valve1/0", "other/14"], data_home=tiny_home).data.index[0][0] == "valve1/0"


def test_the_first_400_rows_are_for_fitting(tiny_home):
    path = tiny_home / "skab/valve2/1.csv"
    path.parent.mkdir()
    time = pd.date_range("2024-01-01", periods=500, freq="s", name="datetime")
    pd.DataFrame({"Current": range(500), "anomaly": 0.0, "changepoint": 0.0}, time).to_csv(path, sep=";")
    train, test = (load_skab("valve2/1", subset=part, data_home=tiny_home).data for part in ("train", "test"))
    assert train["Current"].tolist() == list(range(400))
    assert test["Current"].tolist() == list(range(400, 500))
