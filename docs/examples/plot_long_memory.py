"""
What happened hours ago: a recurrent network along the series
==============================================================

A furnace is charged with one of two kinds of ore, and the melt is tapped five hundred readings later. Tapping is a
fault after one kind, and correct after the other: the label of a row depends on a row hundreds of rows before it. Can a
network on windows learn this, and can one that runs along the series and keeps its state?

In the training data there are also taps soon after the charge. Without them, it depends on the random seed whether a
network learns to remember at all: it finds the long way back more easily after a short one.

The data are generated: this page needs no files.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline

from sktsad import RNNClassifier, SlidingWindow, StatefulRNNClassifier

torch.set_num_threads(1)  # more threads do not help small networks


def furnace(n_rows, seed, delays=(500,)):
    """Return what was charged and when it was tapped, and whether that was a fault."""
    rng = np.random.default_rng(seed)
    x, y = np.zeros((n_rows, 2)), np.zeros(n_rows, dtype=int)
    for start in range(0, n_rows - 600, 600):
        at = start + rng.integers(0, 60)
        x[at, 0] = rng.choice([-1, 1])  # one kind of ore, or the other
        tapped = at + np.array(delays)
        x[tapped, 1] = 1
        y[tapped] = x[at, 0] > 0
    return pd.DataFrame(x, columns=["charge", "tap"]), y


# %%
# The readings
# ------------
# ``charge`` is 1 for one kind of ore and -1 for the other; ``tap`` is 1 when the furnace is tapped.

X, y = furnace(24_000, 0, delays=(5, 10, 20, 40, 80, 160, 320, 500))
X_new, y_new = furnace(24_000, 1)
taps = (X_new["tap"] > 0).to_numpy()  # the rows whose label is in question
print(f"{taps.sum()} melts, {y_new.sum()} faults")

figure, axis = plt.subplots(figsize=(10, 2.5), layout="constrained")
axis.plot(X_new[:3000], label=list(X_new))
faults = np.flatnonzero(y_new[:3000])
axis.plot(faults, X_new["tap"].iloc[faults], "rx", label="fault")
axis.set(xlabel="reading", title="The same tap, right or wrong by what was charged")
axis.legend(frameon=False)

# %%
# A window and a state
# --------------------
# Windows of 30 rows do not reach back to the charge, and windows of 600 would cost 600 steps for every row. The
# stateful network takes one step per row. Gradients reach back no further than a chunk of rows, so a chunk must contain
# both charge and tap: ``chunk_size=700``. Taps are few, so the other rows get small weights in the loss. The network on
# windows is trained on a quarter of the rows, which still takes longer.

weight = 0.02 + X["tap"].to_numpy()
quarter = slice(0, len(X) // 4)
windows = make_pipeline(
    SlidingWindow(30),
    RNNClassifier(hidden_size=8, dense_size=None, max_epochs=3, random_state=0),
)
along = StatefulRNNClassifier(
    hidden_size=8,
    chunk_size=700,
    strand_length=2800,
    min_updates=40,
    max_epochs=12,
    lr=0.02,
    random_state=0,
)
seconds, scores = {}, {}
for name, fit in {
    "windows of 30": lambda: windows.fit(
        X[quarter], y[quarter], rnnclassifier__sample_weight=weight[quarter]
    ),
    "along the series": lambda: along.fit(X, y, weight),
}.items():
    started = time.process_time()
    model = fit()
    seconds[name] = time.process_time() - started
    scores[name] = model.set_params(
        **({"history": "none"} if model is along else {})
    ).decision_function(X_new)
table = {
    name: {
        "average precision": average_precision_score(y_new[taps], score[taps]),
        "seconds": seconds[name],
    }
    for name, score in scores.items()
}
print(
    f"\nShare of faults among taps, the result by chance: {y_new[taps].mean():.2f}. "
    "Average precision among taps, and CPU time to fit:\n"
)
print(pd.DataFrame(table).T.round(2).to_string())

# %%
# What the state remembers
# ------------------------
# For the network along the series, the score of a tap depends on the charge 500 readings before; in a window all taps
# look alike.

figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for axis, (name, score) in zip(axes, scores.items(), strict=True):
    for label, (what, mark) in enumerate({"right": "o", "fault": "x"}.items()):
        chosen = taps & (y_new == label)
        axis.plot(np.flatnonzero(chosen), score[chosen], mark, label=what)
    axis.set(xlabel="reading", ylabel="score of a tap", title=name)
axes[0].legend(frameon=False)

# %%
# A window is still the better choice if all relevant rows are within it, as for a heart beat, or a jump in the last
# minute.
