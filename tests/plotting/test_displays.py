"""The contract that all displays keep."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text

import sktsad.plotting
from sktsad.plotting import (
    AlarmDisplay,
    BoundaryDisplay,
    FeatureScoreDisplay,
    ReconstructionDisplay,
    ScoreDisplay,
    SeriesDisplay,
    ThresholdDisplay,
    TrainingDisplay,
)
from sktsad.thresholds import AlarmsPerDay

Y = np.array([0, 0, 1, 0, 1, 1, 0, 0])
SCORES = np.array([1.0, 2.0, 5.0, 3.0, 4.0, 6.0, 2.0, 1.0])

ALARMS = pd.DataFrame({"start": [2, 4], "end": [2, 5], "peak_time": [2, 5]})

#: A display of each kind, made of plain arrays by its constructor: it has drawn nothing yet.
DISPLAYS = {
    "series": lambda: drawn_data(SeriesDisplay.from_predictions(SCORES, Y, Y)),
    "lanes": lambda: drawn_data(SeriesDisplay.from_predictions(np.c_[SCORES, Y], Y, Y)),
    "score": lambda: drawn_data(ScoreDisplay.from_predictions(Y, SCORES, threshold=3.5)),
    "alarms": lambda: drawn_data(AlarmDisplay.from_table(ALARMS, SCORES, Y)),
    "reconstruction": lambda: drawn_data(ReconstructionDisplay.from_predictions(SCORES, SCORES + 1)),
    "alarms per day": lambda: drawn_data(
        ThresholdDisplay.from_rule(AlarmsPerDay(1, rows_per_day=8).fit(SCORES))
    ),
    "threshold": lambda: drawn_data(ThresholdDisplay.from_predictions(Y, SCORES)),
    "feature scores": lambda: drawn_data(FeatureScoreDisplay.from_predictions(np.c_[SCORES, Y], Y)),
    "boundary": lambda: BoundaryDisplay(
        *np.meshgrid([0.0, 1], [0.0, 1]), np.eye(2), threshold=0.5, rows=np.c_[SCORES, Y]
    ),
    "training": lambda: TrainingDisplay(
        np.arange(1, 4),
        {"train_loss": np.array([3.0, 2, 1])},
        scores={"f1": np.array([0, 0.5, 1])},
        best_epoch=3,
    ),
}
#: What each draws, besides axes and figure.
ARTISTS = {
    "series": ["lines_", "events_", "detections_", "legend_"],
    "lanes": ["lines_", "events_", "detections_", "legend_"],
    "score": ["lines_", "events_", "alarms_", "thresholds_", "legend_"],
    "reconstruction": ["signals_", "reconstructions_", "fills_", "legend_"],
    "alarms": ["lines_", "events_", "alarms_", "peaks_", "legend_"],
    "alarms per day": ["alarms_per_day_", "budget_", "threshold_", "points_", "legend_"],
    "threshold": ["precision_", "recall_", "f_beta_", "threshold_", "points_", "legend_"],
    "feature scores": ["mesh_", "colorbar_", "events_"],
    "boundary": ["contours_", "border_", "rows_", "anomalies_", "legend_"],
    "training": ["losses_", "scores_", "best_", "score_ax_", "legend_"],
}
each_display = pytest.mark.parametrize("kind", DISPLAYS)


def drawn_data(display):
    """Return a display as its constructor makes it, with the data of one that has been drawn."""
    plt.close(display.figure_)
    data = {name: value for name, value in vars(display).items() if not name.endswith("_")}
    names = type(display).__init__.__code__.co_varnames[1:]
    return type(display)(**{name: data[name] for name in names if name in data})


@each_display
def test_the_constructor_only_stores(kind):
    display = DISPLAYS[kind]()
    assert not plt.get_fignums()
    assert not [name for name in vars(display) if name.endswith("_")]
    assert set(vars(display)) == set(type(display).__init__.__code__.co_varnames[1:])


@each_display
def test_plot_makes_one_figure_and_returns_the_display(kind):
    display = DISPLAYS[kind]()
    assert display.plot() is display
    assert plt.get_fignums() == [display.figure_.number]
    assert display.ax_.figure is display.figure_
    assert display.ax_ in display.figure_.axes


@each_display
def test_artists_are_kept(kind):
    display = DISPLAYS[kind]().plot()
    for name in ARTISTS[kind]:
        assert getattr(display, name) is not None, name
    assert {name for name in vars(display) if name.endswith("_")} >= {"ax_", "figure_", *ARTISTS[kind]}


@each_display
def test_a_given_axes_is_drawn_into(kind):
    figure, (left, right) = plt.subplots(1, 2)
    display = DISPLAYS[kind]().plot(right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert right.has_data() and not left.has_data()
    assert plt.get_fignums() == [figure.number]


@each_display
def test_a_subfigure_will_do(kind):
    figure = plt.figure(layout="constrained")
    display = DISPLAYS[kind]().plot(figure.subfigures(1, 2)[0].subplots())
    figure.draw_without_rendering()
    assert display.figure_ in figure.subfigs


@each_display
def test_drawing_again_makes_another_figure_of_the_same_data(kind):
    display = DISPLAYS[kind]()
    before = dict(vars(display))
    first = display.plot().figure_
    second = display.plot().figure_
    assert first is not second
    assert all(vars(display)[name] is value for name, value in before.items())
    first.canvas.draw()
    second.canvas.draw()
    assert (np.asarray(first.canvas.buffer_rgba()) == np.asarray(second.canvas.buffer_rgba())).all()


@each_display
def test_axes_have_names(kind):
    display = DISPLAYS[kind]().plot()
    assert display.ax_.get_xlabel()
    assert display.ax_.get_ylabel() or display.ax_.get_yticklabels()[0].get_text()


@each_display
def test_the_legend_lies_outside_of_the_data(kind):
    for ax in (None, plt.subplots()[1]):
        display = DISPLAYS[kind]().plot(ax)
        display.figure_.canvas.draw()
        legend = getattr(display, "legend_", None)
        assert (legend is None) == (kind == "feature scores")
        if legend is not None:
            assert legend.get_window_extent().y0 >= display.ax_.get_window_extent().y1 - 1


@each_display
def test_it_reads_without_colour(kind):
    """No two named lines differ by colour alone."""
    display = DISPLAYS[kind]().plot()
    axes = [display.ax_, getattr(display, "score_ax_", None)]
    lines = [line for ax in axes if ax for line in ax.get_lines() if not line.get_label().startswith("_")]
    looks = [(str(line._dash_pattern), line.get_marker(), line.get_linewidth()) for line in lines]
    assert len(set(looks)) == len(looks)


@each_display
def test_without_matplotlib_the_error_names_the_extra(kind, monkeypatch):
    display = DISPLAYS[kind]()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    name = type(display).__name__
    with pytest.raises(ImportError, match=rf"{name}.plot needs matplotlib. Install it .*'sktsad\[plot\]'"):
        display.plot()


@pytest.mark.parametrize("kind", ["series", "lanes", "score", "alarms", "reconstruction", "threshold"])
def test_without_tsdownsample_short_series_are_drawn_and_long_ones_name_the_extra(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "tsdownsample", None)
    display = DISPLAYS[kind]().plot()
    n = 30
    longer = {
        "series": lambda: SeriesDisplay.from_predictions(np.arange(n), max_points=20),
        "lanes": lambda: SeriesDisplay.from_predictions(np.c_[np.arange(n), np.arange(n)], max_points=20),
        "score": lambda: ScoreDisplay.from_predictions(None, np.arange(n), max_points=20),
        "alarms": lambda: AlarmDisplay.from_table(ALARMS, np.arange(n), max_points=20),
        "reconstruction": lambda: ReconstructionDisplay.from_predictions(
            np.arange(n), np.arange(n), max_points=20
        ),
        "threshold": lambda: ThresholdDisplay.from_predictions(np.arange(n) > 9, np.arange(n), max_points=20),
    }[kind]
    with pytest.raises(ImportError, match=r"max_points.* needs tsdownsample. .*'sktsad\[plot\]'"):
        longer()
    assert display.figure_


def test_importing_loads_no_matplotlib():
    code = "import sys, sktsad.plotting; print({'matplotlib', 'tsdownsample', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_public_name_is_a_display():
    assert {type(make()) for make in DISPLAYS.values()} == {
        getattr(sktsad.plotting, name) for name in sktsad.plotting.__all__
    }


@pytest.mark.parametrize("parameter", ["max_points", "max_gap", "n_cols"])
def test_parameters_are_checked(parameter):
    with pytest.raises(ValueError, match=parameter):
        SeriesDisplay.from_predictions(SCORES, **{parameter: 0})


@each_display
def test_nothing_is_drawn_in_the_colour_of_the_background(kind):
    with plt.style.context("dark_background"):
        display = DISPLAYS[kind]().plot()
        lines = [
            line
            for line in display.figure_.findobj(Line2D)
            if line.get_visible() and line.get_alpha() is None
        ]
        drawn = [to_rgb(line.get_color()) for line in lines if line.get_linestyle() != "None"]
        drawn += [
            to_rgb(line.get_markeredgecolor()) for line in lines if line.get_marker() not in ("None", "")
        ]
    assert min(max(colour) for colour in drawn) > 0.4


def seen_on(axis):
    """Return the labels of the ticks that lie within the view."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


@each_display
def test_in_a_small_picture_no_text_is_cut_and_no_row_is_negative(kind):
    figure, ax = plt.subplots(figsize=(2.4, 1.8), layout="constrained")
    display = DISPLAYS[kind]().plot(ax)
    figure.canvas.draw()
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis)]
    ticks = {
        label for axis in axes for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)
    }
    texts = [text for text in figure.findobj(Text) if text not in ticks]
    texts += [label for axis in axes for label in seen_on(axis)]
    for text in texts:
        if text.get_visible() and text.get_text():
            box = text.get_window_extent()
            inside = (
                box.x0 > -1
                and box.y0 > -1
                and box.x1 < figure.bbox.width + 1
                and box.y1 < figure.bbox.height + 1
            )
            assert inside, text.get_text()
    if display.ax_.get_xlabel() == "row":
        rows = [label.get_text() for label in seen_on(display.ax_.xaxis)]
        assert rows[0] == "0" and all(row.isdigit() for row in rows)
