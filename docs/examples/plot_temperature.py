"""
Next week's temperature, and what a recurrent autoencoder does
==============================================================

The data are ten years of weekly mean temperatures: the season, a slow warming, and weather. Can a recurrent network
forecast the next week better than a simple rule? Does it matter whether rows are scaled before they become windows or
after? And how does a recurrent autoencoder detect a heat wave that no limit on the temperature would detect? We follow
a single window through it, step by step.

The series is generated: this page needs no files.
"""

# sphinx_gallery_thumbnail_number = 4
import time
import tracemalloc

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from scipy.signal import lfilter
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import average_precision_score, f1_score, mean_absolute_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import (
    AutoencoderDetector,
    RNNRegressor,
    SlidingWindow,
    WindowScaler,
    ZScoreDetector,
)
from sktsad.metrics import random_baseline
from sktsad.plotting import (
    ReconstructionDisplay,
    ScoreDisplay,
    SeriesDisplay,
    TrainingDisplay,
)
from sktsad.preprocessing import forecast_target
from sktsad.thresholds import MeanStd

# more threads do not help small networks, and slow down busy machines
torch.set_num_threads(1)

# %%
# The series
# ----------
# Weather has a short memory: a warm week tends to be followed by a warm one, with a correlation of 0.4. The first seven
# years are for training, the last three for the test.

rng = np.random.default_rng(0)
weeks = pd.date_range("2014-01-05", "2023-12-31", freq="W", name="week")
years = np.arange(len(weeks)) / 52.18
weather = lfilter([1], [1, -0.4], rng.normal(0, 1.4, size=len(weeks)))
series = pd.DataFrame(
    {
        "temperature": 10
        - 9 * np.cos(2 * np.pi * (years - 0.06))
        + 0.06 * years
        + weather
    },
    index=weeks,
)
past, recent = series[:"2020"], series["2021":]
display = SeriesDisplay.from_predictions(series)
display.ax_.axvline(recent.index[0], color="0.5", linestyle="--")
display.ax_.set(
    ylabel="°C", title="Ten years of weeks; the dashed line ends the training years"
)

# %%
# Forecasts without a network
# ---------------------------
# ``forecast_target`` pairs every week with the one after it. Three simple rules need no network: next week is like this
# one; it is like the same week last year; it is like the mean of that calendar week in the training years.

X, y = forecast_target(series)
X_train, X_test, y_train, y_test = X[:"2020"], X["2021":], y[:"2020"], y["2021":]
calendar_week = series.index.isocalendar().week.clip(upper=52)
usual = calendar_week.map(past["temperature"].groupby(calendar_week).mean())
forecasts = {
    "like this week": X_test["temperature"],
    "like the same week last year": series["temperature"].shift(51).loc[X_test.index],
    "as usual at that time of the year": usual.shift(-1).loc[X_test.index],
}
errors = {
    name: [mean_absolute_error(y_test, forecast)]
    for name, forecast in forecasts.items()
}

# %%
# Three recurrent networks
# ------------------------
# A simple recurrent network, a deep one of two layers, and an LSTM. Their input is the last half year, without the
# date. Early stopping uses the last fifth of the training weeks. Targets are scaled by ``TransformedTargetRegressor``,
# since the outputs of an untrained network are near 0. There are three seeds for each, as the initial weights matter
# about as much as the choice of the cell.

options = {
    "hidden_size": 16,
    "dense_size": 16,
    "lr": 0.003,
    "batch_size": 32,
    "max_epochs": 80,
}
cells = {
    "simple RNN": {"cell": "rnn"},
    "deep RNN": {"cell": "rnn", "num_layers": 2},
    "LSTM": {"cell": "lstm"},
}
models = {}
for name, cell in cells.items():
    errors[name] = []
    for seed in range(3):
        network = RNNRegressor(**cell, **options, early_stopping=10, random_state=seed)
        pipe = make_pipeline(
            StandardScaler().set_output(transform="pandas"), SlidingWindow(26), network
        )
        model = TransformedTargetRegressor(pipe, transformer=StandardScaler()).fit(
            X_train, y_train
        )
        errors[name].append(mean_absolute_error(y_test, model.predict(X_test)))
    models[name] = model
table = pd.DataFrame(
    {name: {"mean": np.mean(all_), "sd": np.std(all_)} for name, all_ in errors.items()}
).T
print("Mean absolute error in °C, one week ahead, 2021 to 2023:\n")
print(table.round(2).to_string())

# %%
# All three are better than the simple rules, and the choice of the cell hardly matters here. Did they learn enough, or
# too much? A validation loss that still fell at the end would mean that more epochs are needed; one that rose while the
# training loss fell would mean overfitting. Neither can be seen: the season is learnt in a few epochs, and the memory
# of the weather slowly after that.

figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True, layout="constrained")
for axis, (name, model) in zip(axes, models.items(), strict=True):
    display = TrainingDisplay.from_estimator(model.regressor_, ax=axis)
    display.legend_.remove()  # one for all is enough
    axis.set(yscale="log", title=f"{name}: best epoch {display.best_epoch}")
    axis.label_outer()
axes[0].legend(handles=list(display.losses_.values()), frameon=False)

# %%
# The picture shows the forecasts. The network follows the season and a part of the weather; the new part of the weather
# in a week cannot be known the week before, so forecasts are smoother than the measured values.

forecast = pd.Series(
    models["LSTM"].predict(X_test), X_test.index + pd.Timedelta(weeks=1)
)
figure, axis = plt.subplots(figsize=(10, 3.2), layout="constrained")
axis.plot(recent["temperature"]["2022":], color="0.2", linewidth=1, label="measured")
axis.plot(
    forecast["2022":], color="tab:blue", linestyle="--", label="LSTM, a week before"
)
axis.set(xlabel="week", ylabel="°C", title="Forecasts are smoother than weather")
axis.legend(frameon=False)

# %%
# Scale before the window, or after it?
# -------------------------------------
# Both orders are pipelines. Scaling first processes each row once. ``WindowScaler`` scales windows, with the same mean
# and standard deviation for all steps of a channel, so that its results are nearly the same, except that each row
# counts once for every window that contains it. A ``StandardScaler`` after the window works, too, with a mean and a
# standard deviation for each step of the window; it copies all windows into memory. Time and memory are measured on a
# longer series.

orders = {
    "scale rows, then window": [
        StandardScaler().set_output(transform="pandas"),
        SlidingWindow(26),
    ],
    "window, then WindowScaler": [SlidingWindow(26), WindowScaler()],
    "window, then StandardScaler": [SlidingWindow(26), StandardScaler()],
}
long = pd.DataFrame({"temperature": np.tile(series["temperature"], 200)})
costs = {}
for name, steps in orders.items():
    tracemalloc.start()
    started = time.perf_counter()
    make_pipeline(*steps).fit_transform(long)
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    network = RNNRegressor(**options, early_stopping=10, random_state=0)
    model = TransformedTargetRegressor(
        make_pipeline(*steps, network), transformer=StandardScaler()
    )
    error = mean_absolute_error(y_test, model.fit(X_train, y_train).predict(X_test))
    costs[name] = {"seconds": seconds, "peak MB": peak / 1e6, "error in °C": error}
print(
    f"\nThe order of scaling and windowing; time and memory for {len(long):,} rows:\n"
)
print(pd.DataFrame(costs).T.round(2).to_string())

# %%
# A recurrent autoencoder, step by step
# -------------------------------------
# An LSTM encodes a window of twelve weeks as four numbers; another LSTM, which gets this code at every step, decodes it
# into a window. Trained on ordinary weeks, they learn to reconstruct ordinary weeks. To see what happens with other
# weeks, we add a heat wave to the recent years: four weeks of spring, eight degrees too warm. In summer such
# temperatures would be normal.

detector = AutoencoderDetector(
    "lstm",
    hidden_sizes=(16, 4),
    score_on="last",
    lr=0.01,
    batch_size=32,
    max_epochs=60,
    random_state=0,
)
autoencoder = make_pipeline(
    StandardScaler().set_output(transform="pandas"), SlidingWindow(12), detector
)
autoencoder.fit(past)

hot, wave = recent.copy(), pd.Series(0, index=recent.index)
wave["2022-04-20":"2022-05-15"] = 1
hot["temperature"] += 8 * wave
print(f"\nHeat wave: up to {hot['temperature'][wave == 1].max():.1f} °C.", end=" ")
print(f"Hottest week of the training years: {past['temperature'].max():.1f} °C.")

# %%
# 1. *The window*: twelve scaled temperatures. 2. *The code*: ``transform``. 3. *The decoded window*:
# ``inverse_transform`` of the code, which is what ``reconstruct`` gives in one step. 4. *The error*: the distance
# between the two, here of the last week only (``score_on="last"``): is the week that just ended unusual? The mean over
# the window would remain high for as long as any week of the wave is in the window.

windows = autoencoder[:-1].transform(hot)
row = int(np.argmax(wave)) + 2  # the third week of the wave
window = windows[[row]]
code = detector.transform(window)
decoded = detector.inverse_transform(code)
error = np.abs(np.asarray(window) - decoded)
assert np.allclose(decoded, detector.reconstruct(window), atol=1e-5)
assert np.allclose(error[0, -1], detector.anomaly_score(window), atol=1e-5)
np.set_printoptions(precision=2, suppress=True)
print(
    f"\nwindow  {np.asarray(window)[0]}\ncode    {code[0]}\ndecoded "
    f"{decoded[0]}\nerror   {error[0]}"
)
print(f"score   {error[0, -1]:.2f}, threshold {detector.threshold_:.2f}")

# %%
# The same window a year before, and in the wave: the first is reconstructed well, the second is not, since no ordinary
# quarter ends like that.

figure, axes = plt.subplots(
    2, 1, figsize=(8, 5), sharex=True, sharey=True, layout="constrained"
)
for axis, at, what in zip(
    axes, [row - 52, row], ["An ordinary spring", "The heat wave"], strict=True
):
    ReconstructionDisplay.from_estimator(autoencoder, hot, row=at, ax=axis)
    axis.set_title(what, loc="left")
    axis.set(
        xlabel=f"weeks counted from {hot.index[at]:%d %B %Y}",
        ylabel="scaled temperature",
    )

# %%
# All recent weeks
# ----------------
# The threshold is learnt from the last fifth of the training years. Alarms in the weeks right after the wave are caused
# by it, too: it is still in their windows, and changes the code.

ScoreDisplay.from_estimator(autoencoder, hot, wave).ax_.set_title(
    "The score is highest in the heat wave"
)

# %%
# A single wave proves little. So we repeat this with the same wave at every sixth week of the recent years. We compare
# the autoencoder with limits on the temperature, that is, its z-score, and with the z-score of the difference from the
# usual temperature of the calendar week, for which one has to know the calendar. Their threshold rule is the
# autoencoder's default.

limits = ZScoreDetector(threshold=MeanStd(3)).fit(past)
normal = usual.to_frame("temperature")
calendar = ZScoreDetector(threshold=MeanStd(3)).fit(past - normal.loc[past.index])
results = []
for start in range(12, len(recent) - 4, 6):
    hot, wave = recent.copy(), pd.Series(0, index=recent.index)
    hot.iloc[start : start + 4] += 8
    wave.iloc[start : start + 4] = 1
    scores = {
        "limits on the thermometer": limits.decision_function(hot),
        "LSTM autoencoder": autoencoder.decision_function(hot),
        "departure from the usual week": calendar.decision_function(
            hot - normal.loc[hot.index]
        ),
    }
    for name, score in scores.items():
        figures = {
            "waves found": (score[wave == 1] > 0).any(),
            "false alarms": (score[wave == 0] > 0).sum(),
            "F1": f1_score(wave, score > 0),
            "average precision": average_precision_score(wave, score),
        }
        results.append({"score": name, **figures})
chance = random_baseline(wave, f1_score, random_state=0)
print(
    f"\nMeans over {len(results) // 3} waves, {wave.mean():.1%} of the weeks; random "
    f"F1 {chance:.2f}:\n"
)
print(pd.DataFrame(results).groupby("score", sort=False).mean().round(2).to_string())

# %%
# Limits detect waves in the warm months only. The autoencoder detects most of them, without any information on the
# season. The difference from the usual week, which is a table of 52 numbers, is better still: if such a good rule is
# available, a network has to beat it first. A network is worth the effort if normal rows do not follow a calendar, or
# have many channels.
