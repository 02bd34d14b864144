import numpy as np
import pandas as pd
import pytest
from matplotlib import dates
from matplotlib import pyplot as plt

from sktsad.plotting._axes import add_legend, draw_line, draw_marks, make_axes, set_time, shade
from sktsad.plotting._drawn_series import TimeAxis, read_one

ROWS = TimeAxis("row")


def test_axes_are_made_in_a_grid():
    axes, figure = make_axes(None, 5, "XDisplay", (10, 2), n_cols=None)
    assert len(axes) == len(figure.axes) == 5
    assert axes[0].get_gridspec().get_geometry() == (3, 2)
    axes, figure = make_axes(None, 3, "XDisplay", (10, 2), n_cols=7)
    assert axes[0].get_gridspec().get_geometry() == (1, 3)


def test_given_axes_are_as_many_as_needed():
    _, grid = plt.subplots(2, 2)
    axes, own = make_axes(grid, 4, "XDisplay", (10, 2))
    assert axes.tolist() == grid.ravel().tolist() and own is None
    with pytest.raises(
        ValueError, match=r"XDisplay needs 3 axes, but ax has 4. .* array of 3 axes, .*, or eat less."
    ):
        make_axes(grid, 3, "XDisplay", (10, 2), fix="eat less")
    with pytest.raises(ValueError, match=r"needs 1 axes, but ax has 4. .* to create them\."):
        make_axes(grid, 1, "XDisplay", (10, 2))


def test_more_axes_than_can_be_read_are_refused():
    with pytest.raises(ValueError, match="would draw 61 axes, too many to read: eat less"):
        make_axes(None, 61, "XDisplay", (10, 2), fix="eat less")
    assert not plt.get_fignums()


def test_a_legend_names_each_look_once():
    axes, figure = make_axes(None, 2, "XDisplay", (10, 2))
    for ax in axes:
        ax.plot([0, 1], label="line")
    axes[1].plot([1, 0], label="another")
    legend = add_legend(axes, figure)
    assert [text.get_text() for text in legend.get_texts()] == ["line", "another"]


def test_nothing_named_is_no_legend():
    axes, figure = make_axes(None, 1, "XDisplay", (10, 2))
    assert add_legend(axes, figure) is None


def test_a_small_picture_has_a_narrow_legend():
    for width, n_cols in ((1.0, 1), (4.0, 2), (20.0, 3)):
        axes, figure = make_axes(None, 1, "XDisplay", (width, 2))
        for label in "abc":
            axes[0].plot([0, 1], label=label)
        assert add_legend(axes, figure)._ncols == n_cols


def test_dates_are_written_in_their_time_zone():
    index = pd.date_range("2024-01-01", periods=25, freq="h", tz="Asia/Tokyo")
    series, axis = read_one(index, 3, "x")
    _, ax = plt.subplots()
    ax.plot(axis.place(series.times), np.zeros(25))
    set_time(ax, axis)
    assert ax.get_xlabel() == "time (Asia/Tokyo)"
    first = dates.num2date(ax.get_xticks()[0], tz=index.tz)
    assert first.hour % 4 == 0  # as the clock of Tokyo goes
    assert dates.num2date(ax.get_xlim()[0]) == index[0]


def test_lone_points_are_dots():
    _, ax = plt.subplots()
    line = draw_line(ax, np.arange(4), np.array([1, 2, np.nan, 3]), np.array([3]), ROWS)
    assert line.get_marker() == "." and line.get_markevery() == [3]
    assert draw_line(ax, np.arange(2), np.arange(2), np.empty(0, int), ROWS).get_marker() == "None"


def ends(bands):
    return [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in bands.get_paths()]


def test_bands_are_the_intervals():
    _, ax = plt.subplots()
    bands = shade(ax, np.array([[1.0, 3.0], [7.5, 8.5]]), ROWS)
    assert ends(bands) == [(1, 3), (7.5, 8.5)]
    assert bands.get_label() == "labelled event"
    heights = [(path.vertices[:, 1].min(), path.vertices[:, 1].max()) for path in bands.get_paths()]
    assert heights == [(0, 1), (0, 1)]
    assert shade(ax, np.empty((0, 2)), ROWS).get_label() != "labelled event"


def test_bands_of_dates_lie_at_their_dates():
    series, axis = read_one(pd.date_range("2024-01-01", periods=3, freq="h"), 3, "x")
    _, ax = plt.subplots()
    (band,) = ends(shade(ax, series.intervals(np.array([False, True, False])), axis))
    assert dates.num2date(band)[0].isoformat() == "2024-01-01T00:30:00+00:00"
    assert dates.num2date(band)[1].isoformat() == "2024-01-01T01:30:00+00:00"


def test_of_many_bands_those_that_nearly_touch_are_merged():
    _, ax = plt.subplots()
    starts = np.append(np.arange(0, 2000, 1.0), 100_000.0)
    intervals = np.column_stack([starts, starts + 0.5])
    assert ends(shade(ax, intervals[-1001:-1], ROWS)) != []
    assert ends(shade(ax, intervals, ROWS)) == [(0, 1999.5), (100_000, 100_000.5)]
    assert len(ends(shade(ax, intervals[:1000], ROWS))) == 1000


def test_a_crowd_is_drawn_thinner():
    _, ax = plt.subplots()
    few, many = (draw_marks(ax, np.arange(n), np.zeros(n), ROWS, "mark") for n in (200, 201))
    assert many.get_markersize() < few.get_markersize()
    starts = np.arange(201.0)
    few, many = (shade(ax, np.column_stack([starts, starts + 0.5])[:n], ROWS) for n in (200, 201))
    assert many.get_linewidth()[0] < few.get_linewidth()[0]
