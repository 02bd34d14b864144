import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import load_ecg5000


@pytest.mark.parametrize(
    ("subset", "classes"), [("train", [1, 1, 2]), ("test", [5, 1, 3, 4]), ("all", [1, 1, 2, 5, 1, 3, 4])]
)
def test_subsets_and_targets(subset, classes, tiny_home):
    X, y = load_ecg5000(subset, data_home=tiny_home, return_X_y=True)
    _, label = load_ecg5000(subset, multiclass=True, data_home=tiny_home, return_X_y=True)

    assert X.shape == (len(classes), 140)
    assert list(X) == [f"t{i}" for i in range(140)]
    assert X.index.equals(pd.RangeIndex(len(classes)))
    assert y.tolist() == [int(label != 1) for label in classes]
    assert y.name == "anomaly"
    assert label.tolist() == classes
    assert label.dtype == "int64"
    assert label.name == "class"


def test_values(tiny_home):
    X = load_ecg5000("all", data_home=tiny_home).data

    np.testing.assert_allclose(X.loc[1], 1 + np.arange(140) / 100)
    np.testing.assert_allclose(X.loc[3], np.arange(140) / 100)


def test_wrong_subset_is_named():
    with pytest.raises(ValueError, match="'subset' parameter of load_ecg5000"):
        load_ecg5000("validation")


@pytest.mark.parametrize(
    ("subset", "shape", "positives"), [("train", (500, 140), 208), ("test", (4500, 140), 1873)]
)
def test_real(subset, shape, positives, real_home):
    X, y = load_ecg5000(subset, data_home=real_home, return_X_y=True)
    label = load_ecg5000(subset, multiclass=True, data_home=real_home).target

    assert X.shape == shape
    assert X.notna().all(axis=None)
    assert y.sum() == positives
    assert set(label) == {1, 2, 3, 4, 5}
    assert label.is_monotonic_increasing == (subset == "train")
