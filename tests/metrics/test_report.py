import naive_bootstrap
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from sktsad.metrics import (
    compare,
    delay_f_score,
    detection_report,
    event_precision_recall_f,
    point_f_score,
    random_baseline,
)
from sktsad.metrics._blocks import cut_blocks
from sktsad.metrics._labelled_rows import read_scores

FACTS = ["rows", "events", "prevalence", "threshold"]
AT_THRESHOLD = ["precision", "recall", "F1", "F1 within delay", "event recall"]
OF_RANKS = ["best F1", "average precision", "ROC AUC"]
PER_1000_ROWS = "false alarms per 1,000 rows"


def simulate(n_events, seed, n_rows_each=500, length=20):
    """Noise with a memory of ten rows, and events that differ in how visible they are."""
    rng = np.random.default_rng(seed)
    n = n_events * n_rows_each
    y = np.zeros(n, dtype=int)
    scores = np.convolve(rng.normal(size=n + 9), np.full(10, 10**-0.5), mode="valid") - 2
    for first in range(0, n, n_rows_each):
        event = slice(start := first + rng.integers(1, n_rows_each - length), start + length)
        y[event] = 1
        scores[event] += rng.normal(2, 1.5)
    return y, scores


def some_panel(seed=0):
    """Two series of dates, an hour and half an hour between rows, that interleave."""
    y, scores = simulate(8, seed, n_rows_each=50, length=8)
    times = [pd.date_range("2024-01-01", periods=200, freq=freq) for freq in ("h", "30min")]
    index = pd.MultiIndex.from_arrays([np.repeat(["b", "a"], 200), times[0].append(times[1])])
    order = np.argsort(np.tile(np.arange(200), 2), kind="stable")
    return pd.Series(y, index=index).iloc[order], pd.Series(scores, index=index).iloc[order]


def oracle(y, scores, threshold, max_delay, weights, length):
    """Figures of each draw of the panel, on repeated rows."""
    y, scores = y.sort_index(level=0, ascending=False, sort_remaining=False), scores.loc[:]
    keys = y.index.get_level_values(0).tolist()
    scores = scores.loc[y.index].tolist()
    days = [1 / 24 if key == "b" else 1 / 48 for key in keys]
    gaps = {key: 0 if key == "b" else 1 for key in keys}  # half an hour
    blocks = naive_bootstrap.blocks(y.tolist(), keys, length)
    table = pd.DataFrame(
        [
            naive_bootstrap.figures(
                y.tolist(), scores, threshold, max_delay, keys, blocks, of_draw, days, gaps
            )
            for of_draw in weights
        ]
    )
    return table.rename(columns={"false alarms": "false alarms per day"})


def draws_of(y, scores, length, n_draws, seed):
    return list(cut_blocks(read_scores(y, scores), length).draws(n_draws, seed))


# One score


def test_values_and_intervals_are_those_of_repeated_rows():
    y, scores = some_panel()
    report = detection_report(
        y, scores, -0.5, max_delay=2, block_length=9, n_bootstrap=40, confidence=0.8, random_state=3
    )
    weights = draws_of(y, scores, 9, 40, 3)
    [value] = oracle(y, scores, -0.5, 2, [np.ones_like(weights[0])], 9).to_dict("records")
    draws = oracle(y, scores, -0.5, 2, weights, 9)
    assert report.index.tolist() == FACTS + list(value)
    assert report["value"].loc[list(value)].to_dict() == pytest.approx(value)
    assert report["low"].loc[list(value)].to_dict() == pytest.approx(draws.quantile(0.1).to_dict())
    assert report["high"].loc[list(value)].to_dict() == pytest.approx(draws.quantile(0.9).to_dict())
    assert report["value"].loc[FACTS].tolist() == [400, 8, 64 / 400, -0.5]
    assert report.loc[FACTS, ["low", "high", "random"]].isna().all(axis=None)
    assert report.notna().loc[list(value)].all(axis=None)


def test_figures_of_events_are_those_of_their_metrics():
    y, scores = some_panel()
    value = detection_report(y, scores, -0.5, max_delay=2, n_bootstrap=0)["value"]
    alarms = scores > -0.5
    assert value["F1 within delay"] == pytest.approx(delay_f_score(y, alarms, max_delay=2))
    assert value[["precision", "event recall"]].tolist() == list(event_precision_recall_f(y, alarms)[:2])
    assert value["best F1"] == pytest.approx(point_f_score(y, scores))


def test_a_perfect_score():
    y, _ = simulate(5, 0)
    report = detection_report(y, y, 0.5)
    assert (report.loc[AT_THRESHOLD + OF_RANKS, ["value", "low", "high"]] == 1).all(axis=None)
    assert (report.loc[PER_1000_ROWS, ["value", "low", "high", "random"]][:3] == 0).all()
    assert report.loc["share alarmed", "value"] == report.loc["prevalence", "value"]


def test_an_inverted_score():
    y, _ = simulate(5, 0)
    report = detection_report(y, -y, -0.5)
    assert (report.loc[[*AT_THRESHOLD, "ROC AUC", "events found"], ["value", "low", "high"]] == 0).all(
        axis=None
    )
    assert (report["value"] <= report["random"])[AT_THRESHOLD + OF_RANKS].all()


def test_no_alarm_at_all():
    y, scores = simulate(5, 0)
    report = detection_report(y, scores, np.inf)
    assert (report.loc[[*AT_THRESHOLD, "share alarmed", PER_1000_ROWS]] == 0).all(axis=None)
    assert report.loc["ROC AUC"].drop("random").gt(0.6).all()


def test_all_rows_are_alarms():
    y, scores = simulate(5, 0)
    report = detection_report(y, scores, -np.inf)
    prevalence = report.loc["prevalence", "value"]
    assert report.loc["share alarmed"].tolist() == [1, 1, 1, 1]
    assert report.loc["precision", ["value", "random"]].tolist() == [prevalence] * 2
    assert report.loc["F1", "value"] == report.loc["best F1", "random"] == 2 * prevalence / (1 + prevalence)
    assert report.loc["F1", "low"] < report.loc["F1", "value"] < report.loc["F1", "high"]


def test_a_row_at_the_threshold_is_no_alarm():
    report = detection_report([0, 1, 0, 1], [0, 0, 0, 0])
    assert report.loc["share alarmed", "value"] == 0


@pytest.mark.parametrize("y", [np.arange(300) // 10 == 7, np.arange(300) < 280])
def test_a_single_block_of_a_kind_gives_no_interval(y):
    report = detection_report(y, np.arange(300), 75, block_length=50)
    assert report.loc["recall", "value"] > 0
    assert report[["low", "high"]].isna().all(axis=None)


def test_no_draws_give_no_interval():
    y, scores = simulate(5, 0)
    report, full = detection_report(y, scores, n_bootstrap=0), detection_report(y, scores)
    assert report[["low", "high"]].isna().all(axis=None)
    assert report[["value", "random"]].equals(full[["value", "random"]])


def test_the_table_is_the_same_each_time_unless_told_otherwise():
    y, scores = simulate(5, 0)
    report = detection_report(y, scores)
    assert report.equals(detection_report(y, scores))
    assert not report.equals(detection_report(y, scores, random_state=1))


def test_more_confidence_takes_a_wider_interval():
    y, scores = simulate(20, 0)
    width = [
        detection_report(y, scores, confidence=confidence).eval("high - low")["F1"]
        for confidence in (0.5, 0.9)
    ]
    assert 1.5 < width[1] / width[0] < 3.5  # 2.4 of a normal distribution


@pytest.mark.no_cover  # many draws
def test_intervals_hold_the_truth_about_as_often_as_they_say():
    truth = detection_report(*simulate(4000, 1), n_bootstrap=0)["value"].drop([*FACTS, "events found"])
    holds = []
    for seed in range(100, 200):
        report = detection_report(*simulate(25, seed), n_bootstrap=100, confidence=0.9).loc[truth.index]
        holds.append((report["low"] <= truth) & (truth <= report["high"]))
    # Two standard errors around 0.9 are 0.06; intervals of quantiles are a little narrow.
    assert pd.DataFrame(holds).mean().between(0.75, 0.98).all()


def test_rows_of_an_event_do_not_count_as_many_finds():
    # Twenty events are found or missed as a whole: that is twenty throws of a coin, not two thousand.
    y = np.tile(np.repeat([0, 1], [400, 100]), 20)
    found = np.repeat(np.arange(20) % 2, 500)
    report = detection_report(y, y * found, 0.5)
    low, high = report.loc["recall", ["low", "high"]]
    assert (high - low) / (2 * 1.96) == pytest.approx(np.sqrt(1 / 4 / 20), rel=0.2)
    assert report.loc["event recall", ["low", "high"]].tolist() == [low, high]


def test_the_random_column_is_what_random_scores_get():
    y, scores = simulate(20, 0)
    report = detection_report(y, scores, n_bootstrap=0)
    assert report.loc["best F1", "random"] == pytest.approx(random_baseline(y, f1_score, random_state=0))
    alarms = np.random.default_rng(0).permuted(np.tile(scores > 0, (200, 1)), axis=1)
    assert report.loc["F1", "random"] == pytest.approx(
        np.mean([f1_score(y, row) for row in alarms]), rel=0.05
    )


# Time, series and labels


def test_false_alarms_are_counted_by_the_day_where_the_index_has_dates():
    y = np.array([0] * 40 + [1] * 4 + [0] * 8)
    scores = np.zeros(52)
    scores[[3, 4, 9, 43, 44, 51]] = 1  # four runs on normal rows, of which one continues after the event
    hours = pd.date_range("2024-01-01", periods=52, freq="h")
    for index in (hours, hours - hours[0], pd.MultiIndex.from_product([["a"], hours])):
        report = detection_report(pd.Series(y, index=index), scores)
        assert report.loc["false alarms per day", "value"] == pytest.approx(4 / 2)
    holes = hours[[*range(20), *range(20, 52)]] + pd.to_timedelta(np.arange(52) // 20 * 7, unit="D")
    report = detection_report(pd.Series(y, index=holes), scores)
    assert report.loc["false alarms per day", "value"] == pytest.approx(4 / 2)
    for index in (np.arange(52), hours.to_period(), pd.MultiIndex.from_product([["a"], np.arange(52)])):
        report = detection_report(pd.Series(y, index=index), scores)
        assert report.loc[PER_1000_ROWS, "value"] == pytest.approx(4 / 48 * 1000)


def test_false_alarms_that_flicker_are_counted_as_the_calls_that_they_are():
    minutes = pd.date_range("2024-01-01", periods=1440, freq="min")
    y, scores = pd.Series(0, minutes), pd.Series(0.0, minutes)
    y.iloc[700:720] = 1
    for start in (100, 400, 1000):
        scores.iloc[start : start + 100 : 20] = 1  # five runs within an hour and a half
    scores.iloc[[695, 710, 722]] = 1  # around the event: 26 minutes apart
    name = "false alarms per day"
    for merge_gap, n_calls in ((None, 4), ("30min", 4), (30, 4), (0, 17), ("10min", 17)):
        report = detection_report(y, scores, 0.5, merge_gap=merge_gap, n_bootstrap=0)
        assert report.loc[name, "value"] == pytest.approx(n_calls / (1420 / 1440))
        both = compare(y, scores, scores, 0.5, 0.5, merge_gap=merge_gap, n_bootstrap=0)
        assert both.loc[name, "a"] == both.loc[name, "b"] == report.loc[name, "value"]
    numbered = detection_report(y.to_numpy(), scores.to_numpy(), 0.5, n_bootstrap=0)
    assert numbered.loc[PER_1000_ROWS, "value"] == pytest.approx(17 / 1.420)
    with pytest.raises(ValueError, match="merge_gap"):
        detection_report(y, scores, merge_gap=-1)


def test_dates_of_series_of_a_single_row_do_not_tell_how_long_it_lasts():
    day = pd.Timestamp("2024-01-01")
    y = pd.Series([0, 1, 0], index=pd.MultiIndex.from_product([["a", "b", "c"], [day]]))
    assert PER_1000_ROWS in detection_report(y, [1, 1, 0]).index
    longer = pd.Series([0, 0], index=pd.MultiIndex.from_product([["d"], [day, day + pd.Timedelta(days=2)]]))
    report = detection_report(pd.concat([y, longer]), [1, 1, 0, 0, 0])
    assert report.loc["false alarms per day", "value"] == 1 / 4


def test_series_are_apart_wherever_the_index_is_and_however_they_lie():
    y, scores = some_panel()
    expected = detection_report(y, scores)
    assert not expected.equals(detection_report(y.to_numpy(), scores.to_numpy()))
    for labels, ranking in [(y, scores.to_numpy()), (y.tolist(), scores), (y.to_frame(), scores)]:
        pd.testing.assert_frame_equal(detection_report(labels, ranking), expected)
    by_series = y.index.get_level_values(0).argsort(kind="stable")
    values = detection_report(y.iloc[by_series], scores.iloc[by_series])[["value", "random"]]
    pd.testing.assert_frame_equal(values, expected[["value", "random"]])


def test_labels_of_any_kind():
    y, scores = simulate(5, 0)
    expected = detection_report(y, scores)
    assert detection_report(y == 1, scores.tolist()).equals(expected)
    assert detection_report(np.where(y, "bad", "good"), scores, pos_label="bad").equals(expected)
    assert compare(1 - y, scores, -scores, pos_label=0).equals(compare(y, scores, -scores))


# Two scores


def test_differences_and_intervals_are_those_of_the_same_draws():
    y, a = some_panel()
    b = a + np.random.default_rng(1).normal(size=len(a))
    table = compare(
        y, a, b, -0.5, 0.5, max_delay=2, block_length=9, n_bootstrap=40, confidence=0.8, random_state=3
    )
    weights = draws_of(y, a, 9, 40, 3)
    draws = oracle(y, b, 0.5, 2, weights, 9) - oracle(y, a, -0.5, 2, weights, 9)
    assert table["low"].to_dict() == pytest.approx(draws.quantile(0.1).to_dict())
    assert table["high"].to_dict() == pytest.approx(draws.quantile(0.9).to_dict())
    for name, scores, threshold in (("a", a, -0.5), ("b", b, 0.5)):
        report = detection_report(y, scores, threshold, max_delay=2)["value"].drop(FACTS)
        assert table[name].to_dict() == pytest.approx(report.to_dict())
    assert table["difference"].to_dict() == pytest.approx((table["b"] - table["a"]).to_dict())


def test_a_score_does_not_differ_from_itself():
    y, scores = simulate(5, 0)
    assert (compare(y, scores, scores)[["difference", "low", "high"]] == 0).all(axis=None)
    assert (compare(y, scores, 2 * scores + 4, 1, 6)[["difference", "low", "high"]] == 0).all(axis=None)


def test_the_other_way_round_the_difference_is_the_negative():
    y, scores = simulate(5, 0)
    there, back = compare(y, scores, -scores, 0, 1), compare(y, -scores, scores, 1, 0)
    assert back["difference"].to_dict() == pytest.approx((-there["difference"]).to_dict())
    assert back["low"].to_dict() == pytest.approx((-there["high"]).to_dict())


def test_what_is_hard_for_both_cancels_out():
    y, scores = simulate(20, 0)
    worse = scores + np.random.default_rng(0).normal(0, 0.7, size=len(y))
    a, b = (detection_report(y, ranking).loc["average precision"] for ranking in (worse, scores))
    both = compare(y, worse, scores).loc["average precision"]
    assert a["high"] > b["low"]  # apart they cannot be told from each other
    assert both["low"] > 0
    assert both["high"] - both["low"] < (a["high"] - a["low"]) / 2


def test_without_draws_there_are_differences_and_no_intervals():
    y, scores = simulate(1, 0)
    table = compare(y, scores, -scores)
    assert table["difference"].notna().all() and table[["low", "high"]].isna().all(axis=None)


def test_the_series_of_either_score_are_those_of_all():
    y, scores = some_panel()
    expected = compare(y, scores, -scores)
    for arguments in [(y, scores.tolist(), -scores), (y.tolist(), scores, -scores.to_numpy())]:
        assert compare(*arguments).equals(expected)
    assert compare(y.tolist(), scores.to_frame(), -scores.to_numpy()).equals(expected)
    assert compare(y.tolist(), scores.tolist(), -scores).equals(expected)


# Bad input


@pytest.mark.parametrize(
    ("y", "scores", "message"),
    [
        ([0, 0, 0], [1, 2, 3], r"y_true has no anomalous row among its 3"),
        ([1, 1, 1], [1, 2, 3], r"y_true has no normal row"),
        ([0, 1, 2], [1, 2, 3], r"y_true must contain two labels"),
        ([0, 1, 0], [1, 2, np.nan], r"y_score contains NaN"),
        ([0, 1, 0], [1, 2], r"inconsistent numbers of samples"),
        ([], [], r"0 sample"),
        (pd.Series([0, 1, 0], index=[2, 1, 3]), [1, 2, 3], r"out of order"),
    ],
)
def test_bad_input_is_refused(y, scores, message):
    with pytest.raises(ValueError, match=message):
        detection_report(y, scores)
    with pytest.raises(ValueError, match=message.replace("y_score", "score_a")):
        compare(y, scores, np.zeros(len(y)))
    with pytest.raises(ValueError, match=message.replace("y_score", "score_b")):
        compare(y, np.zeros(len(y)), scores)


def test_scores_in_another_order_are_refused():
    index = pd.MultiIndex.from_arrays([["a", "a", "b"], [0, 1, 0]])
    y, scores = pd.Series([0, 1, 0], index=index), pd.Series([1, 2, 3], index=index)
    with pytest.raises(ValueError, match=r"matched by position.*y_score.loc"):
        detection_report(y, scores[::-1])
    with pytest.raises(ValueError, match=r"matched by position.*score_b.loc"):
        compare(y, scores, scores[::-1])
    with pytest.raises(ValueError, match=r"matched by position.*score_b.loc"):
        compare(y.tolist(), scores, scores[::-1])
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples"):
        compare([0, 1], scores, [0, 1])


@pytest.mark.parametrize(
    "bad",
    [
        {"max_delay": -1},
        {"block_length": 0},
        {"n_bootstrap": -1},
        {"confidence": 1},
        {"random_state": "a"},
        {"pos_label": None},
    ],
)
def test_bad_parameters_are_refused(bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of detection_report"):
        detection_report([0, 1], [0, 1], **bad)
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of compare"):
        compare([0, 1], [0, 1], [0, 1], **bad)


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="The 'threshold' parameter of detection_report"):
        detection_report([0, 1], [0, 1], np.nan)
    with pytest.raises(ValueError, match="The 'threshold_b' parameter of compare"):
        compare([0, 1], [0, 1], [0, 1], threshold_b="best")


def test_a_delay_in_time_is_a_delay_in_rows_of_that_clock():
    rng = np.random.default_rng(0)
    y = pd.Series(np.arange(300) % 30 < 6, pd.date_range("2026", periods=300, freq="5min")).astype(int)
    score = pd.Series(rng.normal(size=300), y.index)
    args = {"n_bootstrap": 0, "merge_gap": 0}
    rows = detection_report(y, score, max_delay=2, **args)
    assert detection_report(y.to_numpy(), score, max_delay="10min", **args)["random"].equals(rows["random"])
    assert detection_report(y, score, max_delay="14min", **args).equals(rows)
    table = compare(y.to_numpy(), -score, score, max_delay="10min", **args)
    in_time = detection_report(y.to_numpy(), score, block_length="70min", **args)
    assert in_time.equals(detection_report(y, score, block_length=14, **args))
    assert table.loc["F1 within delay", "b"] == rows.loc["F1 within delay", "value"]
