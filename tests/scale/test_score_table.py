"""Tables with series and time in columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from sktsad import ZScoreDetector
from sktsad.scale import score_table

NAMES = {"series": "series", "time": "time"}


def test_rows_in_any_order_get_the_scores_of_one_call(model, table, scores):
    found = score_table(model, table, **NAMES)
    assert found.index.equals(table.index)
    assert list(found) == ["series", "time", "score", "status"]
    np.testing.assert_array_equal(found.set_index(["series", "time"])["score"].loc[scores.index], scores)
    assert (found["status"] == "scored").all()


def test_columns_are_those_of_fit_in_their_order_or_those_named():
    fitted = pd.DataFrame({"b": [0.0, 1.0, 2.0], "a": [5.0, 6.0, 7.0]})
    model = ZScoreDetector(threshold=0.0).fit(fitted)
    table = fitted[["a", "b"]].assign(series="x", time=[0, 1, 2], other="text")
    np.testing.assert_array_equal(
        score_table(model, table, **NAMES)["score"], model.decision_function(fitted)
    )
    nameless = ZScoreDetector(threshold=0.0).fit(fitted.to_numpy())
    found = score_table(nameless, table, columns=["b", "a"], **NAMES)["score"]
    np.testing.assert_array_equal(found, nameless.decision_function(fitted.to_numpy()))
    found = score_table(nameless, table[["b", "series", "a", "time"]], **NAMES)["score"]
    np.testing.assert_array_equal(found, nameless.decision_function(fitted.to_numpy()))


def test_a_classifier_gives_its_decision(table):
    X, y = table[["value"]], table["label"]
    model = LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(score_table(model, table, **NAMES)["score"], model.decision_function(X))


def test_a_table_without_rows_gives_one_without_rows(model, table):
    found = score_table(model, table[:0], **NAMES)
    assert len(found) == 0 and found["score"].dtype == float
    assert found.dtypes.equals(score_table(model, table, **NAMES).dtypes)


def test_a_column_that_is_not_there_is_named(model, table):
    with pytest.raises(ValueError, match="series='host' is not a column of the table"):
        score_table(model, table, series="host", time="time")
    with pytest.raises(ValueError, match="time='at' is not a column"):
        score_table(model, table, series="series", time="at")
    with pytest.raises(ValueError, match="columns: 'load' is not a column"):
        score_table(model, table, columns=["load"], **NAMES)
    with pytest.raises(ValueError, match="must be different columns"):
        score_table(model, table, series="time", time="time")
