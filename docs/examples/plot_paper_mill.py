"""
Rare breaks in a paper mill
===========================

A paper machine runs for days, then the sheet tears, and the machine stops. Its sensors report every two minutes. Can an
autoencoder that was trained on normal rows warn two rows ahead, and with how many false alarms? Breaks are rare and the
mill drifts, so every split is in time order, and results are shown beside those of a random score.

If ``SKTSAD_DATA`` is set, this runs on the sensors of a real mill, otherwise on generated ones.
"""

# sphinx_gallery_thumbnail_number = 4
import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
    average_precision_score,
    roc_auc_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sktsad import (
    AutoencoderDetector,
    RollingFeatures,
    ThresholdClassifier,
    curve_shift,
)
from sktsad.datasets import load_processminer
from sktsad.metrics import detection_report, lead_times
from sktsad.plotting import FeatureScoreDisplay, SeriesDisplay, ThresholdDisplay
from sktsad.thresholds import BestFBeta

# more threads do not help small networks, and slow down busy machines
torch.set_num_threads(1)

# %%
# The data
# --------
# The generated mill has twenty sensors that depend on three hidden variables, and each of which drifts slowly. In the
# six rows before a break, two of the first four sensors increase quickly.

if os.environ.get("SKTSAD_DATA"):
    source = "a paper mill"
    X, y = load_processminer(return_X_y=True)
else:
    source = "a generated mill (SKTSAD_DATA is not set)"
    rng = np.random.default_rng(0)
    n_rows = 12_000
    time = pd.date_range("2026-01-01", periods=n_rows, freq="2min", name="time")
    causes = pd.DataFrame(rng.normal(size=(n_rows, 3))).ewm(span=60).mean() * 3
    drift = rng.normal(scale=0.1, size=(n_rows, 20)).cumsum(axis=0)
    values = (
        causes.to_numpy() @ rng.normal(size=(3, 20))
        + drift
        + rng.normal(scale=0.5, size=(n_rows, 20))
    )
    breaks = 100 * rng.choice(np.arange(1, 119), size=80, replace=False) + rng.integers(
        60, size=80
    )
    for row in breaks:
        runaway = rng.choice(4, size=2, replace=False)
        values[row - 6 : row, runaway] += np.outer(
            np.linspace(0.2, 1, 6), rng.uniform(4, 8, size=2)
        )
    X = pd.DataFrame(values, index=time, columns=[f"x{i}" for i in range(1, 21)])
    y = pd.Series(0, index=time)
    y.iloc[breaks] = 1
print(f"Data: {source}, {X.shape[1]} sensors, {len(X):,} rows, {y.sum()} breaks.")

# %%
# What can be seen around a break
# ---------------------------------
# The picture shows sixty rows before the first break and thirty after it, for the six sensors whose last value before
# the break is farthest from those of the hour before. Lines end where the mill had stopped. The steps may look
# significant, but among many sensors some are always the farthest; the rest of this study tests whether such steps
# distinguish a break from an ordinary hour.

first = int(np.argmax(y))
hour = X.iloc[first - 31 : first - 1]
steps = ((X.iloc[first - 1] - hour.mean()) / hour.std()).abs()
around = slice(first - 60, first + 30)
display = SeriesDisplay.from_predictions(
    X.iloc[around], y.iloc[around], columns=list(steps.nlargest(6).index)
)
display.ax_.set_title("Six sensors around a break", loc="left")

# %%
# Labels for early warning, and a split in time order
# ---------------------------------------------------
# The rows to detect are the two before a break. The row of the break itself is dropped: it is too late for a warning.
# The first 60 % of the rows are for fitting, the next 20 % for all choices, the rest for the test.

X_early, y_early = curve_shift(X, y, shift_by=2)
cuts = int(0.6 * len(X_early)), int(0.8 * len(X_early))
X_fit, X_choose, X_test = (
    X_early.iloc[: cuts[0]],
    X_early.iloc[slice(*cuts)],
    X_early.iloc[cuts[1] :],
)
y_fit, y_choose, y_test = (
    y_early.iloc[: cuts[0]],
    y_early.iloc[slice(*cuts)],
    y_early.iloc[cuts[1] :],
)

# %%
# An autoencoder for normal rows
# ------------------------------
# It is fitted on the normal rows only, and its score is the error with which it reconstructs a row. If its input is the
# raw sensors, the score also measures how far the mill has drifted. So the input of two other models is the difference
# between each sensor and the weighted mean of its last rows, which a slow drift hardly changes. In a real mill some
# sensors are constant for hours, then jump by hundreds of their standard deviations; ``arcsinh`` prevents one such jump
# from dominating the score. We choose one of the three models on the rows for choices.

squash = FunctionTransformer(np.arcsinh, feature_names_out="one-to-one").set_output(
    transform="pandas"
)
plain = Pipeline(
    [
        ("describe", "passthrough"),
        ("scale", StandardScaler().set_output(transform="pandas")),
        ("squash", squash),
        ("detect", AutoencoderDetector(lr=0.003, max_epochs=20, random_state=0)),
    ]
)
models = {"sensors as they are": plain}
for span in (5, 15):
    differences = RollingFeatures(
        (),
        std_windows=(),
        slope_windows=(),
        ewm_spans=(span,),
        period=None,
        keep_values=False,
    )
    models[f"differences, span of {span} rows"] = clone(plain).set_params(
        describe=differences
    )
choice = {"random score": {"average precision": y_choose.mean(), "ROC AUC": 0.5}}
for name, model in models.items():
    score = model.fit(X_fit, y_fit).decision_function(X_choose)
    choice[name] = {
        "average precision": average_precision_score(y_choose, score),
        "ROC AUC": roc_auc_score(y_choose, score),
    }
choice = pd.DataFrame(choice).T
print(f"On the rows for choices:\n\n{choice.round(3).to_string()}")
best = max(models, key=lambda name: choice.loc[name, "average precision"])
detector = models[best]
print(f"\nChosen: the autoencoder whose input is {best}.")

# %%
# The threshold
# -------------
# The picture shows precision and recall at every threshold, on the same rows. A missed break stops the mill for hours,
# a false alarm costs a short check; so recall counts five times as much, and the marked threshold is that of the best
# F-beta with a beta of 5. Check whether F-beta is high in a wide range around it or only in a narrow peak: a narrow
# peak depends on a few breaks, and may not be there on later rows.

tuned = ThresholdClassifier(FrozenEstimator(detector), BestFBeta(beta=5)).fit(
    X_choose, y_choose
)
display = ThresholdDisplay.from_rule(
    tuned.threshold_rule_, score_name="threshold on the score"
)

# %%
# Test results
# ------------
# The last rows in time were not used for any choice. The report counts a break as found if at least one of its two rows
# has an alarm; ``low`` and ``high`` show how much may be luck. Check first whether the interval of the average
# precision is above the prevalence, then look at precision: with events so rare, an alarm may be right ten times as
# often as by chance and still be wrong most of the time. This is why precision is on a logarithmic axis.

score = pd.Series(tuned.decision_function(X_test), index=X_test.index)
print(
    detection_report(y_test, score).drop(index="F1 within delay").round(3).to_string()
)

figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    y_test,
    score > 0,
    display_labels=["normal", "before break"],
    cmap="Greys",
    colorbar=False,
    ax=axes[0],
)
RocCurveDisplay.from_predictions(
    y_test, score, plot_chance_level=True, name="autoencoder", ax=axes[1]
)
PrecisionRecallDisplay.from_predictions(
    y_test, score, plot_chance_level=True, name="autoencoder", ax=axes[2]
)
axes[2].set(yscale="log", ylim=(y_test.mean() / 20, 1.1), aspect="auto")
axes[2].legend(loc="lower left")
for axis, title in zip(
    axes, ["At the chosen threshold", "ROC", "Precision and recall"], strict=True
):
    axis.set_title(title, loc="left")

# %%
# What lead time costs
# --------------------
# Two rows were our choice; an operator wants to know how early warnings come and how many of them are false.
# ``lead_times`` returns for each break, now among all rows, how long before it the first alarm came, if within ten
# rows. Each threshold is a point of the curves. Alarms come in groups, so we compare them not with random alarms but
# with the same alarms at other times: the dotted lines are means over shifts by many rows. Where a curve is above its
# dotted line, the alarms predict breaks better than by chance; the horizontal axis shows with how many false alarms.

X_last, y_last = X.loc[X_test.index[0] :], y.loc[X_test.index[0] :].to_numpy()
score_last = tuned.decision_function(X_last)
coming = np.convolve(y_last, np.ones(11))[10:] > 0  # a break is up to ten rows ahead
days = len(y_last) * pd.Timedelta("2min") / pd.Timedelta("1D")
moves = np.linspace(0, len(y_last), 22, dtype=int)[1:-1]


def announced(alarms: np.ndarray, rows: int) -> float:
    """Return the share of the breaks with an alarm at least that many rows before."""
    return (lead_times(y_last, alarms, max_lead=10)["lead"] >= rows).mean()


costs = []
for threshold in np.quantile(score_last, np.linspace(0.6, 0.998, 25)):
    alarms = score_last > threshold
    cost = {"false": (alarms & ~coming).sum() / days}
    for rows in (1, 5):
        cost[f"at least {rows} ahead"] = announced(alarms, rows)
        cost[f"at least {rows} ahead, other times"] = np.mean(
            [announced(np.roll(alarms, n), rows) for n in moves]
        )
    costs.append(cost)
costs = pd.DataFrame(costs).set_index("false")

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
colors = ["0", "0", "#D55E00", "#D55E00"]
costs.plot(ax=axis, style=["-", ":", "--", ":"], color=colors, linewidth=1.6)
axis.set(
    xlabel="rows with a false alarm per day",
    ylabel="share of the breaks announced",
    ylim=(0, 1.03),
)
axis.set_title("Every further break is paid for in false alarms", loc="left")
axis.legend(frameon=False)

# %%
# Which sensors it was
# --------------------
# ``feature_scores`` returns the contribution of each sensor to a score. Some sensors are always hard to reconstruct, so
# we divide by their mean contribution in normal rows: first for all rows before a break, then for the rows up to the
# first break with an alarm. The contribution of a sensor may be caused by another one, as all of them are encoded in
# one short code.

parts = detector[-1].feature_scores(detector[:-1].transform(X_test))
parts /= parts[y_test == 0].mean()
worst = parts[y_test == 1].mean().nlargest(5)
print(
    "\nError before a break, in times that of normal "
    f"rows:\n{worst.round(2).to_string()}"
)

alarmed = np.flatnonzero((score > 0) & (y_test == 1))[0]
part = slice(max(0, alarmed - 30), alarmed + 2)
display = FeatureScoreDisplay.from_predictions(
    parts.iloc[part], y_test.iloc[part], n_channels=8
)
display.ax_.set_title(
    "Which sensors were off before a break, in times of normal rows", loc="left"
)
