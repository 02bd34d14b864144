import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import load_ucr_anomaly


@pytest.mark.parametrize(
    "subset, rows, labels",
    [("train", [0, 1, 2], [0, 0, 0]), ("test", [3, 4, 5], [0, 1, 1]), ("all", range(6), [0, 0, 0, 0, 1, 1])],
)
def test_one_series(subset, rows, labels, tiny_home):
    X, y = load_ucr_anomaly("calm", subset=subset, data_home=tiny_home, return_X_y=True)

    assert X["value"].tolist() == X.index.tolist() == list(rows)
    assert X.index.name == "time"
    assert X["value"].dtype == "float64"
    assert y.tolist() == labels


@pytest.mark.parametrize("names", [None, np.array(["DISTORTEDcalm", "calm"])])
def test_several_series(names, tiny_home):
    X, y = load_ucr_anomaly(names, subset="test", data_home=tiny_home, return_X_y=True)

    assert X.index.names == ["series", "time"]
    assert X.index.tolist() == [(name, row) for name in ("DISTORTEDcalm", "calm") for row in (3, 4, 5)]
    assert y.tolist() == [0, 1, 1] * 2


def test_unknown_name_is_named_beside_those_there_are(tiny_home):
    with pytest.raises(ValueError, match=r"no series \['storm'\]. Available are \['DISTORTEDcalm', 'calm'\]"):
        load_ucr_anomaly("storm", data_home=tiny_home)


@pytest.mark.parametrize("separator", ["\n", "  "])
@pytest.mark.parametrize(
    "stop, labels", [(5, [0, 0, 0, 0, 1, 0]), (4, [0, 0, 0, 0, 1, 0]), (6, [0, 0, 0, 0, 1, 1])]
)
def test_text_files_of_the_archive(separator, stop, labels, tmp_path):
    (tmp_path / "ucr").mkdir()
    text = separator.join(str(number / 2) for number in range(6)) + "\n"
    (tmp_path / "ucr" / f"007_UCR_Anomaly_two_words_2_4_{stop}.txt").write_text(text)
    X, y = load_ucr_anomaly("two_words", data_home=tmp_path, return_X_y=True)

    assert X["value"].tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    assert y.tolist() == labels
    assert len(load_ucr_anomaly("two_words", subset="train", data_home=tmp_path).data) == 2


def test_real_all(real_home):
    index = pd.read_csv(f"{real_home}/ucr/index.csv", index_col="name")
    X, y = load_ucr_anomaly(subset="test", data_home=real_home, return_X_y=True)

    assert X.index.unique("series").tolist() == sorted(index.index)
    assert X["value"].notna().all()
    for name, series in y.groupby(level="series"):
        rows = np.flatnonzero(series)
        expected = index.loc[name]
        assert len(series) == expected["n_test"]
        assert series.index[0] == (name, expected["n_train"])
        assert rows.tolist() == list(range(expected["first_anomalous"], expected["last_anomalous"] + 1))
