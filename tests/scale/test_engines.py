"""Dask on a cluster within this process; Ray where it is installed, else a stand-in; Spark where it is installed."""

import shutil
import sys
import warnings
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sktsad.scale import score_panel, score_table
from sktsad.scale._engines import is_dask, is_ray

NAMES = {"series": "series", "time": "time"}


@pytest.fixture(scope="module")
def dask_frame():
    return pytest.importorskip("dask.dataframe", reason="optional: pip install 'sktsad[dask]'")


def same(found, scores):
    """Tell whether a table of scores holds those of one call."""
    found = found.set_index(["series", "time"])
    np.testing.assert_array_equal(found["score"].loc[scores.index], scores)
    assert len(found) == len(scores)
    return set(found["status"])


@pytest.mark.slow
def test_dask_brings_series_together_and_keeps_its_index(dask_frame, model, table, scores):
    rows = dask_frame.from_pandas(table.reset_index(drop=True), npartitions=3)
    found = score_panel(model, rows, n_partitions=2, **NAMES)
    assert is_dask(found) and found.npartitions == 2
    computed = found.compute(scheduler="synchronous")
    assert list(computed) == ["series", "time", "score", "status"]
    assert same(computed, scores) == {"scored"}
    again = computed.sort_index()
    assert (again["time"].to_numpy() == table["time"].to_numpy()).all(), "the index tells which row is which"
    for part in range(2):
        other = set(found.get_partition(1 - part).compute(scheduler="synchronous")["series"])
        assert not other & set(found.get_partition(part).compute(scheduler="synchronous")["series"])


def test_dask_with_series_in_its_divisions_is_not_shuffled(dask_frame, model, table, scores):
    rows = dask_frame.from_pandas(table.set_index("series").sort_index(), npartitions=3)
    assert rows.known_divisions
    found = score_panel(model, rows, **NAMES)
    assert found.npartitions == rows.npartitions
    assert "shuffle" not in str(found.optimize().expr).lower()
    assert same(found.compute(scheduler="synchronous"), scores) == {"scored"}
    by_time = dask_frame.from_pandas(table.set_index("time").sort_index(), npartitions=3)
    assert same(score_panel(model, by_time, **NAMES).compute(scheduler="synchronous"), scores) == {"scored"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning")  # of the cluster: ports, clocks
def test_on_a_cluster_of_dask_a_series_that_fails_is_named(dask_frame, model, spoilt, scores):
    distributed = pytest.importorskip("distributed", reason="optional: pip install 'sktsad[dask]'")
    rows = dask_frame.from_pandas(spoilt.reset_index(), npartitions=2)
    with (
        distributed.LocalCluster(n_workers=2, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster),
    ):
        computed = score_panel(model, rows, **NAMES).compute()
    states = same(computed, scores.where(scores.index.get_level_values(0) != "s2"))
    assert len(states) == 2 and any("ValueError: X contains NaN" in state for state in states)


def test_what_dask_does_not_take_is_refused(dask_frame, model, table):
    rows = dask_frame.from_pandas(table, npartitions=1, sort=False)
    with pytest.raises(ValueError, match="n_jobs=2: for frames and Parquet files only"):
        score_panel(model, rows, n_jobs=2, **NAMES)
    with pytest.raises(ValueError, match="time=None must name the columns"):
        score_panel(model, rows, series="series")
    with pytest.raises(ValueError, match="series='host' is not a column"):
        score_panel(model, rows, series="host", time="time")


class StandIn:
    """Behave like a dataset of Ray, with tables in this process."""

    def __init__(self, tables):
        self.tables = tables

    def columns(self):
        return list(self.tables[0].columns)

    def select_columns(self, names):
        return StandIn([table[names] for table in self.tables])

    def map_batches(self, function, batch_format, batch_size):
        assert (batch_format, batch_size) == ("pandas", None)
        return StandIn([function(table) for table in self.tables])

    def groupby(self, key, num_partitions):
        table = pd.concat(self.tables)
        assert table[key].max() < num_partitions
        groups = [part.reset_index(drop=True) for _, part in table.groupby(key)]
        return SimpleNamespace(
            map_groups=lambda function, batch_format: StandIn([function(g) for g in groups])
        )


StandIn.__module__ = "ray.data.dataset"


@pytest.fixture
def ray_stand_in(monkeypatch):
    ray = ModuleType("ray")
    ray.cluster_resources = lambda: {"CPU": 0.5}
    ray.put = lambda model: [model]
    ray.get = lambda reference: reference[0]
    monkeypatch.setitem(sys.modules, "ray", ray)


def test_a_dataset_of_ray_is_grouped_by_whole_series(ray_stand_in, model, table, scores):
    data = StandIn([table[:100], table[100:]])
    assert is_ray(data)
    found = score_panel(model, data, **NAMES)
    assert len(found.tables) == 2, "four partitions a core, of half a core"
    assert same(pd.concat(found.tables), scores) == {"scored"}
    series = [set(part["series"]) for part in score_panel(model, data, n_partitions=3, **NAMES).tables]
    assert sum(map(len, series)) == 5


@pytest.mark.slow
def test_ray_itself_gives_the_same(model, table, scores):
    ray = pytest.importorskip("ray", reason="optional: pip install 'sktsad[ray]'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
        try:
            data = ray.data.from_pandas([table[:100], table[100:]])
            assert same(score_panel(model, data, n_partitions=2, **NAMES).to_pandas(), scores) == {"scored"}
        finally:
            ray.shutdown()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
@pytest.mark.filterwarnings("ignore::Warning")  # of Spark
def test_spark_groups_whole_series_as_the_page_says(model, table, scores, monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="optional: pip install pyspark")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    spark = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        sent = spark.sparkContext.broadcast(model)
        rows = spark.createDataFrame(table.astype({"series": object}))
        parts = rows.withColumn("part", sql.functions.abs(sql.functions.hash("series")) % 2).groupBy("part")

        def score(part):
            return score_table(sent.value, part, **NAMES)

        schema = "series string, time timestamp, score double, status string"
        assert same(parts.applyInPandas(score, schema).toPandas(), scores) == {"scored"}
    finally:
        spark.stop()
