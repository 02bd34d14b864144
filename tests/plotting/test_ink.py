import pytest
from matplotlib import pyplot as plt

from sktsad.plotting._ink import inked, is_dark


def test_on_white_greys_are_what_matplotlib_takes_them_for_and_colours_stay():
    look = {"color": "0.15", "facecolor": "#FFB000", "edgecolor": "none", "linewidth": 1, "hatch": "0"}
    assert inked(look) == {**look, "color": pytest.approx((0.15, 0.15, 0.15))}
    assert not is_dark()


def test_on_black_they_are_turned_round():
    with plt.style.context("dark_background"):
        assert inked({"color": "0"})["color"] == (1, 1, 1)
        assert inked({"markeredgecolor": "0.25"})["markeredgecolor"] == pytest.approx((0.75, 0.75, 0.75))
        assert is_dark()


def test_behind_transparent_axes_is_the_figure():
    with plt.rc_context({"axes.facecolor": "none", "figure.facecolor": "navy", "text.color": "yellow"}):
        assert inked({"color": "1"})["color"] == pytest.approx((0, 0, 0.50196), abs=1e-4)
        assert is_dark()
