"""Code shared by both estimators along the series: parameters, schedules, numbers of series."""

import numpy as np
import pandas as pd
import pytest
from skorch.callbacks import LRScheduler

from sktsad import StatefulForecastDetector, StatefulRNNClassifier
from sktsad.neural._along_series import _wants_cycle, layout_of, number_series, segments_of
from sktsad.neural._row_layout import check_rows

each = pytest.mark.parametrize("make", [StatefulRNNClassifier, StatefulForecastDetector])


@each
def test_every_parameter_has_its_rule(make):
    model = make()
    assert set(model.get_params(deep=False)) == set(make._parameter_constraints)


@each
def test_parameters_of_networks_and_strands_have_the_same_defaults(make):
    same = set(StatefulRNNClassifier().get_params()) & set(StatefulForecastDetector().get_params())
    same -= {"loss", "lr"}
    assert len(same) > 25
    for name in same:
        assert getattr(make(), name) == getattr(StatefulRNNClassifier(), name)


@each
def test_the_learning_rate_has_a_cycle_unless_another_schedule_is_there(make):
    assert _wants_cycle(make())
    assert not _wants_cycle(make(lr_schedule="constant"))
    assert not _wants_cycle(make(callbacks=[("own", LRScheduler())]))


def test_series_that_are_not_known_have_no_number_and_nan_is_rest():
    index = pd.MultiIndex.from_product([["b", "a"], [0, 1]])
    X = pd.DataFrame({"x": np.zeros(4)}, index)
    model = StatefulRNNClassifier("gru", hidden_size=1, max_epochs=1).fit(X, [0, 1, 0, 1])
    layout = layout_of(model, check_rows(model, X, reset=False), None)
    assert model._series_numbers == number_series(layout)
    assert segments_of(model, layout, None).series.tolist() == [0, 1]
    del model._series_numbers["b"]
    segments = segments_of(model, layout, np.array([[np.nan], [3.0]]))
    assert segments.series.tolist() == [-1, 1]
    assert segments.first_states.tolist() == [[[[0]]], [[[3]]]]
