import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning

from sktsad._core._validation import check_labels, warn_if_anomaly_is_a_guess

X = np.zeros((3, 1))


@pytest.mark.parametrize("y", [[0, 1, 0], pd.Series([0, 1, 0], index=[5, 6, 7]), np.array([0.0, 1.0, 0.0])])
def test_labels_come_back_as_an_array(y):
    labels = check_labels(X, y)
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == [0, 1, 0]


def test_a_column_of_labels_is_flattened_with_a_warning():
    with pytest.warns(DataConversionWarning, match="column-vector"):
        assert check_labels(X, [[0], [1], [0]]).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1], "inconsistent numbers of samples"),
        ([0, np.nan, 1], "y contains NaN"),
        ([0.5, 0.1, 0.2], "Unknown label type: continuous"),
        ([[0, 1], [0, 1], [1, 1]], "y should be a 1d array"),
    ],
)
def test_labels_that_are_none_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        check_labels(X, y)


@pytest.mark.parametrize("classes", [[0, 1], [0.0, 1.0], [False, True], [0, 1, 2], [5]])
def test_nothing_is_guessed_of_zero_and_one(classes, recwarn):
    warn_if_anomaly_is_a_guess(np.array(classes))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("classes", "anomaly"), [([-1, 1], "1"), ([1, 2], "2"), (["anomaly", "normal"], "'normal'")]
)
def test_of_other_labels_a_warning_names_the_anomaly(classes, anomaly):
    with pytest.warns(UserWarning, match=f"{anomaly}, the last in sorted order, is taken as the anomaly"):
        warn_if_anomaly_is_a_guess(np.array(classes))
