import base64
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt

from sktsad.report import _pictures
from sktsad.report._findings import find


@pytest.fixture
def shown(monkeypatch):
    """What the displays are asked to draw; nothing is drawn."""
    asked = []

    class Silent:
        def __init__(self, name):
            self.name = name

        def __getattr__(self, method):
            return lambda *args, **options: asked.append((self.name, method, args, options))

    for name in ("ScoreDisplay", "SeriesDisplay", "ThresholdDisplay"):
        monkeypatch.setattr(_pictures, name, Silent(name))
    monkeypatch.setattr(_pictures, "_png", lambda draw, style: (draw() or f"data:{style}", 10))
    return asked


def test_labelled_rows_have_four_pictures_in_two_styles(detector, pumps, shown):
    found = find(detector, *pumps, None, 1, 1)
    html = _pictures.pictures(found)
    kinds = [(name, method, options.get("kind")) for name, method, _, options in shown[::2]]
    assert kinds == [
        ("SeriesDisplay", "from_predictions", None),
        ("ScoreDisplay", "from_predictions", None),
        ("ScoreDisplay", "from_predictions", "histogram"),
        ("ThresholdDisplay", "from_predictions", None),
    ]
    assert shown[0][2][0].shape == (360, 1)
    assert "1 other series with fewer alarms and 1 other columns" in html["series"]
    assert html["threshold"].count("data:light") == html["threshold"].count("data:dark") == 2


def test_without_labels_the_rule_says_what_other_thresholds_would_have_given(detector, pumps, shown):
    found = find(detector, pumps[0], None, None, 6, 12)
    assert "Not drawn" not in _pictures.pictures(found)["series"]
    assert shown[-1][:2] == ("ThresholdDisplay", "from_rule")
    assert shown[-1][2] == (detector[-1].threshold_rule_,)
    del shown[:]
    without = replace(found, estimator=detector[0])
    assert _pictures.pictures(without)["threshold"].count("<figure") == 1
    assert "ThresholdDisplay" not in [name for name, *_ in shown]


def test_infinite_scores_are_drawn_as_the_highest(detector, pumps, shown):
    found = find(detector, *pumps, None, 6, 12)
    decision = found.decision.copy()
    decision.iloc[5] = np.inf
    html = _pictures.pictures(replace(found, decision=decision))
    drawn = next(
        args[1] for name, _, args, options in shown if name == "ScoreDisplay" and "kind" not in options
    )
    assert drawn.iloc[5] == found.decision.max()
    assert "that are not finite" in html["scores"]
    assert _pictures._finite(decision * np.inf).eq(0).all()


def test_a_picture_is_drawn_in_light_and_dark_and_nothing_else_changes():
    other = plt.figure()
    with plt.rc_context({"axes.facecolor": "red"}):
        html = _pictures._picture(lambda: Drawn(plt.figure(figsize=(2, 1))), "a <picture>", "a note")
        assert plt.rcParams["axes.facecolor"] == "red"
    assert plt.get_fignums() == [other.number]
    plt.close(other)
    dark, light = (base64.b64decode(data) for data in re.findall(r"base64,([^\"]+)", html))
    assert light.startswith(b"\x89PNG") and light != dark
    assert 'alt="a &lt;picture&gt;"' in html and "a note" in html and "max-width: 14rem" in html


class Drawn:
    def __init__(self, figure):
        self.figure_ = figure
