"""A process that dies continues from its last snapshot, as if it had never died."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from sktsad import GaussianDetector, RollingFeatures, SeriesScaler, SlidingWindow, StatefulForecastDetector
from sktsad.live import LiveScorer, _snapshot
from sktsad.thresholds import Quantile


def models():
    """Return models with every kind of state."""
    along = StatefulForecastDetector(hidden_size=3, max_epochs=1, min_updates=2, random_state=0)
    features = RollingFeatures([3], std_windows=[], slope_windows=[3], n_periods=2, same_windows=[4])
    yield make_pipeline(SeriesScaler(), features, along)
    yield make_pipeline(
        SeriesScaler(QuantileTransformer(n_quantiles=5)), SlidingWindow(4), GaussianDetector()
    )


@pytest.mark.parametrize("model", list(models()))
def test_a_scorer_goes_on_from_a_snapshot(model, factory, tmp_path):
    train, _, later = factory
    model.fit(train)
    later = later.sort_index(level=1, kind="stable")
    scorer = LiveScorer(model)
    scorer.save(tmp_path / "state")  # before anything has come
    scorer = LiveScorer(model).load(tmp_path / "state")
    first, second = later[:150], later[150:]
    scorer.update(first)
    scorer.forget("b")
    scorer.save(tmp_path / "state")
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    joblib.dump(model, tmp_path / "model")
    copy = LiveScorer(joblib.load(tmp_path / "model")).load(tmp_path / "state")
    assert copy.series == scorer.series
    pd.testing.assert_frame_equal(copy.update(second), scorer.update(second))


def test_what_was_learnt_is_in_the_snapshot(factory, tmp_path):
    model = make_pipeline(SeriesScaler(), GaussianDetector(threshold=Quantile(0.9))).fit(factory[0])
    rows = factory[2].loc[["a"]]
    scorer = LiveScorer(model, learn=True)
    scorer.update(rows[:50])
    scorer.save(tmp_path / "state")
    copy = LiveScorer(model, learn=True).load(tmp_path / "state")
    assert copy.model[-1].threshold_ == scorer.model[-1].threshold_ != model[-1].threshold_
    pd.testing.assert_frame_equal(copy.update(rows[50:]), scorer.update(rows[50:]))


def test_a_snapshot_of_another_model_is_refused(factory, tmp_path):
    model = make_pipeline(SeriesScaler(), GaussianDetector()).fit(factory[0])
    LiveScorer(model).save(tmp_path / "state")
    for other in (
        LiveScorer(make_pipeline(SeriesScaler(), GaussianDetector()).fit(factory[0][10:])),
        LiveScorer(model, min_rows=2),
    ):
        with pytest.raises(ValueError, match="is a snapshot of another fitted model"):
            other.load(tmp_path / "state")
    (tmp_path / "text").write_text("no snapshot")
    with pytest.raises(ValueError, match="is not a snapshot"):
        LiveScorer(model).load(tmp_path / "text")
    with np.load(tmp_path / "state") as file:
        arrays = dict(file)
    arrays["about"] = np.frombuffer(b'{"format": 0}', dtype=np.uint8)
    with open(tmp_path / "old", "wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(ValueError, match="format 0"):
        LiveScorer(model).load(tmp_path / "old")
    with pytest.raises(FileNotFoundError):
        LiveScorer(model).load(tmp_path / "missing")


def test_what_keeps_a_snapshot_from_being_read_is_named(factory, tmp_path, monkeypatch):
    """Neither a folder nor memory that runs out makes it a file of something else."""
    model = make_pipeline(SeriesScaler(), GaussianDetector()).fit(factory[0])
    scorer = LiveScorer(model)
    scorer.save(tmp_path / "state")
    with pytest.raises(OSError, match=str(tmp_path)):
        scorer.load(tmp_path)

    def load(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(np, "load", load)
    with pytest.raises(MemoryError):
        scorer.load(tmp_path / "state")


@pytest.mark.parametrize("n_bytes", [1, 30, 500])
def test_a_damaged_snapshot_is_refused(factory, tmp_path, n_bytes):
    model = make_pipeline(SeriesScaler(), GaussianDetector()).fit(factory[0])
    LiveScorer(model).save(tmp_path / "state")
    content = (tmp_path / "state").read_bytes()
    half = len(content) // 2
    for damaged in (content[:-n_bytes], content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]):
        (tmp_path / "state").write_bytes(damaged)
        with pytest.raises(ValueError, match="is not a snapshot"):
            LiveScorer(model).load(tmp_path / "state")


def test_a_write_that_fails_leaves_the_old_file(factory, tmp_path, monkeypatch):
    scorer = LiveScorer(make_pipeline(SeriesScaler(), GaussianDetector()).fit(factory[0]))
    scorer.save(tmp_path / "state")
    old = (tmp_path / "state").read_bytes()
    monkeypatch.setattr(np, "savez", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scorer.save(tmp_path / "state")
    assert (tmp_path / "state").read_bytes() == old
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_names_that_json_does_not_hold_are_refused(tmp_path):
    index = pd.MultiIndex.from_product([[Decimal(1)], pd.date_range("2026", periods=9, freq="h")])
    X = pd.DataFrame(np.arange(9.0)[:, None], index)
    scorer = LiveScorer(make_pipeline(SeriesScaler(), GaussianDetector()).fit(X))
    scorer.prime(X)
    with pytest.raises(TypeError, match="has a name that a snapshot cannot store"):
        scorer.save(tmp_path / "state")


WORKERS = """
import os, sys
import joblib
from sktsad.live import LiveScorer

folder = sys.argv[1]

def work():
    model, rows = joblib.load(folder + "/model"), joblib.load(folder + "/rows")
    scorer = LiveScorer(model)
    try:
        scorer.load(folder + "/state")
    except FileNotFoundError:
        pass
    clock = scorer._engine.clock
    start = 0 if clock is None else int((rows.index <= clock.last_time[0].astype("M8[ns]")).sum())
    for number in range(start, len(rows)):
        found = scorer.update(rows.iloc[[number]])["score"].iloc[0]
        print(number, float(found).hex(), os.getpid(), flush=True)  # first: what was saved does not come again
        scorer.save(folder + "/state")

killed = True
while killed:  # one process after the other; they have no more in common than what is imported
    worker = os.fork()
    if worker == 0:
        work()
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(worker, 0)[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_process_gives_the_scores_of_one_that_never_died(tmp_path):
    """Five times, at any point of its work."""
    X = pd.DataFrame(
        np.random.default_rng(0).normal(size=(400, 1)), pd.date_range("2026", periods=400, freq="min")
    )
    model = make_pipeline(SlidingWindow(5), GaussianDetector()).fit(X[:100])
    joblib.dump(model, tmp_path / "model")
    joblib.dump(X[100:], tmp_path / "rows")
    wanted = LiveScorer(model).update(X[100:])["score"].tolist()
    found = {}
    rng = np.random.default_rng(1)
    workers = Counter()  # lines of each
    command = [sys.executable, "-c", WORKERS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            number, score, worker = line.split()
            found.setdefault(int(number), set()).add(float.fromhex(score))
            workers[worker] += 1
            if len(workers) < 6 and workers[worker] == 15 + 5 * len(workers):
                time.sleep(rng.uniform(0, 0.005))
                os.kill(int(worker), signal.SIGKILL)  # and what it had printed by then is read
    assert len(workers) == 6
    assert sorted(found) == list(range(300))
    assert [scores for _, scores in sorted(found.items())] == [{score} for score in wanted]


def test_where_a_folder_is_no_file_the_file_alone_is_synced(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(_snapshot.os, "name", "nt")
        _snapshot.write_snapshot(tmp_path / "state", {"fingerprint": "x"}, {"a": np.arange(2)})
    _, arrays = _snapshot.read_snapshot(tmp_path / "state", "x")
    assert arrays["a"].tolist() == [0, 1]


def test_names_of_numpy_are_plain_names():
    assert _snapshot.check_name(np.int64(3)) == 3
