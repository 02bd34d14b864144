import naive_bootstrap
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad._core import AlarmRule, places
from sktsad.metrics._block_metrics import PER_1000_ROWS, PER_DAY, BlockMetrics
from sktsad.metrics._blocks import cut_blocks
from sktsad.metrics._labelled_rows import read_scores


@st.composite
def weighted_panels(draw):
    """Labels of both kinds, scores with many ties or few, keys of series, and the weight of each of their blocks."""
    y = [1, *draw(st.lists(st.integers(0, 1), max_size=25)), 0]
    scores = draw(st.lists(st.one_of(st.integers(-2, 2), st.floats(-9, 9)), min_size=len(y), max_size=len(y)))
    series = sorted(draw(st.lists(st.integers(0, 2), min_size=len(y), max_size=len(y))))
    length = draw(st.integers(1, 8))
    blocks = naive_bootstrap.blocks(y, series, length)
    weights = draw(st.lists(st.integers(0, 3), min_size=len(blocks), max_size=len(blocks)))
    for label in (0, 1):  # one block of each kind at least
        some = next(number for number, block in enumerate(blocks) if y[block[0]] == label)
        weights[some] += 1
    return y, scores, series, length, blocks, weights


def block_metrics(y, scores, series, length, threshold=0.0, max_delay=1, days=None, merge_gap=0):
    labels = pd.Series(y, index=pd.MultiIndex.from_arrays([series, range(len(y))]))
    rows = read_scores(labels, scores)
    blocks = cut_blocks(rows, length)
    place = places(rows.series, 3, rows.series.steps())
    return BlockMetrics(rows, blocks, threshold, max_delay, days, place, AlarmRule(merge_gap)), blocks


@given(
    weighted_panels(),
    st.sampled_from([-3.0, 0.0, 1.0, 9.0]),
    st.integers(0, 3),
    st.booleans(),
    st.integers(0, 4),
)
def test_as_if_rows_were_repeated_as_often_as_their_block_is_drawn(
    panel, threshold, max_delay, has_days, merge_gap
):
    y, scores, series, length, blocks, weights = panel
    days = np.array(series) / 7 + 1 if has_days else None
    metrics, _ = block_metrics(y, scores, series, length, threshold, max_delay, days, merge_gap)
    gaps = dict.fromkeys(series, merge_gap)
    exposure = days if has_days else [1 / 1000] * len(y)
    for drawn in (weights, [1] * len(blocks)):
        expected = naive_bootstrap.figures(
            y, scores, threshold, max_delay, series, blocks, drawn, exposure, gaps
        )
        expected[PER_DAY if has_days else PER_1000_ROWS] = expected.pop("false alarms")
        assert metrics.at(np.array(drawn)) == pytest.approx(expected, abs=1e-12)


def test_worked_by_hand():
    #         late             in time          missed, with a run that does not continue after it
    y = [0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0]
    scores = [0, 0, 0, 3, 3, 0, 2, 2, 0, 0, 0, 1, 0]
    metrics, blocks = block_metrics(y, scores, [0] * 13, 3, threshold=0.5, max_delay=1)
    assert metrics.at(blocks.once()) == pytest.approx(
        {
            "share alarmed": 5 / 13,
            "precision": 2 / 5,
            "recall": 2 / 6,
            "F1": 4 / 11,
            # Always: 12 / 19. The scores of 2 and more: 4 / 10. Those of 1 and more: 4 / 11.
            "best F1": 12 / 19,
            # Scores of 3 give recall 1/6 at precision 1/2, of 2 as much again at 2/4, and then all at 6/13.
            "average precision": 1 / 6 * 1 / 2 + 1 / 6 * 2 / 4 + 4 / 6 * 6 / 13,
            # Each anomaly against the seven normal rows: 6.5, 5.5, and four times 4 / 2.
            "ROC AUC": (6.5 + 5.5 + 4 * 2) / 42,
            # The event of two rows is found in time, the run after the first event and two more are three false rows.
            "F1 within delay": 4 / (4 + 3 + 4),
            "events found": 2,
            "event recall": 2 / 3,
            PER_1000_ROWS: 3 / 7 * 1000,
        }
    )


def test_what_describes_the_labels():
    metrics, _ = block_metrics([0, 1, 1, 0, 1, 1], [0] * 6, [0, 0, 0, 0, 0, 1], 3)
    assert metrics.n_events == 3
    assert metrics.prevalence == pytest.approx(4 / 6)


@pytest.mark.slow
@pytest.mark.parametrize("merge_gap", [0, 5])
def test_a_random_score_is_expected_to_do_as_random_scores_do(merge_gap):
    y = np.zeros(1200, dtype=int)
    for start, length in ((0, 40), (100, 3), (290, 10), (700, 80), (1190, 10)):
        y[start : start + length] = 1
    series = np.repeat([0, 1, 2], 400)
    random = np.random.default_rng(0)
    drawn, expected = [], []
    for _ in range(400):
        metrics, blocks = block_metrics(
            y, random.random(1200), series, 50, 0.9, max_delay=4, merge_gap=merge_gap
        )
        drawn.append(metrics.at(blocks.once()))
        expected.append(metrics.random())
    drawn, expected = pd.DataFrame(drawn).mean(), pd.DataFrame(expected).mean()
    # The mean of a ratio is not the ratio of means, and a random score's best threshold is a little lucky.
    assert expected.drop("F1 within delay").to_dict() == pytest.approx(
        drawn.drop("F1 within delay").to_dict(), rel=0.05
    )
    assert expected["F1 within delay"] == pytest.approx(drawn["F1 within delay"], rel=0.1)


@given(weighted_panels())
def test_a_score_that_alarms_always_or_never_does_as_a_random_one(panel):
    y, scores, series, length, _, _ = panel
    for threshold in (-np.inf, np.inf):
        metrics, blocks = block_metrics(y, scores, series, length, threshold)
        value, random = metrics.at(blocks.once()), metrics.random()
        for name in ("best F1", "average precision", "ROC AUC"):
            del value[name], random[name]
        assert value == pytest.approx(random)


def test_false_alarms_over_no_time_are_none():
    days = np.array([0.0, 0.0, 1.0, 1.0, 0.0])
    metrics, blocks = block_metrics([0, 1, 0, 0, 1], [1] * 5, [0, 1, 1, 1, 1], 2, days=days)
    weights = blocks.once()
    weights[2] = 0
    assert metrics.at(blocks.once())[PER_DAY] == 1
    assert metrics.at(weights)[PER_DAY] == 0
