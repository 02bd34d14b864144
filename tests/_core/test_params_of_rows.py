"""Weights and other parameters with a value per row."""

import numpy as np
import pandas as pd
import pytest

from sktsad._core import check_params_of_rows, check_weights, params_of_rows

ROWS = pd.DataFrame(np.zeros((4, 2)), pd.date_range("2026", periods=4))


def test_parameters_with_a_value_per_row_are_cut():
    X = np.zeros((4, 2))
    params = {
        "weight": [1, 2, 3, 4],
        "index": pd.Series([5, 6, 7, 8]),
        "text": "abcd",
        "map": dict.fromkeys(range(4)),
        "n": 3,
    }
    cut = params_of_rows(params, X, np.array([3, 1]))
    assert cut["weight"] == [4, 2]
    assert cut["index"].tolist() == [8, 6]
    assert (cut["text"], cut["map"], cut["n"]) == ("abcd", params["map"], 3)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, np.nan, 1, 1], "sample_weight contains NaN"),
        ([1, np.inf, 1, 1], "sample_weight contains infinity"),
        ([1, -1, 1, 1], "Negative values in data passed to `sample_weight`"),
        ([0, 0, 0, 0], "sample_weight is 0 for every row"),
        ([1, 1, 1], r"sample_weight.shape == \(3,\)"),
        ([[1, 1]] * 4, "Sample weights must be 1D"),
        (["1"] * 4, "sample_weight must be numbers, one per row, got <U1"),
        (ROWS.index, "sample_weight must be numbers, one per row, got datetime64"),
        ({1.0, 2.0, 3.0, 4.0}, "sample_weight must be numbers, one per row, got set"),
        (np.array([1, 2, 1, 1]) * 1j, "sample_weight must be numbers, one per row, got complex128"),
        (np.ma.array([1.0, 2, 3, 4], mask=[0, 0, 1, 0]), "masked weights"),
        (pd.Series([1.0, 2, 3, 4], ROWS.index[::-1]), "X and sample_weight have different indexes"),
    ],
)
def test_what_is_no_weight_is_refused_before_another_library_reads_it(weight, message):
    with pytest.raises(ValueError, match=message):
        check_weights(weight, ROWS)
    with pytest.raises(ValueError, match=message):
        check_params_of_rows({"sample_weight": weight}, ROWS)


@pytest.mark.parametrize(
    "weight",
    [
        [1, 2, 0, 4],
        np.array([True, False, True, True]),
        pd.Series([1, 2, 3, 4.5]),
        np.ma.array([1.0, 2, 3, 4]),
        2,
    ],
)
def test_weights_are_numbers_one_per_row(weight):
    found = check_weights(weight, ROWS)
    np.testing.assert_array_equal(found, np.broadcast_to(np.asarray(weight, dtype=float), 4))
    assert found.dtype == float
    assert list(check_params_of_rows({"sample_weight": weight, "other": None}, ROWS)) == ["sample_weight"]


def test_another_parameter_of_rows_is_named_if_its_index_differs():
    with pytest.raises(ValueError, match="X and groups have different indexes"):
        check_params_of_rows({"groups": pd.Series([1, 2, 3, 4], ROWS.index[::-1])}, ROWS)
