"""Features of a series: right values, without a row's own label; unseen series get those of the panel."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sktsad import SeriesFeatures, SeriesSplit

SIZES = {"busy": 40, "calm": 60, "short": 3}


def panel(seed=0, sizes=SIZES):
    """Return rows of series that differ in level, and labels that are frequent in the first."""
    rng = np.random.default_rng(seed)
    frames = []
    for number, (name, size) in enumerate(sizes.items()):
        time = pd.date_range("2026-01-01", periods=size, freq=f"{number + 1}min")
        index = pd.MultiIndex.from_product([[name], time], names=["series", "time"])
        frames.append(pd.DataFrame({"load": 10.0 * number + rng.normal(size=size)}, index))
    X = pd.concat(frames)
    y = pd.Series((rng.random(len(X)) < 0.02).astype(int), X.index)
    if "busy" in sizes:
        y.loc["busy"] = np.tile([0, 0, 0, 1], 10)
    return X, y


def test_columns_are_what_their_names_say():
    X, y = panel()
    names = ["number", "one_hot", "level", "spread", "step", "anomaly_share"]
    out = SeriesFeatures(names, shrinkage=10).fit(X, y).transform(X)
    assert out.index.equals(X.index)
    np.testing.assert_array_equal(out["load"], X["load"])
    for number, (name, size) in enumerate(SIZES.items()):
        own = out.loc[name]
        assert set(own["series_number"]) == {number}
        assert set(own["series_step"]) == {60.0 * (number + 1)}
        assert own[[f"series_{key}" for key in SIZES]].iloc[0].tolist() == [
            float(name == key) for key in SIZES
        ]
        x = X.loc[name, "load"]
        np.testing.assert_allclose(own["load_level"], x.median())
        np.testing.assert_allclose(own["load_spread"], 1.4826 * (x - x.median()).abs().median(), rtol=1e-4)
        share = (y.loc[name].sum() + 10 * y.mean()) / (size + 10)
        np.testing.assert_allclose(own["series_anomaly_share"], share)


def test_the_share_of_a_training_row_is_computed_without_the_rows_near_it():
    X, y = panel()
    model = SeriesFeatures(["anomaly_share"], shrinkage=5, n_folds=4)
    out = model.fit_transform(X, y)["series_anomaly_share"]
    for name, size in SIZES.items():
        parts = np.array_split(np.arange(size), 4)
        for part in parts:
            rows = y.loc[name].index[part]
            rest = y.drop(index=[(name, row) for row in rows])
            others = y.loc[name].drop(index=rows)
            expected = (others.sum() + 5 * rest.mean()) / (len(others) + 5)
            np.testing.assert_allclose(out.loc[name].iloc[part], expected)


def test_a_label_changes_no_share_of_its_own_part():
    X, y = panel()
    other = y.copy()
    other.loc["calm"] = np.where(np.arange(60) < 12, 1, y.loc["calm"])
    model = SeriesFeatures(["anomaly_share"])
    before, after = (model.fit_transform(X, labels)["series_anomaly_share"] for labels in (y, other))
    np.testing.assert_array_equal(before.loc["calm"].iloc[:12], after.loc["calm"].iloc[:12])
    assert (before.loc["calm"].iloc[12:] < after.loc["calm"].iloc[12:]).all()


def test_the_share_does_not_let_trees_recognise_their_own_labels():
    # Pure noise in 60 series of 20 rows: shares that hold a row's own label would seem to predict.
    X, _ = panel(sizes={f"s{number}": 20 for number in range(60)})
    y = pd.Series((np.random.default_rng(1).random(len(X)) < 0.2).astype(int), X.index)
    model = SeriesFeatures(["anomaly_share"], shrinkage=1, keep_values=False)
    honest = np.corrcoef(model.fit_transform(X, y).iloc[:, 0], y)[0, 1]
    leaking = np.corrcoef(model.fit(X, y).transform(X).iloc[:, 0], y)[0, 1]
    assert leaking > 0.15
    assert honest < 0.05


def test_an_unseen_series_gets_what_the_panel_has():
    X, y = panel()
    names = ["number", "one_hot", "level", "spread", "step", "anomaly_share"]
    model = SeriesFeatures(names, keep_values=False).fit(X, y)
    seen = model.transform(X).groupby(level=0, sort=False).first()
    new = model.transform(X.rename(index={"busy": "new"}).loc[["new"]]).iloc[0]
    assert new["series_number"] == -1
    assert new[[f"series_{key}" for key in SIZES]].tolist() == [1 / 3] * 3
    for name in ("load_level", "load_spread", "series_step"):
        assert new[name] == seen[name].median()
    assert new["series_anomaly_share"] == pytest.approx(y.mean())


def test_rows_without_a_series_are_one_series():
    X = np.arange(10.0).reshape(-1, 1)
    out = SeriesFeatures(["number", "step", "level"]).fit(X).transform(X)
    np.testing.assert_array_equal(
        out, np.column_stack([X[:, 0], np.zeros(10), np.ones(10), np.full(10, 4.5)])
    )


def test_numbers_that_stand_for_time_have_steps_in_their_own_unit():
    X = pd.DataFrame({"x": np.arange(5.0)}, index=np.arange(0, 50, 10))
    assert SeriesFeatures(["step"]).fit(X).transform(X)["series_step"].tolist() == [10.0] * 5


def test_knowing_the_series_is_a_parameter_of_a_grid():
    # In one series high values are anomalies, in the other low ones: without the series there is nothing to learn.
    X, _ = panel(sizes={"high": 400, "low": 400})
    X -= X.groupby(level=0).transform("median")
    sign = np.where(X.index.get_level_values(0) == "high", 1.0, -1.0)
    y = pd.Series((sign * X["load"].to_numpy() > 1).astype(int), X.index)
    pipe = make_pipeline(SeriesFeatures(["number"]), DecisionTreeClassifier(max_depth=3, random_state=0))
    grid = [{"seriesfeatures": ["passthrough"]}, {"seriesfeatures__features": [["number"]]}]
    search = GridSearchCV(pipe, grid, scoring="f1", cv=SeriesSplit(3)).fit(X, y)
    assert search.best_index_ == 1
    assert search.best_score_ > 0.8
    assert search.cv_results_["mean_test_score"][0] < 0.6


@pytest.mark.parametrize(
    ("features", "match"),
    [
        (["colour"], r"must name one or more of .* but names \['colour'\]"),
        ([], "must name one or more"),
    ],
)
def test_features_that_do_not_exist_are_refused(features, match):
    with pytest.raises(ValueError, match=match):
        SeriesFeatures(features).fit(panel()[0])


def test_the_share_needs_labels_of_two_classes():
    X, _y = panel()
    with pytest.raises(ValueError, match="requires y to be passed"):
        SeriesFeatures(["anomaly_share"]).fit(X)
    with pytest.raises(ValueError, match="y holds 3 classes"):
        SeriesFeatures(["anomaly_share"]).fit(X, np.arange(len(X)) % 3)


def test_which_of_two_words_is_the_anomaly_is_warned_of():
    X, y = panel()
    with pytest.warns(UserWarning, match="'good', the last in sorted order, is taken as the anomaly"):
        SeriesFeatures(["anomaly_share"]).fit(X, y.map({0: "good", 1: "bad"}))


def test_names_of_another_type_warn():
    X, _y = panel(sizes={1: 10, 2: 10})
    model = SeriesFeatures(["number"]).fit(X)
    renamed = X.copy()
    renamed.index = X.index.set_levels(X.index.levels[0].astype(str), level=0)
    with pytest.warns(UserWarning, match="count as new"):
        assert set(model.transform(renamed)["series_number"]) == {-1}


def test_a_panel_stays_a_panel():
    X, _ = panel()
    model = SeriesFeatures(["number"]).fit(X)
    with pytest.raises(ValueError, match="index"):
        model.transform(X.to_numpy())


def test_names_of_features_are_a_row():
    with pytest.raises(ValueError, match=r"features=array.* must name one or more of"):
        SeriesFeatures(np.array([["level", "number"]])).fit(*panel())
