"""
A factory, live
===============

Forty machines report every five minutes, and a faulty one must raise an alarm. A pipeline is fitted on two weeks; then
it scores the stream: it is primed with the rows since then, gets the rows of a day one by one, is killed at noon, and
is restored from its last snapshot. Alarms are drawn as they open and close.

The data are generated: this page needs no files.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, RollingFeatures, SeriesScaler
from sktsad.live import LiveScorer
from sktsad.thresholds import Quantile

# %%
# The factory
# -----------
# The load of each machine has a daily rhythm and its own level. On the last day three machines fail: the load of one
# jumps, that of another drifts away, and a third reports only its mean.

rng = np.random.default_rng(0)
time = pd.date_range("2026-01-05", periods=288 * 16, freq="5min", name="time")
names = [f"machine {number:02d}" for number in range(40)]
phase = 2 * np.pi * np.arange(len(time)) / 288
load = 50 + rng.uniform(5, 20, size=(40, 1)) * np.sin(
    phase + rng.uniform(0, 1, size=(40, 1))
)
load += rng.normal(scale=1.5, size=load.shape)
today = 288 * 15
load[3, today + 100 : today + 112] += 15
load[11, today + 150 : today + 210] += np.linspace(0, 20, 60)
load[27, today + 40 : today + 90] = load[27].mean()
index = pd.MultiIndex.from_product([names, time], names=["machine", "time"])
X = pd.DataFrame(load.reshape(-1, 1), index, columns=["load"])
stamp = index.get_level_values("time")

# %%
# Fit, and start
# --------------
# The model is fitted on two weeks; features compare each row with the hours and the days before it. The scorer is then
# primed with the next day, so that it knows the past; this returns no scores.

features = RollingFeatures(
    [12, 48],
    std_windows=[],
    slope_windows=[12],
    ewm_spans=[],
    n_periods=5,
    same_windows=[12],
    period_lags=[],
    keep_values=False,
)
detector = GaussianDetector(threshold=Quantile(0.9995))
model = make_pipeline(SeriesScaler(), features, detector).fit(X[stamp < time[288 * 14]])

scorer = LiveScorer(model, merge_gap="30min", min_rows=2)
scorer.prime(X[(stamp >= time[288 * 14]) & (stamp < time[today])])
print(len(scorer.series), "machines")

# %%
# A day of rows, and a crash
# --------------------------
# Every five minutes one row of each machine arrives. Every half hour the state is saved to disk. At noon the process is
# killed and loses its state. Another process loads the snapshot, gets the rows since then, and continues.

path = Path(tempfile.mkdtemp(), "state.npz")


def feed(scorer, start, stop):
    """Pass the rows time step by time step; return the results for all of them."""
    said = []
    for number in range(start, stop):
        if (number - today) % 6 == 0:
            scorer.save(path)
        said.append(scorer.update(by_time.loc[number]))
    return pd.concat(said)


number = np.tile(np.arange(len(time)), len(names))
by_time = X.set_axis(
    pd.MultiIndex.from_arrays([number, index.get_level_values(0), stamp])
)
by_time = by_time[stamp >= time[today]].sort_index()
morning = feed(scorer, today, today + 147)
del scorer  # killed, three rows after the last snapshot

restored = LiveScorer(model, merge_gap="30min", min_rows=2).load(path)
rest = feed(restored, today + 144, len(time))
day = pd.concat([morning[morning.index.get_level_values(1) < time[today + 144]], rest])

wanted = pd.Series(
    model.decision_function(X[stamp >= time[288 * 14]]),
    X.index[stamp >= time[288 * 14]],
)
print("same as without the crash:", np.allclose(day["decision"], wanted[day.index]))

# %%
# The alarms
# ----------
# An alarm opens at the second row above the threshold, and closes after half an hour without another.

opened, closed = day[day["opened"]], day[day["closed"]]
print(opened["score"].round(1).to_string())

fig, axes = plt.subplots(3, 1, sharex=True, figsize=(8, 6), layout="constrained")
for ax, number in zip(axes, (3, 11, 27), strict=True):
    name = names[number]
    ax.plot(time[today:], load[number, today:], color="0.3", linewidth=0.8)
    for table, color in ((opened, "tab:red"), (closed, "tab:green")):
        here = table[table.index.get_level_values(0) == name].index.get_level_values(1)
        for instant in here:
            ax.axvline(instant, color=color, linewidth=1)
    ax.axvline(time[today + 147], color="0.7", linestyle=":")
    ax.set(ylabel=name)
axes[0].set_title(
    "One day: red lines open an alarm, green ones close it; at the dotted line the "
    "process was killed"
)

# %%
# What it costs
# -------------
# The state of a machine is a few kilobytes, for the days that the features look back at; one call scores a row of all
# forty machines.

print(
    f"{path.stat().st_size / len(restored.series) / 1000:.0f} kB per machine in the "
    "snapshot"
)
