import numpy as np
import pandas as pd
import pytest

from sktsad.datasets import load_mnist


@pytest.mark.parametrize(
    ("subset", "digits"), [("train", [5, 0, 9]), ("test", [7, 2]), ("all", [5, 0, 9, 7, 2])]
)
def test_subsets(subset, digits, tiny_home):
    X, y = load_mnist(subset, data_home=tiny_home, return_X_y=True)

    assert X.shape == (len(digits), 784)
    assert list(X) == [f"pixel{i}" for i in range(784)]
    assert X.index.equals(pd.RangeIndex(len(digits)))
    assert (X.dtypes == "uint8").all()
    assert y.tolist() == digits
    assert y.name == "digit"


def test_pixels_go_row_by_row(tiny_home):
    X = load_mnist(data_home=tiny_home).data

    np.testing.assert_array_equal(X.loc[1], np.arange(784, 2 * 784) % 256)


def test_wrong_subset_is_named():
    with pytest.raises(ValueError, match="'subset' parameter of load_mnist"):
        load_mnist("validation")


@pytest.mark.parametrize(
    ("subset", "counts"),
    [
        ("train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("test", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    ],
)
def test_real(subset, counts, real_home):
    X, y = load_mnist(subset, data_home=real_home, return_X_y=True)

    assert X.shape == (sum(counts), 784)
    assert np.bincount(y).tolist() == counts
    assert X.to_numpy().max() == 255
